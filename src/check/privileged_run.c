/* SPDX-License-Identifier: Apache-2.0 */
#include "check/check.h"

static void
run_build(const NzBuildFacts *facts, GPtrArray *findings)
{
  guint i = 0;
  for (const NzAct *act; (act = nz_acts_next(facts, NZ_ACT_PRIVILEGED_RUN, &i));)
    nz_finding_add_act(findings, &nz_check_privileged_run, NZ_LEVEL_WARN, act,
                       "%s runs without the walls of the build", act->how ? act->how : "a command");
}

static const char *const aliases[] = {NULL};

const NzCheck nz_check_privileged_run = {
    .rule = "privileged-run",
    .title = "a RUN that is privileged",
    .level = "warn",
    .why = "With --security=insecure the command has all capabilities on the "
           "machine that builds, and can change it.",
    .remedy = "build without it: what needs privileges belongs to the host, "
              "before or after the build",
    .aliases = aliases,
    .sources = "BuildKit, Dockerfile reference, RUN --security",
    .run_build = run_build,
};

/* SPDX-License-Identifier: Apache-2.0 */
#include "check/check.h"

static void
run_build(const NzBuildFacts *facts, GPtrArray *findings)
{
  guint i = 0;
  for (const NzAct *act; (act = nz_acts_next(facts, NZ_ACT_NEEDS_ROOT, &i));)
    nz_finding_add_act(findings, &nz_check_needs_root, NZ_LEVEL_WARN, act,
                       "%s needs root, and runs as the user of the USER before it",
                       act->what ? act->what : "a command");
}

static const char *const aliases[] = {NULL};

const NzCheck nz_check_needs_root = {
    .rule = "needs-root",
    .title = "a command that needs root after a USER that is not",
    .level = "warn",
    .why = "The build fails here, or somebody will mend it by going back to "
           "root.",
    .remedy = "do it before the USER line; the last USER of the stage counts",
    .aliases = aliases,
    .sources = "Dockerfile reference, USER: it holds for RUN too",
    .run_build = run_build,
};

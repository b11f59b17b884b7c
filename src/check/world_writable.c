/* SPDX-License-Identifier: Apache-2.0 */
#include "check/check.h"

static void
run_build(const NzBuildFacts *facts, GPtrArray *findings)
{
  guint i = 0;
  for (const NzAct *act; (act = nz_acts_next(facts, NZ_ACT_WORLD_WRITABLE, &i));)
    nz_finding_add_act(findings, &nz_check_world_writable, NZ_LEVEL_WARN, act,
                       "%s lets everybody write %s", act->how ? act->how : "a command", act->what);
}

static const char *const aliases[] = {NULL};

const NzCheck nz_check_world_writable = {
    .rule = "world-writable",
    .title = "files that everybody can write",
    .level = "warn",
    .why = "What any process can change, any process can change for the others:"
           " programs, configuration, data.",
    .remedy = "own it by the user that writes it: `chown app: PATH` and `chmod "
              "u+w`; for an arbitrary uid, group 0 and `chmod g=u`",
    .aliases = aliases,
    .sources = "\"Just say no to root (in containers)\", tradition",
    .run_build = run_build,
};

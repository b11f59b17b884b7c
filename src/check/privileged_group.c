/* SPDX-License-Identifier: Apache-2.0 */
#include "check/check.h"

static void
run_build(const NzBuildFacts *facts, GPtrArray *findings)
{
  guint i = 0;
  for (const NzAct *act; (act = nz_acts_next(facts, NZ_ACT_PRIVILEGED_GROUP, &i));)
    nz_finding_add_act(findings, &nz_check_privileged_group, NZ_LEVEL_WARN, act,
                       "%s puts %s, a group whose members can become root",
                       act->how ? act->how : "a command", act->what);
}

static const char *const aliases[] = {NULL};

const NzCheck nz_check_privileged_group = {
    .rule = "privileged-group",
    .title = "a user in a group that gives root",
    .level = "warn",
    .why = "Members of sudo, wheel, docker, disk or shadow reach root by what "
           "the group may do.",
    .remedy = "leave the user out of the group",
    .aliases = aliases,
    .sources = "Debian Wiki, SystemGroups",
    .run_build = run_build,
};

/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "check/check.h"

/* With one of these a process can do whatever root can. */
static const char *const as_good_as_root[] = {"ALL",
                                              "SYS_ADMIN",
                                              "SYS_MODULE",
                                              "SYS_PTRACE",
                                              "SYS_RAWIO",
                                              "DAC_OVERRIDE",
                                              "DAC_READ_SEARCH",
                                              "SETUID",
                                              "SETFCAP",
                                              "BPF",
                                              NULL};

static void
run_build(const NzBuildFacts *facts, GPtrArray *findings)
{
  guint i = 0;
  for (const NzAct *act; (act = nz_acts_next(facts, NZ_ACT_CAP_ADD, &i));) {
    gboolean all = strcmp(act->what, "ALL") == 0;
    gboolean root = g_strv_contains(as_good_as_root, act->what);
    nz_finding_add_act(findings, &nz_check_added_capability, all ? NZ_LEVEL_FAIL : NZ_LEVEL_WARN,
                       act, "%s adds the capability %s%s", act->how ? act->how : "a line",
                       act->what, root ? ", which is as good as root" : "");
  }
}

static const char *const aliases[] = {"KSV-0022", "CKV_K8S_25", "C-0046", NULL};

const NzCheck nz_check_added_capability = {
    .rule = "added-capability",
    .title = "a capability is added",
    .level = "warn; fail for ALL",
    .why = "A capability is a piece of root. Some (SYS_ADMIN, SYS_PTRACE, "
           "DAC_OVERRIDE, ...) are all of it.",
    .remedy = "drop all capabilities and add none; ports below 1024 need none: "
              "map them",
    .aliases = aliases,
    .sources = "CBPP-0002, limit capabilities\ncapabilities(7)",
    .run_build = run_build,
};

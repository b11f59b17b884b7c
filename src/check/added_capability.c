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

/* No runtime of Kubernetes makes it ambient: a process that is not root never has it, unless its
 * program has it as a file capability. */
static const char *
advice_for(const NzBuildFacts *facts, const NzAct *act)
{
  if (!act->in_pod || strcmp(act->what, "NET_BIND_SERVICE") != 0 ||
      facts->user->state != NZ_USER_NON_ROOT)
    return "";
  return ", which does not reach a process that is not root unless its program has it as a file "
         "capability: set the sysctl net.ipv4.ip_unprivileged_port_start, or take a containerPort "
         "from 1024 on behind the Service";
}

static void
run_build(const NzBuildFacts *facts, GPtrArray *findings)
{
  guint i = 0;
  for (const NzAct *act; (act = nz_acts_next(facts, NZ_ACT_CAP_ADD, &i));) {
    gboolean all = strcmp(act->what, "ALL") == 0;
    gboolean root = g_strv_contains(as_good_as_root, act->what);
    nz_finding_add_act(findings, &nz_check_added_capability, all ? NZ_LEVEL_FAIL : NZ_LEVEL_WARN,
                       act, "%s adds the capability %s%s", act->how ? act->how : "a line",
                       act->what, root ? ", which is as good as root" : advice_for(facts, act));
  }
}

/* trivy, checkov, kubescape, polaris, kyverno. */
static const char *const aliases[] = {"KSV-0022",
                                      "AVD-KSV-0022",
                                      "KSV-0005",
                                      "AVD-KSV-0005",
                                      "CKV_K8S_25",
                                      "CKV_K8S_39",
                                      "C-0046",
                                      "dangerousCapabilities",
                                      "insecureCapabilities",
                                      "disallow-capabilities",
                                      NULL};

const NzCheck nz_check_added_capability = {
    .rule = "added-capability",
    .title = "a capability is added",
    .level = "warn; fail for ALL",
    .why = "A capability is a piece of root. Some (SYS_ADMIN, SYS_PTRACE, "
           "DAC_OVERRIDE, ...) are all of it.",
    .remedy = "drop all capabilities and add none; ports below 1024 need none: "
              "map them, or set the sysctl net.ipv4.ip_unprivileged_port_start",
    .aliases = aliases,
    .sources = "CBPP-0002, limit capabilities\ncapabilities(7)",
    .run_build = run_build,
};

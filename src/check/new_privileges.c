/* SPDX-License-Identifier: Apache-2.0 */
#include "check/check.h"

static void
run_build(const NzBuildFacts *facts, GPtrArray *findings)
{
  guint i = 0;
  for (const NzAct *act; (act = nz_acts_next(facts, NZ_ACT_NEW_PRIVILEGES, &i));)
    nz_finding_add_act(findings, &nz_check_new_privileges, NZ_LEVEL_INFO, act,
                       "%s: setuid files and file capabilities give what they promise",
                       act->how ? act->how : "nothing sets no-new-privileges");
}

/* trivy, checkov, kubescape, polaris, kube-linter, kyverno. */
static const char *const aliases[] = {"KSV-0001",
                                      "AVD-KSV-0001",
                                      "CKV_K8S_20",
                                      "C-0016",
                                      "privilegeEscalationAllowed",
                                      "privilege-escalation-container",
                                      "disallow-privilege-escalation",
                                      NULL};

const NzCheck nz_check_new_privileges = {
    .rule = "new-privileges",
    .title = "nothing sets no-new-privileges",
    .level = "info",
    .why = "With it, setuid bits and file capabilities give nothing: a process "
           "that is not root stays so.",
    .remedy = "Compose: `security_opt: [no-new-privileges:true]`; Quadlet: "
              "`NoNewPrivileges=true`; Kubernetes: `allowPrivilegeEscalation: false`; "
              "`--security-opt no-new-privileges`",
    .aliases = aliases,
    .sources = "prctl(2), PR_SET_NO_NEW_PRIVS",
    .run_build = run_build,
};

/* SPDX-License-Identifier: Apache-2.0 */
#include "check/check.h"

static void
run_build(const NzBuildFacts *facts, GPtrArray *findings)
{
  guint i = 0;
  for (const NzAct *act; (act = nz_acts_next(facts, NZ_ACT_PRIVILEGED, &i));)
    nz_finding_add_act(findings, &nz_check_privileged_container, NZ_LEVEL_FAIL, act,
                       "%s takes the walls of the container away",
                       act->how ? act->how : "a command");
}

/* trivy, checkov, kubescape, polaris, kube-score, kyverno; then HostProcess of Windows. */
static const char *const aliases[] = {"KSV-0017",
                                      "AVD-KSV-0017",
                                      "CKV_K8S_16",
                                      "C-0057",
                                      "runAsPrivileged",
                                      "container-security-context-privileged",
                                      "disallow-privileged-containers",
                                      "KSV-0103",
                                      "AVD-KSV-0103",
                                      "hostProcess",
                                      "disallow-host-process",
                                      NULL};

const NzCheck nz_check_privileged_container = {
    .rule = "privileged-container",
    .title = "a container that is privileged",
    .level = "fail",
    .why = "It has all capabilities and all devices of the host: its root is "
           "the host's root, and any user in it may find a way there.",
    .remedy = "take `privileged` away, and add what is needed by itself: one "
              "device, one capability",
    .aliases = aliases,
    .sources = "CBPP-0002, never privileged mode",
    .run_build = run_build,
};

/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "check/check.h"

static const struct {
  const char *field, *what;
  NzLevel level;
} namespaces[] = {
    {"hostPID", "shows the processes of the host, and with root's rights their files and memory",
     NZ_LEVEL_WARN},
    {"hostIPC", "shares the memory of processes of the host", NZ_LEVEL_WARN},
    {"hostNetwork", "shares the network of the host: its loopback, and services that trust it",
     NZ_LEVEL_INFO},
};

static void
run_build(const NzBuildFacts *facts, GPtrArray *findings)
{
  guint i = 0;
  for (const NzAct *act; (act = nz_acts_next(facts, NZ_ACT_HOST_NAMESPACE, &i));)
    for (guint n = 0; n < G_N_ELEMENTS(namespaces); n++)
      if (strcmp(namespaces[n].field, act->what) == 0)
        nz_finding_add_act(findings, &nz_check_host_namespaces, namespaces[n].level, act,
                           "%s: true %s", act->what, namespaces[n].what);
}

/* trivy, checkov, kubescape, polaris, kube-linter, kyverno. */
static const char *const aliases[] = {"KSV-0010",
                                      "AVD-KSV-0010",
                                      "KSV-0008",
                                      "AVD-KSV-0008",
                                      "KSV-0009",
                                      "AVD-KSV-0009",
                                      "CKV_K8S_17",
                                      "CKV_K8S_18",
                                      "CKV_K8S_19",
                                      "C-0038",
                                      "C-0041",
                                      "hostPIDSet",
                                      "hostIPCSet",
                                      "hostNetworkSet",
                                      "host-pid",
                                      "host-ipc",
                                      "host-network",
                                      "disallow-host-namespaces",
                                      NULL};

const NzCheck nz_check_host_namespaces = {
    .rule = "host-namespaces",
    .title = "namespaces of the host",
    .level = "warn; info for hostNetwork",
    .why = "What a namespace keeps apart is one thing again: with the host's processes in sight "
           "there is a way to the host's root.",
    .remedy = "leave hostPID, hostIPC and hostNetwork out",
    .aliases = aliases,
    .sources = "Kubernetes, Pod Security Standards, Host Namespaces",
    .run_build = run_build,
};

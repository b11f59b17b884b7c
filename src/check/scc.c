/* SPDX-License-Identifier: Apache-2.0 */
/* A rule for each part of OpenShift's restricted-v2 and nonroot-v2 that can refuse a pod. */
#include "check/pod_rules.h"

#define SCC(NAME, RULE, LEVEL, ...)                                                                \
  NZ_POD_RULE(NAME, NZ_PROFILE_SCC, 0, 0, FALSE,                                                   \
              "OpenShift, Managing security context constraints\n"                                 \
              "openshift/apiserver-library-go, pkg/securitycontextconstraints",                    \
              RULE, LEVEL, __VA_ARGS__)

SCC(scc_capabilities, "scc-capabilities", "fail", "a capability that may not be added",
    "OpenShift drops all capabilities, and gives back NET_BIND_SERVICE alone.",
    "take it out of capabilities.add", "KSV-0022", "CKV_K8S_25", "C-0046")

SCC(scc_fs_group, "scc-fs-group", "fail; warn where the Namespace is not at hand",
    "a group for files that is not the namespace's",
    "restricted-v2 gives fsGroup from the namespace's range, and refuses any other: it would own "
    "files of other namespaces.",
    "take fsGroup away; OpenShift fills it in", NULL)

SCC(scc_host_namespaces, "scc-host-namespaces", "fail", "a namespace of the host",
    "hostPID shows every process of the node, hostIPC shares its memory, hostNetwork reaches what "
    "listens on its loopback.",
    "take hostNetwork, hostPID and hostIPC away", "KSV-0008", "KSV-0009", "KSV-0010", "CKV_K8S_17",
    "CKV_K8S_18", "CKV_K8S_19", "C-0038", "C-0041")

SCC(scc_host_ports, "scc-host-ports", "fail", "a port of the host",
    "It is reached past network policies, and keeps others off the node.",
    "take hostPort (and hostNetwork) away, and put a Service or Route before the pod", "KSV-0024",
    "CKV_K8S_26", "C-0044")

SCC(scc_privilege_escalation, "scc-privilege-escalation", "fail", "a process may gain privileges",
    "A setuid program would make it root; OpenShift forbids that where a pod does not ask for it.",
    "take allowPrivilegeEscalation: true away", "KSV-0001", "CKV_K8S_20", "C-0016")

SCC(scc_privileged, "scc-privileged", "fail", "a container that is privileged",
    "It has all capabilities and all devices of the node: its root is the node's root.",
    "take `privileged` away", "KSV-0017", "AVD-KSV-0017", "CKV_K8S_16", "C-0057")

SCC(scc_run_as_user, "scc-run-as-user", "fail; warn where the Namespace is not at hand",
    "a user that the namespace does not give",
    "restricted-v2 starts each container as a user of the namespace's own range, and refuses "
    "others; nonroot-v2 refuses root.",
    "take runAsUser away, and let the image work under any user with group 0; nonroot-v2 takes any "
    "user but 0",
    "KSV-0105")

SCC(scc_seccomp, "scc-seccomp", "fail", "another seccomp profile than the runtime's",
    "OpenShift fills in the runtime's profile where a pod says nothing, and takes no other.",
    "take seccompProfile and the annotations away, or set its type to RuntimeDefault", "KSV-0104")

SCC(scc_selinux, "scc-selinux", "fail; warn where the Namespace is not at hand",
    "an SELinux context that is not the namespace's",
    "The level keeps namespaces apart from each other; a type or user of one's own goes round it.",
    "take seLinuxOptions away; OpenShift fills them in", "KSV-0025")

SCC(scc_sysctls, "scc-sysctls", "fail", "a sysctl that is not known to be safe",
    "It may act on the whole node, or use up what others need.",
    "take it out of sysctls, or set it on the node", "KSV-0026")

SCC(scc_volumes, "scc-volumes", "fail", "a volume of a kind that is not allowed",
    "Kinds that name servers, disks or paths of the node reach beyond the pod.",
    "use configMap, csi, downwardAPI, emptyDir, ephemeral, persistentVolumeClaim, projected or "
    "secret",
    "KSV-0023", "KSV-0028", "C-0048")

/* SPDX-License-Identifier: Apache-2.0 */
/* A rule for each check of Kubernetes' Pod Security Standards. The first of its other names is the
 * API server's. */
#include "check/pod_rules.h"

#define SOURCES "Kubernetes, Pod Security Standards\nk8s.io/pod-security-admission, policy"
#define NEVER   G_MAXUINT
/* From v1.SINCE on; under restricted before v1.UNTIL, when another stands for it. */
#define BASELINE(NAME, SINCE, UNTIL, RULE, LEVEL, ...)                                             \
  NZ_POD_RULE(NAME, NZ_PROFILE_POD_SECURITY, SINCE, UNTIL, FALSE, SOURCES ": baseline", RULE,      \
              LEVEL, __VA_ARGS__)
#define RESTRICTED(NAME, SINCE, RULE, LEVEL, ...)                                                  \
  NZ_POD_RULE(NAME, NZ_PROFILE_POD_SECURITY, SINCE, NEVER, TRUE, SOURCES ": restricted", RULE,     \
              LEVEL, __VA_ARGS__)

/* --- baseline --- */

BASELINE(
    pss_apparmor, 0, NEVER, "pss-apparmor", "fail", "an AppArmor profile that confines nothing",
    "Runtimes confine a container by a profile of their own; another value takes that away, and "
    "with it what keeps root from mounting and from writing to /proc and /sys.",
    "take appArmorProfile and the annotation away, or set its type to RuntimeDefault",
    "appArmorProfile", "KSV-0002", "restrict-apparmor-profiles")

BASELINE(pss_capabilities_baseline, 0, 22, "pss-capabilities-baseline",
         "fail; under restricted before v1.22 only", "a capability beyond the runtime's own",
         "What a runtime does not give by itself is a way out of the container: SYS_ADMIN mounts, "
         "SYS_PTRACE reads others' memory, NET_RAW forges packets.",
         "take it out of capabilities.add", "capabilities_baseline", "KSV-0022", "CKV_K8S_25",
         "C-0046", "disallow-capabilities")

BASELINE(pss_host_namespaces, 0, NEVER, "pss-host-namespaces", "fail", "a namespace of the host",
         "hostPID shows and lets signal every process of the node, hostIPC shares its memory, and "
         "hostNetwork reaches what listens on its loopback.",
         "take hostNetwork, hostPID and hostIPC away", "hostNamespaces", "KSV-0008", "KSV-0009",
         "KSV-0010", "CKV_K8S_17", "CKV_K8S_18", "CKV_K8S_19", "C-0038", "C-0041",
         "disallow-host-namespaces", "host-pid", "host-ipc", "host-network")

BASELINE(pss_host_path, 0, 0, "pss-host-path",
         "fail; under restricted pss-volume-types stands for it", "a path of the host as a volume",
         "Who can write to the node's files is root on the node soon: by cron, by the kubelet's "
         "static pods, by the runtime's socket.",
         "use a PersistentVolumeClaim, or emptyDir for what need not stay", "hostPathVolumes",
         "KSV-0023", "C-0048", "disallow-host-path", "sensitive-host-mounts")

BASELINE(pss_host_ports, 0, NEVER, "pss-host-ports", "fail", "a port of the host",
         "It is reached past network policies, and keeps others off the node. With hostNetwork the "
         "API server makes every containerPort one.",
         "take hostPort (and hostNetwork) away, and put a Service before the pod", "hostPorts",
         "KSV-0024", "CKV_K8S_26", "C-0044", "disallow-host-ports")

BASELINE(pss_host_probes, 34, NEVER, "pss-host-probes", "fail; from v1.34 on",
         "a probe or lifecycle hook that calls another host",
         "The kubelet calls it from the node's network: a pod could have it ask what only nodes "
         "reach.",
         "take `host` out of httpGet and tcpSocket; the kubelet then asks the pod itself",
         "hostProbesAndHostLifecycle")

BASELINE(pss_privileged, 0, NEVER, "pss-privileged", "fail", "a container that is privileged",
         "It has all capabilities and all devices of the node: its root is the node's root.",
         "take `privileged` away, and add what is needed by itself", "privileged", "KSV-0017",
         "AVD-KSV-0017", "CKV_K8S_16", "C-0057", "disallow-privileged-containers")

BASELINE(pss_proc_mount, 0, 35, "pss-proc-mount",
         "fail; from v1.35 on not with hostUsers: false, and under restricted "
         "pss-proc-mount-restricted stands for it",
         "a /proc without its masks",
         "Runtimes hide what in /proc speaks to the kernel itself; Unmasked shows it.",
         "take procMount away, or set hostUsers: false", "procMount", "KSV-0027",
         "disallow-proc-mount", "unsafe-proc-mount")

BASELINE(pss_selinux_options, 0, NEVER, "pss-selinux-options",
         "fail; container_engine_t from v1.31 on", "an SELinux type, user or role of its own",
         "Types that are not made for containers let more through, spc_t all; a user or role moves "
         "the process to other rules.",
         "take type, user and role out of seLinuxOptions; a level may stay", "seLinuxOptions",
         "KSV-0025", "disallow-selinux")

BASELINE(pss_seccomp_baseline, 0, 19, "pss-seccomp-baseline",
         "fail; the annotations before v1.19, the fields from then on, and there under restricted "
         "pss-seccomp-restricted stands for it",
         "seccomp is switched off",
         "Without it every system call reaches the kernel, those that only attacks need too.",
         "set seccompProfile to {type: RuntimeDefault}", "seccompProfile_baseline", "KSV-0104",
         "restrict-seccomp")

BASELINE(pss_sysctls, 0, NEVER, "pss-sysctls",
         "fail; more are safe from v1.27, v1.29, v1.32 and v1.37 on",
         "a sysctl that is not known to be safe",
         "It may act on the whole node, or use up what others need.",
         "take it out of sysctls, or set it on the node", "sysctls", "KSV-0026", "restrict-sysctls",
         "unsafe-sysctls")

BASELINE(pss_windows_host_process, 0, NEVER, "pss-windows-host-process", "fail",
         "a HostProcess container of Windows",
         "It runs on the node itself, outside of any container.",
         "take hostProcess out of windowsOptions", "windowsHostProcess", "KSV-0103",
         "disallow-host-process")

/* --- restricted --- */

RESTRICTED(pss_privilege_escalation, 8, "pss-privilege-escalation",
           "fail; restricted from v1.8 on, from v1.25 on not of Windows pods",
           "a process may gain privileges",
           "Unless it is told not to, a setuid program makes a process root whatever user the "
           "container starts as.",
           "set allowPrivilegeEscalation: false in the container's securityContext",
           "allowPrivilegeEscalation", "KSV-0001", "CKV_K8S_20", "C-0016",
           "disallow-privilege-escalation", "privilege-escalation-container")

RESTRICTED(pss_capabilities_restricted, 22, "pss-capabilities-restricted",
           "fail; restricted from v1.22 on, from v1.25 on not of Windows pods",
           "capabilities are kept, or added",
           "What a runtime gives by itself (CHOWN, DAC_OVERRIDE, SETUID and others) is most of "
           "what root can do in a container.",
           "set capabilities to {drop: [ALL]}; NET_BIND_SERVICE alone may be added",
           "capabilities_restricted", "KSV-0106", "disallow-capabilities-strict")

RESTRICTED(pss_proc_mount_restricted, 35, "pss-proc-mount-restricted",
           "fail; restricted from v1.35 on", "a /proc without its masks",
           "Runtimes hide what in /proc speaks to the kernel itself; Unmasked shows it.",
           "take procMount away", "procMount_restricted", "KSV-0027", "disallow-proc-mount",
           "unsafe-proc-mount")

RESTRICTED(pss_volume_types, 0, "pss-volume-types", "fail; restricted",
           "a volume of a kind that reaches beyond the pod",
           "Kinds that name servers, disks or paths leave it to the pod's author where its files "
           "come from and who may write them.",
           "use configMap, csi, downwardAPI, emptyDir, ephemeral, image, persistentVolumeClaim, "
           "projected or secret",
           "restrictedVolumes", "KSV-0028", "restrict-volume-types")

RESTRICTED(pss_run_as_non_root, 0, "pss-run-as-non-root",
           "fail; restricted, from v1.35 on not with hostUsers: false",
           "nothing requires it to run as non-root",
           "Only runAsNonRoot: true makes the kubelet refuse a container that would start as root.",
           "set runAsNonRoot: true in the securityContext of the pod, and no false in a container",
           "runAsNonRoot", "KSV-0012", "CKV_K8S_23", "C-0013", "require-run-as-nonroot",
           "run-as-non-root")

RESTRICTED(pss_run_as_user, 23, "pss-run-as-user",
           "fail; restricted from v1.23 on, from v1.35 on not with hostUsers: false",
           "user 0 is asked for", "runAsUser: 0 is root, whatever the image says.",
           "set runAsUser to the number of the image's own user, or take it away", "runAsUser",
           "KSV-0105", "require-run-as-non-root-user")

RESTRICTED(pss_seccomp_restricted, 19, "pss-seccomp-restricted",
           "fail; restricted from v1.19 on, from v1.25 on not of Windows pods",
           "no seccomp profile",
           "Where nothing is said, Kubernetes runs containers without seccomp: every system call "
           "reaches the kernel.",
           "set seccompProfile to {type: RuntimeDefault} in the securityContext of the pod",
           "seccompProfile_restricted", "KSV-0030", "CKV_K8S_31", "restrict-seccomp-strict")

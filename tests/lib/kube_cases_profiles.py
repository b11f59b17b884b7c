"""Pod Security Standards by version: a pod that passes everything, an edit, and which checks the API
server refuses it by.

A case says of each check that is broken under which profiles: "b0-34 r0-" is baseline from v1.0 to
v1.34 and restricted from v1.0 on. All other checks, versions and profiles must pass. The checks are
named as k8s.io/pod-security-admission names them; the facts are those of its documentation and of
https://kubernetes.io/docs/concepts/security/pod-security-standards/.
"""

import re
from dataclasses import dataclass

# What the API server's admission calls its checks, and the rule that each is here.
RULES = {
    "privileged": "pss-privileged",
    "hostNamespaces": "pss-host-namespaces",
    "hostPathVolumes": "pss-host-path",
    "hostPorts": "pss-host-ports",
    "hostProbesAndHostLifecycle": "pss-host-probes",
    "windowsHostProcess": "pss-windows-host-process",
    "appArmorProfile": "pss-apparmor",
    "seLinuxOptions": "pss-selinux-options",
    "sysctls": "pss-sysctls",
    "procMount": "pss-proc-mount",
    "procMount_restricted": "pss-proc-mount-restricted",
    "capabilities_baseline": "pss-capabilities-baseline",
    "capabilities_restricted": "pss-capabilities-restricted",
    "seccompProfile_baseline": "pss-seccomp-baseline",
    "seccompProfile_restricted": "pss-seccomp-restricted",
    "allowPrivilegeEscalation": "pss-privilege-escalation",
    "restrictedVolumes": "pss-volume-types",
    "runAsNonRoot": "pss-run-as-non-root",
    "runAsUser": "pss-run-as-user",
}
NEWEST = 37
EVER = "b0- r0-"


@dataclass(frozen=True)
class Case:
    name: str
    edits: dict
    broken: dict  # check: where

    def rules(self, profile, minor):
        """Those that refuse it under "baseline" or "restricted" of v1.minor."""
        return {RULES[check] for check, where in self.broken.items() if within(where, profile, minor)}


def within(where, profile, minor):
    for letter, low, dash, high in re.findall(r"([br])(\d+)(-?)(\d*)", where):
        last = int(high or NEWEST) if dash else int(low)
        if profile[0] == letter and int(low) <= minor <= last:
            return True
    return False


def case(name, edits, **broken):
    return Case(name, edits, broken)


SC = "securityContext"
WINDOWS = {"spec.os": {"name": "windows"}}

PRIVILEGE = [
    case("nothing", {}),
    case("privileged", {f"app.{SC}.privileged": True}, privileged=EVER),
    case("privileged-init", {f"init.{SC}.privileged": True}, privileged=EVER),
    case("privileged-debug", {f"debug.{SC}.privileged": True}, privileged=EVER),
    case("privileged-false", {f"app.{SC}.privileged": False}),
    case("host-pid", {"spec.hostPID": True}, hostNamespaces=EVER),
    case("host-ipc", {"spec.hostIPC": True}, hostNamespaces=EVER),
    case("host-network", {"spec.hostNetwork": True}, hostNamespaces=EVER),
    case("host-none", {"spec.hostPID": False, "spec.hostIPC": False, "spec.hostNetwork": False}),
    case("host-all", {"spec.hostPID": True, "spec.hostIPC": True, "spec.hostNetwork": True}, hostNamespaces=EVER),
    case("escalation-true", {f"app.{SC}.allowPrivilegeEscalation": True}, allowPrivilegeEscalation="r8-"),
    case("escalation-unset", {f"app.{SC}.allowPrivilegeEscalation": None}, allowPrivilegeEscalation="r8-"),
    case("escalation-unset-of-debug", {f"debug.{SC}.allowPrivilegeEscalation": None}, allowPrivilegeEscalation="r8-"),
    case("escalation-unset-of-windows", {f"app.{SC}.allowPrivilegeEscalation": None, **WINDOWS},
         allowPrivilegeEscalation="r8-24"),
    case("escalation-unset-of-linux", {f"app.{SC}.allowPrivilegeEscalation": None, "spec.os": {"name": "linux"}},
         allowPrivilegeEscalation="r8-"),
    case("context-missing", {f"app.{SC}": None}, allowPrivilegeEscalation="r8-", capabilities_restricted="r22-"),
    case("context-null-of-windows", {f"app.{SC}": None, **WINDOWS}, allowPrivilegeEscalation="r8-24",
         capabilities_restricted="r22-24"),
]


def adds(*names, drop=("ALL",), where="app"):
    return {f"{where}.{SC}.capabilities": {"add": list(names), "drop": list(drop)}}


CAPABILITIES = [
    # What baseline lets add, restricted lets not, from the version on that looks.
    *(case(f"adds-{name.lower().replace('_', '-')}", adds(name), capabilities_restricted="r22-")
      for name in ("AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "SETFCAP", "SETGID",
                   "SETPCAP", "SETUID", "SYS_CHROOT")),
    case("adds-net-bind-service", adds("NET_BIND_SERVICE")),
    *(case(f"adds-{name.lower().replace('_', '-')}", adds(name), capabilities_baseline="b0- r0-21",
           capabilities_restricted="r22-")
      for name in ("SYS_ADMIN", "NET_RAW", "NET_ADMIN", "SYS_PTRACE", "BPF", "ALL", "CAP_CHOWN")),
    case("adds-small-letters", adds("chown"), capabilities_baseline="b0- r0-21", capabilities_restricted="r22-"),
    case("adds-of-init", adds("SYS_TIME", where="init"), capabilities_baseline="b0- r0-21", capabilities_restricted="r22-"),
    case("adds-of-debug", adds("SYS_PTRACE", where="debug"), capabilities_baseline="b0- r0-21",
         capabilities_restricted="r22-"),
    # Exempt from the restricted check, which has taken the place of the baseline one.
    case("adds-on-windows", {**adds("SYS_ADMIN"), **WINDOWS}, capabilities_baseline="b0- r0-21",
         capabilities_restricted="r22-24"),
    case("drops-nothing", {f"app.{SC}.capabilities": None}, capabilities_restricted="r22-"),
    case("drops-an-empty-list", {f"app.{SC}.capabilities": {"drop": []}}, capabilities_restricted="r22-"),
    case("drops-each-but-not-all", {f"app.{SC}.capabilities": {"drop": ["NET_RAW", "CHOWN", "KILL"]}},
         capabilities_restricted="r22-"),
    case("drops-all-in-small-letters", {f"app.{SC}.capabilities": {"drop": ["all"]}}, capabilities_restricted="r22-"),
    case("drops-all-and-more", {f"app.{SC}.capabilities": {"drop": ["NET_RAW", "ALL"]}}),
    case("drops-nothing-on-windows", {f"app.{SC}.capabilities": None, **WINDOWS}, capabilities_restricted="r22-24"),
]

USERS = [
    case("non-root-unset", {"pod.runAsNonRoot": None}, runAsNonRoot="r0-"),
    case("non-root-false", {"pod.runAsNonRoot": False}, runAsNonRoot="r0-"),
    case("non-root-null", {"pod.runAsNonRoot": None, f"app.{SC}.runAsNonRoot": True, f"init.{SC}.runAsNonRoot": True,
                           f"debug.{SC}.runAsNonRoot": True}),
    case("non-root-of-all-but-one", {"pod.runAsNonRoot": None, f"app.{SC}.runAsNonRoot": True,
                                     f"init.{SC}.runAsNonRoot": True}, runAsNonRoot="r0-"),
    case("kyverno-pod-false-with-all-containers-true",
         {"pod.runAsNonRoot": False, f"app.{SC}.runAsNonRoot": True, f"init.{SC}.runAsNonRoot": True,
          f"debug.{SC}.runAsNonRoot": True}, runAsNonRoot="r0-"),
    case("non-root-false-of-app", {f"app.{SC}.runAsNonRoot": False}, runAsNonRoot="r0-"),
    case("non-root-false-of-debug", {f"debug.{SC}.runAsNonRoot": False}, runAsNonRoot="r0-"),
    case("kyverno-non-root-unset-in-a-user-namespace", {"pod.runAsNonRoot": None, "spec.hostUsers": False},
         runAsNonRoot="r0-34"),
    case("non-root-false-in-a-user-namespace", {f"app.{SC}.runAsNonRoot": False, "spec.hostUsers": False},
         runAsNonRoot="r0-34"),
    case("non-root-unset-with-host-users", {"pod.runAsNonRoot": None, "spec.hostUsers": True}, runAsNonRoot="r0-"),
    case("non-root-unset-on-windows", {"pod.runAsNonRoot": None, **WINDOWS}, runAsNonRoot="r0-"),
    case("user-0", {"pod.runAsUser": 0}, runAsUser="r23-"),
    case("user-0-of-app", {f"app.{SC}.runAsUser": 0}, runAsUser="r23-"),
    case("user-0-of-init", {f"init.{SC}.runAsUser": 0}, runAsUser="r23-"),
    case("user-0-of-debug", {f"debug.{SC}.runAsUser": 0}, runAsUser="r23-"),
    case("user-0-that-nobody-uses", {"pod.runAsUser": 0, f"app.{SC}.runAsUser": 1, f"init.{SC}.runAsUser": 1,
                                     f"debug.{SC}.runAsUser": 1}, runAsUser="r23-"),
    case("user-0-in-a-user-namespace", {"pod.runAsUser": 0, "spec.hostUsers": False}, runAsUser="r23-34"),
    case("user-unset", {"pod.runAsUser": None}),
    case("group-0", {"pod.runAsGroup": 0, "pod.fsGroup": 0, "pod.supplementalGroups": [0]}),
    case("root-in-a-user-namespace", {"pod.runAsUser": 0, "pod.runAsNonRoot": False, "spec.hostUsers": False},
         runAsUser="r23-34", runAsNonRoot="r0-34"),
]

PROC = [
    case("unmasked", {f"app.{SC}.procMount": "Unmasked"}, procMount="b0- r0-34", procMount_restricted="r35-"),
    case("unmasked-of-debug", {f"debug.{SC}.procMount": "Unmasked"}, procMount="b0- r0-34",
         procMount_restricted="r35-"),
    case("unmasked-in-a-user-namespace", {f"app.{SC}.procMount": "Unmasked", "spec.hostUsers": False},
         procMount="b0-34 r0-34", procMount_restricted="r35-"),
    case("masked", {f"app.{SC}.procMount": "Default"}),
]


def volume(**source):
    return {"spec.volumes": [{"name": "v", **source}]}


GOOD_VOLUMES = ("configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "image", "persistentVolumeClaim",
                "projected", "secret")
BAD_VOLUMES = ("gcePersistentDisk", "awsElasticBlockStore", "gitRepo", "nfs", "iscsi", "glusterfs", "rbd", "flexVolume",
               "cinder", "cephfs", "flocker", "fc", "azureFile", "azureDisk", "vsphereVolume", "quobyte",
               "portworxVolume", "scaleIO", "storageos", "photonPersistentDisk")

VOLUMES = [
    *(case(f"volume-{name}", volume(**{name: {}})) for name in GOOD_VOLUMES),
    *(case(f"volume-{name}", volume(**{name: {}}), restrictedVolumes="r0-") for name in BAD_VOLUMES),
    case("volume-hostPath", volume(hostPath={"path": "/etc"}), hostPathVolumes="b0-", restrictedVolumes="r0-"),
    # The API server makes an emptyDir of it before anybody looks.
    case("volume-of-nothing", volume()),
    case("volumes-of-which-one-is-bad",
         {"spec.volumes": [{"name": "a", "emptyDir": {}}, {"name": "b", "hostPath": {"path": "/"}}]},
         hostPathVolumes="b0-", restrictedVolumes="r0-"),
    case("volumes-none", {"spec.volumes": []}),
]

PORTS = [
    case("host-port", {"app.ports": [{"containerPort": 80, "hostPort": 80}]}, hostPorts=EVER),
    case("host-port-of-init", {"init.ports": [{"containerPort": 80, "hostPort": 80}]}, hostPorts=EVER),
    case("host-port-0", {"app.ports": [{"containerPort": 80, "hostPort": 0}]}),
    case("port", {"app.ports": [{"containerPort": 80}]}),
]

KEY = "container.apparmor.security.beta.kubernetes.io/app"

PROFILES = [
    case("apparmor-unconfined", {"pod.appArmorProfile": {"type": "Unconfined"}}, appArmorProfile=EVER),
    case("apparmor-unconfined-of-app", {f"app.{SC}.appArmorProfile": {"type": "Unconfined"}}, appArmorProfile=EVER),
    case("apparmor-default", {"pod.appArmorProfile": {"type": "RuntimeDefault"}}),
    case("apparmor-localhost", {f"app.{SC}.appArmorProfile": {"type": "Localhost", "localhostProfile": "x"}}),
    case("apparmor-annotation-unconfined", {"metadata.annotations": {KEY: "unconfined"}}, appArmorProfile=EVER),
    case("apparmor-annotation-default", {"metadata.annotations": {KEY: "runtime/default"}}),
    case("apparmor-annotation-localhost", {"metadata.annotations": {KEY: "localhost/mine"}}),
    case("apparmor-annotation-empty", {"metadata.annotations": {KEY: ""}}),
    case("apparmor-annotation-of-another", {"metadata.annotations": {KEY + "-that-is-not": "unconfined"}},
         appArmorProfile=EVER),
    case("seccomp-unset", {"pod.seccompProfile": None}, seccompProfile_restricted="r19-"),
    case("seccomp-unset-on-windows", {"pod.seccompProfile": None, **WINDOWS}, seccompProfile_restricted="r19-24"),
    case("seccomp-unconfined", {"pod.seccompProfile": {"type": "Unconfined"}}, seccompProfile_baseline="b19-",
         seccompProfile_restricted="r19-"),
    case("seccomp-unconfined-of-app", {f"app.{SC}.seccompProfile": {"type": "Unconfined"}},
         seccompProfile_baseline="b19-", seccompProfile_restricted="r19-"),
    case("seccomp-unconfined-on-windows", {"pod.seccompProfile": {"type": "Unconfined"}, **WINDOWS},
         seccompProfile_baseline="b19-", seccompProfile_restricted="r19-24"),
    case("seccomp-localhost", {"pod.seccompProfile": {"type": "Localhost", "localhostProfile": "x"}}),
    case("seccomp-of-each-container", {
        "pod.seccompProfile": None,
        **{f"{one}.{SC}.seccompProfile": {"type": "RuntimeDefault"} for one in ("app", "init", "debug")}}),
    case("seccomp-of-all-but-one", {
        "pod.seccompProfile": None,
        **{f"{one}.{SC}.seccompProfile": {"type": "RuntimeDefault"} for one in ("app", "init")}},
         seccompProfile_restricted="r19-"),
    case("seccomp-annotation-unconfined",
         {"metadata.annotations": {"seccomp.security.alpha.kubernetes.io/pod": "unconfined"}},
         seccompProfile_baseline="b0-18 r0-18"),
    case("seccomp-annotation-of-app",
         {"metadata.annotations": {"container.seccomp.security.alpha.kubernetes.io/app": "unconfined"}},
         seccompProfile_baseline="b0-18 r0-18"),
    case("seccomp-annotation-of-nobody",
         {"metadata.annotations": {"container.seccomp.security.alpha.kubernetes.io/other": "unconfined"}}),
    case("seccomp-annotation-default",
         {"metadata.annotations": {"seccomp.security.alpha.kubernetes.io/pod": "runtime/default"}}),
    case("seccomp-annotation-docker",
         {"metadata.annotations": {"seccomp.security.alpha.kubernetes.io/pod": "docker/default"}}),
    case("selinux-type", {"pod.seLinuxOptions": {"type": "spc_t"}}, seLinuxOptions=EVER),
    case("selinux-type-of-app", {f"app.{SC}.seLinuxOptions": {"type": "spc_t"}}, seLinuxOptions=EVER),
    case("selinux-engine", {"pod.seLinuxOptions": {"type": "container_engine_t"}}, seLinuxOptions="b0-30 r0-30"),
    *(case(f"selinux-{name}", {"pod.seLinuxOptions": {"type": name}})
      for name in ("container_t", "container_init_t", "container_kvm_t")),
    case("selinux-type-empty", {"pod.seLinuxOptions": {"type": ""}}),
    case("selinux-level", {"pod.seLinuxOptions": {"level": "s0:c1,c2"}}),
    case("selinux-user", {"pod.seLinuxOptions": {"user": "system_u"}}, seLinuxOptions=EVER),
    case("selinux-role", {f"debug.{SC}.seLinuxOptions": {"role": "system_r"}}, seLinuxOptions=EVER),
]


def sysctl(name):
    return {"pod.sysctls": [{"name": name, "value": "1"}]}


SYSCTLS = [
    *(case(f"sysctl-{name}", sysctl(name))
      for name in ("kernel.shm_rmid_forced", "net.ipv4.ip_local_port_range", "net.ipv4.tcp_syncookies",
                   "net.ipv4.ping_group_range", "net.ipv4.ip_unprivileged_port_start")),
    case("sysctl-reserved-ports", sysctl("net.ipv4.ip_local_reserved_ports"), sysctls="b0-26 r0-26"),
    *(case(f"sysctl-{name}", sysctl(name), sysctls="b0-28 r0-28")
      for name in ("net.ipv4.tcp_keepalive_time", "net.ipv4.tcp_fin_timeout", "net.ipv4.tcp_keepalive_intvl",
                   "net.ipv4.tcp_keepalive_probes")),
    *(case(f"sysctl-{name}", sysctl(name), sysctls="b0-31 r0-31") for name in ("net.ipv4.tcp_rmem", "net.ipv4.tcp_wmem")),
    *(case(f"sysctl-{name}", sysctl(name), sysctls="b0-36 r0-36")
      for name in ("net.ipv4.tcp_slow_start_after_idle", "net.ipv4.tcp_notsent_lowat")),
    case("sysctl-bad", sysctl("kernel.msgmax"), sysctls=EVER),
    # The API takes both ways to write it; the check compares the text.
    case("sysctl-with-slashes", sysctl("net/ipv4/tcp_syncookies"), sysctls=EVER),
    case("sysctls-none", {"pod.sysctls": []}),
]


def hosts(where, handler, host="10.0.0.1"):
    first, *steps = where.split(".")
    return {f"{first}.{'.'.join([*steps, handler])}": {"host": host, "port": 80}}


PROBES = [
    *(case(f"probe-{name}-{handler}", hosts(f"app.{name}", handler), hostProbesAndHostLifecycle="b34- r34-")
      for name in ("livenessProbe", "readinessProbe", "startupProbe") for handler in ("httpGet", "tcpSocket")),
    *(case(f"lifecycle-{name}-{handler}", hosts(f"app.lifecycle.{name}", handler),
           hostProbesAndHostLifecycle="b34- r34-")
      for name in ("postStart", "preStop") for handler in ("httpGet", "tcpSocket")),
    case("probe-of-init", hosts("init.livenessProbe", "httpGet"), hostProbesAndHostLifecycle="b34- r34-"),
    case("probe-of-local-host", hosts("app.livenessProbe", "httpGet", "127.0.0.1"),
         hostProbesAndHostLifecycle="b34- r34-"),
    case("probe-of-no-host", hosts("app.livenessProbe", "httpGet", "")),
    case("probe-by-exec", {"app.livenessProbe": {"exec": {"command": ["true"]}}}),
    case("probe-by-grpc", {"app.livenessProbe": {"grpc": {"port": 1, "service": "10.0.0.1"}}}),
]

HOST_PROCESS = [
    case("host-process", {"pod.windowsOptions": {"hostProcess": True}}, windowsHostProcess=EVER),
    case("host-process-of-app", {f"app.{SC}.windowsOptions": {"hostProcess": True}}, windowsHostProcess=EVER),
    case("host-process-on-windows", {f"app.{SC}.windowsOptions": {"hostProcess": True}, **WINDOWS},
         windowsHostProcess=EVER),
    case("host-process-false", {"pod.windowsOptions": {"hostProcess": False}}),
]

CASES = [*PRIVILEGE, *CAPABILITIES, *USERS, *PROC, *VOLUMES, *PORTS, *PROFILES, *SYSCTLS, *PROBES, *HOST_PROCESS]

"""A second opinion on pods, written from Kubernetes' documentation and the behaviour of its API server and
kubelet: who each container starts as, and which checks of Pod Security refuse the pod. It takes pods as
Python data, and only such as the API server takes."""

from kube_cases_profiles import RULES

# What the CRI tells the kubelet of an image's user, and what starts where nothing is gated:
# (uid or None, name, state).
IMAGE_USERS = {
    "none": (0, "", "root"),
    "empty": (0, "", "root"),
    "zero": (0, "", "root"),
    "only-group": (0, "", "root"),
    "1000": (1000, "", "non-root"),
    "1000-group-0": (1000, "", "non-root"),
    "largest": (2147483647, "", "non-root"),
    "app": (None, "app", "non-root"),
    "app-is-0": (None, "app", "root"),
    "root": (None, "root", "root"),
    "root-renamed": (None, "root", "non-root"),
}


def effective(pod_context, context, key):
    value = (context or {}).get(key)
    return (pod_context or {}).get(key) if value is None else value


def state(spec, container, image):
    """Of a container on Linux."""
    pod_context, context = spec.get("securityContext"), container.get("securityContext")
    gate = effective(pod_context, context, "runAsNonRoot")
    user = effective(pod_context, context, "runAsUser")
    uid, name, started = IMAGE_USERS[image]
    if gate:
        if user is not None:
            return "wont-start" if user == 0 else "non-root"
        return "wont-start" if name or uid == 0 else "non-root"
    if user is not None:
        started = "root" if user == 0 else "non-root"
    return "root-in-userns" if started == "root" and spec.get("hostUsers") is False else started


def containers(spec):
    return [one for key in ("initContainers", "containers", "ephemeralContainers") for one in spec.get(key) or []]


# Pod Security ---------------------------------------------------------------------------------------

CAPABILITIES = set("AUDIT_WRITE CHOWN DAC_OVERRIDE FOWNER FSETID KILL MKNOD NET_BIND_SERVICE SETFCAP SETGID SETPCAP "
                   "SETUID SYS_CHROOT".split())
SAFE_SYSCTLS = {
    0: "kernel.shm_rmid_forced net.ipv4.ip_local_port_range net.ipv4.tcp_syncookies net.ipv4.ping_group_range "
    "net.ipv4.ip_unprivileged_port_start",
    27: "net.ipv4.ip_local_reserved_ports",
    29: "net.ipv4.tcp_keepalive_time net.ipv4.tcp_fin_timeout net.ipv4.tcp_keepalive_intvl net.ipv4.tcp_keepalive_probes",
    32: "net.ipv4.tcp_rmem net.ipv4.tcp_wmem",
    37: "net.ipv4.tcp_slow_start_after_idle net.ipv4.tcp_notsent_lowat",
}
SELINUX = {0: ("", "container_t", "container_init_t", "container_kvm_t"), 31: ("container_engine_t",)}
VOLUMES = {"configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "image", "persistentVolumeClaim", "projected",
           "secret"}


def since(table, minor):
    return {word for first, words in table.items() if minor >= first
            for word in (words.split() if isinstance(words, str) else words)}


class Pod:
    """What the checks ask."""

    def __init__(self, spec, minor):
        self.spec, self.minor = spec, minor
        self.pod = spec.get("securityContext") or {}
        self.all = containers(spec)
        self.contexts = [one.get("securityContext") or {} for one in self.all]
        self.windows = (spec.get("os") or {}).get("name") == "windows"
        self.own_users = spec.get("hostUsers") is False

    def everywhere(self, key):
        """What the pod and the containers set."""
        return [one[key] for one in [self.pod, *self.contexts] if one.get(key) is not None]

    def capabilities(self, key):
        return [set((one.get("capabilities") or {}).get(key) or ()) for one in self.contexts]

    def hosts(self):
        for one in self.all:
            life = one.get("lifecycle") or {}
            for handler in [one.get("livenessProbe"), one.get("readinessProbe"), one.get("startupProbe"),
                            life.get("postStart"), life.get("preStop")]:
                for kind in ("httpGet", "tcpSocket"):
                    yield ((handler or {}).get(kind) or {}).get("host")


def unset_somewhere(pod, key, good):
    """A field that pod or container must set, and none may set otherwise."""
    if any(not good(value) for value in pod.everywhere(key)):
        return True
    return pod.pod.get(key) is None and any(one.get(key) is None for one in pod.contexts)


def seccomp(profile):
    return profile.get("type") in ("RuntimeDefault", "Localhost")


def selinux(pod):
    types = since(SELINUX, pod.minor)
    return any(one.get("user") or one.get("role") or one.get("type", "") not in types
               for one in pod.everywhere("seLinuxOptions"))


def unmasked(pod):
    return any(one.get("procMount") not in (None, "Default") for one in pod.contexts)


# check: (level, first version, is it broken, what it takes the place of)
CHECKS = {
    "privileged": ("b", 0, lambda p: any(one.get("privileged") for one in p.contexts), None),
    "hostNamespaces": ("b", 0, lambda p: any(p.spec.get(key) for key in ("hostPID", "hostIPC", "hostNetwork")), None),
    "hostPathVolumes": ("b", 0, lambda p: any("hostPath" in one for one in p.spec.get("volumes") or []), None),
    # In a pod with hostNetwork a port is one of the host: the API server says so before the check looks.
    "hostPorts": ("b", 0, lambda p: any(port.get("hostPort") or p.spec.get("hostNetwork")
                                        for one in p.all for port in one.get("ports") or []), None),
    "hostProbesAndHostLifecycle": ("b", 34, lambda p: any(p.hosts()), None),
    "windowsHostProcess": ("b", 0, lambda p: any(one.get("hostProcess") for one in p.everywhere("windowsOptions")), None),
    "appArmorProfile": ("b", 0, lambda p: any(not seccomp(one) for one in p.everywhere("appArmorProfile")), None),
    "seLinuxOptions": ("b", 0, selinux, None),
    "sysctls": ("b", 0, lambda p: any(one["name"] not in since(SAFE_SYSCTLS, p.minor)
                                      for one in p.pod.get("sysctls") or []), None),
    "procMount": ("b", 0, lambda p: unmasked(p) and not (p.own_users and p.minor >= 35), None),
    "procMount_restricted": ("r", 35, unmasked, "procMount"),
    "capabilities_baseline": ("b", 0, lambda p: any(one - CAPABILITIES for one in p.capabilities("add")), None),
    "capabilities_restricted": ("r", 22, lambda p: not (p.windows and p.minor >= 25) and (
        any("ALL" not in one for one in p.capabilities("drop"))
        or any(one - {"NET_BIND_SERVICE"} for one in p.capabilities("add"))), "capabilities_baseline"),
    "seccompProfile_baseline": ("b", 19, lambda p: any(not seccomp(one) for one in p.everywhere("seccompProfile")), None),
    "seccompProfile_restricted": ("r", 19, lambda p: not (p.windows and p.minor >= 25)
                                  and unset_somewhere(p, "seccompProfile", seccomp), "seccompProfile_baseline"),
    "allowPrivilegeEscalation": ("r", 8, lambda p: not (p.windows and p.minor >= 25) and any(
        one.get("allowPrivilegeEscalation") is not False for one in p.contexts), None),
    "restrictedVolumes": ("r", 0, lambda p: any(not VOLUMES & set(one) for one in p.spec.get("volumes") or []),
                          "hostPathVolumes"),
    "runAsNonRoot": ("r", 0, lambda p: not (p.own_users and p.minor >= 35)
                     and unset_somewhere(p, "runAsNonRoot", lambda value: value), None),
    "runAsUser": ("r", 23, lambda p: not (p.own_users and p.minor >= 35)
                  and any(value == 0 for value in p.everywhere("runAsUser")), None),
}


def violations(spec, profile, minor):
    """The rules that refuse a pod under "baseline" or "restricted" of v1.minor."""
    pod = Pod(spec, minor)
    active = {name for name, (level, first, _, _) in CHECKS.items()
              if minor >= first and (level == "b" or profile == "restricted")}
    active -= {CHECKS[name][3] for name in active}
    return {RULES[name] for name in active if CHECKS[name][2](pod)}

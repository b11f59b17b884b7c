"""A container that does not start as root, and how it could become it: findings of their own."""

from kube_case import never_passes, non_root, one, refused, root, spec, userns

USER = "runAsNonRoot: true; runAsUser: 1000; runAsGroup: 1000"
TIGHT = "allowPrivilegeEscalation: false; capabilities: {drop: [ALL]}"
CLEAN = dict(only=())


def user(name, wanted, app=TIGHT, pod="", spec=""):
    """A pod that runs as 1000, and what is beside that."""
    return one(f"become-{name}", wanted, pod=f"{USER}; {pod}", app=app, spec=spec)


def adds(*names):
    return f"allowPrivilegeEscalation: false; capabilities: {{drop: [ALL], add: [{', '.join(names)}]}}"


PRIVILEGED = (("privileged-container", "fail"),)

CASES = [
    user("nothing", non_root(1000, **CLEAN)),
    user("privileged", non_root(1000, has=PRIVILEGED, verdict="fail"), "privileged: true"),
    user("privileged-false", non_root(1000, **CLEAN), TIGHT + "; privileged: false"),
    user("privileged-null", non_root(1000, **CLEAN), TIGHT + "; privileged: null"),
    user("privileged-of-the-pod-does-not-exist", non_root(1000, lacks="privileged-container"), pod="privileged: true"),
    user("escalation-unset", non_root(1000, has="new-privileges"), "capabilities: {drop: [ALL]}"),
    user("escalation-true", non_root(1000, has="new-privileges"), "allowPrivilegeEscalation: true"),
    user("escalation-null", non_root(1000, has="new-privileges"), "allowPrivilegeEscalation: null"),
    user("escalation-of-the-pod-does-not-exist", non_root(1000, has="new-privileges"), "readOnlyRootFilesystem: true",
         pod="allowPrivilegeEscalation: false"),
    user("escalation-false", non_root(1000, lacks="new-privileges"), "allowPrivilegeEscalation: false"),
    user("adds-sys-admin", non_root(1000, has="added-capability", verdict=None), adds("SYS_ADMIN")),
    user("adds-setuid", non_root(1000, has="added-capability"), adds("SETUID")),
    user("adds-dac-override", non_root(1000, has="added-capability"), adds("DAC_OVERRIDE")),
    user("adds-sys-ptrace", non_root(1000, has="added-capability"), adds("SYS_PTRACE")),
    user("adds-all", non_root(1000, has=(("added-capability", "fail"),), verdict="fail"),
         "allowPrivilegeEscalation: false; capabilities: {add: [ALL]}"),
    user("adds-in-small-letters", non_root(1000, has="added-capability"), adds("sys_admin")),
    # Exactly this word, beside allowPrivilegeEscalation: false, the API server refuses.
    user("adds-with-its-prefix", never_passes("wont-start", "non-root"), adds("CAP_SYS_ADMIN")),
    user("adds-of-a-pod-do-not-exist", non_root(1000, lacks="added-capability"), pod="capabilities: {add: [SYS_ADMIN]}"),
    user("adds-nothing", non_root(1000, **CLEAN), "allowPrivilegeEscalation: false; capabilities: {drop: [ALL], add: []}"),
    user("host-pid", non_root(1000, has="host-namespaces"), spec="hostPID: true"),
    user("host-pid-false", non_root(1000, **CLEAN), spec="hostPID: false; hostIPC: false; hostNetwork: false"),
    user("unmasked", non_root(1000, has="unmasked-proc"), TIGHT + "; procMount: Unmasked", spec="hostUsers: false"),
    user("default-mask", non_root(1000, **CLEAN), TIGHT + "; procMount: Default"),
    user("group-0-of-the-pod", non_root(1000, gid=0, has="root-group"), pod="", app=TIGHT + "; runAsGroup: 0"),
    user("fs-group-0", non_root(1000, has="root-group"), pod="fsGroup: 0"),
    user("fs-group", non_root(1000, **CLEAN), pod="fsGroup: 2000"),
    user("supplemental-group-0", non_root(1000, has="root-group"), pod="supplementalGroups: [2000, 0]"),
    user("supplemental-groups", non_root(1000, **CLEAN), pod="supplementalGroups: [2000, 3000]"),
    one("become-group-0-of-the-pod-alone", non_root(1000, gid=0, has="root-group"),
        pod="runAsNonRoot: true; runAsUser: 1000; runAsGroup: 0", app=TIGHT),
    one("become-group-of-the-container-over-0", non_root(1000, gid=1000, lacks="root-group"),
        pod="runAsNonRoot: true; runAsUser: 1000; runAsGroup: 0", app=TIGHT + "; runAsGroup: 1000"),
    one("become-group-of-nobodys-user", non_root(1000, gid=0, has="root-group"),
        pod="runAsNonRoot: true; runAsUser: 1000", app=TIGHT, image="none"),
    one("become-group-of-passwd", non_root(1000, gid=1001, lacks="root-group"),
        pod="runAsNonRoot: true; runAsUser: 1000", app=TIGHT, image="app"),
    one("become-root-and-privileged", root(has=PRIVILEGED), app="privileged: true; runAsUser: 0"),
    one("become-root-of-a-namespace-and-privileged", userns(has=PRIVILEGED), app="privileged: true; runAsUser: 0",
        spec="hostUsers: false"),
    one("become-refused-and-privileged", refused("breaks non-root policy"), pod="runAsNonRoot: true",
        app="privileged: true; runAsUser: 0"),
    spec("become-each-container-for-itself", """
        securityContext: {runAsNonRoot: true, runAsUser: 1000, runAsGroup: 1000}
        initContainers:
        - name: init
          image: images.example/none:1
          securityContext: {privileged: true}
        containers:
        - name: app
          image: images.example/none:1
          securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}
        ephemeralContainers:
        - name: debug
          image: images.example/none:1
          securityContext: {allowPrivilegeEscalation: false, capabilities: {add: [SYS_PTRACE]}}
        """, {
            "init": non_root(1000, has=PRIVILEGED, verdict="fail"),
            "app": non_root(1000, **CLEAN),
            "debug": non_root(1000, has="added-capability", lacks=("privileged-container",)),
        }),
    # It does not reach a process that is not root without capabilities of a file, and harms nobody.
    user("net-bind-service", non_root(1000, verdict="pass", lacks="privileged-container"), adds("NET_BIND_SERVICE")),
]

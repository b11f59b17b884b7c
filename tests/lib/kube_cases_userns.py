"""hostUsers: false puts the pod into a user namespace: root there is not root of the node."""

from kube_case import never_passes, non_root, one, refused, root, unknown, userns

OWN = "hostUsers: false"

CASES = [
    one("userns-image-none", userns(has=(("image-user", "fail"),)), spec=OWN, image="none",
        by=("image", "spec.hostUsers")),
    one("userns-user-0", userns(has=(("image-user", "fail"),)), spec=OWN, pod="runAsUser: 0",
        by=("pod.runAsUser", "spec.hostUsers")),
    one("userns-user-0-of-the-container", userns(), spec=OWN, app="runAsUser: 0", pod="runAsUser: 1000",
        by=("app.runAsUser", "spec.hostUsers")),
    one("userns-image-app-is-0", userns(), spec=OWN, image="app-is-0", by=("image", "spec.hostUsers")),
    one("userns-user-1000", non_root(1000), spec=OWN, pod="runAsUser: 1000; runAsNonRoot: true", by="pod.runAsUser"),
    one("userns-image-1000", non_root(1000), spec=OWN, image="1000", by="image"),
    one("userns-image-not-at-hand", unknown(), spec=OWN, by="image"),
    one("userns-true", root(), spec="hostUsers: true", image="none", by="image"),
    one("userns-null", root(), spec="hostUsers: null", image="none", by="image"),
    one("userns-unset", root(), image="none", by="image"),
    # The kubelet's gate knows no user namespaces.
    one("userns-gate-image-none", refused("image will run as root"), spec=OWN, pod="runAsNonRoot: true", image="none"),
    one("userns-gate-user-0", refused("breaks non-root policy"), spec=OWN, pod="runAsNonRoot: true; runAsUser: 0"),
    one("userns-gate-name", refused("non-numeric user (app)"), spec=OWN, pod="runAsNonRoot: true", image="app"),
    one("userns-gate-image-1000", non_root(1000), spec=OWN, pod="runAsNonRoot: true", image="1000"),
    # The API server takes no pod of its own users in the host's processes.
    one("userns-and-host-pid", never_passes(), spec=OWN + "; hostPID: true", image="none"),
    one("userns-and-host-network", never_passes("root-in-userns", "wont-start"), spec=OWN + "; hostNetwork: true",
        image="none"),
    one("userns-in-the-context-does-not-count", root(), pod="hostUsers: false", image="none", by="image"),
]

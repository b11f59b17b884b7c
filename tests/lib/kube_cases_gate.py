"""The kubelet's gate: under runAsNonRoot: true it refuses what is root, and what it cannot tell from
root; and what the image says, with the gate and without it."""

from kube_case import never_passes, non_root, one, refused, root, unknown
from lint_case import ABSENT

GATE = "runAsNonRoot: true"
WILL = "image will run as root"
NAME = "image has non-numeric user"

# What starts where the image alone decides. The group of USER does not count: the kubelet hands on
# the user alone, and the runtime takes the group of its line in passwd, else 0
# (containerd/containerd#11607, kubernetes/kubernetes#93666).
WITHOUT = [
    one("image-none", root(), image="none", by="image"),
    one("image-empty", root(), image="empty", by="image"),
    one("image-zero", root(), image="zero", by="image"),
    one("image-zeros", root(), image="zeros", by="image"),
    one("image-plus-zero", root(), image="plus-zero", by="image"),
    one("image-hex-zero", never_passes(), image="hex-zero", by="image"),
    one("image-zero-group", root(), image="zero-group", by="image"),
    one("image-only-group", root(), image="only-group", by="image"),
    one("image-colon", root(), image="colon", by="image"),
    one("image-1000", non_root(1000, gid=0), image="1000", by="image"),
    one("image-1000-of-passwd", non_root(1000, gid=1001), image="1000-passwd", by="image"),
    one("image-1000-group-0", non_root(1000, gid=0, has="root-group"), image="1000-group-0", by="image"),
    one("image-1000-group-does-not-count", non_root(1000, gid=0), image="1000-group", by="image"),
    one("image-1000-group-is-that-of-passwd", non_root(1000, gid=1001), image="1000-group-passwd", by="image"),
    one("image-app", non_root(1000, gid=1001, lacks="root-group"), image="app", by="image"),
    one("image-app-grp", non_root(1000, gid=1001), image="app-grp", by="image"),
    one("image-app-group-0-does-not-count", non_root(1000, gid=1001), image="app-group-0", by="image"),
    one("image-app-is-0", root(), image="app-is-0", by="image"),
    one("image-app-missing", never_passes("wont-start", "unknown"), image="app-missing", by="image"),
    one("image-app-no-passwd", never_passes("wont-start", "unknown"), image="app-no-passwd", by="image"),
    one("image-root", root(), image="root", by="image"),
    one("image-root-no-passwd", never_passes(), image="root-no-passwd", by="image"),
    one("image-root-renamed", non_root(1000), image="root-renamed", by="image"),
    one("image-largest", non_root(2147483647), image="largest", by="image"),
    one("image-too-large", never_passes("wont-start", "unknown"), image="too-large", by="image"),
    one("image-far-too-large", never_passes("wont-start", "unknown"), image="far-too-large", by="image"),
    one("image-negative", never_passes("wont-start", "unknown"), image="negative", by="image"),
    one("image-not-at-hand", unknown(), by="image"),
    one("image-told-0", root(), image="told-0", by="image"),
    one("image-told-1000", non_root(1000), image="told-1000", by="image"),
    one("image-told-root", never_passes(), image="told-root", by="image"),
    one("image-told-app", never_passes("wont-start", "unknown"), image="told-app", by="image"),
]


def gated(name, wanted, image):
    return one(f"gate-image-{name}", wanted, pod=GATE, image=image, by=("image", "pod.runAsNonRoot"))


WITH = [
    gated("none", refused(WILL), "none"),
    gated("empty", refused(WILL), "empty"),
    gated("zero", refused(WILL), "zero"),
    gated("zeros", refused(WILL), "zeros"),
    gated("plus-zero", refused(WILL), "plus-zero"),
    gated("hex-zero", refused(NAME, "0x0"), "hex-zero"),
    gated("zero-group", refused(WILL), "zero-group"),
    gated("only-group", refused(WILL), "only-group"),
    gated("1000", non_root(1000, lacks=("kubelet-refuses", "no-run-as-non-root")), "1000"),
    gated("1000-group-0", non_root(1000), "1000-group-0"),
    gated("1000-group", non_root(1000), "1000-group"),
    gated("app", refused(NAME, "(app)", "cannot verify user is non-root"), "app"),
    gated("app-grp", refused(NAME, "(app)"), "app-grp"),
    gated("app-is-0", refused(NAME, "(app)"), "app-is-0"),
    gated("app-missing", refused(NAME, "(app)"), "app-missing"),
    gated("root", refused(NAME, "(root)"), "root"),
    gated("root-renamed", refused(NAME, "(root)"), "root-renamed"),
    gated("largest", non_root(2147483647), "largest"),
    gated("too-large", refused("invalid user id", "2147483648"), "too-large"),
    gated("far-too-large", refused(NAME, "99999999999999999999"), "far-too-large"),
    gated("negative", refused("invalid user id", "-1"), "negative"),
    gated("told-0", refused(WILL), "told-0"),
    gated("told-1000", non_root(1000), "told-1000"),
    gated("told-app", refused(NAME, "(app)"), "told-app"),
    # It is not root that starts, if anything starts: a pass, with the word that it may not start.
    one("gate-image-not-at-hand", non_root(ABSENT, has=(("kubelet-refuses", "warn"),)), pod=GATE,
        by="pod.runAsNonRoot"),
]

# A runAsUser settles it before the image is asked.
USER = [
    one("gate-user-0", refused("container's runAsUser breaks non-root policy"), pod=GATE + "; runAsUser: 0",
        image="1000", by=("pod.runAsUser", "pod.runAsNonRoot")),
    one("gate-user-0-of-the-container", refused("breaks non-root policy"), app=GATE + "; runAsUser: 0",
        image="1000", by=("app.runAsUser", "app.runAsNonRoot")),
    one("gate-user-0-no-image-known", refused("breaks non-root policy"), pod=GATE + "; runAsUser: 0",
        by=("pod.runAsUser", "pod.runAsNonRoot")),
    one("gate-user-over-image-none", non_root(1000, lacks="kubelet-refuses"), pod=GATE + "; runAsUser: 1000",
        image="none", by="pod.runAsUser"),
    one("gate-user-over-image-name", non_root(1000, lacks="kubelet-refuses"), pod=GATE + "; runAsUser: 1000",
        image="app-missing", by="pod.runAsUser"),
    one("gate-user-over-image-too-large", non_root(1000), pod=GATE + "; runAsUser: 1000", image="too-large",
        by="pod.runAsUser"),
    one("gate-user-no-image-known", non_root(1000, lacks=("kubelet-refuses", "no-run-as-non-root")),
        pod=GATE + "; runAsUser: 1000", by="pod.runAsUser"),
    one("gate-user-0-over-the-pods", refused("breaks non-root policy"), pod=GATE + "; runAsUser: 1000",
        app="runAsUser: 0", by=("app.runAsUser", "pod.runAsNonRoot")),
]

# Nothing is gated: what would have been refused runs.
OPEN = [
    one("open-false", root(lacks="kubelet-refuses"), pod="runAsNonRoot: false", image="none", by="image"),
    one("open-unset", root(lacks="kubelet-refuses"), image="none", by="image"),
    one("open-false-user-0", root(lacks="kubelet-refuses"), pod="runAsNonRoot: false; runAsUser: 0",
        by="pod.runAsUser"),
    one("open-false-name", non_root(1000, lacks="kubelet-refuses"), pod="runAsNonRoot: false", image="app",
        by="image"),
    one("open-says-so", non_root(1000, has="no-run-as-non-root"), pod="runAsUser: 1000"),
    one("open-says-so-of-an-image", non_root(1000, has="no-run-as-non-root"), image="1000"),
    one("open-says-so-of-false", non_root(1000, has="no-run-as-non-root"), pod="runAsNonRoot: false; runAsUser: 1000"),
]

CASES = [*WITHOUT, *WITH, *USER, *OPEN]

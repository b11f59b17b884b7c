"""What the kubelet asks of a container runtime (CRI, runtime.v1): pods and their containers, in a containerd of
the tests'. Messages are {field's number: value}, by the numbers of Kubernetes' api.proto."""

import contextlib
import json
import pathlib
import time
import uuid

import engines
import kit
import watchkit

SPACE = "k8s.io"  # CRI's, in containerd
PAUSE = "localhost/nzw-root:1"  # what a pod's sandbox is of; it starts as root
PLUGIN = f"""
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{PAUSE}"
  restrict_oom_score_adj = true
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"
  # What a pod's author writes reaches the bundle, as some clusters have it.
  pod_annotations = ["*"]
  container_annotations = ["*"]
"""
GROUPS = ("/kubepods/besteffort", "/kubepods", f"/{SPACE}")
POD, CONTAINER, NODE, TARGET = range(4)  # whose a namespace is
READY, EXITED = 0, 2  # a sandbox, a container
CALL_SECONDS = 60


# --- protocol buffers, as much as CRI needs ---

def varint(value):
    value &= (1 << 64) - 1
    out = bytearray()
    while value > 0x7f:
        out.append(value & 0x7f | 0x80)
        value >>= 7
    return bytes((*out, value))


def encoded(message):
    """A message's bytes: ints, text, bytes, messages, and lists of these."""
    out = b""
    for number, values in message.items():
        for value in values if isinstance(values, list) else [values]:
            if isinstance(value, int):
                out += varint(number << 3) + varint(value)
                continue
            body = encoded(value) if isinstance(value, dict) else value.encode() if isinstance(value, str) else value
            out += varint(number << 3 | 2) + varint(len(body)) + body
    return out


def read_varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7f) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at


def decoded(data):
    """{number: last value}: an int, or the bytes of text or of a message."""
    message, at = {}, 0
    while at < len(data):
        key, at = read_varint(data, at)
        value, at = read_varint(data, at)
        if key & 7 == 2:
            value, at = data[at:at + value], at + value
        else:
            assert key & 7 == 0, f"a field of wire type {key & 7}"
        message[key >> 3] = value
    return message


def mapping(pairs):
    return [{1: key, 2: value} for key, value in pairs.items()]


# --- the runtime ---

class Pod:
    """A sandbox and its containers' ids, by their names."""

    def __init__(self, name, namespace, uid, pid, group, annotations):
        self.name, self.namespace, self.uid, self.pid, self.group = name, namespace, uid, pid, group
        self.annotations = mapping(annotations)
        self.id, self.containers = None, {}

    def options(self, target=None):
        """Namespaces; no CNI is needed on the host's network."""
        return {1: NODE, 2: TARGET, 4: target} if target else {1: NODE, 2: self.pid}

    def config(self):
        labels = {"io.kubernetes.pod.name": self.name, "io.kubernetes.pod.namespace": self.namespace,
                  "io.kubernetes.pod.uid": self.uid}
        return {1: {1: self.name, 2: self.uid, 3: self.namespace}, 6: mapping(labels), 7: self.annotations,
                8: {1: self.group, 2: {1: self.options()}}}


class Runtime:
    """Containers are of watchkit's images; words that `acts` understands come after a container's name."""

    def __init__(self, ctr, socket, archives):
        import grpc  # pylint: disable=import-outside-toplevel
        self.failure = grpc.RpcError
        self.channel = grpc.insecure_channel(f"unix:{socket}")
        self.ctr, self.pods = ctr, []
        self.load(archives["oci"])
        self.images = {name: self.image_id(f"localhost/nzw-{name}:1") for name in watchkit.IMAGES}

    def call(self, method, request, service="RuntimeService"):
        answer = self.channel.unary_unary(f"/runtime.v1.{service}/{method}")(encoded(request), timeout=CALL_SECONDS)
        return decoded(answer)

    def load(self, archive):
        self.ctr("-n", SPACE, "images", "import", archive)

    def image_id(self, name, after=None):
        """That by which the kubelet asks for an image; CRI learns a moment later that it is no longer AFTER."""
        end = time.monotonic() + watchkit.WAIT
        while time.monotonic() < end:
            with contextlib.suppress(self.failure):  # while the plugin starts
                image = self.call("ImageStatus", {1: {1: name}}, "ImageService").get(1)
                found = decoded(image)[1].decode() if image else after
                if found != after:
                    return found
            time.sleep(0.1)
        raise AssertionError(f"CRI has no image {name}")

    def pod(self, name, namespace="default", uid=None, pid=CONTAINER, group=None, annotations=()):
        """Its control group is where the kubelet's cgroupfs driver has it."""
        uid = uid or str(uuid.uuid4())
        group = f"/kubepods/besteffort/pod{uid}" if group is None else group
        pod = Pod(name, namespace, uid, pid, group, dict(annotations))
        self.pods.append(pod)
        pod.id = self.call("RunPodSandbox", {1: pod.config()})[1].decode()
        return pod

    def create(self, pod, name, *acts, image="app", user=None, mounts=(), attempt=0, target=None):
        """The id of a container that does not run yet."""
        security = {3: pod.options(target), **({} if user is None else {5: {1: user}})}
        labels = {"io.kubernetes.container.name": name, "io.kubernetes.pod.name": pod.name,
                  "io.kubernetes.pod.namespace": pod.namespace, "io.kubernetes.pod.uid": pod.uid}
        config = {1: {1: name, 2: attempt}, 2: {1: self.images.get(image, image)}, 4: list(acts),
                  7: [{1: inside, 2: str(outside)} for outside, inside in mounts],
                  9: mapping(labels), 10: pod.annotations, 15: {2: security}}
        made = self.call("CreateContainer", {1: pod.id, 2: config, 3: pod.config()})[1].decode()
        pod.containers[name] = made
        return made

    def start(self, container):
        self.call("StartContainer", {1: container})

    def run(self, pod, name, *acts, **options):
        container = self.create(pod, name, *acts, **options)
        self.start(container)
        return container

    def exec(self, container, *argv):
        """The exit code of a program that was put into a container, as `kubectl exec` does."""
        return self.call("ExecSync", {1: container, 2: list(argv), 3: CALL_SECONDS // 2}).get(3, 0)

    def ended(self, container):
        """The exit code of a container that ends by itself."""
        end = time.monotonic() + watchkit.WAIT
        while time.monotonic() < end:
            status = decoded(self.call("ContainerStatus", {1: container})[1])
            if status.get(3) == EXITED:
                return status.get(7, 0)
            time.sleep(0.05)
        raise AssertionError(f"the container {container} does not end")

    def annotations(self, container):
        """Of its bundle."""
        said = self.ctr("-n", SPACE, "containers", "info", container).stdout
        return json.loads(said)["Spec"]["annotations"]

    def ready(self, pod):
        status = decoded(self.call("PodSandboxStatus", {1: pod.id})[1])
        return status.get(3, READY) == READY

    def remove_container(self, container):
        self.call("StopContainer", {1: container})
        self.call("RemoveContainer", {1: container})

    def remove(self, pod):
        self.pods.remove(pod)
        if pod.id:
            self.call("StopPodSandbox", {1: pod.id})
            self.call("RemovePodSandbox", {1: pod.id})
        remove_groups(pod.group)

    def close(self):
        for pod in list(self.pods):
            self.remove(pod)
        remove_groups(*GROUPS)
        self.channel.close()


def remove_groups(*groups):
    """The kubelet's to make and to remove; those that others use stay."""
    for top in watchkit.hierarchies():
        for group in groups:
            with contextlib.suppress(OSError):
                pathlib.Path(top + group).rmdir()


@contextlib.contextmanager
def runtime(directory, archives, pods=(), leave=False):
    """containerd with its CRI plugin, which has PODS already; and nothing of it left afterwards, unless its
    pods are to outlive it."""
    with engines.containerd_daemon(str(directory), plugins=PLUGIN) as ctr:
        one = Runtime(ctr, f"{directory}/containerd.sock", archives)
        one.pods += pods
        try:
            yield one
        finally:
            if leave:
                one.channel.close()
            else:
                one.close()

"""What others get wrong, named after them."""

from kube_case import manifest, non_root, one, refused, root, spec, userns

CASES = [
    # KSV-0012 stops at the pod's true.
    one("trivy-pod-true-hides-a-containers-false", root(lacks="kubelet-refuses"), pod="runAsNonRoot: true",
        app="runAsNonRoot: false", image="none", by="image"),
    spec("trivy-pod-true-hides-one-of-two", """
        securityContext: {runAsNonRoot: true}
        containers:
        - name: good
          image: images.example/1000:1 # <- good
        - name: app
          image: images.example/none:1 # <- app
          securityContext: {runAsNonRoot: false}
        """, {"good": non_root(1000), "app": root()}),
    # CKV_K8S_23 looks at containers alone.
    spec("checkov-looks-at-containers-only", """
        containers:
        - name: app
          image: images.example/1000:1
          securityContext: {runAsNonRoot: true, runAsUser: 1000}
        initContainers:
        - name: init
          image: images.example/none:1 # <- init
        ephemeralContainers:
        - name: debug
          image: images.example/none:1 # <- debug
        """, {"app": non_root(1000), "init": root(), "debug": root()}),
    # And takes the pod's word where the container's user breaks it.
    one("checkov-pod-non-root-container-user-0", refused("runAsUser breaks non-root policy"), pod="runAsNonRoot: true",
        app="runAsUser: 0"),
    # C-0013 flags pods that are hardened but for runAsGroup.
    one("kubescape-flags-an-unset-group", non_root(1000, verdict="pass", lacks=("image-user", "kubelet-refuses")),
        pod="runAsNonRoot: true; runAsUser: 1000", app="allowPrivilegeEscalation: false; capabilities: {drop: [ALL]}"),
    one("kubescape-flags-an-unset-group-of-a-known-image", non_root(1000, gid=1001, verdict="pass", lacks="root-group"),
        pod="runAsNonRoot: true; runAsUser: 1000", app="allowPrivilegeEscalation: false; capabilities: {drop: [ALL]}",
        image="app"),
    # kyverno knows no user namespaces, and passes a pod's false when all containers say true.
    one("kyverno-no-user-namespaces", userns(), spec="hostUsers: false", image="none"),
    one("kyverno-pod-false-containers-true", non_root(1000), pod="runAsNonRoot: false",
        app="runAsNonRoot: true; runAsUser: 1000"),
    # gatekeeper does not see what kubectl debug adds.
    manifest("gatekeeper-does-not-see-ephemeral-containers", """
        apiVersion: v1
        kind: Pod
        metadata: {name: web}
        spec:
          securityContext: {runAsUser: 1000, runAsNonRoot: true}
          containers:
          - {name: app, image: images.example/1000:1}
          ephemeralContainers:
          - name: debugger-x7k2p
            image: images.example/none:1
            stdin: true
            tty: true
            targetContainerName: app
            securityContext:
              runAsNonRoot: false
              runAsUser: 0 # <- debugger-x7k2p
        """, {"app": non_root(1000), "debugger-x7k2p": root()}),
    # None reads passwd.
    one("none-reads-passwd-of-an-image", root(), image="app-is-0", by="image"),
    one("none-reads-passwd-of-an-image-that-is-fine", non_root(1000), image="app", by="image"),
    one("none-knows-that-a-good-name-is-refused", refused("non-numeric user (app)"), pod="runAsNonRoot: true",
        image="app"),
]

"""Which field counts: the container's, if it is set, else the pod's, for each field apart."""

from kube_case import manifest, never_passes, non_root, one, refused, root, spec, unknown

NO_PASSWD = "none"

USER = [
    one("user-of-the-pod", non_root(1000), pod="runAsUser: 1000", by="pod.runAsUser"),
    one("user-of-the-container", non_root(1000), app="runAsUser: 1000", by="app.runAsUser"),
    one("user-of-both", non_root(1000), pod="runAsUser: 0", app="runAsUser: 1000", by="app.runAsUser"),
    one("user-of-both-root", root(), pod="runAsUser: 1000", app="runAsUser: 0", by="app.runAsUser"),
    one("user-0-of-the-pod", root(), pod="runAsUser: 0", by="pod.runAsUser"),
    one("user-0-of-the-container", root(), app="runAsUser: 0", by="app.runAsUser"),
    one("user-null-of-the-container", root(), pod="runAsUser: 0", app="runAsUser: null", by="pod.runAsUser"),
    one("user-tilde-of-the-container", root(), pod="runAsUser: 0", app="runAsUser: ~", by="pod.runAsUser"),
    one("user-blank-of-the-container", root(), pod="runAsUser: 0", app="runAsUser:", by="pod.runAsUser"),
    one("user-null-of-the-pod", root(), pod="runAsUser: null", image="none", by="image"),
    one("user-over-an-image-of-root", non_root(1000), app="runAsUser: 1000", image="zero", by="app.runAsUser"),
    one("user-0-over-an-image-of-1000", root(), app="runAsUser: 0", image="1000", by="app.runAsUser"),
    one("user-of-the-pod-over-an-image-of-root", non_root(1000), pod="runAsUser: 1000", image="none",
        by="pod.runAsUser"),
    one("user-0-of-the-pod-over-an-image-of-app", root(), pod="runAsUser: 0", image="app", by="pod.runAsUser"),
    one("user-1", non_root(1), app="runAsUser: 1"),
    one("user-largest", non_root(2147483647), app="runAsUser: 2147483647"),
    one("user-too-large", never_passes(), app="runAsUser: 2147483648", error=0),
    one("user-negative", never_passes(), app="runAsUser: -1", error=0),
    one("no-user-no-image-known", unknown(), by="image"),
    one("no-user-no-image-known-and-a-group", unknown(), pod="runAsGroup: 1000", by="image"),
    one("a-group-is-no-user", root(), pod="runAsGroup: 1000; fsGroup: 1000", image="none", by="image"),
    one("no-image", never_passes(), image="", error=0),
    one("user-0-and-no-image", never_passes(), image="", app="runAsUser: 0", error=0),
]

# runAsNonRoot and runAsUser come from the container or the pod each for itself.
APART = [
    one("gate-of-the-pod-user-of-the-container", refused("runAsUser breaks non-root policy"),
        pod="runAsNonRoot: true", app="runAsUser: 0", by=("app.runAsUser", "pod.runAsNonRoot")),
    one("gate-of-the-container-user-of-the-pod", refused("runAsUser breaks non-root policy"),
        pod="runAsUser: 0", app="runAsNonRoot: true", by=("pod.runAsUser", "app.runAsNonRoot")),
    one("gate-of-the-pod-good-user-of-the-container", non_root(1000), pod="runAsNonRoot: true; runAsUser: 0",
        app="runAsUser: 1000", by="app.runAsUser"),
    one("gate-of-the-container-good-user-of-the-pod", non_root(1000), pod="runAsUser: 1000",
        app="runAsNonRoot: true", by="pod.runAsUser"),
    one("gate-off-in-the-container", root(), pod="runAsNonRoot: true", app="runAsNonRoot: false; runAsUser: 0",
        by="app.runAsUser"),
    one("gate-off-in-the-container-user-0-of-the-pod", root(), pod="runAsNonRoot: true; runAsUser: 0",
        app="runAsNonRoot: false", by="pod.runAsUser"),
    one("gate-off-in-the-pod-on-in-the-container", refused("image will run as root"), pod="runAsNonRoot: false",
        app="runAsNonRoot: true", image="none", by=("image", "app.runAsNonRoot")),
    one("gate-null-in-the-container", refused("image will run as root"), pod="runAsNonRoot: true",
        app="runAsNonRoot: null", image="none", by=("image", "pod.runAsNonRoot")),
    one("gate-null-in-the-pod", root(), pod="runAsNonRoot: null", image="none", by="image"),
    one("gate-off-over-a-good-image", non_root(1000), pod="runAsNonRoot: false", image="1000", by="image"),
    one("gate-off-over-an-image-of-root", root(), pod="runAsNonRoot: false", image="none", by="image"),
    one("context-of-the-container-empty", refused("breaks non-root policy"), pod="runAsNonRoot: true; runAsUser: 0",
        app="privileged: false", by=("pod.runAsUser", "pod.runAsNonRoot")),
]

TWO = """
    securityContext:
      runAsUser: 1000 # <- a
      runAsNonRoot: true
    containers:
    - name: a
      image: images.example/none:1
    - name: b
      image: images.example/none:1
      securityContext:
        runAsUser: 2000 # <- b
    - name: c
      image: images.example/none:1
      securityContext:
        runAsNonRoot: false
        runAsUser: 0 # <- c
    - name: d
      image: images.example/none:1
      securityContext:
        runAsUser: 0 # <- d
    """

WHOLE = [
    spec("each-container-has-its-own-answer", TWO, {
        "a": non_root(1000), "b": non_root(2000), "c": root(), "d": refused("breaks non-root policy"),
    }),
    spec("one-container-does-not-tell-on-the-next", """
        containers:
        - name: a
          image: images.example/none:1
          securityContext: {runAsUser: 1000, runAsNonRoot: true} # <- a
        - name: b
          image: images.example/none:1 # <- b
        """, {"a": non_root(1000), "b": root()}),
    spec("context-null", """
        securityContext: null
        containers:
        - name: app
          image: images.example/none:1 # <- app
          securityContext: null
        """, {"app": root()}),
    spec("context-of-nothing", """
        securityContext: {}
        containers:
        - name: app
          image: images.example/1000:1 # <- app
          securityContext: {}
        """, {"app": non_root(1000)}),
    spec("contexts-behind-the-containers", """
        containers:
        - securityContext:
            allowPrivilegeEscalation: false
          image: images.example/none:1
          name: app
        securityContext:
          runAsUser: 1000 # <- app
        """, {"app": non_root(1000)}),
]

# Fields where nobody looks for them.
MISPLACED = [
    spec("user-in-the-container-itself", """
        containers:
        - name: app
          image: images.example/none:1 # <- app
          runAsUser: 1000
          runAsNonRoot: true
        """, {"app": root()}),
    spec("user-in-the-spec-itself", """
        runAsUser: 1000
        containers:
        - name: app
          image: images.example/none:1 # <- app
        """, {"app": root()}),
    spec("field-in-another-case", """
        securityContext:
          runasuser: 1000
          RunAsNonRoot: true
        containers:
        - name: app
          image: images.example/none:1 # <- app
        """, {"app": root()}, error=7),
    spec("context-in-another-case", """
        securitycontext:
          runAsUser: 1000
        containers:
        - name: app
          image: images.example/none:1 # <- app
        """, {"app": root()}, error=6),
    spec("supplemental-groups-of-a-container-do-not-exist", """
        containers:
        - name: app
          image: images.example/1000:1 # <- app
          securityContext:
            fsGroup: 1000
        """, {"app": non_root(1000)}),
    manifest("context-in-the-deployment-instead-of-the-template", """
        apiVersion: apps/v1
        kind: Deployment
        metadata:
          name: web
        spec:
          securityContext:
            runAsUser: 1000
          selector: {matchLabels: {app: web}}
          template:
            metadata: {labels: {app: web}}
            spec:
              containers:
              - name: app
                image: images.example/none:1 # <- app
        """, {"Deployment/web app": root()}),
    manifest("context-in-the-template-instead-of-its-spec", """
        apiVersion: apps/v1
        kind: Deployment
        metadata:
          name: web
        spec:
          selector: {matchLabels: {app: web}}
          template:
            metadata: {labels: {app: web}}
            securityContext:
              runAsUser: 1000
            spec:
              containers:
              - name: app
                image: images.example/none:1 # <- app
        """, {"Deployment/web app": root()}),
    spec("user-in-the-environment", """
        containers:
        - name: app
          image: images.example/none:1 # <- app
          env:
          - name: runAsUser
            value: "1000"
        """, {"app": root()}),
]

CASES = [*USER, *APART, *WHOLE, *MISPLACED]

"""The same pod in every shape of YAML and JSON; what YAML 1.1 makes of words and numbers; wrong types."""

import json

from kube_case import HEAD, manifest, never_passes, non_root, one, refused, root, spec

POD = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "web"},
    "spec": {
        "securityContext": {"runAsUser": 1000},
        "containers": [
            {"name": "app", "image": "images.example/none:1", "securityContext": {"runAsUser": 0}},
            {"name": "good", "image": "images.example/none:1"},
        ],
    },
}
BOTH = {"app": root(), "good": non_root(1000)}
INDENTED = json.dumps(POD, indent=2)


def line_of(text, word, nth=0):
    return [n for n, line in enumerate(text.splitlines(), 1) if word in line][nth]


JSON = [
    manifest("json", INDENTED, {
        "app": root(lines=(line_of(INDENTED, '"runAsUser": 0'),)),
        "good": non_root(1000, lines=(line_of(INDENTED, '"runAsUser": 1000'),)),
    }, suffix=".json"),
    manifest("json-in-one-line", json.dumps(POD), {
        "app": root(lines=(1,)), "good": non_root(1000, lines=(1,)),
    }, suffix=".json"),
    manifest("json-in-a-yaml-file", INDENTED, BOTH),
    manifest("json-escapes", json.dumps(POD).replace("runAsUser", "\\u0072unAsUser"), BOTH, suffix=".json"),
    manifest("json-list", json.dumps({"apiVersion": "v1", "kind": "List", "items": [POD]}), BOTH, suffix=".json"),
    manifest("json-documents", json.dumps(POD) + "\n---\n"
             + json.dumps({**POD, "metadata": {"name": "api"}}) + "\n",
             {**BOTH, "Pod/api app": root(), "Pod/api good": non_root(1000)}),
]

YAML = [
    manifest("flow", """
        {apiVersion: v1, kind: Pod, metadata: {name: web}, spec: {
          securityContext: {runAsUser: 1000}, # <- good
          containers: [{name: app, image: "images.example/none:1", securityContext: {
            runAsUser: 0}}, # <- app
            {name: good, image: "images.example/none:1"}]}}
        """, BOTH),
    spec("quoted-keys", """
        "securityContext":
          'runAsUser': 1000 # <- app
        "containers":
        - "name": "app"
          'image': 'images.example/none:1'
        """, {"app": non_root(1000)}),
    spec("anchor-and-alias", """
        containers:
        - name: app
          image: images.example/none:1
          securityContext: &tight
            runAsUser: 1000 # <- app, good
        - name: good
          image: images.example/none:1
          securityContext: *tight # <- good
        """, {"app": non_root(1000), "good": non_root(1000)}),
    spec("merge-key", """
        containers:
        - name: app
          image: images.example/none:1
          securityContext: &tight
            runAsUser: 1000 # <- app, good
            runAsNonRoot: true
        - name: good
          image: images.example/none:1
          securityContext:
            <<: *tight # <- good
            allowPrivilegeEscalation: false
        """, {"app": non_root(1000), "good": non_root(1000, lacks=("new-privileges", "no-run-as-non-root"))}),
    spec("merge-key-before-a-key", """
        containers:
        - name: good
          image: images.example/none:1
          securityContext: &tight
            runAsUser: 1000 # <- good
        - name: app
          image: images.example/none:1
          securityContext:
            <<: *tight
            runAsUser: 0 # <- app
        """, {"app": root(), "good": non_root(1000)}),
    # kubectl (yaml.v2) lets a merge that stands behind a key win, other readers the key: go-yaml/yaml#81.
    *(spec(f"merge-key-{name}", f"""
        containers:
        - {{name: zero, image: "images.example/none:1", securityContext: &zero {{runAsUser: 0}}}}
        - {{name: one, image: "images.example/none:1", securityContext: &one {{runAsUser: 1000}}}}
        - name: app
          image: images.example/none:1
          securityContext:
            {text}
        """, {"zero": root(), "one": non_root(1000), "app": never_passes()}, error=0)
      for name, text in (("behind-a-key", "{runAsUser: 1000, <<: *zero}"), ("twice", "{<<: *one, <<: *zero}"),
                         ("list-behind-a-key", "{runAsUser: 1000, <<: [*zero, *one]}"),
                         ("in-a-merge", "{<<: {runAsUser: 1000, <<: *zero}}"))),
    spec("merge-key-behind-a-key-of-the-same", """
        containers:
        - name: app
          image: images.example/none:1
          securityContext: {runAsUser: 1000, <<: {runAsUser: 1000}} # <- app
        """, {"app": non_root(1000)}),
    spec("merge-key-behind-another-key", """
        containers:
        - name: app
          image: images.example/none:1
          securityContext: {runAsNonRoot: true, <<: {runAsUser: 1000}} # <- app
        """, {"app": non_root(1000)}),
    spec("merge-key-of-several", """
        containers:
        - name: a
          image: images.example/none:1
          securityContext: &a
            runAsUser: 0
        - name: b
          image: images.example/none:1
          securityContext: &b
            runAsUser: 1000
        - name: app
          image: images.example/none:1
          securityContext:
            <<: [*a, *b]
        """, {"a": root(), "b": non_root(1000), "app": root()}),
    spec("merge-key-of-a-container", """
        containers:
        - &base
          name: good
          image: images.example/none:1
          securityContext: {runAsUser: 1000}
        - <<: *base
          name: app
          securityContext: {runAsUser: 0}
        """, {"app": root(), "good": non_root(1000)}),
    manifest("anchor-in-a-key-of-ones-own", """
        apiVersion: v1
        kind: Pod
        metadata:
          name: web
          annotations: {x-user: &user "1000"}
        spec:
          containers:
          - name: app
            image: images.example/none:1
            env: [{name: A, value: *user}]
        """, {"app": root()}),
    manifest("anchors-end-with-their-document", """
        apiVersion: v1
        kind: Pod
        metadata: {name: web}
        spec:
          securityContext: &tight {runAsUser: 1000}
          containers: [{name: app, image: "images.example/none:1"}]
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: api}
        spec:
          securityContext: *tight
          containers: [{name: app, image: "images.example/none:1"}]
        """, error=12),
    manifest("marks-and-directives", """
        %YAML 1.2
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: web}
        spec:
          containers:
          - name: app
            image: images.example/1000:1 # <- app
        ...
        """, {"app": non_root(1000)}),
    manifest("windows-line-ends", (HEAD + "  securityContext:\n    runAsUser: 1000\n  containers:\n  - name: app\n"
             "    image: images.example/none:1\n").replace("\n", "\r\n").encode(),
             {"Pod/web app": non_root(1000, lines=(7,))}),
    manifest("byte-order-mark", b"\xef\xbb\xbf" + HEAD.encode() + b"  containers:\n  - name: app\n"
             b"    image: images.example/1000:1\n", {"Pod/web app": non_root(1000, lines=(8,))}),
    manifest("no-newline-at-the-end", (HEAD + "  containers:\n  - name: app\n    image: images.example/1000:1").encode(),
             {"Pod/web app": non_root(1000, lines=(8,))}),
    spec("block-text-is-text", """
        containers:
        - name: app
          image: images.example/none:1 # <- app
          args:
          - |
            securityContext:
              runAsUser: 1000
        """, {"app": root()}),
    spec("commented-out", """
        # securityContext:
        #   runAsUser: 1000
        containers:
        - name: app
          image: images.example/none:1 # <- app
          # securityContext: {runAsUser: 1000}
        """, {"app": root()}),
    spec("wide-characters", """
        securityContext: {runAsUser: 1000} # <- app
        containers:
        - name: app
          image: images.example/none:1
          env: [{name: GRÜSSE, value: "日本語 😀"}]
        """, {"app": non_root(1000)}),
    spec("folded-image", """
        containers:
        - name: app
          image: >-
            images.example/1000:1
        """, {"app": non_root(1000)}),
    manifest("config-map-with-a-pod-in-it", """
        apiVersion: v1
        kind: Pod
        metadata: {name: web}
        spec: {containers: [{name: app, image: "images.example/1000:1"}]}
        ---
        apiVersion: v1
        kind: ConfigMap
        metadata: {name: conf}
        data:
          pod.yaml: |
            apiVersion: v1
            kind: Pod
            metadata: {name: inner}
            spec: {containers: [{name: app, image: "images.example/none:1"}]}
        """, {"app": non_root(1000)}),
]

# What the API server's decoder (YAML 1.1 to JSON) makes of words and numbers.
WORDS = [
    *(one(f"word-{word}", refused("image will run as root"), pod=f"runAsNonRoot: {word}", image="none")
      for word in ("true", "True", "TRUE", "yes", "Yes", "on", "ON")),
    *(one(f"word-{word}", root(lacks="kubelet-refuses"), pod=f"runAsNonRoot: {word}", image="none")
      for word in ("false", "False", "no", "off")),
    one("number-hexadecimal-0", root(), pod="runAsUser: 0x0"),
    one("number-octal-0", root(), pod="runAsUser: 00"),
    one("number-plus-0", root(), pod="runAsUser: +0"),
    one("number-minus-0", root(), pod="runAsUser: -0"),
    one("number-hexadecimal", non_root(1000), pod="runAsUser: 0x3e8"),
    one("number-octal", non_root(1000), pod="runAsUser: 01750"),
    one("number-with-underscores", non_root(1000), pod="runAsUser: 1_000"),
]

# Of another type than the API server takes: an error that names the line; never read as something else.
TYPES = [
    one("type-user-text", never_passes(), pod='runAsUser: "1000"', error=7),
    one("type-user-text-0", never_passes(), pod="runAsUser: '0'", error=7),
    one("type-user-name", never_passes(), pod="runAsUser: app", error=7),
    one("type-user-true", never_passes(), pod="runAsUser: true", error=7),
    one("type-user-fraction", never_passes(), pod="runAsUser: 1000.5", error=7),
    one("type-user-list", never_passes(), pod="runAsUser: [1000]", error=7),
    one("type-user-map", never_passes(), pod="runAsUser: {uid: 1000}", error=7),
    one("type-user-beyond-64-bits", never_passes(), pod="runAsUser: 18446744073709551616", error=7),
    one("type-user-of-the-container", never_passes(), app='runAsUser: "1000"', error=10),
    one("type-gate-text", never_passes(), pod='runAsNonRoot: "true"', error=7),
    one("type-gate-number", never_passes(), pod="runAsNonRoot: 1", error=7),
    one("type-gate-tagged", never_passes(), pod="runAsNonRoot: !!str true", error=7),
    one("type-privileged-text", never_passes(), app='privileged: "false"', error=10),
    one("type-escalation-text", never_passes(), app='allowPrivilegeEscalation: "false"', error=10),
    one("type-group-text", never_passes(), pod='runAsGroup: "0"', error=7),
    one("type-supplemental-groups-number", never_passes(), pod="supplementalGroups: 0", error=7),
    one("type-capabilities-list", never_passes(), app="capabilities: [ALL]", error=10),
    one("type-added-text", never_passes(), app="capabilities: {add: SYS_ADMIN}", error=10),
    one("type-added-number", never_passes(), app="capabilities: {add: [1]}", error=10),
    one("type-host-users-text", never_passes(), spec='hostUsers: "false"', image="none", error=6),
    one("type-host-pid-text", never_passes(), spec='hostPID: "true"', image="none", error=6),
    one("type-context-list", never_passes(), spec="securityContext: []", image="1000", error=6),
    one("type-context-text", never_passes(), spec="securityContext: tight", image="1000", error=6),
    one("type-os-text", never_passes(), spec="os: windows", image="1000", error=6),
    spec("type-containers-map", "containers: {name: app, image: 'images.example/1000:1'}\n", {}, error=6),
    spec("type-containers-text", "containers: app\n", {}, error=6),
    spec("type-container-text", "containers:\n- app\n", {}, error=7),
    spec("type-image-number", "containers:\n- name: app\n  image: 1.5\n", {}, error=8),
    spec("type-image-map", "containers:\n- name: app\n  image: {name: x}\n", {}, error=8),
    spec("type-init-containers-map", "initContainers: {}\ncontainers:\n- {name: app, image: 'images.example/1000:1'}\n",
         {}, error=6),
    manifest("type-spec-list", "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: []\n", {}, error=4),
    manifest("type-template-text", "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  template: x\n",
             {}, error=5),
    manifest("type-items-map", "apiVersion: v1\nkind: List\nitems: {}\n", {}, error=3),
    manifest("type-metadata-text", HEAD.replace("metadata:\n  name: web", "metadata: web")
             + "  containers:\n  - {name: app, image: 'images.example/1000:1'}\n", {}, error=3),
]

CASES = [*JSON, *YAML, *WORDS, *TYPES]

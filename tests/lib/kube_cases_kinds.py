"""Where pods are: every built-in kind, custom resources that hold a pod template, and every kind of
container."""

import textwrap

from kube_case import manifest, non_root, refused, root

CONTAINERS = """\
containers:
- name: app
  image: images.example/none:1 # <- app
- name: good
  image: images.example/none:1
  securityContext: {runAsUser: 1000} # <- good
"""


def workload(kind, api, path, name=None, expected=None, extra=""):
    """A pod template at PATH, of a container that is root and one that is not."""
    lines = [f"apiVersion: {api}", f"kind: {kind}", "metadata:", "  name: web"]
    depth = 0
    for step in path.split("."):
        if step == "[]":
            lines[-1] += ""
            lines.append("  " * depth + "-")
        else:
            lines.append("  " * depth + step + ":")
        depth += 1
    text = "\n".join(lines) + "\n" + textwrap.indent(CONTAINERS, "  " * depth) + extra
    found = expected or {"app": root(), "good": non_root(1000)}
    return manifest(name or f"kind-{kind.lower()}", text,
                    {f"{kind}/web {container}": one for container, one in found.items()})


TEMPLATE = "spec.template.spec"

BUILT_IN = [
    workload("Pod", "v1", "spec"),
    workload("Deployment", "apps/v1", TEMPLATE),
    workload("ReplicaSet", "apps/v1", TEMPLATE),
    workload("StatefulSet", "apps/v1", TEMPLATE),
    workload("DaemonSet", "apps/v1", TEMPLATE),
    workload("ReplicationController", "v1", TEMPLATE),
    workload("Job", "batch/v1", TEMPLATE),
    workload("CronJob", "batch/v1", "spec.jobTemplate.spec.template.spec"),
    workload("PodTemplate", "v1", "template.spec"),
    workload("Deployment", "extensions/v1beta1", TEMPLATE, "kind-deployment-of-old"),
    workload("DaemonSet", "apps/v1beta2", TEMPLATE, "kind-daemonset-of-old"),
    workload("CronJob", "batch/v1beta1", "spec.jobTemplate.spec.template.spec", "kind-cronjob-of-old"),
]

CUSTOM = [
    workload("Rollout", "argoproj.io/v1alpha1", TEMPLATE),
    workload("CloneSet", "apps.kruise.io/v1alpha1", TEMPLATE),
    workload("Service", "serving.knative.dev/v1", TEMPLATE, "kind-service-of-knative"),
    workload("Configuration", "serving.knative.dev/v1", TEMPLATE),
    workload("Widget", "example.com/v1", "spec.a.deep.place.podTemplate.spec"),
    workload("Widget", "example.com/v1", "spec.podSpec", "kind-widget-pod-spec"),
    manifest("kind-pytorchjob", """
        apiVersion: kubeflow.org/v1
        kind: PyTorchJob
        metadata:
          name: web
        spec:
          pytorchReplicaSpecs:
            Master:
              template:
                spec:
                  containers:
                  - name: master
                    image: images.example/none:1 # <- master
            Worker:
              template:
                spec:
                  containers:
                  - name: worker
                    image: images.example/1000:1 # <- worker
        """, {"PyTorchJob/web master": root(), "PyTorchJob/web worker": non_root(1000)}),
    manifest("kind-jobset", """
        apiVersion: jobset.x-k8s.io/v1alpha2
        kind: JobSet
        metadata:
          name: web
        spec:
          replicatedJobs:
          - name: leader
            template:
              spec:
                template:
                  spec:
                    containers:
                    - name: leader
                      image: images.example/none:1 # <- leader
          - name: workers
            template:
              spec:
                template:
                  spec:
                    containers:
                    - name: worker
                      image: images.example/1000:1 # <- worker
        """, {"JobSet/web leader": root(), "JobSet/web worker": non_root(1000)}),
]

TYPES = [
    manifest("containers-of-every-type", """
        apiVersion: v1
        kind: Pod
        metadata:
          name: web
        spec:
          securityContext:
            runAsUser: 1000 # <- good-init, good, good-debug
          initContainers:
          - name: init
            image: images.example/none:1
            securityContext: {runAsUser: 0} # <- init
          - name: sidecar
            image: images.example/none:1
            restartPolicy: Always
            securityContext: {runAsUser: 0} # <- sidecar
          - name: good-init
            image: images.example/none:1
          containers:
          - name: app
            image: images.example/none:1
            securityContext: {runAsUser: 0} # <- app
          - name: good
            image: images.example/none:1
          ephemeralContainers:
          - name: debug
            image: images.example/none:1
            targetContainerName: app
            securityContext: {runAsUser: 0} # <- debug
          - name: good-debug
            image: images.example/none:1
        """, {
            "init": root(), "sidecar": root(), "good-init": non_root(1000), "app": root(),
            "good": non_root(1000), "debug": root(), "good-debug": non_root(1000),
        }),
    manifest("gate-for-every-type", """
        apiVersion: v1
        kind: Pod
        metadata:
          name: web
        spec:
          securityContext:
            runAsNonRoot: true
          initContainers:
          - name: init
            image: images.example/none:1
          - name: sidecar
            image: images.example/app:1
            restartPolicy: Always
          containers:
          - name: app
            image: images.example/1000:1
          ephemeralContainers:
          - name: debug
            image: images.example/zero:1
        """, {
            "init": refused("image will run as root"), "sidecar": refused("non-numeric user (app)"),
            "app": non_root(1000), "debug": refused("image will run as root"),
        }),
    manifest("init-containers-of-a-cron-job", """
        apiVersion: batch/v1
        kind: CronJob
        metadata:
          name: web
        spec:
          schedule: "0 0 * * *"
          jobTemplate:
            spec:
              template:
                spec:
                  restartPolicy: Never
                  initContainers:
                  - {name: init, image: images.example/none:1} # <- init
                  containers:
                  - {name: app, image: images.example/1000:1} # <- app
        """, {"CronJob/web init": root(), "CronJob/web app": non_root(1000)}),
    manifest("volume-claim-templates-are-no-pods", """
        apiVersion: apps/v1
        kind: StatefulSet
        metadata:
          name: web
        spec:
          volumeClaimTemplates:
          - metadata: {name: data}
            spec: {accessModes: [ReadWriteOnce]}
          template:
            spec:
              containers:
              - {name: app, image: images.example/1000:1}
        """, {"StatefulSet/web app": non_root(1000)}),
]

NAMES = [
    manifest("name-with-a-namespace", """
        apiVersion: v1
        kind: Pod
        metadata:
          name: db
          namespace: prod
        spec:
          initContainers:
          - {name: init-perms, image: images.example/none:1}
          containers:
          - {name: db, image: images.example/1000:1}
        """, {"Pod/prod/db init-perms": root(), "Pod/prod/db db": non_root(1000)}),
    manifest("name-that-is-generated", """
        apiVersion: v1
        kind: Pod
        metadata:
          generateName: job-
        spec:
          containers:
          - {name: app, image: images.example/1000:1}
        """, {"Pod/job- app": non_root(1000)}),
    manifest("name-and-generate-name", """
        apiVersion: v1
        kind: Pod
        metadata:
          generateName: job-
          name: web
        spec:
          containers:
          - {name: app, image: images.example/1000:1}
        """, {"app": non_root(1000)}),
    manifest("namespace-of-the-template-does-not-count", """
        apiVersion: apps/v1
        kind: Deployment
        metadata:
          name: web
        spec:
          template:
            metadata: {name: other, namespace: other}
            spec:
              containers:
              - {name: app, image: images.example/1000:1}
        """, {"Deployment/web app": non_root(1000)}),
]

LISTS = [
    manifest("list", """
        apiVersion: v1
        kind: List
        items:
        - apiVersion: v1
          kind: Pod
          metadata: {name: web}
          spec:
            containers:
            - {name: app, image: images.example/none:1} # <- app
        - apiVersion: v1
          kind: ConfigMap
          metadata: {name: conf}
          data: {a: b}
        - apiVersion: apps/v1
          kind: Deployment
          metadata: {name: api}
          spec:
            template:
              spec:
                containers:
                - {name: good, image: images.example/1000:1} # <- good
        """, {"app": root(), "Deployment/api good": non_root(1000)}),
    manifest("list-in-a-list", """
        apiVersion: v1
        kind: List
        items:
        - apiVersion: v1
          kind: List
          items:
          - apiVersion: v1
            kind: Pod
            metadata: {name: web}
            spec:
              containers:
              - {name: app, image: images.example/none:1} # <- app
        """, {"app": root()}),
    manifest("list-of-deployments", """
        apiVersion: apps/v1
        kind: DeploymentList
        items:
        - apiVersion: apps/v1
          kind: Deployment
          metadata: {name: web}
          spec:
            template:
              spec:
                containers:
                - {name: app, image: images.example/none:1} # <- app
        """, {"Deployment/web app": root()}),
    manifest("list-of-pods-without-kinds", """
        apiVersion: v1
        kind: PodList
        items:
        - metadata: {name: web}
          spec:
            containers:
            - {name: app, image: images.example/none:1} # <- app
        """, {"app": root()}),
    manifest("documents", """
        apiVersion: v1
        kind: Namespace
        metadata: {name: prod}
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: web}
        spec:
          containers:
          - {name: app, image: images.example/none:1} # <- app
        ---
        # nothing but a comment
        ---
        ---
        apiVersion: v1
        kind: Service
        metadata: {name: web}
        spec: {ports: [{port: 80}]}
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: api}
        spec:
          containers:
          - {name: good, image: images.example/1000:1} # <- good
        ...
        """, {"app": root(), "Pod/api good": non_root(1000)}),
    manifest("same-name-in-two-namespaces", """
        apiVersion: v1
        kind: Pod
        metadata: {name: web, namespace: a}
        spec: {containers: [{name: app, image: "images.example/none:1"}]}
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: web, namespace: b}
        spec: {containers: [{name: app, image: "images.example/1000:1"}]}
        """, {"Pod/a/web app": root(), "Pod/b/web app": non_root(1000)}),
]

# What is not a pod: said, and never a pass of its own accord.
OTHERS = [
    manifest("unknown-kind-beside-a-pod", """
        apiVersion: v1
        kind: Pod
        metadata: {name: web}
        spec: {containers: [{name: app, image: "images.example/1000:1"}]}
        ---
        apiVersion: example.com/v1
        kind: Widget
        metadata: {name: w}
        spec: {size: 3}
        """, {"app": non_root(1000)}, notes=("Widget",)),
]

CASES = [*BUILT_IN, *CUSTOM, *TYPES, *NAMES, *LISTS, *OTHERS]

/* SPDX-License-Identifier: Apache-2.0 */
/* Kubernetes manifests: which pods and containers are in them, what each field is, and what is
 * refused. */
#include <string.h>

#include "core/limits.h"
#include "kube/manifest.h"

#define POD(spec) "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n" spec
#define BOX       "  containers: [{name: c, image: i}]\n"

static NzManifest *
read_text(const char *text, gsize len, NzSourceFile **source, GError **error)
{
  *source = nz_source_new("m.yaml", text, len);
  return nz_manifest_read(*source, error);
}

/* --- where pods are --- */

static const char *const type_names[] = {[NZ_CONTAINER_REGULAR] = "container",
                                         [NZ_CONTAINER_INIT] = "init container",
                                         [NZ_CONTAINER_SIDECAR] = "sidecar",
                                         [NZ_CONTAINER_EPHEMERAL] = "ephemeral container"};

static void
print_pod(GString *out, const NzManifest *manifest, const NzKubePod *pod)
{
  g_string_append_printf(out, "%s %s%s%s at %s%s:", pod->kind, pod->namespace ? pod->namespace : "",
                         pod->namespace ? "/" : "", pod->name ? pod->name : "-", pod->path,
                         pod->windows ? " windows" : "");
  for (guint i = 0; i < pod->containers->len; i++) {
    const NzKubeContainer *c = pod->containers->pdata[i];
    g_autoptr(NzPlace) place = nz_kube_place(manifest, c->node);
    g_string_append_printf(out, " %s %s=%s@%u:%u", type_names[c->type], c->name,
                           c->image ? c->image : "-", place->line, place->column);
  }
  g_string_append_c(out, '\n');
}

static char *
print(const NzManifest *manifest)
{
  GString *out = g_string_new(NULL);
  for (guint i = 0; i < manifest->pods->len; i++)
    print_pod(out, manifest, manifest->pods->pdata[i]);
  for (guint i = 0; i < manifest->objects->len; i++) {
    const NzKubeObject *o = manifest->objects->pdata[i];
    g_string_append_printf(out, "object %s %s\n", o->kind, o->name ? o->name : "-");
  }
  for (guint i = 0; i < manifest->notes->len; i++)
    g_string_append_printf(out, "note: %s\n", (const char *)manifest->notes->pdata[i]);
  return g_string_free(out, FALSE);
}

static const struct {
  const char *text, *result;
} wholes[] = {
    /* Kubernetes' own */
    {POD(BOX), "Pod p at spec: container c=i@5:16\n"},
    {"{\"apiVersion\": \"v1\", \"kind\": \"Pod\", \"metadata\": {\"name\": \"p\"},\n"
     " \"spec\": {\"containers\": [{\"name\": \"c\", \"image\": \"i\"}]}}",
     "Pod p at spec: container c=i@2:26\n"},
    {"apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d, namespace: ns}\nspec:\n"
     "  template:\n    metadata: {labels: {a: b}}\n    spec:\n      containers:\n"
     "      - name: c\n        image: i\n",
     "Deployment ns/d at spec.template.spec: container c=i@9:9\n"},
    {"apiVersion: extensions/v1beta1\nkind: DaemonSet\nspec: {template: {spec: {containers: "
     "[{name: "
     "c}]}}}\n",
     "DaemonSet - at spec.template.spec: container c=-@3:39\n"},
    {"apiVersion: apps/v1\nkind: ReplicaSet\nspec: {template: {spec: {containers: [{name: c, "
     "image: "
     "i}]}}}\n",
     "ReplicaSet - at spec.template.spec: container c=i@3:39\n"},
    {"apiVersion: v1\nkind: ReplicationController\nspec: {template: {spec: {containers: [{name: c, "
     "image: i}]}}}\n",
     "ReplicationController - at spec.template.spec: container c=i@3:39\n"},
    {"apiVersion: apps/v1\nkind: StatefulSet\nspec: {template: {spec: {containers: [{name: c, "
     "image: "
     "i}]}}}\n",
     "StatefulSet - at spec.template.spec: container c=i@3:39\n"},
    {"apiVersion: batch/v1\nkind: Job\nspec: {template: {spec: {containers: [{name: c, image: "
     "i}]}}}\n",
     "Job - at spec.template.spec: container c=i@3:39\n"},
    {"apiVersion: batch/v1beta1\nkind: CronJob\nspec: {jobTemplate: {spec: {template: {spec: "
     "{containers: [{name: c, image: i}]}}}}}\n",
     "CronJob - at spec.jobTemplate.spec.template.spec: container c=i@3:60\n"},
    {"apiVersion: v1\nkind: PodTemplate\ntemplate: {spec: {containers: [{name: c, image: i}]}}\n",
     "PodTemplate - at template.spec: container c=i@3:32\n"},
    {"apiVersion: v1\nkind: Pod\nmetadata: {generateName: g-}\nspec:\n" BOX,
     "Pod g- at spec: container c=i@5:16\n"},
    /* as Podman plays it */
    {"kind: Pod\nspec:\n" BOX, "Pod - at spec: container c=i@3:16\n"},
    /* kinds of containers */
    {POD("  ephemeralContainers: [{name: e, image: i}]\n" BOX
         "  initContainers: [{name: a, image: i}, {name: b, image: i, restartPolicy: Always}]\n"
         "  os: {name: windows}\n"),
     "Pod p at spec windows: init container a=i@7:20 sidecar b=i@7:41 container c=i@6:16 ephemeral "
     "container e=i@5:25\n"},
    {POD("  containers: []\n"), "Pod p at spec:\n"},
    {POD("  containers: null\n  initContainers: ~\n"), "Pod p at spec:\n"},
    {"apiVersion: v1\nkind: Pod\n", "note: line 1: a Pod without a pod's spec starts nothing\n"},
    {"apiVersion: apps/v1\nkind: Deployment\nspec: {}\n",
     "note: line 3: a Deployment without a pod template starts nothing\n"},
    /* documents and Lists */
    {"", ""},
    {"---\n", ""},
    {"# nothing\n---\n# Source: a\n---\n" POD(BOX) "---\n...\n---\nnull\n",
     "Pod p at spec: container c=i@9:16\n"},
    {POD(BOX) "---\n" POD(BOX),
     "Pod p at spec: container c=i@5:16\nPod p at spec: container c=i@11:16\n"},
    {"apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Pod, spec: {containers: [{name: "
     "a, image: i}]}}\n- apiVersion: v1\n  kind: List\n  items: [{apiVersion: v1, kind: Pod, spec: "
     "{containers: [{name: b, image: i}]}}]\n",
     "Pod - at spec: container a=i@4:51\nPod - at spec: container b=i@7:59\n"},
    {"apiVersion: v1\nkind: List\nitems: null\n", ""},
    {"apiVersion: v1\nkind: List\n", ""},
    {"apiVersion: v1\nkind: PodList\nitems:\n- metadata: {name: a}\n  spec: {containers: [{name: "
     "c, "
     "image: i}]}\n",
     "Pod a at spec: container c=i@5:23\n"},
    /* without pods */
    {"apiVersion: v1\nkind: Service\nmetadata: {name: s}\n---\napiVersion: "
     "rbac.authorization.k8s.io/v1\nkind: Role\n",
     "object Service s\n"},
    {"apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nspec:\n  x:\n"
     "    containers: [{name: c, image: i}]\n",
     ""},
    {"apiVersion: apps/v1\nkind: ControllerRevision\ndata: {spec: {template: {spec: {containers: "
     "[{name: c, image: i}]}}}}\n",
     ""},
    {"apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n", ""},
    /* custom resources */
    {"apiVersion: argoproj.io/v1alpha1\nkind: Rollout\nmetadata: {name: r}\nspec:\n  template:\n"
     "    metadata: {labels: {a: b}}\n    spec:\n      containers: [{name: c, image: i}]\n",
     "Rollout r at spec.template.spec: container c=i@8:20\n"},
    {"apiVersion: serving.knative.dev/v1\nkind: Service\nspec: {template: {spec: {containers: "
     "[{image: i}]}}}\n",
     "Service - at spec.template.spec: container =i@3:39\n"},
    {"apiVersion: apps.openshift.io/v1\nkind: DeploymentConfig\nspec: {template: {spec: "
     "{containers: "
     "[{name: c, image: i}]}}}\n",
     "DeploymentConfig - at spec.template.spec: container c=i@3:39\n"},
    {"apiVersion: kubeflow.org/v1\nkind: TFJob\nspec: {tfReplicaSpecs: {Worker: {template: {spec: "
     "{containers: [{name: c, image: i}]}}}, PS: {template: {spec: {containers: [{name: d, image: "
     "i}]}}}}}\n",
     "TFJob - at spec.tfReplicaSpecs.Worker.template.spec: container c=i@3:65\n"
     "TFJob - at spec.tfReplicaSpecs.PS.template.spec: container d=i@3:126\n"},
    {"apiVersion: example.com/v1\nkind: Deployment\nspec: {pods: [{spec: {containers: [{name: c, "
     "image: i}]}}]}\n",
     "Deployment - at spec.pods[0].spec: container c=i@3:36\n"},
    {"apiVersion: example.com/v1\nkind: Widget\nspec: {size: 1}\n",
     "note: line 1: not covered: a Widget (example.com/v1) holds no pod template "
     "that is known\n"},
    {"apiVersion: example.com/v1\nkind: Widget\nspec: {containers: [a, b]}\n",
     "note: line 1: not covered: a Widget (example.com/v1) holds no pod template "
     "that is known\n"},
    {"apiVersion: example.com/v1\nkind: Widget\nspec: {containers: [{name: a}]}\n",
     "note: line 1: not covered: a Widget (example.com/v1) holds no pod template "
     "that is known\n"},
    {"apiVersion: tekton.dev/v1\nkind: Task\nspec:\n  steps:\n  - {name: a, image: i, script: x}\n",
     "note: line 5: not covered: spec.steps[0] of a Task (tekton.dev/v1) has an "
     "image, but is no container of a pod that is known\n"},
    {"apiVersion: example.com/v1\nkind: Widget\nspec: {containers: [{name: c, image: i, "
     "securityContext: {runAsUser: app}}]}\n",
     "note: line 3: not covered: spec of a Widget (example.com/v1) looks like a "
     "pod's, but m.yaml:3:70: runAsUser: app, where an integer of 64 bits belongs: write a number "
     "(the API server refuses the object: json: cannot unmarshal string into Go struct field "
     "SecurityContext.spec.containers.securityContext.runAsUser of type int64)\n"},
    /* anchors and merge keys, which end with their document */
    {"apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - &a {name: c, image: i}\n"
     "  - {<<: *a, name: d}\n",
     "Pod - at spec: container c=i@5:8 container d=i@6:5\n"},
    /* names that are near, and fields in other places, are noted where they change nothing */
    {POD("  runAsUser: 0\n  securityContext: {privileged: true}\n" BOX),
     "Pod p at spec: container c=i@7:16\nnote: line 5: runAsUser is no field here, but of a "
     "container's securityContext: the API server refuses it or drops it (unknown field "
     "\"spec.runAsUser\")\nnote: line 6: privileged is no field here, but of a container's "
     "securityContext: the API server refuses it or drops it (unknown field "
     "\"spec.securityContext.privileged\")\n"},
    {POD("  containers: [{name: c, image: i, securityContext: {hostPID: true, x: 1}}]\n"),
     "Pod p at spec: container c=i@5:16\nnote: line 5: hostPID is no field here, but of the pod's "
     "spec: the API server refuses it or drops it (unknown field "
     "\"spec.containers[0].securityContext.hostPID\")\nnote: line 5: x is no field here: the API "
     "server refuses it or drops it (unknown field \"spec.containers[0].securityContext.x\")\n"},
    {"\xef\xbb\xbf" POD(BOX), "Pod p at spec: container c=i@5:16\n"},
    {"apiVersion: v1\r\nkind: Pod\r\nspec:\r\n  containers:\r\n  - name: c\r\n    image: i\r\n",
     "Pod - at spec: container c=i@5:5\n"},
};

static void
test_wholes(void)
{
  for (guint i = 0; i < G_N_ELEMENTS(wholes); i++) {
    g_autoptr(NzSourceFile) source = NULL;
    g_autoptr(GError) error = NULL;
    g_autoptr(NzManifest) manifest =
        read_text(wholes[i].text, strlen(wholes[i].text), &source, &error);
    g_test_message("%s", wholes[i].text);
    g_assert_no_error(error);
    g_autofree char *printed = print(manifest);
    g_assert_cmpstr(printed, ==, wholes[i].result);
  }
}

/* --- what is refused --- */

static const struct {
  const char *text, *message; /* its beginning */
} broken[] = {
    {"a\n", "m.yaml:1:1: a Kubernetes object belongs here"},
    {"[]\n", "m.yaml:1:1: a Kubernetes object belongs here"},
    {"- apiVersion: v1\n", "m.yaml:1:1: a Kubernetes object belongs here"},
    {"a: b\n", "m.yaml:1:1: an object without a kind"},
    {"kind:\n", "m.yaml:1:1: an object without a kind"},
    {"apiVersion: v1\nkind: [Pod]\n", "m.yaml:2:7: kind has a list, where a string belongs"},
    {"apiVersion: 1\nkind: Pod\n", "m.yaml:1:13: apiVersion: 1, where a string belongs"},
    {"apiVersion: v1\nkind: List\nitems: {}\n", "m.yaml:3:8: the items of a List are no list"},
    {"apiVersion: v1\nkind: List\nitems: [null]\n", "m.yaml:3:9: a Kubernetes object belongs here"},
    {"apiVersion: v1\nkind: Pod\nmetadata: x\n",
     "m.yaml:3:11: metadata: x, where a map belongs: write fields and values below it"},
    {"apiVersion: v1\nkind: Pod\nspec: []\n", "m.yaml:3:7: spec is no map"},
    {"apiVersion: apps/v1\nkind: Deployment\nspec: {template: 1}\n",
     "m.yaml:3:18: spec.template is no map"},
    {POD("  containers: {}\n"),
     "m.yaml:5:15: containers has a map, where a list belongs: write a list (the API server "
     "refuses "
     "the object: json: cannot unmarshal object into Go struct field PodSpec.spec.containers of "
     "type []v1.Container)"},
    {POD("  containers: [x]\n"), "m.yaml:5:16: containers: x, where a map belongs"},
    {POD("  containers: [null]\n"), "m.yaml:5:16: containers: null, where a map belongs"},
    {POD("  containers: [{name: c, image: i, securityContext: {runAsUser: \"1000\"}}]\n"),
     "m.yaml:5:65: runAsUser: \"1000\", where an integer of 64 bits belongs: write it without "
     "quotes (the API server refuses the object: json: cannot unmarshal string into Go struct "
     "field "
     "SecurityContext.spec.containers.securityContext.runAsUser of type int64)"},
    {POD("  securityContext: {runAsNonRoot: 'true'}\n" BOX),
     "m.yaml:5:35: runAsNonRoot: \"true\", where true or false belongs: write it without quotes"},
    {POD("  securityContext: {runAsNonRoot: 1}\n" BOX),
     "m.yaml:5:35: runAsNonRoot: 1, where true or false belongs: write true or false"},
    {POD("  securityContext: {runAsUser: 1000.5}\n" BOX),
     "m.yaml:5:32: runAsUser: 1000.5, where an integer of 64 bits belongs: write a whole number "
     "(the API server refuses the object: json: cannot unmarshal number 1000.5"},
    {POD("  securityContext: {runAsUser: 1e-3}\n" BOX), "m.yaml:5:32: runAsUser: 1e-3, where"},
    {POD("  securityContext: {runAsUser: 9223372036854775808}\n" BOX),
     "m.yaml:5:32: runAsUser: 9223372036854775808, where an integer"},
    {POD("  securityContext: {runAsUser: yes}\n" BOX),
     "m.yaml:5:32: runAsUser: yes, where an integer"},
    {POD("  securityContext: {runAsUser: [0]}\n" BOX),
     "m.yaml:5:32: runAsUser has a list, where an integer of 64 bits belongs: write one value"},
    {POD("  securityContext: {supplementalGroups: 5}\n" BOX),
     "m.yaml:5:41: supplementalGroups: 5, where a list belongs: write [ ] around it"},
    {POD("  securityContext: {supplementalGroups: [a]}\n" BOX),
     "m.yaml:5:42: supplementalGroups: a, where an integer"},
    {POD("  containers: [{name: c, image: i, securityContext: {capabilities: {drop: ALL}}}]\n"),
     "m.yaml:5:75: drop: ALL, where a list belongs"},
    {POD("  containers: [{name: c, image: i, ports: [{hostPort: 4294967296}]}]\n"),
     "m.yaml:5:55: hostPort: 4294967296, where an integer of 32 bits belongs: write a whole"},
    {POD("  containers: [{name: 1, image: i}]\n"),
     "m.yaml:5:23: name: 1, where a string belongs: write it in quotes"},
    {POD("  containers: [{name: y, image: i}]\n"),
     "m.yaml:5:23: name: y, where a string belongs: write it in quotes, as without them it is a "
     "bool in YAML 1.1"},
    {POD("  hostPID: \"false\"\n" BOX), "m.yaml:5:12: hostPID: \"false\", where true or false"},
    {"apiVersion: v1\nkind: Pod\nmetadata: {annotations: {port: 80}}\nspec:\n" BOX,
     "m.yaml:3:32: port: 80, where a string belongs: write it in quotes (the API server refuses "
     "the "
     "object: json: cannot unmarshal number into Go struct field map.metadata.annotations.port of "
     "type string)"},
    /* names that are near */
    {POD("  securityContext: {runAsNonroot: true}\n" BOX),
     "m.yaml:5:21: runAsNonroot is no field: did you mean runAsNonRoot?"},
    {POD("  securityContext: {runAsNoRoot: true}\n" BOX),
     "m.yaml:5:21: runAsNoRoot is no field: did you mean runAsNonRoot?"},
    {POD("  securitycontext: {runAsNonRoot: true}\n" BOX),
     "m.yaml:5:3: securitycontext is no field: did you mean securityContext?"},
    {POD("  containers: [{name: c, image: i, SecurityContext: {}}]\n"),
     "m.yaml:5:36: SecurityContext is no field: did you mean securityContext?"},
    {POD("  hostpid: true\n" BOX), "m.yaml:5:3: hostpid is no field: did you mean hostPID?"},
    {POD("  containers: [{name: c, image: i, securityContext: {capabilities: {Add: [ALL]}}}]\n"),
     "m.yaml:5:69: Add is no field: did you mean add?"},
    /* YAML */
    {POD("  securityContext: {runAsUser: 0}\n  securityContext: {runAsUser: 1}\n" BOX),
     "m.yaml:6:3: the key stands in line 5 already"},
    {"apiVersion: v1\nkind: Pod\n\tspec:\n", "m.yaml:3:1: a tab in the indentation"},
    {"apiVersion: v1\nkind: Pod\nspec: {\n", "m.yaml:4:1: not valid YAML"},
    {"apiVersion: v1\nkind: Pod\nspec: *a\n", "m.yaml:3:7: no anchor &a stands before the alias"},
    {"kind: &a Pod\n---\nkind: *a\n", "m.yaml:3:7: no anchor &a"},
    {"{\"kind\": \"Pod\",, }", "m.yaml:1:"},
    {"{\"kind\": \"Pod\"", "m.yaml:2:"},
    {"kind: P\xff\n", "m.yaml:1:8: a byte that is not UTF-8"},
    /* templates */
    {"apiVersion: v1\nkind: Pod\nmetadata:\n  name: {{ .Release.Name }}\n",
     "m.yaml:4:9: a template ({{ }}) that is not rendered"},
    {"{{- if .Values.on }}\napiVersion: v1\nkind: Pod\n{{- end }}\n",
     "m.yaml:1:1: a template ({{ }}) that is not rendered"},
    {"apiVersion: v1\nkind: Pod\nspec:\n  {{- toYaml .Values.spec | nindent 2 }}\n",
     "m.yaml:4:3: a template ({{ }}) that is not rendered"},
    {"apiVersion: v1\nkind: ConfigMap\ndata: {a: 'x {{ y }}'}\n---\n}\n",
     "m.yaml:5:1: not valid YAML"},
};

static void
test_broken(void)
{
  for (guint i = 0; i < G_N_ELEMENTS(broken); i++) {
    g_autoptr(NzSourceFile) source = NULL;
    g_autoptr(GError) error = NULL;
    g_autoptr(NzManifest) manifest =
        read_text(broken[i].text, strlen(broken[i].text), &source, &error);
    g_test_message("%s", broken[i].text);
    g_assert_null(manifest);
    g_assert_nonnull(error);
    g_autofree char *begin = g_strndup(error->message, strlen(broken[i].message));
    g_assert_cmpstr(begin, ==, broken[i].message);
  }
}

static void
test_bomb(void)
{
  g_autoptr(GString) text = g_string_new("kind: Pod\na: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
  for (guint i = 1; i < 12; i++)
    g_string_append_printf(text, "a%u: &a%u [*a%u, *a%u, *a%u, *a%u, *a%u, *a%u, *a%u, *a%u]\n", i,
                           i, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1);
  g_autoptr(NzSourceFile) source = NULL;
  g_autoptr(GError) error = NULL;
  g_autoptr(NzManifest) manifest = read_text(text->str, text->len, &source, &error);
  g_assert_null(manifest);
  g_assert_error(error, NZ_ERROR, NZ_ERROR_LIMIT);
}

/* --- fields --- */

static const struct {
  const char *value;
  NzKubeBool truth;
  gboolean is_int;
  gint64 number;
} values[] = {
    {"", NZ_FIELD_UNSET, FALSE, 0},
    {"~", NZ_FIELD_UNSET, FALSE, 0},
    {"Null", NZ_FIELD_UNSET, FALSE, 0},
    {"y", NZ_FIELD_TRUE, FALSE, 0},
    {"Yes", NZ_FIELD_TRUE, FALSE, 0},
    {"on", NZ_FIELD_TRUE, FALSE, 0},
    {"TRUE", NZ_FIELD_TRUE, FALSE, 0},
    {"N", NZ_FIELD_FALSE, FALSE, 0},
    {"Off", NZ_FIELD_FALSE, FALSE, 0},
    {"False", NZ_FIELD_FALSE, FALSE, 0},
    {"tRUE", NZ_FIELD_UNSET, FALSE, 0},
    {"'true'", NZ_FIELD_UNSET, FALSE, 0},
    {"!!bool 'true'", NZ_FIELD_TRUE, FALSE, 0},
    {"!!str true", NZ_FIELD_UNSET, FALSE, 0},
    {"0", NZ_FIELD_UNSET, TRUE, 0},
    {"-1", NZ_FIELD_UNSET, TRUE, -1},
    {"+7", NZ_FIELD_UNSET, TRUE, 7},
    {"1_000", NZ_FIELD_UNSET, TRUE, 1000},
    {"0777", NZ_FIELD_UNSET, TRUE, 511},
    {"0o17", NZ_FIELD_UNSET, TRUE, 15},
    {"0x3E8", NZ_FIELD_UNSET, TRUE, 1000},
    {"0b101", NZ_FIELD_UNSET, TRUE, 5},
    {"-0b101", NZ_FIELD_UNSET, TRUE, -5},
    {"00", NZ_FIELD_UNSET, TRUE, 0},
    {"08", NZ_FIELD_UNSET, TRUE, 8},
    {"0x", NZ_FIELD_UNSET, FALSE, 0},
    {"+", NZ_FIELD_UNSET, FALSE, 0},
    {"1.0", NZ_FIELD_UNSET, TRUE, 1},
    {"-0.0", NZ_FIELD_UNSET, TRUE, 0},
    {"1e3", NZ_FIELD_UNSET, TRUE, 1000},
    {"1e30", NZ_FIELD_UNSET, FALSE, 0},
    {"1.5", NZ_FIELD_UNSET, FALSE, 0},
    {"! 0", NZ_FIELD_UNSET, FALSE, 0},
    {"!!binary MA==", NZ_FIELD_UNSET, FALSE, 0},
    {"9223372036854775807", NZ_FIELD_UNSET, TRUE, G_MAXINT64},
    {"-9223372036854775808", NZ_FIELD_UNSET, TRUE, G_MININT64},
    {"9223372036854775808", NZ_FIELD_UNSET, FALSE, 0},
    {"\"5\"", NZ_FIELD_UNSET, FALSE, 0},
    {"!!int \"5\"", NZ_FIELD_UNSET, TRUE, 5},
    {"1000a", NZ_FIELD_UNSET, FALSE, 0},
};

static void
test_values(void)
{
  for (guint i = 0; i < G_N_ELEMENTS(values); i++) {
    g_autofree char *text =
        g_strdup_printf("kind: Service\napiVersion: v1\nx: %s\n", values[i].value);
    g_autoptr(NzSourceFile) source = NULL;
    g_autoptr(GError) error = NULL;
    g_autoptr(NzManifest) manifest = read_text(text, strlen(text), &source, &error);
    g_test_message("%s", values[i].value);
    g_assert_no_error(error);
    NzYaml *map = ((NzKubeObject *)manifest->objects->pdata[0])->object;
    gint64 number = 0;
    g_assert_cmpint(nz_kube_bool(map, "x"), ==, values[i].truth);
    g_assert_cmpint(nz_kube_int(map, "x", &number), ==, values[i].is_int);
    g_assert_cmpint(number, ==, values[i].number);
    g_assert_null(nz_kube_field(map, "y"));
    g_assert_null(nz_kube_text(NULL, "x"));
    g_autoptr(NzPlace) place = nz_kube_key_place(manifest, map, "x");
    g_assert_cmpuint(place->line, ==, 3);
    g_assert_cmpuint(place->end_column, ==, 2);
  }
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_set_nonfatal_assertions();
  g_test_add_func("/manifest/wholes", test_wholes);
  g_test_add_func("/manifest/broken", test_broken);
  g_test_add_func("/manifest/bomb", test_bomb);
  g_test_add_func("/manifest/values", test_values);
  return g_test_run();
}

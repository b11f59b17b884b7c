/* SPDX-License-Identifier: Apache-2.0 */
/* Manifests: the documents of a stream, the items of Lists, and the pods in each object.
 *
 * A stream is what `kubectl apply -f` takes: YAML documents, of which JSON is a form. Each is an
 * object with apiVersion and kind; a List holds others in `items`, and so does the list of a kind
 * (PodList), whose items may leave both out. kubectl takes whatever has `items` for a list. */
#include "kube/manifest.h"

#include <string.h>

#include "core/limits.h"
#include "core/text.h"
#include "kube/manifest_private.h"

static void
container_free(gpointer data)
{
  NzKubeContainer *self = data;
  g_free(self->name);
  g_free(self->image);
  g_free(self);
}

static void
pod_free(gpointer data)
{
  NzKubePod *self = data;
  g_free(self->api_version);
  g_free(self->kind);
  g_free(self->name);
  g_free(self->namespace);
  g_free(self->path);
  g_ptr_array_unref(self->containers);
  g_free(self);
}

static void
object_free(gpointer data)
{
  NzKubeObject *self = data;
  g_free(self->api_version);
  g_free(self->kind);
  g_free(self->name);
  g_free(self->namespace);
  g_free(self);
}

void
nz_manifest_free(NzManifest *self)
{
  if (!self)
    return;
  g_ptr_array_unref(self->pods);
  g_hash_table_unref(self->namespaces);
  g_ptr_array_unref(self->objects);
  g_ptr_array_unref(self->notes);
  g_ptr_array_unref(self->documents);
  g_free(self);
}

void
nz_kube_note(NzManifest *self, const NzYaml *node, const char *format, ...)
{
  if (self->notes->len == NZ_MANIFEST_NOTES_MAX)
    g_ptr_array_add(self->notes, g_strdup_printf("line %u: there is more to say than %u notes: "
                                                 "what else is not covered is not said",
                                                 node->line, NZ_MANIFEST_NOTES_MAX));
  if (self->notes->len > NZ_MANIFEST_NOTES_MAX)
    return;
  va_list args;
  va_start(args, format);
  g_autofree char *text = g_strdup_vprintf(format, args);
  va_end(args);
  g_ptr_array_add(self->notes, g_strdup_printf("line %u: %s", node->line, text));
}

/* --- pods --- */

/* An object, as it is read. */
typedef struct {
  NzManifest *manifest;
  NzYaml *node;
  const char *api_version, *kind;
  guint n_pods;
  const NzYaml *half; /* the first thing that is half a container */
  char *half_path;
} Object;

static char *
printable_or_null(const char *text)
{
  return text ? nz_printable(text, -1) : NULL;
}

static char *
name_of(NzYaml *metadata)
{
  const char *name = nz_kube_text(metadata, "name");
  return printable_or_null(name && *name ? name : nz_kube_text(metadata, "generateName"));
}

static char *
namespace_of(NzYaml *metadata)
{
  const char *name = nz_kube_text(metadata, "namespace");
  return name && *name ? nz_printable(name, -1) : NULL;
}

static void
add_containers(NzKubePod *pod, const char *key, NzContainerType type)
{
  const NzYaml *list = nz_kube_list(pod->spec, key);
  for (guint i = 0; list && i < list->items->len; i++) {
    NzYaml *node = list->items->pdata[i];
    const char *name = nz_kube_text(node, "name");
    NzKubeContainer *container = g_new0(NzKubeContainer, 1);
    *container = (NzKubeContainer){
        .type = type,
        .index = i,
        .name = nz_printable(name ? name : "", -1),
        .image = g_strdup(nz_kube_text(node, "image")),
        .node = node,
        .context = nz_kube_map(node, "securityContext"),
    };
    if (type == NZ_CONTAINER_INIT && g_strcmp0(nz_kube_text(node, "restartPolicy"), "Always") == 0)
      container->type = NZ_CONTAINER_SIDECAR;
    g_ptr_array_add(pod->containers, container);
  }
}

static guint
count_host_processes(const NzKubePod *pod)
{
  guint n = 0;
  NzKubeBool of_pod = nz_kube_host_process(pod->context);
  for (guint i = 0; i < pod->containers->len; i++) {
    NzKubeBool own = nz_kube_host_process(((NzKubeContainer *)pod->containers->pdata[i])->context);
    n += (own == NZ_FIELD_UNSET ? of_pod : own) == NZ_FIELD_TRUE;
  }
  return n;
}

static void
add_pod(Object *object, NzYaml *spec, NzYaml *metadata, char *path)
{
  NzKubePod *pod = g_new0(NzKubePod, 1);
  NzYaml *own = nz_kube_map(object->node, "metadata");
  *pod = (NzKubePod){.api_version = nz_printable(object->api_version, -1),
                     .kind = nz_printable(object->kind, -1),
                     .name = name_of(own),
                     .namespace = namespace_of(own),
                     .path = path,
                     .object = object->node,
                     .metadata = metadata,
                     .spec = spec,
                     .context = nz_kube_map(spec, "securityContext"),
                     .containers = g_ptr_array_new_with_free_func(container_free)};
  pod->windows = g_strcmp0(nz_kube_text(nz_kube_map(spec, "os"), "name"), "windows") == 0;
  add_containers(pod, "initContainers", NZ_CONTAINER_INIT);
  add_containers(pod, "containers", NZ_CONTAINER_REGULAR);
  add_containers(pod, "ephemeralContainers", NZ_CONTAINER_EPHEMERAL);
  pod->n_host_processes = count_host_processes(pod);
  g_ptr_array_add(object->manifest->pods, pod);
  object->n_pods++;
}

/* --- workloads --- */

/* A map KEY of MAP, which must be one if it is there. */
static gboolean
step_into(const Object *object, NzYaml **map, const char *key, const NzKubePath *path,
          GError **error)
{
  NzYaml *node = nz_kube_field(*map, key);
  if (!node || node->kind == NZ_YAML_MAP) {
    *map = node;
    return TRUE;
  }
  g_autofree char *where = nz_kube_path_text(path);
  return nz_yaml_fail(node, object->manifest->source->name, error, "%s is no map", where);
}

static gboolean
read_template(Object *object, NzYaml *template, const NzKubePath *path, GError **error)
{
  const NzKubePath of_metadata = {path, "metadata", -1}, of_spec = {path, "spec", -1};
  NzYaml *metadata = template, *spec = template;
  if (!step_into(object, &metadata, "metadata", &of_metadata, error) ||
      !step_into(object, &spec, "spec", &of_spec, error))
    return FALSE;
  if (metadata && path &&
      !nz_kube_check(object->manifest, &nz_kube_type_metadata, metadata, &of_metadata, error))
    return FALSE;
  if (!spec) {
    nz_kube_note(object->manifest, template, "a %s without a pod's spec starts nothing",
                 object->kind);
    return TRUE;
  }
  if (!nz_kube_check(object->manifest, &nz_kube_type_pod, spec, &of_spec, error))
    return FALSE;
  add_pod(object, spec, metadata, nz_kube_path_text(&of_spec));
  return TRUE;
}

/* TEMPLATE is the rest of the way from NODE, which stands at PATH, to the template. */
static gboolean
walk_to_template(Object *object, NzYaml *node, const char *template, const NzKubePath *path,
                 GError **error)
{
  if (!*template)
    return read_template(object, node, path, error);
  gsize n = strcspn(template, ".");
  g_autofree char *key = g_strndup(template, n);
  const NzKubePath here = {path, key, -1};
  NzYaml *value = node;
  if (!step_into(object, &value, key, &here, error))
    return FALSE;
  if (value)
    return walk_to_template(object, value, template + n + (template[n] == '.'), &here, error);
  nz_kube_note(object->manifest, node, "a %s without a pod template starts nothing", object->kind);
  return TRUE;
}

/* --- other objects --- */

/* Another's object need not be what the API server takes for a pod: where it is not, that is noted,
 * and it is not judged. */
static gboolean
take_shape(NzYaml *spec, NzYaml *metadata, const NzKubePath *path, gpointer data,
           GError **error G_GNUC_UNUSED)
{
  Object *object = data;
  g_autoptr(GError) wrong = NULL;
  if (nz_kube_check(object->manifest, &nz_kube_type_pod, spec, path, &wrong)) {
    add_pod(object, spec, metadata, nz_kube_path_text(path));
    return TRUE;
  }
  g_autofree char *where = nz_kube_path_text(path);
  nz_kube_note(object->manifest, spec, "not covered: %s of a %s (%s) looks like a pod's, but %s",
               where, object->kind, object->api_version, wrong->message);
  return TRUE;
}

static void
take_half(const NzYaml *node, const NzKubePath *path, gpointer data)
{
  Object *object = data;
  if (object->half)
    return;
  object->half = node;
  object->half_path = nz_kube_path_text(path);
}

static void
keep_object(Object *object)
{
  if (!nz_kube_is_helpful(object->api_version, object->kind))
    return;
  NzYaml *metadata = nz_kube_map(object->node, "metadata");
  NzKubeObject *found = g_new0(NzKubeObject, 1);
  *found = (NzKubeObject){.api_version = nz_printable(object->api_version, -1),
                          .kind = nz_printable(object->kind, -1),
                          .name = name_of(metadata),
                          .namespace = namespace_of(metadata),
                          .object = object->node};
  g_ptr_array_add(object->manifest->objects, found);
  GHashTable *namespaces = object->manifest->namespaces;
  if (strcmp(object->kind, "Namespace") == 0 && found->name &&
      !g_hash_table_contains(namespaces, found->name))
    g_hash_table_insert(namespaces, found->name, found);
}

static gboolean
read_other(Object *object, GError **error)
{
  const NzKubeShapes shapes = {take_shape, take_half, object};
  guint notes = object->manifest->notes->len;
  if (!nz_kube_find_shapes(object->node, &shapes, error))
    return FALSE;
  if (object->half)
    nz_kube_note(object->manifest, object->half,
                 "not covered: %s of a %s (%s) has an image, but is no container of a pod that is "
                 "known",
                 object->half_path, object->kind, object->api_version);
  else if (object->n_pods == 0 && object->manifest->notes->len == notes &&
           !nz_kube_list(object->node, "items"))
    nz_kube_note(object->manifest, object->node,
                 "not covered: a %s (%s) holds no pod template that is known", object->kind,
                 object->api_version);
  return TRUE;
}

/* --- objects --- */

static gboolean read_object(NzManifest *self, NzYaml *node, const char *api_version,
                            const char *kind, GError **error);

/* "Pod" of "PodList", for items that say nothing themselves; NULL of "List". */
static char *
kind_of_items(const char *kind)
{
  gsize n = strlen(kind) - (g_str_has_suffix(kind, "List") ? strlen("List") : 0);
  return n > 0 ? g_strndup(kind, n) : NULL;
}

static gboolean
read_items(NzManifest *self, NzYaml *node, const char *api_version, const char *kind,
           GError **error)
{
  NzYaml *items = nz_kube_field(node, "items");
  if (!items)
    return TRUE;
  if (items->kind != NZ_YAML_LIST)
    return strcmp(kind, "List") != 0 ||
           nz_yaml_fail(items, self->source->name, error, "the items of a %s are no list", kind);
  g_autofree char *item_kind = kind_of_items(kind);
  for (guint i = 0; i < items->items->len; i++)
    if (!read_object(self, items->items->pdata[i], item_kind ? api_version : NULL, item_kind,
                     error))
      return FALSE;
  return TRUE;
}

/* What is no list for Kubernetes. */
static gboolean
read_single(Object *object, GError **error)
{
  const NzKubeWorkload *workload = nz_kube_workload(object->api_version, object->kind);
  if (workload)
    return walk_to_template(object, object->node, workload->template, NULL, error);
  if (!nz_kube_has_no_pod(object->api_version, object->kind))
    return read_other(object, error);
  keep_object(object);
  return TRUE;
}

/* API_VERSION and KIND are what the list says that NODE is an item of; NULL: nothing. */
static gboolean
read_object(NzManifest *self, NzYaml *node, const char *api_version, const char *kind,
            GError **error)
{
  if (node->kind != NZ_YAML_MAP)
    return nz_yaml_fail(node, self->source->name, error,
                        "a Kubernetes object belongs here: a map with apiVersion and kind");
  if (!nz_kube_check(self, &nz_kube_type_object, node, NULL, error))
    return FALSE;
  const char *own_kind = nz_kube_text(node, "kind"),
             *own_version = nz_kube_text(node, "apiVersion");
  kind = own_kind && *own_kind ? own_kind : kind;
  api_version = own_version ? own_version : api_version ? api_version : "";
  if (!kind)
    return nz_yaml_fail(node, self->source->name, error,
                        "an object without a kind: the API server takes none");
  if (!read_items(self, node, api_version, kind, error))
    return FALSE;
  if (strcmp(kind, "List") == 0)
    return TRUE;
  Object object = {.manifest = self, .node = node, .api_version = api_version, .kind = kind};
  gboolean ok = read_single(&object, error);
  g_free(object.half_path);
  return ok;
}

/* --- documents --- */

static const char template_remedy[] = "a template ({{ }}) that is not rendered; judge what it "
                                      "makes: `helm template CHART | nonzero lint -`";

/* TRUE where a template's "{{" begins a line or a value. */
static gboolean
begins_template(const char *line, const char *end)
{
  for (const char *p = line; p + 1 < end; p++) {
    if (p[0] != '{' || p[1] != '{')
      continue;
    const char *before = p;
    while (before > line && (before[-1] == ' ' || before[-1] == '\t'))
      before--;
    if (before == line || (before < p && strchr(":-", before[-1])))
      return TRUE;
  }
  return FALSE;
}

/* What is no YAML for a reason that a parser does not know is said so: a template that makes some,
 * a tab where spaces belong. libfyaml sees the latter a line too early. */
static void
explain(const NzSourceFile *source, GError **error)
{
  guint broken, column;
  if (!nz_place_of_message((*error)->message, source->name, &broken, &column))
    return;
  const char *p = source->data, *end = source->data + source->len;
  gboolean braces = *p == '{' || *p == '[';
  if (braces && strstr((*error)->message, "missing document start")) {
    g_clear_error(error);
    nz_yaml_error(source->name, broken, column, error,
                  "another object after the first: put a line --- between them, or a List around");
    return;
  }
  for (guint line = 1; line <= broken + 1 && p < end; line++) {
    const char *eol = memchr(p, '\n', (gsize)(end - p));
    eol = eol ? eol : end;
    gboolean template = line <= broken && begins_template(p, eol);
    gsize spaces = strspn(p, " ");
    const char *at = template ? strstr(p, "{{") : p + spaces;
    if (template || (!braces && *at == '\t' && at[strspn(at, " \t\r")] != '\n')) {
      g_clear_error(error);
      g_set_error(error, NZ_ERROR, template ? NZ_ERROR_TEMPLATE : NZ_ERROR_INPUT, "%s:%u:%u: %s",
                  source->name, line, (guint)(at - p) + 1,
                  template ? template_remedy : "a tab in the indentation; YAML wants spaces");
      return;
    }
    p = eol + 1;
  }
}

typedef struct {
  NzManifest *manifest;
  gboolean wrong; /* it was YAML, but not what Kubernetes takes */
  guint n_pods;   /* whose containers were counted */
  guint n_containers;
} Documents;

/* In quotes a template is YAML, and no image. */
static gboolean
check_rendered(const NzManifest *manifest, const NzKubePod *pod, GError **error)
{
  for (guint i = 0; i < pod->containers->len; i++) {
    const NzKubeContainer *container = pod->containers->pdata[i];
    if (!container->image || !strstr(container->image, "{{"))
      continue;
    const NzYaml *node = nz_kube_field(container->node, "image");
    g_set_error(error, NZ_ERROR, NZ_ERROR_TEMPLATE, "%s:%u:%u: %s", manifest->source->name,
                node->line, node->column, template_remedy);
    return FALSE;
  }
  return TRUE;
}

/* Of the pods that the document ROOT brought. */
static gboolean
check_containers(Documents *self, const NzYaml *root, GError **error)
{
  const NzManifest *manifest = self->manifest;
  const char *what = NULL;
  guint most = 0;
  for (; self->n_pods < manifest->pods->len; self->n_pods++) {
    const NzKubePod *pod = manifest->pods->pdata[self->n_pods];
    self->n_containers += pod->containers->len;
    if (pod->containers->len > NZ_POD_CONTAINERS_MAX) {
      most = NZ_POD_CONTAINERS_MAX;
      what = "containers in one pod: no node would take it";
    } else if (!check_rendered(manifest, pod, error)) {
      return FALSE;
    }
  }
  if (self->n_containers > NZ_MANIFEST_CONTAINERS_MAX) {
    most = NZ_MANIFEST_CONTAINERS_MAX;
    what = "containers: judge it in parts";
  }
  if (what)
    g_set_error(error, NZ_ERROR, NZ_ERROR_LIMIT, "%s:%u:%u: more than %u %s",
                manifest->source->name, root->line, root->column, most, what);
  return what == NULL;
}

static gboolean
take_document(NzYaml *root, gpointer data, GError **error)
{
  Documents *self = data;
  NzManifest *manifest = self->manifest;
  guint before = manifest->pods->len + manifest->objects->len;
  g_autoptr(NzYaml) owned = root;
  gboolean nothing = root->kind == NZ_YAML_TEXT && nz_kube_scalar(root).kind == NZ_SCALAR_NULL;
  self->wrong = !nothing && (!read_object(manifest, root, NULL, NULL, error) ||
                             !check_containers(self, root, error));
  if (self->wrong)
    return FALSE;
  if (manifest->pods->len + manifest->objects->len > before)
    g_ptr_array_add(manifest->documents, g_steal_pointer(&owned));
  return TRUE;
}

static gboolean
read_documents(NzManifest *self, GError **error)
{
  static const NzYamlRules rules = {.depth = NZ_MANIFEST_LEVELS_MAX,
                                    .nodes = NZ_MANIFEST_NODES_MAX,
                                    .copies = NZ_MANIFEST_COPIES_MAX,
                                    .ordered = TRUE};
  g_autoptr(GError) broken = NULL;
  Documents documents = {.manifest = self};
  if (nz_yaml_parse_each(self->source->data, self->source->len, self->source->name, &rules,
                         take_document, &documents, &broken))
    return TRUE;
  if (!documents.wrong)
    explain(self->source, &broken);
  g_propagate_error(error, g_steal_pointer(&broken));
  return FALSE;
}

NzManifest *
nz_manifest_read(NzSourceFile *source, GError **error)
{
  g_autoptr(NzManifest) self = g_new0(NzManifest, 1);
  self->source = source;
  self->documents = g_ptr_array_new_with_free_func((GDestroyNotify)nz_yaml_free);
  self->pods = g_ptr_array_new_with_free_func(pod_free);
  self->objects = g_ptr_array_new_with_free_func(object_free);
  self->namespaces = g_hash_table_new(nz_str_hash, g_str_equal);
  self->notes = g_ptr_array_new_with_free_func(g_free);
  return read_documents(self, error) ? g_steal_pointer(&self) : NULL;
}

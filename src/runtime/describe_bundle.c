/* SPDX-License-Identifier: Apache-2.0 */
/* A runtime's bundle (OCI runtime spec config.md): what the engine asked of runc or crun. Users are
 * numbers here, and annotations say what a pod's container is.
 *
 * Annotations are believed of the engine that started the container alone: those of another are a
 * user's, who may write there what he likes. */
#include <string.h>

#include "core/limits.h"
#include "core/text.h"
#include "runtime/describe_private.h"

typedef enum { INTO_NAME, INTO_IMAGE, INTO_POD, INTO_SPACE, INTO_KIND, INTO_PRIVILEGED } Into;

typedef struct {
  NzContainerEngine engine;
  const char *key;
  Into into;
} Annotation;

static const Annotation annotations[] = {
    /* containerd pkg/cri/annotations */
    {NZ_CONTAINER_CONTAINERD, "io.kubernetes.cri.container-name", INTO_NAME},
    {NZ_CONTAINER_CONTAINERD, "io.kubernetes.cri.image-name", INTO_IMAGE},
    {NZ_CONTAINER_CONTAINERD, "io.kubernetes.cri.sandbox-name", INTO_POD},
    {NZ_CONTAINER_CONTAINERD, "io.kubernetes.cri.sandbox-namespace", INTO_SPACE},
    {NZ_CONTAINER_CONTAINERD, "io.kubernetes.cri.container-type", INTO_KIND},
    {NZ_CONTAINER_CONTAINERD, "nerdctl/name", INTO_NAME},
    {NZ_CONTAINER_NERDCTL, "nerdctl/name", INTO_NAME},
    /* CRI-O's, and the kubelet's labels that it keeps beside them */
    {NZ_CONTAINER_CRIO, "io.kubernetes.container.name", INTO_NAME},
    {NZ_CONTAINER_CRIO, "io.kubernetes.cri-o.ImageName", INTO_IMAGE},
    {NZ_CONTAINER_CRIO, "io.kubernetes.cri-o.UserRequestedImage", INTO_IMAGE},
    {NZ_CONTAINER_CRIO, "io.kubernetes.pod.name", INTO_POD},
    {NZ_CONTAINER_CRIO, "io.kubernetes.cri-o.KubeName", INTO_POD},
    {NZ_CONTAINER_CRIO, "io.kubernetes.pod.namespace", INTO_SPACE},
    {NZ_CONTAINER_CRIO, "io.kubernetes.cri-o.Namespace", INTO_SPACE},
    {NZ_CONTAINER_CRIO, "io.kubernetes.cri-o.ContainerType", INTO_KIND},
    {NZ_CONTAINER_CRIO, "io.kubernetes.cri-o.PrivilegedRuntime", INTO_PRIVILEGED},
    {NZ_CONTAINER_PODMAN, "io.podman.annotations.privileged", INTO_PRIVILEGED},
    {NZ_CONTAINER_PODMAN, "io.kubernetes.cri-o.ContainerType", INTO_KIND},
};

/* Programs that wait in the sandbox of a Podman pod. There annotations are anyone's who starts
 * containers, so that one alone excuses nobody. */
static const char *const pauses[] = {"/catatonit", "/pause"};

static gboolean
waits_only(const json_t *config)
{
  json_t *process, *args;
  if (!nz_json_get_object(config, "process", &process, NULL) || !process ||
      !nz_json_get_array(process, "args", &args, NULL))
    return FALSE;
  const char *program = json_string_value(json_array_get(args, 0));
  for (guint i = 0; program && i < G_N_ELEMENTS(pauses); i++)
    if (strcmp(program, pauses[i]) == 0)
      return TRUE;
  return FALSE;
}

static void
take_kind(NzDescription *self, const char *value)
{
  NzContainerFacts *facts = self->facts;
  if (strcmp(value, "container") == 0)
    facts->kind = NZ_CONTAINER_KIND_CONTAINER;
  else if (strcmp(value, "sandbox") == 0 &&
           (facts->ref.engine != NZ_CONTAINER_PODMAN || waits_only(self->config)))
    facts->kind = NZ_CONTAINER_KIND_SANDBOX;
}

static void
take_annotation(NzDescription *self, Into into, const char *value)
{
  NzContainerFacts *facts = self->facts;
  char **const fields[] = {[INTO_NAME] = &facts->name,
                           [INTO_IMAGE] = &facts->image,
                           [INTO_POD] = &facts->pod,
                           [INTO_SPACE] = &facts->space};
  if (into == INTO_KIND)
    take_kind(self, value);
  else if (into == INTO_PRIVILEGED)
    facts->privileged |= g_ascii_strcasecmp(value, "true") == 0;
  else
    nz_facts_take(fields[into], value);
}

/* Keys of annotations are told apart by case, as in Go's maps. */
static void
take_annotations(NzDescription *self, const json_t *map)
{
  for (guint i = 0; i < G_N_ELEMENTS(annotations); i++) {
    if (annotations[i].engine != self->facts->ref.engine)
      continue;
    const char *value = json_string_value(json_object_get(map, annotations[i].key));
    if (value)
      take_annotation(self, annotations[i].into, value);
  }
}

static gboolean
take_user(NzContainerFacts *facts, const json_t *config, GError **error)
{
  json_t *process, *user, *uid, *gid;
  if (!nz_json_get_object(config, "process", &process, error))
    return FALSE;
  if (!process)
    return TRUE;
  if (!nz_json_get_object(process, "user", &user, error))
    return FALSE;
  /* A bundle without a user starts as 0, as the spec's zero value has it. */
  if (user && (!nz_json_get(user, "uid", &uid, error) || !nz_json_get(user, "gid", &gid, error)))
    return FALSE;
  json_int_t u = user && uid ? json_integer_value(uid) : 0;
  json_int_t g = user && gid ? json_integer_value(gid) : 0;
  if ((user && uid && !json_is_integer(uid)) || u < 0 || u > G_MAXUINT32 || g < 0 ||
      g > G_MAXUINT32)
    return nz_set_input(error, "process.user has no uid that a kernel knows");
  facts->has_uid = TRUE;
  facts->uid = (guint32)u;
  facts->gid = (guint32)g;
  return TRUE;
}

static gboolean
take_namespaces(NzContainerFacts *facts, const json_t *config, GError **error)
{
  json_t *part, *list = NULL;
  if (!nz_json_get_object(config, "linux", &part, error) ||
      (part && !nz_json_get_array(part, "namespaces", &list, error)))
    return FALSE;
  for (gsize i = 0; i < json_array_size(list); i++) {
    const char *type = NULL;
    json_t *one = json_array_get(list, i);
    if (!json_is_object(one) || !nz_json_get_string(one, "type", &type, error))
      return FALSE;
    facts->userns |= g_strcmp0(type, "user") == 0;
  }
  return TRUE;
}

static gboolean
count_hooks(NzContainerFacts *facts, const json_t *config, GError **error)
{
  static const char *const stages[] = {"prestart",       "createRuntime", "createContainer",
                                       "startContainer", "poststart",     "poststop"};
  json_t *hooks, *list;
  if (!nz_json_get_object(config, "hooks", &hooks, error))
    return FALSE;
  for (guint i = 0; hooks && i < G_N_ELEMENTS(stages); i++) {
    if (!nz_json_get_array(hooks, stages[i], &list, error))
      return FALSE;
    facts->hooks += (guint)MIN(json_array_size(list), 1000);
  }
  return TRUE;
}

gboolean
nz_bundle_read(NzDescription *self, const char *bundle)
{
  NzContainerFacts *facts = self->facts;
  GError *error = NULL;
  json_t *map;
  g_autoptr(NzJson) config = nz_state_read_json(self->places, bundle, "config.json", &error);
  if (!config) {
    nz_facts_fail(facts, error);
    return FALSE;
  }
  g_clear_pointer(&self->config, json_decref);
  self->config = g_steal_pointer(&config);
  nz_facts_take(&facts->bundle, bundle);
  if (!take_user(facts, self->config, &error) || !take_namespaces(facts, self->config, &error) ||
      !count_hooks(facts, self->config, &error) ||
      !nz_json_get_object(self->config, "annotations", &map, &error))
    g_prefix_error(&error, "%s/config.json: ", facts->bundle);
  else
    take_annotations(self, map);
  nz_facts_fail(facts, error);
  return TRUE;
}

gboolean
nz_image_config_take(NzContainerFacts *self, GBytes *config, GError **error)
{
  json_t *part;
  const char *user = NULL;
  g_autoptr(NzJson) json = nz_json_parse(config, error);
  if (!json || !nz_json_get_object(json, "config", &part, error) ||
      (part && !nz_json_get_string(part, "User", &user, error)))
    return FALSE;
  if (user && strlen(user) > NZ_USER_MAX)
    return nz_set_input(error, "a USER of more than %" G_GSIZE_FORMAT " bytes", NZ_USER_MAX);
  g_free(self->image_user);
  self->image_user = g_strdup(user ? user : "");
  return TRUE;
}

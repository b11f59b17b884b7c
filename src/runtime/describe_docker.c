/* SPDX-License-Identifier: Apache-2.0 */
/* Docker's state, below its data root:
 *   containers/ID/config.v2.json                 Name ("/web"), Image, Driver, Config.{User,Image}
 *   containers/ID/hostconfig.json                Privileged
 *   image/DRIVER/imagedb/content/sha256/<hex>    the image's configuration, whose USER it is
 * Config.User is what `docker run -u` said, or else the image's.
 *
 * Where the data root is, the bundle tells: Docker mounts containers/ID/hostname from there. */
#include <string.h>

#include "core/limits.h"
#include "image/digest.h"
#include "image/docker_daemon.h"
#include "runtime/describe_private.h"

/* "/var/lib/docker" of "/var/lib/docker/containers/ID/hostname". */
static char *
root_of_mount(const json_t *mount, const char *id)
{
  static const char *const names[] = {"hostname", "hosts", "resolv.conf"};
  const char *source = NULL;
  if (!json_is_object(mount) || !nz_json_get_string(mount, "source", &source, NULL) || !source)
    return NULL;
  for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
    g_autofree char *end = g_strconcat("/containers/", id, "/", names[i], NULL);
    if (*source == '/' && g_str_has_suffix(source, end))
      return g_strndup(source, strlen(source) - strlen(end));
  }
  return NULL;
}

/* A user's mount cannot have such a source: the id is drawn when the mounts are known. */
static char *
root_of_bundle(const NzDescription *self)
{
  json_t *mounts = NULL;
  if (!self->config || !nz_json_get_array(self->config, "mounts", &mounts, NULL))
    return NULL;
  for (gsize i = 0; i < json_array_size(mounts); i++) {
    char *root = root_of_mount(json_array_get(mounts, i), self->facts->ref.id);
    if (root)
      return root;
  }
  return NULL;
}

/* Labels that cri-dockerd gives: an image can have them as well, so they count below kubepods only,
 * where the kubelet has its containers. */
static gboolean
take_labels(NzContainerFacts *facts, const json_t *config, GError **error)
{
  json_t *labels;
  if (!nz_json_get_object(config, "Labels", &labels, error))
    return FALSE;
  if (!labels || !facts->ref.kubernetes)
    return TRUE;
  const char *type = json_string_value(json_object_get(labels, "io.kubernetes.docker.type"));
  nz_facts_take(&facts->pod, json_string_value(json_object_get(labels, "io.kubernetes.pod.name")));
  nz_facts_take(&facts->space,
                json_string_value(json_object_get(labels, "io.kubernetes.pod.namespace")));
  nz_facts_take(&facts->name,
                json_string_value(json_object_get(labels, "io.kubernetes.container.name")));
  if (g_strcmp0(type, "podsandbox") == 0)
    facts->kind = NZ_CONTAINER_KIND_SANDBOX;
  return TRUE;
}

static gboolean
take_config(NzContainerFacts *facts, const json_t *json, GError **error)
{
  const char *name, *image_id, *image = NULL, *user = NULL;
  json_t *config;
  if (!nz_json_get_string(json, "Name", &name, error) ||
      !nz_json_get_string(json, "Image", &image_id, error) ||
      !nz_json_get_object(json, "Config", &config, error) ||
      (config &&
       (!nz_json_get_string(config, "Image", &image, error) ||
        !nz_json_get_string(config, "User", &user, error) || !take_labels(facts, config, error))))
    return FALSE;
  if (image_id && nz_digest_valid(image_id))
    nz_facts_take(&facts->image_id, image_id);
  nz_facts_take(&facts->image, image);
  nz_facts_take(&facts->name, name && *name == '/' ? name + 1 : name);
  if (!facts->declared && user)
    facts->declared = g_strndup(user, NZ_USER_MAX);
  if (facts->kind == NZ_CONTAINER_KIND_UNKNOWN)
    facts->kind = NZ_CONTAINER_KIND_CONTAINER;
  return TRUE;
}

static gboolean
read_image(NzDescription *self, const char *root, const char *driver, GError **error)
{
  const char *hex = self->facts->image_id + strlen("sha256:");
  g_autofree char *below = g_strdup_printf("image/%s/imagedb/content/sha256/%s", driver, hex);
  g_autoptr(GBytes) bytes = nz_state_read(self->places, root, below, NZ_JSON_MAX, error);
  return bytes && nz_image_config_take(self->facts, bytes, error);
}

/* TRUE: ROOT has the container. */
static gboolean
read_root(NzDescription *self, const char *root)
{
  NzContainerFacts *facts = self->facts;
  GError *error = NULL;
  gboolean privileged = FALSE;
  g_autofree char *config = g_strdup_printf("containers/%s/config.v2.json", facts->ref.id);
  g_autofree char *host = g_strdup_printf("containers/%s/hostconfig.json", facts->ref.id);
  g_autoptr(NzJson) json = nz_state_read_json(self->places, root, config, &error);
  if (!json) {
    nz_facts_fail(facts, error);
    return FALSE;
  }
  if (!take_config(facts, json, &error))
    g_prefix_error(&error, "%s/%s: ", root, config);
  nz_facts_fail(facts, g_steal_pointer(&error));
  g_autoptr(NzJson) host_json = nz_state_read_json(self->places, root, host, &error);
  if (host_json && nz_json_get_bool(host_json, "Privileged", &privileged, &error))
    facts->privileged |= privileged;
  nz_facts_fail(facts, g_steal_pointer(&error));
  for (guint i = 0; nz_docker_drivers[i] && facts->image_id && !facts->image_user && !error; i++)
    read_image(self, root, nz_docker_drivers[i], &error);
  nz_facts_fail(facts, g_steal_pointer(&error));
  return TRUE;
}

void
nz_describe_docker(NzDescription *self)
{
  NzContainerFacts *facts = self->facts;
  for (guint i = 0; !self->config && i < self->places->states->len; i++) {
    g_autofree char *bundle =
        g_build_filename(self->places->states->pdata[i], "io.containerd.runtime.v2.task", "moby",
                         facts->ref.id, NULL);
    nz_bundle_read(self, bundle);
  }
  g_autofree char *root = root_of_bundle(self);
  gboolean found = root && read_root(self, root);
  for (guint i = 0; !found && i < self->places->docker->len; i++)
    found = read_root(self, self->places->docker->pdata[i]);
}

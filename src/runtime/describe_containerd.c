/* SPDX-License-Identifier: Apache-2.0 */
/* containerd's state. The bundle is <state>/io.containerd.runtime.v2.task/NAMESPACE/ID; its link
 * "work" leads to the same below the root, whose database knows the image
 * (describe_containerd_record.c); io.containerd.content.v1.content/blobs/sha256/<hex> has index,
 * manifest and configuration. */
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "core/limits.h"
#include "core/text.h"
#include "image/containerd.h"
#include "image/digest.h"
#include "runtime/describe_private.h"

#define TASKS "io.containerd.runtime.v2.task"

/* --- the image --- */

/* The digest in a descriptor, or NULL. */
static char *
digest_of(const json_t *descriptor)
{
  const char *digest;
  if (!json_is_object(descriptor) || !nz_json_get_string(descriptor, "digest", &digest, NULL) ||
      !digest || !nz_digest_valid(digest))
    return NULL;
  return g_strdup(digest);
}

/* The manifest of an index for this machine: the only one, or the first of its architecture. */
static char *
pick_manifest(const json_t *list)
{
  /* The names of Go, where they differ from the compiler's. */
#if defined(__x86_64__)
  static const char here[] = "amd64";
#elif defined(__aarch64__)
  static const char here[] = "arm64";
#else
  static const char here[] = "";
#endif
  if (json_array_size(list) == 1)
    return digest_of(json_array_get(list, 0));
  for (gsize i = 0; i < json_array_size(list); i++) {
    const json_t *one = json_array_get(list, i);
    const char *architecture = NULL;
    json_t *platform = NULL;
    if (json_is_object(one) && nz_json_get_object(one, "platform", &platform, NULL) && platform &&
        nz_json_get_string(platform, "architecture", &architecture, NULL) &&
        g_strcmp0(architecture, here) == 0)
      return digest_of(one);
  }
  return NULL;
}

static GBytes *
read_blob(const NzDescription *self, const char *root, const char *digest, GError **error)
{
  g_autofree char *below = g_strconcat(NZ_CONTAINERD_CONTENT "/blobs/", digest, NULL);
  *strchr(below, ':') = '/';
  return nz_state_read(self->places, root, below, NZ_JSON_MAX, error);
}

/* The image is the one of this configuration, which may be gone. */
static gboolean
take_config(NzDescription *self, const char *root, const char *digest, GError **error)
{
  NzContainerFacts *facts = self->facts;
  g_free(facts->image_id);
  facts->image_id = g_strdup(digest);
  g_autoptr(GError) failed = NULL;
  g_autoptr(GBytes) config = read_blob(self, root, digest, &failed);
  if (config)
    nz_image_config_take(facts, config, &failed);
  if (!failed)
    return TRUE;
  g_propagate_error(error, g_steal_pointer(&failed));
  return FALSE;
}

/* From TARGET down to the configuration, through one index at most and a manifest. */
static gboolean
take_target(NzDescription *self, const char *root, const char *target, GError **error)
{
  g_autofree char *at = g_strdup(target);
  for (guint depth = 0; depth < 3 && at; depth++) {
    json_t *manifests, *config;
    g_autoptr(GBytes) bytes = read_blob(self, root, at, error);
    g_autoptr(NzJson) json = bytes ? nz_json_parse(bytes, error) : NULL;
    g_clear_pointer(&at, g_free);
    if (!json || !nz_json_get_array(json, "manifests", &manifests, error))
      return FALSE;
    if (manifests) {
      at = pick_manifest(manifests);
      continue;
    }
    if (!nz_json_get_object(json, "config", &config, error))
      return FALSE;
    g_autofree char *id = config ? digest_of(config) : NULL;
    return !id || take_config(self, root, id, error);
  }
  return TRUE;
}

static gboolean
take_image(NzDescription *self, const char *root, const NzContainerdRecord *record, GError **error)
{
  if (record->config)
    return take_config(self, root, record->config, error);
  if (record->renamed)
    return nz_set_input(error, "its name was given anew since the container was made: which image "
                               "that was of is not known");
  return !record->target || !nz_digest_valid(record->target) ||
         take_target(self, root, record->target, error);
}

/* TRUE: the container is in the database of ROOT. */
static gboolean
read_root(NzDescription *self, const char *root, const char *space)
{
  GError *error = NULL;
  NzContainerFacts *facts = self->facts;
  g_auto(NzContainerdRecord) record = {0};
  gboolean found =
      nz_containerd_record_read(self->places, root, space, facts->ref.id, &record, &error);
  if (found)
    nz_facts_take(&facts->image, record.image);
  if (found && !take_image(self, root, &record, &error) && error)
    g_prefix_error(&error, "the image %s: ", facts->image ? facts->image : "without a name");
  nz_facts_fail(facts, error);
  return found;
}

/* --- where --- */

/* The root that the bundle's "work" leads to. */
static char *
root_of_work(const NzDescription *self, const char *space)
{
  char target[PATH_MAX];
  g_autofree char *link = self->facts->bundle
                              ? g_strconcat(self->places->root, self->facts->bundle, "/work", NULL)
                              : NULL;
  gssize n = link ? readlink(link, target, sizeof target - 1) : -1;
  if (n <= 0 || *target != '/')
    return NULL;
  target[n] = '\0';
  g_autofree char *end = g_strconcat("/" TASKS "/", space, "/", self->facts->ref.id, NULL);
  return g_str_has_suffix(target, end) ? g_strndup(target, (gsize)n - strlen(end)) : NULL;
}

gboolean
nz_containerd_has(const NzContainerRef *ref)
{
  const char *state;
  for (guint i = 0; (state = nz_containerd_state(i)); i++) {
    g_autofree char *bundle = g_build_filename(state, TASKS, ref->space, ref->id, NULL);
    if (access(bundle, F_OK) == 0)
      return TRUE;
  }
  return FALSE;
}

void
nz_describe_containerd(NzDescription *self)
{
  NzContainerFacts *facts = self->facts;
  const NzContainerRef *ref = &facts->ref;
  const char *space = self->monitor.space ? self->monitor.space
                      : *ref->space       ? ref->space
                      : ref->kubernetes   ? "k8s.io"
                                          : "default";
  for (guint i = 0; !self->config && i < self->places->states->len; i++) {
    g_autofree char *bundle =
        g_build_filename(self->places->states->pdata[i], TASKS, space, ref->id, NULL);
    nz_bundle_read(self, bundle);
  }
  if (!self->config)
    return;
  g_autofree char *root = root_of_work(self, space);
  gboolean found = root && read_root(self, root, space);
  for (guint i = 0; !found && i < self->places->containerd->len; i++)
    found = read_root(self, self->places->containerd->pdata[i], space);
  if (!ref->kubernetes)
    nz_facts_take(&facts->name, ref->id);
  if (facts->kind == NZ_CONTAINER_KIND_UNKNOWN)
    facts->kind = NZ_CONTAINER_KIND_CONTAINER;
}

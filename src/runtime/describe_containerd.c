/* SPDX-License-Identifier: Apache-2.0 */
/* containerd's state. The bundle is <state>/io.containerd.runtime.v2.task/NAMESPACE/ID; its link
 * "work" leads to the same below the root, whose database knows the rest:
 *   v1 / NAMESPACE / containers / ID / image               the image's name
 *                  / images / NAME / target / digest       of its index or manifest
 * and io.containerd.content.v1.content/blobs/sha256/<hex> has index, manifest and configuration. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "core/limits.h"
#include "core/openat2.h"
#include "core/text.h"
#include "image/bolt.h"
#include "image/containerd.h"
#include "image/digest.h"
#include "runtime/describe_private.h"

#define TASKS "io.containerd.runtime.v2.task"

/* --- the database --- */

typedef struct {
  const char *id;
  char *image;  /* its name; given, or found */
  char *digest; /* that the name stands for */
  const char *wanted;
  char **into; /* where the value of WANTED goes */
} Lookup;

static gboolean
visit_value(NzBolt *bolt G_GNUC_UNUSED, const NzBoltItem *item, gpointer data,
            GError **error G_GNUC_UNUSED)
{
  Lookup *self = data;
  if (item->is_bucket || item->value_len > NZ_STATE_TEXT_MAX ||
      memchr(item->value, '\0', item->value_len))
    return TRUE;
  g_free(*self->into);
  *self->into = g_strndup((const char *)item->value, item->value_len);
  return TRUE;
}

static gboolean
visit_target(NzBolt *bolt, const NzBoltItem *item, gpointer data, GError **error)
{
  return !item->is_bucket || nz_bolt_each(bolt, &item->bucket, "digest", visit_value, data, error);
}

static gboolean
visit_image(NzBolt *bolt, const NzBoltItem *item, gpointer data, GError **error)
{
  return !item->is_bucket || nz_bolt_each(bolt, &item->bucket, "target", visit_target, data, error);
}

static gboolean
visit_images(NzBolt *bolt, const NzBoltItem *item, gpointer data, GError **error)
{
  Lookup *self = data;
  return !item->is_bucket ||
         nz_bolt_each(bolt, &item->bucket, self->image, visit_image, self, error);
}

static gboolean
visit_container(NzBolt *bolt, const NzBoltItem *item, gpointer data, GError **error)
{
  return !item->is_bucket || nz_bolt_each(bolt, &item->bucket, "image", visit_value, data, error);
}

static gboolean
visit_containers(NzBolt *bolt, const NzBoltItem *item, gpointer data, GError **error)
{
  Lookup *self = data;
  return !item->is_bucket ||
         nz_bolt_each(bolt, &item->bucket, self->id, visit_container, self, error);
}

static gboolean
visit_namespace(NzBolt *bolt, const NzBoltItem *item, gpointer data, GError **error)
{
  Lookup *self = data;
  if (!item->is_bucket)
    return TRUE;
  self->into = &self->image;
  if (!nz_bolt_each(bolt, &item->bucket, "containers", visit_containers, self, error))
    return FALSE;
  self->into = &self->digest;
  return !self->image || nz_bolt_each(bolt, &item->bucket, "images", visit_images, self, error);
}

static gboolean
visit_version(NzBolt *bolt, const NzBoltItem *item, gpointer data, GError **error)
{
  Lookup *self = data;
  return !item->is_bucket ||
         nz_bolt_each(bolt, &item->bucket, self->wanted, visit_namespace, self, error);
}

static gboolean
read_database(NzBolt *bolt, gpointer data, GError **error)
{
  Lookup *self = data;
  g_clear_pointer(&self->image, g_free);
  g_clear_pointer(&self->digest, g_free);
  NzBoltBucket root = nz_bolt_root(bolt);
  return nz_bolt_each(bolt, &root, "v1", visit_version, self, error);
}

/* FALSE without an error: there is no database. */
static gboolean
look_up(const NzDescription *self, const char *root, Lookup *lookup, GError **error)
{
  g_autofree char *path = g_strconcat(self->places->root, root, NULL);
  int dir = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
  int fd = dir < 0 ? -1
                   : nz_openat2(dir, NZ_CONTAINERD_DATABASE, O_RDONLY | O_CLOEXEC | O_NONBLOCK,
                                RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
  int failed = errno;
  if (dir >= 0)
    close(dir);
  if (fd < 0) {
    if (failed != ENOENT && failed != ENOTDIR)
      nz_set_errno(error, failed, "%s/" NZ_CONTAINERD_DATABASE, root);
    return FALSE;
  }
  gboolean ok = nz_bolt_snapshot(fd, read_database, lookup, error);
  close(fd);
  return ok;
}

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

/* From DIGEST down to the configuration, through one index at most and a manifest. */
static void
read_image(NzDescription *self, const char *root, const char *digest)
{
  GError *error = NULL;
  NzContainerFacts *facts = self->facts;
  g_autofree char *at = g_strdup(digest);
  for (guint depth = 0; depth < 3 && at; depth++) {
    json_t *manifests, *config;
    g_autoptr(GBytes) bytes = read_blob(self, root, at, &error);
    g_autoptr(NzJson) json = bytes ? nz_json_parse(bytes, &error) : NULL;
    g_clear_pointer(&at, g_free);
    if (!json || !nz_json_get_array(json, "manifests", &manifests, &error))
      break;
    if (manifests) {
      at = pick_manifest(manifests);
      continue;
    }
    if (!nz_json_get_object(json, "config", &config, &error))
      break;
    g_autofree char *id = config ? digest_of(config) : NULL;
    g_autoptr(GBytes) said = id ? read_blob(self, root, id, &error) : NULL;
    if (said && nz_image_config_take(facts, said, &error)) {
      g_free(facts->image_id);
      facts->image_id = g_steal_pointer(&id);
    }
    break;
  }
  if (error)
    g_prefix_error(&error, "the image %s: ", facts->image ? facts->image : digest);
  nz_facts_fail(facts, error);
}

/* TRUE: the container is in the database of ROOT. */
static gboolean
read_root(NzDescription *self, const char *root, const char *space)
{
  GError *error = NULL;
  NzContainerFacts *facts = self->facts;
  Lookup lookup = {.id = facts->ref.id, .wanted = space};
  gboolean found = look_up(self, root, &lookup, &error) && lookup.image;
  nz_facts_fail(facts, error);
  if (found)
    nz_facts_take(&facts->image, lookup.image);
  if (found && lookup.digest && nz_digest_valid(lookup.digest))
    read_image(self, root, lookup.digest);
  g_free(lookup.image);
  g_free(lookup.digest);
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

/* SPDX-License-Identifier: Apache-2.0 */
/* What containers/storage keeps, of Podman and CRI-O. Below the graph root, or the run root for
 * containers that are gone when they end:
 *   DRIVER-containers/[volatile-]containers.json   [{"id","names","image","metadata"}]
 *   DRIVER-containers/ID/userdata/config.json      the bundle (CRI-O's is in the run root)
 *   DRIVER-images/IMAGE/=<base64 of "sha256:IMAGE">   the image's configuration
 * METADATA is JSON in a string: {"image-name","image-id","name"}. */
#include <string.h>

#include "core/limits.h"
#include "image/digest.h"
#include "image/json_cursor.h"
#include "runtime/describe_private.h"

static const char *const drivers[] = {"overlay", "vfs", "btrfs"};

static gboolean
is_hex_id(const char *text)
{
  g_autofree char *digest = g_strconcat("sha256:", text, NULL);
  return nz_digest_valid(digest);
}

/* --- the list of containers --- */

static gboolean
take_metadata(NzContainerFacts *facts, const char *text, GError **error)
{
  const char *image, *name;
  g_autoptr(GBytes) bytes = g_bytes_new_static(text, strlen(text));
  g_autoptr(NzJson) json = nz_json_parse(bytes, error);
  if (!json || !nz_json_get_string(json, "image-name", &image, error) ||
      !nz_json_get_string(json, "name", &name, error))
    return FALSE;
  nz_facts_take(&facts->image, image);
  if (facts->ref.engine == NZ_CONTAINER_PODMAN)
    nz_facts_take(&facts->name, name);
  return TRUE;
}

static gboolean
take_container(NzContainerFacts *facts, const json_t *object, GError **error)
{
  const char *image, *metadata;
  json_t *names;
  if (!nz_json_get_string(object, "image", &image, error) ||
      !nz_json_get_string(object, "metadata", &metadata, error) ||
      !nz_json_get_array(object, "names", &names, error))
    return FALSE;
  if (image && !facts->image_id && is_hex_id(image))
    facts->image_id = g_strconcat("sha256:", image, NULL);
  if (facts->ref.engine == NZ_CONTAINER_PODMAN)
    nz_facts_take(&facts->name, json_string_value(json_array_get(names, 0)));
  return !metadata || !*metadata || take_metadata(facts, metadata, error);
}

/* The object of LIST that has our id; the others are passed over unread, for a host has hundreds.
 */
static NzJson *
find_container(GBytes *list, const char *id, GError **error)
{
  gsize len;
  const char *text = g_bytes_get_data(list, &len);
  NzJsonCursor cursor = {text, text + len, FALSE};
  gboolean more, first = TRUE;
  if (!nz_json_cursor_take(&cursor, '[')) {
    nz_set_input(error, "no list");
    return NULL;
  }
  while (nz_json_cursor_next(&cursor, ']', &first, &more) && more) {
    const char *start = cursor.p, *found = NULL;
    if (!nz_json_cursor_skip(&cursor))
      break;
    gsize n = (gsize)(cursor.p - start);
    if (!memmem(start, n, id, strlen(id)))
      continue;
    g_autoptr(GBytes) part = g_bytes_new_static(start, n);
    g_autoptr(NzJson) object = nz_json_parse(part, error);
    if (!object)
      return NULL;
    if (json_is_object(object) && nz_json_get_string(object, "id", &found, error) &&
        g_strcmp0(found, id) == 0)
      return g_steal_pointer(&object);
  }
  return NULL;
}

/* TRUE: the list NAME below ROOT has the container. */
static gboolean
read_list(NzDescription *self, const char *root, const char *driver, const char *name)
{
  GError *error = NULL;
  g_autofree char *below = g_strdup_printf("%s-containers/%s", driver, name);
  g_autoptr(GBytes) bytes = nz_state_read(self->places, root, below, NZ_STORAGE_LIST_MAX, &error);
  g_autoptr(NzJson) object = bytes && g_bytes_get_size(bytes) > 0
                                 ? find_container(bytes, self->facts->ref.id, &error)
                                 : NULL;
  if (object && !take_container(self->facts, object, &error))
    g_prefix_error(&error, "%s/%s: ", root, below);
  nz_facts_fail(self->facts, error);
  return object != NULL;
}

static gboolean
read_lists(NzDescription *self, const char *root)
{
  for (guint i = 0; i < G_N_ELEMENTS(drivers); i++)
    if (read_list(self, root, drivers[i], "containers.json") ||
        read_list(self, root, drivers[i], "volatile-containers.json"))
      return TRUE;
  return FALSE;
}

/* --- the image --- */

static gboolean
read_image(NzDescription *self, const char *root)
{
  GError *error = NULL;
  NzContainerFacts *facts = self->facts;
  const char *hex = facts->image_id + strlen("sha256:");
  g_autofree char *key = g_base64_encode((const guchar *)facts->image_id, strlen(facts->image_id));
  for (guint i = 0; i < G_N_ELEMENTS(drivers) && !facts->image_user && !error; i++) {
    g_autofree char *below = g_strdup_printf("%s-images/%s/=%s", drivers[i], hex, key);
    g_autoptr(GBytes) bytes = nz_state_read(self->places, root, below, NZ_JSON_MAX, &error);
    if (bytes && !nz_image_config_take(facts, bytes, &error))
      g_prefix_error(&error, "%s/%s: ", root, below);
  }
  nz_facts_fail(facts, error);
  return facts->image_user != NULL;
}

/* CRI-O says the image in annotations: an id, or a name with a digest that is not the id. */
static void
take_crio_image(NzDescription *self)
{
  static const char *const keys[] = {"io.kubernetes.cri-o.ImageRef", "io.kubernetes.cri-o.Image"};
  json_t *map = NULL;
  if (self->facts->ref.engine != NZ_CONTAINER_CRIO || !self->config ||
      !nz_json_get_object(self->config, "annotations", &map, NULL))
    return;
  for (guint i = 0; i < G_N_ELEMENTS(keys) && !self->facts->image_id; i++) {
    const char *text = json_string_value(json_object_get(map, keys[i]));
    if (text && is_hex_id(text))
      self->facts->image_id = g_strconcat("sha256:", text, NULL);
  }
}

/* --- where --- */

/* The root of ".../DRIVER-containers/ID/userdata". */
static char *
root_of_bundle(const char *bundle)
{
  g_autofree char *id = bundle ? g_path_get_dirname(bundle) : NULL;
  g_autofree char *list = id ? g_path_get_dirname(id) : NULL;
  return list && g_str_has_suffix(list, "-containers") ? g_path_get_dirname(list) : NULL;
}

/* Where the engine is known to be from the container itself, then where it would usually be. */
static GPtrArray *
all_roots(const NzDescription *self)
{
  g_autoptr(GPtrArray) roots = g_ptr_array_new_with_free_func(g_free);
  char *own = root_of_bundle(self->monitor.bundle);
  if (own)
    g_ptr_array_add(roots, own);
  if (self->monitor.run)
    g_ptr_array_add(roots, g_strdup(self->monitor.run));
  if (self->facts->ref.rootless) {
    nz_places_add_rootless(self->places, self->facts->ref.owner, roots);
    return g_steal_pointer(&roots);
  }
  for (guint i = 0; i < self->places->graphs->len; i++)
    g_ptr_array_add(roots, g_strdup(self->places->graphs->pdata[i]));
  for (guint i = 0; i < self->places->runs->len; i++)
    g_ptr_array_add(roots, g_strdup(self->places->runs->pdata[i]));
  return g_steal_pointer(&roots);
}

static void
find_bundle(NzDescription *self, const GPtrArray *roots)
{
  for (guint i = 0; !self->config && i < roots->len; i++)
    for (guint j = 0; !self->config && j < G_N_ELEMENTS(drivers); j++) {
      g_autofree char *bundle =
          g_strdup_printf("%s/%s-containers/%s/userdata", (const char *)roots->pdata[i], drivers[j],
                          self->facts->ref.id);
      nz_bundle_read(self, bundle);
    }
}

void
nz_describe_podman(NzDescription *self)
{
  NzContainerFacts *facts = self->facts;
  g_autoptr(GPtrArray) roots = all_roots(self);
  gboolean found = FALSE;
  find_bundle(self, roots);
  nz_facts_take(&facts->name, self->monitor.name);
  take_crio_image(self);
  for (guint i = 0; !found && i < roots->len; i++)
    found = read_lists(self, roots->pdata[i]);
  for (guint i = 0; facts->image_id && !facts->image_user && i < roots->len; i++)
    read_image(self, roots->pdata[i]);
  if (facts->kind == NZ_CONTAINER_KIND_UNKNOWN && (found || self->config))
    facts->kind = NZ_CONTAINER_KIND_CONTAINER;
}

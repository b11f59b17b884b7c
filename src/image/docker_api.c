/* SPDX-License-Identifier: Apache-2.0 */
/* Docker's images by its API: GET /images/json lists them, GET /images/<id>/get writes an archive.
 * What comes is read as hostile as any file: the daemon hands on what images bring. */
#include <string.h>

#include "core/limits.h"
#include "core/text.h"
#include "image/digest.h"
#include "image/docker_daemon.h"
#include "image/json.h"

static const char *const hubs[] = {"docker.io/library/", "docker.io/"};

char *
nz_docker_short_name(const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS(hubs); i++)
    if (g_str_has_prefix(name, hubs[i]) && (i == 0 || strchr(name + strlen(hubs[i]), '/')))
      return g_strdup(name + strlen(hubs[i]));
  return g_strdup(name);
}

/* --- requests --- */

static json_t *
request_new(const NzEngineStore *store, const char *path)
{
  return json_pack("{s:s, s:s, s:s}", "op", "socket", "socket", store->root, "path", path);
}

static gboolean
check_channel(const NzOpenOptions *options, GError **error)
{
  if (options->fetch)
    return TRUE;
  g_set_error(error, NZ_ERROR, NZ_ERROR_IO,
              "the daemon cannot be asked from here; use sudo, or `docker save NAME | nonzero scan "
              "-`");
  return FALSE;
}

static gboolean
check_status(const json_t *head, GError **error)
{
  json_int_t status = json_integer_value(json_object_get(head, "status"));
  if (status == 200)
    return TRUE;
  if (status == 404) {
    g_set_error(error, NZ_ERROR, NZ_ERROR_NOT_FOUND,
                "Docker has no such image any more: it was removed meanwhile");
    return FALSE;
  }
  /* Seen of Docker 28 with 500, too, where an image is removed in the midst of being saved. */
  return nz_set_input(error, "Docker answered with the status %" JSON_INTEGER_FORMAT "%s", status,
                      status >= 500 ? ": it failed, or the image was removed meanwhile" : "");
}

/* --- the list --- */

/* Names of dangling images are "<none>:<none>" in old versions. */
static gboolean
add_names(NzStoredImage *stored, const json_t *object, const char *key, gsize *bytes,
          GError **error)
{
  json_t *names;
  if (!nz_json_get_array(object, key, &names, error))
    return FALSE;
  for (gsize i = 0; i < json_array_size(names); i++) {
    const char *name = json_string_value(json_array_get(names, i));
    if (!name || g_str_has_prefix(name, "<none>"))
      continue;
    *bytes += strlen(name);
    g_ptr_array_add(stored->names, g_strdup(name));
  }
  return TRUE;
}

static gboolean
add_image(const NzEngineStore *store, const json_t *object, GPtrArray *images, gsize *bytes,
          GError **error)
{
  const char *id;
  json_t *size, *created;
  if (!json_is_object(object))
    return nz_set_input(error, "is no object");
  if (!nz_json_get_string(object, "Id", &id, error) || !nz_json_get(object, "Size", &size, error) ||
      !nz_json_get(object, "Created", &created, error))
    return FALSE;
  if (!id || !nz_digest_valid(id))
    return nz_set_input(error, "has no id");
  NzStoredImage *stored = nz_stored_image_new(store, id);
  g_ptr_array_add(images, stored);
  stored->bytes = json_is_integer(size) ? json_integer_value(size) : -1;
  stored->created = json_integer_value(created);
  return add_names(stored, object, "RepoTags", bytes, error) &&
         add_names(stored, object, "RepoDigests", bytes, error);
}

gboolean
nz_docker_api_list(const NzEngineStore *store, const NzOpenOptions *options, GPtrArray *images,
                   GError **error)
{
  g_autoptr(NzJson) request = request_new(store, "/images/json"), head = NULL;
  gsize names = 0;
  if (!request)
    return nz_set_input(error, "the socket's path is no text");
  if (!check_channel(options, error))
    return FALSE;
  g_autoptr(GBytes) bytes = nz_fetch_read(options->fetch, request, NZ_STORE_LIST_MAX, &head, error);
  if (!bytes || !check_status(head, error))
    return FALSE;
  g_autoptr(NzJson) root = nz_json_parse(bytes, error);
  if (!root || !json_is_array(root) || json_array_size(root) > NZ_STORED_MAX) {
    if (root)
      nz_set_input(error, "no list of at most %u images", NZ_STORED_MAX);
    g_prefix_error(error, "/images/json: ");
    return FALSE;
  }
  for (gsize i = 0; i < json_array_size(root); i++)
    if (!add_image(store, json_array_get(root, i), images, &names, error)) {
      g_prefix_error(error, "/images/json: image %" G_GSIZE_FORMAT ": ", i);
      return FALSE;
    }
  return TRUE;
}

/* --- an image --- */

/* Saved by its id it comes without its names. */
static void
name_images(const char *whole, GPtrArray *images, guint from)
{
  if (!whole)
    return;
  g_autofree char *name = nz_docker_short_name(whole);
  for (guint i = from; i < images->len; i++) {
    NzImage *image = images->pdata[i];
    g_free(image->name);
    image->name = nz_printable(name, -1);
  }
}

gboolean
nz_docker_api_open(const NzStoredImage *stored, const NzOpenRequest *request, GPtrArray *images,
                   GError **error)
{
  const NzOpenOptions *options = request->options;
  g_autofree char *path = g_strconcat("/images/", stored->id, "/get", NULL);
  g_autoptr(NzJson) ask = request_new(stored->store, path), head = NULL;
  guint before = images->len;
  if (!ask)
    return nz_set_input(error, "the socket's path is no text");
  if (!check_channel(options, error))
    return FALSE;
  g_autoptr(NzStream) stream =
      nz_fetch_open(options->fetch, ask, options->read.control, &head, error);
  if (!stream || !check_status(head, error))
    return FALSE;
  g_autoptr(NzImageStore) store = nz_stream_store_new(stream, options, error);
  if (!store)
    return FALSE;
  /* Docker's containerd has, and saves, the platforms that were pulled. */
  store->partial = TRUE;
  NzOpenRequest whole = *request;
  whole.ref = NULL;
  if (!nz_store_list(store, NZ_FORMAT_ANY, &whole, images, error))
    return FALSE;
  name_images(nz_stored_image_name(stored, request->source), images, before);
  return TRUE;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* "manifest" and "blob" requests: where a repository is had, one place after the other. */
#include <string.h>

#include "core/limits.h"
#include "fetch/get.h"
#include "image/digest.h"
#include "image/reference.h"

/* What is asked for, before a place for it is chosen. */
typedef struct {
  NzReference name;
  char *what, *place;
  const char *accept;
  gint64 size, offset, length;
  gsize max;
  gboolean by_tag, is_manifest;
} Wanted;

static void
wanted_clear(Wanted *self)
{
  nz_reference_clear(&self->name);
  g_free(self->what);
  g_free(self->place);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Wanted, wanted_clear)

static gboolean
is_for(const NzEndpoint *endpoint, const Wanted *wanted)
{
  if (!wanted->is_manifest)
    return TRUE;
  return wanted->by_tag ? !endpoint->no_tags : !endpoint->no_digests;
}

/* *GO_ON: another place may have it. */
static gboolean
get_from(NzWorker *worker, const NzEndpoint *endpoint, const Wanted *wanted, gboolean *go_on,
         GError **error)
{
  g_auto(NzGet) get = {.worker = worker,
                       .endpoint = endpoint,
                       .what = wanted->what,
                       .place = wanted->place,
                       .accept = wanted->accept,
                       .size = wanted->size,
                       .offset = wanted->offset,
                       .length = wanted->length,
                       .max = wanted->max,
                       .max_seconds = wanted->max ? NZ_HTTP_DOCUMENT_SECONDS : 0};
  gboolean ok = nz_get_run(&get, error);
  *go_on = !ok && !get.begun && (endpoint->mirror || !get.reached);
  return ok;
}

/* The mirrors' errors stand behind that of the registry itself. */
static gboolean
get(NzWorker *worker, const Wanted *wanted, GError **error)
{
  g_autoptr(GPtrArray) all = nz_endpoints_for(wanted->name.host, wanted->name.path, error);
  g_autoptr(GString) mirrors = g_string_new(NULL);
  g_autoptr(GError) own = NULL;
  gboolean go_on = TRUE;
  if (!all)
    return FALSE;
  for (guint i = 0; i < all->len && go_on; i++) {
    const NzEndpoint *endpoint = all->pdata[i];
    g_autoptr(GError) failed = NULL;
    if (!is_for(endpoint, wanted))
      continue;
    if (get_from(worker, endpoint, wanted, &go_on, &failed))
      return TRUE;
    if (g_error_matches(failed, NZ_FETCH_ERROR, NZ_FETCH_STOPPED))
      go_on = FALSE;
    if (endpoint->mirror && go_on) {
      g_string_append_printf(mirrors, "; its mirror failed too: %s", failed->message);
      continue;
    }
    g_clear_error(&own);
    own = g_steal_pointer(&failed);
  }
  return nz_fetch_fail(error, own ? own->code : NZ_FETCH_NOT_FOUND, "%s%s",
                       own ? own->message : "no place is configured for it", mirrors->str);
}

static gboolean
read_name(const json_t *request, const char *key, Wanted *out, const char **reference,
          GError **error)
{
  const char *name = json_string_value(json_object_get(request, "name"));
  *reference = json_string_value(json_object_get(request, key));
  g_autofree char *text =
      name && *reference ? g_strconcat(name, strchr(*reference, ':') ? "@" : ":", *reference, NULL)
                         : NULL;
  if (text && nz_reference_parse(text, &out->name, NULL))
    return TRUE;
  return nz_fetch_fail(error, NZ_FETCH_INVALID, "no request for a registry");
}

gboolean
nz_op_manifest(NzWorker *worker, const json_t *request, GError **error)
{
  g_auto(Wanted) wanted = {.size = -1,
                           .length = -1,
                           .max = NZ_JSON_MAX,
                           .is_manifest = TRUE,
                           .accept = "Accept: application/vnd.oci.image.index.v1+json, "
                                     "application/vnd.oci.image.manifest.v1+json, "
                                     "application/vnd.docker.distribution.manifest.list.v2+json, "
                                     "application/vnd.docker.distribution.manifest.v2+json"};
  const char *reference;
  if (!read_name(request, "reference", &wanted, &reference, error))
    return FALSE;
  wanted.by_tag = wanted.name.digest == NULL;
  wanted.what = g_strconcat(wanted.name.path, wanted.by_tag ? ":" : "@", reference, NULL);
  wanted.place = g_strconcat("manifests/", reference, NULL);
  return get(worker, &wanted, error);
}

/* *VALUE stays as it is where nothing is said. */
static gboolean
read_size(const json_t *request, const char *key, gint64 *value)
{
  const json_t *number = json_object_get(request, key);
  if (number)
    *value = json_integer_value(number);
  return !number || (json_is_integer(number) && *value >= 0);
}

gboolean
nz_op_blob(NzWorker *worker, const json_t *request, GError **error)
{
  g_auto(Wanted) wanted = {.size = -1, .length = -1};
  const char *digest;
  if (!read_name(request, "digest", &wanted, &digest, error))
    return FALSE;
  if (!wanted.name.digest || !read_size(request, "size", &wanted.size) ||
      !read_size(request, "offset", &wanted.offset) ||
      !read_size(request, "length", &wanted.length) ||
      (wanted.size >= 0 && wanted.offset > wanted.size) ||
      (wanted.size >= 0 && wanted.length > wanted.size - wanted.offset) || wanted.length == 0)
    return nz_fetch_fail(error, NZ_FETCH_INVALID, "no request for a blob");
  wanted.what = g_strdup_printf("%s, the blob %s", wanted.name.path, digest);
  wanted.place = g_strconcat("blobs/", digest, NULL);
  return get(worker, &wanted, error);
}

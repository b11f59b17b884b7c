/* SPDX-License-Identifier: Apache-2.0 */
#include "image/transport.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/text.h"
#include "image/engine.h"

static const NzTransport *const transports[] = {
    &nz_transport_docker_archive, &nz_transport_oci_archive, &nz_transport_oci, &nz_transport_dir,
    &nz_transport_registry,
};

const NzTransport *
nz_transport_at(guint i)
{
  return i < G_N_ELEMENTS(transports) ? transports[i] : NULL;
}

static gboolean
exists_below(const char *dir, const char *name)
{
  g_autofree char *path = g_build_filename(dir, name, NULL);
  struct stat st;
  return lstat(path, &st) == 0;
}

/* A directory that is an image is an OCI layout, or says that it is a system by what is in it. */
static const NzTransport *
guess_directory(const char *path, GError **error)
{
  if (access(path, R_OK | X_OK) < 0) {
    nz_set_errno(error, errno, "cannot read the directory");
    return NULL;
  }
  if (exists_below(path, "oci-layout") || exists_below(path, "index.json"))
    return &nz_transport_oci;
  static const char *const system[] = {"etc", "usr", "bin", "sbin", "lib"};
  for (guint i = 0; i < G_N_ELEMENTS(system); i++)
    if (exists_below(path, system[i]))
      return &nz_transport_dir;
  g_autofree char *shown = nz_printable(path, -1);
  g_set_error(error, NZ_ERROR, NZ_ERROR_NOT_IMAGE,
              "the directory is no image: neither an OCI layout (no oci-layout, no index.json) nor "
              "a root filesystem (no etc, usr or bin); if it is one, write dir:%s",
              shown);
  return NULL;
}

/* Splits "PATH[:REF]" at the first colon, as skopeo does, unless all of it is there. */
static void
split_reference(const char *text, char **path, char **ref)
{
  const char *colon = strchr(text, ':');
  struct stat st;
  if (!colon || stat(text, &st) == 0) {
    *path = g_strdup(text);
    return;
  }
  *path = g_strndup(text, (gsize)(colon - text));
  *ref = g_strdup(colon + 1);
}

static gboolean
open_named(const NzTransport *transport, const char *rest, NzOpenRequest *request,
           GPtrArray *images, GError **error)
{
  g_autofree char *path = NULL, *ref = NULL;
  if (transport->is_name)
    path = g_strdup(rest);
  else
    split_reference(rest, &path, &ref);
  if (*path == '\0') {
    g_set_error(error, NZ_ERROR, NZ_ERROR_NOT_FOUND, "%s: names no path; write %s:PATH",
                transport->name, transport->name);
    return FALSE;
  }
  request->path = path;
  request->ref = ref && *ref ? ref : NULL;
  return transport->open(request, images, error);
}

/* The transport that SOURCE names, and *REST after its colon; NULL when it names none. */
static const NzTransport *
find_transport(const char *source, const char **rest)
{
  const char *colon = strchr(source, ':');
  for (guint i = 0; colon && i < G_N_ELEMENTS(transports); i++) {
    gsize n = strlen(transports[i]->name);
    if ((gsize)(colon - source) == n && memcmp(source, transports[i]->name, n) == 0) {
      *rest = colon + 1;
      return transports[i];
    }
  }
  return NULL;
}

gboolean
nz_image_is_remote(const char *source)
{
  const char *rest;
  const NzTransport *transport = find_transport(source, &rest);
  return transport && transport->is_name;
}

/* Adds to ERROR, unless it is NULL, what may have been meant by SOURCE where all before its colon
 * is a path. */
static void
add_path_hint(const char *source, GError **error)
{
  const char *colon = strchr(source, ':');
  g_autofree char *before = colon ? g_strndup(source, (gsize)(colon - source)) : NULL;
  g_autofree char *shown = nz_printable(source, -1);
  struct stat st;
  if (!error || !*error || !before || stat(before, &st) < 0)
    return;
  g_autofree char *text =
      g_strdup_printf("%s; to name an image of an archive or layout, say what it is: "
                      "docker-archive:%s or oci:%s",
                      (*error)->message, shown, shown);
  g_free((*error)->message);
  (*error)->message = g_steal_pointer(&text);
}

gboolean
nz_image_has_transport(const char *source)
{
  const char *rest;
  return find_transport(source, &rest) || nz_engine_of(source, &rest);
}

/* distribution/reference, loosely: what no engine would take for a name is a path. */
gboolean
nz_image_is_bare_name(const char *source)
{
  static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "._-/:@";
  struct stat st;
  if (nz_image_has_transport(source))
    return FALSE;
  if (!g_ascii_isalnum(*source) || source[strspn(source, allowed)] || strstr(source, "//") ||
      g_str_has_suffix(source, ".tar"))
    return FALSE;
  return stat(source, &st) < 0 && errno == ENOENT;
}

static gboolean
open_by_name(const char *name, const NzOpenRequest *request, GPtrArray *images, GError **error)
{
  gboolean found;
  g_autoptr(GError) failed = NULL;
  if (nz_engine_open(NULL, name, request, images, &found, &failed))
    return TRUE;
  if (found || !request->options->pull) {
    if (!found)
      add_path_hint(name, &failed);
    g_propagate_error(error, g_steal_pointer(&failed));
    return FALSE;
  }
  g_autofree char *source = g_strconcat("docker://", name, NULL);
  return nz_image_open(source, request->options, images, error);
}

static gboolean
open_guessed(NzOpenRequest *request, GPtrArray *images, GError **error)
{
  struct stat st;
  request->path = request->source;
  if (strcmp(request->path, "-") == 0)
    return nz_archive_open(request, NZ_FORMAT_ANY, images, error);
  if (nz_image_is_bare_name(request->path))
    return open_by_name(request->path, request, images, error);
  if (stat(request->path, &st) < 0) {
    if (errno == ENOENT)
      nz_set_input(error, "no such file");
    else
      nz_set_errno(error, errno, "cannot open it");
    add_path_hint(request->path, error);
    return FALSE;
  }
  if (!S_ISDIR(st.st_mode))
    return nz_archive_open(request, NZ_FORMAT_ANY, images, error);
  const NzTransport *transport = guess_directory(request->path, error);
  return transport && transport->open(request, images, error);
}

gboolean
nz_image_open(const char *source, const NzOpenOptions *options, GPtrArray *images, GError **error)
{
  NzOpenOptions all = *options;
  NzOpenRequest request = {.source = source, .options = options};
  const char *rest;
  gboolean found;
  if (g_strcmp0(options->platform, "all") == 0) {
    all.platform = NULL;
    all.all_platforms = TRUE;
    request.options = &all;
  }
  const NzEngine *engine = nz_engine_of(source, &rest);
  if (engine)
    return nz_engine_open(engine, rest, &request, images, &found, error);
  const NzTransport *transport = find_transport(source, &rest);
  return transport ? open_named(transport, rest, &request, images, error)
                   : open_guessed(&request, images, error);
}

char *
nz_image_path(const char *source)
{
  const char *rest;
  g_autofree char *path = NULL, *ref = NULL;
  if (nz_engine_of(source, &rest))
    return NULL;
  const NzTransport *transport = find_transport(source, &rest);
  if (transport && transport->is_name)
    return NULL;
  if (transport)
    split_reference(rest, &path, &ref);
  else
    path = g_strdup(source);
  return strcmp(path, "-") == 0 ? NULL : g_steal_pointer(&path);
}

/* --- both lists of a store --- */

static gboolean
same_image(const NzImage *a, const NzImage *b)
{
  if (g_strcmp0(a->config_digest, b->config_digest) != 0 || a->layers->len != b->layers->len)
    return FALSE;
  for (guint i = 0; i < a->layers->len; i++) {
    const NzLayer *x = a->layers->pdata[i], *y = b->layers->pdata[i];
    if (g_strcmp0(x->name, y->name) != 0)
      return FALSE;
  }
  return TRUE;
}

/* A manifest's annotations are in index.json only, and say more than labels. */
static void
take_annotations(NzImage *image, NzImage *twin)
{
  if (g_strcmp0(twin->base_said_by, "annotations") != 0)
    return;
  g_free(image->base_name);
  g_free(image->base_digest);
  image->base_name = g_steal_pointer(&twin->base_name);
  image->base_digest = g_steal_pointer(&twin->base_digest);
  image->base_said_by = twin->base_said_by;
}

gboolean
nz_store_list(NzImageStore *store, NzFormat format, const NzOpenRequest *request, GPtrArray *images,
              GError **error)
{
  gboolean docker = store->klass->has(store, "manifest.json");
  gboolean oci = store->klass->has(store, "index.json");
  if (format == NZ_FORMAT_OCI && oci)
    return nz_oci_list(store, request, images, error);
  if (format == NZ_FORMAT_OCI || (format == NZ_FORMAT_DOCKER && !docker) || (!docker && !oci)) {
    g_set_error(error, NZ_ERROR, NZ_ERROR_NOT_IMAGE,
                "no %s in it, so it is no %s; `docker save`, `podman save` and `skopeo copy` make "
                "image archives, a root filesystem unpacked into a directory is scanned with "
                "dir:PATH",
                format == NZ_FORMAT_DOCKER ? "manifest.json"
                : format == NZ_FORMAT_OCI  ? "index.json"
                                           : "manifest.json and no index.json",
                format == NZ_FORMAT_DOCKER ? "docker-archive"
                : format == NZ_FORMAT_OCI  ? "OCI image"
                                           : "image");
    return FALSE;
  }
  /* Docker since 25 writes both. An image that the two describe differently is judged in both
   * readings: which of them is run depends on who loads it. A reference asks for one name, which
   * the lists spell differently: the first that has it answers. */
  guint first = images->len;
  g_autoptr(GError) docker_error = NULL;
  if (docker && !nz_docker_list(store, request, oci, images, oci ? &docker_error : error) && !oci)
    return FALSE;
  if (docker_error && !g_error_matches(docker_error, NZ_ERROR, NZ_ERROR_NOT_FOUND)) {
    g_propagate_error(error, g_steal_pointer(&docker_error));
    return FALSE;
  }
  guint n_docker = images->len;
  if (!oci || (request->ref && n_docker > first))
    return TRUE;
  g_autoptr(GError) oci_error = NULL;
  if (!nz_oci_list(store, request, images, &oci_error)) {
    if (n_docker > first && g_error_matches(oci_error, NZ_ERROR, NZ_ERROR_NOT_FOUND))
      return TRUE;
    g_propagate_error(error, g_steal_pointer(&oci_error));
    return FALSE;
  }
  for (guint i = first; i < n_docker; i++)
    for (guint j = images->len; j-- > n_docker;)
      if (same_image(images->pdata[i], images->pdata[j])) {
        take_annotations(images->pdata[i], images->pdata[j]);
        g_ptr_array_remove_index(images, j);
      }
  return TRUE;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "fetch/endpoint.h"

#include <curl/curl.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/limits.h"
#include "core/text.h"
#include "fetch/mirrors.h"
#include "fetch/settings.h"

void
nz_endpoint_free(NzEndpoint *self)
{
  if (!self)
    return;
  g_free(self->host);
  g_free(self->path);
  g_free(self->base);
  g_free(self->ca);
  g_free(self->cert);
  g_free(self->key);
  g_free(self);
}

/* --- URLs --- */

static char *
url_part(const char *url, CURLUPart part, guint flags)
{
  CURLU *u = curl_url();
  char *text = NULL;
  g_autofree char *copy = NULL;
  if (curl_url_set(u, CURLUPART_URL, url, 0) == CURLUE_OK &&
      curl_url_get(u, part, &text, flags) == CURLUE_OK)
    copy = g_ascii_strdown(text, -1);
  curl_free(text);
  curl_url_cleanup(u);
  return g_steal_pointer(&copy);
}

char *
nz_url_host(const char *url)
{
  return url_part(url, CURLUPART_HOST, 0);
}

char *
nz_url_origin(const char *url)
{
  g_autofree char *scheme = url_part(url, CURLUPART_SCHEME, 0);
  g_autofree char *host = url_part(url, CURLUPART_HOST, 0);
  g_autofree char *port = url_part(url, CURLUPART_PORT, CURLU_DEFAULT_PORT);
  g_autofree char *user = url_part(url, CURLUPART_USER, 0);
  if (!scheme || !host || !port || user ||
      (strcmp(scheme, "https") != 0 && strcmp(scheme, "http") != 0))
    return NULL;
  return g_strdup_printf("%s://%s:%s", scheme, host, port);
}

/* --- certificates --- */

/* Where Debian, Fedora and SUSE, Alpine keep what the system trusts. */
static const char *const bundles[] = {"/etc/ssl/certs/ca-certificates.crt",
                                      "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem",
                                      "/etc/ssl/cert.pem"};

static void
append_file(GByteArray *all, const char *path)
{
  g_autofree char *text = NULL;
  gsize len;
  if (!path || !g_file_get_contents(path, &text, &len, NULL) || len > NZ_CA_MAX)
    return;
  g_byte_array_append(all, (const guint8 *)text, (guint)len);
  g_byte_array_append(all, (const guint8 *)"\n", 1);
}

static const char *
system_bundle(void)
{
  for (guint i = 0; !nz_settings.system_ca && i < G_N_ELEMENTS(bundles); i++)
    if (access(bundles[i], R_OK) == 0)
      return bundles[i];
  return nz_settings.system_ca;
}

/* The library takes one file: the system's CAs and FILES (NULL-terminated) together, in memory. The
 * descriptor stays open as long as we run; there are as few as there are registries. */
static char *
join_cas(const char *const *files)
{
  g_autoptr(GByteArray) all = g_byte_array_new();
  append_file(all, system_bundle());
  for (guint i = 0; files[i]; i++)
    append_file(all, files[i]);
  int fd = memfd_create("ca", MFD_CLOEXEC);
  for (gsize done = 0; fd >= 0 && done < all->len;) {
    gssize put = write(fd, all->data + done, all->len - done);
    if (put < 0 && errno != EINTR)
      return NULL;
    done += (gsize)MAX(put, 0);
  }
  return fd < 0 ? NULL : g_strdup_printf("/proc/self/fd/%d", fd);
}

/* certs.d/HOST of Podman and Docker (containers-certs.d(5)): *.crt are CAs, X.cert and X.key the
 * client's. */
static void
read_certs(NzEndpoint *self, const char *folder, GPtrArray *cas)
{
  g_autofree char *place = g_build_filename(folder, self->host, NULL);
  g_autoptr(GDir) dir = g_dir_open(place, 0, NULL);
  const char *name;
  while (dir && (name = g_dir_read_name(dir))) {
    g_autofree char *path = g_build_filename(place, name, NULL);
    if (g_str_has_suffix(name, ".crt")) {
      g_ptr_array_add(cas, g_steal_pointer(&path));
    } else if (g_str_has_suffix(name, ".cert") && !self->cert) {
      g_autofree char *stem = g_strndup(path, strlen(path) - strlen(".cert"));
      self->key = g_strconcat(stem, ".key", NULL);
      self->cert = g_steal_pointer(&path);
    }
  }
}

static void
find_certs(NzEndpoint *self)
{
  g_autofree char *own = g_build_filename(g_get_user_config_dir(), "containers", "certs.d", NULL);
  const char *const folders[] = {own, "/etc/containers/certs.d", "/etc/docker/certs.d", NULL};
  const char *const said[] = {nz_settings.certs_dir, NULL};
  const char *const *where = nz_settings.certs_dir ? said : folders;
  g_autoptr(GPtrArray) cas = g_ptr_array_new_with_free_func(g_free);
  if (nz_settings.tls_ca)
    g_ptr_array_add(cas, g_strdup(nz_settings.tls_ca));
  for (guint i = 0; where[i]; i++)
    read_certs(self, where[i], cas);
  if (cas->len == 0)
    return;
  g_ptr_array_add(cas, NULL);
  self->ca = join_cas((const char *const *)cas->pdata);
}

void
nz_endpoint_set_tls(const NzEndpoint *self, NzHttpRequest *request)
{
  request->ca = self->ca;
  request->cert = self->cert;
  request->key = self->key;
  request->insecure = self->insecure;
}

/* --- endpoints --- */

static NzEndpoint *
endpoint_new(const char *host, const char *path, const NzLocation *location, gboolean plain)
{
  NzEndpoint *self = g_new0(NzEndpoint, 1);
  self->host = g_strdup(host);
  self->path = g_strdup(path);
  self->insecure = location->insecure;
  self->mirror = location->mirror;
  self->no_tags = location->no_tags;
  self->no_digests = location->no_digests;
  self->base = g_strconcat(plain ? "http://" : "https://",
                           strcmp(host, "docker.io") == 0 ? "registry-1.docker.io" : host, NULL);
  find_certs(self);
  return self;
}

/* A mirror that is not plain "HOST/PATH" is passed over: nothing could be asked there. */
static void
add_location(GPtrArray *all, const NzLocation *location)
{
  const char *slash = strchr(location->name, '/');
  if (!slash)
    return;
  g_autofree char *host = g_strndup(location->name, (gsize)(slash - location->name));
  gboolean plain = nz_settings.plain_http;
  g_ptr_array_add(all, endpoint_new(host, slash + 1, location, plain));
  if (location->insecure && !plain) /* as Podman does: TLS first, unchecked, then none */
    g_ptr_array_add(all, endpoint_new(host, slash + 1, location, TRUE));
}

static GMutex mutex;
static GHashTable *known; /* "HOST/PATH" -> GPtrArray */

static GPtrArray *
find_endpoints(const char *host, const char *path, GError **error)
{
  g_autofree char *name = g_strconcat(host, "/", path, NULL);
  g_autoptr(GPtrArray) locations = nz_locations_for(name, error);
  if (!locations)
    return NULL;
  GPtrArray *all = g_ptr_array_new_with_free_func((GDestroyNotify)nz_endpoint_free);
  for (guint i = 0; i < locations->len; i++)
    add_location(all, locations->pdata[i]);
  return all;
}

GPtrArray *
nz_endpoints_for(const char *host, const char *path, GError **error)
{
  g_autofree char *name = g_strconcat(host, "/", path, NULL);
  g_mutex_lock(&mutex);
  if (!known)
    known =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_ptr_array_unref);
  GPtrArray *all = g_hash_table_lookup(known, name);
  if (!all && (all = find_endpoints(host, path, error)))
    g_hash_table_insert(known, g_steal_pointer(&name), all);
  if (all)
    g_ptr_array_ref(all);
  g_mutex_unlock(&mutex);
  return all;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Base images of builds, as they lie in engines' stores, layouts and archives. */
#include <string.h>

#include "api/scanner.h"
#include "core/text.h"

static void
free_known(gpointer data)
{
  nz_build_base_free(data);
}

/* By the names that distributions give themselves to their tools: which one makes users. */
static NzFamily
family_of(const char *passwd, const NzLaunch *launch)
{
  if (!passwd || (*passwd == '\0' && !launch->path))
    return NZ_FAMILY_UNKNOWN;
  if (strstr(passwd, "\n_apt:") || strstr(passwd, "\ngnats:"))
    return NZ_FAMILY_DEBIAN;
  if (strstr(passwd, ":/sbin/nologin") && strstr(passwd, "\nguest:"))
    return NZ_FAMILY_ALPINE;
  if (strstr(passwd, "\nnonroot:"))
    return NZ_FAMILY_DISTROLESS;
  return strstr(passwd, "\noperator:") ? NZ_FAMILY_REDHAT : NZ_FAMILY_UNKNOWN;
}

static gboolean
take_users(nonzero_scanner *self, const NzImage *image, NzBuildBase *base, GError **error)
{
  NzScanOptions scan = nz_scanner_scan_options(self);
  const char *unknown = NULL;
  scan.profile = NULL;
  if (!nz_scan_users(image, &scan, &base->passwd, &base->group, &unknown, error))
    return FALSE;
  base->accounts_whole = unknown == NULL;
  base->family = family_of(base->passwd, &image->launch);
  return TRUE;
}

static NzBuildBase *
base_of(nonzero_scanner *self, const char *name, const NzImage *image)
{
  NzBuildBase *base = nz_build_base_new(name);
  const NzLaunch *launch = &image->launch;
  g_autoptr(GError) error = NULL;
  g_autofree char *source = nz_printable(image->source, -1);
  base->because = g_strdup_printf("as %s has it", source);
  base->user = g_strdup(image->user);
  base->user_known = image->has_config;
  base->environment = g_strdupv(launch->environment);
  base->triggers = g_strdupv(launch->triggers);
  base->volumes = g_strdupv(launch->volumes);
  base->ports = g_strdupv(launch->ports);
  base->entrypoint = g_strdupv(launch->entrypoint);
  base->cmd = g_strdupv(launch->cmd);
  base->workdir = g_strdup(launch->workdir);
  if (!image->has_config)
    base->unknown = g_strdup_printf("%s has no configuration", source);
  else if (!take_users(self, image, base, &error))
    base->unknown = g_strdup_printf("%s: %s", source, error->message);
  return base;
}

void
nz_scanner_prepare_bases(nonzero_scanner *self)
{
  if (self->lint.prepared)
    return;
  self->lint.prepared = TRUE;
  if (!self->lint.no_images)
    nz_host_prepare_all(self->host, NULL);
  for (guint i = 0; self->lint.bases && i + 1 < self->lint.bases->len; i++) {
    const char *value = strchr(self->lint.bases->pdata[i], '=') + 1;
    if (nz_image_has_transport(value))
      nz_host_prepare(self->host, value);
  }
}

/* NULL: no engine has it. */
static NzBuildBase *
look_up(nonzero_scanner *self, const char *name, const char *source, const char *platform)
{
  NzOpenOptions open = nz_scanner_open_options(self);
  g_autoptr(GPtrArray) images = g_ptr_array_new_with_free_func((GDestroyNotify)nz_image_free);
  g_autoptr(GError) error = NULL;
  gboolean found = TRUE, ok;
  if (platform)
    open.platform = platform;
  if (strcmp(name, source) == 0) {
    NzOpenRequest request = {.source = source, .path = source, .options = &open};
    ok = nz_engine_open(NULL, name, &request, images, &found, &error);
  } else {
    ok = nz_image_open(source, &open, images, &error);
  }
  if (!ok && !found)
    return NULL;
  if (ok && images->len > 0)
    return base_of(self, name, images->pdata[0]);
  NzBuildBase *base = nz_build_base_new(name);
  base->unknown = g_strdup(error ? error->message : "there is no image in it");
  return base;
}

NzBuildBase *
nz_scanner_image_base(nonzero_scanner *self, const char *name, const char *source,
                      const char *platform)
{
  gboolean in_engines = strcmp(name, source) == 0;
  if (in_engines && self->lint.no_images)
    return NULL;
  /* One at a time: an image is read once, whoever asks for it first. */
  g_mutex_lock(&self->lint.mutex);
  nz_scanner_prepare_bases(self);
  if (in_engines && nz_host_stores(self->host)->len == 0) {
    g_mutex_unlock(&self->lint.mutex);
    return NULL;
  }
  if (!self->lint.known)
    self->lint.known = g_hash_table_new_full(nz_str_hash, g_str_equal, g_free, free_known);
  g_autofree char *key = g_strconcat(source, " ", platform ? platform : "", NULL);
  gpointer known = NULL;
  if (!g_hash_table_lookup_extended(self->lint.known, key, NULL, &known)) {
    known = look_up(self, name, source, platform);
    g_hash_table_insert(self->lint.known, g_steal_pointer(&key), known);
  }
  NzBuildBase *copy = known ? nz_build_base_copy(known) : NULL;
  g_mutex_unlock(&self->lint.mutex);
  return copy;
}

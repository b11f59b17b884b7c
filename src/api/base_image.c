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

/* A number, or nothing, needs no passwd. */
static gboolean
is_named(const char *user)
{
  gsize n = user ? strcspn(user, ":") : 0;
  gint64 uid;
  return n > 0 && nz_parse_int(user, n, &uid) != NZ_INT_OK;
}

static NzBuildBase *
base_of(nonzero_scanner *self, const char *name, const NzImage *image, NzImageNeed need)
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
  else if (need <= NZ_IMAGE_CONFIG || (need == NZ_IMAGE_USER && !is_named(image->user)))
    return base; /* its layers are far away */
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
  const GPtrArray *lists[] = {self->lint.bases, self->lint.images};
  g_autoptr(GPtrArray) sources = g_ptr_array_new();
  if (!self->lint.no_images)
    nz_host_prepare_all(self->host, NULL);
  for (guint n = 0; n < G_N_ELEMENTS(lists); n++)
    for (guint i = 0; lists[n] && i + 1 < lists[n]->len; i++) {
      const char *value = strchr(lists[n]->pdata[i], '=') + 1;
      if (!nz_image_has_transport(value))
        continue;
      nz_host_prepare(self->host, value);
      if (nz_image_is_remote(value))
        g_ptr_array_add(sources, (gpointer)value);
    }
  g_ptr_array_add(sources, NULL);
  if (self->lint.registry || sources->len > 1)
    nz_scanner_start_fetch(self, (const char *const *)sources->pdata);
}

/* NULL: no engine has it. */
static NzBuildBase *
look_up(nonzero_scanner *self, const char *name, const char *source, const char *platform,
        NzImageNeed need)
{
  NzOpenOptions open = nz_scanner_open_options(self);
  g_autoptr(GPtrArray) images = g_ptr_array_new_with_free_func((GDestroyNotify)nz_image_free);
  g_autoptr(GError) error = NULL;
  gboolean found = TRUE, far = nz_image_is_remote(source), ok;
  if (platform)
    open.platform = platform;
  if (strcmp(name, source) == 0) {
    NzOpenRequest request = {.source = source, .path = source, .options = &open};
    ok = nz_engine_open(NULL, name, &request, images, &found, &error);
  } else {
    ok = nz_image_open(source, &open, images, &error);
  }
  if (!ok && !found && self->lint.registry && need != NZ_IMAGE_NOTHING) {
    g_autofree char *remote = g_strconcat("docker://", name, NULL);
    g_clear_error(&error);
    found = far = TRUE;
    ok = nz_image_open(remote, &open, images, &error);
  }
  if (!ok && !found)
    return NULL;
  if (ok && images->len > 0)
    return base_of(self, name, images->pdata[0], far ? need : NZ_IMAGE_ALL);
  NzBuildBase *base = nz_build_base_new(name);
  base->unknown = g_strdup(error ? error->message : "there is no image in it");
  return base;
}

NzBuildBase *
nz_scanner_image_base(nonzero_scanner *self, const char *name, const char *source,
                      const char *platform, NzImageNeed need)
{
  gboolean in_engines = strcmp(name, source) == 0;
  if (in_engines && self->lint.no_images)
    return NULL;
  /* One at a time: an image is read once, whoever asks for it first. */
  g_mutex_lock(&self->lint.mutex);
  nz_scanner_prepare_bases(self);
  gboolean nowhere = in_engines && !self->lint.registry && nz_host_stores(self->host)->len == 0;
  if (nowhere || (need == NZ_IMAGE_NOTHING && nz_image_is_remote(source))) {
    g_mutex_unlock(&self->lint.mutex);
    return NULL;
  }
  if (!self->lint.known)
    self->lint.known = g_hash_table_new_full(nz_str_hash, g_str_equal, g_free, free_known);
  /* What more is asked of an image later is asked anew. */
  g_autofree char *key =
      g_strdup_printf("%s %s %d", source, platform ? platform : "", self->lint.registry ? need : 0);
  gpointer known = NULL;
  if (!g_hash_table_lookup_extended(self->lint.known, key, NULL, &known)) {
    known = look_up(self, name, source, platform, need);
    g_hash_table_insert(self->lint.known, g_steal_pointer(&key), known);
  }
  NzBuildBase *copy = known ? nz_build_base_copy(known) : NULL;
  g_mutex_unlock(&self->lint.mutex);
  return copy;
}

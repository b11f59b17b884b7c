/* SPDX-License-Identifier: Apache-2.0 */
/* Base images of builds, as they lie in engines' stores, layouts and archives. */
#include <string.h>

#include "api/scanner.h"
#include "core/text.h"

/* What was learned of an image, and in answer to what. */
typedef struct {
  NzBuildBase *base; /* NULL: it is nowhere */
  NzImageNeed need;
} Known;

static void
free_known(gpointer data)
{
  Known *known = data;
  nz_build_base_free(known->base);
  g_free(known);
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

/* Opens SOURCE; *FAR: a registry has it. FALSE without an error: no engine has it. */
static gboolean
open_source(nonzero_scanner *self, const char *name, const char *source, const NzOpenOptions *open,
            gboolean *far, GPtrArray *images, GError **error)
{
  g_autoptr(GError) failed = NULL;
  gboolean found = TRUE, ok;
  *far = nz_image_is_remote(source);
  if (strcmp(name, source) == 0) {
    NzOpenRequest request = {.source = source, .path = source, .options = open};
    ok = nz_engine_open(NULL, name, &request, images, &found, &failed);
  } else {
    ok = nz_image_open(source, open, images, &failed);
  }
  if (!ok && !found && self->lint.registry && open->pull) {
    g_autofree char *remote = g_strconcat("docker://", name, NULL);
    *far = TRUE;
    return nz_image_open(remote, open, images, error);
  }
  if (!ok && found)
    g_propagate_error(error, g_steal_pointer(&failed));
  return ok;
}

static Known *
look_up(nonzero_scanner *self, const char *name, const char *source, const char *platform,
        NzImageNeed need)
{
  NzOpenOptions open = nz_scanner_open_options(self);
  g_autoptr(GPtrArray) images = g_ptr_array_new_with_free_func((GDestroyNotify)nz_image_free);
  g_autoptr(GError) error = NULL;
  Known *known = g_new0(Known, 1);
  gboolean far;
  open.pull = need != NZ_IMAGE_NOTHING;
  if (platform)
    open.platform = platform;
  gboolean ok = open_source(self, name, source, &open, &far, images, &error);
  known->need = far || (!ok && self->lint.registry) ? need : NZ_IMAGE_ALL;
  if (!ok && !error)
    return known;
  if (ok && images->len > 0) {
    known->base = base_of(self, name, images->pdata[0], known->need);
    return known;
  }
  known->need = NZ_IMAGE_ALL; /* it is not tried again */
  known->base = nz_build_base_new(name);
  known->base->unknown = g_strdup(error ? error->message : "there is no image in it");
  return known;
}

/* TRUE when KNOWN is not enough for who asks NEED of it. */
static gboolean
asks_more(const Known *known, NzImageNeed need)
{
  if (need <= known->need)
    return FALSE;
  if (!known->base)
    return TRUE;
  return !known->base->accounts_whole && (need == NZ_IMAGE_ALL || is_named(known->base->user));
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
  g_autofree char *key = g_strconcat(source, " ", platform ? platform : "", NULL);
  Known *known = g_hash_table_lookup(self->lint.known, key);
  if (!known || asks_more(known, need)) {
    known = look_up(self, name, source, platform, need);
    g_hash_table_insert(self->lint.known, g_steal_pointer(&key), known);
  }
  NzBuildBase *copy = known->base ? nz_build_base_copy(known->base) : NULL;
  g_mutex_unlock(&self->lint.mutex);
  return copy;
}

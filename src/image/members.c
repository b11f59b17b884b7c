/* SPDX-License-Identifier: Apache-2.0 */
#include "image/members.h"

#include <string.h>

#include "core/limits.h"
#include "core/text.h"
#include "rootfs/entry.h"

struct NzMembers {
  GHashTable *by_name; /* char * -> NzMember * */
};

static void
member_free(gpointer data)
{
  NzMember *m = data;
  g_free(m->link);
  g_clear_pointer(&m->json, g_bytes_unref);
  nz_layer_log_unref(m->log);
  g_free(m->digest);
  nz_layer_result_clear(&m->result);
  g_clear_error(&m->error);
  g_free(m);
}

NzMembers *
nz_members_new(void)
{
  NzMembers *self = g_new0(NzMembers, 1);
  self->by_name = g_hash_table_new_full(nz_str_hash, g_str_equal, g_free, member_free);
  return self;
}

void
nz_members_free(NzMembers *self)
{
  if (!self)
    return;
  g_hash_table_unref(self->by_name);
  g_free(self);
}

static char *
clean(const char *name)
{
  gboolean outside;
  GString *out = g_string_new(NULL);
  nz_path_clean(name, out, &outside);
  return g_string_free(out, FALSE);
}

/* Where a link leads: hard links name members, symbolic links are relative to their directory. */
static char *
link_of(const char *name, const NzTarHeader *h)
{
  if (h->type == NZ_TAR_HARDLINK)
    return clean(h->linkname);
  if (h->type != NZ_TAR_SYMLINK)
    return NULL;
  g_autofree char *dir = g_path_get_dirname(name);
  g_autofree char *joined = g_strconcat(dir, "/", h->linkname, NULL);
  return clean(h->linkname[0] == '/' ? h->linkname : joined);
}

gboolean
nz_members_add(NzMembers *self, const NzTarHeader *h, const NzMember *member, GError **error)
{
  NzMember *m = g_memdup2(member, sizeof *member);
  g_autofree char *name = clean(h->name);
  if (h->type == NZ_TAR_DIRECTORY || h->type == NZ_TAR_GLOBAL || *name == '\0') {
    member_free(m);
    return TRUE;
  }
  if (strlen(name) > NZ_PATH_MAX || strlen(h->linkname) > NZ_PATH_MAX) {
    member_free(m);
    g_set_error(error, NZ_ERROR, NZ_ERROR_LIMIT, "a member name of more than %u bytes",
                NZ_PATH_MAX);
    return FALSE;
  }
  m->is_file = h->type == NZ_TAR_FILE || h->type == NZ_TAR_CONTIGUOUS;
  m->link = link_of(name, h);
  gboolean twice = g_hash_table_contains(self->by_name, name);
  gboolean full = g_hash_table_size(self->by_name) >= NZ_ARCHIVE_MEMBERS_MAX;
  if (twice || full) {
    member_free(m);
    g_autofree char *shown = nz_printable(name, -1);
    if (twice)
      return nz_set_input(error, "the archive holds %s twice; readers take one or the other",
                          shown);
    g_set_error(error, NZ_ERROR, NZ_ERROR_LIMIT,
                "an archive of more than %u members, so it is "
                "hardly an image; a root filesystem is scanned with dir:PATH once unpacked",
                NZ_ARCHIVE_MEMBERS_MAX);
    return FALSE;
  }
  g_hash_table_insert(self->by_name, g_steal_pointer(&name), m);
  return TRUE;
}

gboolean
nz_members_check(const NzMembers *self, GError **error)
{
  GHashTableIter iter;
  gpointer key;
  g_hash_table_iter_init(&iter, self->by_name);
  while (g_hash_table_iter_next(&iter, &key, NULL)) {
    g_autofree char *parent = g_strdup(key);
    for (char *slash; (slash = strrchr(parent, '/'));) {
      *slash = '\0';
      if (!g_hash_table_contains(self->by_name, parent))
        continue;
      g_autofree char *shown = nz_printable(key, -1);
      return nz_set_input(error,
                          "the member %s lies below one that is no directory; readers "
                          "find one or another file by its name",
                          shown);
    }
  }
  return TRUE;
}

const NzMember *
nz_members_find(const NzMembers *self, const char *name, GError **error)
{
  g_autofree char *at = clean(name);
  for (guint i = 0; i < NZ_ARCHIVE_LINKS_MAX; i++) {
    const NzMember *m = g_hash_table_lookup(self->by_name, at);
    if (m && m->is_file)
      return m;
    if (!m || !m->link)
      break;
    g_free(at);
    at = g_strdup(m->link);
  }
  g_autofree char *shown = nz_printable(name, -1);
  g_set_error(error, NZ_ERROR, NZ_ERROR_INPUT,
              "%s is missing: the archive is incomplete; save or copy the image again", shown);
  return NULL;
}

gboolean
nz_member_check_size(const NzMember *m, const NzLayer *layer, GError **error)
{
  if (layer->size < 0 || (guint64)layer->size == m->size)
    return TRUE;
  return nz_set_input(error,
                      "the manifest says %" G_GINT64_FORMAT " bytes, but it has %" G_GUINT64_FORMAT,
                      layer->size, m->size);
}

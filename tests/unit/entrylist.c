/* SPDX-License-Identifier: Apache-2.0 */
/* Entries of a layer as text, one a line. */
#include "entrylist.h"

#include "core/text.h"

static const char kinds[] = "-dlhcgw";

static void
add_entry(GString *out, const NzEntry *e)
{
  g_autofree char *path = nz_printable(e->path, (gssize)e->path_len);
  g_autofree char *target = e->target ? nz_printable(e->target, -1) : NULL;
  g_autofree char *capability =
      nz_capability_is_there(&e->capability) ? nz_capability_to_text(&e->capability) : NULL;
  g_string_append_printf(out, "%c %04o %u:%u /%s%s%s", kinds[e->kind], e->mode, e->uid, e->gid,
                         path, target ? " -> " : "", target ? target : "");
  if (capability)
    g_string_append_printf(out, " [%s]", capability);
  if (e->outside)
    g_string_append(out, " outside");
  if (e->overlay_attribute)
    g_string_append(out, " overlay");
  if (e->body_kind != NZ_BODY_NONE)
    g_string_append_printf(out, " body %d", e->body_kind);
  if (e->body) {
    g_autofree char *hash = g_compute_checksum_for_bytes(G_CHECKSUM_SHA256, e->body);
    /* A package list is kept as hashes under a seed of this run. */
    g_string_append_printf(out, " %" G_GSIZE_FORMAT ":%.8s", g_bytes_get_size(e->body),
                           e->body_kind == NZ_BODY_OWNERS ? "" : hash);
  }
  g_string_append_c(out, '\n');
}

char *
entry_list(NzLayerLog *log, GError **error)
{
  g_autoptr(NzLogCursor) cursor = nz_log_cursor_new(log, FALSE);
  g_autoptr(GString) out = g_string_new(NULL);
  NzEntry entry;
  int got;
  while ((got = nz_log_cursor_next(cursor, &entry, error)) == 1)
    add_entry(out, &entry);
  return got < 0 ? NULL : g_string_free(g_steal_pointer(&out), FALSE);
}

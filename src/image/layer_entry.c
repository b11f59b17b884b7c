/* SPDX-License-Identifier: Apache-2.0 */
#include "image/layer_entry.h"

#include <string.h>

#include "core/limits.h"
#include "core/text.h"
#include "rootfs/capture.h"

void
nz_entry_writer_clear(NzEntryWriter *self)
{
  if (self->path)
    g_string_free(self->path, TRUE);
  if (self->target)
    g_string_free(self->target, TRUE);
  *self = (NzEntryWriter){0};
}

static gboolean
set_kind(const NzTarHeader *h, NzEntry *e, GError **error)
{
  switch (h->type) {
  case NZ_TAR_FILE:
  case NZ_TAR_CONTIGUOUS:
  case NZ_TAR_GNU_SPARSE:
    e->kind = NZ_ENTRY_FILE;
    return TRUE;
  case NZ_TAR_HARDLINK:
    e->kind = NZ_ENTRY_HARDLINK;
    return TRUE;
  case NZ_TAR_SYMLINK:
    e->kind = NZ_ENTRY_SYMLINK;
    return TRUE;
  case NZ_TAR_GLOBAL:
    e->kind = NZ_ENTRY_GLOBAL;
    return TRUE;
  case NZ_TAR_DIRECTORY:
    e->kind = NZ_ENTRY_DIRECTORY;
    return TRUE;
  case NZ_TAR_CHAR:
    e->kind = h->devmajor == 0 && h->devminor == 0 ? NZ_ENTRY_WHITEOUT_DEVICE : NZ_ENTRY_DEVICE;
    return TRUE;
  case NZ_TAR_BLOCK:
  case NZ_TAR_FIFO:
    e->kind = NZ_ENTRY_DEVICE;
    return TRUE;
  default: {
    g_autofree char *type = nz_printable(&h->type, 1);
    g_autofree char *name = nz_printable(h->name, -1);
    return nz_set_input(error, "%s has the tar entry type '%s', which no container runtime unpacks",
                        name, type);
  }
  }
}

static gboolean
check_length(const char *what, const char *name, gsize len, GError **error)
{
  if (len <= NZ_PATH_MAX)
    return TRUE;
  g_autofree char *shown = nz_printable(name, 80);
  g_set_error(error, NZ_ERROR, NZ_ERROR_LIMIT,
              "%s of %" G_GSIZE_FORMAT " bytes, which no system can unpack: %s...", what, len,
              shown);
  return FALSE;
}

static gboolean
set_names(NzEntryWriter *self, const NzTarHeader *h, NzEntry *e, GError **error)
{
  nz_path_clean(h->name, self->path, &e->outside);
  e->path = self->path->str;
  e->path_len = self->path->len;
  if (!check_length("a path", e->path, e->path_len, error))
    return FALSE;
  if (e->kind == NZ_ENTRY_HARDLINK) {
    gboolean ignored;
    nz_path_clean(h->linkname, self->target, &ignored);
    e->target = self->target->str;
  } else if (e->kind == NZ_ENTRY_SYMLINK) {
    e->target = h->linkname;
  }
  return !e->target || check_length("a link target", e->target, strlen(e->target), error);
}

/* Keeps the content of the few files that are needed. The body is a reference of the caller's. */
static gboolean
set_body(NzEntryWriter *self, const NzTarHeader *h, NzEntry *e, GError **error)
{
  if (e->kind != NZ_ENTRY_FILE)
    return TRUE;
  const NzCapture *capture =
      nz_capture_for(e->path, e->path_len, (guint64)h->size, self->options->wanted);
  if (!capture)
    return TRUE;
  if (h->size < 0 || (guint64)h->size > nz_capture_max(capture)) {
    e->body_kind = nz_capture_unread(capture);
    return TRUE;
  }
  g_autoptr(GError) failed = NULL;
  GBytes *content = self->read_body(self->data, h, nz_capture_max(capture), &failed);
  if (g_error_matches(failed, NZ_ERROR, NZ_ERROR_DENIED) &&
      nz_capture_unread(capture) == NZ_BODY_EXTRA) {
    e->body_kind = NZ_BODY_EXTRA; /* no verdict rests on it */
    if (self->options->incomplete)
      *self->options->incomplete = TRUE;
    return TRUE;
  }
  if (failed) {
    g_propagate_error(error, g_steal_pointer(&failed));
    return FALSE;
  }
  if (!content) {
    e->body_kind = nz_capture_unread(capture);
    return TRUE;
  }
  e->body = nz_capture_reduce(capture, e->path, content, &e->body_kind);
  return TRUE;
}

/* The permission bits that a POSIX ACL sets when it is restored (linux/posix_acl_xattr.h): le32
 * version 2, then entries of le16 tag, le16 permissions, le32 id. Podman restores it, and with it
 * a file that nobody could execute may become one that anyone can; Docker does not. The wider
 * reading counts. */
static guint16
acl_mode(const guint8 *acl, gsize len)
{
  enum { USER_OBJ = 0x01, GROUP_OBJ = 0x04, MASK = 0x10, OTHER = 0x20 };
  guint16 mode = 0;
  for (gsize at = 4; at + 8 <= len; at += 8) {
    guint tag = acl[at] | (guint)acl[at + 1] << 8;
    guint shift = tag == USER_OBJ ? 6 : tag == GROUP_OBJ || tag == MASK ? 3 : tag == OTHER ? 0 : 16;
    mode = (guint16)(mode | (guint)(acl[at + 2] & 7) << shift);
  }
  return mode & 0777;
}

gboolean
nz_entry_writer_add(NzEntryWriter *self, const NzTarHeader *h, GError **error)
{
  guint16 acl = h->acl ? acl_mode(h->acl, h->acl_len) : 0;
  NzEntry e = {.mode = (guint16)((h->mode & 07777) | acl),
               .overlay_attribute = h->overlay_attribute,
               .uid = nz_effective_id(h->uid),
               .gid = nz_effective_id(h->gid)};
  if (!set_kind(h, &e, error) || !set_names(self, h, &e, error) || !set_body(self, h, &e, error))
    return FALSE;
  G_GNUC_UNUSED g_autoptr(GBytes) body = e.body;
  if (h->capability)
    nz_capability_parse(h->capability, h->capability_len, &e.capability);
  return nz_layer_log_append(self->log, &e, error);
}

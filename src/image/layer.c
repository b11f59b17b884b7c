/* SPDX-License-Identifier: Apache-2.0 */
/* A layer's bytes -> its entries:
 *
 *   blob -> [digest] -> [gunzip | unzstd] -> [diff_id] -> tar headers -> entries
 *
 * The stack is read to its end, past the archive's last entry too, so that every checksum in it is
 * checked. */
#include <string.h>

#include "core/limits.h"
#include "core/text.h"
#include "image/compression.h"
#include "image/digest.h"
#include "image/image.h"
#include "image/segments.h"
#include "image/tar.h"
#include "rootfs/capture.h"

typedef struct {
  const NzReadOptions *options;
  NzLayerLog *log;
  GString *path, *target;
} Reader;

/* --- one header -> one entry --- */

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
set_names(Reader *self, const NzTarHeader *h, NzEntry *e, GError **error)
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
set_body(Reader *self, NzTar *tar, const NzTarHeader *h, NzEntry *e, GError **error)
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
  GBytes *content = nz_tar_read_body(tar, nz_capture_max(capture), error);
  if (!content)
    return FALSE;
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

static gboolean
read_entry(Reader *self, NzTar *tar, const NzTarHeader *h, GError **error)
{
  guint16 acl = h->acl ? acl_mode(h->acl, h->acl_len) : 0;
  NzEntry e = {.mode = (guint16)((h->mode & 07777) | acl),
               .overlay_attribute = h->overlay_attribute,
               .uid = nz_effective_id(h->uid),
               .gid = nz_effective_id(h->gid)};
  if (!set_kind(h, &e, error) || !set_names(self, h, &e, error) ||
      !set_body(self, tar, h, &e, error))
    return FALSE;
  G_GNUC_UNUSED g_autoptr(GBytes) body = e.body;
  if (h->capability)
    nz_capability_parse(h->capability, h->capability_len, &e.capability);
  return nz_layer_log_append(self->log, &e, error);
}

gboolean
nz_layer_read_entries(NzStream *stream, const NzReadOptions *options, NzLayerLog *log,
                      NzReadUntil until, gpointer data, GError **error)
{
  g_autoptr(NzTar) tar = nz_tar_new(stream);
  g_autoptr(GString) path = g_string_new(NULL), target = g_string_new(NULL);
  Reader self = {options, log, path, target};
  NzTarHeader header;
  int got = 1;
  while (!(until && until(tar, data)) && (got = nz_tar_next(tar, &header, error)) == 1)
    if (!read_entry(&self, tar, &header, error))
      return FALSE;
  return got >= 0;
}

/* --- the stack --- */

static gboolean
drain(NzStream *stream, GError **error)
{
  return nz_stream_skip(stream, G_MAXINT64, error) >= 0;
}

/* Puts a decompressor on STREAM (owned) if its first bytes ask for one. */
static NzStream *
uncompressed(NzStream *stream, gboolean has_digest, const NzReadOptions *options,
             NzLayerResult *result, GError **error)
{
  guint8 head[512];
  gssize n = nz_stream_sniff(stream, head, sizeof head, error);
  const NzCodec *codec = n < 0 ? NULL : nz_compression_detect(head, (gsize)n);
  if (codec && n == sizeof head && nz_tar_is_header(head)) {
    nz_set_input(error,
                 "it is %s data and a tar archive at once; readers take it for one or the "
                 "other",
                 codec->name);
    n = -1;
  }
  if (n < 0) {
    nz_stream_free(stream);
    return NULL;
  }
  result->compression = codec ? codec->name : NULL;
  if (!codec)
    return stream;
  NzStream *inflated = nz_inflate_stream_new(stream, codec, options->ratio, error);
  if (inflated && has_digest)
    nz_inflate_stream_skip_checksum(inflated);
  return inflated;
}

static gboolean
check_digest(NzStream *stream, const char *expected, GError **error)
{
  g_autofree char *actual = nz_digest_stream_finish(stream);
  if (strcmp(actual, expected) == 0)
    return TRUE;
  return nz_set_input(error, "wrong digest: expected %s, but the content is %s", expected, actual);
}

static const NzSegmentPlan plan = {.min = NZ_SEGMENTS_MIN, .part = NZ_SEGMENT_PART};

gboolean
nz_layer_read(NzStream *stream, guint64 size, const char *digest, const NzReadOptions *options,
              NzLayerLog *log, NzLayerResult *result, GError **error)
{
  NzStream *blob = NULL, *content = NULL; /* borrowed: both are below TOP */
  if (digest)
    stream = blob = nz_digest_stream_new(stream, digest, size);
  g_autoptr(NzStream) top = uncompressed(stream, digest != NULL, options, result, error);
  if (!top)
    return FALSE;
  if (options->verify)
    top = content = nz_digest_stream_new(g_steal_pointer(&top), "sha256:", size);

  gboolean must_drain = blob || content || result->compression;
  gboolean in_segments = !must_drain && options->spare && size >= NZ_SEGMENTS_MIN;
  g_autoptr(GError) failed = NULL;
  if (!(in_segments ? nz_segments_read(top, size, &plan, options, log, &failed)
                    : nz_layer_read_entries(top, options, log, NULL, NULL, &failed))) {
    /* A damaged blob is told by its digest, whatever its damage looks like to the readers above. */
    if (blob && g_error_matches(failed, NZ_ERROR, NZ_ERROR_INPUT) && drain(blob, NULL) &&
        !check_digest(blob, digest, error))
      return FALSE;
    g_propagate_error(error, g_steal_pointer(&failed));
    return FALSE;
  }
  if (must_drain && !drain(top, error))
    return FALSE;
  if (content)
    result->diff_id = nz_digest_stream_finish(content);
  return !blob || check_digest(blob, digest, error);
}

gboolean
nz_layer_check_diff_id(const NzLayer *layer, const NzLayerResult *result, GError **error)
{
  if (!result->diff_id || !layer->diff_id || strcmp(result->diff_id, layer->diff_id) == 0)
    return TRUE;
  return nz_set_input(error, "wrong diff_id: the configuration says %s, but the content is %s",
                      layer->diff_id, result->diff_id);
}

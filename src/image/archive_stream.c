/* SPDX-License-Identifier: Apache-2.0 */
/* An image archive on a pipe. The documents that say which members are layers, and in what order,
 * may come last (skopeo) or first (Docker), so each member is taken for what it looks like: a JSON
 * document is kept, a tar file, compressed or not, is read as a layer and its entries are kept.
 * What was wrong with a member is told when a manifest refers to it. */
#include <string.h>

#include "core/limits.h"
#include "core/text.h"
#include "image/compression.h"
#include "image/digest.h"
#include "image/members.h"
#include "image/tar.h"
#include "image/transport.h"

typedef struct {
  NzImageStore base;
  NzMembers *members;
  NzLogBudget *budget;
  gsize json_total;
} StreamStore;

static GBytes *
stream_read_json(NzImageStore *base, const char *name, GError **error)
{
  StreamStore *self = (StreamStore *)base;
  const NzMember *m = nz_members_find(self->members, name, error);
  if (!m)
    return NULL;
  if (m->error) {
    g_propagate_error(error, g_error_copy(m->error));
    return NULL;
  }
  if (!m->json) {
    nz_set_input(error, "not valid JSON");
    return NULL;
  }
  return g_bytes_ref(m->json);
}

static gboolean
stream_has(NzImageStore *base, const char *name)
{
  return nz_members_find(((StreamStore *)base)->members, name, NULL) != NULL;
}

static gboolean
stream_read_layer(NzImageStore *base, const NzLayer *layer, const NzReadOptions *options,
                  NzLayerLog *log, NzLayerResult *result, GError **error)
{
  StreamStore *self = (StreamStore *)base;
  const NzMember *m = nz_members_find(self->members, layer->name, error);
  if (!m || !nz_member_check_size(m, layer, error))
    return FALSE;
  if (m->error) {
    g_propagate_error(error, g_error_copy(m->error));
    return FALSE;
  }
  if (!m->log)
    return nz_set_input(error, "not a layer: neither a tar archive nor one compressed with gzip or "
                               "zstd");
  if (layer->digest && g_strcmp0(layer->digest, m->digest) != 0)
    return nz_set_input(error, "its name is not its digest, %s", layer->digest);
  result->compression = m->result.compression;
  result->diff_id = options->verify ? g_strdup(m->result.diff_id) : NULL;
  g_autoptr(NzLogCursor) cursor = nz_log_cursor_new(m->log, TRUE);
  NzEntry entry;
  int got;
  while ((got = nz_log_cursor_next(cursor, &entry, error)) == 1)
    if (!nz_layer_log_append(log, &entry, error))
      return FALSE;
  return got == 0;
}

static void
stream_free(NzImageStore *base)
{
  StreamStore *self = (StreamStore *)base;
  nz_members_free(self->members);
  nz_log_budget_unref(self->budget);
  g_free(self);
}

static const NzImageStoreClass stream_class = {stream_read_json, stream_has, stream_read_layer,
                                               stream_free};

/* --- taking members in --- */

typedef enum { LOOKS_LIKE_NOTHING, LOOKS_LIKE_JSON, LOOKS_LIKE_LAYER } Look;

/* A tar header may begin like JSON or like compressed data: its checksum decides. */
static Look
look_at(const guint8 head[512], gsize n)
{
  if (n == 512 && nz_tar_is_header(head))
    return LOOKS_LIKE_LAYER;
  gsize i = 0;
  while (i < n && g_ascii_isspace(head[i]))
    i++;
  if (i < n && (head[i] == '{' || head[i] == '['))
    return LOOKS_LIKE_JSON;
  gboolean zero = n == 512 && head[0] == 0 && memcmp(head, head + 1, 511) == 0;
  return n == 0 || zero || nz_compression_detect(head, n) ? LOOKS_LIKE_LAYER : LOOKS_LIKE_NOTHING;
}

static gboolean
take_json(StreamStore *self, NzStream *body, NzMember *m, GError **error)
{
  if (m->size > NZ_JSON_MAX) {
    g_set_error(&m->error, NZ_ERROR, NZ_ERROR_LIMIT, "a document of more than 4 MiB");
    return TRUE;
  }
  self->json_total += m->size;
  if (self->json_total > NZ_JSON_TOTAL_MAX) {
    g_set_error(error, NZ_ERROR, NZ_ERROR_LIMIT,
                "more than 64 MiB of documents; save the image to a file and scan that");
    return FALSE;
  }
  guint8 *data = g_malloc(m->size + 1);
  gssize got = nz_stream_read(body, data, m->size, error);
  m->json = g_bytes_new_take(data, got < 0 ? 0 : (gsize)got);
  return got >= 0;
}

static void
take_layer(StreamStore *self, NzStream *body, const char *name, NzMember *m,
           const NzReadOptions *options)
{
  g_autoptr(GString) cleaned = g_string_new(NULL);
  gboolean outside;
  nz_path_clean(name, cleaned, &outside);
  m->digest = nz_digest_of_blob_name(cleaned->str);
  m->log = nz_layer_log_new(self->budget, 0);
  nz_layer_read(body, m->size, m->digest, options, m->log, &m->result, &m->error);
  nz_layer_log_close(m->log, NULL);
}

static gboolean
take_member(StreamStore *self, NzTar *tar, NzStream *stream, const NzTarHeader *h,
            const NzReadOptions *options, GError **error)
{
  NzMember m = {0};
  if (!nz_tar_body_extent(tar, &m.offset, &m.size, error))
    return FALSE;
  gboolean is_file = h->type == NZ_TAR_FILE || h->type == NZ_TAR_CONTIGUOUS;
  if (!is_file)
    return nz_members_add(self->members, h, &m, error);
  g_autoptr(NzStream) body = nz_tar_open_body(tar);
  guint8 head[512];
  gssize n = nz_stream_sniff(body, head, sizeof head, error);
  if (n < 0)
    return FALSE;
  Look look = look_at(head, (gsize)n);
  gboolean ok = TRUE;
  if (look == LOOKS_LIKE_JSON)
    ok = take_json(self, body, &m, error);
  else if (look == LOOKS_LIKE_LAYER)
    take_layer(self, g_steal_pointer(&body), h->name, &m, options);
  guint64 end = m.offset + m.size;
  if (ok && stream->position < end)
    ok = nz_stream_skip(stream, end - stream->position, error) >= 0;
  if (ok && stream->position < end)
    ok = nz_set_input(error, "the archive is truncated, in the middle of a member");
  /* nz_members_add() takes what M owns, also when the input failed. */
  g_autoptr(GError) ignored = NULL;
  return nz_members_add(self->members, h, &m, ok ? error : &ignored) && ok;
}

NzImageStore *
nz_stream_store_new(NzStream *stream, const NzOpenOptions *options, GError **error)
{
  StreamStore *self = g_new0(StreamStore, 1);
  self->base = (NzImageStore){&stream_class, 1, FALSE, TRUE};
  self->members = nz_members_new();
  self->budget = nz_log_budget_new(NZ_LOG_STREAM_BYTES_MAX, FALSE);
  g_autoptr(NzTar) tar = nz_tar_new(stream);
  NzTarHeader header;
  int got;
  while ((got = nz_tar_next(tar, &header, error)) == 1)
    if (!take_member(self, tar, stream, &header, &options->read, error)) {
      got = -1;
      break;
    }
  /* What follows the archive is read too, so that the writer does not fail on a closed pipe, and
   * a compressed archive's checksum is checked. */
  if (got == 0 && nz_members_check(self->members, error) &&
      nz_stream_skip(stream, G_MAXINT64, error) >= 0)
    return &self->base;
  nz_image_store_unref(&self->base);
  return NULL;
}

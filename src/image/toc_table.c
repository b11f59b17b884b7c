/* SPDX-License-Identifier: Apache-2.0 */
/* The table: {"version": 1, "entries": [...]}, of any length. It is inflated and read entry by
 * entry, through a window that is no larger than the largest entry needs. */
#include <string.h>

#include "core/limits.h"
#include "core/text.h"
#include "image/digest.h"
#include "image/toc_private.h"

void
nz_toc_source_clear(NzTocSource *self)
{
  g_clear_pointer(&self->packed, g_bytes_unref);
}

/* --- the JSON as a stream --- */

typedef struct {
  NzStream *inflated;
  NzTar *tar;         /* or NULL */
  NzTarHeader header; /* of the table, in a tar archive */
  NzStream *json;     /* above both */
  gboolean hashed;    /* it hashes what passes */
} Opened;

static void
opened_clear(Opened *self)
{
  nz_stream_free(self->json);
  nz_tar_free(self->tar);
  nz_stream_free(self->inflated);
  *self = (Opened){0};
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Opened, opened_clear)

static gboolean
open_tar(Opened *self, GError **error)
{
  self->tar = nz_tar_new(self->inflated);
  int got = nz_tar_next(self->tar, &self->header, error);
  if (got < 0)
    return FALSE;
  if (got == 0 || self->header.type != NZ_TAR_FILE ||
      strcmp(self->header.name, "stargz.index.json") != 0)
    return nz_set_input(error, "where it should be, there is no stargz.index.json");
  guint64 offset, length;
  if (!nz_tar_body_extent(self->tar, &offset, &length, error))
    return FALSE;
  if (length > NZ_TOC_JSON_MAX) {
    g_set_error(error, NZ_ERROR, NZ_ERROR_LIMIT, "it has more than %u MiB",
                (guint)(NZ_TOC_JSON_MAX >> 20));
    return FALSE;
  }
  self->json = nz_tar_open_body(self->tar);
  return TRUE;
}

static gboolean
open_json(const NzTocSource *source, gboolean check, Opened *self, GError **error)
{
  gsize len;
  const void *packed = g_bytes_get_data(source->packed, &len);
  self->inflated =
      nz_inflate_stream_new(nz_memory_stream_new(packed, len), source->codec, 0, error);
  if (!self->inflated)
    return FALSE;
  if (!source->in_tar)
    self->json = nz_slice_stream_new(self->inflated, source->json_size);
  else if (!open_tar(self, error))
    return FALSE;
  self->hashed = check && source->digest;
  if (self->hashed)
    self->json = nz_digest_stream_new(self->json, source->digest, len * 4);
  return TRUE;
}

/* After the last byte of the JSON: nothing may follow, in an archive no other entry. */
static gboolean
check_end(const NzTocSource *source, Opened *self, GError **error)
{
  if (self->hashed) {
    g_autofree char *actual = nz_digest_stream_finish(self->json);
    if (strcmp(actual, source->digest) != 0)
      return nz_set_input(error, "wrong digest: expected %s, but the content is %s", source->digest,
                          actual);
  }
  g_clear_pointer(&self->json, nz_stream_free);
  const guint8 *ignored;
  NzTarHeader header;
  gssize left = self->tar ? nz_tar_next(self->tar, &header, error)
                          : nz_stream_peek(self->inflated, &ignored, error);
  if (left < 0)
    return FALSE;
  return left == 0 || nz_set_input(error, "something follows it in its place");
}

/* --- the window --- */

typedef enum { AT_START, IN_TABLE, IN_ENTRIES, AT_END } Place;

typedef struct {
  NzStream *json;
  GByteArray *window;
  gsize at; /* what is before it was read */
  NzTocVisitor *visitor;
  NzTocBuffers *buffers;
  Place place;
  gboolean past_member, past_entry; /* a comma must come before the next */
  gboolean has_version, has_entries;
} Table;

/* Puts more of the stream into the window. */
static gboolean
widen(Table *self, GError **error)
{
  const guint8 *data;
  if (self->window->len - self->at > NZ_TOC_ENTRY_MAX) {
    g_set_error(error, NZ_ERROR, NZ_ERROR_LIMIT, "an entry of more than %u MiB",
                (guint)(NZ_TOC_ENTRY_MAX >> 20));
    return FALSE;
  }
  gssize got = nz_stream_peek(self->json, &data, error);
  if (got < 0)
    return FALSE;
  if (got == 0)
    return nz_set_input(error, "it ends in the middle");
  if (self->at > 0)
    g_byte_array_remove_range(self->window, 0, (guint)self->at);
  self->at = 0;
  g_byte_array_append(self->window, data, (guint)got);
  nz_stream_take(self->json, (gsize)got);
  return TRUE;
}

/* --- one step each; FALSE without an error: no JSON, or not enough of it --- */

static gboolean
step_entry(Table *self, NzJsonCursor *cursor, GError **error)
{
  gboolean first = !self->past_entry, more;
  NzTocEntry entry;
  if (!nz_json_cursor_next(cursor, ']', &first, &more))
    return FALSE;
  self->place = more ? IN_ENTRIES : IN_TABLE;
  if (!more)
    return TRUE;
  if (!nz_toc_entry_read(cursor, self->buffers, &entry, error) ||
      !self->visitor->entry(self->visitor->data, &entry, error))
    return FALSE;
  self->past_entry = TRUE;
  return TRUE;
}

static gboolean
key_is(const NzJsonText *key, const char *want)
{
  return key->len == strlen(want) && g_ascii_strncasecmp(key->text, want, key->len) == 0;
}

static gboolean
step_member(Table *self, NzJsonCursor *cursor)
{
  gboolean first = !self->past_member, more;
  NzJsonText key;
  if (!nz_json_cursor_next(cursor, '}', &first, &more))
    return FALSE;
  if (!more) {
    self->place = AT_END;
    return TRUE;
  }
  if (!nz_json_cursor_key(cursor, &key) || key.escaped)
    return FALSE;
  if (key_is(&key, "entries")) {
    if (self->has_entries || !nz_json_cursor_take(cursor, '['))
      return FALSE;
    self->has_entries = TRUE;
    self->place = IN_ENTRIES;
  } else if (key_is(&key, "version")) {
    if (self->has_version || !nz_json_cursor_int(cursor, &self->visitor->version))
      return FALSE;
    self->has_version = TRUE;
  } else if (!nz_json_cursor_skip(cursor)) {
    return FALSE;
  }
  self->past_member = TRUE;
  return TRUE;
}

static gboolean
step(Table *self, NzJsonCursor *cursor, GError **error)
{
  if (self->place == IN_ENTRIES)
    return step_entry(self, cursor, error);
  if (self->place == IN_TABLE)
    return step_member(self, cursor);
  self->place = IN_TABLE;
  return nz_json_cursor_take(cursor, '{');
}

/* Where a step ran out of the window, it is taken again with more of the document. */
static gboolean
read_table(Table *self, GError **error)
{
  while (self->place != AT_END) {
    const char *text = (const char *)self->window->data;
    NzJsonCursor cursor = {.p = text + self->at, .end = text + self->window->len};
    Place place = self->place;
    g_autoptr(GError) failed = NULL;
    if (self->window->len > self->at && step(self, &cursor, &failed)) {
      self->at = (gsize)(cursor.p - text);
      continue;
    }
    self->place = place;
    if (failed) {
      g_propagate_error(error, g_steal_pointer(&failed));
      return FALSE;
    }
    if (self->window->len > self->at && !cursor.ran_out)
      return nz_set_input(error, "it is no JSON of this kind");
    if (!widen(self, error))
      return FALSE;
  }
  return self->has_entries || nz_set_input(error, "it has no entries");
}

static gboolean
check_rest(Table *self, GError **error)
{
  const guint8 *data = self->window->data + self->at;
  gssize n = (gssize)(self->window->len - self->at);
  do {
    for (gssize i = 0; i < n; i++)
      if (!g_ascii_isspace((char)data[i]))
        return nz_set_input(error, "more follows its end");
    if (self->json->n_ready > 0)
      nz_stream_take(self->json, self->json->n_ready);
    n = nz_stream_peek(self->json, &data, error);
  } while (n > 0);
  return n == 0;
}

gboolean
nz_toc_walk(const NzTocSource *source, gboolean check, NzTocVisitor *visitor, GError **error)
{
  g_auto(Opened) opened = {0};
  g_auto(NzTocBuffers) buffers;
  g_autoptr(GByteArray) window = g_byte_array_sized_new(2 * NZ_CHUNK_SIZE);
  nz_toc_buffers_init(&buffers);
  if (!open_json(source, check, &opened, error))
    return FALSE;
  Table table = {.json = opened.json, .window = window, .visitor = visitor, .buffers = &buffers};
  if (!read_table(&table, error) || !check_rest(&table, error))
    return FALSE;
  if (opened.tar) {
    NzTocEntry own = {.header = opened.header, .is_table = TRUE};
    if (!visitor->entry(visitor->data, &own, error))
      return FALSE;
  }
  return check_end(source, &opened, error);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* One object of a table's "entries" (stargz-snapshotter docs/estargz.md; containers/storage
 * pkg/chunked/internal):
 *
 *   {"type": "reg", "name": "usr/bin/su", "linkName", "mode", "size", "uid", "gid", "devMajor",
 *    "devMinor", "xattrs": {NAME: BASE64}, "digest", "offset", "innerOffset", "chunkOffset",
 *    "chunkSize", "chunkDigest"}
 *
 * What is left out is 0 or empty. Two keys that mean the same are refused, as in image/json.h. */
#include <string.h>

#include "core/text.h"
#include "image/digest.h"
#include "image/json.h"
#include "image/toc_private.h"

typedef enum {
  KEY_TYPE,
  KEY_NAME,
  KEY_LINKNAME,
  KEY_MODE,
  KEY_SIZE,
  KEY_UID,
  KEY_GID,
  KEY_DEVMAJOR,
  KEY_DEVMINOR,
  KEY_XATTRS,
  KEY_DIGEST,
  KEY_OFFSET,
  KEY_INNER_OFFSET,
  KEY_CHUNK_OFFSET,
  KEY_CHUNK_SIZE,
  KEY_CHUNK_DIGEST,
  N_KEYS, /* those from here on are known, and passed over */
  KEY_NONE,
} Key;

#define NAMED(name) (name), sizeof(name) - 1

static const struct {
  const char *name;
  gsize len;
  Key key;
} keys[] = {
    {NAMED("type"), KEY_TYPE},
    {NAMED("name"), KEY_NAME},
    {NAMED("linkName"), KEY_LINKNAME},
    {NAMED("mode"), KEY_MODE},
    {NAMED("size"), KEY_SIZE},
    {NAMED("uid"), KEY_UID},
    {NAMED("gid"), KEY_GID},
    {NAMED("devMajor"), KEY_DEVMAJOR},
    {NAMED("devMinor"), KEY_DEVMINOR},
    {NAMED("xattrs"), KEY_XATTRS},
    {NAMED("digest"), KEY_DIGEST},
    {NAMED("offset"), KEY_OFFSET},
    {NAMED("innerOffset"), KEY_INNER_OFFSET},
    {NAMED("chunkOffset"), KEY_CHUNK_OFFSET},
    {NAMED("chunkSize"), KEY_CHUNK_SIZE},
    {NAMED("chunkDigest"), KEY_CHUNK_DIGEST},
    {NAMED("modtime"), KEY_NONE},
    {NAMED("endOffset"), KEY_NONE},
    {NAMED("accesstime"), KEY_NONE},
    {NAMED("changetime"), KEY_NONE},
    {NAMED("userName"), KEY_NONE},
    {NAMED("groupName"), KEY_NONE},
    {NAMED("NumLink"), KEY_NONE},
    {NAMED("chunkType"), KEY_NONE},
};

static const struct {
  const char *name;
  char type; /* of tar; 0: no file */
} types[] = {
    {"reg", NZ_TAR_FILE},        {"dir", NZ_TAR_DIRECTORY},
    {"symlink", NZ_TAR_SYMLINK}, {"chunk", 0},
    {"char", NZ_TAR_CHAR},       {"hardlink", NZ_TAR_HARDLINK},
    {"block", NZ_TAR_BLOCK},     {"fifo", NZ_TAR_FIFO},
};

void
nz_toc_buffers_init(NzTocBuffers *self)
{
  GString **strings[] = {&self->type,   &self->name,         &self->linkname,
                         &self->digest, &self->chunk_digest, &self->scratch};
  for (gsize i = 0; i < G_N_ELEMENTS(strings); i++)
    *strings[i] = g_string_new(NULL);
  self->capability = g_byte_array_new();
  self->acl = g_byte_array_new();
}

void
nz_toc_buffers_clear(NzTocBuffers *self)
{
  GString *strings[] = {self->type,   self->name,         self->linkname,
                        self->digest, self->chunk_digest, self->scratch};
  for (gsize i = 0; i < G_N_ELEMENTS(strings); i++)
    g_string_free(strings[i], TRUE);
  g_byte_array_unref(self->capability);
  g_byte_array_unref(self->acl);
}

typedef struct {
  NzJsonCursor *cursor;
  NzTocBuffers *buffers;
  NzTocEntry *entry;
  guint32 seen; /* a bit for each Key */
} EntryReader;

/* --- keys --- */

static gboolean
find_key(EntryReader *self, const NzJsonText *text, Key *key)
{
  *key = KEY_NONE;
  for (gsize i = 0; i < G_N_ELEMENTS(keys); i++)
    if (keys[i].len == text->len && memcmp(keys[i].name, text->text, text->len) == 0) {
      *key = keys[i].key;
      return TRUE;
    }
  gboolean ignored = FALSE;
  if (!nz_json_text_decode(text, self->buffers->scratch, &ignored))
    return FALSE;
  for (gsize i = 0; i < G_N_ELEMENTS(keys); i++)
    if (nz_json_key_is(self->buffers->scratch->str, keys[i].name)) {
      *key = keys[i].key;
      return TRUE;
    }
  return TRUE;
}

/* --- values --- */

static gboolean
read_text(EntryReader *self, GString *out, gboolean *lossy)
{
  NzJsonText text;
  gboolean is_null;
  if (!nz_json_cursor_text(self->cursor, &text, &is_null))
    return FALSE;
  return is_null || (nz_json_text_decode(&text, out, lossy) && strlen(out->str) == out->len);
}

static gboolean
is_base64(const GString *text)
{
  gsize n = text->len;
  if (n % 4 != 0)
    return FALSE;
  for (guint pads = 0; n > 0 && pads < 2 && text->str[n - 1] == '='; pads++)
    n--;
  for (gsize i = 0; i < n; i++)
    if (!g_ascii_isalnum(text->str[i]) && text->str[i] != '+' && text->str[i] != '/')
      return FALSE;
  return TRUE;
}

static gboolean
read_bytes(EntryReader *self, GByteArray *out)
{
  GString *scratch = self->buffers->scratch;
  gboolean ignored = FALSE;
  g_string_truncate(scratch, 0);
  if (!read_text(self, scratch, &ignored) || !is_base64(scratch))
    return FALSE;
  gsize n = 0;
  if (scratch->len > 0)
    g_base64_decode_inplace(scratch->str, &n);
  g_byte_array_set_size(out, 0);
  g_byte_array_append(out, (const guint8 *)scratch->str, (guint)n);
  return TRUE;
}

/* An attribute that is empty is none: archive/tar passes over such a PAX record too. */
static gboolean
read_xattr(EntryReader *self, const NzJsonText *key)
{
  GString *name = self->buffers->scratch;
  gboolean ignored = FALSE;
  if (!nz_json_text_decode(key, name, &ignored))
    return FALSE;
  gboolean is_capability = strcmp(name->str, "security.capability") == 0;
  gboolean is_acl = strcmp(name->str, "system.posix_acl_access") == 0;
  self->entry->header.overlay_attribute |= g_str_has_prefix(name->str, "trusted.overlay.") ||
                                           g_str_has_prefix(name->str, "user.overlay.");
  if (!is_capability && !is_acl)
    return nz_json_cursor_skip(self->cursor);
  GByteArray *out = is_acl ? self->buffers->acl : self->buffers->capability;
  return out->len == 0 && read_bytes(self, out);
}

static gboolean
read_xattrs(EntryReader *self)
{
  gboolean is_null, first = TRUE, more;
  if (!nz_json_cursor_object(self->cursor, &is_null) || is_null)
    return is_null && !self->cursor->ran_out;
  while (nz_json_cursor_next(self->cursor, '}', &first, &more)) {
    NzJsonText key;
    if (!more)
      return TRUE;
    if (!nz_json_cursor_key(self->cursor, &key) || !read_xattr(self, &key))
      return FALSE;
  }
  return FALSE;
}

static gboolean
read_value(EntryReader *self, Key key)
{
  NzTocEntry *e = self->entry;
  NzTocBuffers *b = self->buffers;
  gint64 *const numbers[N_KEYS] = {
      [KEY_MODE] = &e->header.mode,
      [KEY_SIZE] = &e->header.size,
      [KEY_UID] = &e->header.uid,
      [KEY_GID] = &e->header.gid,
      [KEY_DEVMAJOR] = &e->header.devmajor,
      [KEY_DEVMINOR] = &e->header.devminor,
      [KEY_OFFSET] = &e->offset,
      [KEY_INNER_OFFSET] = &e->inner_offset,
      [KEY_CHUNK_OFFSET] = &e->chunk_offset,
      [KEY_CHUNK_SIZE] = &e->chunk_size,
  };
  GString *const strings[N_KEYS] = {
      [KEY_TYPE] = b->type,
      [KEY_NAME] = b->name,
      [KEY_LINKNAME] = b->linkname,
      [KEY_DIGEST] = b->digest,
      [KEY_CHUNK_DIGEST] = b->chunk_digest,
  };
  if (key >= N_KEYS)
    return nz_json_cursor_skip(self->cursor);
  if (numbers[key])
    return nz_json_cursor_int(self->cursor, numbers[key]);
  gboolean ignored = FALSE;
  if (strings[key])
    return read_text(self, strings[key],
                     key == KEY_NAME || key == KEY_LINKNAME ? &e->lossy : &ignored);
  return read_xattrs(self);
}

static gboolean
bad_value(EntryReader *self, const NzJsonText *key, GError **error)
{
  if (self->cursor->ran_out)
    return FALSE;
  g_autofree char *name =
      nz_printable(self->buffers->name->str, (gssize)MIN(self->buffers->name->len, 80));
  g_autofree char *shown = nz_printable(key->text, (gssize)MIN(key->len, 80));
  return nz_set_input(error, "\"%s\" of %s is not what it should be", shown,
                      *name ? name : "an entry");
}

/* --- the entry --- */

static gboolean
finish(EntryReader *self, GError **error)
{
  NzTocEntry *e = self->entry;
  NzTocBuffers *b = self->buffers;
  g_autofree char *name = NULL;
  e->header.name = b->name->str;
  e->header.linkname = b->linkname->str;
  e->header.capability = b->capability->len > 0 ? b->capability->data : NULL;
  e->header.capability_len = b->capability->len;
  e->header.acl = b->acl->len > 0 ? b->acl->data : NULL;
  e->header.acl_len = b->acl->len;
  e->digest = nz_digest_valid(b->digest->str) ? b->digest->str : NULL;
  e->chunk_digest = nz_digest_valid(b->chunk_digest->str) ? b->chunk_digest->str : NULL;
  for (gsize i = 0; i < G_N_ELEMENTS(types); i++) {
    if (strcmp(types[i].name, b->type->str) != 0)
      continue;
    e->header.type = types[i].type;
    e->is_chunk = types[i].type == 0;
    if (!e->is_chunk && !(self->seen & 1u << KEY_NAME))
      return nz_set_input(error, "an entry without a name");
    return TRUE;
  }
  g_autofree char *type = nz_printable(b->type->str, (gssize)MIN(b->type->len, 80));
  name = nz_printable(b->name->str, -1);
  return nz_set_input(error, "%s is of an unknown type, \"%s\"", name, type);
}

gboolean
nz_toc_entry_read(NzJsonCursor *cursor, NzTocBuffers *buffers, NzTocEntry *entry, GError **error)
{
  EntryReader self = {cursor, buffers, entry, 0};
  GString *strings[] = {buffers->type, buffers->name, buffers->linkname, buffers->digest,
                        buffers->chunk_digest};
  for (gsize i = 0; i < G_N_ELEMENTS(strings); i++)
    g_string_truncate(strings[i], 0);
  g_byte_array_set_size(buffers->capability, 0);
  g_byte_array_set_size(buffers->acl, 0);
  *entry = (NzTocEntry){0};

  gboolean first = TRUE, more;
  if (!nz_json_cursor_take(cursor, '{'))
    return !cursor->ran_out && nz_set_input(error, "an entry that is no object");
  while (nz_json_cursor_next(cursor, '}', &first, &more)) {
    NzJsonText text;
    Key key;
    if (!more)
      return finish(&self, error);
    if (!nz_json_cursor_key(cursor, &text) || !find_key(&self, &text, &key))
      break;
    if (key < N_KEYS && self.seen & 1u << key)
      return nz_set_input(error, "two keys that both mean \"%s\"; readers take one or the other",
                          keys[key].name);
    if (key < N_KEYS)
      self.seen |= 1u << key;
    if (!read_value(&self, key))
      return bad_value(&self, &text, error);
  }
  return !cursor->ran_out && nz_set_input(error, "an entry that is no JSON");
}

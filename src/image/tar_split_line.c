/* SPDX-License-Identifier: Apache-2.0 */
/* The lines, as Go's encoding/json writes them (vbatts/tar-split, tar/storage/entry.go):
 *
 *   line   := "{" field ("," field)* "}"          no blanks; each field once
 *   field  := "type": 1 | 2
 *           | "name": string | "name_raw": base64 of bytes that are no UTF-8
 *           | "size": number | "position": number | "payload": base64 | null
 *
 * A layer of 25,000 files has 27 MB of them, nearly all of it base64 of zeros: so no general JSON
 * reader, no copy, and zeros in great steps. Anything else than this grammar is refused. */
#include "image/tar_split_line.h"

#include <string.h>

/* --- base64 --- */

#define INVALID 0x80

static const guint8 *
base64_values(void)
{
  static guint8 values[256];
  static gsize ready;
  if (g_once_init_enter(&ready)) {
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    memset(values, INVALID, sizeof values);
    for (guint i = 0; i < 64; i++)
      values[(guint8)alphabet[i]] = (guint8)i;
    g_once_init_leave(&ready, 1);
  }
  return values;
}

/* 32 characters that stand for 24 bytes of zero. */
static inline gboolean
is_zero_run(const char *text)
{
  static const char zeros[] = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
  return memcmp(text, zeros, 32) == 0;
}

/* The last group, which may be short. FALSE unless it is in its one right form. */
static gboolean
last_group(const char *text, guint8 *out, gsize *n)
{
  const guint8 *v = base64_values();
  const guint8 *p = (const guint8 *)text;
  if ((v[p[0]] | v[p[1]]) & INVALID || p[3] != '=')
    return FALSE;
  out[0] = (guint8)(v[p[0]] << 2 | v[p[1]] >> 4);
  *n = 1;
  if (p[2] == '=')
    return (v[p[1]] & 0x0f) == 0;
  if (v[p[2]] & INVALID || v[p[2]] & 0x03)
    return FALSE;
  out[1] = (guint8)(v[p[1]] << 4 | v[p[2]] >> 2);
  *n = 2;
  return TRUE;
}

/* The base64 at TEXT, up to a quote before END, into OUT, which has room for 3/4 of it and 8 more.
 * Returns where the quote is, or NULL. */
static const char *
base64_decode(const char *text, const char *end, guint8 *out, gsize *n)
{
  const guint8 *v = base64_values();
  guint8 *to = out;
  for (;;) {
    while (end - text >= 32 && is_zero_run(text)) {
      memset(to, 0, 24);
      text += 32;
      to += 24;
    }
    if (end - text < 4 || *text == '"')
      break;
    const guint8 *p = (const guint8 *)text;
    guint a = v[p[0]], b = v[p[1]], c = v[p[2]], d = v[p[3]];
    if ((a | b | c | d) & INVALID) {
      gsize short_n;
      if (!last_group(text, to, &short_n))
        return NULL;
      to += short_n;
      text += 4;
      break;
    }
    guint32 bytes = a << 18 | b << 12 | c << 6 | d;
    to[0] = (guint8)(bytes >> 16);
    to[1] = (guint8)(bytes >> 8);
    to[2] = (guint8)bytes;
    text += 4;
    to += 3;
  }
  *n = (gsize)(to - out);
  return text < end && *text == '"' ? text : NULL;
}

/* --- CRC-64 --- */

/* Tables for eight bytes at a time: [k][b] is what byte B does K bytes further on. */
static guint64 crc_tables[8][256];

static void
make_crc_tables(void)
{
  const guint64 polynomial = 0xd800000000000000; /* ISO 3309's, reflected */
  for (guint b = 0; b < 256; b++) {
    guint64 crc = b;
    for (guint i = 0; i < 8; i++)
      crc = crc & 1 ? crc >> 1 ^ polynomial : crc >> 1;
    crc_tables[0][b] = crc;
  }
  for (guint k = 1; k < 8; k++)
    for (guint b = 0; b < 256; b++) {
      guint64 before = crc_tables[k - 1][b];
      crc_tables[k][b] = crc_tables[0][before & 0xff] ^ before >> 8;
    }
}

guint64
nz_crc64(guint64 crc, const guint8 *data, gsize n)
{
  static gsize ready;
  if (g_once_init_enter(&ready)) {
    make_crc_tables();
    g_once_init_leave(&ready, 1);
  }
  crc = ~crc;
  for (; n >= 8; n -= 8, data += 8) {
    guint64 word;
    memcpy(&word, data, sizeof word);
    crc ^= GUINT64_FROM_LE(word);
    guint64 next = 0;
    for (guint k = 0; k < 8; k++)
      next ^= crc_tables[7 - k][crc >> 8 * k & 0xff];
    crc = next;
  }
  for (; n > 0; n--, data++)
    crc = crc_tables[0][(crc ^ *data) & 0xff] ^ crc >> 8;
  return ~crc;
}

/* --- a line --- */

typedef struct {
  NzSplitLine *line;
  const char *at, *end;
  guint64 type, position;
  gboolean has_payload;
} Scanner;

void
nz_split_line_init(NzSplitLine *self)
{
  *self = (NzSplitLine){.name = g_string_new(NULL)};
}

void
nz_split_line_clear(NzSplitLine *self)
{
  g_string_free(self->name, TRUE);
  g_free(self->raw);
}

static gboolean
take(Scanner *self, const char *literal, gsize n)
{
  if ((gsize)(self->end - self->at) < n || memcmp(self->at, literal, n) != 0)
    return FALSE;
  self->at += n;
  return TRUE;
}
#define TAKE(self, literal) take((self), literal, sizeof(literal) - 1)

static gboolean
read_number(Scanner *self, guint64 *value)
{
  const char *start = self->at;
  guint64 sum = 0;
  for (; self->at < self->end && g_ascii_isdigit(*self->at); self->at++) {
    guint digit = (guint)(*self->at - '0');
    if (sum > ((guint64)G_MAXINT64 - digit) / 10)
      return FALSE;
    sum = sum * 10 + digit;
  }
  gsize n = (gsize)(self->at - start);
  *value = sum;
  return n > 0 && (n == 1 || *start != '0');
}

static gboolean
read_hex4(Scanner *self, gunichar *value)
{
  *value = 0;
  if (self->end - self->at < 4)
    return FALSE;
  for (guint i = 0; i < 4; i++) {
    int digit = g_ascii_xdigit_value(*self->at++);
    if (digit < 0)
      return FALSE;
    *value = *value << 4 | (gunichar)digit;
  }
  return TRUE;
}

/* After "\u". A NUL is in no file's name, and half a pair is no character. */
static gboolean
read_code_point(Scanner *self)
{
  gunichar c, low;
  if (!read_hex4(self, &c))
    return FALSE;
  if (c >= 0xd800 && c < 0xdc00) {
    if (!TAKE(self, "\\u") || !read_hex4(self, &low) || low < 0xdc00 || low > 0xdfff)
      return FALSE;
    c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
  }
  if (c == 0 || (c >= 0xdc00 && c <= 0xdfff))
    return FALSE;
  g_string_append_unichar(self->line->name, c);
  return TRUE;
}

static gboolean
read_escape(Scanner *self)
{
  static const char escapes[] = "\"\\/bfnrt", means[] = "\"\\/\b\f\n\r\t";
  if (self->at == self->end)
    return FALSE;
  char c = *self->at++;
  if (c == 'u')
    return read_code_point(self);
  const char *found = c ? strchr(escapes, c) : NULL;
  if (found)
    g_string_append_c(self->line->name, means[found - escapes]);
  return found != NULL;
}

static gboolean
read_name(Scanner *self)
{
  GString *name = self->line->name;
  if (!TAKE(self, "\""))
    return FALSE;
  for (;;) {
    const char *start = self->at;
    while (self->at < self->end && *self->at != '"' && *self->at != '\\' &&
           (guint8)*self->at >= 0x20)
      self->at++;
    g_string_append_len(name, start, self->at - start);
    if (TAKE(self, "\""))
      return g_utf8_validate(name->str, (gssize)name->len, NULL);
    if (!TAKE(self, "\\") || !read_escape(self))
      return FALSE;
  }
}

/* Base64 between quotes into OUT, which is made to have room for it. */
static gboolean
read_base64(Scanner *self, guint8 **out, gsize *room, gsize *n)
{
  gsize need = (gsize)(self->end - self->at) / 4 * 3 + 8;
  if (!TAKE(self, "\""))
    return FALSE;
  if (need > *room) {
    g_free(*out);
    *out = g_malloc(need);
    *room = need;
  }
  const char *quote = base64_decode(self->at, self->end, *out, n);
  if (quote)
    self->at = quote + 1;
  return quote != NULL;
}

static gboolean
read_raw_name(Scanner *self)
{
  g_autofree guint8 *bytes = NULL;
  gsize room = 0, n;
  if (!read_base64(self, &bytes, &room, &n) || !bytes || n == 0 || memchr(bytes, 0, n))
    return FALSE;
  g_string_append_len(self->line->name, (const char *)bytes, (gssize)n);
  return TRUE;
}

static gboolean
read_payload(Scanner *self)
{
  NzSplitLine *line = self->line;
  self->has_payload = !TAKE(self, "null");
  return !self->has_payload || read_base64(self, &line->raw, &line->raw_room, &line->n_raw);
}

typedef enum { TYPE, NAME, NAME_RAW, SIZE, PAYLOAD, POSITION } Field;

static const struct {
  const char *key;
  gsize len;
} fields[] = {
#define KEY(text)                                                                                  \
  {                                                                                                \
    "\"" text "\":", sizeof("\"" text "\":") - 1                                                   \
  }
    [TYPE] = KEY("type"), [NAME] = KEY("name"),       [NAME_RAW] = KEY("name_raw"),
    [SIZE] = KEY("size"), [PAYLOAD] = KEY("payload"), [POSITION] = KEY("position"),
};

static gboolean
read_value(Scanner *self, Field field)
{
  switch (field) {
  case TYPE:
    return read_number(self, &self->type);
  case NAME:
    return read_name(self);
  case NAME_RAW:
    return read_raw_name(self);
  case SIZE:
    return read_number(self, &self->line->size);
  case PAYLOAD:
    return read_payload(self);
  case POSITION:
    return read_number(self, &self->position);
  }
  return FALSE;
}

/* *SEEN gets a bit for each field. */
static gboolean
read_fields(Scanner *self, guint *seen)
{
  *seen = 0;
  if (!TAKE(self, "{"))
    return FALSE;
  do {
    guint field = 0;
    while (field < G_N_ELEMENTS(fields) && !take(self, fields[field].key, fields[field].len))
      field++;
    if (field == G_N_ELEMENTS(fields) || *seen & 1u << field || !read_value(self, field))
      return FALSE;
    *seen |= 1u << field;
  } while (TAKE(self, ","));
  return TAKE(self, "}") && self->at == self->end;
}

#define BIT(field) (1u << (field))

/* A body has a name and, unless it is empty, a checksum; raw bytes have neither name nor size. */
static gboolean
is_consistent(const Scanner *self, guint seen)
{
  const guint needed = BIT(TYPE) | BIT(PAYLOAD) | BIT(POSITION), names = BIT(NAME) | BIT(NAME_RAW);
  if ((seen & needed) != needed || (seen & names) == names)
    return FALSE;
  if (self->type == NZ_SPLIT_RAW)
    return !(seen & (names | BIT(SIZE)));
  return self->type == NZ_SPLIT_BODY && self->line->n_raw == (self->line->size > 0 ? 8 : 0);
}

gboolean
nz_split_line_parse(NzSplitLine *line, const char *text, gsize len, guint64 position,
                    GError **error)
{
  Scanner self = {.line = line, .at = text, .end = text + len};
  guint seen;
  g_string_truncate(line->name, 0);
  line->size = 0;
  line->n_raw = 0;
  if (!read_fields(&self, &seen) || !is_consistent(&self, seen))
    return nz_set_input(error, "not what tar-split writes, at byte %" G_GSIZE_FORMAT,
                        (gsize)(self.at - text));
  if (self.position != position)
    return nz_set_input(error, "its position is %" G_GUINT64_FORMAT ": lines are missing or moved",
                        self.position);
  line->type = (NzSplitType)self.type;
  if (line->type == NZ_SPLIT_BODY && line->n_raw == 8) {
    memcpy(&line->crc, line->raw, sizeof line->crc);
    line->crc = GUINT64_FROM_BE(line->crc);
  }
  return TRUE;
}

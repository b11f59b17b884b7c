/* SPDX-License-Identifier: Apache-2.0 */
#include "support.h"

#include <string.h>

#include "image/compression.h"

void
assert_holds(const char *text, const char *what)
{
  if (text && strstr(text, what))
    return;
  g_autofree char *shown = g_strescape(text ? text : "(null)", NULL);
  g_error("\"%s\" does not say \"%s\"", shown, what);
}

void
assert_error_says(GError **error, NzError code, const char *what)
{
  g_assert_error(*error, NZ_ERROR, (gint)code);
  assert_holds((*error)->message, what);
  g_assert_true(g_utf8_validate((*error)->message, -1, NULL));
  g_clear_error(error);
}

void
assert_bytes(GBytes *actual, const void *want, gsize len)
{
  g_assert_nonnull(actual);
  g_assert_cmpuint(g_bytes_get_size(actual), ==, len);
  g_assert_true(len == 0 || memcmp(g_bytes_get_data(actual, NULL), want, len) == 0);
}

/* --- streams --- */

typedef struct {
  NzStream base;
  const guint8 *data;
  gsize len, step;
  guint8 *piece;
} DribbleStream;

static gssize
dribble_next(NzStream *base, const guint8 **data, GError **error G_GNUC_UNUSED)
{
  DribbleStream *self = (DribbleStream *)base;
  gsize n = MIN(self->step, self->len);
  g_free(self->piece);
  self->piece = g_memdup2(self->data, n);
  self->data += n;
  self->len -= n;
  *data = self->piece;
  return (gssize)n;
}

static void
dribble_free(NzStream *base)
{
  DribbleStream *self = (DribbleStream *)base;
  g_free(self->piece);
  g_free(self);
}

static const NzStreamClass dribble_class = {.next = dribble_next, .free = dribble_free};

NzStream *
dribble_stream_new(const void *data, gsize len, gsize step)
{
  DribbleStream *self = g_new0(DribbleStream, 1);
  nz_stream_init(&self->base, &dribble_class);
  self->data = data;
  self->len = len;
  self->step = step;
  return &self->base;
}

GBytes *
read_all(NzStream *owned, GError **error)
{
  g_autoptr(NzStream) stream = owned;
  g_autoptr(GByteArray) out = g_byte_array_new();
  for (;;) {
    const guint8 *data;
    gssize got = nz_stream_peek(stream, &data, error);
    if (got < 0)
      return NULL;
    if (got == 0)
      return g_byte_array_free_to_bytes(g_steal_pointer(&out));
    g_byte_array_append(out, data, (guint)got);
    nz_stream_take(stream, (gsize)got);
  }
}

GBytes *
unpacked_data(const char *name)
{
  g_autofree char *path = g_test_build_filename(G_TEST_DIST, "..", "data", name, NULL);
  g_autofree char *packed = NULL;
  gsize len;
  g_autoptr(GError) error = NULL;
  g_file_get_contents(path, &packed, &len, &error);
  g_assert_no_error(error);
  NzStream *stream =
      nz_inflate_stream_new(nz_memory_stream_new(packed, len), &nz_codec_gzip, 0, &error);
  GBytes *bytes = read_all(stream, &error);
  g_assert_no_error(error);
  return bytes;
}

guint8 *
noise(gsize len, guint32 seed)
{
  g_autoptr(GRand) rand = g_rand_new_with_seed(seed);
  guint8 *data = g_malloc(len + 4);
  for (gsize i = 0; i < len; i += 4) {
    guint32 word = g_rand_int(rand);
    memcpy(data + i, &word, sizeof word);
  }
  return data;
}

/* --- tar archives --- */

static void
put_text(guint8 *block, guint at, guint len, const char *text)
{
  if (text)
    memcpy(block + at, text, MIN(strlen(text), len));
}

static void
put_octal(guint8 *block, guint at, guint len, guint64 value)
{
  g_autofree char *text = g_strdup_printf("%0*" G_GINT64_MODIFIER "o", (int)len - 1, value);
  g_assert_cmpuint(strlen(text), <, len);
  memcpy(block + at, text, len);
}

static void
seal(guint8 block[512])
{
  guint sum = 0;
  memset(block + 148, ' ', 8);
  for (guint i = 0; i < 512; i++)
    sum += block[i];
  put_octal(block, 148, 7, sum);
}

void
tar_add(GByteArray *out, const TarEntry *e)
{
  guint8 block[512] = {0};
  gsize body_len = e->body_len || !e->body ? e->body_len : strlen(e->body);
  put_text(block, 0, 100, e->name);
  put_octal(block, 100, 8, e->mode);
  put_octal(block, 108, 8, e->uid);
  put_octal(block, 116, 8, e->gid);
  put_octal(block, 124, 12, e->size ? (guint64)e->size : body_len);
  put_octal(block, 136, 12, 0);
  block[156] = (guint8)(e->type ? e->type : '0');
  put_text(block, 157, 100, e->link);
  memcpy(block + 257, e->magic ? e->magic : TAR_USTAR, 8);
  for (guint i = 0; i < G_N_ELEMENTS(e->patch); i++)
    if (e->patch[i].bytes)
      memcpy(block + e->patch[i].at, e->patch[i].bytes, e->patch[i].len);
  seal(block);
  g_byte_array_append(out, block, sizeof block);
  if (body_len == 0)
    return;
  static const guint8 zeros[512];
  g_byte_array_append(out, (const guint8 *)e->body, (guint)body_len);
  g_byte_array_append(out, zeros, (guint)(-body_len & 511));
}

void
tar_end(GByteArray *out)
{
  static const guint8 zeros[1024];
  g_byte_array_append(out, zeros, sizeof zeros);
}

void
pax_record(GString *records, const char *key, const char *value, gsize value_len)
{
  gsize rest = strlen(key) + value_len + 3; /* " ", "=", "\n" */
  gsize len = rest + 1;
  for (;;) {
    g_autofree char *digits = g_strdup_printf("%" G_GSIZE_FORMAT, len);
    if (strlen(digits) + rest == len)
      break;
    len = strlen(digits) + rest;
  }
  g_string_append_printf(records, "%" G_GSIZE_FORMAT " %s=", len, key);
  g_string_append_len(records, value, (gssize)value_len);
  g_string_append_c(records, '\n');
}

void
tar_pax(GByteArray *out, int type, ...)
{
  g_autoptr(GString) records = g_string_new(NULL);
  va_list args;
  va_start(args, type);
  for (const char *key; (key = va_arg(args, const char *));) {
    const char *value = va_arg(args, const char *);
    pax_record(records, key, value, strlen(value));
  }
  va_end(args);
  TAR(out, .name = "pax", .type = (char)type, .body = records->str, .body_len = records->len);
}

void
tar_pax_raw(GByteArray *out, const char *records, gsize len)
{
  TAR(out, .name = "pax", .type = 'x', .body = records, .body_len = len);
}

void
tar_long(GByteArray *out, char type, const char *text)
{
  TAR(out, .name = "././@LongLink", .type = type, .magic = TAR_GNU, .body = text,
      .body_len = strlen(text) + 1);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Compressed streams: many members and frames, in pieces of any size, and every way to be broken.
 */
#include "image/compression.h"

#include <string.h>
#include <zlib.h>
#include <zstd.h>

#include "core/limits.h"
#include "support.h"

/* --- compressors --- */

/* Appends one gzip member. */
static void
add_member(GByteArray *out, const void *data, gsize len, int level)
{
  z_stream z = {0};
  g_assert_cmpint(deflateInit2(&z, level, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), ==, Z_OK);
  gsize bound = deflateBound(&z, len);
  gsize at = out->len;
  g_byte_array_set_size(out, (guint)(at + bound));
  z.next_in = (Bytef *)data;
  z.avail_in = (uInt)len;
  z.next_out = out->data + at;
  z.avail_out = (uInt)bound;
  g_assert_cmpint(deflate(&z, Z_FINISH), ==, Z_STREAM_END);
  g_byte_array_set_size(out, (guint)(at + z.total_out));
  deflateEnd(&z);
}

static void
add_frame(GByteArray *out, const void *data, gsize len)
{
  gsize bound = ZSTD_compressBound(len);
  gsize at = out->len;
  g_byte_array_set_size(out, (guint)(at + bound));
  gsize n = ZSTD_compress(out->data + at, bound, data, len, 3);
  g_assert_false(ZSTD_isError(n));
  g_byte_array_set_size(out, (guint)(at + n));
}

static void
add_skippable(GByteArray *out, guint nibble, guint8 len)
{
  guint8 head[8] = {(guint8)(0x50 | nibble), 0x2a, 0x4d, 0x18, len, 0, 0, 0};
  g_byte_array_append(out, head, sizeof head);
  for (guint i = 0; i < len; i++)
    g_byte_array_append(out, (const guint8 *)"?", 1);
}

/* Text that compresses as text does: words out of noise. */
static GBytes *
words(gsize len, guint32 seed)
{
  static const char *const table[] = {"root ", "setuid ", "layer ", "whiteout ", "\n", "0755 "};
  g_autoptr(GRand) rand = g_rand_new_with_seed(seed);
  GString *out = g_string_new(NULL);
  while (out->len < len)
    g_string_append(out, table[g_rand_int(rand) % G_N_ELEMENTS(table)]);
  g_string_truncate(out, len);
  return g_string_free_to_bytes(out);
}

/* --- helpers --- */

static GBytes *
inflate_in_steps(const GByteArray *packed, const NzCodec *codec, gsize step, gboolean unchecked,
                 GError **error)
{
  NzStream *stream =
      nz_inflate_stream_new(dribble_stream_new(packed->data, packed->len, step), codec, 0, error);
  if (stream && unchecked)
    nz_inflate_stream_skip_checksum(stream);
  return stream ? read_all(stream, error) : NULL;
}

static void
assert_inflates(const GByteArray *packed, const NzCodec *codec, gsize step, GBytes *want)
{
  for (guint unchecked = 0; unchecked <= 1; unchecked++) {
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) got = inflate_in_steps(packed, codec, step, unchecked, &error);
    g_assert_no_error(error);
    assert_bytes(got, g_bytes_get_data(want, NULL), g_bytes_get_size(want));
  }
}

static void
assert_corrupt(const GByteArray *packed, const NzCodec *codec, gsize step, const char *what)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GBytes) got = inflate_in_steps(packed, codec, step, FALSE, &error);
  g_assert_null(got);
  assert_error_says(&error, NZ_ERROR_INPUT, what);
}

/* DATA cut into members of sizes that grow, an empty one among them. */
static GByteArray *
many_members(GBytes *data)
{
  GByteArray *out = g_byte_array_new();
  gsize len;
  const guint8 *p = g_bytes_get_data(data, &len);
  for (gsize i = 0, size = 1; i < len; i += size, size += 37) {
    add_member(out, p + i, MIN(size, len - i), (int)(i % 10));
    if (size == 75)
      add_member(out, "", 0, 6);
  }
  return out;
}

static GByteArray *
many_frames(GBytes *data)
{
  GByteArray *out = g_byte_array_new();
  gsize len;
  const guint8 *p = g_bytes_get_data(data, &len);
  add_skippable(out, 0, 3);
  for (gsize i = 0, size = 1; i < len; i += size, size += 37) {
    add_frame(out, p + i, MIN(size, len - i));
    add_skippable(out, (guint)(i % 16), (guint8)(i % 7));
  }
  return out;
}

/* --- detection --- */

static const struct {
  const char *bytes;
  gsize len;
  const char *name;
} magics[] = {
    {"\x1f\x8b\x08\x00\x00\x00", 6, "gzip"},
    {"\x28\xb5\x2f\xfd\x00\x00", 6, "zstd"},
    {"\x50\x2a\x4d\x18\x00\x00", 6, "zstd"},
    {"\x5f\x2a\x4d\x18\x00\x00", 6, "zstd"},
    {"BZh91A", 6, "bzip2"},
    {"\xfd"
     "7zXZ\0",
     6, "xz"},
    {"\x1f\x8b", 2, NULL},
    {"\x1f\x8b\x07\x00\x00\x00", 6, NULL},
    {"\x60\x2a\x4d\x18\x00\x00", 6, NULL},
    {"usr/bi", 6, NULL},
    {"", 0, NULL},
};

static void
test_compressions_are_known_by_content(void)
{
  for (gsize i = 0; i < G_N_ELEMENTS(magics); i++) {
    const NzCodec *codec = nz_compression_detect((const guint8 *)magics[i].bytes, magics[i].len);
    g_assert_cmpstr(codec ? codec->name : NULL, ==, magics[i].name);
  }
}

static void
test_compressions_that_are_not_read_say_what_to_do(void)
{
  g_autoptr(GError) error = NULL;
  const NzCodec *xz = nz_compression_detect((const guint8 *)"\xfd"
                                                            "7zXZ\0",
                                            6);
  g_assert_null(nz_inflate_stream_new(nz_memory_stream_new("", 0), xz, 0, &error));
  assert_error_says(&error, NZ_ERROR_INPUT, "skopeo copy");
}

/* --- whole --- */

static void
test_gzip_members_in_pieces_of_any_size(void)
{
  g_autoptr(GBytes) data = words(20000, 1);
  g_autoptr(GByteArray) packed = many_members(data);
  for (gsize step = 1; step <= 20; step++)
    assert_inflates(packed, &nz_codec_gzip, step, data);
  assert_inflates(packed, &nz_codec_gzip, NZ_CHUNK_SIZE, data);
}

static void
test_zstd_frames_in_pieces_of_any_size(void)
{
  g_autoptr(GBytes) data = words(20000, 2);
  g_autoptr(GByteArray) packed = many_frames(data);
  for (gsize step = 1; step <= 20; step++)
    assert_inflates(packed, &nz_codec_zstd, step, data);
  assert_inflates(packed, &nz_codec_zstd, NZ_CHUNK_SIZE, data);
}

/* Output that fills the buffer exactly, or by one byte more or less, where a member ends. */
static void
test_members_that_end_where_the_buffer_does(void)
{
  static const int around[] = {-2, -1, 0, 1, 2};
  static const gsize steps[] = {1, 7, 8, 9, 4096};
  for (gsize i = 0; i < G_N_ELEMENTS(around); i++) {
    gsize first = (gsize)((gssize)NZ_CHUNK_SIZE + around[i]);
    g_autoptr(GBytes) data = words(first + 1000, 7);
    const guint8 *p = g_bytes_get_data(data, NULL);
    g_autoptr(GByteArray) gzip = g_byte_array_new(), zstd = g_byte_array_new();
    add_member(gzip, p, first, 6);
    add_member(gzip, p + first, 1000, 6);
    add_frame(zstd, p, first);
    add_frame(zstd, p + first, 1000);
    for (gsize s = 0; s < G_N_ELEMENTS(steps); s++) {
      assert_inflates(gzip, &nz_codec_gzip, steps[s], data);
      assert_inflates(zstd, &nz_codec_zstd, steps[s], data);
    }
  }
}

static void
test_large_data_comes_through(void)
{
  gsize len = 3 * NZ_CHUNK_SIZE + 5;
  g_autoptr(GBytes) data = g_bytes_new_take(noise(len, 9), len);
  g_autoptr(GByteArray) gzip = g_byte_array_new(), zstd = g_byte_array_new();
  add_member(gzip, g_bytes_get_data(data, NULL), len, 0);
  add_frame(zstd, g_bytes_get_data(data, NULL), len);
  assert_inflates(gzip, &nz_codec_gzip, 1000, data);
  assert_inflates(zstd, &nz_codec_zstd, 1000, data);
}

/* --- broken --- */

/* What a cut must give: the members before it, if it lies between two, or an error. */
static void
cut_everywhere(const GByteArray *packed, const NzCodec *codec, const gsize *ends, gsize n_ends)
{
  for (guint i = 2; i < 2 * packed->len; i++) {
    guint cut = i / 2; /* with the checksum and without */
    GByteArray part = {packed->data, cut};
    gboolean between = FALSE;
    for (gsize e = 0; e < n_ends; e++)
      between |= ends[e] == cut;
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) got = inflate_in_steps(&part, codec, 1 + cut % 19, i % 2, &error);
    if (between) {
      g_assert_no_error(error);
    } else {
      g_assert_null(got);
      assert_error_says(&error, NZ_ERROR_INPUT, "truncated");
    }
  }
}

static void
test_gzip_truncated_at_every_byte_is_an_error(void)
{
  g_autoptr(GBytes) data = words(700, 4);
  const guint8 *p = g_bytes_get_data(data, NULL);
  g_autoptr(GByteArray) packed = g_byte_array_new();
  add_member(packed, p, 300, 6);
  gsize end = packed->len;
  add_member(packed, p + 300, 400, 6);
  cut_everywhere(packed, &nz_codec_gzip, &end, 1);
}

static void
test_zstd_truncated_at_every_byte_is_an_error(void)
{
  g_autoptr(GBytes) data = words(700, 5);
  const guint8 *p = g_bytes_get_data(data, NULL);
  g_autoptr(GByteArray) packed = g_byte_array_new();
  gsize ends[2];
  add_frame(packed, p, 300);
  ends[0] = packed->len;
  add_skippable(packed, 5, 40);
  ends[1] = packed->len;
  add_frame(packed, p + 300, 400);
  cut_everywhere(packed, &nz_codec_zstd, ends, 2);
}

static void
test_garbage_behind_the_last_member_is_an_error(void)
{
  static const char *const garbage[] = {"x", "garbage behind", "\x1f\x8b\x07 and so on, and on"};
  static const gsize steps[] = {1, 3, 4096};
  for (gsize i = 0; i < G_N_ELEMENTS(garbage); i++)
    for (gsize s = 0; s < G_N_ELEMENTS(steps); s++) {
      g_autoptr(GByteArray) gzip = g_byte_array_new(), zstd = g_byte_array_new();
      add_member(gzip, "data", 4, 6);
      add_frame(zstd, "data", 4);
      g_byte_array_append(gzip, (const guint8 *)garbage[i], (guint)strlen(garbage[i]));
      g_byte_array_append(zstd, (const guint8 *)garbage[i], (guint)strlen(garbage[i]));
      assert_corrupt(gzip, &nz_codec_gzip, steps[s], "the gzip data is");
      assert_corrupt(zstd, &nz_codec_zstd, steps[s], "the zstd data is");
    }
}

static void
test_a_wrong_crc_or_length_is_an_error(void)
{
  g_autoptr(GBytes) data = words(500, 6);
  for (guint back = 1; back <= 8; back++)
    for (gsize step = 1; step <= 9; step++) {
      g_autoptr(GByteArray) packed = g_byte_array_new();
      add_member(packed, g_bytes_get_data(data, NULL), 500, 6);
      packed->data[packed->len - back] ^= 0x40;
      assert_corrupt(packed, &nz_codec_gzip, step, "the gzip data is corrupt");
    }
}

/* Any byte may be wrong: an error, or data, but never a read or a loop without end. */
static void
flip_every_byte(const NzCodec *codec, void (*add)(GByteArray *, const void *, gsize))
{
  g_autoptr(GBytes) data = words(400, 8);
  g_autoptr(GByteArray) packed = g_byte_array_new();
  add(packed, g_bytes_get_data(data, NULL), 400);
  add(packed, g_bytes_get_data(data, NULL), 200);
  for (guint i = 0; i < packed->len; i++)
    for (guint bit = 0; bit < 8; bit++) {
      packed->data[i] ^= (guint8)(1 << bit);
      g_autoptr(GError) error = NULL;
      g_autoptr(GBytes) got = inflate_in_steps(packed, codec, 1 + (i + bit) % 64, bit % 2, &error);
      g_assert_true((got == NULL) == (error != NULL));
      packed->data[i] ^= (guint8)(1 << bit);
    }
}

static void
add_default_member(GByteArray *out, const void *data, gsize len)
{
  add_member(out, data, len, 6);
}

static void
test_gzip_with_any_bit_flipped_ends(void)
{
  flip_every_byte(&nz_codec_gzip, add_default_member);
}

static void
test_zstd_with_any_bit_flipped_ends(void)
{
  flip_every_byte(&nz_codec_zstd, add_frame);
}

/* --- bombs --- */

/* A frame of zeros that no compressor would make: run-length blocks, four bytes for 128 KiB each.
 */
static GByteArray *
zeros(guint64 n_blocks)
{
  static const guint8 head[] = {0x28, 0xb5, 0x2f, 0xfd, 0, 7 << 3};
  static const guint8 run[] = {0x02, 0x00, 0x10, 0}, last[] = {0x03, 0x00, 0x10, 0};
  GByteArray *out = g_byte_array_new();
  g_byte_array_append(out, head, sizeof head);
  while (--n_blocks > 0)
    g_byte_array_append(out, run, sizeof run);
  g_byte_array_append(out, last, sizeof last);
  return out;
}

static gint64
inflated_size(const GByteArray *packed, guint ratio, GError **error)
{
  g_autoptr(NzStream) stream = nz_inflate_stream_new(
      nz_memory_stream_new(packed->data, packed->len), &nz_codec_zstd, ratio, error);
  return nz_stream_skip(stream, G_MAXINT64, error);
}

#define BLOCKS_OVER_FREE (NZ_BOMB_FREE / NZ_CHUNK_SIZE + 64)

static void
test_a_bomb_is_an_error_past_what_is_free(void)
{
  g_autoptr(GByteArray) packed = zeros(BLOCKS_OVER_FREE);
  g_autoptr(GError) error = NULL;
  g_assert_cmpint(inflated_size(packed, 250, &error), ==, -1);
  assert_error_says(&error, NZ_ERROR_LIMIT, "decompression bomb");
}

static void
test_what_is_free_is_no_bomb(void)
{
  g_autoptr(GByteArray) packed = zeros(NZ_BOMB_FREE / NZ_CHUNK_SIZE / 8);
  g_autoptr(GError) error = NULL;
  g_assert_cmpint(inflated_size(packed, 250, &error), ==, (gint64)NZ_BOMB_FREE / 8);
  g_assert_no_error(error);
}

static void
test_a_ratio_of_0_allows_all(void)
{
  g_autoptr(GByteArray) packed = zeros(BLOCKS_OVER_FREE);
  g_autoptr(GError) error = NULL;
  g_assert_cmpint(inflated_size(packed, 0, &error), ==, (gint64)(BLOCKS_OVER_FREE * NZ_CHUNK_SIZE));
  g_assert_no_error(error);
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
#define ADD(name, func) g_test_add_func("/compression/" name, func)
  ADD("known-by-content", test_compressions_are_known_by_content);
  ADD("not-read-says-what-to-do", test_compressions_that_are_not_read_say_what_to_do);
  ADD("gzip-members-in-pieces-of-any-size", test_gzip_members_in_pieces_of_any_size);
  ADD("zstd-frames-in-pieces-of-any-size", test_zstd_frames_in_pieces_of_any_size);
  ADD("members-that-end-where-the-buffer-does", test_members_that_end_where_the_buffer_does);
  ADD("large-data-comes-through", test_large_data_comes_through);
  ADD("gzip-truncated-at-every-byte", test_gzip_truncated_at_every_byte_is_an_error);
  ADD("zstd-truncated-at-every-byte", test_zstd_truncated_at_every_byte_is_an_error);
  ADD("garbage-behind-the-last-member", test_garbage_behind_the_last_member_is_an_error);
  ADD("a-wrong-crc-or-length", test_a_wrong_crc_or_length_is_an_error);
  ADD("gzip-with-any-bit-flipped-ends", test_gzip_with_any_bit_flipped_ends);
  ADD("zstd-with-any-bit-flipped-ends", test_zstd_with_any_bit_flipped_ends);
  ADD("a-bomb-is-an-error-past-what-is-free", test_a_bomb_is_an_error_past_what_is_free);
  ADD("what-is-free-is-no-bomb", test_what_is_free_is_no_bomb);
  ADD("a-ratio-of-0-allows-all", test_a_ratio_of_0_allows_all);
  return g_test_run();
}

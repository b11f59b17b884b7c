/* SPDX-License-Identifier: Apache-2.0 */
/* tar-split: the archive comes out byte for byte, bodies are opened only when they are read, and
 * anything but what tar-split writes is refused. */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/limits.h"
#include "image/tar.h"
#include "image/tar_split.h"
#include "image/tar_split_line.h"
#include "support.h"

/* An archive, and the lines that tar-split would keep of it. */
typedef struct {
  GByteArray *archive;
  GString *lines;
  guint position;
  GHashTable *files; /* name -> GBytes */
  guint n_opened;
} Kit;

static void
kit_init(Kit *self)
{
  *self = (Kit){.archive = g_byte_array_new(),
                .lines = g_string_new(NULL),
                .files = g_hash_table_new_full(g_str_hash, g_str_equal, g_free,
                                               (GDestroyNotify)g_bytes_unref)};
}

static void
kit_clear(Kit *self)
{
  g_byte_array_unref(self->archive);
  g_string_free(self->lines, TRUE);
  g_hash_table_unref(self->files);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Kit, kit_clear)

static void
add_raw(Kit *self, const void *data, gsize n)
{
  g_autofree char *text = g_base64_encode(data, n);
  g_string_append_printf(self->lines, "{\"type\":2,\"payload\":\"%s\",\"position\":%u}\n", text,
                         self->position++);
  g_byte_array_append(self->archive, data, (guint)n);
}

/* A line for a body of SIZE; PRINTED is its name field. Nothing goes into the archive. */
static void
add_body_line(Kit *self, const char *printed, gsize size, const void *content)
{
  guint64 crc = GUINT64_TO_BE(nz_crc64(0, content, size));
  g_autofree char *sum = g_base64_encode((const guchar *)&crc, sizeof crc);
  if (size == 0)
    g_string_append_printf(self->lines, "{\"type\":1,%s,\"payload\":null,\"position\":%u}\n",
                           printed, self->position++);
  else
    g_string_append_printf(self->lines,
                           "{\"type\":1,%s,\"size\":%" G_GSIZE_FORMAT
                           ",\"payload\":\"%s\",\"position\":%u}\n",
                           printed, size, sum, self->position++);
}

static void
add_content(Kit *self, const char *name, const void *content, gsize size)
{
  g_hash_table_insert(self->files, g_strdup(name), g_bytes_new(content, size));
}

/* A whole entry whose header is plain. PAD: of the body before. Returns the padding of this one. */
static gsize
add_file(Kit *self, const char *name, const void *content, gsize size, gsize pad)
{
  g_autoptr(GByteArray) entry = g_byte_array_new();
  g_autofree char *printed = g_strdup_printf("\"name\":\"%s\"", name);
  static const guint8 zeros[512];
  g_byte_array_append(entry, zeros, (guint)pad);
  TAR(entry, .name = name, .mode = 0644, .body = "x", .body_len = 1, .size = (gint64)size);
  add_raw(self, entry->data, pad + 512);
  add_body_line(self, printed, size, content);
  g_byte_array_append(self->archive, content, (guint)size);
  add_content(self, name, content, size);
  return -size & 511;
}

static void
add_end(Kit *self, gsize pad)
{
  static const guint8 zeros[512 + 1024];
  add_raw(self, zeros, pad + 1024);
  add_raw(self, "", 0);
}

static int
open_body(gpointer data, const char *name, guint64 size, GError **error)
{
  Kit *self = data;
  GBytes *bytes = g_hash_table_lookup(self->files, name);
  self->n_opened++;
  g_assert_cmpuint(size, >, 0);
  if (!bytes) {
    nz_set_input(error, "no such body");
    return -1;
  }
  int fd = memfd_create("body", MFD_CLOEXEC);
  gsize n;
  const void *content = g_bytes_get_data(bytes, &n);
  g_assert_cmpint(write(fd, content, n), ==, (gssize)n);
  return fd;
}

static NzStream *
open_kit(Kit *self, gsize step)
{
  NzStream *json = dribble_stream_new(self->lines->str, self->lines->len, step);
  return nz_tar_split_stream_new(json, open_body, self, NULL);
}

static void
assert_whole(Kit *self)
{
  static const gsize steps[] = {1, 7, 512, 100000};
  for (guint i = 0; i < G_N_ELEMENTS(steps); i++) {
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) out = read_all(open_kit(self, steps[i]), &error);
    g_assert_no_error(error);
    assert_bytes(out, self->archive->data, self->archive->len);
  }
}

/* --- what comes out --- */

static void
test_the_archive_comes_out_byte_for_byte(void)
{
  g_auto(Kit) kit;
  kit_init(&kit);
  g_autofree guint8 *large = noise(300000, 1);
  gsize pad = add_file(&kit, "a", "abc", 3, 0);
  pad = add_file(&kit, "empty", "", 0, pad);
  pad = add_file(&kit, "block", large, 512, pad);
  pad = add_file(&kit, "large", large, 300000, pad);
  add_end(&kit, pad);
  assert_whole(&kit);
  g_assert_cmpuint(kit.n_opened, ==, 4 * 3);
}

static void
test_bodies_are_read_in_large_pieces_too(void)
{
  g_auto(Kit) kit;
  kit_init(&kit);
  g_autofree guint8 *large = noise(300000, 2), *out = g_malloc(400000);
  add_end(&kit, add_file(&kit, "large", large, 300000, 0));
  g_autoptr(NzStream) stream = open_kit(&kit, 1000);
  g_assert_cmpint(nz_stream_read(stream, out, 400000, NULL), ==, (gssize)kit.archive->len);
  g_assert_cmpmem(out, kit.archive->len, kit.archive->data, kit.archive->len);
}

static void
test_what_is_skipped_is_not_opened(void)
{
  g_auto(Kit) kit;
  kit_init(&kit);
  gsize pad = add_file(&kit, "gone", "abc", 3, 0);
  pad = add_file(&kit, "there", "defg", 4, pad);
  add_end(&kit, pad);
  g_hash_table_remove(kit.files, "gone");
  g_autoptr(NzStream) stream = open_kit(&kit, 64);
  g_autoptr(NzTar) tar = nz_tar_new(stream);
  NzTarHeader h;
  g_assert_cmpint(nz_tar_next(tar, &h, NULL), ==, 1);
  g_assert_cmpstr(h.name, ==, "gone");
  g_assert_cmpint(nz_tar_next(tar, &h, NULL), ==, 1);
  g_assert_cmpstr(h.name, ==, "there");
  g_autoptr(GBytes) body = nz_tar_read_body(tar, 100, NULL);
  assert_bytes(body, "defg", 4);
  g_assert_cmpint(nz_tar_next(tar, &h, NULL), ==, 0);
  g_assert_cmpuint(kit.n_opened, ==, 1);
}

static void
test_skipping_crosses_lines_and_ends_at_the_end(void)
{
  for (gsize skipped = 0; skipped <= 2600; skipped += 65) {
    g_auto(Kit) kit;
    kit_init(&kit);
    add_end(&kit, add_file(&kit, "a", "abcde", 5, 0));
    g_autoptr(NzStream) stream = open_kit(&kit, 100);
    guint8 one;
    g_assert_cmpint(nz_stream_read(stream, &one, 1, NULL), ==, 1);
    gsize there = MIN(skipped, kit.archive->len - 1);
    g_assert_cmpint(nz_stream_skip(stream, skipped, NULL), ==, (gint64)there);
    gssize got = nz_stream_read(stream, &one, 1, NULL);
    g_assert_cmpint(got, ==, there + 1 < kit.archive->len);
    if (got == 1)
      g_assert_cmpint(one, ==, kit.archive->data[there + 1]);
  }
}

/* --- entries whose body is not what its line says --- */

static void
test_a_link_with_a_size_has_no_body(void)
{
  g_auto(Kit) kit;
  kit_init(&kit);
  g_autoptr(GByteArray) link = g_byte_array_new();
  TAR(link, .name = "link", .type = '1', .link = "a", .size = 5);
  add_raw(&kit, link->data, 512);
  g_string_append_printf(kit.lines,
                         "{\"type\":1,\"name\":\"link\",\"size\":5,\"payload\":\"AAAAAAAAAAA=\","
                         "\"position\":%u}\n",
                         kit.position++);
  add_end(&kit, add_file(&kit, "a", "abc", 3, 0));
  assert_whole(&kit);
}

static void
test_a_sparse_file_gives_what_is_between_its_holes(void)
{
  static const char map[] = "00000000000\00000000000001\0"
                            "00000010000\00000000000002\0";
  g_auto(Kit) kit;
  kit_init(&kit);
  guint8 content[8192] = "A";
  memcpy(content + 4096, "BB", 2);
  g_autoptr(GByteArray) old = g_byte_array_new();
  TAR(old, .name = "f", .type = 'S', .magic = TAR_GNU, .size = 3, .body = "ABB",
      .patch = {{386, map, 48}, {483, "00000020000", 11}});
  add_raw(&kit, old->data, 512);
  add_body_line(&kit, "\"name\":\"f\"", sizeof content, content);
  g_byte_array_append(kit.archive, (const guint8 *)"ABB", 3);
  add_content(&kit, "f", content, sizeof content);
  add_end(&kit, add_file(&kit, "next", "abc", 3, 509));
  assert_whole(&kit);
}

static void
test_extended_headers_count(void)
{
  g_auto(Kit) kit;
  kit_init(&kit);
  g_autoptr(GByteArray) entry = g_byte_array_new();
  tar_pax(entry, 'x', "size", "3", "path", "long", NULL);
  TAR(entry, .name = "short", .body = "abc", .size = 8);
  add_raw(&kit, entry->data, entry->len - 512);
  add_body_line(&kit, "\"name\":\"long\"", 3, "abc");
  g_byte_array_append(kit.archive, (const guint8 *)"abc", 3);
  add_content(&kit, "long", "abc", 3);
  add_end(&kit, 509);
  assert_whole(&kit);
}

static void
test_a_size_that_its_header_denies_is_an_error(void)
{
  g_auto(Kit) kit;
  g_autoptr(GError) error = NULL;
  kit_init(&kit);
  g_autoptr(GByteArray) entry = g_byte_array_new();
  TAR(entry, .name = "a", .body = "abc");
  add_raw(&kit, entry->data, 512);
  add_body_line(&kit, "\"name\":\"a\"", 4, "abcd");
  g_assert_null(read_all(open_kit(&kit, 100), &error));
  assert_error_says(&error, NZ_ERROR_INPUT, "line 2: its size is not what its header says");
}

/* --- names --- */

static void
test_names_are_bytes(void)
{
  static const struct {
    const char *printed, *name;
  } names[] = {
      {"\"name\":\"a/b c\"", "a/b c"},
      {"\"name\":\"q\\\"b\\\\s\\/\\n\\t\\u0001\\u003c\"", "q\"b\\s/\n\t\001<"},
      {"\"name\":\"\xc3\xa4\\u00e4\\ud83d\\ude00\"", "\xc3\xa4\xc3\xa4\xf0\x9f\x98\x80"},
      {"\"name_raw\":\"/2E=\"", "\xff\x61"},
  };
  for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
    g_auto(Kit) kit;
    kit_init(&kit);
    g_autoptr(GByteArray) entry = g_byte_array_new();
    TAR(entry, .name = names[i].name, .body = "abc");
    add_raw(&kit, entry->data, 512);
    add_body_line(&kit, names[i].printed, 3, "abc");
    g_byte_array_append(kit.archive, (const guint8 *)"abc", 3);
    add_content(&kit, names[i].name, "abc", 3);
    add_end(&kit, 509);
    assert_whole(&kit);
  }
}

/* --- what is refused --- */

static void
test_other_lines_than_tar_splits_are_refused(void)
{
  static const char *const lines[] = {
      "",
      "{}",
      "null",
      "{\"type\":2,\"payload\":\"\"}",
      "{\"type\":2,\"position\":0}",
      "{\"type\":3,\"payload\":\"\",\"position\":0}",
      "{\"type\":2,\"payload\":\"\",\"position\":0} ",
      "{\"type\":2,\"payload\":\"\",\"position\":0},",
      "{\"type\": 2,\"payload\":\"\",\"position\":0}",
      "{\"type\":2,\"payload\":\"\",\"position\":0,\"other\":1}",
      "{\"type\":2,\"type\":2,\"payload\":\"\",\"position\":0}",
      "{\"type\":2,\"payload\":\"\",\"position\":00}",
      "{\"type\":2,\"payload\":\"\",\"position\":-0}",
      "{\"type\":2,\"payload\":\"A\",\"position\":0}",
      "{\"type\":2,\"payload\":\"AAA\",\"position\":0}",
      "{\"type\":2,\"payload\":\"AA==AAAA\",\"position\":0}",
      "{\"type\":2,\"payload\":\"A===\",\"position\":0}",
      "{\"type\":2,\"payload\":\"AB==\",\"position\":0}",
      "{\"type\":2,\"payload\":\"AAB=\",\"position\":0}",
      "{\"type\":2,\"payload\":\"AA=A\",\"position\":0}",
      "{\"type\":2,\"payload\":\"A-_A\",\"position\":0}",
      "{\"type\":2,\"payload\":\"AAAA",
      "{\"type\":2,\"payload\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
      "{\"type\":2,\"size\":1,\"payload\":\"\",\"position\":0}",
      "{\"type\":2,\"name\":\"a\",\"payload\":\"\",\"position\":0}",
      "{\"type\":1,\"name\":\"a\",\"name_raw\":\"/w==\",\"payload\":null,\"position\":0}",
      "{\"type\":1,\"name\":\"a\",\"size\":-1,\"payload\":null,\"position\":0}",
      "{\"type\":1,\"name\":\"a\",\"size\":9223372036854775808,\"payload\":null,\"position\":0}",
      "{\"type\":1,\"name\":\"a\",\"size\":3,\"payload\":null,\"position\":0}",
      "{\"type\":1,\"name\":\"a\",\"size\":3,\"payload\":\"AAAA\",\"position\":0}",
      "{\"type\":1,\"name\":\"a\",\"payload\":\"AAAAAAAAAAA=\",\"position\":0}",
      "{\"type\":1,\"name\":\"\\u0000\",\"payload\":null,\"position\":0}",
      "{\"type\":1,\"name\":\"\\ud800\",\"payload\":null,\"position\":0}",
      "{\"type\":1,\"name\":\"\\ud800\\u0041\",\"payload\":null,\"position\":0}",
      "{\"type\":1,\"name\":\"\\udc00\",\"payload\":null,\"position\":0}",
      "{\"type\":1,\"name\":\"\\x41\",\"payload\":null,\"position\":0}",
      "{\"type\":1,\"name\":\"\x01\",\"payload\":null,\"position\":0}",
      "{\"type\":1,\"name\":\"\xff\",\"payload\":null,\"position\":0}",
      "{\"type\":1,\"name_raw\":\"AA==\",\"payload\":null,\"position\":0}",
      "{\"type\":1,\"name\":\"a",
      "{\"type\":1,\"name\":\"a\\",
      "{\"type\":1,\"name\":\"a\\u00",
  };
  for (guint i = 0; i < G_N_ELEMENTS(lines); i++) {
    g_auto(Kit) kit;
    g_autoptr(GError) error = NULL;
    kit_init(&kit);
    g_string_append_printf(kit.lines, "%s\n", lines[i]);
    g_assert_null(read_all(open_kit(&kit, 1000), &error));
    assert_error_says(&error, NZ_ERROR_INPUT, "tar-split, line 1: not what tar-split writes");
  }
}

static void
test_lines_count_up(void)
{
  g_auto(Kit) kit;
  g_autoptr(GError) error = NULL;
  kit_init(&kit);
  add_raw(&kit, "a", 1);
  kit.position++;
  add_raw(&kit, "b", 1);
  g_assert_null(read_all(open_kit(&kit, 1000), &error));
  assert_error_says(&error, NZ_ERROR_INPUT, "line 2: its position is 2");
}

static void
test_a_last_line_without_an_end_is_cut_off(void)
{
  g_auto(Kit) kit;
  g_autoptr(GError) error = NULL;
  kit_init(&kit);
  add_raw(&kit, "abc", 3);
  g_string_truncate(kit.lines, kit.lines->len - 1);
  g_assert_null(read_all(open_kit(&kit, 1000), &error));
  assert_error_says(&error, NZ_ERROR_INPUT, "line 1: cut off");
}

static void
test_no_line_is_no_archive(void)
{
  g_auto(Kit) kit;
  g_autoptr(GError) error = NULL;
  kit_init(&kit);
  g_assert_null(read_all(open_kit(&kit, 1000), &error));
  assert_error_says(&error, NZ_ERROR_INPUT, "it is empty");
}

static void
test_a_line_has_a_limit(void)
{
  g_auto(Kit) kit;
  g_autoptr(GError) error = NULL;
  kit_init(&kit);
  g_autofree guint8 *large = noise(NZ_TAR_SPLIT_LINE_MAX, 3);
  add_raw(&kit, large, NZ_TAR_SPLIT_LINE_MAX);
  g_assert_null(read_all(open_kit(&kit, 128 * 1024), &error));
  assert_error_says(&error, NZ_ERROR_LIMIT, "line 1: more than 8 MiB");
}

static void
test_a_body_without_a_header_is_an_error(void)
{
  g_auto(Kit) kit;
  g_autoptr(GError) error = NULL;
  kit_init(&kit);
  gsize pad = add_file(&kit, "a", "abc", 3, 0);
  add_body_line(&kit, "\"name\":\"b\"", 3, "abc");
  g_assert_cmpuint(pad, >, 0);
  g_assert_null(read_all(open_kit(&kit, 1000), &error));
  assert_error_says(&error, NZ_ERROR_INPUT, "line 3: a file without a header");
}

static void
test_a_body_after_the_end_is_an_error(void)
{
  g_auto(Kit) kit;
  g_autoptr(GError) error = NULL;
  kit_init(&kit);
  add_end(&kit, 0);
  add_body_line(&kit, "\"name\":\"b\"", 3, "abc");
  g_assert_null(read_all(open_kit(&kit, 1000), &error));
  assert_error_says(&error, NZ_ERROR_INPUT, "a file after the end of the archive");
}

/* --- bodies that are not what they were --- */

static void
assert_changed(const char *content, const char *what)
{
  g_auto(Kit) kit;
  g_autoptr(GError) error = NULL;
  kit_init(&kit);
  add_end(&kit, add_file(&kit, "etc/passwd", "abcdefghijkl", 12, 0));
  add_content(&kit, "etc/passwd", content, strlen(content));
  g_assert_null(read_all(open_kit(&kit, 1000), &error));
  assert_error_says(&error, NZ_ERROR_INPUT, what);
}

static void
test_a_changed_body_is_found(void)
{
  assert_changed("abcdefghijkL", "etc/passwd is not the file of the image any more: its content");
  assert_changed("abcdefghijk", "its size has changed");
  assert_changed("abcdefghijklm", "its size has changed");
}

static int
open_directory(gpointer data G_GNUC_UNUSED, const char *name G_GNUC_UNUSED,
               guint64 size G_GNUC_UNUSED, GError **error G_GNUC_UNUSED)
{
  return dup(0);
}

static void
test_a_body_that_is_no_file_is_an_error(void)
{
  g_auto(Kit) kit;
  g_autoptr(GError) error = NULL;
  kit_init(&kit);
  add_end(&kit, add_file(&kit, "a", "abc", 3, 0));
  int ends[2];
  g_assert_cmpint(pipe(ends), ==, 0);
  int saved = dup(0);
  dup2(ends[0], 0);
  NzStream *json = dribble_stream_new(kit.lines->str, kit.lines->len, 1000);
  g_assert_null(read_all(nz_tar_split_stream_new(json, open_directory, NULL, NULL), &error));
  dup2(saved, 0);
  close(saved);
  close(ends[0]);
  close(ends[1]);
  assert_error_says(&error, NZ_ERROR_INPUT, "no regular file");
}

static void
test_a_cancelled_reader_stops(void)
{
  g_auto(Kit) kit;
  g_autoptr(GError) error = NULL;
  kit_init(&kit);
  add_end(&kit, 0);
  NzControl control = {.cancelled = 1};
  NzStream *json = dribble_stream_new(kit.lines->str, kit.lines->len, 1000);
  g_assert_null(read_all(nz_tar_split_stream_new(json, open_body, &kit, &control), &error));
  g_assert_error(error, NZ_ERROR, NZ_ERROR_CANCELLED);
}

/* CRC-64/GO-ISO's check value, and the same in pieces. */
static void
test_the_checksum_is_gos(void)
{
  const guint8 *digits = (const guint8 *)"123456789";
  g_assert_cmphex(nz_crc64(0, digits, 9), ==, 0xb90956c775a41001);
  g_assert_cmphex(nz_crc64(nz_crc64(0, digits, 2), digits + 2, 7), ==, 0xb90956c775a41001);
  g_assert_cmphex(nz_crc64(0, digits, 0), ==, 0);
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
#define ADD(name, func) g_test_add_func("/tar-split/" name, func)
  ADD("the-archive-comes-out-byte-for-byte", test_the_archive_comes_out_byte_for_byte);
  ADD("bodies-are-read-in-large-pieces-too", test_bodies_are_read_in_large_pieces_too);
  ADD("what-is-skipped-is-not-opened", test_what_is_skipped_is_not_opened);
  ADD("skipping-crosses-lines-and-ends-at-the-end",
      test_skipping_crosses_lines_and_ends_at_the_end);
  ADD("a-link-with-a-size-has-no-body", test_a_link_with_a_size_has_no_body);
  ADD("a-sparse-file-gives-what-is-between-its-holes",
      test_a_sparse_file_gives_what_is_between_its_holes);
  ADD("extended-headers-count", test_extended_headers_count);
  ADD("a-size-that-its-header-denies-is-an-error", test_a_size_that_its_header_denies_is_an_error);
  ADD("names-are-bytes", test_names_are_bytes);
  ADD("other-lines-than-tar-splits-are-refused", test_other_lines_than_tar_splits_are_refused);
  ADD("lines-count-up", test_lines_count_up);
  ADD("a-last-line-without-an-end-is-cut-off", test_a_last_line_without_an_end_is_cut_off);
  ADD("no-line-is-no-archive", test_no_line_is_no_archive);
  ADD("a-line-has-a-limit", test_a_line_has_a_limit);
  ADD("a-body-without-a-header-is-an-error", test_a_body_without_a_header_is_an_error);
  ADD("a-body-after-the-end-is-an-error", test_a_body_after_the_end_is_an_error);
  ADD("a-changed-body-is-found", test_a_changed_body_is_found);
  ADD("a-body-that-is-no-file-is-an-error", test_a_body_that_is_no_file_is_an_error);
  ADD("a-cancelled-reader-stops", test_a_cancelled_reader_stops);
  ADD("the-checksum-is-gos", test_the_checksum_is_gos);
  return g_test_run();
}

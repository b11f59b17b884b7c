/* SPDX-License-Identifier: Apache-2.0 */
/* Tar headers, as archive/tar reads them: blocks, numbers, types, names, ends. What extended
 * headers change is in test_pax.c, holes are in test_tar_sparse.c. */
#include <string.h>

#include "image/tar_private.h"
#include "tarlist.h"

#define PATCH(where, text)                                                                         \
  {                                                                                                \
    .at = (where), .bytes = (text), .len = sizeof(text) - 1                                        \
  }

/* --- types --- */

static void
build_types(GByteArray *out)
{
  TAR(out, .name = "file", .mode = 0644, .uid = 1, .gid = 2, .body = "abc");
  TAR(out, .name = "hard", .type = '1', .link = "file");
  TAR(out, .name = "soft", .type = '2', .link = "/etc/x", .mode = 0777);
  TAR(out, .name = "char", .type = '3', .patch = {PATCH(329, "0000001"), PATCH(337, "0000003")});
  TAR(out, .name = "block", .type = '4', .patch = {PATCH(329, "0000010"), PATCH(337, "0000000")});
  TAR(out, .name = "dir/", .type = '5', .mode = 0755);
  TAR(out, .name = "fifo", .type = '6');
  TAR(out, .name = "contiguous", .type = '7', .body = "x");
  TAR(out, .name = "unknown", .type = 'Z', .body = "x");
  tar_end(out);
}

/* A type of NUL is a file, or a directory when the name ends with a slash. */
static void
build_old_types(GByteArray *out)
{
  TAR(out, .name = "file", .patch = {PATCH(156, "\0")}, .body = "x");
  TAR(out, .name = "dir/", .patch = {PATCH(156, "\0")});
  TAR(out, .name = "not-dir/", .type = '0');
  tar_end(out);
}

/* Links, devices, directories and fifos have no body, whatever their size says. */
static void
build_header_only(GByteArray *out)
{
  for (char type = '1'; type <= '6'; type++)
    TAR(out, .name = "n", .type = type, .link = "l", .size = 4096);
  TAR(out, .name = "after");
  tar_end(out);
}

static void
build_global(GByteArray *out)
{
  tar_pax(out, 'g', "path", "elsewhere", "uid", "7", NULL);
  TAR(out, .name = "a");
  tar_end(out);
}

/* --- numbers --- */

static void
build_base256(GByteArray *out)
{
  TAR(out, .name = "2^31", .patch = {PATCH(108, "\x80\0\0\0\x80\0\0\0")});
  TAR(out, .name = "2^32", .patch = {PATCH(108, "\x80\0\0\x01\0\0\0\0")});
  TAR(out, .name = "minus", .patch = {PATCH(108, "\xff\xff\xff\xff\xff\xff\xff\xff")});
  TAR(out, .name = "size", .patch = {PATCH(124, "\x80\0\0\0\0\0\0\0\0\0\0\0")});
  tar_end(out);
}

static void
build_base256_overflow(GByteArray *out)
{
  TAR(out, .name = "a", .patch = {PATCH(124, "\x80\0\0\0\x80\0\0\0\0\0\0\0")});
}

static void
build_negative_size(GByteArray *out)
{
  TAR(out, .name = "a", .patch = {PATCH(124, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff")});
}

static void
build_negative_size_of_directory(GByteArray *out)
{
  TAR(out, .name = "d/", .type = '5',
      .patch = {PATCH(124, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff")});
  tar_end(out);
}

/* NULs and spaces around the digits; an empty field is 0; what follows a NUL is not looked at. */
static void
build_octal(GByteArray *out)
{
  TAR(out, .name = "spaces", .patch = {PATCH(100, "  644 \0 ")});
  TAR(out, .name = "nuls",
      .patch = {PATCH(100, "\0\0\0"
                           "755\0\0")});
  TAR(out, .name = "empty", .patch = {PATCH(100, "\0\0\0\0\0\0\0\0")});
  TAR(out, .name = "full", .patch = {PATCH(100, "00004755")});
  TAR(out, .name = "behind", .patch = {PATCH(100, "644\0junk")});
  tar_end(out);
}

static void
build_not_octal(GByteArray *out)
{
  TAR(out, .name = "a", .patch = {PATCH(100, "0000648\0")});
}

static void
build_minus_in_octal(GByteArray *out)
{
  TAR(out, .name = "a", .patch = {PATCH(108, "-000001\0")});
}

static void
build_bad_mtime(GByteArray *out)
{
  TAR(out, .name = "a", .patch = {PATCH(136, "not a number")});
}

/* V7 headers have no device fields, so rubbish there is none. */
static void
build_v7(GByteArray *out)
{
  TAR(out, .name = "a", .magic = TAR_V7, .mode = 04755,
      .patch = {PATCH(329, "rubbish!"), PATCH(345, "prefix")});
  tar_end(out);
}

static void
build_bad_device(GByteArray *out)
{
  TAR(out, .name = "a", .patch = {PATCH(329, "rubbish!")});
}

/* --- checksums --- */

static void
build_signed_checksum(GByteArray *out)
{
  TAR(out, .name = "\xff\xff");
  gint sum = 0;
  for (guint i = 0; i < 512; i++)
    sum += i >= 148 && i < 156 ? ' ' : (gint8)out->data[i];
  g_autofree char *text = g_strdup_printf("%06o", sum);
  memcpy(out->data + 148, text, 7);
  tar_end(out);
}

static void
build_wrong_checksum(GByteArray *out)
{
  TAR(out, .name = "a");
  out->data[0] = 'b';
}

/* --- names --- */

static void
build_prefixes(GByteArray *out)
{
  TAR(out, .name = "name", .patch = {PATCH(345, "prefix/of")});
  TAR(out, .name = "star", .patch = {PATCH(345, "p"), PATCH(508, "tar\0")});
  TAR(out, .name = "gnu", .magic = TAR_GNU, .patch = {PATCH(345, "00000000000\0")});
  TAR(out, .name = "go1.8", .magic = TAR_GNU, .patch = {PATCH(345, "not a time")});
  TAR(out, .name = "bytes", .magic = TAR_GNU, .patch = {PATCH(345, "no \xc3\xa4 time")});
  tar_end(out);
}

static void
build_full_fields(GByteArray *out)
{
  g_autofree char *name = g_strnfill(100, 'n'), *link = g_strnfill(100, 'l');
  TAR(out, .name = name, .type = '2', .link = link);
  tar_end(out);
}

static void
build_bytes(GByteArray *out)
{
  TAR(out, .name = "\xff\xfe\n");
  TAR(out, .name = "");
  tar_end(out);
}

/* --- ends --- */

static void
build_empty(GByteArray *out)
{
  tar_end(out);
}

static void
build_nothing(GByteArray *out G_GNUC_UNUSED)
{
}

static void
build_without_end(GByteArray *out)
{
  TAR(out, .name = "a", .body = "x");
}

static void
build_one_zero_block(GByteArray *out)
{
  TAR(out, .name = "a");
  tar_end(out);
  g_byte_array_set_size(out, out->len - 512);
}

static void
build_zero_block_then_data(GByteArray *out)
{
  build_one_zero_block(out);
  TAR(out, .name = "b");
  tar_end(out);
}

static void
build_after_the_end(GByteArray *out)
{
  TAR(out, .name = "a");
  tar_end(out);
  TAR(out, .name = "b");
}

static void
build_cut_header(GByteArray *out)
{
  TAR(out, .name = "a");
  TAR(out, .name = "b");
  g_byte_array_set_size(out, out->len - 1);
}

static void
build_cut_body(GByteArray *out)
{
  TAR(out, .name = "a", .body = "abc");
  g_byte_array_set_size(out, 512 + 2);
}

static void
build_cut_padding(GByteArray *out)
{
  TAR(out, .name = "a", .body = "abc");
  g_byte_array_set_size(out, 512 + 4);
}

#define N10  "nnnnnnnnnn"
#define L10  "llllllllll"
#define N100 N10 N10 N10 N10 N10 N10 N10 N10 N10 N10
#define L100 L10 L10 L10 L10 L10 L10 L10 L10 L10 L10

static const TarCase cases[] = {
    {"types", build_types,
     "0 file 0644 1:2 3\n1 hard -> file 0000 0:0 0\n2 soft -> /etc/x 0777 0:0 0\n"
     "3 char 0000 0:0 0 1,3\n4 block 0000 0:0 0 8,0\n5 dir/ 0755 0:0 0\n6 fifo 0000 0:0 0\n"
     "7 contiguous 0000 0:0 1\nZ unknown 0000 0:0 1\n"},
    {"old-types-are-files-or-directories", build_old_types,
     "0 file 0000 0:0 1\n5 dir/ 0000 0:0 0\n0 not-dir/ 0000 0:0 0\n"},
    {"header-only-types-have-no-body", build_header_only,
     "1 n -> l 0000 0:0 4096\n2 n -> l 0000 0:0 4096\n3 n -> l 0000 0:0 4096 0,0\n"
     "4 n -> l 0000 0:0 4096 0,0\n5 n -> l 0000 0:0 4096\n6 n -> l 0000 0:0 4096\n"
     "0 after 0000 0:0 0\n"},
    {"global-headers-do-not-carry", build_global, "g pax\n0 a 0000 0:0 0\n"},
    {"base-256-numbers-are-exact", build_base256,
     "0 2^31 0000 2147483648:0 0\n0 2^32 0000 4294967296:0 0\n0 minus 0000 -1:0 0\n"
     "0 size 0000 0:0 0\n"},
    {"base-256-numbers-beyond-int64", build_base256_overflow, "! a number that is none"},
    {"a-negative-size", build_negative_size, "! a negative size"},
    {"a-negative-size-of-what-has-no-body", build_negative_size_of_directory, "5 d/ 0000 0:0 -1\n"},
    {"octal-numbers-with-spaces-and-nuls", build_octal,
     "0 spaces 0644 0:0 0\n0 nuls 0755 0:0 0\n0 empty 0000 0:0 0\n0 full 4755 0:0 0\n"
     "0 behind 0644 0:0 0\n"},
    {"digits-that-are-not-octal", build_not_octal, "! a number that is none"},
    {"a-minus-in-octal", build_minus_in_octal, "! a number that is none"},
    {"a-time-that-is-none", build_bad_mtime, "! a number that is none"},
    {"v7-has-neither-devices-nor-prefix", build_v7, "0 a 4755 0:0 0\n"},
    {"a-device-number-that-is-none", build_bad_device, "! a device number that is none"},
    {"signed-checksums-are-taken", build_signed_checksum, "0 \\xff\\xff 0000 0:0 0\n"},
    {"a-wrong-checksum", build_wrong_checksum, "! wrong checksum"},
    {"prefixes-by-format", build_prefixes,
     "0 prefix/of/name 0000 0:0 0\n0 p/star 0000 0:0 0\n0 gnu 0000 0:0 0\n"
     "0 not a time/go1.8 0000 0:0 0\n0 bytes 0000 0:0 0\n"},
    {"fields-without-a-nul", build_full_fields, "2 " N100 " -> " L100 " 0000 0:0 0\n"},
    {"names-are-bytes", build_bytes, "0 \\xff\\xfe\\x0a 0000 0:0 0\n0  0000 0:0 0\n"},
    {"an-empty-archive", build_empty, ""},
    {"no-bytes-at-all", build_nothing, ""},
    {"no-closing-blocks", build_without_end, "0 a 0000 0:0 1\n"},
    {"one-closing-block", build_one_zero_block, "0 a 0000 0:0 0\n"},
    {"one-zero-block-and-then-data", build_zero_block_then_data,
     "0 a 0000 0:0 0\n! one zero block and then more data"},
    {"nothing-counts-after-the-end", build_after_the_end, "0 a 0000 0:0 0\n"},
    {"cut-in-a-header", build_cut_header,
     "0 a 0000 0:0 0\n! truncated, in the middle of the tar header at byte 512"},
    {"cut-in-a-body", build_cut_body, "0 a 0000 0:0 3\n! truncated, in the middle of a"},
    {"cut-in-the-padding", build_cut_padding, "0 a 0000 0:0 3\n"},
};

/* --- bodies --- */

static void
test_bodies_are_read_whole(void)
{
  g_autoptr(GByteArray) archive = g_byte_array_new();
  TAR(archive, .name = "a", .body = "abc");
  TAR(archive, .name = "b");
  TAR(archive, .name = "c", .body = "defgh");
  tar_end(archive);
  for (gsize step = 1; step < 600; step += 37) {
    g_autoptr(NzStream) stream = dribble_stream_new(archive->data, archive->len, step);
    g_autoptr(NzTar) tar = nz_tar_new(stream);
    NzTarHeader h;
    g_assert_cmpint(nz_tar_next(tar, &h, NULL), ==, 1);
    g_autoptr(GBytes) a = nz_tar_read_body(tar, 3, NULL);
    assert_bytes(a, "abc", 3);
    g_assert_cmpint(nz_tar_next(tar, &h, NULL), ==, 1);
    g_autoptr(GBytes) b = nz_tar_read_body(tar, 0, NULL);
    assert_bytes(b, "", 0);
    g_assert_cmpint(nz_tar_next(tar, &h, NULL), ==, 1);
    guint64 offset, length;
    g_assert_true(nz_tar_body_extent(tar, &offset, &length, NULL));
    g_assert_cmpuint(offset, ==, 4 * 512);
    g_assert_cmpuint(length, ==, 5);
    g_autoptr(GBytes) c = read_all(nz_tar_open_body(tar), NULL);
    assert_bytes(c, "defgh", 5);
    g_assert_cmpint(nz_tar_next(tar, &h, NULL), ==, 0);
  }
}

static void
test_a_body_above_its_limit_is_an_error(void)
{
  g_autoptr(GByteArray) archive = g_byte_array_new();
  TAR(archive, .name = "big", .body = "abc");
  TAR(archive, .name = "after");
  g_autoptr(NzStream) stream = nz_memory_stream_new(archive->data, archive->len);
  g_autoptr(NzTar) tar = nz_tar_new(stream);
  NzTarHeader h;
  g_autoptr(GError) error = NULL;
  g_assert_cmpint(nz_tar_next(tar, &h, NULL), ==, 1);
  g_assert_null(nz_tar_read_body(tar, 2, &error));
  assert_error_says(&error, NZ_ERROR_LIMIT, "big is larger than the 2 bytes");
  g_assert_cmpint(nz_tar_next(tar, &h, NULL), ==, 1);
  g_assert_cmpstr(h.name, ==, "after");
}

static void
test_numbers_of_every_width(void)
{
  static const struct {
    const char *text; /* NULs are written as '_' */
    gint64 value;     /* -1: no number */
  } numbers[] = {
      {"0000644_", 0644},
      {"0000644 ", 0644},
      {"7777777_", 07777777},
      {"1234567_", 01234567},
      {"12345670", 012345670},
      {"_644____", 0644},
      {" 644 ___", 0644},
      {"   644 _", 0644},
      {"________", 0},
      {"        ", 0},
      {"0000648_", -1},
      {"000064/_", -1},
      {"0000644x", -1},
      {"/0000644", -1},
      {"00_0644_", 0},
      {"-000644_", -1},
      {"77777777777_", 077777777777},
      {"12345670123 ", 012345670123},
      {"123456701234", 0123456701234},
      {"00000000001_", 1},
      {"10000000000_", 010000000000},
      {"1234567_123_", 01234567},
      {"123456789012", -1},
      {"12345678123_", -1},
      {"12345670128_", -1},
      {"     123 ___", 0123},
  };
  for (gsize i = 0; i < G_N_ELEMENTS(numbers); i++) {
    g_autofree char *field = g_strdup(numbers[i].text);
    gsize n = strlen(field);
    g_strdelimit(field, "_", '\0');
    gint64 value;
    gboolean ok = nz_tar_parse_number((const guint8 *)field, n, &value);
    g_test_message("%s", numbers[i].text);
    g_assert_cmpint(ok ? value : -1, ==, numbers[i].value);
  }
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  tar_add_cases("/tar/", cases, G_N_ELEMENTS(cases));
  g_test_add_func("/tar/numbers-of-every-width", test_numbers_of_every_width);
  g_test_add_func("/tar/bodies-are-read-whole", test_bodies_are_read_whole);
  g_test_add_func("/tar/a-body-above-its-limit", test_a_body_above_its_limit_is_an_error);
  return g_test_run();
}

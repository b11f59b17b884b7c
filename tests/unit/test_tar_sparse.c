/* SPDX-License-Identifier: Apache-2.0 */
/* GNU sparse files of all four forms: what content they have, and which maps are refused. */
#include <string.h>

#include "core/limits.h"
#include "tarlist.h"

#define REAL_SIZE 8192

/* "A" at 0, "BB" at 4096: what all the good archives below hold. */
static GBytes *
content(void)
{
  guint8 *data = g_malloc0(REAL_SIZE);
  data[0] = 'A';
  memcpy(data + 4096, "BB", 2);
  return g_bytes_new_take(data, REAL_SIZE);
}

/* --- the four forms --- */

static void
add_old(GByteArray *out, const char *map, gsize map_len, const char *real_size, gboolean extended)
{
  TAR(out, .name = "f", .type = 'S', .magic = TAR_GNU, .body = "ABB", .size = 3,
      .patch = {{386, map, map_len}, {482, extended ? "\1" : "\0", 1}, {483, real_size, 11}});
}

static void
build_old(GByteArray *out)
{
  static const char map[] = "00000000000\00000000000001\0"
                            "00000010000\00000000000002\0";
  add_old(out, map, 48, "00000020000", FALSE);
}

/* The second extent stands in a block of its own. */
static void
build_old_extended(GByteArray *out)
{
  static const char map[] = "00000000000\00000000000001\0";
  guint8 block[512] = "00000010000\00000000000002\0";
  g_autoptr(GByteArray) entry = g_byte_array_new();
  add_old(entry, map, 24, "00000020000", TRUE);
  g_byte_array_append(out, entry->data, 512);
  g_byte_array_append(out, block, sizeof block);
  g_byte_array_append(out, entry->data + 512, entry->len - 512);
}

static void
build_pax_00(GByteArray *out)
{
  tar_pax(out, 'x', "GNU.sparse.size", "8192", "GNU.sparse.numblocks", "2", "GNU.sparse.offset",
          "0", "GNU.sparse.numbytes", "1", "GNU.sparse.offset", "4096", "GNU.sparse.numbytes", "2",
          NULL);
  TAR(out, .name = "f", .body = "ABB");
}

static void
build_pax_01(GByteArray *out)
{
  tar_pax(out, 'x', "GNU.sparse.size", "8192", "GNU.sparse.numblocks", "2", "GNU.sparse.name", "f",
          "GNU.sparse.map", "0,1,4096,2", NULL);
  TAR(out, .name = "GNUSparseFile.0/f", .body = "ABB");
}

static void
build_pax_10(GByteArray *out)
{
  char body[515] = "2\n0\n1\n4096\n2\n";
  memcpy(body + 512, "ABB", 3);
  tar_pax(out, 'x', "GNU.sparse.major", "1", "GNU.sparse.minor", "0", "GNU.sparse.name", "f",
          "GNU.sparse.realsize", "8192", NULL);
  TAR(out, .name = "GNUSparseFile.0/f", .body = body, .body_len = sizeof body);
}

static void (*const forms[])(GByteArray *) = {build_old, build_old_extended, build_pax_00,
                                              build_pax_01, build_pax_10};

static void
read_form(void (*build)(GByteArray *), gsize step, gboolean read)
{
  g_autoptr(GByteArray) archive = g_byte_array_new();
  build(archive);
  TAR(archive, .name = "after");
  g_autoptr(NzStream) stream = dribble_stream_new(archive->data, archive->len, step);
  g_autoptr(NzTar) tar = nz_tar_new(stream);
  NzTarHeader h;
  g_autoptr(GError) error = NULL;
  g_assert_cmpint(nz_tar_next(tar, &h, &error), ==, 1);
  g_assert_cmpstr(h.name, ==, "f");
  g_assert_cmpint(h.size, ==, REAL_SIZE);
  if (read) {
    g_autoptr(GBytes) want = content();
    g_autoptr(GBytes) got = nz_tar_read_body(tar, REAL_SIZE, &error);
    g_assert_no_error(error);
    assert_bytes(got, g_bytes_get_data(want, NULL), REAL_SIZE);
  }
  g_assert_cmpint(nz_tar_next(tar, &h, &error), ==, 1);
  g_assert_cmpstr(h.name, ==, "after");
}

static void
test_all_forms_have_the_same_content(void)
{
  for (gsize i = 0; i < G_N_ELEMENTS(forms); i++) {
    g_test_message("form %" G_GSIZE_FORMAT, i);
    read_form(forms[i], 1, TRUE);
    read_form(forms[i], 100000, TRUE);
  }
}

static void
test_all_forms_can_be_skipped(void)
{
  for (gsize i = 0; i < G_N_ELEMENTS(forms); i++)
    read_form(forms[i], 100, FALSE);
}

static void
test_a_sparse_file_is_no_blob(void)
{
  g_autoptr(GByteArray) archive = g_byte_array_new();
  build_pax_01(archive);
  g_autoptr(NzStream) stream = nz_memory_stream_new(archive->data, archive->len);
  g_autoptr(NzTar) tar = nz_tar_new(stream);
  NzTarHeader h;
  g_autoptr(GError) error = NULL;
  g_assert_cmpint(nz_tar_next(tar, &h, NULL), ==, 1);
  guint64 offset, length;
  g_assert_false(nz_tar_body_extent(tar, &offset, &length, &error));
  assert_error_says(&error, NZ_ERROR_INPUT, "sparse");
}

static void
test_a_sparse_body_above_its_limit_is_an_error(void)
{
  g_autoptr(GByteArray) archive = g_byte_array_new();
  build_pax_01(archive);
  g_autoptr(NzStream) stream = nz_memory_stream_new(archive->data, archive->len);
  g_autoptr(NzTar) tar = nz_tar_new(stream);
  NzTarHeader h;
  g_autoptr(GError) error = NULL;
  g_assert_cmpint(nz_tar_next(tar, &h, NULL), ==, 1);
  g_assert_null(nz_tar_read_body(tar, REAL_SIZE - 1, &error));
  assert_error_says(&error, NZ_ERROR_LIMIT, "larger than");
}

/* --- maps --- */

static const struct {
  const char *map, *numblocks, *size;
  gboolean ok;
} maps[] = {
    {"0,1,4096,2", "2", "8192", TRUE},
    {"0,3", "1", "3", TRUE},
    {"0,1,1,2", "2", "3", TRUE},
    {"0,0,0,0,5,3", "3", "8", TRUE},
    {"0,1,4096,2", "1", "8192", FALSE}, /* a count that is not the map's */
    {"0,1,4096,2", "x", "8192", FALSE},
    {"0,1,4096,2", "", "8192", FALSE},
    {"0,1,4096", "2", "8192", FALSE}, /* an odd number of numbers */
    {"0,1,4096,x", "2", "8192", FALSE},
    {"0,1,,2", "2", "8192", FALSE},
    {"0,1,4096,2,", "2", "8192", FALSE},
    {"-1,1,4096,2", "2", "8192", FALSE},
    {"0,-1,4096,2", "2", "8192", FALSE},
    {"4096,2,0,1", "2", "8192", FALSE},                /* out of order */
    {"0,4097,4096,2", "2", "8192", FALSE},             /* overlapping */
    {"0,1,8191,2", "2", "8192", FALSE},                /* behind the end of the file */
    {"0,1,9223372036854775807,2", "2", "8192", FALSE}, /* CVE-2025-58183's kind: an overflow */
    {"0,1,4096,9223372036854775807", "2", "8192", FALSE},
    {"0,1,4096,2", "2", "-1", FALSE},
    {"0,1,4096,2", "2", "big", FALSE},
};

static void
test_maps_that_cannot_be_are_errors(void)
{
  for (gsize i = 0; i < G_N_ELEMENTS(maps); i++) {
    g_test_message("map %s of %s", maps[i].map, maps[i].size);
    g_autoptr(GByteArray) archive = g_byte_array_new();
    tar_pax(archive, 'x', "GNU.sparse.size", maps[i].size, "GNU.sparse.numblocks",
            maps[i].numblocks, "GNU.sparse.map", maps[i].map, NULL);
    TAR(archive, .name = "f", .body = "ABB");
    g_autofree char *listed = tar_list(archive, 512);
    g_assert_cmpint(strstr(listed, "! ") == NULL, ==, maps[i].ok);
    if (!maps[i].ok)
      assert_holds(listed, "a wrong sparse map");
  }
}

static void
build_offsets_out_of_order(GByteArray *out)
{
  tar_pax(out, 'x', "GNU.sparse.offset", "0", "GNU.sparse.offset", "1", NULL);
  TAR(out, .name = "f");
}

static void
build_offset_with_comma(GByteArray *out)
{
  tar_pax(out, 'x', "GNU.sparse.offset", "0,1", NULL);
  TAR(out, .name = "f");
}

static void
build_sparse_directory(GByteArray *out)
{
  tar_pax(out, 'x', "GNU.sparse.map", "0,1", "GNU.sparse.numblocks", "1", NULL);
  TAR(out, .name = "d/", .type = '5');
}

static void
build_unknown_version(GByteArray *out)
{
  tar_pax(out, 'x', "GNU.sparse.major", "2", "GNU.sparse.minor", "0", "GNU.sparse.map", "junk",
          NULL);
  TAR(out, .name = "f", .body = "ABB");
}

static void
build_old_in_ustar(GByteArray *out)
{
  TAR(out, .name = "f", .type = 'S', .body = "ABB");
}

static void
build_old_cut_in_extension(GByteArray *out)
{
  add_old(out, "00000000000\00000000000001\0", 24, "00000020000", TRUE);
  g_byte_array_set_size(out, 512);
}

static void
build_10_of_letters(GByteArray *out)
{
  char body[512] = "two\n";
  tar_pax(out, 'x', "GNU.sparse.major", "1", "GNU.sparse.minor", "0", NULL);
  TAR(out, .name = "f", .body = body, .body_len = sizeof body);
}

static void
build_10_without_map(GByteArray *out)
{
  tar_pax(out, 'x', "GNU.sparse.major", "1", "GNU.sparse.minor", "0", NULL);
  TAR(out, .name = "f", .body = "2");
}

static void
build_10_of_minus_one(GByteArray *out)
{
  char body[512] = "-1\n";
  tar_pax(out, 'x', "GNU.sparse.major", "1", "GNU.sparse.minor", "0", NULL);
  TAR(out, .name = "f", .body = body, .body_len = sizeof body);
}

/* A count far beyond what the body holds must not be believed. */
static void
build_10_of_billions(GByteArray *out)
{
  char body[512] = "4611686018427387903\n";
  tar_pax(out, 'x', "GNU.sparse.major", "1", "GNU.sparse.minor", "0", NULL);
  TAR(out, .name = "f", .body = body, .body_len = sizeof body);
}

static const TarCase cases[] = {
    {"offsets-out-of-order", build_offsets_out_of_order, "! GNU sparse records out of order"},
    {"an-offset-with-a-comma", build_offset_with_comma, "! GNU sparse records out of order"},
    {"a-sparse-directory", build_sparse_directory, "! a wrong sparse map"},
    {"versions-not-known-are-plain-files", build_unknown_version, "0 f 0000 0:0 3\n"},
    {"the-old-form-in-a-ustar-header", build_old_in_ustar, "! a wrong sparse map"},
    {"the-old-form-cut-in-its-extension", build_old_cut_in_extension, "! a wrong sparse map"},
    {"a-map-of-letters", build_10_of_letters, "! a wrong sparse map"},
    {"a-map-that-is-not-there", build_10_without_map, "! a wrong sparse map"},
    {"a-negative-count", build_10_of_minus_one, "! a wrong sparse map"},
    {"a-count-of-billions", build_10_of_billions, "! a wrong sparse map"},
};

/* --- limits --- */

/* CVE-2025-58183: a map that takes all memory. Here of 1.0, whose map is the file's body. */
static void
test_a_map_is_bounded(void)
{
  gsize len = 4 * NZ_TAR_SPARSE_MAP_MAX;
  g_autofree char *body = g_malloc(len);
  memcpy(body, "4000000\n", 8);
  for (gsize i = 8; i < len; i += 2)
    memcpy(body + i, "0\n", 2);
  g_autoptr(GByteArray) archive = g_byte_array_new();
  tar_pax(archive, 'x', "GNU.sparse.major", "1", "GNU.sparse.minor", "0", NULL);
  TAR(archive, .name = "f", .body = body, .body_len = len);
  g_autofree char *listed = tar_list(archive, 65536);
  assert_holds(listed, "a sparse map of more than 1 MiB");
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/sparse/all-forms-have-the-same-content", test_all_forms_have_the_same_content);
  g_test_add_func("/sparse/all-forms-can-be-skipped", test_all_forms_can_be_skipped);
  g_test_add_func("/sparse/a-sparse-file-is-no-blob", test_a_sparse_file_is_no_blob);
  g_test_add_func("/sparse/a-body-above-its-limit", test_a_sparse_body_above_its_limit_is_an_error);
  g_test_add_func("/sparse/maps-that-cannot-be", test_maps_that_cannot_be_are_errors);
  tar_add_cases("/sparse/", cases, G_N_ELEMENTS(cases));
  g_test_add_func("/sparse/a-map-is-bounded", test_a_map_is_bounded);
  return g_test_run();
}

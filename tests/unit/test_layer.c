/* SPDX-License-Identifier: Apache-2.0 */
/* A layer's bytes on their way into a log: compression, digests, entries, captured bodies. */
#include <string.h>
#include <zstd.h>

#include "core/limits.h"
#include "image/digest.h"
#include "image/image.h"
#include "support.h"

static GBytes *
archive(void)
{
  g_autoptr(GByteArray) out = g_byte_array_new();
  TAR(out, .name = "./etc/passwd", .mode = 0644, .body = "root:x:0:0\n");
  TAR(out, .name = "/usr/bin/../bin/su", .mode = 04755, .uid = 1, .gid = 2);
  TAR(out, .name = "../out", .mode = 0644);
  TAR(out, .name = "h", .type = '1', .link = "./usr//bin/su", .mode = 0755);
  TAR(out, .name = "null", .type = '3', .patch = {{329, "0000001", 7}});
  TAR(out, .name = "zero", .type = '3');
  tar_end(out);
  return g_byte_array_free_to_bytes(g_steal_pointer(&out));
}

static GBytes *
zstd_of(GBytes *data)
{
  gsize len;
  const void *p = g_bytes_get_data(data, &len);
  gsize bound = ZSTD_compressBound(len);
  g_autofree char *out = g_malloc(bound);
  gsize n = ZSTD_compress(out, bound, p, len, 3);
  return g_bytes_new(out, n);
}

/* Reads BLOB; the entries as text, or NULL with an error. */
static char *
read_layer(GBytes *blob, const char *digest, const NzReadOptions *options, NzLayerResult *result,
           GError **error)
{
  g_autoptr(NzLogBudget) budget = nz_log_budget_new(1 << 20, FALSE);
  g_autoptr(NzLayerLog) log = nz_layer_log_new(budget, 0);
  gsize len;
  const void *data = g_bytes_get_data(blob, &len);
  if (!nz_layer_read(dribble_stream_new(data, len, 100), len, digest, options, log, result, error))
    return NULL;
  nz_layer_log_close(log, NULL);
  g_autoptr(NzLogCursor) cursor = nz_log_cursor_new(log, FALSE);
  GString *out = g_string_new(NULL);
  NzEntry e;
  while (nz_log_cursor_next(cursor, &e, NULL) == 1)
    g_string_append_printf(out, "%d %s%s%s %04o %u:%u%s%s\n", e.kind, e.path,
                           e.target ? " -> " : "", e.target ? e.target : "", e.mode, e.uid, e.gid,
                           e.outside ? " outside" : "", e.body_kind == NZ_BODY_TEXT ? " text" : "");
  return g_string_free(out, FALSE);
}

#define ENTRIES                                                                                    \
  "0 etc/passwd 0644 0:0 text\n0 usr/bin/su 4755 1:2\n0 out 0644 0:0 outside\n"                    \
  "3 h -> usr/bin/su 0755 0:0\n4 null 0000 0:0\n6 zero 0000 0:0\n"

static void
test_entries_are_what_will_be_on_disk(void)
{
  g_autoptr(GBytes) plain = archive(), packed = zstd_of(plain);
  GBytes *const blobs[] = {plain, packed};
  static const char *const compressions[] = {NULL, "zstd"};
  for (gsize i = 0; i < G_N_ELEMENTS(blobs); i++) {
    g_auto(NzLayerResult) result = {0};
    NzReadOptions options = {.ratio = 250};
    g_autoptr(GError) error = NULL;
    g_autofree char *got = read_layer(blobs[i], NULL, &options, &result, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(got, ==, ENTRIES);
    g_assert_cmpstr(result.compression, ==, compressions[i]);
    g_assert_null(result.diff_id);
  }
}

static void
test_digests_are_checked(void)
{
  g_autoptr(GBytes) plain = archive(), packed = zstd_of(plain);
  gsize len;
  const void *data = g_bytes_get_data(packed, &len);
  static const char *const algorithms[] = {"sha256:", "sha512:"};
  for (gsize i = 0; i < G_N_ELEMENTS(algorithms); i++) {
    g_auto(NzLayerResult) result = {0};
    NzReadOptions options = {.ratio = 250};
    g_autoptr(GError) error = NULL;
    g_autofree char *right = nz_digest_of(algorithms[i], data, len);
    g_autofree char *got = read_layer(packed, right, &options, &result, &error);
    g_assert_no_error(error);
    g_assert_nonnull(got);
    g_autofree char *wrong = nz_digest_of(algorithms[i], data, len - 1);
    g_assert_null(read_layer(packed, wrong, &options, &result, &error));
    assert_error_says(&error, NZ_ERROR_INPUT, "wrong digest: expected ");
  }
}

/* What follows the archive's end is part of the blob, and of its digest. */
static void
test_digests_cover_what_follows_the_archive(void)
{
  g_autoptr(GBytes) plain = archive();
  g_autoptr(GByteArray) longer = g_byte_array_new();
  g_byte_array_append(longer, g_bytes_get_data(plain, NULL), (guint)g_bytes_get_size(plain));
  g_byte_array_append(longer, (const guint8 *)"behind", 6);
  g_autofree char *digest = nz_digest_of("sha256:", longer->data, longer->len);
  g_autoptr(GBytes) blob = g_byte_array_free_to_bytes(g_steal_pointer(&longer));
  g_auto(NzLayerResult) result = {0};
  NzReadOptions options = {0};
  g_autoptr(GError) error = NULL;
  g_autofree char *got = read_layer(blob, digest, &options, &result, &error);
  g_assert_no_error(error);
  g_assert_cmpstr(got, ==, ENTRIES);
}

static void
test_verify_hashes_the_content(void)
{
  g_autoptr(GBytes) plain = archive(), packed = zstd_of(plain);
  gsize len;
  const void *data = g_bytes_get_data(plain, &len);
  g_autofree char *want = nz_digest_of("sha256:", data, len);
  g_auto(NzLayerResult) result = {0};
  NzReadOptions options = {.ratio = 250, .verify = TRUE};
  g_autofree char *got = read_layer(packed, NULL, &options, &result, NULL);
  g_assert_cmpstr(got, ==, ENTRIES);
  g_assert_cmpstr(result.diff_id, ==, want);
  NzLayer layer = {.diff_id = want};
  g_autoptr(GError) error = NULL;
  g_assert_true(nz_layer_check_diff_id(&layer, &result, &error));
  layer.diff_id = (char *)"sha256:0";
  g_assert_false(nz_layer_check_diff_id(&layer, &result, &error));
  assert_error_says(&error, NZ_ERROR_INPUT, "wrong diff_id");
}

static void
test_files_that_are_asked_for_are_kept(void)
{
  g_autoptr(GBytes) blob = archive();
  g_autoptr(NzWanted) wanted = nz_wanted_new();
  nz_wanted_add(wanted, wanted->users, "usr/bin/su");
  g_auto(NzLayerResult) result = {0};
  NzReadOptions options = {.wanted = wanted};
  g_autofree char *got = read_layer(blob, NULL, &options, &result, NULL);
  assert_holds(got, "usr/bin/su 4755 1:2 text\n");
}

static const struct {
  const char *name, *what;
  TarEntry entry;
  NzError code;
} refused[] = {
    {"unknown-type", "tar entry type 'Z'", {.name = "a", .type = 'Z'}, NZ_ERROR_INPUT},
    {"cut", "truncated", {.name = "a", .size = 4096}, NZ_ERROR_INPUT},
};

static void
test_refused(gconstpointer data)
{
  gsize i = GPOINTER_TO_SIZE(data);
  g_autoptr(GByteArray) out = g_byte_array_new();
  tar_add(out, &refused[i].entry);
  g_autoptr(GBytes) blob = g_byte_array_free_to_bytes(g_steal_pointer(&out));
  g_auto(NzLayerResult) result = {0};
  NzReadOptions options = {0};
  g_autoptr(GError) error = NULL;
  g_assert_null(read_layer(blob, NULL, &options, &result, &error));
  assert_error_says(&error, refused[i].code, refused[i].what);
}

static void
test_paths_no_system_can_hold_are_errors(void)
{
  static const char *const keys[] = {"path", "linkpath"};
  g_autofree char *name = g_strnfill(NZ_PATH_MAX + 1, 'n');
  for (gsize i = 0; i < G_N_ELEMENTS(keys); i++) {
    g_autoptr(GByteArray) out = g_byte_array_new();
    tar_pax(out, 'x', keys[i], name, NULL);
    TAR(out, .name = "a", .type = '2', .link = "b");
    g_autoptr(GBytes) blob = g_byte_array_free_to_bytes(g_steal_pointer(&out));
    g_auto(NzLayerResult) result = {0};
    NzReadOptions options = {0};
    g_autoptr(GError) error = NULL;
    g_assert_null(read_layer(blob, NULL, &options, &result, &error));
    assert_error_says(&error, NZ_ERROR_LIMIT, "of 4096 bytes, which no system can unpack");
  }
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
#define ADD(name, func) g_test_add_func("/layer/" name, func)
  ADD("entries-are-what-will-be-on-disk", test_entries_are_what_will_be_on_disk);
  ADD("digests-are-checked", test_digests_are_checked);
  ADD("digests-cover-what-follows-the-archive", test_digests_cover_what_follows_the_archive);
  ADD("verify-hashes-the-content", test_verify_hashes_the_content);
  ADD("files-that-are-asked-for-are-kept", test_files_that_are_asked_for_are_kept);
  ADD("paths-no-system-can-hold", test_paths_no_system_can_hold_are_errors);
  for (gsize i = 0; i < G_N_ELEMENTS(refused); i++) {
    g_autofree char *path = g_strconcat("/layer/", refused[i].name, NULL);
    g_test_add_data_func(path, GSIZE_TO_POINTER(i), test_refused);
  }
  return g_test_run();
}

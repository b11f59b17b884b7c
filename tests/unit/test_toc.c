/* SPDX-License-Identifier: Apache-2.0 */
/* Layers with a table of contents, made by hand: where the table lies and what is in it, and which
 * tables are left. What real writers make is judged in tests/e2e. */
#include <string.h>

#include "core/limits.h"
#include "entrylist.h"
#include "image/digest.h"
#include "ranges.h"
#include "support.h"
#include "tockit.h"

/* --- what is in a table --- */

static const char kinds[] =
    "{'type':'dir','name':'./etc/','mode':16877,'uid':0,'gid':0},"
    "{'type':'reg','name':'etc/passwd','mode':33188,'size':11,'offset':%1,'digest':'$1',"
    " 'chunkDigest':'$1','modtime':'2026-01-01T00:00:00Z','userName':'x','NumLink':0,'endOffset':9}"
    ","
    "{'type':'reg','name':'empty','digest':'sha256:00'},"
    "{'type':'symlink','name':'bin','linkName':'usr/bin','mode':511},"
    "{'type':'hardlink','name':'/usr/../h','linkName':'./etc/passwd','mode':35309,'uid':1,'gid':2},"
    "{'type':'char','name':'null','devMajor':1,'devMinor':3,'mode':438},"
    "{'type':'char','name':'wh'},{'type':'block','name':'b'},{'type':'fifo','name':'f'},"
    "{'type':'reg','name':'dir/.wh.gone'},"
    "{'type':'reg','name':'\\u00fc\\ud83d\\ude00\\n\\/','uid':4294967295,'gid':2147483648},"
    "{'type':'reg','name':'cap','mode':493,'xattrs':{'user.a':'AA==',"
    " 'security.capability':'AQAAAgAgAAAAAAAAAAAAAAAAAAA='}},"
    "{'type':'reg','name':'acl','mode':384,'xattrs':"
    " {'system.posix_acl_access':'AgAAAAEABwD/////IAAFAP////8='}},"
    "{'type':'dir','name':'o','mode':493,'xattrs':{'trusted.overlay.opaque':'eQ=='}},"
    "{'TYPE':'reg','Name':'folded','MODE':2541,'xattrs':null,'size':null}";

#define KINDS_WANT                                                                                 \
  "d 0755 0:0 /etc\n"                                                                              \
  "- 0644 0:0 /etc/passwd body 1 11:7cf1f940\n"                                                    \
  "- 0000 0:0 /empty\n"                                                                            \
  "l 0777 0:0 /bin -> usr/bin\n"                                                                   \
  "h 4755 1:2 /h -> etc/passwd\n"                                                                  \
  "c 0666 0:0 /null\n"                                                                             \
  "w 0000 0:0 /wh\n"                                                                               \
  "c 0000 0:0 /b\n"                                                                                \
  "c 0000 0:0 /f\n"                                                                                \
  "- 0000 0:0 /dir/.wh.gone\n"                                                                     \
  "- 0000 0:2147483648 /\u00fc\U0001f600\\x0a\n"                                                   \
  "- 0755 0:0 /cap [cap_net_raw=ep]\n"                                                             \
  "- 0705 0:0 /acl\n"                                                                              \
  "d 0755 0:0 /o overlay\n"                                                                        \
  "- 4755 0:0 /folded\n"

static void
test_entries_of_all_kinds_zstd(void)
{
  g_auto(TocMade) made;
  toc_made_init(&made, toc_pack_zstd);
  toc_add_content(&made, "root:x:0:0\n", 11);
  toc_finish_chunked(&made, kinds);
  toc_assert_reads(&made, KINDS_WANT);
}

static void
test_entries_of_all_kinds_gzip(void)
{
  g_auto(TocMade) made;
  toc_made_init(&made, toc_pack_gzip);
  toc_add_content(&made, "root:x:0:0\n", 11);
  toc_finish_estargz(&made, kinds);
  toc_assert_reads(&made, KINDS_WANT "- 0000 0:0 /stargz.index.json\n");
}

static void
test_the_table_itself_is_an_entry_with_its_mode(void)
{
  g_auto(TocMade) made;
  toc_made_init(&made, toc_pack_gzip);
  toc_add_content(&made, "x", 1);
  toc_finish_estargz_as(&made, "", "stargz.index.json", 04755, FALSE);
  toc_assert_reads(&made, "- 4755 0:0 /stargz.index.json\n");
}

static void
test_an_old_footer_is_read(void)
{
  g_auto(TocMade) made;
  toc_made_init(&made, toc_pack_gzip);
  toc_add_content(&made, "x", 1);
  toc_finish_estargz_as(&made, "{'type':'dir','name':'a'}", "stargz.index.json", 0, TRUE);
  toc_assert_reads(&made, "d 0000 0:0 /a\n- 0000 0:0 /stargz.index.json\n");
}

static void
test_a_content_in_parts_is_put_together(void)
{
  g_autofree guint8 *body = noise(300000, 7);
  g_auto(TocMade) made;
  toc_made_init(&made, toc_pack_zstd);
  toc_add_content(&made, body, 200000);
  toc_add_content(&made, body + 200000, 1);
  toc_add_content(&made, body + 200001, 99999);
  toc_finish_chunked(&made, "{'type':'reg','name':'etc/passwd','size':300000,'offset':%1,"
                            " 'chunkSize':200000,'chunkDigest':'$1'},"
                            "{'type':'chunk','name':'etc/passwd','offset':%2,'chunkOffset':200000,"
                            " 'chunkSize':1,'chunkDigest':'$2'},"
                            "{'type':'chunk','offset':%3,'chunkOffset':200001,'chunkDigest':'$3'}");
  g_autofree char *hash = g_compute_checksum_for_data(G_CHECKSUM_SHA256, body, 300000);
  g_autofree char *want = g_strdup_printf("- 0000 0:0 /etc/passwd body 1 300000:%.8s\n", hash);
  toc_assert_reads(&made, want);
}

static void
test_contents_that_share_a_member_are_told_apart(void)
{
  g_auto(TocMade) made;
  toc_made_init(&made, toc_pack_gzip);
  toc_add_content(&made, "aaaapadbbb", 10);
  g_autofree char *a = nz_digest_of("sha256:", "aaaa", 4);
  g_autofree char *b = nz_digest_of("sha256:", "bbb", 3);
  g_autofree char *entries =
      g_strdup_printf("{'type':'reg','name':'etc/group','size':4,'offset':%%1,'chunkDigest':'%s'},"
                      "{'type':'reg','name':'etc/passwd','size':3,'offset':%%1,'innerOffset':7,"
                      " 'chunkDigest':'%s'}",
                      a, b);
  toc_finish_estargz(&made, entries);
  toc_assert_reads(&made, "- 0000 0:0 /etc/group body 1 4:61be55a8\n"
                          "- 0000 0:0 /etc/passwd body 1 3:3e744b9d\n"
                          "- 0000 0:0 /stargz.index.json\n");
}

/* Entries as long as a window of the reader, and escapes and numbers across its edges. */
static void
test_a_long_table_is_read_through_its_window(void)
{
  g_auto(TocMade) made;
  toc_made_init(&made, toc_pack_zstd);
  toc_add_content(&made, "x", 1);
  g_autoptr(GString) entries = g_string_new(NULL), want = g_string_new(NULL);
  for (guint i = 0; i < 20000; i++) {
    g_string_append_printf(
        entries, "%s\n\t{'type' : 'reg', 'name':'d/%.*s\\u00e9%u','mode': %u ,'uid':%u}",
        i ? "," : "", (int)(i % 60),
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", i, i % 512, i * 7);
    g_string_append_printf(want, "- %04o %u:0 /d/%.*s\u00e9%u\n", i % 512, i * 7, (int)(i % 60),
                           "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", i);
  }
  toc_finish_chunked(&made, entries->str);
  toc_assert_reads(&made, want->str);
}

static void
test_few_bytes_are_fetched(void)
{
  g_autofree guint8 *body = noise(3000000, 3);
  g_auto(TocMade) made;
  toc_made_init(&made, toc_pack_zstd);
  toc_add_content(&made, body, 1500000);
  toc_add_content(&made, "root:x:0:0\n", 11);
  toc_add_content(&made, "root:x:0:\n", 10);
  toc_add_content(&made, body + 1500000, 1500000);
  toc_finish_chunked(&made,
                     "{'type':'reg','name':'a','size':1500000,'offset':%1,'digest':'$1'},"
                     "{'type':'reg','name':'etc/group','size':11,'offset':%2,'digest':'$2'},"
                     "{'type':'reg','name':'etc/passwd','size':10,'offset':%3,'digest':'$3'},"
                     "{'type':'reg','name':'b','size':1500000,'offset':%4,'digest':'$4'}");
  g_autoptr(NzLogBudget) budget = nz_log_budget_new(1 << 20, FALSE);
  g_autoptr(NzLayerLog) log = nz_layer_log_new(budget, 0);
  g_auto(NzLayerResult) result = {0};
  NzReadOptions options = {.ratio = 250};
  gboolean done;
  CountedRanges ranges;
  ranges_init_memory(&ranges, made.blob->data, made.blob->len);
  g_assert_true(nz_toc_read_layer(&ranges.base, &made.layer, &options, log, &result, &done, NULL));
  g_assert_true(done);
  g_assert_cmpuint(ranges.n_requests, ==, 2); /* the table; both contents at once */
  g_assert_cmpuint(ranges.n_bytes, <, 3000);
}

/* Package lists over a share of the layer: passwd is read, they are not. */
static void
test_package_lists_that_cost_too_much_are_left(void)
{
  g_autofree guint8 *body = noise(2000000, 5);
  g_auto(TocMade) made;
  toc_made_init(&made, toc_pack_zstd);
  toc_add_content(&made, "root:x:0:0\n", 11);
  toc_add_content(&made, body, 2000000);
  toc_finish_chunked(&made,
                     "{'type':'reg','name':'etc/passwd','size':11,'offset':%1,'digest':'$1'},"
                     "{'type':'reg','name':'lib/apk/db/installed','size':2000000,'offset':%2,"
                     " 'digest':'$2'}");
  toc_assert_reads(&made, "- 0000 0:0 /etc/passwd body 1 11:7cf1f940\n"
                          "- 0000 0:0 /lib/apk/db/installed body 2\n");
}

/* --- what is no table for us --- */

static void
test_layers_without_a_known_table_are_left(void)
{
  static const char entries[] = "{'type':'reg','name':'a','size':1,'offset':%1,'digest':'$1'}";
  g_auto(TocMade) zstd, gzip;
  toc_made_init(&zstd, toc_pack_zstd);
  toc_made_init(&gzip, toc_pack_gzip);
  toc_add_content(&zstd, "x", 1);
  toc_add_content(&gzip, "x", 1);
  toc_finish_chunked(&zstd, entries);
  toc_finish_estargz(&gzip, entries);
  toc_assert_reads(&zstd, "- 0000 0:0 /a\n");

  TocMade other = zstd;
  other.layer.chunked_checksum = NULL; /* nothing vouches for it */
  toc_assert_left(&other);
  g_assert_false(nz_toc_is_promised(&other.layer));
  other = gzip;
  other.layer.stargz_digest = NULL;
  toc_assert_left(&other);
  g_assert_false(nz_toc_is_promised(&other.layer));
  other = gzip;
  other.layer.stargz_digest = (char *)"md5:00";
  toc_assert_left(&other);
  other = zstd;
  other.layer.chunked_position = (char *)"10:10:10:2"; /* of a type that is not known */
  toc_assert_left(&other);
  other.layer.chunked_position = (char *)"10:99999999999:10:1";
  toc_assert_left(&other);
  gzip.blob->data[gzip.blob->len - 14] = 'X'; /* no footer */
  toc_assert_left(&gzip);
}

static void
test_verify_leaves_the_table(void)
{
  g_auto(TocMade) made;
  toc_made_init(&made, toc_pack_zstd);
  toc_add_content(&made, "x", 1);
  toc_finish_chunked(&made, "{'type':'dir','name':'a'}");
  gboolean done;
  NzReadOptions options = {.ratio = 250, .verify = TRUE};
  g_autofree char *list = toc_read_with(&made, &options, &done, NULL);
  g_assert_false(done);
}

/* The known limit of a table: it may not say what the archive holds. --verify reads the archive. */
static void
test_a_clean_table_over_a_setuid_archive_is_found_by_verify(void)
{
  g_auto(TocMade) made;
  toc_made_init(&made, toc_pack_zstd);
  g_autoptr(GByteArray) tar = g_byte_array_new();
  TAR(tar, .name = "su", .mode = 04755);
  tar_end(tar);
  toc_pack_zstd(made.blob, tar->data, tar->len);
  toc_finish_chunked(&made, "{'type':'reg','name':'su','mode':493}");
  toc_assert_reads(&made, "- 0755 0:0 /su\n");

  gboolean done;
  NzReadOptions options = {.ratio = 250, .verify = TRUE};
  g_autofree char *by_table = toc_read_with(&made, &options, &done, NULL);
  g_assert_false(done);
  g_autoptr(NzLogBudget) budget = nz_log_budget_new(1 << 20, FALSE);
  g_autoptr(NzLayerLog) log = nz_layer_log_new(budget, 0);
  g_auto(NzLayerResult) result = {0};
  NzStream *stream = nz_memory_stream_new(made.blob->data, made.blob->len);
  g_assert_true(nz_layer_read(stream, made.blob->len, NULL, &options, log, &result, NULL));
  g_assert_false(result.by_table);
  nz_layer_log_close(log, NULL);
  g_autofree char *whole = entry_list(log, NULL);
  g_assert_cmpstr(whole, ==, "- 4755 0:0 /su\n");
}

static void
test_a_key_tells_tables_of_one_layer_apart(void)
{
  NzLayer one = {
      .size = -1, .chunked_position = (char *)"1:2:3:1", .chunked_checksum = (char *)"a"};
  NzLayer two = one, none = {.size = -1};
  two.chunked_position = (char *)"1:2:4:1";
  g_autofree char *key_one = nz_toc_key(&one), *key_two = nz_toc_key(&two);
  g_assert_nonnull(key_one);
  g_assert_cmpstr(key_one, !=, key_two);
  g_assert_null(nz_toc_key(&none));
}

static void
test_small_layers_are_not_worth_a_table(void)
{
  NzLayer layer = {.size = NZ_TOC_BLOB_MIN - 1, .stargz_digest = (char *)"sha256:"};
  g_assert_false(nz_toc_is_promised(&layer));
  layer.size = NZ_TOC_BLOB_MIN;
  g_assert_true(nz_toc_is_promised(&layer));
}

/* Tables that are whole but cannot say what the archive does. */
static void
test_tables_that_say_too_little_are_left(gconstpointer entries)
{
  g_auto(TocMade) made;
  toc_made_init(&made, toc_pack_zstd);
  toc_add_content(&made, "root:x:0:0\n", 11);
  toc_finish_chunked(&made, entries);
  toc_assert_left(&made);
}

static const struct {
  const char *name, *entries;
} too_little[] = {
    {"name-not-utf8", "{'type':'dir','name':'\xff'}"},
    {"name-replaced", "{'type':'dir','name':'a\\ufffd'}"},
    {"name-half-a-pair", "{'type':'dir','name':'a\\ud83d'}"},
    {"target-replaced", "{'type':'symlink','name':'a','linkName':'\\ufffd'}"},
    {"passwd-without-digest", "{'type':'reg','name':'etc/passwd','size':11,'offset':%1}"},
    {"passwd-with-odd-digest",
     "{'type':'reg','name':'etc/passwd','size':11,'offset':%1,'digest':'sha256:12'}"},
    {"far-inside", "{'type':'reg','name':'etc/passwd','size':11,'offset':%1,"
                   "'innerOffset':99999999999,'digest':'$1'}"},
    {"other-version", "!{'version':2,'entries':[]}"},
    {"no-version", "!{'entries':[]}"},
};

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/toc/entries/zstd", test_entries_of_all_kinds_zstd);
  g_test_add_func("/toc/entries/gzip", test_entries_of_all_kinds_gzip);
  g_test_add_func("/toc/entries/table-itself", test_the_table_itself_is_an_entry_with_its_mode);
  g_test_add_func("/toc/footer/old", test_an_old_footer_is_read);
  g_test_add_func("/toc/bodies/parts", test_a_content_in_parts_is_put_together);
  g_test_add_func("/toc/bodies/shared", test_contents_that_share_a_member_are_told_apart);
  g_test_add_func("/toc/bodies/few-bytes", test_few_bytes_are_fetched);
  g_test_add_func("/toc/bodies/lists", test_package_lists_that_cost_too_much_are_left);
  g_test_add_func("/toc/table/long", test_a_long_table_is_read_through_its_window);
  g_test_add_func("/toc/left/none", test_layers_without_a_known_table_are_left);
  g_test_add_func("/toc/left/verify", test_verify_leaves_the_table);
  g_test_add_func("/toc/left/verify-finds",
                  test_a_clean_table_over_a_setuid_archive_is_found_by_verify);
  g_test_add_func("/toc/key", test_a_key_tells_tables_of_one_layer_apart);
  g_test_add_func("/toc/left/small", test_small_layers_are_not_worth_a_table);
  for (gsize i = 0; i < G_N_ELEMENTS(too_little); i++) {
    g_autofree char *path = g_strconcat("/toc/left/", too_little[i].name, NULL);
    g_test_add_data_func(path, too_little[i].entries, test_tables_that_say_too_little_are_left);
  }
  return g_test_run();
}

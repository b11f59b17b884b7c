/* SPDX-License-Identifier: Apache-2.0 */
/* Tables of contents that contradict themselves, their digest or their layer: errors, all. */
#include <string.h>

#include "core/limits.h"
#include "image/digest.h"
#include "support.h"
#include "tockit.h"

/* --- tables that contradict themselves --- */

static const struct {
  const char *name, *entries, *what;
} hostile[] = {
    {"no-json", "!hello", "no JSON"},
    {"empty", "! ", "ends in the middle"},
    {"cut", "!{'version':1,'entries':[{'type':'dir'", "ends in the middle"},
    {"cut-in-a-string", "!{'version':1,'entries':[{'type':'di", "ends in the middle"},
    {"no-object", "!['version']", "no JSON"},
    {"no-entries", "!{'version':1}", "no entries"},
    {"entries-twice", "!{'version':1,'entries':[],'Entries':[]}", "no JSON"},
    {"version-twice", "!{'version':2,'version':1,'entries':[]}", "no JSON"},
    {"version-escaped", "!{'version':1,'entries':[],'\\u0076ersion':2}", "no JSON"},
    {"more-after-it", "!{'version':1,'entries':[]}{}", "more follows"},
    {"no-comma", "{'type':'dir','name':'a'}{'type':'dir','name':'b'}", "no JSON"},
    {"trailing-comma", "{'type':'dir','name':'a'},", "no object"},
    {"entry-no-object", "[]", "no object"},
    {"entry-null", "null", "no object"},
    {"no-type", "{'name':'a'}", "unknown type"},
    {"unknown-type", "{'type':'socket','name':'a'}", "a is of an unknown type, \"socket\""},
    {"no-name", "{'type':'dir'}", "without a name"},
    {"name-with-nul", "{'type':'dir','name':'a\\u0000b'}", "\"name\""},
    {"name-is-a-number", "{'type':'dir','name':1}", "\"name\""},
    {"bad-escape", "{'type':'dir','name':'\\x'}", "\"name\""},
    {"mode-twice", "{'type':'reg','name':'a','mode':493,'mode':2541}", "two keys"},
    {"mode-twice-folded", "{'type':'reg','name':'a','Mode':493,'mode':2541}", "two keys"},
    {"mode-twice-escaped", "{'type':'reg','name':'a','mode':493,'\\u006dode':2541}", "two keys"},
    {"size-folded-by-unicode", "{'type':'reg','name':'a','size':0,'\u017fize':1}", "two keys"},
    {"mode-is-text", "{'type':'reg','name':'a','mode':'493'}", "\"mode\""},
    {"mode-is-float", "{'type':'reg','name':'a','mode':493.0}", "\"mode\""},
    {"mode-beyond-int64", "{'type':'reg','name':'a','mode':9223372036854775808}", "\"mode\""},
    {"mode-octal", "{'type':'reg','name':'a','mode':0755}", "\"mode\""},
    {"xattrs-no-object", "{'type':'reg','name':'a','xattrs':[]}", "\"xattrs\""},
    {"capability-no-base64", "{'type':'reg','name':'a','xattrs':{'security.capability':'*'}}",
     "\"xattrs\""},
    {"capability-twice",
     "{'type':'reg','name':'a','xattrs':{'security.capability':'AA==','security.capability':'AQ=="
     "'}}",
     "\"xattrs\""},
    {"negative-size", "{'type':'reg','name':'a','size':-1}", "negative size"},
    {"no-offset", "{'type':'reg','name':'a','size':1}", "not in the layer"},
    {"offset-beyond", "{'type':'reg','name':'a','size':1,'offset':99999}", "not in the layer"},
    {"negative-offset", "{'type':'reg','name':'a','size':1,'offset':-5}", "not in the layer"},
    {"same-place",
     "{'type':'reg','name':'a','size':5,'offset':%1},{'type':'reg','name':'b','size':5,'offset':%"
     "1}",
     "b: its content is where that of another is"},
    {"backwards",
     "{'type':'reg','name':'a','size':5,'offset':%2},{'type':'reg','name':'b','size':5,'offset':%"
     "1}",
     "b: its content is where that of another is"},
    {"overlapping-inside",
     "{'type':'reg','name':'a','size':5,'offset':%1},"
     "{'type':'reg','name':'b','size':5,'offset':%1,'innerOffset':4}",
     "b: its content is where that of another is"},
    {"part-first", "{'type':'chunk','name':'a','offset':%1,'chunkSize':1}", "no file"},
    {"part-of-a-directory", "{'type':'dir','name':'a'},{'type':'chunk','name':'a','offset':%1}",
     "no file"},
    {"part-of-another",
     "{'type':'reg','name':'a','size':9,'offset':%1,'chunkSize':5},"
     "{'type':'chunk','name':'b','offset':%2,'chunkOffset':5,'chunkSize':4}",
     "no file"},
    {"part-missing", "{'type':'reg','name':'a','size':9,'offset':%1,'chunkSize':5}",
     "do not make its size"},
    {"part-missing-before-the-next",
     "{'type':'reg','name':'a','size':9,'offset':%1,'chunkSize':5},{'type':'dir','name':'b'}",
     "a: its parts do not make its size"},
    {"part-twice",
     "{'type':'reg','name':'a','size':10,'offset':%1,'chunkSize':5},"
     "{'type':'chunk','offset':%2,'chunkOffset':0,'chunkSize':5}",
     "do not make its size"},
    {"part-too-long", "{'type':'reg','name':'a','size':5,'offset':%1,'chunkSize':6}",
     "do not make its size"},
    {"part-too-many",
     "{'type':'reg','name':'a','size':5,'offset':%1},"
     "{'type':'chunk','offset':%2,'chunkOffset':5,'chunkSize':1}",
     "do not make its size"},
    {"part-negative", "{'type':'reg','name':'a','size':5,'offset':%1,'chunkSize':-1}",
     "do not make its size"},
    {"content-of-another", "{'type':'reg','name':'etc/passwd','size':11,'offset':%1,'digest':'$2'}",
     "etc/passwd: wrong digest"},
    {"content-too-short", "{'type':'reg','name':'etc/passwd','size':12,'offset':%1,'digest':'$1'}",
     "etc/passwd: "},
    {"content-no-frame", "{'type':'reg','name':'etc/passwd','size':11,'offset':3,'digest':'$1'}",
     "etc/passwd: "},
};

static void
test_hostile(gconstpointer data)
{
  gsize i = GPOINTER_TO_SIZE(data);
  static const TocPack packs[] = {toc_pack_zstd, toc_pack_gzip};
  for (gsize p = 0; p < G_N_ELEMENTS(packs); p++) {
    g_auto(TocMade) made;
    toc_made_init(&made, packs[p]);
    toc_add_content(&made, "root:x:0:0\n", 11);
    toc_add_content(&made, "other", 5);
    if (packs[p] == toc_pack_zstd)
      toc_finish_chunked(&made, hostile[i].entries);
    else
      toc_finish_estargz(&made, hostile[i].entries);
    toc_assert_fails(&made, hostile[i].what);
  }
}

static void
test_a_wrong_digest_of_the_table_is_an_error(void)
{
  static const char zeros[] =
      "sha256:0000000000000000000000000000000000000000000000000000000000000000";
  g_auto(TocMade) zstd, gzip;
  toc_made_init(&zstd, toc_pack_zstd);
  toc_made_init(&gzip, toc_pack_gzip);
  toc_finish_chunked(&zstd, "{'type':'dir','name':'a'}");
  toc_finish_estargz(&gzip, "{'type':'dir','name':'a'}");
  zstd.layer.chunked_checksum = (char *)zeros;
  gzip.layer.stargz_digest = (char *)zeros;
  toc_assert_fails(&zstd, "wrong digest");
  toc_assert_fails(&gzip, "wrong digest");
}

static void
test_positions_that_are_none(void)
{
  static const char *const positions[] = {
      "",
      "1",
      "1:2:3",
      "1:2:3:1:",
      "1:2:3:1:5",
      "-1:2:3:1",
      "+9:2:3:1",
      "a:2:3:1",
      "1:2:3: 1",
      "9:0:3:1",
      "7:2:3:1",
      "99999:2:3:1",
      "9:99999:3:1",
      "9223372036854775808:2:3:1",
      "9223372036854775807:2:3:1",
  };
  g_auto(TocMade) made;
  toc_made_init(&made, toc_pack_zstd);
  toc_add_content(&made, "x", 1);
  toc_finish_chunked(&made, "{'type':'dir','name':'a'}");
  for (gsize i = 0; i < G_N_ELEMENTS(positions); i++) {
    made.layer.chunked_position = (char *)positions[i];
    toc_assert_fails(&made, "its table of contents");
  }
}

static void
test_a_size_that_is_not_the_tables(void)
{
  g_auto(TocMade) made;
  toc_made_init(&made, toc_pack_zstd);
  toc_add_content(&made, "x", 1);
  toc_finish_chunked(&made, "{'type':'dir','name':'a'}");
  for (int by = -1; by <= 1; by += 2) {
    g_autofree char *position =
        g_strdup_printf("%u:%u:%u:1", made.table_at, made.table_len, made.table_size + (guint)by);
    made.layer.chunked_position = position;
    toc_assert_fails(&made, "its table of contents");
  }
}

static void
test_footers_that_lie(void)
{
  static const guint64 offsets[] = {0, 5, 80, 1000000, G_MAXUINT64};
  for (gsize i = 0; i < G_N_ELEMENTS(offsets); i++) {
    g_auto(TocMade) made;
    toc_made_init(&made, toc_pack_gzip);
    toc_add_content(&made, "x", 1);
    toc_finish_estargz(&made, "{'type':'dir','name':'a'}");
    g_byte_array_set_size(made.blob, made.blob->len - 51);
    toc_add_footer(made.blob, offsets[i], FALSE);
    toc_assert_fails(&made, "its table of contents");
  }
}

static void
test_nothing_may_hide_behind_the_table_in_its_archive(void)
{
  g_auto(TocMade) made;
  toc_made_init(&made, toc_pack_gzip);
  g_autofree char *table = toc_table_text(&made, "{'type':'dir','name':'a'}");
  g_autoptr(GByteArray) tar = g_byte_array_new();
  TAR(tar, .name = "stargz.index.json", .body = table);
  TAR(tar, .name = "su", .mode = 04755);
  tar_end(tar);
  g_byte_array_append(made.blob, (const guint8 *)"before", 6);
  toc_pack_gzip(made.blob, tar->data, tar->len);
  toc_add_footer(made.blob, 6, FALSE);
  made.digest = nz_digest_of("sha256:", table, strlen(table));
  made.layer.stargz_digest = made.digest;
  toc_assert_fails(&made, "something follows it");
}

static void
test_another_file_in_the_tables_place(void)
{
  g_auto(TocMade) made;
  toc_made_init(&made, toc_pack_gzip);
  toc_add_content(&made, "x", 1);
  toc_finish_estargz_as(&made, "{'type':'dir','name':'a'}", "other.json", 0, FALSE);
  toc_assert_fails(&made, "no stargz.index.json");
}

static void
test_an_entry_has_a_limit(void)
{
  g_auto(TocMade) made;
  toc_made_init(&made, toc_pack_zstd);
  g_autofree char *spaces = g_strnfill(NZ_TOC_ENTRY_MAX + 2 * NZ_CHUNK_SIZE, ' ');
  g_autofree char *entries = g_strdup_printf("{'type':'dir',%s'name':'a'}", spaces);
  toc_finish_chunked(&made, entries);
  toc_assert_fails(&made, "more than 1 MiB");
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS(hostile); i++) {
    g_autofree char *path = g_strconcat("/toc/hostile/", hostile[i].name, NULL);
    g_test_add_data_func(path, GSIZE_TO_POINTER(i), test_hostile);
  }
  g_test_add_func("/toc/hostile/digest", test_a_wrong_digest_of_the_table_is_an_error);
  g_test_add_func("/toc/hostile/positions", test_positions_that_are_none);
  g_test_add_func("/toc/hostile/size", test_a_size_that_is_not_the_tables);
  g_test_add_func("/toc/hostile/footers", test_footers_that_lie);
  g_test_add_func("/toc/hostile/behind", test_nothing_may_hide_behind_the_table_in_its_archive);
  g_test_add_func("/toc/hostile/other-file", test_another_file_in_the_tables_place);
  g_test_add_func("/toc/hostile/long-entry", test_an_entry_has_a_limit);
  return g_test_run();
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Layers with a table of contents, made by hand: where the table lies, what is in it, and tables
 * that contradict themselves. What real writers make is judged in tests/e2e. */
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#include "core/limits.h"
#include "entrylist.h"
#include "image/digest.h"
#include "ranges.h"
#include "support.h"

/* --- making layers --- */

static void
add_zstd(GByteArray *out, const void *data, gsize len)
{
  gsize bound = ZSTD_compressBound(len);
  g_autofree guint8 *packed = g_malloc(bound);
  g_byte_array_append(out, packed, (guint)ZSTD_compress(packed, bound, data, len, 3));
}

static void
add_gzip(GByteArray *out, const void *data, gsize len)
{
  g_autofree guint8 *packed = g_malloc(len + 1024);
  z_stream z = {.next_in = (guint8 *)data, .avail_in = (uInt)len};
  z.next_out = packed;
  z.avail_out = (uInt)(len + 1024);
  g_assert_cmpint(deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), ==, Z_OK);
  g_assert_cmpint(deflate(&z, Z_FINISH), ==, Z_STREAM_END);
  g_byte_array_append(out, packed, (guint)z.total_out);
  deflateEnd(&z);
}

typedef void (*Pack)(GByteArray *out, const void *data, gsize len);

/* A layer in the making. Text of the table may say %1, %2, ...: where the first, second, ...
 * content begins; and $1, $2, ...: its digest. */
typedef struct {
  GByteArray *blob;
  Pack pack;
  guint64 offsets[8];
  char *digests[8];
  guint n;
  NzLayer layer;
  char *digest, *position;
  guint table_at, table_len, table_size; /* of finish_chunked() */
} Made;

static void
made_clear(Made *self)
{
  g_byte_array_unref(self->blob);
  for (guint i = 0; i < self->n; i++)
    g_free(self->digests[i]);
  g_free(self->digest);
  g_free(self->position);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Made, made_clear)

static void
add_content(Made *self, const void *data, gsize len)
{
  self->pack(self->blob, "header", 6);
  self->offsets[self->n] = self->blob->len;
  self->digests[self->n++] = nz_digest_of("sha256:", data, len);
  self->pack(self->blob, data, len);
}

static char *
table_text(const Made *self, const char *entries)
{
  GString *out = g_string_new("{\"version\":1,\"entries\":[");
  if (*entries == '!') { /* all of it */
    g_string_truncate(out, 0);
    entries++;
  }
  gboolean whole = out->len == 0;
  for (const char *p = entries; *p; p++) {
    guint i = (guint)(p[1] - '1');
    if (*p == '%' && i < self->n)
      g_string_append_printf(out, "%" G_GUINT64_FORMAT, self->offsets[i]);
    else if (*p == '$' && i < self->n)
      g_string_append(out, self->digests[i]);
    else
      g_string_append_c(out, *p == '\'' ? '"' : *p);
    p += (*p == '%' || *p == '$') && i < self->n;
  }
  return g_string_free(whole ? out : g_string_append(out, "]}"), FALSE);
}

static void
finish_chunked(Made *self, const char *entries)
{
  g_autofree char *table = table_text(self, entries);
  g_autoptr(GByteArray) packed = g_byte_array_new();
  add_zstd(packed, table, strlen(table));
  guint32 header[2] = {GUINT32_TO_LE(0x184d2a50), GUINT32_TO_LE(packed->len)};
  g_byte_array_append(self->blob, (const guint8 *)header, sizeof header);
  self->digest = nz_digest_of("sha256:", packed->data, packed->len);
  self->table_at = self->blob->len;
  self->table_len = packed->len;
  self->table_size = (guint)strlen(table);
  self->position = g_strdup_printf("%u:%u:%u:1", self->table_at, self->table_len, self->table_size);
  g_byte_array_append(self->blob, packed->data, packed->len);
  self->layer =
      (NzLayer){.size = -1, .chunked_position = self->position, .chunked_checksum = self->digest};
}

static void
add_footer(GByteArray *blob, guint64 offset, gboolean old)
{
  g_autofree char *extra = g_strdup_printf("%016" G_GINT64_MODIFIER "xSTARGZ", offset);
  g_byte_array_append(blob, (const guint8 *)"\x1f\x8b\x08\x04\0\0\0\0\0\xff", 10);
  if (old)
    g_byte_array_append(blob, (const guint8 *)"\x16\0", 2);
  else
    g_byte_array_append(blob, (const guint8 *)"\x1a\0SG\x16\0", 6);
  g_byte_array_append(blob, (const guint8 *)extra, 22);
  g_byte_array_append(blob, (const guint8 *)"\x01\0\0\xff\xff\0\0\0\0\0\0\0\0", 13);
}

static void
finish_estargz_as(Made *self, const char *entries, const char *name, guint mode, gboolean old)
{
  g_autofree char *table = table_text(self, entries);
  g_autoptr(GByteArray) tar = g_byte_array_new();
  TAR(tar, .name = name, .mode = mode, .body = table);
  tar_end(tar);
  self->digest = nz_digest_of("sha256:", table, strlen(table));
  guint64 offset = self->blob->len;
  add_gzip(self->blob, tar->data, tar->len);
  add_footer(self->blob, offset, old);
  self->layer = (NzLayer){.size = -1, .stargz_digest = self->digest};
}

static void
finish_estargz(Made *self, const char *entries)
{
  finish_estargz_as(self, entries, "stargz.index.json", 0, FALSE);
}

static void
made_init(Made *self, Pack pack)
{
  *self = (Made){.blob = g_byte_array_new(), .pack = pack};
}

/* --- reading them --- */

/* The entries by the table, or NULL with *ERROR; *DONE is FALSE when it was not used. */
static char *
read_table_with(const Made *made, const NzReadOptions *options, gboolean *done, GError **error)
{
  g_autoptr(NzLogBudget) budget = nz_log_budget_new(1 << 24, FALSE);
  g_autoptr(NzLayerLog) log = nz_layer_log_new(budget, 0);
  g_auto(NzLayerResult) result = {0};
  CountedRanges ranges;
  ranges_init_memory(&ranges, made->blob->data, made->blob->len);
  if (!nz_toc_read_layer(&ranges.base, &made->layer, options, log, &result, done, error)) {
    g_assert_false(*done);
    return NULL;
  }
  g_assert_cmpint(result.by_table, ==, *done);
  nz_layer_log_close(log, NULL);
  return entry_list(log, error);
}

static char *
read_table(const Made *made, gboolean *done, GError **error)
{
  NzReadOptions options = {.ratio = 250};
  return read_table_with(made, &options, done, error);
}

static void
assert_reads(const Made *made, const char *want)
{
  gboolean done;
  g_autoptr(GError) error = NULL;
  g_autofree char *list = read_table(made, &done, &error);
  g_assert_no_error(error);
  g_assert_true(done);
  g_assert_cmpstr(list, ==, want);
}

static void
assert_left(const Made *made)
{
  gboolean done;
  g_autoptr(GError) error = NULL;
  g_autofree char *list = read_table(made, &done, &error);
  g_assert_no_error(error);
  g_assert_false(done);
  g_assert_cmpstr(list, ==, "");
}

static void
assert_fails(const Made *made, const char *what)
{
  gboolean done;
  g_autoptr(GError) error = NULL;
  g_autofree char *list = read_table(made, &done, &error);
  g_assert_null(list);
  g_assert_nonnull(error);
  assert_holds(error->message, what);
  assert_holds(error->message, "--verify");
}

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
  g_auto(Made) made;
  made_init(&made, add_zstd);
  add_content(&made, "root:x:0:0\n", 11);
  finish_chunked(&made, kinds);
  assert_reads(&made, KINDS_WANT);
}

static void
test_entries_of_all_kinds_gzip(void)
{
  g_auto(Made) made;
  made_init(&made, add_gzip);
  add_content(&made, "root:x:0:0\n", 11);
  finish_estargz(&made, kinds);
  assert_reads(&made, KINDS_WANT "- 0000 0:0 /stargz.index.json\n");
}

static void
test_the_table_itself_is_an_entry_with_its_mode(void)
{
  g_auto(Made) made;
  made_init(&made, add_gzip);
  add_content(&made, "x", 1);
  finish_estargz_as(&made, "", "stargz.index.json", 04755, FALSE);
  assert_reads(&made, "- 4755 0:0 /stargz.index.json\n");
}

static void
test_an_old_footer_is_read(void)
{
  g_auto(Made) made;
  made_init(&made, add_gzip);
  add_content(&made, "x", 1);
  finish_estargz_as(&made, "{'type':'dir','name':'a'}", "stargz.index.json", 0, TRUE);
  assert_reads(&made, "d 0000 0:0 /a\n- 0000 0:0 /stargz.index.json\n");
}

static void
test_a_content_in_parts_is_put_together(void)
{
  g_autofree guint8 *body = noise(300000, 7);
  g_auto(Made) made;
  made_init(&made, add_zstd);
  add_content(&made, body, 200000);
  add_content(&made, body + 200000, 1);
  add_content(&made, body + 200001, 99999);
  finish_chunked(&made, "{'type':'reg','name':'etc/passwd','size':300000,'offset':%1,"
                        " 'chunkSize':200000,'chunkDigest':'$1'},"
                        "{'type':'chunk','name':'etc/passwd','offset':%2,'chunkOffset':200000,"
                        " 'chunkSize':1,'chunkDigest':'$2'},"
                        "{'type':'chunk','offset':%3,'chunkOffset':200001,'chunkDigest':'$3'}");
  g_autofree char *hash = g_compute_checksum_for_data(G_CHECKSUM_SHA256, body, 300000);
  g_autofree char *want = g_strdup_printf("- 0000 0:0 /etc/passwd body 1 300000:%.8s\n", hash);
  assert_reads(&made, want);
}

static void
test_contents_that_share_a_member_are_told_apart(void)
{
  g_auto(Made) made;
  made_init(&made, add_gzip);
  add_content(&made, "aaaapadbbb", 10);
  g_autofree char *a = nz_digest_of("sha256:", "aaaa", 4);
  g_autofree char *b = nz_digest_of("sha256:", "bbb", 3);
  g_autofree char *entries =
      g_strdup_printf("{'type':'reg','name':'etc/group','size':4,'offset':%%1,'chunkDigest':'%s'},"
                      "{'type':'reg','name':'etc/passwd','size':3,'offset':%%1,'innerOffset':7,"
                      " 'chunkDigest':'%s'}",
                      a, b);
  finish_estargz(&made, entries);
  assert_reads(&made, "- 0000 0:0 /etc/group body 1 4:61be55a8\n"
                      "- 0000 0:0 /etc/passwd body 1 3:3e744b9d\n"
                      "- 0000 0:0 /stargz.index.json\n");
}

/* Entries as long as a window of the reader, and escapes and numbers across its edges. */
static void
test_a_long_table_is_read_through_its_window(void)
{
  g_auto(Made) made;
  made_init(&made, add_zstd);
  add_content(&made, "x", 1);
  g_autoptr(GString) entries = g_string_new(NULL), want = g_string_new(NULL);
  for (guint i = 0; i < 20000; i++) {
    g_string_append_printf(
        entries, "%s\n\t{'type' : 'reg', 'name':'d/%.*s\\u00e9%u','mode': %u ,'uid':%u}",
        i ? "," : "", (int)(i % 60),
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", i, i % 512, i * 7);
    g_string_append_printf(want, "- %04o %u:0 /d/%.*s\u00e9%u\n", i % 512, i * 7, (int)(i % 60),
                           "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", i);
  }
  finish_chunked(&made, entries->str);
  assert_reads(&made, want->str);
}

static void
test_few_bytes_are_fetched(void)
{
  g_autofree guint8 *body = noise(3000000, 3);
  g_auto(Made) made;
  made_init(&made, add_zstd);
  add_content(&made, body, 1500000);
  add_content(&made, "root:x:0:0\n", 11);
  add_content(&made, "root:x:0:\n", 10);
  add_content(&made, body + 1500000, 1500000);
  finish_chunked(&made, "{'type':'reg','name':'a','size':1500000,'offset':%1,'digest':'$1'},"
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
  g_autofree guint8 *body = noise(400000, 5);
  g_auto(Made) made;
  made_init(&made, add_zstd);
  add_content(&made, "root:x:0:0\n", 11);
  add_content(&made, body, 400000);
  finish_chunked(&made, "{'type':'reg','name':'etc/passwd','size':11,'offset':%1,'digest':'$1'},"
                        "{'type':'reg','name':'lib/apk/db/installed','size':400000,'offset':%2,"
                        " 'digest':'$2'}");
  assert_reads(&made, "- 0000 0:0 /etc/passwd body 1 11:7cf1f940\n"
                      "- 0000 0:0 /lib/apk/db/installed body 2\n");
}

/* --- what is no table for us --- */

static void
test_layers_without_a_known_table_are_left(void)
{
  static const char entries[] = "{'type':'reg','name':'a','size':1,'offset':%1,'digest':'$1'}";
  g_auto(Made) zstd, gzip;
  made_init(&zstd, add_zstd);
  made_init(&gzip, add_gzip);
  add_content(&zstd, "x", 1);
  add_content(&gzip, "x", 1);
  finish_chunked(&zstd, entries);
  finish_estargz(&gzip, entries);
  assert_reads(&zstd, "- 0000 0:0 /a\n");

  Made other = zstd;
  other.layer.chunked_checksum = NULL; /* nothing vouches for it */
  assert_left(&other);
  g_assert_false(nz_toc_is_promised(&other.layer));
  other = gzip;
  other.layer.stargz_digest = NULL;
  assert_left(&other);
  g_assert_false(nz_toc_is_promised(&other.layer));
  other = gzip;
  other.layer.stargz_digest = (char *)"md5:00";
  assert_left(&other);
  other = zstd;
  other.layer.chunked_position = (char *)"10:10:10:2"; /* of a type that is not known */
  assert_left(&other);
  other.layer.chunked_position = (char *)"10:99999999999:10:1";
  assert_left(&other);
  gzip.blob->data[gzip.blob->len - 14] = 'X'; /* no footer */
  assert_left(&gzip);
}

static void
test_verify_leaves_the_table(void)
{
  g_auto(Made) made;
  made_init(&made, add_zstd);
  add_content(&made, "x", 1);
  finish_chunked(&made, "{'type':'dir','name':'a'}");
  gboolean done;
  NzReadOptions options = {.ratio = 250, .verify = TRUE};
  g_autofree char *list = read_table_with(&made, &options, &done, NULL);
  g_assert_false(done);
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
  g_auto(Made) made;
  made_init(&made, add_zstd);
  add_content(&made, "root:x:0:0\n", 11);
  finish_chunked(&made, entries);
  assert_left(&made);
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
  static const Pack packs[] = {add_zstd, add_gzip};
  for (gsize p = 0; p < G_N_ELEMENTS(packs); p++) {
    g_auto(Made) made;
    made_init(&made, packs[p]);
    add_content(&made, "root:x:0:0\n", 11);
    add_content(&made, "other", 5);
    if (packs[p] == add_zstd)
      finish_chunked(&made, hostile[i].entries);
    else
      finish_estargz(&made, hostile[i].entries);
    assert_fails(&made, hostile[i].what);
  }
}

static void
test_a_wrong_digest_of_the_table_is_an_error(void)
{
  static const char zeros[] =
      "sha256:0000000000000000000000000000000000000000000000000000000000000000";
  g_auto(Made) zstd, gzip;
  made_init(&zstd, add_zstd);
  made_init(&gzip, add_gzip);
  finish_chunked(&zstd, "{'type':'dir','name':'a'}");
  finish_estargz(&gzip, "{'type':'dir','name':'a'}");
  zstd.layer.chunked_checksum = (char *)zeros;
  gzip.layer.stargz_digest = (char *)zeros;
  assert_fails(&zstd, "wrong digest");
  assert_fails(&gzip, "wrong digest");
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
  g_auto(Made) made;
  made_init(&made, add_zstd);
  add_content(&made, "x", 1);
  finish_chunked(&made, "{'type':'dir','name':'a'}");
  for (gsize i = 0; i < G_N_ELEMENTS(positions); i++) {
    made.layer.chunked_position = (char *)positions[i];
    assert_fails(&made, "its table of contents");
  }
}

static void
test_a_size_that_is_not_the_tables(void)
{
  g_auto(Made) made;
  made_init(&made, add_zstd);
  add_content(&made, "x", 1);
  finish_chunked(&made, "{'type':'dir','name':'a'}");
  for (int by = -1; by <= 1; by += 2) {
    g_autofree char *position =
        g_strdup_printf("%u:%u:%u:1", made.table_at, made.table_len, made.table_size + (guint)by);
    made.layer.chunked_position = position;
    assert_fails(&made, "its table of contents");
  }
}

static void
test_footers_that_lie(void)
{
  static const guint64 offsets[] = {0, 5, 80, 1000000, G_MAXUINT64};
  for (gsize i = 0; i < G_N_ELEMENTS(offsets); i++) {
    g_auto(Made) made;
    made_init(&made, add_gzip);
    add_content(&made, "x", 1);
    finish_estargz(&made, "{'type':'dir','name':'a'}");
    g_byte_array_set_size(made.blob, made.blob->len - 51);
    add_footer(made.blob, offsets[i], FALSE);
    assert_fails(&made, "its table of contents");
  }
}

static void
test_nothing_may_hide_behind_the_table_in_its_archive(void)
{
  g_auto(Made) made;
  made_init(&made, add_gzip);
  g_autofree char *table = table_text(&made, "{'type':'dir','name':'a'}");
  g_autoptr(GByteArray) tar = g_byte_array_new();
  TAR(tar, .name = "stargz.index.json", .body = table);
  TAR(tar, .name = "su", .mode = 04755);
  tar_end(tar);
  g_byte_array_append(made.blob, (const guint8 *)"before", 6);
  add_gzip(made.blob, tar->data, tar->len);
  add_footer(made.blob, 6, FALSE);
  made.digest = nz_digest_of("sha256:", table, strlen(table));
  made.layer.stargz_digest = made.digest;
  assert_fails(&made, "something follows it");
}

static void
test_another_file_in_the_tables_place(void)
{
  g_auto(Made) made;
  made_init(&made, add_gzip);
  add_content(&made, "x", 1);
  finish_estargz_as(&made, "{'type':'dir','name':'a'}", "other.json", 0, FALSE);
  assert_fails(&made, "no stargz.index.json");
}

static void
test_an_entry_has_a_limit(void)
{
  g_auto(Made) made;
  made_init(&made, add_zstd);
  g_autofree char *spaces = g_strnfill(NZ_TOC_ENTRY_MAX + 2 * NZ_CHUNK_SIZE, ' ');
  g_autofree char *entries = g_strdup_printf("{'type':'dir',%s'name':'a'}", spaces);
  finish_chunked(&made, entries);
  assert_fails(&made, "more than 1 MiB");
}

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
  g_test_add_func("/toc/left/small", test_small_layers_are_not_worth_a_table);
  for (gsize i = 0; i < G_N_ELEMENTS(too_little); i++) {
    g_autofree char *path = g_strconcat("/toc/left/", too_little[i].name, NULL);
    g_test_add_data_func(path, too_little[i].entries, test_tables_that_say_too_little_are_left);
  }
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

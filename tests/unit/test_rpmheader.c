/* SPDX-License-Identifier: Apache-2.0 */
/* One package's header out of an rpm database: headers written here field by field, most of which
 * nothing should believe. */
#include "rootfs/rpmdb_private.h"

#include <string.h>

enum { INT32 = 4, STRING = 6, BIN = 7, ARRAY = 8 };
enum { NAME = 1000, OLDFILENAMES = 1027, DIRINDEXES = 1116, BASENAMES = 1117, DIRNAMES = 1118 };

typedef struct {
  guint32 tag, type, count;
  const char *data;
  gsize len;
} Field;

enum { N_FIELDS = 8 };

typedef struct {
  const char *name;
  Field fields[N_FIELDS];
  const char *lines; /* NULL: an error */
  const char *what;  /* the error says this */
} HeaderCase;

/* clang-format off */
#define DATA(text) text, sizeof text - 1
#define FIELD_NAME {NAME, STRING, 1, DATA("p\0")}
#define FIELD_A {DIRINDEXES, INT32, 1, DATA("\0\0\0\0")}, {BASENAMES, ARRAY, 1, DATA("a\0")}, \
    {DIRNAMES, ARRAY, 1, DATA("/\0")}

static const HeaderCase header_cases[] = {
  {"a package without files", {FIELD_NAME}, "", NULL},
  {"one file", {FIELD_NAME, FIELD_A}, "p\t/a\n", NULL},
  {"the root directory", {FIELD_NAME, {DIRINDEXES, INT32, 1, DATA("\0\0\0\0")}, {BASENAMES, ARRAY,
   1, DATA("\0")}, {DIRNAMES, ARRAY, 1, DATA("/\0")}}, "p\t/\n", NULL},
  {"names that are no text", {FIELD_NAME, {DIRINDEXES, INT32, 2, DATA("\0\0\0\0\0\0\0\0")},
   {BASENAMES, ARRAY, 2, DATA("\n\xff\0\x1b[2J\0")}, {DIRNAMES, ARRAY, 1, DATA("/usr/\0")}},
   "p\t/usr/\n\xff\np\t/usr/\x1b[2J\n", NULL},
  {"more directories than files", {FIELD_NAME, {DIRINDEXES, INT32, 1, DATA("\0\0\0\1")}, {BASENAMES,
   ARRAY, 1, DATA("a\0")}, {DIRNAMES, ARRAY, 3, DATA("/x/\0/y/\0/z/\0")}}, "p\t/y/a\n", NULL},
  {"the names of rpm 3", {FIELD_NAME, {OLDFILENAMES, ARRAY, 2, DATA("/a\0/b/c\0")}},
   "p\t/a\np\t/b/c\n", NULL},
  {"the new names count", {FIELD_NAME, {OLDFILENAMES, ARRAY, 1, DATA("/old\0")}, FIELD_A},
   "p\t/a\n", NULL},
  {"tags that are not known", {{5, 99, 7, DATA("xx")}, FIELD_NAME, {70000, 0, 0, DATA("")}}, "",
   NULL},
  {"no name", {FIELD_A}, NULL, "package 7: the header has no NAME"},
  {"an empty name", {{NAME, STRING, 1, DATA("\0")}}, NULL, "NAME is empty"},
  {"an open name", {{NAME, STRING, 1, DATA("p")}}, NULL, "NAME runs behind"},
  {"a name behind the data", {{NAME, STRING, 1, DATA("")}}, NULL, "NAME runs behind"},
  {"two names", {FIELD_NAME, FIELD_NAME}, NULL, "NAME twice"},
  {"a name of two", {{NAME, STRING, 2, DATA("a\0b\0")}}, NULL, "NAME has type 6 and count 2"},
  {"a name of numbers", {{NAME, INT32, 1, DATA("\0\0\0\1")}}, NULL, "NAME has type 4"},
  {"no files, by number", {FIELD_NAME, {BASENAMES, ARRAY, 0, DATA("")}}, NULL, "count 0"},
  {"only base names", {FIELD_NAME, {BASENAMES, ARRAY, 1, DATA("a\0")}}, NULL, "one is missing"},
  {"only directories", {FIELD_NAME, {DIRNAMES, ARRAY, 1, DATA("/\0")}}, NULL, "one is missing"},
  {"fewer indexes than files", {FIELD_NAME, {DIRINDEXES, INT32, 1, DATA("\0\0\0\0")}, {BASENAMES,
   ARRAY, 2, DATA("a\0b\0")}, {DIRNAMES, ARRAY, 1, DATA("/\0")}}, NULL, "2 files, but 1 directory"},
  {"indexes behind the data", {FIELD_NAME, {DIRNAMES, ARRAY, 1, DATA("/\0")}, {BASENAMES, ARRAY, 1,
   DATA("a\0")}, {DIRINDEXES, INT32, 1, DATA("\0\0\0")}}, NULL, "DIRINDEXES runs behind"},
  {"indexes whose size wraps", {FIELD_NAME, {DIRNAMES, ARRAY, 1, DATA("/\0")}, {BASENAMES, ARRAY,
   0x40000001, DATA("a\0")}, {DIRINDEXES, INT32, 0x40000001, DATA("\0\0\0\0")}}, NULL,
   "DIRINDEXES runs behind"},
  {"a directory that is not there", {FIELD_NAME, {DIRINDEXES, INT32, 1, DATA("\0\0\0\1")},
   {BASENAMES, ARRAY, 1, DATA("a\0")}, {DIRNAMES, ARRAY, 1, DATA("/\0")}}, NULL,
   "file 0 is in directory 1 of 1"},
  {"a negative directory", {FIELD_NAME, {DIRINDEXES, INT32, 1, DATA("\xff\xff\xff\xff")},
   {BASENAMES, ARRAY, 1, DATA("a\0")}, {DIRNAMES, ARRAY, 1, DATA("/\0")}}, NULL,
   "in directory 4294967295"},
  {"fewer base names than said", {FIELD_NAME, {DIRNAMES, ARRAY, 1, DATA("/\0")}, {DIRINDEXES, INT32,
   2, DATA("\0\0\0\0\0\0\0\0")}, {BASENAMES, ARRAY, 2, DATA("a\0b")}}, NULL,
   "BASENAMES runs behind"},
  {"fewer directories than said", {FIELD_NAME, {DIRINDEXES, INT32, 1, DATA("\0\0\0\0")}, {BASENAMES,
   ARRAY, 1, DATA("a\0")}, {DIRNAMES, ARRAY, 2, DATA("/\0/")}}, NULL, "DIRNAMES runs behind"},
  {"more directories than bytes", {FIELD_NAME, {DIRINDEXES, INT32, 1, DATA("\0\0\0\0")},
   {BASENAMES, ARRAY, 1, DATA("a\0")}, {DIRNAMES, ARRAY, 3, DATA("/\0")}}, NULL,
   "DIRNAMES runs behind"},
  {"4 billion directories", {FIELD_NAME, {DIRINDEXES, INT32, 1, DATA("\0\0\0\0")}, {BASENAMES,
   ARRAY, 1, DATA("a\0")}, {DIRNAMES, ARRAY, 0xffffffff, DATA("/\0")}}, NULL,
   "4294967295 directories"},
  {"fewer old names than said", {FIELD_NAME, {OLDFILENAMES, ARRAY, 3, DATA("/a\0/b\0")}}, NULL,
   "OLDFILENAMES runs behind"},
  {"a path from nowhere", {FIELD_NAME, {OLDFILENAMES, ARRAY, 2, DATA("/a\0b\0")}}, NULL,
   "file 1: a path that does not begin"},
  {"an empty path", {FIELD_NAME, {OLDFILENAMES, ARRAY, 1, DATA("\0")}}, NULL, "does not begin"},
};
/* clang-format on */

static void
add_be(GByteArray *to, guint32 value)
{
  guint32 be = GUINT32_TO_BE(value);
  g_byte_array_append(to, (const guint8 *)&be, sizeof be);
}

static GByteArray *
header_of(const Field *fields)
{
  g_autoptr(GByteArray) index = g_byte_array_new();
  g_autoptr(GByteArray) store = g_byte_array_new();
  for (gsize i = 0; i < N_FIELDS && fields[i].tag != 0; i++) {
    add_be(index, fields[i].tag);
    add_be(index, fields[i].type);
    add_be(index, store->len);
    add_be(index, fields[i].count);
    g_byte_array_append(store, (const guint8 *)fields[i].data, (guint)fields[i].len);
  }

  GByteArray *header = g_byte_array_new();
  add_be(header, index->len / 16);
  add_be(header, store->len);
  g_byte_array_append(header, index->data, index->len);
  if (store->len > 0)
    g_byte_array_append(header, store->data, store->len);
  return header;
}

static void
collect(const char *package, const char *path, gsize path_len, gpointer user_data)
{
  g_assert_cmpuint(strlen(path), ==, path_len);
  g_string_append_printf(user_data, "%s\t%s\n", package, path);
}

/* Lines "package TAB path"; NULL on error. */
static char *
read_header(const GByteArray *header, GError **error)
{
  g_autoptr(GString) lines = g_string_new(NULL);
  NzRpmSink sink = {.func = collect, .user_data = lines, .bytes_left = header->len};
  /* A copy of exact size, so that the sanitizers see a read behind the end. */
  g_autofree guint8 *copy = g_memdup2(header->data, header->len);
  if (!nz_rpm_sink_add(&sink, 7, copy, header->len, error))
    return NULL;
  return g_string_free(g_steal_pointer(&lines), FALSE);
}

static void
assert_header_says(const GByteArray *header, const char *expected)
{
  g_autoptr(GError) error = NULL;
  g_autofree char *lines = read_header(header, &error);
  g_assert_no_error(error);
  g_assert_cmpstr(lines, ==, expected);
}

static void
assert_header_broken(const GByteArray *header, const char *what)
{
  g_autoptr(GError) error = NULL;
  g_autofree char *lines = read_header(header, &error);
  g_assert_null(lines);
  g_assert_error(error, NZ_ERROR, NZ_ERROR_INPUT);
  g_test_message("%s", error->message);
  if (strstr(error->message, what) == NULL)
    g_error("\"%s\" does not say \"%s\"", error->message, what);
}

static void
test_headers(void)
{
  for (gsize i = 0; i < G_N_ELEMENTS(header_cases); i++) {
    const HeaderCase *c = &header_cases[i];
    g_test_message("%s", c->name);
    g_autoptr(GByteArray) header = header_of(c->fields);
    if (c->lines != NULL)
      assert_header_says(header, c->lines);
    else
      assert_header_broken(header, c->what);
  }
}

static const Field one_file[N_FIELDS] = {FIELD_NAME, FIELD_A};

static const struct {
  gsize at;
  guint32 value;
  const char *what;
} intros[] = {
    {0, 0, "a header of 0 entries"},          {0, 5, "but says 5 entries"},
    {0, 65536, "a header of 65536 entries"},  {4, 3, "but says 4 entries and 3 bytes"},
    {4, 0xffffffff, "beyond rpm's limits"},   {4, 0x10000000, "beyond rpm's limits"},
    {8 + 8, 0x100, "points behind the data"}, {8 + 8, 0xfffffff0, "points behind the data"},
};

static void
test_headers_whose_sizes_lie(void)
{
  for (gsize i = 0; i < G_N_ELEMENTS(intros); i++) {
    g_autoptr(GByteArray) header = header_of(one_file);
    guint32 be = GUINT32_TO_BE(intros[i].value);
    memcpy(header->data + intros[i].at, &be, sizeof be);
    assert_header_broken(header, intros[i].what);
  }
  for (guint len = 0; len < 8; len++) {
    g_autoptr(GByteArray) header = header_of(one_file);
    g_byte_array_set_size(header, len);
    assert_header_broken(header, "cut short");
  }
}

/* The region has the name, and base names that a dribble replaces. */
static const Field region[N_FIELDS] = {
    {63, BIN, 16, DATA("\0\0\0\x3f\0\0\0\7\xff\xff\xff\xb0\0\0\0\x10")},
    FIELD_NAME,
    FIELD_A,
    {BASENAMES, ARRAY, 1, DATA("b\0")},
};

static void
test_dribbles_replace_the_region(void)
{
  g_autoptr(GByteArray) header = header_of(region);
  assert_header_says(header, "p\t/b\n");
}

enum { REGION_ENTRY = 8, REGION_STORE = 8 + 6 * 16 };

static const struct {
  gsize at;
  guint32 value;
  const char *what;
} regions[] = {
    {REGION_ENTRY + 4, 6, "region entry"},
    {REGION_ENTRY + 8, 20, "region entry"},
    {REGION_ENTRY + 8, 0xfffffff0, "region entry"},
    {REGION_ENTRY + 12, 32, "region entry"},
    {REGION_STORE, 62, "trailer"},
    {REGION_STORE + 4, 6, "trailer"},
    {REGION_STORE + 8, 0xffffffb1, "trailer"},
    {REGION_STORE + 8, 0xffffff90, "trailer"},
    {REGION_STORE + 8, 0, "trailer"},
    {REGION_STORE + 8, 0x80000000, "trailer"},
    {REGION_STORE + 12, 15, "trailer"},
    {REGION_STORE + 8, 0xffffffa0, "BASENAMES twice"}, /* the dribble moves into the region */
};

static void
test_broken_regions(void)
{
  for (gsize i = 0; i < G_N_ELEMENTS(regions); i++) {
    g_autoptr(GByteArray) header = header_of(region);
    guint32 be = GUINT32_TO_BE(regions[i].value);
    memcpy(header->data + regions[i].at, &be, sizeof be);
    assert_header_broken(header, regions[i].what);
  }
}

static void
test_paths_have_a_longest_length(void)
{
  for (gsize len = 4095; len <= 4096; len++) {
    g_autofree char *path = g_strnfill(len, 'x');
    path[0] = '/';
    Field fields[N_FIELDS] = {FIELD_NAME, {OLDFILENAMES, ARRAY, 1, path, len + 1}};
    g_autoptr(GByteArray) header = header_of(fields);
    g_autofree char *line = g_strdup_printf("p\t%s\n", path);
    if (len == 4095)
      assert_header_says(header, line);
    else
      assert_header_broken(header, "a path of more than 4095 bytes");
  }
}

static void
ignore(const char *package G_GNUC_UNUSED, const char *path G_GNUC_UNUSED,
       gsize path_len G_GNUC_UNUSED, gpointer user_data)
{
  gsize *n_files = user_data;
  (*n_files)++;
}

/* One long directory name, shared by files whose names take a byte each: 5 MB here would be 4 GB
 * of paths. */
static void
test_shared_directories_do_not_multiply(void)
{
  enum { N_FILES = 1024 * 1024 };
  g_autofree char *dir = g_strnfill(4095, 'x');
  dir[0] = '/';
  g_autofree char *indexes = g_malloc0(N_FILES * 4);
  g_autofree char *names = g_malloc0(N_FILES);
  Field fields[N_FIELDS] = {FIELD_NAME,
                            {DIRINDEXES, INT32, N_FILES, indexes, N_FILES * 4},
                            {BASENAMES, ARRAY, N_FILES, names, N_FILES},
                            {DIRNAMES, ARRAY, 1, dir, 4096}};
  g_autoptr(GByteArray) header = header_of(fields);
  g_autoptr(GError) error = NULL;
  gsize n_files = 0;
  NzRpmSink sink = {.func = ignore, .user_data = &n_files, .bytes_left = header->len};
  g_assert_false(nz_rpm_sink_add(&sink, 7, header->data, header->len, &error));
  g_assert_error(error, NZ_ERROR, NZ_ERROR_INPUT);
  g_assert_nonnull(strstr(error->message, "in all packages"));
  g_assert_cmpuint(n_files, ==, 1024u * 1024 * 1024 / 4095);
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/rpmheader/cases", test_headers);
  g_test_add_func("/rpmheader/sizes-that-lie", test_headers_whose_sizes_lie);
  g_test_add_func("/rpmheader/dribbles-replace-the-region", test_dribbles_replace_the_region);
  g_test_add_func("/rpmheader/broken-regions", test_broken_regions);
  g_test_add_func("/rpmheader/paths-have-a-longest-length", test_paths_have_a_longest_length);
  g_test_add_func("/rpmheader/shared-directories-do-not-multiply",
                  test_shared_directories_do_not_multiply);
  return g_test_run();
}

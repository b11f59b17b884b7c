/* SPDX-License-Identifier: Apache-2.0 */
/* Bolt databases: one that containerd made, and others that were damaged or change while they are
 * read. */
#include "image/bolt.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "support.h"

/* --- the database of a real containerd --- */

/* containerd 1.6 with three namespaces. 121 names were given in "default" and three taken away
 * again, so that there are branches, and pages with what was there before. */
static GBytes *
real_database(void)
{
  return unpacked_data("bolt/containerd-1.6.db.gz");
}

/* Its page size, and where the newer meta's fields are. */
#define PAGE 4096u
enum { META_AT = 16, META_ROOT = META_AT + 16, META_TXID = META_AT + 48, META_SUM = META_AT + 56 };

static guint64
field(const guint8 *data, gsize at)
{
  guint64 value;
  memcpy(&value, data + at, sizeof value);
  return value;
}

/* Where the page with the meta that counts begins. */
static gsize
newer_meta(const guint8 *data)
{
  return field(data, META_TXID) > field(data + PAGE, META_TXID) ? 0 : PAGE;
}

static guint8 *
copy_of(GBytes *bytes, gsize *len)
{
  const void *data = g_bytes_get_data(bytes, len);
  return g_memdup2(data, *len);
}

/* --- walking --- */

/* Appends "KEY\n" of all items, and of what is in the buckets below, "KEY/...". */
typedef struct {
  GString *text;
  GString *prefix;
  guint n;
} Dump;

static gboolean
dump_item(NzBolt *bolt, const NzBoltItem *item, gpointer data, GError **error)
{
  Dump *dump = data;
  gsize before = dump->prefix->len;
  dump->n++;
  g_string_append_len(dump->prefix, (const char *)item->key, (gssize)item->key_len);
  g_string_append_printf(dump->text, "%s\n", dump->prefix->str);
  g_string_append_c(dump->prefix, '/');
  gboolean ok = !item->is_bucket || nz_bolt_each(bolt, &item->bucket, NULL, dump_item, dump, error);
  g_string_truncate(dump->prefix, before);
  return ok;
}

static gboolean
dump_all(NzBolt *bolt, gpointer data, GError **error)
{
  Dump *dump = data;
  NzBoltBucket root = nz_bolt_root(bolt);
  g_string_truncate(dump->text, 0);
  g_string_truncate(dump->prefix, 0);
  return nz_bolt_each(bolt, &root, NULL, dump_item, dump, error);
}

/* All of DATA, or NULL with an error. */
static char *
dump(const void *data, gsize len, GError **error)
{
  g_autoptr(GString) text = g_string_new(NULL), prefix = g_string_new(NULL);
  Dump all = {text, prefix, 0};
  g_autoptr(NzBolt) bolt = nz_bolt_new(data, len, error);
  if (!bolt || !dump_all(bolt, &all, error))
    return NULL;
  return g_strdup(text->str);
}

static guint
count(const char *text, const char *what)
{
  guint n = 0;
  for (const char *at = text; (at = strstr(at, what)); at++)
    n++;
  return n;
}

static void
test_everything_in_a_real_database_is_found(void)
{
  g_autoptr(GBytes) bytes = real_database();
  g_autoptr(GError) error = NULL;
  gsize len;
  const void *data = g_bytes_get_data(bytes, &len);
  g_autofree char *text = dump(data, len, &error);
  g_assert_no_error(error);
  g_assert_cmpuint(count(text, "/target/digest\n"), ==, 118 + 3 + 1);
  g_assert_cmpuint(count(text, "v1/default/images/registry.example.org/team/app:1."), ==,
                   117 * 9); /* the name and eight below it */
  assert_holds(text, "v1/k8s.io/images/sha256:be0fa6d8");
  assert_holds(text, "v1/moby/images/example.org/two:1/target/mediatype\n");
  g_assert_null(strstr(text, "app:1.6\n")); /* taken away */
  assert_holds(text, "app:1.60\n");
}

static gboolean
see_key(NzBolt *bolt G_GNUC_UNUSED, const NzBoltItem *item, gpointer data,
        GError **error G_GNUC_UNUSED)
{
  g_string_append_len(data, (const char *)item->key, (gssize)item->key_len);
  return TRUE;
}

static gboolean
see_default(NzBolt *bolt, const NzBoltItem *item, gpointer data, GError **error)
{
  return nz_bolt_each(bolt, &item->bucket, "default", see_key, data, error);
}

static void
test_one_key_can_be_asked_for(void)
{
  g_autoptr(GBytes) bytes = real_database();
  g_autoptr(GString) seen = g_string_new(NULL);
  g_autoptr(GError) error = NULL;
  gsize len;
  const void *data = g_bytes_get_data(bytes, &len);
  g_autoptr(NzBolt) bolt = nz_bolt_new(data, len, &error);
  NzBoltBucket root = nz_bolt_root(bolt);
  g_assert_true(nz_bolt_each(bolt, &root, "v1", see_default, seen, &error));
  g_assert_cmpstr(seen->str, ==, "default");
  g_assert_true(nz_bolt_each(bolt, &root, "v", see_default, seen, &error));
  g_assert_cmpstr(seen->str, ==, "default");
}

/* --- damage --- */

static void
test_the_older_meta_counts_when_the_newer_is_half_written(void)
{
  g_autoptr(GBytes) bytes = real_database();
  g_autoptr(GError) error = NULL;
  gsize len;
  g_autofree guint8 *data = copy_of(bytes, &len);
  gsize newer = newer_meta(data);
  g_autoptr(NzBolt) before = nz_bolt_new(data, len, &error);
  guint64 other_root = field(data + (PAGE - newer), META_ROOT);
  g_assert_cmpuint(nz_bolt_root(before).page, ==, field(data + newer, META_ROOT));
  data[newer + META_ROOT] ^= 1;
  g_autoptr(NzBolt) after = nz_bolt_new(data, len, &error);
  g_assert_no_error(error);
  g_assert_cmpuint(nz_bolt_root(after).page, ==, other_root);
}

static void
test_without_a_whole_meta_it_is_no_database(void)
{
  g_autoptr(GBytes) bytes = real_database();
  g_autoptr(GError) error = NULL;
  gsize len;
  g_autofree guint8 *data = copy_of(bytes, &len);
  data[META_SUM] ^= 1;
  data[PAGE + META_SUM] ^= 1;
  g_assert_null(nz_bolt_new(data, len, &error));
  assert_error_says(&error, NZ_ERROR_INPUT, "neither of its two beginnings is whole");
  g_assert_null(nz_bolt_new("", 0, &error));
  assert_error_says(&error, NZ_ERROR_INPUT, "no bolt database");
}

static void
test_a_file_that_is_cut_is_an_error_wherever_it_is_cut(void)
{
  g_autoptr(GBytes) bytes = real_database();
  gsize len;
  g_autofree guint8 *data = copy_of(bytes, &len);
  g_autofree char *whole = dump(data, len, NULL);
  guint n_errors = 0;
  for (gsize cut = 0; cut < len; cut += PAGE / 2 + 3) {
    g_autoptr(GError) error = NULL;
    /* Of exact size: a sanitizer sees a read behind the end. */
    g_autofree guint8 *part = g_memdup2(data, cut ? cut : 1);
    g_autofree char *text = dump(part, cut, &error);
    g_assert_true(text ? strcmp(text, whole) == 0 : error != NULL);
    n_errors += error != NULL;
  }
  g_assert_cmpuint(n_errors, >, 10);
}

/* Each byte of the first pages' headers and elements, changed: never a crash, never an endless
 * walk. */
static void
test_any_changed_byte_is_an_error_or_harmless(void)
{
  g_autoptr(GBytes) bytes = real_database();
  gsize len;
  g_autofree guint8 *data = copy_of(bytes, &len);
  guint n_errors = 0;
  for (gsize page = 2; page < 60; page++)
    for (gsize at = 8; at < 64; at += 3) {
      guint8 *byte = data + page * PAGE + at, was = *byte;
      *byte ^= 0x81;
      g_autoptr(GError) error = NULL;
      g_autofree char *text = dump(data, len, &error);
      g_assert_true((text == NULL) == (error != NULL));
      n_errors += error != NULL;
      *byte = was;
    }
  g_assert_cmpuint(n_errors, >, 100);
}

/* --- a file that is written to --- */

typedef struct {
  Dump dump;
  char *path;
  guint n_calls, n_writes;
} Busy;

/* As the daemon does: the older meta becomes the newer one. */
static void
commit(const char *path)
{
  g_autofree char *text = NULL;
  gsize len;
  g_assert_true(g_file_get_contents(path, &text, &len, NULL));
  guint8 *data = (guint8 *)text;
  gsize newer = newer_meta(data), older = PAGE - newer;
  guint64 next = field(data + newer, META_TXID) + 1, hash = 0xcbf29ce484222325u;
  memcpy(data + older + META_AT, data + newer + META_AT, 64);
  memcpy(data + older + META_TXID, &next, sizeof next);
  for (gsize i = 0; i < 56; i++)
    hash = (hash ^ data[older + META_AT + i]) * 0x100000001b3u;
  memcpy(data + older + META_SUM, &hash, sizeof hash);
  int fd = open(path, O_WRONLY | O_CLOEXEC);
  g_assert_cmpint(pwrite(fd, data + older, PAGE, (off_t)older), ==, PAGE);
  close(fd);
}

static gboolean
read_while_busy(NzBolt *bolt, gpointer data, GError **error)
{
  Busy *busy = data;
  if (busy->n_calls++ < busy->n_writes)
    commit(busy->path);
  return dump_all(bolt, &busy->dump, error);
}

/* Reads a file to which the daemon writes N times while it is read. */
static gboolean
read_file(Busy *busy, guint n, GError **error)
{
  g_autoptr(GBytes) bytes = real_database();
  gsize len;
  const char *data = g_bytes_get_data(bytes, &len);
  *busy = (Busy){{g_string_new(NULL), g_string_new(NULL), 0}, NULL, 0, n};
  int fd = g_file_open_tmp("bolt-XXXXXX", &busy->path, NULL);
  g_assert_cmpint(write(fd, data, len), ==, len);
  gboolean ok = nz_bolt_snapshot(fd, read_while_busy, busy, error);
  close(fd);
  unlink(busy->path);
  return ok;
}

static void
busy_clear(Busy *busy)
{
  g_string_free(busy->dump.text, TRUE);
  g_string_free(busy->dump.prefix, TRUE);
  g_free(busy->path);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Busy, busy_clear)

static void
test_what_was_written_to_meanwhile_is_read_anew(void)
{
  g_autoptr(GError) error = NULL;
  g_auto(Busy) quiet = {0}, busy = {0};
  g_assert_true(read_file(&quiet, 0, &error));
  g_assert_cmpuint(quiet.n_calls, ==, 1);
  g_assert_true(read_file(&busy, 3, &error));
  g_assert_cmpuint(busy.n_calls, ==, 4);
  g_assert_cmpstr(busy.dump.text->str, ==, quiet.dump.text->str);
}

static void
test_what_is_always_written_to_is_an_error(void)
{
  g_autoptr(GError) error = NULL;
  g_auto(Busy) busy = {0};
  g_assert_false(read_file(&busy, G_MAXUINT, &error));
  assert_error_says(&error, NZ_ERROR_IO, "written to each of the");
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/bolt/real", test_everything_in_a_real_database_is_found);
  g_test_add_func("/bolt/one-key", test_one_key_can_be_asked_for);
  g_test_add_func("/bolt/older-meta", test_the_older_meta_counts_when_the_newer_is_half_written);
  g_test_add_func("/bolt/no-meta", test_without_a_whole_meta_it_is_no_database);
  g_test_add_func("/bolt/cut", test_a_file_that_is_cut_is_an_error_wherever_it_is_cut);
  g_test_add_func("/bolt/changed", test_any_changed_byte_is_an_error_or_harmless);
  g_test_add_func("/bolt/busy", test_what_was_written_to_meanwhile_is_read_anew);
  g_test_add_func("/bolt/always-busy", test_what_is_always_written_to_is_an_error);
  return g_test_run();
}

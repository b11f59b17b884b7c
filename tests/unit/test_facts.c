/* SPDX-License-Identifier: Apache-2.0 */
/* What is kept of layers, with a store that counts what is read of it: the answer is always that of
 * reading everything. */
#include "scan/facts.h"

#include <glib/gstdio.h>
#include <string.h>

#include "core/limits.h"
#include "rootfs/capture.h"
#include "scan/stack.h"
#include "store/cache_process.h"
#include "treekit.h"

/* --- a store --- */

/* A layer is lines, each "PATH MODE UID TEXT" or "PATH -> TARGET", divided by "; ". */
typedef struct {
  NzImageStore base;
  gint n_read;
} Store;

static gboolean
append_line(const char *line, const NzWanted *wanted, NzLayerLog *log, GError **error)
{
  g_auto(GStrv) words = g_strsplit(line, " ", 4);
  NzEntry e = {.kind = NZ_ENTRY_FILE, .path = words[0], .path_len = strlen(words[0])};
  if (strcmp(words[1], "->") == 0) {
    e.kind = NZ_ENTRY_SYMLINK;
    e.target = words[2];
    return nz_layer_log_append(log, &e, error);
  }
  guint64 mode = 0, uid = 0;
  g_ascii_string_to_unsigned(words[1], 8, 0, 07777, &mode, NULL);
  g_ascii_string_to_unsigned(words[2], 10, 0, G_MAXUINT32, &uid, NULL);
  e.mode = (guint16)mode;
  e.uid = (guint32)uid;
  const NzCapture *capture = nz_capture_for(e.path, e.path_len, strlen(words[3]), wanted);
  g_autoptr(GBytes) body =
      capture ? nz_capture_reduce(capture, e.path, g_bytes_new(words[3], strlen(words[3])),
                                  &e.body_kind)
              : NULL;
  e.body = body;
  return nz_layer_log_append(log, &e, error);
}

static gboolean
read_layer(NzImageStore *base, const NzLayer *layer, const NzReadOptions *options, NzLayerLog *log,
           NzLayerResult *result, GError **error)
{
  Store *self = (Store *)base;
  g_atomic_int_inc(&self->n_read);
  g_auto(GStrv) lines = g_strsplit(layer->name, "; ", -1);
  result->compression = strstr(layer->name, "zstd") ? "zstd" : NULL;
  result->by_table = strstr(layer->name, "table") != NULL;
  for (guint i = 0; lines[i]; i++)
    if (!append_line(lines[i], options->wanted, log, error))
      return FALSE;
  return !strstr(layer->name, "broken") || nz_set_input(error, "the layer is broken");
}

static void
store_free(NzImageStore *self G_GNUC_UNUSED)
{
}

static const NzImageStoreClass store_class = {.read_layer = read_layer, .free = store_free};

static NzImageStore *
store_new(void)
{
  Store *self = g_new0(Store, 1);
  self->base.klass = &store_class;
  self->base.refs = 1;
  self->base.rereadable = self->base.whiteouts = TRUE;
  return &self->base;
}

/* LAYERS ends with NULL. */
static NzImage *
image_of(const char *const *layers)
{
  g_autoptr(NzImageStore) store = store_new();
  NzImage *image = nz_image_new(store, "test");
  for (guint i = 0; layers[i]; i++) {
    NzLayer *layer = g_new0(NzLayer, 1);
    layer->index = i;
    layer->size = -1;
    layer->name = g_strdup(layers[i]);
    layer->facts_key = g_strdup(layers[i]); /* as a digest, it says what is in it */
    g_ptr_array_add(image->layers, layer);
  }
  return image;
}

static void
want_words(NzWanted *wanted, GPtrArray *list, const char *text)
{
  g_auto(GStrv) words = g_strsplit(text, " ", -1);
  for (guint i = 0; words[i]; i++)
    nz_wanted_add(wanted, list, words[i]);
}

static NzWanted *
wanted_of(const char *users, const char *extra)
{
  NzWanted *wanted = nz_wanted_new();
  want_words(wanted, wanted->users, users);
  want_words(wanted, wanted->extra, extra);
  return wanted;
}

/* --- a cache --- */

typedef struct {
  char *dir;
  NzCacheProcess *process;
  NzFacts *facts;
} Cache;

static void
cache_start(Cache *self)
{
  self->process = nz_cache_process_start(self->dir, NULL);
  self->facts = nz_facts_new(self->process);
}

static void
cache_stop(Cache *self)
{
  nz_facts_free(self->facts);
  nz_cache_process_stop(self->process);
}

/* The next run of the program. */
static void
cache_again(Cache *self)
{
  cache_stop(self);
  cache_start(self);
}

static void
setup(Cache *self, gconstpointer data G_GNUC_UNUSED)
{
  self->dir = g_dir_make_tmp("nonzero-facts-XXXXXX", NULL);
  cache_start(self);
}

static void
teardown(Cache *self, gconstpointer data G_GNUC_UNUSED)
{
  cache_stop(self);
  static const char *const files[] = {"facts.sqlite", "facts.sqlite-journal"};
  for (guint i = 0; i < G_N_ELEMENTS(files); i++) {
    g_autofree char *path = g_build_filename(self->dir, files[i], NULL);
    g_remove(path);
  }
  g_rmdir(self->dir);
  g_free(self->dir);
}

/* --- what is said --- */

static const char *const paths[] = {"opt/a",        "opt/b",     "opt/c",      "opt/run.sh",
                                    "usr/bin/x",    "bin/x",     "usr/bin/y",  "etc/passwd",
                                    "etc/group",    "opt/users", "etc/shadow", "opt",
                                    "usr/bin/link", "opt/linked"};

static void
describe(GString *out, const NzTree *tree)
{
  g_autofree char *files = tree_files(tree), *doubts = tree_doubts(tree);
  g_string_append_printf(out, "%s\n%s\n", files, doubts);
  for (gsize i = 0; i < G_N_ELEMENTS(paths); i++) {
    g_autoptr(GString) at = g_string_new(NULL);
    NzStat st;
    nz_tree_stat(tree, paths[i], at, &st);
    gsize len = 0;
    GBytes *body = st.inode ? st.inode->body : NULL;
    const char *text = body ? g_bytes_get_data(body, &len) : "";
    g_string_append_printf(out, "%s at %s: %d %d %o %u @%u %d %.*s\n", paths[i], at->str, st.kind,
                           st.exact, st.mode, st.uid, st.layer,
                           st.inode ? (int)st.inode->body_kind : -1,
                           body && st.inode->body_kind == NZ_BODY_OWNERS ? 0 : (int)len, text);
  }
}

/* What is said of LAYERS, and how many were read for it. */
static char *
say(NzFacts *facts, const char *const *layers, const NzWanted *wanted, gboolean verify,
    gint *n_read)
{
  g_autoptr(NzImage) image = image_of(layers);
  g_autofree NzLayerResult *results = g_new0(NzLayerResult, image->layers->len + 1);
  g_autoptr(GError) error = NULL;
  NzReadOptions options = {.wanted = wanted, .verify = verify};
  g_autoptr(NzTree) tree = nz_stack_layers(image, &options, facts, results, &error);
  if (n_read)
    *n_read = ((Store *)image->store)->n_read;
  if (!tree)
    return g_strdup(error->message);
  GString *out = g_string_new(NULL);
  describe(out, tree);
  for (guint i = 0; i < image->layers->len; i++)
    g_string_append_printf(out, "%s%s ", results[i].compression ? results[i].compression : "plain",
                           results[i].by_table ? " by table" : "");
  return g_string_free(out, FALSE);
}

/* With FACTS as without; returns how many layers were read. */
static gint
assert_same(NzFacts *facts, const char *const *layers, const NzWanted *wanted)
{
  gint n_read;
  g_autofree char *want = say(NULL, layers, wanted, FALSE, NULL);
  g_autofree char *got = say(facts, layers, wanted, FALSE, &n_read);
  g_assert_cmpstr(got, ==, want);
  return n_read;
}

/* --- tests --- */

static const char base[] =
    "usr/bin/x 0755 0 #!/bin/sh; opt/a 0755 0 #!a; etc/passwd 0644 0 root:x:0:0";
static const char middle[] = "opt/b 04755 0 b; opt/users 0644 0 app:x:5:5; zstd 0644 0 z";
static const char top[] = "opt/c 0644 7 c; opt/run.sh 0755 0 #!run; table 0644 0 t";

static void
test_a_layer_is_read_once(Cache *cache, gconstpointer data G_GNUC_UNUSED)
{
  static const char *const layers[] = {base, middle, top, NULL};
  g_autoptr(NzWanted) wanted = wanted_of("", "opt/a usr/bin/x");
  g_assert_cmpint(assert_same(cache->facts, layers, wanted), ==, 3);
  g_assert_cmpint(assert_same(cache->facts, layers, wanted), ==, 0);
  cache_again(cache);
  g_assert_cmpint(assert_same(cache->facts, layers, wanted), ==, 0);
}

static void
test_images_share_layers_and_stacks(Cache *cache, gconstpointer data G_GNUC_UNUSED)
{
  static const char *const one[] = {base, middle, NULL}, *const two[] = {base, middle, top, NULL};
  static const char *const three[] = {top, base, NULL}, *const four[] = {base, top, middle, NULL};
  g_autoptr(NzWanted) wanted = wanted_of("", "opt/a");
  g_assert_cmpint(assert_same(cache->facts, one, wanted), ==, 2);
  g_assert_cmpint(assert_same(cache->facts, two, wanted), ==, 1);
  g_assert_cmpint(assert_same(cache->facts, three, wanted), ==, 0);
  g_assert_cmpint(assert_same(cache->facts, four, wanted), ==, 0);
  cache_again(cache);
  g_assert_cmpint(assert_same(cache->facts, four, wanted), ==, 0);
}

static void
test_in_memory_alone_images_share_stacks(void)
{
  static const char *const one[] = {base, middle, NULL}, *const two[] = {base, middle, top, NULL};
  g_autoptr(NzFacts) facts = nz_facts_new(NULL);
  g_autoptr(NzWanted) wanted = wanted_of("", "opt/a");
  g_assert_cmpint(assert_same(facts, two, wanted), ==, 3);
  g_assert_cmpint(assert_same(facts, two, wanted), ==, 3); /* now its lower layers are shared */
  g_assert_cmpint(assert_same(facts, two, wanted), ==, 1);
  g_assert_cmpint(assert_same(facts, one, wanted), ==, 0);
}

static void
test_a_script_that_nobody_asked_for_is_read_when_it_is(Cache *cache,
                                                       gconstpointer data G_GNUC_UNUSED)
{
  static const char *const layers[] = {base, middle, NULL};
  g_autoptr(NzWanted) first = wanted_of("", "opt/b"), second = wanted_of("", "opt/a");
  g_autoptr(NzWanted) third = wanted_of("", "usr/bin/x");
  assert_same(cache->facts, layers, first);
  g_assert_cmpint(assert_same(cache->facts, layers, second), ==, 1); /* the layer that has it */
  cache_again(cache);
  g_assert_cmpint(assert_same(cache->facts, layers, third), ==, 1);
  /* Now it is kept for all that ever asked. */
  g_assert_cmpint(assert_same(cache->facts, layers, first), ==, 0);
  g_assert_cmpint(assert_same(cache->facts, layers, second), ==, 0);
  g_assert_cmpint(assert_same(cache->facts, layers, third), ==, 0);
}

/* A script that is kept as such is no passwd, though it has a content. */
static void
test_what_is_wanted_as_passwd_is_read_as_passwd(Cache *cache, gconstpointer data G_GNUC_UNUSED)
{
  static const char *const layers[] = {"opt/run.sh 0755 0 root:x:0:0",
                                       "etc/passwd -> ../opt/run.sh", NULL};
  g_autoptr(NzWanted) as_script = wanted_of("", "opt/run.sh"),
                      as_users = wanted_of("opt/run.sh", "");
  for (guint i = 0; i < 2; i++) {
    assert_same(cache->facts, layers, as_script);
    assert_same(cache->facts, layers, as_users);
    cache_again(cache);
  }
}

/* What never has a content of its own is not looked for again and again. */
static void
test_what_cannot_be_kept_is_asked_for_once(Cache *cache, gconstpointer data G_GNUC_UNUSED)
{
  static const char *const layers[] = {"usr/bin/x 0755 0 x; bin -> usr/bin", middle, NULL};
  g_autoptr(NzWanted) wanted = wanted_of("", "bin/x");
  assert_same(cache->facts, layers, wanted);
  g_assert_cmpint(assert_same(cache->facts, layers, wanted), ==, 0);
  cache_again(cache);
  g_assert_cmpint(assert_same(cache->facts, layers, wanted), ==, 0);
}

static void
test_with_verify_nothing_is_used_or_kept(Cache *cache, gconstpointer data G_GNUC_UNUSED)
{
  static const char *const layers[] = {base, middle, NULL};
  g_autoptr(NzWanted) wanted = wanted_of("", "opt/a");
  gint n_read;
  for (guint i = 0; i < 2; i++) {
    g_autofree char *text = say(cache->facts, layers, wanted, TRUE, &n_read);
    g_assert_cmpint(n_read, ==, 2);
  }
  g_assert_cmpint(assert_same(cache->facts, layers, wanted), ==, 2);
  g_autofree char *text = say(cache->facts, layers, wanted, TRUE, &n_read);
  g_assert_cmpint(n_read, ==, 2);
}

static void
test_a_layer_that_cannot_be_read_is_not_kept(Cache *cache, gconstpointer data G_GNUC_UNUSED)
{
  static const char *const layers[] = {base, "broken 0644 0 x", NULL};
  g_autoptr(NzWanted) wanted = wanted_of("", "");
  gint n_read;
  for (guint i = 0; i < 2; i++) {
    g_autofree char *text = say(cache->facts, layers, wanted, FALSE, &n_read);
    assert_holds(text, "the layer is broken");
    g_assert_cmpint(n_read, >, 0);
    cache_again(cache);
  }
}

static void
test_a_layer_without_a_key_is_read(Cache *cache, gconstpointer data G_GNUC_UNUSED)
{
  static const char *const layers[] = {base, middle, top, NULL};
  g_autoptr(NzWanted) wanted = wanted_of("", "");
  for (guint round = 0; round < 2; round++) {
    g_autoptr(NzImage) image = image_of(layers);
    g_auto(NzStackStart) start = {0};
    NzLayerResult results[3] = {{0}};
    g_clear_pointer(&((NzLayer *)image->layers->pdata[1])->facts_key, g_free);
    NzReadOptions options = {.wanted = wanted};
    g_autoptr(NzTree) tree = nz_stack_layers(image, &options, cache->facts, results, NULL);
    g_assert_nonnull(tree);
    g_assert_cmpint(((Store *)image->store)->n_read, ==, round == 0 ? 3 : 1);
  }
}

/* An image may name any table of contents for another's blob. */
static void
test_a_table_of_contents_is_part_of_what_a_layer_is(Cache *cache, gconstpointer data G_GNUC_UNUSED)
{
  static const char *const layers[] = {base, NULL};
  g_autoptr(NzWanted) wanted = wanted_of("", "");
  static const char *const values[] = {NULL, "sha256:1", "sha256:2"};
  for (guint field = 0; field < 3; field++)
    for (gsize i = 0; i < G_N_ELEMENTS(values); i++) {
      g_autoptr(NzImage) image = image_of(layers);
      NzLayer *layer = image->layers->pdata[0];
      char **fields[] = {&layer->stargz_digest, &layer->chunked_checksum, &layer->chunked_position};
      NzLayerResult results[1] = {{0}};
      *fields[field] = g_strdup(values[i]);
      NzReadOptions options = {.wanted = wanted};
      g_autoptr(NzTree) tree = nz_stack_layers(image, &options, cache->facts, results, NULL);
      g_assert_cmpint(((Store *)image->store)->n_read, ==, field > 0 && i == 0 ? 0 : 1);
    }
}

static void
test_when_the_process_is_gone_all_is_read(Cache *cache, gconstpointer data G_GNUC_UNUSED)
{
  static const char *const layers[] = {base, middle, NULL};
  g_autoptr(NzWanted) wanted = wanted_of("", "opt/a");
  assert_same(cache->facts, layers, wanted);
  cache_stop(cache);
  g_autofree char *file = g_build_filename(cache->dir, "facts.sqlite", NULL);
  g_remove(file);
  g_chmod(cache->dir, 0777); /* which is refused */
  cache_start(cache);
  g_assert_cmpint(assert_same(cache->facts, layers, wanted), ==, 2);
}

/* --- by chance --- */

static char *
any_layer(GRand *rand)
{
  static const char *const files[] = {"opt/a",      "opt/b",     "opt/c",      "opt/run.sh",
                                      "usr/bin/x",  "usr/bin/y", "etc/passwd", "opt/users",
                                      "etc/shadow", "etc/group"};
  static const char *const modes[] = {"0644", "0755", "04755", "0777", "0600", "0700"};
  g_autoptr(GHashTable) there = g_hash_table_new(g_str_hash, g_str_equal);
  GString *out = g_string_new(NULL);
  for (guint i = 0, n = (guint)g_rand_int_range(rand, 1, 7); i < n; i++) {
    const char *path = files[g_rand_int_range(rand, 0, G_N_ELEMENTS(files))];
    if (!g_hash_table_add(there, (gpointer)path))
      continue;
    const char *slash = strrchr(path, '/');
    switch (g_rand_int_range(rand, 0, 8)) {
    case 0:
      g_string_append_printf(out, "; %.*s/.wh.%s 0644 0 ", (int)(slash - path), path, slash + 1);
      break;
    case 1:
      g_string_append_printf(out, "; %.*s/link -> %s", (int)(slash - path), path,
                             slash[1] == 'x' ? "y" : "../opt/users");
      break;
    default:
      g_string_append_printf(out, "; %s %s %d text-%u", path, modes[g_rand_int_range(rand, 0, 6)],
                             g_rand_boolean(rand) ? 0 : 9, g_rand_int(rand) % 1000);
    }
  }
  return g_string_free(g_string_erase(out, 0, 2), FALSE);
}

static NzWanted *
any_wanted(GRand *rand)
{
  NzWanted *wanted = nz_wanted_new();
  for (guint i = 0; i < G_N_ELEMENTS(paths); i++)
    if (g_rand_int_range(rand, 0, 4) == 0)
      nz_wanted_add(wanted, wanted->extra, paths[i]);
  if (g_rand_int_range(rand, 0, 6) == 0)
    nz_wanted_add(wanted, wanted->users, "opt/users");
  return wanted;
}

static void
test_whatever_was_read_before_the_answer_is_the_same(Cache *cache, gconstpointer data G_GNUC_UNUSED)
{
  g_autoptr(GRand) rand = g_rand_new_with_seed(g_test_slow() ? g_random_int() : 11);
  guint n_read = 0, n_layers = 0;
  for (guint round = 0; round < (g_test_slow() ? 2000u : 12u); round++) {
    char *pool[5];
    for (guint i = 0; i < G_N_ELEMENTS(pool); i++)
      pool[i] = any_layer(rand);
    for (guint i = 0; i < 16; i++) {
      /* Many have their lowest layers in common. */
      const char *layers[5] = {pool[0], pool[1]};
      guint n = 2 + (guint)g_rand_int_range(rand, 0, 3);
      for (guint k = g_rand_boolean(rand) ? 2 : 0; k < n; k++)
        layers[k] = pool[g_rand_int_range(rand, 0, G_N_ELEMENTS(pool))];
      g_autoptr(NzWanted) wanted = any_wanted(rand);
      n_read += (guint)assert_same(cache->facts, layers, wanted);
      n_layers += n;
      if (i % 5 == 4)
        cache_again(cache);
    }
    for (guint i = 0; i < G_N_ELEMENTS(pool); i++)
      g_free(pool[i]);
  }
  g_assert_cmpuint(n_read, <, n_layers / 2);
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
#define ADD(name, func) g_test_add("/facts/" name, Cache, NULL, setup, func, teardown)
  ADD("a-layer-is-read-once", test_a_layer_is_read_once);
  ADD("images-share-layers-and-stacks", test_images_share_layers_and_stacks);
  g_test_add_func("/facts/in-memory-alone", test_in_memory_alone_images_share_stacks);
  ADD("a-script-that-nobody-asked-for", test_a_script_that_nobody_asked_for_is_read_when_it_is);
  ADD("what-is-wanted-as-passwd", test_what_is_wanted_as_passwd_is_read_as_passwd);
  ADD("what-cannot-be-kept-is-asked-for-once", test_what_cannot_be_kept_is_asked_for_once);
  ADD("with-verify", test_with_verify_nothing_is_used_or_kept);
  ADD("a-layer-that-cannot-be-read", test_a_layer_that_cannot_be_read_is_not_kept);
  ADD("a-layer-without-a-key", test_a_layer_without_a_key_is_read);
  ADD("a-table-of-contents", test_a_table_of_contents_is_part_of_what_a_layer_is);
  ADD("when-the-process-is-gone", test_when_the_process_is_gone_all_is_read);
  ADD("whatever-was-read-before", test_whatever_was_read_before_the_answer_is_the_same);
  return g_test_run();
}

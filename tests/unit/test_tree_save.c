/* SPDX-License-Identifier: Apache-2.0 */
/* Trees kept between layers: one that was saved and loaded, or frozen and thawed, goes on as if it
 * had never been. */
#include "rootfs/tree_save.h"

#include <string.h>

#include "core/limits.h"
#include "rootfs/tree_freeze.h"
#include "rootfs/tree_private.h"
#include "treekit.h"

/* --- a tree as text: all that it keeps, and all that it answers --- */

typedef struct {
  GString *out;
  GHashTable *inodes; /* NzInode -> its number, by when it was met */
} Dump;

static void
dump_inode(Dump *self, const NzInode *inode)
{
  gpointer known = g_hash_table_lookup(self->inodes, inode);
  guint number = known ? GPOINTER_TO_UINT(known) : g_hash_table_size(self->inodes) + 1;
  g_string_append_printf(self->out, " #%u x%d", number, inode->refs);
  if (known)
    return;
  g_hash_table_insert(self->inodes, (gpointer)inode, GUINT_TO_POINTER(number));
  gsize len = 0;
  const char *body = inode->body ? g_bytes_get_data(inode->body, &len) : NULL;
  g_autofree char *capability = nz_capability_to_text(&inode->capability);
  g_string_append_printf(self->out, " kind %d %o %u:%u @%u [%s] -> %s from %s body %d %d %.*s",
                         inode->kind, inode->mode, inode->uid, inode->gid, inode->layer, capability,
                         inode->target ? inode->target : "", inode->origin ? inode->origin : "",
                         inode->body_kind, inode->body != NULL, (int)len, body ? body : "");
}

static void
dump_node(Dump *self, const NzNode *node, guint depth)
{
  g_string_append_printf(self->out, "%*s%s @%u opaque %u", (int)depth, "", node->name, node->layer,
                         node->opaque_layer);
  if (node->has_owner)
    g_string_append_printf(self->out, " %o %u:%u @%u", node->mode, node->uid, node->gid,
                           node->owner_layer);
  if (node->notable)
    g_string_append(self->out, " notable");
  if (node->inode)
    dump_inode(self, node->inode);
  g_string_append_c(self->out, '\n');
  for (const NzNode *child = node->first_child; child; child = child->next)
    dump_node(self, child, depth + 1);
}

static void
dump_ambiguities(GString *out, const NzTree *tree)
{
  guint total, hides;
  const GPtrArray *list = nz_tree_ambiguities(tree, &total, &hides);
  g_string_append_printf(out, "ambiguities %u hide %u\n", total, hides);
  for (guint i = 0; i < list->len; i++) {
    const NzAmbiguity *a = list->pdata[i];
    g_string_append_printf(out, "%d %s @%u %u\n", a->kind, a->path, a->layer, a->hides);
  }
}

static void
dump_listed(const char *path, const NzInode *inode, gpointer user_data)
{
  g_string_append_printf(user_data, "  %s %d %o", path, inode->kind, inode->mode);
}

/* What is said of PATH. */
static void
dump_answers(GString *out, const NzTree *tree, const char *path)
{
  static const guint32 gids[] = {0};
  static const NzCredentials who = {1000, gids, 1};
  g_autoptr(GString) canonical = g_string_new(NULL);
  const NzInode *inode = NULL;
  NzStat st;
  NzLookup lookup = nz_tree_lookup(tree, path, canonical, &inode);
  g_string_append_printf(out, "%s: %d at %s", path, lookup, canonical->str);
  nz_tree_stat(tree, path, canonical, &st);
  g_string_append_printf(out, " stat %d %d %o %u:%u @%u %d reach %d", st.kind, st.exact, st.mode,
                         st.uid, st.gid, st.layer, st.inode != NULL,
                         nz_tree_can_reach(tree, canonical->str, &who));
  nz_tree_list(tree, path, dump_listed, out);
  guint layer = 0;
  NzNameKind kind = 0;
  gboolean named = nz_names_find(tree->names, path, strlen(path), &layer, &kind);
  g_string_append_printf(out, " named %d %d @%u\n", named, kind, layer);
}

static char *
dump_tree(const NzTree *tree, const char *const *paths)
{
  g_autoptr(GHashTable) inodes = g_hash_table_new(NULL, NULL);
  Dump dump = {g_string_new(NULL), inodes};
  dump_node(&dump, tree->root, 0);
  dump_ambiguities(dump.out, tree);
  g_autofree char *files = tree_files(tree);
  g_string_append_printf(dump.out,
                         "%s\nlayer %u hid %u ever %u links %" G_GUINT64_FORMAT
                         " bytes %" G_GSIZE_FORMAT " notable %u full %d crowded %d nodes %u\n",
                         files, tree->layer, tree->layer_hid, tree->ever_hid, tree->link_bytes,
                         tree->bytes, tree->n_notable, nz_tree_is_notable_full(tree),
                         nz_tree_is_crowded(tree), tree->n_nodes);
  for (guint i = 0; paths && paths[i]; i++)
    dump_answers(dump.out, tree, paths[i]);
  return g_string_free(dump.out, FALSE);
}

static NzTree *
through_bytes(const NzTree *tree)
{
  g_autoptr(GByteArray) bytes = g_byte_array_new();
  nz_tree_save(tree, bytes);
  /* Of exact size: the sanitizer sees a read behind the end. */
  g_autofree guint8 *copy = g_memdup2(bytes->data, bytes->len);
  return nz_tree_load(copy, bytes->len);
}

/* The lines of another image that goes on from the same layers. */
static void
spoil(NzTree *tree)
{
  static const char *const lines[] = {
      "+ .wh.a 0644",      "+ usr/.wh..wh..opq 0644", "+ bin/su 0644",     "d etc 0700 5",
      "h x bin/b 06711 9", "t etc/passwd 0644",       "l usr/bin ../etc/", "+ usr/bin/a/b 04755"};
  for (gsize i = 0; i < G_N_ELEMENTS(lines); i++) {
    g_autoptr(GError) ignored = NULL;
    tree_apply(tree, NZ_LAYERS_MAX - 1, lines[i], &ignored);
  }
}

/* One of several, of which others are at work before and after. */
static NzTree *
through_freezing(const NzTree *tree)
{
  g_autoptr(NzFrozenTree) frozen = nz_tree_freeze(tree);
  g_autoptr(NzTree) before = nz_tree_thaw(frozen);
  spoil(before);
  NzTree *thawed = nz_tree_thaw(frozen);
  g_autoptr(NzTree) after = nz_tree_thaw(frozen);
  spoil(after);
  nz_tree_finish(after);
  g_assert_cmpuint(nz_frozen_tree_bytes(frozen), >, 0);
  return thawed;
}

typedef NzTree *(*Through)(const NzTree *tree);

static const struct {
  const char *name;
  Through through;
} ways[] = {{"saved", through_bytes}, {"frozen", through_freezing}};

/* --- layers by chance --- */

static const char *const names[] = {"a", "b", "c", "bin", "usr", "etc"};
#define N_PATHS (6 + 6 * 6 + 4)

/* All paths that there can be, of two levels, and some more. */
static GStrv
all_paths(void)
{
  static const char *const more[] = {"a/b/c", "etc/passwd", "usr/bin/su", "a/b/c/a"};
  GStrv paths = g_new0(char *, N_PATHS + 1);
  guint n = 0;
  for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
    paths[n++] = g_strdup(names[i]);
    for (gsize k = 0; k < G_N_ELEMENTS(names); k++)
      paths[n++] = g_strconcat(names[i], "/", names[k], NULL);
  }
  for (gsize i = 0; i < G_N_ELEMENTS(more); i++)
    paths[n++] = g_strdup(more[i]);
  return paths;
}

static const char *
any_path(GRand *rand, const GStrv paths)
{
  return paths[g_rand_int_range(rand, 0, N_PATHS)];
}

static char *
any_line(GRand *rand, const GStrv paths)
{
  static const char *const modes[] = {"0644", "0755", "04755", "02755",
                                      "0777", "0700", "06711", "0666"};
  static const char letters[] = "+++++ddddllhhkkt^c0wwo";
  const char *path = any_path(rand, paths), *mode = modes[g_rand_int_range(rand, 0, 8)];
  char letter = letters[g_rand_int_range(rand, 0, sizeof letters - 1)];
  guint uid = g_rand_boolean(rand) ? 0 : 1000;
  g_autofree char *dir = g_path_get_dirname(path), *base = g_path_get_basename(path);
  const char *slash = strcmp(dir, ".") == 0 ? "" : "/", *above = *slash ? dir : "";
  switch (letter) {
  case 'l':
    return g_strdup_printf("l %s %s%s", path, g_rand_boolean(rand) ? "/" : "../",
                           any_path(rand, paths));
  case 'h':
    return g_strdup_printf("h %s %s %s %u", path, any_path(rand, paths), mode, uid);
  case 'w':
    return g_strdup_printf("+ %s%s.wh.%s 0644", above, slash, base);
  case 'o':
    return g_strdup_printf("+ %s%s.wh..wh..opq 0644", above, slash);
  default:
    return g_strdup_printf("%c %s %s %u", letter, path, mode, uid);
  }
}

/* One of the same seed, taken THROUGH something after each layer, or not (NULL). */
static char *
grow(guint32 seed, const GStrv paths, Through through)
{
  g_autoptr(GRand) rand = g_rand_new_with_seed(seed);
  g_autoptr(NzTree) tree = nz_tree_new(TRUE);
  guint n_layers = (guint)g_rand_int_range(rand, 1, 6);
  g_autoptr(GString) out = g_string_new(NULL);
  for (guint layer = 0; layer < n_layers; layer++) {
    guint n = (guint)g_rand_int_range(rand, 0, 20);
    for (guint i = 0; i < n; i++) {
      g_autofree char *line = any_line(rand, paths);
      g_autoptr(GError) error = NULL;
      /* What cannot be applied is an error for both, and the next may still be. */
      if (!tree_apply(tree, layer, line, &error))
        g_string_append_printf(out, "%s: %s\n", line, error->message);
    }
    if (!through)
      continue;
    NzTree *loaded = through(tree);
    g_assert_nonnull(loaded);
    nz_tree_free(tree);
    tree = loaded;
  }
  nz_tree_finish(tree);
  g_autofree char *dump = dump_tree(tree, (const char *const *)paths);
  g_string_append(out, dump);
  return g_string_free(g_steal_pointer(&out), FALSE);
}

static void
test_a_tree_goes_on_as_if_nothing_had_been(gconstpointer data)
{
  Through through = ways[GPOINTER_TO_UINT(data)].through;
  g_auto(GStrv) paths = all_paths();
  guint n_seeds = g_test_slow() ? 100000 : 1500;
  for (guint32 seed = 0; seed < n_seeds; seed++) {
    g_autofree char *never = grow(seed, paths, NULL), *always = grow(seed, paths, through);
    if (strcmp(never, always) != 0)
      g_error("seed %u:\n%s\nkept:\n%s", seed, never, always);
  }
}

/* --- what must be there, by name --- */

static const char rich[] =
    "d etc, t etc/passwd, + bin/su 04755, h bin/su2 bin/su 04755, + a 0644, d home 0777 1000, "
    "l lib usr/lib, c dev/null, 0 dev/gone, k bin/ping 0755, + opt/x 04755, d srv 0700, + plain "
    "0755 | "
    "+ .wh.opt 0644, + srv/.wh..wh..opq 0644, + srv/x 0777 5, + bin/dup 0755, + bin/dup 04755, "
    "^ up 04755, h hard plain 0755, + lib/y 04755, t passwd.real, l etc/group ../passwd.real";

static const char *const rich_paths[] = {
    "etc/passwd", "bin/su", "bin/su2", "lib/y", "srv/x",    "srv",     "opt/x",     "plain",
    "hard",       "up",     "a",       "home",  "dev/null", "missing", "etc/group", NULL};

static void
test_all_that_a_tree_keeps_comes_back(gconstpointer data)
{
  Through through = ways[GPOINTER_TO_UINT(data)].through;
  g_autoptr(GError) error = NULL;
  g_autoptr(NzTree) tree = tree_of(rich, &error);
  g_assert_no_error(error);
  g_autoptr(NzTree) loaded = through(tree);
  g_autofree char *before = dump_tree(tree, rich_paths), *after = dump_tree(loaded, rich_paths);
  g_assert_cmpstr(before, ==, after);
  /* The dump is worth something: it names what was put there. */
  g_assert_nonnull(strstr(before, "usr/lib"));
  g_assert_nonnull(strstr(before, "from plain"));
  g_assert_nonnull(strstr(before, " notable"));
}

static void
test_names_of_one_file_stay_names_of_one_file(gconstpointer data)
{
  Through through = ways[GPOINTER_TO_UINT(data)].through;
  g_autoptr(NzTree) tree = tree_of("+ a 04755, h b a 04755 | h c b 0755", NULL);
  g_autoptr(NzTree) loaded = through(tree);
  g_assert_true(tree_apply(loaded, 2, "h d c 06711 7", NULL));
  g_autofree char *files = tree_files(loaded);
  g_assert_cmpstr(files, ==, "a 6711 7 @2, b 6711 7 @2, c 6711 7 @2, d 6711 7 @2");
}

static void
test_what_was_removed_stays_removed(gconstpointer data)
{
  Through through = ways[GPOINTER_TO_UINT(data)].through;
  g_autoptr(NzTree) tree =
      tree_of("+ a/b 04755, + c 04755 | + a/.wh..wh..opq 0644, + .wh.c 0644", NULL);
  g_autoptr(NzTree) loaded = through(tree);
  g_autoptr(GString) at = g_string_new(NULL);
  NzStat st;
  nz_tree_stat(loaded, "a/b", at, &st);
  g_assert_cmpint(st.kind, ==, NZ_STAT_ABSENT);
  g_autofree char *files = tree_files(loaded);
  g_assert_cmpstr(files, ==, "");
}

static void
test_a_tree_without_whiteouts_stays_one(gconstpointer data)
{
  Through through = ways[GPOINTER_TO_UINT(data)].through;
  g_autoptr(NzTree) tree = nz_tree_new(FALSE);
  g_assert_true(tree_apply(tree, 0, "+ a 04755", NULL));
  g_autoptr(NzTree) loaded = through(tree);
  g_assert_true(tree_apply(loaded, 1, "+ .wh.a 0644", NULL));
  g_autofree char *files = tree_files(loaded);
  g_assert_cmpstr(files, ==, "a 4755 0 @0");
}

static void
test_the_limits_count_what_was_before(gconstpointer data)
{
  Through through = ways[GPOINTER_TO_UINT(data)].through;
  g_autoptr(NzTree) tree = nz_tree_new(TRUE);
  tree->bytes = NZ_TREE_BYTES_MAX - 1;
  tree->link_bytes = NZ_LINK_BYTES_MAX - 1;
  g_autoptr(NzTree) loaded = through(tree);
  g_autoptr(GError) error = NULL;
  g_assert_false(tree_apply(loaded, 1, "+ long-name 04755", &error));
  g_assert_error(error, NZ_ERROR, NZ_ERROR_LIMIT);
}

/* Names are as many as are told apart, and directories as many as are kept. */
static void
test_a_crowd_stays_a_crowd(gconstpointer data)
{
  Through through = ways[GPOINTER_TO_UINT(data)].through;
  g_autoptr(NzTree) tree = nz_tree_new(TRUE);
  for (guint i = 0; i <= NZ_NAMES_MAX; i++) {
    guint old_layer;
    NzNameKind old_kind;
    nz_names_note(tree->names, (const char *)&i, sizeof i, 0, NZ_NAME_FILE, &old_layer, &old_kind);
  }
  tree->notable_full = TRUE;
  g_assert_true(nz_tree_is_crowded(tree));
  g_autoptr(NzTree) loaded = through(tree);
  g_assert_true(nz_tree_is_crowded(loaded));
  g_assert_true(nz_tree_is_notable_full(loaded));
  for (guint i = 0; i < NZ_NAMES_MAX; i += 1000) {
    guint layer;
    NzNameKind kind;
    g_assert_true(nz_names_find(loaded->names, (const char *)&i, sizeof i, &layer, &kind));
  }
}

static void
test_a_tree_that_is_too_large_is_told_before_it_is_packed(void)
{
  g_autoptr(NzTree) tree = tree_of("t a 0644, + b 04755", NULL);
  g_autoptr(GByteArray) bytes = g_byte_array_new();
  nz_tree_save(tree, bytes);
  g_assert_false(nz_tree_is_large(tree, bytes->len));
  g_assert_true(nz_tree_is_large(tree, 10));
}

/* --- damage --- */

/* Whatever it is, it can be asked, go on and be saved. */
static void
use(NzTree *tree)
{
  static const char *const lines[] = {"+ bin/su 0644",        "d etc 0777",
                                      "h x bin/su 04755",     "+ .wh.usr 0644",
                                      "+ srv/.wh..wh..opq 0", "+ lib/a/b/c 04755"};
  g_autoptr(GByteArray) bytes = g_byte_array_new();
  g_autofree char *before = dump_tree(tree, rich_paths);
  for (gsize i = 0; i < G_N_ELEMENTS(lines); i++) {
    g_autoptr(GError) ignored = NULL;
    tree_apply(tree, NZ_LAYERS_MAX - 1, lines[i], &ignored);
  }
  nz_tree_finish(tree);
  g_autofree char *after = dump_tree(tree, rich_paths);
  nz_tree_save(tree, bytes);
}

static gboolean
try_loading(const guint8 *data, gsize len)
{
  g_autofree guint8 *copy = g_memdup2(data, len);
  g_autoptr(NzTree) tree = nz_tree_load(copy, len);
  if (tree)
    use(tree);
  return tree != NULL;
}

static GByteArray *
saved(const char *layers)
{
  g_autoptr(NzTree) tree = tree_of(layers, NULL);
  GByteArray *bytes = g_byte_array_new();
  nz_tree_save(tree, bytes);
  return bytes;
}

static void
test_what_is_cut_is_refused(void)
{
  g_autoptr(GByteArray) bytes = saved(rich);
  for (gsize len = 0; len < bytes->len; len++)
    g_assert_false(try_loading(bytes->data, len));
  g_assert_true(try_loading(bytes->data, bytes->len));
  g_byte_array_append(bytes, (const guint8 *)"", 1);
  g_assert_false(try_loading(bytes->data, bytes->len));
}

static void
test_damage_is_refused_or_harmless(void)
{
  static const guint8 flips[] = {0x01, 0x10, 0x80, 0xff};
  g_autoptr(GByteArray) bytes = saved(rich);
  guint refused = 0;
  for (gsize at = 0; at < bytes->len; at++)
    for (gsize i = 0; i < G_N_ELEMENTS(flips); i++) {
      bytes->data[at] ^= flips[i];
      refused += !try_loading(bytes->data, bytes->len);
      bytes->data[at] ^= flips[i];
    }
  g_assert_cmpuint(refused, >, bytes->len / 2);
}

static void
test_two_of_one_name_are_refused(void)
{
  g_autoptr(GByteArray) bytes = saved("+ su-one 04755, + su-two 04755");
  g_assert_true(try_loading(bytes->data, bytes->len));
  char *two = memmem(bytes->data, bytes->len, "su-two", 6);
  g_assert_nonnull(two);
  memcpy(two, "su-one", 6);
  g_assert_false(try_loading(bytes->data, bytes->len));
}

static void
test_another_version_is_refused(void)
{
  g_autoptr(GByteArray) bytes = saved("+ a 04755");
  bytes->data[0]++;
  g_assert_false(try_loading(bytes->data, bytes->len));
}

/* A node of the saved form: layer, opaque, inode, flags, children. */
static void
pack_node(GByteArray *out, guint inode)
{
  const guint fields[] = {0, 0, inode, 0};
  for (gsize i = 0; i < G_N_ELEMENTS(fields); i++)
    nz_pack_number(out, fields[i]);
}

static GByteArray *
begin_saved(void)
{
  g_autoptr(NzTree) tree = nz_tree_new(TRUE);
  g_autoptr(GByteArray) whole = g_byte_array_new(), names_alone = g_byte_array_new();
  nz_tree_save(tree, whole);
  nz_names_save(tree->names, names_alone);
  /* Less names, ambiguities, the root (four fields and its end) and the number of inodes. */
  GByteArray *head = g_byte_array_new();
  g_byte_array_append(head, whole->data, whole->len - names_alone->len - 1 - 5 - 1);
  return head;
}

static void
end_saved(GByteArray *out)
{
  g_autoptr(NzTree) tree = nz_tree_new(TRUE);
  nz_names_save(tree->names, out);
  nz_pack_number(out, 0);
}

static void
pack_inode(GByteArray *out, NzEntryKind kind, NzBodyKind body_kind, const char *body)
{
  static const NzCapability none;
  nz_pack_number(out, kind);
  for (guint i = 0; i < 4; i++)
    nz_pack_number(out, 0);
  nz_pack_bytes(out, &none, sizeof none);
  nz_pack_number(out, 0);
  nz_pack_number(out, 0);
  nz_pack_number(out, body_kind);
  nz_pack_number(out, body != NULL);
  if (body)
    nz_pack_bytes(out, body, strlen(body));
}

static gboolean
loads_with_inode(NzEntryKind kind, NzBodyKind body_kind, const char *body, gboolean as_root)
{
  g_autoptr(GByteArray) bytes = begin_saved();
  nz_pack_number(bytes, 1);
  pack_inode(bytes, kind, body_kind, body);
  pack_node(bytes, as_root);
  if (!as_root) {
    nz_pack_number(bytes, 1);
    nz_pack_bytes(bytes, "x", 1);
    pack_node(bytes, 1);
    nz_pack_number(bytes, 0);
  }
  nz_pack_number(bytes, 0);
  end_saved(bytes);
  return try_loading(bytes->data, bytes->len);
}

static void
test_inodes_are_what_a_tree_can_hold(void)
{
  g_assert_true(loads_with_inode(NZ_ENTRY_FILE, NZ_BODY_NONE, NULL, FALSE));
  g_assert_true(loads_with_inode(NZ_ENTRY_FILE, NZ_BODY_TEXT, "", FALSE));
  g_assert_true(loads_with_inode(NZ_ENTRY_FILE, NZ_BODY_EXTRA, NULL, FALSE));
  g_assert_false(loads_with_inode(NZ_ENTRY_FILE, NZ_BODY_NONE, NULL, TRUE));
  g_assert_false(loads_with_inode(NZ_ENTRY_FILE, NZ_BODY_TEXT, NULL, FALSE));
  g_assert_false(loads_with_inode(NZ_ENTRY_FILE, NZ_BODY_OWNERS, NULL, FALSE));
  g_assert_false(loads_with_inode(NZ_ENTRY_FILE, NZ_BODY_NONE, "x", FALSE));
  g_assert_false(loads_with_inode(NZ_ENTRY_DIRECTORY, NZ_BODY_NONE, NULL, FALSE));
  g_assert_false(loads_with_inode(NZ_ENTRY_HARDLINK, NZ_BODY_NONE, NULL, FALSE));
  g_assert_false(loads_with_inode(NZ_ENTRY_SYMLINK, NZ_BODY_NONE, NULL, FALSE));
  g_assert_false(loads_with_inode(NZ_ENTRY_GLOBAL, NZ_BODY_NONE, NULL, FALSE));
}

/* Directories in directories, each called by NAME_LEN bytes. */
static gboolean
loads_at_depth(guint depth, gsize name_len)
{
  g_autoptr(GByteArray) bytes = begin_saved();
  g_autofree char *name = g_strnfill(name_len, 'n');
  nz_pack_number(bytes, 0);
  pack_node(bytes, 0);
  for (guint i = 0; i < depth; i++) {
    nz_pack_number(bytes, 1);
    nz_pack_bytes(bytes, name, name_len);
    pack_node(bytes, 0);
  }
  for (guint i = 0; i <= depth; i++)
    nz_pack_number(bytes, 0);
  end_saved(bytes);
  return try_loading(bytes->data, bytes->len);
}

static void
test_no_path_is_longer_than_paths_are(void)
{
  g_assert_true(loads_at_depth(2048, 1)); /* 4095 bytes */
  g_assert_false(loads_at_depth(2049, 1));
  g_assert_true(loads_at_depth(1, NZ_PATH_MAX));
  g_assert_false(loads_at_depth(1, NZ_PATH_MAX + 1));
  g_assert_false(loads_at_depth(2, NZ_PATH_MAX / 2 + 1));
  g_assert_false(loads_at_depth(1000000, 1));
}

/* --- what it was made for --- */

static NzTree *
tree_wanting(const char *layers, const char *path, NzBodyKind kind, const char *text)
{
  NzTree *tree = tree_of(layers, NULL);
  g_autoptr(GBytes) body = text ? g_bytes_new(text, strlen(text)) : NULL;
  NzEntry e = {.kind = NZ_ENTRY_FILE,
               .path = path,
               .path_len = strlen(path),
               .mode = 0755,
               .body_kind = kind,
               .body = body};
  g_assert_true(nz_tree_apply(tree, tree->layer, &e, NULL));
  return tree;
}

static NzWanted *
wanted_of(const char *users, const char *extra)
{
  NzWanted *wanted = nz_wanted_new();
  if (users)
    nz_wanted_add(wanted, wanted->users, users);
  if (extra)
    nz_wanted_add(wanted, wanted->extra, extra);
  return wanted;
}

static gboolean
lacks(const NzTree *tree, const char *users, const char *extra)
{
  g_autoptr(NzWanted) wanted = wanted_of(users, extra);
  return nz_tree_lacks(tree, wanted);
}

static void
test_a_file_whose_content_was_not_kept_is_lacking(void)
{
  g_autoptr(NzTree) tree = tree_of("+ opt/plain 0644, + opt/run 0755, + bin/su 04755, d opt/dir, "
                                   "l link opt/plain, l usrbin bin, + gone 0644 | + .wh.gone 0644",
                                   NULL);
  static const struct {
    const char *path;
    gboolean lacking;
  } cases[] = {{"opt/plain", TRUE}, {"opt/run", TRUE}, {"bin/su", TRUE},
               {"opt/dir", FALSE},  {"link", FALSE},   {"usrbin/su", TRUE},
               {"gone", FALSE},     {"never", FALSE},  {"opt/plain/x", FALSE}};
  for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
    g_assert_cmpint(lacks(tree, NULL, cases[i].path), ==, cases[i].lacking);
    g_assert_cmpint(lacks(tree, cases[i].path, NULL), ==, cases[i].lacking);
  }
}

static void
test_a_script_is_no_passwd(void)
{
  g_autoptr(NzTree) tree = tree_wanting("d opt", "opt/x", NZ_BODY_EXTRA, "root:x:0:0");
  g_assert_false(lacks(tree, NULL, "opt/x"));
  g_assert_true(lacks(tree, "opt/x", NULL));
  g_autoptr(NzTree) other = tree_wanting("d opt", "opt/x", NZ_BODY_TEXT, "root:x:0:0");
  g_assert_false(lacks(other, NULL, "opt/x"));
  g_assert_false(lacks(other, "opt/x", NULL));
}

static void
test_in_a_crowd_all_may_be_lacking(void)
{
  g_autoptr(NzTree) tree = nz_tree_new(TRUE);
  for (guint i = 0; i <= NZ_NAMES_MAX; i++) {
    guint old_layer;
    NzNameKind old_kind;
    nz_names_note(tree->names, (const char *)&i, sizeof i, 0, NZ_NAME_FILE, &old_layer, &old_kind);
  }
  g_assert_true(lacks(tree, NULL, "never-seen"));
}

/* What is said of a tree after others' wishes are forgotten is what is said without them. */
static void
assert_forgets(const char *layers, const char *path, const char *line, const char *more)
{
  g_autoptr(NzTree) tree = tree_wanting(layers, path, NZ_BODY_EXTRA, "#!/bin/sh");
  g_autoptr(NzTree) without = tree_of(layers, NULL);
  g_assert_true(tree_apply(without, without->layer, line, NULL));
  if (more) {
    g_assert_true(tree_apply(tree, 5, more, NULL));
    g_assert_true(tree_apply(without, 5, more, NULL));
  }
  g_autoptr(NzWanted) others = wanted_of(NULL, path), own = nz_wanted_new();
  nz_tree_forget(tree, others, own);
  static const char *const asked[] = {"opt/x", "link", "opt", "bin/su"};
  g_autoptr(GString) got = g_string_new(NULL), want = g_string_new(NULL);
  for (gsize i = 0; i < G_N_ELEMENTS(asked); i++) {
    dump_answers(got, tree, asked[i]);
    dump_answers(want, without, asked[i]);
  }
  g_assert_cmpstr(got->str, ==, want->str);
  g_autofree char *got_files = tree_files(tree), *want_files = tree_files(without);
  g_assert_cmpstr(got_files, ==, want_files);
}

static void
test_what_others_asked_for_is_forgotten(void)
{
  assert_forgets("+ bin/su 04755", "opt/x", "+ opt/x 0755", NULL);
  assert_forgets("d opt 0777", "opt/x", "+ opt/x 0755", NULL);
  assert_forgets("l link opt/x", "opt/x", "+ opt/x 0755", NULL);
  assert_forgets("", "opt/x", "+ opt/x 0755", "h link opt/x 04755");
  assert_forgets("", "opt/x", "+ opt/x 0755", "+ .wh.opt 0644");
}

static void
test_a_program_that_others_may_change_is_not_forgotten(void)
{
  g_autoptr(NzTree) tree = nz_tree_new(TRUE);
  g_autoptr(GBytes) body = g_bytes_new_static("#!", 2);
  NzEntry e = {.kind = NZ_ENTRY_FILE,
               .path = "x",
               .path_len = 1,
               .mode = 0757,
               .uid = 5,
               .body_kind = NZ_BODY_EXTRA,
               .body = body};
  g_assert_true(nz_tree_apply(tree, 0, &e, NULL));
  g_autoptr(NzTree) without = tree_of("+ x 0757 5", NULL);
  g_autoptr(NzWanted) others = wanted_of(NULL, "x"), own = nz_wanted_new();
  nz_tree_forget(tree, others, own);
  const char *const paths[] = {"x", NULL};
  tree->bytes = without->bytes;
  g_autofree char *got = dump_tree(tree, paths), *want = dump_tree(without, paths);
  g_assert_cmpstr(got, ==, want);
}

static void
test_what_is_wanted_for_other_reasons_is_kept(void)
{
  static const char *const kept[] = {"entrypoint.sh", "etc/shadow", "opt/mine"};
  for (gsize i = 0; i < G_N_ELEMENTS(kept); i++) {
    g_autoptr(NzTree) tree = tree_wanting("", kept[i], NZ_BODY_EXTRA, "#!/bin/sh");
    g_autoptr(NzWanted) others = wanted_of(NULL, kept[i]), own = wanted_of(NULL, "opt/mine");
    g_autofree char *before = dump_tree(tree, NULL);
    nz_tree_forget(tree, others, own);
    g_autofree char *after = dump_tree(tree, NULL);
    g_assert_cmpstr(before, ==, after);
  }
}

static void
add_way(const char *name, guint way, GTestDataFunc func)
{
  g_autofree char *path = g_strdup_printf("/tree-save/%s/%s", ways[way].name, name);
  g_test_add_data_func(path, GUINT_TO_POINTER(way), func);
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
#define ADD(name, func) g_test_add_func("/tree-save/" name, func)
#define ADD_WAYS(name, func)                                                                       \
  for (guint way = 0; way < G_N_ELEMENTS(ways); way++)                                             \
  add_way(name, way, func)
  ADD_WAYS("a-tree-goes-on-as-if-nothing-had-been", test_a_tree_goes_on_as_if_nothing_had_been);
  ADD_WAYS("all-that-a-tree-keeps-comes-back", test_all_that_a_tree_keeps_comes_back);
  ADD_WAYS("names-of-one-file-stay-names-of-one-file",
           test_names_of_one_file_stay_names_of_one_file);
  ADD_WAYS("what-was-removed-stays-removed", test_what_was_removed_stays_removed);
  ADD_WAYS("a-tree-without-whiteouts-stays-one", test_a_tree_without_whiteouts_stays_one);
  ADD_WAYS("the-limits-count-what-was-before", test_the_limits_count_what_was_before);
  ADD_WAYS("a-crowd-stays-a-crowd", test_a_crowd_stays_a_crowd);
  ADD("a-tree-that-is-too-large", test_a_tree_that_is_too_large_is_told_before_it_is_packed);
  ADD("what-is-cut-is-refused", test_what_is_cut_is_refused);
  ADD("damage-is-refused-or-harmless", test_damage_is_refused_or_harmless);
  ADD("two-of-one-name-are-refused", test_two_of_one_name_are_refused);
  ADD("another-version-is-refused", test_another_version_is_refused);
  ADD("inodes-are-what-a-tree-can-hold", test_inodes_are_what_a_tree_can_hold);
  ADD("no-path-is-longer-than-paths-are", test_no_path_is_longer_than_paths_are);
  ADD("a-file-whose-content-was-not-kept-is-lacking",
      test_a_file_whose_content_was_not_kept_is_lacking);
  ADD("a-script-is-no-passwd", test_a_script_is_no_passwd);
  ADD("in-a-crowd-all-may-be-lacking", test_in_a_crowd_all_may_be_lacking);
  ADD("what-others-asked-for-is-forgotten", test_what_others_asked_for_is_forgotten);
  ADD("a-program-that-others-may-change-is-not-forgotten",
      test_a_program_that_others_may_change_is_not_forgotten);
  ADD("what-is-wanted-for-other-reasons-is-kept", test_what_is_wanted_for_other_reasons_is_kept);
  return g_test_run();
}

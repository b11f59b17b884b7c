/* SPDX-License-Identifier: Apache-2.0 */
/* What a cache may give back. The first byte says what the others are: a saved tree, or a copy of a
 * layer's entries. What is taken must be of use: it is asked, goes on, and is saved again. */
#include <stdlib.h>
#include <string.h>

#include "core/limits.h"
#include "rootfs/layer_log.h"
#include "rootfs/tree_save.h"

int LLVMFuzzerTestOneInput(const guint8 *data, size_t size);

static const char *const paths[] = {"a", "b", "a/b", "etc/passwd", "bin/su", "usr/bin/su", "x"};

/* As an abort, not as g_error() does it: libFuzzer then keeps the input. */
static void
must(gboolean good, const char *otherwise)
{
  if (good)
    return;
  g_printerr("%s\n", otherwise);
  abort();
}

static void
look(const char *path, const NzInode *inode, gpointer user_data)
{
  gsize *sum = user_data;
  gsize len = 0;
  if (inode->body)
    g_bytes_get_data(inode->body, &len);
  *sum += strlen(path) + len + (inode->target ? strlen(inode->target) : 0);
}

static void
ask(const NzTree *tree)
{
  static const NzCredentials nobody = {65534, NULL, 0};
  g_autoptr(GString) at = g_string_new(NULL);
  gsize sum = 0;
  guint total, hides;
  nz_tree_foreach(tree, look, &sum);
  for (gsize i = 0; i < G_N_ELEMENTS(paths); i++) {
    const NzInode *inode;
    NzStat st;
    nz_tree_lookup(tree, paths[i], at, &inode);
    nz_tree_stat(tree, paths[i], at, &st);
    nz_tree_can_reach(tree, at->str, &nobody);
    nz_tree_list(tree, paths[i], look, &sum);
  }
  const GPtrArray *list = nz_tree_ambiguities(tree, &total, &hides);
  must(total >= list->len, "more ambiguities than there are");
}

/* FALSE: it ended with an error, as it would for the scanner, which then keeps nothing of it. */
static gboolean
go_on(NzTree *tree)
{
  gboolean ok = TRUE;
  for (gsize i = 0; ok && i < G_N_ELEMENTS(paths); i++) {
    g_autoptr(GError) error = NULL;
    NzEntry e = {.kind = i % 3 == 2 ? NZ_ENTRY_HARDLINK : NZ_ENTRY_FILE,
                 .path = paths[i],
                 .path_len = strlen(paths[i]),
                 .target = i % 3 == 2 ? "etc/passwd" : NULL,
                 .mode = 04755};
    ok = nz_tree_apply(tree, NZ_LAYERS_MAX - 1, &e, &error);
    must(ok == !error, "an error without an error");
  }
  return ok;
}

static void
save_again(const NzTree *tree)
{
  g_autoptr(GByteArray) bytes = g_byte_array_new();
  nz_tree_save(tree, bytes);
  g_autoptr(NzTree) again = nz_tree_load(bytes->data, bytes->len);
  must(again != NULL, "a tree that cannot be loaded as it was saved");
}

static NzWanted *
make_wanted(void)
{
  NzWanted *wanted = nz_wanted_new();
  for (gsize i = 0; i < G_N_ELEMENTS(paths); i++)
    nz_wanted_add(wanted, i % 2 ? wanted->users : wanted->extra, paths[i]);
  return wanted;
}

static void
use_tree(NzTree *tree)
{
  g_autoptr(NzWanted) wanted = make_wanted(), none = nz_wanted_new();
  ask(tree);
  save_again(tree);
  nz_tree_lacks(tree, wanted);
  if (go_on(tree))
    save_again(tree);
  nz_tree_forget(tree, wanted, none);
  nz_tree_finish(tree);
  ask(tree);
}

static void
use_copy(const guint8 *data, gsize size)
{
  g_autoptr(NzWanted) wanted = make_wanted();
  if (!nz_layer_log_copy_serves(data, size, NULL)) {
    must(!nz_layer_log_copy_serves(data, size, wanted), "a damaged copy that serves");
    return;
  }
  nz_layer_log_copy_serves(data, size, wanted);
  g_autoptr(NzLogBudget) budget = nz_log_budget_new(64 << 20, FALSE);
  g_autoptr(NzLayerLog) log = nz_layer_log_new(budget, 0);
  g_autoptr(GError) error = NULL;
  must(nz_layer_log_replay(log, data, size, &error), "a copy that serves and cannot be replayed");
  nz_layer_log_close(log, NULL);
  g_autoptr(NzTree) tree = nz_tree_new(TRUE);
  g_autoptr(NzLogCursor) cursor = nz_log_cursor_new(log, FALSE);
  NzEntry e;
  while (nz_log_cursor_next(cursor, &e, NULL) == 1) {
    g_autoptr(GError) ignored = NULL;
    nz_tree_apply(tree, 0, &e, &ignored);
  }
  use_tree(tree);
}

int
LLVMFuzzerTestOneInput(const guint8 *data, size_t size)
{
  if (size == 0)
    return 0;
  if (data[0] % 2) {
    use_copy(data + 1, size - 1);
    return 0;
  }
  g_autoptr(NzTree) tree = nz_tree_load(data + 1, size - 1);
  if (tree)
    use_tree(tree);
  return 0;
}

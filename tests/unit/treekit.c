/* SPDX-License-Identifier: Apache-2.0 */
#include "treekit.h"

#include <string.h>

static guint64
number_or(const char *text, guint base, guint64 otherwise)
{
  guint64 value = otherwise;
  if (text)
    g_assert_true(g_ascii_string_to_unsigned(text, base, 0, G_MAXUINT32, &value, NULL));
  return value;
}

gboolean
tree_apply(NzTree *tree, guint layer, const char *line, GError **error)
{
  static const char letters[] = "+dlhc0t^k";
  static const NzEntryKind kinds[] = {
      NZ_ENTRY_FILE,     NZ_ENTRY_DIRECTORY, NZ_ENTRY_SYMLINK,
      NZ_ENTRY_HARDLINK, NZ_ENTRY_DEVICE,    NZ_ENTRY_WHITEOUT_DEVICE,
      NZ_ENTRY_FILE,     NZ_ENTRY_FILE,      NZ_ENTRY_FILE};
  g_auto(GStrv) words = g_strsplit(line, " ", -1);
  guint n = g_strv_length(words);
  const char *letter = strchr(letters, words[0][0]);
  g_assert_true(n >= 2 && letter);
  gboolean is_link = *letter == 'l' || *letter == 'h';
  const char *mode = is_link ? (n > 3 ? words[3] : NULL) : words[2];
  const char *uid = is_link ? (n > 4 ? words[4] : NULL) : (n > 3 ? words[3] : NULL);
  g_autoptr(GBytes) text = *letter == 't' ? g_bytes_new_static("text", 4) : NULL;
  NzEntry e = {.kind = kinds[letter - letters],
               .path = words[1],
               .path_len = strlen(words[1]),
               .target = is_link ? words[2] : NULL,
               .mode = (guint16)number_or(mode, 8, 0755),
               .uid = (guint32)number_or(uid, 10, 0),
               .outside = *letter == '^',
               .body_kind = text ? NZ_BODY_TEXT : NZ_BODY_NONE,
               .body = text};
  if (*letter == 'k')
    e.capability = (NzCapability){.revision = 2, .permitted = 1};
  return nz_tree_apply(tree, layer, &e, error);
}

NzTree *
tree_of(const char *text, GError **error)
{
  g_autoptr(NzTree) tree = nz_tree_new(TRUE);
  g_auto(GStrv) layers = g_strsplit(text, " | ", -1);
  for (guint i = 0; layers[i]; i++) {
    g_auto(GStrv) lines = g_strsplit(layers[i], ", ", -1);
    for (guint l = 0; lines[l]; l++)
      if (*lines[l] && !tree_apply(tree, i, lines[l], error))
        return NULL;
  }
  return g_steal_pointer(&tree);
}

static void
add_file(const char *path, const NzInode *inode, gpointer user_data)
{
  g_ptr_array_add(user_data,
                  g_strdup_printf("%s %04o %u @%u", path, inode->mode, inode->uid, inode->layer));
}

static int
by_text(gconstpointer a, gconstpointer b)
{
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

char *
tree_files(const NzTree *tree)
{
  g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);
  nz_tree_foreach(tree, add_file, lines);
  g_ptr_array_sort(lines, by_text);
  g_ptr_array_add(lines, NULL);
  return g_strjoinv(", ", (char **)lines->pdata);
}

char *
tree_doubts(const NzTree *tree)
{
  static const char *const kinds[NZ_AMBIGUOUS_N_KINDS] = {
      [NZ_AMBIGUOUS_TWICE] = "twice",           [NZ_AMBIGUOUS_WHITEOUT] = "whiteout",
      [NZ_AMBIGUOUS_LOWER_LINK] = "lower-link", [NZ_AMBIGUOUS_PARENT_FILE] = "parent-file",
      [NZ_AMBIGUOUS_CAPABILITY] = "capability", [NZ_AMBIGUOUS_OUTSIDE] = "outside",
      [NZ_AMBIGUOUS_DEVICE] = "device",
  };
  guint total, hides, all = 0;
  const GPtrArray *list = nz_tree_ambiguities(tree, &total, &hides);
  GString *out = g_string_new(NULL);
  for (guint i = 0; i < list->len; i++) {
    const NzAmbiguity *a = list->pdata[i];
    g_string_append_printf(out, "%s%s %s @%u%s%s", i ? ", " : "", kinds[a->kind], a->path, a->layer,
                           a->hides & NZ_HIDES_SETUID_ROOT ? "!" : "",
                           a->hides & NZ_HIDES_USERS ? "?" : "");
    all |= a->hides;
  }
  g_assert_cmpuint(total, ==, list->len);
  g_assert_cmpuint(hides, ==, all);
  return g_string_free(out, FALSE);
}

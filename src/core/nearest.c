/* SPDX-License-Identifier: Apache-2.0 */
#include "core/nearest.h"

#include <string.h>

#define WORD_MAX 64u

guint
nz_edit_distance(const char *a, const char *b)
{
  gsize n = strlen(a), m = strlen(b);
  if (n > WORD_MAX || m > WORD_MAX)
    return G_MAXUINT;
  /* Three rows of the table of distances between beginnings: a swap looks back two. */
  guint rows[3][WORD_MAX + 1];
  for (guint j = 0; j <= m; j++)
    rows[0][j] = j;
  for (guint i = 1; i <= n; i++) {
    guint *row = rows[i % 3], *above = rows[(i + 2) % 3], *above2 = rows[(i + 1) % 3];
    row[0] = i;
    for (guint j = 1; j <= m; j++) {
      char x = g_ascii_tolower(a[i - 1]), y = g_ascii_tolower(b[j - 1]);
      row[j] = MIN(MIN(above[j], row[j - 1]) + 1, above[j - 1] + (x != y));
      if (i > 1 && j > 1 && x == g_ascii_tolower(b[j - 2]) && g_ascii_tolower(a[i - 2]) == y)
        row[j] = MIN(row[j], above2[j - 2] + 1);
    }
  }
  return rows[n % 3][m];
}

const char *
nz_nearest(const char *word, const char *const *names)
{
  const char *best = NULL;
  guint best_distance = G_MAXUINT;
  for (guint i = 0; names[i]; i++) {
    guint distance = nz_edit_distance(word, names[i]);
    if (distance < best_distance) {
      best = names[i];
      best_distance = distance;
    }
  }
  /* Past half of its letters it is another word. */
  return best && best_distance <= MAX(1u, (guint)strlen(best) / 2) ? best : NULL;
}

char *
nz_nearest_hint(const char *word, const char *const *names)
{
  const char *near = nz_nearest(word, names);
  if (near)
    return g_strdup_printf("; did you mean %s?", near);
  GString *all = g_string_new("; there are ");
  for (guint i = 0; names[i]; i++)
    g_string_append_printf(all, "%s%s", i == 0 ? "" : names[i + 1] ? ", " : " and ", names[i]);
  return g_string_free(all, FALSE);
}

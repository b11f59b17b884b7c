/* SPDX-License-Identifier: Apache-2.0 */
/* PodmanArgs=: options that are handed to Podman as they are. */
#include <string.h>

#include "build/quadlet_private.h"

/* The value of FLAG when WORD is it: behind "=", behind a short one, or the NEXT word, which is
 * *USED then. NULL: it is not FLAG, or has no value. */
static const char *
flag_value(const NzQuadletFlag *flag, const char *word, const char *next, gboolean *used)
{
  gsize len = strlen(flag->name);
  if (strncmp(word, flag->name, len) == 0) {
    if (word[len] == '=')
      return word + len + 1;
    if (word[len] == '\0')
      return flag->boolean ? "true" : (*used = TRUE, next);
  }
  if (!flag->brief || strncmp(word, flag->brief, strlen(flag->brief)) != 0)
    return NULL;
  word += strlen(flag->brief);
  return *word ? word + (*word == '=') : (*used = TRUE, next);
}

gboolean
nz_quadlet_args(const NzUnit *unit, const char *section, const NzQuadletFlag *flags, gpointer data,
                GError **error)
{
  g_autoptr(GPtrArray) words = nz_unit_words(unit, section, "PodmanArgs", error);
  for (guint i = 0; words && i < words->len; i++) {
    const NzUnitWord *word = words->pdata[i];
    gboolean last = i + 1 == words->len;
    const char *next = last ? NULL : ((const NzUnitWord *)words->pdata[i + 1])->text;
    gboolean used = FALSE;
    for (const NzQuadletFlag *flag = flags; flag->name && !used; flag++) {
      const char *value = flag_value(flag, word->text, next, &used);
      if (value)
        flag->take(value, words->pdata[i + (used ? 1 : 0)], flag, data);
      if (value)
        break;
    }
    i += used;
  }
  return words != NULL;
}

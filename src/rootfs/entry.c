/* SPDX-License-Identifier: Apache-2.0 */
#include "rootfs/entry.h"

#include <string.h>

/* No leading slash, no component that is empty or begins with a dot; one slash at the end is left
 * to the caller. Nearly every path is so. */
static gboolean
is_clean(const char *path)
{
  for (const char *p = path;; p++) {
    if (*p == '/' || *p == '.')
      return FALSE;
    p = strchrnul(p, '/');
    if (!*p)
      break;
  }
  return TRUE;
}

void
nz_path_clean(const char *path, GString *out, gboolean *outside)
{
  g_string_truncate(out, 0);
  *outside = FALSE;
  const char *p = g_str_has_prefix(path, "./") ? path + 2 : path;
  if (is_clean(p)) {
    gsize n = strlen(p);
    g_string_append_len(out, p, (gssize)(n > 0 && p[n - 1] == '/' ? n - 1 : n));
    return;
  }
  while (*p) {
    const char *slash = strchrnul(p, '/');
    gsize n = (gsize)(slash - p);
    if (n == 2 && p[0] == '.' && p[1] == '.') {
      const char *last = strrchr(out->str, '/');
      if (out->len == 0)
        *outside = TRUE;
      g_string_truncate(out, last ? (gsize)(last - out->str) : 0);
    } else if (n > 0 && !(n == 1 && p[0] == '.')) {
      if (out->len > 0)
        g_string_append_c(out, '/');
      g_string_append_len(out, p, (gssize)n);
    }
    p = *slash ? slash + 1 : slash;
  }
}

guint32
nz_effective_id(gint64 id)
{
  guint32 kept = (guint32)(guint64)id;
  return kept == G_MAXUINT32 ? 0 : kept;
}

gboolean
nz_path_is_clean(const char *path, gsize len)
{
  if (memchr(path, '\0', len))
    return FALSE;
  for (gsize at = 0, n; len > 0 && at <= len; at += n + 1) {
    const char *name = path + at, *slash = memchr(name, '/', len - at);
    n = slash ? (gsize)(slash - name) : len - at;
    if (n == 0 || (name[0] == '.' && (n == 1 || (n == 2 && name[1] == '.'))))
      return FALSE;
  }
  return TRUE;
}

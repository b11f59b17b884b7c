/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/mend.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "core/text.h"
#include "fix/fix.h"

typedef struct {
  const nonzero_report *report;
  size_t index;
  const char *path;
  char *before;
  gsize len;
} File;

/* What becomes of FILE; NULL with a message printed. */
static char *
change(const File *file, gboolean proposed, size_t *len)
{
  char *after, *error = NULL;
  if (nonzero_report_fix(file->report, file->index, proposed, file->before, file->len, &after, len,
                         &error) == 0)
    return after;
  nz_complain("%s: %s", file->path, error);
  free(error);
  return NULL;
}

static void
print_diff(const File *file, const char *after, gsize len, FILE *out)
{
  g_autofree char *diff = nz_unified_diff(file->path, file->before, file->len, after, len);
  fputs(diff, out);
  fflush(out);
}

/* Whole or not at all, with the mode it had; where a link leads. */
static gboolean
write_file(const File *file, const char *after, gsize len)
{
  g_autoptr(GError) error = NULL;
  char real[PATH_MAX];
  struct stat st;
  if (!realpath(file->path, real) || stat(real, &st) != 0) {
    nz_complain("%s: %s", file->path, g_strerror(errno));
    return FALSE;
  }
  if (!g_file_set_contents_full(real, after, (gssize)len, G_FILE_SET_CONTENTS_CONSISTENT,
                                (int)(st.st_mode & 0777), &error)) {
    nz_complain("%s: %s", file->path, error->message);
    return FALSE;
  }
  if (chown(real, st.st_uid, st.st_gid) != 0 || chmod(real, st.st_mode & 07777) != 0)
    nz_complain("%s: its owner and mode could not be kept: %s", file->path, g_strerror(errno));
  return TRUE;
}

/* What was refused is told of files that stay as they are: of others once they are judged anew. */
static void
tell(const File *file, gboolean changed, gboolean stays)
{
  const char *title, *refused;
  for (size_t i = 0; (title = nonzero_report_fix_title(file->report, file->index, i, &refused));
       i++) {
    if (refused && stays)
      nz_complain("%s: not changed: %s: %s", file->path, title, refused);
    else if (!refused && changed)
      nz_complain("%s: changed: %s", file->path, title);
  }
}

/* What would be a guess is shown, and left to people. */
static void
propose(const File *file, const char *after, gsize len)
{
  size_t n;
  g_autofree char *all = change(file, TRUE, &n);
  if (!all || (n == len && memcmp(all, after, n) == 0))
    return;
  nz_complain("%s: a proposal, to be looked at:", file->path);
  print_diff(file, all, n, stderr);
}

static gboolean
mend(const File *file, gboolean diff, guint *changed)
{
  size_t len;
  g_autofree char *after = change(file, FALSE, &len);
  if (!after)
    return FALSE;
  gboolean same = len == file->len && memcmp(after, file->before, len) == 0;
  gboolean ok = TRUE;
  if (!same && diff)
    print_diff(file, after, len, stdout);
  else if (!same)
    ok = write_file(file, after, len);
  if (!ok)
    return FALSE;
  *changed += !same;
  tell(file, !same && !diff, same || diff);
  if (same || diff)
    propose(file, after, len);
  return TRUE;
}

guint
nz_mend_files(const nonzero_report *report, gboolean diff, gboolean *ok)
{
  guint changed = 0;
  File file = {.report = report};
  for (; (file.path = nonzero_report_fixable(report, file.index)); file.index++) {
    g_autoptr(GError) error = NULL;
    if (strcmp(file.path, "<stdin>") == 0) {
      tell(&file, FALSE, TRUE);
      continue;
    }
    if (!g_file_get_contents(file.path, &file.before, &file.len, &error)) {
      nz_complain("%s", error->message);
      *ok = FALSE;
      continue;
    }
    *ok &= mend(&file, diff, &changed);
    g_free(file.before);
  }
  return changed;
}

/* --- patches --- */

static void
print_comment(FILE *out, const char *text)
{
  g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
  for (guint i = 0; lines[i]; i++)
    if (*lines[i])
      fprintf(out, "# %s\n", lines[i]);
}

static void
print_patch(FILE *out, const char *path, const char *title, const char *refused, const char *patch)
{
  g_autofree char *head =
      refused ? g_strdup_printf("%s: not changed: %s: %s", path, title, refused)
      : patch ? g_strdup_printf("%s: %s", path, title)
              : g_strdup_printf("%s: %s: no strategic merge patch can say this; --fix changes the "
                                "file",
                                path, title);
  if (patch && !refused)
    fputs("---\n", out);
  print_comment(out, head);
  if (patch && refused)
    print_comment(out, patch);
  else if (patch)
    fputs(patch, out);
}

int
nz_mend_write_patch(gconstpointer data, const char *format G_GNUC_UNUSED, FILE *out,
                    unsigned flags G_GNUC_UNUSED, char **error G_GNUC_UNUSED)
{
  const nonzero_report *report = data;
  const char *path, *title, *refused;
  for (size_t i = 0; (path = nonzero_report_fixable(report, i)); i++)
    for (size_t j = 0; (title = nonzero_report_fix_title(report, i, j, &refused)); j++) {
      g_autofree char *shown = nz_printable(path, -1);
      print_patch(out, shown, title, refused, nonzero_report_fix_patch(report, i, j));
    }
  return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/output.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/text.h"

static gboolean
wants_color(const NzOutputOptions *options, int fd)
{
  if (strcmp(options->color, "auto") != 0)
    return strcmp(options->color, "always") == 0;
  const char *no_color = g_getenv("NO_COLOR");
  return isatty(fd) && !(no_color && *no_color);
}

/* Prints all of the report; FALSE with errno set, EIO where nobody said more, when any of it did
 * not get out. */
static gboolean
print(const NzReport *report, const NzReportFormat *format, const NzOutputOptions *options,
      FILE *out)
{
  NzReportStyle style = {wants_color(options, fileno(out)), options->verbose};
  errno = 0;
  format->write(report, &style, out);
  gboolean ok = fflush(out) == 0 && !ferror(out);
  if (!ok && errno == 0)
    errno = EIO;
  return ok;
}

/* Into a device or pipe there is nothing to replace. */
static gboolean
is_special(const char *path)
{
  struct stat st;
  return stat(path, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode);
}

static gboolean
write_file(const NzReport *report, const NzReportFormat *format, const NzOutputOptions *options,
           GError **error)
{
  g_autofree char *shown = nz_printable(options->path, -1);
  gboolean special = is_special(options->path);
  g_autofree char *temporary =
      special ? g_strdup(options->path) : g_strconcat(options->path, ".XXXXXX", NULL);
  int fd = special ? open(temporary, O_WRONLY | O_CLOEXEC)
                   : g_mkstemp_full(temporary, O_WRONLY | O_CLOEXEC, 0666);
  FILE *out = fd < 0 ? NULL : fdopen(fd, "w");
  if (!out) {
    nz_set_errno(error, errno, "cannot write %s", shown);
    return FALSE;
  }
  gboolean ok = print(report, format, options, out);
  int saved = errno;
  if (fclose(out) != 0 && ok) {
    saved = errno;
    ok = FALSE;
  }
  if (ok && !special && rename(temporary, options->path) != 0) {
    saved = errno;
    ok = FALSE;
  }
  if (!ok) {
    if (!special)
      unlink(temporary);
    nz_set_errno(error, saved, "cannot write %s", shown);
  }
  return ok;
}

gboolean
nz_output_write(const NzReport *report, const NzReportFormat *format,
                const NzOutputOptions *options, GError **error)
{
  if (options->path && strcmp(options->path, "-") != 0)
    return write_file(report, format, options, error);
  if (print(report, format, options, stdout))
    return TRUE;
  nz_set_errno(error, errno, "cannot write to standard output");
  return FALSE;
}

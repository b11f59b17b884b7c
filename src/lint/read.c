/* SPDX-License-Identifier: Apache-2.0 */
/* Source files from disk and from standard input. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/limits.h"
#include "core/text.h"
#include "lint/lint.h"

/* FALSE without an error: it is not wanted. */
static gboolean
read_all(int fd, const char *shown, gsize max, gboolean (*wanted)(const char *data, gsize len),
         GString *text, GError **error)
{
  char buffer[16384];
  for (;;) {
    ssize_t n = read(fd, buffer, sizeof buffer);
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0) {
      nz_set_errno(error, errno, "%s", shown);
      return FALSE;
    }
    if (wanted && (n == 0 || text->len >= NZ_SOURCE_HEAD)) {
      if (!wanted(text->str, text->len))
        return FALSE;
      wanted = NULL;
    }
    if (n == 0)
      return TRUE;
    g_string_append_len(text, buffer, n);
    if (text->len > max) {
      g_set_error(error, NZ_ERROR, NZ_ERROR_LIMIT, "%s: more than %u MiB: it is no source file",
                  shown, (guint)(max >> 20));
      return FALSE;
    }
  }
}

NzSourceFile *
nz_source_read(const char *path, GError **error)
{
  return nz_source_read_wanted(path, NZ_SOURCE_MAX, NULL, error);
}

NzSourceFile *
nz_source_read_wanted(const char *path, gsize max, gboolean (*wanted)(const char *data, gsize len),
                      GError **error)
{
  gboolean standard = strcmp(path, "-") == 0;
  g_autofree char *shown = standard ? g_strdup("<stdin>") : nz_printable(path, -1);
  /* "<(command)" is waited for; a pipe that lies in a directory is not. */
  int wait = g_str_has_prefix(path, "/dev/fd/") ? 0 : O_NONBLOCK;
  int fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | wait);
  if (fd < 0 && errno == ENOENT) {
    g_set_error(error, NZ_ERROR, NZ_ERROR_NOT_FOUND, "%s: there is no such file", shown);
    return NULL;
  }
  if (fd < 0) {
    nz_set_errno(error, errno, "%s", shown);
    return NULL;
  }
  struct stat st;
  g_autoptr(GString) text = g_string_sized_new(4096);
  gboolean ok = TRUE;
  if (!standard && fstat(fd, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISFIFO(st.st_mode))
    ok = nz_set_input(error, "%s: it is no regular file", shown);
  ok = ok && read_all(fd, shown, max, wanted, text, error);
  if (!standard)
    close(fd);
  return ok ? nz_source_new(shown, text->str, text->len) : NULL;
}

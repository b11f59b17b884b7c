/* SPDX-License-Identifier: Apache-2.0 */
/* One process by its directory in /proc. It may end, and its number be another's, between two
 * reads: those who ask say which one they mean by when it started. */
#include "runtime/proc.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/limits.h"
#include "runtime/identify.h"
#include "runtime/proc_private.h"

gssize
nz_proc_read(int dir, const char *name, char *buf, gsize size)
{
  int fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (fd < 0)
    return -1;
  gsize done = 0;
  gssize n = 0;
  while (done + 1 < size && (n = read(fd, buf + done, size - 1 - done)) != 0)
    if (n > 0)
      done += (gsize)n;
    else if (errno != EINTR)
      break;
  int failed = errno;
  close(fd);
  errno = failed;
  buf[done] = '\0';
  return n < 0 ? -1 : (gssize)done;
}

static int
open_process(gint pid)
{
  char path[32];
  g_snprintf(path, sizeof path, "/proc/%d", pid);
  return open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

static gboolean
read_start(int dir, guint64 *start)
{
  char text[1024];
  guint64 ticks;
  guint32 terminal;
  long a_second = sysconf(_SC_CLK_TCK);
  if (nz_proc_read(dir, "stat", text, sizeof text) <= 0 ||
      !nz_proc_stat_parse(text, &ticks, &terminal))
    return FALSE;
  *start = ticks * (G_GUINT64_CONSTANT(1000000000) / (guint64)(a_second > 0 ? a_second : 100));
  return TRUE;
}

gboolean
nz_proc_start(gint pid, guint64 *start)
{
  int dir = open_process(pid);
  gboolean ok = dir >= 0 && read_start(dir, start);
  if (dir >= 0)
    close(dir);
  return ok;
}

static gboolean
is_same_start(guint64 a, guint64 b)
{
  return a / NZ_PROC_START_STEP == b / NZ_PROC_START_STEP;
}

char *
nz_proc_executable(gint pid, guint64 start)
{
  char path[4096];
  guint64 now;
  int dir = open_process(pid);
  if (dir < 0)
    return NULL;
  gssize n = readlinkat(dir, "exe", path, sizeof path - 1);
  gboolean same = n > 0 && read_start(dir, &now) && is_same_start(start, now);
  close(dir);
  return same ? g_strndup(path, (gsize)n) : NULL;
}

void
nz_proc_cut_deleted(char *path)
{
  static const char deleted[] = " (deleted)";
  if (g_str_has_suffix(path, deleted))
    path[strlen(path) - strlen(deleted)] = '\0';
}

gboolean
nz_proc_is_asked(const char *found, const char *asked, const char *cwd)
{
  g_autofree char *joined = NULL;
  while (g_str_has_prefix(asked, "./"))
    asked += 2;
  if (*asked != '/' && cwd) {
    joined = g_strconcat(strcmp(cwd, "/") == 0 ? "" : cwd, "/", asked, NULL);
    asked = joined;
  }
  if (*asked != '/' || *found != '/')
    return FALSE;
  return strcmp(found, asked) == 0 ||
         (g_str_has_prefix(found, "/usr/") && strcmp(found + strlen("/usr"), asked) == 0);
}

char *
nz_proc_asked_file(gint pid, guint64 start, const char *asked)
{
  char cwd[4096];
  g_autofree char *found = nz_proc_executable(pid, start);
  int dir = found && *asked != '/' ? open_process(pid) : -1;
  gssize n = dir < 0 ? -1 : readlinkat(dir, "cwd", cwd, sizeof cwd - 1);
  if (dir >= 0)
    close(dir);
  if (!found)
    return NULL;
  cwd[MAX(n, 0)] = '\0';
  nz_proc_cut_deleted(found);
  return nz_proc_is_asked(found, asked, n > 0 ? cwd : NULL) ? g_steal_pointer(&found) : NULL;
}

gboolean
nz_proc_container(gint pid, NzContainerRef *ref, char **group)
{
  g_autofree char *text = g_malloc(NZ_PROC_FILE_MAX);
  int dir = open_process(pid);
  gssize n = dir < 0 ? -1 : nz_proc_read(dir, "cgroup", text, NZ_PROC_FILE_MAX);
  if (dir >= 0)
    close(dir);
  if (n <= 0 || !nz_identify_file(text, (gsize)n, pid, ref))
    return FALSE;
  if (group)
    *group = g_steal_pointer(&text);
  return TRUE;
}

gboolean
nz_proc_root_uid(gint pid, guint32 *root)
{
  g_autofree char *text = g_malloc(NZ_UID_MAP_MAX);
  int dir = open_process(pid);
  gssize n = dir < 0 ? -1 : nz_proc_read(dir, "uid_map", text, NZ_UID_MAP_MAX);
  if (dir >= 0)
    close(dir);
  return n >= 0 && nz_uid_map_root(text, root);
}

guint64
nz_proc_own_capabilities(void)
{
  char text[4096];
  int dir = open("/proc/self", O_PATH | O_DIRECTORY | O_CLOEXEC);
  guint64 have = 0;
  const char *line = NULL;
  if (dir >= 0 && nz_proc_read(dir, "status", text, sizeof text) > 0)
    line = strstr(text, "\nCapEff:\t");
  if (dir >= 0)
    close(dir);
  if (line) {
    g_autofree char *digits = g_strndup(line + 9, strspn(line + 9, "0123456789abcdef"));
    g_ascii_string_to_unsigned(digits, 16, 0, G_MAXUINT64, &have, NULL);
  }
  return have;
}

/* --- has it executed anything inside? --- */

/* The first word of each line is a mount's id. */
GHashTable *
nz_proc_mounts(int dir)
{
  int fd = openat(dir, "mountinfo", O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return NULL;
  FILE *file = fdopen(fd, "r");
  GHashTable *ids = g_hash_table_new(NULL, NULL);
  g_autofree char *line = NULL;
  size_t size = 0;
  while (getline(&line, &size, file) > 0) {
    guint64 id;
    line[strcspn(line, " ")] = '\0';
    if (g_ascii_string_to_unsigned(line, 10, 1, G_MAXINT, &id, NULL))
      g_hash_table_add(ids, GINT_TO_POINTER((gint)id));
  }
  fclose(file);
  return ids;
}

/* The id of the mount that the link NAME leads to; 0: it cannot be known. */
static gint
mount_of(int dir, const char *name, gboolean *is_fifo)
{
  struct statx st = {0};
  int fd = openat(dir, name, O_PATH | O_CLOEXEC);
  gboolean ok = fd >= 0 && statx(fd, "", AT_EMPTY_PATH, STATX_TYPE | STATX_MNT_ID, &st) == 0 &&
                (st.stx_mask & STATX_MNT_ID);
  if (fd >= 0)
    close(fd);
  *is_fifo = ok && S_ISFIFO(st.stx_mode);
  return ok ? (gint)st.stx_mnt_id : 0;
}

static gboolean
is_of(GHashTable *mounts, gint id)
{
  return mounts && id && g_hash_table_contains(mounts, GINT_TO_POINTER(id));
}

/* runc waits on a FIFO of the host's until it is told to start. */
static gboolean
holds_fifo_of_host(int dir, GHashTable *host_mounts)
{
  int fd = openat(dir, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR *list = fd < 0 ? NULL : fdopendir(fd);
  gboolean found = FALSE, is_fifo;
  for (struct dirent *entry; list && !found && (entry = readdir(list));)
    if (entry->d_name[0] != '.' &&
        is_of(host_mounts, mount_of(dirfd(list), entry->d_name, &is_fifo)))
      found = is_fifo;
  if (list)
    closedir(list);
  else if (fd >= 0)
    close(fd);
  return found;
}

/* A runtime's file is from a mount of the host, or, as runc has it, from one that is nowhere any
 * more. A container can do the latter too, but has no descriptor from a mount of the host unless
 * the host gave it one. */
gboolean
nz_proc_has_entered(int dir, GHashTable *host_mounts)
{
  gboolean is_fifo;
  gint id = mount_of(dir, "exe", &is_fifo);
  if (!id)
    return TRUE; /* not exempt for what cannot be known */
  g_autoptr(GHashTable) own = nz_proc_mounts(dir);
  if (!own || is_of(own, id))
    return TRUE;
  return !is_of(host_mounts, id) && !holds_fifo_of_host(dir, host_mounts);
}

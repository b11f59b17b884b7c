/* SPDX-License-Identifier: Apache-2.0 */
/* Above the first process of a container is its monitor, outside of it: conmon (Podman, CRI-O) or a
 * shim of containerd (Docker, nerdctl, Kubernetes). Its command line says where the bundle is,
 * wherever the engine was told to keep its state:
 *   conmon -c ID -n NAME -b <graph or run root>/DRIVER-containers/ID/userdata
 *          -p <run root>/DRIVER-containers/ID/userdata/pidfile
 *   containerd-shim-runc-v2 -namespace NS -id ID   in the directory <state>/.../NS/ID
 * Between them may be a runtime that is still making the container (conmon, crun, its init).
 * One shim serves all containers of a pod, from the sandbox's directory; theirs are beside it.
 * What `exec` starts has a conmon of its own, with a directory below the container's. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "core/limits.h"
#include "core/text.h"
#include "runtime/describe_private.h"

void
nz_monitor_clear(NzMonitor *self)
{
  g_free(self->bundle);
  g_free(self->name);
  g_free(self->space);
  g_free(self->run);
  *self = (NzMonitor){0};
}

/* What follows the argument OPTION; NULL: nothing does. */
static const char *
argument(const char *cmdline, gsize len, const char *option)
{
  gboolean next = FALSE;
  for (gsize at = 0; at < len;) {
    gsize n = strnlen(cmdline + at, len - at);
    if (n == len - at)
      return NULL; /* cut short */
    if (next)
      return cmdline + at;
    next = strcmp(cmdline + at, option) == 0;
    at += n + 1;
  }
  return NULL;
}

/* "<before>/ID/userdata" of PATH that goes on after it, or NULL. */
static char *
cut_at_userdata(const char *path, const char *id)
{
  g_autofree char *part = g_strconcat("/", id, "/userdata", NULL);
  const char *found = path ? strstr(path, part) : NULL;
  if (!found || *path != '/' || (found[strlen(part)] != '/' && found[strlen(part)] != '\0'))
    return NULL;
  return g_strndup(path, (gsize)(found - path) + strlen(part));
}

/* "/run/containers/storage" of "/run/containers/storage/overlay-containers/ID/userdata". */
static char *
root_of_userdata(const char *userdata)
{
  g_autofree char *id = g_path_get_dirname(userdata);
  g_autofree char *list = g_path_get_dirname(id);
  return g_str_has_suffix(list, "-containers") ? g_path_get_dirname(list) : NULL;
}

static gboolean
parse_conmon(const char *cmdline, gsize len, const NzContainerRef *ref, NzMonitor *monitor)
{
  const char *id = argument(cmdline, len, "-c");
  if (!id || strcmp(id, ref->id) != 0)
    return FALSE;
  monitor->bundle = cut_at_userdata(argument(cmdline, len, "-b"), id);
  g_autofree char *run = cut_at_userdata(argument(cmdline, len, "-p"), id);
  monitor->run = run ? root_of_userdata(run) : NULL;
  monitor->engine = NZ_CONTAINER_PODMAN;
  /* CRI-O's bundle is in its run root, Podman's in its graph root. CRI-O names containers
   * k8s_NAME_POD_NAMESPACE_UID_ATTEMPT. */
  const char *name = argument(cmdline, len, "-n");
  if (ref->engine == NZ_CONTAINER_CRIO || (name && g_str_has_prefix(name, "k8s_")))
    monitor->engine = NZ_CONTAINER_CRIO;
  else
    monitor->name = g_strdup(name);
  return TRUE;
}

static gboolean
parse_shim(const char *cmdline, gsize len, const char *cwd, const NzContainerRef *ref,
           NzMonitor *monitor)
{
  const char *space = argument(cmdline, len, "-namespace");
  if (!space)
    return FALSE;
  monitor->engine = strcmp(space, "moby") == 0 ? NZ_CONTAINER_DOCKER : NZ_CONTAINER_CONTAINERD;
  if (ref->engine == NZ_CONTAINER_NERDCTL)
    monitor->engine = NZ_CONTAINER_NERDCTL;
  monitor->space = g_strdup(space);
  if (cwd && *cwd == '/') {
    g_autofree char *beside = g_path_get_dirname(cwd);
    monitor->bundle = g_build_filename(beside, ref->id, NULL);
  }
  return TRUE;
}

gboolean
nz_monitor_parse(const char *cmdline, gsize len, const char *cwd, const NzContainerRef *ref,
                 NzMonitor *monitor)
{
  if (len == 0 || strnlen(cmdline, len) == len)
    return FALSE;
  g_auto(NzMonitor) found = {0};
  g_autofree char *program = g_path_get_basename(cmdline);
  gboolean ok = strcmp(program, "conmon") == 0 ? parse_conmon(cmdline, len, ref, &found)
                : g_str_has_prefix(program, "containerd-shim")
                    ? parse_shim(cmdline, len, cwd, ref, &found)
                    : FALSE;
  if (!ok)
    return FALSE;
  *monitor = found;
  found = (NzMonitor){0};
  return TRUE;
}

/* --- /proc --- */

/* /proc/PID/FILE, as much as is there; BUFFER gets a NUL at its end. -1: it is gone. */
static gssize
read_proc(gint pid, const char *file, char *buffer, gsize size)
{
  char path[64];
  g_snprintf(path, sizeof path, "/proc/%d/%s", pid, file);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  gsize done = 0;
  while (fd >= 0 && done < size - 1) {
    gssize n = read(fd, buffer + done, size - 1 - done);
    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0)
      break;
    done += (gsize)n;
  }
  if (fd < 0)
    return -1;
  close(fd);
  buffer[done] = '\0';
  return (gssize)done;
}

/* 0: none, or gone. */
static gint
parent_of(gint pid)
{
  char stat[1024];
  gssize n = read_proc(pid, "stat", stat, sizeof stat);
  /* The name, in parentheses, may hold anything. */
  const char *end = n > 0 ? memrchr(stat, ')', (gsize)n) : NULL;
  if (!end || strlen(end) < 5)
    return 0;
  const char *number = end + 4; /* ") S " */
  gint64 parent;
  return nz_parse_int(number, strspn(number, "0123456789"), &parent) == NZ_INT_OK &&
                 parent <= G_MAXINT
             ? (gint)parent
             : 0;
}

/* FALSE when it is in another, in none, or gone. */
static gboolean
is_in(gint pid, const NzContainerRef *ref, char *buffer, gsize size)
{
  NzContainerRef other;
  gssize n = read_proc(pid, "cgroup", buffer, size);
  if (n <= 0)
    return FALSE;
  if (nz_cgroup_file_container(buffer, (gsize)n, &other))
    return strcmp(other.id, ref->id) == 0;
  return nz_cgroup_file_candidate(buffer, (gsize)n, &other) && strcmp(other.id, ref->id) == 0 &&
         strcmp(other.space, ref->space) == 0;
}

static gboolean
read_monitor(gint pid, const NzContainerRef *ref, char *buffer, gsize size, NzMonitor *monitor)
{
  gssize n = read_proc(pid, "cmdline", buffer, size);
  if (n <= 0)
    return FALSE;
  char link[64], cwd[PATH_MAX];
  g_snprintf(link, sizeof link, "/proc/%d/cwd", pid);
  gssize m = readlink(link, cwd, sizeof cwd - 1);
  cwd[MAX(m, 0)] = '\0';
  return nz_monitor_parse(buffer, (gsize)n, m > 0 ? cwd : NULL, ref, monitor);
}

gboolean
nz_monitor_find(gint pid, const NzContainerRef *ref, NzMonitor *monitor)
{
  g_autofree char *buffer = g_malloc(NZ_CMDLINE_READ_MAX);
  gint at = pid;
  for (guint i = 0; at > 1 && is_in(at, ref, buffer, NZ_CMDLINE_READ_MAX); i++) {
    if (i >= NZ_PARENTS_MAX)
      return FALSE;
    at = parent_of(at);
  }
  if (at == pid)
    return FALSE;
  for (guint i = 0; at > 1 && i < NZ_RUNTIME_PARENTS_MAX; i++, at = parent_of(at))
    if (read_monitor(at, ref, buffer, NZ_CMDLINE_READ_MAX, monitor))
      return TRUE;
  return FALSE;
}

/* The next process of the container in the list PROC; 0: there are no more. */
static gint
next_in(DIR *proc, const NzContainerRef *ref, char *buffer, gsize size)
{
  const struct dirent *entry;
  while ((entry = readdir(proc))) {
    gint64 pid;
    if (nz_parse_int(entry->d_name, strlen(entry->d_name), &pid) == NZ_INT_OK && pid > 1 &&
        pid <= G_MAXINT && is_in((gint)pid, ref, buffer, size))
      return (gint)pid;
  }
  return 0;
}

gboolean
nz_monitor_search(const NzContainerRef *ref, NzMonitor *monitor)
{
  g_autofree char *buffer = g_malloc(NZ_CMDLINE_READ_MAX);
  gboolean found = FALSE;
  DIR *proc = opendir("/proc");
  gint pid;
  while (proc && !found && (pid = next_in(proc, ref, buffer, NZ_CMDLINE_READ_MAX)))
    found = nz_monitor_find(pid, ref, monitor);
  if (proc)
    closedir(proc);
  return found;
}

gint
nz_monitor_any_process(const NzContainerRef *ref)
{
  g_autofree char *buffer = g_malloc(NZ_CMDLINE_READ_MAX);
  DIR *proc = opendir("/proc");
  gint pid = proc ? next_in(proc, ref, buffer, NZ_CMDLINE_READ_MAX) : 0;
  if (proc)
    closedir(proc);
  return pid;
}

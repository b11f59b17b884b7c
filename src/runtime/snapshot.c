/* SPDX-License-Identifier: Apache-2.0 */
/* All processes of containers at one time, by /proc. First comes what rules most of them out: the
 * mount namespace, then the control group. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/limits.h"
#include "runtime/identify.h"
#include "runtime/proc_private.h"

void
nz_process_free(NzProcess *self)
{
  if (!self)
    return;
  g_free(self->group);
  g_free(self->executable);
  g_free(self);
}

void
nz_snapshot_free(NzSnapshot *self)
{
  if (!self)
    return;
  g_ptr_array_unref(self->processes);
  g_free(self);
}

typedef struct {
  NzSnapshot *snapshot;
  int proc;
  gboolean real;           /* it is /proc, whose numbers are processes */
  char host[64];           /* "mnt:[4026531841]" */
  GHashTable *host_mounts; /* or NULL */
  char text[NZ_PROC_FILE_MAX];
} Work;

/* The first process is the host's. Where that cannot be asked, a kernel thread or we ourselves. */
static gboolean
find_host(Work *work)
{
  static const char *const names[] = {"1/ns/mnt", "2/ns/mnt", "self/ns/mnt"};
  for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
    gssize n = readlinkat(work->proc, names[i], work->host, sizeof work->host - 1);
    if (n > 0) {
      work->host[n] = '\0';
      return TRUE;
    }
  }
  return FALSE;
}

static GHashTable *
host_mounts(int proc)
{
  static const char *const names[] = {"1", "2", "self"};
  GHashTable *found = NULL;
  for (guint i = 0; i < G_N_ELEMENTS(names) && !found; i++) {
    int dir = openat(proc, names[i], O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (dir < 0)
      continue;
    found = nz_proc_mounts(dir);
    close(dir);
    if (found && g_hash_table_size(found) == 0)
      g_clear_pointer(&found, g_hash_table_unref);
  }
  return found;
}

static gboolean
read_ids(int dir, NzProcess *process, NzProcStatus *status, char *text)
{
  struct nz_root_record *record = &process->record;
  g_autofree char *map = g_malloc(NZ_UID_MAP_MAX);
  if (nz_proc_read(dir, "status", text, NZ_PROC_FILE_MAX) <= 0 ||
      !nz_proc_status_parse(text, status) ||
      nz_proc_read(dir, "uid_map", map, NZ_UID_MAP_MAX) < 0 || !nz_uid_map_root(map, &record->root))
    return FALSE;
  record->uid = status->uid;
  record->euid = status->euid;
  record->suid = status->suid;
  record->fsuid = status->fsuid;
  record->ppid = status->ppid;
  record->vpid = status->vpid;
  return TRUE;
}

static gboolean
any_is_root(const struct nz_root_record *record)
{
  return record->root != NZ_NO_UID &&
         (record->uid == record->root || record->euid == record->root ||
          record->suid == record->root || record->fsuid == record->root);
}

/* Each thread has credentials of its own. */
static gboolean
find_root_thread(int dir, NzProcess *process, char *text)
{
  struct nz_root_record *record = &process->record;
  NzProcStatus status;
  int fd = openat(dir, "task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR *list = fd < 0 ? NULL : fdopendir(fd);
  gboolean found = FALSE;
  for (struct dirent *entry; list && !found && (entry = readdir(list));) {
    g_autofree char *name = g_strconcat(entry->d_name, "/status", NULL);
    guint64 tid;
    if (!g_ascii_string_to_unsigned(entry->d_name, 10, 1, G_MAXINT, &tid, NULL) ||
        nz_proc_read(dirfd(list), name, text, NZ_PROC_FILE_MAX) <= 0 ||
        !nz_proc_status_parse(text, &status))
      continue;
    struct nz_root_record one = *record;
    one.uid = status.uid;
    one.euid = status.euid;
    one.suid = status.suid;
    one.fsuid = status.fsuid;
    found = any_is_root(&one);
    if (found) {
      *record = one;
      record->tid = (guint32)tid;
      record->flags |= NZ_FLAG_THREAD;
    }
  }
  if (list)
    closedir(list);
  else if (fd >= 0)
    close(fd);
  return found;
}

static guint32
namespace_number(int dir, const char *name)
{
  char text[64];
  guint64 number;
  gssize n = readlinkat(dir, name, text, sizeof text - 1);
  text[MAX(n, 0)] = '\0';
  const char *from = strchr(text, '[');
  g_autofree char *digits = from ? g_strndup(from + 1, strcspn(from + 1, "]")) : NULL;
  return digits && g_ascii_string_to_unsigned(digits, 10, 0, G_MAXUINT32, &number, NULL)
             ? (guint32)number
             : 0;
}

static gboolean
read_times(int dir, struct nz_root_record *record, char *text)
{
  guint64 ticks;
  guint32 terminal;
  long a_second = sysconf(_SC_CLK_TCK);
  if (nz_proc_read(dir, "stat", text, NZ_PROC_FILE_MAX) <= 0 ||
      !nz_proc_stat_parse(text, &ticks, &terminal))
    return FALSE;
  record->head.start =
      ticks * (G_GUINT64_CONSTANT(1000000000) / (guint64)(a_second > 0 ? a_second : 100));
  nz_terminal_name(terminal, record->tty);
  return TRUE;
}

static void
read_text(int dir, NzProcess *process, char *text)
{
  struct nz_root_record *record = &process->record;
  gssize n = readlinkat(dir, "exe", text, NZ_PROC_FILE_MAX - 1);
  struct stat st;
  if (n > 0)
    process->executable = g_strndup(text, (gsize)n);
  if (fstatat(dir, "exe", &st, 0) == 0)
    record->file_mode = (guint16)st.st_mode;
  n = nz_proc_read(dir, "comm", text, NZ_COMM_LEN + 1);
  memcpy(record->comm, text, MIN((gsize)MAX(n - 1, 0), NZ_COMM_LEN - 1)); /* less its newline */
  n = nz_proc_read(dir, "cmdline", text, NZ_PROC_FILE_MAX);
  if (n <= 0)
    return;
  record->args_len = (guint16)MIN(n, NZ_ARGS_LEN);
  if (n > NZ_ARGS_LEN)
    record->flags |= NZ_FLAG_ARGS_CUT;
  memcpy(record->text, text, record->args_len);
}

/* FALSE: it cannot be read, or is gone. */
static gboolean
read_process(Work *work, int dir, NzProcess *process)
{
  struct nz_root_record *record = &process->record;
  NzProcStatus status = {0};
  if (!read_ids(dir, process, &status, work->text) || !read_times(dir, record, work->text))
    return FALSE;
  record->when = NZ_WHEN_FOUND;
  record->tid = record->head.pid;
  record->mntns = namespace_number(dir, "ns/mnt");
  record->userns.inum = namespace_number(dir, "ns/user");
  process->is_root =
      any_is_root(record) || (status.threads > 1 && find_root_thread(dir, process, work->text));
  process->entered = !process->is_root || nz_proc_has_entered(dir, work->host_mounts);
  read_text(dir, process, work->text);
  return TRUE;
}

static void
look_at(Work *work, int dir, gint pid)
{
  char mntns[64];
  gssize n = readlinkat(dir, "ns/mnt", mntns, sizeof mntns - 1);
  int failed = errno;
  mntns[MAX(n, 0)] = '\0';
  if (n > 0 && strcmp(mntns, work->host) == 0)
    return;
  NzContainerRef ref;
  gssize len = nz_proc_read(dir, "cgroup", work->text, sizeof work->text);
  if (len <= 0 || !nz_identify_file(work->text, (gsize)len, work->real ? pid : 0, &ref))
    return;
  NzProcess *process = g_new0(NzProcess, 1);
  process->ref = ref;
  process->group = g_strdup(work->text);
  process->record.head.type = NZ_RECORD_ROOT;
  process->record.head.pid = (guint32)pid;
  /* The monitor of Podman may be in the container's group before it starts it. */
  gboolean denied = n < 0 && (failed == EACCES || failed == EPERM);
  gboolean ok = n > 0 && read_process(work, dir, process);
  process->unreadable = !ok && (denied || faccessat(dir, "stat", F_OK, 0) == 0);
  if (ok || process->unreadable)
    g_ptr_array_add(work->snapshot->processes, process);
  else
    nz_process_free(process);
}

static gint
by_start(gconstpointer a, gconstpointer b)
{
  const NzProcess *x = *(const NzProcess *const *)a, *y = *(const NzProcess *const *)b;
  if (x->record.head.start != y->record.head.start)
    return x->record.head.start < y->record.head.start ? -1 : 1;
  return (x->record.head.pid > y->record.head.pid) - (x->record.head.pid < y->record.head.pid);
}

static void
look_at_all(Work *work, DIR *list)
{
  for (struct dirent *entry; (entry = readdir(list));) {
    guint64 pid;
    if (!g_ascii_string_to_unsigned(entry->d_name, 10, 1, G_MAXINT, &pid, NULL))
      continue;
    int dir = openat(work->proc, entry->d_name, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (dir < 0)
      continue;
    look_at(work, dir, (gint)pid);
    close(dir);
  }
}

NzSnapshot *
nz_snapshot_take(const char *proc, GError **error)
{
  DIR *list = opendir(proc);
  g_autofree Work *work = g_new0(Work, 1);
  if (!list) {
    nz_set_errno(error, errno, "cannot list %s", proc);
    return NULL;
  }
  g_autoptr(NzSnapshot) snapshot = g_new0(NzSnapshot, 1);
  snapshot->processes = g_ptr_array_new_with_free_func((GDestroyNotify)nz_process_free);
  work->snapshot = snapshot;
  work->proc = dirfd(list);
  work->real = strcmp(proc, "/proc") == 0;
  /* hidepid: not even the first process' directory is there. */
  snapshot->hidden =
      faccessat(work->proc, "1", F_OK, 0) != 0 || faccessat(work->proc, "1/stat", R_OK, 0) != 0;
  if (find_host(work)) {
    work->host_mounts = host_mounts(work->proc);
    look_at_all(work, list);
    g_clear_pointer(&work->host_mounts, g_hash_table_unref);
  } else {
    snapshot->hidden = TRUE;
  }
  closedir(list);
  g_ptr_array_sort(snapshot->processes, by_start);
  nz_processes_find_causes(snapshot->processes);
  return g_steal_pointer(&snapshot);
}

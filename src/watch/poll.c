/* SPDX-License-Identifier: Apache-2.0 */
/* A look at /proc: all there is where BPF cannot be loaded, and what tells more of those that ran
 * before it was. */
#include "cmd/complain.h"
#include "core/limits.h"
#include "watch/watch_private.h"

/* A process by its number and start. */
static guint64
name_of(const struct nz_root_record *record)
{
  return record->head.start / NZ_PROC_START_STEP << 22 ^ record->head.pid;
}

static gboolean
is_new(NzWatch *self, const NzProcess *process, GHashTable *now)
{
  guint64 *name = g_new(guint64, 1);
  *name = name_of(&process->record);
  gboolean known = g_hash_table_contains(self->polled, name);
  if (g_hash_table_size(now) < NZ_WATCH_PROCESSES_MAX)
    g_hash_table_add(now, name);
  else
    g_free(name);
  return !known;
}

static void
note_unseen(NzWatch *self, NzRunning *container)
{
  if (container->unseen)
    return;
  if (!self->options->once)
    container->unseen = g_strdup_printf("/proc was looked at every %u ms: what lived between two "
                                        "looks was not seen",
                                        self->options->interval);
}

static void
look_at(NzWatch *self, const NzProcess *process, GHashTable *now)
{
  NzRunning *container = nz_watch_container(self, &process->ref, (gint)process->record.head.pid);
  guint64 *key = g_new(guint64, 1);
  *key = container->key;
  g_hash_table_add(now, key);
  note_unseen(self, container);
  if (process->unreadable && !container->unseen)
    container->unseen = g_strdup("not all of its processes can be read: that is for those with "
                                 "CAP_SYS_PTRACE");
}

/* Those of which no process is left have ended. */
static void
end_others(NzWatch *self, GHashTable *now)
{
  g_autoptr(GPtrArray) ended = g_ptr_array_new();
  const GPtrArray *all = nz_ledger_all(self->ledger);
  for (guint i = 0; i < all->len; i++) {
    NzRunning *container = all->pdata[i];
    if (!container->ended && !g_hash_table_contains(now, &container->key))
      g_ptr_array_add(ended, container);
  }
  for (guint i = 0; i < ended->len; i++)
    nz_ledger_ended(self->ledger, ended->pdata[i], g_get_real_time());
  nz_watch_forget_names(self);
}

gboolean
nz_watch_look(NzWatch *self, GError **error)
{
  g_autoptr(NzSnapshot) snapshot = nz_snapshot_take("/proc", error);
  if (!snapshot)
    return FALSE;
  GHashTable *told = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
  g_autoptr(GHashTable) alive = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
  for (guint i = 0; i < snapshot->processes->len; i++) {
    const NzProcess *process = snapshot->processes->pdata[i];
    look_at(self, process, alive);
    NzRunning *container = nz_watch_container(self, &process->ref, 0);
    if (process->is_root && process->entered && is_new(self, process, told))
      nz_watch_root(self, container, &process->record, process->executable);
  }
  if (snapshot->hidden && !self->hidden) {
    self->hidden = TRUE;
    nz_complain(
        "/proc hides the processes of others from us (hidepid): what runs cannot be judged; "
        "run as root, or with CAP_SYS_PTRACE");
    nz_ledger_lost_anywhere(self->ledger, 1, "/proc hides the processes of others (hidepid)");
  }
  g_hash_table_unref(self->polled);
  self->polled = told;
  end_others(self, alive);
  return TRUE;
}

/* --- what ran before we began, beside the kernel's account of it --- */

typedef struct {
  NzWatch *watch;
  GHashTable *by_pid; /* of NzProcess */
} Found;

static void
take_found(const struct nz_head *head, gsize len G_GNUC_UNUSED, gpointer data)
{
  Found *found = data;
  const struct nz_root_record *record = (gconstpointer)head;
  const NzProcess *process = g_hash_table_lookup(found->by_pid, GUINT_TO_POINTER(head->pid));
  NzGroupState *state = nz_watch_group(found->watch, &head->group, (gint)head->pid);
  NzRunning *container = state ? nz_watch_running(found->watch, state->key) : NULL;
  if (process &&
      process->record.head.start / NZ_PROC_START_STEP != head->start / NZ_PROC_START_STEP)
    process = NULL;
  if (!container || (process && !process->entered))
    return;
  nz_watch_root(found->watch, container, process ? &process->record : record,
                process ? process->executable : NULL);
}

gboolean
nz_watch_find_running(NzWatch *self, GError **error)
{
  g_autoptr(NzSnapshot) snapshot = nz_snapshot_take("/proc", error);
  if (!snapshot)
    return FALSE;
  g_autoptr(GHashTable) by_pid = g_hash_table_new(NULL, NULL);
  for (guint i = 0; i < snapshot->processes->len; i++) {
    NzProcess *process = snapshot->processes->pdata[i];
    g_hash_table_insert(by_pid, GUINT_TO_POINTER(process->record.head.pid), process);
  }
  Found found = {self, by_pid};
  return nz_probe_find_running(self->probe, take_found, &found, error);
}

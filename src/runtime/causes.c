/* SPDX-License-Identifier: Apache-2.0 */
/* How processes came to be root, from how they stand to each other at one time. It is less than
 * what was seen as it happened: a parent may have ended, and a file's capabilities leave no trace.
 */
#include <string.h>
#include <sys/stat.h>

#include "runtime/proc.h"

static gboolean
is_same_container(const NzProcess *a, const NzProcess *b)
{
  return a->ref.engine == b->ref.engine && strcmp(a->ref.id, b->ref.id) == 0;
}

static guint8
cause_beside(const NzProcess *process, const NzProcess *parent, const NzProcess *first)
{
  const struct nz_root_record *record = &process->record;
  if ((record->file_mode & S_ISUID) && record->uid != record->root)
    return NZ_CAUSE_SETUID;
  if (process == first || record->vpid == 1)
    return NZ_CAUSE_STARTED;
  if (record->userns.inum != first->record.userns.inum &&
      (!parent || record->userns.inum != parent->record.userns.inum))
    return NZ_CAUSE_USERNS;
  if (!parent)
    return NZ_CAUSE_INJECTED; /* what lost its parent has the first process for one */
  return parent->is_root && parent->record.userns.inum == record->userns.inum ? NZ_CAUSE_INHERITED
                                                                              : NZ_CAUSE_UNKNOWN;
}

void
nz_processes_find_causes(GPtrArray *processes)
{
  g_autoptr(GHashTable) by_pid = g_hash_table_new(NULL, NULL);
  for (guint i = 0; i < processes->len; i++) {
    NzProcess *process = processes->pdata[i];
    g_hash_table_insert(by_pid, GUINT_TO_POINTER(process->record.head.pid), process);
  }
  g_autoptr(GHashTable) firsts = g_hash_table_new(g_str_hash, g_str_equal);
  for (guint i = 0; i < processes->len; i++) {
    NzProcess *process = processes->pdata[i];
    struct nz_root_record *record = &process->record;
    NzProcess *first = g_hash_table_lookup(firsts, process->ref.id);
    NzProcess *parent = g_hash_table_lookup(by_pid, GUINT_TO_POINTER(record->ppid));
    if (parent && !is_same_container(parent, process))
      parent = NULL;
    if (!first || !is_same_container(first, process)) {
      g_hash_table_insert(firsts, process->ref.id, process);
      first = process;
    }
    if (!process->is_root)
      continue;
    record->cause = cause_beside(process, parent, first);
    record->origin =
        parent && record->cause == NZ_CAUSE_INHERITED ? parent->record.origin : record->cause;
    for (; parent && record->n_parents < NZ_PARENTS; record->n_parents++) {
      record->parents[record->n_parents].pid = parent->record.head.pid;
      memcpy(record->parents[record->n_parents].comm, parent->record.comm, NZ_COMM_LEN);
      NzProcess *above = g_hash_table_lookup(by_pid, GUINT_TO_POINTER(parent->record.ppid));
      parent = above != parent ? above : NULL;
    }
  }
}

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The kernel's half of `nonzero watch`: sees every process of every container as it executes a
 * file, changes its credentials or ends, and says which of them are root in their own user
 * namespace.
 *
 * A process is looked at when its mount namespace is not the host's: what fails that test costs
 * some ten nanoseconds. Whether its control group is a container's is decided by the other half,
 * which says so of each group once (`ignored`).
 *
 * A runtime's own process is root inside the container's namespaces before it executes what the
 * user asked for, quite rightly. So a process counts from its first exec inside on: from then on it
 * and its children have an entry in `tasks`. A name proves nothing.
 *
 * All loads go through pointers that the verifier knows the types of. There is no kprobe, no
 * tracefs, no bpf_probe_read_kernel: a kernel locked down for confidentiality runs this. */
#include "calls.bpf.h"
#include "enforce.bpf.h"
#include "task.bpf.h"

#include <bpf/bpf_tracing.h>

#define PF_KTHREAD 0x00200000
#define S_ISUID    04000
#define CAP_SETUID 7

/* --- telling --- */

static __always_inline bool
tell(void *record, __u64 len, struct nz_place *place)
{
  if (bpf_ringbuf_output(&ring, record, len, 0) == 0)
    return true;
  count_loss(NZ_LOSS_RING);
  __sync_fetch_and_add(&place->lost, 1);
  return false;
}

/* The place of TASK's group, made if it is new; NULL: it is none of a container, or cannot be kept.
 */
static __always_inline struct nz_place *
find_place(struct task_struct *task, const struct where *where, struct nz_group *group, bool quiet)
{
  if (!group_of(task, group))
    return 0;
  struct nz_place *place = bpf_map_lookup_elem(&places, group);
  if (place)
    return place;
  if (bpf_map_lookup_elem(&ignored, group))
    return 0;
  bpf_map_update_elem(&places, group, &empty_place, BPF_NOEXIST);
  place = bpf_map_lookup_elem(&places, group);
  if (!place) {
    count_loss(NZ_LOSS_PLACES);
    return 0;
  }
  if (has_snprintf)
    read_names(task, place);
  if (!quiet) {
    struct nz_head head = {.type = NZ_RECORD_PLACE,
                           .pid = task->tgid,
                           .time = bpf_ktime_get_boot_ns(),
                           .start = where->start,
                           .group = *group};
    tell(&head, sizeof head, place);
  }
  return place;
}

/* --- records --- */

/* All threads of a process have one parent. */
static __always_inline void
add_parents(struct nz_root_record *record, struct task_struct *task)
{
  struct task_struct *parent = task->real_parent;
  record->ppid = parent ? parent->tgid : 0;
  __u8 n = 0;
  for (int i = 0; i < NZ_PARENTS; i++) {
    if (!parent || parent->tgid == 0)
      break;
    record->parents[i].pid = parent->tgid;
    copy_comm(record->parents[i].comm, parent);
    n++;
    if (parent->tgid == 1)
      break;
    parent = parent->real_parent;
  }
  record->n_parents = n;
}

static __always_inline void
add_tty(struct nz_root_record *record, struct task_struct *task)
{
  __u64 *to = (__u64 *)record->tty;
  struct signal_struct *signal = task->signal;
  struct tty_struct *tty = signal ? signal->tty : 0;
  if (!tty) {
    to[0] = to[1] = 0;
    return;
  }
  __u64 *from = (__u64 *)__builtin_preserve_access_index(&tty->name);
  to[0] = from[0];
  to[1] = from[1];
}

/* Everything but the text. */
static __always_inline struct nz_root_record *
begin_record(struct task_struct *task, const struct where *where, const struct who *who,
             const struct nz_group *group)
{
  __u32 zero = 0;
  struct nz_root_record *record = bpf_map_lookup_elem(&scratch, &zero);
  if (!record)
    return 0;
  record->head.type = NZ_RECORD_ROOT;
  record->head.pid = task->tgid;
  record->head.time = bpf_ktime_get_boot_ns();
  record->head.start = where->start;
  record->head.group = *group;
  record->tid = task->pid;
  record->vpid = vpid_of(task);
  record->uid = who->uid;
  record->euid = who->euid;
  record->suid = who->suid;
  record->fsuid = who->fsuid;
  record->root = who->root;
  record->userns = who->userns;
  record->mntns = where->mntns;
  record->file_mode = 0;
  record->file.device = record->file.inode = 0;
  record->flags = task->pid == task->tgid ? 0 : NZ_FLAG_THREAD;
  if (who->undecided)
    record->flags |= NZ_FLAG_UNDECIDED;
  record->file_len = record->args_len = 0;
  copy_comm(record->comm, task);
  add_parents(record, task);
  add_tty(record, task);
  return record;
}

#define FIXED_LEN __builtin_offsetof(struct nz_root_record, text)

static __always_inline void
tell_root(struct nz_root_record *record, struct nz_place *place)
{
  __u64 len = FIXED_LEN + record->file_len + record->args_len;
  if (len > sizeof *record)
    len = sizeof *record;
  __u8 flags = record->flags;
  if (!tell(record, len, place))
    enforce_untold(flags, place);
}

/* In the place first: whatever becomes of the record, this stays. */
static __always_inline void
keep_root(struct nz_place *place, const struct nz_root_record *record)
{
  if (record->flags & NZ_FLAG_UNDECIDED) {
    __sync_fetch_and_add(&place->undecided, 1);
    return;
  }
  if (!place->first_root)
    place->first_root = record->head.time;
  place->last_root = record->head.time;
  place->last_pid = record->head.pid;
  place->last_root_uid = record->root;
  __builtin_memcpy(place->last_comm, record->comm, NZ_COMM_LEN);
  __sync_fetch_and_add(&place->roots, 1);
}

/* --- exec --- */

static __always_inline bool
is_same_group(const struct nz_group *a, const struct nz_group *b)
{
  return a->unified == b->unified && a->legacy == b->legacy;
}

/* Whether what is KEPT of a process counts in the container of GROUP: what it executed in a group
 * that is no container's was not inside, though when it did, that was not known yet. */
static __always_inline bool
counts_in(const struct task *kept, const struct nz_group *group)
{
  return kept &&
         (is_same_group(&kept->group, group) || !bpf_map_lookup_elem(&ignored, &kept->group));
}

/* A hook runs inside before the container starts, as a child of the runtime's process in there,
 * which has executed nothing inside but itself. The first process of a pid namespace is no hook. */
static __always_inline bool
is_hook(struct task_struct *task, const struct where *where, const struct nz_group *group,
        struct nz_place *place)
{
  if (place->started || where->is_first)
    return false;
  struct task_struct *parent = task->real_parent;
  if (!parent || mntns_of(parent) != where->mntns)
    return false;
  struct task *runtime = bpf_task_storage_get(&tasks, parent, 0, 0);
  return !counts_in(runtime, group) || runtime->hook;
}

/* Whether the process has come into the group from outside since it, or the one that it comes from,
 * last executed something. A runtime may be in a mount namespace of its own, too, and so have been
 * taken for something inside. */
static __always_inline bool
has_come(const struct where *where, const struct task *kept, const struct nz_group *group)
{
  if (!counts_in(kept, group))
    return true;
  if (kept->mntns == where->mntns)
    return false;
  return kept->hook || (kept->pidns != where->pidns && !is_same_group(&kept->group, group));
}

/* What the process is, before this exec: NULL when that cannot be kept. */
static __always_inline struct task *
enter(struct task_struct *task, const struct where *where, const struct nz_group *group,
      struct nz_place *place, __u8 *cause)
{
  struct task *kept = bpf_task_storage_get(&tasks, task, 0, 0);
  bool come = has_come(where, kept, group);
  if (!come && !(kept->hook && place->started)) {
    *cause = kept->root ? NZ_CAUSE_INHERITED : NZ_CAUSE_NONE;
    if (kept->found && place->execs == 0 && where->is_first)
      *cause = NZ_CAUSE_STARTED;
    kept->found = 0;
    return kept;
  }
  bool hook = come && is_hook(task, where, group, place);
  if (!hook) {
    *cause = place->started ? NZ_CAUSE_INJECTED : NZ_CAUSE_STARTED;
    place->started = 1;
  }
  if (!kept)
    kept = bpf_task_storage_get(&tasks, task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
  if (!kept) {
    count_loss(NZ_LOSS_TASKS);
    return 0;
  }
  kept->hook = hook;
  kept->root = kept->found = 0;
  return kept;
}

/* How one came to be root that was not before. */
static __always_inline __u8
new_cause(const struct task *kept, const struct who *who, __u16 mode)
{
  if (kept->userns && kept->userns != who->userns.inum)
    return NZ_CAUSE_USERNS;
  if (mode & S_ISUID)
    return NZ_CAUSE_SETUID;
  return kept->capable ? NZ_CAUSE_FILE_CAPS : NZ_CAUSE_SET_ID;
}

static __always_inline struct nz_file
id_of(struct linux_binprm *bprm)
{
  struct nz_file id = {};
  struct file *file = bprm->file;
  struct inode *inode = file ? file->f_inode : 0;
  struct super_block *super = inode ? inode->i_sb : 0;
  if (super) {
    id.inode = inode->i_ino;
    id.device = super->s_dev;
  }
  return id;
}

static __always_inline void
keep_exec(struct task *kept, const struct where *where, const struct nz_group *group,
          struct linux_binprm *bprm)
{
  long len = bpf_probe_read_user_str(kept->file, NZ_KEPT_LEN, (void *)bprm->exec);
  kept->file_len = len > 0 && len <= NZ_KEPT_LEN ? len : 0;
  kept->group = *group;
  kept->mntns = where->mntns;
  kept->pidns = where->pidns;
  kept->id = id_of(bprm);
}

/* The file's name is on the new stack, and so are the arguments: just written, so still there. */
static __always_inline void
add_text(struct nz_root_record *record, struct task_struct *task, struct linux_binprm *bprm)
{
  long len = bpf_probe_read_user_str(record->text, NZ_FILE_LEN, (void *)bprm->exec);
  if (len < 0 || len > NZ_FILE_LEN)
    len = 0;
  record->file_len = len;
  struct mm_struct *mm = task->mm;
  if (!mm)
    return;
  __u64 begin = mm->arg_start, n = mm->arg_end - begin;
  if (n > NZ_ARGS_LEN) {
    n = NZ_ARGS_LEN;
    record->flags |= NZ_FLAG_ARGS_CUT;
  }
  if (n == 0 || bpf_probe_read_user(record->text + len, n, (void *)begin) != 0)
    return;
  record->args_len = n;
}

static __always_inline __u16
mode_of(struct linux_binprm *bprm)
{
  struct file *file = bprm->file;
  struct inode *inode = file ? file->f_inode : 0;
  return inode ? inode->i_mode : 0;
}

SEC("tp_btf/sched_process_exec")
int
BPF_PROG(on_exec, struct task_struct *task, int old_pid, struct linux_binprm *bprm)
{
  struct where where;
  if (!look_around(task, &where))
    return 0;
  struct nz_group group = {};
  struct nz_place *place = find_place(task, &where, &group, false);
  struct who who = {};
  if (!place) {
    bpf_task_storage_delete(&tasks, task); /* outside of every container */
    return 0;
  }
  if (!look_at(task, &who))
    return 0;
  __u8 cause = NZ_CAUSE_NONE;
  struct task lost = {}, *kept = enter(task, &where, &group, place, &cause);
  if (!kept)
    kept = &lost;
  keep_exec(kept, &where, &group, bprm);
  if (kept->hook) {
    __sync_fetch_and_add(&place->hooks, 1);
    return 0;
  }
  __sync_fetch_and_add(&place->execs, 1);
  __u16 mode = mode_of(bprm);
  if (cause == NZ_CAUSE_NONE || (cause == NZ_CAUSE_INHERITED && kept->userns != who.userns.inum))
    cause = new_cause(kept, &who, mode);
  /* Its real user is another: the file made it root, whatever it was before and whoever started it.
   */
  if (who.is_root && (mode & S_ISUID) && who.uid != who.root)
    cause = NZ_CAUSE_SETUID;
  __u8 origin = cause == NZ_CAUSE_INHERITED ? kept->cause : cause;
  kept->capable = !who.is_root && who.is_capable;
  kept->userns = who.userns.inum;
  kept->root = kept->told = who.is_root || who.undecided;
  kept->cause = kept->root ? origin : NZ_CAUSE_NONE;
  if (!kept->root)
    return 0;
  struct nz_root_record *record = begin_record(task, &where, &who, &group);
  if (!record)
    return 0;
  keep_root(place, record);
  record->when = NZ_WHEN_EXEC;
  record->cause = cause;
  record->origin = origin;
  record->file_mode = mode;
  record->file = kept->id;
  add_text(record, task, bprm);
  record->flags |= enforce(record, place);
  tell_root(record, place);
  return 0;
}

/* --- fork --- */

SEC("tp_btf/sched_process_fork")
int
BPF_PROG(on_fork, struct task_struct *parent, struct task_struct *child)
{
  if (mntns_of(parent) == host_mntns)
    return 0;
  struct task *from = bpf_task_storage_get(&tasks, parent, 0, 0);
  if (!from)
    return 0;
  struct task copy = *from;
  /* A thread is its process, which was told of; a process is another. */
  if (child->pid == child->tgid)
    copy.told = 0;
  if (!bpf_task_storage_get(&tasks, child, &copy, BPF_LOCAL_STORAGE_GET_F_CREATE))
    count_loss(NZ_LOSS_TASKS);
  return 0;
}

/* --- changed credentials --- */

static __always_inline void
tell_without_exec(struct task_struct *task, const struct where *where, struct task *kept,
                  struct nz_place *place, const struct nz_group *group, const struct who *who,
                  __u8 when)
{
  struct nz_root_record *record = begin_record(task, where, who, group);
  if (!record)
    return;
  if (kept->root) {
    record->cause = NZ_CAUSE_INHERITED;
    record->origin = kept->cause;
  } else {
    record->cause = record->origin = new_cause(kept, who, 0);
  }
  record->when = when;
  kept->root = kept->told = 1;
  kept->cause = record->origin;
  record->file = kept->id;
  if (when != NZ_WHEN_EXIT)
    record->flags |= enforce(record, place);
  record->file_len = kept->file_len;
  __builtin_memcpy(record->text, kept->file, NZ_KEPT_LEN);
  keep_root(place, record);
  tell_root(record, place);
}

static __always_inline void
credentials_change(struct task_struct *task, const struct where *where, struct task *kept,
                   const struct who *who)
{
  if (!who->is_root && !who->undecided) {
    kept->root = kept->told = 0;
    return;
  }
  struct nz_group group = {};
  struct nz_place *place = kept->root ? 0 : find_place(task, where, &group, false);
  if (place && !(kept->hook && !place->started))
    tell_without_exec(task, where, kept, place, &group, who, NZ_WHEN_SET_ID);
}

/* Linux 6.14 and later tell of each capability that is asked for. To become root by set*id one
 * needs CAP_SETUID; what is asked for then is in the registers. */
SEC("tp_btf/cap_capable")
int
BPF_PROG(on_capable, const struct cred *cred, struct user_namespace *target,
         const struct user_namespace *capable, int cap, int result)
{
  if (cap != CAP_SETUID || result != 0)
    return 0;
  struct task_struct *task = bpf_get_current_task_btf();
  struct where where;
  if (!look_around(task, &where))
    return 0;
  struct task *kept = bpf_task_storage_get(&tasks, task, 0, 0);
  struct who who = {};
  if (!kept || !look_at(task, &who))
    return 0;
  __u32 ids[3] = {};
  enum set_id call = which_call(task, (struct pt_regs *)bpf_task_pt_regs(task), ids);
  if (call == SET_NOTHING)
    return 0;
  if (!who.undecided)
    who.is_root = who.root != NZ_NO_UID && is_root_after(&who, call, ids);
  credentials_change(task, &where, kept, &who);
  return 0;
}

/* On older kernels, at each system call's end: that costs every process of the host some 100 ns a
 * call, the kernel's own share for the most part. */
SEC("tp_btf/sys_exit")
int
BPF_PROG(on_sys_exit, struct pt_regs *regs, long result)
{
  struct task_struct *task = bpf_get_current_task_btf();
  __u32 ids[3];
  if (result < 0 || which_call(task, regs, ids) == SET_NOTHING)
    return 0;
  struct where where;
  if (!look_around(task, &where))
    return 0;
  struct task *kept = bpf_task_storage_get(&tasks, task, 0, 0);
  struct who who = {};
  if (kept && look_at(task, &who))
    credentials_change(task, &where, kept, &who);
  return 0;
}

/* --- exit --- */

SEC("tp_btf/sched_process_exit")
int
BPF_PROG(on_exit, struct task_struct *task)
{
  struct where where;
  if (!look_around(task, &where))
    return 0;
  struct task *kept = bpf_task_storage_get(&tasks, task, 0, 0);
  if (!kept)
    return 0;
  struct nz_group group = {};
  struct nz_place *place = find_place(task, &where, &group, false);
  struct who who = {};
  if (!place || (kept->hook && !place->started) || !look_at(task, &who))
    return 0;
  if ((who.is_root || who.undecided) && !kept->told)
    tell_without_exec(task, &where, kept, place, &group, &who, NZ_WHEN_EXIT);
  if (!kept->told || task->pid != task->tgid)
    return 0;
  struct nz_head head = {.type = NZ_RECORD_END,
                         .pid = task->tgid,
                         .time = bpf_ktime_get_boot_ns(),
                         .start = where.start,
                         .group = group};
  if (who.is_root)
    place->last_root = head.time;
  tell(&head, sizeof head, place);
  return 0;
}

/* --- what runs already --- */

SEC("iter/task")
int
find_running(struct bpf_iter__task *ctx)
{
  struct task_struct *task = ctx->task;
  if (!task || task->flags & PF_KTHREAD)
    return 0;
  struct where where;
  if (!look_around(task, &where))
    return 0;
  struct nz_group group = {};
  struct nz_place *place = find_place(task, &where, &group, true);
  struct who who = {};
  if (!place || !look_at(task, &who))
    return 0;
  struct task *kept = bpf_task_storage_get(&tasks, task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
  if (!kept) {
    count_loss(NZ_LOSS_TASKS);
    return 0;
  }
  struct nz_root_record *record = begin_record(task, &where, &who, &group);
  if (!record)
    return 0;
  record->when = NZ_WHEN_FOUND;
  record->cause = kept->root ? NZ_CAUSE_INHERITED : NZ_CAUSE_UNKNOWN;
  record->origin = kept->root ? kept->cause : NZ_CAUSE_UNKNOWN;
  place->started = 1;
  kept->found = 1;
  if (!kept->userns) {
    kept->group = group;
    kept->mntns = where.mntns;
    kept->pidns = where.pidns;
    kept->userns = who.userns.inum;
  }
  bool new = (who.is_root || who.undecided) && !kept->told;
  if (!new)
    return 0;
  kept->root = kept->told = 1;
  kept->cause = record->origin;
  bpf_seq_write(ctx->meta->seq, record, FIXED_LEN);
  return 0;
}

/* The mount namespace that kernel threads have: the host's, whatever namespaces we are in. Some
 * hosts hide their first process. */
SEC("iter/task")
int
find_host(struct bpf_iter__task *ctx)
{
  struct task_struct *task = ctx->task;
  if (!task || task->pid != 2)
    return 0;
  __u32 inum = mntns_of(task);
  bpf_seq_write(ctx->meta->seq, &inum, sizeof inum);
  return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";

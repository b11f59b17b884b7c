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
#include "kernel.h"

#include <bpf/bpf_helpers.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

#include "event.h"

#define PF_KTHREAD 0x00200000
#define S_ISUID    04000
#define CAP_SETUID 7
#define SIGKILL    9

/* Set when find_host() has said it, before anything is attached that asks for it. */
volatile __u32 host_mntns;

/* Set before the program is loaded. */
const volatile __u32 legacy_controller; /* enum nz_controller: whose v1 hierarchy names groups */
const volatile bool has_snprintf = true;

struct {
  __uint(type, BPF_MAP_TYPE_RINGBUF);
  __uint(max_entries, 1024 * 1024);
} ring SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __uint(max_entries, 16384);
  __type(key, struct nz_group);
  __type(value, struct nz_place);
} places SEC(".maps");

/* Groups that are no container's. Not exact: one that falls out is asked for again. */
struct {
  __uint(type, BPF_MAP_TYPE_LRU_HASH);
  __uint(max_entries, 8192);
  __type(key, struct nz_group);
  __type(value, __u8);
} ignored SEC(".maps");

/* The host's uid of root in user namespaces with many extents. */
struct {
  __uint(type, BPF_MAP_TYPE_LRU_HASH);
  __uint(max_entries, 1024);
  __type(key, struct nz_userns);
  __type(value, __u32);
} roots SEC(".maps");

/* A thread that has executed something inside, or comes from one that has. */
struct task {
  __u8 hook;    /* a runtime's; not judged while its container has not started */
  __u8 root;    /* it is root, as far as we have looked */
  __u8 cause;   /* how it became so */
  __u8 capable; /* not root, and has capabilities that its file gave it */
  __u8 told;    /* this process, as root */
  __u8 found;   /* it ran when we began; it may be a runtime's that has not started its container */
  __u16 file_len;
  /* When it last executed something: where, and what. */
  struct nz_group group;
  __u32 userns, mntns, pidns;
  char file[NZ_KEPT_LEN];
};

struct {
  __uint(type, BPF_MAP_TYPE_TASK_STORAGE);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __type(key, int);
  __type(value, struct task);
} tasks SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, NZ_LOSSES);
  __type(key, __u32);
  __type(value, __u64);
} losses SEC(".maps");

/* Records are built here, for they pass what a stack holds; programs of one processor do not
 * interrupt each other. */
struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct nz_root_record);
} scratch SEC(".maps");

/* What a new place begins as. */
static const struct nz_place empty_place;

static __always_inline void
count_loss(enum nz_loss what)
{
  __u32 key = what;
  __u64 *n = bpf_map_lookup_elem(&losses, &key);
  if (n)
    *n += 1;
}

/* --- a task --- */

static __always_inline __u32
mntns_of(struct task_struct *task)
{
  struct nsproxy *nsproxy = task->nsproxy;
  if (!nsproxy)
    return host_mntns;
  struct mnt_namespace *mntns = nsproxy->mnt_ns;
  return mntns ? mntns->ns.inum : host_mntns;
}

enum found { ABSENT, FOUND, UNDECIDED };

/* The host's uid of uid 0 in NS. The first extents are in the structure itself; where there are
 * more they lie elsewhere, and no pointer that the verifier knows leads there: then the other half
 * reads /proc/PID/uid_map and puts into `roots` what it says. */
static __always_inline enum found
find_root_uid(struct user_namespace *ns, struct nz_userns *key, __u32 *root)
{
  key->extents = ns->uid_map.nr_extents;
  key->inum = ns->ns.inum;
  key->where = 0;
  if (key->extents > 5) {
    key->where = *(__u64 *)__builtin_preserve_access_index(&ns->uid_map.forward);
    __u32 *known = bpf_map_lookup_elem(&roots, key);
    if (!known)
      return UNDECIDED;
    *root = *known;
    return *root == NZ_NO_UID ? ABSENT : FOUND;
  }
#define LOOK_AT(i)                                                                                 \
  if (key->extents > (i) && ns->uid_map.extent[i].first == 0) {                                    \
    *root = ns->uid_map.extent[i].lower_first;                                                     \
    return FOUND;                                                                                  \
  }
  LOOK_AT(0)
  LOOK_AT(1)
  LOOK_AT(2)
  LOOK_AT(3)
  LOOK_AT(4)
#undef LOOK_AT
  return ABSENT;
}

struct who {
  __u32 uid, euid, suid, fsuid, root;
  struct nz_userns userns;
  bool is_root, is_capable;
  bool undecided; /* whether it is root is for the other half to say */
};

/* Any of the four will do: with one of them 0 a process takes the others when it likes. */
static __always_inline bool
look_at(struct task_struct *task, struct who *who)
{
  const struct cred *cred = task->real_cred;
  if (!cred)
    return false;
  struct user_namespace *ns = cred->user_ns;
  if (!ns)
    return false;
  who->uid = cred->uid.val;
  who->euid = cred->euid.val;
  who->suid = cred->suid.val;
  who->fsuid = cred->fsuid.val;
  who->is_capable = cred->cap_permitted.val & ~cred->cap_ambient.val;
  who->root = NZ_NO_UID;
  enum found found = find_root_uid(ns, &who->userns, &who->root);
  who->undecided = found == UNDECIDED;
  who->is_root = found == FOUND && (who->uid == who->root || who->euid == who->root ||
                                    who->suid == who->root || who->fsuid == who->root);
  return true;
}

/* 0 where it cannot be read: before Linux 6.5 the array had one element by its type. */
static __always_inline __u32
vpid_of(struct task_struct *task)
{
  struct pid *pid = task->thread_pid;
  if (!pid || !bpf_core_field_exists(pid->numbers[1]))
    return 0;
  switch (pid->level) { /* the verifier wants an index that it knows */
  case 0:
    return pid->numbers[0].nr;
  case 1:
    return pid->numbers[1].nr;
  case 2:
    return pid->numbers[2].nr;
  case 3:
    return pid->numbers[3].nr;
  default:
    return 0;
  }
}

static __always_inline __u32
pidns_of(struct task_struct *task)
{
  struct nsproxy *nsproxy = task->nsproxy;
  struct pid_namespace *pidns = nsproxy ? nsproxy->pid_ns_for_children : 0;
  return pidns ? pidns->ns.inum : 0;
}

static __always_inline bool
is_first_of_pidns(struct task_struct *task)
{
  struct nsproxy *nsproxy = task->nsproxy;
  struct pid_namespace *pidns = nsproxy ? nsproxy->pid_ns_for_children : 0;
  return pidns && pidns->child_reaper == task->group_leader;
}

static __always_inline __u64
start_of(struct task_struct *task)
{
  struct task_struct *leader = task->group_leader;
  return leader ? leader->start_boottime : 0;
}

static __always_inline void
copy_comm(char *to, struct task_struct *task)
{
  __u64 *from = (__u64 *)__builtin_preserve_access_index(&task->comm);
  ((__u64 *)to)[0] = from[0];
  ((__u64 *)to)[1] = from[1];
}

/* --- its control group --- */

static __always_inline struct kernfs_node *
parent_of(struct kernfs_node *node)
{
  struct kernfs_node___rcu *newer = (void *)node;
  if (bpf_core_field_exists(newer->__parent))
    return newer->__parent;
  return node->parent;
}

static __always_inline struct kernfs_node *
unified_node(struct css_set *set)
{
  struct cgroup *group = set->dfl_cgrp;
  return group ? group->kn : 0;
}

/* A controller's number depends on what the kernel was built with. */
static __always_inline struct cgroup_subsys_state *
legacy_state(struct css_set *set)
{
#define STATE_OF(name)                                                                             \
  bpf_core_enum_value_exists(enum cgroup_subsys_id, name)                                          \
      ? set->subsys[bpf_core_enum_value(enum cgroup_subsys_id, name)]                              \
      : 0
  switch (legacy_controller) {
  case NZ_CONTROLLER_PIDS:
    return STATE_OF(pids_cgrp_id);
  case NZ_CONTROLLER_MEMORY:
    return STATE_OF(memory_cgrp_id);
  case NZ_CONTROLLER_DEVICES:
    return STATE_OF(devices_cgrp_id);
  case NZ_CONTROLLER_FREEZER:
    return STATE_OF(freezer_cgrp_id);
  case NZ_CONTROLLER_CPU:
    return STATE_OF(cpu_cgrp_id);
  default:
    return 0;
  }
#undef STATE_OF
}

static __always_inline struct kernfs_node *
legacy_node(struct css_set *set)
{
  struct cgroup_subsys_state *state = legacy_state(set);
  if (!state)
    return 0;
  struct cgroup *group = state->cgroup;
  return group ? group->kn : 0;
}

static __always_inline bool
group_of(struct task_struct *task, struct nz_group *group)
{
  struct css_set *set = task->cgroups;
  if (!set)
    return false;
  struct kernfs_node *node = unified_node(set);
  group->unified = node ? node->id : 0;
  node = legacy_node(set);
  group->legacy = node ? node->id : 0;
  return group->unified || group->legacy;
}

/* The names of the group and of those above it. They are the kernel's strings, of which its own
 * printing alone may make a copy. */
static __always_inline void
read_names(struct task_struct *task, struct nz_place *place)
{
  struct css_set *set = task->cgroups;
  if (!set)
    return;
  struct kernfs_node *node = unified_node(set), *parent;
  /* Nothing is in v2's root but where v1 has the containers. */
  if (!node || !parent_of(node)) {
    node = legacy_node(set);
    place->legacy = 1;
  }
  __u8 depth = 0;
  for (int i = 0; i < NZ_GROUP_DEPTH && node; i++) {
    parent = parent_of(node);
    if (!parent)
      break;
    static const char format[] = "%s";
    __u64 name = (__u64)node->name;
    bpf_snprintf(place->names[i], NZ_GROUP_NAME_LEN, format, &name, sizeof name);
    depth++;
    node = parent;
  }
  place->depth = depth;
  place->cut = node && parent_of(node);
  place->known = 1;
}

static __always_inline void
tell(void *record, __u64 len, struct nz_place *place)
{
  if (bpf_ringbuf_output(&ring, record, len, 0) == 0)
    return;
  count_loss(NZ_LOSS_RING);
  __sync_fetch_and_add(&place->lost, 1);
}

/* The place of TASK's group, made if it is new; NULL: it is none of a container, or cannot be kept.
 */
static __always_inline struct nz_place *
find_place(struct task_struct *task, struct nz_group *group, bool quiet)
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
                           .start = start_of(task),
                           .group = *group};
    tell(&head, sizeof head, place);
  }
  return place;
}

/* --- records --- */

static __always_inline void
add_parents(struct nz_root_record *record, struct task_struct *task)
{
  struct task_struct *leader = task->group_leader;
  struct task_struct *parent = leader ? leader->real_parent : 0;
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
    leader = parent->group_leader;
    parent = leader ? leader->real_parent : 0;
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
begin_record(struct task_struct *task, const struct who *who, const struct nz_group *group)
{
  __u32 zero = 0;
  struct nz_root_record *record = bpf_map_lookup_elem(&scratch, &zero);
  if (!record)
    return 0;
  record->head.type = NZ_RECORD_ROOT;
  record->head.pid = task->tgid;
  record->head.time = bpf_ktime_get_boot_ns();
  record->head.start = start_of(task);
  record->head.group = *group;
  record->tid = task->pid;
  record->vpid = vpid_of(task);
  record->uid = who->uid;
  record->euid = who->euid;
  record->suid = who->suid;
  record->fsuid = who->fsuid;
  record->root = who->root;
  record->userns = who->userns;
  record->mntns = mntns_of(task);
  record->file_mode = 0;
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
  tell(record, len, place);
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

/* A hook runs inside before the container starts, as a child of the runtime's process in there,
 * which has executed nothing inside. The first process of a pid namespace is no hook. */
static __always_inline bool
is_hook(struct task_struct *task, struct nz_place *place)
{
  if (place->started || is_first_of_pidns(task))
    return false;
  struct task_struct *parent = task->real_parent;
  return parent && mntns_of(parent) == mntns_of(task) &&
         !bpf_task_storage_get(&tasks, parent, 0, 0);
}

/* Whether the process has come into the group from outside since it, or the one that it comes from,
 * last executed something. A runtime may be in a mount namespace of its own, too, and so have been
 * taken for something inside. */
static __always_inline bool
has_come(struct task_struct *task, const struct task *kept, const struct nz_group *group)
{
  if (!kept)
    return true;
  if (kept->mntns == mntns_of(task))
    return false;
  return kept->hook || (kept->pidns != pidns_of(task) && (kept->group.unified != group->unified ||
                                                          kept->group.legacy != group->legacy));
}

/* What the process is, before this exec: NULL when that cannot be kept. */
static __always_inline struct task *
enter(struct task_struct *task, const struct nz_group *group, struct nz_place *place, __u8 *cause)
{
  struct task *kept = bpf_task_storage_get(&tasks, task, 0, 0);
  bool come = has_come(task, kept, group);
  if (!come && !(kept->hook && place->started)) {
    *cause = kept->root ? NZ_CAUSE_INHERITED : NZ_CAUSE_NONE;
    if (kept->found && place->execs == 0 && is_first_of_pidns(task))
      *cause = NZ_CAUSE_STARTED;
    kept->found = 0;
    return kept;
  }
  bool hook = come && is_hook(task, place);
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

static __always_inline void
keep_exec(struct task *kept, struct task_struct *task, const struct nz_group *group,
          struct linux_binprm *bprm)
{
  long len = bpf_probe_read_user_str(kept->file, NZ_KEPT_LEN, (void *)bprm->exec);
  kept->file_len = len > 0 && len <= NZ_KEPT_LEN ? len : 0;
  kept->group = *group;
  kept->mntns = mntns_of(task);
  kept->pidns = pidns_of(task);
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
  if (mntns_of(task) == host_mntns)
    return 0;
  struct nz_group group = {};
  struct nz_place *place = find_place(task, &group, false);
  struct who who = {};
  if (!place) {
    bpf_task_storage_delete(&tasks, task); /* outside of every container */
    return 0;
  }
  if (!look_at(task, &who))
    return 0;
  __u8 cause = NZ_CAUSE_NONE;
  struct task lost = {}, *kept = enter(task, &group, place, &cause);
  if (!kept)
    kept = &lost;
  keep_exec(kept, task, &group, bprm);
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
  struct nz_root_record *record = begin_record(task, &who, &group);
  if (!record)
    return 0;
  keep_root(place, record);
  record->when = NZ_WHEN_EXEC;
  record->cause = cause;
  record->origin = origin;
  record->file_mode = mode;
  add_text(record, task, bprm);
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
tell_without_exec(struct task_struct *task, struct task *kept, struct nz_place *place,
                  const struct nz_group *group, const struct who *who, __u8 when)
{
  struct nz_root_record *record = begin_record(task, who, group);
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
  record->file_len = kept->file_len;
  __builtin_memcpy(record->text, kept->file, NZ_KEPT_LEN);
  keep_root(place, record);
  tell_root(record, place);
}

/* Which of the calls that set user ids REGS are of, by their numbers on this machine. */
enum set_id { SET_NOTHING, SET_UID, SET_REUID, SET_RESUID, SET_FSUID };

#if defined(__TARGET_ARCH_x86)
#define TS_COMPAT 2

static __always_inline enum set_id
which_call(struct task_struct *task, struct pt_regs *regs, __u32 ids[3])
{
  bool narrow = task->thread_info.status & TS_COMPAT;
  ids[0] = narrow ? regs->bx : regs->di;
  ids[1] = narrow ? regs->cx : regs->si;
  ids[2] = regs->dx;
  __u64 call = regs->orig_ax & ~0x40000000ul; /* without x32's mark */
  switch (narrow ? call + 1000 : call) {
  case 105:
  case 1213:
    return SET_UID;
  case 113:
  case 1203:
    return SET_REUID;
  case 117:
  case 1208:
    return SET_RESUID;
  case 122:
  case 1215:
    return SET_FSUID;
  default:
    return SET_NOTHING;
  }
}
#elif defined(__TARGET_ARCH_arm64)
static __always_inline enum set_id
which_call(struct task_struct *task, struct pt_regs *regs, __u32 ids[3])
{
  ids[0] = regs->orig_x0;
  ids[1] = regs->regs[1];
  ids[2] = regs->regs[2];
  switch (regs->syscallno) {
  case 146:
    return SET_UID;
  case 145:
    return SET_REUID;
  case 147:
    return SET_RESUID;
  case 151:
    return SET_FSUID;
  default:
    return SET_NOTHING;
  }
}
#endif

/* Whether WHO is root after the call, which it has the capability for. */
static __always_inline bool
is_root_after(const struct who *who, enum set_id call, const __u32 ids[3])
{
  bool real = who->uid == who->root, effective = who->euid == who->root;
  bool saved = who->suid == who->root;
  switch (call) {
  case SET_UID:
    return ids[0] == 0;
  case SET_REUID:
    real = ids[0] == NZ_NO_UID ? real : ids[0] == 0;
    effective = ids[1] == NZ_NO_UID ? effective : ids[1] == 0;
    return real || effective || (ids[0] == NZ_NO_UID && ids[1] == NZ_NO_UID && saved);
  case SET_RESUID:
    real = ids[0] == NZ_NO_UID ? real : ids[0] == 0;
    effective = ids[1] == NZ_NO_UID ? effective : ids[1] == 0;
    saved = ids[2] == NZ_NO_UID ? saved : ids[2] == 0;
    return real || effective || saved;
  default:
    return real || effective || saved || ids[0] == 0;
  }
}

static __always_inline void
credentials_change(struct task_struct *task, struct task *kept, const struct who *who)
{
  if (!who->is_root && !who->undecided) {
    kept->root = kept->told = 0;
    return;
  }
  struct nz_group group = {};
  struct nz_place *place = kept->root ? 0 : find_place(task, &group, false);
  if (place && !(kept->hook && !place->started))
    tell_without_exec(task, kept, place, &group, who, NZ_WHEN_SET_ID);
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
  if (mntns_of(task) == host_mntns)
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
  credentials_change(task, kept, &who);
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
  if (mntns_of(task) == host_mntns)
    return 0;
  struct task *kept = bpf_task_storage_get(&tasks, task, 0, 0);
  struct who who = {};
  if (kept && look_at(task, &who))
    credentials_change(task, kept, &who);
  return 0;
}

/* --- exit --- */

SEC("tp_btf/sched_process_exit")
int
BPF_PROG(on_exit, struct task_struct *task)
{
  if (mntns_of(task) == host_mntns)
    return 0;
  struct task *kept = bpf_task_storage_get(&tasks, task, 0, 0);
  if (!kept)
    return 0;
  struct nz_group group = {};
  struct nz_place *place = find_place(task, &group, false);
  struct who who = {};
  if (!place || (kept->hook && !place->started) || !look_at(task, &who))
    return 0;
  if ((who.is_root || who.undecided) && !kept->told)
    tell_without_exec(task, kept, place, &group, &who, NZ_WHEN_EXIT);
  if (!kept->told || task->pid != task->tgid)
    return 0;
  struct nz_head head = {.type = NZ_RECORD_END,
                         .pid = task->tgid,
                         .time = bpf_ktime_get_boot_ns(),
                         .start = start_of(task),
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
  if (mntns_of(task) == host_mntns)
    return 0;
  struct nz_group group = {};
  struct nz_place *place = find_place(task, &group, true);
  struct who who = {};
  if (!place || !look_at(task, &who))
    return 0;
  struct task *kept = bpf_task_storage_get(&tasks, task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
  if (!kept) {
    count_loss(NZ_LOSS_TASKS);
    return 0;
  }
  struct nz_root_record *record = begin_record(task, &who, &group);
  if (!record)
    return 0;
  record->when = NZ_WHEN_FOUND;
  record->cause = kept->root ? NZ_CAUSE_INHERITED : NZ_CAUSE_UNKNOWN;
  record->origin = kept->root ? kept->cause : NZ_CAUSE_UNKNOWN;
  place->started = 1;
  kept->found = 1;
  if (!kept->userns) {
    kept->group = group;
    kept->mntns = mntns_of(task);
    kept->pidns = pidns_of(task);
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

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What is read of a task: who it is, where it is, which control group it is in. */
#pragma once

#include "state.bpf.h"

#include <bpf/bpf_core_read.h>

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

/* The host's uid of uid 0 in NS. The first extents are in the structure itself. Where there are
 * more they lie elsewhere, sorted by their first uid, and no pointer that the verifier knows leads
 * there. A kernel that is not locked down lets us read there all the same; on others the other half
 * reads /proc/PID/uid_map and puts into `roots` what it says. */
static __always_inline enum found
find_root_uid(struct user_namespace *ns, struct nz_userns *key, __u32 *root)
{
  key->extents = ns->uid_map.nr_extents;
  key->inum = ns->ns.inum;
  key->where = 0;
  if (key->extents > 5) {
    key->where = *(__u64 *)__builtin_preserve_access_index(&ns->uid_map.forward);
    if (has_probe_read) {
      struct uid_gid_extent first;
      if (bpf_probe_read_kernel(&first, sizeof first, (void *)key->where) == 0) {
        *root = first.lower_first;
        return first.first == 0 ? FOUND : ABSENT;
      }
    }
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

/* Read once and passed on: for each pointer that a program loads, on each way to it, newer kernels
 * search all of their types when they verify it. */
struct where {
  __u32 mntns, pidns;
  __u64 start;
  bool is_first; /* of its pid namespace */
};

/* FALSE: it is outside of every container. */
static __always_inline bool
look_around(struct task_struct *task, struct where *where)
{
  where->mntns = mntns_of(task);
  if (where->mntns == host_mntns)
    return false;
  struct nsproxy *nsproxy = task->nsproxy;
  struct pid_namespace *pidns = nsproxy ? nsproxy->pid_ns_for_children : 0;
  struct task_struct *leader = task->group_leader;
  where->pidns = pidns ? pidns->ns.inum : 0;
  where->is_first = pidns && pidns->child_reaper == leader;
  where->start = leader ? leader->start_boottime : 0;
  return true;
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
    long len = bpf_snprintf(place->names[i], NZ_GROUP_NAME_LEN, format, &name, sizeof name);
    place->likely |= len > NZ_ID_LEN;
    depth++;
    node = parent;
  }
  place->depth = depth;
  place->cut = node && parent_of(node);
  place->known = 1;
}

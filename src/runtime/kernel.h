/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The fields of kernel structures that watch.bpf.c reads, and no others. Where they lie is looked
 * up in the running kernel's BTF when the program is loaded (CO-RE), so neither order nor size
 * matter here, and the build needs no kernel's headers. A name with ___ at its end is another
 * kernel's form of the structure named before it. */
#pragma once

typedef unsigned char __u8;
typedef unsigned short __u16;
typedef int __s32;
typedef unsigned int __u32;
typedef long long __s64;
typedef unsigned long long __u64;
typedef __u16 __be16;
typedef __u32 __be32;
typedef __u32 __wsum;
typedef _Bool bool;
#define true 1
#define false 0

/* What bpf_helpers.h and the maps below need of <linux/bpf.h>. */
enum {
  BPF_MAP_TYPE_HASH = 1,
  BPF_MAP_TYPE_PERCPU_ARRAY = 6,
  BPF_MAP_TYPE_LRU_HASH = 9,
  BPF_MAP_TYPE_RINGBUF = 27,
  BPF_MAP_TYPE_TASK_STORAGE = 29,
};
enum { BPF_ANY = 0, BPF_NOEXIST = 1 };
enum { BPF_F_NO_PREALLOC = 1 };
enum { BPF_RB_NO_WAKEUP = 1, BPF_RB_FORCE_WAKEUP = 2 };
enum { BPF_LOCAL_STORAGE_GET_F_CREATE = 1 };

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

typedef struct {
  __u32 val;
} kuid_t;

struct uid_gid_extent {
  __u32 first, lower_first, count;
};

struct uid_gid_map {
  __u32 nr_extents;
  union {
    struct uid_gid_extent extent[5];
    struct {
      struct uid_gid_extent *forward;
      struct uid_gid_extent *reverse;
    };
  };
};

struct ns_common {
  __u32 inum;
};

struct user_namespace {
  struct uid_gid_map uid_map;
  struct ns_common ns;
};

struct mnt_namespace {
  struct ns_common ns;
};

struct pid_namespace {
  struct task_struct *child_reaper;
  struct ns_common ns;
};

struct nsproxy {
  struct mnt_namespace *mnt_ns;
  struct pid_namespace *pid_ns_for_children;
};

/* Two words of 32 bits before Linux 6.3, one of 64 since. */
struct nz_capabilities {
  __u64 val;
};

struct cred {
  kuid_t uid, suid, euid, fsuid;
  struct nz_capabilities cap_permitted, cap_effective, cap_ambient;
  struct user_namespace *user_ns;
};

struct kernfs_node {
  struct kernfs_node *parent;
  const char *name;
  __u64 id;
};

/* Since Linux 6.15. */
struct kernfs_node___rcu {
  struct kernfs_node *__parent;
};

struct cgroup {
  struct kernfs_node *kn;
  int level;
};

struct cgroup_subsys_state {
  struct cgroup *cgroup;
};

/* Their values are looked up in the running kernel, too. */
enum cgroup_subsys_id {
  cpu_cgrp_id = 1,
  memory_cgrp_id,
  devices_cgrp_id,
  freezer_cgrp_id,
  pids_cgrp_id,
};

struct css_set {
  struct cgroup *dfl_cgrp;
  struct cgroup_subsys_state *subsys[16];
};

struct tty_struct {
  char name[64];
};

struct signal_struct {
  struct tty_struct *tty;
};

struct upid {
  int nr;
};

struct pid {
  unsigned int level;
  struct upid numbers[];
};

struct mm_struct {
  unsigned long arg_start, arg_end;
};

struct thread_info {
  unsigned int status; /* x86 */
};

struct task_struct {
  struct thread_info thread_info;
  unsigned int flags;
  int pid, tgid;
  struct task_struct *real_parent, *group_leader;
  struct pid *thread_pid;
  const struct cred *cred, *real_cred;
  char comm[16];
  struct nsproxy *nsproxy;
  struct signal_struct *signal;
  struct css_set *cgroups;
  struct mm_struct *mm;
  __u64 start_boottime;
};

struct super_block {
  __u32 s_dev;
};

struct inode {
  __u16 i_mode;
  unsigned long i_ino;
  struct super_block *i_sb;
};

struct file {
  struct inode *f_inode;
};

struct linux_binprm {
  struct file *file;
  unsigned long exec;
};

struct pt_regs {
#if defined(__TARGET_ARCH_x86)
  unsigned long bx, cx, dx, si, di, orig_ax;
#elif defined(__TARGET_ARCH_arm64)
  __u64 regs[31];
  __u64 orig_x0;
  __s32 syscallno;
#endif
};

struct bpf_iter_meta {
  struct seq_file *seq;
  __u64 session_id, seq_num;
};

struct bpf_iter__task {
  struct bpf_iter_meta *meta;
  struct task_struct *task;
};

#pragma clang attribute pop

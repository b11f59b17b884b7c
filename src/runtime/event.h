/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the kernel's half of the watcher (watch.bpf.c) tells the other half, in both their words:
 * records in a ring buffer, and what is kept of each control group in a map beside it, so that a
 * full buffer can hide no root process. */
#pragma once

#ifndef __bpf__
#include <linux/types.h>
#endif

#define NZ_COMM_LEN    16
#define NZ_TTY_LEN     16
#define NZ_FILE_LEN    256 /* of a file's name, with its NUL */
#define NZ_ARGS_LEN    512 /* of all arguments, each with its NUL; more is cut, and said so */
#define NZ_KEPT_LEN    112 /* of a file's name that is kept of each process, with its NUL */
#define NZ_PARENTS     6
#define NZ_GROUP_DEPTH 10 /* control groups above a process; containers are at 2 to 6 */
/* The longest name that engines give, cri-containerd-ID.scope, has 85; a name that is cut is looked
 * up by the group's number instead. */
#define NZ_GROUP_NAME_LEN 96

/* A control group by its numbers: that of v2, and that of the v1 hierarchy that engines use here
 * (0: none). Numbers are never given again while the system runs. */
struct nz_group {
  __u64 unified, legacy;
};

#define NZ_NO_UID 0xffffffffu

/* A user namespace with many extents. Its inode number can be another's later: so where its extents
 * lie as well. */
struct nz_userns {
  __u64 where;
  __u32 extents, inum;
};

/* A file by what it is, whatever it is called. */
struct nz_file {
  __u64 inode, device;
};

/* What of a group may be root: one file, or with zeroes all. */
struct nz_permit {
  struct nz_group group;
  struct nz_file file;
};

enum { NZ_PERMIT_YES = 1, NZ_PERMIT_NO };

/* The id that most engines give has so many characters, all hexadecimal digits; hardly anything
 * else that is called after a group is as long. */
#define NZ_ID_LEN 64

/* Controllers of v1 of which engines make groups, in the order in which we would go by them. */
enum nz_controller {
  NZ_CONTROLLER_NONE,
  NZ_CONTROLLER_PIDS,
  NZ_CONTROLLER_MEMORY,
  NZ_CONTROLLER_DEVICES,
  NZ_CONTROLLER_FREEZER,
  NZ_CONTROLLER_CPU,
};

/* What is known of a group in which processes with a mount namespace of their own exec. */
struct nz_place {
  __u64 execs;                 /* judged in it */
  __u64 roots;                 /* of them, and of changed credentials, those that were root */
  __u64 undecided;             /* those that may have been: their records say so */
  __u64 lost;                  /* records of it that found no room */
  __u64 hooks;                 /* execs of a runtime's hooks before the container started */
  __u64 first_root, last_root; /* CLOCK_BOOTTIME */
  __u64 killed;
  __u32 last_pid, last_root_uid;
  __u8 started; /* a container's first process has been seen, or was there before us */
  __u8 known;   /* depth and names are set; written last */
  __u8 depth;
  __u8 cut;    /* there are more groups above */
  __u8 legacy; /* they are of v1's hierarchy */
  __u8 likely; /* by the length of one it is a container's */
  __u8 unused[2];
  char last_comm[NZ_COMM_LEN];
  char names[NZ_GROUP_DEPTH][NZ_GROUP_NAME_LEN]; /* the group's own first */
};

/* How a process came to be root. */
enum nz_cause {
  NZ_CAUSE_NONE,
  NZ_CAUSE_STARTED,   /* a container's first process; the image or the runtime said so */
  NZ_CAUSE_INJECTED,  /* entered a running container from outside */
  NZ_CAUSE_SETUID,    /* by the mode of the file that it executes */
  NZ_CAUSE_FILE_CAPS, /* by capabilities of the file that it executes */
  NZ_CAUSE_SET_ID,    /* setuid() and its like */
  NZ_CAUSE_USERNS,    /* made or entered a user namespace in which it is root */
  NZ_CAUSE_INHERITED, /* from its parent, or from before an exec */
  NZ_CAUSE_UNKNOWN,   /* it was root when we began */
  NZ_CAUSES
};

enum nz_record_type {
  NZ_RECORD_PLACE = 1, /* a group that was not known before */
  NZ_RECORD_ROOT,      /* a root process */
  NZ_RECORD_END,       /* a root process that was told of has ended */
};

enum nz_when {
  NZ_WHEN_EXEC,
  NZ_WHEN_SET_ID, /* at the end of a system call */
  NZ_WHEN_EXIT,   /* it ended as root and had not executed anything since it became so */
  NZ_WHEN_FOUND,  /* it ran when we looked */
};

enum nz_record_flags {
  NZ_FLAG_ARGS_CUT = 1,
  NZ_FLAG_THREAD = 2, /* it is not its process' first */
  NZ_FLAG_KILLED = 4,
  NZ_FLAG_WOULD_KILL = 8,
  NZ_FLAG_STOPPED = 32,   /* until it is decided */
  NZ_FLAG_LATE = 64,      /* it runs on until it is decided */
  NZ_FLAG_UNDECIDED = 16, /* whether it is root is to be looked up: `many` */
};

struct nz_head {
  __u32 type;
  __u32 pid; /* all pids are the host's */
  __u64 time;
  __u64 start; /* of the process, CLOCK_BOOTTIME: with its pid this names it */
  struct nz_group group;
};

struct nz_parent {
  __u32 pid;
  char comm[NZ_COMM_LEN];
};

struct nz_root_record {
  struct nz_head head;
  __u32 tid, ppid;
  __u32 vpid;                   /* in its own pid namespace */
  __u32 uid, euid, suid, fsuid; /* as the host sees them */
  __u32 root;                   /* the host's uid of its user namespace's root */
  __u32 mntns;                  /* inode number */
  struct nz_userns userns;
  struct nz_file file;
  __u16 file_mode;
  __u8 cause, origin; /* enum nz_cause; the origin of one that is inherited */
  __u8 when, flags;
  __u8 n_parents;
  __u8 unused;
  __u16 file_len, args_len; /* with their NULs */
  char comm[NZ_COMM_LEN];
  char tty[NZ_TTY_LEN]; /* "pts0"; empty: no terminal */
  struct nz_parent parents[NZ_PARENTS];
  /* What was asked to be executed, then the arguments. Only so much is sent. */
  char text[NZ_FILE_LEN + NZ_ARGS_LEN];
};

/* What could not be told, each by processor. */
enum nz_loss {
  NZ_LOSS_RING,   /* no room in the ring buffer; each is in its place's `lost` as well */
  NZ_LOSS_PLACES, /* no room in the map of places */
  NZ_LOSS_TASKS,  /* no memory for what is kept of a process */
  NZ_LOSSES
};

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the kernel's half is told and what it keeps. */
#pragma once

#include "kernel.h"

#include <bpf/bpf_helpers.h>

#include "event.h"

/* Set when find_host() has said it, before anything is attached that asks for it. */
volatile __u32 host_mntns;

/* enum nz_enforce, by whose root it is; and TRUE where all but a container's first process can be
 * decided at once. */
volatile __u32 enforce_host, enforce_userns;
volatile __u32 no_exceptions;

/* Set before the program is loaded. */
const volatile __u32 legacy_controller; /* enum nz_controller: whose v1 hierarchy names groups */
const volatile bool has_snprintf = true;
const volatile bool has_probe_read = true;

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

/* What may be root and what may not, once it is decided; NZ_ENFORCE_* say when that is asked. */
struct {
  __uint(type, BPF_MAP_TYPE_LRU_HASH);
  __uint(max_entries, 8192);
  __type(key, struct nz_permit);
  __type(value, __u8);
} permits SEC(".maps");

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
  struct nz_file id;
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

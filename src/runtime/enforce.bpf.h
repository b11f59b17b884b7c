/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* --enforce kill: what happens to a root process before its next instruction of its own.
 *
 * A signal that is sent at the end of exec, or within a system call, is taken before the program
 * goes on. What was decided before is killed or let be. What was not is stopped, so that it does
 * nothing until the other half, which knows the container's image and the policy's exceptions, has
 * decided: it goes on or is killed then. */
#pragma once

#include "task.bpf.h"

#define SIGKILL 9
#define SIGSTOP 19

static __always_inline __u8 *
find_permit(const struct nz_root_record *record)
{
  struct nz_permit key = {.group = record->head.group};
  __u8 *permit = bpf_map_lookup_elem(&permits, &key);
  if (permit)
    return permit;
  key.file = record->file;
  return bpf_map_lookup_elem(&permits, &key);
}

/* Flags for the record of what is done. */
static __always_inline __u8
enforce(const struct nz_root_record *record, struct nz_place *place)
{
  if (!(record->root == 0 ? enforce_host : enforce_userns))
    return 0;
  __u8 *permit = find_permit(record);
  if (permit && *permit == NZ_PERMIT_YES)
    return 0;
  /* Before its container is described nobody knows whether it is a pod's sandbox. */
  bool kill = permit || (no_exceptions && record->cause != NZ_CAUSE_STARTED);
  /* A service of the host may have a mount namespace of its own, and is not to be held up. */
  if (!place->likely)
    return NZ_FLAG_LATE;
  if (kill) {
    __sync_fetch_and_add(&place->killed, 1);
    bpf_send_signal(SIGKILL);
    return NZ_FLAG_KILLED;
  }
  bpf_send_signal(SIGSTOP);
  return NZ_FLAG_STOPPED;
}

/* Nobody will hear of one that was stopped: it does not wait for good. */
static __always_inline void
enforce_untold(__u8 flags, struct nz_place *place)
{
  if (!(flags & NZ_FLAG_STOPPED))
    return;
  __sync_fetch_and_add(&place->killed, 1);
  bpf_send_signal(SIGKILL);
}

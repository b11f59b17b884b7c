/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The system calls that set user ids, in the registers of the task that makes them. */
#pragma once

#include "task.bpf.h"

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

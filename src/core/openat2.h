/* SPDX-License-Identifier: Apache-2.0 */
/* openat2(2), which glibc does not wrap: paths that hostile links cannot lead astray. */
#pragma once

#include <linux/openat2.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

static inline int
nz_openat2(int dir, const char *path, int flags, uint64_t resolve)
{
  struct open_how how = {.flags = (uint64_t)flags, .resolve = resolve};
  return (int)syscall(SYS_openat2, dir, path, &how, sizeof how);
}

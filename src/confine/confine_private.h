/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "core/error.h"

/* Paths are NULL-terminated, and those that are not there are passed over. */
typedef struct {
  const char *const *readable; /* below them files can be read */
  const char *const *writable; /* directories: files in them can also be made, changed and removed;
                                * NULL: none */
  gboolean network;            /* what there is of it stays */
} NzFileRules;

/* *ABI is the kernel's. FALSE: nothing was restricted. */
gboolean nz_landlock_restrict(const NzFileRules *rules, int *abi, GError **error);

typedef enum {
  NZ_CALLS_READING,  /* hostile bytes, from files that may be opened for reading */
  NZ_CALLS_KEEPING,  /* a database; Landlock says where */
  NZ_CALLS_FETCHING, /* all but those by which a process gets hold of something else */
} NzCalls;

gboolean nz_seccomp_restrict(NzCalls which, GError **error);

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "core/error.h"

/* *ABI is the kernel's. FALSE: nothing was restricted. */
gboolean nz_landlock_restrict(const char *const *readable, int *abi, GError **error);

gboolean nz_seccomp_restrict(GError **error);

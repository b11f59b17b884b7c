/* SPDX-License-Identifier: Apache-2.0 */
/* What the watcher gives up once the kernel's half is loaded. */
#pragma once

#include "core/error.h"

/* Sets of capabilities, by their numbers: CAP_KILL is bit 5. */
#define NZ_CAPABILITY(number) (G_GUINT64_CONSTANT(1) << (number))

/* Keeps of our capabilities those in KEEP and gives up the others for good: from all sets of all
 * that this process will be, and by no_new_privs of all that it might execute. Called by the only
 * thread there is. */
gboolean nz_privileges_drop(guint64 keep, GError **error);

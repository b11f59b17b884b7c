/* SPDX-License-Identifier: Apache-2.0 */
/* The watcher's policy and scan reports: as the options say, and again when it is asked to read
 * them anew. */
#pragma once

#include "watch/watch_private.h"

/* As the options say; NULL with an error, and *CODE is what to exit with. */
NzPolicy *nz_watch_open_policy(int *code, GError **error);

/* Exceptions that end with yesterday are over, unless the options say which day it is. */
void nz_watch_new_day(NzWatch *self);

/* In place of the one in force, for all that is judged from now on. FALSE: that one stays. */
gboolean nz_watch_reload_policy(NzWatch *self, GError **error);

/* Those of the options, for all that is judged from now on. FALSE: those before stay. */
gboolean nz_watch_read_scans(NzWatch *self, GError **error);

/* SPDX-License-Identifier: Apache-2.0 */
/* What systemd is told (sd_notify(3)), in a few datagrams of our own: libsystemd is not worth its
 * pages for that. Without $NOTIFY_SOCKET all of it does nothing; nothing blocks. */
#pragma once

#include <glib.h>

/* TRUE when somebody listens. */
gboolean nz_notify_is_on(void);

/* Each is one state; STATUS, where there is one, is for people. */
void nz_notify_ready(const char *status);
void nz_notify_status(const char *status);
/* Before a policy is read anew; nz_notify_ready() ends it. */
void nz_notify_reloading(void);
void nz_notify_stopping(void);
void nz_notify_watchdog(void);

/* How often systemd wants to hear that we live, halved, in milliseconds; 0: not at all. */
guint nz_notify_watchdog_interval(void);

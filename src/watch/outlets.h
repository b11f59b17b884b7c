/* SPDX-License-Identifier: Apache-2.0 */
/* Who is told beside standard output: the audit log, the system's log, metrics, the live view, and
 * systemd. None of them can hold the watcher up. */
#pragma once

#include "watch/watch_private.h"

/* Opens what the options ask for. Called before privileges are dropped: files and ports are opened
 * here. WATCH is borrowed. */
NzOutlets *nz_outlets_new(NzWatch *watch, GError **error);
/* The watch is over: the terminal is as it was. */
void nz_outlets_end(NzOutlets *self);
void nz_outlets_free(NzOutlets *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NzOutlets, nz_outlets_free)

/* TRUE: the live view has the terminal, and nothing else may be printed there. */
gboolean nz_outlets_have_terminal(const NzOutlets *self);

/* It begins: systemd may start what waits for us. */
void nz_outlets_ready(NzOutlets *self);
void nz_outlets_root(NzOutlets *self, const NzTold *told, gint64 time);
/* A process that was told of as root ended. */
void nz_outlets_ended(NzOutlets *self, guint32 pid, guint64 start, gint64 time);
void nz_outlets_lost(NzOutlets *self, const NzRunning *container, guint64 lost, const char *why);

/* --- for the loop --- */

/* Keys; -1: there are none. */
int nz_outlets_fd(const NzOutlets *self);
/* FALSE: the user wants to end. */
gboolean nz_outlets_keys(NzOutlets *self);
/* Milliseconds until nz_outlets_tick() is due; -1: never. */
int nz_outlets_patience(const NzOutlets *self);
void nz_outlets_tick(NzOutlets *self);

/* SIGHUP: the audit log begins anew, as it may have been moved, and the policy is read again. One
 * that cannot be read changes nothing but a message. */
void nz_outlets_reload(NzOutlets *self);

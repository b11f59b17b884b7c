/* SPDX-License-Identifier: Apache-2.0 */
/* The entries of one layer on their way from the thread that reads it to the one that stacks the
 * layers.
 *
 * Layers are read side by side but take effect from the bottom up. A log holds what was read too
 * early, packed: a path is written as what differs from the one before it. All logs of an image
 * share a budget. Past it the writers of higher layers wait for their turn; that of the layer whose
 * turn it is waits only while the reader has blocks of it to go on with, so one of the two always
 * can. */
#pragma once

#include "core/error.h"
#include "rootfs/capture.h"

typedef struct NzLogBudget NzLogBudget;
typedef struct NzLayerLog NzLayerLog;

/* MAX bytes for all logs together. With WAIT, a writer past it waits until it is its layer's turn;
 * without, it gets an error. */
NzLogBudget *nz_log_budget_new(gsize max, gboolean wait);
NzLogBudget *nz_log_budget_ref(NzLogBudget *self);
void nz_log_budget_unref(NzLogBudget *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NzLogBudget, nz_log_budget_unref)

/* Says that layer INDEX is the one being stacked now. */
void nz_log_budget_set_turn(NzLogBudget *self, guint index);

/* Lets all writers go on, to fail at their next entry. */
void nz_log_budget_cancel(NzLogBudget *self);

/* INDEX is the layer's place, 0 at the bottom. */
NzLayerLog *nz_layer_log_new(NzLogBudget *budget, guint index);
NzLayerLog *nz_layer_log_ref(NzLayerLog *self);
void nz_layer_log_unref(NzLayerLog *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NzLayerLog, nz_layer_log_unref)

/* --- the writer --- */
gboolean nz_layer_log_append(NzLayerLog *self, const NzEntry *entry, GError **error);
/* Hands on what was not yet: for a log that is not closed. */
gboolean nz_layer_log_flush(NzLayerLog *self, GError **error);
/* Ends the log. ERROR (taken, may be NULL): the layer could not be read to its end. */
void nz_layer_log_close(NzLayerLog *self, GError *error);

/* --- entries that outlive the run --- */
/* Before the first entry: keeps a copy of what is written, of MAX bytes at most, and of
 * NZ_FACTS_COPIES_MAX for all logs of the budget that are not closed. */
void nz_layer_log_copy(NzLayerLog *self, gsize max);
/* After the last, before closing: the copy; NULL when it would be longer. */
GBytes *nz_layer_log_take_copy(NzLayerLog *self);
/* FALSE when DATA is no such copy, whole, or when it was made without WANTED (may be NULL) and
 * holds one of those files without its content. */
gboolean nz_layer_log_copy_serves(const void *data, gsize len, const NzWanted *wanted);
/* Appends what a copy, which serves, holds. */
gboolean nz_layer_log_replay(NzLayerLog *self, const void *data, gsize len, GError **error);

/* Of a log that is read by the thread that writes it: TAKE reads what lies ready, after which a
 * cursor is at its end for this time. It is called when a block is full; what it says is the
 * writer's error. */
typedef gboolean (*NzLogTake)(gpointer data, GError **error);
void nz_layer_log_set_take(NzLayerLog *self, NzLogTake take, gpointer data);

/* --- a layer with several writers ---
 * Each but the first writes into a branch, and never has the turn of its layer before all that
 * comes before is written. */
NzLayerLog *nz_layer_log_branch(NzLayerLog *self);
/* Puts what is in BRANCH behind what is in SELF, and from now on what its writer still hands on.
 * SELF's own writer has flushed it and writes no more; a branch of a branch there is not. SELF must
 * outlive BRANCH. */
void nz_layer_log_join(NzLayerLog *self, NzLayerLog *branch);
/* Frees what is in a branch that nobody will read; its writer fails at its next entry. */
void nz_layer_log_drop(NzLayerLog *branch);

/* --- the reader --- */
/* Starts reading at the first entry (again). A log that is read more than once must be kept:
 * see KEEP. */
typedef struct NzLogCursor NzLogCursor;
/* With KEEP the entries stay for another cursor; without, they are freed as they are read. */
NzLogCursor *nz_log_cursor_new(NzLayerLog *log, gboolean keep);
void nz_log_cursor_free(NzLogCursor *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NzLogCursor, nz_log_cursor_free)
/* 1: *ENTRY is the next, valid until the next call. 0: the end. -1: the layer's error. Waits for
 * the writer. */
int nz_log_cursor_next(NzLogCursor *self, NzEntry *entry, GError **error);

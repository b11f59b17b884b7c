/* SPDX-License-Identifier: Apache-2.0 */
/* The live view: containers by verdict, the newest root processes, rates and losses, on the whole
 * terminal. */
#pragma once

#include "core/error.h"
#include "runtime/ledger.h"

typedef struct NzView NzView;

/* Takes over the terminal IN and OUT: keys come one by one, and what was on the screen comes back
 * when SELF is freed. An error when they are none. */
NzView *nz_view_new(int in, int out, gboolean color, GError **error);
void nz_view_free(NzView *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NzView, nz_view_free)

/* A root process, newest last. */
void nz_view_root(NzView *self, const NzRunning *container, const NzRootFact *root,
                  gboolean excepted, gint64 time);

/* Reads the keys that are there. FALSE: the user wants to end. */
gboolean nz_view_keys(NzView *self);

typedef struct {
  const char *mode;  /* "bpf", or why it polls */
  gint64 now, began; /* microseconds since 1970 */
} NzViewInfo;

/* Draws what changed. Called a few times a second, after a key and when the window changed. */
void nz_view_draw(NzView *self, const NzLedger *ledger, const NzViewInfo *info);

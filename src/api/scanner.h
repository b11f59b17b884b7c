/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of a scanner. */
#pragma once

#include "api/api.h"
#include "image/engine.h"
#include "scan/base.h"
#include "scan/scan.h"

struct nonzero_scanner {
  NzControl control;
  gint cancelled; /* for good, where the control's is for one image */
  char *platform, *user, *base_source;
  const char *profile; /* of nz_profiles; NULL: what the policy says */
  guint ratio;
  gboolean verify;
  /* What stands over the policy's file, whatever the order in which it was said. */
  GPtrArray *ignored; /* char * */
  char *fail_on;
  NzDay today; /* 0: this day */
  NzPolicy *policy;
  NzBase *base;             /* opened when first asked for */
  NzFetch *fetch;           /* NULL: nothing asked for it yet */
  GError *fetch_failed;     /* why it could not be started: it is not tried again */
  GPtrArray *fetch_options; /* char *: for the program that fetches */
  NzHost *host;             /* the engines' stores, as far as inputs asked for them */
  NzReport *report;
  gsize kept; /* bytes of the report's subjects */
  nonzero_events events;
  void *data;
};

/* Tells the events. */
void nz_scanner_note(const nonzero_scanner *self, const char *text);

/* Starts the program that fetches, where INPUT needs it. Before the confinement, which does not let
 * programs start. */
gboolean nz_scanner_start_fetch(nonzero_scanner *self, const char *input, GError **error);

/* Judges INPUT, which must be one image. FALSE with the error noted. */
gboolean nz_scanner_judge_only(nonzero_scanner *self, const char *input);

/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of a scanner. */
#pragma once

#include "api/api.h"
#include "image/engine.h"
#include "image/fetch.h"
#include "scan/base.h"
#include "scan/scan.h"

struct nonzero_scanner {
  NzControl control;
  char *platform, *user, *base_source;
  const char *profile; /* of nz_profiles; NULL: what the policy says */
  guint ratio;
  gboolean verify;
  /* What stands over the policy's file, whatever the order in which it was said. */
  GPtrArray *ignored; /* char * */
  char *fail_on;
  NzDay today; /* 0: this day */
  NzPolicy *policy;
  NzBase *base; /* opened when first asked for */
  NzHost *host; /* the engines' stores, as far as inputs asked for them */
  gboolean no_cache;
  char *cache_directory; /* NULL: the default */
  NzCacheProcess *cache; /* started by the confinement */
  NzFacts *facts;
  NzFetch *fetch; /* started before the process is confined, where a store is asked by its socket */
  NzReport *report;
  gsize kept; /* bytes of the report's subjects */
  nonzero_events events;
  void *data;
};

/* Tells the events. */
void nz_scanner_note(const nonzero_scanner *self, const char *text);

/* Judges INPUT, which must be one image. FALSE with the error noted. */
gboolean nz_scanner_judge_only(nonzero_scanner *self, const char *input);

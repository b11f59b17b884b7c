/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of a scanner. */
#pragma once

#include "api/api.h"
#include "api/lint.h"
#include "build/base.h"
#include "image/board.h"
#include "image/engine.h"
#include "image/fetch.h"
#include "scan/base.h"
#include "scan/scan.h"

struct nonzero_scanner {
  NzControl control;
  NzBoard *board; /* layers at work, for nonzero_scanner_layers() */
  char *platform, *user, *base_source;
  const char *profile; /* of nz_profiles; NULL: what the policy says */
  guint ratio;
  gboolean verify, pull;
  /* What stands over the policy's file, whatever the order in which it was said. */
  GPtrArray *ignored; /* char * */
  char *fail_on;
  NzDay today; /* 0: this day */
  NzPolicy *policy;
  NzBase *base; /* opened when first asked for */
  NzHost *host; /* the engines' stores, as far as inputs asked for them */
  guint jobs;   /* images at once; 0: one */
  gboolean no_cache;
  char *cache_directory; /* NULL: the default */
  NzCacheProcess *cache; /* started by the confinement */
  NzFacts *facts;
  NzFetch *fetch;           /* NULL: nothing asked for it yet */
  GError *fetch_failed;     /* why it could not be started: it is not tried again */
  GPtrArray *fetch_options; /* char *: for the program that fetches */
  GMutex mutex; /* guards what follows, and BASE and the policy's counts, from threads that judge */
  NzReport *report;
  gsize kept;     /* bytes of the subjects so far */
  guint n_judged; /* how many they are */
  NzLintSettings lint;
  nonzero_events events;
  void *data;
};

/* What became of one input, before it is put into the report. */
typedef struct {
  GPtrArray *subjects; /* NzSubject */
  GPtrArray *errors;   /* NzReportError */
} NzOutcome;

NzOutcome *nz_outcome_new(void);
void nz_outcome_free(NzOutcome *self);
/* Moves what OUTCOME holds into the report, and frees it. FALSE when there were errors. */
gboolean nz_scanner_take(nonzero_scanner *self, NzOutcome *outcome);

/* Makes ready to open INPUTS (NULL-terminated): the engines' stores, the programs that help. */
void nz_scanner_prepare(nonzero_scanner *self, const char *const *inputs);
/* The options of the scans to come, and the profile of the report. */
NzScanOptions nz_scanner_scan_options(nonzero_scanner *self);
NzOpenOptions nz_scanner_open_options(const nonzero_scanner *self);

/* Judges the images of INPUT, which was prepared. Several threads may do so. */
void nz_scanner_judge_input(nonzero_scanner *self, const char *input, NzOutcome *outcome);
/* Notes in OUTCOME what could not be judged; IMAGE may be NULL. */
void nz_scanner_fail(nonzero_scanner *self, NzOutcome *outcome, const char *source,
                     const char *image, const GError *error);

/* FALSE with the error noted when nothing more can be kept. IMAGE may be NULL. */
gboolean nz_scanner_has_room(nonzero_scanner *self, const char *input, const char *image,
                             NzOutcome *outcome);
/* Lays the policy over SUBJECT (owned) and keeps it. */
void nz_scanner_add_subject(nonzero_scanner *self, NzSubject *subject, NzOutcome *outcome);

/* Finds the stores in which base images may be, once; before the confinement, if there is one. */
void nz_scanner_prepare_bases(nonzero_scanner *self);

/* What a build that begins with the image NAME begins with, where SOURCE is at hand; else NULL. A
 * registry is asked for no more than what NEED says. */
NzBuildBase *nz_scanner_image_base(nonzero_scanner *self, const char *name, const char *source,
                                   const char *platform, NzImageNeed need);

/* Tells the events. */
void nz_scanner_note(const nonzero_scanner *self, const char *text);

/* TRUE when INPUTS (NULL-terminated), or an engine that was found, are asked over a network or a
 * socket. */
gboolean nz_scanner_needs_fetch(const nonzero_scanner *self, const char *const *inputs);
/* Starts the program that fetches where they are, before the confinement, which does not let one
 * start. */
void nz_scanner_start_fetch(nonzero_scanner *self, const char *const *inputs);
/* How many layers of an image are read at once. */
guint nz_scanner_workers(const nonzero_scanner *self);

/* Judges INPUT, which must be one image. FALSE with the error noted. */
gboolean nz_scanner_judge_only(nonzero_scanner *self, const char *input);

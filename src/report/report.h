/* SPDX-License-Identifier: Apache-2.0 */
/* Reports: findings -> bytes. A format sees const findings and prints; it decides nothing.
 *
 * To add one: a file with a const NzReportFormat, and a line in the table of report.c. */
#pragma once

#include <stdio.h>

#include "core/diff.h"
#include "core/error.h"
#include "core/finding.h"

typedef struct {
  char *source;  /* as the user named it */
  char *message; /* what is wrong with it */
} NzReportError;

typedef struct {
  const char *profile;
  char *policy;             /* the file that it goes by, printable; or NULL */
  char *command;            /* what was run, for people; or NULL */
  gint64 started, finished; /* microseconds since 1970; 0: not measured */
  GPtrArray *subjects;      /* NzSubject */
  GPtrArray *errors;        /* NzReportError: what could not be judged */
  NzDiff *diff;             /* of the two subjects, when they were compared; or NULL */
} NzReport;

NzReport *nz_report_new(void);
void nz_report_free(NzReport *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NzReport, nz_report_free)

NzReportError *nz_report_error_new(const char *source, const char *message);
void nz_report_error_free(NzReportError *self);

/* Fail if a subject fails; unknown if one is, if something could not be judged, or nothing was. */
NzVerdict nz_report_verdict(const NzReport *self);

/* How many subjects have each verdict, by NzVerdict. */
void nz_report_count(const NzReport *self, guint counts[NZ_VERDICT_FAIL + 1]);

/* "3 images", "1 Dockerfile and 2 services": what was judged. */
char *nz_report_subjects(const NzReport *self);

/* The exit code of the contract: 0 pass, 1 fail or unknown, 2 something could not be judged. */
int nz_report_exit_code(const NzReport *self);

typedef struct {
  gboolean color;
  gboolean verbose;
  gboolean streamed; /* the subjects were written before, each as it was finished */
} NzReportStyle;

typedef struct {
  const char *name; /* "json" */
  const char *help;
  void (*write)(const NzReport *report, const NzReportStyle *style, FILE *out);
  /* Writes a subject alone, where that can be done before the whole is known; or NULL. */
  void (*write_subject)(const NzSubject *subject, const NzReportStyle *style, FILE *out);
} NzReportFormat;

extern const NzReportFormat nz_format_text, nz_format_json, nz_format_html, nz_format_sarif,
    nz_format_junit, nz_format_cnf, nz_format_github, nz_format_gitlab, nz_format_summary,
    nz_format_ndjson;

const NzReportFormat *nz_report_format_find(const char *name);
/* The format number I, NULL past the last. */
const NzReportFormat *nz_report_format_at(guint i);

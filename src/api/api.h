/* SPDX-License-Identifier: Apache-2.0 */
/* What the files behind include/nonzero.h share. */
#pragma once

#include <nonzero.h>

#include "policy/policy.h"
#include "report/report.h"

/* A report, and the policy that its findings borrow from. */
struct nonzero_report {
  NzReport *report;
  NzPolicy *policy;
  GPtrArray *fixable; /* see nz_api_find_fixable() */
};

/* The files of SUBJECTS for which there are fixes. Subjects of one file follow each other. */
GPtrArray *nz_api_find_fixable(const GPtrArray *subjects);

/* Two subjects compared, and the report that holds what it borrows. */
struct nonzero_diff {
  nonzero_report *both; /* subjects: OLD, NEW */
  NzReport *comparison; /* prints both sides */
};

/* Sets *ERROR, unless ERROR is NULL, to a copy of MESSAGE that free() takes. */
void nz_api_set_error(char **error, const char *message);

/* Prints REPORT as FORMAT, flushes, and says what went wrong. */
int nz_api_write(const NzReport *report, const NzReportFormat *format, FILE *out, unsigned flags,
                 char **error);

/* SPDX-License-Identifier: Apache-2.0 */
/* Between the files of the html report. All bytes that come from an image, a name or a policy go
 * through nz_html_text(), in text and in attributes alike. */
#pragma once

#include "report/report.h"

/* TEXT made printable and escaped for text and for attributes in double quotes; NULL is nothing. */
void nz_html_text(FILE *out, const char *text);

/* The same for a sentence, its `words in backticks` as code. */
void nz_html_sentence(FILE *out, const char *text);

/* A level or a verdict as a coloured word. */
void nz_html_badge(FILE *out, const char *word);

/* Findings that count, those of each level, and those that are excepted. */
typedef struct {
  guint levels[NZ_LEVEL_FAIL + 1];
  guint counted, undecided, excepted;
} NzHtmlCounts;

NzHtmlCounts nz_html_count(const NzSubject *s);

/* The verdict on one subject with all that was found; INDEX makes its anchors. */
void nz_html_subject(FILE *out, const NzSubject *s, guint index);

/* Its tables: findings that count, by package, and the excepted. */
void nz_html_findings(FILE *out, const NzSubject *s, guint index);
void nz_html_excepted(FILE *out, const NzSubject *s, guint index);

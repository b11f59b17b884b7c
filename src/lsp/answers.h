/* SPDX-License-Identifier: Apache-2.0 */
/* What is said of a document: each a new value, the caller's. */
#pragma once

#include "lsp/document.h"

/* What the editor can show. */
typedef struct {
  NzUnits units;
  gboolean markdown;         /* in a hover */
  gboolean literal_actions;  /* code actions, and not commands alone */
  gboolean disabled_actions; /* shown with a reason */
  gboolean versioned_edits;  /* an edit names the version it is of */
} NzEditor;

/* TEXT as a string; where it is no UTF-8, made printable. */
json_t *nz_json_of_text(const char *text);

/* An array of Diagnostic. */
json_t *nz_diagnostics(const NzDocument *doc);
/* The Diagnostic of F, a finding of S. */
json_t *nz_diagnostic(const NzDocument *doc, const NzSubject *s, const NzFinding *f);

/* A Hover, or null. */
json_t *nz_hover(const NzDocument *doc, gsize offset, const NzEditor *editor);

/* An array of CodeAction for bytes START to END. ONLY: an array of kinds that are wanted, or NULL.
 */
json_t *nz_code_actions(const NzDocument *doc, gsize start, gsize end, const json_t *only,
                        const NzEditor *editor);
#define NZ_ACTION_QUICKFIX "quickfix"
#define NZ_ACTION_FIX_ALL  "source.fixAll.nonzero"

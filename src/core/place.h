/* SPDX-License-Identifier: Apache-2.0 */
/* Places in source files, and edits of them. */
#pragma once

#include <glib.h>

/* A part of a source file: bytes start to end (exclusive) of it. Lines and columns count from 1,
 * columns in Unicode code points, a byte that is no UTF-8 as one; end_column is that of the first
 * character after the part. */
typedef struct {
  char *file; /* as it was named, printable */
  guint32 start, end;
  guint line, column, end_line, end_column;
} NzPlace;

NzPlace *nz_place_copy(const NzPlace *self);
char *nz_place_text(const NzPlace *self); /* "app/Dockerfile:7:6" */
/* By file, then where they begin and end; NULL, which is no place, is before all others. */
int nz_place_compare(const NzPlace *a, const NzPlace *b);
/* What follows "FILE:LINE:COLUMN: " in MESSAGE, an error of a source's reader, with where that is;
 * NULL: it does not begin so. */
const char *nz_place_of_message(const char *message, const char *file, guint *line, guint *column);
void nz_place_free(NzPlace *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NzPlace, nz_place_free)

/* TEXT instead of what stands at PLACE; an empty place inserts. */
typedef struct {
  NzPlace *place;
  char *text;
} NzEdit;

NzEdit *nz_edit_new(NzPlace *place, const char *text); /* takes PLACE */
void nz_edit_free(NzEdit *self);
/* By place, each once. */
void nz_edits_sort(GPtrArray *edits);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NzEdit, nz_edit_free)

/* Edits that belong together. Either they were verified, or they are but a proposal, for a reason.
 * Several subjects may have one. */
typedef struct NzFix NzFix;
struct NzFix {
  gatomicrefcount refs;
  char *title;      /* "start as 65532:65532" */
  char *refused;    /* why it may not be applied; NULL: it was verified, and may */
  GPtrArray *edits; /* NzEdit, by place; they do not overlap, and all are of one file */
  NzFix *instead;   /* what these edits hold, too, so that they stand instead of it; or NULL */
  char *patch;      /* the same as a strategic merge patch of Kustomize, a document of YAML; NULL:
                       it cannot be said as one */
};

NzFix *nz_fix_new(const char *title);
NzFix *nz_fix_ref(NzFix *self);
void nz_fix_free(NzFix *self); /* gives a reference back */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NzFix, nz_fix_free)

/* SPDX-License-Identifier: Apache-2.0 */
/* Unit files as systemd.syntax(7) has them, with the place of each value. */
#pragma once

#include "build/source.h"
#include "core/error.h"

typedef struct {
  const char *section; /* of the unit's */
  char *key, *value;   /* the value's lines joined, blanks at both ends gone; may be "" */
  NzSourceFile *source;
  NzSpan key_span, span; /* of key and value */
  GArray *pieces;        /* NzPiece: where the value's bytes stand */
} NzUnitEntry;

typedef struct {
  char *text; /* quotes and escapes gone */
  NzSpan span;
  const NzUnitEntry *entry;
} NzUnitWord;

typedef struct {
  GPtrArray *entries;  /* NzUnitEntry, in order */
  GPtrArray *sections; /* char *, each once */
} NzUnit;

NzUnit *nz_unit_new(void);
void nz_unit_free(NzUnit *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NzUnit, nz_unit_free)

/* Adds what SOURCE says behind what is there, as a drop-in is. SOURCE must live as long. */
gboolean nz_unit_read(NzUnit *self, NzSourceFile *source, GError **error);

gboolean nz_unit_has(const NzUnit *self, const char *section);
/* The last KEY of SECTION, if it is not empty; or NULL. */
const NzUnitEntry *nz_unit_last(const NzUnit *self, const char *section, const char *key);
/* All of them (NzUnitEntry, not owned) since an empty one. */
GPtrArray *nz_unit_all(const NzUnit *self, const char *section, const char *key);
/* The words (NzUnitWord) of all of them, as systemd splits a command. An unclosed quote is an
 * error. */
GPtrArray *nz_unit_words(const NzUnit *self, const char *section, const char *key, GError **error);

/* "NAME:LINE:COLUMN: " and what is wrong; FALSE. */
gboolean nz_unit_fail(NzSourceFile *source, guint32 at, GError **error, const char *format, ...)
    G_GNUC_PRINTF(4, 5);

/* SPDX-License-Identifier: Apache-2.0 */
/* A source file in memory, and where things stand in it. */
#pragma once

#include "core/place.h"

/* Bytes start to end (exclusive) of a source file. */
typedef struct {
  guint32 start, end;
} NzSpan;

typedef struct {
  char *name;       /* as it was named, printable */
  const char *data; /* len bytes and a NUL after them */
  gsize len;        /* at most NZ_SOURCE_MAX */
  GBytes *bytes;
  GArray *lines; /* guint32: where each line begins; made when first asked for */
  GArray *marks; /* of long lines, places whose column is known; made with LINES */
} NzSourceFile;

/* Takes a copy of LEN bytes of DATA; the caller has seen that they are no more than
 * NZ_SOURCE_MAX. */
NzSourceFile *nz_source_new(const char *name, const char *data, gsize len);
void nz_source_free(NzSourceFile *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NzSourceFile, nz_source_free)

/* The line of OFFSET, from 1, and the column in code points, from 1; COLUMN may be NULL. */
guint nz_source_line(NzSourceFile *self, guint32 offset, guint *column);

/* Where the line of OFFSET begins. NEXT, which may be NULL: where the one after it does, or the
 * file ends. A file may be one line, so that this is not searched for byte by byte. */
guint32 nz_source_line_begin(const NzSourceFile *self, guint32 offset, guint32 *next);

NzPlace *nz_source_place(NzSourceFile *self, NzSpan span);

/* Text that was put together of parts of a source file: lines that were continued, quotes taken
 * away. */
typedef struct {
  guint32 at;     /* from here on the text */
  guint32 offset; /* stands here in the file */
} NzPiece;

typedef struct {
  char *data; /* len bytes and a NUL */
  gsize len;
  GArray *pieces; /* NzPiece, by at; the first is at 0 */
  guint32 end;    /* where the last byte's place in the file ends */
} NzJoined;

NzJoined *nz_joined_new(void);
void nz_joined_free(NzJoined *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NzJoined, nz_joined_free)

/* LEN bytes of TEXT, which stand at OFFSET of the file and the bytes after it. */
void nz_joined_append(NzJoined *self, const char *text, gsize len, guint32 offset);

/* Bytes START to END (exclusive) as a text of their own. */
NzJoined *nz_joined_slice(const NzJoined *self, gsize start, gsize end);

/* Where bytes START to END (exclusive) of the text stand in the file. */
NzSpan nz_joined_span(const NzJoined *self, gsize start, gsize end);

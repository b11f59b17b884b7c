/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the Dockerfile parser share. A line here is a logical one: continuations
 * joined, comments and blank lines in it gone. Parts of it are [start, end) of its text. */
#pragma once

#include "build/dockerfile.h"
#include "core/error.h"

/* A part of the line that is a token of the file. */
typedef struct {
  NzTokenKind kind;
  gsize start, end;
} NzMark;

typedef struct {
  NzSourceFile *source;
  NzJoined *line;
  GArray *marks; /* NzMark, in order */
  char escape;
} NzLineParser;

/* Sets the error "NAME:LINE:COLUMN: MESSAGE" at OFFSET of the file. */
void nz_dockerfile_fail(NzSourceFile *source, guint32 offset, NzError code, const char *message,
                        GError **error);

/* FALSE, with the error "NAME:LINE:COLUMN: ..." at OFFSET of the file, or of the line. */
gboolean nz_dockerfile_refuse(NzSourceFile *source, guint32 offset, GError **error,
                              const char *format, ...) G_GNUC_PRINTF(4, 5);
gboolean nz_line_refuse(const NzLineParser *parser, gsize at, GError **error, const char *format,
                        ...) G_GNUC_PRINTF(4, 5);

/* --- dockerfile_lines.c --- */

/* All tokens and instructions of FILE's source. */
gboolean nz_dockerfile_read(NzDockerfile *file, GError **error);

/* --- dockerfile_directive.c --- */

/* Takes the directive of the comment from its "#" at START to END, if it is one: then *FOUND. SEEN
 * is which there were, 0 at first. */
gboolean nz_dockerfile_directive(NzDockerfile *file, gsize start, gsize end, guint *seen,
                                 gboolean *found, GError **error);

/* --- dockerfile_words.c --- */

void nz_line_mark(NzLineParser *parser, NzTokenKind kind, gsize start, gsize end);
/* Moves START and END over spaces. */
void nz_line_trim(const NzLineParser *parser, gsize *start, gsize *end);
/* The end of the word at START: before the next blank. */
gsize nz_line_word_end(const NzLineParser *parser, gsize start, gsize end);
/* After the blanks at START. */
gsize nz_line_skip_blanks(const NzLineParser *parser, gsize start, gsize end);
/* Adds the flags at START, and is where the rest begins. */
gsize nz_line_flags(NzLineParser *parser, gsize start, gsize end, GPtrArray *flags);
/* The words between blanks. */
void nz_line_words(NzLineParser *parser, gsize start, gsize end, GPtrArray *words);
NzWord *nz_line_word(const NzLineParser *parser, gsize start, gsize end);
/* KEY=VALUE, or KEY VALUE, of ENV, LABEL, ARG. */
gboolean nz_line_pairs(NzLineParser *parser, gsize start, gsize end, NzInstruction *instruction,
                       GError **error);
void nz_word_free(gpointer self);

/* --- dockerfile_json.c --- */

typedef enum {
  NZ_DOCKER_JSON,       /* an array of strings: they are in the words */
  NZ_DOCKER_JSON_NONE,  /* not JSON: it is read otherwise */
  NZ_DOCKER_JSON_MIXED, /* an array, but not only of strings: an error */
  NZ_DOCKER_JSON_NUL,   /* a string with a NUL in it, which no argument can have */
} NzDockerJson;

NzDockerJson nz_line_json(const NzLineParser *parser, gsize start, gsize end, GPtrArray *words);

/* --- dockerfile_instruction.c --- */

/* One instruction, with what it triggers. */
NzInstruction *nz_line_instruction(NzLineParser *parser, gsize start, gsize end, GError **error);

/* --- dockerfile_check.c --- */

/* The arguments and flags that KIND asks for and allows. */
gboolean nz_line_check(const NzLineParser *parser, const NzInstruction *instruction, gsize rest,
                       GError **error);

/* --- dockerfile_heredoc.c --- */

typedef struct {
  char *name;
  gboolean expand, chomp; /* chomp: "<<-" */
} NzHeredocStart;

void nz_heredoc_start_free(gpointer self);
/* Those that a line begins, NzHeredocStart in order; NULL with an error. */
GPtrArray *nz_heredoc_starts(const char *line, GError **error);
/* Is this word of COPY one? */
gboolean nz_heredoc_is_start(const char *word);

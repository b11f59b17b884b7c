/* SPDX-License-Identifier: Apache-2.0 */
/* Dockerfiles (Containerfiles), read as BuildKit's parser reads them, with the place of every
 * token. Nothing is evaluated here: variables stand as they were written. */
#pragma once

#include "build/source.h"

typedef enum {
  NZ_DOCKER_FROM,
  NZ_DOCKER_ADD,
  NZ_DOCKER_ARG,
  NZ_DOCKER_CMD,
  NZ_DOCKER_COPY,
  NZ_DOCKER_ENTRYPOINT,
  NZ_DOCKER_ENV,
  NZ_DOCKER_EXPOSE,
  NZ_DOCKER_HEALTHCHECK,
  NZ_DOCKER_LABEL,
  NZ_DOCKER_MAINTAINER,
  NZ_DOCKER_ONBUILD,
  NZ_DOCKER_RUN,
  NZ_DOCKER_SHELL,
  NZ_DOCKER_STOPSIGNAL,
  NZ_DOCKER_USER,
  NZ_DOCKER_VOLUME,
  NZ_DOCKER_WORKDIR,
  NZ_DOCKER_N
} NzDockerKind;

/* "FROM", "ADD", ... */
const char *nz_docker_kind_name(NzDockerKind kind);

/* What the file is made of. The tokens of a file follow each other without a gap: printed one after
 * the other they are the file again. */
typedef enum {
  NZ_TOKEN_BLANK,        /* spaces, tabs, ends of lines, a byte order mark */
  NZ_TOKEN_COMMENT,      /* "# ..." without the end of its line */
  NZ_TOKEN_DIRECTIVE,    /* "# syntax=..." likewise */
  NZ_TOKEN_KEYWORD,      /* "RUN"; of a trigger too */
  NZ_TOKEN_FLAG,         /* "--from=build" */
  NZ_TOKEN_ARGUMENT,     /* a word of the rest, or a piece of shell text between continuations */
  NZ_TOKEN_CONTINUATION, /* "\", the blanks after it and the end of the line */
  NZ_TOKEN_HEREDOC,      /* the body of one, with its last line, the terminator */
} NzTokenKind;

typedef struct {
  NzTokenKind kind;
  NzSpan span;
} NzToken;

typedef struct {
  char *text;  /* quotes and variables as written, for JSON what the string holds */
  NzSpan span; /* of a JSON string with its quotes */
} NzWord;

typedef struct {
  char *name;  /* "from" */
  char *value; /* quotes and escapes gone, variables as written; NULL: there is no "=" */
  NzSpan span, value_span;
} NzDockerFlag;

/* KEY=VALUE of ENV, ARG and LABEL. */
typedef struct {
  char *key, *value; /* as written, with quotes; value is NULL where ARG gives none */
  NzSpan span, value_span;
} NzDockerPair;

typedef struct {
  char *name;      /* "EOF" */
  gboolean expand; /* the name was not quoted: variables count */
  NzJoined *body;  /* without the terminator; leading tabs are gone with "<<-" */
} NzHeredoc;

typedef struct NzInstruction NzInstruction;
struct NzInstruction {
  NzDockerKind kind;
  NzSpan keyword;
  NzSpan span;          /* from the keyword to the end of its last line, heredocs too, without the
                           line's end */
  GPtrArray *flags;     /* NzDockerFlag */
  NzJoined *rest;       /* what follows keyword and flags: continuations joined, comments and blank
                           lines between them gone, blanks at both ends gone. May be empty */
  gboolean json;        /* the rest is a JSON array of strings (exec form) */
  GPtrArray *words;     /* NzWord: the strings of the JSON form; else, where the instruction is read
                           word by word (FROM, ADD, COPY, EXPOSE, VOLUME), its words; where it is one
                           word (USER, WORKDIR, STOPSIGNAL), that one, if it is not empty; else none */
  GPtrArray *pairs;     /* NzDockerPair: of ENV, ARG, LABEL */
  GPtrArray *heredocs;  /* NzHeredoc, in order; those of a trigger are the inner instruction's */
  NzInstruction *inner; /* what ONBUILD triggers, never NULL there; of HEALTHCHECK the CMD, NULL for
                           NONE; else NULL */
};

typedef struct {
  NzSourceFile *source;    /* not owned */
  GArray *tokens;          /* NzToken */
  GPtrArray *instructions; /* NzInstruction, in order */
  char escape;             /* '\\' or '`' */
  char *syntax, *check;    /* values of directives, or NULL */
} NzDockerfile;

/* Parses SOURCE, which must live as long as the result. What BuildKit's parser refuses is an error:
 * "NAME:LINE:COLUMN: what is wrong". */
NzDockerfile *nz_dockerfile_parse(NzSourceFile *source, GError **error);
void nz_dockerfile_free(NzDockerfile *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NzDockerfile, nz_dockerfile_free)

/* One instruction alone, as ONBUILD keeps it in an image's configuration ("RUN make"). SOURCE holds
 * just that. */
NzInstruction *nz_instruction_parse(NzSourceFile *source, GError **error);
void nz_instruction_free(NzInstruction *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NzInstruction, nz_instruction_free)

/* The value of the flag NAME, NULL when there is none ("" when it has no value). */
const NzDockerFlag *nz_instruction_flag(const NzInstruction *self, const char *name);

/* The file again, from its tokens. */
char *nz_dockerfile_print(const NzDockerfile *self, gsize *len);

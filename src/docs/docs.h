/* SPDX-License-Identifier: Apache-2.0 */
/* What is made from the verbs' tables when nonzero is built: completions and man pages. To add a
 * kind: a file with a writer, and a line in the table of main.c. */
#pragma once

#include "cmd/cmd.h"

typedef enum {
  NZ_VALUE_NONE,  /* a switch */
  NZ_VALUE_TEXT,  /* anything */
  NZ_VALUE_WORDS, /* one of some words */
  NZ_VALUE_PATH,
} NzValueKind;

typedef struct {
  const GOptionEntry *entry;
  NzValueKind kind;
  char *words; /* of NZ_VALUE_WORDS, with blanks between them */
  gboolean repeats;
} NzDocOption;

/* A verb, ready to be described. */
typedef struct {
  const NzCommand *command;
  GPtrArray *options; /* NzDocOption: those that are not hidden, and --help */
  char *words;        /* what may follow the options, with blanks between; or "" */
  gboolean paths;     /* files may follow the options */
} NzDocVerb;

/* All verbs (NzDocVerb), in the order of their table. */
GPtrArray *nz_doc_verbs(void);

/* "docker-archive: oci-archive: ...": what may stand before a path. */
char *nz_doc_prefixes(void);

/* Those after which a name comes: "docker:// containers-storage: ...". */
char *nz_doc_name_prefixes(void);

/* TEXT without the backquotes around what is to be typed. */
char *nz_doc_plain(const char *text);

char *nz_doc_bash(const GPtrArray *verbs);
char *nz_doc_zsh(const GPtrArray *verbs);
char *nz_doc_fish(const GPtrArray *verbs);

/* The page of VERB, or with NULL that of the whole program. PROSE is hand-written text in the
 * macros of man(7), or NULL. In it, a line `.\" @PART` stands for what is made here. */
char *nz_doc_man(const GPtrArray *verbs, const NzDocVerb *verb, const char *prose,
                 const char *date);

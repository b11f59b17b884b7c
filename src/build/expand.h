/* SPDX-License-Identifier: Apache-2.0 */
/* Variables and quotes in the words of a Dockerfile, as BuildKit's shell.Lex reads them. */
#pragma once

#include <glib.h>

/* What stands in the variable NAME; NULL: it is unset. Owned by what DATA is. */
typedef const char *(*NzLookup)(const char *name, gpointer data);

typedef struct {
  NzLookup lookup;
  gpointer data;
  char escape;       /* of the file: '\\' or '`' */
  gboolean keep_raw; /* quotes and escapes stay (shell.Lex's RawQuotes and RawEscapes) */
  GPtrArray *used;   /* char *: each variable that was asked for, once, in order; may be NULL */
  GPtrArray *unset;  /* char *: those that were unset and had no default; may be NULL */
  /* Of both no more than NZ_EXPAND_NAMES_MAX are listed. */
  gboolean keep_unset;   /* what names an unset variable stays as it is (SkipUnsetEnv) */
  gboolean plain_quotes; /* quotes are characters like others, as in heredocs (SkipProcessQuotes) */
  guint64 *budget; /* bytes that all expansions together may still copy; used up: an error that
                      says so. NULL: NZ_EXPAND_WORK_MAX for this one */
} NzExpand;

/* WORD with variables expanded and quotes taken away, as one word: `$v ${v} ${v:-x} ${v-x} ${v:+x}
 * ${v+x} ${v:?x} ${v?x} ${v#p} ${v##p} ${v%p} ${v%%p} ${v/p/r} ${v//p/r}`, nested. At most
 * NZ_SOURCE_MAX bytes. An error has no position: the caller knows the word's. */
char *nz_expand_word(const char *word, const NzExpand *how, GError **error);

/* The same, split at blanks that are not quoted and not from variables' quotes. */
GStrv nz_expand_words(const char *text, const NzExpand *how, GError **error);

/* SPDX-License-Identifier: Apache-2.0 */
/* Shell text (RUN, scripts, sh -c) split as a POSIX shell and bash split it: into simple commands
 * of words, quotes taken away. Nothing is run and no file is looked at. */
#pragma once

#include <glib.h>

typedef struct {
  char *text;       /* quotes gone; what cannot be known stands as it was written ("$(id -u)") */
  gsize start, end; /* where it stands in the text that was split */
  gboolean known;   /* nothing in it depends on what only a running shell knows */
  gboolean quoted;  /* some of it was quoted: it is no keyword, no tilde */
  gboolean glob;    /* "*", "?" or "[" in it were not quoted: it stands for files that match */
} NzShellWord;

typedef struct {
  char *op;          /* "<", ">", ">>", "<<", "<<<", ">&", ...; a number before it is in fd */
  int fd;            /* -1: none was written */
  NzShellWord *word; /* a file, or the text of a heredoc or here-string */
} NzShellRedirect;

typedef enum {
  NZ_SHELL_ALWAYS, /* the first, or after ";", "&", a new line */
  NZ_SHELL_AND,    /* after "&&" */
  NZ_SHELL_OR,     /* after "||": runs when the one before failed */
  NZ_SHELL_PIPE,   /* reads what the one before writes */
} NzShellJoin;

typedef struct {
  GPtrArray *assignments; /* NzShellWord: "NAME=value" before the command */
  GPtrArray *words;       /* NzShellWord; the first is the command; empty: assignments alone */
  GPtrArray *redirects;   /* NzShellRedirect */
  NzShellJoin join;
  gsize start, end;
  gboolean maybe; /* in the body of if, case, while, for, or after "||": it may not run */
  guint pipeline; /* the same number: commands of one pipeline */
  guint depth;    /* of subshells, sh -c and substitutions around it */
  guint shell;    /* the same number: commands of one shell, for which cd and umask hold */
} NzShellCommand;

typedef struct {
  GPtrArray *commands; /* NzShellCommand, in the order in which they would run, those in $(...),
                          `...`, (...), {...}, functions, sh -c "..." and eval too */
  const char *unsplit; /* static: what made it impossible to split to the end, such as "an
                          unterminated quote"; NULL: all was split */
  gsize unsplit_at;
  gsize work; /* that it was, and that following it is: in bytes, about */
} NzShellText;

/* Splits LEN bytes of TEXT, hostile. ENVIRONMENT ("NAME=value", NULL-terminated, may be NULL) are
 * the variables that are known (ENV and ARG); assignments in the text are followed. Bounded by
 * NZ_SHELL_*_MAX of core/limits.h: past them, unsplit says so. */
NzShellText *nz_shell_split(const char *text, gsize len, const char *const *environment);
/* A command that is run without a shell: its words are ARGS. sh -c in it is split too. Offsets are
 * those in ARGS with one byte between each two. */
NzShellText *nz_shell_split_args(const char *const *args, guint n, const char *const *environment);
/* Which of COMMAND's words is the program that it is about: the first, or what comes behind env
 * NAME=value, exec, command, nice, time, timeout, tini and their like. words->len: there is none.
 * sudo, su, gosu and others that change who runs it are programs themselves. */
guint nz_shell_command_program(const NzShellCommand *command);
void nz_shell_text_free(NzShellText *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NzShellText, nz_shell_text_free)

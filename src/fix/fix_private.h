/* SPDX-License-Identifier: Apache-2.0 */
/* What the files that mend Dockerfiles share. */
#pragma once

#include "fix/fix.h"

typedef struct {
  const NzBuild *build;
  NzSourceFile *source;
  const NzStage *stage; /* the target */
  GPtrArray *findings;  /* NzFinding */
  GPtrArray *fixes;     /* NzFix */
  GPtrArray *placed;    /* NzFinding: those that count and have a place in the file, by that */
  GArray *root;         /* gboolean: do commands run as root after that instruction of the stage? */
} NzMend;

/* --- lines.c: where things stand, and edits --- */

/* The instruction I of the file. */
const NzInstruction *nz_mend_instruction(const NzMend *self, guint i);
/* The number of the instruction that OFFSET is in; -1: none. */
gint nz_mend_index_at(const NzMend *self, guint32 offset);
/* The stage of instruction I. */
const NzStage *nz_mend_stage_of(const NzMend *self, guint i);
/* Calls for all instructions of the target and the stages it is built on, as they run. */
typedef void (*NzMendFunc)(NzMend *self, const NzInstruction *in, gpointer data);
void nz_mend_foreach(NzMend *self, NzMendFunc func, gpointer data);

/* Fill what of NzMend is asked for below. */
void nz_mend_learn_users(NzMend *self);
void nz_mend_learn_places(NzMend *self);
/* Do commands after instruction I of the target stage run as root, as far as it is known? */
gboolean nz_mend_is_root_after(const NzMend *self, guint i);
/* TRUE when other stages are built on STAGE, of those that the target is not. */
gboolean nz_mend_is_shared(const NzMend *self, const NzStage *stage);

/* Lines can be put after instruction I. */
gboolean nz_mend_can_follow(const NzMend *self, guint i);
/* A line of its own after instruction I, indented and ended as its neighbours are; behind those
 * that FIX already puts there. KEYWORD ("USER") is written in the case of the stage's FROM. */
void nz_mend_add_line(const NzMend *self, NzFix *fix, guint i, NzDockerKind keyword,
                      const char *rest);
/* TEXT instead of SPAN. */
void nz_mend_replace(const NzMend *self, NzFix *fix, NzSpan span, const char *text);
/* What of SPAN is TEXT, inside its quotes if it has some; FALSE: it is written in another way. */
gboolean nz_mend_literal(const NzMend *self, NzSpan span, const char *text, NzSpan *inside);

/* The first finding from number *I on that is of RULE and does not count as excepted; *I moves past
 * it. NULL: none. */
NzFinding *nz_mend_next(const NzMend *self, const char *rule, guint *i);
/* Calls for those that are in SPAN, for as long as there are some. *I: 0 to begin with. */
NzFinding *nz_mend_next_in(const NzMend *self, NzSpan span, guint *i);
/* TRUE when FIX and the one that was added last change the same bytes. */
gboolean nz_mend_overlaps(const NzMend *self, const NzFix *fix);
/* Adds FIX, its edits sorted. */
void nz_mend_add(NzMend *self, NzFix *fix);

/* --- shell.c: commands of a RUN that can be edited --- */

typedef struct {
  const NzInstruction *in;
  const NzShellText *text;
  guint index; /* of the command */
  const NzShellCommand *command;
  NzSpan span; /* in the file */
} NzMendCommand;

typedef void (*NzMendCommandFunc)(NzMend *self, const NzMendCommand *command, gpointer data);
/* Commands of RUN's that are written out in shell form. */
void nz_mend_foreach_command(NzMend *self, NzMendCommandFunc func, gpointer data);
const NzShellWord *nz_mend_word(const NzMendCommand *self, guint i); /* NULL: there is none */
NzSpan nz_mend_word_span(const NzMendCommand *self, const NzShellWord *word);
/* Takes the command out of its chain of "&&". FALSE: it stands alone, or the chain is none. */
gboolean nz_mend_remove_command(const NzMend *self, NzFix *fix, const NzMendCommand *command);

/* --- start.c, start_base.c, ports.c --- */

/* Why it would be a guess that the image still works as another user than root; NULL: nothing
 * speaks against it. */
char *nz_mend_doubt(const NzMend *self);
/* The same, by what it starts of its base image alone. */
char *nz_mend_doubt_base_start(const NzMend *self);
/* What publishes the ports below 1024: "listen on 8080 and publish it with `-p 80:8080`"; NULL:
 * there are none. */
char *nz_mend_ports(const NzMend *self);

/* --- account.c --- */

/* Whom the image is to start as. */
typedef struct {
  char *number;  /* "10001:10001" */
  char *what;    /* for people: "the new user app"; or NULL */
  char *make;    /* the command that makes it; or NULL */
  char *named;   /* whose number the file is to fix, by nz_mend_fix_number(); or NULL */
  char *refused; /* why that would be a guess; or NULL */
} NzMendUser;

NzMendUser nz_mend_choose(NzMend *self);
void nz_mend_user_clear(NzMendUser *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(NzMendUser, nz_mend_user_clear)
/* The first number from 10001 on that no user and no group is known to have. */
guint32 nz_mend_free_number(const NzMend *self);

/* --- state.c --- */

/* A directory that the user must write. */
typedef struct {
  char *command; /* "install -d -o 10001 -g 10001 /data" */
  char *path;
  guint after;  /* the instruction that it must follow */
  guint before; /* one that it must come before; G_MAXUINT: none */
} NzMendDirectory;

/* What NUMBER must own (NzMendDirectory). ALL: volumes too of which it is not known that it must.
 * *REFUSED: why that cannot be, if it cannot. */
GPtrArray *nz_mend_directories(const NzMend *self, const char *number, gboolean all,
                               char **refused);
/* Adds their RUN lines, none of them after instruction LAST; MAKE (may be NULL) is run first.
 * FALSE: there is no place where root runs. */
gboolean nz_mend_own(const NzMend *self, NzFix *fix, const GPtrArray *directories, const char *make,
                     guint last);
/* "/data and /log" */
char *nz_mend_directory_names(const GPtrArray *directories);
/* The state directories of an image that starts as another user already. */
void nz_mend_state(NzMend *self);

/* --- user.c, named.c, modes.c: fixes --- */

void nz_mend_start_user(NzMend *self);
void nz_mend_named_user(NzMend *self);
/* The command that makes the user NAME is told NUMBER. FALSE: it is not simple. FIX NULL: asks. */
gboolean nz_mend_fix_number(NzMend *self, NzFix *fix, const char *name, guint32 number);
void nz_mend_modes(NzMend *self);
void nz_mend_privileges(NzMend *self);

/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the evaluation share. */
#pragma once

#include "build/evaluate.h"
#include "build/expand.h"
#include "build/variables.h"
#include "core/error.h"

/* A file of the build's context that was copied, to be read if it is what the image starts. */
typedef struct {
  char *dest;    /* absolute */
  char *context; /* NULL: the main one */
  char *source;  /* in it */
  char *text;    /* what it holds, of a heredoc; else NULL */
} NzCopied;

/* A stage while it is evaluated, and when it is done. */
typedef struct {
  NzStageState *state;
  NzVariables *variables;
  gboolean stale;         /* the state's environment is not that of the variables */
  gsize environment_size; /* in bytes */
  const NzInstruction *user_line, *entrypoint, *cmd;
  gboolean cmd_inherited; /* from a parent stage */
  gboolean user_by_base;  /* user_line is a trigger of the base image */
  NzUserOrigin origin;
  char *user_note;  /* of the USER: "APP is unset"; or NULL */
  char *user_doubt; /* a variable of it that the base may set; or NULL */
  NzPlace *workdir_place;
  GPtrArray *volumes;     /* char * */
  GPtrArray *copied;      /* NzCopied */
  GPtrArray *triggers;    /* const NzInstruction *: ONBUILD of this stage */
  NzBuildBase *base;      /* borrowed from the build; the bottom of all parents */
  gboolean done;          /* evaluated to its end */
  gboolean foreign_shell; /* SHELL is none that reads sh */
  gboolean windows;
} NzStageRun;

typedef struct {
  NzBuild *build;
  const NzBuildOptions *options;
  NzVariables *globals; /* ARG before the first FROM, and the platform's */
  NzStageRun **runs;    /* by the stage's index; NULL: not evaluated yet */
  guint64 budget;       /* of expansions, for the whole file */
  gsize work;           /* of NZ_EVALUATE_WORK_MAX */
  NzStageRun *now;
  NzStage *stage;
  gboolean triggered_by_base;   /* the instruction at work stands in the base's configuration, */
  NzSourceFile *trigger_source; /* of which this is a piece */
} NzEvaluation;

/* WORD of INSTRUCTION with the stage's variables; NULL with an error that names the place. UNSET
 * may be NULL. */
char *nz_evaluate_word(NzEvaluation *self, const NzInstruction *in, const char *word,
                       GPtrArray *used, GPtrArray *unset, GError **error);

/* The body of a heredoc, in which quotes mean nothing; NULL: its variables cannot be expanded. */
char *nz_evaluate_heredoc(NzEvaluation *self, const char *text);

/* "NAME:LINE:COLUMN: ..." in front of an error. Is FALSE. */
gboolean nz_evaluate_error_at(NzEvaluation *self, NzSpan span, GError **error);
/* Counts the work that SPAN has made. FALSE with an error when it is too much. */
gboolean nz_evaluate_count(NzEvaluation *self, NzSpan span, gsize work, GError **error);
NzPlace *nz_evaluate_place(NzEvaluation *self, NzSpan span);
guint nz_evaluate_line(NzEvaluation *self, NzSpan span);

/* The run of stage I, evaluated now if it was not. NULL with an error. */
NzStageRun *nz_evaluate_stage(NzEvaluation *self, guint i, GError **error);

/* The base called NAME; the build keeps it. */
NzBuildBase *nz_evaluate_base(NzEvaluation *self, const char *name, const char *platform);

void nz_stage_run_free(NzStageRun *self);
/* Says in RUN's state whether its commands run as root now. */
void nz_evaluate_settle_rights(NzStageRun *run);

/* One instruction does what it does to the stage at work. */
gboolean nz_evaluate_instruction(NzEvaluation *self, const NzInstruction *in, GError **error);
/* A word of VOLUME and EXPOSE. */
void nz_evaluate_volume(NzEvaluation *self, const char *word, NzSpan span);
void nz_evaluate_port(NzEvaluation *self, const char *word, NzSpan span);

/* ADD and COPY. */
gboolean nz_evaluate_copy(NzEvaluation *self, const NzInstruction *in, GError **error);
/* The stage that --from=WORD names, evaluated; *STAGE stays NULL where it is none. FALSE with an
 * error, also where stages wait for each other. */
gboolean nz_evaluate_from(NzEvaluation *self, const char *word, NzSpan span,
                          const NzStageRun **stage, GError **error);
/* RUN, in both forms and with heredocs. */
gboolean nz_evaluate_run(NzEvaluation *self, const NzInstruction *in, GError **error);
/* What the image starts: programs that drop root, sudo. */
void nz_evaluate_start(NzEvaluation *self);

/* --- stages.c --- */

/* Fills the build's stages from its file: names, ranges, parents; expands FROM. */
gboolean nz_stages_read(NzEvaluation *self, GError **error);
/* The stage that WORD names among the first N, the last of that name: by name, or by index if
 * BY_INDEX; -1: none. */
gint nz_stages_find(const NzBuild *build, const char *word, guint n, gboolean by_index);

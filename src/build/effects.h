/* SPDX-License-Identifier: Apache-2.0 */
/* What commands of RUN do that matters: to accounts, to owners and modes of files, to privileges.
 */
#pragma once

#include "build/accounts.h"
#include "build/paths.h"
#include "build/shell.h"
#include "build/source.h"
#include "check/build_facts.h"

/* A stage of a build, as far as it has come. */
typedef struct {
  NzAccounts *accounts;
  NzPaths *paths;
  GPtrArray *acts;        /* NzAct */
  GPtrArray *environment; /* char *: "NAME=value", the last of a name counts; NULL-terminated */
  char *workdir;          /* absolute */
  char *user;             /* as declared, variables expanded; NULL or "": nobody said */
  gboolean is_root;       /* commands run as root now; also where that is not known */
  GPtrArray *packages;    /* char *: what was installed, "nginx" */
  gboolean opaque;        /* something was run of which nobody knows what it did to the image */
  gboolean user_unknown;  /* is_root is but a guess: the base's user is not known */
  GPtrArray *disarmed;    /* char *: paths that lost their setuid bits, or are gone, since */
  GPtrArray *programs;    /* char *: paths that the image starts; see nz_effects_program() */
} NzStageState;

NzStageState *nz_stage_state_new(NzAccounts *accounts); /* takes ACCOUNTS */
NzStageState *nz_stage_state_copy(const NzStageState *self);
void nz_stage_state_free(NzStageState *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NzStageState, nz_stage_state_free)

/* What TEXT, which was split from JOINED (a part of SOURCE), does to STATE. */
void nz_effects_run(NzStageState *state, const NzShellText *text, const NzJoined *joined,
                    NzSourceFile *source);

/* ADD and COPY with their --chmod and --chown: DEST is one path, a directory when it ends with "/".
 * OWNER, GROUP: NULL for root's; MODE 0: not said. Takes PLACE. */
void nz_effects_copy(NzStageState *state, const char *dest, const char *owner, const char *group,
                     guint16 mode, const char *how, NzPlace *place);
/* ENTRYPOINT or CMD run ARGS: what the image starts is known as code. */
void nz_effects_program(NzStageState *state, const char *const *args, guint n);
/* VOLUME: where it stands, for what nz_effects_conclude() says of it. */
void nz_effects_volume(NzStageState *state, const char *path, const NzPlace *place);
/* WORKDIR makes a directory, as the current user does. */
void nz_effects_workdir(NzStageState *state, const char *path, const NzPlace *place);

/* A path as a command at WORKDIR means it: absolute, without "." and "..". */
char *nz_build_path(const char *workdir, const char *path);

/* Once all instructions are known: adds the acts that depend on who it starts as (unwritable-state,
 * writable-code), of VOLUMES and the working directory. */
void nz_effects_conclude(NzStageState *state, const NzUser *user, const char *const *volumes,
                         const NzPlace *workdir_place);

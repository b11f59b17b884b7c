/* SPDX-License-Identifier: Apache-2.0 */
/* Which user will the image of a Dockerfile start with? All stages that the target needs, evaluated
 * as a builder does: variables, bases, triggers, users, and what RUN and COPY do. */
#pragma once

#include "build/base.h"
#include "build/dockerfile.h"
#include "build/effects.h"

/* A --build-context that is an image: "docker-image://debian:12". Others are directories. */
#define NZ_IMAGE_CONTEXT "docker-image://"

/* Asked for what FROM names and no stage is; never NULL: at least "unknown". */
typedef NzBuildBase *(*NzFindBase)(const char *name, const char *platform, gpointer data);
/* Asked for a small file of the build's context (passwd, group, scripts); NULL: it cannot be read.
 * CONTEXT is NULL, or the name of a --build-context. */
typedef GBytes *(*NzReadContext)(const char *context, const char *path, gpointer data);
/* Asked for the mode (07777) of a file of it; 0: it is no regular file, or cannot be known. */
typedef guint16 (*NzContextMode)(const char *context, const char *path, gpointer data);

typedef struct {
  const char *target;           /* a stage's name or index; NULL: the last */
  const char *platform;         /* "linux/amd64" */
  const char *const *arguments; /* "NAME=value" of --build-arg; NULL: none */
  const char *const *contexts;  /* "NAME=value" of --build-context; NULL: none */
  NzFindBase find_base;
  NzReadContext read_context; /* or NULL */
  NzContextMode context_mode; /* or NULL */
  gpointer data;              /* of both */
} NzBuildOptions;

typedef struct {
  guint index;
  char *name; /* lowercase; NULL: none */
  const NzInstruction *from;
  guint first, end; /* its instructions, from FROM on: [first, end) of the file's */
  gint parent;      /* the stage that FROM names; -1: an image */
  char *base;       /* what FROM names, expanded */
} NzStage;

/* Where a user came from. */
typedef enum {
  NZ_USER_FROM_LINE, /* a USER of this file */
  NZ_USER_FROM_BASE, /* the base image */
  NZ_USER_FROM_NONE, /* nobody: the base has none, or is scratch */
} NzUserOrigin;

typedef struct {
  NzDockerfile *file;  /* not owned */
  GPtrArray *stages;   /* NzStage: all of the file */
  guint target;        /* index */
  NzStageState *state; /* of the target, at its end */
  NzUser *user;
  NzUserOrigin origin;
  const NzInstruction *user_line; /* the USER that counts; or NULL */
  NzPlace *user_place;
  char *because;                         /* for people */
  char *number;                          /* "1000:1000", what a named user is; or NULL */
  const NzBuildBase *base;               /* at the bottom of the target's stages */
  GPtrArray *bases;                      /* NzBuildBase: all that were asked for */
  const NzInstruction *entrypoint, *cmd; /* those that count; NULL: the base's, or none */
  char *script;                          /* printable: the script that it starts; or NULL */
  char *script_text;                     /* what that holds; NULL: it cannot be read */
  GPtrArray *volumes;                    /* char *: absolute, NULL-terminated */
  NzPlace *workdir_place;                /* or NULL */
  gboolean windows;
  GPtrArray *trigger_sources;      /* NzSourceFile: ONBUILD of bases, one each */
  GPtrArray *trigger_instructions; /* NzInstruction: likewise */
  GPtrArray *notes;                /* char *: what was not looked at, and why */
} NzBuild;

/* An error is that of a builder: an unknown target, a cycle, a bad expansion, with its place. */
NzBuild *nz_build_evaluate(NzDockerfile *file, const NzBuildOptions *options, GError **error);
void nz_build_free(NzBuild *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NzBuild, nz_build_free)

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "fix/kube.h"
#include "lint/lint.h"

/* A Dockerfile as it is judged: what it is built with. */
typedef struct {
  const NzLintOptions *options;
  const char *directory;        /* its context; NULL: none is read */
  const char *target;           /* NULL: the last stage */
  const char *const *arguments; /* "NAME=value"; NULL: none */
  const char *const *contexts;
} NzDockerfileLint;

/* Parses and evaluates SOURCE. *FILE must be freed after the result. NULL with an error. */
NzBuild *nz_lint_build(NzSourceFile *source, const NzDockerfileLint *lint, NzDockerfile **file,
                       GError **error);

/* A subject of KIND (static) about SOURCE, called NAME. */
NzSubject *nz_lint_subject(const char *kind, const char *name, const NzSourceFile *source);

/* Judges what BUILD came to. */
NzSubject *nz_lint_judge(NzBuild *build, NzSourceFile *source, const NzLintOptions *options);

/* A container that was judged. */
typedef struct {
  NzKubeJudged kube; /* the subject is owned; the image too, and is kept only for mending */
  NzBuildBase *image;
} NzLintJudged;

void nz_lint_judged_free(gpointer self);
/* Adds an NzLintJudged to JUDGED for each container of MANIFEST. */
void nz_lint_judge_manifest(const NzManifest *manifest, const NzLintOptions *options,
                            GPtrArray *judged);
/* Gives the subjects of JUDGED, all containers of MANIFEST, their fixes. */
void nz_lint_mend_manifest(const NzManifest *manifest, const NzLintOptions *options,
                           const GPtrArray *judged);
gboolean nz_lint_manifests(NzSourceFile *source, const NzLintOptions *options, GPtrArray *subjects,
                           GError **error);

gboolean nz_lint_services(NzSourceFile *source, NzSourceKind kind, const NzLintOptions *options,
                          GPtrArray *subjects, GError **error);

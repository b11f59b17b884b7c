/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

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

gboolean nz_lint_manifests(NzSourceFile *source, const NzLintOptions *options, GPtrArray *subjects,
                           GError **error);

gboolean nz_lint_services(NzSourceFile *source, NzSourceKind kind, const NzLintOptions *options,
                          GPtrArray *subjects, GError **error);

/* SPDX-License-Identifier: Apache-2.0 */
/* ARG and ENV of a stage: what a name stands for, and where it was said. */
#pragma once

#include <glib.h>

typedef enum {
  NZ_VARIABLE_BASE,     /* the base image's Env */
  NZ_VARIABLE_PLATFORM, /* TARGETARCH and its like */
  NZ_VARIABLE_ARG,      /* ARG, its default */
  NZ_VARIABLE_OPTION,   /* ARG, by --build-arg */
  NZ_VARIABLE_ENV,      /* ENV wins over ARG of the same name */
} NzVariableKind;

typedef struct {
  char *name, *value; /* value is NULL: declared, and unset */
  NzVariableKind kind;
  guint line; /* where it was said; 0: not in this file */
} NzVariable;

typedef struct NzVariables NzVariables;

NzVariables *nz_variables_new(void);
guint nz_variables_count(const NzVariables *self);
NzVariables *nz_variables_copy(const NzVariables *self);
void nz_variables_free(NzVariables *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NzVariables, nz_variables_free)

/* VALUE may be NULL. What is ENV stays ENV when an ARG of the same name is declared. */
void nz_variables_set(NzVariables *self, const char *name, const char *value, NzVariableKind kind,
                      guint line);
/* NULL: it was never declared. */
const NzVariable *nz_variables_find(const NzVariables *self, const char *name);
/* "NAME=value" of all that are set; NULL-terminated, the caller's. */
GPtrArray *nz_variables_list(const NzVariables *self);

/* "NAME=value" in LIST (NULL-terminated, may be NULL): the value, or NULL. The last one counts. */
const char *nz_assignment_find(const char *const *list, const char *name);

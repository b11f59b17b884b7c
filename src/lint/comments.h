/* SPDX-License-Identifier: Apache-2.0 */
/* Comments in a source that take findings away: nonzero's own, and those of other linters.
 *
 *   # nonzero ignore=RULE[,RULE] reason="..."   the instruction below; above a FROM, its stage
 *   # hadolint ignore=DL3002                    the instruction below
 *   # hadolint global ignore=DL3002             the file
 *   # tally ignore=RULE;reason=...              the instruction below; with "global", the file
 *   # checkov:skip=CKV_DOCKER_8:reason          the file
 *   # check=skip=NAME,NAME                      the file
 *   # trivy:ignore:KSV-0012                     as hadolint's
 *
 * Rules go by any of their names. */
#pragma once

#include "build/dockerfile.h"
#include "core/finding.h"

/* Those of a source. */
typedef struct NzComments NzComments;

typedef enum {
  NZ_COMMENTS_OF_LINES,    /* "# ..." alone in its line is of the next one, else of its own */
  NZ_COMMENTS_OF_DOCUMENTS /* the same of YAML's blocks and documents: see the source */
} NzCommentScope;

/* NULL: there are none. FILE may be NULL: then comments of SOURCE count as SCOPE says. */
NzComments *nz_comments_read(const NzDockerfile *file, NzSourceFile *source, NzCommentScope scope);
void nz_comments_free(NzComments *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NzComments, nz_comments_free)

/* Marks the findings of SUBJECT that comments speak of as excepted; SELF may be NULL. LINE is where
 * the subject itself begins: what speaks of that speaks of all its findings; 0: nowhere. What a
 * comment of ours names that is no rule is noted, once. */
void nz_comments_apply(NzComments *self, NzSubject *subject, guint line);

/* TRUE when RULE is called NAME, by us or by another tool. */
gboolean nz_rule_is_called(const char *rule, const char *name);

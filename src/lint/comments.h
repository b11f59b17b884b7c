/* SPDX-License-Identifier: Apache-2.0 */
/* Comments in a source that take findings away: nonzero's own, and those of other linters.
 *
 *   # nonzero ignore=RULE[,RULE] reason="..."   the instruction below; above a FROM, its stage
 *   # hadolint ignore=DL3002                    the instruction below
 *   # hadolint global ignore=DL3002             the file
 *   # tally ignore=RULE;reason=...              the instruction below; with "global", the file
 *   # checkov:skip=CKV_DOCKER_8:reason          the file
 *   # check=skip=NAME,NAME                      the file
 *
 * Rules go by any of their names. */
#pragma once

#include "build/dockerfile.h"
#include "core/finding.h"

/* Marks the findings of SUBJECT that comments of FILE speak of as excepted; what a comment of ours
 * names that is no rule is noted. FILE may be NULL: then the comments of SOURCE ("# ..." before
 * anything else in a line) count for the next line that is none. */
void nz_comments_apply(const NzDockerfile *file, NzSourceFile *source, NzSubject *subject);

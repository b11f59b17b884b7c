/* SPDX-License-Identifier: Apache-2.0 */
/* Why rules are, and what to do, for all subjects of a run: each is told once. */
#pragma once

#include "check/check.h"
#include "report/report.h"

typedef struct NzTextAdvice NzTextAdvice;

NzTextAdvice *nz_text_advice_new(void);
void nz_text_advice_free(NzTextAdvice *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NzTextAdvice, nz_text_advice_free)

/* SUBJECT has FINDING, of CHECK. All are borrowed. */
void nz_text_advice_add(NzTextAdvice *self, const NzCheck *check, const NzSubject *subject,
                        const NzFinding *finding);
/* In the order in which rules were added first. */
void nz_text_advice_write(const NzTextAdvice *self, const NzReportStyle *style, FILE *out);

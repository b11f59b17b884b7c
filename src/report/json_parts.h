/* SPDX-License-Identifier: Apache-2.0 */
/* What the JSON documents share. */
#pragma once

#include "report/jsonw.h"
#include "report/report.h"

/* Opens the document, with what all begin with. */
void nz_json_begin_document(NzJsonw *w, const char *schema, const NzReport *report);
/* All of a subject, inside an object. */
void nz_json_write_subject_keys(NzJsonw *w, const NzSubject *s);
void nz_json_write_user(NzJsonw *w, const NzUser *user);
void nz_json_write_finding(NzJsonw *w, const char *key, const NzFinding *f);
void nz_json_write_notes(NzJsonw *w, const GPtrArray *notes);

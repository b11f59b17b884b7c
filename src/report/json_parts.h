/* SPDX-License-Identifier: Apache-2.0 */
/* What the JSON documents share. */
#pragma once

#include "report/jsonw.h"
#include "report/report.h"

/* Opens the document, with what all begin with. */
void nz_json_begin_document(NzJsonw *w, const char *schema, const NzReport *report);
/* All of a subject, inside an object. */
void nz_json_write_subject_keys(NzJsonw *w, const NzSubject *s);
/* PLACE is that of what decided the user, in a source; or NULL. */
void nz_json_write_user(NzJsonw *w, const NzSubject *subject);
/* S is the finding's subject, whose fixes it is told by; or NULL. */
void nz_json_write_finding(NzJsonw *w, const char *key, const NzSubject *s, const NzFinding *f);
/* The keys of a place, in the object that is open; nothing for NULL. */
void nz_json_write_place(NzJsonw *w, const NzPlace *place);
/* The key "excepted"; nothing for NULL. */
void nz_json_write_excepted(NzJsonw *w, const NzExcepted *excepted);
void nz_json_write_notes(NzJsonw *w, const GPtrArray *notes);

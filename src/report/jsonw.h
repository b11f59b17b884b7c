/* SPDX-License-Identifier: Apache-2.0 */
/* A streaming JSON writer: what is written is gone, so a report may be of any size. Indents by two.
 * Every value takes its KEY, or NULL inside an array. */
#pragma once

#include <glib.h>
#include <stdio.h>

typedef struct NzJsonw NzJsonw;

NzJsonw *nz_jsonw_new(FILE *out);
/* The same, all in one line. */
NzJsonw *nz_jsonw_new_line(FILE *out);
/* Ends the document with a newline. */
void nz_jsonw_free(NzJsonw *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NzJsonw, nz_jsonw_free)

void nz_jsonw_begin_object(NzJsonw *self, const char *key);
void nz_jsonw_end_object(NzJsonw *self);
void nz_jsonw_begin_array(NzJsonw *self, const char *key);
void nz_jsonw_end_array(NzJsonw *self);

/* TEXT is bytes of any kind. What is UTF-8 is written exactly, control characters and marks that
 * turn the order of reading as \u escapes; a byte that is not UTF-8 becomes the text \xNN. Nothing
 * when it is NULL. */
void nz_jsonw_string(NzJsonw *self, const char *key, const char *text);
void nz_jsonw_true(NzJsonw *self, const char *key);
void nz_jsonw_bool(NzJsonw *self, const char *key, gboolean value);
void nz_jsonw_uint(NzJsonw *self, const char *key, guint64 n);

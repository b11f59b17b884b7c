/* SPDX-License-Identifier: Apache-2.0 */
/* Errors: one domain, and as many codes as callers tell apart. The message says what, where and
 * what to do; it gains its "where" as it rises (g_prefix_error). Nobody below src/cmd prints. */
#pragma once

#include <glib.h>

typedef enum {
  NZ_ERROR_INPUT,     /* the input is broken, incomplete or hostile */
  NZ_ERROR_LIMIT,     /* the input passes a bound of limits.h */
  NZ_ERROR_DENIED,    /* this user may not read a part of it, and nothing of it was read */
  NZ_ERROR_IO,        /* the system refused: no such file, no permission, a read that failed */
  NZ_ERROR_NOT_IMAGE, /* the input is whole, but no image */
  NZ_ERROR_NOT_FOUND, /* the image, reference or platform asked for is not there */
  NZ_ERROR_TEMPLATE,  /* the input is no source, but what others make one of */
  NZ_ERROR_CANCELLED, /* another part of the same work failed first */
} NzError;

#define NZ_ERROR (nz_error_quark())
GQuark nz_error_quark(void);

/* Sets an NZ_ERROR_IO error: FORMAT, then ": ", then the text of ERRNUM. */
void nz_set_errno(GError **error, int errnum, const char *format, ...) G_GNUC_PRINTF(3, 4);

/* Sets an NZ_ERROR_INPUT error and is FALSE, so that a reader can end with it. A macro, because
 * static analysis must see that. */
#define nz_set_input(...) (nz_set_input_error(__VA_ARGS__), nz_false())
void nz_set_input_error(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3);

static inline gboolean
nz_false(void)
{
  return FALSE;
}

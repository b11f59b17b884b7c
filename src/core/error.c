/* SPDX-License-Identifier: Apache-2.0 */
#include "core/error.h"

G_DEFINE_QUARK(nonzero_error, nz_error)

void
nz_set_errno(GError **error, int errnum, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  g_autofree char *text = g_strdup_vprintf(format, args);
  va_end(args);
  g_set_error(error, NZ_ERROR, NZ_ERROR_IO, "%s: %s", text, g_strerror(errnum));
}

void
nz_set_input_error(GError **error, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  g_autofree char *text = g_strdup_vprintf(format, args);
  va_end(args);
  g_set_error_literal(error, NZ_ERROR, NZ_ERROR_INPUT, text);
}

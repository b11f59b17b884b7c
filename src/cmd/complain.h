/* SPDX-License-Identifier: Apache-2.0 */
/* What goes wrong, said to people. */
#pragma once

#include <glib.h>

/* Prints "nonzero: MESSAGE" to standard error. */
void nz_complain(const char *format, ...) G_GNUC_PRINTF(1, 2);

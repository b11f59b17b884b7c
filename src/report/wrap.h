/* SPDX-License-Identifier: Apache-2.0 */
/* Running text for people. */
#pragma once

#include <stdio.h>

/* Prints our own sentences behind LABEL, broken between words; later lines begin below the first.
 */
void nz_write_wrapped(FILE *out, const char *label, const char *text);

/* SPDX-License-Identifier: Apache-2.0 */
/* Errors of the program that fetches: in the order of NZ_FETCH_CODES, which they are sent as. No
 * message holds a credential, or anything that came with one: URLs are shown without their query
 * and without user and password. */
#pragma once

#include "core/error.h"

typedef enum {
  NZ_FETCH_NOT_FOUND,
  NZ_FETCH_DENIED,
  NZ_FETCH_UNAVAILABLE,
  NZ_FETCH_INVALID,
  NZ_FETCH_LIMIT,
  NZ_FETCH_STOPPED, /* nobody wants the answer any more; never sent */
} NzFetchError;

#define NZ_FETCH_ERROR (nz_fetch_error_quark())
GQuark nz_fetch_error_quark(void);

/* Sets an error and is FALSE. */
#define nz_fetch_fail(error, code, ...)                                                            \
  (g_set_error((error), NZ_FETCH_ERROR, (code), __VA_ARGS__), nz_false())

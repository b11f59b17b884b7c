/* SPDX-License-Identifier: Apache-2.0 */
/* Variables in Compose files and in .env files, by the Compose Specification's "Interpolation". */
#pragma once

#include "build/expand.h"
#include "core/error.h"

typedef struct {
  NzLookup lookup;
  gpointer data;
  gboolean lenient; /* a "$" that begins nothing stays as it is, as in .env files */
  /* Told of a variable that has no value and became empty; or NULL. */
  void (*unset)(const char *name, gpointer data);
} NzInterpolation;

/* TEXT with `$V ${V} ${V:-x} ${V-x} ${V:?e} ${V?e} ${V:+x} ${V+x}` replaced, nested, and `$$` as
 * one dollar. An error has no position: the caller knows the text's. */
char *nz_interpolate(const char *text, const NzInterpolation *how, GError **error);

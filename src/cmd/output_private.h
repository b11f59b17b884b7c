/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdio.h>

#include "core/error.h"

typedef struct {
  const char *format;      /* its name */
  const char *path;        /* as the user wrote it; NULL: standard output */
  char *shown;             /* for messages */
  char *final, *temporary; /* of a file that will be replaced; both or neither */
  FILE *out;
  gboolean streamed; /* subjects were written as they were finished */
} Output;

/* Whether it is replaced by a rename, in contrast to what is written where it is. */
gboolean nz_output_is_file(const Output *self);

/* Opens it for writing, as a temporary file where it is one. FALSE leaves SELF->temporary, if there
 * is one by then, to be removed. */
gboolean nz_output_open(Output *self, GError **error);

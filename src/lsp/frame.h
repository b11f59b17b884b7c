/* SPDX-License-Identifier: Apache-2.0 */
/* Messages of the Language Server Protocol on a pipe:
 *
 *   Content-Length: 52\r\n
 *   \r\n
 *   {"jsonrpc":"2.0","method":"initialized","params":{}} */
#pragma once

#include <glib.h>
#include <jansson.h>
#include <stdio.h>

typedef enum {
  NZ_FRAME_READ,
  NZ_FRAME_END,      /* nothing follows */
  NZ_FRAME_TOO_LONG, /* above NZ_LSP_MESSAGE_MAX: it was passed over */
  NZ_FRAME_BROKEN,   /* where the next one begins cannot be known */
} NzFrame;

/* The next message's bytes, the caller's, with a NUL after them. WHY is static: what is broken. */
NzFrame nz_frame_read(FILE *in, char **body, gsize *len, const char **why);

/* FALSE when it cannot be written. */
gboolean nz_frame_write(FILE *out, const json_t *message);

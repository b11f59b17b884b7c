/* SPDX-License-Identifier: Apache-2.0 */
/* A small process that runs credential helpers for this program, which is confined and can run
 * nothing. It is forked before that, and can be asked for "docker-credential-NAME get" alone:
 * helpers run as their user has them run elsewhere. It ends when this program does. */
#pragma once

#include <glib.h>

/* To be called while there is one thread, and nothing secret is known. Without it no helper can be
 * started, and who needs one is told. */
void nz_helper_process_start(void);

/* TRUE when NAME can be a part of a helper's name: it leads to no other folder. */
gboolean nz_helper_is_name(const char *name);

/* Pipes to and from a helper, to be closed. What can be read from STATUS, up to its end, says how
 * the helper ended; to close it before ends the helper. */
typedef struct {
  int in, out, status;
} NzHelper;

/* Asks for the helper NAME, from any thread. FALSE with errno when it could not be asked for. */
gboolean nz_helper_run(const char *name, NzHelper *helper);

/* What STATUS said begins with one of these; a reason follows the last. */
#define NZ_HELPER_WELL        'y'
#define NZ_HELPER_ILL         'n'
#define NZ_HELPER_NOT_STARTED '!'

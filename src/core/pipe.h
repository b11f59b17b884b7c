/* SPDX-License-Identifier: Apache-2.0 */
/* Whole messages over pipes and sockets to processes that work for us. One that does not block
 * (O_NONBLOCK) is waited for some seconds, others for good. */
#pragma once

#include <glib.h>

/* How long the other process may be without a sign of life, until it is done without: it may hang
 * on a disk, or be stopped. A variable for tests. */
extern int nz_pipe_patience_ms;

/* Reads LEN bytes; FALSE when it ends before that, or fails. */
gboolean nz_pipe_read(int fd, void *data, gsize len);

/* Writes LEN bytes; FALSE when nobody reads them. The process is not ended by SIGPIPE then,
 * whatever it does with that signal otherwise: that is for who uses the library to say. */
gboolean nz_pipe_write(int fd, const void *data, gsize len);

/* SPDX-License-Identifier: Apache-2.0 */
/* A stream of hostile bytes, read forward once.
 *
 * Streams are stacked: a file range or a pipe at the bottom, then a slice (one member of an
 * archive), a digest, a decompressor. A consumer looks at what lies ready, takes some of it, and
 * the stream below never holds more than a chunk. Bytes are copied only where two layers of the
 * stack cannot share a buffer.
 *
 * To add one: a struct that begins with NzStream, and a class. */
#pragma once

#include "core/error.h"

typedef struct NzStream NzStream;
typedef struct NzControl NzControl;

/* What a long run shares with its readers. All fields but PARENT are used with g_atomic_*. */
struct NzControl {
  gint cancelled;    /* set: every reader stops with NZ_ERROR_CANCELLED at its next chunk */
  gsize bytes_in;    /* bytes read from files and pipes so far; counted for the parents too */
  gsize expected;    /* what bytes_in will be at the end; 0: not known */
  NzControl *parent; /* of the run that this one is a part of; NULL: it is all of it */
};

typedef struct {
  /* Points *DATA at the next unread bytes and returns how many there are: 0 at the end, -1 on
   * error. They stay valid until the next call on this stream. Mandatory. */
  gssize (*next)(NzStream *self, const guint8 **data, GError **error);
  /* Reads up to N (> 0) bytes straight into BUF. NULL: copied from next(). */
  gssize (*read)(NzStream *self, guint8 *buf, gsize n, GError **error);
  /* Passes over up to N bytes without reading them; returns how many. NULL: by reading. */
  gint64 (*skip)(NzStream *self, guint64 n, GError **error);
  void (*free)(NzStream *self);
  /* See nz_stream_at(). NULL: its bytes can only be read forward. */
  NzStream *(*at)(NzStream *self, guint64 offset, NzControl *control);
} NzStreamClass;

struct NzStream {
  const NzStreamClass *klass;
  const guint8 *ready; /* looked at, not yet taken */
  gsize n_ready;
  guint8 *sniffed; /* bytes read by nz_stream_sniff(), given again before what was ready then */
  const guint8 *held;
  gsize n_held;
  guint64 position; /* bytes taken so far */
};

/* TRUE with an error when CONTROL (may be NULL) says to stop. */
gboolean nz_control_stopped(NzControl *control, GError **error);
gboolean nz_control_is_cancelled(NzControl *control);
/* N more bytes were read; below 0: some that were counted did not count. */
void nz_control_count(NzControl *control, gssize n);
/* So many will be read. CONTROL may be NULL. */
void nz_control_expect(NzControl *control, guint64 n);

/* Looks at the next bytes without taking them. Returns how many lie ready, 0 at the end, -1 on
 * error. */
gssize nz_stream_peek(NzStream *self, const guint8 **data, GError **error);

/* Takes N of the bytes that the last peek showed. */
void nz_stream_take(NzStream *self, gsize n);

/* Reads exactly N bytes unless the stream ends first; returns how many, -1 on error. */
gssize nz_stream_read(NzStream *self, void *buf, gsize n, GError **error);

/* Passes over N bytes. Returns the number passed over, less than N only at the end; -1 on error. */
gint64 nz_stream_skip(NzStream *self, guint64 n, GError **error);

/* Copies up to N of the coming bytes into BUF and leaves them in the stream, which must be at its
 * start. Asked again, for no more than the first time. */
gssize nz_stream_sniff(NzStream *self, void *buf, gsize n, GError **error);

/* Another stream of the same bytes, that begins OFFSET bytes after SELF began; NULL where they
 * cannot be read at any place. Its position is counted from where SELF began, too. It must not
 * outlive SELF, and may be read by another thread. CONTROL may be NULL. */
NzStream *nz_stream_at(NzStream *self, guint64 offset, NzControl *control);

void nz_stream_free(NzStream *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NzStream, nz_stream_free)

/* For classes: sets up SELF with an empty view. */
void nz_stream_init(NzStream *self, const NzStreamClass *klass);

/* Bytes of FD from OFFSET, LENGTH of them: fewer is an error that calls the file truncated. They
 * must lie within the file's size, because skipping does not look. FD is borrowed unless OWN_FD.
 * CONTROL may be NULL. */
NzStream *nz_file_stream_new(int fd, gboolean own_fd, guint64 offset, guint64 length,
                             NzControl *control);

/* A pipe or other descriptor without positions, until it ends. FD is borrowed. */
NzStream *nz_pipe_stream_new(int fd, NzControl *control);

/* LENGTH bytes of PARENT, which is borrowed and must not be touched until this one is freed. */
NzStream *nz_slice_stream_new(NzStream *parent, guint64 length);

/* DATA is borrowed. */
NzStream *nz_memory_stream_new(const void *data, gsize len);

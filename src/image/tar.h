/* SPDX-License-Identifier: Apache-2.0 */
/* Tar headers, read exactly as Go's archive/tar reads them, because that is what Docker,
 * containerd, Podman and umoci unpack images with. Bodies are skipped unless asked for. */
#pragma once

#include "image/stream.h"

/* Typeflags, after archive/tar's own clean-up: '\0' has become '0', or '5' with a trailing slash.
 */
enum {
  NZ_TAR_FILE = '0',
  NZ_TAR_HARDLINK = '1',
  NZ_TAR_SYMLINK = '2',
  NZ_TAR_CHAR = '3',
  NZ_TAR_BLOCK = '4',
  NZ_TAR_DIRECTORY = '5',
  NZ_TAR_FIFO = '6',
  NZ_TAR_CONTIGUOUS = '7',
  NZ_TAR_GNU_SPARSE = 'S',
  NZ_TAR_GLOBAL = 'g',
};

typedef struct {
  char type;
  const char *name;      /* bytes; not cleaned, may be empty */
  const char *linkname;  /* bytes */
  gint64 size;           /* of the file; what the body takes in the archive may be less if sparse */
  gint64 mode, uid, gid; /* as written: any int64 */
  gint64 devmajor, devminor;
  const guint8 *capability; /* the security.capability attribute, or NULL */
  gsize capability_len;
  const guint8 *acl; /* the system.posix_acl_access attribute, or NULL */
  gsize acl_len;
  gboolean overlay_attribute; /* it has a trusted.overlay.* or user.overlay.* attribute */
} NzTarHeader;

typedef struct NzTar NzTar;

/* TRUE when the 512 bytes of BLOCK are a tar header, by their checksum. */
gboolean nz_tar_is_header(const guint8 block[512]);

/* STREAM is borrowed. */
NzTar *nz_tar_new(NzStream *stream);
void nz_tar_free(NzTar *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NzTar, nz_tar_free)

/* Moves to the next entry, past what is left of the last. 1: *HEADER is set, its pointers hold
 * until the next call. 0: the end of the archive. -1: error, with the byte where it stands. */
int nz_tar_next(NzTar *self, NzTarHeader *header, GError **error);

/* TRUE when nz_tar_next() would do the same in a new reader that begins at *AT of the stream, where
 * the header after the current entry is. FALSE: it would go on counting the headers before. */
gboolean nz_tar_next_at(const NzTar *self, guint64 *at);

/* The whole content of the current entry, holes filled in; at most MAX bytes, or an error. */
GBytes *nz_tar_read_body(NzTar *self, gsize max, GError **error);

/* The bytes of the current entry's body as they lie in the archive, for an entry that is itself a
 * blob and not sparse: see nz_tar_body_extent(). To be freed before the next nz_tar_next(). */
NzStream *nz_tar_open_body(NzTar *self);

/* Where the current entry's body begins in the stream, and its length there. An error when the
 * entry is sparse: those bytes are not its content. */
gboolean nz_tar_body_extent(NzTar *self, guint64 *offset, guint64 *length, GError **error);

/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by tar.c (blocks and entries), pax.c (records) and tar_sparse.c (holes). */
#pragma once

#include "image/tar.h"

typedef enum {
  NZ_TAR_FORMAT_UNKNOWN,
  NZ_TAR_FORMAT_V7,
  NZ_TAR_FORMAT_USTAR,
  NZ_TAR_FORMAT_STAR,
  NZ_TAR_FORMAT_GNU,
} NzTarFormat;

typedef struct {
  gint64 offset, length;
} NzSparseExtent;

struct NzTar {
  NzStream *stream;
  guint8 block[512];
  GString *name, *linkname;
  GString *long_name, *long_link; /* from L and K headers before the entry */
  GByteArray *pax;                /* the body of the last x header; NzPax points into it */
  guint64 header_at;              /* where the block being read begins */
  guint64 body_at, body_size, body_left;
  guint padding;
  guint globals;  /* g headers since the last entry */
  gint64 size;    /* of the current file, holes included */
  GArray *sparse; /* NzSparseExtent, or NULL: not sparse */
};

/* Points into NzTar.pax. */
typedef struct {
  const char *value; /* NULL: absent */
  gsize len;
} NzPaxValue;

typedef enum {
  NZ_PAX_PATH,
  NZ_PAX_LINKPATH,
  NZ_PAX_UNAME,
  NZ_PAX_GNAME,
  NZ_PAX_UID,
  NZ_PAX_GID,
  NZ_PAX_SIZE,
  NZ_PAX_MTIME,
  NZ_PAX_ATIME,
  NZ_PAX_CTIME,
  NZ_PAX_CAPABILITY,
  NZ_PAX_ACL,
  NZ_PAX_SPARSE_MAJOR,
  NZ_PAX_SPARSE_MINOR,
  NZ_PAX_SPARSE_NAME,
  NZ_PAX_SPARSE_SIZE,
  NZ_PAX_SPARSE_REALSIZE,
  NZ_PAX_SPARSE_MAP,
  NZ_PAX_SPARSE_NUMBLOCKS,
  NZ_PAX_N_KEYS,
} NzPaxKey;

/* The PAX records that matter, each the last of its key. */
typedef struct {
  gboolean present; /* there was an x header */
  gboolean overlay; /* with an attribute that an overlay filesystem obeys */
  NzPaxValue values[NZ_PAX_N_KEYS];
  GString *sparse_map; /* GNU sparse 0.0's offset and numbytes records, joined by commas */
} NzPax;

void nz_pax_clear(NzPax *pax);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(NzPax, nz_pax_clear)

/* Reads the records in NzTar.pax. */
gboolean nz_pax_parse(NzTar *tar, NzPax *pax, GError **error);

/* Puts the values over those of the header; an empty value leaves the header's. */
gboolean nz_pax_merge(NzTar *tar, const NzPax *pax, NzTarHeader *h, GError **error);

/* Finds out whether the entry is sparse, by either of GNU's ways, and reads its map. */
gboolean nz_tar_read_sparse(NzTar *self, const NzPax *pax, NzTarHeader *h, GError **error);

/* The format a block claims; UNKNOWN when its checksum is wrong. */
NzTarFormat nz_tar_block_format(const guint8 block[512]);

gboolean nz_tar_parse_number(const guint8 *p, gsize n, gint64 *value);
int nz_tar_read_block(NzTar *self, guint8 block[512], GError **error);
gssize nz_tar_read_raw(NzTar *self, void *buf, gsize n, GError **error);

/* Sets an error that names the header, and is FALSE. */
#define nz_tar_bad(self, error, what) (nz_tar_set_bad(self, error, what), nz_false())
void nz_tar_set_bad(NzTar *self, GError **error, const char *what);

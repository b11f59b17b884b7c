/* SPDX-License-Identifier: Apache-2.0 */
/* What several unit tests need: archives as data, streams that give little at a time. */
#pragma once

#include "core/error.h"
#include "image/stream.h"
#include "rootfs/entry.h"

/* --- assertions --- */

/* ERROR is set, has CODE of NZ_ERROR, and its text holds WHAT. Clears it. */
void assert_error_says(GError **error, NzError code, const char *what);

/* TEXT holds WHAT. */
void assert_holds(const char *text, const char *what);

/* ACTUAL holds exactly the LEN bytes at WANT. */
void assert_bytes(GBytes *actual, const void *want, gsize len);

/* --- streams --- */

/* DATA (borrowed), STEP bytes at a time, each piece in memory of its own that ends where it ends.
 */
NzStream *dribble_stream_new(const void *data, gsize len, gsize step);

/* Everything in STREAM (owned), or NULL with an error. */
GBytes *read_all(NzStream *stream, GError **error);

/* What is in NAME.gz, a file of tests/data. */
GBytes *unpacked_data(const char *name);

/* LEN bytes that do not repeat and do not compress. */
guint8 *noise(gsize len, guint32 seed);

/* --- tar archives --- */

#define TAR_USTAR "ustar\00000"
#define TAR_GNU   "ustar  \0"
#define TAR_V7    "\0\0\0\0\0\0\0\0"

/* Raw bytes to be put at AT of a header block, before it gets its checksum. */
typedef struct {
  guint at;
  const char *bytes;
  gsize len;
} TarPatch;

typedef struct {
  const char *name, *link;
  const char *magic; /* TAR_*; NULL: ustar */
  char type;         /* 0: a file, '0' */
  guint mode;
  guint64 uid, gid;
  const char *body; /* text */
  gsize body_len;   /* 0: that of the text */
  gint64 size;      /* 0: that of the body */
  TarPatch patch[4];
} TarEntry;

/* Appends the header and the body, padded. */
void tar_add(GByteArray *out, const TarEntry *entry);
#define TAR(out, ...) tar_add((out), &(const TarEntry){__VA_ARGS__})

/* Appends the zero blocks that end an archive. */
void tar_end(GByteArray *out);

/* Appends "LEN KEY=VALUE\n" to RECORDS. */
void pax_record(GString *records, const char *key, const char *value, gsize value_len);

/* Appends a PAX header of TYPE ('x' or 'g') with pairs of KEY, VALUE up to a NULL. */
void tar_pax(GByteArray *out, int type, ...) G_GNUC_NULL_TERMINATED;

/* Appends a PAX header with RECORDS as they are. */
void tar_pax_raw(GByteArray *out, const char *records, gsize len);
#define TAR_PAX_RAW(out, text) tar_pax_raw((out), text, sizeof(text) - 1)

/* Appends a GNU long name ('L') or long link ('K'). */
void tar_long(GByteArray *out, char type, const char *text);

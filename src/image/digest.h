/* SPDX-License-Identifier: Apache-2.0 */
/* Content digests, "sha256:<64 hex>" or "sha512:<128 hex>", as the OCI image spec writes them. */
#pragma once

#include "image/stream.h"

/* TRUE when TEXT is a digest of a known algorithm in its canonical form (lower-case hex). */
gboolean nz_digest_valid(const char *text);

/* What a blob of this name must hash to: "blobs/sha256/<hex>" -> "sha256:<hex>". NULL for any other
 * name. */
char *nz_digest_of_blob_name(const char *name);

/* The digest of DATA under the algorithm of LIKE, a valid digest. */
char *nz_digest_of(const char *like, const void *data, gsize len);

/* A stream that hands on PARENT (owned) and hashes what passes with the algorithm of LIKE, a valid
 * digest, on a thread of its own when SIZE_HINT bytes are worth one. */
NzStream *nz_digest_stream_new(NzStream *parent, const char *like, guint64 size_hint);

/* Once, after the last byte was taken: waits for the hash and returns it. */
char *nz_digest_stream_finish(NzStream *self);

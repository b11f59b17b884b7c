/* SPDX-License-Identifier: Apache-2.0 */
/* Layers with a table of contents: eStargz and zstd:chunked. The headers of such a layer cost one
 * or two requests for a part of it, and so do the few bodies that are needed.
 *
 * The table is what the image's author says: the tar archive itself may say otherwise. Who judges
 * by a table says so. */
#pragma once

#include "image/image.h"

/* Parts of a blob that is elsewhere. */
typedef struct NzRanges NzRanges;
struct NzRanges {
  guint64 size; /* of the blob */
  /* Exactly LENGTH bytes from OFFSET. */
  GBytes *(*read)(NzRanges *self, guint64 offset, gsize length, GError **error);
};

/* TRUE when LAYER's annotations promise a table, and the layer is large enough for one to save
 * requests. */
gboolean nz_toc_is_promised(const NzLayer *layer);

/* What was learned by a table, and may be kept, belongs to the layer's content and to this: where
 * the annotations, which are not content, said that the table is. NULL: no table is promised. */
char *nz_toc_key(const NzLayer *layer);

/* Reads LAYER by its table into LOG. *DONE is FALSE, without an error, when it has no table after
 * all, or one of a kind that is not known, or one that says too little, and with options->verify:
 * the whole layer must be read then, and LOG is untouched. A table that contradicts its digest or
 * itself is an error. Contents of the few files that are needed are fetched by ranges of their own
 * and must have their digests; package lists are, where they are cheap (limits.h), and otherwise
 * marked as unreadable. */
gboolean nz_toc_read_layer(NzRanges *blob, const NzLayer *layer, const NzReadOptions *options,
                           NzLayerLog *log, NzLayerResult *result, gboolean *done, GError **error);

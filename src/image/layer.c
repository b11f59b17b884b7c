/* SPDX-License-Identifier: Apache-2.0 */
/* A layer's bytes -> its entries:
 *
 *   blob -> [digest] -> [gunzip | unzstd] -> [diff_id] -> tar headers -> entries
 *
 * The stack is read to its end, past the archive's last entry too, so that every checksum in it is
 * checked. */
#include <string.h>

#include "core/limits.h"
#include "image/compression.h"
#include "image/digest.h"
#include "image/image.h"
#include "image/layer_entry.h"
#include "image/segments.h"
#include "image/tar.h"

static GBytes *
read_tar_body(gpointer tar, const NzTarHeader *header G_GNUC_UNUSED, gsize max, GError **error)
{
  return nz_tar_read_body(tar, max, error);
}

gboolean
nz_layer_read_entries(NzStream *stream, const NzReadOptions *options, NzLayerLog *log,
                      NzReadUntil until, gpointer data, GError **error)
{
  g_autoptr(NzTar) tar = nz_tar_new(stream);
  g_auto(NzEntryWriter) writer = {.options = options,
                                  .log = log,
                                  .path = g_string_new(NULL),
                                  .target = g_string_new(NULL),
                                  .read_body = read_tar_body,
                                  .data = tar};
  NzTarHeader header;
  int got = 1;
  while (!(until && until(tar, data)) && (got = nz_tar_next(tar, &header, error)) == 1)
    if (!nz_entry_writer_add(&writer, &header, error))
      return FALSE;
  return got >= 0;
}

/* --- the stack --- */

static gboolean
drain(NzStream *stream, GError **error)
{
  return nz_stream_skip(stream, G_MAXINT64, error) >= 0;
}

/* Puts a decompressor on STREAM (owned) if its first bytes ask for one. */
static NzStream *
uncompressed(NzStream *stream, gboolean has_digest, const NzReadOptions *options,
             NzLayerResult *result, GError **error)
{
  guint8 head[512];
  gssize n = nz_stream_sniff(stream, head, sizeof head, error);
  const NzCodec *codec = n < 0 ? NULL : nz_compression_detect(head, (gsize)n);
  if (codec && n == sizeof head && nz_tar_is_header(head)) {
    nz_set_input(error,
                 "it is %s data and a tar archive at once; readers take it for one or the "
                 "other",
                 codec->name);
    n = -1;
  }
  if (n < 0) {
    nz_stream_free(stream);
    return NULL;
  }
  result->compression = codec ? codec->name : NULL;
  if (!codec)
    return stream;
  NzStream *inflated = nz_inflate_stream_new(stream, codec, options->ratio, error);
  if (inflated && has_digest)
    nz_inflate_stream_skip_checksum(inflated);
  return inflated;
}

static gboolean
check_digest(NzStream *stream, const char *expected, GError **error)
{
  g_autofree char *actual = nz_digest_stream_finish(stream);
  if (strcmp(actual, expected) == 0)
    return TRUE;
  return nz_set_input(error, "wrong digest: expected %s, but the content is %s", expected, actual);
}

static const NzSegmentPlan plan = {.min = NZ_SEGMENTS_MIN, .part = NZ_SEGMENT_PART};

gboolean
nz_layer_read(NzStream *stream, guint64 size, const char *digest, const NzReadOptions *options,
              NzLayerLog *log, NzLayerResult *result, GError **error)
{
  NzStream *blob = NULL, *content = NULL; /* borrowed: both are below TOP */
  nz_control_expect(options->control, size);
  if (digest)
    stream = blob = nz_digest_stream_new(stream, digest, size);
  g_autoptr(NzStream) top = uncompressed(stream, digest != NULL, options, result, error);
  if (!top)
    return FALSE;
  if (options->verify)
    top = content = nz_digest_stream_new(g_steal_pointer(&top), "sha256:", size);

  gboolean in_segments = top->klass->at && options->spare && size >= NZ_SEGMENTS_MIN;
  g_autoptr(GError) failed = NULL;
  if (!(in_segments ? nz_segments_read(top, size, &plan, options, log, &failed)
                    : nz_layer_read_entries(top, options, log, NULL, NULL, &failed))) {
    /* A damaged blob is told by its digest, whatever its damage looks like to the readers above. */
    if (blob && g_error_matches(failed, NZ_ERROR, NZ_ERROR_INPUT) && drain(blob, NULL) &&
        !check_digest(blob, digest, error))
      return FALSE;
    g_propagate_error(error, g_steal_pointer(&failed));
    return FALSE;
  }
  if (!in_segments && !drain(top, error))
    return FALSE;
  if (content)
    result->diff_id = nz_digest_stream_finish(content);
  return !blob || check_digest(blob, digest, error);
}

gboolean
nz_layer_check_diff_id(const NzLayer *layer, const NzLayerResult *result, GError **error)
{
  if (!result->diff_id || !layer->diff_id || strcmp(result->diff_id, layer->diff_id) == 0)
    return TRUE;
  return nz_set_input(error, "wrong diff_id: the configuration says %s, but the content is %s",
                      layer->diff_id, result->diff_id);
}

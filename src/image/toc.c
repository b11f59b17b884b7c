/* SPDX-License-Identifier: Apache-2.0 */
#include "image/toc.h"

#include <string.h>

#include "core/limits.h"
#include "core/text.h"
#include "image/layer_entry.h"
#include "image/toc_private.h"
#include "rootfs/capture.h"

typedef gboolean (*Find)(NzRanges *blob, const NzLayer *layer, NzTocSource *out, gboolean *found,
                         GError **error);

/* stargz-snapshotter gives zstd:chunked layers the annotation of eStargz too. */
static const Find kinds[] = {nz_toc_find_chunked, nz_toc_find_estargz};

gboolean
nz_toc_is_promised(const NzLayer *layer)
{
  gboolean small = layer->size >= 0 && layer->size < NZ_TOC_BLOB_MIN;
  return !small && (layer->stargz_digest || (layer->chunked_position && layer->chunked_checksum));
}

char *
nz_toc_key(const NzLayer *layer)
{
  if (!nz_toc_is_promised(layer))
    return NULL;
  const char *const said[] = {layer->stargz_digest, layer->chunked_position,
                              layer->chunked_checksum};
  GString *key = g_string_new("table");
  for (gsize i = 0; i < G_N_ELEMENTS(said); i++)
    g_string_append_printf(key, " %" G_GSIZE_FORMAT ":%s", said[i] ? strlen(said[i]) : 0,
                           said[i] ? said[i] : "");
  return g_string_free(key, FALSE);
}

GBytes *
nz_ranges_read(NzRanges *blob, guint64 offset, guint64 length, GError **error)
{
  if (offset > blob->size || length > blob->size - offset) {
    nz_set_input(error,
                 "%" G_GUINT64_FORMAT " bytes from byte %" G_GUINT64_FORMAT
                 " are not in a layer of %" G_GUINT64_FORMAT,
                 length, offset, blob->size);
    return NULL;
  }
  GBytes *bytes = blob->read(blob, offset, (gsize)length, error);
  if (bytes && g_bytes_get_size(bytes) != length) {
    nz_set_input(error, "%" G_GSIZE_FORMAT " bytes came for a range of %" G_GUINT64_FORMAT,
                 g_bytes_get_size(bytes), length);
    g_clear_pointer(&bytes, g_bytes_unref);
  }
  return bytes;
}

/* --- the first reading: is the table whole, and what will be needed? --- */

typedef struct {
  const NzReadOptions *options;
  const NzTocSource *source;
  NzTocBodies *bodies;
  GString *path;
  guint64 n_files;
  guint64 offset, inner; /* where the last part begins, */
  guint64 part_size;     /* and its size */
  gboolean in_file;      /* parts may follow: */
  gboolean wanted;       /* of a file that is needed, */
  guint64 size, covered; /* whose size is this, of which the parts so far cover that */
  GString *name;         /* and whose name is this, as it stands */
  gboolean unusable;     /* it is whole, but does not say enough */
} Survey;

static gboolean
bad(Survey *self, GError **error, const char *what)
{
  g_autofree char *name = nz_printable(self->name->str, -1);
  return nz_set_input(error, "%s: %s", name, what);
}

/* Parts stand in the order of the blob, and do not overlap. */
static gboolean
check_place(Survey *self, const NzTocEntry *e, GError **error)
{
  if (e->offset <= 0 || (guint64)e->offset >= self->source->bodies_end || e->inner_offset < 0)
    return bad(self, error, "its content is not in the layer");
  guint64 offset = (guint64)e->offset, inner = (guint64)e->inner_offset;
  gboolean is_after =
      offset > self->offset || (offset == self->offset && inner >= self->inner + self->part_size);
  if (!is_after)
    return bad(self, error, "its content is where that of another is");
  return TRUE;
}

/* Without a digest nothing vouches for a part by itself: that of the layer does for the whole. */
static void
want_part(Survey *self, const NzTocEntry *e, guint64 size)
{
  const char *digest = e->chunk_digest ? e->chunk_digest : size == self->size ? e->digest : NULL;
  if (!digest || self->inner > NZ_TOC_INNER_MAX)
    self->unusable = TRUE;
  else
    nz_toc_bodies_add_part(self->bodies, self->offset, self->inner, size, digest);
}

static gboolean
add_part(Survey *self, const NzTocEntry *e, GError **error)
{
  guint64 left = self->size - self->covered;
  guint64 size = e->chunk_size == 0 ? left : (guint64)e->chunk_size;
  if (size == 0 || size > left || (guint64)e->chunk_offset != self->covered)
    return bad(self, error, "its parts do not make its size");
  if (!check_place(self, e, error))
    return FALSE;
  self->offset = (guint64)e->offset;
  self->inner = (guint64)e->inner_offset;
  self->part_size = size;
  self->covered += size;
  nz_toc_bodies_set_next(self->bodies, self->offset);
  if (self->wanted)
    want_part(self, e, size);
  return TRUE;
}

static gboolean
end_file(Survey *self, GError **error)
{
  gboolean whole = !self->in_file || self->covered == self->size;
  self->in_file = FALSE;
  return whole || bad(self, error, "its parts do not make its size");
}

static gboolean
is_wanted(Survey *self, const NzTarHeader *h)
{
  gboolean outside;
  nz_path_clean(h->name, self->path, &outside);
  const NzCapture *capture =
      nz_capture_for(self->path->str, self->path->len, self->size, self->options->wanted);
  if (!capture || self->size > nz_capture_max(capture))
    return FALSE;
  nz_toc_bodies_want(self->bodies, self->n_files, self->size, nz_capture_is_list(capture));
  return TRUE;
}

static gboolean
begin_file(Survey *self, const NzTocEntry *e, GError **error)
{
  self->n_files++;
  if (e->header.type != NZ_TAR_FILE)
    return TRUE;
  if (e->header.size < 0)
    return bad(self, error, "a negative size");
  self->in_file = TRUE;
  self->size = (guint64)e->header.size;
  self->covered = 0;
  self->wanted = is_wanted(self, &e->header);
  return self->size == 0 || add_part(self, e, error);
}

static gboolean
survey_entry(gpointer data, const NzTocEntry *e, GError **error)
{
  Survey *self = data;
  self->unusable |= e->lossy || !nz_toc_bodies_fit(self->bodies);
  if (e->is_table || self->unusable)
    return TRUE;
  if (e->is_chunk) {
    gboolean same = !*e->header.name || strcmp(e->header.name, self->name->str) == 0;
    if (!self->in_file || !same || self->covered == 0)
      return bad(self, error, "a part that belongs to no file");
    return add_part(self, e, error);
  }
  if (!end_file(self, error))
    return FALSE;
  g_string_assign(self->name, e->header.name);
  return begin_file(self, e, error);
}

/* *USABLE is FALSE when the table does not say what the layer says. */
static gboolean
survey(const NzTocSource *source, const NzReadOptions *options, NzTocBodies *bodies,
       gboolean *usable, GError **error)
{
  g_autoptr(GString) path = g_string_new(NULL), name = g_string_new(NULL);
  Survey self = {
      .options = options, .source = source, .bodies = bodies, .path = path, .name = name};
  NzTocVisitor visitor = {.entry = survey_entry, .data = &self};
  if (!nz_toc_walk(source, TRUE, &visitor, error) || (!self.unusable && !end_file(&self, error)))
    return FALSE;
  *usable = !self.unusable && visitor.version == 1;
  nz_toc_bodies_plan(bodies);
  return TRUE;
}

/* --- the second: into the log --- */

typedef struct {
  NzEntryWriter writer;
  NzTocBodies *bodies;
  guint64 n_files;
  gboolean is_table;
} Emitter;

static GBytes *
read_body(gpointer data, const NzTarHeader *h, gsize max G_GNUC_UNUSED, GError **error)
{
  Emitter *self = data;
  if (self->is_table)
    return NULL;
  g_autoptr(GError) failed = NULL;
  GBytes *body = nz_toc_bodies_read(self->bodies, self->n_files, &failed);
  if (failed) {
    g_autofree char *name = nz_printable(h->name, -1);
    g_propagate_prefixed_error(error, g_steal_pointer(&failed), "%s: ", name);
  }
  return body;
}

static gboolean
emit_entry(gpointer data, const NzTocEntry *e, GError **error)
{
  Emitter *self = data;
  if (e->is_chunk)
    return TRUE;
  self->n_files++;
  self->is_table = e->is_table;
  return nz_entry_writer_add(&self->writer, &e->header, error);
}

static gboolean
emit(const NzTocSource *source, const NzReadOptions *options, NzTocBodies *bodies, NzLayerLog *log,
     GError **error)
{
  Emitter self = {.writer = {.options = options,
                             .log = log,
                             .path = g_string_new(NULL),
                             .target = g_string_new(NULL),
                             .read_body = read_body},
                  .bodies = bodies};
  self.writer.data = &self;
  NzTocVisitor visitor = {.entry = emit_entry, .data = &self};
  gboolean ok = nz_toc_walk(source, FALSE, &visitor, error);
  nz_entry_writer_clear(&self.writer);
  return ok;
}

/* --- the layer --- */

static gboolean
find(NzRanges *blob, const NzLayer *layer, NzTocSource *source, gboolean *found, GError **error)
{
  *found = FALSE;
  for (gsize i = 0; i < G_N_ELEMENTS(kinds) && !*found; i++)
    if (!kinds[i](blob, layer, source, found, error))
      return FALSE;
  return TRUE;
}

static gboolean
read_layer(NzRanges *blob, const NzLayer *layer, const NzReadOptions *options, NzLayerLog *log,
           NzLayerResult *result, gboolean *done, GError **error)
{
  g_auto(NzTocSource) source = {0};
  gboolean found, usable;
  if (!find(blob, layer, &source, &found, error))
    return FALSE;
  if (!found)
    return TRUE;
  g_autoptr(NzTocBodies) bodies = nz_toc_bodies_new(blob, &source);
  if (!survey(&source, options, bodies, &usable, error))
    return FALSE;
  if (!usable)
    return TRUE;
  if (!emit(&source, options, bodies, log, error))
    return FALSE;
  result->compression = source.codec->name;
  result->by_table = TRUE;
  *done = TRUE;
  return TRUE;
}

gboolean
nz_toc_read_layer(NzRanges *blob, const NzLayer *layer, const NzReadOptions *options,
                  NzLayerLog *log, NzLayerResult *result, gboolean *done, GError **error)
{
  *done = FALSE;
  if (options->verify)
    return TRUE;
  g_autoptr(GError) failed = NULL;
  if (read_layer(blob, layer, options, log, result, done, &failed))
    return TRUE;
  gboolean ours = g_error_matches(failed, NZ_ERROR, NZ_ERROR_INPUT) ||
                  g_error_matches(failed, NZ_ERROR, NZ_ERROR_LIMIT);
  g_propagate_error(error, g_steal_pointer(&failed));
  if (ours)
    g_prefix_error(error, "its table of contents (--verify reads the layer without it): ");
  return FALSE;
}

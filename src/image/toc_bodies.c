/* SPDX-License-Identifier: Apache-2.0 */
/* The contents of the few files that are needed. Each is one or more parts, and each part begins a
 * gzip member or zstd frame of its own; parts stand in the blob in the order of the table.
 *
 *   blob     ... | header | PART | header | header | PART | PART | ...
 *                           ^-- offset      |        ^ next: what the part may take ends there
 *
 * Neighbours are fetched together: a group. One group at a time is held. */
#include <string.h>

#include "core/limits.h"
#include "image/digest.h"
#include "image/toc_private.h"

typedef struct {
  guint64 offset; /* in the blob */
  guint64 length; /* what is worth fetching of it there; 0: not known yet */
  guint64 inner;  /* uncompressed bytes before it */
  guint64 size;   /* uncompressed */
  char *digest;
  gboolean fetched; /* by the plan */
} Part;

typedef struct {
  guint64 file, size;
  guint first, n_parts;
  gboolean is_list;
} Body;

struct NzTocBodies {
  NzRanges *blob;
  const NzTocSource *source;
  GArray *parts, *bodies;
  guint open;    /* the first part whose length is not known */
  guint next;    /* the first body that was not asked for yet */
  GBytes *group; /* bytes of the blob from GROUP_AT */
  guint64 group_at;
};

static void
part_clear(gpointer data)
{
  g_free(((Part *)data)->digest);
}

NzTocBodies *
nz_toc_bodies_new(NzRanges *blob, const NzTocSource *source)
{
  NzTocBodies *self = g_new0(NzTocBodies, 1);
  self->blob = blob;
  self->source = source;
  self->parts = g_array_new(FALSE, FALSE, sizeof(Part));
  g_array_set_clear_func(self->parts, part_clear);
  self->bodies = g_array_new(FALSE, FALSE, sizeof(Body));
  return self;
}

void
nz_toc_bodies_free(NzTocBodies *self)
{
  if (!self)
    return;
  g_array_unref(self->parts);
  g_array_unref(self->bodies);
  g_clear_pointer(&self->group, g_bytes_unref);
  g_free(self);
}

static Part *
part_at(const NzTocBodies *self, guint i)
{
  return &g_array_index(self->parts, Part, i);
}

static Body *
body_at(const NzTocBodies *self, guint i)
{
  return &g_array_index(self->bodies, Body, i);
}

/* --- the first reading --- */

void
nz_toc_bodies_want(NzTocBodies *self, guint64 file, guint64 size, gboolean is_list)
{
  Body body = {.file = file, .size = size, .first = self->parts->len, .is_list = is_list};
  g_array_append_val(self->bodies, body);
}

void
nz_toc_bodies_add_part(NzTocBodies *self, guint64 offset, guint64 inner, guint64 size,
                       const char *digest)
{
  Part part = {.offset = offset, .inner = inner, .size = size, .digest = g_strdup(digest)};
  g_array_append_val(self->parts, part);
  body_at(self, self->bodies->len - 1)->n_parts++;
}

/* No more than this many compressed bytes are needed for SIZE others, whatever stands between a
 * part's end and the next: the worst that deflate and zstd do is to store blocks as they are. */
static guint64
most_for(guint64 size)
{
  return size + size / 64 + 1024;
}

void
nz_toc_bodies_set_next(NzTocBodies *self, guint64 offset)
{
  for (; self->open < self->parts->len; self->open++) {
    Part *part = part_at(self, self->open);
    if (part->offset == offset)
      return;
    part->length = MIN(offset - part->offset, most_for(part->inner + part->size));
  }
}

gboolean
nz_toc_bodies_fit(const NzTocBodies *self)
{
  return self->parts->len <= NZ_TOC_BODIES_MAX && self->bodies->len <= NZ_TOC_BODIES_MAX;
}

/* --- the plan --- */

/* Where the group that begins with part FIRST ends in the blob; *LAST is its last part. */
static guint64
group_end(const NzTocBodies *self, guint first, guint *last)
{
  guint64 start = part_at(self, first)->offset, end = start + part_at(self, first)->length;
  *last = first;
  for (guint i = first + 1; i < self->parts->len; i++) {
    const Part *part = part_at(self, i);
    if (!part->fetched)
      continue;
    guint64 part_end = MAX(end, part->offset + part->length);
    if (part->offset > end + NZ_TOC_GAP_MAX || part_end - start > NZ_TOC_GROUP_MAX)
      break;
    end = part_end;
    *last = i;
  }
  return end;
}

static guint64
cost(const NzTocBodies *self)
{
  guint64 sum = 0;
  for (guint i = 0, last; i < self->parts->len; i++) {
    if (!part_at(self, i)->fetched)
      continue;
    sum += group_end(self, i, &last) - part_at(self, i)->offset;
    i = last;
  }
  return sum;
}

static void
choose(NzTocBodies *self, gboolean with_lists)
{
  for (guint i = 0; i < self->bodies->len; i++) {
    const Body *body = body_at(self, i);
    for (guint p = 0; p < body->n_parts; p++)
      part_at(self, body->first + p)->fetched = with_lists || !body->is_list;
  }
}

void
nz_toc_bodies_plan(NzTocBodies *self)
{
  nz_toc_bodies_set_next(self, self->source->bodies_end);
  choose(self, FALSE);
  guint64 without = cost(self);
  choose(self, TRUE);
  guint64 worth = MAX(self->blob->size / NZ_TOC_LISTS_SHARE, NZ_TOC_LISTS_FREE);
  if (cost(self) - without > worth)
    choose(self, FALSE);
}

/* --- the second reading --- */

/* The bytes of the blob that hold part I, at *DATA. */
static gboolean
fetch(NzTocBodies *self, guint i, const guint8 **data, GError **error)
{
  const Part *part = part_at(self, i);
  gboolean held = self->group && part->offset >= self->group_at &&
                  part->offset + part->length <= self->group_at + g_bytes_get_size(self->group);
  if (!held) {
    guint last;
    guint64 end = group_end(self, i, &last);
    g_clear_pointer(&self->group, g_bytes_unref);
    self->group = nz_ranges_read(self->blob, part->offset, end - part->offset, error);
    if (!self->group)
      return FALSE;
    self->group_at = part->offset;
  }
  *data = (const guint8 *)g_bytes_get_data(self->group, NULL) + (part->offset - self->group_at);
  return TRUE;
}

static gboolean
inflate(NzTocBodies *self, const Part *part, const guint8 *data, guint8 *out, GError **error)
{
  g_autoptr(NzStream) stream = nz_inflate_stream_new(nz_memory_stream_new(data, part->length),
                                                     self->source->codec, 0, error);
  if (!stream)
    return FALSE;
  gint64 passed = nz_stream_skip(stream, part->inner, error);
  gssize got = passed < 0 ? -1 : nz_stream_read(stream, out, part->size, error);
  if (got < 0)
    return FALSE;
  if ((guint64)got < part->size)
    return nz_set_input(error,
                        "only %" G_GSSIZE_FORMAT " of its %" G_GUINT64_FORMAT
                        " bytes are where the table says",
                        got, part->size);
  g_autofree char *actual = nz_digest_of(part->digest, out, part->size);
  return strcmp(actual, part->digest) == 0 ||
         nz_set_input(error, "wrong digest: expected %s, but the content is %s", part->digest,
                      actual);
}

static GBytes *
read_parts(NzTocBodies *self, const Body *body, GError **error)
{
  g_autofree guint8 *content = g_malloc(body->size + 1);
  guint64 at = 0;
  for (guint p = 0; p < body->n_parts; p++) {
    const Part *part = part_at(self, body->first + p);
    const guint8 *data;
    if (!fetch(self, body->first + p, &data, error) ||
        !inflate(self, part, data, content + at, error))
      return NULL;
    at += part->size;
  }
  return g_bytes_new_take(g_steal_pointer(&content), body->size);
}

GBytes *
nz_toc_bodies_read(NzTocBodies *self, guint64 file, GError **error)
{
  while (self->next < self->bodies->len && body_at(self, self->next)->file < file)
    self->next++;
  if (self->next == self->bodies->len || body_at(self, self->next)->file != file)
    return NULL;
  const Body *body = body_at(self, self->next);
  if (body->n_parts == 0)
    return g_bytes_new_static("", 0);
  return part_at(self, body->first)->fetched ? read_parts(self, body, error) : NULL;
}

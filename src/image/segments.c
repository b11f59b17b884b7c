/* SPDX-License-Identifier: Apache-2.0 */
#include "image/segments.h"

#include <string.h>

#include "core/limits.h"

typedef enum { READING, LANDED, ENDED, FAILED } State;

typedef struct Archive Archive;

typedef struct {
  Archive *archive;
  guint64 start;     /* where its first header begins */
  NzLayerLog *log;   /* of the first: the layer's; of others: a branch of it */
  NzControl control; /* of others than the first: cancelled when it does not count */
  /* Its reader's own. */
  guint next; /* the first segment that its chain may still arrive at */
  gboolean arrived;
  guint headers;
  /* Guarded by the archive's mutex. */
  State state;
  GError *error; /* FAILED */
} Segment;

struct Archive {
  NzStream *stream;
  guint64 size;
  const NzSegmentPlan *plan;
  const NzReadOptions *options;
  GThread *helper; /* the first segment's thread makes and joins it */
  guint64 from;    /* where the helper begins to look */
  /* The first of them begins with the archive. The others are there when N says so (atomic, 1 until
   * the helper has found them); they begin in order. */
  Segment segments[NZ_SEGMENTS];
  guint n;
  GMutex mutex; /* guards what follows */
  guint taken;
  guint last; /* the last segment that is known to count */
  guint n_counted;
  gboolean over; /* it is also the last of all */
};

/* --- which segments count --- */

/* Called with the mutex held. */
static void
drop(Archive *self, guint from, guint to)
{
  for (guint i = from; i < to; i++) {
    g_atomic_int_set(&self->segments[i].control.cancelled, 1);
    nz_layer_log_drop(self->segments[i].log);
  }
}

/* Follows the chain as far as it is read. Called with the mutex held. */
static void
follow(Archive *self)
{
  while (!self->over) {
    const Segment *last = &self->segments[self->last];
    if (last->state == READING)
      return;
    self->over = last->state != LANDED;
    guint next = self->over ? self->n : last->next;
    drop(self, self->last + 1, next);
    if (self->over)
      return;
    nz_layer_log_join(self->segments[0].log, self->segments[next].log);
    self->last = next;
    self->n_counted++;
  }
}

static void
finish(Segment *segment, State state)
{
  Archive *self = segment->archive;
  g_mutex_lock(&self->mutex);
  segment->state = state;
  follow(self);
  g_mutex_unlock(&self->mutex);
}

static gboolean
is_over(Archive *self)
{
  g_mutex_lock(&self->mutex);
  gboolean over = self->over;
  g_mutex_unlock(&self->mutex);
  return over;
}

/* --- reading them --- */

static void look_for_help(Archive *self, guint64 at);

/* TRUE when the chain arrives at another segment. */
static gboolean
arrives(NzTar *tar, gpointer data)
{
  Segment *segment = data;
  Archive *self = segment->archive;
  guint64 at;
  gboolean is_fresh = nz_tar_next_at(tar, &at);
  if (segment == self->segments && !self->helper)
    look_for_help(self, at);
  guint n = (guint)g_atomic_int_get(&self->n);
  while (segment->next < n && self->segments[segment->next].start < at)
    segment->next++;
  segment->arrived =
      is_fresh && segment->next < n && self->segments[segment->next].start == at;
  return segment->arrived;
}

static void
read_segment(Segment *segment, NzStream *stream)
{
  Archive *self = segment->archive;
  gboolean ok = nz_layer_read_entries(stream, self->options, segment->log, arrives, segment,
                                      &segment->error) &&
                nz_layer_log_flush(segment->log, &segment->error);
  finish(segment, !ok ? FAILED : segment->arrived ? LANDED : ENDED);
}

/* The lowest that nobody reads; NULL: none is left. Taken in order, so that the one whose entries are
 * waited for is always being read. */
static Segment *
take(Archive *self)
{
  g_mutex_lock(&self->mutex);
  while (self->taken < self->n && self->segments[self->taken].control.cancelled)
    self->taken++;
  Segment *segment = self->taken < self->n ? &self->segments[self->taken++] : NULL;
  g_mutex_unlock(&self->mutex);
  return segment;
}

static void
read_those_left(Archive *self)
{
  Segment *segment;
  while ((segment = take(self))) {
    g_autoptr(NzStream) stream = nz_stream_at(self->stream, segment->start, &segment->control);
    read_segment(segment, stream);
  }
}

/* --- where they begin --- */

/* A header of the kinds that every writer makes, with the magic: a checksum alone is found in other
 * data, too. A begin is only guessed here. */
static gboolean
looks_like_header(const guint8 block[512])
{
  return memcmp(block + 257, "ustar", 5) == 0 && nz_tar_is_header(block);
}

static gboolean
read_block(NzStream *stream, guint64 at, guint8 block[512])
{
  g_autoptr(NzStream) here = nz_stream_at(stream, at, NULL);
  return here && nz_stream_read(here, block, 512, NULL) == 512;
}

/* Where the entry after the one at AT begins, if it does: an extended header may stand before the one
 * at AT, but that one is not before the next. 0: it does not. */
static guint64
after_entry(NzStream *stream, guint64 at, const guint8 block[512])
{
  guint8 type = block[156], next[512];
  if (type != 0 && (type < NZ_TAR_FILE || type > NZ_TAR_CONTIGUOUS))
    return 0;
  g_autoptr(NzStream) here = nz_stream_at(stream, at, NULL);
  g_autoptr(NzTar) tar = nz_tar_new(here);
  NzTarHeader h;
  guint64 end;
  if (nz_tar_next(tar, &h, NULL) != 1 || !nz_tar_next_at(tar, &end) || end <= at)
    return 0;
  return read_block(stream, end, next) && looks_like_header(next) ? end : 0;
}

static guint64
find_start(NzStream *stream, guint64 from)
{
  g_autoptr(NzStream) here = nz_stream_at(stream, from, NULL);
  guint8 block[512];
  guint tries = 0;
  for (guint64 at = from; at - from < NZ_SEGMENT_SEARCH && tries < NZ_SEGMENT_TRIES; at += 512) {
    if (nz_stream_read(here, block, sizeof block, NULL) != sizeof block)
      return 0;
    if (!looks_like_header(block))
      continue;
    guint64 start = after_entry(stream, at, block);
    if (start > 0)
      return start;
    tries++;
  }
  return 0;
}

static guint
find_starts(Archive *self, guint64 *starts)
{
  guint n = 0;
  guint64 step = (self->size - self->from) / self->plan->n, last = self->from;
  for (guint i = 1; i < self->plan->n && !is_over(self); i++) {
    guint64 from = (self->from + i * step) & ~(guint64)511;
    guint64 start = from > last ? find_start(self->stream, from) : 0;
    if (start > last)
      starts[n++] = last = start;
  }
  return n;
}

/* --- the helper --- */

static void
set_starts(Archive *self, const guint64 *starts, guint n)
{
  g_mutex_lock(&self->mutex);
  for (guint i = 0; i < n && !self->over; i++) {
    Segment *segment = &self->segments[i + 1];
    segment->archive = self;
    segment->start = starts[i];
    segment->log = nz_layer_log_branch(self->segments[0].log);
    segment->control.above = self->options->control;
    segment->next = i + 2;
  }
  if (!self->over)
    g_atomic_int_set(&self->n, n + 1);
  g_mutex_unlock(&self->mutex);
}

static gpointer
help(gpointer data)
{
  Archive *self = data;
  guint64 starts[NZ_SEGMENTS];
  if (self->plan->starts)
    set_starts(self, self->plan->starts, self->plan->n_starts);
  else
    set_starts(self, starts, find_starts(self, starts));
  read_those_left(self);
  return NULL;
}

static gboolean
take_processor(gint *spare)
{
  if (g_atomic_int_get(spare) <= 0)
    return FALSE;
  if (g_atomic_int_add(spare, -1) > 0)
    return TRUE;
  g_atomic_int_inc(spare); /* another layer was faster */
  return FALSE;
}

/* Headers between two looks. */
#define LOOK_EVERY 256u

static void
look_for_help(Archive *self, guint64 at)
{
  if (self->segments[0].headers++ % LOOK_EVERY != 0 || at >= self->size ||
      self->size - at < self->plan->min || !take_processor(self->options->spare))
    return;
  self->from = at;
  self->helper = g_thread_try_new("segments", help, self, NULL);
  if (!self->helper)
    g_atomic_int_inc(self->options->spare);
}

/* --- all of it --- */

/* Takes back what was counted of segments that did not count. */
static void
clear(Archive *self)
{
  NzControl *control = self->options->control;
  for (guint i = 1; i < self->n; i++) {
    Segment *segment = &self->segments[i];
    if (segment->control.cancelled && control)
      g_atomic_pointer_add(&control->bytes_in, -(gssize)segment->control.bytes_in);
    nz_layer_log_unref(segment->log);
    g_clear_error(&segment->error);
  }
  g_mutex_clear(&self->mutex);
}

gboolean
nz_segments_read(NzStream *stream, guint64 size, const NzSegmentPlan *plan,
                 const NzReadOptions *options, NzLayerLog *log, GError **error)
{
  if (!stream->klass->at)
    return nz_layer_read_entries(stream, options, log, NULL, NULL, error);
  g_autofree Archive *self = g_new0(Archive, 1);
  *self = (Archive){stream, size, plan, options, .n = 1, .taken = 1, .n_counted = 1};
  self->segments[0] = (Segment){.archive = self, .log = log, .next = 1};
  g_mutex_init(&self->mutex);

  read_segment(&self->segments[0], stream);
  if (self->helper) {
    read_those_left(self);
    g_thread_join(self->helper);
    g_atomic_int_inc(options->spare);
  }
  Segment *last = &self->segments[self->last];
  gboolean ok = last->state == ENDED;
  if (!ok)
    g_propagate_error(error, g_steal_pointer(&last->error));
  if (plan->n_counted)
    *plan->n_counted = self->n_counted;
  clear(self);
  return ok;
}

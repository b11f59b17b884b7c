/* SPDX-License-Identifier: Apache-2.0 */
#include "image/segments.h"

#include <string.h>

#include "core/limits.h"

typedef enum { WAITING, READING, LANDED, ENDED, FAILED } State;

typedef struct Archive Archive;
typedef struct Segment Segment;

struct Segment {
  Archive *archive;
  Segment *next;     /* by where they begin (atomic) */
  guint64 start;     /* where its first header begins */
  gsize at;          /* how far it has come (atomic): to guess what is left of it */
  NzLayerLog *log;   /* of the first: the layer's; of others: a branch of it */
  NzControl control; /* of others than the first: cancelled when it does not count */
  Segment *arrived;  /* LANDED: where */
  guint headers;
  /* Guarded by the archive's mutex. */
  State state;
  gboolean whole; /* no place was found to split it */
  GError *error;  /* FAILED */
};

struct Archive {
  NzStream *stream;
  guint64 size;
  const NzSegmentPlan *plan;
  const NzReadOptions *options;
  GThread *helper; /* the first segment's thread makes and joins it */
  Segment *first;
  GMutex mutex;  /* guards what follows */
  Segment *last; /* the last that is known to count */
  gboolean over; /* there are none behind it that count */
  guint n_counted, n_splits;
};

/* --- which segments count --- */

/* Called with the mutex held. */
static void
drop(Segment *from, const Segment *to)
{
  for (Segment *s = from; s != to; s = s->next) {
    g_atomic_int_set(&s->control.cancelled, 1);
    nz_layer_log_drop(s->log);
  }
}

/* Follows the chain as far as it is read. Called with the mutex held. */
static void
follow(Archive *self)
{
  while (!self->over && self->last->state >= LANDED) {
    self->over = self->last->state != LANDED;
    drop(self->last->next, self->last->arrived);
    if (self->over)
      return;
    self->last = self->last->arrived;
    nz_layer_log_join(self->first->log, self->last->log);
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

/* --- reading one --- */

static void look_for_help(Archive *self, guint64 at);

/* The first segment after SEGMENT that begins at AT or behind; NULL: none. */
static Segment *
next_from(Segment *segment, guint64 at)
{
  Segment *next = g_atomic_pointer_get(&segment->next);
  while (next && next->start < at)
    next = g_atomic_pointer_get(&next->next);
  return next;
}

/* TRUE when the chain arrives at another segment. */
static gboolean
arrives(NzTar *tar, gpointer data)
{
  Segment *segment = data;
  Archive *self = segment->archive;
  guint64 at;
  gboolean is_fresh = nz_tar_next_at(tar, &at);
  g_atomic_pointer_set(&segment->at, (gsize)at);
  if (segment == self->first && !self->helper)
    look_for_help(self, at);
  Segment *next = next_from(segment, at);
  if (!next || next->start != at || !is_fresh)
    return FALSE;
  segment->arrived = next;
  return TRUE;
}

static void
read_segment(Segment *segment, NzStream *stream)
{
  gboolean ok = nz_layer_read_entries(stream, segment->archive->options, segment->log, arrives,
                                      segment, &segment->error) &&
                nz_layer_log_flush(segment->log, &segment->error);
  if (!ok)
    segment->arrived = NULL;
  finish(segment, !ok ? FAILED : segment->arrived ? LANDED : ENDED);
}

/* --- where another could begin --- */

/* A header of the kinds that every writer makes, with the magic: a checksum alone is found in other
 * data, too. Where a segment begins is only guessed. */
static gboolean
looks_like_header(const guint8 block[512])
{
  return memcmp(block + 257, "ustar", 5) == 0 && nz_tar_is_header(block);
}

/* Where the entry after the one at AT begins, if it does: an extended header may stand before the
 * one at AT, but that one is not before the next. 0: it does not. */
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
  gint64 gap = (gint64)(end - here->position);
  gboolean is_there = nz_stream_skip(here, (guint64)gap, NULL) == gap &&
                      nz_stream_read(here, next, sizeof next, NULL) == sizeof next;
  return is_there && looks_like_header(next) ? end : 0;
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

/* --- splitting --- */

static guint64
left_of(const Archive *self, Segment *segment, guint64 *at)
{
  *at = (gsize)g_atomic_pointer_get(&segment->at);
  const Segment *next = next_from(segment, *at);
  guint64 end = next ? next->start : self->size;
  return end > *at ? end - *at : 0;
}

/* Puts one that begins at START behind BEFORE, which begins before it. Called with the mutex held.
 */
static Segment *
add(Archive *self, Segment *before, guint64 start)
{
  Segment *segment = g_new0(Segment, 1);
  *segment = (Segment){self, .start = start, .at = (gsize)start};
  segment->log = nz_layer_log_branch(self->first->log);
  segment->control.parent = self->options->control;
  while (before->next && before->next->start < start)
    before = before->next;
  segment->next = before->next;
  g_atomic_pointer_set(&before->next, segment);
  return segment;
}

/* One to read; NULL: none, but *SPLIT (set) has the most left, LEFT bytes from AT. Called with the
 * mutex held. */
static Segment *
find_work(Archive *self, Segment **split, guint64 *at, guint64 *left)
{
  *split = NULL;
  *at = *left = 0;
  for (Segment *s = self->first; s; s = s->next) {
    guint64 here, n;
    if (s->control.cancelled || s->state > READING)
      continue;
    if (s->state == WAITING)
      return s;
    if (!s->whole && (n = left_of(self, s, &here)) > *left) {
      *split = s;
      *at = here;
      *left = n;
    }
  }
  return NULL;
}

/* Tries to begin another in SPLIT, which has LEFT bytes left from AT. The mutex is held, but not
 * while it looks into the file: SPLIT may meanwhile have come to its end. */
static Segment *
split_segment(Archive *self, Segment *split, guint64 at, guint64 left)
{
  static const guint eighths[] = {4, 6, 7, 2};
  guint64 start = 0;
  g_mutex_unlock(&self->mutex);
  for (guint i = 0; i < G_N_ELEMENTS(eighths) && start == 0; i++)
    start = find_start(self->stream, (at + left / 8 * eighths[i]) & ~(guint64)511);
  g_mutex_lock(&self->mutex);
  split->whole = start == 0 || start >= at + left;
  if (split->whole || split->state != READING || split->control.cancelled)
    return NULL;
  const Segment *next = next_from(split, start);
  return next && next->start == start ? NULL : add(self, split, start);
}

static Segment *
take(Archive *self)
{
  g_mutex_lock(&self->mutex);
  Segment *segment = NULL, *split = NULL;
  guint64 at, left;
  while (!(segment = find_work(self, &split, &at, &left)) && split && left >= self->plan->part &&
         self->n_splits < NZ_SEGMENTS_MAX) {
    self->n_splits++;
    if ((segment = split_segment(self, split, at, left)))
      break;
  }
  if (segment)
    segment->state = READING;
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

/* --- the helper --- */

static gpointer
help(gpointer data)
{
  read_those_left(data);
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
  if (self->first->headers++ % LOOK_EVERY != 0 || at >= self->size ||
      self->size - at < self->plan->min || !take_processor(self->options->spare))
    return;
  self->helper = g_thread_try_new("segments", help, self, NULL);
  if (!self->helper)
    g_atomic_int_inc(self->options->spare);
}

/* --- all of it --- */

/* Takes back what was counted of segments that did not count. */
static void
segment_free(Segment *segment)
{
  NzControl *control = segment->control.parent;
  if (segment->control.cancelled && control)
    nz_control_count(control, -(gssize)segment->control.bytes_in);
  nz_layer_log_unref(segment->log);
  g_clear_error(&segment->error);
  g_free(segment);
}

static Archive *
archive_new(NzStream *stream, guint64 size, const NzSegmentPlan *plan, const NzReadOptions *options,
            NzLayerLog *log)
{
  Archive *self = g_new0(Archive, 1);
  *self = (Archive){stream, size, plan, options, .n_counted = 1};
  g_mutex_init(&self->mutex);
  self->first = self->last = g_new0(Segment, 1);
  *self->first = (Segment){self, .log = nz_layer_log_ref(log), .state = READING};
  for (guint i = 0; i < plan->n_starts; i++)
    add(self, self->first, plan->starts[i]);
  return self;
}

static void
archive_free(Archive *self)
{
  for (Segment *s = self->first, *next; s; s = next) {
    next = s->next;
    segment_free(s);
  }
  g_mutex_clear(&self->mutex);
  g_free(self);
}

gboolean
nz_segments_read(NzStream *stream, guint64 size, const NzSegmentPlan *plan,
                 const NzReadOptions *options, NzLayerLog *log, GError **error)
{
  if (!stream->klass->at)
    return nz_layer_read_entries(stream, options, log, NULL, NULL, error);
  Archive *self = archive_new(stream, size, plan, options, log);
  read_segment(self->first, stream);
  read_those_left(self);
  if (self->helper) {
    g_thread_join(self->helper);
    g_atomic_int_inc(options->spare);
  }
  gboolean ok = self->last->state == ENDED;
  if (!ok)
    g_propagate_error(error, g_steal_pointer(&self->last->error));
  if (plan->n_counted)
    *plan->n_counted = self->n_counted;
  archive_free(self);
  return ok;
}

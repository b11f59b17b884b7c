/* SPDX-License-Identifier: Apache-2.0 */
/* Packed form of an entry; numbers are LEB128:
 *   kind:u8 flags:u8 shared suffix_len suffix[suffix_len] mode uid gid
 *   [target_len target] [capability: NzCapability] [body: one GBytes of the block's bodies]
 * "shared" counts the leading bytes of the path that are those of the path before it in the block.
 * A block never refers to another. */
#include "rootfs/layer_log.h"

#include <string.h>

#include "core/limits.h"
#include "core/pack.h"

/* A block is handed on when it holds this much, packed entries and bodies. */
#define BLOCK_SIZE   ((gsize)32 * 1024)
#define BLOCK_BODIES ((gsize)128 * 1024)

enum {
  HAS_TARGET = 1,
  HAS_CAPABILITY = 2,
  HAS_BODY = 4,
  IS_OUTSIDE = 8,
  BODY_SHIFT = 4, /* three bits */
  BODY_MASK = 7,
  HAS_OVERLAY = 128,
};

struct NzLogBudget {
  gint refs;
  GMutex mutex;
  GCond changed;
  gsize used, max;
  gboolean wait, cancelled;
  guint turn;
};

typedef struct {
  GByteArray *bytes;
  GPtrArray *bodies; /* GBytes */
  gsize body_bytes;
  gsize charged;
} Block;

struct NzLayerLog {
  gint refs;
  NzLogBudget *budget; /* its mutex guards all but open and last_path */
  guint index;
  gboolean branch;  /* not the layer's own, and not yet joined to it */
  gboolean dropped; /* a branch that nobody will read */
  NzLayerLog *into; /* a joined branch: the log that has its blocks; borrowed */
  GQueue blocks;    /* Block, full ones only until closed */
  gboolean closed;
  GError *error;
  Block *open; /* the writer's own */
  GByteArray *copy;
  gsize copy_max;
  GString *last_path;
  NzLogTake take; /* NULL: another thread reads it */
  gpointer take_data;
};

struct NzLogCursor {
  NzLayerLog *log;
  gboolean keep;
  GList *link; /* with keep: the block being read */
  Block *block;
  gsize at;
  guint body_at;
  GString *path, *target;
};

/* --- budget --- */

NzLogBudget *
nz_log_budget_new(gsize max, gboolean wait)
{
  NzLogBudget *self = g_new0(NzLogBudget, 1);
  self->refs = 1;
  self->max = max;
  self->wait = wait;
  g_mutex_init(&self->mutex);
  g_cond_init(&self->changed);
  return self;
}

NzLogBudget *
nz_log_budget_ref(NzLogBudget *self)
{
  g_atomic_int_inc(&self->refs);
  return self;
}

void
nz_log_budget_unref(NzLogBudget *self)
{
  if (!self || !g_atomic_int_dec_and_test(&self->refs))
    return;
  g_mutex_clear(&self->mutex);
  g_cond_clear(&self->changed);
  g_free(self);
}

void
nz_log_budget_set_turn(NzLogBudget *self, guint index)
{
  g_mutex_lock(&self->mutex);
  self->turn = index;
  g_cond_broadcast(&self->changed);
  g_mutex_unlock(&self->mutex);
}

void
nz_log_budget_cancel(NzLogBudget *self)
{
  g_mutex_lock(&self->mutex);
  self->cancelled = TRUE;
  g_cond_broadcast(&self->changed);
  g_mutex_unlock(&self->mutex);
}

/* --- blocks --- */

static Block *
block_new(void)
{
  Block *block = g_new0(Block, 1);
  block->bytes = g_byte_array_sized_new(BLOCK_SIZE + 2 * NZ_PATH_MAX);
  return block;
}

static void
block_free(Block *block)
{
  if (!block)
    return;
  g_byte_array_unref(block->bytes);
  g_clear_pointer(&block->bodies, g_ptr_array_unref);
  g_free(block);
}

/* The most bytes of a number. */
#define NUMBER_MAX 10

static guint8 *
put_number(guint8 *p, guint64 n)
{
  for (; n >= 0x80; n >>= 7)
    *p++ = (guint8)(n | 0x80);
  *p++ = (guint8)n;
  return p;
}

static guint64
get_number(const guint8 *p, gsize *at)
{
  guint64 n = 0;
  guint shift = 0;
  guint8 c;
  do {
    c = p[(*at)++];
    n |= (guint64)(c & 0x7f) << shift;
    shift += 7;
  } while (c & 0x80);
  return n;
}

/* --- log --- */

NzLayerLog *
nz_layer_log_new(NzLogBudget *budget, guint index)
{
  NzLayerLog *self = g_new0(NzLayerLog, 1);
  self->refs = 1;
  self->budget = nz_log_budget_ref(budget);
  self->index = index;
  g_queue_init(&self->blocks);
  self->last_path = g_string_new(NULL);
  return self;
}

void
nz_layer_log_set_take(NzLayerLog *self, NzLogTake take, gpointer data)
{
  self->take = take;
  self->take_data = data;
}

NzLayerLog *
nz_layer_log_ref(NzLayerLog *self)
{
  g_atomic_int_inc(&self->refs);
  return self;
}

/* Packs BLOCK at the end of the copy; gives the copy up when that is too much. */
static void
copy_block(NzLayerLog *self, const Block *block)
{
  GByteArray *out = self->copy;
  guint n_bodies = block->bodies ? block->bodies->len : 0;
  if (out->len + block->bytes->len + block->body_bytes > self->copy_max) {
    g_clear_pointer(&self->copy, g_byte_array_unref);
    return;
  }
  nz_pack_bytes(out, block->bytes->data, block->bytes->len);
  nz_pack_number(out, n_bodies);
  for (guint i = 0; i < n_bodies; i++) {
    gsize len;
    const void *data = g_bytes_get_data(block->bodies->pdata[i], &len);
    nz_pack_bytes(out, data, len);
  }
}

/* Called with the mutex held: a joined branch writes here, too. */
static void
push_block(NzLayerLog *self, Block *block)
{
  if (self->copy)
    copy_block(self, block);
  g_queue_push_tail(&self->blocks, block);
}

NzLayerLog *
nz_layer_log_branch(NzLayerLog *self)
{
  NzLayerLog *branch = nz_layer_log_new(self->budget, self->index);
  branch->branch = TRUE;
  return branch;
}

void
nz_layer_log_join(NzLayerLog *self, NzLayerLog *branch)
{
  g_mutex_lock(&self->budget->mutex);
  Block *block;
  while ((block = g_queue_pop_head(&branch->blocks)))
    push_block(self, block);
  branch->branch = FALSE;
  branch->into = self;
  g_cond_broadcast(&self->budget->changed);
  g_mutex_unlock(&self->budget->mutex);
}

static void
release(NzLayerLog *self, Block *block)
{
  g_mutex_lock(&self->budget->mutex);
  self->budget->used -= block->charged;
  g_cond_broadcast(&self->budget->changed);
  g_mutex_unlock(&self->budget->mutex);
  block_free(block);
}

void
nz_layer_log_drop(NzLayerLog *branch)
{
  NzLogBudget *budget = branch->budget;
  g_mutex_lock(&budget->mutex);
  branch->dropped = TRUE;
  Block *block;
  while ((block = g_queue_pop_head(&branch->blocks))) {
    budget->used -= block->charged;
    block_free(block);
  }
  g_cond_broadcast(&budget->changed);
  g_mutex_unlock(&budget->mutex);
}

void
nz_layer_log_unref(NzLayerLog *self)
{
  if (!self || !g_atomic_int_dec_and_test(&self->refs))
    return;
  Block *block;
  while ((block = g_queue_pop_head(&self->blocks)))
    release(self, block);
  block_free(self->open);
  g_clear_pointer(&self->copy, g_byte_array_unref);
  nz_log_budget_unref(self->budget);
  g_clear_error(&self->error);
  g_string_free(self->last_path, TRUE);
  g_free(self);
}

/* With the budget used up, the layer whose turn it is goes on while the reader has less than this
 * many of its blocks before it: it can then be ahead, but not by all of the layer. */
#define TURN_BLOCKS 8

/* Called with the mutex held. */
static gboolean
must_wait(const NzLayerLog *self, gsize size)
{
  const NzLogBudget *budget = self->budget;
  const NzLayerLog *to = self->into ? self->into : self;
  if (!budget->wait || budget->cancelled || self->dropped || self->take ||
      budget->used + size <= budget->max)
    return FALSE;
  return self->branch || budget->turn != self->index || to->blocks.length >= TURN_BLOCKS;
}

static gboolean
hand_on(NzLayerLog *self, GError **error)
{
  NzLogBudget *budget = self->budget;
  Block *block = g_steal_pointer(&self->open);
  block->charged = block->bytes->len + block->body_bytes;
  g_string_truncate(self->last_path, 0);
  g_mutex_lock(&budget->mutex);
  while (must_wait(self, block->charged))
    g_cond_wait(&budget->changed, &budget->mutex);
  gboolean cancelled = budget->cancelled || self->dropped;
  gboolean over = !budget->wait && budget->used + block->charged > budget->max;
  if (!cancelled && !over) {
    budget->used += block->charged;
    push_block(self->into ? self->into : self, block);
    g_cond_broadcast(&budget->changed);
  }
  g_mutex_unlock(&budget->mutex);
  if (!cancelled && !over)
    return self->take ? self->take(self->take_data, error) : TRUE;
  block_free(block);
  if (cancelled)
    g_set_error_literal(error, NZ_ERROR, NZ_ERROR_CANCELLED, "cancelled");
  else
    g_set_error(error, NZ_ERROR, NZ_ERROR_LIMIT,
                "more entries than can be held while the order of layers is not known; save the "
                "image to a file and scan that");
  return FALSE;
}

/* How many leading bytes A and B have in common. */
static gsize
shared_prefix(const char *a, gsize a_len, const char *b, gsize b_len)
{
  gsize n = 0, most = MIN(a_len, b_len);
  while (n + 8 <= most && memcmp(a + n, b + n, 8) == 0)
    n += 8;
  while (n < most && a[n] == b[n])
    n++;
  return n;
}

gboolean
nz_layer_log_append(NzLayerLog *self, const NzEntry *e, GError **error)
{
  if (!self->open)
    self->open = block_new();
  GByteArray *out = self->open->bytes;
  gsize shared = shared_prefix(e->path, e->path_len, self->last_path->str, self->last_path->len);
  guint8 flags = (guint8)((e->target ? HAS_TARGET : 0) |
                          (nz_capability_is_there(&e->capability) ? HAS_CAPABILITY : 0) |
                          (e->body ? HAS_BODY : 0) | (e->outside ? IS_OUTSIDE : 0) |
                          (e->overlay_attribute ? HAS_OVERLAY : 0) | e->body_kind << BODY_SHIFT);
  gsize suffix_len = e->path_len - shared, target_len = e->target ? strlen(e->target) : 0;
  guint at = out->len;
  g_byte_array_set_size(out, (guint)(at + 2 + 6 * NUMBER_MAX + suffix_len + target_len));
  guint8 *p = out->data + at;
  *p++ = (guint8)e->kind;
  *p++ = flags;
  p = put_number(put_number(p, shared), suffix_len);
  p = mempcpy(p, e->path + shared, suffix_len);
  p = put_number(put_number(put_number(p, e->mode), e->uid), e->gid);
  if (e->target)
    p = mempcpy(put_number(p, target_len), e->target, target_len);
  g_byte_array_set_size(out, (guint)(p - out->data));
  if (nz_capability_is_there(&e->capability))
    g_byte_array_append(out, (const guint8 *)&e->capability, sizeof e->capability);
  if (e->body) {
    if (!self->open->bodies)
      self->open->bodies = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
    g_ptr_array_add(self->open->bodies, g_bytes_ref(e->body));
  }
  g_string_truncate(self->last_path, shared);
  g_string_append_len(self->last_path, e->path + shared, (gssize)suffix_len);
  if (e->body)
    self->open->body_bytes += g_bytes_get_size(e->body);
  gboolean full = out->len >= BLOCK_SIZE || self->open->body_bytes >= BLOCK_BODIES;
  return full ? hand_on(self, error) : TRUE;
}

gboolean
nz_layer_log_flush(NzLayerLog *self, GError **error)
{
  return self->open ? hand_on(self, error) : TRUE;
}

void
nz_layer_log_close(NzLayerLog *self, GError *error)
{
  g_autoptr(GError) failed = error;
  if (self->open && !failed)
    hand_on(self, &failed);
  g_mutex_lock(&self->budget->mutex);
  self->closed = TRUE;
  self->error = g_steal_pointer(&failed);
  g_cond_broadcast(&self->budget->changed);
  g_mutex_unlock(&self->budget->mutex);
}

/* --- cursor --- */

NzLogCursor *
nz_log_cursor_new(NzLayerLog *log, gboolean keep)
{
  NzLogCursor *self = g_new0(NzLogCursor, 1);
  self->log = nz_layer_log_ref(log);
  self->keep = keep;
  self->path = g_string_new(NULL);
  self->target = g_string_new(NULL);
  return self;
}

static void
drop_block(NzLogCursor *self)
{
  if (self->block && !self->keep)
    release(self->log, self->block);
  self->block = NULL;
}

void
nz_log_cursor_free(NzLogCursor *self)
{
  if (!self)
    return;
  drop_block(self);
  nz_layer_log_unref(self->log);
  g_string_free(self->path, TRUE);
  g_string_free(self->target, TRUE);
  g_free(self);
}

/* The next block, or NULL at the end. */
static Block *
wait_for_block(NzLogCursor *self, GError **error)
{
  NzLayerLog *log = self->log;
  NzLogBudget *budget = log->budget;
  Block *block = NULL;
  g_mutex_lock(&budget->mutex);
  if (self->keep) {
    /* A log that is kept is read after it was closed. */
    self->link = self->link ? self->link->next : log->blocks.head;
    block = self->link ? self->link->data : NULL;
  } else {
    while (g_queue_is_empty(&log->blocks) && !log->closed && !log->take)
      g_cond_wait(&budget->changed, &budget->mutex);
    block = g_queue_pop_head(&log->blocks);
  }
  if (!block && log->error)
    g_propagate_error(error, g_error_copy(log->error));
  g_mutex_unlock(&budget->mutex);
  return block;
}

int
nz_log_cursor_next(NzLogCursor *self, NzEntry *entry, GError **error)
{
  if (!self->block || self->at >= self->block->bytes->len) {
    drop_block(self);
    g_autoptr(GError) failed = NULL;
    self->block = wait_for_block(self, &failed);
    if (failed) {
      g_propagate_error(error, g_steal_pointer(&failed));
      return -1;
    }
    if (!self->block)
      return 0;
    self->at = 0;
    self->body_at = 0;
    g_string_truncate(self->path, 0);
  }
  const guint8 *p = self->block->bytes->data;
  gsize *at = &self->at;
  *entry = (NzEntry){.kind = p[*at]};
  guint8 flags = p[*at + 1];
  *at += 2;
  gsize shared = (gsize)get_number(p, at), suffix = (gsize)get_number(p, at);
  g_string_truncate(self->path, shared);
  g_string_append_len(self->path, (const char *)p + *at, (gssize)suffix);
  *at += suffix;
  entry->path = self->path->str;
  entry->path_len = self->path->len;
  entry->mode = (guint16)get_number(p, at);
  entry->uid = (guint32)get_number(p, at);
  entry->gid = (guint32)get_number(p, at);
  if (flags & HAS_TARGET) {
    gsize n = (gsize)get_number(p, at);
    g_string_truncate(self->target, 0);
    g_string_append_len(self->target, (const char *)p + *at, (gssize)n);
    *at += n;
    entry->target = self->target->str;
  }
  if (flags & HAS_CAPABILITY) {
    memcpy(&entry->capability, p + *at, sizeof entry->capability);
    *at += sizeof entry->capability;
  }
  entry->outside = (flags & IS_OUTSIDE) != 0;
  entry->overlay_attribute = (flags & HAS_OVERLAY) != 0;
  entry->body_kind = (NzBodyKind)(flags >> BODY_SHIFT & BODY_MASK);
  if (flags & HAS_BODY)
    entry->body = self->block->bodies->pdata[self->body_at++];
  return 1;
}

/* --- copies --- */

void
nz_layer_log_copy(NzLayerLog *self, gsize max)
{
  self->copy = g_byte_array_new();
  self->copy_max = max;
}

GBytes *
nz_layer_log_take_copy(NzLayerLog *self)
{
  if (self->copy && self->open)
    copy_block(self, self->open);
  return self->copy ? g_byte_array_free_to_bytes(g_steal_pointer(&self->copy)) : NULL;
}

/* One packed entry: where its path is, with PATH holding the one before it. */
static gboolean
check_entry(NzUnpack *in, GString *path, guint *n_bodies, NzEntry *e)
{
  e->kind = (NzEntryKind)*nz_unpack_raw(in, 1);
  guint8 flags = *nz_unpack_raw(in, 1);
  gsize shared = (gsize)nz_unpack_number(in, path->len), len;
  const guint8 *suffix = nz_unpack_bytes(in, &len);
  if (in->broken || shared + len > NZ_PATH_MAX || e->kind > NZ_ENTRY_WHITEOUT_DEVICE)
    return FALSE;
  g_string_truncate(path, shared);
  g_string_append_len(path, (const char *)suffix, (gssize)len);
  if (!nz_path_is_clean(path->str, path->len))
    return FALSE;
  nz_unpack_number(in, 07777);
  nz_unpack_number(in, G_MAXUINT32);
  nz_unpack_number(in, G_MAXUINT32);
  if (flags & HAS_TARGET) {
    const char *target = (const char *)nz_unpack_bytes(in, &len);
    if (len > NZ_PATH_MAX || memchr(target, '\0', len) ||
        (e->kind == NZ_ENTRY_HARDLINK && !nz_path_is_clean(target, len)))
      in->broken = TRUE;
  }
  gboolean linked = e->kind == NZ_ENTRY_SYMLINK || e->kind == NZ_ENTRY_HARDLINK;
  if (flags & HAS_CAPABILITY)
    nz_unpack_raw(in, sizeof(NzCapability));
  *n_bodies += (flags & HAS_BODY) != 0;
  e->body_kind = (NzBodyKind)(flags >> BODY_SHIFT & BODY_MASK);
  return !in->broken && linked == ((flags & HAS_TARGET) != 0) &&
         nz_body_kind_fits(e->body_kind, (flags & HAS_BODY) != 0);
}

/* The entries of one block. */
static gboolean
check_block(const guint8 *data, gsize len, guint n_bodies, const NzWanted *wanted)
{
  NzUnpack in = {.data = data, .len = len};
  g_autoptr(GString) path = g_string_new(NULL);
  guint seen = 0;
  while (in.at < in.len) {
    NzEntry e = {0};
    if (!check_entry(&in, path, &seen, &e))
      return FALSE;
    if (e.kind == NZ_ENTRY_FILE && nz_wanted_misses(wanted, path->str, path->len, e.body_kind))
      return FALSE;
  }
  return len > 0 && seen == n_bodies;
}

gboolean
nz_layer_log_copy_serves(const void *data, gsize len, const NzWanted *wanted)
{
  NzUnpack in = {.data = data, .len = len};
  while (!in.broken && in.at < in.len) {
    gsize n, body;
    const guint8 *entries = nz_unpack_bytes(&in, &n);
    guint n_bodies = (guint)nz_unpack_number(&in, G_MAXUINT);
    for (guint i = 0; i < n_bodies && !in.broken; i++)
      nz_unpack_bytes(&in, &body);
    if (in.broken || !check_block(entries, n, n_bodies, wanted))
      return FALSE;
  }
  return nz_unpack_is_done(&in);
}

gboolean
nz_layer_log_replay(NzLayerLog *self, const void *data, gsize len, GError **error)
{
  NzUnpack in = {.data = data, .len = len};
  while (in.at < in.len && !in.broken) {
    gsize n;
    Block *block = self->open = block_new();
    const guint8 *entries = nz_unpack_bytes(&in, &n);
    g_byte_array_append(block->bytes, entries, (guint)n);
    guint n_bodies = (guint)nz_unpack_number(&in, G_MAXUINT);
    for (guint i = 0; i < n_bodies && !in.broken; i++) {
      const guint8 *body = nz_unpack_bytes(&in, &n);
      if (!block->bodies)
        block->bodies = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
      g_ptr_array_add(block->bodies, g_bytes_new(body, n));
      block->body_bytes += n;
    }
    if (!hand_on(self, error))
      return FALSE;
  }
  return TRUE;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The reader fills the slots of a ring in turn and hands each on as soon as it is full; a thread
 * hashes the slots in the same turn. A slot is filled again only when its hash is done, and never
 * while it is the one on view. So the hash overlaps the work of whoever consumes the stream, and
 * both see the same bytes: a file that changes meanwhile cannot show one thing to each. */
#include "image/digest.h"

#include <string.h>

#include <nettle/nettle-meta.h>
#include <nettle/sha2.h>

#include "core/limits.h"

typedef union {
  struct sha256_ctx sha256;
  struct sha512_ctx sha512;
} HashContext;

typedef struct {
  const char *prefix;
  const struct nettle_hash *hash;
} Algorithm;

static const Algorithm *
algorithm_of(const char *digest)
{
  static const Algorithm table[] = {
      {"sha256:", &nettle_sha256},
      {"sha512:", &nettle_sha512},
  };
  for (gsize i = 0; i < G_N_ELEMENTS(table); i++)
    if (g_str_has_prefix(digest, table[i].prefix))
      return &table[i];
  return NULL;
}

gboolean
nz_digest_valid(const char *text)
{
  const Algorithm *algorithm = algorithm_of(text);
  if (!algorithm)
    return FALSE;
  const char *hex = text + strlen(algorithm->prefix);
  if (strlen(hex) != 2u * algorithm->hash->digest_size)
    return FALSE;
  return strspn(hex, "0123456789abcdef") == strlen(hex);
}

char *
nz_digest_of_blob_name(const char *name)
{
  if (!g_str_has_prefix(name, "blobs/"))
    return NULL;
  g_autofree char *digest = g_strdup(name + strlen("blobs/"));
  char *slash = strchr(digest, '/');
  if (slash)
    *slash = ':';
  return nz_digest_valid(digest) ? g_steal_pointer(&digest) : NULL;
}

static char *
finish(const Algorithm *algorithm, HashContext *context)
{
  guint8 raw[SHA512_DIGEST_SIZE];
  algorithm->hash->digest(context, algorithm->hash->digest_size, raw);
  GString *out = g_string_new(algorithm->prefix);
  for (guint i = 0; i < algorithm->hash->digest_size; i++)
    g_string_append_printf(out, "%02x", raw[i]);
  return g_string_free(out, FALSE);
}

char *
nz_digest_of(const char *like, const void *data, gsize len)
{
  const Algorithm *algorithm = algorithm_of(like);
  HashContext context;
  algorithm->hash->init(&context);
  algorithm->hash->update(&context, len, data);
  return finish(algorithm, &context);
}

typedef struct {
  guint8 *data;
  gsize len;
} Slot;

typedef struct {
  NzStream base;
  NzStream *parent;
  const Algorithm *algorithm;
  HashContext context;
  Slot slots[NZ_DIGEST_RING];
  guint64 filled; /* slots filled so far, by the reader */
  guint64 hashed; /* slots hashed so far, by the thread */
  gboolean closed;
  GThread *thread; /* NULL: hashed in place */
  GMutex mutex;
  GCond changed;
} DigestStream;

static gpointer
hash_slots(gpointer data)
{
  DigestStream *self = data;
  g_mutex_lock(&self->mutex);
  for (;;) {
    while (self->hashed == self->filled && !self->closed)
      g_cond_wait(&self->changed, &self->mutex);
    if (self->hashed == self->filled)
      break;
    Slot *slot = &self->slots[self->hashed % NZ_DIGEST_RING];
    g_mutex_unlock(&self->mutex);
    self->algorithm->hash->update(&self->context, slot->len, slot->data);
    g_mutex_lock(&self->mutex);
    self->hashed++;
    g_cond_signal(&self->changed);
  }
  g_mutex_unlock(&self->mutex);
  return NULL;
}

static void
close_ring(DigestStream *self)
{
  if (!self->thread)
    return;
  g_mutex_lock(&self->mutex);
  self->closed = TRUE;
  g_cond_signal(&self->changed);
  g_mutex_unlock(&self->mutex);
  g_thread_join(g_steal_pointer(&self->thread));
}

static gssize
digest_next(NzStream *base, const guint8 **data, GError **error)
{
  DigestStream *self = (DigestStream *)base;
  Slot *slot = &self->slots[self->filled % NZ_DIGEST_RING];
  if (self->thread) {
    g_mutex_lock(&self->mutex);
    while (self->filled - self->hashed >= NZ_DIGEST_RING)
      g_cond_wait(&self->changed, &self->mutex);
    g_mutex_unlock(&self->mutex);
  }
  if (!slot->data)
    slot->data = g_malloc(NZ_DIGEST_CHUNK);
  gssize got = nz_stream_read(self->parent, slot->data, NZ_DIGEST_CHUNK, error);
  if (got <= 0)
    return got;
  slot->len = (gsize)got;
  if (self->thread) {
    g_mutex_lock(&self->mutex);
    self->filled++;
    g_cond_signal(&self->changed);
    g_mutex_unlock(&self->mutex);
  } else {
    self->algorithm->hash->update(&self->context, slot->len, slot->data);
  }
  *data = slot->data;
  return got;
}

static void
digest_free(NzStream *base)
{
  DigestStream *self = (DigestStream *)base;
  close_ring(self);
  for (gsize i = 0; i < NZ_DIGEST_RING; i++)
    g_free(self->slots[i].data);
  g_mutex_clear(&self->mutex);
  g_cond_clear(&self->changed);
  nz_stream_free(self->parent);
  g_free(self);
}

static const NzStreamClass digest_class = {.next = digest_next, .free = digest_free};

NzStream *
nz_digest_stream_new(NzStream *parent, const char *like, guint64 size_hint)
{
  DigestStream *self = g_new0(DigestStream, 1);
  nz_stream_init(&self->base, &digest_class);
  self->parent = parent;
  self->algorithm = algorithm_of(like);
  self->algorithm->hash->init(&self->context);
  g_mutex_init(&self->mutex);
  g_cond_init(&self->changed);
  if (size_hint >= NZ_DIGEST_THREAD_MIN)
    self->thread = g_thread_new("digest", hash_slots, self);
  return &self->base;
}

char *
nz_digest_stream_finish(NzStream *base)
{
  DigestStream *self = (DigestStream *)base;
  close_ring(self);
  return finish(self->algorithm, &self->context);
}

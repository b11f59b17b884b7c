/* SPDX-License-Identifier: Apache-2.0 */
/* Open addressing with linear probing, at most 3/4 full. A key of 0 marks a free slot. There are 16
 * tables, so that one that grows does not hold all names twice. */
#include "rootfs/names.h"

#include <string.h>

#include "core/limits.h"
#include "core/text.h"

#define KIND_BITS 2
G_STATIC_ASSERT(NZ_LAYERS_MAX << KIND_BITS <= G_MAXUINT16);

#define TABLE_BITS  4
#define FIRST_SLOTS ((gsize)256)

typedef struct {
  guint64 *keys;
  guint16 *facts; /* layer << KIND_BITS | kind */
  gsize n_slots;  /* a power of two */
  gsize n_used;
} Table;

struct NzNames {
  gint refs;      /* of those that lie over it, and of its owner */
  NzNames *below; /* looked into for what is not in the tables; NULL: nothing */
  guint64 seed;
  Table tables[1 << TABLE_BITS];
  gsize n_used; /* with those of BELOW */
  gboolean full;
};

static void
allocate(Table *self, gsize n_slots)
{
  self->n_slots = n_slots;
  self->keys = g_new0(guint64, n_slots);
  self->facts = g_new0(guint16, n_slots);
}

static void
release(Table *self)
{
  g_free(self->keys);
  g_free(self->facts);
}

NzNames *
nz_names_new(void)
{
  NzNames *self = g_new0(NzNames, 1);
  self->refs = 1;
  self->seed = nz_hash_seed();
  for (gsize i = 0; i < G_N_ELEMENTS(self->tables); i++)
    allocate(&self->tables[i], FIRST_SLOTS);
  return self;
}

void
nz_names_free(NzNames *self)
{
  if (!self || !g_atomic_int_dec_and_test(&self->refs))
    return;
  nz_names_free(self->below);
  for (gsize i = 0; i < G_N_ELEMENTS(self->tables); i++)
    release(&self->tables[i]);
  g_free(self);
}

static guint64
key_of(const NzNames *self, const char *path, gsize len)
{
  guint64 key = nz_hash64_seeded(path, len, self->seed);
  return key ? key : 1;
}

/* By the key's highest bits; slot_of() goes by the lowest. */
static gsize
table_of(guint64 key)
{
  return (gsize)(key >> (64 - TABLE_BITS));
}

static gsize
slot_of(const Table *self, guint64 key)
{
  gsize i = (gsize)key & (self->n_slots - 1);
  while (self->keys[i] != 0 && self->keys[i] != key)
    i = (i + 1) & (self->n_slots - 1);
  return i;
}

static void
grow(Table *self)
{
  Table old = *self;
  allocate(self, old.n_slots * 2);
  for (gsize i = 0; i < old.n_slots; i++) {
    if (old.keys[i] == 0)
      continue;
    gsize to = slot_of(self, old.keys[i]);
    self->keys[to] = old.keys[i];
    self->facts[to] = old.facts[i];
  }
  release(&old);
}

/* What is at KEY, in SELF's own tables or below; NULL: nothing. */
static const guint16 *
find(const NzNames *self, guint64 key)
{
  for (; self; self = self->below) {
    const Table *table = &self->tables[table_of(key)];
    gsize i = slot_of(table, key);
    if (table->keys[i] == key)
      return &table->facts[i];
  }
  return NULL;
}

/* Puts KEY into SELF's own tables. */
static void
put(NzNames *self, guint64 key, guint16 facts)
{
  Table *table = &self->tables[table_of(key)];
  gsize i = slot_of(table, key);
  if (table->keys[i] != key) {
    if (table->n_used >= table->n_slots / 4 * 3) {
      grow(table);
      i = slot_of(table, key);
    }
    table->keys[i] = key;
    table->n_used++;
  }
  table->facts[i] = facts;
}

static void
unpack(guint16 facts, guint *layer, NzNameKind *kind)
{
  *layer = facts >> KIND_BITS;
  *kind = (NzNameKind)(facts & ((1u << KIND_BITS) - 1));
}

gboolean
nz_names_note(NzNames *self, const char *path, gsize len, guint layer, NzNameKind kind,
              guint *old_layer, NzNameKind *old_kind)
{
  guint64 key = key_of(self, path, len);
  const guint16 *facts = find(self, key);
  if (facts) {
    unpack(*facts, old_layer, old_kind);
  } else if (self->n_used >= NZ_NAMES_MAX) {
    self->full = TRUE;
    return FALSE;
  } else {
    self->n_used++;
  }
  put(self, key, (guint16)(layer << KIND_BITS | kind));
  return facts != NULL;
}

gboolean
nz_names_find(const NzNames *self, const char *path, gsize len, guint *layer, NzNameKind *kind)
{
  const guint16 *facts = find(self, key_of(self, path, len));
  if (facts)
    unpack(*facts, layer, kind);
  return facts != NULL;
}

gsize
nz_names_count(const NzNames *self)
{
  return self->n_used;
}

gboolean
nz_names_full(const NzNames *self)
{
  return self->full;
}

/* --- several over one --- */

NzNames *
nz_names_copy(const NzNames *self)
{
  const NzNames *lowest = self->below ? self->below : self;
  NzNames *copy = g_memdup2(lowest, sizeof *lowest);
  copy->refs = 1;
  for (gsize t = 0; t < G_N_ELEMENTS(copy->tables); t++) {
    Table *table = &copy->tables[t];
    table->keys = g_memdup2(table->keys, table->n_slots * sizeof *table->keys);
    table->facts = g_memdup2(table->facts, table->n_slots * sizeof *table->facts);
    const Table *own = &self->tables[t];
    for (gsize i = 0; lowest != self && i < own->n_slots; i++)
      if (own->keys[i] != 0)
        put(copy, own->keys[i], own->facts[i]);
  }
  copy->n_used = self->n_used;
  copy->full = self->full;
  return copy;
}

NzNames *
nz_names_over(NzNames *below)
{
  g_assert(!below->below);
  NzNames *self = nz_names_new();
  g_atomic_int_inc(&below->refs);
  self->below = below;
  self->seed = below->seed;
  self->n_used = below->n_used;
  self->full = below->full;
  return self;
}

gsize
nz_names_bytes(const NzNames *self)
{
  gsize bytes = sizeof *self;
  for (gsize t = 0; t < G_N_ELEMENTS(self->tables); t++)
    bytes += self->tables[t].n_slots * (sizeof(guint64) + sizeof(guint16));
  return bytes;
}

/* --- as bytes: the seed, and for each table the keys that are used, then their facts --- */

void
nz_names_save(const NzNames *self, GByteArray *out)
{
  if (self->below) {
    g_autoptr(NzNames) alone = nz_names_copy(self);
    nz_names_save(alone, out);
    return;
  }
  g_byte_array_append(out, (const guint8 *)&self->seed, sizeof self->seed);
  nz_pack_number(out, self->full);
  for (gsize t = 0; t < G_N_ELEMENTS(self->tables); t++) {
    const Table *table = &self->tables[t];
    nz_pack_number(out, table->n_used);
    gsize at = out->len;
    g_byte_array_set_size(out, (guint)(at + table->n_used * (sizeof(guint64) + sizeof(guint16))));
    guint8 *keys = out->data + at, *facts = keys + table->n_used * sizeof(guint64);
    for (gsize i = 0; i < table->n_slots; i++) {
      if (table->keys[i] == 0)
        continue;
      keys = mempcpy(keys, &table->keys[i], sizeof(guint64));
      facts = mempcpy(facts, &table->facts[i], sizeof(guint16));
    }
  }
}

gsize
nz_names_saved_size(const NzNames *self)
{
  return self->n_used * (sizeof(guint64) + sizeof(guint16));
}

/* Puts N keys, with their facts behind them, into TABLE, number T. */
static gboolean
load_table(Table *table, gsize t, const guint8 *data, gsize n)
{
  gsize n_slots = FIRST_SLOTS;
  /* Fuller than one that grows: most have all that will be in them. */
  while (n_slots / 8 * 7 < n)
    n_slots *= 2;
  release(table);
  allocate(table, n_slots);
  const guint8 *facts = data + n * sizeof(guint64);
  for (gsize i = 0; i < n; i++) {
    guint64 key;
    memcpy(&key, data + i * sizeof key, sizeof key);
    if (key == 0 || table_of(key) != t)
      return FALSE;
    gsize slot = slot_of(table, key);
    if (table->keys[slot] == key)
      return FALSE;
    table->keys[slot] = key;
    memcpy(&table->facts[slot], facts + i * sizeof(guint16), sizeof(guint16));
  }
  table->n_used = n;
  return TRUE;
}

gboolean
nz_names_load(NzNames *self, NzUnpack *in)
{
  const guint8 *seed = nz_unpack_raw(in, sizeof self->seed);
  if (in->broken)
    return FALSE;
  memcpy(&self->seed, seed, sizeof self->seed);
  self->full = (gboolean)nz_unpack_number(in, 1);
  for (gsize t = 0; t < G_N_ELEMENTS(self->tables); t++) {
    gsize n = (gsize)nz_unpack_number(in, NZ_NAMES_MAX - self->n_used);
    const guint8 *data = nz_unpack_raw(in, n * (sizeof(guint64) + sizeof(guint16)));
    if (in->broken || !load_table(&self->tables[t], t, data, n))
      return FALSE;
    self->n_used += n;
  }
  return TRUE;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* A value is what it was made for (NzWanted), the results of its layers, and the entries of a layer
 * or the tree of a stack: on disk as bytes, in memory a frozen tree. */
#include "scan/facts.h"

#include <nettle/sha2.h>
#include <string.h>
#include <unistd.h>

#include "core/limits.h"
#include "core/pack.h"
#include "image/compression.h"
#include "rootfs/tree_freeze.h"
#include "rootfs/tree_save.h"
#include "version.h"

/* To be raised with every change of what is read from a layer. Part of every key, as is the
 * program's version. */
#define FACTS_VERSION "1"

typedef struct {
  guint8 bytes[NZ_CACHE_KEY];
} Key;

struct NzFacts {
  NzCacheProcess *cache;
  GMutex mutex;       /* guards what follows */
  GHashTable *memory; /* Key -> Stack */
  GQueue order;       /* Key, borrowed from MEMORY, oldest first */
  gsize bytes;
  GHashTable *seen; /* Key of stacks that images of this run had */
  GHashTable *read; /* Key of stacks that an image is about to have -> gboolean *: another waits */
  GCond passed;     /* one of these less */
  guint n_waiting;  /* images that wait for that */
};

/* What is known of some layers together. Never changed: any thread may look at it. */
typedef struct {
  gint refs;
  NzWanted *made_for;
  NzLayerResult *results; /* of each layer: what pack_result() tells of */
  NzFrozenTree *tree;
} Stack;

static void
stack_unref(Stack *self)
{
  if (!self || !g_atomic_int_dec_and_test(&self->refs))
    return;
  nz_wanted_free(self->made_for);
  g_free(self->results);
  nz_frozen_tree_unref(self->tree);
  g_free(self);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Stack, stack_unref)

static guint
key_hash(gconstpointer key)
{
  guint hash;
  memcpy(&hash, key, sizeof hash);
  return hash;
}

static gboolean
key_equal(gconstpointer a, gconstpointer b)
{
  return memcmp(a, b, sizeof(Key)) == 0;
}

NzFacts *
nz_facts_new(NzCacheProcess *cache)
{
  NzFacts *self = g_new0(NzFacts, 1);
  self->cache = cache;
  g_mutex_init(&self->mutex);
  self->memory = g_hash_table_new_full(key_hash, key_equal, g_free, (GDestroyNotify)stack_unref);
  g_queue_init(&self->order);
  self->seen = g_hash_table_new_full(key_hash, key_equal, g_free, NULL);
  self->read = g_hash_table_new_full(key_hash, key_equal, g_free, g_free);
  g_cond_init(&self->passed);
  return self;
}

void
nz_facts_free(NzFacts *self)
{
  if (!self)
    return;
  g_queue_clear(&self->order);
  g_hash_table_unref(self->memory);
  g_hash_table_unref(self->seen);
  g_hash_table_unref(self->read);
  g_cond_clear(&self->passed);
  g_mutex_clear(&self->mutex);
  g_free(self);
}

/* --- keys --- */

static void
key_add(struct sha256_ctx *hash, const char *text)
{
  const char *given = text ? text : "";
  sha256_update(hash, strlen(given) + 1, (const uint8_t *)given);
}

/* Hosts of several kinds may share a home, and what one user may not read, another may. */
static void
key_begin(struct sha256_ctx *hash, const char *what)
{
  g_autofree char *reader = g_strdup_printf("%u %u %u", (guint)geteuid(), (guint)G_BYTE_ORDER,
                                            (guint)sizeof(NzCapability));
  sha256_init(hash);
  key_add(hash, "nonzero " NZ_VERSION " facts " FACTS_VERSION);
  key_add(hash, reader);
  key_add(hash, what);
}

/* A table of contents that the image names is read in the place of the blob: another image may name
 * another one for it, which says anything. */
static void
key_add_layer(struct sha256_ctx *hash, const NzLayer *layer)
{
  key_add(hash, layer->facts_key);
  key_add(hash, layer->stargz_digest);
  key_add(hash, layer->chunked_checksum);
  key_add(hash, layer->chunked_position);
}

static void
key_of_layer(const NzLayer *layer, Key *key)
{
  struct sha256_ctx hash;
  key_begin(&hash, "layer");
  key_add_layer(&hash, layer);
  sha256_digest(&hash, sizeof key->bytes, key->bytes);
}

/* The keys of the stacks of 1, 2, ... layers of IMAGE, as many as have one. */
static GArray *
keys_of_stacks(const NzImage *image)
{
  GArray *keys = g_array_new(FALSE, FALSE, sizeof(Key));
  struct sha256_ctx hash;
  key_begin(&hash, "stack");
  for (guint i = 0; i < image->layers->len; i++) {
    const NzLayer *layer = image->layers->pdata[i];
    if (!layer->facts_key || !image->store->whiteouts)
      break;
    key_add_layer(&hash, layer);
    struct sha256_ctx so_far = hash;
    Key key;
    sha256_digest(&so_far, sizeof key.bytes, key.bytes);
    g_array_append_val(keys, key);
  }
  return keys;
}

/* --- values --- */

static void
pack_paths(GByteArray *out, const GPtrArray *paths)
{
  nz_pack_number(out, paths->len);
  for (guint i = 0; i < paths->len; i++)
    nz_pack_bytes(out, paths->pdata[i], strlen(paths->pdata[i]));
}

static void
unpack_paths(NzUnpack *in, NzWanted *wanted, GPtrArray *list)
{
  guint n = (guint)nz_unpack_number(in, NZ_WANTED_MAX);
  for (guint i = 0; i < n && !in->broken; i++) {
    g_autofree char *path = nz_unpack_string(in);
    if (!in->broken)
      nz_wanted_add(wanted, list, path);
  }
}

static void
pack_result(GByteArray *out, const NzLayerResult *result)
{
  const char *compression = result->compression ? result->compression : "";
  nz_pack_bytes(out, compression, strlen(compression));
  nz_pack_number(out, result->by_table);
}

static void
unpack_result(NzUnpack *in, NzLayerResult *result)
{
  g_autofree char *compression = nz_unpack_string(in);
  result->compression = nz_compression_name(compression);
  result->by_table = (gboolean)nz_unpack_number(in, 1);
}

static GByteArray *
pack_head(const NzWanted *wanted, const NzLayerResult *results, guint n)
{
  GByteArray *out = g_byte_array_new();
  pack_paths(out, wanted->users);
  pack_paths(out, wanted->extra);
  for (guint i = 0; i < n; i++)
    pack_result(out, &results[i]);
  return out;
}

/* What follows the head of VALUE; NULL when it is damaged. WANTED is added to. */
static const guint8 *
unpack_head(GBytes *value, NzWanted *wanted, NzLayerResult *results, guint n, gsize *len)
{
  NzUnpack in = {0};
  in.data = g_bytes_get_data(value, &in.len);
  unpack_paths(&in, wanted, wanted->users);
  unpack_paths(&in, wanted, wanted->extra);
  for (guint i = 0; i < n; i++)
    unpack_result(&in, &results[i]);
  *len = in.len - in.at;
  return in.broken ? NULL : in.data + in.at;
}

/* What a value tells of a layer's result, and no more. */
static void
copy_result(NzLayerResult *to, const NzLayerResult *from)
{
  *to = (NzLayerResult){.compression = from->compression, .by_table = from->by_table};
}

static NzWanted *
wanted_copy(const NzWanted *from)
{
  NzWanted *copy = nz_wanted_new();
  nz_wanted_merge(copy, from);
  return copy;
}

/* --- memory --- */

static Stack *
recall(NzFacts *self, const Key *key)
{
  g_mutex_lock(&self->mutex);
  Stack *stack = g_hash_table_lookup(self->memory, key);
  if (stack)
    g_atomic_int_inc(&stack->refs);
  g_mutex_unlock(&self->mutex);
  return stack;
}

static gsize
bytes_of(const Stack *stack)
{
  return nz_frozen_tree_bytes(stack->tree);
}

/* Keeps TREE, made for WANTED of N layers. */
static void
remember(NzFacts *self, const Key *key, const NzTree *tree, const NzWanted *wanted,
         const NzLayerResult *results, guint n)
{
  g_autoptr(Stack) stack = g_new0(Stack, 1);
  stack->refs = 1;
  stack->made_for = wanted_copy(wanted);
  stack->results = g_new0(NzLayerResult, n);
  for (guint i = 0; i < n; i++)
    copy_result(&stack->results[i], &results[i]);
  stack->tree = nz_tree_freeze(tree);
  if (bytes_of(stack) > NZ_FACTS_MEMORY_MAX)
    return;
  g_mutex_lock(&self->mutex);
  if (!g_hash_table_contains(self->memory, key)) {
    Key *copy = g_memdup2(key, sizeof *key);
    self->bytes += bytes_of(stack);
    g_hash_table_insert(self->memory, copy, g_steal_pointer(&stack));
    g_queue_push_tail(&self->order, copy);
  }
  while (self->bytes > NZ_FACTS_MEMORY_MAX) {
    Key *oldest = g_queue_pop_head(&self->order);
    self->bytes -= bytes_of(g_hash_table_lookup(self->memory, oldest));
    g_hash_table_remove(self->memory, oldest);
  }
  g_mutex_unlock(&self->mutex);
}

/* --- stacks --- */

/* TREE (owned) and RESULTS of N layers, if they serve WANTED, to which is added what they were
 * MADE_FOR. */
static NzTree *
use_stack(NzTree *tree, const NzWanted *made_for, const NzLayerResult *known, guint n,
          NzWanted *wanted, NzLayerResult *results)
{
  g_autoptr(NzTree) owned = tree;
  g_autoptr(NzWanted) missing = nz_wanted_minus(wanted, made_for);
  nz_wanted_merge(wanted, made_for);
  if (nz_tree_lacks(tree, missing))
    return NULL;
  for (guint i = 0; i < n; i++)
    copy_result(&results[i], &known[i]);
  return g_steal_pointer(&owned);
}

/* The tree of the N lowest layers, from what the cache on disk has of them. WHOLE: no other image
 * is to have it as its lower part. */
static NzTree *
load_stack(NzFacts *self, const Key *key, guint n, gboolean whole, NzWanted *wanted,
           NzLayerResult *results)
{
  gsize len;
  g_autoptr(GBytes) value = nz_cache_process_get(self->cache, key->bytes);
  g_autoptr(NzWanted) made_for = nz_wanted_new();
  g_autofree NzLayerResult *known = g_new0(NzLayerResult, n);
  const guint8 *packed = value ? unpack_head(value, made_for, known, n, &len) : NULL;
  NzTree *tree = packed ? nz_tree_load(packed, len) : NULL;
  if (tree)
    tree = use_stack(tree, made_for, known, n, wanted, results);
  if (tree && !whole)
    remember(self, key, tree, made_for, known, n);
  return tree;
}

/* The same from memory, else from disk. */
static NzTree *
find_stack(NzFacts *self, const Key *key, guint n, gboolean whole, NzWanted *wanted,
           NzLayerResult *results)
{
  g_autoptr(Stack) stack = recall(self, key);
  if (stack)
    return use_stack(nz_tree_thaw(stack->tree), stack->made_for, stack->results, n, wanted,
                     results);
  return self->cache ? load_stack(self, key, n, whole, wanted, results) : NULL;
}

/* The tallest stack below TALLEST layers, above the one that is known, that another image of this
 * run had; all of KEYS are then had. */
static guint
find_shared(NzFacts *self, const GArray *keys, guint known, guint tallest)
{
  guint shared = 0;
  g_mutex_lock(&self->mutex);
  for (guint n = 1; n <= keys->len; n++) {
    const Key *key = &g_array_index(keys, Key, n - 1);
    gboolean seen = g_hash_table_contains(self->seen, key);
    if (!seen && g_hash_table_size(self->seen) < NZ_FACTS_SEEN_MAX)
      g_hash_table_add(self->seen, g_memdup2(key, sizeof *key));
    if (seen && n > known && n < tallest)
      shared = n;
  }
  g_mutex_unlock(&self->mutex);
  return shared;
}

/* --- images side by side --- */

static const Key *
key_at(const GArray *keys, guint n_layers)
{
  return &g_array_index(keys, Key, n_layers - 1);
}

/* Waits while another image is about to have a stack that this one has too, then promises those
 * that nobody has. Who waits has promised nothing yet: none waits for another in a ring. */
static void
promise(NzFacts *self, NzStackStart *start)
{
  guint most = start->keys->len;
  g_mutex_lock(&self->mutex);
  for (guint n = most; n > 0;) {
    gboolean *awaited = g_hash_table_lookup(self->read, key_at(start->keys, n));
    if (!awaited) {
      n--;
      continue;
    }
    *awaited = TRUE;
    self->n_waiting++;
    g_cond_wait(&self->passed, &self->mutex);
    self->n_waiting--;
    n = most;
  }
  start->promised = most + 1;
  while (start->promised > 1 &&
         !g_hash_table_contains(self->memory, key_at(start->keys, start->promised - 1))) {
    start->promised--;
    start->promises++;
    g_hash_table_insert(self->read, g_memdup2(key_at(start->keys, start->promised), sizeof(Key)),
                        g_new0(gboolean, 1));
  }
  g_mutex_unlock(&self->mutex);
}

gboolean
nz_facts_awaited(const NzStackStart *start, guint n_layers)
{
  if (start->promises == 0 || n_layers != start->promised)
    return FALSE;
  NzFacts *self = start->facts;
  g_mutex_lock(&self->mutex);
  gboolean awaited = *(gboolean *)g_hash_table_lookup(self->read, key_at(start->keys, n_layers));
  g_mutex_unlock(&self->mutex);
  return awaited;
}

guint
nz_facts_waiting(NzFacts *self)
{
  g_mutex_lock(&self->mutex);
  guint n = self->n_waiting;
  g_mutex_unlock(&self->mutex);
  return n;
}

void
nz_facts_passed(NzStackStart *start, guint n_layers)
{
  NzFacts *self = start->facts;
  while (start->promises > 0 && start->promised <= n_layers) {
    g_mutex_lock(&self->mutex);
    g_hash_table_remove(self->read, key_at(start->keys, start->promised));
    g_cond_broadcast(&self->passed);
    g_mutex_unlock(&self->mutex);
    start->promised++;
    start->promises--;
  }
}

void
nz_facts_begin(NzFacts *self, const NzImage *image, const NzReadOptions *options,
               NzLayerResult *results, NzStackStart *start)
{
  *start = (NzStackStart){.wanted = wanted_copy(options->wanted), .others = nz_wanted_new()};
  if (options->verify)
    return;
  guint total = image->layers->len;
  GArray *keys = start->keys = keys_of_stacks(image);
  start->facts = self;
  promise(self, start);
  for (guint n = keys->len; n > 0 && !start->tree; n--) {
    start->tree = find_stack(self, key_at(keys, n), n, n == total, start->wanted, results);
    start->n_layers = start->tree ? n : 0;
  }
  nz_facts_passed(start, start->n_layers);
  start->n_paths = start->tree ? nz_tree_count(start->tree) : 0;
  g_autoptr(NzWanted) own = wanted_copy(options->wanted);
  nz_wanted_free(start->others);
  start->others = nz_wanted_minus(start->wanted, own);
  gboolean whole = self->cache && keys->len == total && start->n_layers < total;
  start->keep[0] = find_shared(self, keys, start->n_layers, total);
  start->keep[1] = whole ? total : 0;
}

void
nz_stack_start_clear(NzStackStart *self)
{
  nz_facts_passed(self, G_MAXUINT);
  g_clear_pointer(&self->keys, g_array_unref);
  nz_tree_free(self->tree);
  nz_wanted_free(self->wanted);
  nz_wanted_free(self->others);
}

void
nz_facts_keep(NzFacts *self, const NzImage *image, guint n_layers, gboolean for_others,
              const NzWanted *wanted, const NzLayerResult *results, const NzTree *tree)
{
  for (guint i = 0; i < n_layers; i++)
    if (results[i].incomplete)
      return;
  if (nz_tree_is_large(tree, NZ_FACTS_ENTRY_MAX))
    return;
  g_autoptr(GArray) keys = keys_of_stacks(image);
  const Key *key = key_at(keys, n_layers);
  if (for_others)
    remember(self, key, tree, wanted, results, n_layers);
  if (!self->cache)
    return;
  g_autoptr(GByteArray) out = pack_head(wanted, results, n_layers);
  nz_tree_save(tree, out);
  nz_cache_process_put(self->cache, key->bytes, "stack", out->data, out->len);
}

/* --- layers --- */

/* 1: LOG was written from what is kept. 0: it was not touched, and what VALUE was made for is added
 * to WANTED. -1: error. */
static int
replay(GBytes *value, NzWanted *wanted, NzLayerLog *log, NzLayerResult *result, GError **error)
{
  gsize len;
  NzLayerResult known = {0};
  g_autoptr(NzWanted) made_for = nz_wanted_new();
  const guint8 *packed = unpack_head(value, made_for, &known, 1, &len);
  g_autoptr(NzWanted) missing = nz_wanted_minus(wanted, made_for);
  if (!packed || !nz_layer_log_copy_serves(packed, len, NULL))
    return 0;
  if (!nz_layer_log_copy_serves(packed, len, missing)) {
    nz_wanted_merge(wanted, made_for);
    return 0;
  }
  *result = known;
  return nz_layer_log_replay(log, packed, len, error) ? 1 : -1;
}

static gboolean
read_and_keep(NzFacts *self, const Key *key, NzImageStore *store, const NzLayer *layer,
              const NzReadOptions *options, NzLayerLog *log, NzLayerResult *result, GError **error)
{
  nz_layer_log_copy(log, NZ_FACTS_ENTRY_MAX / 2);
  if (!store->klass->read_layer(store, layer, options, log, result, error))
    return FALSE;
  g_autoptr(GBytes) entries = nz_layer_log_take_copy(log);
  if (!entries || result->incomplete)
    return TRUE;
  gsize len;
  const void *data = g_bytes_get_data(entries, &len);
  g_autoptr(GByteArray) out = pack_head(options->wanted, result, 1);
  g_byte_array_append(out, data, (guint)len);
  nz_cache_process_put(self->cache, key->bytes, "layer", out->data, out->len);
  return TRUE;
}

gboolean
nz_facts_read_layer(NzFacts *self, NzImageStore *store, const NzLayer *layer,
                    const NzReadOptions *options, NzLayerLog *log, NzLayerResult *result,
                    GError **error)
{
  if (!self || !self->cache || !layer->facts_key || options->verify)
    return store->klass->read_layer(store, layer, options, log, result, error);
  Key key;
  key_of_layer(layer, &key);
  g_autoptr(NzWanted) wanted = wanted_copy(options->wanted);
  g_autoptr(GBytes) value = nz_cache_process_get(self->cache, key.bytes);
  int got = value ? replay(value, wanted, log, result, error) : 0;
  if (got != 0)
    return got == 1;
  NzReadOptions read = *options;
  read.wanted = wanted;
  read.spare = NULL; /* what several write is not copied */
  return read_and_keep(self, &key, store, layer, &read, log, result, error);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "image/engine.h"

#include <string.h>
#include <sys/stat.h>

#include "core/text.h"

/* In the order in which a name without a prefix is looked for. */
static const NzEngine *const engines[] = {
    &nz_engine_containers_storage,
    &nz_engine_docker_daemon,
    &nz_engine_containerd,
};

const NzEngine *
nz_engine_at(guint i)
{
  return i < G_N_ELEMENTS(engines) ? engines[i] : NULL;
}

const NzEngine *
nz_engine_find(const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS(engines); i++)
    if (strcmp(engines[i]->name, name) == 0)
      return engines[i];
  return NULL;
}

const NzEngine *
nz_engine_of(const char *source, const char **rest)
{
  const char *colon = strchr(source, ':');
  g_autofree char *name = colon ? g_strndup(source, (gsize)(colon - source)) : NULL;
  const NzEngine *engine = name ? nz_engine_find(name) : NULL;
  if (engine)
    *rest = colon + 1;
  return engine;
}

/* --- stores and their images --- */

NzEngineStore *
nz_engine_store_new(const NzEngine *engine, const char *root)
{
  NzEngineStore *self = g_new0(NzEngineStore, 1);
  self->engine = engine;
  self->root = g_strdup(root);
  self->paths = g_ptr_array_new_with_free_func(g_free);
  g_ptr_array_add(self->paths, g_strdup(root));
  return self;
}

void
nz_engine_store_free(NzEngineStore *self)
{
  if (!self)
    return;
  if (self->free_data)
    self->free_data(self->data);
  g_ptr_array_unref(self->paths);
  g_free(self->root);
  g_free(self->spec);
  g_free(self->denied);
  g_free(self);
}

NzStoredImage *
nz_stored_image_new(const NzEngineStore *store, const char *id)
{
  NzStoredImage *self = g_new0(NzStoredImage, 1);
  self->store = store;
  self->id = g_strdup(id);
  self->names = g_ptr_array_new_with_free_func(g_free);
  self->bytes = -1;
  return self;
}

void
nz_stored_image_free(NzStoredImage *self)
{
  if (!self)
    return;
  if (self->free_data)
    self->free_data(self->data);
  g_ptr_array_unref(self->names);
  g_free(self->space);
  g_free(self->id);
  g_free(self->digest);
  g_free(self);
}

/* --- the host --- */

/* A store with what it holds, once that was asked. */
typedef struct {
  NzEngineStore *store;
  GPtrArray *images; /* NULL: not asked yet */
} Listed;

struct NzHost {
  GMutex mutex;      /* held while a store is listed */
  GPtrArray *stores; /* NzEngineStore, borrowed from LISTED */
  GPtrArray *listed; /* Listed */
  GHashTable *asked; /* "ENGINE [SPEC]": so that each is looked for once */
  GHashTable *told;  /* char * -> NzStoredImage: what nz_host_source() said */
};

static void
listed_free(gpointer data)
{
  Listed *self = data;
  g_clear_pointer(&self->images, g_ptr_array_unref);
  nz_engine_store_free(self->store);
  g_free(self);
}

NzHost *
nz_host_new(void)
{
  NzHost *self = g_new0(NzHost, 1);
  g_mutex_init(&self->mutex);
  self->stores = g_ptr_array_new();
  self->listed = g_ptr_array_new_with_free_func(listed_free);
  self->asked = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  self->told = g_hash_table_new_full(nz_str_hash, g_str_equal, g_free, NULL);
  return self;
}

void
nz_host_free(NzHost *self)
{
  if (!self)
    return;
  g_mutex_clear(&self->mutex);
  g_ptr_array_unref(self->stores);
  g_ptr_array_unref(self->listed);
  g_hash_table_unref(self->asked);
  g_hash_table_unref(self->told);
  g_free(self);
}

/* "[SPEC]NAME" in two; *SPEC is NULL when there is none. */
static gboolean
split_spec(const char *text, char **spec, const char **name, GError **error)
{
  *spec = NULL;
  *name = text;
  if (*text != '[')
    return TRUE;
  const char *end = strchr(text, ']');
  if (!end)
    return nz_set_input(error, "no ] after the [ that names the store");
  *spec = g_strndup(text + 1, (gsize)(end - text) - 1);
  *name = end + 1;
  return TRUE;
}

static void
add_store(NzHost *self, NzEngineStore *store, const char *spec)
{
  Listed *listed = g_new0(Listed, 1);
  listed->store = store;
  store->spec = g_strdup(spec);
  g_ptr_array_add(self->listed, listed);
  g_ptr_array_add(self->stores, store);
}

static void
find_stores(NzHost *self, const NzEngine *engine, const char *spec)
{
  if (!g_hash_table_add(self->asked, g_strdup_printf("%s [%s]", engine->name, spec ? spec : "")))
    return;
  g_autoptr(GPtrArray) found = g_ptr_array_new();
  g_autoptr(GError) error = NULL;
  if (!engine->find(spec, found, &error)) {
    NzEngineStore *store = nz_engine_store_new(engine, spec ? spec : "its configuration");
    store->denied = g_strdup(error->message);
    g_ptr_array_set_size(store->paths, 0);
    g_ptr_array_add(found, store);
  }
  for (guint i = 0; i < found->len; i++)
    add_store(self, found->pdata[i], spec);
}

void
nz_host_prepare_all(NzHost *self, const NzEngine *engine)
{
  for (guint i = 0; i < G_N_ELEMENTS(engines); i++)
    if (!engine || engine == engines[i])
      find_stores(self, engines[i], NULL);
}

void
nz_host_prepare(NzHost *self, const char *source)
{
  const char *rest, *name;
  const NzEngine *engine = nz_engine_of(source, &rest);
  g_autofree char *spec = NULL;
  if (g_hash_table_contains(self->told, source))
    return;
  if (engine && split_spec(rest, &spec, &name, NULL))
    find_stores(self, engine, spec);
  else if (!engine && nz_image_is_bare_name(source))
    nz_host_prepare_all(self, NULL);
}

const GPtrArray *
nz_host_stores(const NzHost *self)
{
  return self->stores;
}

gboolean
nz_host_needs_fetch(const NzHost *self)
{
  for (guint i = 0; i < self->stores->len; i++)
    if (((const NzEngineStore *)self->stores->pdata[i])->by_socket)
      return TRUE;
  return FALSE;
}

static gboolean
list_store(Listed *listed, const NzOpenOptions *options, GError **error)
{
  const NzEngineStore *store = listed->store;
  if (store->denied) {
    g_set_error(error, NZ_ERROR, NZ_ERROR_IO, "%s", store->denied);
    return FALSE;
  }
  g_autoptr(GPtrArray) images =
      g_ptr_array_new_with_free_func((GDestroyNotify)nz_stored_image_free);
  if (!store->engine->list(store, options, images, error)) {
    g_autofree char *root = nz_printable(store->root, -1);
    g_prefix_error(error, "%s: ", root);
    return FALSE;
  }
  listed->images = g_steal_pointer(&images);
  return TRUE;
}

const GPtrArray *
nz_host_list(NzHost *self, const NzEngineStore *store, const NzOpenOptions *options, GError **error)
{
  Listed *listed = NULL;
  for (guint i = 0; i < self->listed->len; i++)
    if (((Listed *)self->listed->pdata[i])->store == store)
      listed = self->listed->pdata[i];
  g_return_val_if_fail(listed, NULL);
  g_mutex_lock(&self->mutex);
  gboolean ok = listed->images || list_store(listed, options, error);
  g_mutex_unlock(&self->mutex);
  return ok ? listed->images : NULL;
}

/* --- opening by name --- */

static char *
source_by(const NzStoredImage *stored, const char *name)
{
  const NzEngineStore *store = stored->store;
  return store->spec ? g_strconcat(store->engine->name, ":[", store->spec, "]", name, NULL)
                     : g_strconcat(store->engine->name, ":", name, NULL);
}

/* A name that no engine gives may say another store, or end a line of a list. */
static gboolean
is_plain(const char *name)
{
  for (const char *c = name; *c; c++)
    if (!g_ascii_isalnum(*c) && !strchr("._-/:@+", *c))
      return FALSE;
  return *name != '\0';
}

char *
nz_stored_image_source(const NzStoredImage *stored)
{
  const char *name = stored->names->len > 0 ? stored->names->pdata[0] : NULL;
  return source_by(stored, name && is_plain(name) ? name : stored->id);
}

const char *
nz_host_source(NzHost *self, const NzStoredImage *stored)
{
  char *sources[] = {nz_stored_image_source(stored), source_by(stored, stored->id)};
  const char *told = NULL;
  for (guint i = 0; i < G_N_ELEMENTS(sources); i++) {
    const NzStoredImage *other = g_hash_table_lookup(self->told, sources[i]);
    if (!told && (!other || strcmp(other->id, stored->id) == 0)) {
      told = sources[i];
      g_hash_table_replace(self->told, sources[i], (gpointer)stored);
    } else {
      g_free(sources[i]);
    }
  }
  return told;
}

static gboolean
open_as(const NzStoredImage *stored, const char *source, const NzOpenOptions *options,
        GPtrArray *images, GError **error)
{
  NzOpenRequest request = {.source = source, .path = stored->store->root, .options = options};
  return stored->store->engine->open(stored, &request, images, error);
}

gboolean
nz_stored_image_open(const NzStoredImage *stored, const NzOpenOptions *options, GPtrArray *images,
                     GError **error)
{
  g_autofree char *source = nz_stored_image_source(stored);
  return open_as(stored, source, options, images, error);
}

typedef struct {
  const char *name;
  const NzEngineStore *unasked; /* the first that could not be listed before NAME was found */
  GPtrArray *best;   /* NzStoredImage, borrowed: different images that match equally well */
  NzNameMatch match; /* how well */
  GString *looked;   /* where, for people */
  GPtrArray *near;   /* char *, borrowed: all names */
} Search;

/* containerd may know an image by its manifest in one namespace, by its configuration in another.
 */
static gboolean
is_same(const NzStoredImage *a, const NzStoredImage *b)
{
  return strcmp(a->id, b->id) == 0 ||
         strcmp(a->digest ? a->digest : a->id, b->digest ? b->digest : b->id) == 0;
}

static void
consider(Search *self, const NzStoredImage *stored)
{
  for (guint i = 0; i < stored->names->len; i++)
    g_ptr_array_add(self->near, stored->names->pdata[i]);
  NzNameMatch match = nz_name_match(stored, self->name);
  if (match == NZ_NAME_NO || match < self->match)
    return;
  if (match > self->match)
    g_ptr_array_set_size(self->best, 0);
  self->match = match;
  for (guint i = 0; i < self->best->len; i++)
    if (is_same(self->best->pdata[i], stored))
      return; /* the same in another store */
  g_ptr_array_add(self->best, (gpointer)stored);
}

static void
look_into(Search *self, const NzEngineStore *store, const NzOpenOptions *options)
{
  g_autoptr(GError) error = NULL;
  const GPtrArray *all = nz_host_list(options->host, store, options, &error);
  g_autofree char *root = nz_printable(store->root, -1);
  g_string_append(self->looked, self->looked->len > 0 ? "; " : "");
  if (all)
    g_string_append_printf(self->looked, "%s (%s, %u images)", store->engine->name, root, all->len);
  else
    g_string_append_printf(self->looked, "%s, which could not be asked (%s)", store->engine->name,
                           error->message);
  if (!all && self->best->len == 0 && !self->unasked)
    self->unasked = store;
  for (guint i = 0; all && i < all->len; i++)
    consider(self, all->pdata[i]);
}

static gboolean
set_ambiguous(const Search *self, GError **error)
{
  g_autoptr(GString) text = g_string_new(NULL);
  for (guint i = 0; i < self->best->len && i < 8; i++) {
    const NzStoredImage *stored = self->best->pdata[i];
    g_autofree char *source = nz_stored_image_source(stored), *shown = nz_printable(source, -1);
    g_string_append_printf(text, "%s%s", i > 0 ? ", " : "", shown);
    if (stored->names->len > 0)
      g_string_append_printf(text, " (%.19s)", stored->id);
  }
  g_set_error(error, NZ_ERROR, NZ_ERROR_NOT_FOUND,
              "%u images could be meant: %s%s; write more of it", self->best->len, text->str,
              self->best->len > 8 ? ", ..." : "");
  return FALSE;
}

/* An engine that goes before the one that has it may have another of that name. */
static gboolean
set_unasked(const Search *self, GError **error)
{
  const NzEngine *engine = ((const NzStoredImage *)self->best->pdata[0])->store->engine;
  g_autofree char *shown = nz_printable(self->name, -1);
  g_set_error(
      error, NZ_ERROR, NZ_ERROR_NOT_FOUND,
      "%s has it, but %s goes before it and may have another; write %s:%s for the one of %s",
      self->looked->str, self->unasked->engine->name, engine->name, shown, engine->title);
  return FALSE;
}

static gboolean
set_not_found(const Search *self, const NzEngine *engine, GError **error)
{
  g_autofree char *hint = nz_name_hint(self->name, self->near),
                  *shown = nz_printable(self->name, -1);
  g_autoptr(GString) text = g_string_new(engine ? NULL : "no such file, and ");
  g_string_append_printf(text, "no image called %s", shown);
  if (self->looked->len > 0)
    g_string_append_printf(text, " in %s%s", self->looked->str, hint);
  else
    g_string_append_printf(text, ": %s has %s store on this host",
                           engine ? engine->title : "no engine", engine ? "no" : "a");
  if (!engine)
    g_string_append_printf(text, "%s --pull looks for a name in its registry too",
                           *hint && self->looked->len > 0 ? "" : ";");
  g_set_error_literal(error, NZ_ERROR, NZ_ERROR_NOT_FOUND, text->str);
  return FALSE;
}

/* Opens what was found; the first that can be opened counts when it lies in several stores. */
static gboolean
open_found(const Search *self, const NzOpenRequest *request, GPtrArray *images, GError **error)
{
  const NzStoredImage *stored = self->best->pdata[0];
  g_autofree char *source = nz_stored_image_source(stored);
  if (self->match != NZ_NAME_WHOLE || nz_engine_find(request->source))
    return open_as(stored, source, request->options, images, error);
  /* By which of its names it was asked for. */
  for (guint i = 0; i < stored->names->len; i++) {
    NzStoredImage one = *stored;
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    g_ptr_array_add(names, stored->names->pdata[i]);
    one.names = names;
    if (nz_name_match(&one, self->name) != NZ_NAME_WHOLE)
      continue;
    g_free(source);
    source = nz_stored_image_source(&one);
    break;
  }
  return open_as(stored, source, request->options, images, error);
}

gboolean
nz_engine_open(const NzEngine *engine, const char *text, const NzOpenRequest *request,
               GPtrArray *images, gboolean *found, GError **error)
{
  NzHost *host = request->options->host;
  g_autofree char *spec = NULL;
  const char *name;
  *found = FALSE;
  const NzStoredImage *told = host ? g_hash_table_lookup(host->told, request->source) : NULL;
  if (told) {
    *found = TRUE;
    return open_as(told, request->source, request->options, images, error);
  }
  if (!split_spec(text, &spec, &name, error))
    return FALSE;
  if (*name == '\0')
    return nz_set_input(error, "names no image; `nonzero images` lists what there is");
  g_autoptr(GPtrArray) best = g_ptr_array_new(), near = g_ptr_array_new();
  g_autoptr(GString) looked = g_string_new(NULL);
  Search search = {name, NULL, best, NZ_NAME_NO, looked, near};
  for (guint i = 0; host && i < host->stores->len; i++) {
    const NzEngineStore *store = host->stores->pdata[i];
    if ((engine && store->engine != engine) || g_strcmp0(store->spec, spec) != 0)
      continue;
    /* Of a name the first engine that has it answers; the beginning of an id may be a name. */
    gboolean named = search.match >= NZ_NAME_SHORT;
    if (named && ((const NzStoredImage *)best->pdata[0])->store->engine != store->engine)
      break;
    look_into(&search, store, request->options);
  }
  if (best->len == 0)
    return set_not_found(&search, engine, error);
  *found = TRUE;
  if (search.unasked && !engine)
    return set_unasked(&search, error);
  return best->len > 1 ? set_ambiguous(&search, error)
                       : open_found(&search, request, images, error);
}

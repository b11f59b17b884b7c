/* SPDX-License-Identifier: Apache-2.0 */
/* Many images: those of the host's engines, and several judged side by side. */
#include <stdlib.h>
#include <string.h>

#include "api/scanner.h"
#include "core/text.h"

/* --- what there is --- */

static void
tell(const NzStoredImage *stored, const char *name, const char *source, nonzero_found found,
     void *data)
{
  g_autofree char *store = nz_printable(stored->store->root, -1);
  nonzero_stored view = {.engine = stored->store->engine->name,
                         .store = store,
                         .name = name,
                         .id = stored->id,
                         .bytes = stored->bytes,
                         .created = stored->created,
                         .source = source};
  found(&view, data);
}

static void
fail_same(nonzero_scanner *self, const NzStoredImage *stored, NzOutcome *outcome)
{
  g_autofree char *source = nz_stored_image_source(stored);
  g_autoptr(GError) error = g_error_new(NZ_ERROR, NZ_ERROR_INPUT, "the store calls two images so");
  nz_scanner_fail(self, outcome, source, NULL, error);
}

static void
tell_all(nonzero_scanner *self, const GPtrArray *images, nonzero_found found, void *data,
         NzOutcome *outcome)
{
  for (guint i = 0; i < images->len; i++) {
    const NzStoredImage *stored = images->pdata[i];
    const char *source = nz_host_source(self->host, stored);
    if (!source)
      fail_same(self, stored, outcome);
    if (stored->names->len == 0)
      tell(stored, NULL, source, found, data);
    /* The first name is what it is judged by; the others say that they mean the same. */
    for (guint n = 0; n < stored->names->len; n++)
      tell(stored, stored->names->pdata[n], n == 0 ? source : NULL, found, data);
  }
}

int
nonzero_scanner_images(nonzero_scanner *self, const char *engine, nonzero_found found, void *data)
{
  const NzEngine *only = engine ? nz_engine_find(engine) : NULL;
  NzOutcome *outcome = nz_outcome_new();
  nz_host_prepare_all(self->host, only);
  const GPtrArray *stores = nz_host_stores(self->host);
  NzOpenOptions open = nz_scanner_open_options(self);
  for (guint i = 0; i < stores->len; i++) {
    const NzEngineStore *store = stores->pdata[i];
    g_autoptr(GError) error = NULL;
    if (store->spec || (only && store->engine != only))
      continue;
    const GPtrArray *images = nz_host_list(self->host, store, &open, &error);
    if (images)
      tell_all(self, images, found, data, outcome);
    else
      nz_scanner_fail(self, outcome, store->engine->name, NULL, error);
  }
  return nz_scanner_take(self, outcome) ? 0 : -1;
}

const char *
nonzero_engine_name(size_t index)
{
  const NzEngine *engine = nz_engine_at((guint)MIN(index, (size_t)G_MAXUINT));
  return engine ? engine->name : NULL;
}

const char *
nonzero_engine_title(size_t index)
{
  const NzEngine *engine = nz_engine_at((guint)MIN(index, (size_t)G_MAXUINT));
  return engine ? engine->title : NULL;
}

/* --- side by side --- */

typedef struct {
  nonzero_scanner *scanner;
  const char *const *inputs;
  NzOutcome **outcomes;
  guint n;
  gint next; /* atomic */
} Work;

/* Not a GThreadPool, which asks the system about its threads what a confined process may not. */
static gpointer
judge_some(gpointer data)
{
  Work *work = data;
  for (;;) {
    guint i = (guint)g_atomic_int_add(&work->next, 1);
    if (i >= work->n)
      return NULL;
    nz_scanner_judge_input(work->scanner, work->inputs[i], work->outcomes[i]);
  }
}

int
nonzero_scanner_scan_all(nonzero_scanner *self, const char *const *inputs)
{
  guint n = g_strv_length((char **)inputs);
  g_autofree NzOutcome **outcomes = g_new0(NzOutcome *, n + 1);
  Work work = {self, inputs, outcomes, n, 0};
  gboolean ok = TRUE;
  nz_scanner_prepare(self, inputs);
  for (guint i = 0; i < n; i++)
    outcomes[i] = nz_outcome_new();
  /* This thread is one of them. */
  guint n_threads = MIN(n, self->jobs) > 1 ? MIN(n, self->jobs) - 1 : 0;
  g_autofree GThread **threads = g_new0(GThread *, n_threads + 1);
  for (guint i = 0; i < n_threads; i++)
    threads[i] = g_thread_new("image", judge_some, &work);
  judge_some(&work);
  for (guint i = 0; i < n_threads; i++)
    g_thread_join(threads[i]);
  for (guint i = 0; i < n; i++)
    ok &= nz_scanner_take(self, outcomes[i]);
  return ok ? 0 : -1;
}

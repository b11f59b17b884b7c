/* SPDX-License-Identifier: Apache-2.0 */
/* Workers take layers from the bottom up, each to its end, and write them into logs. The caller's
 * thread applies the logs in order. See rootfs/layer_log.h for why this cannot stall. */
#include "scan/stack.h"

#include "core/limits.h"
#include "core/text.h"

typedef struct {
  const NzImage *image;
  NzReadOptions options;
  NzControl own_control; /* when the caller has none */
  NzLogBudget *budget;
  NzLayerLog **logs;
  NzLayerResult *results;
  guint n_threads; /* 0: the caller's does it all */
  gint next;
  gint spare; /* processors without a worker */
} Job;

static void
read_layer(Job *job, guint i)
{
  NzImageStore *store = job->image->store;
  const NzLayer *layer = job->image->layers->pdata[i];
  GError *error = NULL;
  if (store->klass->read_layer(store, layer, &job->options, job->logs[i], &job->results[i], &error))
    nz_layer_check_diff_id(layer, &job->results[i], &error);
  nz_layer_log_close(job->logs[i], error);
}

static gpointer
work(gpointer data)
{
  Job *job = data;
  for (;;) {
    guint i = (guint)g_atomic_int_add(&job->next, 1);
    if (i >= job->image->layers->len) {
      g_atomic_int_inc(&job->spare);
      return NULL;
    }
    read_layer(job, i);
  }
}

static gboolean
apply_log(Job *job, NzTree *tree, guint index, GError **error)
{
  nz_log_budget_set_turn(job->budget, index);
  g_autoptr(NzLogCursor) cursor = nz_log_cursor_new(job->logs[index], FALSE);
  NzEntry entry;
  int got;
  while ((got = nz_log_cursor_next(cursor, &entry, error)) == 1)
    if (!nz_tree_apply(tree, index, &entry, error))
      return FALSE;
  return got == 0;
}

typedef struct {
  Job *job;
  NzTree *tree;
  guint index;
} Applying;

static gboolean
apply_ready(gpointer data, GError **error)
{
  const Applying *self = data;
  return apply_log(self->job, self->tree, self->index, error);
}

/* Reads a layer in the thread that applies it; what is left of its log then is still to be applied.
 */
static void
read_in_place(Job *job, NzTree *tree, guint index)
{
  Applying applying = {job, tree, index};
  nz_layer_log_set_take(job->logs[index], apply_ready, &applying);
  read_layer(job, index);
}

static gboolean
is_tiny(const NzImage *image)
{
  guint64 bytes = image->bytes > 0 ? image->bytes : image->store->bytes;
  return bytes > 0 && bytes <= NZ_IN_PLACE_MAX;
}

static gboolean
apply_all(Job *job, NzTree *tree, GError **error)
{
  for (guint i = 0; i < job->image->layers->len; i++) {
    if (job->n_threads == 0)
      read_in_place(job, tree, i);
    if (apply_log(job, tree, i, error))
      continue;
    const NzLayer *layer = job->image->layers->pdata[i];
    g_autofree char *name = layer->name ? nz_printable(layer->name, -1) : NULL;
    if (name)
      g_prefix_error(error, "layer %u (%s): ", i, layer->digest ? layer->digest : name);
    return FALSE;
  }
  nz_tree_finish(tree);
  return TRUE;
}

guint
nz_stack_processors(void)
{
  static gsize processors; /* asked once: the answer is in a file */
  if (g_once_init_enter(&processors))
    g_once_init_leave(&processors, g_get_num_processors());
  return (guint)processors;
}

NzTree *
nz_stack_layers(const NzImage *image, const NzReadOptions *options, NzLayerResult *results,
                GError **error)
{
  guint n = image->layers->len;
  g_autoptr(NzTree) tree = nz_tree_new(image->store->whiteouts);
  g_autoptr(NzLogBudget) budget = nz_log_budget_new(NZ_LOG_BYTES_MAX, TRUE);
  g_autofree NzLayerLog **logs = g_new0(NzLayerLog *, n + 1);
  Job job = {
      .image = image, .options = *options, .budget = budget, .logs = logs, .results = results};
  if (!job.options.control)
    job.options.control = &job.own_control;
  for (guint i = 0; i < n; i++)
    logs[i] = nz_layer_log_new(budget, i);

  guint n_threads = job.n_threads = is_tiny(image) ? 0 : MIN(n, nz_stack_processors());
  job.spare = (gint)(nz_stack_processors() - n_threads);
  job.options.spare = &job.spare;
  g_autofree GThread **threads = g_new0(GThread *, n_threads + 1);
  for (guint i = 0; i < n_threads; i++)
    threads[i] = g_thread_new("layer", work, &job);
  gboolean ok = apply_all(&job, tree, error);
  if (!ok) {
    g_atomic_int_set(&job.options.control->cancelled, 1);
    nz_log_budget_cancel(budget);
  }
  for (guint i = 0; i < n_threads; i++)
    g_thread_join(threads[i]);
  if (!ok)
    g_atomic_int_set(&job.options.control->cancelled, 0); /* the next image may use it */
  for (guint i = 0; i < n; i++)
    nz_layer_log_unref(logs[i]);
  return ok ? g_steal_pointer(&tree) : NULL;
}

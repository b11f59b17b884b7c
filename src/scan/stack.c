/* SPDX-License-Identifier: Apache-2.0 */
/* Workers take layers from the bottom up, each to its end, and write them into logs. The caller's
 * thread applies the logs in order. See rootfs/layer_log.h for why this cannot stall. */
#include "scan/stack.h"

#include "core/limits.h"
#include "core/text.h"
#include "rootfs/tree_save.h"

typedef struct {
  const NzImage *image;
  NzFacts *facts;      /* may be NULL */
  const NzWanted *own; /* asked for by the caller: the options may ask for more */
  NzReadOptions options;
  NzControl control; /* of this image's readers */
  NzLogBudget *budget;
  NzLayerLog **logs;
  NzLayerResult *results;
  gint next;
} Job;

static gpointer
work(gpointer data)
{
  Job *job = data;
  const NzImage *image = job->image;
  for (;;) {
    guint i = (guint)g_atomic_int_add(&job->next, 1);
    if (i >= image->layers->len)
      return NULL;
    const NzLayer *layer = image->layers->pdata[i];
    GError *error = NULL;
    if (nz_facts_read_layer(job->facts, image->store, layer, &job->options, job->logs[i],
                            &job->results[i], &error))
      nz_layer_check_diff_id(layer, &job->results[i], &error);
    nz_layer_log_close(job->logs[i], error);
  }
}

/* A layer that is known from before may have been read for more than is asked for now. */
static void
drop_unwanted(const Job *job, NzEntry *e)
{
  if (job->facts)
    e->body_kind =
        nz_capture_narrow(e->path, e->path_len, e->body_kind, &e->body, job->options.wanted);
}

static gboolean
apply_log(Job *job, NzTree *tree, guint index, GError **error)
{
  nz_log_budget_set_turn(job->budget, index);
  g_autoptr(NzLogCursor) cursor = nz_log_cursor_new(job->logs[index], FALSE);
  NzEntry entry;
  int got;
  while ((got = nz_log_cursor_next(cursor, &entry, error)) == 1) {
    drop_unwanted(job, &entry);
    if (!nz_tree_apply(tree, index, &entry, error))
      return FALSE;
  }
  return got == 0;
}

/* TREE holds START's layers already. */
static gboolean
apply_all(Job *job, NzTree *tree, const NzStackStart *start, GError **error)
{
  for (guint i = start->n_layers; i < job->image->layers->len; i++) {
    if (apply_log(job, tree, i, error)) {
      if (start->keep[0] == i + 1 || start->keep[1] == i + 1)
        nz_facts_keep(job->facts, job->image, i + 1, start->wanted, job->results, tree);
      continue;
    }
    const NzLayer *layer = job->image->layers->pdata[i];
    g_autofree char *name = layer->name ? nz_printable(layer->name, -1) : NULL;
    if (name)
      g_prefix_error(error, "layer %u (%s): ", i, layer->digest ? layer->digest : name);
    return FALSE;
  }
  if (start->others)
    nz_tree_forget(tree, start->others, job->own);
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

/* Reads the layers that START has not, and applies them to TREE. */
static gboolean
read_layers(Job *job, NzTree *tree, const NzStackStart *start, GError **error)
{
  guint n = job->image->layers->len, n_threads = MIN(n - start->n_layers, nz_stack_processors());
  g_autofree GThread **threads = g_new0(GThread *, n_threads + 1);
  job->next = (gint)start->n_layers;
  for (guint i = 0; i < n_threads; i++)
    threads[i] = g_thread_new("layer", work, job);
  gboolean ok = apply_all(job, tree, start, error);
  if (!ok) {
    g_atomic_int_set(&job->control.cancelled, 1);
    nz_log_budget_cancel(job->budget);
  }
  for (guint i = 0; i < n_threads; i++)
    g_thread_join(threads[i]);
  return ok;
}

NzTree *
nz_stack_layers(const NzImage *image, const NzReadOptions *options, NzFacts *facts,
                NzLayerResult *results, GError **error)
{
  guint n = image->layers->len;
  g_auto(NzStackStart) start = {0};
  if (facts)
    nz_facts_begin(facts, image, options, results, &start);
  g_autoptr(NzTree) tree =
      start.tree ? g_steal_pointer(&start.tree) : nz_tree_new(image->store->whiteouts);
  g_autoptr(NzLogBudget) budget = nz_log_budget_new(NZ_LOG_BYTES_MAX, TRUE);
  g_autofree NzLayerLog **logs = g_new0(NzLayerLog *, n + 1);
  Job job = {.image = image,
             .facts = facts,
             .own = options->wanted,
             .options = *options,
             .budget = budget,
             .logs = logs,
             .results = results};
  if (start.wanted)
    job.options.wanted = start.wanted;
  job.control.parent = options->control;
  job.options.control = &job.control;
  for (guint i = 0; i < n; i++)
    logs[i] = nz_layer_log_new(budget, i);
  gboolean ok = read_layers(&job, tree, &start, error);
  for (guint i = 0; i < n; i++)
    nz_layer_log_unref(logs[i]);
  return ok ? g_steal_pointer(&tree) : NULL;
}

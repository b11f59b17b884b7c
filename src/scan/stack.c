/* SPDX-License-Identifier: Apache-2.0 */
/* Workers take layers from the bottom up, each to its end, and write them into logs. The caller's
 * thread applies the logs in order. See rootfs/layer_log.h for why this cannot stall. */
#include "scan/stack.h"

#include <sched.h>

#include "core/limits.h"
#include "core/text.h"
#include "image/board.h"
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
  GThread **threads; /* room for one a layer */
  guint n_threads;   /* 0: the caller's does it all */
  guint n_workers;   /* as many as there were at first */
  gint next;
  gint n_done; /* layers that were read */
  gint spare;  /* processors without a worker */
} Job;

static void
read_layer(Job *job, guint i)
{
  NzImageStore *store = job->image->store;
  const NzLayer *layer = job->image->layers->pdata[i];
  NzControl control = {.parent = &job->control};
  NzReadOptions options = job->options;
  GError *error = NULL;
  options.incomplete = &job->results[i].incomplete;
  options.control = &control;
  guint line = nz_board_add(options.board, layer, &control, job->image->layers->len, &job->n_done);
  if (nz_facts_read_layer(job->facts, store, layer, &options, job->logs[i], &job->results[i],
                          &error))
    nz_layer_check_diff_id(layer, &job->results[i], &error);
  g_atomic_int_inc(&job->n_done);
  nz_board_remove(options.board, line);
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
  return image->store->bytes > 0 && image->store->bytes <= NZ_IN_PLACE_MAX;
}

/* Of an image that adds little to a stack which is kept, the whole is not: the few layers above
 * are, and to write a tree for each image costs more than it saves. */
static gboolean
is_worth_keeping(const NzStackStart *start, const NzTree *tree, guint n_layers)
{
  gsize n = nz_tree_count(tree);
  return start->keep[1] == n_layers && n - start->n_paths >= n / 4;
}

/* TREE holds START's N_LAYERS lowest layers now. */
static void
keep(const Job *job, const NzStackStart *start, const NzTree *tree, guint n_layers)
{
  gboolean for_others = start->keep[0] == n_layers || nz_facts_awaited(start, n_layers);
  if (for_others || is_worth_keeping(start, tree, n_layers))
    nz_facts_keep(job->facts, job->image, n_layers, for_others, start->wanted, job->results, tree);
}

static void
add_workers(Job *job, guint n)
{
  guint most = job->image->layers->len;
  for (; n > job->n_threads && job->n_threads < most; job->n_threads++)
    job->threads[job->n_threads] = g_thread_new("layer", work, job);
}

/* Images that wait for this one's layers leave their processors to it. */
static void
call_for_help(Job *job, const NzStackStart *start)
{
  if (job->n_threads > 0 && start->promises > 0)
    add_workers(job, MIN(job->n_workers + nz_facts_waiting(job->facts), nz_stack_processors()));
}

/* TREE holds START's layers already. */
static gboolean
apply_all(Job *job, NzTree *tree, NzStackStart *start, GError **error)
{
  for (guint i = start->n_layers; i < job->image->layers->len; i++) {
    if (job->n_threads == 0)
      read_in_place(job, tree, i);
    if (apply_log(job, tree, i, error)) {
      keep(job, start, tree, i + 1);
      nz_facts_passed(start, i + 1);
      call_for_help(job, start);
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

/* Those that this process may run on. GLib would look for all there are, in files. */
static gsize
count_processors(void)
{
  cpu_set_t set;
  return sched_getaffinity(0, sizeof set, &set) == 0 ? (gsize)MAX(CPU_COUNT(&set), 1)
                                                     : g_get_num_processors();
}

guint
nz_stack_processors(void)
{
  static gsize processors; /* asked once: a confined process may not ask */
  if (g_once_init_enter(&processors))
    g_once_init_leave(&processors, count_processors());
  return (guint)processors;
}

/* Where each processor has an image, a thread for the one layer that this one has on its own would
 * only take its turns with this one. */
static gboolean
is_one_of_many(const NzStackStart *start, guint n_layers, guint workers)
{
  return workers == 1 && start->n_layers > 0 && n_layers == 1;
}

/* Reads the layers that START has not, and applies them to TREE. */
static gboolean
read_layers(Job *job, NzTree *tree, NzStackStart *start, GError **error)
{
  guint workers = job->options.workers > 0 ? job->options.workers : nz_stack_processors();
  guint n_layers = job->image->layers->len - start->n_layers;
  g_autofree GThread **threads = job->threads = g_new0(GThread *, job->image->layers->len + 1);
  job->n_workers = MIN(n_layers, workers);
  job->spare = (gint)(workers - job->n_workers);
  job->options.spare = &job->spare;
  job->next = job->n_done = (gint)start->n_layers;
  if (!is_tiny(job->image) && !is_one_of_many(start, n_layers, workers))
    add_workers(job, job->n_workers);
  gboolean ok = apply_all(job, tree, start, error);
  if (!ok) {
    g_atomic_int_set(&job->control.cancelled, 1);
    nz_log_budget_cancel(job->budget);
  }
  for (guint i = 0; i < job->n_threads; i++)
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
  for (guint i = 0; i < n; i++)
    logs[i] = nz_layer_log_new(budget, i);
  gboolean ok = read_layers(&job, tree, &start, error);
  for (guint i = 0; i < n; i++)
    nz_layer_log_unref(logs[i]);
  return ok ? g_steal_pointer(&tree) : NULL;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The thread that describes containers, with a bounded queue before it and an answer queue after
 * it. */
#include <errno.h>
#include <sched.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "core/limits.h"
#include "runtime/describe.h"

typedef struct {
  NzContainerRef ref;
  gint pid;
  guint64 key;
  NzContainerFacts *facts; /* NULL: not described yet */
  gboolean stop;
} Ask;

struct NzDescriber {
  NzEnginePlaces *places;
  GAsyncQueue *asks, *answers; /* Ask */
  GThread *thread;
  gint waiting; /* asks without an answer; atomic */
  gint stop;    /* atomic: what still waits is dropped */
  int fd;
};

static void
ask_free(gpointer data)
{
  Ask *self = data;
  nz_container_facts_free(self->facts);
  g_free(self);
}

static void
push(GAsyncQueue *queue, const Ask *ask)
{
  g_async_queue_push(queue, g_memdup2(ask, sizeof *ask));
}

/* What is looked up must be looked up soon: of a container that is gone some engines keep nothing.
 * But who started us, and reads events, comes first where it has a priority of real time. */
static void
lower_priority(void)
{
  const struct sched_param lowest = {.sched_priority = 1};
  if (sched_getscheduler(0) == SCHED_RR)
    sched_setscheduler(0, SCHED_RR, &lowest);
}

static gpointer
run(gpointer data)
{
  NzDescriber *self = data;
  lower_priority();
  for (;;) {
    Ask *ask = g_async_queue_pop(self->asks);
    if (ask->stop || g_atomic_int_get(&self->stop)) {
      gboolean last = ask->stop;
      ask_free(ask);
      if (last)
        return NULL;
      continue;
    }
    ask->facts = nz_container_describe(self->places, &ask->ref, ask->pid);
    g_async_queue_push(self->answers, ask);
    /* It cannot fail: the counter never comes near its end. */
    while (eventfd_write(self->fd, 1) < 0 && errno == EINTR)
      continue;
  }
}

NzDescriber *
nz_describer_new(NzEnginePlaces *places)
{
  NzDescriber *self = g_new0(NzDescriber, 1);
  self->places = places;
  self->asks = g_async_queue_new_full(ask_free);
  self->answers = g_async_queue_new_full(ask_free);
  self->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  self->thread = g_thread_new("describe", run, self);
  return self;
}

void
nz_describer_free(NzDescriber *self)
{
  if (!self)
    return;
  const Ask last = {.stop = TRUE};
  g_atomic_int_set(&self->stop, 1);
  push(self->asks, &last);
  g_thread_join(self->thread);
  g_async_queue_unref(self->asks);
  g_async_queue_unref(self->answers);
  nz_engine_places_free(self->places);
  if (self->fd >= 0)
    close(self->fd);
  g_free(self);
}

gboolean
nz_describer_ask(NzDescriber *self, const NzContainerRef *ref, gint pid, guint64 key)
{
  if (g_atomic_int_get(&self->waiting) >= (gint)NZ_DESCRIBE_QUEUE_MAX)
    return FALSE;
  const Ask ask = {.ref = *ref, .pid = pid, .key = key};
  g_atomic_int_inc(&self->waiting);
  push(self->asks, &ask);
  return TRUE;
}

int
nz_describer_fd(const NzDescriber *self)
{
  return self->fd;
}

NzContainerFacts *
nz_describer_take(NzDescriber *self, guint64 *key)
{
  Ask *ask = g_async_queue_try_pop(self->answers);
  if (!ask) {
    /* Cleared before looking again: an answer that comes between the two makes it readable anew. */
    eventfd_t ignored;
    eventfd_read(self->fd, &ignored);
    ask = g_async_queue_try_pop(self->answers);
  }
  if (!ask)
    return NULL;
  NzContainerFacts *facts = g_steal_pointer(&ask->facts);
  *key = ask->key;
  ask_free(ask);
  g_atomic_int_add(&self->waiting, -1);
  return facts;
}

guint
nz_describer_waiting(const NzDescriber *self)
{
  return (guint)g_atomic_int_get(&self->waiting);
}

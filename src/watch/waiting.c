/* SPDX-License-Identifier: Apache-2.0 */
/* Events that cannot be judged before their container is described: that it was started as root is
 * the image's doing or the runtime's, or right, where it is a pod's sandbox; and filters ask for
 * names. They wait a little, and are then judged by what is known. */
#include <string.h>

#include "core/limits.h"
#include "watch/enforce.h"

typedef struct {
  guint64 key;
  gint64 until; /* monotonic */
  char *executable, *file;
  struct nz_root_record record;
} Waiting;

static void
waiting_free(Waiting *self)
{
  g_free(self->executable);
  g_free(self->file);
  g_free(self);
}

static gboolean
needs_description(const NzWatch *self, const struct nz_root_record *record)
{
  return record->cause == NZ_CAUSE_STARTED || record->origin == NZ_CAUSE_STARTED ||
         (record->flags & (NZ_FLAG_STOPPED | NZ_FLAG_LATE)) || self->filters[0]->len > 0 ||
         self->filters[1]->len > 0;
}

/* A container that was described while its engine was still making it is described once more when
 * its first process has started. */
static gboolean
is_awaited(NzWatch *self, const NzRunning *container, const struct nz_root_record *record)
{
  NzKnown *known = g_hash_table_lookup(self->known, &container->key);
  if (!container->facts || !known || known->awaited)
    return !container->facts || (known && known->awaited);
  if (record->cause == NZ_CAUSE_STARTED && container->facts->start == NZ_START_UNKNOWN &&
      !known->asked_again) {
    known->asked_again = TRUE;
    known->awaited =
        nz_describer_ask(self->describer, &container->ref, (gint)record->head.pid, container->key);
  }
  return known->awaited;
}

gboolean
nz_watch_defer(NzWatch *self, const NzRunning *container, const struct nz_root_record *record,
               const char *executable, const char *file)
{
  if (!needs_description(self, record) || self->waiting.length >= NZ_WATCH_WAITING_MAX ||
      !is_awaited(self, container, record))
    return FALSE;
  Waiting *one = g_new0(Waiting, 1);
  one->key = container->key;
  one->until =
      g_get_monotonic_time() +
      (gint64)(record->flags & NZ_FLAG_STOPPED ? NZ_WATCH_WAIT_STOPPED_MS : NZ_WATCH_WAIT_MS) *
          1000;
  one->executable = g_strdup(executable);
  one->file = g_strdup(file);
  one->record = *record;
  g_queue_push_tail(&self->waiting, one);
  return TRUE;
}

void
nz_watch_flush_waiting(NzWatch *self, gboolean all)
{
  gint64 now = g_get_monotonic_time();
  for (GList *link = self->waiting.head, *next; link; link = next) {
    Waiting *one = link->data;
    NzRunning *container = nz_watch_running(self, one->key);
    next = link->next;
    const NzKnown *known = g_hash_table_lookup(self->known, &one->key);
    gboolean awaited = container && (!container->facts || (known && known->awaited));
    if (awaited && !all && one->until > now)
      continue;
    g_queue_delete_link(&self->waiting, link);
    if (container)
      nz_watch_judge(self, container, &one->record, one->executable, one->file);
    else
      nz_enforce_release(self, &one->record);
    waiting_free(one);
  }
}

int
nz_watch_patience(const NzWatch *self)
{
  const Waiting *first = self->waiting.head ? self->waiting.head->data : NULL;
  if (!first)
    return -1;
  gint64 left = (first->until - g_get_monotonic_time()) / 1000 + 1;
  return (int)CLAMP(left, 0, NZ_WATCH_WAIT_MS); /* the first may be one that waits for longer */
}

void
nz_watch_take_descriptions(NzWatch *self)
{
  NzContainerFacts *facts;
  guint64 key;
  gboolean any = FALSE;
  while ((facts = nz_describer_take(self->describer, &key))) {
    NzRunning *container = nz_watch_running(self, key);
    if (!container) {
      nz_container_facts_free(facts);
      continue;
    }
    NzKnown *known = g_hash_table_lookup(self->known, &key);
    if (known)
      known->awaited = FALSE;
    if (known && !nz_container_facts_known(facts))
      known->looks++;
    nz_ledger_describe(self->ledger, container, facts);
    nz_enforce_described(self, container);
    nz_tell_container(self, container);
    any = TRUE;
  }
  if (any)
    nz_watch_flush_waiting(self, FALSE);
}

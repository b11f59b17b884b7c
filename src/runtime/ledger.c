/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/ledger.h"

#include <string.h>

#include "core/limits.h"
#include "runtime/ledger_private.h"

struct NzLedger {
  GPtrArray *all;     /* NzRunning, as they were first seen */
  GHashTable *by_key; /* guint64 -> NzRunning, borrowed */
  NzLedgerTotals totals;
  NzPolicy *policy;
  NzScanReports *scans;  /* or NULL */
  guint ended;           /* of ALL */
  guint64 lost_anywhere; /* records of nobody knows whom */
  char *lost_why;
  NzLedgerLeaving leaving; /* or NULL */
  gpointer leaving_data;
};

static void
running_free(gpointer data)
{
  NzRunning *self = data;
  nz_container_facts_free(self->facts);
  g_ptr_array_unref(self->roots);
  g_free(self->unseen);
  g_free(self);
}

NzLedger *
nz_ledger_new(NzPolicy *policy)
{
  NzLedger *self = g_new0(NzLedger, 1);
  self->policy = policy ? nz_policy_ref(policy) : nz_policy_new();
  self->all = g_ptr_array_new_with_free_func(running_free);
  self->by_key = g_hash_table_new(g_int64_hash, g_int64_equal);
  return self;
}

void
nz_ledger_free(NzLedger *self)
{
  if (!self)
    return;
  g_hash_table_unref(self->by_key);
  g_ptr_array_unref(self->all);
  nz_policy_free(self->policy);
  nz_scan_reports_unref(self->scans);
  g_free(self->lost_why);
  g_free(self);
}

void
nz_ledger_set_policy(NzLedger *self, NzPolicy *policy)
{
  nz_policy_free(self->policy);
  self->policy = nz_policy_ref(policy);
}

NzPolicy *
nz_ledger_policy(const NzLedger *self)
{
  return self->policy;
}

void
nz_ledger_set_scans(NzLedger *self, NzScanReports *scans)
{
  nz_scan_reports_unref(self->scans);
  self->scans = nz_scan_reports_ref(scans);
}

const NzScanReports *
nz_ledger_scans(const NzLedger *self)
{
  return self->scans;
}

/* --- containers --- */

NzRunning *
nz_ledger_find(NzLedger *self, guint64 key)
{
  return g_hash_table_lookup(self->by_key, &key);
}

NzRunning *
nz_ledger_container(NzLedger *self, guint64 key, const NzContainerRef *ref)
{
  NzRunning *found = nz_ledger_find(self, key);
  if (found && found->ended) { /* it was started again */
    found->ended = 0;
    self->ended--;
    self->totals.running++;
  }
  if (found)
    return found;
  NzRunning *c = g_new0(NzRunning, 1);
  c->key = key;
  c->ref = *ref;
  c->roots = g_ptr_array_new_with_free_func((GDestroyNotify)nz_root_fact_free);
  c->started = g_get_real_time();
  c->verdict = NZ_VERDICT_PASS;
  g_ptr_array_add(self->all, c);
  g_hash_table_insert(self->by_key, &c->key, c);
  self->totals.containers++;
  self->totals.running++;
  return c;
}

/* What started it, now that its image is known. */
static NzRootCause
resolved(NzRootCause cause, const NzContainerFacts *facts)
{
  if (cause != NZ_ROOT_STARTED || !facts)
    return cause;
  return facts->start == NZ_START_IMAGE     ? NZ_ROOT_IMAGE_DEFAULT
         : facts->start == NZ_START_RUNTIME ? NZ_ROOT_RUNTIME_USER
                                            : cause;
}

void
nz_ledger_describe(NzLedger *self, NzRunning *c, NzContainerFacts *facts)
{
  nz_container_facts_free(c->facts);
  c->facts = facts;
  for (guint i = 0; i < c->roots->len; i++) {
    NzRootFact *root = c->roots->pdata[i];
    NzRootCause cause = resolved(root->cause, facts);
    self->totals.causes[root->cause] -= root->count;
    self->totals.causes[cause] += root->count;
    root->cause = cause;
  }
}

/* --- root processes --- */

static gboolean
is_same_kind(const NzRootFact *a, const NzRootFact *b)
{
  return a->cause == b->cause && a->on_host == b->on_host && !a->terminal == !b->terminal &&
         g_strcmp0(a->executable, b->executable) == 0;
}

static NzRootFact *
copy(const NzRootFact *fact)
{
  NzRootFact *self = nz_root_fact_new();
  *self = *fact;
  self->executable = g_strdup(fact->executable);
  self->file = g_strdup(fact->file);
  self->arguments = g_strdup(fact->arguments);
  self->parents = g_strdup(fact->parents);
  self->terminal = g_strdup(fact->terminal);
  self->count = 0;
  return self;
}

static NzRootFact *
kind_of(NzRunning *c, const NzRootFact *fact)
{
  for (guint i = 0; i < c->roots->len; i++)
    if (is_same_kind(c->roots->pdata[i], fact))
      return c->roots->pdata[i];
  if (c->roots->len >= NZ_ROOT_KINDS_MAX)
    return NULL;
  NzRootFact *kind = copy(fact);
  g_ptr_array_add(c->roots, kind);
  return kind;
}

const NzRootFact *
nz_ledger_root(NzLedger *self, NzRunning *c, const NzRootFact *fact)
{
  NzRootFact known = *fact;
  guint64 n = MAX(fact->count, 1);
  known.cause = resolved(fact->cause, c->facts);
  c->n_roots += n;
  self->totals.roots += n;
  self->totals.causes[known.cause] += n;
  if (fact->on_host)
    self->totals.roots_on_host += n;
  else
    self->totals.roots_in_userns += n;
  NzRootFact *kind = kind_of(c, &known);
  if (!kind)
    return NULL;
  if (!kind->file)
    kind->file = g_strdup(fact->file);
  kind->nested |= fact->nested;
  kind->count += n;
  kind->last = MAX(kind->last, fact->last);
  kind->pid = fact->pid;
  kind->host_uid = fact->host_uid;
  return kind;
}

/* --- counts --- */

void
nz_ledger_count(NzLedger *self, NzRunning *c, guint64 seen, guint64 lost)
{
  c->seen += seen;
  c->lost += lost;
  self->totals.seen += seen;
  self->totals.lost += lost;
}

void
nz_ledger_lost_anywhere(NzLedger *self, guint64 lost, const char *why)
{
  self->lost_anywhere += lost;
  self->totals.lost += lost;
  if (!self->lost_why)
    self->lost_why = g_strdup(why);
}

void
nz_ledger_killed(NzLedger *self, guint64 n)
{
  self->totals.killed += n;
}

char *
nz_ledger_unseen(const NzLedger *self, const NzRunning *c)
{
  if (c->unseen)
    return g_strdup(c->unseen);
  if (self->lost_anywhere == 0)
    return NULL;
  return g_strdup_printf("%" G_GUINT64_FORMAT " events of containers that are not known %s lost: "
                         "%s",
                         self->lost_anywhere, self->lost_anywhere == 1 ? "was" : "were",
                         self->lost_why);
}

/* --- those that ended --- */

static gboolean
is_clean(const NzRunning *c)
{
  return c->n_roots == 0 && c->lost == 0 && !c->unseen;
}

/* Takes out N that ended, those without a root process first, the oldest first. */
static void
drop_ended(NzLedger *self, guint n, gboolean clean)
{
  guint kept = 0;
  for (guint i = 0; i < self->all->len; i++) {
    NzRunning *c = self->all->pdata[i];
    if (n > 0 && c->ended && is_clean(c) == clean) {
      n--;
      self->ended--;
      g_autoptr(NzSubject) subject = nz_ledger_subject(self, c);
      self->totals.dropped[subject->verdict]++;
      if (self->leaving)
        self->leaving(c, subject, self->leaving_data);
      g_hash_table_remove(self->by_key, &c->key);
      running_free(c);
    } else {
      self->all->pdata[kept++] = c;
    }
  }
  /* What is left behind the end was moved or freed. */
  for (guint i = kept; i < self->all->len; i++)
    self->all->pdata[i] = NULL;
  g_ptr_array_set_free_func(self->all, NULL);
  g_ptr_array_set_size(self->all, (gint)kept);
  g_ptr_array_set_free_func(self->all, running_free);
}

void
nz_ledger_on_leaving(NzLedger *self, NzLedgerLeaving leaving, gpointer data)
{
  self->leaving = leaving;
  self->leaving_data = data;
}

void
nz_ledger_ended(NzLedger *self, NzRunning *c, gint64 when)
{
  if (c->ended)
    return;
  c->ended = when;
  self->ended++;
  self->totals.running--;
  if (self->ended <= NZ_ENDED_MAX)
    return;
  drop_ended(self, NZ_ENDED_MAX / 4, TRUE);
  if (self->ended > NZ_ENDED_MAX)
    drop_ended(self, NZ_ENDED_MAX / 4, FALSE);
}

/* --- looked at --- */

const GPtrArray *
nz_ledger_all(const NzLedger *self)
{
  return self->all;
}

const NzLedgerTotals *
nz_ledger_totals(const NzLedger *self)
{
  return &self->totals;
}

NzLedgerTotals *
nz_ledger_totals_mut(NzLedger *self)
{
  return &self->totals;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* A container of the ledger as a subject of the report. */
#include <string.h>

#include "core/limits.h"
#include "core/text.h"
#include "runtime/ledger_private.h"

/* "blue/web-5d/web", "web", "docker:3f1b0d2c4e5a". */
static char *
name_of(const NzRunning *c)
{
  const NzContainerFacts *f = c->facts;
  if (f && f->pod)
    return g_strdup_printf("%s%s%s%s%s", f->space ? f->space : "", f->space ? "/" : "", f->pod,
                           f->name ? "/" : "", f->name ? f->name : "");
  return f && f->name ? g_strdup(f->name) : nz_container_ref_text(&c->ref);
}

static char *
source_of(const NzRunning *c)
{
  g_autofree char *id = nz_printable(c->ref.id, -1);
  NzContainerEngine engine = c->facts ? c->facts->ref.engine : c->ref.engine;
  return g_strconcat(nz_container_engine_name(engine), ":", id, NULL);
}

/* Images are built with loose privileges and run with tight ones: what `RUN` does as root is no
 * container's that serves. */
static gboolean
is_build(const NzRunning *c)
{
  return c->ref.engine == NZ_CONTAINER_BUILDKIT || c->ref.engine == NZ_CONTAINER_BUILDAH;
}

/* --- who runs in it --- */

static NzUserState
state_of(const NzRunning *c, const NzRunningFacts *facts)
{
  NzUserState state = NZ_USER_NON_ROOT;
  for (guint i = 0; i < c->roots->len; i++) {
    if (((const NzRootFact *)c->roots->pdata[i])->on_host)
      return NZ_USER_ROOT;
    state = NZ_USER_ROOT_IN_USERNS;
  }
  if (state == NZ_USER_NON_ROOT && (facts->lost > 0 || facts->unseen || c->n_roots > 0))
    return NZ_USER_UNKNOWN;
  return state;
}

static char *
why_of(const NzRunning *c, NzUserState state)
{
  const NzRootFact *first = c->roots->len > 0 ? c->roots->pdata[0] : NULL;
  switch (state) {
  case NZ_USER_ROOT:
  case NZ_USER_ROOT_IN_USERNS:
    return g_strdup_printf("%" G_GUINT64_FORMAT " root process%s seen, the first %s", c->n_roots,
                           c->n_roots == 1 ? "" : "es",
                           first->executable ? first->executable : "not named");
  case NZ_USER_NON_ROOT:
    return g_strdup("no root process was seen, and no event was lost");
  case NZ_USER_UNKNOWN:
  case NZ_USER_WONT_START:
    break;
  }
  return g_strdup("no root process was seen, but not all that ran was");
}

static NzUser *
user_of(const NzRunning *c, const NzRunningFacts *facts)
{
  NzUser *user = nz_user_new_unknown(facts->image_user, "");
  user->state = state_of(c, facts);
  user->has_uid = user->state == NZ_USER_ROOT || user->state == NZ_USER_ROOT_IN_USERNS;
  g_free(user->why);
  user->why = why_of(c, user->state);
  return user;
}

/* --- exceptions --- */

static NzSighting
sighting_of(const NzRunning *c, const char *rule, const char *executable)
{
  const NzContainerFacts *f = c->facts;
  NzSighting s = {.rule = rule, .executable = executable};
  if (f) {
    s.image = f->image;
    s.digest = f->image_id;
    s.container = f->name;
    s.space = f->space;
  }
  return s;
}

/* How many of OLD were over and covered a finding. */
static void
add_expired(NzSubject *subject, const GPtrArray *old)
{
  for (guint i = 0; i < old->len; i++) {
    const NzException *e = old->pdata[i];
    NzFinding *f = nz_finding_new(
        nz_check_expired_exception.rule, NZ_LEVEL_WARN, nz_check_expired_exception.remedy,
        "the exception in line %u of the policy for %s was over after %s, and what it covered "
        "counts again; %s answered for it",
        e->line, e->rule, e->said.expires, e->said.owner);
    g_ptr_array_add(subject->findings, f);
  }
}

static void
except(NzSubject *subject, const NzRunning *c, const NzPolicy *policy)
{
  g_autoptr(GPtrArray) old = g_ptr_array_new();
  for (guint i = 0; i < subject->findings->len; i++) {
    NzFinding *f = subject->findings->pdata[i];
    const NzException *expired;
    NzSighting sighting = sighting_of(c, f->rule, f->path);
    NzException *e = nz_policy_match(policy, &sighting, &expired);
    if (e) {
      f->excepted = &e->said;
      e->used++;
    } else if (expired && !g_ptr_array_find(old, expired, NULL)) {
      g_ptr_array_add(old, (gpointer)expired);
    }
  }
  add_expired(subject, old);
}

/* --- the subject --- */

static void
add_notes(NzSubject *subject, const NzRunning *c)
{
  if (c->facts && c->facts->why)
    g_ptr_array_add(subject->notes, g_strdup_printf("not all that its engine knows of it could be "
                                                    "read: %s",
                                                    c->facts->why));
  if (!c->facts)
    g_ptr_array_add(subject->notes, g_strdup("it was not looked up what its engine knows of it"));
  if (c->facts && c->facts->kind == NZ_CONTAINER_KIND_SANDBOX)
    g_ptr_array_add(subject->notes, g_strdup("it is a pod's sandbox"));
  if (is_build(c))
    g_ptr_array_add(subject->notes, g_strdup("it is a step of a build: root in it does not fail"));
  guint64 told = 0;
  for (guint i = 0; i < c->roots->len; i++)
    told += ((const NzRootFact *)c->roots->pdata[i])->count;
  if (c->n_roots > told)
    g_ptr_array_add(subject->notes,
                    g_strdup_printf("%" G_GUINT64_FORMAT " root processes of more kinds than are "
                                    "told apart (%u) are counted only",
                                    c->n_roots - told, NZ_ROOT_KINDS_MAX));
}

/* What its scan says, and nothing that runs shows: a drift that harms nobody, or none is known of.
 */
static void
add_scan_note(NzSubject *subject, const NzRunning *c, const NzRunningFacts *facts, gboolean given)
{
  const NzScannedImage *scanned = facts->scanned;
  gboolean declares_root = scanned && scanned->state == NZ_USER_ROOT;
  if (!given || facts->build || (c->facts && c->facts->kind == NZ_CONTAINER_KIND_SANDBOX))
    return;
  if (!c->facts || (!c->facts->image_id && !c->facts->image))
    g_ptr_array_add(subject->notes,
                    g_strdup("its image is not known: it was held to no scan report"));
  else if (!scanned)
    g_ptr_array_add(subject->notes, g_strdup("no scan report given names its image"));
  else if (declares_root && subject->user->state == NZ_USER_NON_ROOT)
    g_ptr_array_add(subject->notes,
                    g_strdup_printf("the scan in %s says that its image starts as root; it is run "
                                    "as another user",
                                    scanned->report));
}

static NzBaseFact *
image_of(const NzRunning *c)
{
  const NzContainerFacts *f = c->facts;
  if (!f || (!f->image && !f->image_id))
    return NULL;
  NzBaseFact *base = g_new0(NzBaseFact, 1);
  base->name = g_strdup(f->image);
  base->digest = g_strdup(f->image_id);
  base->why = g_strdup("the container was started from it");
  return base;
}

static NzContainerFact *
container_of(const NzRunning *c)
{
  const NzContainerFacts *f = c->facts;
  g_autofree char *id = nz_printable(c->ref.id, -1);
  NzContainerFact *container =
      nz_container_fact_new(nz_container_engine_name(f ? f->ref.engine : c->ref.engine), id);
  container->pod = g_strdup(f ? f->pod : NULL);
  container->space = g_strdup(f ? f->space : NULL);
  container->rootless = c->ref.rootless;
  container->sandbox = f && f->kind == NZ_CONTAINER_KIND_SANDBOX;
  return container;
}

NzSubject *
nz_ledger_subject(const NzLedger *self, const NzRunning *c)
{
  g_autoptr(NzSubject) subject = nz_subject_new("container");
  g_autofree char *unseen = nz_ledger_unseen(self, c);
  const NzScanReports *scans = nz_ledger_scans(self);
  NzRunningFacts facts = {
      .image_user = c->facts ? c->facts->image_user : NULL,
      .roots = c->roots,
      .n_roots = c->n_roots,
      .lost = c->lost,
      .unseen = unseen,
      .build = is_build(c),
      .userns = c->facts && c->facts->userns,
      .scanned = scans && c->facts ? nz_scan_reports_find(scans, c->facts) : NULL,
  };
  subject->name = name_of(c);
  subject->source = source_of(c);
  subject->base = image_of(c);
  subject->container = container_of(c);
  subject->user = user_of(c, &facts);
  subject->started = c->started;
  subject->finished = c->ended;
  nz_checks_run_running(&facts, subject->findings);
  add_notes(subject, c);
  add_scan_note(subject, c, &facts, scans != NULL);
  except(subject, c, nz_ledger_policy(self));
  nz_policy_apply(nz_ledger_policy(self), subject);
  return g_steal_pointer(&subject);
}

NzVerdict
nz_ledger_judge(NzLedger *self)
{
  NzLedgerTotals *totals = nz_ledger_totals_mut(self);
  const GPtrArray *all = nz_ledger_all(self);
  NzVerdict worst = totals->dropped[NZ_VERDICT_FAIL] > 0      ? NZ_VERDICT_FAIL
                    : totals->dropped[NZ_VERDICT_UNKNOWN] > 0 ? NZ_VERDICT_UNKNOWN
                                                              : NZ_VERDICT_PASS;
  memset(totals->verdicts, 0, sizeof totals->verdicts);
  for (guint i = 0; i < all->len; i++) {
    NzRunning *c = all->pdata[i];
    g_autoptr(NzSubject) subject = nz_ledger_subject(self, c);
    c->verdict = subject->verdict;
    totals->verdicts[c->verdict]++;
    worst = MAX(worst, c->verdict);
  }
  return worst;
}

void
nz_ledger_report(const NzLedger *self, GPtrArray *subjects)
{
  const GPtrArray *all = nz_ledger_all(self);
  for (guint i = 0; i < all->len; i++)
    g_ptr_array_add(subjects, nz_ledger_subject(self, all->pdata[i]));
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "watch/enforce.h"

#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "check/check.h"

static const char *const rules[] = {"root-process", "root-in-userns"};

/* Whether findings of the rule fail a container: what is a warning or off is not worth a life. */
static gboolean
is_enforced(const NzPolicy *policy, const char *rule)
{
  guint i = 0;
  while (nz_check_at(i) && strcmp(nz_check_at(i)->rule, rule) != 0)
    i++;
  const NzRuleSetting *setting = nz_policy_rule(policy, i);
  NzLevel level = strcmp(rule, rules[0]) == 0 ? NZ_LEVEL_FAIL : NZ_LEVEL_WARN; /* as found */
  if (setting && setting->level == NZ_RULE_OFF)
    return FALSE;
  if (setting && setting->level != NZ_RULE_AS_FOUND)
    level = (NzLevel)(setting->level - NZ_RULE_INFO);
  NzSource source;
  return level >= nz_policy_fail_on(policy, &source);
}

static gboolean
has_exceptions(const NzPolicy *policy)
{
  return nz_policy_exception(policy, 0) != NULL;
}

static gboolean
has_filters(const NzWatch *self)
{
  const NzWatchOptions *o = self->options;
  return (o->containers && o->containers[0]) || (o->engine_names && o->engine_names[0]) ||
         (o->spaces && o->spaces[0]);
}

static void
set_modes(NzWatch *self)
{
  gboolean acts = !self->options->dry_run;
  self->enforced[0] = is_enforced(self->policy, rules[0]);
  self->enforced[1] = is_enforced(self->policy, rules[1]);
  nz_probe_enforce(self->probe, acts && self->enforced[0], acts && self->enforced[1],
                   !has_exceptions(self->policy) && !has_filters(self));
}

void
nz_enforce_begin(NzWatch *self)
{
  NzContainerRef own;
  if (!self->options->kill)
    return;
  if (nz_proc_container(getpid(), &own, NULL))
    self->own = nz_watch_container(self, &own, getpid())->key;
  set_modes(self);
}

void
nz_enforce_end(NzWatch *self)
{
  if (self->options->kill)
    nz_probe_enforce(self->probe, FALSE, FALSE, FALSE);
}

/* --- whole containers --- */

/* An exception that covers all its executables, or none that may cover one of them; 0: that depends
 * on the executable. */
static guint8
permit_of(const NzWatch *self, const NzRunning *container)
{
  const NzContainerFacts *f = container->facts;
  gboolean all = TRUE, any = FALSE;
  if (container->key == self->own || (f && !nz_watch_matches(self, container)))
    return NZ_PERMIT_YES;
  if (!f || f->kind == NZ_CONTAINER_KIND_SANDBOX)
    return 0;
  for (guint i = 0; i < G_N_ELEMENTS(rules); i++) {
    const NzSighting sighting = {.rule = rules[i],
                                 .image = f->image,
                                 .digest = f->image_id,
                                 .container = f->name,
                                 .space = f->space};
    gboolean covered = nz_policy_match(self->policy, &sighting, NULL) != NULL;
    all = all && (covered || !self->enforced[i]);
    any = any || covered || nz_policy_asks_executable(self->policy, rules[i]);
  }
  return all ? NZ_PERMIT_YES : any ? 0 : NZ_PERMIT_NO;
}

void
nz_enforce_described(NzWatch *self, const NzRunning *container)
{
  static const struct nz_file all_files;
  guint8 permit = self->options->kill ? permit_of(self, container) : 0;
  GHashTableIter iter;
  gpointer value;
  if (!permit)
    return;
  g_hash_table_iter_init(&iter, self->groups);
  while (g_hash_table_iter_next(&iter, NULL, &value)) {
    const NzGroupState *state = value;
    if (state->key == container->key)
      nz_probe_permit(self->probe, &state->id, &all_files, permit);
  }
}

void
nz_enforce_policy_changed(NzWatch *self)
{
  if (!self->options->kill)
    return;
  nz_probe_forget_permits(self->probe);
  set_modes(self);
  const GPtrArray *all = nz_ledger_all(self->ledger);
  for (guint i = 0; i < all->len; i++)
    nz_enforce_described(self, all->pdata[i]);
}

/* --- one process --- */

/* FALSE: it is gone, or another has its number. */
static gboolean
send(const struct nz_root_record *record, int number)
{
  guint64 start;
  int fd = (int)syscall(SYS_pidfd_open, (pid_t)record->head.pid, 0);
  if (fd < 0)
    return FALSE;
  gboolean ok = nz_proc_start((gint)record->head.pid, &start) &&
                start / NZ_PROC_START_STEP == record->head.start / NZ_PROC_START_STEP &&
                syscall(SYS_pidfd_send_signal, fd, number, NULL, 0) == 0;
  close(fd);
  return ok;
}

void
nz_enforce_release(NzWatch *self, const struct nz_root_record *record)
{
  if (self->options->kill && (record->flags & NZ_FLAG_STOPPED))
    send(record, SIGCONT);
}

/* Of the same file in the same group the kernel's half knows it from now on. */
static void
remember(NzWatch *self, const struct nz_root_record *record, gboolean allowed)
{
  if (record->file.inode)
    nz_probe_permit(self->probe, &record->head.group, &record->file,
                    allowed ? NZ_PERMIT_YES : NZ_PERMIT_NO);
}

void
nz_enforce_judged(NzWatch *self, const NzRunning *container, struct nz_root_record *record,
                  gboolean allowed)
{
  const guint8 open = NZ_FLAG_STOPPED | NZ_FLAG_LATE;
  gboolean enforced = self->enforced[record->root == 0 ? 0 : 1];
  if (!self->options->kill || record->when == NZ_WHEN_FOUND || record->when == NZ_WHEN_EXIT)
    return;
  allowed = allowed || !enforced || container->key == self->own;
  if (self->options->dry_run) {
    record->flags |= allowed ? 0 : NZ_FLAG_WOULD_KILL;
    return;
  }
  if (!(record->flags & open))
    return;
  remember(self, record, allowed);
  if (allowed) {
    nz_enforce_release(self, record);
  } else if (send(record, SIGKILL)) {
    record->flags |= NZ_FLAG_KILLED;
    nz_ledger_killed(self->ledger, 1);
  }
}

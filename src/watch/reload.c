/* SPDX-License-Identifier: Apache-2.0 */
#include "watch/reload.h"

#include "cmd/policy_options.h"
#include "core/exit.h"
#include "core/text.h"
#include "watch/enforce.h"

static gboolean
set_today(NzPolicy *policy, const char *said, GError **error)
{
  NzDay today;
  if (!said)
    return TRUE;
  if (!nz_day_parse(said, &today)) {
    g_autofree char *shown = nz_printable(said, -1);
    return nz_set_input(error, "--today: %s is no day; write YYYY-MM-DD", shown);
  }
  nz_policy_set_today(policy, today);
  return TRUE;
}

static gboolean
apply_options(NzPolicy *policy, GError **error)
{
  const NzPolicyOptions *o = &nz_policy_options;
  for (guint i = 0; o->ignore && o->ignore[i]; i++)
    if (!nz_policy_ignore(policy, o->ignore[i], error))
      return FALSE;
  return set_today(policy, o->today, error) &&
         (!o->fail_on || nz_policy_set_fail_on(policy, o->fail_on, error));
}

NzPolicy *
nz_watch_open_policy(int *code, GError **error)
{
  const NzPolicyOptions *o = &nz_policy_options;
  *code = NZ_EXIT_ERROR;
  g_autoptr(NzPolicy) policy = o->none   ? nz_policy_new()
                               : o->file ? nz_policy_load(o->file, error)
                                         : nz_policy_search(error);
  if (!policy)
    return NULL;
  *code = NZ_EXIT_USAGE;
  return apply_options(policy, error) ? g_steal_pointer(&policy) : NULL;
}

gboolean
nz_watch_reload_policy(NzWatch *self, GError **error)
{
  int ignored;
  NzPolicy *policy = nz_watch_open_policy(&ignored, error);
  if (!policy)
    return FALSE;
  nz_ledger_set_policy(self->ledger, policy);
  nz_policy_free(self->policy);
  self->policy = policy;
  nz_enforce_policy_changed(self);
  return TRUE;
}

gboolean
nz_watch_read_scans(NzWatch *self, GError **error)
{
  if (!self->options->scan_reports)
    return TRUE;
  g_autoptr(NzScanReports) scans =
      nz_scan_reports_load((const char *const *)self->options->scan_reports, error);
  if (!scans)
    return FALSE;
  nz_ledger_set_scans(self->ledger, scans);
  return TRUE;
}

void
nz_watch_new_day(NzWatch *self)
{
  if (!nz_policy_options.today && nz_policy_today(self->policy) != nz_day_today()) {
    nz_policy_begin_anew(self->policy);
    nz_enforce_policy_changed(self);
  }
}

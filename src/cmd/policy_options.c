/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/policy_options.h"

#include "cmd/cmd.h"
#include "core/text.h"

NzPolicyOptions nz_policy_options;

static gboolean
wrong(const char *option, const GError *error)
{
  nz_complain("--%s: %s", option, error->message);
  return FALSE;
}

static gboolean
set_today(NzPolicy *policy)
{
  NzDay today;
  const char *said = nz_policy_options.today;
  if (!said)
    return TRUE;
  if (!nz_day_parse(said, &today)) {
    g_autofree char *shown = nz_printable(said, -1);
    nz_complain("--today: %s is no day; write YYYY-MM-DD", shown);
    return FALSE;
  }
  nz_policy_set_today(policy, today);
  return TRUE;
}

/* Puts the command line over POLICY. */
static gboolean
override(NzPolicy *policy)
{
  const NzPolicyOptions *o = &nz_policy_options;
  g_autoptr(GError) error = NULL;
  for (guint i = 0; o->ignore && o->ignore[i]; i++)
    if (!nz_policy_ignore(policy, o->ignore[i], &error))
      return wrong("ignore", error);
  if (o->fail_on && !nz_policy_set_fail_on(policy, o->fail_on, &error))
    return wrong("fail-on", error);
  return set_today(policy);
}

static gboolean
check_usage(void)
{
  if (nz_policy_options.none && nz_policy_options.file) {
    nz_complain("--no-policy contradicts --policy");
    return FALSE;
  }
  /* What is wrong with the options must be said whatever is wrong with the file. */
  g_autoptr(NzPolicy) dry = nz_policy_new();
  return override(dry);
}

/* The policy at PATH, NULL: the one that a search finds. NULL with a message printed. */
static NzPolicy *
open_file(const char *path)
{
  g_autoptr(GError) error = NULL;
  NzPolicy *policy = path ? nz_policy_load(path, &error) : nz_policy_search(&error);
  if (error)
    nz_complain("%s", error->message);
  return policy;
}

NzPolicy *
nz_policy_options_load(gboolean verbose, int *code)
{
  *code = NZ_EXIT_USAGE;
  if (!check_usage())
    return NULL;
  *code = NZ_EXIT_ERROR;
  const NzPolicyOptions *o = &nz_policy_options;
  g_autoptr(NzPolicy) policy = o->none ? nz_policy_new() : open_file(o->file);
  if (!policy || !override(policy))
    return NULL;
  const char *path = nz_policy_path(policy);
  if (verbose && path)
    nz_complain("note: the policy is %s", path);
  return g_steal_pointer(&policy);
}

NzPolicy *
nz_policy_options_open(const char *path, int *code)
{
  g_autoptr(NzPolicy) dry = nz_policy_new();
  *code = NZ_EXIT_USAGE;
  if (!set_today(dry))
    return NULL;
  *code = NZ_EXIT_ERROR;
  NzPolicy *policy = open_file(path);
  if (policy)
    set_today(policy);
  return policy;
}

void
nz_policy_options_describe(const NzPolicy *policy, const char *profile, NzReport *report)
{
  if (!profile)
    profile = nz_policy_profile(policy);
  if (profile)
    report->profile = profile;
  report->policy = g_strdup(nz_policy_path(policy));
}

void
nz_policy_options_note_unused(const NzPolicy *policy)
{
  const NzException *e;
  for (guint i = 0; (e = nz_policy_exception(policy, i)); i++)
    if (e->used == 0 && nz_policy_is_active(policy, e))
      nz_complain("note: %s:%u: the exception for %s matched nothing", nz_policy_path(policy),
                  e->line, e->rule);
}

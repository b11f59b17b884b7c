/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/policy_options.h"

#include "cmd/cmd.h"
#include "core/text.h"

NzPolicyOptions nz_policy_options;

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

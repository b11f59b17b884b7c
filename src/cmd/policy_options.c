/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/policy_options.h"

#include "cmd/complain.h"
#include "core/exit.h"
#include "core/text.h"

NzPolicyOptions nz_policy_options;

/* The day that --today names, 0 without one. FALSE with a message printed. */
static gboolean
read_today(NzDay *today)
{
  const char *said = nz_policy_options.today;
  *today = 0;
  if (!said || nz_day_parse(said, today))
    return TRUE;
  g_autofree char *shown = nz_printable(said, -1);
  nz_complain("--today: %s is no day; write YYYY-MM-DD", shown);
  return FALSE;
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
  NzDay today;
  *code = NZ_EXIT_USAGE;
  if (!read_today(&today))
    return NULL;
  *code = NZ_EXIT_ERROR;
  NzPolicy *policy = open_file(path);
  if (policy && today)
    nz_policy_set_today(policy, today);
  return policy;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cmd/cmd.h"
#include "cmd/policy_options.h"
#include "core/text.h"
#include "report/table.h"

/* An exception that ends within so many days is worth a word. */
#define SOON 30

static char *opt_format;

static const GOptionEntry options[] = {
    NZ_POLICY_TODAY_OPTION,
    {"format", 'f', 0, G_OPTION_ARG_STRING, &opt_format, "Of export: csv (the default)", "FORMAT"},
    {NULL},
};

static const char help[] =
    "  check   says what is wrong with the policy, and which exceptions are over or soon will be\n"
    "  show    prints what is in force: each rule's level and who set it, each exception\n"
    "  export  prints the exceptions as a record after CBPP-0003\n"
    "\n"
    "FILE is the policy; without it the one is taken that `nonzero scan` would find: "
    ".nonzero.yaml\n"
    "here or in a directory above, $XDG_CONFIG_HOME/nonzero/policy.yaml (~/.config/...), or\n"
    "/etc/nonzero/policy.yaml; the first alone.\n"
    "\n"
    "Examples:\n"
    "  nonzero policy check\n"
    "  nonzero policy show .nonzero.yaml\n"
    "  nonzero policy export --format csv > exceptions.csv\n";

/* --- check --- */

static void
warn_of(const NzPolicy *policy, const NzException *e)
{
  NzDay today = nz_policy_today(policy);
  if (!nz_policy_is_active(policy, e))
    printf("%s:%u: warning: the exception for %s was over after %s; %s answered for it\n",
           nz_policy_path(policy), e->line, e->rule, e->said.expires, e->said.owner);
  else if (e->expires != 0 && e->expires - today <= SOON)
    printf("%s:%u: warning: the exception for %s is over after %s (%u day%s); %s answers for it\n",
           nz_policy_path(policy), e->line, e->rule, e->said.expires, e->expires - today,
           e->expires - today == 1 ? "" : "s", e->said.owner);
}

/* What CBPP-0002 requires can be turned off, but not in silence. */
static void
warn_of_required(const NzPolicy *policy)
{
  for (guint i = 0; nz_check_at(i); i++) {
    const NzRuleSetting *setting = nz_policy_rule(policy, i);
    gboolean lowered = setting->level != NZ_RULE_AS_FOUND && setting->level != NZ_RULE_FAIL;
    if (nz_check_at(i)->required && lowered)
      printf("%s:%u: warning: CBPP-0002 requires %s, and it is %s\n", nz_policy_path(policy),
             setting->line, nz_check_at(i)->rule, nz_rule_level_name(setting->level));
  }
}

static int
check(const NzPolicy *policy)
{
  const NzException *e;
  warn_of_required(policy);
  guint n = 0;
  for (; (e = nz_policy_exception(policy, n)); n++)
    warn_of(policy, e);
  printf("%s: a valid policy with %u exception%s\n", nz_policy_path(policy), n, n == 1 ? "" : "s");
  return NZ_EXIT_PASS;
}

/* --- show --- */

static char *
source_text(const NzPolicy *policy, NzSource source, guint line)
{
  if (source == NZ_SOURCE_BUILT_IN)
    return g_strdup("built in");
  return line > 0 ? g_strdup_printf("%s:%u", nz_policy_path(policy), line)
                  : g_strdup(nz_policy_path(policy));
}

static void
show_rules(const NzPolicy *policy)
{
  static const char *const heads[] = {"RULE", "LEVEL", "FROM", NULL};
  g_autoptr(GPtrArray) rows = g_ptr_array_new_with_free_func((GDestroyNotify)g_strfreev);
  for (guint i = 0; nz_check_at(i); i++) {
    const NzRuleSetting *setting = nz_policy_rule(policy, i);
    char **row = g_new0(char *, G_N_ELEMENTS(heads));
    row[0] = g_strconcat(nz_check_at(i)->rule, nz_check_at(i)->required ? "*" : "", NULL);
    row[1] = g_strdup(nz_rule_level_name(setting->level));
    row[2] = source_text(policy, setting->source, setting->line);
    g_ptr_array_add(rows, row);
  }
  putchar('\n');
  nz_table_print(heads, rows, stdout);
  puts("* required by CBPP-0002");
}

/* "path=/usr/bin/su image=app:*" */
static char *
coverage(const NzException *e)
{
  GString *out = g_string_new(NULL);
  for (NzMatch m = 0; m < NZ_MATCH_N; m++)
    if (e->patterns[m])
      g_string_append_printf(out, "%s%s=%s", out->len > 0 ? " " : "", nz_match_name(m),
                             e->patterns[m]);
  return g_string_free(out, FALSE);
}

static void
show_exceptions(const NzPolicy *policy)
{
  static const char *const heads[] = {"STATE", "RULE",    "COVERS", "REASON",
                                      "OWNER", "EXPIRES", NULL};
  g_autoptr(GPtrArray) rows = g_ptr_array_new_with_free_func((GDestroyNotify)g_strfreev);
  const NzException *e;
  for (guint i = 0; (e = nz_policy_exception(policy, i)); i++) {
    char **row = g_new0(char *, G_N_ELEMENTS(heads));
    row[0] = g_strdup(nz_policy_is_active(policy, e) ? "active" : "expired");
    row[1] = g_strdup(e->rule);
    row[2] = coverage(e);
    row[3] = g_strdup(e->said.reason);
    row[4] = g_strdup(e->said.owner);
    row[5] = g_strdup(e->said.expires ? e->said.expires : "never");
    g_ptr_array_add(rows, row);
  }
  printf("\n%u exception%s\n", rows->len, rows->len == 1 ? "" : "s");
  if (rows->len > 0)
    nz_table_print(heads, rows, stdout);
}

static int
show(const NzPolicy *policy)
{
  const char *path = nz_policy_path(policy), *profile = nz_policy_profile(policy);
  NzSource source;
  const char *fail_on = nz_level_name(nz_policy_fail_on(policy, &source));
  g_autofree char *from = source_text(policy, source, 0);
  printf("policy   %s\n", path ? path : "none: what is built in");
  printf("profile  %s (%s)\n", profile ? profile : "cbpp-0002", profile ? path : "built in");
  printf("fail-on  %s (%s)\n", fail_on, from);
  show_rules(policy);
  show_exceptions(policy);
  return NZ_EXIT_PASS;
}

/* --- export --- */

static int export(const NzPolicy *policy)
{
  g_autofree char *csv = nz_policy_to_csv(policy);
  fputs(csv, stdout);
  return NZ_EXIT_PASS;
}

/* --- the verb --- */

static const struct {
  const char *name;
  int (*run)(const NzPolicy *policy);
  gboolean needs_file;
} actions[] = {
    {"check", check, TRUE},
    {"show", show, FALSE},
    {"export", export, TRUE},
};

/* The number of the action, -1 with a message printed. */
static int
find_action(const char *const *args)
{
  guint i = 0;
  while (args[0] && i < G_N_ELEMENTS(actions) && strcmp(actions[i].name, args[0]) != 0)
    i++;
  if (!args[0] || i == G_N_ELEMENTS(actions))
    nz_complain("say check, show or export; `nonzero policy --help` describes them");
  else if (args[1] && args[2])
    nz_complain("`nonzero policy %s` takes one FILE", args[0]);
  else if (opt_format && actions[i].run != export)
    nz_complain("--format is for `nonzero policy export`");
  else if (opt_format && strcmp(opt_format, "csv") != 0)
    nz_complain("--format is csv");
  else
    return (int)i;
  return -1;
}

static int
run(const char *const *args)
{
  int action = find_action(args), code;
  if (action < 0)
    return NZ_EXIT_USAGE;
  g_autoptr(NzPolicy) policy = nz_policy_options_open(args[1], &code);
  if (!policy)
    return code;
  if (actions[action].needs_file && !nz_policy_path(policy)) {
    nz_complain("there is no policy here; name its file (`nonzero policy --help` says where one is "
                "searched for)");
    return NZ_EXIT_ERROR;
  }
  code = actions[action].run(policy);
  if (fflush(stdout) == 0 && !ferror(stdout))
    return code;
  nz_complain("cannot write to standard output: %s", g_strerror(errno));
  return NZ_EXIT_ERROR;
}

static const char *
format_at(guint i)
{
  return i == 0 ? "csv" : NULL;
}

static NzWordAt
choices(const char *value_name)
{
  return strcmp(value_name, "FORMAT") == 0 ? format_at : NULL;
}

const NzCommand nz_cmd_policy = {
    .name = "policy",
    .synopsis = "check|show|export [FILE]",
    .summary = "look at the policy: is it right, what is in force, what is excepted?",
    .help = help,
    .options = options,
    .choices = choices,
    .run = run,
};

/* SPDX-License-Identifier: Apache-2.0 */
/* CBPP-0003 asks for a record of which practice is not complied with, where, why, and what is done
 * about it, and suggests CSV with practices by their names and compliance as a boolean. It leaves
 * the columns open; these are ours. */
#include <string.h>

#include "policy/policy_private.h"

static const char head[] =
    "practice,compliant,rule,image,digest,path,namespace,container,executable,reason,"
    "mitigation,owner,expires,in_force,policy\r\n";

/* RFC 4180; and a spreadsheet must not take a field for a formula. */
static void
add_field(GString *out, const char *text, gboolean last)
{
  gboolean formula = text && *text && strchr("=+-@\t\r", *text);
  gboolean quoted = text && (formula || strpbrk(text, ",\"\r\n"));
  if (quoted)
    g_string_append_c(out, '"');
  if (formula)
    g_string_append_c(out, '\'');
  for (const char *p = text; p && *p; p++) {
    if (*p == '"')
      g_string_append_c(out, '"');
    g_string_append_c(out, *p);
  }
  if (quoted)
    g_string_append_c(out, '"');
  g_string_append(out, last ? "\r\n" : ",");
}

static void
add_line(GString *out, const char *const *fields, guint n)
{
  for (guint i = 0; i < n; i++)
    add_field(out, fields[i], i + 1 == n);
}

static void
add_exception(GString *out, const NzPolicy *self, const NzException *e, const NzCheck *check)
{
  const char *const fields[] = {
      check->required ? "CBPP-0002" : NULL,
      check->required ? "false" : NULL,
      check->rule,
      e->patterns[NZ_MATCH_IMAGE],
      e->patterns[NZ_MATCH_DIGEST],
      e->patterns[NZ_MATCH_PATH],
      e->patterns[NZ_MATCH_NAMESPACE],
      e->patterns[NZ_MATCH_CONTAINER],
      e->patterns[NZ_MATCH_EXECUTABLE],
      e->said.reason,
      e->mitigation,
      e->said.owner,
      e->said.expires,
      nz_policy_is_active(self, e) ? "true" : "false",
      self->path,
  };
  add_line(out, fields, G_N_ELEMENTS(fields));
}

/* A required rule that does not count at all is the widest exception there is. */
static void
add_rule(GString *out, const NzPolicy *self, const NzCheck *check, const NzRuleSetting *setting)
{
  gboolean lowered = setting->level == NZ_RULE_INFO || setting->level == NZ_RULE_WARN;
  if (!check->required || !(lowered || setting->level == NZ_RULE_OFF))
    return;
  g_autofree char *reason =
      lowered ? g_strdup_printf("lowered to %s by the policy", nz_rule_level_name(setting->level))
              : g_strdup("turned off by the policy");
  const char *const fields[] = {"CBPP-0002", "false", check->rule, NULL,   NULL,
                                NULL,        NULL,    NULL,        NULL,   reason,
                                NULL,        NULL,    NULL,        "true", self->path};
  add_line(out, fields, G_N_ELEMENTS(fields));
}

char *
nz_policy_to_csv(const NzPolicy *self)
{
  GString *out = g_string_new(head);
  for (guint i = 0; i < self->n_rules; i++)
    add_rule(out, self, nz_check_at(i), &self->rules[i]);
  for (guint i = 0; i < self->exceptions->len; i++) {
    const NzException *e = self->exceptions->pdata[i];
    for (guint n = 0; n < e->checks->len; n++)
      add_exception(out, self, e, e->checks->pdata[n]);
  }
  return g_string_free(out, FALSE);
}

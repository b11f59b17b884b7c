/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/policy.h"

#include <string.h>

#include "core/limits.h"
#include "core/nearest.h"
#include "core/text.h"
#include "policy/policy_private.h"

static const char *const level_names[] = {
    [NZ_RULE_AS_FOUND] = "as found", [NZ_RULE_OFF] = "off",   [NZ_RULE_INFO] = "info",
    [NZ_RULE_WARN] = "warn",         [NZ_RULE_FAIL] = "fail",
};

const char *
nz_rule_level_name(NzRuleLevel level)
{
  return level_names[level];
}

NzRuleLevel
nz_rule_level_find(const char *name, gboolean off_too)
{
  for (NzRuleLevel level = off_too ? NZ_RULE_OFF : NZ_RULE_INFO; level <= NZ_RULE_FAIL; level++)
    if (strcmp(level_names[level], name) == 0)
      return level;
  return NZ_RULE_AS_FOUND;
}

const char *
nz_match_name(NzMatch match)
{
  static const char *const names[] = {
      [NZ_MATCH_PATH] = "path",           [NZ_MATCH_IMAGE] = "image",
      [NZ_MATCH_DIGEST] = "digest",       [NZ_MATCH_NAMESPACE] = "namespace",
      [NZ_MATCH_CONTAINER] = "container", [NZ_MATCH_EXECUTABLE] = "executable"};
  return names[match];
}

char *
nz_rule_hint(const char *name)
{
  g_autoptr(GPtrArray) names = g_ptr_array_new();
  for (guint i = 0; nz_check_at(i); i++)
    g_ptr_array_add(names, (gpointer)nz_check_at(i)->rule);
  g_ptr_array_add(names, NULL);
  return nz_nearest_hint(name, (const char *const *)names->pdata);
}

void
nz_exception_free(NzException *self)
{
  if (!self)
    return;
  for (guint i = 0; i < NZ_MATCH_N; i++) {
    g_free(self->patterns[i]);
    nz_glob_free(self->globs[i]);
  }
  g_free(self->rule);
  g_free(self->mitigation);
  g_free(self->said.reason);
  g_free(self->said.owner);
  g_free(self->said.expires);
  g_ptr_array_unref(self->checks);
  g_free(self);
}

NzPolicy *
nz_policy_new(void)
{
  NzPolicy *self = g_new0(NzPolicy, 1);
  g_atomic_ref_count_init(&self->refs);
  self->fail_on = NZ_LEVEL_FAIL;
  self->steps = NZ_GLOB_STEPS_TOTAL_MAX;
  self->today = nz_day_today();
  while (nz_check_at(self->n_rules))
    self->n_rules++;
  self->rules = g_new0(NzRuleSetting, self->n_rules);
  self->exceptions = g_ptr_array_new_with_free_func((GDestroyNotify)nz_exception_free);
  return self;
}

NzPolicy *
nz_policy_ref(NzPolicy *self)
{
  g_atomic_ref_count_inc(&self->refs);
  return self;
}

void
nz_policy_begin_anew(NzPolicy *self)
{
  if (!self->today_said)
    self->today = nz_day_today();
  self->steps = NZ_GLOB_STEPS_TOTAL_MAX;
  for (guint i = 0; i < self->exceptions->len; i++)
    ((NzException *)self->exceptions->pdata[i])->used = 0;
}

void
nz_policy_free(NzPolicy *self)
{
  if (!self || !g_atomic_ref_count_dec(&self->refs))
    return;
  g_free(self->path);
  g_free(self->rules);
  g_ptr_array_unref(self->exceptions);
  g_free(self);
}

/* --- the command line --- */

NzRuleSetting *
nz_policy_setting(NzPolicy *self, const NzCheck *check)
{
  guint i = 0;
  while (nz_check_at(i) != check)
    i++;
  return &self->rules[i];
}

static void
ignore(const NzCheck *check, gpointer user_data)
{
  *nz_policy_setting(user_data, check) =
      (NzRuleSetting){.level = NZ_RULE_OFF, .source = NZ_SOURCE_COMMAND_LINE};
}

gboolean
nz_policy_ignore(NzPolicy *self, const char *name, GError **error)
{
  if (nz_check_foreach_named(name, ignore, self) > 0)
    return TRUE;
  g_autofree char *shown = nz_printable(name, -1);
  g_autofree char *hint = nz_rule_hint(name);
  return nz_set_input(error, "there is no rule %s%s", shown, hint);
}

gboolean
nz_policy_set_fail_on(NzPolicy *self, const char *level, GError **error)
{
  NzRuleLevel found = nz_rule_level_find(level, FALSE);
  if (found == NZ_RULE_AS_FOUND)
    return nz_set_input(error, "a level is fail, warn or info");
  self->fail_on = (NzLevel)(found - NZ_RULE_INFO);
  self->fail_on_source = NZ_SOURCE_COMMAND_LINE;
  return TRUE;
}

void
nz_policy_set_today(NzPolicy *self, NzDay today)
{
  self->today = today;
  self->today_said = TRUE;
}

/* --- looked at --- */

const char *
nz_policy_path(const NzPolicy *self)
{
  return self->path;
}

const char *
nz_policy_profile(const NzPolicy *self)
{
  return self->profile;
}

NzLevel
nz_policy_fail_on(const NzPolicy *self, NzSource *source)
{
  *source = self->fail_on_source;
  return self->fail_on;
}

NzDay
nz_policy_today(const NzPolicy *self)
{
  return self->today;
}

const NzRuleSetting *
nz_policy_rule(const NzPolicy *self, guint i)
{
  return &self->rules[i];
}

const NzException *
nz_policy_exception(const NzPolicy *self, guint i)
{
  return i < self->exceptions->len ? self->exceptions->pdata[i] : NULL;
}

gboolean
nz_policy_is_active(const NzPolicy *self, const NzException *exception)
{
  return exception->expires == 0 || self->today <= exception->expires;
}

gboolean
nz_exception_is_about(const NzException *e, const char *rule)
{
  for (guint i = 0; i < e->checks->len; i++)
    if (strcmp(((const NzCheck *)e->checks->pdata[i])->rule, rule) == 0)
      return TRUE;
  return FALSE;
}

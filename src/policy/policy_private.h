/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "policy/policy.h"

struct NzPolicy {
  gatomicrefcount refs; /* reports may be freed by other threads */
  char *path;           /* printable */
  const char *profile;
  NzLevel fail_on;
  NzSource fail_on_source;
  NzDay today;
  gboolean today_said;
  NzRuleSetting *rules; /* by the number of the check */
  guint n_rules;
  GPtrArray *exceptions; /* NzException */
  guint64 steps;         /* of matching, that are left for all subjects */
};

/* "; did you mean setuid-root?" */
char *nz_rule_hint(const char *name);

/* What is decided about CHECK, to be changed. */
NzRuleSetting *nz_policy_setting(NzPolicy *self, const NzCheck *check);

void nz_exception_free(NzException *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NzException, nz_exception_free)

/* TRUE when E is about findings of RULE. */
gboolean nz_exception_is_about(const NzException *e, const char *rule);

/* Of "fail", "warn", "info" and, with OFF_TOO, "off"; NZ_RULE_AS_FOUND for anything else. */
NzRuleLevel nz_rule_level_find(const char *name, gboolean off_too);

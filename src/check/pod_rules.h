/* SPDX-License-Identifier: Apache-2.0 */
/* Rules of a profile of pods: what the cluster refuses is found while the manifest is read
 * (kube/pod_security.h); each rule takes its own of it. */
#pragma once

#include "check/check.h"

static inline void
nz_pod_rule_run(const NzCheck *check, const NzBuildFacts *facts, GPtrArray *findings)
{
  guint i = 0;
  for (const NzAct *act; (act = nz_acts_next(facts, NZ_ACT_FORBIDDEN, &i));) {
    if (g_strcmp0(act->how, check->rule) != 0)
      continue;
    NzFinding *f = nz_finding_new(check->rule, act->maybe ? NZ_LEVEL_WARN : NZ_LEVEL_FAIL,
                                  check->remedy, "%s", act->what);
    f->undecided = act->maybe;
    f->place = nz_place_copy(act->place);
    g_ptr_array_add(findings, f);
  }
}

/* A rule NAME under PROFILE, with the names that others have for it; see the fields of NzCheck. */
#define NZ_POD_RULE(NAME, PROFILE, SINCE, UNTIL, RESTRICTED, SOURCES, RULE, LEVEL, TITLE, WHY,     \
                    REMEDY, ...)                                                                   \
  static const char *const NAME##_aliases[] = {__VA_ARGS__, NULL};                                 \
  static void NAME##_run(const NzBuildFacts *facts, GPtrArray *findings)                           \
  {                                                                                                \
    nz_pod_rule_run(&nz_check_##NAME, facts, findings);                                            \
  }                                                                                                \
  const NzCheck nz_check_##NAME = {                                                                \
      .rule = (RULE),                                                                              \
      .title = (TITLE),                                                                            \
      .level = (LEVEL),                                                                            \
      .why = (WHY),                                                                                \
      .remedy = (REMEDY),                                                                          \
      .aliases = NAME##_aliases,                                                                   \
      .sources = (SOURCES),                                                                        \
      .profile = (PROFILE),                                                                        \
      .since = (SINCE),                                                                            \
      .until = (UNTIL),                                                                            \
      .restricted = (RESTRICTED),                                                                  \
      .run_build = NAME##_run,                                                                     \
  };

/* SPDX-License-Identifier: Apache-2.0 */
#include "check/check.h"

static void
add(GPtrArray *findings, NzFinding *f)
{
  f->undecided = TRUE;
  g_ptr_array_add(findings, f);
}

static void
run_running(const NzRunningFacts *facts, GPtrArray *findings)
{
  const NzCheck *check = &nz_check_events_lost;
  if (facts->lost > 0)
    add(findings, nz_finding_new(check->rule, NZ_LEVEL_INFO, check->remedy,
                                 "%" G_GUINT64_FORMAT " event%s of it %s lost", facts->lost,
                                 facts->lost == 1 ? "" : "s", facts->lost == 1 ? "was" : "were"));
  if (facts->unseen)
    add(findings, nz_finding_new(check->rule, NZ_LEVEL_INFO, check->remedy, "%s", facts->unseen));
}

static const char *const aliases[] = {NULL};

const NzCheck nz_check_events_lost = {
    .rule = "events-lost",
    .title = "not all that ran was seen",
    .level = "info; the verdict is at best unknown",
    .why = "What was not seen may have run as root.",
    .remedy = "give the watcher more room (`--buffer`) and a processor that is not starved; "
              "let it run before the containers do",
    .aliases = aliases,
    .sources = "CBPP-0002, say what was missed",
    .run_running = run_running,
};

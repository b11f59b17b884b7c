/* SPDX-License-Identifier: Apache-2.0 */
#include "check/check.h"

static void
run(const NzImageFacts *facts, GPtrArray *findings)
{
  gboolean root = facts->user->state == NZ_USER_ROOT;
  for (guint i = 0; i < nz_facts_count(facts->drops); i++) {
    const NzDropFact *d = facts->drops->pdata[i];
    const NzUser *user = d->resolved;
    g_autofree char *start = NULL;
    if (user && user->state == NZ_USER_NON_ROOT && user->has_gid)
      start =
          g_strdup_printf("%s (%u:%u): start as it with `--user %u:%u`, or `USER %u:%u`", d->user,
                          user->uid, user->gid, user->uid, user->gid, user->uid, user->gid);
    else
      start = g_strdup(d->user ? d->user : "a user that the script computes");
    g_ptr_array_add(
        findings, nz_finding_new(nz_check_drops_root.rule, root ? NZ_LEVEL_WARN : NZ_LEVEL_INFO,
                                 nz_check_drops_root.remedy, "%s drops root with %s and becomes %s",
                                 d->where, d->tool, start));
  }
}

static void
run_build(const NzBuildFacts *facts, GPtrArray *findings)
{
  guint i = 0;
  NzLevel level = facts->user->state == NZ_USER_ROOT ? NZ_LEVEL_WARN : NZ_LEVEL_INFO;
  for (const NzAct *act; (act = nz_acts_next(facts, NZ_ACT_DROPS_ROOT, &i));)
    nz_finding_add_act(findings, &nz_check_drops_root, level, act,
                       "%s drops root with %s and becomes %s", act->how, act->what,
                       act->to ? act->to : "a user that the script computes");
}

static const char *const aliases[] = {NULL};

const NzCheck nz_check_drops_root = {
    .rule = "drops-root",
    .title = "starts as root and drops it",
    .level = "warn where the image starts as root, else info",
    .why = "The script is root until then, and so is whoever enters the container. What it does as "
           "root is mostly to own a directory, which the build can do.",
    .remedy = "start as that user from the beginning; do what the script does as root in the "
              "Dockerfile, or with fsGroup in Kubernetes",
    .aliases = aliases,
    .sources = "\"Just say no to root (in containers)\", tradition: start as root, then drop",
    .run = run,
    .run_build = run_build,
};

/* SPDX-License-Identifier: Apache-2.0 */
#include "check/check.h"

static void
run(const NzImageFacts *facts, GPtrArray *findings)
{
  for (guint i = 0; i < nz_facts_count(facts->state); i++) {
    const NzStateFact *s = facts->state->pdata[i];
    if (s->writable)
      continue;
    g_autofree char *message = g_strdup_printf("%s, which the image's user cannot write",
                                               s->is_volume ? "a VOLUME" : "the WORKDIR");
    nz_finding_add_file(findings, &nz_check_unwritable_state,
                        s->is_volume ? NZ_LEVEL_WARN : NZ_LEVEL_INFO, s->file, message);
  }
}

static void
run_build(const NzBuildFacts *facts, GPtrArray *findings)
{
  guint i = 0;
  for (const NzAct *act; (act = nz_acts_next(facts, NZ_ACT_UNWRITABLE_STATE, &i));)
    nz_finding_add_act(findings, &nz_check_unwritable_state,
                       g_strcmp0(act->how, "WORKDIR") == 0 ? NZ_LEVEL_INFO : NZ_LEVEL_WARN, act,
                       "%s: the image's user cannot write %s", act->how ? act->how : "a command",
                       act->what);
}

static const char *const aliases[] = {NULL};

const NzCheck nz_check_unwritable_state = {
    .rule = "unwritable-state",
    .title = "data directories that the image's user cannot write",
    .level = "warn for a VOLUME, info for the WORKDIR",
    .why = "A VOLUME is there to be written. An image whose user cannot is run as root sooner or "
           "later, to make it work.",
    .remedy = "own it before USER and before VOLUME: `RUN install -d -o UID -g GID PATH`; in "
              "Kubernetes set fsGroup",
    .aliases = aliases,
    .sources = "CBPP-0002, re-own data files, working directories and volumes",
    .run = run,
    .run_build = run_build,
};

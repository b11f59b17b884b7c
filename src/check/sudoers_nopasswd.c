/* SPDX-License-Identifier: Apache-2.0 */
#include "check/check.h"

static void
run(const NzImageFacts *facts, GPtrArray *findings)
{
  for (guint i = 0; i < nz_facts_count(facts->sudo); i++) {
    const NzSudoFact *s = facts->sudo->pdata[i];
    NzFinding *f = nz_finding_new(
        nz_check_sudoers_nopasswd.rule, s->ours ? NZ_LEVEL_WARN : NZ_LEVEL_INFO,
        nz_check_sudoers_nopasswd.remedy, "line %u lets %s use sudo without a password%s", s->line,
        s->text, s->ours ? ", and the image's user is meant by it" : "");
    f->path = g_strdup(s->path);
    g_ptr_array_add(findings, f);
  }
}

static void
run_build(const NzBuildFacts *facts, GPtrArray *findings)
{
  guint i = 0;
  for (const NzAct *act; (act = nz_acts_next(facts, NZ_ACT_NOPASSWD, &i));)
    nz_finding_add_act(findings, &nz_check_sudoers_nopasswd, NZ_LEVEL_WARN, act,
                       "%s lets %s use sudo without a password", act->how ? act->how : "a command",
                       act->what);
}

static const char *const aliases[] = {NULL};

const NzCheck nz_check_sudoers_nopasswd = {
    .rule = "sudoers-nopasswd",
    .title = "sudo without a password",
    .level = "warn; info where the image's user is not meant",
    .why = "A process that runs as such a user becomes root, or whom the line names, whenever it "
           "likes to: it starts sudo.",
    .remedy = "remove the line, and sudo with it: what needs root belongs into the build",
    .aliases = aliases,
    .sources = "sudoers(5), NOPASSWD and authenticate",
    .run = run,
    .run_build = run_build,
};

/* SPDX-License-Identifier: Apache-2.0 */
#include "check/check.h"

static void
run(const NzImageFacts *facts, GPtrArray *findings)
{
  for (guint i = 0; i < facts->uid0->len; i++) {
    const char *name = facts->uid0->pdata[i];
    NzFinding *f =
        nz_finding_new(nz_check_uid0_alias.rule, NZ_LEVEL_WARN, nz_check_uid0_alias.remedy,
                       "/etc/passwd gives %s the uid 0: root under another name", name);
    f->path = g_strdup("/etc/passwd");
    g_ptr_array_add(findings, f);
  }
}

static void
run_build(const NzBuildFacts *facts, GPtrArray *findings)
{
  guint i = 0;
  for (const NzAct *act; (act = nz_acts_next(facts, NZ_ACT_UID0_ALIAS, &i));)
    nz_finding_add_act(findings, &nz_check_uid0_alias, NZ_LEVEL_WARN, act,
                       "%s makes %s root under another name", act->how ? act->how : "a command",
                       act->what);
}

static const char *const aliases[] = {NULL};

const NzCheck nz_check_uid0_alias = {
    .rule = "uid0-alias",
    .title = "a user other than root with uid 0",
    .level = "warn",
    .why = "Whoever becomes that user is root, and tools that look for the name root do not see "
           "it.",
    .remedy = "remove the entry or give it a uid of its own; an entry whose uid field is empty or "
              "no number counts as 0",
    .aliases = aliases,
    .sources = "passwd(5)\nmoby/sys/user, GetExecUser",
    .run = run,
    .run_build = run_build,
};

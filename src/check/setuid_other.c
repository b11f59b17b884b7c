/* SPDX-License-Identifier: Apache-2.0 */
#include "check/check.h"

static void
run(const NzImageFacts *facts, GPtrArray *findings)
{
  for (guint i = 0; i < facts->files->len; i++) {
    const NzFileFact *f = facts->files->pdata[i];
    if (f->uid != 0 && nz_file_is_setuid(f))
      nz_finding_add_file(findings, &nz_check_setuid_other, NZ_LEVEL_WARN, f,
                          "runs as its owner whoever starts it");
  }
}

static void
run_build(const NzBuildFacts *facts, GPtrArray *findings)
{
  guint i = 0;
  for (const NzAct *act; (act = nz_acts_next(facts, NZ_ACT_SETUID, &i));)
    if (!act->by_root)
      nz_finding_add_act(findings, &nz_check_setuid_other, NZ_LEVEL_WARN, act,
                         "%s makes %s setuid for its owner", act->how ? act->how : "a command",
                         act->what);
}

static const char *const aliases[] = {"CIS-DI-0008", NULL};

const NzCheck nz_check_setuid_other = {
    .rule = "setuid-other",
    .title = "a program that is setuid to a user other than root",
    .level = "warn",
    .why = "It changes who a process is. That user may own files that root runs.",
    .remedy = "drop the bit (`RUN chmod u-s PATH`) or remove the package",
    .aliases = aliases,
    .sources = "execve(2), S_ISUID",
    .run = run,
    .run_build = run_build,
};

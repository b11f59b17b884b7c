/* SPDX-License-Identifier: Apache-2.0 */
#include "check/check.h"

static void
run(const NzImageFacts *facts, GPtrArray *findings)
{
  for (guint i = 0; i < facts->files->len; i++) {
    const NzFileFact *f = facts->files->pdata[i];
    if (f->gid != 0 && nz_file_is_setgid(f))
      nz_finding_add_file(findings, &nz_check_setgid_other, NZ_LEVEL_INFO, f,
                          "runs with its group whoever starts it");
  }
}

static void
run_build(const NzBuildFacts *facts, GPtrArray *findings)
{
  guint i = 0;
  for (const NzAct *act; (act = nz_acts_next(facts, NZ_ACT_SETGID, &i));)
    if (!act->by_root)
      nz_finding_add_act(findings, &nz_check_setgid_other, NZ_LEVEL_INFO, act,
                         "%s makes %s setgid for its group", act->how ? act->how : "a command",
                         act->what);
}

static const char *const aliases[] = {"CIS-DI-0008", NULL};

const NzCheck nz_check_setgid_other = {
    .rule = "setgid-other",
    .title = "a program that is setgid to a group other than root",
    .level = "info",
    .why = "It does not make a process root, but group shadow, for one, reads password hashes.",
    .remedy = "drop the bit (`RUN chmod g-s PATH`) where the program is not needed",
    .aliases = aliases,
    .sources = "execve(2), S_ISGID",
    .run = run,
    .run_build = run_build,
};

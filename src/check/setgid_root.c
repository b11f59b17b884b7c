/* SPDX-License-Identifier: Apache-2.0 */
#include "check/check.h"

static void
run(const NzImageFacts *facts, GPtrArray *findings)
{
  for (guint i = 0; i < facts->files->len; i++) {
    const NzFileFact *f = facts->files->pdata[i];
    if (f->gid == 0 && nz_file_is_setgid(f))
      nz_finding_add_file(findings, &nz_check_setgid_root, NZ_LEVEL_WARN, f,
                          "runs with group root whoever starts it");
  }
}

static void
run_build(const NzBuildFacts *facts, GPtrArray *findings)
{
  guint i = 0;
  for (const NzAct *act; (act = nz_acts_next(facts, NZ_ACT_SETGID, &i));)
    if (act->by_root)
      nz_finding_add_act(findings, &nz_check_setgid_root, NZ_LEVEL_WARN, act,
                         "%s makes %s setgid-root", act->how ? act->how : "a command", act->what);
}

static const char *const aliases[] = {"CIS-DI-0008", NULL};

const NzCheck nz_check_setgid_root = {
    .rule = "setgid-root",
    .title = "a setgid program of group root",
    .level = "warn",
    .why = "Group root may read and write what belongs to it: on OpenShift, all that an arbitrary "
           "user is meant to write.",
    .remedy = "drop the bit (`RUN chmod g-s PATH`) or remove the package",
    .aliases = aliases,
    .sources = "execve(2), S_ISGID",
    .run = run,
    .run_build = run_build,
};

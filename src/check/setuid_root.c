/* SPDX-License-Identifier: Apache-2.0 */
#include "check/check.h"

static void
run(const NzImageFacts *facts, GPtrArray *findings)
{
  for (guint i = 0; i < facts->files->len; i++) {
    const NzFileFact *f = facts->files->pdata[i];
    if (f->uid == 0 && nz_file_is_setuid(f))
      nz_finding_add_file(findings, &nz_check_setuid_root, NZ_LEVEL_FAIL, f,
                          "runs as root whoever starts it");
  }
}

static void
run_build(const NzBuildFacts *facts, GPtrArray *findings)
{
  guint i = 0;
  for (const NzAct *act; (act = nz_acts_next(facts, NZ_ACT_SETUID, &i));)
    if (act->by_root)
      nz_finding_add_act(findings, &nz_check_setuid_root, NZ_LEVEL_FAIL, act,
                         "%s makes %s setuid-root", act->how ? act->how : "a command", act->what);
}

static const char *const aliases[] = {"CIS-DI-0008", NULL};

const NzCheck nz_check_setuid_root = {
    .rule = "setuid-root",
    .title = "a setuid-root program",
    .level = "fail",
    .why = "A process that starts as another user becomes root by running such a program, or by "
           "a flaw in it.",
    .remedy = "drop the bit as root before USER (`RUN chmod u-s PATH`) or remove the package; to "
              "run the image as it is, use `--security-opt no-new-privileges`, in Kubernetes "
              "`allowPrivilegeEscalation: false`",
    .aliases = aliases,
    .sources =
        "CBPP-0002, no setuid-root binaries\nexecve(2), S_ISUID; prctl(2), PR_SET_NO_NEW_PRIVS",
    .required = TRUE,
    .run = run,
    .run_build = run_build,
};

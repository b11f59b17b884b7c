/* SPDX-License-Identifier: Apache-2.0 */
#include "check/check.h"

static void
run(const NzImageFacts *facts, GPtrArray *findings)
{
  for (guint i = 0; i < facts->files->len; i++) {
    const NzFileFact *f = facts->files->pdata[i];
    gboolean setuid = (f->mode & NZ_MODE_SETUID) && !nz_file_is_setuid(f);
    gboolean setgid = (f->mode & NZ_MODE_SETGID) && !nz_file_is_setgid(f);
    if (setuid)
      nz_finding_add_file(findings, &nz_check_setuid_inert, NZ_LEVEL_INFO, f,
                          "setuid, but nobody may execute it");
    else if (setgid)
      nz_finding_add_file(findings, &nz_check_setuid_inert, NZ_LEVEL_INFO, f,
                          "setgid, but its group may not execute it, so the bit has no effect");
  }
}

static const char *const aliases[] = {"CIS-DI-0008", NULL};

const NzCheck nz_check_setuid_inert = {
    .rule = "setuid-inert",
    .title = "a setuid or setgid bit without effect",
    .level = "info",
    .why = "The bit does nothing now. It does once somebody makes the file executable.",
    .remedy = "drop the bit: `RUN chmod a-s PATH`",
    .aliases = aliases,
    .sources = "execve(2), S_ISUID\nCBPP-0002, remove or re-mode setuid files",
    .run = run,
};

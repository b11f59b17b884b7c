/* SPDX-License-Identifier: Apache-2.0 */
#include "check/check.h"

static void
run(const NzImageFacts *facts, GPtrArray *findings)
{
  const NzProgramFact *p = &facts->program;
  if (p->arbitrary == NZ_PROGRAM_DENIED)
    nz_finding_add_file(findings, &nz_check_arbitrary_uid, NZ_LEVEL_FAIL, p->file,
                        p->is_script ? "the script that the image starts; a uid that the image "
                                       "does not know may not read or may not execute it"
                                     : "the program that the image starts; a uid that the image "
                                       "does not know may not execute it");
  for (guint i = 0; i < nz_facts_count(facts->state); i++) {
    const NzStateFact *s = facts->state->pdata[i];
    if (s->arbitrary_writable)
      continue;
    g_autofree char *message = g_strdup_printf("%s, which group 0 cannot write",
                                               s->is_volume ? "a VOLUME" : "the WORKDIR");
    nz_finding_add_file(findings, &nz_check_arbitrary_uid,
                        s->is_volume ? NZ_LEVEL_FAIL : NZ_LEVEL_WARN, s->file, message);
  }
}

static const char *const aliases[] = {NULL};

const NzCheck nz_check_arbitrary_uid = {
    .rule = "arbitrary-uid",
    .title = "does not work under a uid that the image does not know",
    .level = "fail; warn for the WORKDIR",
    .why = "OpenShift's restricted policy starts every container under a uid of the project's own, "
           "with group 0, whatever USER says.",
    .remedy =
        "give what is written to group 0: `RUN chgrp -R 0 PATH && chmod -R g=u PATH`; let all "
        "execute the program",
    .aliases = aliases,
    .sources = "OpenShift, Creating images: support arbitrary user ids",
    .profile = "openshift",
    .run = run,
};

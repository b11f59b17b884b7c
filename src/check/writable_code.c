/* SPDX-License-Identifier: Apache-2.0 */
#include "check/check.h"

static void
run(const NzImageFacts *facts, GPtrArray *findings)
{
  for (guint i = 0; i < nz_facts_count(facts->code); i++) {
    const NzFileFact *f = facts->code->pdata[i];
    g_autofree char *message = g_strdup_printf("%s, and the image's user may change it", f->role);
    nz_finding_add_file(findings, &nz_check_writable_code, NZ_LEVEL_INFO, f, message);
  }
}

static void
run_build(const NzBuildFacts *facts, GPtrArray *findings)
{
  guint i = 0;
  for (const NzAct *act; (act = nz_acts_next(facts, NZ_ACT_WRITABLE_CODE, &i));)
    nz_finding_add_act(findings, &nz_check_writable_code, NZ_LEVEL_INFO, act,
                       "%s lets the image's user write %s, which it runs",
                       act->how ? act->how : "a command", act->what);
}

static const char *const aliases[] = {NULL};

const NzCheck nz_check_writable_code = {
    .rule = "writable-code",
    .title = "programs that the image's user may change",
    .level = "info",
    .why = "Whoever gets into the process can replace what it runs and stay, and whoever enters "
           "the container as root later runs what was left there.",
    .remedy = "leave code with root: `COPY` without --chown, or `RUN chown -R root:root PATH && "
              "chmod -R go-w PATH`; own only what must be written",
    .aliases = aliases,
    .sources = "NIST SP 800-190, 4.4.4 (read-only root filesystems)\nCBPP-0002, re-own data files",
    .run = run,
    .run_build = run_build,
};

/* SPDX-License-Identifier: Apache-2.0 */
#include "check/check.h"

static void
run(const NzImageFacts *facts, GPtrArray *findings)
{
  for (guint i = 0; i < facts->files->len; i++) {
    const NzFileFact *f = facts->files->pdata[i];
    if (f->capability.invalid)
      nz_finding_add_file(findings, &nz_check_file_capabilities, NZ_LEVEL_INFO, f,
                          "has a security.capability attribute that the kernel does not honour");
    if (f->capability.revision == 0)
      continue;
    g_autofree char *text = nz_capability_to_text(&f->capability);
    const char *rootlike = nz_capability_rootlike(&f->capability);
    g_autofree char *message = rootlike
                                   ? g_strdup_printf("gains %s; %s amounts to root", text, rootlike)
                                   : g_strdup_printf("gains %s", text);
    nz_finding_add_file(findings, &nz_check_file_capabilities,
                        nz_file_can_run(f) ? NZ_LEVEL_WARN : NZ_LEVEL_INFO, f, message);
  }
}

static void
run_build(const NzBuildFacts *facts, GPtrArray *findings)
{
  guint i = 0;
  for (const NzAct *act; (act = nz_acts_next(facts, NZ_ACT_CAPABILITY, &i));)
    nz_finding_add_act(findings, &nz_check_file_capabilities, NZ_LEVEL_WARN, act,
                       "%s gives %s capabilities", act->how ? act->how : "a command", act->what);
}

static const char *const aliases[] = {NULL};

const NzCheck nz_check_file_capabilities = {
    .rule = "file-capabilities",
    .title = "a program with file capabilities",
    .level = "warn; info where nobody can execute the file",
    .why = "It holds part of root's power whoever starts it. For some capabilities the part is "
           "the whole.",
    .remedy = "remove them (`RUN setcap -r PATH`), or run as the user "
              "that needs none of them",
    .aliases = aliases,
    .sources = "capabilities(7), file capabilities\nCBPP-0002, limit capabilities",
    .run = run,
    .run_build = run_build,
};

/* SPDX-License-Identifier: Apache-2.0 */
#include "check/check.h"
#include "core/text.h"

static void
run(const NzImageFacts *facts, GPtrArray *findings)
{
  const NzProgramFact *p = &facts->program;
  if (p->state == NZ_PROGRAM_DENIED) {
    nz_finding_add_file(findings, &nz_check_entrypoint_not_executable, NZ_LEVEL_WARN, p->file,
                        p->is_script
                            ? "the script that the image starts; its user may not read or may not "
                              "execute it"
                            : "the program that the image starts; its user may not execute it");
  } else if (p->state == NZ_PROGRAM_ABSENT) {
    g_autofree char *name = nz_printable(p->file->path, -1);
    g_ptr_array_add(findings,
                    nz_finding_new(nz_check_entrypoint_not_executable.rule, NZ_LEVEL_INFO,
                                   "name a program that the image has, or one that is mounted",
                                   "the program that the image starts is not in it: %s", name));
  }
}

static const char *const aliases[] = {NULL};

const NzCheck nz_check_entrypoint_not_executable = {
    .rule = "entrypoint-not-executable",
    .title = "a program that the image's user cannot start",
    .level = "warn; info where the program is not in the image",
    .why = "The container does not start as this user. What makes it start is often root.",
    .remedy = "let all execute it: `RUN chmod a+rx PATH`, and the directories above it; with COPY, "
              "`--chmod=0755`",
    .aliases = aliases,
    .sources = "execve(2), path_resolution(7)",
    .run = run,
};

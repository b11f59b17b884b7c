/* SPDX-License-Identifier: Apache-2.0 */
#include "check/check.h"

static void
run_build(const NzBuildFacts *facts, GPtrArray *findings)
{
  guint i = 0;
  for (const NzAct *act; (act = nz_acts_next(facts, NZ_ACT_UNMASKED_PROC, &i));)
    nz_finding_add_act(findings, &nz_check_unmasked_proc, NZ_LEVEL_WARN, act,
                       "%s: what /proc holds of the host's kernel can be read, and by root changed",
                       act->how ? act->how : "a line");
}

static const char *const aliases[] = {"KSV-0027",  "AVD-KSV-0027",       "unsafe-proc-mount",
                                      "procMount", "disallow-procmount", NULL};

const NzCheck nz_check_unmasked_proc = {
    .rule = "unmasked-proc",
    .title = "a /proc that nothing is hidden of",
    .level = "warn",
    .why = "Runtimes hide and write-protect the files of /proc by which a process of the container "
           "reaches the host's kernel: sysrq-trigger, kcore, sys. This takes that away.",
    .remedy = "leave procMount out; builders of images in pods need hostUsers: false beside it",
    .aliases = aliases,
    .sources = "Kubernetes, Pod Security Standards, /proc Mount Type",
    .run_build = run_build,
};

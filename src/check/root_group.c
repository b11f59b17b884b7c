/* SPDX-License-Identifier: Apache-2.0 */
#include "check/check.h"

static void
run_build(const NzBuildFacts *facts, GPtrArray *findings)
{
  guint i = 0;
  for (const NzAct *act; (act = nz_acts_next(facts, NZ_ACT_ROOT_GROUP, &i));)
    nz_finding_add_act(findings, &nz_check_root_group, act->implied ? NZ_LEVEL_INFO : NZ_LEVEL_WARN,
                       act, "it has root's group, 0, by %s", act->how ? act->how : "a line");
}

static const char *const aliases[] = {
    "KSV-0029", "AVD-KSV-0029", "KSV-0116", "AVD-KSV-0116", "require-non-root-groups", NULL};

const NzCheck nz_check_root_group = {
    .rule = "root-group",
    .title = "root's group",
    .level = "warn; info where nobody wrote it",
    .why = "Group 0 may read, and sometimes write, what is root's in the image, on volumes and, "
           "through any flaw in the walls, on the host.",
    .remedy = "set runAsGroup, beside runAsUser, to a number that is not 0; the group of the "
              "image's USER does not count. Images for OpenShift's arbitrary users need group 0",
    .aliases = aliases,
    .sources = "Kubernetes, Configure a Security Context\nKubernetes, kubelet, getImageUser",
    .run_build = run_build,
};

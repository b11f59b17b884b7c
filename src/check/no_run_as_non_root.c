/* SPDX-License-Identifier: Apache-2.0 */
#include "check/check.h"

static void
run_build(const NzBuildFacts *facts, GPtrArray *findings)
{
  guint i = 0;
  for (const NzAct *act; (act = nz_acts_next(facts, NZ_ACT_NO_NON_ROOT, &i));)
    nz_finding_add_act(
        findings, &nz_check_no_run_as_non_root, act->implied ? NZ_LEVEL_WARN : NZ_LEVEL_INFO, act,
        "%s: nothing would refuse root when it starts%s", act->how ? act->how : "a line",
        act->implied ? ", and the next image may start as root" : "");
}

/* kubescape's C-0013 and their like ask who it is, too: they are image-user's. */
static const char *const aliases[] = {"KSV-0012", "AVD-KSV-0012", "require-run-as-nonroot", NULL};

const NzCheck nz_check_no_run_as_non_root = {
    .rule = "no-run-as-non-root",
    .title = "nothing refuses root at the start",
    .level = "warn where the image decides whom it starts as, else info",
    .why = "runAsNonRoot: true makes the kubelet refuse an image that starts as root, whatever "
           "image there will be tomorrow.",
    .remedy = "set runAsNonRoot: true in the pod's securityContext, with a runAsUser where the "
              "image names its user",
    .aliases = aliases,
    .sources = "Kubernetes, kubelet, verifyRunAsNonRoot\nKubernetes, Pod Security Standards, "
               "Running as Non-root",
    .run_build = run_build,
};

/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "check/check.h"

/* What to do depends on who refuses. */
static const char *
remedy_for(const NzAct *act)
{
  if (strcmp(act->what, "the API server") == 0)
    return "change the field that the message names: until then nothing of the object is taken";
  if (strcmp(act->what, "the runtime") == 0)
    return "set runAsUser to a number, or give the image a `USER` that it has, best by number";
  return nz_check_kubelet_refuses.remedy;
}

static void
run_build(const NzBuildFacts *facts, GPtrArray *findings)
{
  guint i = 0;
  for (const NzAct *act; (act = nz_acts_next(facts, NZ_ACT_REFUSED, &i));)
    nz_finding_add_act(findings, &nz_check_kubelet_refuses, NZ_LEVEL_FAIL, act,
                       "it does not start: %s says \"%s\"", act->what, act->how)
        ->remedy = remedy_for(act);
  i = 0;
  for (const NzAct *act; (act = nz_acts_next(facts, NZ_ACT_MAY_REFUSE, &i));)
    nz_finding_add_act(findings, &nz_check_kubelet_refuses, NZ_LEVEL_WARN, act,
                       "whether the kubelet starts it is not known: %s", act->how);
}

static const char *const aliases[] = {"CreateContainerConfigError", NULL};

const NzCheck nz_check_kubelet_refuses = {
    .rule = "kubelet-refuses",
    .title = "a container that Kubernetes would not start",
    .level = "fail; warn where the image decides and is not known",
    .why =
        "The rollout stops at CreateContainerConfigError, or before: the object is refused. Then "
        "somebody takes the gate away, and it starts as root.",
    .remedy = "set runAsUser to the number of the image's user, or `USER` in the Dockerfile: "
              "runAsNonRoot needs a number that is not 0",
    .aliases = aliases,
    .sources = "Kubernetes, kubelet, verifyRunAsNonRoot\nKubernetes, pkg/apis/core/validation",
    .run_build = run_build,
};

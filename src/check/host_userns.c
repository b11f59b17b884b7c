/* SPDX-License-Identifier: Apache-2.0 */
#include "check/check.h"

static void
run_build(const NzBuildFacts *facts, GPtrArray *findings)
{
  guint i = 0;
  NzLevel level = facts->user->state == NZ_USER_ROOT ? NZ_LEVEL_WARN : NZ_LEVEL_INFO;
  for (const NzAct *act; (act = nz_acts_next(facts, NZ_ACT_HOST_USERNS, &i));)
    nz_finding_add_act(findings, &nz_check_host_userns, level, act,
                       "%s makes the container's root the host's root",
                       act->how ? act->how : "a command");
}

static const char *const aliases[] = {NULL};

const NzCheck nz_check_host_userns = {
    .rule = "host-userns",
    .title = "the user namespace of the host",
    .level = "warn where it starts as root, else info",
    .why = "Where the engine maps container root to an ordinary user of the "
           "host, this takes it back.",
    .remedy = "leave userns_mode out, or use `auto` or `keep-id` with Podman; in Kubernetes, "
              "hostUsers: false",
    .aliases = aliases,
    .sources = "Docker, Isolate containers with a user namespace",
    .run_build = run_build,
};

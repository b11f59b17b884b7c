/* SPDX-License-Identifier: Apache-2.0 */
#include "check/check.h"
#include "check/running_message.h"

static void
run_running(const NzRunningFacts *facts, GPtrArray *findings)
{
  for (guint i = 0; i < facts->roots->len; i++) {
    const NzRootFact *root = facts->roots->pdata[i];
    if (!root->on_host)
      nz_finding_add_root(findings, &nz_check_root_in_userns,
                          facts->build ? NZ_LEVEL_INFO : NZ_LEVEL_FAIL, facts, root,
                          "is root of a user namespace");
  }
}

static const char *const aliases[] = {NULL};

const NzCheck nz_check_root_in_userns = {
    .rule = "root-in-userns",
    .title = "a process is root of a user namespace",
    .level = "fail; info in a step of a build",
    .why = "It is an ordinary user of the host, and could do little there if it escaped. In its "
           "container it is root all the same: it may change files that others trust, and has all "
           "of the kernel's code for root before it.",
    .remedy =
        "start the container as another user as well; where user namespaces are the decision "
        "(rootless engines, userns-remap), lower the rule in the policy: `root-in-userns: warn`",
    .aliases = aliases,
    .sources = "user_namespaces(7)\nCBPP-0002, container root may not be the platform's root",
    .run_running = run_running,
};

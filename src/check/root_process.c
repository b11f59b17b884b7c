/* SPDX-License-Identifier: Apache-2.0 */
#include "check/check.h"
#include "check/running_message.h"

static void
run_running(const NzRunningFacts *facts, GPtrArray *findings)
{
  for (guint i = 0; i < facts->roots->len; i++) {
    const NzRootFact *root = facts->roots->pdata[i];
    if (root->on_host)
      nz_finding_add_root(findings, &nz_check_root_process,
                          facts->build ? NZ_LEVEL_INFO : NZ_LEVEL_FAIL, facts, root,
                          "runs as root");
  }
}

static const char *const aliases[] = {NULL};

const NzCheck nz_check_root_process = {
    .rule = "root-process",
    .title = "a process of a container runs as root",
    .level = "fail; info in a step of a build",
    .why =
        "A process that escapes from its container keeps its user: root of the container is root "
        "of the host. How it came to be root does not matter for that, nor how short it lived.",
    .remedy = "start the container as another user (`nonzero why` says what needs root); take out "
              "setuid files and set no_new_privileges, so that nothing becomes root later",
    .aliases = aliases,
    .sources = "CBPP-0002, check running processes from outside the application",
    .required = TRUE,
    .run_running = run_running,
};

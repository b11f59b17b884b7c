/* SPDX-License-Identifier: Apache-2.0 */
#include "check/check.h"
#include "core/text.h"

/* TRUE when an image that says USER is meant to run as another than root. */
static gboolean
says_non_root(const char *image_user)
{
  static const NzUserFile unknown = {.unknown = "not looked at"}, none = {0};
  g_autoptr(NzUser) user = nz_user_resolve(image_user, &unknown, &none);
  return user->state == NZ_USER_NON_ROOT ||
         (user->state == NZ_USER_UNKNOWN && user->by_name && !g_str_has_prefix(image_user, "root"));
}

static void
run_running(const NzRunningFacts *facts, GPtrArray *findings)
{
  if (facts->build || facts->roots->len == 0 || !facts->image_user ||
      !says_non_root(facts->image_user))
    return;
  const NzRootFact *first = facts->roots->pdata[0];
  g_autofree char *user = nz_printable(facts->image_user, -1);
  NzFinding *f = nz_finding_new(
      nz_check_runtime_drift.rule, NZ_LEVEL_WARN, nz_check_runtime_drift.remedy,
      "the image says USER %s, and root runs in the container: %s (%s)", user,
      first->executable ? first->executable : "a process", nz_root_cause_name(first->cause));
  g_ptr_array_add(findings, f);
}

static const char *const aliases[] = {NULL};

const NzCheck nz_check_runtime_drift = {
    .rule = "runtime-drift",
    .title = "what runs is not what the image says",
    .level = "warn",
    .why = "The image passes a scan, and its container runs as root all the same: by an option of "
           "who started it, by `exec`, or by a file that makes its caller root. Only who looks at "
           "what runs can see that.",
    .remedy = "look at the cause: `runtime-user` and `exec-injected` are somebody's command, "
              "`setuid-binary` and `file-capabilities` a file of the image",
    .aliases = aliases,
    .sources = "CBPP-0002, a scan misses what runs in between",
    .run_running = run_running,
};

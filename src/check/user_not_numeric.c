/* SPDX-License-Identifier: Apache-2.0 */
#include "check/check.h"
#include "core/text.h"

static void
run(const NzImageFacts *facts, GPtrArray *findings)
{
  const NzUser *user = facts->user;
  if (!user->by_name || user->state != NZ_USER_NON_ROOT)
    return;
  g_autofree char *name = nz_printable(user->declared, -1);
  g_autofree char *gid = user->has_gid ? g_strdup_printf(":%u", user->gid) : g_strdup("");
  g_ptr_array_add(findings, nz_finding_new(nz_check_user_not_numeric.rule, NZ_LEVEL_WARN,
                                           nz_check_user_not_numeric.remedy,
                                           "the user is named (%s); write `USER %u%s`", name,
                                           user->uid, gid));
}

static char *
advice_for(const NzBuildFacts *facts)
{
  const NzUser *user = facts->user;
  if (facts->in_pod)
    return user->has_uid ? g_strdup_printf("set `runAsUser: %u`", user->uid)
                         : g_strdup("set runAsUser to its number");
  if (facts->user_number)
    return g_strdup_printf("write `USER %s`", facts->user_number);
  return g_strdup("no line fixes its number: give it one (`useradd -u 10001`), and write that");
}

static void
run_build(const NzBuildFacts *facts, GPtrArray *findings)
{
  const NzUser *user = facts->user;
  if (!user->by_name || user->state != NZ_USER_NON_ROOT)
    return;
  g_autofree char *name = nz_printable(user->declared, -1);
  g_autofree char *advice = advice_for(facts);
  NzFinding *f =
      nz_finding_new(nz_check_user_not_numeric.rule, NZ_LEVEL_WARN,
                     nz_check_user_not_numeric.remedy, "the user is named (%s); %s", name, advice);
  f->place = nz_place_copy(facts->user_place);
  g_ptr_array_add(findings, f);
}

static const char *const aliases[] = {NULL};

const NzCheck nz_check_user_not_numeric = {
    .rule = "user-not-numeric",
    .title = "the user is a name, not a number",
    .level = "warn",
    .why = "Under `runAsNonRoot: true` the kubelet refuses an image whose user is a name, because "
           "it cannot see the image's passwd. And a passwd that changes, changes the user.",
    .remedy = "write the number instead of the name in the last USER line",
    .aliases = aliases,
    .sources = "Kubernetes, runAsNonRoot: \"cannot verify user is non-root\"",
    .by_config = TRUE,
    .run = run,
    .run_build = run_build,
};

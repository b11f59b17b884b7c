/* SPDX-License-Identifier: Apache-2.0 */
#include "check/check.h"

static void
run(const NzImageFacts *facts, GPtrArray *findings)
{
  for (guint i = 0; i < nz_facts_count(facts->no_password); i++) {
    const char *name = facts->no_password->pdata[i];
    g_ptr_array_add(findings, nz_finding_new(nz_check_root_no_password.rule, NZ_LEVEL_WARN,
                                             nz_check_root_no_password.remedy,
                                             "%s has uid 0 and an empty password", name));
  }
}

static void
run_build(const NzBuildFacts *facts, GPtrArray *findings)
{
  guint i = 0;
  for (const NzAct *act; (act = nz_acts_next(facts, NZ_ACT_EMPTY_PASSWORD, &i));)
    nz_finding_add_act(findings, &nz_check_root_no_password, NZ_LEVEL_WARN, act,
                       "%s leaves %s without a password", act->how ? act->how : "a command",
                       act->what);
}

static const char *const aliases[] = {"DKL-LI-0001", "CVE-2019-5021", NULL};

const NzCheck nz_check_root_no_password = {
    .rule = "root-no-password",
    .title = "root without a password",
    .level = "warn",
    .why = "Where su or login is there, everyone in the container becomes root by typing nothing.",
    .remedy = "lock the account: `RUN passwd -l root`, or `usermod -p '!' root`",
    .aliases = aliases,
    .sources = "CVE-2019-5021 (Alpine images with an empty root password)\nshadow(5), passwd(5)",
    .run = run,
    .run_build = run_build,
};

/* SPDX-License-Identifier: Apache-2.0 */
#include "check/check.h"

static const char *
who_may_write(const NzFileFact *f)
{
  if (f->mode & 0002)
    return "everyone may write it";
  return f->mode & 0020 ? "its group may write it" : "its owner, who is not root, may write it";
}

static void
run(const NzImageFacts *facts, GPtrArray *findings)
{
  for (guint i = 0; i < nz_facts_count(facts->account_files); i++) {
    const NzFileFact *f = facts->account_files->pdata[i];
    g_autofree char *message = g_strdup_printf(
        "%s%s", who_may_write(f), f->role ? ", and so replace the account files below it" : "");
    nz_finding_add_file(findings, &nz_check_writable_passwd, NZ_LEVEL_WARN, f, message);
  }
}

static void
run_build(const NzBuildFacts *facts, GPtrArray *findings)
{
  guint i = 0;
  for (const NzAct *act; (act = nz_acts_next(facts, NZ_ACT_WRITABLE_PASSWD, &i));)
    nz_finding_add_act(findings, &nz_check_writable_passwd, NZ_LEVEL_WARN, act,
                       "%s lets others than root write %s", act->how ? act->how : "a command",
                       act->what);
}

static const char *const aliases[] = {"CVE-2019-19345", NULL};

const NzCheck nz_check_writable_passwd = {
    .rule = "writable-passwd",
    .title = "account files that others than root may write",
    .level = "warn",
    .why = "Who can write /etc/passwd gives himself uid 0 or a new root, and becomes it with su. "
           "Group 0 counts: it is what a numeric USER without an entry gets.",
    .remedy =
        "give it back: `RUN chown root:root PATH && chmod 0644 PATH` (0640 for shadow, 0440 "
        "for sudoers); a name for an arbitrary uid comes from nss_wrapper or from the runtime",
    .aliases = aliases,
    .sources = "CVE-2019-19345 and its kin (group-writable /etc/passwd in OpenShift images)",
    .run = run,
    .run_build = run_build,
};

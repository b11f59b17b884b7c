/* SPDX-License-Identifier: Apache-2.0 */
#include "check/check.h"

static void
run(const NzImageFacts *facts, GPtrArray *findings)
{
  for (guint i = 0; i < nz_facts_count(facts->tools); i++) {
    const NzFileFact *f = facts->tools->pdata[i];
    gboolean works = !f->bare && nz_mode_is_setuid_root(f->mode, f->uid);
    g_autofree char *message =
        g_strdup_printf("%s is on PATH for the image's user%s", f->role,
                        works ? "" : "; without its setuid bit it does nothing");
    nz_finding_add_file(findings, &nz_check_privileged_tools, works ? NZ_LEVEL_WARN : NZ_LEVEL_INFO,
                        f, message);
  }
}

static void
run_build(const NzBuildFacts *facts, GPtrArray *findings)
{
  guint i = 0;
  for (const NzAct *act; (act = nz_acts_next(facts, NZ_ACT_PRIVILEGED_TOOL, &i));)
    nz_finding_add_act(findings, &nz_check_privileged_tools, NZ_LEVEL_WARN, act,
                       "%s brings or uses %s, which gives root", act->how ? act->how : "a command",
                       act->what);
}

static const char *const aliases[] = {"DL3004", NULL};

const NzCheck nz_check_privileged_tools = {
    .rule = "privileged-tools",
    .title = "tools that make root of a user",
    .level = "warn; info where it gives no privilege",
    .why = "sudo, su and doas are there to become root. A container that starts as a user has no "
           "use for them, an intruder has.",
    .remedy = "remove the package, or drop the bit: `RUN chmod a-s PATH`",
    .aliases = aliases,
    .sources = "CBPP-0002, remove or re-mode setuid files",
    .run = run,
    .run_build = run_build,
};

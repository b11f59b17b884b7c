/* SPDX-License-Identifier: Apache-2.0 */
#include "check/check.h"

static void
run_build(const NzBuildFacts *facts, GPtrArray *findings)
{
  guint i = 0;
  for (const NzAct *act; (act = nz_acts_next(facts, NZ_ACT_SETUID_PACKAGE, &i));)
    nz_finding_add_act(findings, &nz_check_setuid_package, NZ_LEVEL_WARN, act,
                       "%s installs %s, which brings files that are setuid or setgid",
                       act->how ? act->how : "a command", act->what);
}

static const char *const aliases[] = {NULL};

const NzCheck nz_check_setuid_package = {
    .rule = "setuid-package",
    .title = "a package that brings setuid files",
    .level = "warn",
    .why = "Whoever may run a setuid-root file is one flaw in it away from "
           "root. Most images need none of them.",
    .remedy = "leave the package out; or take the bits away in the same RUN: "
              "`find / -xdev -perm /6000 -type f -exec chmod a-s {} +`",
    .aliases = aliases,
    .sources = "CBPP-0002, clean upstream images: remove or re-mode setuid "
               "files",
    .run_build = run_build,
};

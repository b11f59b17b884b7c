/* SPDX-License-Identifier: Apache-2.0 */
/* The options by which a verb takes a policy, and the policy that they mean. The command line is
 * put over the file, the file over what is built in. */
#pragma once

#include "policy/policy.h"

typedef struct {
  char *file, *fail_on, *today;
  char **ignore;
  gboolean none;
} NzPolicyOptions;

extern NzPolicyOptions nz_policy_options;

/* For a verb's table of options. */
#define NZ_POLICY_OPTIONS                                                                            \
  {"policy",                                                                                         \
   0,                                                                                                \
   0,                                                                                                \
   G_OPTION_ARG_FILENAME,                                                                            \
   &nz_policy_options.file,                                                                          \
   "Go by the policy in FILE instead of searching for one",                                          \
   "FILE"},                                                                                          \
      {"no-policy", 0, 0, G_OPTION_ARG_NONE, &nz_policy_options.none, "Go by no policy file at all", \
       NULL},                                                                                        \
      {"ignore",                                                                                     \
       0,                                                                                            \
       0,                                                                                            \
       G_OPTION_ARG_STRING_ARRAY,                                                                    \
       &nz_policy_options.ignore,                                                                    \
       "Turn a rule off, by its name or another tool's; may be repeated",                            \
       "RULE"},                                                                                      \
      {"fail-on",                                                                                    \
       0,                                                                                            \
       0,                                                                                            \
       G_OPTION_ARG_STRING,                                                                          \
       &nz_policy_options.fail_on,                                                                   \
       "Fail on findings of this level or above: fail (the default), warn or info",                  \
       "LEVEL"},                                                                                     \
      NZ_POLICY_TODAY_OPTION

#define NZ_POLICY_TODAY_OPTION                                                                     \
  {                                                                                                \
    "today", 0, 0, G_OPTION_ARG_STRING, &nz_policy_options.today,                                  \
        "Judge as of this day which exceptions are over", "YYYY-MM-DD"                             \
  }

/* The policy at PATH (NULL: the one that a search finds) as of --today, for those who look at
 * policies. */
NzPolicy *nz_policy_options_open(const char *path, int *code);

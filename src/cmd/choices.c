/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/choices.h"

#include <string.h>

#include "check/check.h"
#include "core/finding.h"
#include "report/report.h"

static const char *
format_at(guint i)
{
  const NzReportFormat *format = nz_report_format_at(i);
  return format ? format->name : NULL;
}

static const char *
rule_at(guint i)
{
  const NzCheck *check = nz_check_at(i);
  return check ? check->rule : NULL;
}

static const char *
level_at(guint i)
{
  return i <= NZ_LEVEL_FAIL ? nz_level_name((NzLevel)i) : NULL;
}

static const char *
when_at(guint i)
{
  static const char *const words[] = {"auto", "always", "never", NULL};
  return i < G_N_ELEMENTS(words) ? words[i] : NULL;
}

static const char *
profile_at(guint i)
{
  return nz_profiles[i];
}

/* Any is allowed; these are what images are made for. */
static const char *
platform_at(guint i)
{
  static const char *const words[] = {"linux/amd64",   "linux/arm64",   "linux/arm/v7", "linux/386",
                                      "linux/ppc64le", "linux/riscv64", "linux/s390x",  NULL};
  return i < G_N_ELEMENTS(words) ? words[i] : NULL;
}

/* Of lint --images. */
static const char *
where_at(guint i)
{
  static const char *const words[] = {"local", "registry", "none", NULL};
  return i < G_N_ELEMENTS(words) ? words[i] : NULL;
}

static const struct {
  const char *value_name;
  NzWordAt word_at;
} choices[] = {
    {"FORMAT", format_at},   {"RULE", rule_at},         {"LEVEL", level_at}, {"WHEN", when_at},
    {"PROFILE", profile_at}, {"PLATFORM", platform_at}, {"WHERE", where_at},
};

NzWordAt
nz_choices_find(const char *value_name)
{
  for (guint i = 0; i < G_N_ELEMENTS(choices); i++)
    if (strcmp(choices[i].value_name, value_name) == 0)
      return choices[i].word_at;
  return NULL;
}

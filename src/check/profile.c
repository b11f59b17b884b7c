/* SPDX-License-Identifier: Apache-2.0 */
#include "check/profile.h"

#include <string.h>

#include "core/nearest.h"
#include "core/text.h"

#define NEWEST     "v1." G_STRINGIFY(NZ_POD_SECURITY_NEWEST)
#define BASELINE   "baseline"
#define RESTRICTED "restricted"
#define OPENSHIFT  "openshift:"

const char *const nz_profiles[] = {
    "cbpp-0002",
    "openshift",
    BASELINE,
    RESTRICTED,
    "openshift:restricted-v2",
    "openshift:nonroot-v2",
    NZ_PROFILE_USER_ONLY,
    NULL,
};

static const struct {
  const char *name, *option;
} families[] = {
    {NZ_PROFILE_POD_SECURITY, "baseline or restricted"},
    {NZ_PROFILE_SCC, "openshift:restricted-v2 or openshift:nonroot-v2"},
};

/* What follows LEVEL in PROFILE: "" or ":v1.31"; NULL: it is not of that level. */
static const char *
after(const char *profile, const char *level)
{
  const char *rest =
      g_str_has_prefix(profile ? profile : "", level) ? profile + strlen(level) : NULL;
  return rest && (*rest == '\0' || *rest == ':') ? rest : NULL;
}

/* As api.ParseVersion reads it: latest, or v1.N without leading zeros. */
static gboolean
parse_version(const char *version, guint64 *minor)
{
  if (strcmp(version, "latest") == 0) {
    *minor = NZ_POD_SECURITY_NEWEST;
    return TRUE;
  }
  const char *digits = g_str_has_prefix(version, "v1.") ? version + strlen("v1.") : "";
  return (*digits != '0' || digits[1] == '\0') && g_ascii_isdigit(*digits) &&
         g_ascii_string_to_unsigned(digits, 10, 0, G_MAXUINT32, minor, NULL);
}

gboolean
nz_profile_pod_security(const char *profile, gboolean *restricted, guint *minor)
{
  const char *baseline = after(profile, BASELINE);
  const char *rest = baseline ? baseline : after(profile, RESTRICTED);
  guint64 number = NZ_POD_SECURITY_NEWEST;
  if (!rest || (*rest && !parse_version(rest + 1, &number)) || number > NZ_POD_SECURITY_NEWEST)
    return FALSE;
  *restricted = !baseline;
  *minor = (guint)number;
  return TRUE;
}

const char *
nz_profile_of_pods(const char *profile)
{
  gboolean restricted;
  guint minor;
  if (nz_profile_pod_security(profile, &restricted, &minor))
    return NZ_PROFILE_POD_SECURITY;
  return g_str_has_prefix(profile ? profile : "", OPENSHIFT) ? NZ_PROFILE_SCC : NULL;
}

const char *
nz_profile_option(const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS(families); i++)
    if (strcmp(families[i].name, name) == 0)
      return families[i].option;
  return name;
}

/* --- what is none --- */

static void
set_version_error(const char *level, const char *version, GError **error)
{
  guint64 minor;
  g_autofree char *shown = nz_printable(version, -1), *with_v = g_strconcat("v", version, NULL);
  if (parse_version(version, &minor))
    nz_set_input_error(error,
                       "%s:%s is not known yet: there are v1.0 to " NEWEST
                       ", and latest, which is the last of these",
                       level, shown);
  else if (parse_version(with_v, &minor))
    nz_set_input_error(error, "%s is no version of %s; did you mean %s:v%s?", shown, level, level,
                       shown);
  else
    nz_set_input_error(error, "%s is no version of %s: there are v1.0 to " NEWEST ", and latest",
                       *shown ? shown : "nothing", level);
}

const char *
nz_profile_find(const char *name, GError **error)
{
  for (guint i = 0; nz_profiles[i]; i++)
    if (strcmp(nz_profiles[i], name) == 0)
      return nz_profiles[i];
  gboolean restricted;
  guint minor;
  if (nz_profile_pod_security(name, &restricted, &minor))
    return g_intern_string(name);
  const char *level = after(name, BASELINE)     ? BASELINE
                      : after(name, RESTRICTED) ? RESTRICTED
                                                : NULL;
  if (level) {
    set_version_error(level, name + strlen(level) + 1, error);
    return NULL;
  }
  /* "restrited:v1.31" is near to one but for its version. */
  g_autofree char *head = g_strndup(name, strcspn(name, ":"));
  const char *near = nz_nearest(name, nz_profiles) ? name : head;
  g_autofree char *shown = nz_printable(name, -1), *hint = nz_nearest_hint(near, nz_profiles);
  nz_set_input_error(error, "there is no profile %s%s", shown, hint);
  return NULL;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What can be set on a scanner: a table of options by name. */
#include <string.h>

#include "api/scanner.h"
#include "check/check.h"
#include "core/limits.h"
#include "core/text.h"

/* Puts what was said over POLICY. */
static gboolean
override(const nonzero_scanner *self, NzPolicy *policy, GError **error)
{
  for (guint i = 0; i < self->ignored->len; i++)
    if (!nz_policy_ignore(policy, self->ignored->pdata[i], error))
      return FALSE;
  if (self->fail_on && !nz_policy_set_fail_on(policy, self->fail_on, error))
    return FALSE;
  if (self->today)
    nz_policy_set_today(policy, self->today);
  return TRUE;
}

/* POLICY (owned, may be NULL with *ERROR set) becomes the scanner's. */
static gboolean
use_policy(nonzero_scanner *self, NzPolicy *policy, GError **error)
{
  g_autoptr(NzPolicy) taken = policy;
  if (!taken || !override(self, taken, error))
    return FALSE;
  nz_policy_free(self->policy);
  self->policy = g_steal_pointer(&taken);
  return TRUE;
}

static gboolean
set_policy(nonzero_scanner *self, const char *value, GError **error)
{
  if (!use_policy(self, nz_policy_load(value, error), error))
    return FALSE;
  g_autofree char *text = g_strdup_printf("the policy is %s", nz_policy_path(self->policy));
  nz_scanner_note(self, text);
  return TRUE;
}

static gboolean
set_policy_search(nonzero_scanner *self, const char *value G_GNUC_UNUSED, GError **error)
{
  if (!use_policy(self, nz_policy_search(error), error))
    return FALSE;
  const char *path = nz_policy_path(self->policy);
  g_autofree char *text = path ? g_strdup_printf("the policy is %s", path) : NULL;
  if (text)
    nz_scanner_note(self, text);
  return TRUE;
}

static gboolean
set_ignore(nonzero_scanner *self, const char *value, GError **error)
{
  if (!nz_policy_ignore(self->policy, value, error))
    return FALSE;
  g_ptr_array_add(self->ignored, g_strdup(value));
  return TRUE;
}

static gboolean
set_fail_on(nonzero_scanner *self, const char *value, GError **error)
{
  if (!nz_policy_set_fail_on(self->policy, value, error))
    return FALSE;
  g_free(self->fail_on);
  self->fail_on = g_strdup(value);
  return TRUE;
}

static gboolean
set_today(nonzero_scanner *self, const char *value, GError **error)
{
  if (!nz_day_parse(value, &self->today)) {
    g_autofree char *shown = nz_printable(value, -1);
    return nz_set_input(error, "%s is no day; write YYYY-MM-DD", shown);
  }
  nz_policy_set_today(self->policy, self->today);
  return TRUE;
}

static gboolean
set_platform(nonzero_scanner *self, const char *value, GError **error)
{
  g_auto(NzPlatform) ignored = {0};
  if (strcmp(value, "all") != 0 && !nz_platform_parse(value, &ignored, error))
    return FALSE;
  g_free(self->platform);
  self->platform = g_strdup(value);
  return TRUE;
}

static gboolean
set_profile(nonzero_scanner *self, const char *value, GError **error)
{
  const char *profile = nz_profile_find(value, error);
  if (profile)
    self->profile = profile;
  return profile != NULL;
}

static gboolean
set_ratio(nonzero_scanner *self, const char *value, GError **error)
{
  guint64 ratio;
  if (!g_ascii_string_to_unsigned(value, 10, 0, G_MAXINT, &ratio, NULL))
    return nz_set_input(error, "it is a number that is not negative, 0 for no limit");
  self->ratio = (guint)ratio;
  return TRUE;
}

static gboolean
set_verify(nonzero_scanner *self, const char *value G_GNUC_UNUSED, GError **error G_GNUC_UNUSED)
{
  self->verify = TRUE;
  return TRUE;
}

static gboolean
set_user(nonzero_scanner *self, const char *value, GError **error G_GNUC_UNUSED)
{
  g_free(self->user);
  self->user = g_strdup(value);
  return TRUE;
}

static gboolean
set_base(nonzero_scanner *self, const char *value, GError **error)
{
  if (strcmp(value, "-") == 0)
    return nz_set_input(error, "it cannot be read from standard input; save it to a file");
  g_free(self->base_source);
  self->base_source = g_strdup(value);
  return TRUE;
}

static gboolean
set_cache_dir(nonzero_scanner *self, const char *value, GError **error)
{
  if (*value != '/')
    return nz_set_input(error, "it is no absolute path");
  g_free(self->cache_directory);
  self->cache_directory = g_strdup(value);
  return TRUE;
}

static gboolean
set_jobs(nonzero_scanner *self, const char *value, GError **error)
{
  gint64 n;
  if (nz_parse_int(value, strlen(value), &n) != NZ_INT_OK || n < 1 || n > NZ_JOBS_MAX)
    return nz_set_input(error, "it is a number from 1 to %d", NZ_JOBS_MAX);
  self->jobs = (guint)n;
  return TRUE;
}

/* A file that another program opens: not a directory, and not missing. */
static gboolean
add_fetch_file(nonzero_scanner *self, const char *option, const char *value, GError **error)
{
  if (!g_file_test(value, G_FILE_TEST_EXISTS) || g_file_test(value, G_FILE_TEST_IS_DIR)) {
    g_autofree char *shown = nz_printable(value, -1);
    return nz_set_input(error, "no such file: %s", shown);
  }
  g_ptr_array_add(self->fetch_options, g_strconcat("--", option, "=", value, NULL));
  return TRUE;
}

static gboolean
set_no_cache(nonzero_scanner *self, const char *value G_GNUC_UNUSED, GError **error G_GNUC_UNUSED)
{
  self->no_cache = TRUE;
  return TRUE;
}

static gboolean
set_pull(nonzero_scanner *self, const char *value G_GNUC_UNUSED, GError **error G_GNUC_UNUSED)
{
  self->pull = TRUE;
  return TRUE;
}

static gboolean
set_tls_ca(nonzero_scanner *self, const char *value, GError **error)
{
  return add_fetch_file(self, "tls-ca", value, error);
}

static gboolean
set_authfile(nonzero_scanner *self, const char *value, GError **error)
{
  return add_fetch_file(self, "authfile", value, error);
}

static gboolean
set_plain_http(nonzero_scanner *self, const char *value G_GNUC_UNUSED, GError **error G_GNUC_UNUSED)
{
  g_ptr_array_add(self->fetch_options, g_strdup("--plain-http"));
  return TRUE;
}

/* --- of sources --- */

/* "NAME=value" */
static gboolean
add_pair(GPtrArray **list, const char *value, GError **error)
{
  const char *equals = strchr(value, '=');
  if (!equals || equals == value) {
    g_autofree char *shown = nz_printable(value, -1);
    return nz_set_input(error, "%s is not of the form NAME=VALUE", shown);
  }
  nz_lint_settings_add(list, value);
  return TRUE;
}

static gboolean
set_build_arg(nonzero_scanner *self, const char *value, GError **error)
{
  /* As docker build: a name alone takes its value from the environment. */
  const char *found = strchr(value, '=') ? NULL : g_getenv(value);
  g_autofree char *pair = found ? g_strconcat(value, "=", found, NULL) : g_strdup(value);
  if (!strchr(pair, '=') && *pair)
    return TRUE;
  return add_pair(&self->lint.arguments, pair, error);
}

static gboolean
set_build_context(nonzero_scanner *self, const char *value, GError **error)
{
  return add_pair(&self->lint.contexts, value, error);
}

static gboolean
set_known_base(nonzero_scanner *self, const char *value, GError **error)
{
  return add_pair(&self->lint.bases, value, error);
}

static gboolean
set_compose_profile(nonzero_scanner *self, const char *value, GError **error G_GNUC_UNUSED)
{
  nz_lint_settings_add(&self->lint.profiles, value);
  return TRUE;
}

static gboolean
set_env_file(nonzero_scanner *self, const char *value, GError **error G_GNUC_UNUSED)
{
  nz_lint_settings_add(&self->lint.env_files, value);
  return TRUE;
}

static gboolean
set_override(nonzero_scanner *self, const char *value, GError **error G_GNUC_UNUSED)
{
  nz_lint_settings_add(&self->lint.overrides, value);
  return TRUE;
}

static gboolean
set_target(nonzero_scanner *self, const char *value, GError **error G_GNUC_UNUSED)
{
  g_free(self->lint.target);
  self->lint.target = g_strdup(value);
  return TRUE;
}

static gboolean
set_fix(nonzero_scanner *self, const char *value G_GNUC_UNUSED, GError **error G_GNUC_UNUSED)
{
  self->lint.fix = TRUE;
  return TRUE;
}

static gboolean
set_explain(nonzero_scanner *self, const char *value G_GNUC_UNUSED, GError **error G_GNUC_UNUSED)
{
  self->lint.explain = TRUE;
  return TRUE;
}

static gboolean
set_image(nonzero_scanner *self, const char *value, GError **error)
{
  return add_pair(&self->lint.images, value, error);
}

static gboolean
set_images(nonzero_scanner *self, const char *value, GError **error)
{
  static const char *const where[] = {"local", "registry", "none", NULL};
  if (!g_strv_contains(where, value))
    return nz_set_input(error, "it is local, registry or none");
  self->lint.no_images = strcmp(value, "none") == 0;
  self->lint.registry = strcmp(value, "registry") == 0;
  return TRUE;
}

static gboolean
set_no_images(nonzero_scanner *self, const char *value G_GNUC_UNUSED, GError **error G_GNUC_UNUSED)
{
  self->lint.no_images = TRUE;
  return TRUE;
}

static const struct {
  const char *name;
  gboolean (*set)(nonzero_scanner *self, const char *value, GError **error);
} options[] = {
    {"authfile", set_authfile},
    {"base", set_base},
    {"build-arg", set_build_arg},
    {"build-context", set_build_context},
    {"cache-dir", set_cache_dir},
    {"compose-profile", set_compose_profile},
    {"env-file", set_env_file},
    {"explain", set_explain},
    {"fail-on", set_fail_on},
    {"fix", set_fix},
    {"ignore", set_ignore},
    {"image", set_image},
    {"images", set_images},
    {"jobs", set_jobs},
    {"known-base", set_known_base},
    {"max-ratio", set_ratio},
    {"no-cache", set_no_cache},
    {"no-images", set_no_images},
    {"override", set_override},
    {"plain-http", set_plain_http},
    {"platform", set_platform},
    {"policy", set_policy},
    {"policy-search", set_policy_search},
    {"profile", set_profile},
    {"pull", set_pull},
    {"target", set_target},
    {"tls-ca", set_tls_ca},
    {"today", set_today},
    {"user", set_user},
    {"verify", set_verify},
};

int
nonzero_scanner_set(nonzero_scanner *self, const char *option, const char *value, char **error)
{
  g_autoptr(GError) failed = NULL;
  for (guint i = 0; i < G_N_ELEMENTS(options); i++) {
    if (strcmp(options[i].name, option) != 0)
      continue;
    if (options[i].set(self, value ? value : "", &failed))
      return 0;
    nz_api_set_error(error, failed->message);
    return -1;
  }
  nz_api_set_error(error, "there is no such option");
  return -1;
}

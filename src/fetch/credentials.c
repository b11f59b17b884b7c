/* SPDX-License-Identifier: Apache-2.0 */
#include "fetch/credentials.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "core/limits.h"
#include "core/text.h"
#include "fetch/helper.h"
#include "fetch/settings.h"

void
nz_credential_clear(NzCredential *self)
{
  g_free(self->user);
  g_free(self->password);
  g_free(self->identity);
  *self = (NzCredential){0};
}

static gboolean
is_found(const NzCredential *self)
{
  return self->user || self->identity;
}

/* --- secrets --- */

static GMutex secrets_mutex;
static GPtrArray *secrets;

/* What is shorter would take messages apart, and is guessed anyway. */
#define SECRET_MIN 4

void
nz_secret_add(const char *text)
{
  if (!text || strlen(text) < SECRET_MIN)
    return;
  g_mutex_lock(&secrets_mutex);
  if (!secrets)
    secrets = g_ptr_array_new_with_free_func(g_free);
  gboolean known = g_ptr_array_find_with_equal_func(secrets, text, g_str_equal, NULL);
  if (!known && secrets->len >= NZ_FETCH_SECRETS_MAX)
    g_ptr_array_remove_index(secrets, 0); /* the oldest */
  if (!known)
    g_ptr_array_add(secrets, g_strdup(text));
  g_mutex_unlock(&secrets_mutex);
}

char *
nz_secret_scrub(const char *text)
{
  g_autoptr(GString) out = g_string_new(text);
  g_mutex_lock(&secrets_mutex);
  for (guint i = 0; secrets && i < secrets->len; i++)
    g_string_replace(out, secrets->pdata[i], "***", 0);
  g_mutex_unlock(&secrets_mutex);
  return g_string_free(g_steal_pointer(&out), FALSE);
}

/* --- what stands in a file --- */

/* The keys by which older files call Docker Hub. */
static const char *const hub_keys[] = {"docker.io", "index.docker.io", "registry-1.docker.io",
                                       NULL};

/* The host of a key that is a URL, as Docker's files have them: "https://index.docker.io/v1/". */
static char *
host_of_key(const char *key)
{
  const char *scheme = strstr(key, "://");
  const char *host = scheme ? scheme + 3 : key;
  return g_strndup(host, strcspn(host, "/"));
}

static gboolean
same_host(const char *host, const char *other)
{
  if (strcmp(host, other) == 0)
    return TRUE;
  return g_strv_contains(hub_keys, host) && g_strv_contains(hub_keys, other);
}

/* "user:password" in base64. FALSE: it is none. */
static gboolean
decode(const char *text, NzCredential *out)
{
  gsize len;
  g_autofree guchar *bytes = g_base64_decode(text, &len);
  g_autofree char *both = g_strndup((const char *)bytes, len);
  char *colon = strchr(both, ':');
  if (!colon || strlen(both) != len)
    return FALSE;
  out->user = g_strndup(both, (gsize)(colon - both));
  out->password = g_strdup(colon + 1);
  g_strdelimit(out->password, "\n", '\0'); /* some tools encode a line */
  return TRUE;
}

static void
take_entry(const json_t *entry, NzCredential *out)
{
  const char *auth = json_string_value(json_object_get(entry, "auth"));
  const char *identity = json_string_value(json_object_get(entry, "identitytoken"));
  if (identity && *identity)
    out->identity = g_strdup(identity);
  else if (auth && *auth)
    decode(auth, out);
  nz_secret_add(auth);
}

/* The most specific key: HOST/a/b, HOST/a, HOST, then keys that are URLs of the host. */
static void
take_auths(const json_t *auths, const char *host, const char *path, NzCredential *out)
{
  g_autofree char *key = g_strconcat(host, "/", path, NULL);
  for (char *end = key + strlen(key); end && !is_found(out); end = strrchr(key, '/')) {
    *end = '\0';
    take_entry(json_object_get(auths, key), out);
  }
  const char *other;
  json_t *entry;
  json_object_foreach((json_t *)auths, other, entry)
  {
    const char *scheme = strstr(other, "://");
    g_autofree char *known = host_of_key(other);
    gboolean whole = scheme || !strchr(other, '/');
    if (!is_found(out) && whole && same_host(host, known))
      take_entry(entry, out);
  }
}

/* --- helpers --- */

static const char *
helper_for(const json_t *root, const char *host)
{
  const char *other;
  json_t *value;
  json_object_foreach(json_object_get(root, "credHelpers"), other, value)
  {
    g_autofree char *known = host_of_key(other);
    if (same_host(host, known) && json_is_string(value))
      return json_string_value(value);
  }
  return json_string_value(json_object_get(root, "credsStore"));
}

static gboolean
ask_helper(NzChannel *channel, const char *name, const char *host, NzCredential *out,
           GError **error)
{
  /* The store of Docker keeps Docker Hub under its old URL. */
  const char *server = strcmp(host, "docker.io") == 0 ? "https://index.docker.io/v1/" : host;
  json_t *answer = NULL;
  if (!nz_helper_get(channel, name, server, &answer, error))
    return FALSE;
  const char *user = json_string_value(json_object_get(answer, "Username"));
  const char *secret = json_string_value(json_object_get(answer, "Secret"));
  if (user && secret && strcmp(user, "<token>") == 0)
    out->identity = g_strdup(secret);
  else if (user && secret) {
    out->user = g_strdup(user);
    out->password = g_strdup(secret);
  }
  json_decref(answer);
  return TRUE;
}

/* --- files --- */

/* *ROOT is NULL when there is no such file. What is wrong with it is said without any of it. */
static gboolean
read_file(const char *path, gboolean must, json_t **root, GError **error)
{
  g_autoptr(GMappedFile) file = NULL;
  g_autoptr(GError) failed = NULL;
  g_autofree char *shown = nz_printable(path, -1);
  *root = NULL;
  file = g_mapped_file_new(path, FALSE, &failed);
  if (!file && !must && g_error_matches(failed, G_FILE_ERROR, G_FILE_ERROR_NOENT))
    return TRUE;
  if (!file)
    return must ? nz_fetch_fail(error, NZ_FETCH_DENIED, "cannot read the credentials in %s: %s",
                                shown, failed->message)
                : TRUE;
  if (g_mapped_file_get_length(file) > NZ_CREDENTIALS_MAX)
    return nz_fetch_fail(error, NZ_FETCH_DENIED, "%s is too large for a file of credentials",
                         shown);
  json_error_t where;
  *root = json_loadb(g_mapped_file_get_contents(file), g_mapped_file_get_length(file), 0, &where);
  if (json_is_object(*root))
    return TRUE;
  json_decref(g_steal_pointer(root));
  return nz_fetch_fail(error, NZ_FETCH_DENIED,
                       "the credentials in %s cannot be read: line %d is no JSON", shown,
                       where.line);
}

static gboolean
find_in(NzChannel *channel, const char *file, gboolean must, const char *host, const char *path,
        NzCredential *out, GError **error)
{
  json_t *root;
  if (!read_file(file, must, &root, error))
    return FALSE;
  const char *helper = root ? helper_for(root, host) : NULL;
  gboolean ok = !helper || ask_helper(channel, helper, host, out, error);
  if (ok && root && !is_found(out))
    take_auths(json_object_get(root, "auths"), host, path, out);
  json_decref(root);
  return ok;
}

/* Where tools keep them, in the order in which Podman looks. */
static char **
default_files(void)
{
  g_autoptr(GStrvBuilder) files = g_strv_builder_new();
  const char *runtime = g_getenv("XDG_RUNTIME_DIR"), *docker = g_getenv("DOCKER_CONFIG");
  const char *home = g_get_home_dir();
  g_autofree char *user = g_strdup_printf("/run/containers/%u", (guint)getuid());
  g_autofree char *run = runtime && *runtime ? g_build_filename(runtime, "containers", NULL) : NULL;
  g_autofree char *first = g_build_filename(run ? run : user, "auth.json", NULL);
  g_autofree char *second =
      g_build_filename(g_get_user_config_dir(), "containers", "auth.json", NULL);
  g_autofree char *third = docker && *docker
                               ? g_build_filename(docker, "config.json", NULL)
                               : g_build_filename(home, ".docker", "config.json", NULL);
  g_strv_builder_add_many(files, first, second, third, NULL);
  return g_strv_builder_end(files);
}

static gboolean
find(NzChannel *channel, const char *host, const char *path, NzCredential *out, GError **error)
{
  const char *named = nz_settings.authfile ? nz_settings.authfile : g_getenv("REGISTRY_AUTH_FILE");
  if (named && *named)
    return find_in(channel, named, TRUE, host, path, out, error);
  g_auto(GStrv) files = default_files();
  for (guint i = 0; files[i] && !is_found(out); i++)
    if (!find_in(channel, files[i], FALSE, host, path, out, error))
      return FALSE;
  return TRUE;
}

gboolean
nz_credential_find(NzChannel *channel, const char *host, const char *path, NzCredential *out,
                   GError **error)
{
  if (!find(channel, host, path, out, error))
    return FALSE;
  nz_secret_add(out->password);
  nz_secret_add(out->identity);
  return TRUE;
}

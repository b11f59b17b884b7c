/* SPDX-License-Identifier: Apache-2.0 */
/* Headers are known by the place they are for, host and repository, and shared by all threads: one
 * asks for a token, the others wait for it. */
#include "fetch/auth.h"

#include <curl/curl.h>
#include <string.h>

#include "core/limits.h"
#include "core/text.h"
#include "fetch/credentials.h"
#include "fetch/settings.h"

typedef struct {
  char *header;
  gint64 until; /* monotonic µs; 0: for ever */
} Known;

static GMutex mutex;
static GHashTable *known; /* "BASE REPOSITORY" -> Known */
static gboolean asking;

static void
known_free(gpointer data)
{
  g_free(((Known *)data)->header);
  g_free(data);
}

static char *
key_of(const NzEndpoint *endpoint)
{
  return g_strconcat(endpoint->base, " ", endpoint->path, NULL);
}

char *
nz_auth_header(const NzEndpoint *endpoint)
{
  g_autofree char *key = key_of(endpoint), *header = NULL;
  g_mutex_lock(&mutex);
  const Known *found = known ? g_hash_table_lookup(known, key) : NULL;
  if (found && (found->until == 0 || g_get_monotonic_time() < found->until))
    header = g_strdup(found->header);
  g_mutex_unlock(&mutex);
  return g_steal_pointer(&header);
}

/* SECONDS: 0 is for ever. HEADER is taken. */
static void
remember(const NzEndpoint *endpoint, char *header, guint seconds)
{
  Known *entry = g_new(Known, 1);
  entry->header = header;
  entry->until = seconds ? g_get_monotonic_time() + seconds * (gint64)G_USEC_PER_SEC : 0;
  g_mutex_lock(&mutex);
  if (!known)
    known = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, known_free);
  g_hash_table_replace(known, key_of(endpoint), entry);
  g_mutex_unlock(&mutex);
}

/* --- basic --- */

static char *
basic_header(const NzCredential *credential)
{
  g_autofree char *both = g_strconcat(credential->user, ":", credential->password, NULL);
  g_autofree char *text = g_base64_encode((const guchar *)both, strlen(both));
  nz_secret_add(text);
  nz_secret_add(both);
  return g_strconcat("Authorization: Basic ", text, NULL);
}

static gboolean
fail_login(const NzEndpoint *endpoint, gboolean had, GError **error)
{
  if (had)
    return nz_fetch_fail(
        error, NZ_FETCH_DENIED,
        "the registry %s refuses the credentials that are stored for it (401); log "
        "in again with `podman login %s` or `docker login %s`",
        endpoint->host, endpoint->host, endpoint->host);
  return nz_fetch_fail(
      error, NZ_FETCH_DENIED,
      "the registry %s wants a login for %s (401); log in with `podman login %s` or "
      "`docker login %s`, or name the file with the credentials with --authfile; "
      "some registries say this of names that they do not have",
      endpoint->host, endpoint->path, endpoint->host, endpoint->host);
}

static gboolean
answer_basic(const NzEndpoint *endpoint, const NzCredential *credential, const char *used,
             GError **error)
{
  g_autofree char *header = credential->user ? basic_header(credential) : NULL;
  if (!header || g_strcmp0(header, used) == 0)
    return fail_login(endpoint, used != NULL, error);
  remember(endpoint, g_steal_pointer(&header), 0);
  return TRUE;
}

/* --- bearer --- */

/* Where credentials may go: to the registry's own host, or anywhere by TLS. A registry that is
 * spoken to by TLS sends nobody away from it. */
static gboolean
check_realm(const NzEndpoint *endpoint, const char *realm, gboolean *may_have, GError **error)
{
  g_autofree char *origin = nz_url_origin(realm);
  g_autofree char *host = nz_url_host(realm), *own = nz_url_host(endpoint->base);
  gboolean tls = origin && g_str_has_prefix(origin, "https://");
  if (!origin)
    return nz_fetch_fail(error, NZ_FETCH_INVALID,
                         "the registry %s names no http or https URL for its tokens",
                         endpoint->host);
  if (!tls && g_str_has_prefix(endpoint->base, "https://"))
    return nz_fetch_fail(
        error, NZ_FETCH_INVALID,
        "refused: the registry %s is spoken to by TLS and wants tokens to be asked "
        "for without it",
        endpoint->host);
  *may_have = tls || g_strcmp0(host, own) == 0;
  return TRUE;
}

static void
add_parameter(GString *query, const char *name, const char *value)
{
  if (!value || !*value)
    return;
  g_autofree char *escaped = g_uri_escape_string(value, NULL, FALSE);
  g_string_append_printf(query, "%s%s=%s", query->len ? "&" : "", name, escaped);
}

/* What is asked for is to pull this repository; a registry may add what is no repository. */
static void
add_scopes(GString *query, const NzEndpoint *endpoint, const NzChallenge *challenge)
{
  g_autofree char *own = g_strconcat("repository:", endpoint->path, ":pull", NULL);
  add_parameter(query, "scope", own);
  if (challenge->scope && !g_str_has_prefix(challenge->scope, "repository:"))
    add_parameter(query, "scope", challenge->scope);
}

typedef struct {
  GByteArray *body;
} Document;

static gboolean
take_token(gpointer data, const NzHttpResponse *response, const guint8 *bytes, gsize n,
           GError **error)
{
  Document *self = data;
  if (response->status != 200)
    return TRUE;
  if (self->body->len + n > NZ_TOKEN_MAX)
    return nz_fetch_fail(error, NZ_FETCH_LIMIT, "a token of more than 1 MiB");
  g_byte_array_append(self->body, bytes, (guint)n);
  return TRUE;
}

/* A header is made of it: nothing in it may end one. */
static gboolean
is_token(const char *text)
{
  gsize n = 0;
  while (text && g_ascii_isgraph(text[n]))
    n++;
  return n > 0 && text[n] == '\0';
}

static gboolean
read_token(const NzEndpoint *endpoint, GByteArray *body, GError **error)
{
  json_t *root = json_loadb((const char *)body->data, body->len, 0, NULL);
  const char *token = json_string_value(json_object_get(root, "token"));
  const char *access = json_string_value(json_object_get(root, "access_token"));
  json_t *expires = json_object_get(root, "expires_in");
  json_int_t seconds = json_is_integer(expires) ? json_integer_value(expires) : 0;
  token = token && *token ? token : access;
  gboolean ok = is_token(token);
  if (ok) {
    nz_secret_add(token);
    /* Some time before it is over; no registry gives less than a minute (distribution's spec). */
    guint lasts = (guint)CLAMP(seconds, 60, 24 * 3600);
    remember(endpoint, g_strconcat("Authorization: Bearer ", token, NULL), lasts - lasts / 10);
  }
  json_decref(root);
  return ok || nz_fetch_fail(error, NZ_FETCH_INVALID, "no token in the answer");
}

static gboolean
judge_token(const NzEndpoint *endpoint, const NzHttpResponse *response, GByteArray *body,
            gboolean had, GError **error)
{
  if (response->status == 200)
    return read_token(endpoint, body, error);
  if (response->status == 401 || response->status == 403)
    return fail_login(endpoint, had, error);
  return nz_fetch_fail(error,
                       response->status >= 500 || response->status == 429 ? NZ_FETCH_UNAVAILABLE
                                                                          : NZ_FETCH_INVALID,
                       "it answers with status %ld", response->status);
}

static gboolean
ask_token(NzWorker *worker, const NzEndpoint *endpoint, const NzChallenge *challenge,
          const NzCredential *credential, gboolean loopback, NzHttpResponse *response,
          GError **error)
{
  gboolean may_have = FALSE;
  if (!check_realm(endpoint, challenge->realm, &may_have, error))
    return FALSE;
  g_autoptr(GString) query = g_string_new(NULL);
  add_parameter(query, "service", challenge->service);
  add_scopes(query, endpoint, challenge);
  gboolean identity = may_have && credential->identity, basic = may_have && credential->user;
  if (identity) {
    add_parameter(query, "grant_type", "refresh_token");
    add_parameter(query, "client_id", "nonzero");
    add_parameter(query, "refresh_token", credential->identity);
  } else if (basic) {
    add_parameter(query, "account", credential->user);
  }
  g_autofree char *header = basic && !identity ? basic_header(credential) : NULL;
  g_autofree char *url =
      identity ? g_strdup(challenge->realm)
               : g_strconcat(challenge->realm, strchr(challenge->realm, '?') ? "&" : "?",
                             query->str, NULL);
  const char *headers[] = {"Accept: application/json", header, NULL};
  NzHttpRequest request = {.url = url,
                           .headers = headers,
                           .form = identity ? query->str : NULL,
                           .no_link_local = TRUE,
                           .no_loopback = !loopback,
                           .max_seconds = NZ_HTTP_DOCUMENT_SECONDS};
  g_autofree char *realm = nz_url_origin(challenge->realm), *own = nz_url_origin(endpoint->base);
  if (g_strcmp0(realm, own) == 0)
    nz_endpoint_set_tls(endpoint, &request);
  else
    request.ca = endpoint->ca;
  g_autoptr(GByteArray) body = g_byte_array_new();
  Document document = {body};
  return nz_http_perform(worker->http, &request, take_token, &document, response, error) &&
         judge_token(endpoint, response, body, identity || basic, error);
}

/* Once more after a moment, where that may help. */
static gboolean
answer_bearer(NzWorker *worker, const NzEndpoint *endpoint, const NzChallenge *challenge,
              const NzCredential *credential, gboolean loopback, GError **error)
{
  for (guint tries = 0;; tries++) {
    g_autoptr(GError) failed = NULL;
    g_auto(NzHttpResponse) response = {0};
    if (ask_token(worker, endpoint, challenge, credential, loopback, &response, &failed))
      return TRUE;
    gboolean again =
        response.retry != NZ_RETRY_NO || response.status >= 500 || response.status == 429;
    if (tries >= 2 || !again ||
        !nz_channel_sleep(worker->channel, nz_settings.backoff_ms << tries)) {
      g_autofree char *shown = nz_url_shown(challenge->realm);
      if (!g_str_has_prefix(failed->message, "the registry "))
        g_prefix_error(&failed, "the registry %s wants a token from %s: ", endpoint->host, shown);
      g_propagate_error(error, g_steal_pointer(&failed));
      return FALSE;
    }
  }
}

/* --- who asks --- */

static gboolean
answer(NzWorker *worker, const NzEndpoint *endpoint, const char *text, const char *used,
       gboolean loopback, GError **error)
{
  g_auto(NzChallenge) challenge = {0};
  g_auto(NzCredential) credential = {0};
  if (!text || !nz_challenge_parse(text, &challenge))
    return nz_fetch_fail(
        error, NZ_FETCH_DENIED,
        "the registry %s refuses us (401) and names no way to log in that is known "
        "here (Basic, Bearer)",
        endpoint->host);
  if (!nz_credential_find(worker->channel, endpoint->host, endpoint->path, &credential, error))
    return FALSE;
  return challenge.bearer
             ? answer_bearer(worker, endpoint, &challenge, &credential, loopback, error)
             : answer_basic(endpoint, &credential, used, error);
}

/* One thread asks at a time. FALSE: nobody wants the answer any more. */
static gboolean
take_turn(NzChannel *channel)
{
  for (;;) {
    g_mutex_lock(&mutex);
    gboolean mine = !asking;
    asking = TRUE;
    g_mutex_unlock(&mutex);
    if (mine)
      return TRUE;
    if (!nz_channel_sleep(channel, 20))
      return FALSE;
  }
}

static void
give_turn(void)
{
  g_mutex_lock(&mutex);
  asking = FALSE;
  g_mutex_unlock(&mutex);
}

gboolean
nz_auth_answer(NzWorker *worker, const NzEndpoint *endpoint, const char *challenge,
               const char *used, gboolean loopback, GError **error)
{
  if (!take_turn(worker->channel))
    return nz_fetch_fail(error, NZ_FETCH_STOPPED, "not wanted any more");
  g_autofree char *now = nz_auth_header(endpoint);
  gboolean newer = now && g_strcmp0(now, used) != 0; /* another thread was faster */
  gboolean ok = newer || answer(worker, endpoint, challenge, used, loopback, error);
  give_turn();
  return ok;
}

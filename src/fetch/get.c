/* SPDX-License-Identifier: Apache-2.0 */
#include "fetch/get.h"

#include <curl/curl.h>
#include <string.h>

#include "core/limits.h"
#include "core/text.h"
#include "fetch/auth.h"
#include "fetch/settings.h"

void
nz_get_clear(NzGet *self)
{
  g_clear_pointer(&self->etag, g_free);
  g_clear_pointer(&self->broke, g_free);
}

/* --- the body --- */

/* One request of several. */
typedef struct {
  NzGet *get;
  const char *range; /* "Range: ...", or NULL */
  gboolean checked;  /* the response is the one that is wanted */
} Request;

/* The bytes that are wanted in all; -1: not known. */
static gint64
expected(const NzGet *self)
{
  if (self->length >= 0)
    return self->length;
  return self->size >= 0 ? self->size - self->offset : -1;
}

static gboolean
read_number(const char **text, guint64 *value)
{
  gsize n = strspn(*text, "0123456789");
  g_autofree char *digits = g_strndup(*text, n);
  *text += n;
  return n > 0 && g_ascii_string_to_unsigned(digits, 10, 0, G_MAXINT64, value, NULL);
}

/* "bytes FIRST-LAST/SIZE", where SIZE may be "*". */
static gboolean
check_range(const NzGet *self, const NzHttpResponse *response)
{
  const char *text = nz_http_header(response, "content-range");
  guint64 first, last, size;
  if (!text || !g_str_has_prefix(text, "bytes "))
    return FALSE;
  text += strlen("bytes ");
  if (!read_number(&text, &first) || *text++ != '-' || !read_number(&text, &last) || *text++ != '/')
    return FALSE;
  gint64 want = expected(self);
  if (first != (guint64)self->offset + self->done || last < first ||
      (want >= 0 && last != (guint64)(self->offset + want) - 1))
    return FALSE;
  if (strcmp(text, "*") == 0)
    return TRUE;
  return read_number(&text, &size) && *text == '\0' && last < size &&
         (self->size < 0 || size == (guint64)self->size);
}

static gboolean
check_part(NzGet *self, const NzHttpResponse *response, GError **error)
{
  const char *etag = nz_http_header(response, "etag");
  if (response->status != 206 && self->done > 0)
    return nz_fetch_fail(error, NZ_FETCH_UNAVAILABLE,
                         "%s; and it is not to be had from there on (the registry knows no Range)",
                         self->broke);
  if (response->status != 206)
    return nz_fetch_fail(error, NZ_FETCH_INVALID, "it gives no parts of blobs (it knows no Range)");
  if (!check_range(self, response))
    return nz_fetch_fail(error, NZ_FETCH_INVALID,
                         "it sends another part than the one that was asked for "
                         "(Content-Range)");
  if (self->etag && etag && strcmp(self->etag, etag) != 0)
    return nz_fetch_fail(error, NZ_FETCH_INVALID,
                         "it changed while it was read (ETag), after the connection broke");
  return TRUE;
}

static gboolean
check_whole(NzGet *self, const NzHttpResponse *response, GError **error)
{
  const char *text = nz_http_header(response, "content-length");
  guint64 length;
  gint64 want = expected(self);
  if (response->status != 200)
    return nz_fetch_fail(error, NZ_FETCH_INVALID, "it sends a part without being asked");
  if (want < 0 || !text || !read_number(&text, &length) || length == (guint64)want)
    return TRUE;
  return nz_fetch_fail(error, NZ_FETCH_INVALID,
                       "its descriptor says %" G_GINT64_FORMAT " bytes, it has %" G_GUINT64_FORMAT,
                       want, length);
}

static json_t *
head_of(const NzGet *self, const NzHttpResponse *response)
{
  const char *type = nz_http_header(response, "content-type");
  const char *digest = nz_http_header(response, "docker-content-digest");
  json_t *head = json_object();
  g_autofree char *bare = type ? g_strstrip(g_strndup(type, strcspn(type, ";"))) : NULL;
  if (bare && g_utf8_validate(bare, -1, NULL))
    json_object_set_new(head, "type", json_string(bare));
  if (digest && g_utf8_validate(digest, -1, NULL))
    json_object_set_new(head, "digest", json_string(digest));
  if (expected(self) >= 0)
    json_object_set_new(head, "size", json_integer(expected(self)));
  return head;
}

/* Looks at a response before its first byte is handed on. */
static gboolean
begin(Request *request, const NzHttpResponse *response, GError **error)
{
  NzGet *self = request->get;
  if (request->checked)
    return TRUE;
  request->checked = TRUE;
  if (request->range ? !check_part(self, response, error) : !check_whole(self, response, error))
    return FALSE;
  if (self->begun)
    return TRUE;
  self->begun = TRUE;
  self->etag = g_strdup(nz_http_header(response, "etag"));
  return nz_channel_send_head(self->worker->channel, head_of(self, response)) ||
         nz_fetch_fail(error, NZ_FETCH_STOPPED, "nobody is there");
}

static gboolean
take(gpointer data, const NzHttpResponse *response, const guint8 *bytes, gsize n, GError **error)
{
  Request *request = data;
  NzGet *self = request->get;
  if (response->status / 100 != 2) /* what else a server says is not for us */
    return TRUE;
  if (!begin(request, response, error))
    return FALSE;
  gint64 want = expected(self);
  if (want >= 0 && n > (guint64)want - self->done)
    return nz_fetch_fail(error, NZ_FETCH_LIMIT,
                         "more comes than the %" G_GINT64_FORMAT " bytes of its descriptor", want);
  if (self->max > 0 && n > self->max - self->done)
    return nz_fetch_fail(error, NZ_FETCH_LIMIT, "it has more than %u MiB",
                         (guint)(self->max >> 20));
  if (nz_channel_is_stopped(self->worker->channel) ||
      !nz_channel_send_data(self->worker->channel, bytes, n))
    return nz_fetch_fail(error, NZ_FETCH_STOPPED, "not wanted any more");
  self->done += n;
  return TRUE;
}

/* --- one try: where it leads --- */

typedef struct {
  char *url;
  char *origin; /* of URL */
  guint hops;
  gboolean own; /* URL is still at the registry */
} Route;

static void
route_clear(Route *self)
{
  g_free(self->url);
  g_free(self->origin);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Route, route_clear)

static char *
resolve(const char *base, const char *location)
{
  CURLU *u = curl_url();
  char *text = NULL;
  g_autofree char *url = NULL;
  if (curl_url_set(u, CURLUPART_URL, base, 0) == CURLUE_OK &&
      curl_url_set(u, CURLUPART_URL, location, 0) == CURLUE_OK &&
      curl_url_get(u, CURLUPART_URL, &text, 0) == CURLUE_OK)
    url = g_strdup(text);
  curl_free(text);
  curl_url_cleanup(u);
  return g_steal_pointer(&url);
}

static gboolean
follow(Route *self, const NzHttpResponse *response, GError **error)
{
  const char *location = nz_http_header(response, "location");
  g_autofree char *url = location ? resolve(self->url, location) : NULL;
  g_autofree char *origin = url ? nz_url_origin(url) : NULL;
  g_autofree char *shown = url ? nz_url_shown(url) : g_strdup("nowhere");
  if (!origin)
    return nz_fetch_fail(error, NZ_FETCH_INVALID,
                         "it redirects (%ld) to what is no http or https URL: %s", response->status,
                         shown);
  if (g_str_has_prefix(self->origin, "https:") && !g_str_has_prefix(origin, "https:"))
    return nz_fetch_fail(error, NZ_FETCH_INVALID, "refused: it redirects from https to http, %s",
                         shown);
  if (++self->hops > NZ_HTTP_REDIRECTS_MAX)
    return nz_fetch_fail(error, NZ_FETCH_INVALID, "it redirects more than %u times",
                         NZ_HTTP_REDIRECTS_MAX);
  self->own = self->own && strcmp(origin, self->origin) == 0;
  g_free(self->url);
  g_free(self->origin);
  self->url = g_steal_pointer(&url);
  self->origin = g_steal_pointer(&origin);
  return TRUE;
}

static char *
range_of(const NzGet *self)
{
  gint64 want = expected(self);
  guint64 first = (guint64)self->offset + self->done;
  if (self->done == 0 && self->offset == 0 && self->length < 0)
    return NULL;
  if (want < 0)
    return g_strdup_printf("Range: bytes=%" G_GUINT64_FORMAT "-", first);
  return g_strdup_printf("Range: bytes=%" G_GUINT64_FORMAT "-%" G_GINT64_FORMAT, first,
                         self->offset + want - 1);
}

static gboolean
is_redirect(long status)
{
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

/* Follows to the last response, whatever its status. *LOOPBACK: the registry is on this host. */
static gboolean
walk(NzGet *self, Route *route, const char *auth, NzHttpResponse *response, gboolean *loopback,
     GError **error)
{
  g_autofree char *range = range_of(self);
  for (;;) {
    const char *headers[4];
    guint n = 0;
    if (self->accept && route->own)
      headers[n++] = self->accept;
    if (range)
      headers[n++] = range;
    if (auth && route->own)
      headers[n++] = auth;
    headers[n] = NULL;
    NzHttpRequest http = {.url = route->url,
                          .headers = headers,
                          .max_seconds = self->max_seconds,
                          .no_link_local = route->hops > 0,
                          .no_loopback = route->hops > 0 && !*loopback};
    if (route->own)
      nz_endpoint_set_tls(self->endpoint, &http);
    else
      http.ca = self->endpoint->ca;
    Request request = {self, range, FALSE};
    nz_http_response_clear(response);
    gboolean ok = nz_http_perform(self->worker->http, &http, take, &request, response, error);
    self->reached |= response->status > 0;
    if (route->hops == 0)
      *loopback = response->loopback;
    if (!ok)
      return FALSE;
    if (response->status / 100 == 2)
      return begin(&request, response, error);
    if (!is_redirect(response->status))
      return TRUE;
    if (!follow(route, response, error))
      return FALSE;
  }
}

/* --- what a status means --- */

static gboolean
fail_status(const NzGet *self, const NzHttpResponse *response, const Route *route, GError **error)
{
  const NzEndpoint *e = self->endpoint;
  long status = response->status;
  g_autofree char *shown = route->own ? NULL : nz_url_shown(route->origin);
  if (shown)
    return nz_fetch_fail(error, status == 404 ? NZ_FETCH_NOT_FOUND : NZ_FETCH_UNAVAILABLE,
                         "%s, to which it redirects, answers with status %ld", shown, status);
  if (status == 404)
    return nz_fetch_fail(error, NZ_FETCH_NOT_FOUND,
                         "there is none (404): no such name or tag, or one that only a login shows "
                         "(`podman login %s`)",
                         e->host);
  if (status == 403)
    return nz_fetch_fail(error, NZ_FETCH_DENIED,
                         "forbidden (403): the account that is logged in, or anyone without a "
                         "login, may not pull it");
  if (status == 429)
    return nz_fetch_fail(error, NZ_FETCH_UNAVAILABLE,
                         "too many requests (429); wait, or log in: that raises the limit of most "
                         "registries");
  return nz_fetch_fail(error, status >= 500 ? NZ_FETCH_UNAVAILABLE : NZ_FETCH_INVALID,
                       "it answers with status %ld", status);
}

static gboolean
is_passing(const NzHttpResponse *response, const Route *route)
{
  switch (response->status) {
  case 408:
  case 429:
  case 500:
  case 502:
  case 503:
  case 504:
    return TRUE;
  case 401:
  case 403: /* the storage's URL was signed for some minutes */
    return !route->own;
  default:
    return FALSE;
  }
}

/* A try with the login that is known, and once more with a new one. */
static gboolean
try_once(NzGet *self, NzHttpResponse *response, GError **error)
{
  for (guint logins = 0;; logins++) {
    g_auto(Route) route = {.own = TRUE};
    gboolean loopback = FALSE;
    g_autofree char *auth = nz_auth_header(self->endpoint);
    route.url =
        g_strconcat(self->endpoint->base, "/v2/", self->endpoint->path, "/", self->place, NULL);
    route.origin = nz_url_origin(route.url);
    if (!route.origin)
      return nz_fetch_fail(error, NZ_FETCH_INVALID, "no host that can be connected to");
    if (!walk(self, &route, auth, response, &loopback, error))
      return FALSE;
    if (response->status / 100 == 2)
      break;
    if (response->status != 401 || !route.own) {
      response->retry = is_passing(response, &route) ? NZ_RETRY : NZ_RETRY_NO;
      return fail_status(self, response, &route, error);
    }
    if (logins >= 2)
      return nz_fetch_fail(error, NZ_FETCH_DENIED,
                           "it refuses the login that it has just given (401); log in again with "
                           "`podman login %s`",
                           self->endpoint->host);
    if (!nz_auth_answer(self->worker, self->endpoint, nz_http_header(response, "www-authenticate"),
                        auth, loopback, error)) {
      response->retry = NZ_RETRY_NO;
      return FALSE;
    }
  }
  if (expected(self) < 0 || self->done == (guint64)expected(self))
    return TRUE;
  response->retry = NZ_RETRY;
  return nz_fetch_fail(error, NZ_FETCH_UNAVAILABLE,
                       "the connection broke: %" G_GUINT64_FORMAT " of %" G_GINT64_FORMAT
                       " bytes came",
                       self->done, expected(self));
}

/* --- trying again --- */

/* Seconds that the server wants us to wait; -1: it says nothing. */
static gint64
retry_after(const NzHttpResponse *response)
{
  const char *text = nz_http_header(response, "retry-after");
  guint64 seconds;
  if (!text)
    return -1;
  const char *at = text;
  if (read_number(&at, &seconds))
    return (gint64)MIN(seconds, (guint64)G_MAXINT32);
  time_t when = curl_getdate(text, NULL);
  return when < 0 ? -1 : MAX(0, (gint64)when - g_get_real_time() / G_USEC_PER_SEC);
}

/* Doubled from try to try, and by chance up to half of it less, so that many of us do not come back
 * at once. */
static gboolean
wait(NzGet *self, guint tries, const NzHttpResponse *response, GError **error)
{
  gint64 said = retry_after(response);
  guint ms = MIN(nz_settings.backoff_ms << MIN(tries, 6), 15000);
  ms -= (guint)g_random_int_range(0, (gint32)MAX(ms / 2, 1));
  if (said > NZ_HTTP_WAIT_MAX) {
    g_prefix_error(error, "it wants us to come back in %" G_GINT64_FORMAT " seconds: ", said);
    return FALSE;
  }
  if (said >= 0)
    ms = MAX(ms, (guint)said * 1000);
  if (nz_channel_sleep(self->worker->channel, ms))
    return TRUE;
  g_clear_error(error);
  return nz_fetch_fail(error, NZ_FETCH_STOPPED, "not wanted any more");
}

static gboolean
may_try_again(const NzHttpResponse *response, const GError *error, guint tries, guint total)
{
  guint max = response->retry == NZ_RETRY_NO     ? 1
              : response->retry == NZ_RETRY_ONCE ? 2
                                                 : NZ_HTTP_TRIES_MAX;
  return error->code != NZ_FETCH_STOPPED && tries < max && total < NZ_HTTP_TRIES_TOTAL_MAX;
}

gboolean
nz_get_run(NzGet *self, GError **error)
{
  guint tries = 0;
  for (guint total = 1;; total++) {
    g_autoptr(GError) failed = NULL;
    g_auto(NzHttpResponse) response = {0};
    guint64 before = self->done;
    if (try_once(self, &response, &failed))
      return TRUE;
    tries = self->done > before ? 1 : tries + 1;
    if (may_try_again(&response, failed, tries, total) &&
        wait(self, tries - 1, &response, &failed)) {
      g_free(self->broke);
      self->broke = g_strdup(failed->message);
      continue;
    }
    g_autofree char *times = total > 1 ? g_strdup_printf(", after %u tries", total) : NULL;
    if (!g_str_has_prefix(failed->message, "the registry "))
      g_prefix_error(&failed, "the registry %s, %s: ", self->endpoint->host, self->what);
    g_set_error(error, NZ_FETCH_ERROR, failed->code, "%s%s", failed->message, times ? times : "");
    return FALSE;
  }
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "fetch/http.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

#include "core/limits.h"
#include "core/text.h"
#include "fetch/address.h"
#include "fetch/settings.h"
#include "version.h"

struct NzHttp {
  NzChannel *channel;
  CURLM *multi;
  CURL *easy;
};

/* A request that is under way. */
typedef struct {
  NzHttp *http;
  const NzHttpRequest *request;
  NzHttpResponse *response;
  NzHttpTake take;
  gpointer data;
  GError *failed; /* what a callback found */
  guint64 body;   /* bytes of it that came */
  gint64 began;   /* µs */
  gint64 waited;  /* µs spent waiting since the last look at the speed */
  guint64 seen;   /* bytes that had come then, headers too */
  char message[CURL_ERROR_SIZE];
} Transfer;

NzHttp *
nz_http_new(NzChannel *channel)
{
  NzHttp *self = g_new0(NzHttp, 1);
  self->channel = channel;
  self->multi = curl_multi_init();
  self->easy = curl_easy_init();
  g_assert(self->multi && self->easy);
  return self;
}

void
nz_http_free(NzHttp *self)
{
  if (!self)
    return;
  curl_easy_cleanup(self->easy);
  curl_multi_cleanup(self->multi);
  g_free(self);
}

void
nz_http_response_clear(NzHttpResponse *self)
{
  g_clear_pointer(&self->headers, g_hash_table_unref);
  *self = (NzHttpResponse){0};
}

const char *
nz_http_header(const NzHttpResponse *self, const char *name)
{
  return self->headers ? g_hash_table_lookup(self->headers, name) : NULL;
}

char *
nz_url_shown(const char *url)
{
  const char *scheme = strstr(url, "://");
  const char *host = scheme ? scheme + 3 : url;
  const char *end = host + strcspn(host, "?#");
  const char *path = host + strcspn(host, "/?#");
  const char *at = memrchr(host, '@', (gsize)(path - host));
  g_autofree char *kept = g_strndup(at ? at + 1 : host, (gsize)(end - (at ? at + 1 : host)));
  g_autofree char *whole = g_strdup_printf("%.*s%s", (int)(host - url), url, kept);
  return nz_printable(whole, (gssize)MIN(strlen(whole), 256));
}

/* --- what comes --- */

static void
add_header(NzHttpResponse *response, const char *line, gsize len)
{
  const char *colon = memchr(line, ':', len);
  if (!colon)
    return;
  g_autofree char *name = g_ascii_strdown(line, colon - line);
  g_autofree char *value = g_strstrip(g_strndup(colon + 1, len - (gsize)(colon + 1 - line)));
  const char *before = g_hash_table_lookup(response->headers, name);
  char *joined = before ? g_strconcat(before, ", ", value, NULL) : g_strdup(value);
  g_hash_table_replace(response->headers, g_steal_pointer(&name), joined);
}

static gsize
on_header(char *line, gsize size, gsize n, void *data)
{
  Transfer *self = data;
  NzHttpResponse *response = self->response;
  response->header_bytes += n;
  if (response->header_bytes > NZ_HTTP_HEADERS_MAX) {
    nz_fetch_fail(&self->failed, NZ_FETCH_LIMIT, "headers of more than %u KiB",
                  (guint)(NZ_HTTP_HEADERS_MAX >> 10));
    return 0;
  }
  if (n >= 5 && memcmp(line, "HTTP/", 5) == 0)
    g_hash_table_remove_all(response->headers); /* what came before was a proxy's, or 100 */
  else
    add_header(response, line, n * size);
  return n * size;
}

static gsize
on_body(char *bytes, gsize size, gsize n, void *data)
{
  Transfer *self = data;
  curl_easy_getinfo(self->http->easy, CURLINFO_RESPONSE_CODE, &self->response->status);
  self->body += n * size;
  if (!self->failed &&
      self->take(self->data, self->response, (const guint8 *)bytes, n * size, &self->failed))
    return n * size;
  return 0;
}

/* Here an address is known, whatever name or redirect led to it, and not yet connected to. */
static curl_socket_t
on_socket(void *data, curlsocktype purpose G_GNUC_UNUSED, struct curl_sockaddr *address)
{
  Transfer *self = data;
  NzAddressKind kind = nz_address_kind(&address->addr);
  gboolean proxy = nz_settings.has_proxy;
  if ((kind == NZ_ADDRESS_LINK_LOCAL && self->request->no_link_local) ||
      (kind == NZ_ADDRESS_LOOPBACK && self->request->no_loopback && !proxy)) {
    if (!self->failed)
      nz_fetch_fail(&self->failed, NZ_FETCH_INVALID,
                    "refused: it leads to %s, where no registry sends anybody",
                    nz_address_kind_text(kind));
    return CURL_SOCKET_BAD;
  }
  return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

/* --- what can go wrong --- */

static gboolean
fail_tls(Transfer *self, CURLcode code, GError **error)
{
  g_autofree char *why = nz_printable(self->message, -1);
  g_autofree char *ca =
      nz_printable(self->request->ca ? self->request->ca : "the system's CAs", -1);
  if (strstr(why, "unexpected TLS packet") || strstr(why, "wrong version number"))
    return nz_fetch_fail(error, NZ_FETCH_UNAVAILABLE,
                         "TLS: what answers does not speak it; if this registry has plain HTTP "
                         "only, say --plain-http");
  if (code == CURLE_PEER_FAILED_VERIFICATION)
    return nz_fetch_fail(
        error, NZ_FETCH_UNAVAILABLE,
        "TLS: its certificate is not trusted (%s); checked with the system's CAs%s; "
        "if it has a CA of its own, give that with --tls-ca FILE",
        why, self->request->ca ? " and those given for it" : "");
  return nz_fetch_fail(error, NZ_FETCH_UNAVAILABLE, "TLS: %s", why);
}

static gboolean
fail_socket(Transfer *self, GError **error)
{
  long number = 0;
  curl_easy_getinfo(self->http->easy, CURLINFO_OS_ERRNO, &number);
  g_autofree char *shown = nz_printable(self->request->socket, -1);
  NzFetchError code = number == EACCES || number == EPERM ? NZ_FETCH_DENIED
                      : number == ENOENT                  ? NZ_FETCH_NOT_FOUND
                                                          : NZ_FETCH_UNAVAILABLE;
  return nz_fetch_fail(error, code, "cannot connect to the socket %s: %s", shown,
                       number ? g_strerror((int)number) : self->message);
}

static gboolean
fail_curl(Transfer *self, CURLcode code, GError **error)
{
  if (self->failed) {
    g_propagate_error(error, g_steal_pointer(&self->failed));
    return FALSE;
  }
  g_autofree char *why =
      nz_printable(*self->message ? self->message : curl_easy_strerror(code), -1);
  switch (code) {
  case CURLE_COULDNT_CONNECT:
    self->response->retry = NZ_RETRY_ONCE;
    if (self->request->socket)
      return fail_socket(self, error);
    return nz_fetch_fail(error, NZ_FETCH_UNAVAILABLE, "cannot connect: %s", why);
  case CURLE_COULDNT_RESOLVE_HOST:
  case CURLE_COULDNT_RESOLVE_PROXY:
    self->response->retry = NZ_RETRY_ONCE;
    return nz_fetch_fail(error, NZ_FETCH_UNAVAILABLE, "its name is not known to DNS: %s", why);
  case CURLE_PEER_FAILED_VERIFICATION:
  case CURLE_SSL_CONNECT_ERROR:
  case CURLE_SSL_CACERT_BADFILE:
  case CURLE_SSL_CERTPROBLEM:
  case CURLE_SSL_CIPHER:
  case CURLE_SSL_ISSUER_ERROR:
    return fail_tls(self, code, error);
  case CURLE_OPERATION_TIMEDOUT:
    self->response->retry = NZ_RETRY_ONCE;
    return nz_fetch_fail(error, NZ_FETCH_UNAVAILABLE, "no answer in time: %s", why);
  case CURLE_RECV_ERROR:
  case CURLE_SEND_ERROR:
  case CURLE_GOT_NOTHING:
  case CURLE_PARTIAL_FILE:
    self->response->retry = NZ_RETRY;
    return nz_fetch_fail(error, NZ_FETCH_UNAVAILABLE, "the connection broke: %s", why);
  default:
    return nz_fetch_fail(error, NZ_FETCH_INVALID, "no HTTP that can be read: %s", why);
  }
}

/* Time that we spend elsewhere, because the scanner does not take more, is not the server's. */
static gboolean
check_speed(Transfer *self, gint64 waited, GError **error)
{
  guint factor = MAX(self->request->idle_factor, 1);
  gint64 window = (gint64)nz_settings.idle_seconds * factor * G_USEC_PER_SEC;
  guint64 came = self->body + self->response->header_bytes;
  self->waited += waited;
  if (self->request->max_seconds > 0 &&
      g_get_monotonic_time() - self->began > (gint64)self->request->max_seconds * G_USEC_PER_SEC) {
    self->response->retry = NZ_RETRY_ONCE;
    return nz_fetch_fail(error, NZ_FETCH_UNAVAILABLE, "no whole answer in %u seconds",
                         self->request->max_seconds);
  }
  if (self->waited < window)
    return TRUE;
  if (came - self->seen < (guint64)nz_settings.idle_seconds * NZ_HTTP_SLOWEST) {
    self->response->retry = NZ_RETRY_ONCE;
    return nz_fetch_fail(error, NZ_FETCH_UNAVAILABLE,
                         "it is too slow: %" G_GUINT64_FORMAT " bytes in %u seconds",
                         came - self->seen, nz_settings.idle_seconds * factor);
  }
  self->waited = 0;
  self->seen = came;
  return TRUE;
}

/* --- a request --- */

static void
set_tls(CURL *easy, const NzHttpRequest *request)
{
  const char *ca = request->ca ? request->ca : nz_settings.system_ca;
  if (ca)
    curl_easy_setopt(easy, CURLOPT_CAINFO, ca);
  if (request->cert) {
    curl_easy_setopt(easy, CURLOPT_SSLCERT, request->cert);
    curl_easy_setopt(easy, CURLOPT_SSLKEY, request->key);
  }
  if (request->insecure) {
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 0L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L);
  }
}

static void
set_up(Transfer *self, struct curl_slist *headers)
{
  CURL *easy = self->http->easy;
  const NzHttpRequest *request = self->request;
  curl_easy_reset(easy);
  curl_easy_setopt(easy, CURLOPT_URL, request->url);
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT, (long)nz_settings.connect_seconds);
  curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
  curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, (long)NZ_CHUNK_SIZE);
  curl_easy_setopt(easy, CURLOPT_USERAGENT, "nonzero/" NZ_VERSION);
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, self->message);
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, self);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, self);
  if (request->form)
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request->form);
  if (request->socket) {
    curl_easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, request->socket);
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    return;
  }
  curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, on_socket);
  curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, self);
  set_tls(easy, request);
}

/* Of a connection that was open already, too. */
static gboolean
is_loopback(CURL *easy)
{
  struct sockaddr_in v4 = {.sin_family = AF_INET};
  struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
  char *text = NULL;
  curl_easy_getinfo(easy, CURLINFO_PRIMARY_IP, &text);
  const struct sockaddr *address = NULL;
  if (text && inet_pton(AF_INET, text, &v4.sin_addr) == 1)
    address = (const struct sockaddr *)&v4;
  else if (text && inet_pton(AF_INET6, text, &v6.sin6_addr) == 1)
    address = (const struct sockaddr *)&v6;
  return address && nz_address_kind(address) == NZ_ADDRESS_LOOPBACK;
}

static gboolean
stop(Transfer *self, GError **error)
{
  return nz_channel_is_stopped(self->http->channel) &&
         !nz_fetch_fail(error, NZ_FETCH_STOPPED, "not wanted any more");
}

/* Runs to the end of the request. The result of it in *CODE. */
static gboolean
run(Transfer *self, CURLcode *code, GError **error)
{
  NzHttp *http = self->http;
  int running = 1;
  while (curl_multi_perform(http->multi, &running) == CURLM_OK && running > 0) {
    struct curl_waitfd extra = {.fd = http->channel->fd, .events = CURL_WAIT_POLLIN};
    gint64 before = g_get_monotonic_time();
    curl_multi_poll(http->multi, &extra, 1, 500, NULL);
    if (stop(self, error) || !check_speed(self, g_get_monotonic_time() - before, error))
      return FALSE;
  }
  int left;
  CURLMsg *message = curl_multi_info_read(http->multi, &left);
  *code = message && message->msg == CURLMSG_DONE ? message->data.result : CURLE_FAILED_INIT;
  return TRUE;
}

gboolean
nz_http_perform(NzHttp *self, const NzHttpRequest *request, NzHttpTake take, gpointer data,
                NzHttpResponse *response, GError **error)
{
  g_autofree Transfer *t = g_new0(Transfer, 1);
  struct curl_slist *headers = NULL;
  *t = (Transfer){.http = self,
                  .request = request,
                  .response = response,
                  .take = take,
                  .data = data,
                  .began = g_get_monotonic_time()};
  response->headers = g_hash_table_new_full(nz_str_hash, g_str_equal, g_free, g_free);
  for (guint i = 0; request->headers && request->headers[i]; i++)
    headers = curl_slist_append(headers, request->headers[i]);
  set_up(t, headers);
  CURLcode code = CURLE_OK;
  curl_multi_add_handle(self->multi, self->easy);
  gboolean ok = run(t, &code, error);
  curl_easy_getinfo(self->easy, CURLINFO_RESPONSE_CODE, &response->status);
  response->loopback = is_loopback(self->easy);
  curl_multi_remove_handle(self->multi, self->easy);
  curl_slist_free_all(headers);
  if (ok && (code != CURLE_OK || t->failed))
    ok = fail_curl(t, code, error);
  g_clear_error(&t->failed);
  return ok;
}

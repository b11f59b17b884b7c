/* SPDX-License-Identifier: Apache-2.0 */
/* Who serves the page. It has nothing to hide and takes no input but a path; connections are few,
 * small and short, so that nobody can make the watcher large or slow. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/limits.h"
#include "core/text.h"
#include "watch/metrics.h"
#include "watch/microhttpd.h"

typedef union {
  struct sockaddr any;
  struct sockaddr_in v4;
  struct sockaddr_in6 v6;
} Address;

struct NzMetricsServer {
  struct MHD_Daemon *daemon;
  char *address;
  gboolean open;
  GMutex mutex;
  GBytes *page;
  gint64 set; /* monotonic, when the page was set */
};

/* --- where --- */

static gboolean
read_port(const char *text, guint16 *port)
{
  gint64 value;
  if (nz_parse_int(text, strlen(text), &value) != NZ_INT_OK || value < 0 || value > G_MAXUINT16)
    return FALSE;
  *port = (guint16)value;
  return TRUE;
}

/* Names are not looked up: what they would mean is somebody else's to say. */
static gboolean
read_address(const char *where, Address *address)
{
  const char *colon = strrchr(where, ':');
  guint16 port;
  *address = (Address){.v4 = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)}};
  if (!read_port(colon ? colon + 1 : where, &port))
    return FALSE;
  if (!colon) {
    address->v4.sin_port = htons(port);
    return TRUE;
  }
  g_autofree char *host = g_strndup(where, (gsize)(colon - where));
  gsize n = strlen(host);
  if (n > 2 && host[0] == '[' && host[n - 1] == ']') {
    host[n - 1] = '\0';
    *address = (Address){.v6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)}};
    return inet_pton(AF_INET6, host + 1, &address->v6.sin6_addr) == 1;
  }
  address->v4.sin_port = htons(port);
  return inet_pton(AF_INET, host, &address->v4.sin_addr) == 1;
}

static gboolean
is_loopback(const Address *address)
{
  if (address->any.sa_family == AF_INET6)
    return IN6_IS_ADDR_LOOPBACK(&address->v6.sin6_addr);
  return ntohl(address->v4.sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
}

static char *
address_text(const Address *address)
{
  char text[INET6_ADDRSTRLEN] = "";
  if (address->any.sa_family == AF_INET6) {
    inet_ntop(AF_INET6, &address->v6.sin6_addr, text, sizeof text);
    return g_strdup_printf("[%s]:%u", text, ntohs(address->v6.sin6_port));
  }
  inet_ntop(AF_INET, &address->v4.sin_addr, text, sizeof text);
  return g_strdup_printf("%s:%u", text, ntohs(address->v4.sin_port));
}

/* A socket that listens there, -1 with an error that says why not. */
static int
listen_at(const char *where, Address *address, GError **error)
{
  g_autofree char *shown = nz_printable(where, -1);
  int on = 1;
  if (!read_address(where, address)) {
    nz_set_input(error, "%s is no place to listen: write PORT, ADDRESS:PORT or [ADDRESS6]:PORT",
                 shown);
    return -1;
  }
  socklen_t len = address->any.sa_family == AF_INET6 ? sizeof address->v6 : sizeof address->v4;
  int fd = socket(address->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0 ||
      bind(fd, &address->any, len) < 0 || listen(fd, (int)NZ_METRICS_CONNECTIONS_MAX) < 0 ||
      getsockname(fd, &address->any, &len) < 0) {
    nz_set_errno(error, errno, "cannot listen at %s", shown);
    if (fd >= 0)
      close(fd);
    return -1;
  }
  return fd;
}

/* --- answers --- */

static enum MHD_Result
answer(struct MHD_Connection *connection, guint status, GBytes *body, const char *type)
{
  gsize len;
  const void *data = g_bytes_get_data(body, &len);
  struct MHD_Response *response =
      MHD_create_response_from_buffer(len, (void *)data, MHD_RESPMEM_MUST_COPY);
  if (!response)
    return MHD_NO;
  MHD_add_response_header(response, "Content-Type", type);
  MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
  enum MHD_Result result = MHD_queue_response(connection, status, response);
  MHD_destroy_response(response);
  return result;
}

static enum MHD_Result
say(struct MHD_Connection *connection, guint status, const char *text)
{
  g_autoptr(GBytes) body = g_bytes_new_static(text, strlen(text));
  return answer(connection, status, body, "text/plain; charset=utf-8");
}

static enum MHD_Result
on_request(void *data, struct MHD_Connection *connection, const char *url, const char *method,
           const char *version G_GNUC_UNUSED, const char *upload G_GNUC_UNUSED,
           size_t *upload_size G_GNUC_UNUSED, void **state G_GNUC_UNUSED)
{
  NzMetricsServer *self = data;
  if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0)
    return say(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "only GET and HEAD\n");
  g_mutex_lock(&self->mutex);
  g_autoptr(GBytes) page = g_bytes_ref(self->page);
  gboolean stale = g_get_monotonic_time() - self->set > NZ_METRICS_STALE;
  g_mutex_unlock(&self->mutex);
  if (strcmp(url, "/metrics") == 0)
    return answer(connection, MHD_HTTP_OK, page, "text/plain; version=0.0.4; charset=utf-8");
  if (strcmp(url, "/healthz") == 0)
    return stale ? say(connection, MHD_HTTP_SERVICE_UNAVAILABLE, "the watch hangs\n")
                 : say(connection, MHD_HTTP_OK, "ok\n");
  return say(connection, MHD_HTTP_NOT_FOUND, "/metrics and /healthz are here\n");
}

/* --- public --- */

static struct MHD_Daemon *
start(NzMetricsServer *self, int fd)
{
  return MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_POLL, 0, NULL, NULL, on_request,
                          self, MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT,
                          NZ_METRICS_CONNECTIONS_MAX, MHD_OPTION_CONNECTION_TIMEOUT,
                          NZ_METRICS_TIMEOUT, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
                          (size_t)NZ_METRICS_REQUEST_MAX, MHD_OPTION_THREAD_STACK_SIZE,
                          (size_t)256 * 1024, MHD_OPTION_END);
}

NzMetricsServer *
nz_metrics_server_new(const char *where, GError **error)
{
  Address address;
  if (!nz_microhttpd_open(error))
    return NULL;
  int fd = listen_at(where, &address, error);
  if (fd < 0)
    return NULL;
  NzMetricsServer *self = g_new0(NzMetricsServer, 1);
  g_mutex_init(&self->mutex);
  self->address = address_text(&address);
  self->open = !is_loopback(&address);
  self->page = g_bytes_new_static("", 0);
  self->set = g_get_monotonic_time();
  self->daemon = start(self, fd);
  if (self->daemon)
    return self;
  close(fd);
  nz_set_input(error, "cannot serve metrics at %s", self->address);
  nz_metrics_server_free(self);
  return NULL;
}

void
nz_metrics_server_free(NzMetricsServer *self)
{
  if (!self)
    return;
  if (self->daemon)
    MHD_stop_daemon(self->daemon); /* and its socket */
  g_bytes_unref(self->page);
  g_mutex_clear(&self->mutex);
  g_free(self->address);
  g_free(self);
}

const char *
nz_metrics_server_address(const NzMetricsServer *self)
{
  return self->address;
}

gboolean
nz_metrics_server_is_open(const NzMetricsServer *self)
{
  return self->open;
}

void
nz_metrics_server_set(NzMetricsServer *self, GString *page)
{
  g_autoptr(GBytes) fresh = g_string_free_to_bytes(page);
  g_mutex_lock(&self->mutex);
  GBytes *old = self->page;
  self->page = g_bytes_ref(fresh);
  self->set = g_get_monotonic_time();
  g_mutex_unlock(&self->mutex);
  g_bytes_unref(old);
}

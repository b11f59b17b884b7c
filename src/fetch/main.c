/* SPDX-License-Identifier: Apache-2.0 */
/* nonzero-fetch: the part of nonzero that may use the network and holds credentials. It is started
 * by `nonzero`, speaks the protocol of protocol.h on descriptors 3 and up, one thread for each, and
 * ends when all of them are closed. It parses no images.
 *
 * What servers send is parsed here, beside the credentials. So it confines itself before: it can
 * write no file and start no process. Credential helpers are run by a process of their own.
 *
 * NONZERO_FETCH_TIMES="CONNECT:IDLE:BACKOFF" (seconds, seconds, milliseconds) shortens its
 * patience, for tests. */
#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "confine/confine.h"
#include "core/exit.h"
#include "core/limits.h"
#include "core/text.h"
#include "fetch/credentials.h"
#include "fetch/helper_process.h"
#include "fetch/ops.h"
#include "fetch/settings.h"
#include "version.h"

NzSettings nz_settings = {.connect_seconds = 20, .idle_seconds = 60, .backoff_ms = 500};

static gboolean opt_version;

static const GOptionEntry options[] = {
    {"channels", 0, 0, G_OPTION_ARG_INT, &nz_settings.channels, "Descriptors from 3 on", "N"},
    {"plain-http", 0, 0, G_OPTION_ARG_NONE, &nz_settings.plain_http, "Speak HTTP without TLS",
     NULL},
    {"tls-ca", 0, 0, G_OPTION_ARG_FILENAME, &nz_settings.tls_ca, "Trust these CAs too", "FILE"},
    {"authfile", 0, 0, G_OPTION_ARG_FILENAME, &nz_settings.authfile, "Credentials", "FILE"},
    {"registries-conf", 0, 0, G_OPTION_ARG_FILENAME, &nz_settings.registries_conf,
     "Instead of the system's", "FILE"},
    {"certs-dir", 0, 0, G_OPTION_ARG_FILENAME, &nz_settings.certs_dir, "Instead of the system's",
     "DIR"},
    {"socket", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &nz_settings.sockets,
     "Connect to no other sockets of this host", "PATH"},
    {"no-sockets", 0, 0, G_OPTION_ARG_NONE, &nz_settings.no_sockets, "Connect to none", NULL},
    {"version", 0, 0, G_OPTION_ARG_NONE, &opt_version, "Say which this is", NULL},
    {NULL},
};

static const struct {
  const char *name;
  gboolean (*run)(NzWorker *worker, const json_t *request, GError **error);
} ops[] = {
    {"manifest", nz_op_manifest},
    {"blob", nz_op_blob},
    {"socket", nz_op_socket},
};

/* --- the environment --- */

static void
read_times(void)
{
  const char *text = secure_getenv("NONZERO_FETCH_TIMES");
  g_auto(GStrv) parts = g_strsplit(text ? text : "", ":", -1);
  guint *const times[] = {&nz_settings.connect_seconds, &nz_settings.idle_seconds,
                          &nz_settings.backoff_ms};
  for (guint i = 0; i < G_N_ELEMENTS(times) && parts[i]; i++) {
    guint64 value;
    if (g_ascii_string_to_unsigned(parts[i], 10, 1, 3600, &value, NULL))
      *times[i] = (guint)value;
  }
}

static void
read_environment(void)
{
  static const char *const proxies[] = {"http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy",
                                        "ALL_PROXY"};
  for (guint i = 0; i < G_N_ELEMENTS(proxies); i++) {
    const char *value = g_getenv(proxies[i]);
    nz_settings.has_proxy |= value && *value;
  }
  const char *ca = g_getenv("SSL_CERT_FILE"); /* as Podman and Docker have it */
  nz_settings.system_ca = ca && *ca ? ca : NULL;
  read_times();
}

/* --- channels --- */

static gboolean
answer(NzWorker *worker, const json_t *request, GError **error)
{
  const char *name = json_string_value(json_object_get(request, "op"));
  for (guint i = 0; name && i < G_N_ELEMENTS(ops); i++)
    if (strcmp(ops[i].name, name) == 0)
      return ops[i].run(worker, request, error);
  return nz_fetch_fail(error, NZ_FETCH_INVALID, "a request of an unknown kind");
}

/* Whoever made the message, and whatever a server put into it. */
static void
send_error(NzChannel *channel, const GError *error)
{
  g_autofree char *text = nz_secret_scrub(error->message);
  g_autoptr(GError) scrubbed = g_error_new_literal(error->domain, error->code, text);
  nz_channel_send_error(channel, scrubbed);
}

static gpointer
serve(gpointer data)
{
  NzChannel channel = {.fd = GPOINTER_TO_INT(data)};
  NzHttp *http = nz_http_new(&channel);
  NzWorker worker = {&channel, http};
  json_t *request;
  while ((request = nz_channel_next(&channel))) {
    g_autoptr(GError) error = NULL;
    if (answer(&worker, request, &error))
      nz_channel_send_end(&channel);
    else
      send_error(&channel, error);
    json_decref(request);
  }
  nz_http_free(http);
  close(channel.fd);
  return NULL;
}

/* A channel's thread begins with its first request: most are never used. */
static void
serve_all(guint n)
{
  struct pollfd fds[NZ_FETCH_CHANNELS_MAX];
  GThread *threads[NZ_FETCH_CHANNELS_MAX];
  for (guint i = 0; i < n; i++)
    fds[i] = (struct pollfd){3 + (int)i, POLLIN, 0};
  for (guint started = 0; started < n;) {
    if (poll(fds, n, -1) < 0 && errno != EINTR)
      return;
    for (guint i = 0; i < n; i++) {
      if (fds[i].fd < 0 || !fds[i].revents)
        continue;
      threads[started++] = g_thread_new("channel", serve, GINT_TO_POINTER(fds[i].fd));
      fds[i] = (struct pollfd){.fd = -1};
    }
  }
  for (guint i = 0; i < n; i++)
    g_thread_join(threads[i]);
}

static gboolean
check_channels(void)
{
  if (nz_settings.channels < 1 || nz_settings.channels > (gint)NZ_FETCH_CHANNELS_MAX)
    return FALSE;
  for (int fd = 3; fd < 3 + nz_settings.channels; fd++) {
    int type;
    socklen_t len = sizeof type;
    if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) < 0 || fcntl(fd, F_SETFD, FD_CLOEXEC) < 0)
      return FALSE;
  }
  return TRUE;
}

/* Nothing is open that was not meant for it. */
static void
close_others(void)
{
  if (syscall(SYS_close_range, 3u + (unsigned)nz_settings.channels, ~0u, 0u) != 0) /* Linux 5.9 */
    for (int fd = 3 + nz_settings.channels; fd < 1024; fd++)
      close(fd);
}

int
main(int argc, char **argv)
{
  setlocale(LC_CTYPE, "");
  prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); /* what is in here is not for the scanner */
  const struct rlimit no_core = {0, 0};
  g_autoptr(GError) error = NULL;
  g_autoptr(GOptionContext) context = g_option_context_new(NULL);
  g_option_context_add_main_entries(context, options, NULL);
  if (!g_option_context_parse(context, &argc, &argv, &error)) {
    fprintf(stderr, "nonzero-fetch: %s\n", error->message);
    return NZ_EXIT_USAGE;
  }
  if (opt_version) {
    puts("nonzero-fetch " NZ_VERSION);
    return NZ_EXIT_PASS;
  }
  if (!check_channels()) {
    fputs("nonzero-fetch: it is started by nonzero, with its channels\n", stderr);
    return NZ_EXIT_USAGE;
  }
  close_others();
  nz_helper_process_start();
  signal(SIGPIPE, SIG_IGN);
  setrlimit(RLIMIT_CORE, &no_core);
  read_environment();
  curl_global_init(CURL_GLOBAL_DEFAULT);
  nz_confine_fetcher(NULL);
  serve_all((guint)nz_settings.channels);
  return NZ_EXIT_PASS;
}

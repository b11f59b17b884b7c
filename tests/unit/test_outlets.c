/* SPDX-License-Identifier: Apache-2.0 */
/* Whom the watcher tells: the audit log, metrics, the system's log, systemd; and what it gives up.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/limits.h"
#include "image/json.h"
#include "support.h"
#include "watch/audit.h"
#include "watch/audit_file.h"
#include "watch/metrics.h"
#include "watch/notify.h"
#include "watch/privileges.h"
#include "watch/syslog.h"

#define ID "3f1b0d2c4e5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0"

typedef struct {
  char *dir, *path;
} Place;

static void
place_init(Place *self, gconstpointer data G_GNUC_UNUSED)
{
  self->dir = g_dir_make_tmp("nzXXXXXX", NULL);
  self->path = g_build_filename(self->dir, "file", NULL);
}

static void
place_clear(Place *self, gconstpointer data G_GNUC_UNUSED)
{
  g_autoptr(GDir) dir = g_dir_open(self->dir, 0, NULL);
  const char *name;
  while ((name = g_dir_read_name(dir))) {
    g_autofree char *path = g_build_filename(self->dir, name, NULL);
    unlink(path);
  }
  rmdir(self->dir);
  g_free(self->dir);
  g_free(self->path);
}

static char *
read_text(const char *path)
{
  char *text = NULL;
  g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
  return text;
}

/* --- the audit log --- */

static NzAudit *
open_audit(const Place *place, guint64 max, guint keep)
{
  const NzAuditOptions options = {place->path, max, keep};
  g_autoptr(GError) error = NULL;
  NzAudit *audit = nz_audit_new(&options, &error);
  g_assert_no_error(error);
  return audit;
}

static void
add_session(NzAudit *audit, guint32 pid, const char *terminal, NzRootCause cause)
{
  NzContainerRef ref;
  const NzRootFact fact = {.executable = (char *)"/bin/sh",
                           .arguments = (char *)"sh -c \"a\nb\"",
                           .terminal = (char *)terminal,
                           .cause = cause,
                           .pid = pid,
                           .on_host = TRUE};
  g_assert_true(nz_cgroup_container("/docker/" ID, &ref));
  const NzAuditRoot root = {
      .ref = &ref, .root = &fact, .start = 7, .time = G_GINT64_CONSTANT(1780272000123456)};
  nz_audit_root(audit, &root);
}

/* The objects of the file, one a line. */
static GPtrArray *
lines_of(const char *path)
{
  g_autofree char *text = read_text(path);
  GPtrArray *list = g_ptr_array_new_with_free_func((GDestroyNotify)json_decref);
  g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
  for (guint i = 0; lines[i]; i++) {
    if (!*lines[i])
      continue;
    json_t *object = json_loads(lines[i], 0, NULL);
    g_test_message("%s", lines[i]);
    g_assert_nonnull(object);
    g_ptr_array_add(list, object);
  }
  return list;
}

static const char *
event_of(const GPtrArray *lines, guint i)
{
  return json_string_value(json_object_get(lines->pdata[i], "event"));
}

static void
sessions_are_logged_and_other_processes_are_not(Place *place, gconstpointer data G_GNUC_UNUSED)
{
  NzAudit *audit = open_audit(place, 0, 1);
  add_session(audit, 41, NULL, NZ_ROOT_IMAGE_DEFAULT);
  add_session(audit, 42, "pts0", NZ_ROOT_IMAGE_DEFAULT);
  add_session(audit, 43, NULL, NZ_ROOT_EXEC_INJECTED);
  nz_audit_ended(audit, 42, 7, G_GINT64_CONSTANT(1780272002123456));
  nz_audit_ended(audit, 42, 8, 0); /* another process of that number */
  nz_audit_ended(audit, 41, 7, 0);
  nz_audit_policy(audit, "/etc/p.yaml", "line 3", 0);
  nz_audit_free(audit);
  g_autoptr(GPtrArray) lines = lines_of(place->path);
  static const char *const events[] = {"start",       "session",        "session",
                                       "session-end", "policy-refused", "stop"};
  g_assert_cmpuint(lines->len, ==, G_N_ELEMENTS(events));
  for (guint i = 0; i < lines->len; i++) {
    g_assert_cmpstr(event_of(lines, i), ==, events[i]);
    g_assert_cmpint(json_integer_value(json_object_get(lines->pdata[i], "number")), ==, i + 1);
  }
  const json_t *process = json_object_get(lines->pdata[1], "process");
  g_assert_cmpstr(json_string_value(json_object_get(process, "terminal")), ==, "pts0");
  g_assert_cmpstr(json_string_value(json_object_get(process, "arguments")), ==, "sh -c \"a\nb\"");
  g_assert_cmpstr(json_string_value(json_object_get(lines->pdata[1], "time")), ==,
                  "2026-06-01T00:00:00.123456Z");
  g_assert_cmpint(json_integer_value(json_object_get(lines->pdata[3], "milliseconds")), ==, 2000);
}

static void
a_log_is_appended_to_and_is_its_owners_alone(Place *place, gconstpointer data G_GNUC_UNUSED)
{
  struct stat st;
  for (guint i = 0; i < 3; i++)
    nz_audit_free(open_audit(place, 0, 1));
  g_autoptr(GPtrArray) lines = lines_of(place->path);
  g_assert_cmpuint(lines->len, ==, 6);
  g_assert_cmpint(stat(place->path, &st), ==, 0);
  g_assert_cmpuint(st.st_mode & 07777, ==, 0600);
}

static void
logs_are_rotated_by_size_and_no_line_is_lost(Place *place, gconstpointer data G_GNUC_UNUSED)
{
  enum { N = 100, KEEP = 3 };
  NzAudit *audit = open_audit(place, 4096, KEEP);
  for (guint i = 0; i < N; i++)
    add_session(audit, i + 1, "pts0", NZ_ROOT_SET_ID);
  nz_audit_free(audit);
  gint64 last = N + 2;
  for (guint i = 0; i <= KEEP; i++) { /* from the newest line on, backwards */
    g_autofree char *path =
        i == 0 ? g_strdup(place->path) : g_strdup_printf("%s.%u", place->path, i);
    struct stat st;
    g_assert_cmpint(stat(path, &st), ==, 0);
    g_assert_cmpint(st.st_size, <=, 4096);
    g_autoptr(GPtrArray) lines = lines_of(path);
    for (guint k = lines->len; k > 0; k--, last--)
      g_assert_cmpint(json_integer_value(json_object_get(lines->pdata[k - 1], "number")), ==, last);
  }
  g_autofree char *beyond = g_strdup_printf("%s.%d", place->path, KEEP + 1);
  g_assert_cmpint(access(beyond, F_OK), <, 0);
}

static void
a_log_that_was_moved_away_begins_anew(Place *place, gconstpointer data G_GNUC_UNUSED)
{
  g_autofree char *moved = g_build_filename(place->dir, "moved", NULL);
  NzAudit *audit = open_audit(place, 0, 1);
  add_session(audit, 1, "pts0", NZ_ROOT_SET_ID);
  while (TRUE) { /* the thread writes when it likes */
    g_autofree char *text = read_text(place->path);
    if (strstr(text, "session"))
      break;
    g_usleep(1000);
  }
  g_assert_cmpint(rename(place->path, moved), ==, 0);
  nz_audit_reopen(audit);
  add_session(audit, 2, "pts0", NZ_ROOT_SET_ID);
  nz_audit_free(audit);
  g_autoptr(GPtrArray) old = lines_of(moved), new = lines_of(place->path);
  g_assert_cmpuint(old->len, ==, 2);
  g_assert_cmpuint(new->len, ==, 2);
}

/* Runs in a process of its own, whose files may not grow past LIMIT. */
static void
write_to_a_full_disk(const Place *place)
{
  const struct rlimit full = {3000, RLIM_INFINITY}, free_again = {RLIM_INFINITY, RLIM_INFINITY};
  signal(SIGXFSZ, SIG_IGN);
  g_assert_cmpint(setrlimit(RLIMIT_FSIZE, &full), ==, 0);
  NzAudit *audit = open_audit(place, 0, 1);
  for (guint i = 0; i < 50; i++)
    add_session(audit, i + 1, "pts0", NZ_ROOT_SET_ID);
  for (guint i = 0; i < 10000 && nz_audit_lost(audit) < 40; i++)
    g_usleep(1000);
  g_assert_cmpuint(nz_audit_lost(audit), >=, 40);
  while (nz_audit_lost(audit) + 8 < 50)
    g_usleep(1000);
  g_usleep(100000);
  g_assert_cmpint(setrlimit(RLIMIT_FSIZE, &free_again), ==, 0);
  add_session(audit, 1000, "pts0", NZ_ROOT_SET_ID);
  nz_audit_free(audit);
  _exit(0);
}

static void
a_full_disk_is_counted_and_said_and_tears_no_line(Place *place, gconstpointer data G_GNUC_UNUSED)
{
  int status;
  pid_t child = fork();
  if (child == 0)
    write_to_a_full_disk(place);
  g_assert_cmpint(waitpid(child, &status, 0), ==, child);
  g_assert_cmpint(status, ==, 0);
  g_autoptr(GPtrArray) lines = lines_of(place->path);
  guint gaps = 0;
  gint64 written = 0, lost = 0, last = 0;
  for (guint i = 0; i < lines->len; i++) {
    if (strcmp(event_of(lines, i), "gap") == 0) {
      gaps++;
      lost = json_integer_value(json_object_get(lines->pdata[i], "lost"));
      continue;
    }
    written++;
    last = json_integer_value(json_object_get(lines->pdata[i], "number"));
  }
  g_assert_cmpuint(gaps, ==, 1);
  g_assert_cmpint(written + lost, ==, last);
  g_assert_cmpint(last, ==, 53); /* start, 50 and one sessions, stop */
}

static void
a_log_that_is_no_file_is_refused(Place *place, gconstpointer data G_GNUC_UNUSED)
{
  const NzAuditOptions options = {place->path, 0, 1};
  g_autoptr(GError) error = NULL;
  g_assert_cmpint(mkfifo(place->path, 0600), ==, 0);
  g_assert_null(nz_audit_new(&options, &error));
  g_assert_nonnull(error);
  g_clear_error(&error);
  unlink(place->path);
  g_assert_cmpint(symlink("/dev/null", place->path), ==, 0);
  g_assert_null(nz_audit_new(&options, &error));
  assert_holds(error->message, "cannot open the audit log");
}

/* --- metrics --- */

static void
the_page_is_prometheus_text_with_few_series(void)
{
  NzLedgerTotals totals = {.containers = 5, .roots_on_host = 3, .seen = 9, .lost = 2};
  totals.causes[NZ_ROOT_SET_ID] = 3;
  const NzMetrics metrics = {.totals = &totals,
                             .verdicts = {[NZ_VERDICT_FAIL] = 2},
                             .mode = "bpf",
                             .policy_loaded = G_GINT64_CONSTANT(1780272000123456)};
  g_autoptr(GString) page = g_string_new(NULL);
  nz_metrics_write(&metrics, page);
  static const char *const parts[] = {
      "nonzero_watch_containers{verdict=\"fail\"} 2\n",
      "nonzero_watch_containers_seen_total 5\n",
      "nonzero_watch_root_processes_total{cause=\"set-id\"} 3\n",
      "nonzero_watch_root_processes_by_namespace_total{root_of=\"host\"} 3\n",
      "nonzero_watch_events_lost_total 2\n",
      "nonzero_watch_policy_loaded_timestamp_seconds 1780272000.123456\n",
  };
  for (gsize i = 0; i < G_N_ELEMENTS(parts); i++)
    assert_holds(page->str, parts[i]);
  /* Each name is told once what it is, before its samples. */
  g_auto(GStrv) lines = g_strsplit(page->str, "\n", -1);
  g_autoptr(GHashTable) types = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  guint samples = 0;
  for (guint i = 0; lines[i] && *lines[i]; i++) {
    gsize n = strcspn(lines[i], "{ ");
    if (g_str_has_prefix(lines[i], "# TYPE "))
      g_assert_true(g_hash_table_add(types, g_strndup(lines[i] + 7, strcspn(lines[i] + 7, " "))));
    else if (*lines[i] != '#') {
      g_autofree char *name = g_strndup(lines[i], n);
      g_assert_true(g_hash_table_contains(types, name));
      samples++;
    }
  }
  g_assert_cmpuint(samples, <, 40);
}

static char *
ask(const char *address, const char *request)
{
  const char *colon = strrchr(address, ':');
  struct sockaddr_in to = {.sin_family = AF_INET,
                           .sin_port = htons((guint16)g_ascii_strtoull(colon + 1, NULL, 10)),
                           .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  char text[8192];
  gsize done = 0;
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  g_assert_cmpint(connect(fd, (struct sockaddr *)&to, sizeof to), ==, 0);
  g_assert_cmpint(write(fd, request, strlen(request)), ==, strlen(request));
  for (gssize n; (n = read(fd, text + done, sizeof text - 1 - done)) > 0;)
    done += (gsize)n;
  close(fd);
  text[done] = '\0';
  return g_strdup(text);
}

static const struct {
  const char *request, *status, *body;
} requests[] = {
    {"GET /metrics HTTP/1.0\r\n\r\n", " 200 ", "hello 1\n"},
    {"HEAD /metrics HTTP/1.0\r\n\r\n", " 200 ", "text/plain; version=0.0.4"},
    {"GET /healthz HTTP/1.0\r\n\r\n", " 200 ", "ok\n"},
    {"GET /other HTTP/1.0\r\n\r\n", " 404 ", "/metrics"},
    {"GET /../etc/passwd HTTP/1.0\r\n\r\n", " 404 ", "/metrics"},
    {"POST /metrics HTTP/1.0\r\nContent-Length: 2\r\n\r\nab", " 405 ", "only GET"},
};

static void
the_server_gives_the_page_and_nothing_else(void)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(NzMetricsServer) server = nz_metrics_server_new("0", &error);
  g_assert_no_error(error);
  g_assert_true(g_str_has_prefix(nz_metrics_server_address(server), "127.0.0.1:"));
  g_assert_false(nz_metrics_server_is_open(server));
  nz_metrics_server_set(server, g_string_new("hello 1\n"));
  for (gsize i = 0; i < G_N_ELEMENTS(requests); i++) {
    g_test_message("%s", requests[i].request);
    g_autofree char *answer = ask(nz_metrics_server_address(server), requests[i].request);
    assert_holds(answer, requests[i].status);
    assert_holds(answer, requests[i].body);
  }
}

static void
places_to_listen_are_addresses_with_ports(void)
{
  static const char *const bad[] = {
      "",      "web",    "65536",   "-1",        "1:",          "host:80", "1.2.3:80",
      "[::1]", "::1:80", "[::1:80", "127.0.0.1", "127.0.0.1:x", ":80",     "[]:80"};
  for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
    g_autoptr(GError) error = NULL;
    g_test_message("%s", bad[i]);
    g_assert_null(nz_metrics_server_new(bad[i], &error));
    assert_holds(error->message, "no place to listen");
  }
  g_autoptr(GError) error = NULL;
  g_autoptr(NzMetricsServer) open = nz_metrics_server_new("0.0.0.0:0", &error);
  g_assert_no_error(error);
  g_assert_true(nz_metrics_server_is_open(open));
  g_assert_null(nz_metrics_server_new(nz_metrics_server_address(open), &error));
  assert_holds(error->message, "cannot listen at");
}

/* --- the system's log and systemd --- */

static int
datagrams_at(const char *path)
{
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  g_strlcpy(address.sun_path, path, sizeof address.sun_path);
  int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  g_assert_cmpint(bind(fd, (struct sockaddr *)&address, sizeof address), ==, 0);
  return fd;
}

static char *
receive(int fd)
{
  char text[4096];
  gssize n = recv(fd, text, sizeof text - 1, 0);
  return n < 0 ? NULL : g_strndup(text, (gsize)n);
}

static void
log_a_root(NzSyslog *log)
{
  NzContainerFacts facts = {.name = (char *)"web", .image = (char *)"nginx:1\nPRIORITY=0"};
  NzRunning running = {.facts = &facts};
  const NzRootFact fact = {.executable = (char *)"/bin/sh",
                           .terminal = (char *)"pts0",
                           .cause = NZ_ROOT_EXEC_INJECTED,
                           .pid = 42,
                           .on_host = TRUE};
  g_assert_true(nz_cgroup_container("/docker/" ID, &running.ref));
  facts.ref = running.ref;
  nz_syslog_root(log, &running, &fact, NULL);
}

static void
journald_gets_fields_that_nobody_can_forge(Place *place, gconstpointer data G_GNUC_UNUSED)
{
  g_autoptr(GError) error = NULL;
  int fd = datagrams_at(place->path);
  g_autoptr(NzSyslog) log = nz_syslog_new_at("journald", place->path, &error);
  g_assert_no_error(error);
  log_a_root(log);
  g_autofree char *text = receive(fd);
  static const char *const parts[] = {
      "MESSAGE=web: /bin/sh (process 42) is root: exec-injected, at the terminal pts0\n",
      "\nPRIORITY=4\n",
      "\nSYSLOG_IDENTIFIER=nonzero-watch\n",
      "\nCONTAINER_ID_FULL=" ID "\n",
      "\nIMAGE_NAME=nginx:1\\x0aPRIORITY=0\n",
      "\nNONZERO_CAUSE=exec-injected\n",
  };
  for (gsize i = 0; i < G_N_ELEMENTS(parts); i++)
    assert_holds(text, parts[i]);
  close(fd);
}

static void
syslog_gets_a_line(Place *place, gconstpointer data G_GNUC_UNUSED)
{
  int fd = datagrams_at(place->path);
  g_autoptr(NzSyslog) log = nz_syslog_new_at("syslog", place->path, NULL);
  nz_syslog_say(log, NZ_PRIORITY_ERR, "a\nb");
  g_autofree char *text = receive(fd);
  g_assert_true(g_str_has_prefix(text, "<83>"));
  assert_holds(text, "nonzero-watch[");
  g_assert_true(g_str_has_suffix(text, "]: a\\x0ab"));
  close(fd);
}

static void
a_log_that_takes_nothing_is_counted_and_found_again(Place *place, gconstpointer data G_GNUC_UNUSED)
{
  int fd = datagrams_at(place->path);
  g_autoptr(NzSyslog) log = nz_syslog_new_at("syslog", place->path, NULL);
  for (guint i = 0; i < 10000 && nz_syslog_lost(log) == 0; i++)
    nz_syslog_say(log, NZ_PRIORITY_INFO, "full");
  g_assert_cmpuint(nz_syslog_lost(log), ==, 1);
  close(fd);
  unlink(place->path);
  nz_syslog_say(log, NZ_PRIORITY_INFO, "gone");
  g_assert_cmpuint(nz_syslog_lost(log), ==, 2);
  fd = datagrams_at(place->path);
  nz_syslog_say(log, NZ_PRIORITY_INFO, "again");
  g_autofree char *text = receive(fd);
  assert_holds(text, "again");
  g_assert_cmpuint(nz_syslog_lost(log), ==, 2);
  close(fd);
}

static void
systemd_is_told(Place *place, gconstpointer data G_GNUC_UNUSED)
{
  int fd = datagrams_at(place->path);
  g_assert_true(g_setenv("NOTIFY_SOCKET", place->path, TRUE));
  nz_notify_ready("all\nis well");
  g_autofree char *ready = receive(fd);
  g_assert_cmpstr(ready, ==, "READY=1\nSTATUS=all\\x0ais well\n");
  nz_notify_reloading();
  g_autofree char *reloading = receive(fd);
  g_assert_true(g_str_has_prefix(reloading, "RELOADING=1\nMONOTONIC_USEC="));
  nz_notify_watchdog();
  g_autofree char *watchdog = receive(fd);
  g_assert_cmpstr(watchdog, ==, "WATCHDOG=1\n");
  nz_notify_stopping();
  g_autofree char *stopping = receive(fd);
  g_assert_cmpstr(stopping, ==, "STOPPING=1\n");
  g_unsetenv("NOTIFY_SOCKET");
  nz_notify_stopping();
  g_assert_null(receive(fd));
  close(fd);
}

static void
the_watchdog_is_fed_twice_in_its_time(void)
{
  static const struct {
    const char *usec, *pid;
    guint interval;
  } cases[] = {{"30000000", NULL, 15000}, {"1", NULL, 1},  {"30000000", "1", 0}, {"x", NULL, 0},
               {"-5", NULL, 0},           {NULL, NULL, 0}, {"0", NULL, 0}};
  for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
    g_unsetenv("WATCHDOG_USEC");
    g_unsetenv("WATCHDOG_PID");
    if (cases[i].usec)
      g_assert_true(g_setenv("WATCHDOG_USEC", cases[i].usec, TRUE));
    if (cases[i].pid)
      g_assert_true(g_setenv("WATCHDOG_PID", cases[i].pid, TRUE));
    g_assert_cmpuint(nz_notify_watchdog_interval(), ==, cases[i].interval);
  }
  g_unsetenv("WATCHDOG_USEC");
  g_unsetenv("WATCHDOG_PID");
}

/* --- privileges --- */

static gboolean
status_says(const char *what)
{
  g_autofree char *text = read_text("/proc/self/status");
  return strstr(text, what) != NULL;
}

static void
give_up_all_but_one(void)
{
  g_autoptr(GError) error = NULL;
  gboolean is_root = geteuid() == 0;
  if (!nz_privileges_drop(NZ_CAPABILITY(2), &error))
    _exit(1);
  const char *left = is_root ? "CapEff:\t0000000000000004\n" : "CapEff:\t0000000000000000\n";
  if (!status_says(left) || !status_says("NoNewPrivs:\t1\n") ||
      !status_says("CapInh:\t0000000000000000\n"))
    _exit(2);
  if (is_root && !status_says("CapBnd:\t0000000000000004\n"))
    _exit(3);
  /* Twice is as good as once. */
  _exit(nz_privileges_drop(NZ_CAPABILITY(2), &error) && status_says(left) ? 0 : 4);
}

static void
privileges_are_given_up_for_good(void)
{
  int status;
  pid_t child = fork();
  if (child == 0)
    give_up_all_but_one();
  g_assert_cmpint(waitpid(child, &status, 0), ==, child);
  g_assert_cmpint(status, ==, 0);
}

#define ADD(path, function) g_test_add(path, Place, NULL, place_init, function, place_clear)

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  ADD("/outlets/audit/sessions", sessions_are_logged_and_other_processes_are_not);
  ADD("/outlets/audit/append", a_log_is_appended_to_and_is_its_owners_alone);
  ADD("/outlets/audit/rotation", logs_are_rotated_by_size_and_no_line_is_lost);
  ADD("/outlets/audit/reopen", a_log_that_was_moved_away_begins_anew);
  ADD("/outlets/audit/full", a_full_disk_is_counted_and_said_and_tears_no_line);
  ADD("/outlets/audit/no-file", a_log_that_is_no_file_is_refused);
  g_test_add_func("/outlets/metrics/page", the_page_is_prometheus_text_with_few_series);
  g_test_add_func("/outlets/metrics/server", the_server_gives_the_page_and_nothing_else);
  g_test_add_func("/outlets/metrics/places", places_to_listen_are_addresses_with_ports);
  ADD("/outlets/log/journald", journald_gets_fields_that_nobody_can_forge);
  ADD("/outlets/log/syslog", syslog_gets_a_line);
  ADD("/outlets/log/lost", a_log_that_takes_nothing_is_counted_and_found_again);
  ADD("/outlets/systemd/states", systemd_is_told);
  g_test_add_func("/outlets/systemd/watchdog", the_watchdog_is_fed_twice_in_its_time);
  g_test_add_func("/outlets/privileges", privileges_are_given_up_for_good);
  return g_test_run();
}

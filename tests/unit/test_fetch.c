/* SPDX-License-Identifier: Apache-2.0 */
/* The client of fetch.h: with the real program and an engine's socket, and with programs in its
 * place that do not keep to the protocol. */
#include <errno.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/limits.h"
#include "image/fetch.h"
#include "image/json.h"

/* --- an engine --- */

typedef struct {
  char *dir, *path;
  int fd;
  const char *answer; /* after which the connection is closed */
  gsize body;         /* bytes that follow it */
  GThread *thread;
} Engine;

static void
serve_one(const Engine *self, int fd)
{
  char request[4096];
  if (read(fd, request, sizeof request) > 0) {
    g_autofree char *block = g_malloc0(4096);
    gssize put = write(fd, self->answer, strlen(self->answer));
    for (gsize done = 0; done < self->body && put > 0; done += (gsize)put)
      put = send(fd, block, MIN((gsize)4096, self->body - done), MSG_NOSIGNAL);
  }
  close(fd);
}

static gpointer
serve(gpointer data)
{
  Engine *self = data;
  int fd;
  while ((fd = accept(self->fd, NULL, NULL)) >= 0)
    serve_one(self, fd);
  return NULL;
}

static void
engine_start(Engine *self, const char *answer, gsize body)
{
  self->answer = answer;
  self->body = body;
  self->dir = g_dir_make_tmp("nonzero-XXXXXX", NULL);
  self->path = g_build_filename(self->dir, "socket", NULL);
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  g_strlcpy(address.sun_path, self->path, sizeof address.sun_path);
  self->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  g_assert_cmpint(bind(self->fd, (struct sockaddr *)&address, sizeof address), ==, 0);
  g_assert_cmpint(listen(self->fd, 8), ==, 0);
  self->thread = g_thread_new("engine", serve, self);
}

static void
engine_stop(Engine *self)
{
  shutdown(self->fd, SHUT_RDWR);
  g_thread_join(self->thread);
  close(self->fd);
  g_unlink(self->path);
  g_rmdir(self->dir);
  g_free(self->path);
  g_free(self->dir);
}

static json_t *
socket_request(const char *path)
{
  return json_pack("{s:s, s:s, s:s}", "op", "socket", "socket", path, "path", "/images/json");
}

static NzFetch *
start(guint n)
{
  g_autoptr(GError) error = NULL;
  NzFetch *fetch = nz_fetch_start(n, NULL, &error);
  g_assert_no_error(error);
  return fetch;
}

/* --- the real program --- */

static void
test_reads_an_answer(void)
{
  Engine engine = {0};
  engine_start(&engine, "HTTP/1.1 404 Not Found\r\nContent-Length: 5\r\n\r\nhello", 0);
  g_autoptr(NzFetch) fetch = start(1);
  g_autoptr(NzJson) request = socket_request(engine.path);
  for (int i = 0; i < 3; i++) {
    g_autoptr(GError) error = NULL;
    g_autoptr(NzJson) head = NULL;
    g_autoptr(GBytes) bytes = nz_fetch_read(fetch, request, 5, &head, &error);
    g_assert_no_error(error);
    g_assert_cmpint(json_integer_value(json_object_get(head, "status")), ==, 404);
    g_assert_cmpmem(g_bytes_get_data(bytes, NULL), (int)g_bytes_get_size(bytes), "hello", 5);
  }
  engine_stop(&engine);
}

static void
test_bounds_an_answer(void)
{
  Engine engine = {0};
  engine_start(&engine, "HTTP/1.1 200 OK\r\n\r\n", 64 << 20);
  g_autoptr(NzFetch) fetch = start(1);
  g_autoptr(NzJson) request = socket_request(engine.path);
  for (int i = 0; i < 3; i++) { /* what was given up does not stand in the way of the next */
    g_autoptr(GError) error = NULL;
    g_assert_null(nz_fetch_read(fetch, request, 100000, NULL, &error));
    g_assert_error(error, NZ_ERROR, NZ_ERROR_LIMIT);
  }
  engine_stop(&engine);
}

static void
test_counts_and_cancels(void)
{
  Engine engine = {0};
  engine_start(&engine, "HTTP/1.1 200 OK\r\n\r\n", 8 << 20);
  g_autoptr(NzFetch) fetch = start(1);
  g_autoptr(NzJson) request = socket_request(engine.path);
  g_autoptr(GError) error = NULL;
  NzControl control = {0};
  g_autoptr(NzStream) stream = nz_fetch_open(fetch, request, &control, NULL, &error);
  g_assert_no_error(error);
  g_assert_cmpint(nz_stream_skip(stream, 1 << 20, &error), ==, 1 << 20);
  g_assert_cmpuint((gsize)g_atomic_pointer_get(&control.bytes_in), >=, 1 << 20);
  g_atomic_int_set(&control.cancelled, 1);
  g_assert_cmpint(nz_stream_skip(stream, 7 << 20, &error), ==, -1);
  g_assert_error(error, NZ_ERROR, NZ_ERROR_CANCELLED);
  g_clear_pointer(&stream, nz_stream_free);
  engine_stop(&engine);
}

static void
test_more_readers_than_channels_wait(void)
{
  Engine engine = {0};
  engine_start(&engine, "HTTP/1.1 200 OK\r\n\r\n", 1 << 20);
  g_autoptr(NzFetch) fetch = start(1);
  g_autoptr(NzJson) request = socket_request(engine.path);
  g_autoptr(GError) error = NULL;
  NzControl control = {.cancelled = 1};
  g_autoptr(NzStream) first = nz_fetch_open(fetch, request, NULL, NULL, &error);
  g_assert_no_error(error);
  g_assert_null(nz_fetch_open(fetch, request, &control, NULL, &error));
  g_assert_error(error, NZ_ERROR, NZ_ERROR_CANCELLED);
  g_clear_pointer(&first, nz_stream_free);
  engine_stop(&engine);
}

static void
test_says_what_is_not_there(void)
{
  g_autoptr(NzFetch) fetch = start(1);
  g_autoptr(NzJson) request = socket_request("/nonexistent/socket");
  g_autoptr(GError) error = NULL;
  g_assert_null(nz_fetch_read(fetch, request, 100, NULL, &error));
  g_assert_error(error, NZ_ERROR, NZ_ERROR_NOT_FOUND);
  g_assert_nonnull(strstr(error->message, "/nonexistent/socket"));
}

static void
test_sockets_that_were_not_named_are_denied(void)
{
  const char *const argv[] = {"--socket=/run/other", NULL};
  g_autoptr(GError) error = NULL;
  g_autoptr(NzFetch) fetch = nz_fetch_start(1, argv, &error);
  g_assert_no_error(error);
  g_autoptr(NzJson) request = socket_request("/run/docker.sock");
  g_assert_null(nz_fetch_read(fetch, request, 100, NULL, &error));
  g_assert_error(error, NZ_ERROR, NZ_ERROR_IO);
  g_assert_nonnull(strstr(error->message, "named"));
}

/* --- others in its place --- */

static void
test_a_program_that_is_missing(void)
{
  g_autofree char *real = g_strdup(g_getenv("NONZERO_FETCH"));
  g_setenv("NONZERO_FETCH", "/nonexistent/nonzero-fetch", TRUE);
  g_autoptr(GError) error = NULL;
  g_assert_null(nz_fetch_start(1, NULL, &error));
  g_assert_error(error, NZ_ERROR, NZ_ERROR_IO);
  g_assert_nonnull(strstr(error->message, "/nonexistent/nonzero-fetch"));
  g_setenv("NONZERO_FETCH", real, TRUE);
}

/* What a program that runs COMMANDS of a shell, with the channel as 3, is answered with. */
static void
assert_fails(const char *commands, gint code)
{
  g_autofree char *real = g_strdup(g_getenv("NONZERO_FETCH"));
  g_autofree char *dir = g_dir_make_tmp("nonzero-XXXXXX", NULL);
  g_autofree char *path = g_build_filename(dir, "program", NULL);
  g_autofree char *text = g_strconcat("#!/bin/sh\n", commands, "\n", NULL);
  g_assert_true(g_file_set_contents_full(path, text, -1, G_FILE_SET_CONTENTS_NONE, 0700, NULL));
  g_setenv("NONZERO_FETCH", path, TRUE);
  g_autoptr(NzFetch) fetch = start(1);
  g_autoptr(NzJson) request = socket_request("/run/docker.sock");
  for (int i = 0; i < 2; i++) { /* again: a channel that was lost is not waited for */
    g_autoptr(GError) error = NULL;
    g_assert_null(nz_fetch_read(fetch, request, 100, NULL, &error));
    gint expected = i == 0 ? code : NZ_ERROR_IO;
    g_assert_error(error, NZ_ERROR, expected);
  }
  g_setenv("NONZERO_FETCH", real, TRUE);
  g_unlink(path);
  g_rmdir(dir);
}

static void
test_a_program_that_ends(void)
{
  assert_fails("exit 0", NZ_ERROR_IO);
  assert_fails("printf 'H\\001\\000' >&3", NZ_ERROR_IO);
}

static void
test_a_program_that_talks_nonsense(void)
{
  assert_fails("printf 'H\\377\\377\\377\\377' >&3; sleep 0.2", NZ_ERROR_IO);  /* 4 GiB */
  assert_fails("printf 'D\\001\\000\\000\\000x' >&3; sleep 0.2", NZ_ERROR_IO); /* no head */
  assert_fails("printf 'H\\002\\000\\000\\000[]' >&3; sleep 0.2", NZ_ERROR_IO);
  assert_fails("printf 'H\\002\\000\\000\\000{}H\\002\\000\\000\\000{}' >&3; sleep 0.2",
               NZ_ERROR_IO); /* two heads */
  assert_fails("printf 'X\\002\\000\\000\\000{}' >&3; sleep 0.2", NZ_ERROR_IO);
}

static void
test_a_program_that_sends_too_much(void)
{
  /* It reads of the request before: to one that has ended none can be sent. */
  assert_fails("head -c 1 <&3 >&2; printf 'H\\002\\000\\000\\000{}D\\377\\000\\000\\000' >&3; "
               "head -c 300 /dev/zero >&3",
               NZ_ERROR_LIMIT);
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/fetch/reads-an-answer", test_reads_an_answer);
  g_test_add_func("/fetch/bounds-an-answer", test_bounds_an_answer);
  g_test_add_func("/fetch/counts-and-cancels", test_counts_and_cancels);
  g_test_add_func("/fetch/more-readers-than-channels-wait", test_more_readers_than_channels_wait);
  g_test_add_func("/fetch/says-what-is-not-there", test_says_what_is_not_there);
  g_test_add_func("/fetch/sockets-not-named-are-denied",
                  test_sockets_that_were_not_named_are_denied);
  g_test_add_func("/fetch/program-missing", test_a_program_that_is_missing);
  g_test_add_func("/fetch/program-ends", test_a_program_that_ends);
  g_test_add_func("/fetch/program-talks-nonsense", test_a_program_that_talks_nonsense);
  g_test_add_func("/fetch/program-sends-too-much", test_a_program_that_sends_too_much);
  return g_test_run();
}

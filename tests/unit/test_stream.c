/* SPDX-License-Identifier: Apache-2.0 */
/* Streams: looking, taking, skipping, and what lies below them ending too early. */
#include <string.h>
#include <unistd.h>

#include "core/limits.h"
#include "support.h"

/* A file without a name that holds DATA. */
static int
file_of(const void *data, gsize len)
{
  g_autofree char *path = g_build_filename(g_get_tmp_dir(), "nonzero-test-XXXXXX", NULL);
  int fd = g_mkstemp(path);
  g_assert_cmpint(fd, >=, 0);
  unlink(path);
  g_assert_cmpint(write(fd, data, len), ==, (gssize)len);
  return fd;
}

static void
test_peek_shows_and_take_takes(void)
{
  g_autoptr(NzStream) stream = nz_memory_stream_new("abcdef", 6);
  const guint8 *data;
  g_assert_cmpint(nz_stream_peek(stream, &data, NULL), ==, 6);
  g_assert_cmpint(nz_stream_peek(stream, &data, NULL), ==, 6);
  nz_stream_take(stream, 2);
  g_assert_cmpint(nz_stream_peek(stream, &data, NULL), ==, 4);
  g_assert_cmpmem(data, 4, "cdef", 4);
  g_assert_cmpuint(stream->position, ==, 2);
  nz_stream_take(stream, 4);
  g_assert_cmpint(nz_stream_peek(stream, &data, NULL), ==, 0);
}

static void
test_read_crosses_pieces_and_ends_short(void)
{
  for (gsize step = 1; step <= 7; step++) {
    g_autoptr(NzStream) stream = dribble_stream_new("abcdefg", 7, step);
    char buf[8] = "";
    g_assert_cmpint(nz_stream_read(stream, buf, 5, NULL), ==, 5);
    g_assert_cmpstr(buf, ==, "abcde");
    g_assert_cmpint(nz_stream_read(stream, buf, 5, NULL), ==, 2);
    g_assert_cmpint(nz_stream_read(stream, buf, 5, NULL), ==, 0);
    g_assert_cmpuint(stream->position, ==, 7);
  }
}

static void
test_skip_passes_over_what_is_there(void)
{
  for (gsize step = 1; step <= 7; step++) {
    g_autoptr(NzStream) stream = dribble_stream_new("abcdefg", 7, step);
    char c;
    g_assert_cmpint(nz_stream_skip(stream, 3, NULL), ==, 3);
    g_assert_cmpint(nz_stream_read(stream, &c, 1, NULL), ==, 1);
    g_assert_cmpint(c, ==, 'd');
    g_assert_cmpint(nz_stream_skip(stream, 100, NULL), ==, 3);
    g_assert_cmpuint(stream->position, ==, 7);
  }
}

static void
test_sniffed_bytes_stay_in_the_stream(void)
{
  for (gsize step = 1; step <= 8; step++) {
    g_autoptr(NzStream) stream = dribble_stream_new("abcdefg", 7, step);
    char buf[8] = "", all[8] = "";
    g_assert_cmpint(nz_stream_sniff(stream, buf, 4, NULL), ==, 4);
    g_assert_cmpmem(buf, 4, "abcd", 4);
    g_assert_cmpint(nz_stream_sniff(stream, buf, 3, NULL), ==, 3);
    g_assert_cmpuint(stream->position, ==, 0);
    g_assert_cmpint(nz_stream_read(stream, all, 8, NULL), ==, 7);
    g_assert_cmpstr(all, ==, "abcdefg");
    g_assert_cmpuint(stream->position, ==, 7);
  }
}

static void
test_sniffed_bytes_can_be_skipped(void)
{
  for (gsize step = 1; step <= 8; step++) {
    g_autoptr(NzStream) stream = dribble_stream_new("abcdefg", 7, step);
    char buf[8] = "";
    g_assert_cmpint(nz_stream_sniff(stream, buf, 4, NULL), ==, 4);
    g_assert_cmpint(nz_stream_skip(stream, 5, NULL), ==, 5);
    g_assert_cmpint(nz_stream_read(stream, buf, 2, NULL), ==, 2);
    g_assert_cmpmem(buf, 2, "fg", 2);
  }
}

static void
test_sniffing_a_short_stream_shows_all_of_it(void)
{
  for (gsize len = 0; len <= 3; len++) {
    g_autoptr(NzStream) stream = dribble_stream_new("abc", len, 1);
    char buf[8];
    g_assert_cmpint(nz_stream_sniff(stream, buf, 8, NULL), ==, (gssize)len);
    g_assert_cmpint(nz_stream_sniff(stream, buf, 8, NULL), ==, (gssize)len);
    g_assert_cmpint(nz_stream_read(stream, buf, 8, NULL), ==, (gssize)len);
  }
}

static void
test_a_slice_ends_where_it_should(void)
{
  g_autoptr(NzStream) parent = dribble_stream_new("abcdefgh", 8, 3);
  g_assert_cmpint(nz_stream_skip(parent, 1, NULL), ==, 1);
  g_autoptr(GBytes) bytes = read_all(nz_slice_stream_new(parent, 5), NULL);
  assert_bytes(bytes, "bcdef", 5);
  char rest[4] = "";
  g_assert_cmpint(nz_stream_read(parent, rest, 4, NULL), ==, 2);
  g_assert_cmpstr(rest, ==, "gh");
}

static void
test_a_slice_of_too_little_is_an_error(void)
{
  g_autoptr(NzStream) parent = nz_memory_stream_new("abc", 3);
  g_autoptr(GError) error = NULL;
  g_autoptr(GBytes) bytes = read_all(nz_slice_stream_new(parent, 5), &error);
  g_assert_null(bytes);
  assert_error_says(&error, NZ_ERROR_INPUT, "it ends 2 bytes before it should");
}

static void
test_a_file_range_is_read_whole(void)
{
  gsize len = 3 * NZ_CHUNK_SIZE + 17;
  g_autofree guint8 *data = noise(len, 1);
  NzControl control = {0};
  int fd = file_of(data, len);
  g_autoptr(GBytes) bytes = read_all(nz_file_stream_new(fd, TRUE, 5, len - 10, &control), NULL);
  assert_bytes(bytes, data + 5, len - 10);
  g_assert_cmpuint(control.bytes_in, ==, len - 10);
}

static void
test_a_file_is_skipped_without_reading(void)
{
  gsize len = 2 * NZ_CHUNK_SIZE;
  g_autofree guint8 *data = noise(len, 2);
  int fd = file_of(data, len);
  g_autoptr(NzStream) stream = nz_file_stream_new(fd, TRUE, 0, len, NULL);
  guint8 buf[4];
  g_assert_cmpint(nz_stream_read(stream, buf, 4, NULL), ==, 4);
  g_assert_cmpint(nz_stream_skip(stream, NZ_CHUNK_SIZE, NULL), ==, (gint64)NZ_CHUNK_SIZE);
  g_assert_cmpint(nz_stream_read(stream, buf, 4, NULL), ==, 4);
  g_assert_cmpmem(buf, 4, data + 4 + NZ_CHUNK_SIZE, 4);
  g_assert_cmpint(nz_stream_skip(stream, G_MAXINT64, NULL), ==, (gint64)NZ_CHUNK_SIZE - 8);
}

static void
test_a_file_that_ends_early_is_called_truncated(void)
{
  int fd = file_of("abc", 3);
  g_autoptr(GError) error = NULL;
  g_autoptr(GBytes) bytes = read_all(nz_file_stream_new(fd, TRUE, 0, 10, NULL), &error);
  g_assert_null(bytes);
  assert_error_says(&error, NZ_ERROR_INPUT, "it ends 7 bytes before it should");
}

static void
test_a_cancelled_reader_stops(void)
{
  NzControl control = {.cancelled = 1};
  g_autoptr(GError) error = NULL;
  int fd = file_of("abc", 3);
  g_autoptr(GBytes) bytes = read_all(nz_file_stream_new(fd, TRUE, 0, 3, &control), &error);
  g_assert_null(bytes);
  assert_error_says(&error, NZ_ERROR_CANCELLED, "cancelled");
}

static void
test_a_pipe_is_read_to_its_end(void)
{
  int ends[2];
  g_assert_cmpint(pipe(ends), ==, 0);
  g_assert_cmpint(write(ends[1], "through a pipe", 14), ==, 14);
  close(ends[1]);
  g_autoptr(GBytes) bytes = read_all(nz_pipe_stream_new(ends[0], NULL), NULL);
  assert_bytes(bytes, "through a pipe", 14);
  close(ends[0]);
}

static void
test_a_descriptor_that_cannot_be_read_is_an_error(void)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GBytes) bytes = read_all(nz_pipe_stream_new(-1, NULL), &error);
  g_assert_null(bytes);
  assert_error_says(&error, NZ_ERROR_IO, "cannot read: ");
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
#define ADD(name, func) g_test_add_func("/stream/" name, func)
  ADD("peek-shows-and-take-takes", test_peek_shows_and_take_takes);
  ADD("read-crosses-pieces-and-ends-short", test_read_crosses_pieces_and_ends_short);
  ADD("skip-passes-over-what-is-there", test_skip_passes_over_what_is_there);
  ADD("sniffed-bytes-stay-in-the-stream", test_sniffed_bytes_stay_in_the_stream);
  ADD("sniffed-bytes-can-be-skipped", test_sniffed_bytes_can_be_skipped);
  ADD("sniffing-a-short-stream-shows-all-of-it", test_sniffing_a_short_stream_shows_all_of_it);
  ADD("a-slice-ends-where-it-should", test_a_slice_ends_where_it_should);
  ADD("a-slice-of-too-little-is-an-error", test_a_slice_of_too_little_is_an_error);
  ADD("a-file-range-is-read-whole", test_a_file_range_is_read_whole);
  ADD("a-file-is-skipped-without-reading", test_a_file_is_skipped_without_reading);
  ADD("a-file-that-ends-early-is-called-truncated",
      test_a_file_that_ends_early_is_called_truncated);
  ADD("a-cancelled-reader-stops", test_a_cancelled_reader_stops);
  ADD("a-pipe-is-read-to-its-end", test_a_pipe_is_read_to_its_end);
  ADD("a-descriptor-that-cannot-be-read-is-an-error",
      test_a_descriptor_that_cannot_be_read_is_an_error);
  return g_test_run();
}

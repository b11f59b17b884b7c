/* SPDX-License-Identifier: Apache-2.0 */
/* An archive read in two places at once gives what one reader gives: the same entries, the same
 * error, whatever lies in its bodies. */
#include "image/segments.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "support.h"

/* --- both ways of reading --- */

#define STARTS_MAX 256u

typedef struct {
  guint64 at[STARTS_MAX];
  guint n;
} Starts;

static void
add_entry(GString *out, const NzEntry *e)
{
  guint body = e->body ? g_bytes_hash(e->body) : 0;
  g_string_append_printf(out, "%d %s%s%s %04o %u:%u cap %d out %d ovl %d body %d %08x\n", e->kind,
                         e->path, e->target ? " -> " : "", e->target ? e->target : "", e->mode,
                         e->uid, e->gid, nz_capability_is_there(&e->capability), e->outside,
                         e->overlay_attribute, e->body_kind, body);
}

/* What LOG holds, with its error as the last line. Of a layer with an error, only that. */
static char *
text_of(NzLayerLog *log)
{
  g_autoptr(NzLogCursor) cursor = nz_log_cursor_new(log, FALSE);
  g_autoptr(GError) error = NULL;
  GString *out = g_string_new(NULL);
  NzEntry e;
  while (nz_log_cursor_next(cursor, &e, &error) == 1)
    add_entry(out, &e);
  if (error)
    g_string_printf(out, "! %d %s\n", error->code, error->message);
  return g_string_free(out, FALSE);
}

static char *
read_serial(const GByteArray *tar)
{
  g_autoptr(NzLogBudget) budget = nz_log_budget_new(G_MAXSIZE / 2, FALSE);
  g_autoptr(NzLayerLog) log = nz_layer_log_new(budget, 0);
  g_autoptr(NzStream) stream = nz_memory_stream_new(tar->data, tar->len);
  NzReadOptions options = {0};
  GError *error = NULL;
  nz_layer_read_entries(stream, &options, log, NULL, NULL, &error);
  nz_layer_log_close(log, error);
  return text_of(log);
}

static char *
read_by_plan(const GByteArray *tar, NzSegmentPlan *plan, guint *n_counted)
{
  g_autoptr(NzLogBudget) budget = nz_log_budget_new(G_MAXSIZE / 2, FALSE);
  g_autoptr(NzLayerLog) log = nz_layer_log_new(budget, 0);
  g_autoptr(NzStream) stream = nz_memory_stream_new(tar->data, tar->len);
  gint spare = 1;
  NzControl control = {0};
  NzReadOptions options = {.control = &control, .spare = &spare};
  GError *error = NULL;
  plan->n_counted = n_counted;
  gboolean ok = nz_segments_read(stream, tar->len, plan, &options, log, &error);
  g_assert_cmpint(ok, ==, error == NULL);
  g_assert_cmpint(spare, ==, 1);
  nz_layer_log_close(log, error);
  return text_of(log);
}

/* Reads TAR with segments at STARTS; returns how many counted. */
static guint
assert_same(const GByteArray *tar, const Starts *starts)
{
  guint n_counted;
  NzSegmentPlan plan = {.part = G_MAXUINT64, .starts = starts->at, .n_starts = starts->n};
  g_autofree char *want = read_serial(tar), *got = read_by_plan(tar, &plan, &n_counted);
  g_assert_cmpstr(got, ==, want);
  return n_counted;
}

/* The same where the reader itself looks for places to split. */
static guint
assert_same_when_split(const GByteArray *tar)
{
  guint n_counted;
  NzSegmentPlan plan = {.part = 1024};
  g_autofree char *want = read_serial(tar), *got = read_by_plan(tar, &plan, &n_counted);
  g_assert_cmpstr(got, ==, want);
  return n_counted;
}

static Starts
at_end_of(const GByteArray *tar)
{
  return (Starts){{tar->len}, 1};
}

/* All blocks that are a header, of the archive or in a body. */
static Starts
all_headers(const GByteArray *tar)
{
  Starts starts = {.n = 0};
  for (guint at = 512; at + 512 <= tar->len && starts.n < STARTS_MAX; at += 512)
    if (nz_tar_is_header(tar->data + at))
      starts.at[starts.n++] = at;
  return starts;
}

/* --- where a segment may begin --- */

static void
test_a_chain_that_arrives_goes_on_behind(void)
{
  g_autoptr(GByteArray) tar = g_byte_array_new();
  TAR(tar, .name = "etc/passwd", .body = "root:x:0:0\n");
  TAR(tar, .name = "bin/su", .mode = 04755, .body = "x");
  Starts starts = at_end_of(tar);
  TAR(tar, .name = "bin/link", .type = '1', .link = "bin/su");
  TAR(tar, .name = "etc/group", .body = "root:x:0:\n");
  tar_end(tar);
  g_assert_cmpuint(assert_same(tar, &starts), ==, 2);
  starts = all_headers(tar);
  g_assert_cmpuint(assert_same(tar, &starts), ==, 4);
}

static void
test_a_header_that_is_described_by_another_is_no_begin(void)
{
  g_autoptr(GByteArray) by_pax = g_byte_array_new(), by_gnu = g_byte_array_new();
  TAR(by_pax, .name = "a");
  tar_pax(by_pax, 'x', "path", "real", "uid", "7", NULL);
  Starts starts = at_end_of(by_pax);
  TAR(by_pax, .name = "not-real", .mode = 04755);
  tar_end(by_pax);
  g_assert_cmpuint(assert_same(by_pax, &starts), ==, 1);

  TAR(by_gnu, .name = "a");
  tar_long(by_gnu, 'L', "real");
  starts = at_end_of(by_gnu);
  TAR(by_gnu, .name = "not-real", .mode = 04755);
  tar_end(by_gnu);
  g_assert_cmpuint(assert_same(by_gnu, &starts), ==, 1);
}

/* They are counted in a row, and there is a limit. */
static void
test_global_headers_are_counted_across_a_begin(void)
{
  g_autoptr(GByteArray) tar = g_byte_array_new();
  TAR(tar, .name = "a");
  Starts starts = {.n = 0};
  for (guint i = 0; i < 100; i++) {
    tar_pax(tar, 'g', "comment", "x", NULL);
    if (i == 50)
      starts = at_end_of(tar);
  }
  TAR(tar, .name = "b");
  tar_end(tar);
  g_autofree char *text = read_serial(tar);
  assert_holds(text, "more than 64 extended headers in a row");
  g_assert_cmpuint(assert_same(tar, &starts), ==, 1);
}

static void
test_what_is_behind_the_end_is_not_read(void)
{
  g_autoptr(GByteArray) ends = g_byte_array_new(), half = g_byte_array_new();
  TAR(ends, .name = "a");
  tar_end(ends);
  Starts starts = at_end_of(ends);
  TAR(ends, .name = "hidden", .mode = 04755);
  tar_end(ends);
  g_assert_cmpuint(assert_same(ends, &starts), ==, 1);

  guint8 zeros[512] = {0};
  TAR(half, .name = "a");
  g_byte_array_append(half, zeros, sizeof zeros);
  starts = at_end_of(half);
  TAR(half, .name = "b");
  tar_end(half);
  g_autofree char *text = read_serial(half);
  assert_holds(text, "one zero block and then more data");
  g_assert_cmpuint(assert_same(half, &starts), ==, 1);
}

static void
test_errors_behind_a_begin_stand_where_they_are(void)
{
  g_autoptr(GByteArray) tar = g_byte_array_new();
  TAR(tar, .name = "a", .body = "xxx");
  Starts starts = at_end_of(tar);
  TAR(tar, .name = "b", .body = "xxx");
  guint at = tar->len;
  TAR(tar, .name = "c", .body = "xxx");
  TAR(tar, .name = "d", .body = "xxx");
  tar_end(tar);
  tar->data[at + 148] ^= 1;
  g_autofree char *text = read_serial(tar);
  assert_holds(text, "bad tar header at byte 2048, of or after b");
  g_assert_cmpuint(assert_same(tar, &starts), ==, 2);

  g_byte_array_set_size(tar, at - 511);
  g_assert_cmpuint(assert_same(tar, &starts), ==, 2);
}

static void
test_a_body_without_end_passes_over_all_begins(void)
{
  g_autoptr(GByteArray) tar = g_byte_array_new();
  TAR(tar, .name = "a");
  TAR(tar, .name = "huge", .size = (G_GINT64_CONSTANT(1) << 33) - 1);
  TAR(tar, .name = "hidden", .mode = 04755);
  TAR(tar, .name = "hidden-too", .mode = 04755);
  tar_end(tar);
  Starts starts = {{1024, 1536}, 2};
  g_assert_cmpuint(assert_same(tar, &starts), ==, 1);
}

/* The size that PAX gives decides where the next header is. */
static void
test_a_size_by_pax_passes_over_a_begin(void)
{
  g_autoptr(GByteArray) tar = g_byte_array_new();
  tar_pax(tar, 'x', "size", "1024", NULL);
  TAR(tar, .name = "a");
  Starts starts = at_end_of(tar);
  TAR(tar, .name = "hidden", .mode = 04755);
  TAR(tar, .name = "hidden-too", .mode = 04755);
  TAR(tar, .name = "b");
  tar_end(tar);
  g_assert_cmpuint(assert_same(tar, &starts), ==, 1);
  starts.at[starts.n++] = tar->len - 3 * 512;
  g_assert_cmpuint(assert_same(tar, &starts), ==, 2);
}

/* An archive in a body, which begins at any byte of it: none of its entries count. */
static void
test_archives_in_bodies_do_not_count(void)
{
  g_autoptr(GByteArray) inner = g_byte_array_new();
  for (guint i = 0; i < 6; i++)
    TAR(inner, .name = "hidden", .mode = 04755, .body = "x");
  for (guint shift = 0; shift <= 1024; shift += 32) {
    g_autoptr(GByteArray) body = g_byte_array_new(), tar = g_byte_array_new();
    g_byte_array_set_size(body, shift);
    memset(body->data, 'x', shift);
    g_byte_array_append(body, inner->data, inner->len);
    TAR(tar, .name = "before", .body = "x");
    TAR(tar, .name = "nested", .body = (const char *)body->data, .body_len = body->len);
    TAR(tar, .name = "after", .body = "x");
    tar_end(tar);
    Starts starts = all_headers(tar);
    g_assert_cmpuint(starts.n, ==, shift % 512 == 0 ? 8 : 2);
    g_assert_cmpuint(assert_same(tar, &starts), ==, 3);
    assert_same_when_split(tar);
  }
}

/* --- a second thread, and its budget --- */

#define MANY 20000u

static GByteArray *
many_entries(void)
{
  GByteArray *tar = g_byte_array_new();
  for (guint i = 0; i < MANY; i++) {
    g_autofree char *name = g_strdup_printf("usr/share/%u/%0*u", i / 100, (int)(i % 50), i);
    TAR(tar, .name = name, .uid = i);
  }
  tar_end(tar);
  return tar;
}

static void
test_a_large_archive_is_split(void)
{
  g_autoptr(GByteArray) tar = many_entries();
  guint most = 0;
  for (guint i = 0; i < 20 && most < 2; i++)
    most = MAX(most, assert_same_when_split(tar));
  g_assert_cmpuint(most, >=, 2);
}

static void
test_no_thread_where_no_processor_is_idle(void)
{
  g_autoptr(GByteArray) tar = many_entries();
  g_autoptr(NzLogBudget) budget = nz_log_budget_new(G_MAXSIZE / 2, FALSE);
  g_autoptr(NzLayerLog) log = nz_layer_log_new(budget, 0);
  g_autoptr(NzStream) stream = nz_memory_stream_new(tar->data, tar->len);
  gint spare = 0;
  guint n_counted;
  NzReadOptions options = {.spare = &spare};
  NzSegmentPlan plan = {.part = 1024, .n_counted = &n_counted};
  g_assert_true(nz_segments_read(stream, tar->len, &plan, &options, log, NULL));
  g_assert_cmpuint(n_counted, ==, 1);
  g_assert_cmpint(spare, ==, 0);
  nz_layer_log_close(log, NULL);
}

typedef struct {
  const GByteArray *tar;
  const Starts *starts;
  NzLayerLog *log;
  NzControl control;
} Job;

static gpointer
read_into_log(gpointer data)
{
  Job *job = data;
  g_autoptr(NzStream) stream = nz_memory_stream_new(job->tar->data, job->tar->len);
  gint spare = 1;
  NzReadOptions options = {.control = &job->control, .spare = &spare};
  NzSegmentPlan plan = {.part = 4096, .starts = job->starts->at, .n_starts = job->starts->n};
  GError *error = NULL;
  nz_segments_read(stream, job->tar->len, &plan, &options, job->log, &error);
  nz_layer_log_close(job->log, error);
  return NULL;
}

/* Segments that wait for those before them never stop these, however small the budget is. */
static void
test_a_small_budget_stalls_nobody(void)
{
  static const gsize sizes[] = {1, 40 << 10, 300 << 10};
  g_autoptr(GByteArray) tar = many_entries();
  g_autofree char *want = read_serial(tar);
  Starts starts = {.n = 0};
  for (guint i = 1; i < 16; i++)
    starts.at[starts.n++] = (guint64)i * (MANY / 16) * 512;
  for (guint i = 0; i < G_N_ELEMENTS(sizes); i++) {
    g_autoptr(NzLogBudget) budget = nz_log_budget_new(sizes[i], TRUE);
    g_autoptr(NzLayerLog) log = nz_layer_log_new(budget, 0);
    Job job = {.tar = tar, .starts = &starts, .log = log};
    GThread *thread = g_thread_new("layer", read_into_log, &job);
    g_autofree char *got = text_of(log);
    g_thread_join(thread);
    g_assert_cmpstr(got, ==, want);
  }
}

static void
test_cancelling_ends_all_segments(void)
{
  g_autoptr(GByteArray) tar = many_entries();
  Starts starts = {{(guint64)MANY / 2 * 512}, 1};
  g_autoptr(NzLogBudget) budget = nz_log_budget_new(1, TRUE);
  g_autoptr(NzLayerLog) log = nz_layer_log_new(budget, 3); /* whose turn never comes */
  Job job = {.tar = tar, .starts = &starts, .log = log};
  GThread *thread = g_thread_new("layer", read_into_log, &job);
  g_usleep(10000);
  g_atomic_int_set(&job.control.cancelled, 1);
  nz_log_budget_cancel(budget);
  g_thread_join(thread);
  g_autofree char *text = text_of(log);
  assert_holds(text, "cancelled");
}

/* What segments read that did not count is no part of the work done. */
static void
test_only_what_counted_is_progress(void)
{
  g_autoptr(GByteArray) body = many_entries(), tar = g_byte_array_new();
  TAR(tar, .name = "a");
  guint inner = tar->len + 512;
  TAR(tar, .name = "nested", .body = (const char *)body->data, .body_len = body->len);
  TAR(tar, .name = "b");
  tar_end(tar);
  Starts starts = {{inner}, 1};
  g_autofree char *path = NULL;
  int fd = g_file_open_tmp(NULL, &path, NULL);
  g_assert_true(g_file_set_contents(path, (const char *)tar->data, tar->len, NULL));
  g_autoptr(NzStream) stream = NULL;
  g_autoptr(NzLogBudget) budget = nz_log_budget_new(G_MAXSIZE / 2, FALSE);
  g_autoptr(NzLayerLog) log = nz_layer_log_new(budget, 0);
  gint spare = 1;
  NzControl control = {0};
  NzReadOptions options = {.control = &control, .spare = &spare};
  NzSegmentPlan plan = {.part = G_MAXUINT64, .starts = starts.at, .n_starts = starts.n};
  close(fd);
  fd = open(path, O_RDONLY | O_CLOEXEC);
  stream = nz_file_stream_new(fd, TRUE, 0, tar->len, &control);
  g_assert_true(nz_segments_read(stream, tar->len, &plan, &options, log, NULL));
  g_assert_cmpuint(control.bytes_in, <=, tar->len);
  g_assert_cmpuint(control.bytes_in, >=, body->len);
  nz_layer_log_close(log, NULL);
  unlink(path);
}

/* --- at random --- */

static void add_random(GByteArray *tar, guint depth);

static guint
pick(guint n)
{
  return (guint)g_test_rand_int_range(0, (gint32)n);
}

/* A file whose body may be an archive of its own, at any offset. */
static void
add_file(GByteArray *tar, guint depth)
{
  static const char *const names[] = {"a", "usr/bin/su", "etc/passwd", "etc/group", "../out", "d/"};
  g_autoptr(GByteArray) body = g_byte_array_new();
  g_byte_array_set_size(body, pick(2) ? pick(3) * 512 : pick(1500));
  memset(body->data, 'x', body->len);
  for (guint i = 0; depth < 3 && pick(3) == 0 && i < 4; i++)
    add_random(body, depth + 1);
  TAR(tar, .name = names[pick(G_N_ELEMENTS(names))], .mode = pick(2) ? 04755 : 0644, .uid = pick(3),
      .body = (const char *)body->data, .body_len = body->len, .magic = pick(3) ? NULL : TAR_GNU,
      .size = pick(20) ? 0 : 1 + pick(5000));
}

static void
add_special(GByteArray *tar)
{
  static const char *const sizes[] = {"0", "512", "1024", "3000", "-1"};
  switch (pick(6)) {
  case 0:
    tar_pax(tar, 'x', "path", "by-pax", "uid", "5", NULL);
    break;
  case 1:
    tar_pax(tar, 'x', "size", sizes[pick(G_N_ELEMENTS(sizes))], NULL);
    break;
  case 2:
    tar_pax(tar, 'g', "path", "global", NULL);
    break;
  case 3:
    tar_long(tar, 'L', "by-gnu");
    break;
  case 4:
    tar_long(tar, 'K', "link-by-gnu");
    break;
  default:
    tar_pax(tar, 'x', "GNU.sparse.major", "0", "GNU.sparse.minor", "1", "GNU.sparse.map", "0,3",
            "GNU.sparse.numblocks", "1", "GNU.sparse.size", "700", NULL);
    break;
  }
}

static void
add_random(GByteArray *tar, guint depth)
{
  guint8 zeros[512] = {0};
  switch (pick(12)) {
  case 0:
  case 1:
    add_special(tar);
    break;
  case 2:
    TAR(tar, .name = "link", .type = pick(2) ? '1' : '2', .link = "usr/bin/su", .size = pick(900));
    break;
  case 3:
    TAR(tar, .name = "odd", .type = "34567SZ"[pick(7)]);
    break;
  case 4:
    if (pick(4) == 0)
      g_byte_array_append(tar, zeros, sizeof zeros);
    if (pick(4) == 0)
      tar_end(tar);
    break;
  default:
    add_file(tar, depth);
  }
}

static GByteArray *
random_archive(void)
{
  GByteArray *tar = g_byte_array_new();
  for (guint n = 1 + pick(24); n > 0; n--)
    add_random(tar, 0);
  if (pick(4))
    tar_end(tar);
  if (pick(6) == 0 && tar->len > 0)
    tar->data[pick(tar->len)] ^= (guint8)(1 << pick(8));
  if (pick(6) == 0)
    g_byte_array_set_size(tar, pick(tar->len + 1));
  return tar;
}

static void
test_random_archives_are_read_the_same(void)
{
  guint n = g_test_slow() ? 50000 : 3000, n_split = 0;
  for (guint i = 0; i < n; i++) {
    g_autoptr(GByteArray) tar = random_archive();
    Starts all = all_headers(tar), some = {.n = 0};
    for (guint s = 0; s < all.n; s++)
      if (pick(3) == 0)
        some.at[some.n++] = all.at[s];
    n_split += assert_same(tar, &all) > 1;
    n_split += assert_same(tar, &some) > 1;
    assert_same_when_split(tar);
  }
  g_assert_cmpuint(n_split, >, n / 4);
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
#define ADD(name, func) g_test_add_func("/segments/" name, func)
  ADD("a-chain-that-arrives-goes-on-behind", test_a_chain_that_arrives_goes_on_behind);
  ADD("a-described-header-is-no-begin", test_a_header_that_is_described_by_another_is_no_begin);
  ADD("global-headers-are-counted-across", test_global_headers_are_counted_across_a_begin);
  ADD("what-is-behind-the-end-is-not-read", test_what_is_behind_the_end_is_not_read);
  ADD("errors-stand-where-they-are", test_errors_behind_a_begin_stand_where_they_are);
  ADD("a-body-without-end", test_a_body_without_end_passes_over_all_begins);
  ADD("a-size-by-pax", test_a_size_by_pax_passes_over_a_begin);
  ADD("archives-in-bodies-do-not-count", test_archives_in_bodies_do_not_count);
  ADD("a-large-archive-is-split", test_a_large_archive_is_split);
  ADD("no-thread-without-a-processor", test_no_thread_where_no_processor_is_idle);
  ADD("a-small-budget-stalls-nobody", test_a_small_budget_stalls_nobody);
  ADD("cancelling-ends-all-segments", test_cancelling_ends_all_segments);
  ADD("only-what-counted-is-progress", test_only_what_counted_is_progress);
  ADD("random-archives-are-read-the-same", test_random_archives_are_read_the_same);
  return g_test_run();
}

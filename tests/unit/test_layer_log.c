/* SPDX-License-Identifier: Apache-2.0 */
/* Logs: what goes in comes out, and who waits for whom. */
#include "rootfs/layer_log.h"

#include <string.h>

#include "core/limits.h"
#include "support.h"

static NzEntry
entry_of(NzEntryKind kind, const char *path)
{
  return (NzEntry){.kind = kind, .path = path, .path_len = strlen(path)};
}

static void
append(NzLayerLog *log, const NzEntry *e)
{
  g_autoptr(GError) error = NULL;
  g_assert_true(nz_layer_log_append(log, e, &error));
  g_assert_no_error(error);
}

static void
assert_next(NzLogCursor *cursor, const NzEntry *want)
{
  NzEntry got;
  g_autoptr(GError) error = NULL;
  g_assert_cmpint(nz_log_cursor_next(cursor, &got, &error), ==, 1);
  g_assert_cmpint(got.kind, ==, want->kind);
  g_assert_cmpstr(got.path, ==, want->path);
  g_assert_cmpuint(got.path_len, ==, want->path_len);
  g_assert_cmpstr(got.target, ==, want->target);
  g_assert_cmpuint(got.mode, ==, want->mode);
  g_assert_cmpuint(got.uid, ==, want->uid);
  g_assert_cmpuint(got.gid, ==, want->gid);
  g_assert_cmpint(got.outside, ==, want->outside);
  g_assert_cmpint(got.body_kind, ==, want->body_kind);
  g_assert_true(memcmp(&got.capability, &want->capability, sizeof want->capability) == 0);
  g_assert_true(got.body == want->body || g_bytes_equal(got.body, want->body));
}

static void
assert_end(NzLogCursor *cursor)
{
  NzEntry got;
  g_autoptr(GError) error = NULL;
  g_assert_cmpint(nz_log_cursor_next(cursor, &got, &error), ==, 0);
  g_assert_no_error(error);
}

/* --- round trips --- */

static void
test_entries_come_out_as_they_went_in(void)
{
  g_autoptr(GBytes) body = g_bytes_new_static("root:x:0:0", 10);
  g_autoptr(GBytes) empty = g_bytes_new_static("", 0);
  NzEntry entries[] = {
      entry_of(NZ_ENTRY_DIRECTORY, "usr"),
      entry_of(NZ_ENTRY_FILE, "usr/bin/su"),
      entry_of(NZ_ENTRY_SYMLINK, "usr/bin/sudo"),
      entry_of(NZ_ENTRY_HARDLINK, "usr/lib"),
      entry_of(NZ_ENTRY_FILE, "etc/passwd"),
      entry_of(NZ_ENTRY_FILE, "etc/group"),
      entry_of(NZ_ENTRY_FILE, "etc/group"),
      entry_of(NZ_ENTRY_FILE, "etc/group-of-others"),
      entry_of(NZ_ENTRY_WHITEOUT_DEVICE, "etc/g"),
      entry_of(NZ_ENTRY_DEVICE, "\xff\n"),
      entry_of(NZ_ENTRY_FILE, ""),
  };
  entries[1].mode = 07777;
  entries[1].uid = entries[1].gid = G_MAXUINT32;
  nz_capability_parse((const guint8 *)"\1\0\0\2\377\377\377\377\0\0\0\0\1\0\0\0\0\0\0\0", 20,
                      &entries[1].capability);
  entries[2].target = "";
  entries[3].target = "usr/bin/su";
  entries[4].body = body;
  entries[4].body_kind = NZ_BODY_TEXT;
  entries[5].body = empty;
  entries[5].body_kind = NZ_BODY_OWNERS;
  entries[6].body_kind = NZ_BODY_UNREADABLE;
  entries[7].outside = TRUE;

  g_autoptr(NzLogBudget) budget = nz_log_budget_new(1 << 20, TRUE);
  g_autoptr(NzLayerLog) log = nz_layer_log_new(budget, 0);
  for (gsize i = 0; i < G_N_ELEMENTS(entries); i++)
    append(log, &entries[i]);
  nz_layer_log_close(log, NULL);
  g_autoptr(NzLogCursor) cursor = nz_log_cursor_new(log, FALSE);
  for (gsize i = 0; i < G_N_ELEMENTS(entries); i++)
    assert_next(cursor, &entries[i]);
  assert_end(cursor);
}

/* Path number I of many that share their beginnings, across blocks. */
static char *
path_number(guint i)
{
  return g_strdup_printf("usr/share/%u/%0*u", i / 100, (int)(i % 50), i);
}

#define MANY 20000u

static void
write_many(NzLayerLog *log)
{
  for (guint i = 0; i < MANY; i++) {
    g_autofree char *path = path_number(i);
    NzEntry e = entry_of(NZ_ENTRY_FILE, path);
    e.mode = (guint16)(i % 4096);
    e.uid = i;
    append(log, &e);
  }
  nz_layer_log_close(log, NULL);
}

static void
assert_many(NzLogCursor *cursor)
{
  for (guint i = 0; i < MANY; i++) {
    g_autofree char *path = path_number(i);
    NzEntry e = entry_of(NZ_ENTRY_FILE, path);
    e.mode = (guint16)(i % 4096);
    e.uid = i;
    assert_next(cursor, &e);
  }
  assert_end(cursor);
}

static void
test_shared_beginnings_survive_the_ends_of_blocks(void)
{
  g_autoptr(NzLogBudget) budget = nz_log_budget_new(64 << 20, TRUE);
  g_autoptr(NzLayerLog) log = nz_layer_log_new(budget, 0);
  write_many(log);
  g_autoptr(NzLogCursor) cursor = nz_log_cursor_new(log, FALSE);
  assert_many(cursor);
}

static void
test_a_log_that_is_kept_is_read_again(void)
{
  g_autoptr(NzLogBudget) budget = nz_log_budget_new(64 << 20, FALSE);
  g_autoptr(NzLayerLog) log = nz_layer_log_new(budget, 0);
  write_many(log);
  for (guint i = 0; i < 3; i++) {
    g_autoptr(NzLogCursor) cursor = nz_log_cursor_new(log, TRUE);
    assert_many(cursor);
  }
}

static void
test_an_empty_log_is_empty(void)
{
  g_autoptr(NzLogBudget) budget = nz_log_budget_new(1, TRUE);
  g_autoptr(NzLayerLog) log = nz_layer_log_new(budget, 5);
  nz_layer_log_close(log, NULL);
  g_autoptr(NzLogCursor) cursor = nz_log_cursor_new(log, FALSE);
  assert_end(cursor);
}

static void
test_the_layers_error_comes_last(void)
{
  g_autoptr(NzLogBudget) budget = nz_log_budget_new(64 << 20, TRUE);
  g_autoptr(NzLayerLog) log = nz_layer_log_new(budget, 0);
  for (guint i = 0; i < MANY; i++) {
    g_autofree char *path = path_number(i);
    NzEntry e = entry_of(NZ_ENTRY_FILE, path);
    append(log, &e);
  }
  nz_layer_log_close(log, g_error_new(NZ_ERROR, NZ_ERROR_INPUT, "the layer is cut"));
  g_autoptr(NzLogCursor) cursor = nz_log_cursor_new(log, FALSE);
  g_autoptr(GError) error = NULL;
  NzEntry e;
  guint n = 0;
  int got;
  while ((got = nz_log_cursor_next(cursor, &e, &error)) == 1)
    n++;
  g_assert_cmpint(got, ==, -1);
  g_assert_cmpuint(n, >, 0);
  assert_error_says(&error, NZ_ERROR_INPUT, "the layer is cut");
}

/* --- the budget --- */

typedef struct {
  NzLayerLog *log;
  gint done;
  GError *error;
} Writer;

static gpointer
write_until_error(gpointer data)
{
  Writer *w = data;
  gboolean ok = TRUE;
  for (guint i = 0; ok && i < MANY; i++) {
    g_autofree char *path = path_number(i);
    NzEntry e = entry_of(NZ_ENTRY_FILE, path);
    e.mode = (guint16)(i % 4096);
    e.uid = i;
    ok = nz_layer_log_append(w->log, &e, &w->error);
  }
  nz_layer_log_close(w->log, w->error ? g_error_copy(w->error) : NULL);
  g_atomic_int_set(&w->done, 1);
  return NULL;
}

static void
test_a_higher_layer_waits_for_its_turn(void)
{
  g_autoptr(NzLogBudget) budget = nz_log_budget_new(64 << 10, TRUE);
  g_autoptr(NzLayerLog) low = nz_layer_log_new(budget, 0), high = nz_layer_log_new(budget, 1);
  Writer high_writer = {.log = high}, low_writer = {.log = low};
  GThread *high_thread = g_thread_new("high", write_until_error, &high_writer);
  g_usleep(50000);
  g_assert_cmpint(g_atomic_int_get(&high_writer.done), ==, 0);

  /* The layer whose turn it is goes on, though the budget is used up: as far ahead as is allowed.
   */
  GThread *low_thread = g_thread_new("low", write_until_error, &low_writer);
  g_usleep(50000);
  g_assert_cmpint(g_atomic_int_get(&low_writer.done), ==, 0);
  NzLogCursor *cursor = nz_log_cursor_new(low, FALSE);
  assert_many(cursor);
  g_thread_join(low_thread);
  g_assert_no_error(low_writer.error);
  g_assert_cmpint(g_atomic_int_get(&high_writer.done), ==, 0);
  nz_log_cursor_free(cursor);

  nz_log_budget_set_turn(budget, 1);
  cursor = nz_log_cursor_new(high, FALSE);
  assert_many(cursor);
  nz_log_cursor_free(cursor);
  g_thread_join(high_thread);
  g_assert_no_error(high_writer.error);
}

static void
test_what_is_read_makes_room_for_those_who_wait(void)
{
  g_autoptr(NzLogBudget) budget = nz_log_budget_new(64 << 10, TRUE);
  g_autoptr(NzLayerLog) high = nz_layer_log_new(budget, 1);
  Writer writer = {.log = high};
  GThread *thread = g_thread_new("high", write_until_error, &writer);
  g_autoptr(NzLogCursor) cursor = nz_log_cursor_new(high, FALSE);
  assert_many(cursor); /* though its turn never comes */
  g_thread_join(thread);
  g_assert_no_error(writer.error);
}

static void
test_cancelling_ends_the_wait(void)
{
  g_autoptr(NzLogBudget) budget = nz_log_budget_new(1, TRUE);
  g_autoptr(NzLayerLog) log = nz_layer_log_new(budget, 1);
  Writer writer = {.log = log};
  GThread *thread = g_thread_new("high", write_until_error, &writer);
  g_usleep(10000);
  nz_log_budget_cancel(budget);
  g_thread_join(thread);
  assert_error_says(&writer.error, NZ_ERROR_CANCELLED, "cancelled");
}

static void
test_without_waiting_the_budget_is_an_error(void)
{
  g_autoptr(NzLogBudget) budget = nz_log_budget_new(64 << 10, FALSE);
  g_autoptr(NzLayerLog) log = nz_layer_log_new(budget, 0);
  Writer writer = {.log = log};
  write_until_error(&writer);
  assert_error_says(&writer.error, NZ_ERROR_LIMIT, "save the image to a file");
}

static void
test_a_log_given_up_gives_its_share_back(void)
{
  g_autoptr(NzLogBudget) budget = nz_log_budget_new(2 << 20, FALSE);
  for (guint i = 0; i < 20; i++) {
    g_autoptr(NzLayerLog) log = nz_layer_log_new(budget, i);
    write_many(log);
    g_autoptr(NzLogCursor) cursor = nz_log_cursor_new(log, FALSE);
    NzEntry e;
    g_assert_cmpint(nz_log_cursor_next(cursor, &e, NULL), ==, 1);
  }
}

/* --- branches --- */

static void
append_number(NzLayerLog *log, guint i)
{
  g_autofree char *path = path_number(i);
  NzEntry e = entry_of(NZ_ENTRY_FILE, path);
  append(log, &e);
}

static void
assert_number(NzLogCursor *cursor, guint i)
{
  g_autofree char *path = path_number(i);
  NzEntry e = entry_of(NZ_ENTRY_FILE, path);
  assert_next(cursor, &e);
}

static void
test_a_joined_branch_comes_behind(void)
{
  g_autoptr(NzLogBudget) budget = nz_log_budget_new(64 << 20, TRUE);
  g_autoptr(NzLayerLog) log = nz_layer_log_new(budget, 0);
  g_autoptr(NzLayerLog) branch = nz_layer_log_branch(log);
  for (guint i = 5000; i < 9000; i++)
    append_number(branch, i);
  for (guint i = 0; i < 5000; i++)
    append_number(log, i);
  g_assert_true(nz_layer_log_flush(log, NULL));
  nz_layer_log_join(log, branch);
  for (guint i = 9000; i < 12000; i++)
    append_number(branch, i);
  g_assert_true(nz_layer_log_flush(branch, NULL));
  nz_layer_log_close(log, NULL);
  g_autoptr(NzLogCursor) cursor = nz_log_cursor_new(log, FALSE);
  for (guint i = 0; i < 12000; i++)
    assert_number(cursor, i);
  assert_end(cursor);
}

/* What is kept for another run holds what all writers wrote, in order. */
static void
test_a_copy_holds_joined_branches(void)
{
  g_autoptr(NzLogBudget) budget = nz_log_budget_new(64 << 20, TRUE);
  g_autoptr(NzLayerLog) log = nz_layer_log_new(budget, 0), again = nz_layer_log_new(budget, 0);
  nz_layer_log_copy(log, 64 << 20);
  g_autoptr(NzLayerLog) branch = nz_layer_log_branch(log);
  for (guint i = 5000; i < 9000; i++)
    append_number(branch, i);
  for (guint i = 0; i < 5000; i++)
    append_number(log, i);
  g_assert_true(nz_layer_log_flush(log, NULL));
  nz_layer_log_join(log, branch);
  for (guint i = 9000; i < 12000; i++)
    append_number(branch, i);
  g_assert_true(nz_layer_log_flush(branch, NULL));
  g_autoptr(GBytes) copy = nz_layer_log_take_copy(log);
  nz_layer_log_close(log, NULL);
  gsize len;
  const void *data = g_bytes_get_data(copy, &len);
  g_assert_true(nz_layer_log_copy_serves(data, len, NULL));
  g_assert_true(nz_layer_log_replay(again, data, len, NULL));
  nz_layer_log_close(again, NULL);
  g_autoptr(NzLogCursor) cursor = nz_log_cursor_new(again, FALSE);
  for (guint i = 0; i < 12000; i++)
    assert_number(cursor, i);
  assert_end(cursor);
}

static void
test_a_branch_waits_until_it_is_joined(void)
{
  g_autoptr(NzLogBudget) budget = nz_log_budget_new(1, TRUE);
  g_autoptr(NzLayerLog) log = nz_layer_log_new(budget, 0);
  g_autoptr(NzLayerLog) branch = nz_layer_log_branch(log);
  Writer writer = {.log = branch};
  GThread *thread = g_thread_new("branch", write_until_error, &writer);
  g_usleep(30000);
  append_number(log, 1); /* its own turn it has */
  g_assert_true(nz_layer_log_flush(log, NULL));
  g_assert_cmpint(g_atomic_int_get(&writer.done), ==, 0);
  nz_layer_log_join(log, branch);
  g_autoptr(NzLogCursor) cursor = nz_log_cursor_new(log, FALSE);
  assert_number(cursor, 1);
  NzEntry e;
  for (guint i = 0; i < MANY / 2; i++)
    g_assert_cmpint(nz_log_cursor_next(cursor, &e, NULL), ==, 1);
  nz_log_budget_cancel(budget);
  g_thread_join(thread);
  g_clear_error(&writer.error);
}

static void
test_a_dropped_branch_gives_its_share_back(void)
{
  g_autoptr(NzLogBudget) budget = nz_log_budget_new(64 << 10, TRUE);
  g_autoptr(NzLayerLog) log = nz_layer_log_new(budget, 1);
  g_autoptr(NzLayerLog) branch = nz_layer_log_branch(log);
  Writer writer = {.log = branch};
  GThread *thread = g_thread_new("branch", write_until_error, &writer);
  g_usleep(30000);
  nz_layer_log_drop(branch);
  g_thread_join(thread);
  assert_error_says(&writer.error, NZ_ERROR_CANCELLED, "cancelled");
  append_number(log, 1); /* though its turn never comes */
  g_assert_true(nz_layer_log_flush(log, NULL));
}

/* --- one thread --- */

typedef struct {
  NzLayerLog *log;
  guint n, n_max;
} Taking;

static gboolean
take_numbers(gpointer data, GError **error)
{
  Taking *self = data;
  g_autoptr(NzLogCursor) cursor = nz_log_cursor_new(self->log, FALSE);
  NzEntry e;
  while (nz_log_cursor_next(cursor, &e, NULL) == 1) {
    g_autofree char *path = path_number(self->n);
    g_assert_cmpstr(e.path, ==, path);
    self->n++;
  }
  if (self->n < self->n_max)
    return TRUE;
  g_set_error_literal(error, NZ_ERROR, NZ_ERROR_LIMIT, "enough");
  return FALSE;
}

static void
test_a_log_taken_by_its_writer_needs_no_other_thread(void)
{
  g_autoptr(NzLogBudget) budget = nz_log_budget_new(1, TRUE);
  g_autoptr(NzLayerLog) log = nz_layer_log_new(budget, 7);
  Taking taking = {log, 0, G_MAXUINT};
  nz_layer_log_set_take(log, take_numbers, &taking);
  write_many(log);
  g_assert_cmpuint(taking.n, ==, MANY);
}

static void
test_what_takes_ends_the_writer(void)
{
  g_autoptr(NzLogBudget) budget = nz_log_budget_new(1 << 20, TRUE);
  g_autoptr(NzLayerLog) log = nz_layer_log_new(budget, 0);
  Taking taking = {log, 0, 10};
  nz_layer_log_set_take(log, take_numbers, &taking);
  Writer writer = {.log = log};
  write_until_error(&writer);
  assert_error_says(&writer.error, NZ_ERROR_LIMIT, "enough");
  g_assert_cmpuint(taking.n, <, MANY);
  g_autoptr(NzLogCursor) cursor = nz_log_cursor_new(log, FALSE);
  g_autoptr(GError) error = NULL;
  NzEntry e;
  g_assert_cmpint(nz_log_cursor_next(cursor, &e, &error), ==, -1);
  assert_error_says(&error, NZ_ERROR_LIMIT, "enough");
}

/* --- copies --- */

/* A log of entries with everything in them, and the copy of it. */
static GBytes *
copy_of_everything(NzLogBudget *budget, gsize max)
{
  g_autoptr(NzLayerLog) log = nz_layer_log_new(budget, 0);
  g_autoptr(GBytes) body = g_bytes_new_static("root:x:0:0", 10), empty = g_bytes_new_static("", 0);
  nz_layer_log_copy(log, max);
  NzEntry entries[] = {
      entry_of(NZ_ENTRY_DIRECTORY, "opt"),       entry_of(NZ_ENTRY_FILE, "opt/plain"),
      entry_of(NZ_ENTRY_FILE, "opt/start.sh"),   entry_of(NZ_ENTRY_FILE, "opt/large"),
      entry_of(NZ_ENTRY_SYMLINK, "opt/link"),    entry_of(NZ_ENTRY_HARDLINK, "opt/hard"),
      entry_of(NZ_ENTRY_FILE, "etc/passwd"),     entry_of(NZ_ENTRY_DEVICE, "dev/null"),
      entry_of(NZ_ENTRY_FILE, "opt/.wh.gone"),   entry_of(NZ_ENTRY_FILE, "lib/list"),
      entry_of(NZ_ENTRY_GLOBAL, "opt/global"),   entry_of(NZ_ENTRY_FILE, "bin/ping"),
      entry_of(NZ_ENTRY_FILE, "etc/unreadable"), entry_of(NZ_ENTRY_FILE, ""),
  };
  entries[2].body = body;
  entries[2].body_kind = entries[3].body_kind = NZ_BODY_EXTRA;
  entries[4].target = "../x";
  entries[5].target = "opt/plain";
  entries[6].body = body;
  entries[6].body_kind = NZ_BODY_TEXT;
  entries[9].body = empty;
  entries[9].body_kind = NZ_BODY_OWNERS;
  nz_capability_parse((const guint8 *)"\1\0\0\2\377\377\377\377\0\0\0\0\1\0\0\0\0\0\0\0", 20,
                      &entries[11].capability);
  entries[12].body_kind = NZ_BODY_UNREADABLE;
  entries[13].mode = 07777;
  entries[13].outside = entries[13].overlay_attribute = TRUE;
  for (gsize i = 0; i < G_N_ELEMENTS(entries); i++)
    append(log, &entries[i]);
  GBytes *copy = nz_layer_log_take_copy(log);
  nz_layer_log_close(log, NULL);
  return copy;
}

/* All that a log gives, as text. */
static char *
log_as_text(NzLayerLog *log)
{
  g_autoptr(NzLogCursor) cursor = nz_log_cursor_new(log, FALSE);
  g_autoptr(GError) error = NULL;
  GString *out = g_string_new(NULL);
  NzEntry e;
  int got;
  while ((got = nz_log_cursor_next(cursor, &e, &error)) == 1) {
    gsize len = 0;
    const char *body = e.body ? g_bytes_get_data(e.body, &len) : "";
    g_autofree char *capability = nz_capability_to_text(&e.capability);
    g_string_append_printf(out, "%d %.*s -> %s %o %u:%u %d%d [%s] %d %d %.*s\n", e.kind,
                           (int)e.path_len, e.path, e.target ? e.target : "", e.mode, e.uid, e.gid,
                           e.outside, e.overlay_attribute, capability, e.body_kind, e.body != NULL,
                           (int)len, len > 0 ? body : "");
  }
  g_assert_cmpint(got, ==, 0);
  g_assert_no_error(error);
  return g_string_free(out, FALSE);
}

/* The copy in memory that ends where it ends. */
static char *
replayed(const void *data, gsize len)
{
  g_autofree guint8 *copy = g_memdup2(data, len);
  g_autoptr(NzLogBudget) budget = nz_log_budget_new(64 << 20, TRUE);
  g_autoptr(NzLayerLog) log = nz_layer_log_new(budget, 0);
  g_autoptr(GError) error = NULL;
  if (!nz_layer_log_copy_serves(copy, len, NULL))
    return NULL;
  g_assert_true(nz_layer_log_replay(log, copy, len, &error));
  g_assert_no_error(error);
  nz_layer_log_close(log, NULL);
  return log_as_text(log);
}

static void
test_a_copy_gives_what_the_log_gave(void)
{
  g_autoptr(NzLogBudget) budget = nz_log_budget_new(64 << 20, TRUE);
  g_autoptr(GBytes) copy = copy_of_everything(budget, 1 << 20);
  gsize len;
  const void *data = g_bytes_get_data(copy, &len);
  g_autofree char *text = replayed(data, len);
  assert_holds(text, "0 opt/start.sh ->  0 0:0 00 [=] 4 1 root:x:0:0\n");
  assert_holds(text, "2 opt/link -> ../x 0 0:0 00 [=] 0 0 \n");
  assert_holds(text, "3 opt/hard -> opt/plain ");
  assert_holds(text, "0  ->  7777 0:0 11 [=] 0 0 \n");
  assert_holds(text, "0 lib/list ->  0 0:0 00 [=] 3 1 \n");
  assert_holds(text, "0 bin/ping ->  0 0:0 00 [cap_");
}

static void
test_a_copy_of_many_blocks_gives_what_the_log_gave(void)
{
  g_autoptr(NzLogBudget) budget = nz_log_budget_new(64 << 20, TRUE);
  g_autoptr(NzLayerLog) log = nz_layer_log_new(budget, 0), again = nz_layer_log_new(budget, 1);
  nz_layer_log_copy(log, 64 << 20);
  for (guint i = 0; i < MANY; i++) {
    g_autofree char *path = path_number(i);
    NzEntry e = entry_of(NZ_ENTRY_FILE, path);
    e.mode = (guint16)(i % 4096);
    e.uid = i;
    append(log, &e);
  }
  g_autoptr(GBytes) copy = nz_layer_log_take_copy(log);
  nz_layer_log_close(log, NULL);
  gsize len;
  const void *data = g_bytes_get_data(copy, &len);
  g_assert_true(nz_layer_log_copy_serves(data, len, NULL));
  g_assert_true(nz_layer_log_replay(again, data, len, NULL));
  nz_layer_log_close(again, NULL);
  NzLayerLog *const logs[] = {log, again};
  for (guint i = 0; i < 2; i++) {
    g_autoptr(NzLogCursor) cursor = nz_log_cursor_new(logs[i], FALSE);
    assert_many(cursor);
  }
}

static void
test_an_empty_layer_has_an_empty_copy(void)
{
  g_autoptr(NzLogBudget) budget = nz_log_budget_new(1, TRUE);
  g_autoptr(NzLayerLog) log = nz_layer_log_new(budget, 0);
  nz_layer_log_copy(log, 10);
  g_autoptr(GBytes) copy = nz_layer_log_take_copy(log);
  g_assert_cmpuint(g_bytes_get_size(copy), ==, 0);
  g_autofree char *text = replayed("", 0);
  g_assert_cmpstr(text, ==, "");
}

static void
test_a_copy_that_is_too_large_is_given_up(void)
{
  g_autoptr(NzLogBudget) budget = nz_log_budget_new(64 << 20, TRUE);
  g_autoptr(GBytes) whole = copy_of_everything(budget, 1 << 20);
  g_autoptr(GBytes) small = copy_of_everything(budget, 100);
  g_assert_nonnull(whole);
  g_assert_null(small);
  g_autoptr(NzLayerLog) log = nz_layer_log_new(budget, 0);
  nz_layer_log_copy(log, 40000); /* more than a block, less than all */
  for (guint i = 0; i < MANY; i++) {
    g_autofree char *path = path_number(i);
    NzEntry e = entry_of(NZ_ENTRY_FILE, path);
    append(log, &e);
  }
  g_assert_null(nz_layer_log_take_copy(log));
  nz_layer_log_close(log, NULL);
}

static void
test_a_copy_that_is_cut_is_refused(void)
{
  g_autoptr(NzLogBudget) budget = nz_log_budget_new(64 << 20, TRUE);
  g_autoptr(GBytes) copy = copy_of_everything(budget, 1 << 20);
  gsize len;
  const void *data = g_bytes_get_data(copy, &len);
  for (gsize n = 1; n < len; n++) {
    g_autofree char *text = replayed(data, n);
    g_assert_null(text);
  }
}

static void
test_a_damaged_copy_is_refused_or_harmless(void)
{
  static const guint8 flips[] = {0x01, 0x02, 0x10, 0x80, 0xff};
  g_autoptr(NzLogBudget) budget = nz_log_budget_new(64 << 20, TRUE);
  g_autoptr(GBytes) copy = copy_of_everything(budget, 1 << 20);
  g_autoptr(GByteArray) bytes = g_bytes_unref_to_array(g_bytes_ref(copy));
  guint refused = 0;
  for (gsize at = 0; at < bytes->len; at++)
    for (gsize i = 0; i < G_N_ELEMENTS(flips); i++) {
      bytes->data[at] ^= flips[i];
      g_autofree char *text = replayed(bytes->data, bytes->len);
      refused += text == NULL;
      bytes->data[at] ^= flips[i];
    }
  g_assert_cmpuint(refused, >, bytes->len);
}

static void
test_a_copy_serves_unless_a_wanted_file_lacks_its_content(void)
{
  static const struct {
    const char *path;
    gboolean as_user, as_extra;
  } cases[] = {
      {"opt/plain", FALSE, FALSE}, {"opt/start.sh", FALSE, TRUE},
      {"opt/large", FALSE, TRUE},  {"etc/passwd", TRUE, TRUE},
      {"opt", TRUE, TRUE},         {"opt/link", TRUE, TRUE},
      {"opt/hard", TRUE, TRUE},    {"missing", TRUE, TRUE},
      {"opt/plai", TRUE, TRUE},    {"opt/.wh.gone", FALSE, FALSE},
      {"lib/list", FALSE, FALSE},  {"etc/unreadable", FALSE, FALSE},
  };
  g_autoptr(NzLogBudget) budget = nz_log_budget_new(64 << 20, TRUE);
  g_autoptr(GBytes) copy = copy_of_everything(budget, 1 << 20);
  gsize len;
  const void *data = g_bytes_get_data(copy, &len);
  for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
    g_autoptr(NzWanted) user = nz_wanted_new(), extra = nz_wanted_new();
    nz_wanted_add(user, user->users, cases[i].path);
    nz_wanted_add(extra, extra->extra, cases[i].path);
    g_test_message("%s", cases[i].path);
    g_assert_cmpint(nz_layer_log_copy_serves(data, len, user), ==, cases[i].as_user);
    g_assert_cmpint(nz_layer_log_copy_serves(data, len, extra), ==, cases[i].as_extra);
  }
}

static void
test_replaying_can_be_cancelled(void)
{
  g_autoptr(NzLogBudget) wide = nz_log_budget_new(64 << 20, TRUE);
  g_autoptr(NzLogBudget) narrow = nz_log_budget_new(1, TRUE);
  g_autoptr(GBytes) copy = copy_of_everything(wide, 1 << 20);
  gsize len;
  const void *data = g_bytes_get_data(copy, &len);
  g_autoptr(NzLayerLog) log = nz_layer_log_new(narrow, 1);
  g_autoptr(GError) error = NULL;
  nz_log_budget_cancel(narrow);
  g_assert_false(nz_layer_log_replay(log, data, len, &error));
  assert_error_says(&error, NZ_ERROR_CANCELLED, "cancelled");
  nz_layer_log_close(log, NULL);
}

/* --- what a reading is for --- */

static void
test_wanted_lists_are_compared_by_list(void)
{
  g_autoptr(NzWanted) a = nz_wanted_new(), b = nz_wanted_new();
  nz_wanted_add(a, a->users, "x");
  nz_wanted_add(a, a->extra, "y");
  nz_wanted_add(b, b->extra, "x");
  nz_wanted_add(b, b->extra, "y");
  g_autoptr(NzWanted) left = nz_wanted_minus(a, b), none = nz_wanted_minus(NULL, b);
  g_assert_cmpuint(left->users->len, ==, 1);
  g_assert_cmpuint(left->extra->len, ==, 0);
  g_assert_cmpuint(none->users->len + none->extra->len, ==, 0);
  nz_wanted_merge(a, b);
  nz_wanted_merge(a, NULL);
  g_assert_cmpuint(a->users->len, ==, 1);
  g_assert_cmpuint(a->extra->len, ==, 2);
  g_assert_true(nz_wanted_has(left, "x", 1));
}

static void
test_what_is_left_without_others(void)
{
  g_autoptr(NzWanted) own = nz_wanted_new();
  g_autoptr(GBytes) body = g_bytes_new_static("x", 1);
  g_autoptr(GBytes) large = g_bytes_new_take(g_malloc0(NZ_EXTRA_MAX + 1), NZ_EXTRA_MAX + 1);
  nz_wanted_add(own, own->extra, "opt/mine");
  nz_wanted_add(own, own->users, "opt/users");
  const struct {
    const char *path;
    NzBodyKind kind, left;
    GBytes *body, *left_body;
  } cases[] = {
      {"opt/mine", NZ_BODY_EXTRA, NZ_BODY_EXTRA, body, body},
      {"opt/mine", NZ_BODY_TEXT, NZ_BODY_EXTRA, body, body},
      {"opt/mine", NZ_BODY_TEXT, NZ_BODY_EXTRA, large, NULL},
      {"opt/users", NZ_BODY_TEXT, NZ_BODY_TEXT, large, large},
      {"opt/other", NZ_BODY_EXTRA, NZ_BODY_NONE, body, NULL},
      {"opt/other", NZ_BODY_TEXT, NZ_BODY_NONE, body, NULL},
      {"opt/other", NZ_BODY_NONE, NZ_BODY_NONE, NULL, NULL},
      {"opt/other", NZ_BODY_OWNERS, NZ_BODY_OWNERS, body, body},
      {"etc/passwd", NZ_BODY_TEXT, NZ_BODY_TEXT, body, body},
      {"start.sh", NZ_BODY_EXTRA, NZ_BODY_EXTRA, NULL, NULL},
  };
  for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
    GBytes *left = cases[i].body;
    g_assert_cmpint(
        nz_capture_narrow(cases[i].path, strlen(cases[i].path), cases[i].kind, &left, own), ==,
        cases[i].left);
    g_assert_true(left == cases[i].left_body);
  }
}

static void
test_what_a_file_is_by_its_name_comes_first(void)
{
  static const struct {
    const char *path;
    gboolean as_users;
    NzBodyKind kind;
  } cases[] = {
      {"etc/passwd", FALSE, NZ_BODY_TEXT},
      {"var/lib/dpkg/info/a.list", TRUE, NZ_BODY_OWNERS},
      {"lib/apk/db/installed", FALSE, NZ_BODY_OWNERS},
      {"etc/shadow", FALSE, NZ_BODY_EXTRA},
      {"etc/shadow", TRUE, NZ_BODY_TEXT},
      {"run.sh", TRUE, NZ_BODY_TEXT},
      {"opt/x", FALSE, NZ_BODY_EXTRA},
  };
  for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
    g_autoptr(NzWanted) wanted = nz_wanted_new();
    nz_wanted_add(wanted, cases[i].as_users ? wanted->users : wanted->extra, cases[i].path);
    const NzCapture *capture = nz_capture_for(cases[i].path, strlen(cases[i].path), 10, wanted);
    NzBodyKind kind;
    g_autoptr(GBytes) kept = nz_capture_reduce(capture, cases[i].path, g_bytes_new("x", 1), &kind);
    g_assert_cmpint(kind, ==, cases[i].kind);
  }
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
#define ADD(name, func) g_test_add_func("/layer-log/" name, func)
  ADD("entries-come-out-as-they-went-in", test_entries_come_out_as_they_went_in);
  ADD("shared-beginnings-survive-the-ends-of-blocks",
      test_shared_beginnings_survive_the_ends_of_blocks);
  ADD("a-log-that-is-kept-is-read-again", test_a_log_that_is_kept_is_read_again);
  ADD("an-empty-log-is-empty", test_an_empty_log_is_empty);
  ADD("the-layers-error-comes-last", test_the_layers_error_comes_last);
  ADD("a-higher-layer-waits-for-its-turn", test_a_higher_layer_waits_for_its_turn);
  ADD("what-is-read-makes-room", test_what_is_read_makes_room_for_those_who_wait);
  ADD("cancelling-ends-the-wait", test_cancelling_ends_the_wait);
  ADD("without-waiting-the-budget-is-an-error", test_without_waiting_the_budget_is_an_error);
  ADD("a-log-given-up-gives-its-share-back", test_a_log_given_up_gives_its_share_back);
  ADD("a-joined-branch-comes-behind", test_a_joined_branch_comes_behind);
  ADD("a-copy-holds-joined-branches", test_a_copy_holds_joined_branches);
  ADD("a-branch-waits-until-it-is-joined", test_a_branch_waits_until_it_is_joined);
  ADD("a-dropped-branch-gives-its-share-back", test_a_dropped_branch_gives_its_share_back);
  ADD("a-log-taken-by-its-writer", test_a_log_taken_by_its_writer_needs_no_other_thread);
  ADD("what-takes-ends-the-writer", test_what_takes_ends_the_writer);
  ADD("a-copy-gives-what-the-log-gave", test_a_copy_gives_what_the_log_gave);
  ADD("a-copy-of-many-blocks", test_a_copy_of_many_blocks_gives_what_the_log_gave);
  ADD("an-empty-layer-has-an-empty-copy", test_an_empty_layer_has_an_empty_copy);
  ADD("a-copy-that-is-too-large", test_a_copy_that_is_too_large_is_given_up);
  ADD("a-copy-that-is-cut", test_a_copy_that_is_cut_is_refused);
  ADD("a-damaged-copy", test_a_damaged_copy_is_refused_or_harmless);
  ADD("a-copy-serves", test_a_copy_serves_unless_a_wanted_file_lacks_its_content);
  ADD("replaying-can-be-cancelled", test_replaying_can_be_cancelled);
  ADD("wanted-lists-are-compared", test_wanted_lists_are_compared_by_list);
  ADD("what-a-file-is-by-its-name", test_what_a_file_is_by_its_name_comes_first);
  ADD("what-is-left-without-others", test_what_is_left_without_others);
  return g_test_run();
}

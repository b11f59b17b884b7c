/* SPDX-License-Identifier: Apache-2.0 */
/* Logs: what goes in comes out, and who waits for whom. */
#include "rootfs/layer_log.h"

#include <string.h>

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
  return g_test_run();
}

/* SPDX-License-Identifier: Apache-2.0 */
/* An archive read by one reader, and in segments that begin at every header in it, in bodies too,
 * or where the reader itself looks: all say the same. The first byte says which. */
#include "image/segments.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const guint8 *data, size_t size);

#define STARTS_MAX 64u

static void
close_and_print(NzLayerLog *log, GError *error, GString *out)
{
  nz_layer_log_close(log, error);
  g_autoptr(NzLogCursor) cursor = nz_log_cursor_new(log, FALSE);
  g_autoptr(GError) failed = NULL;
  NzEntry e;
  while (nz_log_cursor_next(cursor, &e, &failed) == 1)
    g_string_append_printf(out, "%d %s %s %o %u %u %d %d\n", e.kind, e.path,
                           e.target ? e.target : "", e.mode, e.uid, e.gid, e.body_kind,
                           e.body ? (int)g_bytes_get_size(e.body) : -1);
  if (failed)
    g_string_assign(out, failed->message);
}

static void
read_it(const guint8 *data, gsize len, const NzSegmentPlan *plan, GString *out)
{
  g_autoptr(NzLogBudget) budget = nz_log_budget_new(G_MAXSIZE / 2, FALSE);
  g_autoptr(NzLayerLog) log = nz_layer_log_new(budget, 0);
  g_autoptr(NzStream) stream = nz_memory_stream_new(data, len);
  gint spare = 1;
  NzReadOptions options = {.spare = &spare};
  GError *error = NULL;
  gboolean ok = plan ? nz_segments_read(stream, len, plan, &options, log, &error)
                     : nz_layer_read_entries(stream, &options, log, NULL, NULL, &error);
  if (ok != (error == NULL))
    g_error("an error without a message, or the other way round");
  close_and_print(log, error, out);
}

int
LLVMFuzzerTestOneInput(const guint8 *data, size_t size)
{
  if (size == 0)
    return 0;
  guint64 starts[STARTS_MAX];
  guint n = 0;
  gboolean searched = (data[0] & 1) != 0;
  data++;
  size--;
  for (gsize at = 512; !searched && at + 512 <= size && n < STARTS_MAX; at += 512)
    if (nz_tar_is_header(data + at))
      starts[n++] = at;
  NzSegmentPlan plan = {.part = searched ? 512 : G_MAXUINT64, .starts = starts, .n_starts = n};
  g_autoptr(GString) want = g_string_new(NULL), got = g_string_new(NULL);
  read_it(data, size, NULL, want);
  read_it(data, size, &plan, got);
  if (strcmp(want->str, got->str) != 0)
    g_error("two answers:\n%s\n%s", want->str, got->str);
  return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* nonzero/diff/v1; the schema is docs/diff-v1.schema.json. Keys that do not apply are left out. */
#include "report/diff.h"
#include "report/json_parts.h"

static void
write_side(NzJsonw *w, const char *key, const NzSubject *s)
{
  nz_jsonw_begin_object(w, key);
  nz_jsonw_string(w, "name", s->name);
  nz_jsonw_string(w, "source", s->source);
  nz_jsonw_string(w, "platform", s->platform);
  nz_jsonw_string(w, "digest", s->digest);
  nz_jsonw_string(w, "verdict", nz_verdict_name(s->verdict));
  nz_json_write_user(w, s);
  nz_json_write_notes(w, s->notes);
  nz_jsonw_end_object(w);
}

static void
write_name(const char *name, gpointer user_data)
{
  nz_jsonw_string(user_data, NULL, name);
}

static void
write_entries(NzJsonw *w, const NzDiff *diff, NzDiffKind kind)
{
  nz_jsonw_begin_array(w, nz_diff_kind_name(kind));
  for (guint i = 0; i < diff->entries->len; i++) {
    const NzDiffEntry *e = &g_array_index(diff->entries, NzDiffEntry, i);
    if (e->kind != kind)
      continue;
    nz_jsonw_begin_object(w, NULL);
    if (e->worse)
      nz_jsonw_true(w, "worse");
    if (e->fields) {
      nz_jsonw_begin_array(w, "changed");
      nz_diff_foreach_field(e->fields, write_name, w);
      nz_jsonw_end_array(w);
    }
    if (e->before)
      nz_json_write_finding(w, "before", NULL, e->before);
    if (e->after)
      nz_json_write_finding(w, "after", NULL, e->after);
    nz_jsonw_end_object(w);
  }
  nz_jsonw_end_array(w);
}

static void
write_json(const NzReport *report, const NzReportStyle *style G_GNUC_UNUSED, FILE *out)
{
  const NzDiff *diff = report->diff;
  g_autoptr(NzJsonw) w = nz_jsonw_new(out);
  nz_json_begin_document(w, "nonzero/diff/v1", report);
  nz_jsonw_string(w, "verdict", diff->worse ? "fail" : "pass");
  write_side(w, "old", diff->before);
  write_side(w, "new", diff->after);
  nz_jsonw_begin_array(w, "user_changed");
  nz_diff_foreach_user_field(diff->user_fields, write_name, w);
  nz_jsonw_end_array(w);
  nz_jsonw_begin_object(w, "findings");
  write_entries(w, diff, NZ_DIFF_NEW);
  write_entries(w, diff, NZ_DIFF_GONE);
  write_entries(w, diff, NZ_DIFF_CHANGED);
  nz_jsonw_uint(w, "same", diff->n_same);
  nz_jsonw_uint(w, "excepted", diff->n_excepted);
  nz_jsonw_end_object(w);
  nz_jsonw_end_object(w);
}

const NzReportFormat nz_format_diff_json = {"json", "nonzero/diff/v1, for programs", write_json};

/* SPDX-License-Identifier: Apache-2.0 */
/* One JSON object a line, each with "event": what was judged, as it is finished, then what could
 * not be, then how it ended. The schema is docs/events-v1.schema.json. */
#include "report/json_parts.h"

static void
write_subject(const NzSubject *subject, const NzReportStyle *style G_GNUC_UNUSED, FILE *out)
{
  g_autoptr(NzJsonw) w = nz_jsonw_new_line(out);
  nz_jsonw_begin_object(w, NULL);
  nz_jsonw_string(w, "event", "subject");
  nz_json_write_subject_keys(w, subject);
  nz_jsonw_end_object(w);
}

static void
write_error(const NzReportError *error, FILE *out)
{
  g_autoptr(NzJsonw) w = nz_jsonw_new_line(out);
  nz_jsonw_begin_object(w, NULL);
  nz_jsonw_string(w, "event", "error");
  nz_jsonw_string(w, "source", error->source);
  nz_jsonw_string(w, "message", error->message);
  nz_jsonw_end_object(w);
}

static void
write_end(const NzReport *report, FILE *out)
{
  guint counts[NZ_VERDICT_FAIL + 1];
  nz_report_count(report, counts);
  g_autoptr(NzJsonw) w = nz_jsonw_new_line(out);
  nz_jsonw_begin_object(w, NULL);
  nz_jsonw_string(w, "event", "summary");
  nz_jsonw_string(w, "profile", report->profile);
  nz_jsonw_string(w, "policy", report->policy);
  nz_jsonw_string(w, "verdict", nz_verdict_name(nz_report_verdict(report)));
  nz_jsonw_uint(w, "pass", counts[NZ_VERDICT_PASS]);
  nz_jsonw_uint(w, "fail", counts[NZ_VERDICT_FAIL]);
  nz_jsonw_uint(w, "unknown", counts[NZ_VERDICT_UNKNOWN]);
  nz_jsonw_uint(w, "errors", report->errors->len);
  nz_jsonw_end_object(w);
}

static void
write_ndjson(const NzReport *report, const NzReportStyle *style, FILE *out)
{
  for (guint i = 0; !style->streamed && i < report->subjects->len; i++)
    write_subject(report->subjects->pdata[i], style, out);
  for (guint i = 0; i < report->errors->len; i++)
    write_error(report->errors->pdata[i], out);
  write_end(report, out);
}

const NzReportFormat nz_format_ndjson = {"ndjson", "one JSON object a line, as they finish",
                                         write_ndjson, write_subject};

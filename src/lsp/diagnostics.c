/* SPDX-License-Identifier: Apache-2.0 */
#include "core/text.h"
#include "lsp/answers.h"

typedef enum { SEVERITY_ERROR = 1, SEVERITY_WARNING, SEVERITY_INFORMATION } Severity;

json_t *
nz_json_of_text(const char *text)
{
  json_t *value = json_string(text);
  if (value)
    return value;
  g_autofree char *shown = nz_printable(text, -1);
  return json_string(shown);
}

static Severity
severity_of(NzLevel level)
{
  static const Severity severities[] = {[NZ_LEVEL_INFO] = SEVERITY_INFORMATION,
                                        [NZ_LEVEL_WARN] = SEVERITY_WARNING,
                                        [NZ_LEVEL_FAIL] = SEVERITY_ERROR};
  return severities[level];
}

static json_t *
make(const NzDocument *doc, gsize start, gsize end, Severity severity, const char *code,
     const char *message)
{
  return json_pack("{s:o, s:i, s:s, s:s, s:o}", "range", nz_lines_range(doc->lines, start, end),
                   "severity", (int)severity, "code", code, "source", "nonzero", "message",
                   nz_json_of_text(message));
}

/* What is found in another file stands here with its place; of many services or containers each
 * says whose it is: what a pod sets is found for each of its containers. */
static char *
message_of(const NzDocument *doc, const NzSubject *s, const NzFinding *f)
{
  g_autofree char *place =
      f->place && !nz_document_holds(doc, f->place) ? nz_place_text(f->place) : NULL;
  gboolean is_told =
      doc->kind == NZ_SOURCE_COMPOSE || (doc->kind == NZ_SOURCE_MANIFEST && doc->subjects->len > 1);
  g_autofree char *name = is_told && s->name ? nz_printable(s->name, -1) : NULL;
  return g_strconcat(name ? name : "", name ? ": " : "", place ? place : "", place ? ": " : "",
                     f->message, NULL);
}

json_t *
nz_diagnostic(const NzDocument *doc, const NzSubject *s, const NzFinding *f)
{
  gsize start, end;
  g_autofree char *message = message_of(doc, s, f);
  nz_document_part(doc, s, f, &start, &end);
  return make(doc, start, end, severity_of(f->level), f->rule, message);
}

/* About the document as a whole: at one line of it. */
static json_t *
make_at(const NzDocument *doc, gsize offset, const char *code, const char *message)
{
  gsize end = nz_lines_end(doc->lines, nz_lines_line(doc->lines, offset));
  return make(doc, offset, end, SEVERITY_ERROR, code, message);
}

/* Of a document that is not kept nothing is known but its beginning. */
static json_t *
make_without_text(const char *message)
{
  return json_pack("{s:{s:{s:i, s:i}, s:{s:i, s:i}}, s:i, s:s, s:s, s:o}", "range", "start", "line",
                   0, "character", 0, "end", "line", 0, "character", 0, "severity",
                   (int)SEVERITY_ERROR, "code", "not-judged", "source", "nonzero", "message",
                   nz_json_of_text(message));
}

json_t *
nz_diagnostics(const NzDocument *doc)
{
  json_t *all = json_array();
  if (!doc->is_source)
    return all;
  if (!doc->lines) {
    json_array_append_new(all, make_without_text(doc->failure));
    return all;
  }
  if (doc->policy_failure)
    json_array_append_new(all, make_at(doc, 0, "policy", doc->policy_failure));
  if (doc->failure)
    json_array_append_new(all, make_at(doc, doc->failed_at, "not-judged", doc->failure));
  for (guint i = 0; i < doc->subjects->len; i++) {
    const NzSubject *s = doc->subjects->pdata[i];
    for (guint j = 0; j < s->findings->len; j++) {
      const NzFinding *f = s->findings->pdata[j];
      if (!f->excepted)
        json_array_append_new(all, nz_diagnostic(doc, s, f));
    }
  }
  return all;
}

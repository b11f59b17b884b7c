/* SPDX-License-Identifier: Apache-2.0 */
/* SARIF 2.1.0, for GitHub code scanning and everything else that shows static analysis. One run; a
 * subject is one of its artifacts, a finding one of its results, what could not be judged or was
 * not looked at a notification of its invocation. */
#include <string.h>

#include "check/check.h"
#include "core/text.h"
#include "report/ci.h"
#include "report/json_parts.h"
#include "report/report.h"
#include "version.h"

#define SCHEMA "https://json.schemastore.org/sarif-2.1.0.json"

/* What the tool holds images to; SARIF has no other place for it. */
#define PRACTICE                                                                                   \
  "https://github.com/lfn-cnti/bestpractices/blob/main/doc/cbpps/0002-no-root-in-containers.md"

static const char *
level_of(NzLevel level)
{
  static const char *const names[] = {
      [NZ_LEVEL_INFO] = "note", [NZ_LEVEL_WARN] = "warning", [NZ_LEVEL_FAIL] = "error"};
  return names[level];
}

/* A message that holds bytes of an image: "[text](address)" would be a link in it (3.11.6), and is
 * taken apart. */
static void
write_message(NzJsonw *w, const char *key, const char *text)
{
  g_auto(GStrv) parts = g_strsplit(text, "](", -1);
  g_autofree char *harmless = g_strjoinv("] (", parts);
  nz_jsonw_begin_object(w, key);
  nz_jsonw_string(w, "text", harmless);
  nz_jsonw_end_object(w);
}

/* PATH, which is bytes, as a relative reference (RFC 3986). */
static void
write_uri(NzJsonw *w, const char *path)
{
  g_autofree char *uri = g_uri_escape_string(path, "/", FALSE);
  nz_jsonw_string(w, "uri", uri);
}

/* --- rules --- */

/* GitHub's code scanning takes no more of a rule; `nonzero checks` names all. */
#define TAGS_MAX 20u

static void
write_tags(NzJsonw *w, const NzCheck *check)
{
  nz_jsonw_begin_array(w, "tags");
  nz_jsonw_string(w, NULL, "security");
  if (check->required)
    nz_jsonw_string(w, NULL, "CBPP-0002");
  guint n = check->required ? 2 : 1;
  for (guint i = 0; check->aliases[i] && n < TAGS_MAX; i++, n++)
    nz_jsonw_string(w, NULL, check->aliases[i]);
  nz_jsonw_end_array(w);
}

static void
write_help(NzJsonw *w, const NzCheck *check)
{
  g_autoptr(GString) text = g_string_new(check->why);
  g_autoptr(GString) markdown = g_string_new(check->why);
  g_string_append_printf(text, "\n\nWhat to do: %s.", check->remedy);
  g_string_append_printf(markdown, "\n\n**What to do:** %s.", check->remedy);
  if (check->sources) {
    g_auto(GStrv) sources = g_strsplit(check->sources, "\n", -1);
    g_string_append_printf(text, "\n\nSources:\n%s", check->sources);
    g_string_append(markdown, "\n\n**Sources**\n");
    for (guint i = 0; sources[i]; i++)
      g_string_append_printf(markdown, "\n- %s", sources[i]);
  }
  nz_jsonw_begin_object(w, "help");
  nz_jsonw_string(w, "text", text->str);
  nz_jsonw_string(w, "markdown", markdown->str);
  nz_jsonw_end_object(w);
}

static void
write_rule(NzJsonw *w, const NzCheck *check)
{
  nz_jsonw_begin_object(w, NULL);
  nz_jsonw_string(w, "id", check->rule);
  write_message(w, "shortDescription", check->title);
  write_message(w, "fullDescription", check->why);
  write_help(w, check);
  nz_jsonw_begin_object(w, "defaultConfiguration");
  nz_jsonw_string(w, "level", check->required ? "error" : "warning");
  nz_jsonw_end_object(w);
  nz_jsonw_begin_object(w, "properties");
  write_tags(w, check);
  nz_jsonw_end_object(w);
  nz_jsonw_end_object(w);
}

static void
write_tool(NzJsonw *w)
{
  const NzCheck *check;
  nz_jsonw_begin_object(w, "tool");
  nz_jsonw_begin_object(w, "driver");
  nz_jsonw_string(w, "name", "nonzero");
  nz_jsonw_string(w, "version", NZ_VERSION);
  nz_jsonw_string(w, "semanticVersion", NZ_VERSION);
  nz_jsonw_string(w, "informationUri", PRACTICE);
  nz_jsonw_begin_array(w, "rules");
  for (guint i = 0; (check = nz_check_at(i)); i++)
    write_rule(w, check);
  nz_jsonw_end_array(w);
  nz_jsonw_end_object(w);
  nz_jsonw_end_object(w);
}

/* --- the invocation --- */

static void
write_utc(NzJsonw *w, const char *key, gint64 microseconds)
{
  if (microseconds <= 0)
    return;
  g_autofree char *time = nz_ci_time(microseconds);
  g_autofree char *exact =
      g_strdup_printf("%s.%03dZ", time, (int)(microseconds / 1000 % G_GINT64_CONSTANT(1000)));
  nz_jsonw_string(w, key, exact);
}

/* An error of a source's reader says where it is. */
static void
write_error_location(NzJsonw *w, const char *source, const char *message)
{
  guint line, column;
  if (!nz_place_of_message(message, source, &line, &column))
    return;
  g_autofree char *path = nz_ci_relative(source);
  nz_jsonw_begin_array(w, "locations");
  nz_jsonw_begin_object(w, NULL);
  nz_jsonw_begin_object(w, "physicalLocation");
  nz_jsonw_begin_object(w, "artifactLocation");
  write_uri(w, path);
  nz_jsonw_end_object(w);
  nz_jsonw_begin_object(w, "region");
  nz_jsonw_uint(w, "startLine", line);
  nz_jsonw_uint(w, "startColumn", column);
  nz_jsonw_end_object(w);
  nz_jsonw_end_object(w);
  nz_jsonw_end_object(w);
  nz_jsonw_end_array(w);
}

static void
write_notification(NzJsonw *w, const char *level, const char *about, const char *what)
{
  g_autofree char *text = g_strdup_printf("%s: %s", about, what);
  nz_jsonw_begin_object(w, NULL);
  nz_jsonw_string(w, "level", level);
  write_message(w, "message", text);
  write_error_location(w, about, what);
  nz_jsonw_end_object(w);
}

static void
write_notifications(NzJsonw *w, const NzReport *report)
{
  nz_jsonw_begin_array(w, "toolExecutionNotifications");
  for (guint i = 0; i < report->errors->len; i++) {
    const NzReportError *e = report->errors->pdata[i];
    write_notification(w, "error", e->source, e->message);
  }
  for (guint i = 0; i < report->subjects->len; i++) {
    const NzSubject *s = report->subjects->pdata[i];
    g_autofree char *label = nz_ci_label(s);
    for (guint j = 0; j < s->notes->len; j++)
      write_notification(w, "note", label, s->notes->pdata[j]);
  }
  nz_jsonw_end_array(w);
}

static void
write_invocation(NzJsonw *w, const NzReport *report)
{
  nz_jsonw_begin_array(w, "invocations");
  nz_jsonw_begin_object(w, NULL);
  nz_jsonw_bool(w, "executionSuccessful", report->errors->len == 0);
  nz_jsonw_uint(w, "exitCode", (guint64)nz_report_exit_code(report));
  nz_jsonw_string(w, "commandLine", report->command);
  write_utc(w, "startTimeUtc", report->started);
  write_utc(w, "endTimeUtc", report->finished);
  write_notifications(w, report);
  nz_jsonw_end_object(w);
  nz_jsonw_end_array(w);
}

/* --- subjects --- */

/* NUMBER tells artifacts apart that are otherwise alike: SARIF wants no two equal ones (3.14.15).
 */
static void
write_artifact(NzJsonw *w, const NzSubject *s, guint number)
{
  g_autofree char *label = nz_ci_label(s);
  g_autofree char *path = nz_ci_subject_path(s);
  nz_jsonw_begin_object(w, NULL);
  nz_jsonw_begin_object(w, "location");
  write_uri(w, path);
  nz_jsonw_end_object(w);
  write_message(w, "description", label);
  nz_jsonw_begin_array(w, "roles");
  nz_jsonw_string(w, NULL, "analysisTarget");
  nz_jsonw_end_array(w);
  nz_jsonw_begin_object(w, "properties");
  nz_jsonw_uint(w, "number", number);
  nz_jsonw_string(w, "kind", s->kind);
  nz_jsonw_string(w, "name", s->name);
  nz_jsonw_string(w, "source", s->source);
  nz_jsonw_string(w, "platform", s->platform);
  nz_jsonw_string(w, "digest", s->digest);
  nz_jsonw_string(w, "verdict", nz_verdict_name(s->verdict));
  nz_json_write_user(w, s);
  nz_jsonw_end_object(w);
  nz_jsonw_end_object(w);
}

/* --- results --- */

/* Where a part is empty, startColumn and endColumn are the same: something is inserted there. */
static void
write_region(NzJsonw *w, const char *key, const NzPlace *place)
{
  nz_jsonw_begin_object(w, key);
  nz_jsonw_uint(w, "startLine", place->line);
  nz_jsonw_uint(w, "startColumn", place->column);
  nz_jsonw_uint(w, "endLine", place->end_line);
  nz_jsonw_uint(w, "endColumn", place->end_column);
  nz_jsonw_end_object(w);
}

/* Code scanning shows a result only at a line of a file; a finding of an image is about all of one.
 */
static void
write_locations(NzJsonw *w, const NzSubject *s, const NzFinding *f, const char *label)
{
  g_autofree char *path = nz_ci_path(s, f);
  g_autofree char *name = nz_printable(f->path && !f->place ? f->path : s->name, -1);
  g_autofree char *full =
      f->path && !f->place ? g_strconcat(label, ":", name, NULL) : g_strdup(label);
  nz_jsonw_begin_array(w, "locations");
  nz_jsonw_begin_object(w, NULL);
  nz_jsonw_begin_object(w, "physicalLocation");
  nz_jsonw_begin_object(w, "artifactLocation");
  write_uri(w, path);
  nz_jsonw_end_object(w);
  if (f->place) {
    write_region(w, "region", f->place);
  } else {
    nz_jsonw_begin_object(w, "region");
    nz_jsonw_uint(w, "startLine", 1);
    nz_jsonw_end_object(w);
  }
  nz_jsonw_end_object(w);
  nz_jsonw_begin_array(w, "logicalLocations");
  nz_jsonw_begin_object(w, NULL);
  nz_jsonw_string(w, "name", name);
  nz_jsonw_string(w, "fullyQualifiedName", full);
  nz_jsonw_string(w, "kind", "resource");
  nz_jsonw_end_object(w);
  nz_jsonw_end_array(w);
  nz_jsonw_end_object(w);
  nz_jsonw_end_array(w);
}

static void
write_replacement(NzJsonw *w, const NzEdit *edit)
{
  nz_jsonw_begin_object(w, NULL);
  write_region(w, "deletedRegion", edit->place);
  nz_jsonw_begin_object(w, "insertedContent");
  nz_jsonw_string(w, "text", edit->text);
  nz_jsonw_end_object(w);
  nz_jsonw_end_object(w);
}

/* What is applied without being asked: a fix that is refused is but a proposal, and left out. */
static void
write_fix(NzJsonw *w, const NzFix *fix)
{
  if (!fix || fix->refused || fix->edits->len == 0)
    return;
  g_autofree char *path = nz_ci_relative(((const NzEdit *)fix->edits->pdata[0])->place->file);
  nz_jsonw_begin_array(w, "fixes");
  nz_jsonw_begin_object(w, NULL);
  write_message(w, "description", fix->title);
  nz_jsonw_begin_array(w, "artifactChanges");
  nz_jsonw_begin_object(w, NULL);
  nz_jsonw_begin_object(w, "artifactLocation");
  write_uri(w, path);
  nz_jsonw_end_object(w);
  nz_jsonw_begin_array(w, "replacements");
  for (guint i = 0; i < fix->edits->len; i++)
    write_replacement(w, fix->edits->pdata[i]);
  nz_jsonw_end_array(w);
  nz_jsonw_end_object(w);
  nz_jsonw_end_array(w);
  nz_jsonw_end_object(w);
  nz_jsonw_end_array(w);
}

/* Empty where the finding counts: a run that has suppressions has them for each result (3.27.23).
 */
static void
write_suppressions(NzJsonw *w, const NzExcepted *excepted)
{
  nz_jsonw_begin_array(w, "suppressions");
  if (excepted) {
    g_autofree char *why = nz_ci_justification(excepted);
    nz_jsonw_begin_object(w, NULL);
    nz_jsonw_string(w, "kind", "external");
    nz_jsonw_string(w, "status", "accepted");
    nz_jsonw_string(w, "justification", why);
    nz_jsonw_end_object(w);
  }
  nz_jsonw_end_array(w);
}

static void
write_properties(NzJsonw *w, const NzSubject *s, const NzFinding *f, const NzCheck *check)
{
  nz_jsonw_begin_object(w, "properties");
  nz_jsonw_string(w, "subject", s->name);
  nz_jsonw_string(w, "platform", s->platform);
  if (f->undecided)
    nz_jsonw_true(w, "undecided");
  nz_jsonw_string(w, "path", f->path);
  if (f->has_mode) {
    g_autofree char *mode = g_strdup_printf("%04o", f->mode);
    nz_jsonw_string(w, "mode", mode);
    nz_jsonw_uint(w, "uid", f->uid);
    nz_jsonw_uint(w, "gid", f->gid);
  }
  if (f->layer) {
    nz_jsonw_begin_object(w, "layer");
    nz_jsonw_uint(w, "index", f->layer->index);
    nz_jsonw_string(w, "digest", f->layer->digest);
    nz_jsonw_string(w, "created_by", f->layer->created_by);
    nz_jsonw_end_object(w);
  }
  nz_jsonw_string(w, "package", f->package);
  nz_jsonw_string(w, "origin", nz_origin_name(f->origin));
  if (!check || g_strcmp0(f->remedy, check->remedy) != 0) /* the rule's help has the usual one */
    nz_jsonw_string(w, "remedy", f->remedy);
  nz_jsonw_end_object(w);
}

/* The finding's check, and its place in the array of rules. */
static const NzCheck *
find_rule(const char *rule, guint *index)
{
  const NzCheck *check;
  for (*index = 0; (check = nz_check_at(*index)); (*index)++)
    if (strcmp(check->rule, rule) == 0)
      return check;
  return NULL;
}

static void
write_result(NzJsonw *w, const NzSubject *s, const NzFinding *f, const char *label,
             const char *fingerprint)
{
  g_autofree char *sentence = nz_ci_sentence(f);
  g_autofree char *message = g_strdup_printf("%s: %s", label, sentence);
  guint rule;
  const NzCheck *check = find_rule(f->rule, &rule);
  nz_jsonw_begin_object(w, NULL);
  nz_jsonw_string(w, "ruleId", f->rule);
  if (check)
    nz_jsonw_uint(w, "ruleIndex", rule);
  nz_jsonw_string(w, "level", level_of(f->level));
  write_message(w, "message", message);
  write_locations(w, s, f, label);
  nz_jsonw_begin_object(w, "partialFingerprints");
  /* The name that GitHub goes by; what it would compute itself needs the file. */
  nz_jsonw_string(w, "primaryLocationLineHash", fingerprint);
  nz_jsonw_string(w, "nonzero/v1", fingerprint);
  nz_jsonw_end_object(w);
  write_fix(w, f->fix);
  write_suppressions(w, f->excepted);
  write_properties(w, s, f, check);
  nz_jsonw_end_object(w);
}

static void
write_results(NzJsonw *w, const NzReport *report)
{
  g_autoptr(NzFingerprints) fingerprints = nz_fingerprints_new();
  nz_jsonw_begin_array(w, "results");
  for (guint i = 0; i < report->subjects->len; i++) {
    const NzSubject *s = report->subjects->pdata[i];
    g_autofree char *label = nz_ci_label(s);
    for (guint j = 0; j < s->findings->len; j++) {
      const NzFinding *f = s->findings->pdata[j];
      g_autofree char *fingerprint = nz_fingerprints_next(fingerprints, s, f);
      write_result(w, s, f, label, fingerprint);
    }
  }
  nz_jsonw_end_array(w);
}

static void
write_run(NzJsonw *w, const NzReport *report)
{
  nz_jsonw_begin_object(w, NULL);
  write_tool(w);
  write_invocation(w, report);
  nz_jsonw_begin_array(w, "artifacts");
  for (guint i = 0; i < report->subjects->len; i++)
    write_artifact(w, report->subjects->pdata[i], i);
  nz_jsonw_end_array(w);
  write_results(w, report);
  nz_jsonw_string(w, "columnKind", "unicodeCodePoints");
  nz_jsonw_begin_object(w, "properties");
  nz_jsonw_string(w, "profile", report->profile);
  nz_jsonw_string(w, "verdict", nz_verdict_name(nz_report_verdict(report)));
  nz_jsonw_end_object(w);
  nz_jsonw_end_object(w);
}

static void
write_sarif(const NzReport *report, const NzReportStyle *style G_GNUC_UNUSED, FILE *out)
{
  g_autoptr(NzJsonw) w = nz_jsonw_new(out);
  nz_jsonw_begin_object(w, NULL);
  nz_jsonw_string(w, "$schema", SCHEMA);
  nz_jsonw_string(w, "version", "2.1.0");
  nz_jsonw_begin_array(w, "runs");
  write_run(w, report);
  nz_jsonw_end_array(w);
  nz_jsonw_end_object(w);
}

const NzReportFormat nz_format_sarif = {"sarif", "SARIF 2.1.0, for code scanning", write_sarif};

/* SPDX-License-Identifier: Apache-2.0 */
/* nonzero/report/v1; the schema is docs/report-v1.schema.json. Keys that do not apply are left out.
 */
#include "report/json_parts.h"
#include "version.h"

void
nz_json_begin_document(NzJsonw *w, const char *schema, const NzReport *report)
{
  nz_jsonw_begin_object(w, NULL);
  nz_jsonw_string(w, "schema", schema);
  nz_jsonw_begin_object(w, "tool");
  nz_jsonw_string(w, "name", "nonzero");
  nz_jsonw_string(w, "version", NZ_VERSION);
  nz_jsonw_end_object(w);
  nz_jsonw_string(w, "profile", report->profile);
  nz_jsonw_string(w, "policy", report->policy);
}

static void
write_range(NzJsonw *w, const NzPlace *place)
{
  nz_jsonw_uint(w, "line", place->line);
  nz_jsonw_uint(w, "column", place->column);
  nz_jsonw_uint(w, "end_line", place->end_line);
  nz_jsonw_uint(w, "end_column", place->end_column);
}

void
nz_json_write_place(NzJsonw *w, const NzPlace *place)
{
  if (!place)
    return;
  nz_jsonw_string(w, "file", place->file);
  write_range(w, place);
}

static void
write_steps(NzJsonw *w, const GPtrArray *steps)
{
  if (!steps)
    return;
  nz_jsonw_begin_array(w, "steps");
  for (guint i = 0; i < steps->len; i++) {
    const NzStep *step = steps->pdata[i];
    nz_jsonw_begin_object(w, NULL);
    nz_jsonw_string(w, "text", step->text);
    nz_jsonw_uint(w, "depth", step->depth);
    nz_json_write_place(w, step->place);
    nz_jsonw_end_object(w);
  }
  nz_jsonw_end_array(w);
}

void
nz_json_write_user(NzJsonw *w, const NzSubject *subject)
{
  const NzUser *user = subject->user;
  if (!user)
    return;
  nz_jsonw_begin_object(w, "user");
  nz_jsonw_string(w, "declared", user->declared);
  if (user->has_uid)
    nz_jsonw_uint(w, "uid", user->uid);
  if (user->has_gid)
    nz_jsonw_uint(w, "gid", user->gid);
  nz_jsonw_string(w, "state", nz_user_state_name(user->state));
  nz_jsonw_string(w, "why", user->why);
  nz_json_write_place(w, subject->place);
  write_steps(w, subject->steps);
  nz_jsonw_end_object(w);
}

static void
write_layer(NzJsonw *w, const NzLayerFact *layer)
{
  if (!layer)
    return;
  nz_jsonw_begin_object(w, "layer");
  nz_jsonw_uint(w, "index", layer->index);
  nz_jsonw_string(w, "digest", layer->digest);
  nz_jsonw_string(w, "created_by", layer->created_by);
  nz_jsonw_end_object(w);
}

void
nz_json_write_excepted(NzJsonw *w, const NzExcepted *excepted)
{
  if (!excepted)
    return;
  nz_jsonw_begin_object(w, "excepted");
  nz_jsonw_string(w, "reason", excepted->reason);
  nz_jsonw_string(w, "owner", excepted->owner);
  nz_jsonw_string(w, "expires", excepted->expires);
  nz_jsonw_end_object(w);
}

static void
write_base(NzJsonw *w, const NzBaseFact *base)
{
  if (!base || (!base->known && !base->name && !base->digest))
    return;
  nz_jsonw_begin_object(w, "base");
  nz_jsonw_string(w, "name", base->name);
  nz_jsonw_string(w, "digest", base->digest);
  if (base->known)
    nz_jsonw_uint(w, "layers", base->n_layers);
  nz_jsonw_string(w, "why", base->why);
  nz_jsonw_end_object(w);
}

static void
write_time(NzJsonw *w, const char *key, gint64 microseconds)
{
  g_autoptr(GDateTime) time =
      microseconds > 0 ? g_date_time_new_from_unix_utc(microseconds / G_USEC_PER_SEC) : NULL;
  g_autofree char *text = time ? g_date_time_format_iso8601(time) : NULL;
  nz_jsonw_string(w, key, text);
}

static void
write_process(NzJsonw *w, const NzProcessFact *process)
{
  if (!process)
    return;
  nz_jsonw_begin_object(w, "process");
  nz_jsonw_string(w, "cause", process->cause);
  nz_jsonw_string(w, "arguments", process->arguments);
  nz_jsonw_string(w, "parents", process->parents);
  nz_jsonw_string(w, "terminal", process->terminal);
  nz_jsonw_uint(w, "pid", process->pid);
  nz_jsonw_uint(w, "host_uid", process->host_uid);
  nz_jsonw_uint(w, "count", process->count);
  write_time(w, "first_seen", process->first);
  write_time(w, "last_seen", process->last);
  nz_jsonw_end_object(w);
}

static void
write_container(NzJsonw *w, const NzContainerFact *container)
{
  if (!container)
    return;
  nz_jsonw_begin_object(w, "container");
  nz_jsonw_string(w, "engine", container->engine);
  nz_jsonw_string(w, "id", container->id);
  nz_jsonw_string(w, "namespace", container->space);
  nz_jsonw_string(w, "pod", container->pod);
  if (container->rootless)
    nz_jsonw_true(w, "rootless");
  if (container->sandbox)
    nz_jsonw_true(w, "sandbox");
  nz_jsonw_end_object(w);
}

/* The finding's fix, by its number among the subject's. */
static void
write_fix_of(NzJsonw *w, const NzSubject *s, const NzFinding *f)
{
  guint index;
  if (s && f->fix && g_ptr_array_find(s->fixes, f->fix, &index))
    nz_jsonw_uint(w, "fix", index);
}

void
nz_json_write_finding(NzJsonw *w, const char *key, const NzSubject *s, const NzFinding *f)
{
  nz_jsonw_begin_object(w, key);
  nz_jsonw_string(w, "rule", f->rule);
  nz_jsonw_string(w, "level", nz_level_name(f->level));
  nz_jsonw_string(w, "message", f->message);
  if (f->undecided)
    nz_jsonw_true(w, "undecided");
  nz_jsonw_string(w, "path", f->path);
  if (f->has_mode) {
    g_autofree char *mode = g_strdup_printf("%04o", f->mode);
    nz_jsonw_string(w, "mode", mode);
    nz_jsonw_uint(w, "uid", f->uid);
    nz_jsonw_uint(w, "gid", f->gid);
  }
  write_layer(w, f->layer);
  nz_jsonw_string(w, "package", f->package);
  nz_jsonw_string(w, "origin", nz_origin_name(f->origin));
  nz_json_write_place(w, f->place);
  write_process(w, f->process);
  nz_json_write_excepted(w, f->excepted);
  nz_jsonw_string(w, "remedy", f->remedy);
  write_fix_of(w, s, f);
  nz_jsonw_end_object(w);
}

static void
write_left_out(NzJsonw *w, const GArray *left_out)
{
  if (left_out->len == 0)
    return;
  nz_jsonw_begin_array(w, "left_out");
  for (guint i = 0; i < left_out->len; i++) {
    const NzLeftOut *left = &g_array_index(left_out, NzLeftOut, i);
    nz_jsonw_begin_object(w, NULL);
    nz_jsonw_string(w, "rule", left->rule);
    nz_jsonw_uint(w, "findings", left->n);
    nz_jsonw_end_object(w);
  }
  nz_jsonw_end_array(w);
}

void
nz_json_write_notes(NzJsonw *w, const GPtrArray *notes)
{
  if (notes->len == 0)
    return;
  nz_jsonw_begin_array(w, "notes");
  for (guint i = 0; i < notes->len; i++)
    nz_jsonw_string(w, NULL, notes->pdata[i]);
  nz_jsonw_end_array(w);
}

static void
write_fix(NzJsonw *w, GPtrArray *fixes, NzFix *fix)
{
  guint instead;
  nz_jsonw_begin_object(w, NULL);
  nz_jsonw_string(w, "title", fix->title);
  nz_jsonw_string(w, "refused", fix->refused);
  if (fix->edits->len > 0)
    nz_jsonw_string(w, "file", ((const NzEdit *)fix->edits->pdata[0])->place->file);
  nz_jsonw_begin_array(w, "edits");
  for (guint i = 0; i < fix->edits->len; i++) {
    const NzEdit *edit = fix->edits->pdata[i];
    nz_jsonw_begin_object(w, NULL);
    write_range(w, edit->place);
    nz_jsonw_string(w, "text", edit->text);
    nz_jsonw_end_object(w);
  }
  nz_jsonw_end_array(w);
  if (fix->instead && g_ptr_array_find(fixes, fix->instead, &instead))
    nz_jsonw_uint(w, "instead_of", instead);
  nz_jsonw_string(w, "patch", fix->patch);
  nz_jsonw_end_object(w);
}

static void
write_fixes(NzJsonw *w, GPtrArray *fixes)
{
  if (fixes->len == 0)
    return;
  nz_jsonw_begin_array(w, "fixes");
  for (guint i = 0; i < fixes->len; i++)
    write_fix(w, fixes, fixes->pdata[i]);
  nz_jsonw_end_array(w);
}

void
nz_json_write_subject_keys(NzJsonw *w, const NzSubject *s)
{
  nz_jsonw_string(w, "kind", s->kind);
  nz_jsonw_string(w, "name", s->name);
  nz_jsonw_string(w, "source", s->source);
  nz_jsonw_string(w, "platform", s->platform);
  nz_jsonw_string(w, "digest", s->digest);
  nz_jsonw_string(w, "image_id", s->image_id);
  nz_jsonw_string(w, "verdict", nz_verdict_name(s->verdict));
  nz_json_write_user(w, s);
  write_base(w, s->base);
  write_container(w, s->container);
  nz_jsonw_begin_array(w, "findings");
  for (guint i = 0; i < s->findings->len; i++)
    nz_json_write_finding(w, NULL, s, s->findings->pdata[i]);
  nz_jsonw_end_array(w);
  write_left_out(w, s->left_out);
  write_fixes(w, s->fixes);
  nz_json_write_notes(w, s->notes);
}

static void
write_errors(NzJsonw *w, const GPtrArray *errors)
{
  if (errors->len == 0)
    return;
  nz_jsonw_begin_array(w, "errors");
  for (guint i = 0; i < errors->len; i++) {
    const NzReportError *e = errors->pdata[i];
    nz_jsonw_begin_object(w, NULL);
    nz_jsonw_string(w, "source", e->source);
    nz_jsonw_string(w, "message", e->message);
    nz_jsonw_end_object(w);
  }
  nz_jsonw_end_array(w);
}

static void
write_json(const NzReport *report, const NzReportStyle *style G_GNUC_UNUSED, FILE *out)
{
  g_autoptr(NzJsonw) w = nz_jsonw_new(out);
  nz_json_begin_document(w, "nonzero/report/v1", report);
  nz_jsonw_string(w, "verdict", nz_verdict_name(nz_report_verdict(report)));
  nz_jsonw_begin_array(w, "subjects");
  for (guint i = 0; i < report->subjects->len; i++) {
    nz_jsonw_begin_object(w, NULL);
    nz_json_write_subject_keys(w, report->subjects->pdata[i]);
    nz_jsonw_end_object(w);
  }
  nz_jsonw_end_array(w);
  write_errors(w, report->errors);
  nz_jsonw_end_object(w);
}

const NzReportFormat nz_format_json = {"json", "nonzero/report/v1, for programs", write_json};

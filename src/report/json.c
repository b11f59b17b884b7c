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

void
nz_json_write_user(NzJsonw *w, const NzUser *user)
{
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

static void
write_excepted(NzJsonw *w, const NzExcepted *excepted)
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

void
nz_json_write_finding(NzJsonw *w, const char *key, const NzFinding *f)
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
  write_excepted(w, f->excepted);
  nz_jsonw_string(w, "remedy", f->remedy);
  nz_jsonw_end_object(w);
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

void
nz_json_write_subject_keys(NzJsonw *w, const NzSubject *s)
{
  nz_jsonw_string(w, "kind", s->kind);
  nz_jsonw_string(w, "name", s->name);
  nz_jsonw_string(w, "source", s->source);
  nz_jsonw_string(w, "platform", s->platform);
  nz_jsonw_string(w, "digest", s->digest);
  nz_jsonw_string(w, "verdict", nz_verdict_name(s->verdict));
  nz_json_write_user(w, s->user);
  write_base(w, s->base);
  nz_jsonw_begin_array(w, "findings");
  for (guint i = 0; i < s->findings->len; i++)
    nz_json_write_finding(w, NULL, s->findings->pdata[i]);
  nz_jsonw_end_array(w);
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

/* SPDX-License-Identifier: Apache-2.0 */
/* One report of a scan (docs/report-v1.schema.json), read in place. */
#include <string.h>

#include "check/profile.h"
#include "core/limits.h"
#include "core/text.h"
#include "image/digest.h"
#include "image/json_cursor.h"
#include "runtime/scan_reports_private.h"

#define SCHEMA "nonzero/report/v1"

/* A finding, until its end says what it is. */
typedef struct {
  char *rule;
  gboolean undecided;
  NzScannedFile *file;
} Finding;

typedef struct {
  char *kind, *id, *digest, *left_rule;
  NzScannedImage *image;
  gboolean undecided, has_verdict, has_findings;
} Subject;

typedef struct {
  NzJsonCursor at;
  const char *begin;
  const char *name;
  char *schema, *profile;
  GPtrArray *subjects; /* Subject: the schema may come after them */
  Subject *subject;    /* at work */
  Finding *finding;    /* the same */
  guint n_findings;
  GString *buffer;
  GError *error; /* what is wrong, where that is more than that it is no JSON */
} Reader;

static void
finding_clear(Finding *self)
{
  g_free(self->rule);
  nz_scanned_file_free(self->file);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Finding, finding_clear)

static void
subject_free(gpointer data)
{
  Subject *self = data;
  g_free(self->kind);
  g_free(self->id);
  g_free(self->digest);
  g_free(self->left_rule);
  nz_scanned_image_free(self->image);
  g_free(self);
}

static void
reader_clear(Reader *self)
{
  g_free(self->schema);
  g_free(self->profile);
  g_ptr_array_unref(self->subjects);
  g_string_free(self->buffer, TRUE);
  g_clear_error(&self->error);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Reader, reader_clear)

/* --- values --- */

typedef gboolean (*Take)(Reader *r);

typedef struct {
  const char *key;
  Take take;
} Key;

static G_GNUC_PRINTF(2, 3) gboolean wrong(Reader *r, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  g_autofree char *text = g_strdup_vprintf(format, args);
  va_end(args);
  if (!r->error)
    nz_set_input_error(&r->error, "%s", text);
  return FALSE;
}

/* Into *FIELD, printable; null leaves it. */
static gboolean
take_text(Reader *r, char **field)
{
  NzJsonText text;
  gboolean is_null, lossy = FALSE;
  if (!nz_json_cursor_text(&r->at, &text, &is_null))
    return FALSE;
  if (is_null)
    return TRUE;
  if (text.len > NZ_SCAN_REPORT_TEXT_MAX)
    return wrong(r, "a text of more than %u KiB", (guint)(NZ_SCAN_REPORT_TEXT_MAX >> 10));
  if (!nz_json_text_decode(&text, r->buffer, &lossy))
    return FALSE;
  g_free(*field);
  *field = nz_printable(r->buffer->str, (gssize)r->buffer->len);
  return TRUE;
}

static gboolean
take_digest(Reader *r, char **field)
{
  if (!take_text(r, field))
    return FALSE;
  return !*field || nz_digest_valid(*field) || wrong(r, "%s is no digest", *field);
}

/* Which of the N names that NAME_OF gives it is. */
static gboolean
take_word(Reader *r, const char *(*name_of)(guint), guint n, guint *index)
{
  g_autofree char *word = NULL;
  if (!take_text(r, &word))
    return FALSE;
  for (*index = 0; word && *index < n; ++*index)
    if (g_strcmp0(name_of(*index), word) == 0)
      return TRUE;
  return wrong(r, "%s is no word that is known here", word ? word : "null");
}

/* An object with KEYS, of which none may be there twice; others are passed over. */
static gboolean
take_object(Reader *r, const Key *keys)
{
  gboolean more, is_null;
  guint seen = 0;
  NzJsonText key;
  if (!nz_json_cursor_object(&r->at, &is_null) || is_null)
    return FALSE;
  for (gboolean first = TRUE; nz_json_cursor_next(&r->at, '}', &first, &more);) {
    if (!more)
      return TRUE;
    if (!nz_json_cursor_key(&r->at, &key))
      return FALSE;
    guint i = 0;
    while (keys[i].key &&
           (strlen(keys[i].key) != key.len || memcmp(keys[i].key, key.text, key.len) != 0))
      i++;
    if (keys[i].key && seen & 1u << i)
      return wrong(r, "two keys \"%s\" in one object", keys[i].key);
    seen |= keys[i].key ? 1u << i : 0;
    if (!(keys[i].key ? keys[i].take(r) : nz_json_cursor_skip(&r->at)))
      return FALSE;
  }
  return FALSE;
}

static gboolean
take_array(Reader *r, Take take)
{
  gboolean more;
  if (!nz_json_cursor_take(&r->at, '['))
    return FALSE;
  for (gboolean first = TRUE; nz_json_cursor_next(&r->at, ']', &first, &more);) {
    if (!more)
      return TRUE;
    if (!take(r))
      return FALSE;
  }
  return FALSE;
}

/* --- findings --- */

static gboolean
take_rule(Reader *r)
{
  return take_text(r, &r->finding->rule);
}

static gboolean
take_undecided(Reader *r)
{
  r->finding->undecided = TRUE; /* it is left out where it does not hold */
  return nz_json_cursor_skip(&r->at);
}

static gboolean
take_path(Reader *r)
{
  return take_text(r, &r->finding->file->path);
}

static gboolean
take_index(Reader *r)
{
  gint64 index = -1;
  if (!nz_json_cursor_int(&r->at, &index))
    return FALSE;
  if (index < 0 || index > G_MAXUINT16)
    return wrong(r, "a layer of the number %" G_GINT64_FORMAT, index);
  r->finding->file->layer.index = (guint)index;
  r->finding->file->has_layer = TRUE;
  return TRUE;
}

static gboolean
take_layer_digest(Reader *r)
{
  return take_digest(r, &r->finding->file->layer.digest);
}

static gboolean
take_created_by(Reader *r)
{
  return take_text(r, &r->finding->file->layer.created_by);
}

static gboolean
take_layer(Reader *r)
{
  static const Key keys[] = {{"index", take_index},
                             {"digest", take_layer_digest},
                             {"created_by", take_created_by},
                             {NULL, NULL}};
  return take_object(r, keys);
}

static gboolean
take_package(Reader *r)
{
  return take_text(r, &r->finding->file->package);
}

static const char *
origin_at(guint i)
{
  return nz_origin_name((NzOrigin)i);
}

static gboolean
take_origin(Reader *r)
{
  guint origin;
  if (!take_word(r, origin_at, NZ_ORIGIN_OWN + 1, &origin))
    return FALSE;
  r->finding->file->origin = (NzOrigin)origin;
  return TRUE;
}

/* Rules by which every file that makes root is found. */
static const struct {
  const char *rule;
  NzScannedKind kind;
} rules[] = {
    {"setuid-root", NZ_SCANNED_SETUID},
    {"setuid-inert", NZ_SCANNED_SETUID}, /* who owns it may have made it executable since */
    {"file-capabilities", NZ_SCANNED_CAPABLE},
};

static gboolean
take_finding(Reader *r)
{
  static const Key keys[] = {
      {"rule", take_rule},   {"undecided", take_undecided}, {"path", take_path},
      {"layer", take_layer}, {"package", take_package},     {"origin", take_origin},
      {NULL, NULL}};
  g_auto(Finding) finding = {.file = nz_scanned_file_new()};
  r->finding = &finding;
  if (!take_object(r, keys))
    return FALSE;
  if (!finding.rule)
    return wrong(r, "a finding without a rule");
  r->subject->undecided |= finding.undecided;
  for (guint i = 0; i < G_N_ELEMENTS(rules) && finding.file && finding.file->path; i++) {
    if (strcmp(rules[i].rule, finding.rule) != 0)
      continue;
    if (++r->n_findings > NZ_SCAN_REPORTS_KEPT_MAX)
      return wrong(r, "more than %u files that make root", NZ_SCAN_REPORTS_KEPT_MAX);
    nz_scanned_image_add(r->subject->image, rules[i].kind, g_steal_pointer(&finding.file));
  }
  return TRUE;
}

static gboolean
take_findings(Reader *r)
{
  r->subject->has_findings = TRUE;
  return take_array(r, take_finding);
}

/* --- subjects --- */

static gboolean
take_left_rule(Reader *r)
{
  return take_text(r, &r->subject->left_rule);
}

static gboolean
take_left_out(Reader *r)
{
  static const Key keys[] = {{"rule", take_left_rule}, {NULL, NULL}};
  if (!take_object(r, keys))
    return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS(rules); i++)
    if (g_strcmp0(rules[i].rule, r->subject->left_rule) == 0)
      r->subject->image->complete[rules[i].kind] = FALSE;
  return TRUE;
}

static gboolean
take_all_left_out(Reader *r)
{
  return take_array(r, take_left_out);
}

static gboolean
take_kind(Reader *r)
{
  return take_text(r, &r->subject->kind);
}

static gboolean
take_id(Reader *r)
{
  return take_digest(r, &r->subject->id);
}

static gboolean
take_manifest_digest(Reader *r)
{
  return take_digest(r, &r->subject->digest);
}

static const char *
verdict_at(guint i)
{
  return nz_verdict_name((NzVerdict)i);
}

static gboolean
take_verdict(Reader *r)
{
  guint verdict;
  if (!take_word(r, verdict_at, NZ_VERDICT_FAIL + 1, &verdict))
    return FALSE;
  r->subject->image->verdict = (NzVerdict)verdict;
  r->subject->has_verdict = TRUE;
  return TRUE;
}

static const char *
state_at(guint i)
{
  return nz_user_state_name((NzUserState)i);
}

static gboolean
take_state(Reader *r)
{
  guint state;
  if (!take_word(r, state_at, NZ_USER_ROOT_IN_USERNS + 1, &state))
    return FALSE;
  r->subject->image->state = (NzUserState)state;
  return TRUE;
}

static gboolean
take_declared(Reader *r)
{
  return take_text(r, &r->subject->image->declared);
}

static gboolean
take_user(Reader *r)
{
  static const Key keys[] = {{"state", take_state}, {"declared", take_declared}, {NULL, NULL}};
  return take_object(r, keys);
}

static gboolean
take_subject(Reader *r)
{
  static const Key keys[] = {{"kind", take_kind},
                             {"image_id", take_id},
                             {"digest", take_manifest_digest},
                             {"verdict", take_verdict},
                             {"user", take_user},
                             {"findings", take_findings},
                             {"left_out", take_all_left_out},
                             {NULL, NULL}};
  if (r->subjects->len >= NZ_SCAN_REPORTS_KEPT_MAX)
    return wrong(r, "more than %u images", NZ_SCAN_REPORTS_KEPT_MAX);
  r->subject = g_new0(Subject, 1);
  r->subject->image = nz_scanned_image_new(r->name);
  for (guint kind = 0; kind < NZ_SCANNED_KINDS; kind++)
    r->subject->image->complete[kind] = TRUE;
  g_ptr_array_add(r->subjects, r->subject);
  if (!take_object(r, keys))
    return FALSE;
  return (r->subject->kind && r->subject->has_verdict && r->subject->has_findings) ||
         wrong(r, "a subject without its kind, verdict or findings");
}

static gboolean
take_subjects(Reader *r)
{
  return take_array(r, take_subject);
}

/* --- the report --- */

static gboolean
take_schema(Reader *r)
{
  return take_text(r, &r->schema);
}

static gboolean
take_profile(Reader *r)
{
  return take_text(r, &r->profile);
}

static gboolean
keep(Reader *r, NzScanReports *reports, GError **error)
{
  guint n_images = 0;
  for (guint i = 0; i < r->subjects->len; i++) {
    Subject *s = r->subjects->pdata[i];
    if (strcmp(s->kind, "image") != 0)
      continue;
    n_images++;
    /* What is undecided may hide files: of an image whose layers unpack in two ways. */
    gboolean whole = !s->undecided && g_strcmp0(r->profile, NZ_PROFILE_USER_ONLY) != 0;
    for (guint kind = 0; kind < NZ_SCANNED_KINDS; kind++)
      s->image->complete[kind] &= whole;
    if (!nz_scan_reports_keep(reports, s->id, s->digest, g_steal_pointer(&s->image), error))
      return FALSE;
  }
  if (r->subjects->len > 0 && n_images == 0)
    return nz_set_input(error, "it is of no image: `nonzero scan --format json` writes what is "
                               "wanted here");
  return TRUE;
}

/* Whether this is a report at all is said before what is wrong with it. */
static gboolean
explain(Reader *r, GError **error)
{
  guint line = 1;
  for (const char *p = r->begin; p < r->at.p; p++)
    line += *p == '\n';
  if (!r->schema)
    return nz_set_input(error, "it is no report of `nonzero scan --format json`");
  if (r->error)
    return nz_set_input(error, "line %u: %s", line, r->error->message);
  return nz_set_input(error, "line %u: no JSON, or not what " SCHEMA " has there%s", line,
                      r->at.ran_out ? ": it ends before its end" : "");
}

gboolean
nz_scan_reports_add(NzScanReports *self, const char *name, const char *data, gsize len,
                    GError **error)
{
  static const Key keys[] = {{"schema", take_schema},
                             {"profile", take_profile},
                             {"subjects", take_subjects},
                             {NULL, NULL}};
  g_auto(Reader) r = {.at = {data, data + len, FALSE},
                      .begin = data,
                      .name = name,
                      .subjects = g_ptr_array_new_with_free_func(subject_free),
                      .buffer = g_string_new(NULL)};
  gboolean read = take_object(&r, keys);
  if (r.schema && strcmp(r.schema, SCHEMA) != 0)
    return nz_set_input(error, "it is of %s; what is read here is " SCHEMA,
                        strlen(r.schema) < 64 ? r.schema : "another schema");
  if (!read || !r.schema)
    return explain(&r, error);
  while (r.at.p < r.at.end && g_ascii_isspace(*r.at.p))
    r.at.p++;
  if (r.at.p < r.at.end)
    return nz_set_input(error, "something stands behind the report's end");
  return keep(&r, self, error);
}

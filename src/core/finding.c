/* SPDX-License-Identifier: Apache-2.0 */
#include "core/finding.h"

#include <string.h>

const char *
nz_level_name(NzLevel level)
{
  static const char *const names[] = {
      [NZ_LEVEL_INFO] = "info", [NZ_LEVEL_WARN] = "warn", [NZ_LEVEL_FAIL] = "fail"};
  return names[level];
}

const char *
nz_verdict_name(NzVerdict verdict)
{
  static const char *const names[] = {
      [NZ_VERDICT_PASS] = "pass", [NZ_VERDICT_UNKNOWN] = "unknown", [NZ_VERDICT_FAIL] = "fail"};
  return names[verdict];
}

const char *
nz_origin_name(NzOrigin origin)
{
  static const char *const names[] = {
      [NZ_ORIGIN_UNKNOWN] = NULL, [NZ_ORIGIN_BASE] = "base", [NZ_ORIGIN_OWN] = "own"};
  return names[origin];
}

static const struct {
  const char *kind, *one, *many;
  gboolean is_source;
} kinds[] = {
    {"image", "image", "images", FALSE},
    {"dockerfile", "Dockerfile", "Dockerfiles", TRUE},
    {"compose-service", "service", "services", TRUE},
    {"quadlet", "unit", "units", TRUE},
    {"workload-container", "container", "containers", TRUE},
    {"container", "running container", "running containers", FALSE},
};

const char *
nz_kind_noun(const char *kind, guint n)
{
  for (guint i = 0; i < G_N_ELEMENTS(kinds); i++)
    if (strcmp(kinds[i].kind, kind) == 0)
      return n == 1 ? kinds[i].one : kinds[i].many;
  return n == 1 ? "subject" : "subjects";
}

gboolean
nz_kind_is_source(const char *kind)
{
  for (guint i = 0; i < G_N_ELEMENTS(kinds); i++)
    if (strcmp(kinds[i].kind, kind) == 0)
      return kinds[i].is_source;
  return FALSE;
}

NzFinding *
nz_finding_new(const char *rule, NzLevel level, const char *remedy, const char *format, ...)
{
  NzFinding *self = g_new0(NzFinding, 1);
  self->rule = rule;
  self->level = level;
  self->remedy = remedy;
  va_list args;
  va_start(args, format);
  self->message = g_strdup_vprintf(format, args);
  va_end(args);
  return self;
}

NzProcessFact *
nz_process_fact_new(void)
{
  return g_new0(NzProcessFact, 1);
}

static void
process_fact_free(NzProcessFact *self)
{
  if (!self)
    return;
  g_free(self->arguments);
  g_free(self->parents);
  g_free(self->terminal);
  g_free(self);
}

NzContainerFact *
nz_container_fact_new(const char *engine, const char *id)
{
  NzContainerFact *self = g_new0(NzContainerFact, 1);
  self->engine = engine;
  self->id = g_strdup(id);
  return self;
}

static void
container_fact_free(NzContainerFact *self)
{
  if (!self)
    return;
  g_free(self->id);
  g_free(self->pod);
  g_free(self->space);
  g_free(self);
}

void
nz_finding_free(NzFinding *self)
{
  if (!self)
    return;
  g_free(self->message);
  g_free(self->path);
  g_free(self->package);
  nz_place_free(self->place);
  process_fact_free(self->process);
  g_free(self);
}

gboolean
nz_finding_is_about_user(const NzFinding *self)
{
  static const char *const rules[] = {"image-user", "user-not-numeric", NULL};
  return g_strv_contains(rules, self->rule);
}

static void
layer_fact_free(gpointer data)
{
  NzLayerFact *self = data;
  g_free(self->digest);
  g_free(self->created_by);
  g_free(self);
}

static void
base_fact_free(NzBaseFact *self)
{
  if (!self)
    return;
  g_free(self->name);
  g_free(self->digest);
  g_free(self->why);
  g_free(self);
}

static void
excepted_free(gpointer data)
{
  NzExcepted *self = data;
  g_free(self->reason);
  g_free(self->owner);
  g_free(self->expires);
  g_free(self);
}

NzStep *
nz_step_new(guint depth, NzPlace *place, char *text)
{
  NzStep *self = g_new(NzStep, 1);
  *self = (NzStep){.text = text, .place = place, .depth = depth};
  return self;
}

void
nz_step_free(gpointer data)
{
  NzStep *self = data;
  if (!self)
    return;
  g_free(self->text);
  nz_place_free(self->place);
  g_free(self);
}

NzSubject *
nz_subject_new(const char *kind)
{
  NzSubject *self = g_new0(NzSubject, 1);
  self->kind = kind;
  self->fail_on = NZ_LEVEL_FAIL;
  self->layers = g_ptr_array_new_with_free_func(layer_fact_free);
  self->findings = g_ptr_array_new_with_free_func((GDestroyNotify)nz_finding_free);
  self->fixes = g_ptr_array_new_with_free_func((GDestroyNotify)nz_fix_free);
  self->excepted = g_ptr_array_new_with_free_func(excepted_free);
  self->left_out = g_array_new(FALSE, FALSE, sizeof(NzLeftOut));
  self->notes = g_ptr_array_new_with_free_func(g_free);
  return self;
}

void
nz_subject_free(NzSubject *self)
{
  if (!self)
    return;
  g_free(self->name);
  g_free(self->source);
  g_free(self->platform);
  g_free(self->digest);
  g_free(self->image_id);
  g_free(self->space);
  g_free(self->in_pod);
  nz_user_free(self->user);
  base_fact_free(self->base);
  container_fact_free(self->container);
  nz_place_free(self->place);
  if (self->steps)
    g_ptr_array_unref(self->steps);
  g_ptr_array_unref(self->findings);
  g_ptr_array_unref(self->fixes);
  g_ptr_array_unref(self->excepted);
  g_ptr_array_unref(self->layers);
  g_array_unref(self->left_out);
  g_ptr_array_unref(self->notes);
  g_free(self);
}

static int
compare(gconstpointer a, gconstpointer b)
{
  const NzFinding *x = *(NzFinding *const *)a, *y = *(NzFinding *const *)b;
  if (x->level != y->level)
    return (int)y->level - (int)x->level;
  int by_rule = strcmp(x->rule, y->rule);
  int by_place = by_rule ? by_rule : nz_place_compare(x->place, y->place);
  return by_place ? by_place : g_strcmp0(x->path, y->path);
}

void
nz_subject_conclude(NzSubject *self)
{
  self->verdict = NZ_VERDICT_PASS;
  for (guint i = 0; i < self->findings->len; i++) {
    NzFinding *f = self->findings->pdata[i];
    f->fails = !f->excepted && f->level >= self->fail_on;
    if (f->excepted)
      continue;
    if (f->fails)
      self->verdict = NZ_VERDICT_FAIL;
    else if (f->undecided)
      self->verdict = MAX(self->verdict, NZ_VERDICT_UNKNOWN);
  }
  g_ptr_array_sort(self->findings, compare);
}

static gsize
text_bytes(const char *text)
{
  return text ? strlen(text) + 1 : 0;
}

static gsize
place_bytes(const NzPlace *place)
{
  return place ? sizeof *place + text_bytes(place->file) : 0;
}

static gsize
fix_bytes(const NzFix *fix)
{
  gsize sum = sizeof *fix + text_bytes(fix->title) + text_bytes(fix->refused);
  for (guint i = 0; i < fix->edits->len; i++) {
    const NzEdit *edit = fix->edits->pdata[i];
    sum += sizeof *edit + place_bytes(edit->place) + text_bytes(edit->text);
  }
  return sum;
}

gsize
nz_subject_bytes(const NzSubject *self)
{
  gsize sum = sizeof *self;
  for (guint i = 0; i < self->findings->len; i++) {
    const NzFinding *f = self->findings->pdata[i];
    sum += sizeof *f + text_bytes(f->message) + text_bytes(f->path) + text_bytes(f->package) +
           place_bytes(f->place);
  }
  for (guint i = 0; i < self->fixes->len; i++)
    sum += fix_bytes(self->fixes->pdata[i]);
  for (guint i = 0; i < self->layers->len; i++) {
    const NzLayerFact *layer = self->layers->pdata[i];
    sum += sizeof *layer + text_bytes(layer->digest) + text_bytes(layer->created_by);
  }
  for (guint i = 0; i < self->notes->len; i++)
    sum += text_bytes(self->notes->pdata[i]);
  for (guint i = 0; self->steps && i < self->steps->len; i++) {
    const NzStep *step = self->steps->pdata[i];
    sum += sizeof *step + text_bytes(step->text) + place_bytes(step->place);
  }
  return sum;
}

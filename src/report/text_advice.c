/* SPDX-License-Identifier: Apache-2.0 */
#include "report/text_advice.h"

#include <string.h>

#include "core/text.h"
#include "report/wrap.h"

/* Subjects that are named with what they are to do, where others are to do another thing. */
#define NAMED 3u

/* What to do, and who. */
typedef struct {
  const char *remedy;
  const char *names[NAMED];
  guint n_subjects;
} Remedy;

typedef struct {
  const NzCheck *check;
  GArray *remedies;   /* Remedy */
  GHashTable *places; /* a remedy -> its place in them, from 1 */
} Rule;

struct NzTextAdvice {
  GPtrArray *rules;
};

static void
rule_free(gpointer data)
{
  Rule *self = data;
  g_array_unref(self->remedies);
  g_hash_table_unref(self->places);
  g_free(self);
}

NzTextAdvice *
nz_text_advice_new(void)
{
  NzTextAdvice *self = g_new0(NzTextAdvice, 1);
  self->rules = g_ptr_array_new_with_free_func(rule_free);
  return self;
}

void
nz_text_advice_free(NzTextAdvice *self)
{
  if (!self)
    return;
  g_ptr_array_unref(self->rules);
  g_free(self);
}

static Rule *
find_rule(NzTextAdvice *self, const NzCheck *check)
{
  for (guint i = 0; i < self->rules->len; i++) {
    Rule *rule = self->rules->pdata[i];
    if (rule->check == check)
      return rule;
  }
  Rule *rule = g_new0(Rule, 1);
  rule->check = check;
  rule->remedies = g_array_new(FALSE, FALSE, sizeof(Remedy));
  rule->places = g_hash_table_new(nz_str_hash, g_str_equal);
  g_ptr_array_add(self->rules, rule);
  return rule;
}

void
nz_text_advice_add(NzTextAdvice *self, const NzCheck *check, const NzSubject *subject,
                   const NzFinding *finding)
{
  Rule *rule = find_rule(self, check);
  const char *text = finding->remedy ? finding->remedy : "";
  guint place = GPOINTER_TO_UINT(g_hash_table_lookup(rule->places, text));
  if (place == 0) {
    const Remedy fresh = {.remedy = text};
    g_array_append_val(rule->remedies, fresh);
    place = rule->remedies->len;
    g_hash_table_insert(rule->places, (gpointer)text, GUINT_TO_POINTER(place));
  }
  Remedy *remedy = &g_array_index(rule->remedies, Remedy, place - 1);
  if (remedy->n_subjects < NAMED)
    remedy->names[remedy->n_subjects] = subject->name;
  remedy->n_subjects++;
}

/* "app/Dockerfile, Deployment/web app and 7 more" */
static char *
names_of(const Remedy *remedy)
{
  GString *names = g_string_new(NULL);
  for (guint i = 0; i < MIN(remedy->n_subjects, NAMED); i++)
    g_string_append_printf(names, "%s%s", i > 0 ? ", " : "", remedy->names[i]);
  if (remedy->n_subjects > NAMED)
    g_string_append_printf(names, " and %u more", remedy->n_subjects - NAMED);
  return g_string_free(names, FALSE);
}

static void
write_rule(const Rule *rule, const NzReportStyle *style, FILE *out)
{
  gboolean several = rule->remedies->len > 1;
  fprintf(out, style->color ? "\n\033[1m%s\033[0m: %s\n" : "\n%s: %s\n", rule->check->rule,
          rule->check->title);
  nz_write_wrapped(out, "why", rule->check->why);
  for (guint i = 0; i < rule->remedies->len; i++) {
    const Remedy *remedy = &g_array_index(rule->remedies, Remedy, i);
    g_autofree char *names = several ? names_of(remedy) : NULL;
    nz_write_wrapped(out, "to do", remedy->remedy);
    if (several)
      nz_write_wrapped(out, "for", names);
  }
  if (style->verbose && rule->check->aliases[0]) {
    g_autofree char *also = g_strjoinv(", ", (char **)rule->check->aliases);
    nz_write_wrapped(out, "also", also);
  }
}

void
nz_text_advice_write(const NzTextAdvice *self, const NzReportStyle *style, FILE *out)
{
  for (guint i = 0; i < self->rules->len; i++)
    write_rule(self->rules->pdata[i], style, out);
}

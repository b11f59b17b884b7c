/* SPDX-License-Identifier: Apache-2.0 */
/* Code actions: each fix by itself, and all that were verified at once, which is what
 * `nonzero lint --fix` writes. */
#include <string.h>

#include "lsp/answers.h"

/* --- edits --- */

/* Adds the edits of FIX to EDITS, each once. FALSE when it is of another file. */
static gboolean
collect_edits(const NzDocument *doc, const NzFix *fix, GPtrArray *edits)
{
  for (guint i = 0; i < fix->edits->len; i++)
    if (!nz_document_holds(doc, ((const NzEdit *)fix->edits->pdata[i])->place))
      return FALSE;
  for (guint i = 0; i < fix->edits->len; i++)
    g_ptr_array_add(edits, fix->edits->pdata[i]);
  return fix->edits->len > 0;
}

/* In order; FALSE when two of them are of the same bytes. */
static gboolean
sort_edits(GPtrArray *edits)
{
  nz_edits_sort(edits);
  for (guint i = 1; i < edits->len; i++) {
    const NzEdit *one = edits->pdata[i - 1], *next = edits->pdata[i];
    if (next->place->start < one->place->end)
      return FALSE;
  }
  return TRUE;
}

/* A WorkspaceEdit. */
static json_t *
workspace_edit(const NzDocument *doc, const GPtrArray *edits, const NzEditor *editor)
{
  json_t *list = json_array();
  for (guint i = 0; i < edits->len; i++) {
    const NzEdit *edit = edits->pdata[i];
    json_array_append_new(
        list, json_pack("{s:o, s:o}", "range",
                        nz_lines_range(doc->lines, edit->place->start, edit->place->end), "newText",
                        nz_json_of_text(edit->text)));
  }
  if (!editor->versioned_edits)
    return json_pack("{s:{s:o}}", "changes", doc->uri, list);
  return json_pack("{s:[{s:{s:s, s:I}, s:o}]}", "documentChanges", "textDocument", "uri", doc->uri,
                   "version", (json_int_t)doc->version, "edits", list);
}

/* --- a fix --- */

static gboolean
touches(gsize start, gsize end, gsize from, gsize to)
{
  return start <= to && from <= end;
}

/* Adds to LIST the findings of S that FIX mends, as diagnostics. *NEAR: one of them is in bytes
 * FROM to TO. */
static void
add_mended(json_t *list, const NzDocument *doc, const NzSubject *s, const NzFix *fix, gsize from,
           gsize to, gboolean *near)
{
  for (guint i = 0; i < s->findings->len; i++) {
    const NzFinding *f = s->findings->pdata[i];
    gsize start, end;
    if (f->fix != fix || f->excepted)
      continue;
    nz_document_part(doc, s, f, &start, &end);
    *near |= touches(start, end, from, to);
    json_array_append_new(list, nz_diagnostic(doc, s, f));
  }
}

/* Several subjects may have one fix. */
static json_t *
mended_by(const NzDocument *doc, const NzFix *fix, gsize from, gsize to, gboolean *near)
{
  json_t *list = json_array();
  for (guint i = 0; i < doc->subjects->len; i++)
    add_mended(list, doc, doc->subjects->pdata[i], fix, from, to, near);
  return list;
}

static gboolean
is_edited(const GPtrArray *edits, gsize from, gsize to)
{
  for (guint i = 0; i < edits->len; i++) {
    const NzPlace *place = ((const NzEdit *)edits->pdata[i])->place;
    if (touches(place->start, place->end, from, to))
      return TRUE;
  }
  return FALSE;
}

static void
add_fix(json_t *actions, const NzDocument *doc, const NzFix *fix, gsize from, gsize to,
        const NzEditor *editor)
{
  g_autoptr(GPtrArray) edits = g_ptr_array_new();
  gboolean has_edits = collect_edits(doc, fix, edits) && sort_edits(edits);
  gboolean near = has_edits && is_edited(edits, from, to);
  json_t *diagnostics = mended_by(doc, fix, from, to, &near);
  if (!near || (fix->refused ? !editor->disabled_actions : !has_edits)) {
    json_decref(diagnostics);
    return;
  }
  json_t *action = json_pack("{s:o, s:s, s:o}", "title", nz_json_of_text(fix->title), "kind",
                             NZ_ACTION_QUICKFIX, "diagnostics", diagnostics);
  if (fix->refused) {
    json_object_set_new(action, "disabled",
                        json_pack("{s:o}", "reason", nz_json_of_text(fix->refused)));
  } else {
    json_object_set_new(action, "isPreferred", json_true());
    json_object_set_new(action, "edit", workspace_edit(doc, edits, editor));
  }
  json_array_append_new(actions, action);
}

/* --- all --- */

/* Each once. */
static GPtrArray *
all_fixes(const NzDocument *doc)
{
  GPtrArray *fixes = g_ptr_array_new();
  g_autoptr(GHashTable) known = g_hash_table_new(NULL, NULL);
  for (guint i = 0; i < doc->subjects->len; i++) {
    const NzSubject *s = doc->subjects->pdata[i];
    for (guint j = 0; j < s->fixes->len; j++)
      if (g_hash_table_add(known, s->fixes->pdata[j]))
        g_ptr_array_add(fixes, s->fixes->pdata[j]);
  }
  return fixes;
}

static void
add_fix_all(json_t *actions, const NzDocument *doc, const NzEditor *editor)
{
  g_autoptr(GPtrArray) edits = g_ptr_array_new(), fixes = all_fixes(doc);
  for (guint i = 0; i < fixes->len; i++) {
    const NzFix *fix = fixes->pdata[i];
    if (!fix->refused)
      collect_edits(doc, fix, edits);
  }
  if (edits->len == 0 || !sort_edits(edits))
    return;
  json_array_append_new(actions,
                        json_pack("{s:s, s:s, s:o}", "title", "Apply all fixes of nonzero", "kind",
                                  NZ_ACTION_FIX_ALL, "edit", workspace_edit(doc, edits, editor)));
}

/* A kind that is asked for means those below it too: "source" is also "source.fixAll.nonzero". */
static gboolean
is_wanted(const json_t *only, const char *kind)
{
  if (!json_is_array(only))
    return TRUE;
  for (gsize i = 0; i < json_array_size(only); i++) {
    const char *asked = json_string_value(json_array_get(only, i));
    gsize n = asked ? strlen(asked) : 0;
    if (asked && strncmp(kind, asked, n) == 0 && (n == 0 || kind[n] == '.' || kind[n] == '\0'))
      return TRUE;
  }
  return FALSE;
}

json_t *
nz_code_actions(const NzDocument *doc, gsize start, gsize end, const json_t *only,
                const NzEditor *editor)
{
  json_t *actions = json_array();
  if (!editor->literal_actions)
    return actions;
  g_autoptr(GPtrArray) fixes = all_fixes(doc);
  for (guint i = 0; i < fixes->len && is_wanted(only, NZ_ACTION_QUICKFIX); i++)
    add_fix(actions, doc, fixes->pdata[i], start, end, editor);
  if (is_wanted(only, NZ_ACTION_FIX_ALL))
    add_fix_all(actions, doc, editor);
  return actions;
}

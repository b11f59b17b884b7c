/* SPDX-License-Identifier: Apache-2.0 */
#include "build/shell.h"

#include <string.h>

#include "build/shell_private.h"

typedef struct {
  NzShellText text; /* what the caller has */
  ShArena arena;
} Result;

static void
clear_command(gpointer data)
{
  NzShellCommand *command = data;
  g_ptr_array_unref(command->assignments);
  g_ptr_array_unref(command->words);
  g_ptr_array_unref(command->redirects);
}

void
nz_shell_text_free(NzShellText *self)
{
  if (!self)
    return;
  Result *result = (Result *)self;
  g_ptr_array_unref(self->commands);
  nz_sh_arena_clear(&result->arena);
  g_free(result);
}

static void
free_text(gpointer data)
{
  ShText *text = data;
  g_string_free(text->text, TRUE);
  g_array_unref(text->pieces);
  g_free(text);
}

static Result *
new_result(ShBudget *budget, ShWalker *w, const char *const *environment)
{
  Result *result = g_new0(Result, 1);
  result->text.commands = g_ptr_array_new_with_free_func(clear_command);
  *budget = (ShBudget){.arena = &result->arena};
  *w = (ShWalker){.budget = budget, .commands = result->text.commands};
  w->none = g_ptr_array_new();
  w->spare = g_ptr_array_new_with_free_func(free_text);
  w->variables.arena = &result->arena;
  w->variables.environment = environment;
  return result;
}

static NzShellText *
finish(Result *result, ShBudget *budget, ShWalker *w)
{
  result->text.unsplit = budget->unsplit;
  result->text.unsplit_at = budget->unsplit_at;
  result->text.work = 4 * budget->n_bytes + budget->n_matched +
                      1024 * ((gsize)budget->n_commands + budget->n_steps / 4);
  nz_sh_variables_clear(&w->variables);
  g_ptr_array_unref(w->none);
  g_ptr_array_unref(w->spare);
  g_clear_pointer(&w->functions, g_hash_table_unref);
  if (w->function_list)
    g_ptr_array_unref(w->function_list);
  return &result->text;
}

NzShellText *
nz_shell_split(const char *text, gsize len, const char *const *environment)
{
  ShBudget budget;
  ShWalker w;
  ShContext context = {.last = TRUE, .copies = 1};
  Result *result = new_result(&budget, &w, environment);
  const char *nul = len > 0 ? memchr(text, '\0', len) : NULL;
  ShSource source = {.data = text, .len = nul ? (gsize)(nul - text) : len};
  nz_sh_walk_all(&w, nz_sh_parse(&budget, &source, 0, 0), &context);
  if (nul && !budget.unsplit)
    nz_sh_exhaust(&budget, "a NUL byte", source.len);
  return finish(result, &budget, &w);
}

/* The words stand as if there were one blank between each two. */
static GPtrArray *
fields_of(ShBudget *budget, const char *const *args, guint n)
{
  GPtrArray *fields = g_ptr_array_new();
  gsize start = 0;
  for (guint i = 0; i < n; i++) {
    ShField *field = sh_new(budget->arena, ShField);
    ShPiece *piece = sh_new(budget->arena, ShPiece);
    gsize len = strlen(args[i]);
    field->word.text = nz_sh_strndup(budget->arena, args[i], len);
    field->word.start = piece->start = start;
    field->word.end = piece->end = start + len;
    field->word.known = field->word.quoted = TRUE;
    field->pieces = piece;
    field->n_pieces = 1;
    g_ptr_array_add(fields, field);
    start += len + 1;
  }
  return fields;
}

NzShellText *
nz_shell_split_args(const char *const *args, guint n, const char *const *environment)
{
  ShBudget budget;
  ShWalker w;
  ShContext context = {.last = TRUE, .copies = 1};
  Result *result = new_result(&budget, &w, environment);
  if (n > 0) {
    NzShellCommand *command = nz_sh_emit(&w, &context, fields_of(&budget, args, n));
    const NzShellWord *last = command->words->pdata[n - 1];
    command->assignments = g_ptr_array_ref(w.none);
    command->redirects = g_ptr_array_ref(w.none);
    command->end = last->end;
    nz_sh_nested(&w, command, &context);
  }
  return finish(result, &budget, &w);
}

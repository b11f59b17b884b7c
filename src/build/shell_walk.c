/* SPDX-License-Identifier: Apache-2.0 */
/* The tree in the order in which a shell runs it. */
#include <string.h>

#include "build/shell_private.h"
#include "core/limits.h"
#include "core/text.h"

static void walk_node(ShWalker *w, const ShNode *node, ShContext *context);

/* --- commands --- */

/* ">" of a group writes once: what the second command in it writes comes behind. */
static void
add_inherited(ShWalker *w, const ShInherited *inherited, GPtrArray *to)
{
  nz_sh_spend(w->budget, inherited->redirects->len * sizeof(NzShellRedirect), 0);
  for (guint i = 0; i < inherited->redirects->len && !w->budget->exhausted; i++) {
    const NzShellRedirect *redirect = inherited->redirects->pdata[i];
    NzShellRedirect *copy = sh_new(w->budget->arena, NzShellRedirect);
    *copy = *redirect;
    if (inherited->n_used > 0 && (strcmp(copy->op, ">") == 0 || strcmp(copy->op, ">|") == 0))
      copy->op = (char *)(gsize) ">>";
    g_ptr_array_add(to, copy);
  }
}

static GPtrArray *
collect_redirects(ShWalker *w, const ShContext *context, const ShNode *node)
{
  if (!context->inherited && !node->redirects)
    return g_ptr_array_ref(w->none);
  GPtrArray *redirects = g_ptr_array_new();
  for (ShInherited *outer = context->inherited; outer; outer = outer->outer) {
    add_inherited(w, outer, redirects);
    outer->n_used++;
  }
  for (const ShRedirect *from = node->redirects; from; from = from->next) {
    if (!from->word)
      continue;
    NzShellRedirect *redirect = sh_new(w->budget->arena, NzShellRedirect);
    redirect->op = (char *)(gsize)from->op;
    redirect->fd = from->fd;
    redirect->word = &nz_sh_expand_one(w, context, from->word)->word;
    g_ptr_array_add(redirects, redirect);
  }
  return redirects;
}

static GPtrArray *
array_of(ShWalker *w, GPtrArray *items)
{
  if (items->len > 0)
    return items;
  g_ptr_array_unref(items);
  return g_ptr_array_ref(w->none);
}

NzShellCommand *
nz_sh_emit(ShWalker *w, const ShContext *context, GPtrArray *words)
{
  NzShellCommand *command = sh_new(w->budget->arena, NzShellCommand);
  command->words = array_of(w, words);
  command->join = context->join;
  command->pipeline = context->pipeline;
  command->maybe = context->maybe;
  command->depth = context->depth;
  command->shell = context->shell;
  g_ptr_array_add(w->commands, command);
  return command;
}

static void
count_command(ShWalker *w, gsize at)
{
  if (++w->budget->n_commands > NZ_SHELL_COMMANDS_MAX)
    nz_sh_exhaust(w->budget, "more commands than are followed", at);
}

gboolean
nz_sh_deepen(ShWalker *w, ShContext *context, gsize at)
{
  if (++context->level <= NZ_SHELL_DEPTH_MAX)
    return TRUE;
  if (!w->budget->unsplit) {
    w->budget->unsplit = "deeper nesting than is followed";
    w->budget->unsplit_at = at;
  }
  return FALSE;
}

/* --- functions --- */

static ShFunction *
find_function(ShWalker *w, const char *name)
{
  return w->functions ? g_hash_table_lookup(w->functions, name) : NULL;
}

static void
define(ShWalker *w, const ShNode *node, gboolean maybe)
{
  if (!w->functions) {
    w->functions = g_hash_table_new(nz_str_hash, g_str_equal);
    w->function_list = g_ptr_array_new();
  }
  ShFunction *function = sh_new(w->budget->arena, ShFunction);
  function->name = node->name;
  function->body = node->other;
  function->maybe = maybe;
  g_hash_table_insert(w->functions, (gpointer)(gsize)function->name, function);
  g_ptr_array_add(w->function_list, function);
}

static ShInherited
inherit(GPtrArray *redirects, const ShContext *context)
{
  return (ShInherited){redirects, context->inherited, 0};
}

static void
call(ShWalker *w, ShFunction *function, GPtrArray *fields, const ShContext *context)
{
  ShArguments outer = w->arguments;
  ShContext inner = *context;
  function->called = TRUE;
  if (function->active)
    return;
  function->active = TRUE;
  inner.last = FALSE;
  inner.maybe |= function->maybe;
  w->arguments = (ShArguments){(ShField **)fields->pdata + 1, fields->len - 1, TRUE};
  guint mark = nz_sh_mark(&w->variables);
  walk_node(w, function->body, &inner);
  if (function->maybe)
    nz_sh_taint(&w->variables, mark);
  w->arguments = outer;
  function->active = FALSE;
}

/* Those that nothing was seen to call may be called by what is not followed. */
static void
walk_uncalled(ShWalker *w, const ShContext *context)
{
  for (guint i = 0; w->function_list && i < w->function_list->len; i++) {
    ShFunction *function = w->function_list->pdata[i];
    if (function->called || !function->body)
      continue;
    ShContext inner = *context;
    inner.maybe = TRUE;
    inner.first = FALSE;
    inner.join = NZ_SHELL_ALWAYS;
    inner.pipeline = ++w->n_pipelines;
    function->called = function->active = TRUE;
    w->arguments.known = FALSE;
    walk_node(w, function->body, &inner);
    function->active = FALSE;
  }
}

/* --- simple commands --- */

/* The operands of export and its like are assignments, too. */
static gboolean
is_declaration(const ShWord *word)
{
  static const char *const names[] = {"export", "readonly", "local", "declare", "typeset"};
  const ShPart *part = word ? word->parts : NULL;
  if (!part || part->next || part->kind != SH_LITERAL)
    return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS(names); i++)
    if (part->len == strlen(names[i]) && memcmp(part->text, names[i], part->len) == 0)
      return TRUE;
  return FALSE;
}

static void
expand_words(ShWalker *w, const ShNode *node, const ShContext *context, GPtrArray *fields)
{
  gboolean declares = is_declaration(node->words);
  for (const ShWord *word = node->words; word && !w->budget->exhausted; word = word->next)
    if (declares && word->name_len > 0)
      g_ptr_array_add(fields, nz_sh_expand_assignment(w, context, word, TRUE));
    else
      nz_sh_expand(w, context, word, fields);
}

static void
walk_simple(ShWalker *w, const ShNode *node, const ShContext *context)
{
  if (!node->words && !node->assignments && !node->redirects)
    return; /* what could not be parsed */
  GPtrArray *fields = g_ptr_array_new(), *assignments = g_ptr_array_new();
  expand_words(w, node, context, fields);
  gboolean alone = fields->len == 0;
  for (const ShWord *word = node->assignments; word && !w->budget->exhausted; word = word->next)
    g_ptr_array_add(assignments, nz_sh_expand_assignment(w, context, word, alone));
  gsize start = nz_sh_map_start(node->source, node->start);
  count_command(w, start);
  const ShField *name = alone ? NULL : fields->pdata[0];
  ShFunction *function = name && name->word.known ? find_function(w, name->word.text) : NULL;
  if (function && !w->budget->exhausted) {
    g_autoptr(GPtrArray) redirects = collect_redirects(w, context, node);
    ShContext called = *context;
    ShInherited inherited = inherit(redirects, context);
    inherited.outer = NULL; /* they are in it */
    called.inherited = redirects->len > 0 ? &inherited : NULL;
    call(w, function, fields, &called);
    g_ptr_array_unref(fields);
    g_ptr_array_unref(assignments);
    return;
  }
  GPtrArray *redirects = collect_redirects(w, context, node);
  NzShellCommand *command = nz_sh_emit(w, context, fields);
  command->assignments = array_of(w, assignments);
  command->redirects = redirects;
  command->start = start;
  command->end = nz_sh_map_end(node->source, node->end);
  if (alone || w->budget->exhausted)
    return;
  nz_sh_builtin(w, command, context);
  nz_sh_nested(w, command, context);
}

/* [[ ]] and (( )) come out as commands of that name. */
static void
walk_test(ShWalker *w, const ShNode *node, const ShContext *context)
{
  GPtrArray *fields = g_ptr_array_new();
  for (const ShWord *word = node->words; word && !w->budget->exhausted; word = word->next)
    g_ptr_array_add(fields, nz_sh_expand_one(w, context, word));
  if (node->kind == SH_ARITHMETIC) {
    ShWord word = {.source = node->source, .start = node->start, .end = node->end};
    ShPart bracket = {.kind = SH_LITERAL, .text = "((", .len = 2, .start = node->start};
    bracket.end = node->start + 2;
    g_ptr_array_add(fields, nz_sh_expand_parts(w, context, &word, &bracket, FALSE));
    g_ptr_array_add(fields, nz_sh_expand_parts(w, context, &word, node->math, FALSE));
    nz_sh_taint_math(&w->variables, node->source->data + node->start, node->end - node->start);
  }
  count_command(w, nz_sh_map_start(node->source, node->start));
  GPtrArray *redirects = collect_redirects(w, context, node);
  NzShellCommand *command = nz_sh_emit(w, context, fields);
  command->assignments = g_ptr_array_ref(w->none);
  command->redirects = redirects;
  command->start = nz_sh_map_start(node->source, node->start);
  command->end = nz_sh_map_end(node->source, node->end);
}

/* --- what may not have run, or not here --- */

typedef struct {
  guint variables;
  ShArguments arguments;
} Mark;

static Mark
mark_here(const ShWalker *w)
{
  return (Mark){nz_sh_mark(&w->variables), w->arguments};
}

static void
restore(ShWalker *w, const Mark *mark)
{
  nz_sh_restore(&w->variables, mark->variables);
  w->arguments = mark->arguments;
}

static void
taint(ShWalker *w, const Mark *mark)
{
  nz_sh_taint(&w->variables, mark->variables);
  w->arguments.known &=
      w->arguments.fields == mark->arguments.fields && w->arguments.n == mark->arguments.n;
}

/* A loop's body begins where it has ended before. */
static void
taint_assigned(ShWalker *w, const ShPipeline *list)
{
  w->variables.shifted = FALSE;
  nz_sh_taint_assigned(&w->variables, list);
  w->arguments.known &= !w->variables.shifted;
}

/* --- what holds others --- */

static void
walk_maybe(ShWalker *w, const ShPipeline *list, const ShContext *context)
{
  ShContext inner = *context;
  Mark mark = mark_here(w);
  inner.maybe = TRUE;
  inner.first = FALSE;
  inner.last = FALSE;
  nz_sh_walk(w, list, &inner);
  taint(w, &mark);
}

static void
walk_if(ShWalker *w, const ShNode *node, const ShContext *context)
{
  ShContext inner = *context;
  inner.last = FALSE;
  for (; node && node->kind == SH_IF; node = node->other) {
    Mark mark = mark_here(w);
    nz_sh_walk(w, node->condition, &inner);
    if (inner.maybe && !context->maybe)
      taint(w, &mark);
    walk_maybe(w, node->body, &inner);
    inner.maybe = TRUE; /* the next conditions */
    inner.first = FALSE;
  }
  if (node)
    walk_maybe(w, node->body, &inner);
}

static void
walk_loop(ShWalker *w, const ShNode *node, const ShContext *context)
{
  ShContext inner = *context;
  inner.last = FALSE;
  taint_assigned(w, node->condition);
  taint_assigned(w, node->body);
  if (node->math) {
    ShWord word = {.source = node->source, .start = node->start, .end = node->end};
    nz_sh_taint_math(&w->variables, node->source->data + node->start, node->end - node->start);
    nz_sh_expand_parts(w, &inner, &word, node->math, FALSE);
  }
  nz_sh_walk(w, node->condition, &inner);
  walk_maybe(w, node->body, &inner);
}

static void
for_words(ShWalker *w, const ShNode *node, const ShContext *context, GPtrArray *fields)
{
  for (const ShWord *word = node->words; word && !w->budget->exhausted; word = word->next)
    nz_sh_expand(w, context, word, fields);
  if (node->given || !w->arguments.known)
    return;
  for (guint i = 0; i < w->arguments.n; i++)
    g_ptr_array_add(fields, w->arguments.fields[i]);
}

static gboolean
all_known(const GPtrArray *fields)
{
  for (guint i = 0; i < fields->len; i++)
    if (!((const ShField *)fields->pdata[i])->word.known)
      return FALSE;
  return TRUE;
}

/* With each of its values in turn, when they are few. */
static void
walk_for_each(ShWalker *w, const ShNode *node, const GPtrArray *fields, ShContext *inner)
{
  inner->copies *= fields->len;
  for (guint i = 0; i < fields->len && !w->budget->exhausted; i++) {
    const ShField *field = fields->pdata[i];
    const char **texts = nz_sh_alloc(w->budget->arena, sizeof *texts);
    texts[0] = field->word.text;
    ShValue value = {.state = SH_SET, .glob = field->word.glob, .texts = texts, .n = 1};
    nz_sh_set(&w->variables, node->name, strlen(node->name), &value);
    nz_sh_walk(w, node->body, inner);
    inner->first = FALSE;
  }
}

static void
walk_for(ShWalker *w, const ShNode *node, const ShContext *context)
{
  g_autoptr(GPtrArray) fields = g_ptr_array_new();
  ShContext inner = *context;
  inner.last = FALSE;
  for_words(w, node, context, fields);
  gboolean known = all_known(fields) && (node->given || w->arguments.known);
  if (known && fields->len == 0)
    return;
  if (known && (gsize)fields->len * inner.copies <= NZ_SHELL_COPIES_MAX) {
    walk_for_each(w, node, fields, &inner);
    return;
  }
  taint_assigned(w, node->body);
  nz_sh_set_unknown(&w->variables, node->name, strlen(node->name));
  if (known)
    nz_sh_walk(w, node->body, &inner);
  else
    walk_maybe(w, node->body, &inner);
}

/* Whether the subject is one of the patterns of ITEM. */
static ShMatch
match_item(ShWalker *w, const ShNode *item, const ShField *subject, const ShContext *context)
{
  ShMatch result = SH_NO_MATCH;
  for (const ShWord *word = item->words; word && result == SH_NO_MATCH; word = word->next) {
    const ShField *pattern = nz_sh_expand_parts(w, context, word, word->parts, TRUE);
    if (!pattern->word.known || !subject->word.known)
      result = strcmp(pattern->word.text, "*") == 0 ? SH_MATCH : SH_MATCH_UNKNOWN;
    else
      result = nz_sh_match(w->budget, pattern->word.text, subject->word.text,
                           strlen(subject->word.text));
  }
  return item->given && result == SH_MATCH ? SH_MATCH_UNKNOWN : result;
}

static void
walk_case(ShWalker *w, const ShNode *node, const ShContext *context)
{
  ShContext inner = *context;
  inner.first = FALSE;
  inner.last = FALSE;
  const ShField *subject = nz_sh_expand_one(w, &inner, node->words);
  gboolean sure = TRUE; /* none of those before may have matched */
  for (const ShNode *item = node->other; item && !w->budget->exhausted; item = item->next) {
    ShMatch match = match_item(w, item, subject, &inner);
    if (match == SH_MATCH && sure) {
      nz_sh_walk(w, item->body, &inner);
      return;
    }
    if (match != SH_NO_MATCH)
      walk_maybe(w, item->body, &inner);
    sure &= match == SH_NO_MATCH;
    if (match == SH_MATCH)
      return;
  }
}

static void
walk_subshell(ShWalker *w, const ShPipeline *list, const ShContext *context)
{
  ShContext inner = *context;
  Mark mark = mark_here(w);
  inner.depth++;
  inner.shell = ++w->n_shells;
  nz_sh_walk(w, list, &inner);
  restore(w, &mark);
}

void
nz_sh_walk_substitution(ShWalker *w, const ShPipeline *list, const ShContext *context)
{
  ShContext inner = *context;
  inner.inherited = NULL;
  inner.first = FALSE;
  inner.last = FALSE;
  if (list && nz_sh_deepen(w, &inner, 0))
    walk_subshell(w, list, &inner);
}

static void
walk_compound(ShWalker *w, const ShNode *node, const ShContext *context)
{
  switch (node->kind) {
  case SH_GROUP:
    nz_sh_walk(w, node->body, context);
    return;
  case SH_SUBSHELL:
    walk_subshell(w, node->body, context);
    return;
  case SH_IF:
    walk_if(w, node, context);
    return;
  case SH_LOOP:
    walk_loop(w, node, context);
    return;
  case SH_FOR:
    walk_for(w, node, context);
    return;
  case SH_CASE:
    walk_case(w, node, context);
    return;
  case SH_FUNCTION:
    define(w, node, context->maybe);
    return;
  case SH_SIMPLE:
  case SH_TEST:
  case SH_ARITHMETIC:
  case SH_ITEM:
  default:
    return;
  }
}

static void
walk_node(ShWalker *w, const ShNode *node, ShContext *context)
{
  if (!node || w->budget->exhausted)
    return;
  if (++w->budget->n_steps > NZ_SHELL_TEXT_WORDS_MAX) {
    nz_sh_exhaust(w->budget, "more commands than are followed",
                  nz_sh_map_start(node->source, node->start));
    return;
  }
  if (node->kind == SH_SIMPLE) {
    walk_simple(w, node, context);
    return;
  }
  if (node->kind == SH_TEST || node->kind == SH_ARITHMETIC) {
    walk_test(w, node, context);
    return;
  }
  ShContext inner = *context;
  if (!nz_sh_deepen(w, &inner, nz_sh_map_start(node->source, node->start)))
    return;
  ShContext outer = *context;
  outer.inherited = NULL;
  g_autoptr(GPtrArray) redirects =
      node->redirects ? collect_redirects(w, &outer, node) : g_ptr_array_ref(w->none);
  ShInherited inherited = inherit(redirects, context);
  if (redirects->len > 0)
    inner.inherited = &inherited;
  walk_compound(w, node, &inner);
}

/* --- lists --- */

static gboolean
is_test(const ShPipeline *pipeline)
{
  static const char *const tests[] = {"[", "test", "false", "grep", "egrep", "fgrep"};
  const ShNode *node = pipeline->nodes;
  if (pipeline->negated)
    return TRUE;
  if (node->next)
    return FALSE;
  if (node->kind == SH_TEST || node->kind == SH_ARITHMETIC)
    return TRUE;
  const ShPart *part = node->kind == SH_SIMPLE && node->words ? node->words->parts : NULL;
  if (!part || part->kind != SH_LITERAL || part->next)
    return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS(tests); i++)
    if (part->len == strlen(tests[i]) && memcmp(part->text, tests[i], part->len) == 0)
      return TRUE;
  return FALSE;
}

/* Pipelines that "&&" and "||" join: whether one of them follows "||", so that those before it may
 * fail, and whether another such row follows. */
static void
look_ahead(const ShPipeline *pipeline, const ShPipeline **last_or, gboolean *final)
{
  *last_or = NULL;
  for (pipeline = pipeline->next; pipeline && pipeline->join != NZ_SHELL_ALWAYS;
       pipeline = pipeline->next)
    if (pipeline->join == NZ_SHELL_OR)
      *last_or = pipeline;
  *final = pipeline == NULL;
}

static void
walk_pipeline(ShWalker *w, const ShPipeline *pipeline, ShContext *context)
{
  gboolean apart = pipeline->background || (pipeline->nodes && pipeline->nodes->next);
  for (const ShNode *node = pipeline->nodes; node && !w->budget->exhausted; node = node->next) {
    Mark mark = mark_here(w);
    walk_node(w, node, context);
    if (apart)
      restore(w, &mark);
    context->join = NZ_SHELL_PIPE;
  }
}

typedef struct {
  const ShPipeline *last_or;
  gboolean final, tested;
} Row;

/* May PIPELINE not run, even if nothing around it fails? */
static gboolean
is_maybe(const ShPipeline *pipeline, const Row *row, gboolean before_or, const ShContext *context)
{
  if (pipeline->join == NZ_SHELL_OR)
    return TRUE;
  if (pipeline->join != NZ_SHELL_AND)
    return FALSE;
  return before_or || (row->tested && !(row->final && context->last));
}

void
nz_sh_walk(ShWalker *w, const ShPipeline *list, const ShContext *context)
{
  Row row = {NULL, FALSE, FALSE};
  gboolean before_or = FALSE;
  for (const ShPipeline *at = list; at && !w->budget->exhausted; at = at->next) {
    ShContext inner = *context;
    if (at->join == NZ_SHELL_ALWAYS) {
      look_ahead(at, &row.last_or, &row.final);
      row.tested = FALSE;
      before_or = row.last_or != NULL;
    }
    if (at == row.last_or)
      before_or = FALSE;
    gboolean maybe = is_maybe(at, &row, before_or, context);
    inner.maybe |= maybe;
    inner.last &= row.final;
    if (!context->first || at != list) {
      inner.join = at->join;
      inner.pipeline = ++w->n_pipelines;
    }
    inner.first = TRUE;
    Mark mark = mark_here(w);
    walk_pipeline(w, at, &inner);
    if (maybe)
      taint(w, &mark);
    row.tested |= at->nodes && is_test(at);
  }
}

void
nz_sh_walk_all(ShWalker *w, const ShPipeline *list, const ShContext *context)
{
  nz_sh_walk(w, list, context);
  walk_uncalled(w, context);
}

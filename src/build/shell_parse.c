/* SPDX-License-Identifier: Apache-2.0 */
/* The grammar of shell text, as POSIX has it with what bash adds:
 *
 *   list      pipeline { ("&&" | "||" | ";" | "&" | newline) pipeline }
 *   pipeline  { "!" } command { ("|" | "|&") command }
 *   command   simple | compound { redirect } | NAME "()" command
 *   compound  "{" list "}" | "(" list ")" | if | while | until | for | case | "[[" | "(("
 *   simple    { assignment | redirect } { word | redirect }
 */
#include <string.h>

#include "build/shell_private.h"
#include "core/limits.h"

static ShNode *parse_command(ShParser *p);

/* --- bytes --- */

void
nz_sh_fail(ShParser *p, gsize at, const char *why)
{
  if (!p->failed && !p->budget->unsplit) {
    p->budget->unsplit = why;
    p->budget->unsplit_at = nz_sh_map_start(p->source, MIN(at, p->source->len));
  }
  p->failed = TRUE;
  p->at = p->end;
}

gboolean
nz_sh_enter(ShParser *p)
{
  p->depth++;
  if (p->depth <= NZ_SHELL_DEPTH_MAX)
    return !p->failed;
  nz_sh_fail(p, p->at, "deeper nesting than is followed");
  return FALSE;
}

int
nz_sh_peek(ShParser *p)
{
  while (p->end - p->at > 1 && p->s[p->at] == '\\' && p->s[p->at + 1] == '\n')
    p->at += 2;
  return p->at < p->end && !p->failed ? (guchar)p->s[p->at] : -1;
}

int
nz_sh_peek_at(const ShParser *p, gsize ahead)
{
  return p->at + ahead < p->end && !p->failed ? (guchar)p->s[p->at + ahead] : -1;
}

void
nz_sh_skip_blanks(ShParser *p)
{
  int c;
  while ((c = nz_sh_peek(p)) == ' ' || c == '\t' || (c == '\r' && nz_sh_peek_at(p, 1) == '\n'))
    p->at++;
  if (c != '#')
    return;
  const char *newline = memchr(p->s + p->at, '\n', p->end - p->at);
  p->at = newline ? (gsize)(newline - p->s) : p->end;
}

static void
skip_lines(ShParser *p)
{
  for (nz_sh_skip_blanks(p); nz_sh_peek(p) == '\n'; nz_sh_skip_blanks(p)) {
    p->at++;
    nz_sh_read_heredocs(p);
  }
}

/* --- reserved words --- */

typedef enum {
  W_NONE,
  W_IF,
  W_WHILE,
  W_UNTIL,
  W_FOR,
  W_SELECT,
  W_CASE,
  W_FUNCTION,
  W_OPEN,
  W_TEST,
  W_NOT,
  W_TIME,
  W_IN,
  W_CLOSING, /* what follows ends a list */
  W_THEN,
  W_ELIF,
  W_ELSE,
  W_FI,
  W_DO,
  W_DONE,
  W_ESAC,
  W_CLOSE,
} Reserved;

static const struct {
  char text[9];
  Reserved word;
} reserved[] = {
    {"if", W_IF},         {"while", W_WHILE}, {"until", W_UNTIL},       {"for", W_FOR},
    {"select", W_SELECT}, {"case", W_CASE},   {"function", W_FUNCTION}, {"{", W_OPEN},
    {"[[", W_TEST},       {"!", W_NOT},       {"time", W_TIME},         {"in", W_IN},
    {"then", W_THEN},     {"elif", W_ELIF},   {"else", W_ELSE},         {"fi", W_FI},
    {"do", W_DO},         {"done", W_DONE},   {"esac", W_ESAC},         {"}", W_CLOSE},
};

/* The reserved word at P, which stays. */
static Reserved
peek_reserved(ShParser *p, gsize *len)
{
  int c = nz_sh_peek(p);
  *len = 0;
  if (c < 0 || !(g_ascii_islower(c) || c == '{' || c == '}' || c == '!' || c == '['))
    return W_NONE;
  gsize n = 1;
  while (n <= sizeof reserved[0].text && !nz_sh_is_meta(nz_sh_peek_at(p, n)) &&
         nz_sh_peek_at(p, n) != '\\')
    n++;
  for (guint i = 0; n < sizeof reserved[0].text && i < G_N_ELEMENTS(reserved); i++)
    if (reserved[i].text[0] == c && reserved[i].text[n] == '\0' &&
        memcmp(p->s + p->at, reserved[i].text, n) == 0) {
      *len = n;
      return reserved[i].word;
    }
  return W_NONE;
}

static gboolean
accept(ShParser *p, Reserved word)
{
  gsize len;
  if (peek_reserved(p, &len) != word)
    return FALSE;
  p->at += len;
  return TRUE;
}

/* WHY: "an unterminated if". */
static void
expect(ShParser *p, Reserved word, const char *why, gsize start)
{
  skip_lines(p);
  if (!accept(p, word))
    nz_sh_fail(p, start, why);
}

/* --- nodes --- */

static ShNode *
new_node(ShParser *p, ShNodeKind kind)
{
  ShNode *node = sh_new(p->budget->arena, ShNode);
  node->kind = kind;
  node->source = p->source;
  node->start = p->at;
  if (++p->budget->n_nodes > NZ_SHELL_COMMANDS_MAX) {
    nz_sh_exhaust(p->budget, "more commands than are followed", nz_sh_map_start(p->source, p->at));
    nz_sh_fail(p, p->at, "more commands than are followed");
  }
  return node;
}

static void
add_word(ShWord ***tail, ShWord *word)
{
  **tail = word;
  *tail = &word->next;
}

static void
parse_redirects(ShParser *p, ShNode *node)
{
  ShRedirect **tail = &node->redirects;
  for (nz_sh_skip_blanks(p); nz_sh_at_redirect(p); nz_sh_skip_blanks(p)) {
    *tail = nz_sh_parse_redirect(p);
    tail = &(*tail)->next;
  }
}

/* --- simple commands --- */

/* NAME=(a b c) */
static void
parse_array(ShParser *p, ShWord *word)
{
  gsize start = p->at++;
  ShWord **tail = &word->elements;
  word->array = TRUE;
  for (skip_lines(p); nz_sh_peek(p) != ')'; skip_lines(p)) {
    gsize before = p->at;
    if (nz_sh_peek(p) >= 0)
      add_word(&tail, nz_sh_parse_word(p));
    if (p->at == before) {
      nz_sh_fail(p, start, "an unterminated array");
      return;
    }
  }
  p->at++;
  word->end = p->at;
}

static gboolean
is_bare_assignment(const ShWord *word)
{
  return word->name_len > 0 && word->end - word->start == word->name_len + (word->append ? 2 : 1);
}

/* "(" and ")" right behind the first word. */
static gboolean
accept_brackets(ShParser *p)
{
  gsize before = p->at;
  nz_sh_skip_blanks(p);
  if (nz_sh_peek(p) == '(') {
    p->at++;
    nz_sh_skip_blanks(p);
    if (nz_sh_peek(p) == ')') {
      p->at++;
      return TRUE;
    }
  }
  if (!p->failed)
    p->at = before;
  return FALSE;
}

static ShNode *
parse_function_body(ShParser *p, ShNode *node)
{
  node->kind = SH_FUNCTION;
  skip_lines(p);
  if (nz_sh_enter(p))
    node->other = parse_command(p);
  p->depth--;
  node->end = p->at;
  return node;
}

static ShNode *
parse_simple(ShParser *p)
{
  ShNode *node = new_node(p, SH_SIMPLE);
  ShWord **assignments = &node->assignments, **words = &node->words;
  ShRedirect **redirects = &node->redirects;
  node->end = p->at;
  for (;; nz_sh_skip_blanks(p)) {
    if (nz_sh_at_redirect(p)) {
      *redirects = nz_sh_parse_redirect(p);
      redirects = &(*redirects)->next;
      node->end = p->at;
      continue;
    }
    gsize before = p->at;
    ShWord *word = nz_sh_parse_word(p);
    if (p->failed || word->end == before || word->end == word->start)
      break;
    if (is_bare_assignment(word) && nz_sh_peek(p) == '(')
      parse_array(p, word);
    if (word->name_len > 0 && !node->words)
      add_word(&assignments, word);
    else {
      gboolean first = !node->words;
      add_word(&words, word);
      if (first && !node->assignments && accept_brackets(p)) {
        node->name = nz_sh_strndup(p->budget->arena, p->s + word->start, word->end - word->start);
        return parse_function_body(p, node);
      }
    }
    node->end = p->at;
  }
  return node;
}

/* --- compound commands --- */

static ShPipeline *
parse_inner(ShParser *p)
{
  ShPipeline *list = NULL;
  if (nz_sh_enter(p))
    list = nz_sh_parse_list(p);
  p->depth--;
  return list;
}

static ShNode *
parse_group(ShParser *p)
{
  ShNode *node = new_node(p, SH_GROUP);
  p->at++;
  node->body = parse_inner(p);
  expect(p, W_CLOSE, "an unterminated {", node->start);
  return node;
}

static ShNode *
parse_brackets(ShParser *p)
{
  gsize end = nz_sh_peek_at(p, 1) == '(' ? nz_sh_find_math_end(p, p->at + 2) : 0;
  ShNode *node = new_node(p, end > 0 ? SH_ARITHMETIC : SH_SUBSHELL);
  if (end > 0) {
    p->at += 2;
    node->math = nz_sh_parse_math(p, end);
    p->at = p->failed ? p->end : end + 2;
    return node;
  }
  p->at++;
  node->body = parse_inner(p);
  if (nz_sh_peek(p) == ')')
    p->at++;
  else
    nz_sh_fail(p, node->start, "an unterminated (");
  return node;
}

/* Behind "if" or "elif". */
static void
parse_branch(ShParser *p, ShNode *node)
{
  gsize start = node->start;
  node->condition = parse_inner(p);
  expect(p, W_THEN, "an if without then", start);
  node->body = parse_inner(p);
}

static ShNode *
parse_if(ShParser *p)
{
  ShNode *node = new_node(p, SH_IF), *last = node;
  p->at += 2;
  parse_branch(p, node);
  while (!p->failed && accept(p, W_ELIF)) {
    last->other = new_node(p, SH_IF);
    last = last->other;
    parse_branch(p, last);
    last->end = p->at;
  }
  if (accept(p, W_ELSE)) {
    last->other = new_node(p, SH_GROUP);
    last->other->body = parse_inner(p);
    last->other->end = p->at;
  }
  expect(p, W_FI, "an if without fi", node->start);
  return node;
}

static void
parse_do(ShParser *p, ShNode *node)
{
  expect(p, W_DO, "a loop without do", node->start);
  node->body = parse_inner(p);
  expect(p, W_DONE, "a loop without done", node->start);
}

static ShNode *
parse_while(ShParser *p)
{
  ShNode *node = new_node(p, SH_LOOP);
  p->at += 5;
  node->condition = parse_inner(p);
  parse_do(p, node);
  return node;
}

/* for ((...)) */
static ShNode *
parse_counting(ShParser *p, ShNode *node)
{
  gsize end = nz_sh_find_math_end(p, p->at + 2);
  node->kind = SH_LOOP;
  if (end == 0) {
    nz_sh_fail(p, p->at, "an unterminated ((");
    return node;
  }
  p->at += 2;
  node->math = nz_sh_parse_math(p, end);
  p->at = p->failed ? p->end : end + 2;
  nz_sh_skip_blanks(p);
  if (nz_sh_peek(p) == ';')
    p->at++;
  parse_do(p, node);
  return node;
}

static void
parse_for_words(ShParser *p, ShNode *node)
{
  ShWord **tail = &node->words;
  node->given = TRUE;
  for (nz_sh_skip_blanks(p); !p->failed; nz_sh_skip_blanks(p)) {
    ShWord *word = nz_sh_parse_word(p);
    if (word->end == word->start)
      break;
    add_word(&tail, word);
  }
}

static ShNode *
parse_for(ShParser *p)
{
  gsize len;
  ShNode *node = new_node(p, SH_FOR);
  peek_reserved(p, &len);
  p->at += len;
  nz_sh_skip_blanks(p);
  if (nz_sh_peek(p) == '(' && nz_sh_peek_at(p, 1) == '(')
    return parse_counting(p, node);
  const ShWord *name = nz_sh_parse_word(p);
  node->name = nz_sh_strndup(p->budget->arena, p->s + name->start, name->end - name->start);
  skip_lines(p);
  if (accept(p, W_IN))
    parse_for_words(p, node);
  nz_sh_skip_blanks(p);
  if (nz_sh_peek(p) == ';')
    p->at++;
  parse_do(p, node);
  return node;
}

/* PATTERN | PATTERN ) list */
static ShNode *
parse_item(ShParser *p)
{
  ShNode *item = new_node(p, SH_ITEM);
  ShWord **tail = &item->words;
  if (nz_sh_peek(p) == '(')
    p->at++;
  for (nz_sh_skip_blanks(p);; nz_sh_skip_blanks(p)) {
    add_word(&tail, nz_sh_parse_word(p));
    nz_sh_skip_blanks(p);
    if (nz_sh_peek(p) != '|')
      break;
    p->at++;
  }
  if (nz_sh_peek(p) == ')')
    p->at++;
  else
    nz_sh_fail(p, item->start, "a pattern of case without )");
  item->body = parse_inner(p);
  item->end = p->at;
  if (nz_sh_peek(p) == ';' && (nz_sh_peek_at(p, 1) == ';' || nz_sh_peek_at(p, 1) == '&')) {
    item->given = nz_sh_peek_at(p, 1) == '&' || nz_sh_peek_at(p, 2) == '&';
    p->at += nz_sh_peek_at(p, 1) == ';' && nz_sh_peek_at(p, 2) == '&' ? 3 : 2;
  }
  return item;
}

static ShNode *
parse_case(ShParser *p)
{
  ShNode *node = new_node(p, SH_CASE);
  ShNode **tail = &node->other;
  p->at += 4;
  nz_sh_skip_blanks(p);
  node->words = nz_sh_parse_word(p);
  expect(p, W_IN, "a case without in", node->start);
  for (skip_lines(p); !p->failed && !accept(p, W_ESAC); skip_lines(p)) {
    if (nz_sh_peek(p) < 0) {
      nz_sh_fail(p, node->start, "a case without esac");
      break;
    }
    *tail = parse_item(p);
    tail = &(*tail)->next;
  }
  return node;
}

static ShNode *
parse_function(ShParser *p)
{
  ShNode *node = new_node(p, SH_FUNCTION);
  p->at += strlen("function");
  nz_sh_skip_blanks(p);
  const ShWord *name = nz_sh_parse_word(p);
  node->name = nz_sh_strndup(p->budget->arena, p->s + name->start, name->end - name->start);
  accept_brackets(p);
  return parse_function_body(p, node);
}

/* "&&", "||", "(", ")", "<", ">", "!" are words in [[ ]]. */
static ShWord *
parse_test_operator(ShParser *p)
{
  int c = nz_sh_peek(p), next = nz_sh_peek_at(p, 1);
  gsize len = (c == '&' || c == '|') && next == c ? 2 : c >= 0 && strchr("()<>", c) ? 1 : 0;
  if (len == 0 || (next == '(' && (c == '<' || c == '>')))
    return NULL;
  ShWord *word = sh_new(p->budget->arena, ShWord);
  ShPart *part = sh_new(p->budget->arena, ShPart);
  *part = (ShPart){.kind = SH_LITERAL, .start = p->at, .end = p->at + len};
  part->text = p->s + p->at;
  part->len = len;
  *word = (ShWord){.source = p->source, .parts = part, .start = p->at, .end = p->at + len};
  p->at += len;
  return word;
}

static gboolean
is_literal(const ShWord *word, const char *text)
{
  const ShPart *part = word->parts;
  return part && !part->next && part->kind == SH_LITERAL && !part->quoted &&
         part->len == strlen(text) && memcmp(part->text, text, part->len) == 0;
}

static ShNode *
parse_test(ShParser *p)
{
  ShNode *node = new_node(p, SH_TEST);
  ShWord **tail = &node->words;
  gboolean regex = FALSE;
  while (!p->failed) {
    skip_lines(p);
    gsize before = p->at;
    ShWord *word = regex ? NULL : parse_test_operator(p);
    if (!word)
      word = regex ? nz_sh_parse_regex(p) : nz_sh_parse_word(p);
    if (p->at == before) {
      nz_sh_fail(p, node->start, "an unterminated [[");
      break;
    }
    add_word(&tail, word);
    regex = is_literal(word, "=~");
    if (is_literal(word, "]]"))
      break;
  }
  return node;
}

/* --- commands and lists --- */

static ShNode *
parse_compound(ShParser *p)
{
  gsize len;
  if (nz_sh_peek(p) == '(')
    return parse_brackets(p);
  switch (peek_reserved(p, &len)) {
  case W_IF:
    return parse_if(p);
  case W_WHILE:
  case W_UNTIL:
    return parse_while(p);
  case W_FOR:
  case W_SELECT:
    return parse_for(p);
  case W_CASE:
    return parse_case(p);
  case W_OPEN:
    return parse_group(p);
  case W_FUNCTION:
    return parse_function(p);
  case W_TEST:
    return parse_test(p);
  default:
    return NULL;
  }
}

static ShNode *
parse_command(ShParser *p)
{
  ShNode *node = parse_compound(p);
  if (!node)
    return parse_simple(p);
  if (node->kind == SH_FUNCTION)
    return node;
  node->end = p->at;
  gsize end = p->at;
  parse_redirects(p, node);
  if (node->redirects)
    end = p->at;
  node->end = end;
  return node;
}

/* "!" and bash's "time" before a pipeline. */
static void
skip_prefixes(ShParser *p, ShPipeline *pipeline)
{
  for (;; nz_sh_skip_blanks(p)) {
    gsize before = p->at;
    if (accept(p, W_NOT)) {
      pipeline->negated = TRUE;
      continue;
    }
    if (nz_sh_peek(p) == '!' && nz_sh_peek_at(p, 1) == '(') {
      pipeline->negated = TRUE;
      p->at++;
      continue;
    }
    if (!accept(p, W_TIME))
      return;
    gsize len;
    nz_sh_skip_blanks(p);
    Reserved next = peek_reserved(p, &len);
    if (nz_sh_peek(p) != '(' && (next == W_NONE || next == W_IN)) {
      p->at = before; /* it may as well be the program of that name */
      return;
    }
  }
}

static ShPipeline *
parse_pipeline(ShParser *p, NzShellJoin join)
{
  ShPipeline *pipeline = sh_new(p->budget->arena, ShPipeline);
  ShNode **tail = &pipeline->nodes;
  pipeline->join = join;
  skip_prefixes(p, pipeline);
  for (;;) {
    gsize before = p->at;
    *tail = parse_command(p);
    tail = &(*tail)->next;
    if (p->at == before && !p->failed)
      nz_sh_fail(p, p->at, "an operator or bracket out of place");
    nz_sh_skip_blanks(p);
    if (nz_sh_peek(p) != '|' || nz_sh_peek_at(p, 1) == '|')
      return pipeline;
    p->at += nz_sh_peek_at(p, 1) == '&' ? 2 : 1;
    skip_lines(p);
  }
}

static gboolean
at_end_of_list(ShParser *p)
{
  gsize len;
  int c = nz_sh_peek(p);
  if (c < 0 || c == ')')
    return TRUE;
  if (c == ';' && (nz_sh_peek_at(p, 1) == ';' || nz_sh_peek_at(p, 1) == '&'))
    return TRUE;
  return peek_reserved(p, &len) > W_CLOSING;
}

/* What joins the next pipeline to PIPELINE. FALSE: nothing, the list has ended. */
static gboolean
read_separator(ShParser *p, ShPipeline *pipeline, NzShellJoin *join)
{
  int c = nz_sh_peek(p), next = nz_sh_peek_at(p, 1);
  *join = NZ_SHELL_ALWAYS;
  if (c == '\n')
    return TRUE;
  if (c == ';' && (next == ';' || next == '&'))
    return FALSE;
  if (c == ';') {
    p->at++;
    return TRUE;
  }
  if ((c == '&' || c == '|') && next == c) {
    *join = c == '&' ? NZ_SHELL_AND : NZ_SHELL_OR;
    p->at += 2;
    return TRUE;
  }
  if (c != '&')
    return FALSE;
  pipeline->background = TRUE;
  p->at++;
  return TRUE;
}

ShPipeline *
nz_sh_parse_list(ShParser *p)
{
  ShPipeline *list = NULL, **tail = &list;
  NzShellJoin join = NZ_SHELL_ALWAYS;
  for (;;) {
    skip_lines(p);
    if (at_end_of_list(p)) {
      if (join != NZ_SHELL_ALWAYS)
        nz_sh_fail(p, p->at, "an operator without a command after it");
      return list;
    }
    *tail = parse_pipeline(p, join);
    ShPipeline *added = *tail;
    tail = &added->next;
    nz_sh_skip_blanks(p);
    if (!read_separator(p, added, &join))
      return list;
  }
}

ShPipeline *
nz_sh_parse(ShBudget *budget, const ShSource *source, gsize at, guint depth)
{
  ShParser p = {.budget = budget, .source = source, .s = source->data, .end = source->len};
  p.at = MIN(at, source->len);
  p.depth = depth;
  p.pending_tail = &p.pending;
  ShPipeline *list = nz_sh_parse_list(&p);
  if (nz_sh_peek(&p) >= 0)
    nz_sh_fail(&p, p.at, "a word or bracket out of place");
  return list;
}

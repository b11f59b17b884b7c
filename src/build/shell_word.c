/* SPDX-License-Identifier: Apache-2.0 */
/* Words of shell text: quotes, escapes, and what "$" and "`" begin. */
#include <string.h>

#include "build/shell_private.h"
#include "core/limits.h"

/* Where parts stand, and so what ends them and which quotes count. */
typedef enum {
  IN_WORD,         /* ends at a blank or an operator */
  IN_REGEX,        /* ends at a blank outside brackets */
  IN_DOUBLE,       /* ends at a double quote */
  IN_BRACE,        /* ${v-HERE}: ends at "}" */
  IN_BRACE_DOUBLE, /* the same in double quotes */
  IN_PATTERN,      /* ${v/HERE/...}: ends at "/" or "}" */
  IN_HEREDOC,      /* ends with the parser's text */
  IN_MATH,         /* likewise */
} Mode;

static ShPart **read_parts(ShParser *p, Mode mode, ShPart **tail);

gboolean
nz_sh_is_name_start(int c)
{
  return c >= 0 && (g_ascii_isalpha(c) || c == '_');
}

gboolean
nz_sh_is_name(int c)
{
  return c >= 0 && (g_ascii_isalnum(c) || c == '_');
}

gboolean
nz_sh_is_meta(int c)
{
  switch (c) {
  case ' ':
  case '\t':
  case '\n':
  case ';':
  case '&':
  case '|':
  case '(':
  case ')':
  case '<':
  case '>':
    return TRUE;
  default:
    return c < 0;
  }
}

static gboolean
is_double(Mode mode)
{
  return mode == IN_DOUBLE || mode == IN_BRACE_DOUBLE || mode == IN_HEREDOC || mode == IN_MATH;
}

static int
byte_at(const ShParser *p, gsize at)
{
  return at < p->end && !p->failed ? (guchar)p->s[at] : -1;
}

/* --- parts --- */

static ShPart *
add_part(ShParser *p, ShPart ***tail, ShPartKind kind, gsize start, gboolean quoted)
{
  ShPart *part = sh_new(p->budget->arena, ShPart);
  *part = (ShPart){.kind = kind, .start = start, .quoted = quoted};
  **tail = part;
  *tail = &part->next;
  if (++p->budget->n_words > NZ_SHELL_TEXT_WORDS_MAX) {
    nz_sh_exhaust(p->budget, "more words than are followed", nz_sh_map_start(p->source, start));
    nz_sh_fail(p, start, "more words than are followed");
  }
  return part;
}

static void
add_literal(ShParser *p, ShPart ***tail, gsize start, gsize end, gboolean quoted)
{
  ShPart *part = add_part(p, tail, SH_LITERAL, start, quoted);
  part->text = p->s + start;
  part->len = end - start;
  part->end = end;
}

/* "...": at its first quote. */
static void
read_double(ShParser *p, ShPart ***tail)
{
  gsize start = p->at++;
  if (!nz_sh_enter(p))
    return;
  ShPart **before = *tail;
  *tail = read_parts(p, IN_DOUBLE, *tail);
  p->depth--;
  if (byte_at(p, p->at) != '"') {
    nz_sh_fail(p, start, "an unterminated double quote");
    return;
  }
  if (*tail == before)
    add_literal(p, tail, p->at, p->at, TRUE);
  p->at++;
}

static void
read_single(ShParser *p, ShPart ***tail)
{
  gsize start = p->at++;
  const char *close = memchr(p->s + p->at, '\'', p->end - p->at);
  if (!close) {
    nz_sh_fail(p, start, "an unterminated single quote");
    return;
  }
  add_literal(p, tail, p->at, (gsize)(close - p->s), TRUE);
  p->at = (gsize)(close - p->s) + 1;
}

/* --- $'...' --- */

static const char escapes[][2] = {
    {'a', '\a'}, {'b', '\b'}, {'e', 033},   {'E', 033},   {'f', '\f'}, {'n', '\n'}, {'r', '\r'},
    {'t', '\t'}, {'v', '\v'}, {'\\', '\\'}, {'\'', '\''}, {'"', '"'},  {'?', '?'},
};

static guint32
read_digits(ShParser *p, gsize end, guint base, guint max)
{
  guint32 value = 0;
  for (guint i = 0; i < max && p->at < end; i++, p->at++) {
    int digit = g_ascii_xdigit_value(p->s[p->at]);
    if (digit < 0 || (guint)digit >= base)
      break;
    value = value * base + (guint32)digit;
  }
  return value;
}

/* At the byte behind the backslash. */
static void
decode_escape(ShParser *p, gsize end, GString *out)
{
  char c = p->s[p->at];
  for (guint i = 0; i < G_N_ELEMENTS(escapes); i++)
    if (escapes[i][0] == c) {
      g_string_append_c(out, escapes[i][1]);
      p->at++;
      return;
    }
  guint32 value;
  if (c >= '0' && c <= '7')
    value = read_digits(p, end, 8, 3);
  else if (c == 'x' || c == 'u' || c == 'U') {
    p->at++;
    value = read_digits(p, end, 16, c == 'x' ? 2 : c == 'u' ? 4 : 8);
  } else {
    g_string_append_c(out, '\\');
    return;
  }
  if (value == 0)
    return; /* a shell's string ends there */
  if (c != 'u' && c != 'U')
    g_string_append_c(out, (char)value);
  else if (g_unichar_validate(value))
    g_string_append_unichar(out, value);
}

static gsize
find_ansi_end(const ShParser *p, gsize at)
{
  while (at < p->end && p->s[at] != '\'')
    at += p->s[at] == '\\' ? 2 : 1;
  return at;
}

static void
read_ansi(ShParser *p, ShPart ***tail)
{
  gsize start = p->at, end = find_ansi_end(p, start + 2);
  if (end >= p->end) {
    nz_sh_fail(p, start, "an unterminated $'");
    return;
  }
  g_autoptr(GString) out = g_string_new(NULL);
  p->at = start + 2;
  while (p->at < end) {
    char c = p->s[p->at++];
    if (c == '\\' && p->at < end)
      decode_escape(p, end, out);
    else
      g_string_append_c(out, c);
  }
  ShPart *part = add_part(p, tail, SH_LITERAL, start, TRUE);
  if (p->failed)
    return;
  part->text = nz_sh_strndup(p->budget->arena, out->str, out->len);
  part->len = out->len;
  part->decoded = TRUE;
  part->end = p->at = end + 1;
}

/* --- commands and arithmetic in words --- */

static void
read_list(ShParser *p, ShPart *part, const char *unterminated)
{
  if (!nz_sh_enter(p))
    return;
  part->list = nz_sh_parse_list(p);
  p->depth--;
  if (nz_sh_peek(p) != ')') {
    nz_sh_fail(p, part->start, unterminated);
    part->end = p->end;
    return;
  }
  part->end = ++p->at;
}

/* Arithmetic holds brackets in pairs, and words may hold quoted ones. */
gsize
nz_sh_find_math_end(const ShParser *p, gsize at)
{
  guint open = 0;
  for (; at < p->end; at++) {
    char c = p->s[at];
    if (c == '\\')
      at++;
    else if (c == '\'' || c == '"') {
      const char *close = memchr(p->s + at + 1, c, p->end - at - 1);
      if (!close)
        return 0;
      at = (gsize)(close - p->s);
    } else if (c == '(')
      open++;
    else if (c == ')' && open > 0)
      open--;
    else if (c == ')')
      return byte_at(p, at + 1) == ')' ? at : 0;
  }
  return 0;
}

static ShPart *
read_range(ShParser *p, gsize end, Mode mode)
{
  gsize whole = p->end;
  ShPart *parts = NULL;
  if (!nz_sh_enter(p))
    return NULL;
  p->end = end;
  read_parts(p, mode, &parts);
  p->end = whole;
  p->depth--;
  p->at = p->failed ? p->end : end;
  return parts;
}

ShPart *
nz_sh_parse_math(ShParser *p, gsize end)
{
  return read_range(p, end, IN_MATH);
}

ShPart *
nz_sh_parse_heredoc(ShParser *p)
{
  return read_range(p, p->end, IN_HEREDOC);
}

static void
read_dollar_bracket(ShParser *p, ShPart ***tail, gboolean quoted)
{
  gsize start = p->at;
  gsize end = byte_at(p, start + 2) == '(' ? nz_sh_find_math_end(p, start + 3) : 0;
  if (end > 0) {
    ShPart *part = add_part(p, tail, SH_MATH, start, quoted);
    p->at = start + 3;
    part->operand = nz_sh_parse_math(p, end);
    part->end = MIN(end + 2, p->end);
    p->at = p->failed ? p->end : part->end;
    return;
  }
  ShPart *part = add_part(p, tail, SH_COMMAND, start, quoted);
  p->at = MIN(start + 2, p->end);
  read_list(p, part, "an unterminated $(");
}

/* `...` is a text of its own: backslashes before "$", "`" and "\" go first. */
static void
read_backquote(ShParser *p, ShPart ***tail, gboolean quoted)
{
  gsize start = p->at, at = start + 1, run = at;
  gboolean known;
  ShText text = {g_string_new(NULL), g_array_new(FALSE, FALSE, sizeof(ShPiece))};
  for (; at < p->end && p->s[at] != '`'; at++)
    if (p->s[at] == '\\' && at + 1 < p->end &&
        (strchr("$`\\", p->s[at + 1]) || (quoted && p->s[at + 1] == '"'))) {
      nz_sh_text_add(&text, p->source, run, at, &known);
      run = ++at;
    }
  at = MIN(at, p->end);
  nz_sh_text_add(&text, p->source, run, at, &known);
  ShPart *part = add_part(p, tail, SH_COMMAND, start, quoted);
  part->end = MIN(at + 1, p->end);
  if (at >= p->end)
    nz_sh_fail(p, start, "an unterminated `");
  else if (nz_sh_enter(p)) {
    ShSource *source = nz_sh_source(p->budget->arena, text.text->str, text.text->len,
                                    (const ShPiece *)(gpointer)text.pieces->data, text.pieces->len);
    part->list = nz_sh_parse(p->budget, source, 0, p->depth);
    p->depth--;
    p->at = part->end;
  }
  g_string_free(text.text, TRUE);
  g_array_unref(text.pieces);
}

/* --- ${...} --- */

static gboolean
is_continued(const ShParser *p)
{
  return byte_at(p, p->at) == '\\' && byte_at(p, p->at + 1) == '\n' &&
         nz_sh_is_name(byte_at(p, p->at + 2));
}

/* A name goes on in the next line. */
static void
read_continued_name(ShParser *p, ShPart *part)
{
  g_autoptr(GString) name = g_string_new_len(part->text, (gssize)part->len);
  while (is_continued(p))
    for (p->at += 2; nz_sh_is_name(byte_at(p, p->at)); p->at++)
      g_string_append_c(name, p->s[p->at]);
  part->text = nz_sh_strndup(p->budget->arena, name->str, name->len);
  part->len = name->len;
}

static void
read_name(ShParser *p, ShPart *part)
{
  gsize start = p->at;
  int c = byte_at(p, start);
  if (nz_sh_is_name_start(c))
    while (nz_sh_is_name(byte_at(p, p->at)))
      p->at++;
  else if (c >= '0' && c <= '9')
    while (byte_at(p, p->at) >= '0' && byte_at(p, p->at) <= '9')
      p->at++;
  else if (c > 0 && strchr("@*#?$!-", c))
    p->at++;
  part->text = p->s + start;
  part->len = p->at - start;
  if (nz_sh_is_name_start(c) && is_continued(p))
    read_continued_name(p, part);
}

/* [@], [*], [0]: others are not followed. FALSE: there was something else. */
static gboolean
read_subscript(ShParser *p, ShPart *part)
{
  if (byte_at(p, p->at) != '[')
    return TRUE;
  gsize at = p->at + 1;
  int c = byte_at(p, at);
  part->subscript = '[';
  if (c == '@' || c == '*') {
    part->subscript = (char)c;
    at++;
  } else
    for (guint i = 0; i < 4 && g_ascii_isdigit(byte_at(p, at)); i++, at++)
      part->index = part->index * 10 + (guint)(p->s[at] - '0');
  if (byte_at(p, at) != ']' || at == p->at + 1)
    return FALSE;
  p->at = at + 1;
  return TRUE;
}

static const struct {
  char text[4];
  ShOperator op;
  gboolean twice;
} operators[] = {
    {":-", SH_DEFAULT, TRUE},  {":=", SH_ASSIGN, TRUE},   {":+", SH_INSTEAD, TRUE},
    {":?", SH_REQUIRED, TRUE}, {"-", SH_DEFAULT, FALSE},  {"=", SH_ASSIGN, FALSE},
    {"+", SH_INSTEAD, FALSE},  {"?", SH_REQUIRED, FALSE}, {"##", SH_PREFIX, TRUE},
    {"#", SH_PREFIX, FALSE},   {"%%", SH_SUFFIX, TRUE},   {"%", SH_SUFFIX, FALSE},
    {"/#", SH_OTHER, FALSE},   {"/%", SH_OTHER, FALSE},   {"//", SH_REPLACE, TRUE},
    {"/", SH_REPLACE, FALSE},
};

static void
read_operator(ShParser *p, ShPart *part)
{
  part->op = byte_at(p, p->at) == '}' ? SH_PLAIN : SH_OTHER;
  for (guint i = 0; i < G_N_ELEMENTS(operators); i++) {
    gsize len = strlen(operators[i].text);
    if (p->end - p->at < len || memcmp(p->s + p->at, operators[i].text, len) != 0)
      continue;
    part->op = operators[i].op;
    part->twice = operators[i].twice;
    p->at += len;
    return;
  }
}

/* "${#v}" and "${!v}" are not followed. */
static gboolean
is_prefixed(const ShParser *p)
{
  int c = byte_at(p, p->at), next = byte_at(p, p->at + 1);
  return (c == '#' || c == '!') && (nz_sh_is_name(next) || next == '@' || next == '*');
}

static void
read_operands(ShParser *p, ShPart *part)
{
  /* Quotes around a pattern do not quote what is in it. */
  gboolean pattern = part->op == SH_PREFIX || part->op == SH_SUFFIX;
  Mode mode = part->quoted && !pattern ? IN_BRACE_DOUBLE : IN_BRACE;
  gboolean brace = p->brace;
  read_parts(p, part->op == SH_REPLACE ? IN_PATTERN : mode, &part->operand);
  if (part->op == SH_REPLACE && byte_at(p, p->at) == '/') {
    p->at++;
    read_parts(p, mode, &part->operand2);
  }
  p->brace = brace;
}

static void
read_braced(ShParser *p, ShPart ***tail, gboolean quoted)
{
  ShPart *part = add_part(p, tail, SH_PARAMETER, p->at, quoted);
  gsize start = part->start;
  if (!nz_sh_enter(p))
    return;
  p->at = MIN(start + 2, p->end);
  gboolean other = is_prefixed(p);
  if (other)
    p->at++;
  read_name(p, part);
  other |= part->len == 0 || !read_subscript(p, part);
  read_operator(p, part);
  if (other)
    part->op = SH_OTHER;
  read_operands(p, part);
  p->depth--;
  if (byte_at(p, p->at) == '}')
    part->end = ++p->at;
  else {
    nz_sh_fail(p, start, "an unterminated ${");
    part->end = p->end;
  }
}

/* --- what "$" begins --- */

static void
read_plain(ShParser *p, ShPart ***tail, gboolean quoted)
{
  gsize start = p->at;
  int c = byte_at(p, start + 1);
  if (!nz_sh_is_name(c) && !(c > 0 && strchr("@*#?$!-", c))) {
    p->at++;
    add_literal(p, tail, start, start + 1, quoted);
    return;
  }
  ShPart *part = add_part(p, tail, SH_PARAMETER, start, quoted);
  if (p->failed)
    return;
  p->at++;
  read_name(p, part);
  if (g_ascii_isdigit(c)) { /* "$10" is "$1" and "0" */
    part->len = 1;
    p->at = start + 2;
  }
  part->end = p->at;
}

static void
read_dollar(ShParser *p, Mode mode, ShPart ***tail)
{
  gboolean quoted = is_double(mode);
  int c = byte_at(p, p->at + 1);
  if (c == '(')
    read_dollar_bracket(p, tail, quoted);
  else if (c == '{')
    read_braced(p, tail, quoted);
  else if (c == '\'' && !quoted)
    read_ansi(p, tail);
  else if (c == '"' && !quoted) {
    p->at++;
    read_double(p, tail);
  } else
    read_plain(p, tail, quoted);
}

/* --- all that is special --- */

static void
read_backslash(ShParser *p, Mode mode, ShPart ***tail)
{
  gboolean quoted = is_double(mode);
  int c = byte_at(p, p->at + 1);
  if (c == '\n') {
    p->at += 2;
    return;
  }
  gboolean escapes_it =
      c >= 0 && (!quoted || strchr("$`\\", c) || (c == '"' && mode != IN_HEREDOC) ||
                 (c == '}' && mode == IN_BRACE_DOUBLE));
  if (escapes_it)
    p->at++;
  add_literal(p, tail, p->at, p->at + 1, TRUE);
  p->at++;
}

/* ?(...), *(...), +(...), @(...), !(...): a pattern of bash, to its last bracket. */
static gboolean
read_extended(ShParser *p, gsize run)
{
  guint open = 0;
  if (p->at == run || !strchr("?*+@!", p->s[p->at - 1]))
    return FALSE;
  for (gsize at = p->at; at < p->end && p->s[at] != '\n'; at++) {
    open += p->s[at] == '(';
    open -= p->s[at] == ')';
    if (open == 0) {
      p->at = at + 1;
      return TRUE;
    }
  }
  return FALSE;
}

static gboolean
ends(const ShParser *p, Mode mode, char c)
{
  switch (mode) {
  case IN_WORD:
    if ((c == '<' || c == '>') && byte_at(p, p->at + 1) == '(')
      return FALSE;
    return nz_sh_is_meta((guchar)c);
  case IN_REGEX:
    return c == ' ' || c == '\t' || c == '\n';
  case IN_DOUBLE:
    return c == '"';
  case IN_BRACE:
  case IN_BRACE_DOUBLE:
    return c == '}';
  case IN_PATTERN:
    return c == '}' || c == '/';
  case IN_HEREDOC:
  case IN_MATH:
  default:
    return FALSE;
  }
}

static gboolean
is_special(char c)
{
  static const char table[256] = {
      ['\\'] = 1, ['\''] = 1, ['"'] = 1, ['$'] = 1, ['`'] = 1, [' '] = 1,
      ['\t'] = 1, ['\n'] = 1, [';'] = 1, ['&'] = 1, ['|'] = 1, ['('] = 1,
      [')'] = 1,  ['<'] = 1,  ['>'] = 1, ['}'] = 1, ['{'] = 1, ['/'] = 1,
  };
  return table[(guchar)c];
}

/* What begins with the special byte C is read. */
static void
read_special(ShParser *p, Mode mode, char c, ShPart ***tail)
{
  gboolean quoted = is_double(mode);
  if (c == '\\')
    read_backslash(p, mode, tail);
  else if (c == '$')
    read_dollar(p, mode, tail);
  else if (c == '`')
    read_backquote(p, tail, quoted);
  else if (c == '\'')
    read_single(p, tail);
  else if (c == '"')
    read_double(p, tail);
  else {
    ShPart *part = add_part(p, tail, SH_PROCESS, p->at, FALSE);
    p->at = MIN(p->at + 2, p->end);
    read_list(p, part, "an unterminated <(");
  }
}

/* What does not is a byte as any other in MODE. */
static gboolean
begins_special(Mode mode, char c)
{
  return c == '\\' || c == '$' || c == '`' || (c == '\'' && !is_double(mode)) ||
         (c == '"' && mode != IN_HEREDOC && mode != IN_MATH) ||
         ((c == '<' || c == '>') && mode == IN_WORD);
}

/* How many brackets of a regular expression are open. */
static guint
count_bracket(guint open, char c)
{
  if (c == '(')
    return open + 1;
  return c == ')' && open > 0 ? open - 1 : open;
}

static ShPart **
read_parts(ShParser *p, Mode mode, ShPart **tail)
{
  gsize run = p->at;
  guint open = 0;
  while (p->at < p->end && !p->failed) {
    char c = p->s[p->at];
    if (!is_special(c)) {
      p->at++;
      continue;
    }
    if (mode == IN_WORD && c == '(' && read_extended(p, run))
      continue;
    if (ends(p, mode, c) && open == 0)
      break;
    if (mode == IN_REGEX)
      open = count_bracket(open, c);
    p->brace |= c == '{';
    if (!begins_special(mode, c)) {
      p->at++;
      continue;
    }
    if (run < p->at)
      add_literal(p, &tail, run, p->at, is_double(mode));
    read_special(p, mode, c, &tail);
    run = p->at = MIN(p->at, p->end);
  }
  if (run < p->at && !p->failed)
    add_literal(p, &tail, run, p->at, is_double(mode));
  return tail;
}

/* --- words --- */

/* NAME=, NAME+= and NAME[...]= begin an assignment. */
static void
find_assignment(ShWord *word)
{
  const ShPart *first = word->parts;
  if (!first || first->kind != SH_LITERAL || first->quoted || !nz_sh_is_name_start(first->text[0]))
    return;
  gsize len = 1;
  while (len < first->len && nz_sh_is_name((guchar)first->text[len]))
    len++;
  if (len < first->len && first->text[len] == '[') {
    const char *close = g_strstr_len(first->text + len, (gssize)(first->len - len), "]=");
    word->element = close != NULL;
    word->name_len = close ? len : 0;
  } else if (len < first->len && first->text[len] == '=')
    word->name_len = len;
  else if (len + 1 < first->len && first->text[len] == '+' && first->text[len + 1] == '=') {
    word->name_len = len;
    word->append = TRUE;
  }
}

static ShWord *
parse_word(ShParser *p, Mode mode)
{
  ShWord *word = sh_new(p->budget->arena, ShWord);
  nz_sh_peek(p);
  p->brace = FALSE;
  word->source = p->source;
  word->start = p->at;
  read_parts(p, mode, &word->parts);
  word->end = p->at;
  word->brace = p->brace;
  find_assignment(word);
  return word;
}

ShWord *
nz_sh_parse_word(ShParser *p)
{
  return parse_word(p, IN_WORD);
}

ShWord *
nz_sh_parse_regex(ShParser *p)
{
  return parse_word(p, IN_REGEX);
}

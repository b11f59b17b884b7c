/* SPDX-License-Identifier: Apache-2.0 */
/* Redirections, and heredocs, whose bodies stand behind the end of the line. */
#include <string.h>

#include "build/shell_private.h"

/* Longest first. */
static const char *const operators[] = {
    "&>>", "<<<", "<<-", "&>", "<<", "<&", "<>", ">>", ">&", ">|", "<", ">",
};

static gboolean
looks_at(const ShParser *p, gsize at, const char *text)
{
  gsize len = strlen(text);
  return at <= p->end && p->end - at >= len && memcmp(p->s + at, text, len) == 0;
}

static const char *
find_operator(const ShParser *p, gsize at)
{
  for (guint i = 0; i < G_N_ELEMENTS(operators); i++)
    if (looks_at(p, at, operators[i]))
      return operators[i];
  return NULL;
}

/* Digits right before it name the file descriptor. */
static gsize
count_digits(const ShParser *p)
{
  gsize n = 0;
  while (n < 4 && p->at + n < p->end && g_ascii_isdigit(p->s[p->at + n]))
    n++;
  return n;
}

/* What begins with "<(" is a word. */
static gboolean
is_process(const ShParser *p, gsize at)
{
  return looks_at(p, at, "<(") || looks_at(p, at, ">(");
}

gboolean
nz_sh_at_redirect(ShParser *p)
{
  int c = nz_sh_peek(p);
  if (c < 0 || is_process(p, p->at))
    return FALSE;
  gsize at = p->at + count_digits(p);
  if (at > p->at)
    return at < p->end && (p->s[at] == '<' || p->s[at] == '>');
  return c == '<' || c == '>' || (c == '&' && looks_at(p, p->at, "&>"));
}

/* The word behind "<<": quotes are taken away, and say that nothing is expanded. */
static void
read_delimiter(ShParser *p, ShRedirect *redirect)
{
  const ShWord *word = nz_sh_parse_word(p);
  g_autoptr(GString) text = g_string_new(NULL);
  for (const ShPart *part = word->parts; part; part = part->next) {
    redirect->as_is |= part->quoted;
    if (part->kind == SH_LITERAL)
      g_string_append_len(text, part->text, (gssize)part->len);
    else
      g_string_append_len(text, p->s + part->start, (gssize)(part->end - part->start));
  }
  redirect->delimiter = nz_sh_strndup(p->budget->arena, text->str, text->len);
  redirect->delimiter_len = text->len;
  *p->pending_tail = redirect;
  p->pending_tail = &redirect->next_pending;
}

ShRedirect *
nz_sh_parse_redirect(ShParser *p)
{
  ShRedirect *redirect = sh_new(p->budget->arena, ShRedirect);
  gsize digits = count_digits(p);
  redirect->fd = -1;
  for (gsize i = 0; i < digits; i++)
    redirect->fd = MAX(redirect->fd, 0) * 10 + (p->s[p->at + i] - '0');
  p->at += digits;
  redirect->op = find_operator(p, p->at);
  p->at += strlen(redirect->op);
  nz_sh_skip_blanks(p);
  if (nz_sh_is_meta(nz_sh_peek(p)) && !is_process(p, p->at))
    nz_sh_fail(p, p->at, "a redirection without a file");
  else if (strcmp(redirect->op, "<<") == 0 || strcmp(redirect->op, "<<-") == 0)
    read_delimiter(p, redirect);
  else
    redirect->word = nz_sh_parse_word(p);
  return redirect;
}

/* --- bodies --- */

static gsize
find_line_end(const ShParser *p, gsize at)
{
  const char *newline = at < p->end ? memchr(p->s + at, '\n', p->end - at) : NULL;
  return newline ? (gsize)(newline - p->s) : p->end;
}

static gsize
skip_tabs(const ShParser *p, const ShRedirect *redirect, gsize at)
{
  if (strcmp(redirect->op, "<<-") == 0)
    while (at < p->end && p->s[at] == '\t')
      at++;
  return at;
}

static gboolean
is_delimiter(const ShParser *p, const ShRedirect *redirect, gsize at, gsize end)
{
  at = skip_tabs(p, redirect, at);
  if (end > at && p->s[end - 1] == '\r' && redirect->delimiter_len < end - at)
    end--;
  return end >= at && end - at == redirect->delimiter_len &&
         memcmp(p->s + at, redirect->delimiter, end - at) == 0;
}

/* From P on until the line of the delimiter, which is skipped: as a source of its own when tabs
 * were taken away, else the bounds of the body. */
static ShSource *
find_body(ShParser *p, const ShRedirect *redirect, gsize *start, gsize *end)
{
  gboolean strip = strcmp(redirect->op, "<<-") == 0, known;
  ShText text = {g_string_new(NULL), g_array_new(FALSE, FALSE, sizeof(ShPiece))};
  *start = p->at;
  gsize at = p->at, line_end;
  for (;; at = MIN(line_end + 1, p->end)) {
    line_end = find_line_end(p, at);
    if (at >= p->end || is_delimiter(p, redirect, at, line_end))
      break;
    if (strip)
      nz_sh_text_add(&text, p->source, skip_tabs(p, redirect, at), MIN(line_end + 1, p->end),
                     &known);
  }
  *end = at;
  p->at = at >= p->end ? p->end : MIN(line_end + 1, p->end);
  ShSource *source = NULL;
  if (strip && text.text->len > 0)
    source = nz_sh_source(p->budget->arena, text.text->str, text.text->len,
                          (const ShPiece *)(gpointer)text.pieces->data, text.pieces->len);
  g_string_free(text.text, TRUE);
  g_array_unref(text.pieces);
  return source;
}

static ShPart *
literal_body(ShParser *p, const ShSource *source, gsize start, gsize end)
{
  ShPart *part = sh_new(p->budget->arena, ShPart);
  *part = (ShPart){.kind = SH_LITERAL, .quoted = TRUE, .start = start, .end = end};
  part->text = source->data + start;
  part->len = end - start;
  return part;
}

static void
read_body(ShParser *p, ShRedirect *redirect)
{
  gsize start, end;
  ShSource *stripped = find_body(p, redirect, &start, &end);
  ShWord *word = sh_new(p->budget->arena, ShWord);
  ShParser inner = *p;
  inner.pending = NULL;
  inner.pending_tail = &inner.pending;
  inner.source = stripped ? stripped : p->source;
  inner.s = inner.source->data;
  word->source = inner.source;
  word->start = inner.at = stripped ? 0 : start;
  word->end = inner.end = stripped ? stripped->len : end;
  if (redirect->as_is)
    word->parts = literal_body(p, inner.source, word->start, word->end);
  else
    word->parts = nz_sh_parse_heredoc(&inner);
  redirect->word = word;
  if (inner.failed) {
    p->failed = TRUE;
    p->at = p->end;
  }
}

void
nz_sh_read_heredocs(ShParser *p)
{
  ShRedirect *redirect = p->pending;
  p->pending = NULL;
  p->pending_tail = &p->pending;
  for (; redirect; redirect = redirect->next_pending)
    read_body(p, redirect);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Dockerfiles by lines, as BuildKit's frontend/dockerfile/parser reads them:
 *
 *   file        [BOM] directive* (blank line | comment | instruction)*
 *   directive   "#" NAME "=" VALUE, NAME one of syntax, escape, check; ended by any other line
 *   comment     blanks "#" ..., a whole line; between continued lines too
 *   instruction lines, each but the last ended by the escape and blanks; then its heredocs
 *
 * Blank lines between continued lines count as nothing. A line ends with "\n", and "\r"s before it
 * are a part of its end. While a line is read, its tokens are collected with text as one kind; when
 * the instruction in it is known, the text is divided by the parts that were marked in it. */
#include <string.h>

#include "build/dockerfile_parse.h"
#include "build/rune.h"
#include "core/error.h"
#include "core/limits.h"
#include "core/text.h"

/* A line of the file. */
typedef struct {
  gsize start, end; /* without its end */
  gsize next;       /* where the next one begins */
} Line;

/* A token of a logical line, or a part of its text. */
typedef struct {
  gboolean text;
  NzToken token;
  gsize at; /* of text: in the line's text */
} Raw;

typedef struct {
  NzDockerfile *file;
  gsize at; /* in the source */
  gboolean directives_done;
  guint directives_seen;
  GArray *raw; /* Raw, of the logical line that is read */
  NzLineParser line;
  gsize line_end; /* of the last line with text of the logical line */
} Reader;

static void
reader_clear(Reader *self)
{
  g_array_unref(self->raw);
  g_array_unref(self->line.marks);
  nz_joined_free(self->line.line);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Reader, reader_clear)

/* --- tokens --- */

static void
add_token(GArray *tokens, NzTokenKind kind, gsize start, gsize end)
{
  if (start >= end)
    return;
  if (tokens->len > 0) {
    NzToken *last = &g_array_index(tokens, NzToken, tokens->len - 1);
    if (kind == NZ_TOKEN_BLANK && last->kind == kind) {
      last->span.end = (guint32)end;
      return;
    }
  }
  NzToken token = {kind, {(guint32)start, (guint32)end}};
  g_array_append_val(tokens, token);
}

static void
add_raw(Reader *self, NzTokenKind kind, gsize start, gsize end)
{
  Raw raw = {FALSE, {kind, {(guint32)start, (guint32)end}}, 0};
  g_array_append_val(self->raw, raw);
}

static void
add_text(Reader *self, gsize start, gsize end)
{
  Raw raw = {TRUE, {NZ_TOKEN_ARGUMENT, {(guint32)start, (guint32)end}}, self->line.line->len};
  g_array_append_val(self->raw, raw);
  nz_joined_append(self->line.line, self->file->source->data + start, end - start, (guint32)start);
}

/* One part of a mark in a line of the file: blanks at its ends are blanks. */
static void
add_part(Reader *self, NzTokenKind kind, gsize start, gsize end)
{
  const char *data = self->file->source->data;
  gsize from = start, to = end;
  while (from < to && g_ascii_isspace(data[from]))
    from++;
  while (to > from && g_ascii_isspace(data[to - 1]))
    to--;
  add_token(self->file->tokens, NZ_TOKEN_BLANK, start, from);
  add_token(self->file->tokens, kind, from, to);
  add_token(self->file->tokens, NZ_TOKEN_BLANK, to, end);
}

/* The text of one line of the file, by the marks from *MARK on. */
static void
divide_text(Reader *self, const Raw *raw, guint *mark)
{
  const NzMark *marks = (const NzMark *)(const void *)self->line.marks->data;
  gsize at = raw->at, end = raw->at + (raw->token.span.end - raw->token.span.start);
  gsize shift = raw->token.span.start - raw->at; /* unsigned, and only ever added */
  while (at < end) {
    while (*mark < self->line.marks->len && marks[*mark].end <= at)
      ++*mark;
    const NzMark *next = *mark < self->line.marks->len ? &marks[*mark] : NULL;
    gboolean inside = next && next->start <= at;
    gsize stop = inside ? next->end : next ? next->start : end;
    stop = MIN(stop, end);
    add_part(self, inside ? next->kind : NZ_TOKEN_BLANK, at + shift, stop + shift);
    at = stop;
  }
}

static void
flush_tokens(Reader *self)
{
  guint mark = 0;
  for (guint i = 0; i < self->raw->len; i++) {
    const Raw *raw = &g_array_index(self->raw, Raw, i);
    if (raw->text)
      divide_text(self, raw, &mark);
    else
      add_token(self->file->tokens, raw->token.kind, raw->token.span.start, raw->token.span.end);
  }
  g_array_set_size(self->raw, 0);
}

/* --- lines --- */

/* FALSE at the end of the file, or with an error. */
static gboolean
next_line(Reader *self, Line *line, GError **error)
{
  const NzSourceFile *source = self->file->source;
  if (self->at >= source->len)
    return FALSE;
  const char *begin = source->data + self->at;
  const char *end = memchr(begin, '\n', source->len - self->at);
  line->start = self->at;
  line->next = end ? (gsize)(end - source->data) + 1 : source->len;
  line->end = end ? line->next - 1 : line->next;
  if (line->end - line->start >= NZ_DOCKER_LINE_MAX) {
    nz_dockerfile_fail(self->file->source, (guint32)line->start, NZ_ERROR_LIMIT,
                       "this line has 64 KiB or more, which no builder takes", error);
    return FALSE;
  }
  while (line->end > line->start && source->data[line->end - 1] == '\r')
    line->end--;
  self->at = line->next;
  return TRUE;
}

/* The first character that is no space, from START on. */
static gsize
skip_spaces(const Reader *self, gsize start, gsize end)
{
  gsize n;
  while ((n = nz_rune_space(self->file->source->data + start, end - start)) > 0)
    start += n;
  return start;
}

/* Where the escape stands that continues the line; its end if none does. One that is escaped does
 * not. */
static gsize
find_continuation(const Reader *self, gsize start, gsize end)
{
  const char *data = self->file->source->data;
  gsize at = end;
  while (at > start && (data[at - 1] == ' ' || data[at - 1] == '\t'))
    at--;
  if (at == start || data[at - 1] != self->file->escape)
    return end;
  at--;
  return at > start && data[at - 1] == self->file->escape ? end : at;
}

/* Text of a line from START on; TRUE: the next line continues it. */
static gboolean
take_text(Reader *self, const Line *line, gsize start)
{
  gsize stop = find_continuation(self, start, line->end);
  add_text(self, start, stop);
  self->line_end = line->end;
  if (stop == line->end) {
    add_raw(self, NZ_TOKEN_BLANK, line->end, line->next);
    return FALSE;
  }
  add_raw(self, NZ_TOKEN_CONTINUATION, stop, line->next);
  return TRUE;
}

static void
take_comment(Reader *self, const Line *line, gsize start, NzTokenKind kind)
{
  add_raw(self, NZ_TOKEN_BLANK, line->start, start);
  add_raw(self, kind, start, line->end);
  add_raw(self, NZ_TOKEN_BLANK, line->end, line->next);
}

/* The lines that continue the first one. FALSE only with an error. */
static gboolean
take_continued(Reader *self, GError **error)
{
  g_autoptr(GError) failed = NULL;
  Line line;
  while (next_line(self, &line, &failed)) {
    gsize start = skip_spaces(self, line.start, line.end);
    if (start == line.end)
      add_raw(self, NZ_TOKEN_BLANK, line.start, line.next);
    else if (self->file->source->data[start] == '#')
      take_comment(self, &line, start, NZ_TOKEN_COMMENT);
    else if (!take_text(self, &line, line.start))
      return TRUE;
  }
  if (!failed)
    return TRUE;
  g_propagate_error(error, g_steal_pointer(&failed));
  return FALSE;
}

/* A comment at START, which may be a directive. */
static gboolean
read_comment(Reader *self, const Line *line, gsize start, GError **error)
{
  if (!self->directives_done) {
    gboolean found = FALSE;
    if (!nz_dockerfile_directive(self->file, start, line->end, &self->directives_seen, &found,
                                 error))
      return FALSE;
    self->line.escape = self->file->escape;
    self->directives_done = !found;
  }
  take_comment(self, line, start, self->directives_done ? NZ_TOKEN_COMMENT : NZ_TOKEN_DIRECTIVE);
  return TRUE;
}

/* --- heredocs --- */

/* Where in the line the heredoc with this INDEX begins, as good as can be said. */
static gsize
find_operator(const Reader *self, guint index)
{
  const char *text = self->line.line->data, *p = strstr(text, "<<");
  for (guint i = 0; p && i < index; i++) {
    const char *next = strstr(p + 2, "<<");
    p = next ? next : p;
  }
  return p ? (gsize)(p - text) : 0;
}

/* Lines up to the terminator. */
static gboolean
read_body(Reader *self, const NzHeredocStart *start, NzJoined *body, gsize *end, GError **error)
{
  const char *data = self->file->source->data;
  gsize name_len = strlen(start->name), first = self->at;
  Line line;
  nz_joined_append(body, "", 0, (guint32)first);
  while (next_line(self, &line, error)) {
    gsize from = line.start;
    while (start->chomp && from < line.end && data[from] == '\t')
      from++;
    if (line.end - from == name_len && memcmp(data + from, start->name, name_len) == 0) {
      add_raw(self, NZ_TOKEN_HEREDOC, first, line.end);
      add_raw(self, NZ_TOKEN_BLANK, line.end, line.next);
      *end = line.end;
      return TRUE;
    }
    nz_joined_append(body, data + from, line.next - from, (guint32)from);
  }
  return FALSE;
}

static gboolean
read_heredoc(Reader *self, NzInstruction *owner, NzHeredocStart *start, GError **error)
{
  g_autoptr(NzJoined) body = nz_joined_new();
  g_autoptr(GError) failed = NULL;
  if (!read_body(self, start, body, &self->line_end, &failed)) {
    if (failed) {
      g_propagate_error(error, g_steal_pointer(&failed));
      return FALSE;
    }
    g_autofree char *name = nz_printable(start->name, -1);
    return nz_line_refuse(&self->line, find_operator(self, owner->heredocs->len), error,
                          "this heredoc is not ended: no line is \"%s\"", name);
  }
  NzHeredoc *heredoc = g_new0(NzHeredoc, 1);
  heredoc->name = g_steal_pointer(&start->name);
  heredoc->expand = start->expand;
  heredoc->body = g_steal_pointer(&body);
  g_ptr_array_add(owner->heredocs, heredoc);
  return TRUE;
}

static gboolean
read_heredocs(Reader *self, NzInstruction *instruction, GError **error)
{
  NzInstruction *owner = instruction->kind == NZ_DOCKER_ONBUILD ? instruction->inner : instruction;
  gboolean may =
      owner->kind == NZ_DOCKER_RUN || owner->kind == NZ_DOCKER_COPY || owner->kind == NZ_DOCKER_ADD;
  if (!may || owner->json || !strstr(self->line.line->data, "<<"))
    return TRUE;
  g_autoptr(GError) failed = NULL;
  g_autoptr(GPtrArray) starts = nz_heredoc_starts(self->line.line->data, &failed);
  if (!starts)
    return nz_line_refuse(&self->line, find_operator(self, 0), error, "this heredoc: %s",
                          failed->message);
  for (guint i = 0; i < starts->len; i++)
    if (!read_heredoc(self, owner, starts->pdata[i], error))
      return FALSE;
  owner->span.end = (guint32)self->line_end;
  return TRUE;
}

/* --- instructions --- */

static gboolean
read_instruction(Reader *self, const Line *line, gsize start, GError **error)
{
  NzJoined *joined = self->line.line;
  joined->len = 0;
  joined->end = 0;
  g_array_set_size(joined->pieces, 0);
  g_array_set_size(self->line.marks, 0);
  add_raw(self, NZ_TOKEN_BLANK, line->start, start);
  if (take_text(self, line, start) && !take_continued(self, error))
    return FALSE;
  g_autoptr(NzInstruction) read = nz_line_instruction(&self->line, 0, joined->len, error);
  if (!read || !read_heredocs(self, read, error))
    return FALSE;
  read->span.end = (guint32)self->line_end;
  g_ptr_array_add(self->file->instructions, g_steal_pointer(&read));
  return TRUE;
}

static gboolean
read_line(Reader *self, Line *line, GError **error)
{
  const char *data = self->file->source->data;
  if (line->start == 0 && g_str_has_prefix(data, "\xef\xbb\xbf")) {
    add_raw(self, NZ_TOKEN_BLANK, 0, 3);
    line->start = 3;
  }
  gsize start = skip_spaces(self, line->start, line->end);
  if (start < line->end && data[start] == '#')
    return read_comment(self, line, start, error);
  self->directives_done = TRUE;
  if (start < line->end)
    return read_instruction(self, line, start, error);
  add_raw(self, NZ_TOKEN_BLANK, line->start, line->next);
  return TRUE;
}

gboolean
nz_dockerfile_read(NzDockerfile *file, GError **error)
{
  NzSourceFile *source = file->source;
  const char *nul = memchr(source->data, '\0', source->len);
  if (nul)
    return nz_dockerfile_refuse(source, (guint32)(nul - source->data), error,
                                "there is a NUL byte: this is a binary file, not a Dockerfile");
  g_auto(Reader) reader = {
      .file = file,
      .raw = g_array_new(FALSE, FALSE, sizeof(Raw)),
      .line = {source, nz_joined_new(), g_array_new(FALSE, FALSE, sizeof(NzMark)), file->escape}};
  g_autoptr(GError) failed = NULL;
  Line line;
  while (next_line(&reader, &line, &failed)) {
    if (!read_line(&reader, &line, &failed))
      break;
    flush_tokens(&reader);
  }
  if (failed) {
    g_propagate_error(error, g_steal_pointer(&failed));
    return FALSE;
  }
  return file->instructions->len > 0 ||
         nz_dockerfile_refuse(source, 0, error, "there is no instruction in this file");
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "lint/comments.h"

#include <string.h>

#include "check/check.h"
#include "core/limits.h"
#include "core/text.h"

/* Names in one comment. */
#define NAMES_MAX 64

/* How the linters write it. */
typedef struct {
  const char *prefix;
  gboolean whole_file;
  gboolean ours;
} Dialect;

static const Dialect dialects[] = {
    {"nonzero ignore=", FALSE, TRUE},   {"nonzero global ignore=", TRUE, TRUE},
    {"hadolint ignore=", FALSE, FALSE}, {"hadolint global ignore=", TRUE, FALSE},
    {"tally ignore=", FALSE, FALSE},    {"tally global ignore=", TRUE, FALSE},
    {"checkov:skip=", TRUE, FALSE},     {"check=skip=", TRUE, FALSE},
    {"trivy:ignore:", FALSE, FALSE},
};

typedef struct {
  guint line, last_line; /* what it speaks of; of the whole file: all lines */
  guint own_line;
  gboolean ours;
  GPtrArray *rules;   /* const char *: of ours, static */
  GPtrArray *unknown; /* char *: names that are no rule, printable; NULL: none, or not ours */
  char *reason;       /* or NULL */
} Comment;

/* Lines, with the last; 0: none. */
typedef struct {
  guint line, last_line;
} Range;

struct NzComments {
  NzSourceFile *source; /* borrowed */
  GPtrArray *all;       /* Comment */
  gboolean more;        /* than are looked at */
  Range document;       /* that was last asked for, of YAML */
  guint above;          /* from this line on there is nothing */
  Range block;          /* but what begins here */
  gboolean noted;
};

static void
comment_free(gpointer data)
{
  Comment *self = data;
  g_ptr_array_unref(self->rules);
  g_clear_pointer(&self->unknown, g_ptr_array_unref);
  g_free(self->reason);
  g_free(self);
}

/* --- reading --- */

/* Of "RULE,RULE reason=..." or "RULE:reason": what follows the names. */
static char *
read_reason(const char *rest)
{
  rest += strspn(rest, " \t;:");
  if (g_str_has_prefix(rest, "reason="))
    rest += strlen("reason=");
  g_autofree char *text = g_strstrip(g_strdup(rest));
  gsize n = strlen(text);
  if (n >= 2 && text[0] == '"' && text[n - 1] == '"') {
    text[n - 1] = '\0';
    memmove(text, text + 1, n - 1);
  }
  return *text ? nz_printable(text, -1) : NULL;
}

static void
add_rule(const NzCheck *check, gpointer rules)
{
  g_ptr_array_add(rules, (gpointer)check->rule);
}

/* NAMES is "A,B". */
static void
read_names(Comment *self, const char *names, gsize len)
{
  g_autofree char *text = g_strndup(names, len);
  g_auto(GStrv) all = g_strsplit(text, ",", NAMES_MAX);
  self->rules = g_ptr_array_new();
  for (guint i = 0; all[i]; i++) {
    /* "hadolint/DL3002", as tally calls other tools' rules. */
    const char *slash = strrchr(g_strstrip(all[i]), '/');
    const char *name = slash ? slash + 1 : all[i];
    if (nz_check_foreach_named(name, add_rule, self->rules) > 0 || !self->ours)
      continue;
    if (!self->unknown)
      self->unknown = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(self->unknown, nz_printable(name, -1));
  }
}

/* TEXT is a line that begins with "#"; NULL: it is no comment of a linter. */
static Comment *
read_comment(const char *text, gsize len)
{
  gsize skip = 0;
  while (skip < len && strchr("# \t", text[skip]))
    skip++;
  g_autofree char *line = g_strndup(text + skip, len - skip);
  for (guint i = 0; i < G_N_ELEMENTS(dialects); i++) {
    const Dialect *d = &dialects[i];
    if (!g_str_has_prefix(line, d->prefix))
      continue;
    const char *names = line + strlen(d->prefix);
    names += strspn(names, "[ \t");
    gsize n = strcspn(names, " \t;:]");
    if (g_str_has_prefix(names + n, ":exp:")) /* trivy's end of it: no clock is asked here */
      return NULL;
    Comment *self = g_new0(Comment, 1);
    self->ours = d->ours;
    read_names(self, names, n);
    self->reason = read_reason(names + n);
    self->last_line = d->whole_file ? G_MAXUINT : 0;
    return self;
  }
  return NULL;
}

/* --- what they speak of --- */

static guint
line_of(NzSourceFile *source, guint32 offset)
{
  return nz_source_line(source, offset, NULL);
}

/* The instruction after OFFSET; of ours above a FROM, all of its stage. */
static void
aim_at_instruction(const NzDockerfile *file, guint32 offset, Comment *comment)
{
  const GPtrArray *all = file->instructions;
  guint i = 0;
  while (i < all->len && ((NzInstruction *)all->pdata[i])->span.start < offset)
    i++;
  if (i == all->len) {
    comment->line = comment->last_line = comment->own_line;
    return;
  }
  const NzInstruction *in = all->pdata[i];
  comment->line = line_of(file->source, in->span.start);
  if (in->kind == NZ_DOCKER_FROM && comment->ours)
    while (i + 1 < all->len && ((NzInstruction *)all->pdata[i + 1])->kind != NZ_DOCKER_FROM)
      in = all->pdata[++i];
  comment->last_line = line_of(file->source, in->span.end);
}

/* --- blocks of YAML ---
 *
 * A comment speaks of the line that it ends, or else of the next that is neither blank nor a
 * comment: of the key or item there, and all below it, which is what is indented more. Before
 * anything else in a document it speaks of the document. */

static guint
n_lines(NzSourceFile *source)
{
  nz_source_line(source, 0, NULL); /* finds them */
  return source->lines->len;
}

static const char *
line_text(NzSourceFile *source, guint line)
{
  return source->data + g_array_index(source->lines, guint32, line - 1);
}

static gboolean
is_nothing(const char *line)
{
  line += strspn(line, " \t\r");
  return *line == '\0' || *line == '\n' || *line == '#';
}

static gboolean
is_border(const char *line)
{
  return (g_str_has_prefix(line, "---") || g_str_has_prefix(line, "...")) &&
         strchr(" \t\r\n", line[3]);
}

static gboolean
holds(const Range *range, guint line)
{
  return line >= range->line && line <= range->last_line;
}

/* The document that LINE is in, with the line that begins it. */
static const Range *
document_of(NzComments *self, guint line)
{
  Range *found = &self->document;
  guint n = n_lines(self->source);
  if (holds(found, line))
    return found;
  *found = (Range){line, line};
  while (found->line > 1 && !is_border(line_text(self->source, found->line)))
    found->line--;
  while (found->last_line < n && !is_border(line_text(self->source, found->last_line + 1)))
    found->last_line++;
  return found;
}

/* The last line of what begins in LINE. */
static guint
end_of_block(NzSourceFile *source, guint line)
{
  const char *text = line_text(source, line);
  gsize indent = strspn(text, " ");
  gboolean is_item = text[indent] == '-';
  guint n = n_lines(source);
  while (line < n) {
    const char *next = line_text(source, line + 1);
    gsize deep = strspn(next, " ");
    /* The items of a list may stand as far left as its key. */
    gboolean inside =
        is_nothing(next) || deep > indent || (!is_item && deep == indent && next[deep] == '-');
    if (!inside || is_border(next))
      break;
    line++;
  }
  return line;
}

/* What stands in LINE, or in the next that has anything. Comments in a row ask for the same. */
static const Range *
block_of(NzComments *self, guint line)
{
  guint n = n_lines(self->source), first = line;
  if (self->above > 0 && line >= self->above && line <= self->block.line)
    return &self->block;
  self->above = line;
  while (first < n && is_nothing(line_text(self->source, first)))
    first++;
  self->block = (Range){first, end_of_block(self->source, first)};
  return &self->block;
}

/* TRUE when nothing stands in DOCUMENT before the block of LINE. */
static gboolean
is_first(NzComments *self, const Range *document, guint line)
{
  if (!holds(document, block_of(self, line)->line))
    return FALSE;
  line = self->above;
  while (line > document->line && is_nothing(line_text(self->source, line - 1)))
    line--;
  return line == document->line || is_border(line_text(self->source, line - 1));
}

static void
aim_at_block(NzComments *self, Comment *comment)
{
  guint line = comment->own_line;
  gboolean whole = comment->last_line == G_MAXUINT,
           alone = is_nothing(line_text(self->source, line));
  const Range *range = document_of(self, line);
  if (!whole && !(alone && is_first(self, range, line)))
    range = block_of(self, line);
  comment->line = range->line;
  comment->last_line = range->last_line;
}

static void
take_comment(NzComments *self, const NzDockerfile *file, NzCommentScope scope, NzSpan span)
{
  NzSourceFile *source = self->source;
  Comment *comment = read_comment(source->data + span.start, span.end - span.start);
  if (!comment)
    return;
  comment->own_line = line_of(source, span.start);
  gboolean alone = file || is_nothing(line_text(source, comment->own_line));
  if (scope == NZ_COMMENTS_OF_DOCUMENTS)
    aim_at_block(self, comment);
  else if (comment->last_line == 0 && file)
    aim_at_instruction(file, span.end, comment);
  else if (comment->last_line == 0)
    comment->line = comment->last_line = comment->own_line + 1;
  if (!alone)
    comment->line = MIN(comment->line, comment->own_line);
  g_ptr_array_add(self->all, comment);
}

static gboolean
is_comment(const NzToken *token)
{
  return token->kind == NZ_TOKEN_COMMENT || token->kind == NZ_TOKEN_DIRECTIVE;
}

/* YAML and units: "# ..." alone in its line, or after a value, then of that line too. */
static void
take_lines(NzComments *self, NzCommentScope scope)
{
  const NzSourceFile *source = self->source;
  const char *p = source->data, *end = source->data + source->len;
  while ((p = memchr(p, '#', (gsize)(end - p)))) {
    const char *eol = memchr(p, '\n', (gsize)(end - p));
    NzSpan span = {(guint32)(p - source->data), (guint32)((eol ? eol : end) - source->data)};
    self->more = self->all->len >= NZ_COMMENTS_MAX;
    if (self->more)
      return;
    take_comment(self, NULL, scope, span);
    p = source->data + span.end;
  }
}

NzComments *
nz_comments_read(const NzDockerfile *file, NzSourceFile *source, NzCommentScope scope)
{
  static const char *const signs[] = {"ignore=", "skip=", "trivy:ignore:"};
  gboolean any = FALSE;
  for (guint i = 0; i < G_N_ELEMENTS(signs); i++)
    any = any || strstr(source->data, signs[i]);
  if (!any)
    return NULL;
  NzComments *self = g_new0(NzComments, 1);
  self->source = source;
  self->all = g_ptr_array_new_with_free_func(comment_free);
  n_lines(source);
  if (!file)
    take_lines(self, scope);
  for (guint i = 0; file && i < file->tokens->len; i++) {
    const NzToken *token = &g_array_index(file->tokens, NzToken, i);
    if (is_comment(token))
      take_comment(self, file, scope, token->span);
  }
  return self;
}

void
nz_comments_free(NzComments *self)
{
  if (!self)
    return;
  g_ptr_array_unref(self->all);
  g_free(self);
}

/* --- applied --- */

static NzExcepted *
excepted_by(NzSubject *subject, const NzSourceFile *source, const Comment *comment)
{
  NzExcepted *said = g_new0(NzExcepted, 1);
  said->reason = g_strdup(comment->reason ? comment->reason : "no reason is given");
  said->owner = g_strdup_printf("the comment in %s:%u", source->name, comment->own_line);
  g_ptr_array_add(subject->excepted, said);
  return said;
}

static gboolean
speaks_of(const Comment *comment, guint line)
{
  return line >= comment->line && line <= comment->last_line;
}

static gboolean
names_rule(const Comment *comment, const char *rule)
{
  for (guint i = 0; i < comment->rules->len; i++)
    if (strcmp(comment->rules->pdata[i], rule) == 0)
      return TRUE;
  return FALSE;
}

static void
apply(const Comment *comment, const NzSourceFile *source, NzSubject *subject, guint line)
{
  const NzExcepted *said = NULL;
  gboolean all = line > 0 && speaks_of(comment, line);
  for (guint i = 0; i < subject->findings->len; i++) {
    NzFinding *f = subject->findings->pdata[i];
    gboolean here = all || (f->place && speaks_of(comment, f->place->line) &&
                            strcmp(f->place->file, source->name) == 0);
    if (!here || f->excepted || !names_rule(comment, f->rule))
      continue;
    if (!said)
      said = excepted_by(subject, source, comment);
    f->excepted = said;
  }
}

static void
note_all(const NzComments *self, NzSubject *subject)
{
  for (guint i = 0; i < self->all->len; i++) {
    const Comment *comment = self->all->pdata[i];
    for (guint j = 0; comment->unknown && j < comment->unknown->len; j++)
      g_ptr_array_add(subject->notes,
                      g_strdup_printf("the comment in line %u names %s, which is no rule",
                                      comment->own_line, (char *)comment->unknown->pdata[j]));
  }
  if (self->more)
    g_ptr_array_add(subject->notes,
                    g_strdup_printf("more than %u comments that ignore rules: the others are not "
                                    "looked at",
                                    NZ_COMMENTS_MAX));
}

void
nz_comments_apply(NzComments *self, NzSubject *subject, guint line)
{
  if (!self)
    return;
  for (guint i = 0; i < self->all->len; i++)
    apply(self->all->pdata[i], self->source, subject, line);
  if (!self->noted)
    note_all(self, subject);
  self->noted = TRUE;
}

typedef struct {
  const char *rule;
  gboolean found;
} Asked;

static void
compare_rule(const NzCheck *check, gpointer data)
{
  Asked *asked = data;
  asked->found = asked->found || strcmp(check->rule, asked->rule) == 0;
}

gboolean
nz_rule_is_called(const char *rule, const char *name)
{
  Asked asked = {rule, FALSE};
  nz_check_foreach_named(name, compare_rule, &asked);
  return asked.found;
}

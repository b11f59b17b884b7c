/* SPDX-License-Identifier: Apache-2.0 */
#include "lint/comments.h"

#include <string.h>

#include "check/check.h"
#include "core/limits.h"
#include "core/text.h"

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
  char *rules;  /* "A,B" */
  char *reason; /* or NULL */
} Comment;

struct NzComments {
  NzSourceFile *source; /* borrowed */
  GPtrArray *all;       /* Comment */
  gboolean more;        /* than are looked at */
  gboolean noted;
};

static void
comment_free(gpointer data)
{
  Comment *self = data;
  g_free(self->rules);
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
    self->rules = g_strndup(names, n);
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

/* The last line before the next document. */
static guint
end_of_document(NzSourceFile *source, guint line)
{
  guint n = n_lines(source);
  while (line < n && !is_border(line_text(source, line + 1)))
    line++;
  return line;
}

static gboolean
begins_document(NzSourceFile *source, guint line)
{
  while (line > 1 && is_nothing(line_text(source, line - 1)))
    line--;
  return line == 1 || is_border(line_text(source, line - 1));
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

static void
aim_at_block(NzSourceFile *source, Comment *comment)
{
  guint line = comment->own_line, n = n_lines(source);
  gboolean whole = comment->last_line == G_MAXUINT;
  if (whole || (is_nothing(line_text(source, line)) && begins_document(source, line))) {
    while (line > 1 && !is_border(line_text(source, line)))
      line--;
    comment->line = line;
    comment->last_line = end_of_document(source, comment->own_line);
    return;
  }
  while (line < n && is_nothing(line_text(source, line)))
    line++;
  comment->line = line;
  comment->last_line = end_of_block(source, line);
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
    aim_at_block(source, comment);
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

static NzExcepted *
excepted_by(NzSubject *subject, const NzSourceFile *source, const Comment *comment)
{
  NzExcepted *said = g_new0(NzExcepted, 1);
  said->reason = g_strdup(comment->reason ? comment->reason : "no reason is given");
  said->owner = g_strdup_printf("the comment in %s:%u", source->name, comment->own_line);
  g_ptr_array_add(subject->excepted, said);
  return said;
}

gboolean
nz_rule_is_called(const char *rule, const char *name)
{
  Asked asked = {rule, FALSE};
  nz_check_foreach_named(name, compare_rule, &asked);
  return asked.found;
}

static gboolean
speaks_of(const Comment *comment, guint line)
{
  return line >= comment->line && line <= comment->last_line;
}

static void
apply(const Comment *comment, const char *name, const NzSourceFile *source, NzSubject *subject,
      guint line)
{
  const NzExcepted *said = NULL;
  gboolean all = line > 0 && speaks_of(comment, line);
  for (guint i = 0; i < subject->findings->len; i++) {
    NzFinding *f = subject->findings->pdata[i];
    gboolean here = all || (f->place && strcmp(f->place->file, source->name) == 0 &&
                            speaks_of(comment, f->place->line));
    if (!here || f->excepted || !nz_rule_is_called(f->rule, name))
      continue;
    if (!said)
      said = excepted_by(subject, source, comment);
    f->excepted = said;
  }
}

static void
ignore_check(const NzCheck *check G_GNUC_UNUSED, gpointer data G_GNUC_UNUSED)
{
}

static void
note_unknown(const Comment *comment, const char *name, NzSubject *subject)
{
  if (!comment->ours || nz_check_foreach_named(name, ignore_check, NULL) > 0)
    return;
  g_autofree char *shown = nz_printable(name, -1);
  g_ptr_array_add(subject->notes,
                  g_strdup_printf("the comment in line %u names %s, which is no rule",
                                  comment->own_line, shown));
}

void
nz_comments_apply(NzComments *self, NzSubject *subject, guint line)
{
  for (guint i = 0; self && i < self->all->len; i++) {
    const Comment *comment = self->all->pdata[i];
    g_auto(GStrv) names = g_strsplit(comment->rules, ",", 64);
    for (guint j = 0; names[j]; j++) {
      /* "hadolint/DL3002", as tally calls other tools' rules. */
      const char *slash = strrchr(g_strstrip(names[j]), '/');
      const char *name = slash ? slash + 1 : names[j];
      apply(comment, name, self->source, subject, line);
      if (!self->noted)
        note_unknown(comment, name, subject);
    }
  }
  if (self && self->more && !self->noted)
    g_ptr_array_add(subject->notes,
                    g_strdup_printf("more than %u comments that ignore rules: the others are not "
                                    "looked at",
                                    NZ_COMMENTS_MAX));
  if (self)
    self->noted = TRUE;
}

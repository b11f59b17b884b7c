/* SPDX-License-Identifier: Apache-2.0 */
#include "lint/comments.h"

#include <string.h>

#include "check/check.h"
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
};

typedef struct {
  guint line, last_line; /* what it speaks of; of the whole file: all lines */
  guint own_line;
  gboolean ours;
  char *rules;  /* "A,B" */
  char *reason; /* or NULL */
} Comment;

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

static void
take_comment(GPtrArray *comments, const NzDockerfile *file, NzSourceFile *source, NzSpan span)
{
  Comment *comment = read_comment(source->data + span.start, span.end - span.start);
  if (!comment)
    return;
  comment->own_line = line_of(source, span.start);
  if (comment->last_line == 0 && file)
    aim_at_instruction(file, span.end, comment);
  else if (comment->last_line == 0)
    comment->line = comment->last_line = comment->own_line + 1;
  g_ptr_array_add(comments, comment);
}

static gboolean
is_comment(const NzToken *token)
{
  return token->kind == NZ_TOKEN_COMMENT || token->kind == NZ_TOKEN_DIRECTIVE;
}

/* YAML and units: "# ..." alone in its line, or after a value, then of that line too. */
static void
take_lines(GPtrArray *comments, NzSourceFile *source)
{
  const char *p = source->data, *end = source->data + source->len;
  while ((p = memchr(p, '#', (gsize)(end - p)))) {
    const char *eol = memchr(p, '\n', (gsize)(end - p));
    NzSpan span = {(guint32)(p - source->data), (guint32)((eol ? eol : end) - source->data)};
    guint before = comments->len;
    take_comment(comments, NULL, source, span);
    if (comments->len > before) {
      Comment *comment = comments->pdata[before];
      comment->line = MIN(comment->line, comment->own_line);
    }
    p = source->data + span.end;
  }
}

static GPtrArray *
read_all(const NzDockerfile *file, NzSourceFile *source)
{
  GPtrArray *comments = g_ptr_array_new_with_free_func(comment_free);
  if (!strstr(source->data, "ignore=") && !strstr(source->data, "skip="))
    return comments;
  if (!file)
    take_lines(comments, source);
  for (guint i = 0; file && i < file->tokens->len; i++) {
    const NzToken *token = &g_array_index(file->tokens, NzToken, i);
    if (is_comment(token))
      take_comment(comments, file, source, token->span);
  }
  return comments;
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

static void
apply(const Comment *comment, const char *name, const NzSourceFile *source, NzSubject *subject)
{
  const NzExcepted *said = NULL;
  for (guint i = 0; i < subject->findings->len; i++) {
    NzFinding *f = subject->findings->pdata[i];
    Asked asked = {f->rule, FALSE};
    nz_check_foreach_named(name, compare_rule, &asked);
    gboolean here = f->place && strcmp(f->place->file, source->name) == 0 &&
                    f->place->line >= comment->line && f->place->line <= comment->last_line;
    if (!asked.found || !here || f->excepted)
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

void
nz_comments_apply(const NzDockerfile *file, NzSourceFile *source, NzSubject *subject)
{
  g_autoptr(GPtrArray) comments = read_all(file, source);
  for (guint i = 0; i < comments->len; i++) {
    const Comment *comment = comments->pdata[i];
    g_auto(GStrv) names = g_strsplit(comment->rules, ",", 64);
    for (guint j = 0; names[j]; j++) {
      /* "hadolint/DL3002", as tally calls other tools' rules. */
      const char *slash = strrchr(g_strstrip(names[j]), '/');
      const char *name = slash ? slash + 1 : names[j];
      if (nz_check_foreach_named(name, ignore_check, NULL) > 0) {
        apply(comment, name, source, subject);
      } else if (comment->ours) {
        g_autofree char *shown = nz_printable(name, -1);
        g_ptr_array_add(subject->notes,
                        g_strdup_printf("the comment in line %u names %s, which is no rule",
                                        comment->own_line, shown));
      }
    }
  }
}

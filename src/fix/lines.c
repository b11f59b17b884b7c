/* SPDX-License-Identifier: Apache-2.0 */
/* Where things stand in the file, and edits that keep all other bytes. */
#include <string.h>

#include "fix/fix_private.h"

const NzInstruction *
nz_mend_instruction(const NzMend *self, guint i)
{
  return self->build->file->instructions->pdata[i];
}

gint
nz_mend_index_at(const NzMend *self, guint32 offset)
{
  guint low = 0, high = self->build->file->instructions->len;
  while (low < high) {
    guint middle = low + (high - low) / 2;
    const NzInstruction *in = nz_mend_instruction(self, middle);
    if (in->span.start <= offset && offset <= in->span.end)
      return (gint)middle;
    if (in->span.end < offset)
      low = middle + 1;
    else
      high = middle;
  }
  return -1;
}

const NzStage *
nz_mend_stage_of(const NzMend *self, guint i)
{
  guint low = 0, high = self->build->stages->len;
  while (low < high) {
    guint middle = low + (high - low) / 2;
    const NzStage *stage = self->build->stages->pdata[middle];
    if (stage->first <= i && i < stage->end)
      return stage;
    if (stage->end <= i)
      low = middle + 1;
    else
      high = middle;
  }
  return self->stage;
}

void
nz_mend_foreach(NzMend *self, NzMendFunc func, gpointer data)
{
  g_autoptr(GPtrArray) chain = g_ptr_array_new();
  for (const NzStage *stage = self->stage;; stage = self->build->stages->pdata[stage->parent]) {
    g_ptr_array_add(chain, (gpointer)stage);
    if (stage->parent < 0)
      break;
  }
  for (guint s = chain->len; s-- > 0;) {
    const NzStage *stage = chain->pdata[s];
    for (guint i = stage->first; i < stage->end; i++)
      func(self, nz_mend_instruction(self, i), data);
  }
}

/* --- who runs --- */

static gboolean
is_root_name(const NzMend *self, const char *declared)
{
  g_autoptr(NzUser) user = nz_accounts_resolve(self->build->state->accounts, declared);
  return user->state == NZ_USER_ROOT;
}

static gboolean
is_root_line(const NzMend *self, const NzInstruction *in)
{
  const char *text = in->rest->data;
  gsize n = in->rest->len;
  if (memchr(text, '$', n))
    return FALSE;
  gboolean quoted = n >= 2 && (text[0] == '"' || text[0] == '\'') && text[n - 1] == text[0];
  g_autofree char *name = g_strndup(text + quoted, n - 2 * quoted);
  return is_root_name(self, name);
}

/* Who the commands of the target stage begin as. */
static gboolean
begins_as_root(const NzMend *self)
{
  const NzStage *stage = self->stage;
  while (stage->parent >= 0) {
    stage = self->build->stages->pdata[stage->parent];
    for (guint i = stage->end; i-- > stage->first;)
      if (nz_mend_instruction(self, i)->kind == NZ_DOCKER_USER)
        return is_root_line(self, nz_mend_instruction(self, i));
  }
  return is_root_name(self, self->build->base->user);
}

void
nz_mend_learn_users(NzMend *self)
{
  gboolean root = begins_as_root(self);
  self->root = g_array_new(FALSE, FALSE, sizeof(gboolean));
  for (guint i = self->stage->first; i < self->stage->end; i++) {
    const NzInstruction *in = nz_mend_instruction(self, i);
    if (in->kind == NZ_DOCKER_USER)
      root = is_root_line(self, in);
    g_array_append_val(self->root, root);
  }
}

gboolean
nz_mend_is_root_after(const NzMend *self, guint i)
{
  return g_array_index(self->root, gboolean, i - self->stage->first);
}

static gboolean
is_of_target(const NzMend *self, const NzStage *stage)
{
  for (const NzStage *own = self->stage;; own = self->build->stages->pdata[own->parent]) {
    if (own == stage)
      return TRUE;
    if (own->parent < 0)
      return FALSE;
  }
}

gboolean
nz_mend_is_shared(const NzMend *self, const NzStage *stage)
{
  for (guint i = 0; i < self->build->stages->len; i++) {
    const NzStage *other = self->build->stages->pdata[i];
    if (other->parent == (gint)stage->index && !is_of_target(self, other))
      return TRUE;
  }
  return FALSE;
}

/* --- lines --- */

/* The first byte after the line that the instruction ends in; *ENDED: that line has an end. */
static guint32
after(const NzMend *self, const NzInstruction *in, gboolean *ended)
{
  const NzSourceFile *source = self->source;
  const char *from = source->data + in->span.end;
  const char *newline = memchr(from, '\n', source->len - in->span.end);
  *ended = newline != NULL;
  return newline ? (guint32)(newline + 1 - source->data) : (guint32)source->len;
}

gboolean
nz_mend_can_follow(const NzMend *self, guint i)
{
  const NzInstruction *in = nz_mend_instruction(self, i);
  gboolean ended;
  guint32 end = after(self, in, &ended);
  while (end > in->span.start && g_ascii_isspace(self->source->data[end - 1]))
    end--;
  /* A continuation with nothing after it would take in what follows. */
  return end <= in->span.end && end > 0 && self->source->data[end - 1] != self->build->file->escape;
}

static const char *
line_end(const NzMend *self)
{
  const char *data = self->source->data;
  const char *newline = memchr(data, '\n', self->source->len);
  return newline && newline > data && newline[-1] == '\r' ? "\r\n" : "\n";
}

static char *
indent_of(const NzMend *self, const NzInstruction *in)
{
  const char *data = self->source->data;
  guint32 begin = in->keyword.start;
  while (begin > 0 && (data[begin - 1] == ' ' || data[begin - 1] == '\t'))
    begin--;
  gboolean whole = begin == 0 || data[begin - 1] == '\n';
  return whole ? g_strndup(data + begin, in->keyword.start - begin) : g_strdup("");
}

static void
insert(const NzMend *self, NzFix *fix, guint32 offset, const char *text)
{
  for (guint i = 0; i < fix->edits->len; i++) {
    NzEdit *edit = fix->edits->pdata[i];
    if (edit->place->start == offset && edit->place->end == offset) {
      char *both = g_strconcat(edit->text, text, NULL);
      g_free(edit->text);
      edit->text = both;
      return;
    }
  }
  nz_mend_replace(self, fix, (NzSpan){offset, offset}, text);
}

void
nz_mend_add_line(const NzMend *self, NzFix *fix, guint i, NzDockerKind keyword, const char *rest)
{
  const NzInstruction *in = nz_mend_instruction(self, i);
  const NzInstruction *from = self->stage->from;
  gboolean lower = g_ascii_islower(self->source->data[from->keyword.start]);
  const char *name = nz_docker_kind_name(keyword);
  g_autofree char *word = lower ? g_ascii_strdown(name, -1) : g_strdup(name);
  g_autofree char *indent = indent_of(self, in);
  gboolean ended;
  guint32 offset = after(self, in, &ended);
  const char *end = line_end(self);
  g_autofree char *line =
      g_strconcat(ended ? "" : end, indent, word, " ", rest, ended ? end : "", NULL);
  insert(self, fix, offset, line);
}

void
nz_mend_replace(const NzMend *self, NzFix *fix, NzSpan span, const char *text)
{
  g_ptr_array_add(fix->edits, nz_edit_new(nz_source_place(self->source, span), text));
}

gboolean
nz_mend_literal(const NzMend *self, NzSpan span, const char *text, NzSpan *inside)
{
  const char *data = self->source->data + span.start;
  gsize len = span.end - span.start, n = strlen(text);
  gboolean quoted = len == n + 2 && (data[0] == '"' || data[0] == '\'') && data[len - 1] == data[0];
  if ((len != n && !quoted) || memcmp(data + quoted, text, n) != 0)
    return FALSE;
  *inside = (NzSpan){span.start + quoted, span.end - quoted};
  return TRUE;
}

/* --- findings and fixes --- */

NzFinding *
nz_mend_next(const NzMend *self, const char *rule, guint *i)
{
  while (*i < self->findings->len) {
    NzFinding *f = self->findings->pdata[(*i)++];
    if (strcmp(f->rule, rule) == 0 && !f->excepted)
      return f;
  }
  return NULL;
}

static int
compare_placed(gconstpointer a, gconstpointer b)
{
  return nz_place_compare((*(NzFinding *const *)a)->place, (*(NzFinding *const *)b)->place);
}

void
nz_mend_learn_places(NzMend *self)
{
  self->placed = g_ptr_array_new();
  for (guint i = 0; i < self->findings->len; i++) {
    NzFinding *f = self->findings->pdata[i];
    if (!f->excepted && f->place && strcmp(f->place->file, self->source->name) == 0)
      g_ptr_array_add(self->placed, f);
  }
  g_ptr_array_sort(self->placed, compare_placed);
}

NzFinding *
nz_mend_next_in(const NzMend *self, NzSpan span, guint *i)
{
  if (*i == 0) {
    guint high = self->placed->len;
    while (*i < high) {
      guint middle = *i + (high - *i) / 2;
      if (((NzFinding *)self->placed->pdata[middle])->place->start < span.start)
        *i = middle + 1;
      else
        high = middle;
    }
  }
  while (*i < self->placed->len) {
    NzFinding *f = self->placed->pdata[(*i)++];
    if (f->place->start > span.end)
      break;
    if (f->place->end <= span.end)
      return f;
  }
  return NULL;
}

static int
compare_edits(gconstpointer a, gconstpointer b)
{
  return nz_place_compare((*(NzEdit *const *)a)->place, (*(NzEdit *const *)b)->place);
}

void
nz_mend_add(NzMend *self, NzFix *fix)
{
  g_ptr_array_sort(fix->edits, compare_edits);
  g_ptr_array_add(self->fixes, fix);
}

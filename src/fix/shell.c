/* SPDX-License-Identifier: Apache-2.0 */
/* Commands of RUN, where they stand in the file so that they can be edited. */
#include <string.h>

#include "fix/fix_private.h"

typedef struct {
  NzMendCommandFunc func;
  gpointer data;
} Walk;

static void
walk_run(NzMend *self, const NzInstruction *in, gpointer data)
{
  const Walk *walk = data;
  if (in->kind != NZ_DOCKER_RUN || in->json || in->heredocs->len > 0)
    return;
  g_autoptr(NzShellText) text = nz_shell_split(
      in->rest->data, in->rest->len, (const char *const *)self->build->state->environment->pdata);
  for (guint i = 0; i < text->commands->len && !text->unsplit; i++) {
    const NzShellCommand *command = text->commands->pdata[i];
    NzMendCommand found = {.in = in, .text = text, .index = i, .command = command};
    found.span = nz_joined_span(in->rest, command->start, command->end);
    if (command->words->len > 0)
      walk->func(self, &found, walk->data);
  }
}

void
nz_mend_foreach_command(NzMend *self, NzMendCommandFunc func, gpointer data)
{
  Walk walk = {func, data};
  nz_mend_foreach(self, walk_run, &walk);
}

const NzShellWord *
nz_mend_word(const NzMendCommand *self, guint i)
{
  return i < self->command->words->len ? self->command->words->pdata[i] : NULL;
}

NzSpan
nz_mend_word_span(const NzMendCommand *self, const NzShellWord *word)
{
  return nz_joined_span(self->in->rest, word->start, word->end);
}

/* --- taken out of a chain --- */

/* Between two commands of the file there is nothing but "&&", blanks and continuations. */
static gboolean
is_plain_and(const NzMend *self, guint32 start, guint32 end)
{
  guint ands = 0;
  for (guint32 i = start; i < end; i++) {
    char c = self->source->data[i];
    if (c == '&')
      ands++;
    else if (!g_ascii_isspace(c) && c != self->build->file->escape)
      return FALSE;
  }
  return ands == 2;
}

static gboolean
are_joined(const NzMend *self, const NzMendCommand *command, guint left, NzSpan *a, NzSpan *b)
{
  if (left + 1 >= command->text->commands->len)
    return FALSE;
  const NzShellCommand *one = command->text->commands->pdata[left];
  const NzShellCommand *two = command->text->commands->pdata[left + 1];
  if (one->depth != 0 || two->depth != 0 || two->join != NZ_SHELL_AND || one->end > two->start)
    return FALSE;
  *a = nz_joined_span(command->in->rest, one->start, one->end);
  *b = nz_joined_span(command->in->rest, two->start, two->end);
  return is_plain_and(self, a->end, b->start);
}

/* What the command's result decides: "chmod u+s x || true", "chmod u+s x | cat". */
static gboolean
is_awaited(const NzMendCommand *command)
{
  if (command->index + 1 >= command->text->commands->len)
    return FALSE;
  const NzShellCommand *next = command->text->commands->pdata[command->index + 1];
  return next->join == NZ_SHELL_OR || next->join == NZ_SHELL_PIPE;
}

gboolean
nz_mend_remove_command(const NzMend *self, NzFix *fix, const NzMendCommand *command)
{
  NzSpan a, b;
  if (command->command->depth > 0 || command->command->maybe ||
      command->command->redirects->len > 0 || command->command->assignments->len > 0 ||
      is_awaited(command))
    return FALSE;
  if (command->index > 0 && command->command->join == NZ_SHELL_AND) {
    if (!are_joined(self, command, command->index - 1, &a, &b))
      return FALSE;
    nz_mend_replace(self, fix, (NzSpan){a.end, b.end}, "");
    return TRUE;
  }
  if (command->index > 0 || !are_joined(self, command, 0, &a, &b))
    return FALSE;
  nz_mend_replace(self, fix, (NzSpan){a.start, b.start}, "");
  return TRUE;
}

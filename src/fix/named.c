/* SPDX-License-Identifier: Apache-2.0 */
/* A user that is named becomes a number: the one that it has, or one that it is given. */
#include <string.h>

#include "core/text.h"
#include "fix/fix_private.h"

/* --- the command that makes a user --- */

typedef struct {
  const char *name;
  guint n;   /* commands that make it */
  NzSpan at; /* where an option can be put, behind the first */
  const char *option;
} Maker;

static gboolean
is_number_option(const char *word)
{
  return strcmp(word, "-u") == 0 || g_str_has_prefix(word, "--uid") || strcmp(word, "-o") == 0 ||
         g_str_has_prefix(word, "--non-unique") ||
         (word[0] == '-' && word[1] == 'u' && g_ascii_isdigit(word[2]));
}

static const char *
option_of(const NzMend *self, const char *command)
{
  NzFamily family = nz_accounts_family(self->build->state->accounts);
  if (strcmp(command, "useradd") == 0)
    return "-u";
  if (strcmp(command, "adduser") != 0)
    return NULL;
  return family == NZ_FAMILY_DEBIAN ? "--uid" : family == NZ_FAMILY_UNKNOWN ? NULL : "-u";
}

static void
look_for_maker(NzMend *self, const NzMendCommand *command, gpointer data)
{
  Maker *maker = data;
  const NzShellWord *first = nz_mend_word(command, 0);
  const char *option = option_of(self, first->text);
  gboolean named = FALSE, numbered = FALSE;
  for (guint i = 1; i < command->command->words->len; i++) {
    const NzShellWord *word = nz_mend_word(command, i);
    named |= word->known && strcmp(word->text, maker->name) == 0;
    numbered |= is_number_option(word->text);
  }
  /* Of adduser the last operand may be a group, and the user one that is there. */
  const NzShellWord *last = nz_mend_word(command, command->command->words->len - 1);
  NzSpan inside;
  if (!option || !named)
    return;
  maker->n++;
  if (numbered || command->command->maybe || command->command->depth > 0 ||
      strcmp(last->text, maker->name) != 0 ||
      !nz_mend_literal(self, nz_mend_word_span(command, first), first->text, &inside) ||
      nz_mend_is_shared(
          self, nz_mend_stage_of(self, (guint)nz_mend_index_at(self, command->in->span.start)))) {
    maker->n++; /* not simple */
    return;
  }
  maker->at =
      (NzSpan){nz_mend_word_span(command, first).end, nz_mend_word_span(command, first).end};
  maker->option = option;
}

gboolean
nz_mend_fix_number(NzMend *self, NzFix *fix, const char *name, guint32 number)
{
  Maker maker = {.name = name};
  nz_mend_foreach_command(self, look_for_maker, &maker);
  if (maker.n != 1)
    return FALSE;
  g_autofree char *text = g_strdup_printf(" %s %u", maker.option, number);
  if (fix)
    nz_mend_replace(self, fix, maker.at, text);
  return TRUE;
}

/* --- its USER --- */

static char *
number_of(const NzUser *user, const char *number)
{
  gboolean group = strchr(user->declared, ':') != NULL;
  /* A group that is written takes the others away, which the name has. */
  if (!group && user->has_uid && user->gids->len > 1)
    return g_strdup_printf("%u", user->uid);
  return g_strdup(number);
}

/* USER in the target stage itself; what another stage or the base says is said anew. */
static gboolean
is_own_line(const NzMend *self)
{
  const NzInstruction *line = self->build->user_line;
  gint i = line ? nz_mend_index_at(self, line->span.start) : -1;
  return i >= (gint)self->stage->first && i < (gint)self->stage->end &&
         nz_mend_instruction(self, (guint)i) == line && line->words->len == 1;
}

/* The part of USER's word that names the user, or all of it. */
static gboolean
user_span(const NzMend *self, gboolean all, NzSpan *span)
{
  const NzWord *word = self->build->user_line->words->pdata[0];
  const char *declared = self->build->user->declared;
  if (!nz_mend_literal(self, word->span, declared, span))
    return FALSE;
  if (!all)
    span->end = span->start + (guint32)strcspn(declared, ":");
  return TRUE;
}

static guint
find_end(const NzMend *self)
{
  static const gboolean body[NZ_DOCKER_N] = {
      [NZ_DOCKER_FROM] = TRUE, [NZ_DOCKER_ADD] = TRUE,     [NZ_DOCKER_COPY] = TRUE,
      [NZ_DOCKER_RUN] = TRUE,  [NZ_DOCKER_WORKDIR] = TRUE, [NZ_DOCKER_USER] = TRUE,
      [NZ_DOCKER_ARG] = TRUE,  [NZ_DOCKER_ENV] = TRUE,     [NZ_DOCKER_VOLUME] = TRUE,
      [NZ_DOCKER_SHELL] = TRUE};
  guint i = self->stage->end - 1;
  while (i > self->stage->first && !body[nz_mend_instruction(self, i)->kind])
    i--;
  return i;
}

static void
refuse(NzFix *fix, const char *why)
{
  if (!fix->refused)
    fix->refused = g_strdup(why);
}

static void
write_number(NzMend *self, NzFix *fix, const char *number, gboolean all)
{
  const NzInstruction *line = self->build->user_line;
  NzSpan span;
  if (!is_own_line(self)) {
    nz_mend_add_line(self, fix, find_end(self), NZ_DOCKER_USER, number);
    if (!nz_mend_can_follow(self, find_end(self)))
      refuse(fix, "the line that it must follow ends with a continuation");
  } else if (user_span(self, all, &span)) {
    nz_mend_replace(self, fix, span, number);
  } else {
    nz_mend_replace(self, fix, ((const NzWord *)line->words->pdata[0])->span, number);
    refuse(fix, memchr(line->rest->data, '$', line->rest->len)
                    ? "the user comes from a variable, whose value is to be mended"
                    : "its USER is written in an odd way");
  }
  if (nz_mend_is_shared(self, self->stage))
    refuse(fix, "other stages are built on this one, and may count on the name");
}

static NzFix *
fix_known(NzMend *self)
{
  const NzUser *user = self->build->user;
  g_autofree char *number = number_of(user, self->build->number);
  g_autofree char *shown = nz_printable(user->declared, -1);
  g_autofree char *title = g_strdup_printf("say %s by its number, %s", shown, number);
  NzFix *fix = nz_fix_new(title);
  write_number(self, fix, number, TRUE);
  return fix;
}

static NzFix *
fix_chosen(NzMend *self)
{
  const char *declared = self->build->user->declared;
  g_autofree char *name = g_strndup(declared, strcspn(declared, ":"));
  g_autofree char *shown = nz_printable(name, -1);
  guint32 free = nz_mend_free_number(self);
  g_autofree char *number = g_strdup_printf("%u", free);
  g_autofree char *title =
      g_strdup_printf("give %s the number %s, and start as that", shown, number);
  NzFix *fix = nz_fix_new(title);
  if (!is_own_line(self) || !nz_mend_fix_number(self, fix, name, free)) {
    nz_fix_free(fix);
    return NULL;
  }
  /* What it must write could not be judged while it had no number. */
  g_autofree char *refused = NULL;
  g_autoptr(GPtrArray) directories = nz_mend_directories(self, number, FALSE, &refused);
  if (!nz_mend_own(self, fix, directories, NULL, nz_mend_last_root(self)))
    refuse(fix, "no commands run as root where its directories are to be given away");
  write_number(self, fix, number, FALSE);
  return fix;
}

void
nz_mend_named_user(NzMend *self)
{
  guint i = 0;
  NzFinding *f = nz_mend_next(self, "user-not-numeric", &i);
  if (!f || self->build->windows || !self->build->user->declared)
    return;
  NzFix *fix = self->build->number ? fix_known(self) : fix_chosen(self);
  if (!fix)
    return;
  f->fix = fix;
  nz_mend_add(self, fix);
}

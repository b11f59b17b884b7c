/* SPDX-License-Identifier: Apache-2.0 */
/* RUN: which shell text it is, and what that does. And what the image starts. */
#include <string.h>

#include "build/evaluate_private.h"
#include "core/limits.h"
#include "core/privdrop.h"
#include "core/text.h"

/* --- texts put together --- */

typedef struct {
  GString *text;
  GArray *pieces;
  guint32 end;
} Joiner;

static void
join_begin(Joiner *self)
{
  *self = (Joiner){g_string_new(NULL), g_array_new(FALSE, FALSE, sizeof(NzPiece)), 0};
}

static void
join_text(Joiner *self, const char *text, gsize len, guint32 offset)
{
  NzPiece piece = {(guint32)self->text->len, offset};
  g_array_append_val(self->pieces, piece);
  g_string_append_len(self->text, text, (gssize)len);
  self->end = offset + (guint32)len;
}

static void
join_joined(Joiner *self, const NzJoined *part)
{
  for (guint i = 0; i < part->pieces->len; i++) {
    NzPiece piece = g_array_index(part->pieces, NzPiece, i);
    piece.at += (guint32)self->text->len;
    g_array_append_val(self->pieces, piece);
  }
  g_string_append_len(self->text, part->data, (gssize)part->len);
  self->end = part->end;
}

static NzJoined *
join_end(Joiner *self)
{
  NzJoined *joined = g_new0(NzJoined, 1);
  joined->len = self->text->len;
  joined->data = g_string_free(self->text, FALSE);
  joined->pieces = self->pieces;
  joined->end = self->end;
  return joined;
}

/* The exec form as a shell would have to be told it. */
static NzJoined *
join_words(const NzInstruction *in)
{
  Joiner joiner;
  join_begin(&joiner);
  for (guint i = 0; i < in->words->len; i++) {
    const NzWord *word = in->words->pdata[i];
    g_autofree char *quoted = g_shell_quote(word->text);
    join_text(&joiner, quoted, strlen(quoted), word->span.start);
    join_text(&joiner, " ", 1, word->span.end);
  }
  return join_end(&joiner);
}

/* The command line and the heredocs that it reads, as a shell reads them. */
static NzJoined *
join_heredocs(const NzInstruction *in)
{
  Joiner joiner;
  join_begin(&joiner);
  join_joined(&joiner, in->rest);
  for (guint i = 0; i < in->heredocs->len; i++) {
    const NzHeredoc *doc = in->heredocs->pdata[i];
    join_text(&joiner, "\n", 1, in->rest->end);
    join_joined(&joiner, doc->body);
    join_text(&joiner, doc->name, strlen(doc->name), doc->body->end);
  }
  join_text(&joiner, "\n", 1, in->span.end);
  return join_end(&joiner);
}

/* "RUN <<EOF": the body is the script. A first line "#!..." names who reads it. */
static gboolean
is_script(const NzInstruction *in)
{
  const char *text = in->rest->data;
  if (in->heredocs->len != 1 || !g_str_has_prefix(text, "<<"))
    return FALSE;
  const NzHeredoc *doc = in->heredocs->pdata[0];
  gsize i = strspn(text, "<-");
  i += strspn(text + i, "'\"");
  if (strncmp(text + i, doc->name, strlen(doc->name)) != 0)
    return FALSE;
  i += strlen(doc->name);
  i += strspn(text + i, "'\"");
  return text[i] == '\0';
}

static gboolean
is_shell_script(const char *text)
{
  static const char *const shells[] = {"sh", "bash", "dash", "ash", "ksh", "zsh"};
  if (!g_str_has_prefix(text, "#!"))
    return TRUE;
  gsize n = strcspn(text, "\n");
  g_autofree char *line = g_strndup(text, n);
  g_auto(GStrv) words = g_strsplit_set(line + 2, " \t", -1);
  for (guint i = 0; words[i]; i++) {
    const char *slash = strrchr(words[i], '/');
    const char *name = slash ? slash + 1 : words[i];
    for (guint j = 0; j < G_N_ELEMENTS(shells); j++)
      if (strcmp(name, shells[j]) == 0)
        return TRUE;
  }
  return FALSE;
}

/* --- RUN --- */

static void
add_note(NzEvaluation *self, const NzInstruction *in, const char *what)
{
  g_ptr_array_add(self->build->notes, g_strdup_printf("the RUN in line %u is not looked into: %s",
                                                      nz_evaluate_line(self, in->keyword), what));
}

/* Each RUN reads all of it. */
static gboolean
settle_environment(NzEvaluation *self, const NzInstruction *in, GError **error)
{
  NzStageRun *run = self->now;
  if (run->stale) {
    g_ptr_array_unref(run->state->environment);
    run->state->environment = nz_variables_list(run->variables);
    run->environment_size = 0;
    for (guint i = 0; run->state->environment->pdata[i]; i++)
      run->environment_size += strlen(run->state->environment->pdata[i]) + 64;
    run->stale = FALSE;
  }
  return nz_evaluate_count(self, in->span, run->environment_size, error);
}

static gboolean
run_text(NzEvaluation *self, const NzInstruction *in, const NzJoined *joined, GError **error)
{
  NzStageRun *run = self->now;
  g_autoptr(NzShellText) text = nz_shell_split(joined->data, joined->len,
                                               (const char *const *)run->state->environment->pdata);
  if (text->unsplit)
    add_note(self, in, text->unsplit);
  if (!nz_evaluate_count(self, in->span, text->work, error))
    return FALSE;
  NzSourceFile *source = self->triggered_by_base ? self->trigger_source : self->build->file->source;
  nz_effects_run(run->state, text, joined, source);
  return TRUE;
}

static void
judge_security(NzEvaluation *self, const NzInstruction *in)
{
  const NzDockerFlag *flag = nz_instruction_flag(in, "security");
  if (flag && flag->value && strcmp(flag->value, "insecure") == 0)
    g_ptr_array_add(self->now->state->acts,
                    nz_act_new(NZ_ACT_PRIVILEGED_RUN, nz_evaluate_place(self, flag->span),
                               "--security=insecure", "RUN --security=insecure"));
}

/* "type=bind,from=build,target=/x": the stage is built first, and may be none that waits for this.
 */
static gboolean
judge_mount(NzEvaluation *self, const NzInstruction *in, const NzDockerFlag *flag, GError **error)
{
  static const char *const types[] = {"bind", "cache", "tmpfs", "secret", "ssh", NULL};
  g_auto(GStrv) fields = g_strsplit(flag->value ? flag->value : "", ",", -1);
  for (guint i = 0; fields[i]; i++) {
    if (g_str_has_prefix(fields[i], "type=") && !strchr(fields[i], '$') &&
        !g_strv_contains(types, fields[i] + strlen("type="))) {
      g_autofree char *shown = nz_printable(fields[i] + strlen("type="), -1);
      nz_set_input(error, "there is no mount of the type %s", shown);
      return nz_evaluate_error_at(self, flag->span, error);
    }
    if (!g_str_has_prefix(fields[i], "from="))
      continue;
    const NzStageRun *stage = NULL;
    g_autofree char *from =
        nz_evaluate_word(self, in, fields[i] + strlen("from="), NULL, NULL, error);
    if (!from || (!nz_assignment_find(self->options->contexts, from) &&
                  !nz_evaluate_from(self, from, flag->span, &stage, error)))
      return FALSE;
  }
  return TRUE;
}

static gboolean
judge_mounts(NzEvaluation *self, const NzInstruction *in, GError **error)
{
  for (guint i = 0; i < in->flags->len; i++) {
    const NzDockerFlag *flag = in->flags->pdata[i];
    if (strcmp(flag->name, "mount") == 0 && !judge_mount(self, in, flag, error))
      return FALSE;
  }
  return TRUE;
}

/* It may do anything. */
static void
add_unread(NzEvaluation *self, const NzInstruction *in, const char *what)
{
  NzStageState *state = self->now->state;
  g_autofree char *why = g_strdup_printf("the RUN in line %u may have made users",
                                         nz_evaluate_line(self, in->keyword));
  add_note(self, in, what);
  state->opaque = TRUE;
  if (state->is_root)
    nz_accounts_doubt(state->accounts, why);
}

gboolean
nz_evaluate_run(NzEvaluation *self, const NzInstruction *in, GError **error)
{
  if (!judge_mounts(self, in, error))
    return FALSE;
  judge_security(self, in);
  if (self->now->windows)
    return TRUE;
  if (!settle_environment(self, in, error))
    return FALSE;
  if (in->json) {
    g_autoptr(NzJoined) joined = join_words(in);
    return run_text(self, in, joined, error);
  }
  if (self->now->foreign_shell) {
    add_unread(self, in, "SHELL is none that is known here");
    return TRUE;
  }
  if (is_script(in)) {
    const NzHeredoc *doc = in->heredocs->pdata[0];
    if (is_shell_script(doc->body->data))
      return run_text(self, in, doc->body, error);
    add_unread(self, in, "its script is none of a shell");
    return TRUE;
  }
  if (in->heredocs->len > 0) {
    g_autoptr(NzJoined) joined = join_heredocs(in);
    return run_text(self, in, joined, error);
  }
  return run_text(self, in, in->rest, error);
}

/* --- what it starts --- */

typedef struct {
  NzEvaluation *evaluation;
  NzSpan span;
  const char *script; /* printable; NULL: the command line itself */
} Starter;

static void
add_drop(const char *tool, const char *user, guint line, gpointer user_data)
{
  const Starter *self = user_data;
  NzStageState *state = self->evaluation->now->state;
  g_autofree char *how = self->script ? g_strdup_printf("%s, line %u,", self->script, line)
                                      : g_strdup("the command line");
  g_autofree char *shown = user ? nz_printable(user, -1) : NULL;
  if (g_strcmp0(user, "root") == 0 || g_strcmp0(user, "0") == 0 || state->acts->len >= NZ_ACTS_MAX)
    return;
  NzAct *act =
      nz_act_new(NZ_ACT_DROPS_ROOT, nz_evaluate_place(self->evaluation, self->span), tool, how);
  act->to = g_steal_pointer(&shown);
  g_ptr_array_add(state->acts, act);
}

/* Where COPIED, a file or a directory, has PROGRAM from; NULL: it is not in it. */
static char *
source_of(const NzStageRun *run, const NzCopied *copied, const char *program)
{
  g_autofree char *dest = nz_build_path("/", copied->dest);
  if (!strchr(program, '/')) {
    g_autofree char *base = g_path_get_basename(dest);
    return strcmp(base, program) == 0 ? g_strdup(copied->source) : NULL;
  }
  g_autofree char *path = nz_build_path(run->state->workdir, program);
  gsize n = strcmp(dest, "/") == 0 ? 0 : strlen(dest);
  if (strcmp(path, dest) == 0)
    return g_strdup(copied->source);
  if (copied->text || strncmp(path, dest, n) != 0 || path[n] != '/')
    return NULL;
  return g_build_filename(copied->source, path + n + 1, NULL);
}

/* The script PROGRAM as the last COPY that brings it has it; NULL: it cannot be read. */
static char *
script_text(const NzEvaluation *e, const char *program, char **name)
{
  for (guint i = e->now->copied->len; i-- > 0;) {
    const NzCopied *copied = e->now->copied->pdata[i];
    g_autofree char *source = source_of(e->now, copied, program);
    if (!source)
      continue;
    *name = g_path_get_basename(copied->text ? copied->dest : source);
    if (copied->text)
      return g_strdup(copied->text);
    g_autoptr(GBytes) bytes =
        e->options->read_context
            ? e->options->read_context(copied->context, source, e->options->data)
            : NULL;
    gsize len;
    const char *data = bytes ? g_bytes_get_data(bytes, &len) : NULL;
    if (data)
      return g_strndup(data, len);
  }
  return NULL;
}

static void
look_into_script(Starter *self, const char *program)
{
  NzBuild *build = self->evaluation->build;
  g_autofree char *name = NULL, *text = script_text(self->evaluation, program, &name);
  gboolean script = text ? g_str_has_prefix(text, "#!") : g_str_has_suffix(program, ".sh");
  if (!script)
    return;
  if (!build->script) {
    build->script = nz_printable(program, -1);
    build->script_text = g_strdup(text);
  }
  if (!text)
    return;
  g_autofree char *shown = nz_printable(name, -1);
  self->script = shown;
  nz_privdrop_foreach(text, strlen(text), add_drop, self);
  self->script = NULL;
}

/* The words of COMMAND from the program on that it is about. */
static void
judge_command(Starter *self, const NzShellCommand *command)
{
  g_autoptr(GPtrArray) args = g_ptr_array_new();
  for (guint i = nz_shell_command_program(command); i < command->words->len; i++)
    g_ptr_array_add(args, ((NzShellWord *)command->words->pdata[i])->text);
  if (args->len == 0)
    return;
  static const char *const raisers[] = {"sudo", "doas", NULL};
  g_autofree char *name = g_path_get_basename(args->pdata[0]);
  NzStageState *state = self->evaluation->now->state;
  nz_effects_program(state, (const char *const *)args->pdata, args->len);
  if (g_strv_contains(raisers, name) && state->acts->len < NZ_ACTS_MAX)
    g_ptr_array_add(state->acts, nz_act_new(NZ_ACT_PRIVILEGED_TOOL,
                                            nz_evaluate_place(self->evaluation, self->span), name,
                                            "the command line"));
  else
    nz_privdrop_foreach_arg((const char *const *)args->pdata, args->len, add_drop, self);
  look_into_script(self, args->pdata[0]);
}

/* What is started, as a shell would have to be told it. */
static NzJoined *
join_start(const NzStageRun *run, const NzInstruction *first)
{
  Joiner joiner;
  join_begin(&joiner);
  if (!first->json) {
    join_joined(&joiner, first->rest);
    return join_end(&joiner);
  }
  g_autoptr(NzJoined) words = join_words(first);
  join_joined(&joiner, words);
  if (run->entrypoint && run->cmd && run->cmd->json) {
    g_autoptr(NzJoined) more = join_words(run->cmd);
    join_joined(&joiner, more);
  }
  return join_end(&joiner);
}

void
nz_evaluate_start(NzEvaluation *self)
{
  const NzStageRun *run = self->now;
  const NzInstruction *first = run->entrypoint ? run->entrypoint : run->cmd;
  if (!first || run->windows)
    return;
  g_autoptr(NzJoined) joined = join_start(run, first);
  g_autoptr(NzShellText) text = nz_shell_split(joined->data, joined->len, NULL);
  Starter starter = {.evaluation = self, .span = first->span};
  for (guint i = 0; i < text->commands->len; i++)
    judge_command(&starter, text->commands->pdata[i]);
}

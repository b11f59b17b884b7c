/* SPDX-License-Identifier: Apache-2.0 */
/* A stage's state, and the walk over the commands of a RUN: what only starts another command (sudo,
 * env, nice) is taken off, and the handler of what is left is called. */
#include "build/effects.h"

#include <string.h>

#include "build/effects_private.h"
#include "core/limits.h"
#include "core/text.h"

/* --- state --- */

NzStageState *
nz_stage_state_new(NzAccounts *accounts)
{
  NzStageState *self = g_new0(NzStageState, 1);
  self->accounts = accounts;
  self->paths = nz_paths_new();
  self->acts = g_ptr_array_new_with_free_func((GDestroyNotify)nz_act_free);
  self->environment = g_ptr_array_new_null_terminated(0, g_free, TRUE);
  self->workdir = g_strdup("/");
  self->is_root = TRUE;
  self->packages = g_ptr_array_new_with_free_func(g_free);
  self->disarmed = g_ptr_array_new_with_free_func(g_free);
  self->programs = g_ptr_array_new_with_free_func(g_free);
  return self;
}

static void
copy_strings(GPtrArray *to, const GPtrArray *from)
{
  for (guint i = 0; i < from->len; i++)
    g_ptr_array_add(to, g_strdup(from->pdata[i]));
}

NzStageState *
nz_stage_state_copy(const NzStageState *self)
{
  NzStageState *copy = nz_stage_state_new(nz_accounts_copy(self->accounts));
  nz_paths_free(copy->paths);
  copy->paths = nz_paths_copy(self->paths);
  for (guint i = 0; i < self->acts->len; i++) {
    const NzAct *act = self->acts->pdata[i];
    NzAct *same = g_new(NzAct, 1);
    *same = *act;
    same->place = nz_place_copy(act->place);
    same->what = g_strdup(act->what);
    same->how = g_strdup(act->how);
    same->to = g_strdup(act->to);
    g_ptr_array_add(copy->acts, same);
  }
  copy_strings(copy->environment, self->environment);
  copy_strings(copy->packages, self->packages);
  copy_strings(copy->disarmed, self->disarmed);
  copy_strings(copy->programs, self->programs);
  g_free(copy->workdir);
  copy->workdir = g_strdup(self->workdir);
  copy->user = g_strdup(self->user);
  copy->is_root = self->is_root;
  copy->opaque = self->opaque;
  copy->user_unknown = self->user_unknown;
  return copy;
}

void
nz_stage_state_free(NzStageState *self)
{
  if (!self)
    return;
  nz_accounts_free(self->accounts);
  nz_paths_free(self->paths);
  g_ptr_array_unref(self->acts);
  g_ptr_array_unref(self->environment);
  g_ptr_array_unref(self->packages);
  g_ptr_array_unref(self->disarmed);
  g_ptr_array_unref(self->programs);
  g_free(self->workdir);
  g_free(self->user);
  g_free(self);
}

char *
nz_build_path(const char *workdir, const char *path)
{
  GString *out = g_string_new(NULL);
  const char *parts[] = {*path == '/' ? "" : workdir, path};
  for (guint i = 0; i < G_N_ELEMENTS(parts); i++) {
    for (const char *p = parts[i] ? parts[i] : ""; *p;) {
      gsize len = strcspn(p, "/");
      if (len == 2 && p[0] == '.' && p[1] == '.') {
        const char *slash = strrchr(out->str, '/');
        g_string_truncate(out, slash ? (gsize)(slash - out->str) : 0);
      } else if (len > 0 && !(len == 1 && *p == '.')) {
        g_string_append_c(out, '/');
        g_string_append_len(out, p, (gssize)len);
      }
      p += len + (p[len] == '/');
    }
  }
  if (out->len == 0)
    g_string_append_c(out, '/');
  return g_string_free(out, FALSE);
}

/* --- what only starts another command --- */

static const NzOption sudo_options[] = {
    {'u', "user", NZ_VALUE},
    {'g', "group", NZ_VALUE},
    {'p', "prompt", NZ_VALUE},
    {'C', "close-from", NZ_VALUE},
    {'h', "host", NZ_VALUE},
    {'r', "role", NZ_VALUE},
    {'t', "type", NZ_VALUE},
    {'T', "command-timeout", NZ_VALUE},
    {'U', "other-user", NZ_VALUE},
    {'D', "chdir", NZ_VALUE},
    {'R', "chroot", NZ_VALUE},
    {'l', "list", NZ_NO_VALUE},
    {'v', "validate", NZ_NO_VALUE},
    {'e', "edit", NZ_NO_VALUE},
    {0},
};
static const NzOption doas_options[] = {
    {'u', "user", NZ_VALUE}, {'C', "config", NZ_VALUE}, {'a', "style", NZ_VALUE}, {0}};
static const NzOption env_options[] = {
    {'u', "unset", NZ_VALUE}, {'C', "chdir", NZ_VALUE}, {'S', "split-string", NZ_VALUE}, {0}};
static const NzOption nice_options[] = {{'n', "adjustment", NZ_VALUE}, {0}};
static const NzOption ionice_options[] = {
    {'c', "class", NZ_VALUE}, {'n', "classdata", NZ_VALUE}, {'p', "pid", NZ_VALUE}, {0}};
static const NzOption timeout_options[] = {
    {'s', "signal", NZ_VALUE}, {'k', "kill-after", NZ_VALUE}, {0}};
static const NzOption stdbuf_options[] = {
    {'i', "input", NZ_VALUE}, {'o', "output", NZ_VALUE}, {'e', "error", NZ_VALUE}, {0}};
static const NzOption exec_options[] = {{'a', "name", NZ_VALUE}, {0}};
static const NzOption command_options[] = {{'v', "v", NZ_NO_VALUE}, {'V', "v", NZ_NO_VALUE}, {0}};
static const NzOption time_options[] = {{'f', "format", NZ_VALUE}, {'o', "output", NZ_VALUE}, {0}};
static const NzOption xargs_options[] = {
    {'I', "replace", NZ_VALUE},   {'n', "max-args", NZ_VALUE},  {'P', "max-procs", NZ_VALUE},
    {'L', "max-lines", NZ_VALUE}, {'d', "delimiter", NZ_VALUE}, {'a', "arg-file", NZ_VALUE},
    {'s', "max-chars", NZ_VALUE}, {'E', "eof", NZ_VALUE},       {0}};
static const NzOption runuser_options[] = {{'u', "user", NZ_VALUE},
                                           {'g', "group", NZ_VALUE},
                                           {'G', "supp-group", NZ_VALUE},
                                           {'c', "command", NZ_VALUE},
                                           {0}};
static const NzOption no_options[] = {{0}};

typedef enum {
  START_AS_IS,
  START_SUDO, /* a tool to become root */
  START_USER, /* to drop root: the first operand is the user */
  START_USER_OPTION,
  START_XARGS,
} StartKind;

typedef struct {
  const char *name;
  const NzOption *options;
  guint skip; /* operands before the command */
  StartKind kind;
} Starter;

static const Starter starters[] = {
    {"builtin", no_options, 0, START_AS_IS},
    {"busybox", no_options, 0, START_AS_IS},
    {"chpst", runuser_options, 0, START_USER_OPTION},
    {"command", command_options, 0, START_AS_IS},
    {"doas", doas_options, 0, START_SUDO},
    {"dumb-init", no_options, 0, START_AS_IS},
    {"eatmydata", no_options, 0, START_AS_IS},
    {"env", env_options, 0, START_AS_IS},
    {"exec", exec_options, 0, START_AS_IS},
    {"gosu", no_options, 1, START_USER},
    {"ionice", ionice_options, 0, START_AS_IS},
    {"nice", nice_options, 0, START_AS_IS},
    {"nohup", no_options, 0, START_AS_IS},
    {"runuser", runuser_options, 0, START_USER_OPTION},
    {"s6-setuidgid", no_options, 1, START_USER},
    {"setsid", no_options, 0, START_AS_IS},
    {"stdbuf", stdbuf_options, 0, START_AS_IS},
    {"su-exec", no_options, 1, START_USER},
    {"sudo", sudo_options, 0, START_SUDO},
    {"time", time_options, 0, START_AS_IS},
    {"timeout", timeout_options, 1, START_AS_IS},
    {"tini", no_options, 0, START_AS_IS},
    {"toybox", no_options, 0, START_AS_IS},
    {"xargs", xargs_options, 0, START_XARGS},
};

static int
compare_starter(gconstpointer name, gconstpointer starter)
{
  return strcmp(name, ((const Starter *)starter)->name);
}

static const char *
base_name(const char *path)
{
  const char *slash = strrchr(path, '/');
  return slash ? slash + 1 : path;
}

static gboolean
is_assignment(const char *text)
{
  gsize len = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");
  return len > 0 && text[len] == '=';
}

static gboolean
is_root_spec(const char *user)
{
  return !user || nz_is_root_name(user) || strcmp(user, "#0") == 0;
}

/* "sudo apt-get" */
static void
say_tool(NzCall *call, const char *tool)
{
  if (call->run->said_tool)
    return;
  call->run->said_tool = TRUE;
  g_autofree char *how =
      call->n > 1 ? g_strdup_printf("%s %s", tool, call->words[1]->text) : g_strdup(tool);
  nz_call_act(call, NZ_ACT_PRIVILEGED_TOOL, NULL, tool, how);
}

/* Takes one off. FALSE: there is none, or nothing is left to follow. */
static gboolean
take_starter(NzCall *call)
{
  const Starter *starter =
      bsearch(call->name, starters, G_N_ELEMENTS(starters), sizeof *starters, compare_starter);
  if (!starter)
    return FALSE;
  if (starter->kind == START_SUDO)
    say_tool(call, starter->name);
  g_auto(NzArguments) args =
      nz_arguments_read(call->words, call->n, starter->options, NZ_ARGS_FIRST);
  const NzGiven *user = nz_given(&args, "user");
  if (starter->kind == START_SUDO)
    call->root = is_root_spec(user ? user->value : NULL);
  else if (starter->kind == START_USER && args.operands->len > 0)
    call->root = call->root && is_root_spec(nz_operand(&args, 0)->text);
  else if (starter->kind == START_USER_OPTION && user)
    call->root = call->root && is_root_spec(user->value);
  else if (nz_given(&args, "command"))
    call->root =
        call->root && (args.operands->len == 0 || is_root_spec(nz_operand(&args, 0)->text));
  call->piped = call->piped || starter->kind == START_XARGS;

  gboolean nothing = nz_given(&args, "command") || nz_given(&args, "v") ||
                     nz_given(&args, "list") || nz_given(&args, "chroot");
  guint skip = starter->skip;
  if (starter->options == env_options && args.operands->len > 0 &&
      strcmp(nz_operand(&args, 0)->text, "-") == 0)
    skip++; /* "env - NAME=value COMMAND" */
  gboolean assigns = starter->kind == START_SUDO || starter->options == env_options;
  while (assigns && skip < args.operands->len && is_assignment(nz_operand(&args, skip)->text))
    skip++;
  if (nothing || skip >= args.operands->len) {
    call->n = 0;
    return FALSE;
  }
  guint left = args.operands->len - skip;
  call->words += call->n - left;
  call->n = left;
  call->name = base_name(call->words[0]->text);
  return TRUE;
}

/* --- commands --- */

static const char *const program_directories[] = {
    "/bin", "/sbin", "/usr/bin", "/usr/sbin", "/usr/local/bin", "/usr/local/sbin", NULL};

gboolean
nz_is_program_directory(const char *path)
{
  return g_strv_contains(program_directories, path);
}

/* A program that stands where the distribution's do not: it may do anything. */
static gboolean
is_own_program(const NzCall *call, const NzShellWord *word)
{
  if (!strchr(word->text, '/'))
    return FALSE;
  g_autofree char *path = nz_call_path(call, word);
  g_autofree char *directory = g_path_get_dirname(path ? path : word->text);
  return !nz_is_program_directory(directory);
}

static void
doubt(NzCall *call, const NzEffectCommand *effect)
{
  if (call->piped)
    nz_doubt_passed_on(call);
  if (strcmp(call->name, "alias") == 0)
    nz_doubt_all(call);
  if (effect && effect->run == nz_effect_sed)
    nz_doubt_patterns(call);
  else if (effect && effect->run == nz_effect_find)
    nz_doubt_found(call);
  else if (!effect || effect->run == nz_effect_script)
    nz_doubt_unknown(call);
}

/* These say their words and run none. */
static const char *const speakers[] = {"[",     "alias", "apropos", "egrep", "echo",   "export",
                                       "fgrep", "grep",  "hash",    "man",   "printf", "test",
                                       "true",  "type",  "which",   ":",     NULL};

/* "strace chmod 4755 FILE", "$(which chmod) 4755 FILE": another program that nobody knows may run
 * it. */
static void
run_unknown(NzCall *call)
{
  gboolean known = call->words[0]->known;
  guint at = 1;
  if (g_strv_contains(speakers, call->name))
    return;
  while (known && at < call->n && strcmp(base_name(call->words[at]->text), "chmod") != 0)
    at++;
  if (at >= call->n || (!known && !strstr(call->words[0]->text, "chmod")))
    return;
  NzCall inner = *call;
  at -= !known;
  inner.words += at;
  inner.n -= at;
  inner.name = "chmod";
  inner.maybe = TRUE;
  nz_effect_chmod(&inner);
}

static void
run_command(NzCall *call)
{
  const NzShellWord *first = call->words[0];
  const NzEffectCommand *effect = nz_effect_named(call->name);
  doubt(call, effect);
  if (is_own_program(call, first)) {
    nz_effect_script(call);
    return;
  }
  if (!effect) {
    run_unknown(call);
    return;
  }
  if (effect->need == NZ_NEEDS_ROOT)
    nz_call_needs_root(call, NULL, call->name);
  if (effect->run)
    effect->run(call);
}

/* Subshells have a working directory of their own, which begins with that around them. */
static void
enter_depth(NzRun *run, guint depth)
{
  depth = MIN(depth, NZ_SHELL_DEPTH_MAX);
  if (run->frames->len > depth + 1)
    g_array_set_size(run->frames, depth + 1);
  while (run->frames->len <= depth) {
    const NzFrame *outer = nz_run_frame(run);
    NzFrame inner = {g_strdup(outer->cwd), outer->inner_root, outer->inner_root};
    g_array_append_val(run->frames, inner);
  }
  nz_run_frame(run)->inner_root = nz_run_frame(run)->root;
}

NzFrame *
nz_run_frame(const NzRun *run)
{
  return &g_array_index(run->frames, NzFrame, run->frames->len - 1);
}

void
nz_call_set_inner_root(NzCall *call, gboolean root)
{
  nz_run_frame(call->run)->inner_root = root;
}

static void
frame_clear(gpointer data)
{
  g_free(((NzFrame *)data)->cwd);
}

static void
run_begin(NzRun *run)
{
  NzFrame frame = {g_strdup(run->state->workdir), run->state->is_root, run->state->is_root};
  run->frames = g_array_new(FALSE, FALSE, sizeof frame);
  g_array_set_clear_func(run->frames, frame_clear);
  g_array_append_val(run->frames, frame);
}

static void
run_end(NzRun *run)
{
  g_array_unref(run->frames);
  g_clear_pointer(&run->found.roots, g_ptr_array_unref);
  g_clear_pointer(&run->virtuals, g_ptr_array_unref);
}

/* The command number INDEX, without what only starts it. */
static NzCall
call_begin(NzRun *run, guint index)
{
  const NzShellCommand *command = run->text->commands->pdata[index];
  enter_depth(run, command->depth);
  NzCall call = {.run = run,
                 .command = command,
                 .index = index,
                 .words = (NzShellWord *const *)command->words->pdata,
                 .n = command->words->len,
                 .root = nz_run_frame(run)->root,
                 .maybe = command->maybe || command->join == NZ_SHELL_OR};
  if (call.n == 0)
    return call;
  call.name = base_name(call.words[0]->text);
  while (take_starter(&call))
    ;
  nz_call_set_inner_root(&call, call.root);
  return call;
}

static void
change_directory(NzCall *call)
{
  char **cwd = &nz_run_frame(call->run)->cwd;
  guint at = 1;
  while (at < call->n && call->words[at]->text[0] == '-' && call->words[at]->text[1] != '\0')
    at++;
  char *path = at < call->n && strcmp(call->words[at]->text, "-") != 0
                   ? nz_call_path(call, call->words[at])
                   : NULL;
  g_free(*cwd);
  *cwd = path;
}

static void
run_shell_command(NzRun *run, guint index)
{
  NzCall call = call_begin(run, index);
  if (call.command->redirects && call.command->redirects->len > 0)
    nz_redirects(&call);
  if (call.n == 0)
    return;
  if (strcmp(call.name, "cd") == 0 || strcmp(call.name, "pushd") == 0 ||
      strcmp(call.name, "popd") == 0)
    change_directory(&call);
  else
    run_command(&call);
}

void
nz_effects_run(NzStageState *state, const NzShellText *text, const NzJoined *joined,
               NzSourceFile *source)
{
  NzRun run = {.state = state, .text = text, .joined = joined, .source = source};
  run_begin(&run);
  for (guint i = 0; i < text->commands->len; i++)
    run_shell_command(&run, i);
  if (text->unsplit && state->is_root)
    nz_accounts_doubt(state->accounts, "a RUN could not be read to its end");
  run_end(&run);
}

/* The program, and what may be a script of it: "node server.js". */
void
nz_effects_program(NzStageState *state, const char *const *args, guint n)
{
  for (guint i = 0; i < MIN(n, 8) && state->programs->len < 64; i++) {
    gboolean path = strchr(args[i], '/') || (i > 0 && strchr(args[i], '.'));
    if (path && *args[i] != '-' && !strchr(args[i], '$'))
      g_ptr_array_add(state->programs, nz_build_path(state->workdir, args[i]));
  }
}

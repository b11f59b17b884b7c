/* SPDX-License-Identifier: Apache-2.0 */
/* Text that commands write to passwd, group, shadow and sudoers: by echo, printf, a heredoc, with
 * tee or a redirection. Where the text is not known, neither is what the file says from then on. */
#include <string.h>

#include "build/effects_private.h"
#include "core/limits.h"
#include "core/sudoers.h"
#include "core/text.h"

/* --- what a command writes --- */

/* A backslash sequence at P, behind the backslash. */
static const char *
unescape(GString *out, const char *p)
{
  static const char *const from = "abefnrtv\\\"'", *const to = "\a\b\033\f\n\r\t\v\\\"'";
  const char *found = *p ? strchr(from, *p) : NULL;
  if (found) {
    g_string_append_c(out, to[found - from]);
    return p + 1;
  }
  g_string_append_c(out, '\\');
  return p;
}

static void
append_unescaped(GString *out, const char *text)
{
  for (const char *p = text; *p;) {
    if (*p == '\\')
      p = unescape(out, p + 1);
    else
      g_string_append_c(out, *p++);
  }
}

/* dash and BusyBox read backslashes without -e, bash with it: "\n" is meant as a line's end. */
static char *
echo_output(const NzCall *call)
{
  GString *out = g_string_new(NULL);
  gboolean newline = TRUE;
  guint i = 1;
  for (; i < call->n && call->words[i]->text[0] == '-' && call->words[i]->text[1] != '\0' &&
         strspn(call->words[i]->text + 1, "neE") == strlen(call->words[i]->text + 1);
       i++)
    newline = newline && !strchr(call->words[i]->text, 'n');
  for (guint first = i; i < call->n; i++) {
    if (i > first)
      g_string_append_c(out, ' ');
    append_unescaped(out, call->words[i]->text);
  }
  if (newline)
    g_string_append_c(out, '\n');
  return g_string_free(out, FALSE);
}

/* One pass over FORMAT; the words that it took are gone from *AT. */
static void
print_once(const NzCall *call, const char *format, guint *at, GString *out)
{
  for (const char *p = format; *p;) {
    if (*p == '\\') {
      p = unescape(out, p + 1);
    } else if (p[0] == '%' && p[1] == '%') {
      g_string_append_c(out, '%');
      p += 2;
    } else if (*p == '%') {
      p += 1 + strspn(p + 1, "-+ #0123456789.");
      const char *word = *at < call->n ? call->words[(*at)++]->text : "";
      if (*p == 'b')
        append_unescaped(out, word);
      else
        g_string_append(out, word);
      p += *p != '\0';
    } else {
      g_string_append_c(out, *p++);
    }
  }
}

static char *
printf_output(const NzCall *call)
{
  guint at = call->n > 1 && strcmp(call->words[1]->text, "--") == 0 ? 2 : 1;
  if (at >= call->n)
    return NULL;
  const char *format = call->words[at++]->text;
  GString *out = g_string_new(NULL);
  guint before;
  do {
    before = at;
    print_once(call, format, &at, out);
  } while (at < call->n && at > before);
  return g_string_free(out, FALSE);
}

static gboolean
all_known(const NzCall *call)
{
  for (guint i = 0; i < call->n; i++) {
    if (!call->words[i]->known)
      return FALSE;
  }
  return TRUE;
}

/* Unknown parts stay as they were written: output_is_known() says whether there are any. */
static char *
output_of(const NzCall *call)
{
  if (call->n == 0)
    return NULL;
  if (strcmp(call->name, "echo") == 0)
    return echo_output(call);
  if (strcmp(call->name, "printf") == 0)
    return printf_output(call);
  if (strcmp(call->name, "cat") == 0 && call->n == 1)
    return nz_call_input((NzCall *)call);
  return NULL;
}

/* --- what it reads --- */

static const NzShellRedirect *
heredoc_of(const NzShellCommand *command)
{
  for (guint i = command->redirects ? command->redirects->len : 0; i-- > 0;) {
    const NzShellRedirect *redirect = command->redirects->pdata[i];
    if (g_str_has_prefix(redirect->op, "<<") && redirect->fd <= 0)
      return redirect;
  }
  return NULL;
}

/* The command before, when CALL reads what that one writes. */
static gboolean
call_before(const NzCall *call, NzCall *before)
{
  if (call->command->join != NZ_SHELL_PIPE || call->index == 0 || call->hops >= NZ_EFFECTS_HOPS_MAX)
    return FALSE;
  const NzShellCommand *command = call->run->text->commands->pdata[call->index - 1];
  if (command->pipeline != call->command->pipeline || command->words->len == 0)
    return FALSE;
  *before = *call;
  before->command = command;
  before->index = call->index - 1;
  before->hops = call->hops + 1;
  before->words = (NzShellWord *const *)command->words->pdata;
  before->n = command->words->len;
  const char *slash = strrchr(before->words[0]->text, '/');
  before->name = slash ? slash + 1 : before->words[0]->text;
  return TRUE;
}

char *
nz_call_input(NzCall *call)
{
  const NzShellRedirect *heredoc = heredoc_of(call->command);
  if (heredoc)
    return strcmp(heredoc->op, "<<<") == 0 ? g_strconcat(heredoc->word->text, "\n", NULL)
                                           : g_strdup(heredoc->word->text);
  NzCall before;
  return call_before(call, &before) ? output_of(&before) : NULL;
}

/* Is all of what CALL writes known? */
static gboolean
output_is_known(const NzCall *call)
{
  if (!all_known(call))
    return FALSE;
  if (strcmp(call->name, "echo") == 0 || strcmp(call->name, "printf") == 0)
    return TRUE;
  const NzShellRedirect *heredoc = heredoc_of(call->command);
  if (heredoc)
    return heredoc->word->known;
  NzCall before;
  return call_before(call, &before) && output_is_known(&before);
}

/* The word of CALL, or of what it reads, that holds NEEDLE. */
static const NzShellWord *
word_with(const NzCall *call, const char *needle)
{
  for (guint i = 0; i < call->n; i++) {
    if (strstr(call->words[i]->text, needle))
      return call->words[i];
  }
  const NzShellRedirect *heredoc = heredoc_of(call->command);
  if (heredoc && strstr(heredoc->word->text, needle))
    return heredoc->word;
  NzCall before;
  return call_before(call, &before) ? word_with(&before, needle) : NULL;
}

/* --- what it means --- */

typedef struct {
  NzCall *call;
  const NzShellWord *word;
  const char *how;
} Sudoing;

static void
say_nopasswd(const char *who, guint line G_GNUC_UNUSED, gpointer user_data)
{
  Sudoing *s = user_data;
  if (strcmp(who, "root") != 0 && strcmp(who, "#0") != 0)
    nz_call_act(s->call, NZ_ACT_NOPASSWD, s->word, who, s->how);
}

void
nz_sudoers_written(NzCall *call, const NzShellWord *word, const char *text)
{
  g_autoptr(NzSudoers) sudoers = nz_sudoers_new();
  const NzShellWord *tag = word_with(call, "NOPASSWD");
  g_autofree char *how = nz_call_how(call, NULL);
  Sudoing s = {call, tag ? tag : word, how};
  nz_sudoers_learn(sudoers, text, strlen(text));
  nz_sudoers_foreach_nopasswd(sudoers, text, strlen(text), say_nopasswd, &s);
}

typedef struct {
  NzCall *call;
  const NzShellWord *word;
} Aliases;

static gboolean
say_alias(const char *name, gsize len, gint64 uid, gint64 gid G_GNUC_UNUSED, gpointer data)
{
  Aliases *a = data;
  if ((guint32)(guint64)uid == 0 && len > 0 && !(len == 4 && memcmp(name, "root", 4) == 0)) {
    g_autofree char *alias = g_strndup(name, len);
    g_autofree char *how = nz_call_how(a->call, NULL);
    const NzShellWord *word = word_with(a->call, alias);
    nz_call_act(a->call, NZ_ACT_UID0_ALIAS, word ? word : a->word, alias, how);
  }
  return TRUE;
}

/* "root::..." and "toor::0:...": who needs no password. Of shadow the second field decides. */
static void
say_empty_passwords(NzCall *call, const NzShellWord *word, const char *text, gboolean shadow)
{
  g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
  for (char **line = lines; *line; line++) {
    gsize len = strcspn(*line, ":");
    if (len == 0 || !g_str_has_prefix(*line + len, "::"))
      continue;
    g_autofree char *name = g_strndup(*line, len);
    g_autofree char *how = nz_call_how(call, NULL);
    gint64 uid = 1;
    nz_parse_int(*line + len + 2, strcspn(*line + len + 2, ":"), &uid);
    if (shadow ? strcmp(name, "root") == 0 : uid == 0)
      nz_call_act(call, NZ_ACT_EMPTY_PASSWORD, word, name, how);
  }
}

static void
passwd_written(NzCall *call, const NzShellWord *word, const char *text, gboolean append)
{
  NzAccounts *accounts = call->run->state->accounts;
  NzUserFile file = {.data = text, .len = strlen(text)};
  Aliases aliases = {call, word};
  if (append)
    nz_accounts_append_passwd(accounts, text);
  else
    nz_accounts_set_passwd(accounts, text, NULL);
  nz_passwd_foreach(&file, say_alias, &aliases);
  say_empty_passwords(call, word, text, FALSE);
}

void
nz_file_replaced(NzCall *call, const NzShellWord *word G_GNUC_UNUSED, const char *path)
{
  NzAccounts *accounts = call->run->state->accounts;
  g_autofree char *why = g_strdup_printf("%s writes %s", call->name, path);
  NzFileKind kind = nz_file_kind(path);
  if (kind == NZ_FILE_PASSWD)
    nz_accounts_forget_passwd(accounts, why);
  else if (kind == NZ_FILE_GROUP)
    nz_accounts_forget_group(accounts, why);
}

/* Lines of unknown text are unknown users; those that were there stay where it is appended. */
static void
unknown_written(NzCall *call, const NzShellWord *word, const char *path, gboolean append)
{
  if (!append) {
    nz_file_replaced(call, word, path);
    return;
  }
  g_autofree char *why = g_strdup_printf("%s adds to %s what is not known before it is run",
                                         call->n ? call->name : "a redirection", path);
  nz_call_doubt(call, why);
}

static void
written(NzCall *call, const NzShellWord *word, const char *path, const char *text, gboolean known,
        gboolean append)
{
  NzAccounts *accounts = call->run->state->accounts;
  NzFileKind kind = nz_file_kind(path);
  if (kind == NZ_FILE_SUDOERS) {
    if (text)
      nz_sudoers_written(call, word, text);
  } else if (!text || !known) {
    if (kind == NZ_FILE_PASSWD || kind == NZ_FILE_GROUP)
      unknown_written(call, word, path, append);
  } else if (kind == NZ_FILE_PASSWD) {
    passwd_written(call, word, text, append);
  } else if (kind == NZ_FILE_GROUP) {
    if (append)
      nz_accounts_append_group(accounts, text);
    else
      nz_accounts_set_group(accounts, text, NULL);
  } else if (kind == NZ_FILE_SHADOW) {
    say_empty_passwords(call, word, text, TRUE);
  }
}

/* A file that a redirection or tee makes or changes. */
static void
made(NzCall *call, const NzShellWord *word, const char *path)
{
  NzStageState *state = call->run->state;
  if (nz_file_kind(path) != NZ_FILE_OTHER) {
    g_autofree char *how = g_strdup_printf("writing %s", path);
    nz_call_needs_root(call, word, how);
    return;
  }
  if (g_str_has_prefix(path, "/dev/") || g_str_has_prefix(path, "/proc/") ||
      nz_paths_find(state->paths, path))
    return;
  g_autofree char *owner = NULL, *group = NULL;
  g_autoptr(NzPlace) place = nz_call_place(call, word);
  nz_call_owner(call, &owner, &group);
  NzPathFact *fact = nz_paths_add(state->paths, path, FALSE, owner, group, place);
  if (fact && state->user_unknown)
    fact->maybe = TRUE;
}

/* --- redirections, tee --- */

void
nz_redirects(NzCall *call)
{
  const GPtrArray *redirects = call->command->redirects;
  /* sudo's redirections are the shell's. */
  NzCall outer = *call;
  outer.root = nz_run_frame(call->run)->root;
  for (guint i = 0; i < redirects->len; i++) {
    const NzShellRedirect *redirect = redirects->pdata[i];
    const char *op = redirect->op;
    if (!strchr(op, '>') || *op == '<' || !redirect->word)
      continue;
    g_autofree char *path = nz_call_path(call, redirect->word);
    if (!path)
      continue;
    if (strcmp(op, ">&") == 0 &&
        strspn(redirect->word->text, "0123456789-") == strlen(redirect->word->text))
      continue;
    made(&outer, redirect->word, path);
    if (nz_file_kind(path) == NZ_FILE_OTHER)
      continue;
    /* Of what goes to stderr nothing is known; what is no command writes nothing. */
    gboolean output = redirect->fd < 0 || redirect->fd == 1;
    g_autofree char *text = call->n == 0 ? g_strdup("") : output ? output_of(call) : NULL;
    gboolean known = call->n == 0 || (output && output_is_known(call));
    if (output)
      written(&outer, redirect->word, path, text, known,
              strcmp(op, ">>") == 0 || strcmp(op, "&>>") == 0);
  }
}

static const NzOption tee_options[] = {{'a', "append", NZ_NO_VALUE}, {0}};

void
nz_effect_tee(NzCall *call)
{
  g_auto(NzArguments) args = nz_arguments_read(call->words, call->n, tee_options, NZ_ARGS_ANYWHERE);
  g_autofree char *text = NULL;
  gboolean known = FALSE, read = FALSE;
  for (guint i = 0; i < args.operands->len; i++) {
    const NzShellWord *word = args.operands->pdata[i];
    g_autofree char *path = nz_call_path(call, word);
    if (!path)
      continue;
    made(call, word, path);
    if (nz_file_kind(path) == NZ_FILE_OTHER)
      continue;
    if (!read) {
      NzCall before;
      text = nz_call_input(call);
      known = heredoc_of(call->command) ? heredoc_of(call->command)->word->known
                                        : call_before(call, &before) && output_is_known(&before);
      read = TRUE;
    }
    written(call, word, path, text, known, nz_given(&args, "append") != NULL);
  }
}

/* --- other ways to write a file --- */

void
nz_effect_dd(NzCall *call)
{
  for (guint i = 1; i < call->n; i++) {
    const NzShellWord *word = call->words[i];
    if (word->known && g_str_has_prefix(word->text, "of=/"))
      nz_file_replaced(call, word, word->text + strlen("of="));
  }
}

void
nz_effect_download(NzCall *call)
{
  gboolean curl = strcmp(call->name, "curl") == 0;
  for (guint i = 1; i + 1 < call->n; i++) {
    const char *text = call->words[i]->text;
    if (strcmp(text, curl ? "-o" : "-O") != 0 && strcmp(text, "--output") != 0)
      continue;
    g_autofree char *path = nz_call_path(call, call->words[i + 1]);
    if (path)
      nz_file_replaced(call, call->words[i + 1], path);
  }
}

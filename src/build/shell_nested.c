/* SPDX-License-Identifier: Apache-2.0 */
/* Commands that change variables, and those that are given shell text to run. */
#include <string.h>

#include "build/shell_private.h"
#include "core/limits.h"
#include "core/text.h"

static const NzShellWord *
word_at(const NzShellCommand *command, guint i)
{
  return i < command->words->len ? command->words->pdata[i] : NULL;
}

static const char *
text_at(const NzShellCommand *command, guint i)
{
  const NzShellWord *word = word_at(command, i);
  return word ? word->text : NULL;
}

static const char *
basename_of(const char *word)
{
  const char *slash = strrchr(word, '/');
  return slash ? slash + 1 : word;
}

/* LIST has a blank before each name and behind the last. */
static gboolean
is_listed(const char *list, const char *name, gsize len)
{
  for (const char *at = list + 1; len > 0 && *at;) {
    gsize n = strcspn(at, " ");
    if (n == len && memcmp(at, name, n) == 0)
      return TRUE;
    at += n + 1;
  }
  return FALSE;
}

static gsize
assignment_length(const char *text)
{
  gsize n = 0;
  if (!nz_sh_is_name_start((guchar)text[0]))
    return 0;
  while (nz_sh_is_name((guchar)text[n]))
    n++;
  return text[n] == '=' ? n : 0;
}

/* --- commands that run others --- */

typedef struct {
  const char *name;
  const char *values;      /* short options that take one */
  const char *long_values; /* long ones, each between spaces */
  const char *stops;       /* short options with which it runs nothing */
  guint operands;          /* before the command */
  gboolean assigns;        /* NAME=value may stand before the command */
  gboolean neutral;        /* what it runs is what would run without it */
  gboolean maybe;
} Wrapper;

static const Wrapper wrappers[] = {
    {.name = "exec", .values = "a", .neutral = TRUE},
    {.name = "command", .stops = "vV", .neutral = TRUE},
    {.name = "builtin", .neutral = TRUE},
    {.name = "env",
     .values = "uCS",
     .long_values = " unset chdir split-string ",
     .assigns = TRUE,
     .neutral = TRUE},
    {.name = "nohup", .neutral = TRUE},
    {.name = "nice", .values = "n", .long_values = " adjustment ", .neutral = TRUE},
    {.name = "ionice", .values = "cnpPu", .long_values = " class classdata ", .neutral = TRUE},
    {.name = "time", .values = "fo", .long_values = " format output ", .neutral = TRUE},
    {.name = "timeout",
     .values = "ks",
     .long_values = " kill-after signal ",
     .operands = 1,
     .neutral = TRUE},
    {.name = "stdbuf", .values = "ioe", .long_values = " input output error ", .neutral = TRUE},
    {.name = "setsid", .neutral = TRUE},
    {.name = "tini", .values = "pe", .neutral = TRUE},
    {.name = "docker-init", .values = "pe", .neutral = TRUE},
    {.name = "dumb-init", .values = "r", .long_values = " rewrite ", .neutral = TRUE},
    {.name = "catatonit", .neutral = TRUE},
    {.name = "chronic", .neutral = TRUE},
    {.name = "eatmydata", .neutral = TRUE},
    {.name = "coproc", .neutral = TRUE},
    {.name = "busybox", .neutral = TRUE},
    {.name = "toybox", .neutral = TRUE},
    {.name = "fakeroot", .values = "lisb"},
    {.name = "sudo",
     .values = "CDghpRrTtUu",
     .assigns = TRUE,
     .long_values = " user group host prompt chdir chroot close-from role type other-user "
                    "command-timeout "},
    {.name = "doas", .values = "uC"},
    {.name = "gosu", .operands = 1},
    {.name = "su-exec", .operands = 1},
    {.name = "s6-setuidgid", .operands = 1},
    {.name = "setuidgid", .operands = 1},
    {.name = "chpst", .values = "uUbe/nlLmdopfcrtC"},
    {.name = "setpriv",
     .long_values = " reuid regid ruid euid rgid egid groups ambient-caps inh-caps bounding-set "
                    "securebits pdeathsig selinux-label apparmor-profile "},
    {.name = "runuser", .values = "ugGsw", .long_values = " user group supp-group shell "},
    {.name = "chroot", .long_values = " userspec groups ", .operands = 1},
    {.name = "unshare", .values = "SGRw", .long_values = " setuid setgid root wd map-user "},
    {.name = "capsh"},
    {.name = "xargs",
     .values = "adEILnPs",
     .maybe = TRUE,
     .long_values = " arg-file delimiter max-args max-procs max-chars max-lines replace "},
    {.name = "flock",
     .values = "wE",
     .long_values = " timeout wait conflict-exit-code ",
     .operands = 1},
};

static const Wrapper *
find_wrapper(const char *text, gboolean neutral)
{
  const char *base = basename_of(text);
  for (guint i = 0; i < G_N_ELEMENTS(wrappers); i++)
    if (wrappers[i].name[0] == base[0] && strcmp(wrappers[i].name, base) == 0)
      return wrappers[i].neutral || !neutral ? &wrappers[i] : NULL;
  return NULL;
}

/* How many words the short options TEXT are, with the value of the last. 0: it runs nothing. */
static guint
count_short(const Wrapper *wrapper, const char *text)
{
  for (const char *c = text + 1; *c; c++) {
    if (wrapper->stops && strchr(wrapper->stops, *c))
      return 0;
    if (wrapper->values && strchr(wrapper->values, *c))
      return c[1] ? 1 : 2;
  }
  return 1;
}

static guint
count_option(const Wrapper *wrapper, const char *text)
{
  if (text[1] != '-')
    return count_short(wrapper, text);
  gsize len = strcspn(text + 2, "=");
  gboolean apart = text[2 + len] == '\0' && wrapper->long_values &&
                   is_listed(wrapper->long_values, text + 2, len);
  return apart ? 2 : 1;
}

/* Where the command stands that the wrapper at word AT runs. */
static guint
skip_wrapper(const NzShellCommand *command, guint at, const Wrapper *wrapper)
{
  const char *text;
  for (at++; (text = text_at(command, at)); at++) {
    if (strcmp(text, "--") == 0) {
      at++;
      break;
    }
    if (wrapper->assigns && assignment_length(text) > 0)
      continue;
    if (text[0] != '-')
      break;
    if (text[1] == '\0')
      continue;
    guint n = count_option(wrapper, text);
    if (n == 0)
      return command->words->len;
    at += n - 1;
  }
  return MIN(at + wrapper->operands, command->words->len);
}

guint
nz_shell_command_program(const NzShellCommand *command)
{
  guint at = 0;
  for (guint i = 0; i < NZ_SHELL_DEPTH_MAX; i++) {
    const NzShellWord *word = word_at(command, at);
    const Wrapper *wrapper = word && word->known ? find_wrapper(word->text, TRUE) : NULL;
    if (!wrapper)
      break;
    at = skip_wrapper(command, at, wrapper);
  }
  return at;
}

/* --- variables --- */

static void
forget(ShWalker *w, const char *text)
{
  gsize n = 0;
  while (nz_sh_is_name((guchar)text[n]))
    n++;
  if (nz_sh_is_name_start((guchar)text[0]))
    nz_sh_set_unknown(&w->variables, text, n);
}

static void
do_forget(ShWalker *w, const NzShellCommand *command, guint at)
{
  for (guint i = at + 1; i < command->words->len; i++)
    forget(w, text_at(command, i));
}

/* local v: it has some value until it is given one. */
static void
do_local(ShWalker *w, const NzShellCommand *command, guint at)
{
  gboolean options = FALSE;
  for (guint i = at + 1; i < command->words->len; i++) {
    const char *text = text_at(command, i);
    options |= text[0] == '-' || text[0] == '+';
    if (options || !strchr(text, '='))
      forget(w, text);
  }
}

static void
do_unset(ShWalker *w, const NzShellCommand *command, guint at)
{
  static const ShValue unset = {.state = SH_UNSET};
  for (guint i = at + 1; i < command->words->len; i++) {
    const char *text = text_at(command, i);
    if (text[0] != '-' && word_at(command, i)->known)
      nz_sh_set(&w->variables, text, strlen(text), &unset);
    else if (strcmp(text, "-f") == 0)
      return;
  }
}

static void
do_printf(ShWalker *w, const NzShellCommand *command, guint at)
{
  const char *option = text_at(command, at + 1), *name = text_at(command, at + 2);
  if (name && strcmp(option, "-v") == 0)
    forget(w, name);
}

/* set -- a b, set a b: the arguments from here on. */
static void
do_set(ShWalker *w, const NzShellCommand *command, guint at)
{
  gboolean given = FALSE;
  const char *text;
  for (at++; (text = text_at(command, at)); at++) {
    if (strcmp(text, "--") == 0) {
      given = TRUE;
      at++;
      break;
    }
    if (text[0] != '-' && text[0] != '+')
      break;
    if (strchr(text, 'o'))
      at++;
  }
  if (!given && !text)
    return;
  at = MIN(at, command->words->len);
  ShField **fields = (ShField **)(gpointer)command->words->pdata + at;
  w->arguments = (ShArguments){fields, command->words->len - at, TRUE};
}

static void
do_shift(ShWalker *w, const NzShellCommand *command, guint at)
{
  gint64 n = 1;
  const char *text = text_at(command, at + 1);
  if (text && nz_parse_int(text, strlen(text), &n) != NZ_INT_OK)
    w->arguments.known = FALSE;
  if (!w->arguments.known || n <= 0 || n > w->arguments.n)
    return;
  w->arguments.fields += n;
  w->arguments.n -= (guint)n;
}

static void
do_source(ShWalker *w, const NzShellCommand *command, guint at)
{
  w->variables.doubtful |= at + 1 < command->words->len;
}

static const struct {
  const char *name;
  void (*run)(ShWalker *w, const NzShellCommand *command, guint at);
} builtins[] = {
    {"set", do_set},        {"shift", do_shift},      {"unset", do_unset},   {"read", do_forget},
    {"mapfile", do_forget}, {"readarray", do_forget}, {"let", do_forget},    {"getopts", do_forget},
    {"printf", do_printf},  {"local", do_local},      {"declare", do_local}, {"typeset", do_local},
    {".", do_source},       {"source", do_source},
};

void
nz_sh_builtin(ShWalker *w, NzShellCommand *command, const ShContext *context)
{
  guint at = nz_shell_command_program(command);
  const NzShellWord *name = word_at(command, at);
  if (!name || !name->known)
    return;
  for (guint i = 0; i < G_N_ELEMENTS(builtins); i++)
    if (strcmp(builtins[i].name, name->text) == 0) {
      builtins[i].run(w, command, at);
      if (context->maybe && w->arguments.known && builtins[i].run == do_shift)
        w->arguments.known = FALSE;
    }
}

/* --- text that is run --- */

/* Words FROM to END with blanks between them, as one source. */
static ShSource *
join(ShWalker *w, const NzShellCommand *command, guint from, guint end)
{
  ShText text = {g_string_new(NULL), g_array_new(FALSE, FALSE, sizeof(ShPiece))};
  for (guint i = from; i < end; i++) {
    const ShField *field = command->words->pdata[i];
    if (i > from)
      nz_sh_text_add_flat(&text, " ", 1, field->word.start, field->word.start);
    nz_sh_text_add_field(&text, field);
  }
  nz_sh_spend(w->budget, 2 * text.text->len + sizeof(ShPiece) * text.pieces->len,
              command->words->len > from ? word_at(command, from)->start : 0);
  ShSource *source = NULL;
  if (!w->budget->exhausted)
    source = nz_sh_source(w->budget->arena, text.text->str, text.text->len,
                          (const ShPiece *)(gpointer)text.pieces->data, text.pieces->len);
  g_string_free(text.text, TRUE);
  g_array_unref(text.pieces);
  return source;
}

static void
run_source(ShWalker *w, const ShSource *source, gsize skip, const ShContext *context)
{
  ShContext inner = *context;
  if (!source || !nz_sh_deepen(w, &inner, nz_sh_map_start(source, 0)))
    return;
  nz_sh_walk(w, nz_sh_parse(w->budget, source, skip, inner.level), &inner);
}

/* eval: in this shell. */
static void
run_eval(ShWalker *w, const NzShellCommand *command, guint at, const ShContext *context)
{
  guint from = at + 1;
  if (from < command->words->len && strcmp(text_at(command, from), "--") == 0)
    from++;
  for (guint i = from; i < command->words->len; i++)
    w->variables.doubtful |= !word_at(command, i)->known;
  if (from < command->words->len)
    run_source(w, join(w, command, from, command->words->len), 0, context);
}

/* NAME=value before the command, or before what env runs. */
static void
assign_for(ShWalker *w, const NzShellWord *word)
{
  gsize len = assignment_length(word->text);
  if (len > 0 && word->known)
    nz_sh_set_text(&w->variables, word->text, len, word->text + len + 1);
  else if (len > 0)
    nz_sh_set_unknown(&w->variables, word->text, len);
}

/* A shell of its own runs FIELD, without SKIP bytes, with words from ARGUMENTS on as $1 and so on.
 */
static void
run_shell(ShWalker *w, const NzShellCommand *command, const ShSource *source, gsize skip, guint at,
          guint arguments, const ShContext *context)
{
  ShContext inner = *context;
  ShArguments before = w->arguments;
  guint mark = nz_sh_mark(&w->variables);
  inner.depth++;
  inner.shell = ++w->n_shells;
  inner.last = FALSE;
  arguments = MIN(arguments, command->words->len);
  w->arguments = (ShArguments){(ShField **)(gpointer)command->words->pdata + arguments,
                               command->words->len - arguments, TRUE};
  for (guint i = 0; i < command->assignments->len; i++)
    assign_for(w, command->assignments->pdata[i]);
  for (guint i = 0; i < at; i++)
    assign_for(w, command->words->pdata[i]);
  run_source(w, source, skip, &inner);
  w->arguments = before;
  nz_sh_restore(&w->variables, mark);
}

static gboolean
is_shell(const char *text)
{
  return is_listed(" sh bash dash ash ksh mksh zsh ", basename_of(text), strlen(basename_of(text)));
}

/* The options of a shell: where they end, and whether -c was among them. */
static guint
skip_shell_options(const NzShellCommand *command, guint at, gboolean *has_text)
{
  const char *text;
  guint values = 0;
  *has_text = FALSE;
  for (at++; (text = text_at(command, at)); at++) {
    if (strcmp(text, "--") == 0 || strcmp(text, "-") == 0) {
      at++;
      break;
    }
    if (text[0] != '-' && text[0] != '+') {
      if (values == 0)
        break;
      values--;
    } else if (text[1] == '-')
      values += is_listed(" rcfile init-file ", text + 2, strlen(text + 2));
    else
      for (const char *c = text + 1; *c; c++) {
        *has_text |= text[0] == '-' && *c == 'c';
        values += *c == 'o' || *c == 'O';
      }
  }
  return at;
}

static void
run_heredoc(ShWalker *w, const NzShellCommand *command, guint at, const ShContext *context)
{
  for (guint i = 0; i < command->redirects->len; i++) {
    const NzShellRedirect *redirect = command->redirects->pdata[i];
    if (!g_str_has_prefix(redirect->op, "<<") || redirect->fd > 0)
      continue;
    GPtrArray words = {(gpointer *)&redirect->word, 1};
    NzShellCommand stands_in = *command;
    stands_in.words = &words;
    run_shell(w, command, join(w, &stands_in, 0, 1), 0, at, command->words->len, context);
  }
}

static void
run_sh(ShWalker *w, const NzShellCommand *command, guint at, const ShContext *context)
{
  gboolean has_text;
  guint body = skip_shell_options(command, at, &has_text);
  if (has_text && body < command->words->len)
    run_shell(w, command, join(w, command, body, body + 1), 0, at, body + 2, context);
  else if (body >= command->words->len)
    run_heredoc(w, command, at, context);
}

/* su -c TEXT, su -lc TEXT, su --command=TEXT; flock FILE -c TEXT. */
static gboolean
run_option(ShWalker *w, const NzShellCommand *command, guint at, const ShContext *context)
{
  for (guint i = at + 1; i < command->words->len; i++) {
    const char *text = text_at(command, i);
    gsize skip = strlen("--command=");
    if (g_str_has_prefix(text, "--command="))
      run_shell(w, command, join(w, command, i, i + 1), skip, at, command->words->len, context);
    else if (strcmp(text, "--command") == 0 ||
             (text[0] == '-' && text[1] != '-' && text[0] && g_str_has_suffix(text, "c")))
      run_shell(w, command, join(w, command, i + 1, MIN(i + 2, command->words->len)), 0, at,
                command->words->len, context);
    else
      continue;
    return TRUE;
  }
  return FALSE;
}

/* trap TEXT SIGNAL. */
static void
run_trap(ShWalker *w, const NzShellCommand *command, guint at, const ShContext *context)
{
  const char *text = text_at(command, at + 1);
  ShContext inner = *context;
  guint mark = nz_sh_mark(&w->variables);
  if (text && strcmp(text, "--") == 0)
    text = text_at(command, ++at + 1);
  if (!text || !text_at(command, at + 2) || text[0] == '-')
    return;
  inner.maybe = TRUE;
  run_source(w, join(w, command, at + 1, at + 2), 0, &inner);
  nz_sh_restore(&w->variables, mark);
}

/* find ... -exec sh -c TEXT ... ; */
static void
run_find(ShWalker *w, const NzShellCommand *command, guint at, const ShContext *context)
{
  ShContext inner = *context;
  inner.maybe = TRUE;
  for (guint i = at + 1; i + 1 < command->words->len; i++) {
    if (is_listed(" -exec -execdir -ok -okdir ", text_at(command, i),
                  strlen(text_at(command, i))) &&
        is_shell(text_at(command, i + 1)))
      run_sh(w, command, i + 1, &inner);
  }
}

static const struct {
  const char *name;
  void (*run)(ShWalker *w, const NzShellCommand *command, guint at, const ShContext *context);
} runners[] = {
    {"eval", run_eval},
    {"trap", run_trap},
    {"find", run_find},
};

static gboolean
run_known(ShWalker *w, const NzShellCommand *command, guint at, const ShContext *context)
{
  const char *base = basename_of(text_at(command, at));
  if (is_shell(base)) {
    run_sh(w, command, at, context);
    return TRUE;
  }
  if (is_listed(" su runuser flock script ", base, strlen(base)) &&
      run_option(w, command, at, context))
    return TRUE;
  for (guint i = 0; i < G_N_ELEMENTS(runners); i++)
    if (strcmp(runners[i].name, base) == 0) {
      runners[i].run(w, command, at, context);
      return TRUE;
    }
  return FALSE;
}

void
nz_sh_nested(ShWalker *w, NzShellCommand *command, const ShContext *context)
{
  ShContext inner = *context;
  guint at = 0;
  inner.first = FALSE;
  inner.join = NZ_SHELL_ALWAYS;
  inner.inherited = NULL;
  for (guint i = 0; i < NZ_SHELL_DEPTH_MAX; i++) {
    const NzShellWord *word = word_at(command, at);
    if (!word || !word->known || run_known(w, command, at, &inner))
      return;
    const Wrapper *wrapper = find_wrapper(word->text, FALSE);
    if (!wrapper)
      return;
    inner.maybe |= wrapper->maybe;
    at = skip_wrapper(command, at, wrapper);
  }
}

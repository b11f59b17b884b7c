/* SPDX-License-Identifier: Apache-2.0 */
/* ADD and COPY: who owns what they bring, and what they do to accounts. */
#include <string.h>

#include "build/evaluate_private.h"
#include "core/limits.h"
#include "core/sudoers.h"
#include "core/text.h"

/* Where a COPY takes its files from. */
typedef struct {
  NzEvaluation *evaluation;
  const NzInstruction *in;
  const NzStageRun *stage;  /* --from a stage; or NULL */
  const NzBuildBase *image; /* --from an image; or NULL */
  const char *context;      /* --from a named context; or NULL */
  char *owner, *group;
  guint16 mode;
  char *how;  /* "COPY --chmod=4755" */
  char *dest; /* absolute, with a "/" at its end where it is a directory */
  guint n_heredocs;
} Copy;

static void
copy_clear(Copy *self)
{
  g_free(self->owner);
  g_free(self->group);
  g_free(self->how);
  g_free(self->dest);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Copy, copy_clear)

/* --- flags --- */

static gboolean
read_from(Copy *self, const char *from, NzSpan span, GError **error)
{
  NzEvaluation *e = self->evaluation;
  const char *context = nz_assignment_find(e->options->contexts, from);
  if (context && g_str_has_prefix(context, NZ_IMAGE_CONTEXT))
    self->image = nz_evaluate_base(e, context + strlen(NZ_IMAGE_CONTEXT), NULL);
  else if (context)
    self->context = context;
  else if (!nz_evaluate_from(e, from, span, &self->stage, error))
    return FALSE;
  else if (!self->stage)
    self->image = nz_evaluate_base(e, from, NULL);
  return TRUE;
}

static gboolean
read_owner(Copy *self, const NzDockerFlag *flag, GError **error)
{
  g_autofree char *value =
      nz_evaluate_word(self->evaluation, self->in, flag->value, NULL, NULL, error);
  if (!value)
    return FALSE;
  const char *colon = strchr(value, ':');
  self->owner = colon ? g_strndup(value, (gsize)(colon - value)) : g_strdup(value);
  /* Without a group, the owner's name or number stands for it too. */
  self->group = g_strdup(colon ? colon + 1 : value);
  return TRUE;
}

/* "4755"; "u+s" and "u=rwxs" as newer builders take them. */
static guint16
read_mode(const char *text)
{
  guint64 mode;
  if (g_ascii_string_to_unsigned(text, 8, 0, 07777, &mode, NULL))
    return (guint16)mode;
  guint16 bits = 0755;
  g_auto(GStrv) clauses = g_strsplit(text, ",", 16);
  for (guint i = 0; clauses[i]; i++) {
    gsize who = strcspn(clauses[i], "+-=");
    if (clauses[i][who] == '\0' || clauses[i][who] == '-')
      continue;
    gboolean all = who == 0 || memchr(clauses[i], 'a', who);
    if (strchr(clauses[i] + who, 's')) {
      bits |= all || memchr(clauses[i], 'u', who) ? 04000 : 0;
      bits |= all || memchr(clauses[i], 'g', who) ? 02000 : 0;
    }
    if (strchr(clauses[i] + who, 'w') && (all || memchr(clauses[i], 'o', who)))
      bits |= 02;
  }
  return bits;
}

static gboolean
read_flags(Copy *self, GError **error)
{
  const NzInstruction *in = self->in;
  const NzDockerFlag *from = nz_instruction_flag(in, "from");
  const NzDockerFlag *chown = nz_instruction_flag(in, "chown");
  const NzDockerFlag *chmod = nz_instruction_flag(in, "chmod");
  const char *name = nz_docker_kind_name(in->kind);
  if (from && from->value) {
    g_autofree char *value = nz_evaluate_word(self->evaluation, in, from->value, NULL, NULL, error);
    if (!value || !read_from(self, value, from->span, error))
      return FALSE;
  }
  if (chown && chown->value && !read_owner(self, chown, error))
    return FALSE;
  self->how = g_strdup(name);
  if (chmod && chmod->value) {
    g_autofree char *value =
        nz_evaluate_word(self->evaluation, in, chmod->value, NULL, NULL, error);
    if (!value)
      return FALSE;
    self->mode = read_mode(value);
    g_autofree char *shown = nz_printable(value, -1);
    g_free(self->how);
    self->how = g_strdup_printf("%s --chmod=%s", name, shown);
  }
  return TRUE;
}

/* --- accounts --- */

typedef void (*SetFile)(NzAccounts *self, const char *text, const char *unknown);

static const struct {
  const char *path, *name;
  SetFile set;
  const char *(*get)(const NzAccounts *self);
} account_files[] = {
    {"/etc/passwd", "passwd", nz_accounts_set_passwd, nz_accounts_passwd},
    {"/etc/group", "group", nz_accounts_set_group, nz_accounts_group},
};

static char *
text_of(GBytes *bytes)
{
  gsize len;
  const char *data = g_bytes_get_data(bytes, &len);
  return memchr(data, '\0', len) ? NULL : g_strndup(data, len);
}

/* The small file PATH of where the COPY takes from; NULL: it is not known, or not there. *WHOLE is
 * FALSE where it may hold more than that. */
static char *
read_source(const Copy *self, const char *path, guint file, gboolean *whole)
{
  const NzEvaluation *e = self->evaluation;
  gboolean same = strcmp(path, account_files[file].path) == 0;
  *whole = TRUE;
  if (self->stage) {
    *whole = !nz_accounts_unknown(self->stage->state->accounts);
    return same ? g_strdup(account_files[file].get(self->stage->state->accounts)) : NULL;
  }
  if (self->image) {
    *whole = self->image->accounts_whole;
    return same ? g_strdup(file == 0 ? self->image->passwd : self->image->group) : NULL;
  }
  g_autoptr(GBytes) bytes = e->options->read_context && !e->triggered_by_base
                                ? e->options->read_context(self->context, path, e->options->data)
                                : NULL;
  return bytes ? text_of(bytes) : NULL;
}

static char *
unknown_file(const Copy *self, guint file)
{
  return g_strdup_printf("the %s of line %u brings an %s that cannot be read here",
                         nz_docker_kind_name(self->in->kind),
                         nz_evaluate_line(self->evaluation, self->in->keyword),
                         account_files[file].path);
}

/* What a heredoc becomes: variables count unless its name was quoted; quotes are plain text. */
static char *
heredoc_text(const Copy *self, const NzHeredoc *doc)
{
  char *text = NULL;
  if (doc->expand)
    text = nz_evaluate_heredoc(self->evaluation, doc->body->data);
  return text ? text : g_strndup(doc->body->data, doc->body->len);
}

/* What is found in a file that is copied. */
typedef struct {
  Copy *copy;
  NzSpan span;
  const NzHeredoc *doc; /* where it is a heredoc: then lines have places of their own */
} Finder;

static void
add_act(const Finder *self, NzActKind kind, const char *what, gsize len)
{
  NzStageState *state = self->copy->evaluation->now->state;
  g_autofree char *shown = nz_printable(what, (gssize)len);
  if (state->acts->len < NZ_ACTS_MAX)
    g_ptr_array_add(state->acts,
                    nz_act_new(kind, nz_evaluate_place(self->copy->evaluation, self->span), shown,
                               self->copy->how));
}

static gboolean
add_alias(const char *name, gsize len, gint64 uid, gint64 gid G_GNUC_UNUSED, gpointer data)
{
  if ((guint32)(guint64)uid == 0 && !(len == 4 && memcmp(name, "root", 4) == 0))
    add_act(data, NZ_ACT_UID0_ALIAS, name, len);
  return TRUE;
}

static void
take_account_file(Copy *self, guint file, const char *source, const NzHeredoc *doc, NzSpan span)
{
  NzAccounts *accounts = self->evaluation->now->state->accounts;
  gboolean whole = TRUE;
  g_autofree char *text = doc ? heredoc_text(self, doc) : read_source(self, source, file, &whole);
  g_autofree char *unknown = text && whole ? NULL : unknown_file(self, file);
  account_files[file].set(accounts, text, unknown);
  NzUserFile passwd = {.data = file == 0 ? text : NULL, .len = text ? strlen(text) : 0};
  Finder finder = {self, span, NULL};
  if (passwd.data)
    nz_passwd_foreach(&passwd, add_alias, &finder);
}

/* The line number LINE, from 1, of a heredoc's body. */
static NzSpan
line_of_heredoc(const NzHeredoc *doc, guint line)
{
  const char *begin = doc->body->data;
  for (guint i = 1; i < line && strchr(begin, '\n'); i++)
    begin = strchr(begin, '\n') + 1;
  gsize start = (gsize)(begin - doc->body->data);
  return nz_joined_span(doc->body, start, start + strcspn(begin, "\n"));
}

static void
add_nopasswd(const char *who, guint line, gpointer data)
{
  Finder here = *(const Finder *)data;
  if (here.doc)
    here.span = line_of_heredoc(here.doc, line);
  add_act(&here, NZ_ACT_NOPASSWD, who, strlen(who));
}

/* /etc/sudoers and what lies in sudoers.d. */
static void
take_sudoers(Copy *self, const char *target, const char *source, const NzHeredoc *doc, NzSpan span)
{
  NzEvaluation *e = self->evaluation;
  if (strcmp(target, "/etc/sudoers") != 0 && !g_str_has_prefix(target, "/etc/sudoers.d/"))
    return;
  g_autofree char *text = doc ? heredoc_text(self, doc) : NULL;
  if (!doc && !self->stage && !self->image && e->options->read_context && !e->triggered_by_base) {
    g_autoptr(GBytes) bytes = e->options->read_context(self->context, source, e->options->data);
    text = bytes ? text_of(bytes) : NULL;
  }
  if (!text)
    return;
  g_autoptr(NzSudoers) sudoers = nz_sudoers_new();
  Finder finder = {self, span, doc};
  nz_sudoers_learn(sudoers, text, strlen(text));
  nz_sudoers_foreach_nopasswd(sudoers, text, strlen(text), add_nopasswd, &finder);
}

/* A directory by its looks: what it is laid over becomes what it holds. */
static gboolean
is_tree(const char *source)
{
  static const char *const names[] = {"",     ".",       "*",      "etc",     "rootfs",
                                      "root", "out",     "output", "overlay", "install",
                                      "dest", "staging", "target", NULL};
  const char *slash = strrchr(source, '/');
  return g_strv_contains(names, slash ? slash + 1 : source);
}

/* SOURCE may be a directory that is laid over "/" or "/etc", with a passwd in it. */
static void
look_below(Copy *self, const char *source)
{
  gboolean root = strcmp(self->dest, "/") == 0;
  if (!root && strcmp(self->dest, "/etc/") != 0)
    return;
  NzAccounts *accounts = self->evaluation->now->state->accounts;
  gboolean here = !self->stage && !self->image && self->evaluation->options->read_context;
  gboolean archive = self->in->kind == NZ_DOCKER_ADD && strstr(source, ".t");
  for (guint i = 0; i < G_N_ELEMENTS(account_files) && here; i++) {
    g_autofree char *path = g_strconcat(source, root ? "/etc/" : "/", account_files[i].name, NULL);
    gboolean whole;
    g_autofree char *text = read_source(self, path, i, &whole);
    if (text)
      account_files[i].set(accounts, text, NULL);
  }
  if (!here || archive) {
    g_autofree char *why = g_strdup_printf("the %s of line %u may bring an /etc/passwd",
                                           nz_docker_kind_name(self->in->kind),
                                           nz_evaluate_line(self->evaluation, self->in->keyword));
    if (archive || is_tree(source))
      nz_accounts_forget(accounts, why);
    else
      nz_accounts_doubt(accounts, why);
  }
}

/* --- files --- */

/* PATH up to the directory that is named without a pattern. */
static char *
before_glob(const char *path)
{
  gsize n = strcspn(path, "*?[");
  if (path[n] == '\0')
    return g_strdup(path);
  while (n > 1 && path[n] != '/')
    n--;
  return g_strndup(path, MAX(n, 1));
}

static gboolean
is_in(const char *path, const char *top)
{
  gsize n = strlen(top);
  return n == 1 || (strncmp(path, top, n) == 0 && (path[n] == '\0' || path[n] == '/'));
}

/* Files that got setuid in another stage keep it. */
static void
take_privileges(const Copy *self, const char *source, const char *target)
{
  static const gboolean stays[NZ_ACT_N] = {
      [NZ_ACT_SETUID] = TRUE, [NZ_ACT_SETGID] = TRUE, [NZ_ACT_CAPABILITY] = TRUE};
  NzStageState *state = self->evaluation->now->state;
  if (!self->stage || self->stage->state == state)
    return;
  g_autofree char *all = nz_build_path("/", source);
  g_autofree char *from = before_glob(all);
  gboolean some = strcmp(from, all) != 0; /* of those there, by a pattern */
  gsize n = strlen(from);
  for (guint i = 0; i < self->stage->state->acts->len && state->acts->len < NZ_ACTS_MAX; i++) {
    const NzAct *act = self->stage->state->acts->pdata[i];
    /* --chmod says all bits anew. */
    if (!stays[act->kind] || (self->mode != 0 && act->kind != NZ_ACT_CAPABILITY))
      continue;
    if (*act->what != '/' && act->kind != NZ_ACT_SETUID)
      continue;
    g_autofree char *top = *act->what == '/' ? before_glob(act->what) : g_strdup("/");
    gboolean same = !some && strcmp(act->what, from) == 0;
    gboolean below = strncmp(act->what, from, n) == 0 && (n == 1 || act->what[n] == '/');
    /* Of all in TOP, or of what nobody knows: it may hold what is copied. */
    gboolean above = !same && !below && is_in(from, top);
    if (!same && !below && !above)
      continue;
    g_autofree char *path = same || above
                                ? g_strdup(target)
                                : g_strconcat(self->dest, act->what + (n == 1 ? 1 : n + 1), NULL);
    g_autofree char *how = g_strdup_printf("%s in line %u", act->how ? act->how : "a command",
                                           act->place ? act->place->line : 0);
    NzAct *copy =
        nz_act_new(act->kind, nz_evaluate_place(self->evaluation, self->in->span), path, how);
    copy->mode = act->mode;
    copy->by_root = act->by_root;
    copy->maybe = act->maybe || (above && *act->what != '/');
    g_ptr_array_add(state->acts, copy);
  }
}

static void
remember(Copy *self, const char *source, const char *target, const NzHeredoc *doc)
{
  NzStageRun *run = self->evaluation->now;
  if (self->stage || self->image || self->evaluation->triggered_by_base ||
      run->copied->len >= NZ_BUILD_PATHS_MAX)
    return;
  NzCopied *copied = g_new0(NzCopied, 1);
  *copied = (NzCopied){g_strdup(target), g_strdup(self->context), g_strdup(source),
                       doc ? heredoc_text(self, doc) : NULL};
  g_ptr_array_add(run->copied, copied);
}

/* A file of the context keeps its setuid and setgid bits where --chmod says nothing. */
static guint16
mode_of(const Copy *self, const char *source)
{
  const NzEvaluation *e = self->evaluation;
  if (self->mode != 0 || self->stage || self->image || !e->options->context_mode ||
      e->triggered_by_base || self->in->kind != NZ_DOCKER_COPY)
    return self->mode;
  guint16 mode = e->options->context_mode(self->context, source, e->options->data);
  return mode & 06000 ? mode : 0;
}

static void
copy_one(Copy *self, const NzWord *word, const char *source)
{
  NzEvaluation *e = self->evaluation;
  const NzHeredoc *doc = NULL;
  if (g_str_has_prefix(source, "<<") && self->n_heredocs < self->in->heredocs->len)
    doc = self->in->heredocs->pdata[self->n_heredocs++];
  g_autofree char *name = doc ? g_strdup(doc->name) : g_path_get_basename(source);
  /* What a source that is a directory holds lands in the destination itself. */
  gboolean contents = strcmp(name, ".") == 0 || (!doc && g_str_has_suffix(source, "/"));
  gboolean directory = g_str_has_suffix(self->dest, "/") && !contents;
  g_autofree char *target = directory ? g_strconcat(self->dest, name, NULL) : g_strdup(self->dest);
  gboolean account = FALSE;
  for (guint i = 0; i < G_N_ELEMENTS(account_files); i++)
    if (strcmp(target, account_files[i].path) == 0) {
      take_account_file(self, i, source, doc, word->span);
      account = TRUE;
    }
  if (!doc && !account)
    look_below(self, source);
  take_sudoers(self, target, source, doc, word->span);
  remember(self, source, target, doc);
  nz_effects_copy(e->now->state, directory && !strpbrk(name, "*?[") ? target : self->dest,
                  self->owner, self->group, doc ? self->mode : mode_of(self, source), self->how,
                  nz_evaluate_place(e, word->span));
  /* Only now: what comes takes away what was there. */
  if (!doc)
    take_privileges(self, source, target);
}

static gboolean
read_dest(Copy *self, GError **error)
{
  const NzWord *last = self->in->words->pdata[self->in->words->len - 1];
  g_autofree char *text =
      nz_evaluate_word(self->evaluation, self->in, last->text, NULL, NULL, error);
  if (!text)
    return FALSE;
  g_autofree char *path = nz_build_path(self->evaluation->now->state->workdir, text);
  gboolean directory = self->in->words->len > 2 || g_str_has_suffix(text, "/") ||
                       g_str_has_suffix(text, ".") || strcmp(path, "/") == 0 ||
                       strcmp(path, "/etc") == 0;
  const NzPathFact *known = nz_paths_find(self->evaluation->now->state->paths, path);
  directory = directory || (known && known->directory);
  self->dest = directory && strcmp(path, "/") != 0 ? g_strconcat(path, "/", NULL) : g_strdup(path);
  return TRUE;
}

gboolean
nz_evaluate_copy(NzEvaluation *self, const NzInstruction *in, GError **error)
{
  g_auto(Copy) copy = {.evaluation = self, .in = in};
  if (in->words->len < 2 || self->now->windows)
    return TRUE;
  /* Each source is looked for among the files. */
  if (!nz_evaluate_count(self, in->span, (gsize)4096 * in->words->len, error) ||
      !read_flags(&copy, error) || !read_dest(&copy, error))
    return FALSE;
  for (guint i = 0; i + 1 < in->words->len; i++) {
    const NzWord *word = in->words->pdata[i];
    g_autofree char *source = g_str_has_prefix(word->text, "<<")
                                  ? g_strdup(word->text)
                                  : nz_evaluate_word(self, in, word->text, NULL, NULL, error);
    if (!source)
      return FALSE;
    copy_one(&copy, word, source);
  }
  return TRUE;
}

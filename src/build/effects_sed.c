/* SPDX-License-Identifier: Apache-2.0 */
/* sed -i on the files of accounts. A substitution of text without wildcards is followed; after all
 * else the file is unknown. */
#include <string.h>

#include "build/effects_private.h"
#include "core/limits.h"

static const NzOption sed_options[] = {
    {'i', "in-place", NZ_VALUE_OPTIONAL},
    {'e', "expression", NZ_VALUE},
    {'f', "file", NZ_VALUE},
    {'E', "regexp-extended", NZ_NO_VALUE},
    {'r', "regexp-extended", NZ_NO_VALUE},
    {'n', "quiet", NZ_NO_VALUE},
    {'s', "separate", NZ_NO_VALUE},
    {'l', "line-length", NZ_VALUE},
    {0},
};

typedef struct {
  char *from, *to;
  gboolean at_start, at_end; /* "^", "$" */
  gboolean all;              /* "g" */
  gboolean literal;
} Substitution;

static void
substitution_clear(Substitution *s)
{
  g_free(s->from);
  g_free(s->to);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Substitution, substitution_clear)

/* Up to the DELIMITER, behind which *P is then; NULL when there is none. */
static char *
take_part(const char **p, char delimiter)
{
  GString *out = g_string_new(NULL);
  for (; **p && **p != delimiter; (*p)++) {
    if (**p == '\\' && (*p)[1] == delimiter)
      (*p)++;
    else if (**p == '\\' && (*p)[1] != '\0')
      g_string_append_c(out, *(*p)++);
    g_string_append_c(out, **p);
  }
  if (**p == '\0') {
    g_string_free(out, TRUE);
    return NULL;
  }
  (*p)++;
  return g_string_free(out, FALSE);
}

/* "s/from/to/g". FALSE: it is something else. */
static gboolean
read_substitution(const char *script, Substitution *s)
{
  const char *p = script;
  *s = (Substitution){0};
  p += strspn(p, " \t");
  if (*p++ != 's' || *p == '\0' || g_ascii_isalnum(*p))
    return FALSE;
  char delimiter = *p++;
  g_autofree char *from = take_part(&p, delimiter);
  s->to = from ? take_part(&p, delimiter) : NULL;
  if (!s->to)
    return FALSE;
  s->all = strchr(p, 'g') != NULL;
  gsize len = strlen(from);
  s->at_start = *from == '^';
  s->at_end = len > 1 && from[len - 1] == '$' && from[len - 2] != '\\';
  s->from = g_strndup(from + s->at_start, len - s->at_start - s->at_end);
  s->literal = *s->from != '\0' && !strpbrk(s->from, "\\.*[]+?(){}|^$") &&
               !strpbrk(s->to, "\\&\n") && strspn(p, "g \t") == strlen(p);
  return TRUE;
}

/* TEXT with S applied to each line; NULL when it grows out of all bounds. */
static char *
substitute(const char *text, const Substitution *s)
{
  GString *out = g_string_new(NULL);
  gsize len = strlen(s->from);
  const char *line = text;
  gboolean done = FALSE;
  for (const char *p = text; *p;) {
    gboolean end = p[0] != '\0' && strncmp(p, s->from, len) == 0;
    gboolean hit = end && !(done && !s->all) && (!s->at_start || p == line) &&
                   (!s->at_end || p[len] == '\n' || p[len] == '\0');
    if (hit) {
      g_string_append(out, s->to);
      p += len;
      done = TRUE;
      continue;
    }
    if (*p == '\n') {
      line = p + 1;
      done = FALSE;
    }
    g_string_append_c(out, *p++);
    if (out->len > NZ_SOURCE_MAX) {
      g_string_free(out, TRUE);
      return NULL;
    }
  }
  return g_string_free(out, FALSE);
}

static gboolean
is_uid0(const char *passwd, const char *name, gsize len)
{
  NzUserFile file = {.data = passwd, .len = passwd ? strlen(passwd) : 0};
  g_autofree char *spec = g_strndup(name, len);
  g_autoptr(NzUser) user = nz_user_resolve(spec, &file, &(NzUserFile){0});
  return user->state == NZ_USER_ROOT;
}

typedef struct {
  NzCall *call;
  const NzShellWord *word;
  const char *before;
} Changed;

static gboolean
say_new_alias(const char *name, gsize len, gint64 uid, gint64 gid G_GNUC_UNUSED, gpointer data)
{
  Changed *c = data;
  if ((guint32)(guint64)uid != 0 || len == 0 || (len == 4 && memcmp(name, "root", 4) == 0))
    return TRUE;
  if (!nz_accounts_spend(c->call->run->state->accounts, strlen(c->before)))
    return FALSE;
  if (is_uid0(c->before, name, len))
    return TRUE;
  g_autofree char *alias = g_strndup(name, len);
  nz_call_act(c->call, NZ_ACT_UID0_ALIAS, c->word, alias, "sed");
  return c->call->run->state->acts->len < NZ_ACTS_MAX;
}

/* The whole of passwd or group after SCRIPT; NULL: nobody can know. */
static char *
edited(const char *text, const char *script)
{
  g_auto(Substitution) s = {0};
  if (!text || !read_substitution(script, &s) || !s.literal)
    return NULL;
  return substitute(text, &s);
}

/* A line "root:x:" that becomes "root::", or "root:!:" in shadow. */
static void
say_emptied(NzCall *call, const NzShellWord *word, const char *script)
{
  g_auto(Substitution) s = {0};
  if (read_substitution(script, &s) && g_str_has_prefix(s.to, "root::") &&
      !g_str_has_prefix(s.from, "root::"))
    nz_call_act(call, NZ_ACT_EMPTY_PASSWORD, word, "root", "sed");
}

static void
edit_sudoers(NzCall *call, const NzShellWord *word, const char *script)
{
  g_auto(Substitution) s = {0};
  if (!strstr(script, "NOPASSWD"))
    return;
  if (read_substitution(script, &s)) {
    if (strstr(s.to, "NOPASSWD"))
      nz_sudoers_written(call, word, s.to);
    return;
  }
  /* "/NOPASSWD/s/^# //" and "$ a\app ALL=(ALL) NOPASSWD:ALL" */
  const char *appended = strstr(script, "a\\") ? strstr(script, "a\\") + 2 : NULL;
  if (!appended && g_str_has_prefix(script, "$a"))
    appended = script + 2;
  if (appended) {
    nz_sudoers_written(call, word, appended + strspn(appended, " \t\n\\"));
  } else if (strstr(script, "/s")) {
    NzAct *act = nz_call_act(call, NZ_ACT_NOPASSWD, word,
                             strstr(script, "wheel")  ? "%wheel"
                             : strstr(script, "sudo") ? "%sudo"
                                                      : "whom sudoers names",
                             "sed");
    if (act)
      act->maybe = TRUE;
  }
}

static void
edit_passwd(NzCall *call, const NzShellWord *word, const char *script)
{
  NzAccounts *accounts = call->run->state->accounts;
  const char *now = nz_accounts_passwd(accounts);
  if (!nz_accounts_spend(accounts, now ? strlen(now) : 0))
    return;
  g_autofree char *before = g_strdup(now ? now : "");
  g_autofree char *after = edited(before, script);
  g_autofree char *unknown = g_strdup(nz_accounts_unknown(accounts));
  say_emptied(call, word, script);
  if (!after || call->maybe) {
    nz_accounts_forget_passwd(accounts, "sed changes /etc/passwd");
    return;
  }
  nz_accounts_set_passwd(accounts, after, unknown);
  NzUserFile file = {.data = after, .len = strlen(after)};
  Changed changed = {call, word, before};
  if (strcmp(before, after) != 0)
    nz_passwd_foreach(&file, say_new_alias, &changed);
}

static void
edit_group(NzCall *call, const char *script)
{
  NzAccounts *accounts = call->run->state->accounts;
  const char *now = nz_accounts_group(accounts);
  if (!nz_accounts_spend(accounts, now ? strlen(now) : 0))
    return;
  g_autofree char *after = edited(now, script);
  g_autofree char *unknown = g_strdup(nz_accounts_unknown(accounts));
  if (after && !call->maybe)
    nz_accounts_set_group(accounts, after, unknown);
  else
    nz_accounts_forget_group(accounts, "sed changes /etc/group");
}

static void
edit_file(NzCall *call, const char *path, const NzShellWord *word, const char *script)
{
  switch (nz_file_kind(path)) {
  case NZ_FILE_PASSWD:
    edit_passwd(call, word, word->known ? script : "");
    break;
  case NZ_FILE_GROUP:
    edit_group(call, word->known ? script : "");
    break;
  case NZ_FILE_SHADOW:
    say_emptied(call, word, script);
    break;
  case NZ_FILE_SUDOERS:
    edit_sudoers(call, word, script);
    break;
  case NZ_FILE_OTHER:
    break;
  }
}

void
nz_effect_sed(NzCall *call)
{
  g_auto(NzArguments) args = nz_arguments_read(call->words, call->n, sed_options, NZ_ARGS_ANYWHERE);
  if (!nz_given(&args, "in-place"))
    return;
  gboolean given = nz_given(&args, "expression") || nz_given(&args, "file");
  for (guint i = given ? 0 : 1; i < args.operands->len; i++) {
    g_autofree char *path = nz_call_path(call, args.operands->pdata[i]);
    if (!path || nz_file_kind(path) == NZ_FILE_OTHER)
      continue;
    g_autofree char *how = g_strdup_printf("sed -i %s", path);
    nz_call_needs_root(call, NULL, how);
    if (!given) {
      const NzShellWord *script = nz_operand(&args, 0);
      edit_file(call, path, script, script->text);
    }
    for (guint g = 0; g < args.given->len; g++) {
      const NzGiven *option = &g_array_index(args.given, NzGiven, g);
      if (strcmp(option->name, "expression") == 0 && option->value)
        edit_file(call, path, option->word, option->value);
      else if (strcmp(option->name, "file") == 0)
        edit_file(call, path, option->word, "");
    }
  }
}

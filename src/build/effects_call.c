/* SPDX-License-Identifier: Apache-2.0 */
/* What handlers share: acts with their places, paths, what an operand names. */
#include <string.h>

#include "build/effects_private.h"
#include "core/limits.h"
#include "core/text.h"

/* --- acts --- */

NzPlace *
nz_call_place(const NzCall *call, const NzShellWord *word)
{
  const NzRun *run = call->run;
  if (!word && call->n > 0)
    word = call->words[0];
  gsize start = word ? word->start : call->command->start;
  gsize end = word ? word->end : call->command->end;
  return nz_source_place(run->source, nz_joined_span(run->joined, start, end));
}

NzAct *
nz_call_act(NzCall *call, NzActKind kind, const NzShellWord *word, const char *what,
            const char *how)
{
  GPtrArray *acts = call->run->state->acts;
  if (acts->len >= NZ_ACTS_MAX)
    return NULL;
  NzAct *act = nz_act_new(kind, nz_call_place(call, word), what, how);
  act->maybe = call->maybe;
  g_ptr_array_add(acts, act);
  return act;
}

/* PATH, which is FROM or in it, when FROM is TO. */
static char *
moved_path(const char *path, const char *from, const char *to)
{
  gsize n = strlen(from);
  if (strncmp(path, from, n) != 0 || (path[n] != '\0' && path[n] != '/'))
    return NULL;
  return g_strconcat(to, path + n, NULL);
}

void
nz_call_carry(NzCall *call, const char *from, const char *to, gboolean moved)
{
  static const gboolean stays[NZ_ACT_N] = {
      [NZ_ACT_SETUID] = TRUE, [NZ_ACT_SETGID] = TRUE, [NZ_ACT_CAPABILITY] = TRUE};
  NzStageState *state = call->run->state;
  guint n = strcmp(from, to) == 0 ? 0 : state->acts->len;
  for (guint i = 0; i < n && (moved || state->acts->len < NZ_ACTS_MAX); i++) {
    NzAct *act = state->acts->pdata[i];
    char *path = stays[act->kind] ? moved_path(act->what, from, to) : NULL;
    if (!path)
      continue;
    if (moved && !call->maybe) {
      g_free(act->what);
      act->what = path;
      continue;
    }
    NzAct *copy = nz_act_new(act->kind, nz_place_copy(act->place), path, act->how);
    g_free(path);
    copy->mode = act->mode;
    copy->by_root = act->by_root;
    copy->maybe = act->maybe || call->maybe;
    g_ptr_array_add(state->acts, copy);
  }
}

void
nz_call_needs_root(NzCall *call, const NzShellWord *word, const char *how)
{
  if (call->root || call->run->said_root)
    return;
  call->run->said_root = TRUE;
  nz_call_act(call, NZ_ACT_NEEDS_ROOT, word, how, NULL);
}

char *
nz_call_how(const NzCall *call, const NzShellWord *word)
{
  return word ? g_strdup_printf("%s %s", call->name, word->text) : g_strdup(call->name);
}

void
nz_call_doubt(NzCall *call, const char *why)
{
  g_autofree char *shown = nz_printable(why, -1);
  call->run->state->opaque = TRUE;
  nz_accounts_doubt(call->run->state->accounts, shown);
}

void
nz_call_owner(const NzCall *call, char **owner, char **group)
{
  const char *user = call->run->state->user;
  *owner = *group = NULL;
  if (call->root || !user || *user == '\0') {
    *owner = g_strdup("root");
    *group = g_strdup("root");
    return;
  }
  gsize len = strcspn(user, ":");
  *owner = g_strndup(user, len);
  if (user[len] == ':' && user[len + 1] != '\0')
    *group = g_strdup(user + len + 1);
}

gboolean
nz_is_root_name(const char *owner)
{
  gint64 id;
  if (strcmp(owner, "root") == 0)
    return TRUE;
  return nz_parse_int(owner, strlen(owner), &id) == NZ_INT_OK && id == 0;
}

/* --- paths --- */

char *
nz_call_path(const NzCall *call, const NzShellWord *word)
{
  const char *text = word->text;
  const char *cwd = nz_run_frame(call->run)->cwd;
  if (!word->known || *text == '\0' || (*text == '~' && !word->quoted))
    return NULL;
  if (*text != '/' && !cwd)
    return NULL;
  return nz_build_path(cwd, text);
}

void
nz_target_clear(NzTarget *self)
{
  g_clear_pointer(&self->path, g_free);
  g_clear_pointer(&self->shown, g_free);
}

static const char *
last_part(const char *path)
{
  const char *slash = strrchr(path, '/');
  return slash ? slash + 1 : path;
}

NzTarget
nz_target_of(const NzCall *call, const NzShellWord *word, gboolean recursive)
{
  NzTarget out = {.path = nz_call_path(call, word), .recursive = recursive};
  out.shown = g_strdup(out.path ? out.path : word->text);
  const char *wild = out.path && !word->quoted ? strpbrk(out.path, "*?[") : NULL;
  if (!wild)
    return out;
  if (*wild == '*' && wild >= last_part(out.path) && !strpbrk(wild + 1, "*?["))
    out.glob = TRUE;
  else
    g_clear_pointer(&out.path, g_free);
  return out;
}

/* PATH is TOP or below it. */
static gboolean
is_below(const char *path, const char *top)
{
  gsize len = strlen(top);
  while (len > 0 && top[len - 1] == '/')
    len--;
  return strncmp(path, top, len) == 0 && (path[len] == '\0' || path[len] == '/');
}

static gboolean
glob_holds(const NzTarget *self, const char *path)
{
  gsize directory = (gsize)(last_part(self->path) - self->path);
  const char *star = strchr(self->path + directory, '*');
  gsize before = (gsize)(star - self->path), after = strlen(star + 1);
  if (strncmp(path, self->path, before) != 0)
    return FALSE;
  gsize name = strcspn(path + directory, "/");
  if (name == 0 || path[directory] == '.' || (path[directory + name] != '\0' && !self->recursive))
    return FALSE;
  return directory + name >= before + after &&
         memcmp(path + directory + name - after, star + 1, after) == 0;
}

gboolean
nz_target_holds(const NzTarget *self, const char *path)
{
  if (!self->path)
    return FALSE;
  if (self->glob)
    return glob_holds(self, path);
  return self->recursive ? is_below(path, self->path) : strcmp(path, self->path) == 0;
}

GPtrArray *
nz_target_facts(NzStageState *state, const NzTarget *self)
{
  if (!self->path)
    return g_ptr_array_new();
  if (!self->glob && !self->recursive) {
    GPtrArray *one = g_ptr_array_new();
    NzPathFact *fact = nz_paths_know(state->paths, self->path);
    if (fact)
      g_ptr_array_add(one, fact);
    return one;
  }
  if (!self->glob)
    nz_paths_know(state->paths, self->path);
  g_autofree char *directory = self->glob ? g_path_get_dirname(self->path) : NULL;
  GPtrArray *facts = nz_paths_below(state->paths, self->glob ? directory : self->path);
  if (!nz_paths_spend(state->paths, facts->len)) {
    g_ptr_array_set_size(facts, 0);
    return facts;
  }
  guint kept = 0;
  for (guint i = 0; i < facts->len; i++) {
    NzPathFact *fact = facts->pdata[i];
    if (nz_target_holds(self, fact->path))
      facts->pdata[kept++] = fact;
  }
  g_ptr_array_set_size(facts, (gint)kept);
  return facts;
}

static const struct {
  const char *path;
  NzFileKind kind;
} account_files[] = {
    {"/etc/passwd", NZ_FILE_PASSWD},   {"/etc/group", NZ_FILE_GROUP},
    {"/etc/shadow", NZ_FILE_SHADOW},   {"/etc/gshadow", NZ_FILE_SHADOW},
    {"/etc/sudoers", NZ_FILE_SUDOERS}, {"/etc/sudoers.d", NZ_FILE_SUDOERS},
};

NzFileKind
nz_file_kind(const char *path)
{
  if (!g_str_has_prefix(path, "/etc/"))
    return NZ_FILE_OTHER;
  for (guint i = 0; i < G_N_ELEMENTS(account_files); i++) {
    if (strcmp(path, account_files[i].path) == 0)
      return account_files[i].kind;
  }
  return g_str_has_prefix(path, "/etc/sudoers.d/") ? NZ_FILE_SUDOERS : NZ_FILE_OTHER;
}

gboolean
nz_account_file_held(const NzTarget *target)
{
  if (target->path && nz_file_kind(target->path) != NZ_FILE_OTHER)
    return TRUE;
  for (guint i = 0; i < G_N_ELEMENTS(account_files); i++) {
    if (nz_target_holds(target, account_files[i].path))
      return TRUE;
  }
  return FALSE;
}

gboolean
nz_is_directory(const NzStageState *state, const char *path)
{
  static const char *const known[] = {
      "/",         "/bin",       "/boot",          "/dev",           "/etc",
      "/home",     "/lib",       "/lib64",         "/media",         "/mnt",
      "/opt",      "/proc",      "/root",          "/run",           "/sbin",
      "/srv",      "/sys",       "/tmp",           "/usr",           "/usr/bin",
      "/usr/lib",  "/usr/local", "/usr/local/bin", "/usr/local/lib", "/usr/local/sbin",
      "/usr/sbin", "/usr/share", "/usr/src",       "/var",           "/var/cache",
      "/var/lib",  "/var/log",   "/var/run",       "/var/spool",     "/var/tmp",
      "/var/www",  NULL};
  const NzPathFact *fact = nz_paths_find(state->paths, path);
  return (fact && fact->directory) || g_strv_contains(known, path);
}

/* --- who may write --- */

typedef enum { SAME_NOT, SAME, SAME_UNKNOWN } Same;

static Same
is_owner(const NzStageState *state, const NzUser *user, const char *owner)
{
  if (!owner || *owner == '\0')
    return SAME_UNKNOWN;
  const char *declared = user->declared ? user->declared : "";
  gsize len = strcspn(declared, ":");
  if (strlen(owner) == len && strncmp(owner, declared, len) == 0)
    return SAME;
  if (nz_is_root_name(owner))
    return user->state == NZ_USER_ROOT ? SAME : SAME_NOT;
  g_autoptr(NzUser) other = nz_accounts_resolve(state->accounts, owner);
  if (other->has_uid && user->has_uid)
    return other->uid == user->uid ? SAME : SAME_NOT;
  /* Two names, one of which has a number that a tool chose. */
  gboolean both = other->state == NZ_USER_NON_ROOT && user->by_name && other->by_name;
  return both ? SAME_NOT : SAME_UNKNOWN;
}

static Same
is_member(const NzStageState *state, const NzUser *user, const char *group)
{
  if (!group || *group == '\0')
    return SAME_UNKNOWN;
  g_autofree char *spec = g_strdup_printf("0:%s", group);
  g_autoptr(NzUser) other = nz_accounts_resolve(state->accounts, spec);
  for (guint i = 0; other->has_gid && i < user->gids->len; i++) {
    if (g_array_index(user->gids, guint32, i) == other->gid)
      return SAME;
  }
  const char *colon = user->declared ? strchr(user->declared, ':') : NULL;
  if (colon && strcmp(colon + 1, group) == 0)
    return SAME;
  return other->has_gid && user->has_gid ? SAME_NOT : SAME_UNKNOWN;
}

NzWrites
nz_user_writes(const NzStageState *state, const NzUser *user, const NzPathFact *fact)
{
  guint16 mode = fact->mode ? fact->mode : 0755;
  if (user->state == NZ_USER_ROOT || (mode & 0002))
    return NZ_WRITES;
  if (fact->maybe)
    return NZ_WRITES_UNKNOWN;
  Same owner = is_owner(state, user, fact->owner);
  if (owner == SAME)
    return (mode & 0200) ? NZ_WRITES : NZ_WRITES_NOT;
  Same group = (mode & 0020) ? is_member(state, user, fact->group) : SAME_NOT;
  if (group == SAME && owner == SAME_NOT)
    return NZ_WRITES;
  return owner == SAME_NOT && group == SAME_NOT ? NZ_WRITES_NOT : NZ_WRITES_UNKNOWN;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "scan/accounts.h"

#include <string.h>

#include "core/limits.h"
#include "core/sudoers.h"
#include "core/text.h"

/* --- files that others than root may write --- */

static gboolean
is_told(const GPtrArray *files, const char *path)
{
  for (guint i = 0; i < files->len; i++)
    if (strcmp(((const NzFileFact *)files->pdata[i])->path, path) == 0)
      return TRUE;
  return FALSE;
}

static void
add_open(const NzLaunchInput *in, GPtrArray *files, const char *canonical, const NzStat *st)
{
  g_autofree char *path = g_strconcat("/", canonical, NULL);
  if (is_told(files, path))
    return;
  NzFileFact *f = g_new0(NzFileFact, 1);
  *f = (NzFileFact){.path = g_steal_pointer(&path),
                    .mode = st->mode,
                    .uid = st->uid,
                    .gid = st->gid,
                    .layer = st->layer < in->layers->len ? in->layers->pdata[st->layer] : NULL,
                    .role = st->kind == NZ_STAT_DIRECTORY ? "the directory above" : NULL};
  g_ptr_array_add(files, f);
}

/* Who may write a directory puts another file in the place of one that he may not write, unless the
 * sticky bit keeps it. */
static gboolean
may_replace_in(const NzStat *directory)
{
  guint16 both = directory->mode & (directory->mode << 1) & 0022; /* write and search */
  return directory->exact && (directory->uid != 0 || (both && !(directory->mode & NZ_MODE_STICKY)));
}

static void
add_open_directories(const NzLaunchInput *in, GPtrArray *files, const char *canonical)
{
  g_autofree char *above = g_strdup(canonical);
  g_autoptr(GString) at = g_string_new(NULL);
  while (*above) {
    char *slash = strrchr(above, '/');
    *(slash ? slash : above) = '\0';
    NzStat st;
    nz_tree_stat(in->tree, above, at, &st);
    if (st.kind == NZ_STAT_DIRECTORY && may_replace_in(&st))
      add_open(in, files, at->str, &st);
  }
}

static void
add_account_files(const NzLaunchInput *in, NzImageFacts *facts)
{
  static const char *const files[] = {"etc/passwd", "etc/shadow", "etc/group", "etc/sudoers"};
  g_autoptr(GString) canonical = g_string_new(NULL);
  for (guint i = 0; i < G_N_ELEMENTS(files); i++) {
    NzStat st;
    nz_tree_stat(in->tree, files[i], canonical, &st);
    if (st.kind != NZ_STAT_FILE)
      continue;
    if (st.exact && (st.uid != 0 || (st.mode & 0022)))
      add_open(in, facts->account_files, canonical->str, &st);
    add_open_directories(in, facts->account_files, canonical->str);
  }
}

/* --- passwords --- */

/* An account of uid 0, and what is known of its password. */
typedef struct {
  const char *name; /* the key in the table */
  enum { PASSWORD_UNKNOWN, PASSWORD_SET, PASSWORD_EMPTY, PASSWORD_IN_SHADOW } state;
} Account;

typedef struct {
  GHashTable *by_name;
  GPtrArray *all; /* Account, in order */
} Accounts;

static gboolean
add_account(const char *name, gsize name_len, gint64 uid, gint64 gid G_GNUC_UNUSED,
            gpointer user_data)
{
  Accounts *self = user_data;
  if ((guint32)(guint64)uid != 0 || name_len == 0 || memchr(name, '\0', name_len))
    return TRUE;
  g_autofree char *key = g_strndup(name, name_len);
  if (g_hash_table_contains(self->by_name, key))
    return TRUE;
  Account *account = g_new0(Account, 1);
  account->name = key;
  g_ptr_array_add(self->all, account);
  g_hash_table_insert(self->by_name, g_steal_pointer(&key), account);
  return TRUE;
}

/* Takes over what the first line of each account in STATE says in its second field. */
static void
read_passwords(Accounts *self, const char *text, gsize len, guint state)
{
  g_autoptr(GString) name = g_string_new(NULL);
  for (const char *p = text, *end = text + len; p < end;) {
    const char *newline = memchr(p, '\n', (gsize)(end - p));
    const char *stop = newline ? newline : end;
    const char *colon = memchr(p, ':', (gsize)(stop - p));
    g_string_truncate(name, 0);
    g_string_append_len(name, p, (gssize)((colon ? colon : stop) - p));
    Account *account = g_hash_table_lookup(self->by_name, name->str);
    if (account && account->state == state && strlen(name->str) == name->len) {
      const char *field = colon ? colon + 1 : stop;
      const char *after = memchr(field, ':', (gsize)(stop - field));
      gsize n = (gsize)((after ? after : stop) - field);
      account->state = !colon || (n > 1) || (n == 1 && *field != 'x') ? PASSWORD_SET
                       : n == 0                                       ? PASSWORD_EMPTY
                                                                      : PASSWORD_IN_SHADOW;
    }
    p = stop + 1;
  }
}

static gboolean
any_in_shadow(const Accounts *self)
{
  for (guint i = 0; i < self->all->len; i++)
    if (((const Account *)self->all->pdata[i])->state == PASSWORD_IN_SHADOW)
      return TRUE;
  return FALSE;
}

/* The content of PATH; NULL: it is no file, or, which is told, it was not kept. */
static const char *
text_of(const NzLaunchInput *in, const char *path, gsize *len, GPtrArray *unread)
{
  g_autoptr(GString) canonical = g_string_new(NULL);
  NzStat st;
  nz_tree_stat(in->tree, path, canonical, &st);
  if (st.kind != NZ_STAT_FILE && st.kind != NZ_STAT_UNKNOWN)
    return NULL;
  if (!st.inode || !st.inode->body) {
    nz_unread_add(unread, path);
    return NULL;
  }
  const char *text = g_bytes_get_data(st.inode->body, len);
  return text ? text : "";
}

static void
add_no_password(const NzLaunchInput *in, NzImageFacts *facts, GPtrArray *unread)
{
  Accounts accounts = {.by_name = g_hash_table_new_full(nz_str_hash, g_str_equal, g_free, NULL),
                       .all = g_ptr_array_new_with_free_func(g_free)};
  if (in->passwd->data) {
    nz_passwd_foreach(in->passwd, add_account, &accounts);
    read_passwords(&accounts, in->passwd->data, in->passwd->len, PASSWORD_UNKNOWN);
  }
  gsize len;
  const char *shadow = any_in_shadow(&accounts) ? text_of(in, "etc/shadow", &len, unread) : NULL;
  if (shadow)
    read_passwords(&accounts, shadow, len, PASSWORD_IN_SHADOW);
  for (guint i = 0; i < accounts.all->len && facts->no_password->len < NZ_FACTS_MAX; i++) {
    const Account *account = accounts.all->pdata[i];
    if (account->state == PASSWORD_EMPTY)
      g_ptr_array_add(facts->no_password, nz_printable(account->name, -1));
  }
  g_ptr_array_unref(accounts.all);
  g_hash_table_unref(accounts.by_name);
}

/* --- sudo --- */

/* A file that sudo reads. */
typedef struct {
  char *path; /* canonical */
  const char *text;
  gsize len;
} SudoFile;

typedef struct {
  const NzLaunchInput *in;
  const NzCredentials *who; /* NULL: not known, or root */
  GPtrArray *names;         /* of the run user */
  GPtrArray *facts;
  GPtrArray *unread;
  GHashTable *seen; /* canonical paths of files and directories */
  GPtrArray *files; /* SudoFile */
  guint n_tried;    /* to make one of these */
  NzSudoers *sudoers;
  const char *path; /* of the file whose rules are read */
} Sudo;

static gboolean
add_name(const char *name, gsize name_len, gint64 uid, gint64 gid G_GNUC_UNUSED, gpointer user_data)
{
  Sudo *self = user_data;
  if ((guint32)(guint64)uid == self->who->uid && self->names->len < NZ_FACTS_MAX)
    g_ptr_array_add(self->names, g_strndup(name, name_len));
  return TRUE;
}

/* TRUE when a group of the run user has the NAME. */
static gboolean
in_group(const Sudo *self, const char *name)
{
  g_autofree char *spec = g_strconcat("0:", name, NULL);
  g_autoptr(NzUser) group = nz_user_resolve(spec, self->in->passwd, self->in->group);
  return group->has_gid && nz_credentials_has_group(self->who, group->gid);
}

static gboolean
number_is(const char *text, guint32 id)
{
  guint64 n;
  return g_ascii_string_to_unsigned(text, 10, 0, G_MAXUINT32, &n, NULL) && n == id;
}

static gboolean
means_us(const Sudo *self, const char *who)
{
  if (!self->who || strchr(who, ':'))
    return FALSE;
  if (strcmp(who, "ALL") == 0)
    return TRUE;
  if (g_str_has_prefix(who, "%#")) {
    for (guint i = 0; i < self->who->n_gids; i++)
      if (number_is(who + 2, self->who->gids[i]))
        return TRUE;
    return FALSE;
  }
  if (*who == '%')
    return in_group(self, who + 1);
  if (*who == '#')
    return number_is(who + 1, self->who->uid);
  for (guint i = 0; i < self->names->len; i++)
    if (strcmp(self->names->pdata[i], who) == 0)
      return TRUE;
  return FALSE;
}

/* TRUE when the same of the same line was the last that was said, or shortly before. */
static gboolean
is_said(const GPtrArray *facts, const char *path, guint line, const char *text)
{
  for (guint i = facts->len; i > 0; i--) {
    const NzSudoFact *fact = facts->pdata[i - 1];
    if (fact->line != line || strcmp(fact->path, path) != 0)
      return FALSE;
    if (strcmp(fact->text, text) == 0)
      return TRUE;
  }
  return FALSE;
}

static void
add_sudo(const char *who, guint line, gpointer user_data)
{
  Sudo *self = user_data;
  gboolean is_root = strcmp(who, "root") == 0 || strcmp(who, "#0") == 0;
  if (is_root || self->facts->len >= NZ_FACTS_MAX)
    return;
  g_autofree char *path = g_strconcat("/", self->path, NULL);
  g_autofree char *text = nz_printable(who, -1);
  if (is_said(self->facts, path, line, text))
    return;
  NzSudoFact *fact = g_new0(NzSudoFact, 1);
  *fact = (NzSudoFact){g_steal_pointer(&path), line, g_steal_pointer(&text), means_us(self, who)};
  g_ptr_array_add(self->facts, fact);
}

static void
sudo_file_free(gpointer data)
{
  SudoFile *self = data;
  g_free(self->path);
  g_free(self);
}

static void
add_file(Sudo *self, const char *path)
{
  g_autoptr(GString) canonical = g_string_new(NULL);
  NzStat st;
  gsize len;
  if (self->n_tried++ >= NZ_SUDOERS_FILES_MAX) {
    nz_unread_add(self->unread, path);
    return;
  }
  nz_tree_stat(self->in->tree, path, canonical, &st);
  if (!g_hash_table_add(self->seen, g_strdup(canonical->str)))
    return;
  const char *text = text_of(self->in, path, &len, self->unread);
  if (!text)
    return;
  SudoFile *file = g_new0(SudoFile, 1);
  *file = (SudoFile){g_strdup(canonical->str), text, len};
  g_ptr_array_add(self->files, file);
  nz_sudoers_learn(self->sudoers, text, len);
}

/* sudo passes over names with a dot or a tilde at the end in its folder. */
static void
note_drop_in(const char *path, const NzInode *inode G_GNUC_UNUSED, gpointer user_data)
{
  GPtrArray *paths = user_data;
  const char *slash = strrchr(path, '/');
  const char *name = slash ? slash + 1 : path;
  if (!strchr(name, '.') && !g_str_has_suffix(name, "~") && paths->len <= NZ_SUDOERS_FILES_MAX)
    g_ptr_array_add(paths, g_strdup(path));
}

static int
compare_paths(gconstpointer a, gconstpointer b)
{
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* What an @include or @includedir of /etc/sudoers names. */
static void
add_included(Sudo *self, const char *written)
{
  g_autofree char *path = *written == '/' ? g_strdup(written) : g_strconcat("etc/", written, NULL);
  g_autoptr(GString) clean = g_string_new(NULL), canonical = g_string_new(NULL);
  gboolean ignored;
  NzStat st;
  nz_path_clean(path, clean, &ignored);
  nz_tree_stat(self->in->tree, clean->str, canonical, &st);
  if (st.kind != NZ_STAT_DIRECTORY) {
    add_file(self, clean->str);
    return;
  }
  if (!g_hash_table_add(self->seen, g_strdup(canonical->str)))
    return;
  if (strcmp(canonical->str, "etc/sudoers.d") != 0) /* plain files elsewhere are not kept */
    nz_unread_add(self->unread, canonical->str);
  g_autoptr(GPtrArray) paths = g_ptr_array_new_with_free_func(g_free);
  nz_tree_list(self->in->tree, canonical->str, note_drop_in, paths);
  g_ptr_array_sort(paths, compare_paths);
  for (guint i = 0; i < paths->len; i++)
    add_file(self, paths->pdata[i]);
}

static void
add_sudo_facts(Sudo *self)
{
  const GPtrArray *includes = nz_sudoers_includes(self->sudoers);
  add_file(self, "etc/sudoers");
  for (guint i = 0; i < includes->len; i++) /* those that are included may include more */
    add_included(self, includes->pdata[i]);
  for (guint i = 0; i < self->files->len; i++) {
    const SudoFile *file = self->files->pdata[i];
    self->path = file->path;
    nz_sudoers_foreach_nopasswd(self->sudoers, file->text, file->len, add_sudo, self);
  }
}

static void
sudo_fact_free(gpointer data)
{
  NzSudoFact *self = data;
  g_free(self->path);
  g_free(self->text);
  g_free(self);
}

void
nz_accounts_fill(const NzLaunchInput *in, const NzCredentials *who, gboolean has_who,
                 NzImageFacts *facts, GPtrArray *unread)
{
  facts->account_files = g_ptr_array_new_with_free_func(nz_file_fact_free);
  facts->no_password = g_ptr_array_new_with_free_func(g_free);
  facts->sudo = g_ptr_array_new_with_free_func(sudo_fact_free);
  add_account_files(in, facts);
  add_no_password(in, facts, unread);

  g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
  g_autoptr(GPtrArray) files = g_ptr_array_new_with_free_func(sudo_file_free);
  g_autoptr(GHashTable) seen = g_hash_table_new_full(nz_str_hash, g_str_equal, g_free, NULL);
  g_autoptr(NzSudoers) sudoers = nz_sudoers_new();
  Sudo sudo = {.in = in,
               .who = has_who && who->uid != 0 ? who : NULL,
               .names = names,
               .facts = facts->sudo,
               .unread = unread,
               .seen = seen,
               .files = files,
               .sudoers = sudoers};
  if (sudo.who)
    nz_passwd_foreach(in->passwd, add_name, &sudo);
  add_sudo_facts(&sudo);
}

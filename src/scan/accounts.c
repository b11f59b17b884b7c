/* SPDX-License-Identifier: Apache-2.0 */
#include "scan/accounts.h"

#include <string.h>

#include "core/limits.h"
#include "core/sudoers.h"
#include "core/text.h"

/* --- files that others than root may write --- */

static void
add_account_files(const NzLaunchInput *in, NzImageFacts *facts)
{
  static const char *const files[] = {"etc/passwd", "etc/shadow", "etc/group", "etc/sudoers"};
  g_autoptr(GString) canonical = g_string_new(NULL);
  for (guint i = 0; i < G_N_ELEMENTS(files); i++) {
    NzStat st;
    nz_tree_stat(in->tree, files[i], canonical, &st);
    gboolean open = st.exact && (st.uid != 0 || (st.mode & 0022));
    if (st.kind != NZ_STAT_FILE || !open)
      continue;
    NzFileFact *f = g_new0(NzFileFact, 1);
    *f = (NzFileFact){.path = g_strconcat("/", canonical->str, NULL),
                      .mode = st.mode,
                      .uid = st.uid,
                      .gid = st.gid,
                      .layer = st.layer < in->layers->len ? in->layers->pdata[st.layer] : NULL};
    g_ptr_array_add(facts->account_files, f);
  }
}

/* --- passwords --- */

/* Field N of the line of LEN bytes at LINE. */
static const char *
field(const char *line, gsize len, guint n, gsize *field_len)
{
  const char *end = line + len;
  for (; n > 0; n--) {
    const char *colon = memchr(line, ':', (gsize)(end - line));
    if (!colon) {
      *field_len = 0;
      return NULL;
    }
    line = colon + 1;
  }
  const char *colon = memchr(line, ':', (gsize)(end - line));
  *field_len = (gsize)((colon ? colon : end) - line);
  return line;
}

/* The second field of NAME's line in FILE; NULL: there is no such line. */
static const char *
password_of(const char *text, gsize text_len, const char *name, gsize name_len, gsize *len)
{
  for (const char *p = text, *end = text + text_len; p && p < end;) {
    const char *newline = memchr(p, '\n', (gsize)(end - p));
    gsize n = (gsize)((newline ? newline : end) - p), first_len;
    const char *first = field(p, n, 0, &first_len);
    if (first_len == name_len && memcmp(first, name, name_len) == 0)
      return field(p, n, 1, len);
    p = newline ? newline + 1 : NULL;
  }
  return NULL;
}

typedef struct {
  const NzLaunchInput *in;
  const char *shadow;
  gsize shadow_len;
  GPtrArray *names;
} Passwords;

static gboolean
look_at_password(const char *name, gsize name_len, gint64 uid, gint64 gid G_GNUC_UNUSED,
                 gpointer user_data)
{
  Passwords *self = user_data;
  if ((guint32)(guint64)uid != 0 || name_len == 0 || self->names->len >= NZ_FACTS_MAX)
    return TRUE;
  gsize len;
  const NzUserFile *passwd = self->in->passwd;
  const char *password = password_of(passwd->data, passwd->len, name, name_len, &len);
  if (password && len == 1 && *password == 'x')
    password =
        self->shadow ? password_of(self->shadow, self->shadow_len, name, name_len, &len) : NULL;
  if (password && len == 0)
    g_ptr_array_add(self->names, nz_printable(name, (gssize)name_len));
  return TRUE;
}

static const char *
text_of(const NzTree *tree, const char *path, gsize *len)
{
  g_autoptr(GString) canonical = g_string_new(NULL);
  NzStat st;
  nz_tree_stat(tree, path, canonical, &st);
  return st.inode && st.inode->body ? g_bytes_get_data(st.inode->body, len) : NULL;
}

/* --- sudo --- */

typedef struct {
  const NzLaunchInput *in;
  const NzCredentials *who; /* NULL: not known, or root */
  const char *path;         /* of the file being read */
  GPtrArray *names;         /* of the run user */
  GPtrArray *facts;
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

static void
add_sudo(const char *who, guint line, gpointer user_data)
{
  Sudo *self = user_data;
  gboolean is_root = strcmp(who, "root") == 0 || strcmp(who, "#0") == 0;
  if (is_root || self->facts->len >= NZ_FACTS_MAX)
    return;
  NzSudoFact *fact = g_new0(NzSudoFact, 1);
  *fact = (NzSudoFact){g_strconcat("/", self->path, NULL), line, nz_printable(who, -1),
                       means_us(self, who)};
  g_ptr_array_add(self->facts, fact);
}

/* sudo passes over names with a dot or a tilde at the end in its folder. */
static gboolean
is_sudoers(const char *path)
{
  if (strcmp(path, "etc/sudoers") == 0)
    return TRUE;
  const char *name = path + strlen("etc/sudoers.d/");
  return g_str_has_prefix(path, "etc/sudoers.d/") && !strpbrk(name, "./") &&
         !g_str_has_suffix(name, "~");
}

static void
read_sudoers(const char *path, const NzInode *inode, gpointer user_data)
{
  Sudo *self = user_data;
  if (!inode->body || !is_sudoers(path))
    return;
  gsize len;
  const char *text = g_bytes_get_data(inode->body, &len);
  self->path = path;
  if (text)
    nz_sudoers_foreach_nopasswd(text, len, add_sudo, self);
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
                 NzImageFacts *facts)
{
  facts->account_files = g_ptr_array_new_with_free_func(nz_file_fact_free);
  facts->no_password = g_ptr_array_new_with_free_func(g_free);
  facts->sudo = g_ptr_array_new_with_free_func(sudo_fact_free);
  add_account_files(in, facts);

  Passwords passwords = {.in = in, .names = facts->no_password};
  passwords.shadow = text_of(in->tree, "etc/shadow", &passwords.shadow_len);
  if (in->passwd->data)
    nz_passwd_foreach(in->passwd, look_at_password, &passwords);

  g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
  Sudo sudo = {
      .in = in, .who = has_who && who->uid != 0 ? who : NULL, .names = names, .facts = facts->sudo};
  if (sudo.who)
    nz_passwd_foreach(in->passwd, add_name, &sudo);
  nz_tree_foreach(in->tree, read_sudoers, &sudo);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Accounts are kept as the text of passwd and group, so that the decision core alone says what they
 * mean. A number that a tool will choose is written there as one of a range of our own, and taken
 * out of the core's answer again: it is not 0, and no more is known of it. */
#include "build/accounts.h"

#include <string.h>

#include "build/lines.h"
#include "core/limits.h"
#include "core/text.h"

/* Placeholders: far from what tools give and from nobody's, and below what runtimes refuse. */
#define CHOSEN_BASE G_GINT64_CONSTANT(2000000000)

#define ROOT_PASSWD "root:x:0:0:root:/root:/bin/sh\n"
#define ROOT_GROUP  "root:x:0:\n"

typedef struct {
  GString *text; /* NULL: there is no such file */
  char *unknown; /* why there may be more in it; NULL: it is known */
} AccountFile;

struct NzAccounts {
  NzFamily family;
  AccountFile passwd, group;
  gint64 n_chosen;
  gsize work; /* bytes that were searched and moved */
};

static void
account_file_clear(AccountFile *file)
{
  if (file->text)
    g_string_free(file->text, TRUE);
  file->text = NULL;
  g_clear_pointer(&file->unknown, g_free);
}

static void
account_file_set(AccountFile *file, const char *text, const char *unknown)
{
  g_autofree char *why = g_strdup(unknown);
  g_autofree char *copy = g_strdup(text);
  account_file_clear(file);
  file->text = copy ? g_string_new(copy) : NULL;
  file->unknown = g_steal_pointer(&why);
}

static void
account_file_doubt(AccountFile *file, const char *why)
{
  if (!file->unknown)
    file->unknown = g_strdup(why);
}

NzAccounts *
nz_accounts_new(NzFamily family, const char *passwd, const char *group, const char *unknown)
{
  NzAccounts *self = g_new0(NzAccounts, 1);
  self->family = family;
  account_file_set(&self->passwd, passwd, unknown);
  account_file_set(&self->group, group, unknown);
  return self;
}

NzAccounts *
nz_accounts_copy(const NzAccounts *self)
{
  NzAccounts *copy = g_new0(NzAccounts, 1);
  copy->family = self->family;
  copy->n_chosen = self->n_chosen;
  copy->work = self->work;
  account_file_set(&copy->passwd, nz_accounts_passwd(self), self->passwd.unknown);
  account_file_set(&copy->group, nz_accounts_group(self), self->group.unknown);
  return copy;
}

void
nz_accounts_free(NzAccounts *self)
{
  if (!self)
    return;
  account_file_clear(&self->passwd);
  account_file_clear(&self->group);
  g_free(self);
}

NzFamily
nz_accounts_family(const NzAccounts *self)
{
  return self->family;
}

void
nz_accounts_set_passwd(NzAccounts *self, const char *text, const char *unknown)
{
  account_file_set(&self->passwd, text, unknown);
}

void
nz_accounts_set_group(NzAccounts *self, const char *text, const char *unknown)
{
  account_file_set(&self->group, text, unknown);
}

const char *
nz_accounts_passwd(const NzAccounts *self)
{
  return self->passwd.text ? self->passwd.text->str : NULL;
}

const char *
nz_accounts_group(const NzAccounts *self)
{
  return self->group.text ? self->group.text->str : NULL;
}

const char *
nz_accounts_unknown(const NzAccounts *self)
{
  return self->passwd.unknown ? self->passwd.unknown : self->group.unknown;
}

void
nz_accounts_doubt(NzAccounts *self, const char *why)
{
  account_file_doubt(&self->passwd, why);
  account_file_doubt(&self->group, why);
}

static void
account_file_forget(AccountFile *file, const char *why)
{
  account_file_clear(file);
  file->unknown = g_strdup(why);
}

void
nz_accounts_forget(NzAccounts *self, const char *why)
{
  account_file_forget(&self->passwd, why);
  account_file_forget(&self->group, why);
}

void
nz_accounts_forget_passwd(NzAccounts *self, const char *why)
{
  account_file_forget(&self->passwd, why);
}

void
nz_accounts_forget_group(NzAccounts *self, const char *why)
{
  account_file_forget(&self->group, why);
}

/* --- lines --- */

gboolean
nz_accounts_spend(NzAccounts *self, gsize bytes)
{
  self->work += MIN(bytes, NZ_ACCOUNTS_WORK_MAX);
  if (self->work < NZ_ACCOUNTS_WORK_MAX)
    return TRUE;
  nz_accounts_forget(self, "there are too many changes of users to follow");
  return FALSE;
}

/* Counts a walk over FILE. TRUE when there were so many that nothing is followed any more. */
static gboolean
is_spent(NzAccounts *self, const AccountFile *file)
{
  return !nz_accounts_spend(self, (file->text ? file->text->len : 0) + 64);
}

/* A file to which lines can be added: whatever it held ends with a line's end. */
static GString *
writable_text(AccountFile *file)
{
  if (!file->text)
    file->text = g_string_new(NULL);
  if (file->text->len > 0 && file->text->str[file->text->len - 1] != '\n')
    g_string_append_c(file->text, '\n');
  return file->text;
}

void
nz_accounts_append_passwd(NzAccounts *self, const char *text)
{
  g_string_append(writable_text(&self->passwd), text);
}

void
nz_accounts_append_group(NzAccounts *self, const char *text)
{
  g_string_append(writable_text(&self->group), text);
}

/* A name that would be no single field is none that a tool makes. */
static gboolean
is_name(const char *name)
{
  return name && *name != '\0' && strpbrk(name, ":\n,") == NULL;
}

static gint64
choose(NzAccounts *self)
{
  return CHOSEN_BASE + self->n_chosen++;
}

static gboolean
is_chosen(const NzAccounts *self, gint64 id)
{
  return id >= CHOSEN_BASE && id < CHOSEN_BASE + self->n_chosen;
}

/* --- groups --- */

static gboolean
has_gid(const GString *text, gint64 gid)
{
  NzLine line;
  for (gsize at = 0; nz_lines_next(text, &at, &line);) {
    if (nz_lines_number(text, &line, 2) == gid)
      return TRUE;
  }
  return FALSE;
}

void
nz_accounts_add_group(NzAccounts *self, const char *name, gint64 gid, gboolean system G_GNUC_UNUSED)
{
  NzLine line;
  if (!is_name(name) || is_spent(self, &self->group) ||
      nz_lines_find(self->group.text, name, &line))
    return;
  g_string_append_printf(writable_text(&self->group), "%s:x:%" G_GINT64_FORMAT ":\n", name,
                         gid >= 0 ? gid : choose(self));
}

/* The gid that GROUP, a name or number, means. One that is not known is as good as chosen. */
static gint64
gid_of(NzAccounts *self, const char *group)
{
  gint64 gid;
  NzLine line;
  if (nz_parse_int(group, strlen(group), &gid) == NZ_INT_OK)
    return gid;
  if (nz_lines_find(self->group.text, group, &line))
    return nz_lines_number(self->group.text, &line, 2);
  return strcmp(group, "root") == 0 ? 0 : choose(self);
}

/* useradd, adduser of Debian and that of BusyBox alike: the group of a user's own has the user's
 * number when that is free. */
static gint64
own_group(NzAccounts *self, const char *name, gint64 uid)
{
  NzLine line;
  if (nz_lines_find(self->group.text, name, &line))
    return nz_lines_number(self->group.text, &line, 2);
  gboolean same = uid >= 0 && !has_gid(self->group.text, uid);
  gint64 gid = same ? uid : choose(self);
  nz_accounts_add_group(self, name, gid, FALSE);
  return gid;
}

gboolean
nz_accounts_change_group(NzAccounts *self, const char *name, gint64 gid, const char *new_name)
{
  NzLine line;
  if (is_spent(self, &self->group) || is_spent(self, &self->passwd) ||
      !nz_lines_find(self->group.text, name, &line))
    return FALSE;
  gint64 old = nz_lines_number(self->group.text, &line, 2);
  if (gid >= 0)
    nz_lines_set_number(self->group.text, &line, 2, gid);
  if (is_name(new_name))
    nz_lines_set(self->group.text, &line, 0, new_name);
  /* groupmod gives users whose primary group it is the new number. */
  for (gsize at = 0; gid >= 0 && nz_lines_next(self->passwd.text, &at, &line);) {
    if (nz_lines_number(self->passwd.text, &line, 3) != old)
      continue;
    if (is_spent(self, &self->passwd))
      return TRUE;
    nz_lines_set_number(self->passwd.text, &line, 3, gid);
    at = line.start;
    nz_lines_next(self->passwd.text, &at, &line);
  }
  return TRUE;
}

void
nz_accounts_delete_group(NzAccounts *self, const char *name)
{
  NzLine line;
  if (!is_spent(self, &self->group) && nz_lines_find(self->group.text, name, &line))
    nz_lines_remove(self->group.text, &line);
}

/* TRUE when LIST, "a,b,c", names NAME. */
static gboolean
lists_name(const char *list, gsize len, const char *name)
{
  gsize n = strlen(name);
  for (const char *end = list + len;;) {
    const char *comma = memchr(list, ',', (gsize)(end - list));
    gsize item = (gsize)((comma ? comma : end) - list);
    if (item == n && memcmp(list, name, n) == 0)
      return TRUE;
    if (!comma)
      return FALSE;
    list = comma + 1;
  }
}

void
nz_accounts_add_member(NzAccounts *self, const char *user, const char *group)
{
  NzLine line, list;
  if (!is_name(user) || is_spent(self, &self->group))
    return;
  GString *text = self->group.text;
  if (!nz_lines_find(text, group, &line) || !nz_lines_field(text, &line, 3, &list))
    return;
  if (lists_name(text->str + list.start, list.end - list.start, user))
    return;
  g_string_insert(text, (gssize)list.end, user);
  if (list.end > list.start)
    g_string_insert_c(text, (gssize)list.end, ',');
}

/* --- users --- */

gboolean
nz_accounts_has_user(const NzAccounts *self, const char *name)
{
  NzLine line;
  return nz_lines_find(self->passwd.text, name, &line);
}

gboolean
nz_accounts_has_group(const NzAccounts *self, const char *name)
{
  NzLine line;
  return nz_lines_find(self->group.text, name, &line);
}

void
nz_accounts_add_user(NzAccounts *self, const NzNewUser *user)
{
  if (!is_name(user->name) || is_spent(self, &self->passwd) || is_spent(self, &self->group) ||
      nz_accounts_has_user(self, user->name))
    return;
  gint64 gid = user->group       ? gid_of(self, user->group)
               : user->own_group ? own_group(self, user->name, user->uid)
                                 : choose(self);
  gint64 uid = user->uid >= 0 ? user->uid : choose(self);
  g_string_append_printf(writable_text(&self->passwd),
                         "%s:x:%" G_GINT64_FORMAT ":%" G_GINT64_FORMAT "::/:\n", user->name, uid,
                         gid);
}

gboolean
nz_accounts_change_user(NzAccounts *self, const char *name, gint64 uid, const char *group,
                        const char *new_name)
{
  NzLine line;
  if (is_spent(self, &self->passwd) || !nz_lines_find(self->passwd.text, name, &line))
    return FALSE;
  /* From the last field to the first: those before it stay where they are. */
  if (group)
    nz_lines_set_number(self->passwd.text, &line, 3, gid_of(self, group));
  if (uid >= 0)
    nz_lines_set_number(self->passwd.text, &line, 2, uid);
  if (is_name(new_name))
    nz_lines_set(self->passwd.text, &line, 0, new_name);
  return TRUE;
}

void
nz_accounts_delete_user(NzAccounts *self, const char *name)
{
  NzLine line;
  if (is_spent(self, &self->passwd) || !nz_lines_find(self->passwd.text, name, &line))
    return;
  gint64 gid = nz_lines_number(self->passwd.text, &line, 3);
  nz_lines_remove(self->passwd.text, &line);
  /* userdel and deluser take the group of its own away with it. */
  NzLine group;
  if (!is_spent(self, &self->group) && nz_lines_find(self->group.text, name, &group) &&
      nz_lines_number(self->group.text, &group, 2) == gid)
    nz_lines_remove(self->group.text, &group);
}

/* --- questions --- */

/* The halves of "user:group", as the core takes them apart: at the first two colons. */
typedef struct {
  char *user, *group; /* group is NULL where there is none */
} Spec;

static void
spec_clear(Spec *spec)
{
  g_free(spec->user);
  g_free(spec->group);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Spec, spec_clear)

static Spec
spec_of(const char *declared)
{
  const char *text = declared ? declared : "";
  const char *colon = strchr(text, ':');
  if (!colon)
    return (Spec){g_strdup(text), NULL};
  gsize len = strcspn(colon + 1, ":");
  return (Spec){g_strndup(text, (gsize)(colon - text)), len ? g_strndup(colon + 1, len) : NULL};
}

static gboolean
is_number(const char *text)
{
  gint64 value;
  return nz_parse_int(text, strlen(text), &value) != NZ_INT_SYNTAX;
}

/* What the core is given of FILE to look NAME up in: where it holds NAME, what else may be in it
 * does not matter. KEPT holds a text of our own, if one is needed. */
static NzUserFile
file_for(const AccountFile *file, const char *name, const char *root_line, char **kept)
{
  NzUserFile out = {.unknown = file->unknown};
  if (file->text) {
    out.data = file->text->str;
    out.len = file->text->len;
  }
  if (!file->unknown || !name || *name == '\0' || is_number(name))
    return out;
  NzLine line;
  if (nz_lines_find(file->text, name, &line)) {
    out.unknown = NULL;
  } else if (strcmp(name, "root") == 0) {
    *kept = g_strconcat(root_line, out.data, NULL);
    out = (NzUserFile){.data = *kept, .len = strlen(*kept)};
  }
  return out;
}

static void
set_why(NzUser *user, char *why)
{
  g_free(user->why);
  user->why = why;
}

static void
take_chosen_away(const NzAccounts *self, NzUser *user, const Spec *spec)
{
  gboolean named_group = spec->group && !is_number(spec->group);
  if (user->by_name && user->has_uid && is_chosen(self, user->uid)) {
    g_autofree char *shown = nz_printable(spec->user, -1);
    user->has_uid = FALSE;
    user->uid = 0;
    set_why(user, g_strdup_printf("%s is made without a number, so that one is chosen when the "
                                  "image is built: not 0, but not fixed either",
                                  shown));
  }
  if (user->has_gid && is_chosen(self, user->gid) && (named_group || !spec->group)) {
    user->has_gid = FALSE;
    user->gid = 0;
  }
  for (guint i = user->gids->len; i-- > 0;) {
    if (is_chosen(self, g_array_index(user->gids, guint32, i)))
      g_array_remove_index(user->gids, i);
  }
}

/* USER 1000 where a tool chose numbers: that may be one of them, with a group of its own. */
static void
doubt_group(const NzAccounts *self, NzUser *user, const Spec *spec)
{
  if (self->n_chosen == 0 || spec->group || !is_number(spec->user) || !user->has_gid ||
      user->uid == 0)
    return;
  NzLine line;
  for (gsize at = 0; nz_lines_next(self->passwd.text, &at, &line);) {
    if (nz_lines_number(self->passwd.text, &line, 2) == user->uid)
      return;
  }
  user->has_gid = FALSE;
  user->gid = 0;
  g_array_set_size(user->gids, 0);
}

NzUser *
nz_accounts_resolve(const NzAccounts *self, const char *declared)
{
  g_auto(Spec) spec = spec_of(declared);
  g_autofree char *kept_passwd = NULL, *kept_group = NULL;
  NzUserFile passwd = file_for(&self->passwd, spec.user, ROOT_PASSWD, &kept_passwd);
  NzUserFile group = file_for(&self->group, spec.group, ROOT_GROUP, &kept_group);
  NzUser *user = nz_user_resolve(declared, &passwd, &group);
  take_chosen_away(self, user, &spec);
  doubt_group(self, user, &spec);
  if (kept_passwd && user->state == NZ_USER_ROOT)
    set_why(user, g_strdup("the user is root by name, as in every image that has a passwd file"));
  return user;
}

gboolean
nz_accounts_is_fixed(const NzAccounts *self, const char *name, guint32 *uid, guint32 *gid)
{
  NzLine line;
  if (!nz_lines_find(self->passwd.text, name, &line))
    return FALSE;
  gint64 user = nz_lines_number(self->passwd.text, &line, 2);
  gint64 group = nz_lines_number(self->passwd.text, &line, 3);
  if (is_chosen(self, user) || is_chosen(self, group))
    return FALSE;
  if (uid)
    *uid = (guint32)(guint64)user;
  if (gid)
    *gid = (guint32)(guint64)group;
  return TRUE;
}

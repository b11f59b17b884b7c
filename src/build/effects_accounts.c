/* SPDX-License-Identifier: Apache-2.0 */
/* The tools of shadow-utils: useradd, usermod, userdel, groupadd, groupmod, groupdel, gpasswd,
 * passwd, chpasswd. Options as their manual pages list them. */
#include <string.h>

#include "build/effects_private.h"
#include "core/text.h"

/* Members of these groups are root, or a step away from it. */
static const char *const privileged_groups[] = {"admin",  "disk", "docker", "kmem", "lxd",
                                                "shadow", "sudo", "wheel",  NULL};

/* --- shared --- */

gboolean
nz_given_number(const NzArguments *args, const char *name, gint64 *number)
{
  const NzGiven *given = nz_given(args, name);
  *number = -1;
  if (!given)
    return TRUE;
  return given->value && given->word->known &&
         nz_parse_int(given->value, strlen(given->value), number) == NZ_INT_OK && *number >= 0;
}

void
nz_account_member(NzCall *call, const NzShellWord *word, const char *user, const char *group)
{
  NzAccounts *accounts = call->run->state->accounts;
  nz_accounts_add_member(accounts, user, group);
  if (!g_strv_contains(privileged_groups, group) || nz_is_root_name(user))
    return;
  g_autofree char *what = g_strdup_printf("%s in %s", user, group);
  g_autofree char *how = nz_call_how(call, NULL);
  nz_call_act(call, NZ_ACT_PRIVILEGED_GROUP, word, what, how);
}

/* "a,b,c" */
static void
add_members(NzCall *call, const NzGiven *groups, const char *user)
{
  if (!groups || !groups->value)
    return;
  g_auto(GStrv) names = g_strsplit(groups->value, ",", -1);
  for (char **name = names; *name; name++)
    nz_account_member(call, groups->word, user, *name);
}

static void
say_alias(NzCall *call, const NzShellWord *word, const char *name)
{
  if (strcmp(name, "root") == 0)
    return;
  g_autofree char *how = g_strdup_printf("%s -u 0", call->name);
  nz_call_act(call, NZ_ACT_UID0_ALIAS, word, name, how);
}

void
nz_account_new(NzCall *call, const NzNewUser *user, const NzShellWord *uid_word,
               const NzShellWord *name_word)
{
  nz_accounts_add_user(call->run->state->accounts, user);
  if (user->uid == 0)
    say_alias(call, uid_word ? uid_word : name_word, user->name);
}

/* A home is made, and is its user's. */
void
nz_account_home(NzCall *call, const char *name, const char *home)
{
  g_autofree char *path = home ? nz_build_path("/", home) : g_strdup_printf("/home/%s", name);
  g_autoptr(NzPlace) place = nz_call_place(call, NULL);
  if (strchr(path, '$'))
    return;
  nz_paths_add(call->run->state->paths, path, TRUE, name, NULL, place);
}

/* The name that WORD gives; NULL, with doubts, when it cannot be known. */
static const char *
name_of(NzCall *call, const NzShellWord *word)
{
  if (!word)
    return NULL;
  if (word->known && *word->text != '\0')
    return word->text;
  g_autofree char *why =
      g_strdup_printf("\"%s %s\" is not known before it is run", call->name, word->text);
  nz_call_doubt(call, why);
  return NULL;
}

static void
doubt_number(NzCall *call, const char *name)
{
  g_autofree char *why = g_strdup_printf(
      "the number that %s gives %s is not known before it is run", call->name, name);
  nz_call_doubt(call, why);
}

static gboolean
has_other_root(const NzArguments *args)
{
  return nz_given(args, "root") || nz_given(args, "prefix");
}

/* --- users --- */

static const NzOption useradd_options[] = {
    {0, "badname", NZ_NO_VALUE},
    {'b', "base-dir", NZ_VALUE},
    {'c', "comment", NZ_VALUE},
    {'d', "home-dir", NZ_VALUE},
    {0, "home", NZ_VALUE},
    {'D', "defaults", NZ_NO_VALUE},
    {'e', "expiredate", NZ_VALUE},
    {'f', "inactive", NZ_VALUE},
    {'g', "gid", NZ_VALUE},
    {'G', "groups", NZ_VALUE},
    {'k', "skel", NZ_VALUE},
    {'K', "key", NZ_VALUE},
    {'l', "no-log-init", NZ_NO_VALUE},
    {'m', "create-home", NZ_NO_VALUE},
    {'M', "no-create-home", NZ_NO_VALUE},
    {'N', "no-user-group", NZ_NO_VALUE},
    {'o', "non-unique", NZ_NO_VALUE},
    {'p', "password", NZ_VALUE},
    {'P', "prefix", NZ_VALUE},
    {'r', "system", NZ_NO_VALUE},
    {'R', "root", NZ_VALUE},
    {'s', "shell", NZ_VALUE},
    {'u', "uid", NZ_VALUE},
    {'U', "user-group", NZ_NO_VALUE},
    {'Z', "selinux-user", NZ_VALUE},
    {0},
};

static void
say_empty_password(NzCall *call, const NzShellWord *word, const char *name)
{
  g_autoptr(NzUser) user = nz_accounts_resolve(call->run->state->accounts, name);
  if (user->state == NZ_USER_ROOT) {
    g_autofree char *how = nz_call_how(call, call->n > 1 ? call->words[1] : NULL);
    nz_call_act(call, NZ_ACT_EMPTY_PASSWORD, word, name, how);
  }
}

static void
make_home(NzCall *call, const NzArguments *args, const char *name)
{
  gboolean by_default = nz_accounts_family(call->run->state->accounts) == NZ_FAMILY_REDHAT &&
                        !nz_given(args, "system");
  const NzGiven *home = nz_given(args, "home-dir");
  home = home ? home : nz_given(args, "home");
  if (home && (!home->value || !home->word->known))
    return;
  if ((nz_given(args, "create-home") || by_default) && !nz_given(args, "no-create-home"))
    nz_account_home(call, name, home ? home->value : NULL);
}

void
nz_effect_useradd(NzCall *call)
{
  g_auto(NzArguments) args =
      nz_arguments_read(call->words, call->n, useradd_options, NZ_ARGS_ANYWHERE);
  const NzShellWord *word = nz_operand(&args, 0);
  if (nz_given(&args, "defaults") || has_other_root(&args))
    return;
  const char *name = name_of(call, word);
  if (!name)
    return;
  const NzGiven *group = nz_given(&args, "gid"), *uid = nz_given(&args, "uid");
  NzNewUser user = {.name = name,
                    .group = group && group->word->known ? group->value : NULL,
                    .own_group = !group && !nz_given(&args, "no-user-group"),
                    .system = nz_given(&args, "system") != NULL};
  if (!nz_given_number(&args, "uid", &user.uid)) {
    doubt_number(call, name);
    return;
  }
  nz_account_new(call, &user, uid ? uid->word : NULL, word);
  add_members(call, nz_given(&args, "groups"), name);
  if (group && user.group)
    nz_account_member(call, group->word, name, user.group);
  const NzGiven *password = nz_given(&args, "password");
  if (password && password->value && *password->value == '\0' && password->word->known)
    say_empty_password(call, password->word, name);
  make_home(call, &args, name);
}

static const NzOption usermod_options[] = {
    {'a', "append", NZ_NO_VALUE},
    {'b', "badname", NZ_NO_VALUE},
    {'c', "comment", NZ_VALUE},
    {'d', "home", NZ_VALUE},
    {'e', "expiredate", NZ_VALUE},
    {'f', "inactive", NZ_VALUE},
    {'g', "gid", NZ_VALUE},
    {'G', "groups", NZ_VALUE},
    {'l', "login", NZ_VALUE},
    {'L', "lock", NZ_NO_VALUE},
    {'m', "move-home", NZ_NO_VALUE},
    {'o', "non-unique", NZ_NO_VALUE},
    {'p', "password", NZ_VALUE},
    {'P', "prefix", NZ_VALUE},
    {'r', "remove", NZ_NO_VALUE},
    {'R', "root", NZ_VALUE},
    {'s', "shell", NZ_VALUE},
    {'u', "uid", NZ_VALUE},
    {'U', "unlock", NZ_NO_VALUE},
    {'v', "add-subuids", NZ_VALUE},
    {'V', "del-subuids", NZ_VALUE},
    {'w', "add-subgids", NZ_VALUE},
    {'W', "del-subgids", NZ_VALUE},
    {'Z', "selinux-user", NZ_VALUE},
    {0},
};

void
nz_effect_usermod(NzCall *call)
{
  g_auto(NzArguments) args =
      nz_arguments_read(call->words, call->n, usermod_options, NZ_ARGS_ANYWHERE);
  const NzShellWord *word = nz_operand(&args, 0);
  if (has_other_root(&args))
    return;
  const char *name = name_of(call, word);
  if (!name)
    return;
  NzAccounts *accounts = call->run->state->accounts;
  const NzGiven *group = nz_given(&args, "gid"), *login = nz_given(&args, "login");
  const char *group_name = group && group->word->known ? group->value : NULL;
  gint64 uid;
  if (!nz_given_number(&args, "uid", &uid) || (group && !group_name) ||
      (login && !login->word->known)) {
    nz_accounts_delete_user(accounts, name);
    doubt_number(call, name);
    return;
  }
  const char *new_name = login ? login->value : NULL;
  gboolean known = nz_accounts_change_user(accounts, name, uid, group_name, new_name);
  /* That the tool ran shows that there is such a user. */
  if (!known && uid >= 0) {
    NzNewUser user = {.name = new_name ? new_name : name, .uid = uid, .group = group_name};
    nz_accounts_add_user(accounts, &user);
  }
  if (new_name)
    name = new_name;
  if (uid == 0)
    say_alias(call, nz_given(&args, "uid")->word, name);
  if (!nz_given(&args, "remove"))
    add_members(call, nz_given(&args, "groups"), name);
  const NzGiven *password = nz_given(&args, "password");
  if (password && password->value && *password->value == '\0' && password->word->known)
    say_empty_password(call, password->word, name);
}

static const NzOption delete_options[] = {
    {'f', "force", NZ_NO_VALUE}, {'r', "remove", NZ_NO_VALUE},       {'R', "root", NZ_VALUE},
    {'P', "prefix", NZ_VALUE},   {'Z', "selinux-user", NZ_NO_VALUE}, {0},
};

/* The users that are gone are unknown even where all are known: a name that was deleted is not
 * there, and the core says so. */
void
nz_effect_userdel(NzCall *call)
{
  g_auto(NzArguments) args =
      nz_arguments_read(call->words, call->n, delete_options, NZ_ARGS_ANYWHERE);
  const char *name = has_other_root(&args) ? NULL : name_of(call, nz_operand(&args, 0));
  if (name && !call->maybe)
    nz_accounts_delete_user(call->run->state->accounts, name);
}

/* --- groups --- */

static const NzOption groupadd_options[] = {
    {'f', "force", NZ_NO_VALUE},      {'g', "gid", NZ_VALUE},       {'K', "key", NZ_VALUE},
    {'o', "non-unique", NZ_NO_VALUE}, {'p', "password", NZ_VALUE},  {'r', "system", NZ_NO_VALUE},
    {'R', "root", NZ_VALUE},          {'P', "prefix", NZ_VALUE},    {'U', "users", NZ_VALUE},
    {'n', "new-name", NZ_VALUE},      {'a', "append", NZ_NO_VALUE}, {0},
};

void
nz_effect_groupadd(NzCall *call)
{
  g_auto(NzArguments) args =
      nz_arguments_read(call->words, call->n, groupadd_options, NZ_ARGS_ANYWHERE);
  const char *name = has_other_root(&args) ? NULL : name_of(call, nz_operand(&args, 0));
  gint64 gid;
  if (!name)
    return;
  if (!nz_given_number(&args, "gid", &gid))
    gid = -1;
  nz_accounts_add_group(call->run->state->accounts, name, gid, nz_given(&args, "system") != NULL);
}

void
nz_effect_groupmod(NzCall *call)
{
  g_auto(NzArguments) args =
      nz_arguments_read(call->words, call->n, groupadd_options, NZ_ARGS_ANYWHERE);
  const char *name = has_other_root(&args) ? NULL : name_of(call, nz_operand(&args, 0));
  const NzGiven *login = nz_given(&args, "new-name");
  NzAccounts *accounts = call->run->state->accounts;
  gint64 gid;
  if (!name)
    return;
  if (!nz_given_number(&args, "gid", &gid) || (login && !login->word->known)) {
    nz_accounts_delete_group(accounts, name);
    doubt_number(call, name);
    return;
  }
  const char *new_name = login ? login->value : NULL;
  if (!nz_accounts_change_group(accounts, name, gid, new_name) && gid >= 0)
    nz_accounts_add_group(accounts, new_name ? new_name : name, gid, FALSE);
}

void
nz_effect_groupdel(NzCall *call)
{
  g_auto(NzArguments) args =
      nz_arguments_read(call->words, call->n, delete_options, NZ_ARGS_ANYWHERE);
  const char *name = has_other_root(&args) ? NULL : name_of(call, nz_operand(&args, 0));
  if (name && !call->maybe)
    nz_accounts_delete_group(call->run->state->accounts, name);
}

static const NzOption gpasswd_options[] = {
    {'a', "add", NZ_VALUE},     {'d', "delete", NZ_VALUE},
    {'M', "members", NZ_VALUE}, {'A', "administrators", NZ_VALUE},
    {'Q', "root", NZ_VALUE},    {0},
};

void
nz_effect_gpasswd(NzCall *call)
{
  g_auto(NzArguments) args =
      nz_arguments_read(call->words, call->n, gpasswd_options, NZ_ARGS_ANYWHERE);
  const NzShellWord *group = nz_operand(&args, 0);
  const NzGiven *add = nz_given(&args, "add"), *members = nz_given(&args, "members");
  if (!group || nz_given(&args, "root"))
    return;
  if (add && add->value)
    nz_account_member(call, add->word, add->value, group->text);
  g_auto(GStrv) names = members && members->value ? g_strsplit(members->value, ",", -1) : NULL;
  for (char **name = names; name && *name; name++)
    nz_account_member(call, members->word, *name, group->text);
}

/* --- passwords --- */

static const NzOption passwd_options[] = {
    {'d', "delete", NZ_NO_VALUE},  {'i', "inactive", NZ_VALUE},
    {'n', "mindays", NZ_VALUE},    {'x', "maxdays", NZ_VALUE},
    {'w', "warndays", NZ_VALUE},   {'R', "root", NZ_VALUE},
    {'r', "repository", NZ_VALUE}, {0},
};

void
nz_effect_passwd(NzCall *call)
{
  g_auto(NzArguments) args =
      nz_arguments_read(call->words, call->n, passwd_options, NZ_ARGS_ANYWHERE);
  const NzShellWord *name = nz_operand(&args, 0);
  if (nz_given(&args, "root") || !nz_given(&args, "delete"))
    return;
  nz_call_needs_root(call, NULL, "passwd -d");
  say_empty_password(call, name, name ? name->text : "root");
}

static const NzOption chpasswd_options[] = {{'e', "encrypted", NZ_NO_VALUE},
                                            {'c', "crypt-method", NZ_VALUE},
                                            {'s', "sha-rounds", NZ_VALUE},
                                            {'R', "root", NZ_VALUE},
                                            {0}};

void
nz_effect_chpasswd(NzCall *call)
{
  g_auto(NzArguments) args =
      nz_arguments_read(call->words, call->n, chpasswd_options, NZ_ARGS_ANYWHERE);
  g_autofree char *input = nz_call_input(call);
  if (!input || nz_given(&args, "root") || !nz_given(&args, "encrypted"))
    return;
  g_auto(GStrv) lines = g_strsplit(input, "\n", -1);
  for (char **line = lines; *line; line++) {
    gsize len = strlen(*line);
    if (len > 1 && (*line)[len - 1] == ':') {
      (*line)[len - 1] = '\0';
      say_empty_password(call, NULL, *line);
    }
  }
}

/* vipw, newusers: an editor of the accounts, whatever it does. */
void
nz_effect_account_edit(NzCall *call)
{
  g_autofree char *why = g_strdup_printf("%s changes users", call->name);
  nz_accounts_forget(call->run->state->accounts, why);
}

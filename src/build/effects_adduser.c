/* SPDX-License-Identifier: Apache-2.0 */
/* adduser, addgroup, deluser and delgroup are three programs: Debian's (Perl), BusyBox's, and on
 * Red Hat another name of useradd. The family says which; where it is not known, the options. */
#include <string.h>

#include "build/effects_private.h"

typedef enum { ADDUSER_DEBIAN, ADDUSER_BUSYBOX, ADDUSER_USERADD } Flavour;

/* Of Debian's adduser(8) and addgroup(8): read by Getopt::Long, for which "-uid" is as good. */
static const NzOption debian_options[] = {
    {0, "system", NZ_NO_VALUE},
    {0, "group", NZ_NO_VALUE},
    {0, "ingroup", NZ_VALUE},
    {0, "home", NZ_VALUE},
    {0, "gecos", NZ_VALUE},
    {0, "comment", NZ_VALUE},
    {0, "shell", NZ_VALUE},
    {0, "uid", NZ_VALUE},
    {0, "gid", NZ_VALUE},
    {0, "firstuid", NZ_VALUE},
    {0, "lastuid", NZ_VALUE},
    {0, "firstgid", NZ_VALUE},
    {0, "lastgid", NZ_VALUE},
    {0, "conf", NZ_VALUE},
    {0, "add-extra-groups", NZ_NO_VALUE},
    {0, "add_extra_groups", NZ_NO_VALUE},
    {0, "allow-bad-names", NZ_NO_VALUE},
    {0, "allow-badname", NZ_NO_VALUE},
    {0, "force-badname", NZ_NO_VALUE},
    {0, "disabled-login", NZ_NO_VALUE},
    {0, "disabled-password", NZ_NO_VALUE},
    {0, "no-create-home", NZ_NO_VALUE},
    {0, "encrypt-home", NZ_NO_VALUE},
    {0, "quiet", NZ_NO_VALUE},
    {0, "debug", NZ_NO_VALUE},
    {0},
};

static const NzOption busybox_options[] = {
    {'h', "home", NZ_VALUE},
    {'g', "gecos", NZ_VALUE},
    {'s', "shell", NZ_VALUE},
    {'G', "ingroup", NZ_VALUE},
    {'S', "system", NZ_NO_VALUE},
    {'D', "disabled-password", NZ_NO_VALUE},
    {'H', "no-create-home", NZ_NO_VALUE},
    {'u', "uid", NZ_VALUE},
    {'k', "skel", NZ_VALUE},
    {0},
};

static const NzOption busybox_group_options[] = {
    {'g', "gid", NZ_VALUE}, {'S', "system", NZ_NO_VALUE}, {0}};

static gboolean
has_long_option(const NzCall *call)
{
  for (guint i = 1; i < call->n; i++) {
    if (g_str_has_prefix(call->words[i]->text, "--") && call->words[i]->text[2] != '\0')
      return TRUE;
  }
  return FALSE;
}

/* A cluster of short options that holds one of LETTERS. */
static gboolean
has_letter(const NzCall *call, const char *letters)
{
  for (guint i = 1; i < call->n; i++) {
    const char *text = call->words[i]->text;
    if (text[0] == '-' && text[1] != '-' && strpbrk(text, letters))
      return TRUE;
  }
  return FALSE;
}

static Flavour
flavour_of(const NzCall *call)
{
  switch (nz_accounts_family(call->run->state->accounts)) {
  case NZ_FAMILY_DEBIAN:
    return ADDUSER_DEBIAN;
  case NZ_FAMILY_ALPINE:
    return ADDUSER_BUSYBOX;
  case NZ_FAMILY_REDHAT:
    return ADDUSER_USERADD;
  default:
    break;
  }
  if (has_letter(call, "DSH"))
    return ADDUSER_BUSYBOX;
  if (has_long_option(call))
    return ADDUSER_DEBIAN;
  return has_letter(call, "mMrNcd") ? ADDUSER_USERADD : ADDUSER_BUSYBOX;
}

static NzArguments
read_arguments(NzCall *call, const NzOption *busybox)
{
  if (flavour_of(call) == ADDUSER_DEBIAN)
    return nz_arguments_read(call->words, call->n, debian_options, NZ_ARGS_LONG_DASH);
  return nz_arguments_read(call->words, call->n, busybox, NZ_ARGS_ANYWHERE);
}

static void
doubt(NzCall *call)
{
  g_autofree char *why = g_strdup_printf("what %s makes is not known before it is run", call->name);
  nz_call_doubt(call, why);
}

static const char *
known_value(const NzArguments *args, const char *name)
{
  const NzGiven *given = nz_given(args, name);
  return given && given->word->known ? given->value : NULL;
}

/* Debian's --gid is a group, by number; a system user has nogroup where nothing else is said, and
 * so has one of BusyBox's. */
static void
set_group(NzNewUser *user, const NzArguments *args)
{
  const char *ingroup = known_value(args, "ingroup"), *gid = known_value(args, "gid");
  if (nz_given(args, "ingroup") || nz_given(args, "gid"))
    user->group = ingroup ? ingroup : gid;
  else if (user->system && !nz_given(args, "group"))
    user->group = "nogroup";
  else
    user->own_group = TRUE;
}

static void
add_user(NzCall *call, const NzArguments *args, const NzShellWord *word)
{
  const NzGiven *uid = nz_given(args, "uid"), *home = nz_given(args, "home");
  NzNewUser user = {.name = word->text, .system = nz_given(args, "system") != NULL};
  if (!nz_given_number(args, "uid", &user.uid)) {
    doubt(call);
    return;
  }
  set_group(&user, args);
  nz_account_new(call, &user, uid ? uid->word : NULL, word);
  if (user.group)
    nz_account_member(call, nz_given(args, "ingroup") ? nz_given(args, "ingroup")->word : word,
                      user.name, user.group);
  gboolean no_home = nz_given(args, "no-create-home") || (user.system && !home);
  if (!no_home && !(home && (!home->value || !home->word->known)))
    nz_account_home(call, user.name, home ? home->value : NULL);
}

static void
join(NzCall *call, const NzArguments *args)
{
  const NzShellWord *user = nz_operand(args, 0), *group = nz_operand(args, 1);
  if (user->known && group->known)
    nz_account_member(call, group, user->text, group->text);
}

static void
add_group(NzCall *call, const NzArguments *args, const NzShellWord *word)
{
  gint64 gid;
  if (!nz_given_number(args, "gid", &gid))
    gid = -1;
  nz_accounts_add_group(call->run->state->accounts, word->text, gid,
                        nz_given(args, "system") != NULL);
}

void
nz_effect_adduser(NzCall *call)
{
  if (flavour_of(call) == ADDUSER_USERADD) {
    nz_effect_useradd(call);
    return;
  }
  g_auto(NzArguments) args = read_arguments(call, busybox_options);
  const NzShellWord *word = nz_operand(&args, 0);
  if (!word)
    return;
  if (nz_operand(&args, 1))
    join(call, &args);
  else if (!word->known || *word->text == '\0')
    doubt(call);
  /* "adduser --group NAME" is Debian's addgroup. */
  else if (nz_given(&args, "group") && !nz_given(&args, "system"))
    add_group(call, &args, word);
  else
    add_user(call, &args, word);
}

void
nz_effect_addgroup(NzCall *call)
{
  g_auto(NzArguments) args = read_arguments(call, busybox_group_options);
  const NzShellWord *word = nz_operand(&args, 0);
  if (!word)
    return;
  if (nz_operand(&args, 1))
    join(call, &args);
  else if (!word->known || *word->text == '\0')
    doubt(call);
  else
    add_group(call, &args, word);
}

static const NzOption deluser_options[] = {{0, "remove-home", NZ_NO_VALUE},
                                           {0, "conf", NZ_VALUE},
                                           {0, "backup-to", NZ_VALUE},
                                           {0, "group", NZ_NO_VALUE},
                                           {0}};

/* "deluser USER GROUP" takes a user out of a group: which groups it is in decides nothing here. */
static const NzShellWord *
only_operand(NzCall *call)
{
  g_auto(NzArguments) args =
      nz_arguments_read(call->words, call->n, deluser_options, NZ_ARGS_LONG_DASH);
  const NzShellWord *word = nz_operand(&args, 0);
  return nz_operand(&args, 1) || call->maybe || !word || !word->known ? NULL : word;
}

void
nz_effect_deluser(NzCall *call)
{
  const NzShellWord *word = only_operand(call);
  if (word)
    nz_accounts_delete_user(call->run->state->accounts, word->text);
}

void
nz_effect_delgroup(NzCall *call)
{
  const NzShellWord *word = only_operand(call);
  if (word)
    nz_accounts_delete_group(call->run->state->accounts, word->text);
}

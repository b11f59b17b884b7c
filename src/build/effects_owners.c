/* SPDX-License-Identifier: Apache-2.0 */
/* chown and chgrp. */
#include <string.h>

#include "build/effects_private.h"

static const NzOption chown_options[] = {
    {'R', "recursive", NZ_NO_VALUE}, {'h', "no-dereference", NZ_NO_VALUE}, {0, "from", NZ_VALUE},
    {0, "reference", NZ_VALUE},      {0, "preserve-root", NZ_NO_VALUE},    {0},
};

typedef struct {
  char *owner, *group; /* NULL: stays */
  gboolean unknown;
  char *how;
} NewOwner;

static void
new_owner_clear(NewOwner *self)
{
  g_free(self->owner);
  g_free(self->group);
  g_free(self->how);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(NewOwner, new_owner_clear)

/* "user", "user:group", ":group", "user:" (the user's group), "user.group" of old. */
static NewOwner
new_owner_of(const NzCall *call, const NzShellWord *spec, gboolean group_only)
{
  NewOwner out = {.unknown = !spec->known, .how = nz_call_how(call, spec)};
  if (group_only) {
    out.group = g_strdup(spec->text);
    return out;
  }
  const char *text = spec->text;
  gsize len = strcspn(text, strchr(text, ':') ? ":" : ".");
  if (len > 0)
    out.owner = g_strndup(text, len);
  if (text[len] != '\0' && text[len + 1] != '\0')
    out.group = g_strdup(text + len + 1);
  return out;
}

/* What is not known any more is not said of it. */
static void
set_owner(NzPathFact *fact, const NewOwner *new_owner, const NzPlace *place)
{
  nz_path_fact_set(fact, new_owner->owner, new_owner->group, 0, new_owner->how, place);
  fact->maybe = new_owner->unknown || (fact->maybe && !new_owner->owner);
  if (fact->mode && !fact->directory)
    fact->mode &= (guint16)~NZ_BIT_SETID;
}

/* The kernel takes setuid and setgid bits and capabilities from a file whose owner is set. */
static void
disarm(NzCall *call, const NzTarget *target)
{
  NzStageState *state = call->run->state;
  if (call->maybe)
    return;
  nz_disarm(state, NZ_ACT_SETUID, target);
  nz_disarm(state, NZ_ACT_SETGID, target);
  nz_disarm(state, NZ_ACT_CAPABILITY, target);
  nz_packages_disarm(state, target, NZ_BIT_SETID);
}

static void
chown_target(NzCall *call, const NzShellWord *word, const NzTarget *target,
             const NewOwner *new_owner)
{
  g_autoptr(NzPlace) place = nz_call_place(call, NULL);
  disarm(call, target);
  gboolean others = new_owner->owner && !nz_is_root_name(new_owner->owner);
  if (others && !new_owner->unknown && nz_account_file_held(target))
    nz_call_act(call, NZ_ACT_WRITABLE_PASSWD, word, target->shown, new_owner->how);
  g_autoptr(GPtrArray) facts = nz_target_facts(call->run->state, target);
  for (guint i = 0; i < facts->len; i++) {
    NzPathFact *fact = facts->pdata[i];
    set_owner(fact, new_owner, place);
    if (!target->recursive)
      continue;
    gboolean top = !target->glob && strcmp(fact->path, target->path) == 0;
    fact->directory = fact->directory || top;
    fact->tree = fact->tree || (new_owner->owner && fact->directory);
  }
}

static gboolean
is_self(const NzCall *call, const char *owner)
{
  const char *user = call->run->state->user;
  gsize len = user ? strcspn(user, ":") : 0;
  return user && strlen(owner) == len && strncmp(owner, user, len) == 0;
}

static void
change_owner(NzCall *call, gboolean group_only)
{
  g_auto(NzArguments) args =
      nz_arguments_read(call->words, call->n, chown_options, NZ_ARGS_ANYWHERE);
  gboolean reference = nz_given(&args, "reference") != NULL;
  const NzShellWord *spec = reference ? NULL : nz_operand(&args, 0);
  if (!spec || nz_given(&args, "from"))
    return;
  g_auto(NewOwner) new_owner = new_owner_of(call, spec, group_only);
  if (new_owner.owner && !new_owner.unknown && !is_self(call, new_owner.owner))
    nz_call_needs_root(call, NULL, new_owner.how);
  for (guint i = 1; i < args.operands->len; i++) {
    const NzShellWord *word = args.operands->pdata[i];
    g_auto(NzTarget) target = nz_target_of(call, word, nz_given(&args, "recursive") != NULL);
    chown_target(call, word, &target, &new_owner);
  }
}

void
nz_effect_chown(NzCall *call)
{
  change_owner(call, FALSE);
}

void
nz_effect_chgrp(NzCall *call)
{
  change_owner(call, TRUE);
}

void
nz_found_chowned(NzCall *call, const GPtrArray *roots)
{
  g_auto(NzArguments) args =
      nz_arguments_read(call->words, call->n, chown_options, NZ_ARGS_ANYWHERE);
  const NzShellWord *spec = nz_operand(&args, 0);
  if (!spec || nz_given(&args, "from"))
    return;
  g_auto(NewOwner) new_owner = new_owner_of(call, spec, FALSE);
  for (guint i = 0; i < roots->len; i++) {
    NzTarget target = {.path = roots->pdata[i], .shown = roots->pdata[i], .recursive = TRUE};
    chown_target(call, NULL, &target, &new_owner);
  }
}

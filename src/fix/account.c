/* SPDX-License-Identifier: Apache-2.0 */
/* Whom an image is to start as: whoever its base or its Dockerfile made for that, or somebody new.
 */
#include <string.h>

#include "core/text.h"
#include "fix/fix_private.h"

/* The first number of those that we give. Above those of distributions and of hosts' people. */
#define FIRST_NUMBER 10001u
/* So many are tried. */
#define NUMBERS 1000u

/* "nonroot" of distroless images, which their passwd has; where there is no passwd, any would do.
 */
#define DISTROLESS_NUMBER "65532:65532"

void
nz_mend_user_clear(NzMendUser *self)
{
  g_free(self->number);
  g_free(self->what);
  g_free(self->make);
  g_free(self->named);
  g_free(self->refused);
}

/* --- who is there --- */

typedef struct {
  const NzMend *mend;
  char *name; /* the only one; NULL: none yet */
  guint n;
} Made;

static gboolean
is_of_a_base(const NzMend *self, const char *name)
{
  g_autofree char *start = g_strconcat(name, ":", NULL);
  g_autofree char *line = g_strconcat("\n", start, NULL);
  for (guint i = 0; i < self->build->bases->len; i++) {
    const NzBuildBase *base = self->build->bases->pdata[i];
    if (base->passwd && (g_str_has_prefix(base->passwd, start) || strstr(base->passwd, line)))
      return TRUE;
  }
  return FALSE;
}

static gboolean
take_made(const char *name, gsize len, gint64 uid, gint64 gid G_GNUC_UNUSED, gpointer data)
{
  Made *made = data;
  g_autofree char *copy = g_strndup(name, len);
  if (uid == 0 || strcmp(copy, "nobody") == 0 || is_of_a_base(made->mend, copy))
    return TRUE;
  if (made->n++ == 0)
    made->name = g_steal_pointer(&copy);
  return made->n < 2;
}

/* Users that this file makes: the first of them, and whether there are others (2). */
static Made
find_made(const NzMend *self)
{
  Made made = {.mend = self};
  const char *passwd = nz_accounts_passwd(self->build->state->accounts);
  NzUserFile file = {passwd, passwd ? strlen(passwd) : 0, NULL};
  nz_passwd_foreach(&file, take_made, &made);
  return made;
}

/* Marks what is taken of the numbers from FIRST_NUMBER on. */
static gboolean
mark(const char *name G_GNUC_UNUSED, gsize len G_GNUC_UNUSED, gint64 id, gint64 other,
     gpointer data)
{
  gboolean *taken = data;
  const gint64 ids[] = {id, other};
  for (guint i = 0; i < G_N_ELEMENTS(ids); i++)
    if (ids[i] >= FIRST_NUMBER && ids[i] < FIRST_NUMBER + NUMBERS)
      taken[ids[i] - FIRST_NUMBER] = TRUE;
  return TRUE;
}

guint32
nz_mend_free_number(const NzMend *self)
{
  const NzAccounts *accounts = self->build->state->accounts;
  gboolean taken[NUMBERS] = {FALSE};
  /* A group's number stands where a user's does. */
  const char *texts[] = {nz_accounts_passwd(accounts), nz_accounts_group(accounts)};
  for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
    NzUserFile file = {texts[i], texts[i] ? strlen(texts[i]) : 0, NULL};
    nz_passwd_foreach(&file, mark, taken);
  }
  for (guint32 i = 0; i < NUMBERS; i++)
    if (!taken[i])
      return FIRST_NUMBER + i;
  return FIRST_NUMBER + NUMBERS;
}

/* --- images that have somebody for it --- */

/* The user that a well-known image has for its program, as its documentation says. */
static const struct {
  const char *image, *user;
} conventions[] = {
    {"aspnet", "app"},        {"bun", "bun"},           {"cassandra", "cassandra"},
    {"deno", "deno"},         {"gradle", "gradle"},     {"httpd", "www-data"},
    {"mariadb", "mysql"},     {"mongo", "mongodb"},     {"monitoring-plugins", "nagios"},
    {"mysql", "mysql"},       {"nginx", "nginx"},       {"node", "node"},
    {"postgres", "postgres"}, {"rabbitmq", "rabbitmq"}, {"redis", "redis"},
    {"runtime", "app"},       {"runtime-deps", "app"},  {"valkey", "valkey"},
};

/* "node" of "docker.io/library/node:20@sha256:..." */
static char *
image_name(const char *reference)
{
  const char *slash = strrchr(reference, '/');
  const char *name = slash ? slash + 1 : reference;
  return g_strndup(name, strcspn(name, ":@"));
}

static const char *
find_convention(const NzMend *self)
{
  g_autofree char *name = image_name(self->build->base->name);
  for (guint i = 0; i < G_N_ELEMENTS(conventions); i++)
    if (strcmp(conventions[i].image, name) == 0)
      return conventions[i].user;
  return NULL;
}

static gboolean
take_named(const NzMend *self, const char *name, NzMendUser *user)
{
  guint32 uid, gid;
  if (!name || !nz_accounts_is_fixed(self->build->state->accounts, name, &uid, &gid) || uid == 0)
    return FALSE;
  g_autofree char *shown = nz_printable(name, -1);
  user->number = g_strdup_printf("%u:%u", uid, gid);
  user->what = g_strdup_printf("which is %s", shown);
  return TRUE;
}

/* Whom the base starts as, where this file has turned that to root. */
static gboolean
take_user_of_base(const NzMend *self, NzMendUser *user)
{
  const char *declared = self->build->base->user;
  g_autoptr(NzUser) base = nz_accounts_resolve(self->build->state->accounts, declared);
  if (!declared || base->state != NZ_USER_NON_ROOT || base->hostile || !base->has_uid ||
      base->uid == 0)
    return FALSE;
  user->number = base->by_name && base->has_gid ? g_strdup_printf("%u:%u", base->uid, base->gid)
                 : base->by_name                ? g_strdup_printf("%u", base->uid)
                                                : g_strdup(declared);
  user->what = g_strdup("as the base image does");
  return TRUE;
}

static gboolean
take_dropped(const NzMend *self, NzMendUser *user)
{
  const GPtrArray *acts = self->build->state->acts;
  for (guint i = 0; i < acts->len; i++) {
    const NzAct *act = acts->pdata[i];
    if (act->kind == NZ_ACT_DROPS_ROOT && act->to && take_named(self, act->to, user))
      return TRUE;
  }
  return FALSE;
}

/* --- somebody new --- */

static char *
free_name(const NzMend *self)
{
  static const char *const names[] = {"app", "nonroot", "appuser", "runner"};
  const NzAccounts *accounts = self->build->state->accounts;
  for (guint i = 0; i < G_N_ELEMENTS(names); i++)
    if (!nz_accounts_has_user(accounts, names[i]) && !nz_accounts_has_group(accounts, names[i]))
      return g_strdup(names[i]);
  return NULL;
}

/* Small images of that family come without useradd. */
static gboolean
has_useradd(const NzMend *self)
{
  static const char *const without[] = {"minimal", "micro", "amazonlinux", "busybox"};
  const char *name = self->build->base->name;
  const GPtrArray *packages = self->build->state->packages;
  for (guint i = 0; i < packages->len; i++)
    if (g_str_has_prefix(packages->pdata[i], "shadow"))
      return TRUE;
  for (guint i = 0; i < G_N_ELEMENTS(without); i++)
    if (strstr(name, without[i]))
      return FALSE;
  return TRUE;
}

/* No home is made: what the program must write is said, and nothing else is its own. */
static char *
make_command(const NzMend *self, const char *name, guint32 number)
{
  switch (nz_accounts_family(self->build->state->accounts)) {
  case NZ_FAMILY_REDHAT:
    if (!has_useradd(self))
      return NULL;
    return g_strdup_printf("groupadd -g %u %s && useradd -u %u -g %s -M -s /sbin/nologin %s",
                           number, name, number, name, name);
  case NZ_FAMILY_DEBIAN:
    return g_strdup_printf("groupadd -g %u %s && useradd -u %u -g %s -M -s /usr/sbin/nologin %s",
                           number, name, number, name, name);
  case NZ_FAMILY_ALPINE:
    return g_strdup_printf("addgroup -g %u %s && adduser -D -H -u %u -G %s -s /sbin/nologin %s",
                           number, name, number, name, name);
  case NZ_FAMILY_UNKNOWN:
  case NZ_FAMILY_DISTROLESS:
  case NZ_FAMILY_SCRATCH:
  default:
    return NULL;
  }
}

static void
take_new(const NzMend *self, NzMendUser *user)
{
  NzFamily family = nz_accounts_family(self->build->state->accounts);
  if (family == NZ_FAMILY_DISTROLESS || family == NZ_FAMILY_SCRATCH) {
    user->number = g_strdup(DISTROLESS_NUMBER);
    return;
  }
  guint32 number = nz_mend_free_number(self);
  g_autofree char *name = free_name(self);
  user->number = g_strdup_printf("%u:%u", number, number);
  user->make = name ? make_command(self, name, number) : NULL;
  if (user->make)
    user->what = g_strdup_printf("the new user %s", name);
}

/* Whom the file makes for it; FALSE: nobody. */
static gboolean
take_made_user(NzMend *self, NzMendUser *user)
{
  Made made = find_made(self);
  g_autofree char *name = made.name;
  NzFamily family = nz_accounts_family(self->build->state->accounts);
  gboolean numbers = family == NZ_FAMILY_DISTROLESS || family == NZ_FAMILY_SCRATCH;
  if (made.n == 0 || (made.n > 1 && numbers))
    return FALSE;
  if (take_named(self, name, user)) {
    if (made.n > 1)
      user->refused = g_strdup("the file makes several users, and which of them it is to start as "
                               "is not known");
    return TRUE;
  }
  guint32 number = nz_mend_free_number(self);
  if (made.n > 1 || !nz_mend_fix_number(self, NULL, name, number))
    return FALSE;
  user->number = g_strdup_printf("%u", number);
  user->what = g_strdup_printf("which %s is from now on", name);
  user->named = g_steal_pointer(&name);
  return TRUE;
}

NzMendUser
nz_mend_choose(NzMend *self)
{
  NzMendUser user = {0};
  if (!take_dropped(self, &user) && !take_user_of_base(self, &user) &&
      !take_made_user(self, &user) && !take_named(self, find_convention(self), &user))
    take_new(self, &user);
  return user;
}

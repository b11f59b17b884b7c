/* SPDX-License-Identifier: Apache-2.0 */
/* Who a container is to start as: a number that the manifest or the image gives, or a proposal. */
#include <string.h>

#include "core/text.h"
#include "fix/kube_private.h"

/* What the API server takes at most. */
#define ID_MAX G_MAXINT32
/* What is proposed where no account is known: above what distributions give away. */
#define FREE_ID 10001

/* --- fields, the container's before the pod's --- */

typedef struct {
  gboolean set, own;
  gint64 value;
} Number;

static Number
number_of(const NzKubeMend *self, const NzKubeOne *one, const char *key)
{
  Number number = {0};
  number.own = number.set = nz_kube_int(one->context, key, &number.value);
  if (!number.set)
    number.set = nz_kube_int(self->context, key, &number.value);
  return number;
}

static gboolean
is_gated(const NzKubeMend *self, const NzKubeOne *one)
{
  NzKubeBool own = nz_kube_bool(one->context, "runAsNonRoot");
  return (own ? own : nz_kube_bool(self->context, "runAsNonRoot")) == NZ_FIELD_TRUE;
}

/* --- the image --- */

typedef struct {
  gboolean known, root;
  gboolean numeric; /* the kubelet can verify it */
  gint64 uid;
} ImageUser;

static NzAccounts *
accounts_of(const NzBuildBase *image)
{
  return nz_accounts_new(image ? image->family : NZ_FAMILY_UNKNOWN, image ? image->passwd : NULL,
                         image ? image->group : NULL,
                         image && image->accounts_whole ? NULL : "they are not known");
}

/* The part before ":" is all that the kubelet passes on. */
static ImageUser
user_of_image(const NzBuildBase *image)
{
  if (!image || !image->user_known || image->unknown)
    return (ImageUser){0};
  const char *declared = image->user ? image->user : "";
  g_autofree char *text = g_strndup(declared, strcspn(declared, ":"));
  g_autoptr(NzAccounts) accounts = accounts_of(image);
  g_autoptr(NzUser) user = nz_accounts_resolve(accounts, text);
  gint64 number;
  ImageUser result = {.root = user->state == NZ_USER_ROOT || user->hostile};
  result.known =
      result.root || (user->state == NZ_USER_NON_ROOT && user->has_uid && user->uid <= ID_MAX);
  result.numeric = nz_parse_int(text, strlen(text), &number) == NZ_INT_OK;
  result.uid = user->has_uid ? user->uid : 0;
  return result;
}

/* The group that passwd gives UID; 0: none, root's, or it is not known. */
static gint64
group_of(const NzBuildBase *image, gint64 uid)
{
  g_autofree char *text = g_strdup_printf("%" G_GINT64_FORMAT, uid);
  g_autoptr(NzAccounts) accounts = accounts_of(image);
  g_autoptr(NzUser) user = nz_accounts_resolve(accounts, text);
  return user->state == NZ_USER_NON_ROOT && user->has_gid && user->gid <= ID_MAX ? user->gid : 0;
}

/* "nginx" of "docker.io/library/nginx:1.27@sha256:..." */
static char *
short_name(const char *image)
{
  const char *slash = strrchr(image, '/');
  const char *name = slash ? slash + 1 : image;
  return g_strndup(name, strcspn(name, ":@"));
}

/* The account that an image of a root user was made for, by its name: as its entrypoint or its
 * users mostly know it. */
static gint64
account_of(const NzBuildBase *image, const char *name)
{
  static const char *const names[] = {"nonroot", "app", "appuser", "node", "www-data"};
  g_autofree char *own = short_name(name);
  g_autoptr(NzAccounts) accounts = accounts_of(image);
  for (guint i = 0; i <= G_N_ELEMENTS(names); i++) {
    const char *account = i == 0 ? own : names[i - 1];
    if (!*account || g_ascii_isdigit(*account) || !nz_accounts_has_user(accounts, account))
      continue;
    g_autoptr(NzUser) user = nz_accounts_resolve(accounts, account);
    if (user->state == NZ_USER_NON_ROOT && user->has_uid && user->uid <= ID_MAX)
      return user->uid;
  }
  return FREE_ID;
}

/* --- what speaks against it --- */

static gboolean
mounts_host(NzKubeMend *self, const NzKubeOne *one)
{
  NzYaml *mounts = nz_kube_list(one->node, "volumeMounts");
  for (guint i = 0; mounts && i < mounts->items->len; i++) {
    NzYaml *volume = nz_kube_volume(self, nz_kube_text(mounts->items->pdata[i], "name"));
    if (volume && nz_kube_map(volume, "hostPath"))
      return TRUE;
  }
  return FALSE;
}

/* Why somebody may have written runAsUser: 0 for an image that has a user; NULL: nothing tells. */
static const char *
reason_for_root(NzKubeMend *self, const NzKubeOne *one)
{
  NzYaml *capabilities = nz_kube_map(one->context, "capabilities");
  NzYaml *add = nz_kube_list(capabilities, "add");
  if (nz_kube_bool(one->context, "privileged") == NZ_FIELD_TRUE)
    return "it is privileged";
  for (guint i = 0; add && i < add->items->len; i++)
    if (!nz_kube_is_capability(add->items->pdata[i], "NET_BIND_SERVICE"))
      return "it is given capabilities";
  if (nz_kube_bool(self->pod->spec, "hostPID") == NZ_FIELD_TRUE)
    return "it sees the host's processes";
  if (mounts_host(self, one))
    return "it mounts directories of the host";
  if (one->goals[NZ_GOAL_PORT] && nz_kube_bool(self->pod->spec, "hostNetwork") == NZ_FIELD_TRUE)
    return "it has a port below 1024 in the network of its host";
  if (one->judged->container->type != NZ_CONTAINER_REGULAR && nz_kube_list(one->node, "command"))
    return "its command is not the image's";
  return NULL;
}

static char *
shown_image(const NzKubeOne *one)
{
  const char *image = one->judged->container->image;
  return nz_printable(image ? image : "", -1);
}

/* --- the answer --- */

/* There is no number that is known. */
static void
propose(NzKubeIdentity *identity, const NzKubeOne *one, const ImageUser *image)
{
  const char *name = one->judged->container->image;
  g_autofree char *shown = shown_image(one);
  identity->uid = account_of(one->judged->image, name ? name : "");
  if (!name)
    identity->refused = g_strdup("it names no image, so that nobody knows whom it can start as");
  else if (image->root)
    identity->refused = g_strdup_printf(
        "the image %s starts as root, and whether it works as another user is not known", shown);
  else
    identity->refused = g_strdup_printf(
        "whom the image %s starts as is not known: --image %s=USER says it", shown, shown);
}

static void
take_image(NzKubeMend *self, NzKubeIdentity *identity, const NzKubeOne *one, const ImageUser *image,
           gboolean root_is_written)
{
  const char *reason = root_is_written ? reason_for_root(self, one) : NULL;
  identity->uid = image->uid;
  /* What does not start at all cannot be broken. */
  if (reason && one->judged->subject->user->state != NZ_USER_WONT_START)
    identity->refused =
        g_strdup_printf("runAsUser: 0 was written, and %s: whether it works as the image's "
                        "user is not known",
                        reason);
}

const NzKubeIdentity *
nz_kube_identify(NzKubeMend *self, NzKubeOne *one)
{
  NzKubeIdentity *identity = &one->identity;
  if (one->identified)
    return identity;
  one->identified = TRUE;
  const NzBuildBase *base = one->judged->image;
  Number user = number_of(self, one, "runAsUser"), group = number_of(self, one, "runAsGroup");
  ImageUser image = user_of_image(base);
  gint64 of_pod = 0;
  gboolean is_root = user.set ? user.value == 0 : image.known && image.root;
  identity->change = is_root || one->judged->subject->user->state == NZ_USER_WONT_START;
  identity->set = !user.set || user.value == 0;
  if (user.set && user.value > 0)
    identity->uid = user.value;
  else if (user.own && nz_kube_int(self->context, "runAsUser", &of_pod) && of_pod > 0)
    identity->uid = of_pod;
  else if (image.known && !image.root)
    take_image(self, identity, one, &image, user.set);
  else
    propose(identity, one, &image);
  if (identity->set && !group.set)
    identity->gid = group_of(base, identity->uid);
  if (identity->set && !group.set && identity->gid == 0 && identity->uid == FREE_ID)
    identity->gid = FREE_ID;
  return identity;
}

gboolean
nz_kube_is_non_root(NzKubeMend *self, NzKubeOne *one)
{
  if (one->judged->subject->user->state == NZ_USER_NON_ROOT)
    return TRUE;
  const NzKubeIdentity *identity = nz_kube_identify(self, one);
  return !identity->refused && (one->goals[NZ_GOAL_USER] || !identity->change);
}

/* --- fields --- */

static NzYaml *
bare_number(gint64 value)
{
  g_autofree char *text = g_strdup_printf("%" G_GINT64_FORMAT, value);
  return nz_want_bare(text);
}

/* Not every refusal is about the user: the API server has other rules. */
static gboolean
is_about_user(const NzKubeMend *self, const NzKubeOne *one)
{
  Number user = number_of(self, one, "runAsUser");
  if (user.set)
    return user.value == 0;
  ImageUser image = user_of_image(one->judged->image);
  return !is_gated(self, one) || (image.known && (image.root || !image.numeric));
}

static void
mend_identity(NzKubeMend *self, NzKubeOne *one)
{
  const NzKubeIdentity *identity = nz_kube_identify(self, one);
  NzKubePlan *plan = nz_kube_plan(self, identity->refused);
  if (!is_gated(self, one))
    nz_kube_field_set(self, plan, one, "runAsNonRoot", nz_want_bare("true"));
  if (identity->set)
    nz_kube_field_set(self, plan, one, "runAsUser", bare_number(identity->uid));
  if (identity->set && identity->gid > 0) {
    nz_kube_field_set(self, plan, one, "runAsGroup", bare_number(identity->gid));
    nz_kube_mends(plan, one, NZ_GOAL_GROUP);
  }
  nz_kube_mends(plan, one, NZ_GOAL_USER);
  nz_kube_mends(plan, one, NZ_GOAL_NON_ROOT);
  if (identity->change) {
    nz_kube_mend_volumes(self, plan, one);
    nz_kube_mend_ports(self, plan, one);
  }
}

/* The group of a container that does not start as root, where it is 0. */
static void
mend_group(NzKubeMend *self, NzKubeOne *one)
{
  const NzKubeIdentity *identity = nz_kube_identify(self, one);
  NzKubePlan *plan = nz_kube_plan(self, "whether it needs what group 0 may read and write is not "
                                        "known");
  Number group = number_of(self, one, "runAsGroup");
  gint64 gid = group_of(one->judged->image, identity->uid), of_pod;
  gid = gid > 0 ? gid : identity->uid;
  if (gid <= 0)
    return;
  if (group.set ? group.value == 0 : identity->gid == 0)
    nz_kube_field_set(self, plan, one, "runAsGroup", bare_number(gid));
  if (nz_kube_int(self->context, "fsGroup", &of_pod) && of_pod == 0)
    nz_want_set(nz_want_sub(plan->pod, "securityContext"), "fsGroup", bare_number(gid));
  nz_kube_mends(plan, one, NZ_GOAL_GROUP);
}

void
nz_kube_mend_user(NzKubeMend *self, NzKubeOne *one)
{
  Number user = number_of(self, one, "runAsUser");
  if (user.set && (user.value < 0 || user.value > ID_MAX))
    return;
  gboolean mends =
      one->goals[NZ_GOAL_NON_ROOT] || (one->goals[NZ_GOAL_USER] && is_about_user(self, one));
  if (mends)
    mend_identity(self, one);
  if (one->goals[NZ_GOAL_GROUP] && !(mends && one->identity.gid > 0))
    mend_group(self, one);
  if (one->goals[NZ_GOAL_PORT] && !(mends && one->identity.change) &&
      nz_kube_adds(one, "NET_BIND_SERVICE") && nz_kube_is_non_root(self, one))
    nz_kube_mend_ports(self, nz_kube_plan(self, NULL), one);
}

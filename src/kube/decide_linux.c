/* SPDX-License-Identifier: Apache-2.0 */
/* Who a container of Linux starts as.
 *
 * The kubelet asks the runtime for the image's user, of which it gets the part before ":" alone: as
 * a number where strconv.ParseInt takes it, else as a name; nothing is 0. It gates by that, and
 * hands it back for the start: the group part of USER never counts. */
#include <string.h>

#include "core/text.h"
#include "kube/decide_private.h"

#define ID_MAX G_MAXINT32

/* The user part of the image's USER, as the kubelet sees it. */
typedef struct {
  char *text; /* "" where there is none */
  gboolean numeric;
  gint64 uid;
} ImageUser;

static void
image_user_clear(ImageUser *self)
{
  g_free(self->text);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(ImageUser, image_user_clear)

static ImageUser
image_user_of(const NzBuildBase *image)
{
  const char *declared = image->user ? image->user : "";
  ImageUser user = {.text = g_strndup(declared, strcspn(declared, ":"))};
  user.numeric = *user.text && nz_parse_int(user.text, strlen(user.text), &user.uid) == NZ_INT_OK;
  return user;
}

static gboolean
is_root(NzUserState state)
{
  return state == NZ_USER_ROOT || state == NZ_USER_ROOT_IN_USERNS;
}

/* --- the image's accounts --- */

static NzAccounts *
accounts_of(const NzDecide *self)
{
  const NzBuildBase *image = self->image;
  g_autofree char *unknown = NULL;
  if (!image)
    unknown = g_strdup("its image is not known");
  else if (!image->accounts_whole) {
    g_autofree char *name = nz_printable(image->name, -1);
    unknown = image->unknown ? g_strdup(image->unknown)
                             : g_strdup_printf("all users of the image %s are not known", name);
  }
  return nz_accounts_new(image ? image->family : NZ_FAMILY_UNKNOWN, image ? image->passwd : NULL,
                         image ? image->group : NULL, unknown);
}

/* The answer of the decision core for DECLARED, a user without a group. */
static NzUser *
resolve(const NzDecide *self, const char *declared)
{
  g_autoptr(NzAccounts) accounts = accounts_of(self);
  return nz_accounts_resolve(accounts, declared);
}

/* --- the group --- */

static gboolean
has_gid(const GArray *gids, guint32 gid)
{
  for (guint i = 0; i < gids->len; i++)
    if (g_array_index(gids, guint32, i) == gid)
      return TRUE;
  return FALSE;
}

static void
add_gid(NzUser *user, gint64 gid)
{
  guint32 kept = (guint32)gid;
  if (!has_gid(user->gids, kept))
    g_array_append_val(user->gids, kept);
}

/* "Strict": what the image's group file says of its users does not count. */
static gboolean
is_strict(const NzDecide *self)
{
  const char *policy = nz_kube_text(self->pod->context, "supplementalGroupsPolicy");
  return g_strcmp0(policy, "Strict") == 0;
}

static void
add_pod_groups(NzDecide *self, NzUser *user)
{
  gint64 gid;
  if (nz_kube_int(self->pod->context, "fsGroup", &gid))
    add_gid(user, gid);
  NzYaml *list = nz_kube_list(self->pod->context, "supplementalGroups");
  for (guint i = 0; list && i < list->items->len; i++) {
    const NzYaml *item = list->items->pdata[i];
    if (nz_kube_item_int(item, &gid))
      add_gid(user, gid);
  }
}

static void
explain_group(NzDecide *self, const NzUser *user)
{
  if (!user->has_gid)
    nz_decide_step(self, 0, NULL,
                   "runAsGroup is not set: the image's /etc/passwd gives the group, or it is 0");
  else
    nz_decide_step(self, 0, NULL, "runAsGroup is not set: the group is %u, %s", user->gid,
                   user->gid == 0 ? "where /etc/passwd gives the user no other"
                                  : "by the image's /etc/passwd");
}

/* A group part of the image's USER that counts for nothing. */
static void
mention_lost_group(NzDecide *self)
{
  const char *user = self->image ? self->image->user : NULL;
  const char *colon = user ? strchr(user, ':') : NULL;
  if (!colon || !colon[1])
    return;
  g_autofree char *shown = nz_printable(colon + 1, -1);
  nz_decide_step(self, 1, nz_decide_image_node(self),
                 "the group %s of the image's USER does not count: the kubelet passes on the user "
                 "alone",
                 shown);
}

static void
decide_group(NzDecide *self)
{
  NzUser *user = self->decision->user;
  NzEffective group = nz_decide_effective(self, NULL, "runAsGroup");
  gint64 gid;
  if (user->state == NZ_USER_WONT_START)
    return;
  if (is_strict(self) && user->gids->len > 1)
    g_array_set_size(user->gids, 1);
  if (group.node && nz_kube_int(group.map, "runAsGroup", &gid)) {
    if (user->gids->len > 0 && user->has_gid)
      g_array_remove_index(user->gids, 0);
    user->has_gid = TRUE;
    user->gid = (guint32)gid;
    g_array_insert_val(user->gids, 0, user->gid);
    nz_decide_step(self, 0, group.node, "runAsGroup: %" G_GINT64_FORMAT " %s", gid,
                   nz_decide_whose(&group));
  } else if (user->state != NZ_USER_UNKNOWN) {
    explain_group(self, user);
    mention_lost_group(self);
  }
  add_pod_groups(self, user);
}

/* --- the user --- */

static void
replace_why(NzUser *user, char *why)
{
  g_free(user->why);
  user->why = why;
}

/* runAsUser settles it. */
static void
start_as(NzDecide *self, const NzEffective *field, gint64 uid)
{
  g_autofree char *text = g_strdup_printf("%" G_GINT64_FORMAT, uid);
  const char *whose = nz_decide_whose(field);
  NzUser *user = resolve(self, text);
  /* Whatever passwd makes of it: the runtime takes the number. */
  user->state = uid == 0 ? NZ_USER_ROOT : NZ_USER_NON_ROOT;
  user->hostile = FALSE;
  user->has_uid = TRUE;
  user->uid = (guint32)uid;
  replace_why(user, g_strdup_printf("runAsUser: %s %s", text, whose));
  nz_decide_step(self, 0, field->node, "%s", user->why);
  nz_decide_set_user(self, user, field->node);
}

static void
start_as_image(NzDecide *self)
{
  NzYaml *node = nz_decide_image_node(self);
  g_auto(ImageUser) declared = image_user_of(self->image);
  g_autofree char *image = nz_decide_image_text(self);
  NzUser *user = resolve(self, declared.text);
  g_free(user->declared);
  user->declared = g_strdup(self->image->user);
  g_autofree char *why = g_steal_pointer(&user->why);
  user->why = *declared.text ? g_strdup_printf("%s: %s", image, why)
                             : g_strdup_printf("%s names no user, so it starts as root", image);
  nz_decide_step(self, 1, node, "%s", user->why);
  nz_decide_set_user(self, user, node);
  if (user->state == NZ_USER_WONT_START)
    nz_decide_refuse(self, "the runtime", node, g_strdup(user->why));
}

/* --- the gate: runAsNonRoot is true --- */

static void
gate_image(NzDecide *self, const NzEffective *gate)
{
  NzYaml *node = nz_decide_image_node(self);
  g_auto(ImageUser) user = image_user_of(self->image);
  g_autofree char *image = nz_decide_image_text(self);
  g_autofree char *shown = nz_printable(user.text, -1);
  if (!*user.text)
    nz_decide_step(self, 1, node, "%s names no user, which is 0", image);
  else
    nz_decide_step(self, 1, node, "%s starts as %s", image, shown);
  if (!*user.text || (user.numeric && user.uid == 0))
    nz_decide_refuse(self, "the kubelet", node,
                     g_strdup("container has runAsNonRoot and image will run as root"));
  else if (!user.numeric)
    nz_decide_refuse(self, "the kubelet", node,
                     g_strdup_printf("container has runAsNonRoot and image has non-numeric user "
                                     "(%s), cannot verify user is non-root",
                                     user.text));
  else if (user.uid < 0 || user.uid > ID_MAX)
    nz_decide_refuse(self, "the kubelet", node,
                     g_strdup_printf("container has runAsNonRoot and image has an invalid user id "
                                     "(%" G_GINT64_FORMAT "). (Must be 1-(%d)): must be between 0 "
                                     "and %d, inclusive",
                                     user.uid, ID_MAX, ID_MAX));
  else {
    start_as_image(self);
    nz_decide_step(self, 0, gate->node, "runAsNonRoot: true %s lets it start",
                   nz_decide_whose(gate));
  }
}

static void
not_known(NzDecide *self, const char *why)
{
  NzYaml *node = nz_decide_image_node(self);
  nz_decide_step(self, 1, node, "%s", why);
  nz_decide_set_user(self, nz_user_new_unknown(NULL, why), node);
}

/* The annotations that `podman kube generate` writes and `podman kube play` reads: there is no
 * kubelet then, and no gate. */
static const NzYaml *
find_podman(const NzDecide *self)
{
  NzYaml *annotations = nz_kube_map(self->pod->metadata, "annotations");
  for (guint i = 0; annotations && i < annotations->keys->len; i++) {
    const NzYaml *key = annotations->keys->pdata[i];
    if (key->text && g_str_has_prefix(key->text, "io.podman.annotations."))
      return key;
  }
  return NULL;
}

/* Whatever the image says: as root it would be refused. */
static void
gate_unknown(NzDecide *self, const NzEffective *gate)
{
  NzYaml *node = nz_decide_image_node(self);
  g_autofree char *why = nz_decide_image_unknown(self, "runAsUser");
  const NzYaml *podman = find_podman(self);
  if (podman) {
    nz_decide_step(self, 0, podman, "by its annotations Podman plays it, which has no such gate");
    not_known(self, why);
    return;
  }
  nz_decide_step(self, 1, node, "%s", why);
  NzUser *user = nz_user_new_unknown(NULL, NULL);
  user->state = NZ_USER_NON_ROOT;
  user->why = g_strdup_printf("runAsNonRoot: true %s: it starts as another user than root or not "
                              "at all",
                              nz_decide_whose(gate));
  nz_decide_set_user(self, user, gate->node);
  nz_decide_step(self, 0, gate->node, "%s", user->why);
  nz_decide_act(self, NZ_ACT_MAY_REFUSE, node, NULL, why);
}

/* --- all --- */

static void
explain_gate(NzDecide *self, const NzEffective *gate, gboolean closed)
{
  if (closed)
    nz_decide_step(self, 0, gate->node, "runAsNonRoot: true %s: the kubelet refuses root",
                   nz_decide_whose(gate));
  else if (gate->node)
    nz_decide_step(self, 0, gate->node, "runAsNonRoot: false %s: nothing refuses root",
                   nz_decide_whose(gate));
  else
    nz_decide_step(self, 0, NULL, "runAsNonRoot is not set: nothing refuses root");
}

/* hostUsers: false. Podman's annotation is not the kubelet's. */
static void
decide_namespace(NzDecide *self)
{
  NzUser *user = self->decision->user;
  NzYaml *annotations = nz_kube_map(self->pod->metadata, "annotations");
  NzYaml *podman = nz_kube_field(annotations, "io.podman.annotations.userns");
  if (podman)
    nz_decide_step(self, 0, podman,
                   "the annotation io.podman.annotations.userns is Podman's alone: a kubelet does "
                   "not know it");
  if (nz_kube_bool(self->pod->spec, "hostUsers") != NZ_FIELD_FALSE || !is_root(user->state))
    return;
  g_autofree char *why = g_steal_pointer(&user->why);
  user->state = NZ_USER_ROOT_IN_USERNS;
  user->why = g_strdup_printf("%s; hostUsers: false maps that to another user of the host", why);
  nz_decide_step(self, 0, nz_kube_field(self->pod->spec, "hostUsers"),
                 "hostUsers: false: root is another user of the host; containerd 1.6 and older "
                 "pass over it, and newer runtimes that cannot do it refuse the pod");
}

static void
decide_user(NzDecide *self)
{
  NzEffective gate = nz_decide_effective(self, NULL, "runAsNonRoot");
  NzEffective number = nz_decide_effective(self, NULL, "runAsUser");
  gboolean closed = nz_decide_bool(&gate, "runAsNonRoot") == NZ_FIELD_TRUE;
  gint64 uid = 0;
  explain_gate(self, &gate, closed);
  if (number.node && nz_kube_int(number.map, "runAsUser", &uid)) {
    start_as(self, &number, uid);
    if (closed && uid == 0)
      nz_decide_refuse(self, "the kubelet", number.node,
                       g_strdup("container's runAsUser breaks non-root policy"));
    return;
  }
  nz_decide_step(self, 0, NULL, "runAsUser is not set: the image decides");
  if (nz_decide_knows_image(self)) {
    if (closed)
      gate_image(self, &gate);
    else
      start_as_image(self);
  } else if (closed)
    gate_unknown(self, &gate);
  else {
    g_autofree char *why = nz_decide_image_unknown(self, "runAsUser");
    not_known(self, why);
  }
}

void
nz_decide_linux(NzDecide *self)
{
  decide_user(self);
  decide_group(self);
  decide_namespace(self);
}

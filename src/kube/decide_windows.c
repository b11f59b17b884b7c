/* SPDX-License-Identifier: Apache-2.0 */
/* Who a container of Windows starts as. Its root is ContainerAdministrator; a HostProcess container
 * is a process of the host. Names are compared without case. The kubelet's gate compares the whole
 * text, so that the same account with its domain passes, and looks at an image's USER only where it
 * has one. */
#include <string.h>

#include "core/text.h"
#include "kube/decide_private.h"

#define ADMINISTRATOR "ContainerAdministrator"

/* Accounts that are all-powerful in the container, without their domains ("User Manager\", "NT
 * AUTHORITY\"). */
static gboolean
is_root_name(const char *name)
{
  static const char *const names[] = {ADMINISTRATOR, "Administrator", "SYSTEM", "LocalSystem"};
  const char *slash = strrchr(name, '\\');
  const char *account = slash ? slash + 1 : name;
  for (guint i = 0; i < G_N_ELEMENTS(names); i++)
    if (g_ascii_strcasecmp(account, names[i]) == 0)
      return TRUE;
  return FALSE;
}

/* NAME, which FIELD ("runAsUserName of the pod") gives. */
static void
start_as(NzDecide *self, const char *name, const char *field, const NzYaml *node)
{
  NzUser *user = nz_user_new_unknown(name, NULL);
  g_autofree char *shown = nz_printable(name, -1);
  gboolean root = is_root_name(name);
  user->state = root ? NZ_USER_ROOT : NZ_USER_NON_ROOT;
  user->why = g_strdup_printf("%s: %s%s", field, shown,
                              root ? ", which is the root of Windows containers" : "");
  nz_decide_step(self, 0, node, "%s", user->why);
  nz_decide_set_user(self, user, node);
}

static gboolean
is_gated(NzDecide *self)
{
  NzEffective gate = nz_decide_effective(self, NULL, "runAsNonRoot");
  gboolean closed = nz_decide_bool(&gate, "runAsNonRoot") == NZ_FIELD_TRUE;
  if (closed)
    nz_decide_step(self, 0, gate.node, "runAsNonRoot: true %s: the kubelet refuses " ADMINISTRATOR,
                   nz_decide_whose(&gate));
  else
    nz_decide_step(self, 0, gate.node, "runAsNonRoot is not true: nothing refuses " ADMINISTRATOR);
  return closed;
}

static void
refuse(NzDecide *self, const char *name, const char *what, const NzYaml *node)
{
  nz_decide_refuse(self, "the kubelet", node,
                   g_strdup_printf("container's %s (%s) which will be regarded as root identity "
                                   "and will break non-root policy",
                                   what, name));
}

static void
decide_by_image(NzDecide *self, gboolean gated)
{
  NzYaml *node = nz_decide_image_node(self);
  const char *name = nz_decide_knows_image(self) ? self->image->user : NULL;
  nz_decide_step(self, 0, NULL, "runAsUserName is not set: the image decides");
  if (name && *name) {
    g_autofree char *image = nz_decide_image_text(self);
    start_as(self, name, image, node);
    if (gated && g_ascii_strcasecmp(name, ADMINISTRATOR) == 0)
      refuse(self, name, "runAsUser", node);
    return;
  }
  g_autofree char *unknown = nz_decide_image_unknown(self, "runAsUserName");
  g_autofree char *image = nz_decide_image_text(self);
  g_autofree char *why =
      nz_decide_knows_image(self)
          ? g_strdup_printf("%s names no user: a Server Core image starts as " ADMINISTRATOR
                            ", a Nano Server image as ContainerUser; runAsUserName would settle it",
                            image)
          : g_steal_pointer(&unknown);
  nz_decide_step(self, 1, node, "%s", why);
  nz_decide_set_user(self, nz_user_new_unknown(NULL, why), node);
}

/* A process of the host. */
static gboolean
decide_host_process(NzDecide *self)
{
  NzEffective field = nz_decide_effective(self, "windowsOptions", "hostProcess");
  if (nz_decide_bool(&field, "hostProcess") != NZ_FIELD_TRUE)
    return FALSE;
  NzEffective name = nz_decide_effective(self, "windowsOptions", "runAsUserName");
  const char *text = name.node ? nz_kube_text(name.map, "runAsUserName") : NULL;
  NzUser *user = nz_user_new_unknown(text, NULL);
  user->state = NZ_USER_ROOT;
  user->why = g_strdup_printf("hostProcess: true %s: it is a process of the host, with its rights",
                              nz_decide_whose(&field));
  nz_decide_step(self, 0, field.node, "%s", user->why);
  nz_decide_set_user(self, user, field.node);
  return TRUE;
}

void
nz_decide_windows(NzDecide *self)
{
  NzEffective name = nz_decide_effective(self, "windowsOptions", "runAsUserName");
  const char *text = name.node ? nz_kube_text(name.map, "runAsUserName") : NULL;
  nz_decide_step(self, 0, nz_kube_field(self->pod->spec, "os"), "it is a pod of Windows");
  gboolean gated = is_gated(self);
  gboolean refused = gated && text && g_ascii_strcasecmp(text, ADMINISTRATOR) == 0;
  if (!refused && decide_host_process(self))
    return;
  if (!text) {
    decide_by_image(self, gated);
    return;
  }
  g_autofree char *field = g_strdup_printf("runAsUserName %s", nz_decide_whose(&name));
  start_as(self, text, field, name.node);
  if (refused)
    refuse(self, text, "runAsUserName", name.node);
}

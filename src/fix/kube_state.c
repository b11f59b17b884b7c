/* SPDX-License-Identifier: Apache-2.0 */
/* What a container needs besides to work as another user than root: its volumes, its ports. */
#include <string.h>

#include "core/text.h"
#include "fix/kube_private.h"

/* --- volumes --- */

NzYaml *
nz_kube_volume(NzKubeMend *self, const char *name)
{
  NzYaml *volumes = nz_kube_list(self->pod->spec, "volumes");
  if (!self->volumes) {
    self->volumes = g_hash_table_new(nz_str_hash, g_str_equal);
    for (guint i = 0; volumes && i < volumes->items->len; i++) {
      const char *key = nz_kube_text(volumes->items->pdata[i], "name");
      if (key)
        g_hash_table_insert(self->volumes, (gpointer)key, volumes->items->pdata[i]);
    }
  }
  return name ? g_hash_table_lookup(self->volumes, name) : NULL;
}

/* A file system that is root's when it is new, and that fsGroup is applied to. An emptyDir may be
 * written by anybody. What has no volume comes of a StatefulSet's volumeClaimTemplates. */
static gboolean
is_claimed(NzYaml *volume)
{
  static const char *const kinds[] = {"persistentVolumeClaim", "ephemeral", "csi"};
  for (guint i = 0; volume && i < G_N_ELEMENTS(kinds); i++)
    if (nz_kube_field(volume, kinds[i]))
      return TRUE;
  return volume == NULL;
}

static gboolean
writes_volumes(NzKubeMend *self, const NzKubeOne *one)
{
  NzYaml *mounts = nz_kube_list(one->node, "volumeMounts");
  for (guint i = 0; mounts && i < mounts->items->len; i++) {
    NzYaml *mount = mounts->items->pdata[i];
    const char *name = nz_kube_text(mount, "name");
    if (name && nz_kube_bool(mount, "readOnly") != NZ_FIELD_TRUE &&
        is_claimed(nz_kube_volume(self, name)))
      return TRUE;
  }
  return FALSE;
}

void
nz_kube_mend_volumes(NzKubeMend *self, NzKubePlan *plan, NzKubeOne *one)
{
  const NzKubeIdentity *identity = nz_kube_identify(self, one);
  NzYaml *context = nz_yaml_get(plan->pod, "securityContext");
  gint64 gid;
  if (nz_kube_int(self->context, "fsGroup", &gid) || nz_yaml_get(context, "fsGroup") ||
      !writes_volumes(self, one))
    return;
  if (!nz_kube_int(one->context, "runAsGroup", &gid) &&
      !nz_kube_int(self->context, "runAsGroup", &gid))
    gid = identity->gid;
  g_autofree char *text = g_strdup_printf("%" G_GINT64_FORMAT, gid > 0 ? gid : identity->uid);
  nz_want_set(nz_want_sub(plan->pod, "securityContext"), "fsGroup", nz_want_bare(text));
}

/* --- ports --- */

#define PORT_SYSCTL "net.ipv4.ip_unprivileged_port_start"
/* The kernel's default for it. */
#define FIRST_FREE_PORT 1024

gboolean
nz_kube_has_low_port(const NzKubeOne *one)
{
  NzYaml *list = nz_kube_list(one->node, "ports");
  gint64 port;
  for (guint i = 0; list && i < list->items->len; i++)
    if (nz_kube_int(list->items->pdata[i], "containerPort", &port) && port < FIRST_FREE_PORT)
      return TRUE;
  return FALSE;
}

gboolean
nz_kube_has_port_sysctl(const NzKubeMend *self)
{
  NzYaml *list = nz_kube_list(self->context, "sysctls");
  for (guint i = 0; list && i < list->items->len; i++)
    if (g_strcmp0(nz_kube_text(list->items->pdata[i], "name"), PORT_SYSCTL) == 0)
      return TRUE;
  return FALSE;
}

/* A pod that shares its host's network may not set sysctls of it. */
void
nz_kube_mend_ports(NzKubeMend *self, NzKubePlan *plan, NzKubeOne *one)
{
  if ((!one->goals[NZ_GOAL_PORT] && !nz_kube_adds(one, "NET_BIND_SERVICE")) ||
      nz_kube_bool(self->pod->spec, "hostNetwork") == NZ_FIELD_TRUE ||
      nz_kube_has_port_sysctl(self))
    return;
  NzYaml *old = nz_kube_list(self->context, "sysctls");
  NzYaml *list = old ? nz_want_copy(old) : nz_want_list(), *item = nz_want_map();
  nz_want_set(item, "name", nz_want_text(PORT_SYSCTL));
  nz_want_set(item, "value", nz_want_text("0"));
  nz_yaml_append(list, item);
  nz_want_set(nz_want_sub(plan->pod, "securityContext"), "sysctls", list);
  nz_kube_mends(plan, one, NZ_GOAL_PORT);
}

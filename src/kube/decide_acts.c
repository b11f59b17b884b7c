/* SPDX-License-Identifier: Apache-2.0 */
/* How a container could become root, or be as good as it, whoever it starts as. */
#include <string.h>

#include "core/text.h"
#include "kube/decide_private.h"

/* The kernel's default: net.ipv4.ip_unprivileged_port_start. */
#define FIRST_FREE_PORT 1024

/* --- capabilities --- */

/* "SYS_ADMIN" of "cap_sys_admin": CRI-O takes any case and a prefix, containerd any case. */
static char *
capability_of(const NzYaml *item)
{
  char *upper = g_ascii_strup(item->text ? item->text : "", -1);
  if (g_str_has_prefix(upper, "CAP_"))
    memmove(upper, upper + 4, strlen(upper + 4) + 1);
  return upper;
}

static GHashTable *
capabilities_of(const NzYaml *list)
{
  GHashTable *names = g_hash_table_new_full(nz_str_hash, g_str_equal, g_free, NULL);
  for (guint i = 0; list && i < list->items->len; i++)
    g_hash_table_add(names, capability_of(list->items->pdata[i]));
  return names;
}

/* Runtimes add ALL, drop ALL, add each that is named, then drop each that is named. */
static void
take_capabilities(NzDecide *self)
{
  NzYaml *map = nz_kube_map(self->container->context, "capabilities");
  NzYaml *add = nz_kube_list(map, "add");
  g_autoptr(GHashTable) dropped = capabilities_of(nz_kube_list(map, "drop"));
  for (guint i = 0; add && i < add->items->len; i++) {
    const NzYaml *item = add->items->pdata[i];
    g_autofree char *name = capability_of(item);
    if (*name && !g_hash_table_contains(dropped, name))
      nz_decide_act(self, NZ_ACT_CAP_ADD, item, name, "the container");
  }
}

/* --- privileges --- */

static void
take_privileges(NzDecide *self)
{
  NzYaml *context = self->container->context;
  NzYaml *privileged = nz_kube_field(context, "privileged");
  NzYaml *escalation = nz_kube_field(context, "allowPrivilegeEscalation");
  if (nz_kube_bool(context, "privileged") == NZ_FIELD_TRUE)
    nz_decide_act(self, NZ_ACT_PRIVILEGED, privileged, NULL, "privileged: true");
  if (nz_kube_bool(context, "allowPrivilegeEscalation") != NZ_FIELD_FALSE)
    nz_decide_act(self, NZ_ACT_NEW_PRIVILEGES, escalation, NULL,
                  escalation ? "allowPrivilegeEscalation: true"
                             : "allowPrivilegeEscalation is not set, which is true");
  if (g_strcmp0(nz_kube_text(context, "procMount"), "Unmasked") == 0)
    nz_decide_act(self, NZ_ACT_UNMASKED_PROC, nz_kube_field(context, "procMount"), NULL,
                  "procMount: Unmasked");
}

/* --- the pod's namespaces --- */

static void
take_namespaces(NzDecide *self)
{
  static const char *const keys[] = {"hostPID", "hostIPC", "hostNetwork"};
  NzYaml *spec = self->pod->spec;
  for (guint i = 0; i < G_N_ELEMENTS(keys); i++)
    if (nz_kube_bool(spec, keys[i]) == NZ_FIELD_TRUE)
      nz_decide_act(self, NZ_ACT_HOST_NAMESPACE, nz_kube_field(spec, keys[i]), keys[i], NULL);
  if (nz_kube_bool(spec, "hostUsers") == NZ_FIELD_TRUE)
    nz_decide_act(self, NZ_ACT_HOST_USERNS, nz_kube_field(spec, "hostUsers"), NULL,
                  "hostUsers: true");
}

/* --- groups --- */

static gboolean
is_zero(const NzYaml *item)
{
  gint64 id;
  return nz_kube_item_int(item, &id) && id == 0;
}

static gboolean
has_zero(const GArray *gids)
{
  for (guint i = 0; i < gids->len; i++)
    if (g_array_index(gids, guint32, i) == 0)
      return TRUE;
  return FALSE;
}

/* What is written: TRUE when something gives group 0. */
static gboolean
take_written_groups(NzDecide *self)
{
  NzYaml *context = self->pod->context;
  NzYaml *list = nz_kube_list(context, "supplementalGroups");
  NzEffective group = nz_decide_effective(self, NULL, "runAsGroup");
  guint before = self->decision->acts->len;
  gint64 gid;
  if (group.node && nz_kube_int(group.map, "runAsGroup", &gid) && gid == 0) {
    g_autofree char *how = g_strdup_printf("runAsGroup: 0 %s", nz_decide_whose(&group));
    nz_decide_act(self, NZ_ACT_ROOT_GROUP, group.node, NULL, how);
  }
  if (nz_kube_int(context, "fsGroup", &gid) && gid == 0)
    nz_decide_act(self, NZ_ACT_ROOT_GROUP, nz_kube_field(context, "fsGroup"), NULL, "fsGroup: 0");
  for (guint i = 0; list && i < list->items->len; i++)
    if (is_zero(list->items->pdata[i]))
      nz_decide_act(self, NZ_ACT_ROOT_GROUP, list->items->pdata[i], NULL, "supplementalGroups: 0");
  return self->decision->acts->len > before;
}

/* Root has that group as a matter of course. */
static void
take_groups(NzDecide *self)
{
  const NzUser *user = self->decision->user;
  if (self->windows || (user->state != NZ_USER_NON_ROOT && user->state != NZ_USER_UNKNOWN))
    return;
  if (take_written_groups(self) || !has_zero(user->gids))
    return;
  nz_decide_act(self, NZ_ACT_ROOT_GROUP, NULL, NULL,
                user->has_gid && user->gid == 0
                    ? "runAsGroup is not set, and the image's /etc/passwd gives no other group"
                    : "the image's /etc/group")
      ->implied = TRUE;
}

/* --- the gate --- */

static void
take_gate(NzDecide *self)
{
  NzEffective gate = nz_decide_effective(self, NULL, "runAsNonRoot");
  if (nz_decide_bool(&gate, "runAsNonRoot") == NZ_FIELD_TRUE)
    return;
  g_autofree char *how = gate.node
                             ? g_strdup_printf("runAsNonRoot: false %s", nz_decide_whose(&gate))
                             : g_strdup("runAsNonRoot is not set");
  NzEffective user = self->windows ? nz_decide_effective(self, "windowsOptions", "runAsUserName")
                                   : nz_decide_effective(self, NULL, "runAsUser");
  NzAct *act = nz_decide_act(self, NZ_ACT_NO_NON_ROOT, gate.node, NULL, how);
  act->implied = user.node == NULL;
}

/* --- ports --- */

/* A sysctl of the pod that lets any user bind PORT. */
static gboolean
is_port_free(const NzDecide *self, gint64 port)
{
  NzYaml *list = nz_kube_list(self->pod->context, "sysctls");
  for (guint i = 0; list && i < list->items->len; i++) {
    NzYaml *item = list->items->pdata[i];
    const char *name = item->kind == NZ_YAML_MAP ? nz_kube_text(item, "name") : NULL;
    const char *value = name ? nz_kube_text(item, "value") : NULL;
    gint64 first;
    if (value &&
        (strcmp(name, "net.ipv4.ip_unprivileged_port_start") == 0 ||
         strcmp(name, "net/ipv4/ip_unprivileged_port_start") == 0) &&
        nz_parse_int(value, strlen(value), &first) == NZ_INT_OK && first <= port)
      return TRUE;
  }
  return FALSE;
}

static void
take_ports(NzDecide *self)
{
  NzYaml *list = nz_kube_list(self->container->node, "ports");
  for (guint i = 0; list && i < list->items->len; i++) {
    NzYaml *item = list->items->pdata[i];
    gint64 port;
    if (item->kind != NZ_YAML_MAP || !nz_kube_int(item, "containerPort", &port) || port < 1 ||
        port >= FIRST_FREE_PORT || is_port_free(self, port))
      continue;
    const char *protocol = nz_kube_text(item, "protocol");
    g_autofree char *lower = g_ascii_strdown(protocol ? protocol : "TCP", -1);
    g_autofree char *what = g_strdup_printf("%" G_GINT64_FORMAT "/%s", port, lower);
    nz_decide_act(self, NZ_ACT_PORT, nz_kube_field(item, "containerPort"), what, "containerPort");
  }
}

/* --- all --- */

void
nz_decide_acts(NzDecide *self)
{
  NzEffective host_process = nz_decide_effective(self, "windowsOptions", "hostProcess");
  if (nz_decide_bool(&host_process, "hostProcess") == NZ_FIELD_TRUE)
    nz_decide_act(self, NZ_ACT_PRIVILEGED, host_process.node, NULL,
                  "windowsOptions.hostProcess: true");
  if (!self->windows) {
    take_capabilities(self);
    take_privileges(self);
    take_namespaces(self);
    take_ports(self);
  }
  take_groups(self);
  take_gate(self);
}

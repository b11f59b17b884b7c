/* SPDX-License-Identifier: Apache-2.0 */
/* OpenShift's restricted-v2 and nonroot-v2: what they fill in where a pod says nothing, then what
 * they refuse (apiserver-library-go, pkg/securitycontextconstraints). Both drop ALL capabilities,
 * forbid to gain privileges, and take the runtime's seccomp profile by themselves, so that only
 * what a pod says to the contrary is refused.
 *
 * Numbers and the SELinux level are the namespace's. They are known where the manifest holds the
 * Namespace with OpenShift's annotations; else what a pod asks for cannot be judged, and that is
 * said. */
#include "kube/scc.h"

#include <string.h>

#include "core/text.h"

/* --- what a constraint is --- */

static const NzScc constraints[] = {
    {.name = "restricted-v2", .uid_range = TRUE, .fs_group_range = TRUE},
    {.name = "nonroot-v2"},
};

static const NzPodCheck checks[] = {
    [NZ_SCC_CAPABILITIES] = {"capabilities", "scc-capabilities"},
    [NZ_SCC_FS_GROUP] = {"fsGroup", "scc-fs-group"},
    [NZ_SCC_HOST_NAMESPACES] = {"hostNamespaces", "scc-host-namespaces"},
    [NZ_SCC_HOST_PORTS] = {"hostPorts", "scc-host-ports"},
    [NZ_SCC_PRIVILEGE_ESCALATION] = {"allowPrivilegeEscalation", "scc-privilege-escalation"},
    [NZ_SCC_PRIVILEGED] = {"privileged", "scc-privileged"},
    [NZ_SCC_RUN_AS_USER] = {"runAsUser", "scc-run-as-user"},
    [NZ_SCC_SECCOMP] = {"seccompProfiles", "scc-seccomp"},
    [NZ_SCC_SELINUX] = {"seLinuxContext", "scc-selinux"},
    [NZ_SCC_SYSCTLS] = {"sysctls", "scc-sysctls"},
    [NZ_SCC_VOLUMES] = {"volumes", "scc-volumes"},
};

NzPodViolation *
nz_scc_violate(NzPodJudge *judge, NzSccCheck check, const NzKubeContainer *container,
               NzPlace *place, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  g_autofree char *message = g_strdup_vprintf(format, args);
  va_end(args);
  judge->check = &checks[check];
  return nz_pod_violate(judge, container, place, "provider %s: %s", judge->scc->name, message);
}

/* ".containers[0]"; of the pod ".spec.securityContext". */
char *
nz_scc_path(const NzPodJudge *judge, const NzKubeContainer *container)
{
  static const char *const lists[] = {
      [NZ_CONTAINER_REGULAR] = "containers",
      [NZ_CONTAINER_INIT] = "initContainers",
      [NZ_CONTAINER_SIDECAR] = "initContainers",
      [NZ_CONTAINER_EPHEMERAL] = "ephemeralContainers",
  };
  if (!container)
    return g_strdup(".spec.securityContext");
  guint n = 0;
  for (guint i = 0; judge->pod->containers->pdata[i] != container; i++) {
    const NzKubeContainer *other = judge->pod->containers->pdata[i];
    n += strcmp(lists[other->type], lists[container->type]) == 0;
  }
  return g_strdup_printf(".%s[%u]", lists[container->type], n);
}

/* --- what the pod asks for of its host --- */

static void
host_namespaces(NzPodJudge *judge)
{
  static const struct {
    const char *field, *name;
  } fields[] = {{"hostNetwork", "network"}, {"hostPID", "PID"}, {"hostIPC", "IPC"}};
  for (guint i = 0; i < G_N_ELEMENTS(fields); i++)
    if (nz_kube_bool(judge->pod->spec, fields[i].field) == NZ_FIELD_TRUE)
      nz_scc_violate(judge, NZ_SCC_HOST_NAMESPACES, NULL,
                     NZ_POD_PLACE(judge, judge->pod->spec, fields[i].field),
                     ".spec.%s: Invalid value: true: Host %s is not allowed to be used",
                     fields[i].field, fields[i].name);
}

static void
forbid_port(NzPodJudge *judge, const NzKubeContainer *container, gint64 port, NzPlace *place)
{
  g_autofree char *path = nz_scc_path(judge, container);
  nz_scc_violate(judge, NZ_SCC_HOST_PORTS, container, place,
                 "%s.hostPort: Invalid value: %" G_GINT64_FORMAT
                 ": Host ports are not allowed to be used",
                 path, port);
}

static void
volumes(NzPodJudge *judge)
{
  NzYaml *list = nz_kube_list(judge->pod->spec, "volumes");
  for (guint i = 0; list && i < list->items->len; i++) {
    const char *key;
    const NzPodVolume *volume = nz_pod_volume(list->items->pdata[i], &key);
    if (!key || (volume && volume->scc))
      continue;
    const char *name = !volume ? key : volume->scc_name ? volume->scc_name : volume->key;
    nz_scc_violate(judge, NZ_SCC_VOLUMES, NULL, NZ_POD_PLACE(judge, list->items->pdata[i], key),
                   ".spec.volumes[%u]: Invalid value: \"%s\": %s volumes are not allowed to be "
                   "used",
                   i, name, name);
  }
}

/* sysctl/mustmatchpatterns.go; the last three where the kernels of all nodes have them, which they
 * do from 4.15 on. */
static void
sysctls(NzPodJudge *judge)
{
  static const NzPodValue safe[] = {
      {0, "kernel.shm_rmid_forced"},
      {0, "net.ipv4.ip_local_port_range"},
      {0, "net.ipv4.tcp_syncookies"},
      {0, "net.ipv4.ping_group_range"},
      {0, "net.ipv4.ip_unprivileged_port_start"},
      {0, "net.ipv4.tcp_keepalive_time"},
      {0, "net.ipv4.tcp_fin_timeout"},
      {0, "net.ipv4.tcp_keepalive_intvl"},
      {0, "net.ipv4.tcp_keepalive_probes"},
      {0, "net.ipv4.ip_local_reserved_ports"},
      {0, "net.ipv4.tcp_rmem"},
      {0, "net.ipv4.tcp_wmem"},
  };
  NzYaml *list = nz_kube_list(judge->pod->context, "sysctls");
  for (guint i = 0; list && i < list->items->len; i++) {
    NzYaml *one = list->items->pdata[i];
    const char *name = nz_pod_text(one, "name");
    if (!nz_pod_allows(judge, safe, G_N_ELEMENTS(safe), name)) {
      NzPlace *place = NZ_POD_PLACE(judge, one, "name");
      nz_scc_violate(judge, NZ_SCC_SYSCTLS, NULL,
                     place ? place : nz_kube_place(judge->manifest, one),
                     "spec.securityContext.sysctls[%u]: Forbidden: unsafe sysctl \"%s\" is not "
                     "allowed",
                     i, name);
    }
  }
}

/* --- what a container asks for --- */

static void
privileges(NzPodJudge *judge, const NzPodSetter *s, const char *path)
{
  if (nz_kube_bool(s->context, "privileged") == NZ_FIELD_TRUE)
    nz_scc_violate(
        judge, NZ_SCC_PRIVILEGED, s->container, NZ_POD_PLACE(judge, s->context, "privileged"),
        "%s.privileged: Invalid value: true: Privileged containers are not allowed", path);
  if (nz_kube_bool(s->context, "allowPrivilegeEscalation") == NZ_FIELD_TRUE)
    nz_scc_violate(judge, NZ_SCC_PRIVILEGE_ESCALATION, s->container,
                   NZ_POD_PLACE(judge, s->context, "allowPrivilegeEscalation"),
                   "%s.allowPrivilegeEscalation: Invalid value: true: Allowing privilege "
                   "escalation for containers is not allowed",
                   path);
  NzYaml *add = nz_kube_list(nz_kube_map(s->context, "capabilities"), "add");
  for (guint i = 0; add && i < add->items->len; i++) {
    const NzYaml *one = add->items->pdata[i];
    if (strcmp(nz_pod_item(one), "NET_BIND_SERVICE") != 0)
      nz_scc_violate(judge, NZ_SCC_CAPABILITIES, s->container, nz_kube_place(judge->manifest, one),
                     "%s.capabilities.add: Invalid value: \"%s\": capability may not be added",
                     path, nz_pod_item(one));
  }
}

/* --- all --- */

void
nz_scc_judge(NzPodJudge *judge, const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS(constraints); i++)
    if (strcmp(constraints[i].name, name) == 0)
      judge->scc = &constraints[i];
  /* sccadmission: pods of Windows are not its business. */
  if (!judge->scc || judge->pod->windows)
    return;
  NzSccNamespace namespace = {0};
  nz_scc_namespace(judge, &namespace);
  host_namespaces(judge);
  nz_pod_foreach_host_port(judge, forbid_port);
  volumes(judge);
  sysctls(judge);
  nz_scc_fs_group(judge, &namespace);
  NzPodSetter s = NZ_POD_AND_CONTAINERS;
  while (nz_pod_next(judge, &s)) {
    g_autofree char *path = nz_scc_path(judge, s.container);
    nz_scc_seccomp(judge, &s);
    nz_scc_selinux(judge, &s, path, &namespace);
    if (!s.container)
      continue;
    nz_scc_run_as_user(judge, &s, path, &namespace);
    privileges(judge, &s, path);
  }
}

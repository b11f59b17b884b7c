/* SPDX-License-Identifier: Apache-2.0 */
/* What the API server's own validation refuses, of the fields that say who a container starts as:
 * pkg/apis/core/validation, ValidatePodSpec and ValidateSecurityContext, whose words these are.
 * What is wrong with another container of the pod is said of that alone. */
#include <string.h>

#include "core/text.h"
#include "kube/decide_private.h"

#define ID_MAX     G_MAXINT32
#define OUT_OF_IDS "must be between 0 and 2147483647, inclusive"

/* PATH: MESSAGE, said of NODE. Is TRUE. */
static gboolean refuse(NzDecide *self, const NzYaml *node, const char *path, const char *field,
                       const char *format, ...) G_GNUC_PRINTF(5, 6);

static gboolean
refuse(NzDecide *self, const NzYaml *node, const char *path, const char *field, const char *format,
       ...)
{
  va_list args;
  va_start(args, format);
  g_autofree char *message = g_strdup_vprintf(format, args);
  va_end(args);
  nz_decide_refuse(self, "the API server", node,
                   g_strdup_printf("%s%s%s: %s", path, *field ? "." : "", field, message));
  return TRUE;
}

/* --- numbers --- */

static gboolean
check_id(NzDecide *self, NzYaml *map, const char *path, const char *key)
{
  gint64 id;
  if (!nz_kube_int(map, key, &id) || (id >= 0 && id <= ID_MAX))
    return FALSE;
  return refuse(self, nz_kube_field(map, key), path, key,
                "Invalid value: %" G_GINT64_FORMAT ": " OUT_OF_IDS, id);
}

static gboolean
check_groups(NzDecide *self, const char *path)
{
  NzYaml *list = nz_kube_list(self->pod->context, "supplementalGroups");
  for (guint i = 0; list && i < list->items->len; i++) {
    const NzYaml *item = list->items->pdata[i];
    gint64 id;
    if (!nz_kube_item_int(item, &id) || (id >= 0 && id <= ID_MAX))
      continue;
    g_autofree char *field = g_strdup_printf("supplementalGroups[%u]", i);
    return refuse(self, item, path, field, "Invalid value: %" G_GINT64_FORMAT ": " OUT_OF_IDS, id);
  }
  return FALSE;
}

/* --- the pod --- */

static const char *const namespaces[] = {"hostNetwork", "hostPID", "hostIPC"};

static gboolean
check_host_users(NzDecide *self)
{
  NzYaml *spec = self->pod->spec;
  if (nz_kube_bool(spec, "hostUsers") != NZ_FIELD_FALSE)
    return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS(namespaces); i++)
    if (nz_kube_bool(spec, namespaces[i]) == NZ_FIELD_TRUE)
      return refuse(self, nz_kube_field(spec, namespaces[i]), self->pod->path, namespaces[i],
                    "Forbidden: when `hostUsers` is false");
  NzYaml *devices = nz_kube_list(self->container->node, "volumeDevices");
  if (devices && devices->items->len > 0)
    return refuse(self, devices, self->path, "volumeDevices",
                  "Forbidden: when `hostUsers` is false");
  return FALSE;
}

static gboolean
check_pod(NzDecide *self)
{
  static const char *const ids[] = {"fsGroup", "runAsUser", "runAsGroup"};
  NzYaml *context = self->pod->context, *spec = self->pod->spec;
  g_autofree char *path = g_strconcat(self->pod->path, ".securityContext", NULL);
  for (guint i = 0; i < G_N_ELEMENTS(ids); i++)
    if (check_id(self, context, path, ids[i]))
      return TRUE;
  if (check_groups(self, path) || check_host_users(self))
    return TRUE;
  if (nz_kube_bool(spec, "hostPID") == NZ_FIELD_TRUE &&
      nz_kube_bool(spec, "shareProcessNamespace") == NZ_FIELD_TRUE)
    return refuse(self, nz_kube_field(spec, "shareProcessNamespace"), self->pod->path,
                  "securityContext.shareProcessNamespace",
                  "Invalid value: true: ShareProcessNamespace and HostPID cannot both be enabled");
  return FALSE;
}

/* --- operating systems --- */

/* Fields of Linux that spec.os.name: windows forbids, of any type. */
static const char *const pod_fields[] = {"appArmorProfile",     "seLinuxOptions",
                                         "seccompProfile",      "fsGroup",
                                         "fsGroupChangePolicy", "sysctls",
                                         "runAsUser",           "runAsGroup",
                                         "supplementalGroups",  "supplementalGroupsPolicy",
                                         "seLinuxChangePolicy"};
static const char *const spec_fields[] = {"hostUsers", "shareProcessNamespace"};
static const char *const container_fields[] = {"appArmorProfile",
                                               "seLinuxOptions",
                                               "seccompProfile",
                                               "capabilities",
                                               "readOnlyRootFilesystem",
                                               "privileged",
                                               "allowPrivilegeEscalation",
                                               "procMount",
                                               "runAsUser",
                                               "runAsGroup"};

static gboolean
forbid(NzDecide *self, NzYaml *map, const char *path, const char *const *keys, guint n,
       const char *why)
{
  for (guint i = 0; i < n; i++) {
    NzYaml *node = nz_kube_field(map, keys[i]);
    if (node)
      return refuse(self, node, path, keys[i], "Forbidden: %s", why);
  }
  return FALSE;
}

static gboolean
check_os(NzDecide *self)
{
  static const char *const options[] = {"windowsOptions"};
  static const char *const no_linux = "windows options cannot be set for a linux pod";
  static const char *const no_windows = "cannot be set for a windows pod";
  const NzKubePod *pod = self->pod;
  NzYaml *context = self->container->context;
  const char *os = nz_kube_text(nz_kube_map(pod->spec, "os"), "name");
  g_autofree char *of_pod = g_strconcat(pod->path, ".securityContext", NULL);
  g_autofree char *of_container = g_strconcat(self->path, ".securityContext", NULL);
  if (g_strcmp0(os, "linux") == 0)
    return forbid(self, pod->context, of_pod, options, 1, no_linux) ||
           forbid(self, context, of_container, options, 1, no_linux);
  if (g_strcmp0(os, "windows") != 0)
    return FALSE;
  for (guint i = 1; i < G_N_ELEMENTS(namespaces); i++)
    if (nz_kube_bool(pod->spec, namespaces[i]) == NZ_FIELD_TRUE)
      return refuse(self, nz_kube_field(pod->spec, namespaces[i]), pod->path, namespaces[i],
                    "Forbidden: %s", no_windows);
  return forbid(self, pod->spec, pod->path, spec_fields, G_N_ELEMENTS(spec_fields), no_windows) ||
         forbid(self, pod->context, of_pod, pod_fields, G_N_ELEMENTS(pod_fields), no_windows) ||
         forbid(self, context, of_container, container_fields, G_N_ELEMENTS(container_fields),
                no_windows);
}

/* --- HostProcess --- */

static NzKubeBool
host_process_of(NzYaml *context)
{
  return nz_kube_bool(nz_kube_map(context, "windowsOptions"), "hostProcess");
}

static gboolean
check_host_process(NzDecide *self)
{
  const NzKubePod *pod = self->pod;
  NzKubeBool of_pod = host_process_of(pod->context);
  NzKubeBool own = host_process_of(self->container->context);
  NzEffective field = nz_decide_effective(self, "windowsOptions", "hostProcess");
  guint n = 0;
  if (of_pod != NZ_FIELD_UNSET && own != NZ_FIELD_UNSET && of_pod != own)
    return refuse(self, field.node, self->path, "securityContext.windowsOptions.hostProcess",
                  "Invalid value: %s: pod hostProcess value must be identical if both are "
                  "specified, was %s",
                  own == NZ_FIELD_TRUE ? "true" : "false",
                  of_pod == NZ_FIELD_TRUE ? "true" : "false");
  for (guint i = 0; i < pod->containers->len; i++) {
    const NzKubeContainer *other = pod->containers->pdata[i];
    NzKubeBool its = host_process_of(other->context);
    n += (its == NZ_FIELD_UNSET ? of_pod : its) == NZ_FIELD_TRUE;
  }
  if (n == 0)
    return FALSE;
  if (n != pod->containers->len)
    return refuse(self, field.node, pod->path, "",
                  "Invalid value: \"\": If pod contains any hostProcess containers then all "
                  "containers must be HostProcess containers");
  if (nz_kube_bool(pod->spec, "hostNetwork") != NZ_FIELD_TRUE)
    return refuse(self, field.node, pod->path, "hostNetwork",
                  "Invalid value: false: hostNetwork must be true if pod contains any hostProcess "
                  "containers");
  return FALSE;
}

static gboolean
check_user_name(NzDecide *self)
{
  NzEffective name = nz_decide_effective(self, "windowsOptions", "runAsUserName");
  const char *text = name.node ? nz_kube_text(name.map, "runAsUserName") : NULL;
  if (!text || *text)
    return FALSE;
  g_autofree char *of_pod = g_strconcat(self->pod->path, ".securityContext", NULL);
  g_autofree char *of_container = g_strconcat(self->path, ".securityContext", NULL);
  return refuse(self, name.node, name.of_pod ? of_pod : of_container,
                "windowsOptions.runAsUserName",
                "Invalid value: \"\": runAsUserName cannot be an empty string");
}

/* --- the container --- */

/* TRUE where capabilities.add has this very text: in another spelling it passes. */
static gboolean
adds_sys_admin(NzYaml *context)
{
  NzYaml *add = nz_kube_list(nz_kube_map(context, "capabilities"), "add");
  for (guint i = 0; add && i < add->items->len; i++)
    if (g_strcmp0(((const NzYaml *)add->items->pdata[i])->text, "CAP_SYS_ADMIN") == 0)
      return TRUE;
  return FALSE;
}

static gboolean
check_proc_mount(NzDecide *self, NzYaml *context, const char *path)
{
  const char *type = nz_kube_text(context, "procMount");
  NzYaml *node = nz_kube_field(context, "procMount");
  if (!type || strcmp(type, "Default") == 0)
    return FALSE;
  if (strcmp(type, "Unmasked") != 0)
    return refuse(self, node, path, "procMount",
                  "Unsupported value: \"%s\": supported values: \"Default\", \"Unmasked\"", type);
  return nz_kube_bool(self->pod->spec, "hostUsers") != NZ_FIELD_FALSE &&
         refuse(self, node, path, "procMount",
                "Invalid value: \"Unmasked\": `hostUsers` must be false to use `Unmasked`");
}

static gboolean
check_container(NzDecide *self)
{
  static const char *const ids[] = {"runAsUser", "runAsGroup"};
  NzYaml *context = self->container->context;
  g_autofree char *path = g_strconcat(self->path, ".securityContext", NULL);
  for (guint i = 0; i < G_N_ELEMENTS(ids); i++)
    if (check_id(self, context, path, ids[i]))
      return TRUE;
  if (check_proc_mount(self, context, path))
    return TRUE;
  NzYaml *node = nz_kube_field(context, "allowPrivilegeEscalation");
  if (nz_kube_bool(context, "allowPrivilegeEscalation") != NZ_FIELD_FALSE)
    return FALSE;
  if (nz_kube_bool(context, "privileged") == NZ_FIELD_TRUE)
    return refuse(self, node, path, "",
                  "Invalid value: cannot set `allowPrivilegeEscalation` to false and `privileged` "
                  "to true");
  return adds_sys_admin(context) &&
         refuse(self, node, path, "",
                "Invalid value: cannot set `allowPrivilegeEscalation` to false and "
                "`capabilities.Add` CAP_SYS_ADMIN");
}

gboolean
nz_decide_validate(NzDecide *self)
{
  return check_container(self) || check_pod(self) || check_host_process(self) ||
         check_user_name(self) || check_os(self);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Kubernetes' own kinds: where their pods are, and which have none.
 *
 * To add one: a line. What stands in neither table is looked through for the shape of a pod. */
#include <string.h>

#include "kube/manifest_private.h"

static const NzKubeWorkload workloads[] = {
    {"", "Pod", ""},
    {"", "PodTemplate", "template"},
    {"", "ReplicationController", "spec.template"},
    {"apps extensions", "DaemonSet", "spec.template"},
    {"apps extensions", "Deployment", "spec.template"},
    {"apps extensions", "ReplicaSet", "spec.template"},
    {"apps", "StatefulSet", "spec.template"},
    {"batch", "CronJob", "spec.jobTemplate.spec.template"},
    {"batch", "Job", "spec.template"},
};

/* Whole groups of the API that know no pods. */
static const char *const groups[] = {
    "admissionregistration.k8s.io",
    "apiextensions.k8s.io",
    "apiregistration.k8s.io",
    "authentication.k8s.io",
    "authorization.k8s.io",
    "autoscaling",
    "certificates.k8s.io",
    "coordination.k8s.io",
    "discovery.k8s.io",
    "events.k8s.io",
    "flowcontrol.apiserver.k8s.io",
    "internal.apiserver.k8s.io",
    "kustomize.config.k8s.io",
    "networking.k8s.io",
    "node.k8s.io",
    "policy",
    "rbac.authorization.k8s.io",
    "resource.k8s.io",
    "scheduling.k8s.io",
    "storage.k8s.io",
    "storagemigration.k8s.io",
    NULL,
};

static const struct {
  const char *group, *kind;
} without[] = {
    {"", "Binding"},
    {"", "ComponentStatus"},
    {"", "ConfigMap"},
    {"", "Endpoints"},
    {"", "Event"},
    {"", "LimitRange"},
    {"", "Namespace"},
    {"", "Node"},
    {"", "PersistentVolume"},
    {"", "PersistentVolumeClaim"},
    {"", "ResourceQuota"},
    {"", "Secret"},
    {"", "Service"},
    {"", "ServiceAccount"},
    {"apps", "ControllerRevision"}, /* what was, kept for going back */
    {"extensions", "Ingress"},
    {"extensions", "NetworkPolicy"},
    {"extensions", "PodSecurityPolicy"},
};

/* "apps" of "apps/v1", "" of "v1". */
static gboolean
is_of_group(const char *api_version, const char *group)
{
  const char *slash = strchr(api_version, '/');
  gsize n = slash ? (gsize)(slash - api_version) : 0;
  return strlen(group) == n && strncmp(api_version, group, n) == 0;
}

static gboolean
is_of_groups(const char *api_version, const char *names)
{
  g_auto(GStrv) all = g_strsplit(names, " ", -1);
  if (!*api_version || (!*names && is_of_group(api_version, "")))
    return TRUE;
  for (guint i = 0; all[i]; i++)
    if (is_of_group(api_version, all[i]))
      return TRUE;
  return FALSE;
}

const NzKubeWorkload *
nz_kube_workload(const char *api_version, const char *kind)
{
  for (guint i = 0; i < G_N_ELEMENTS(workloads); i++)
    if (strcmp(workloads[i].kind, kind) == 0)
      return is_of_groups(api_version, workloads[i].groups) ? &workloads[i] : NULL;
  return NULL;
}

gboolean
nz_kube_has_no_pod(const char *api_version, const char *kind)
{
  for (guint i = 0; groups[i]; i++)
    if (is_of_group(api_version, groups[i]))
      return TRUE;
  for (guint i = 0; i < G_N_ELEMENTS(without); i++)
    if (strcmp(without[i].kind, kind) == 0)
      return is_of_group(api_version, without[i].group);
  return FALSE;
}

gboolean
nz_kube_is_helpful(const char *api_version, const char *kind)
{
  return is_of_group(api_version, "") &&
         (strcmp(kind, "Namespace") == 0 || strcmp(kind, "Service") == 0);
}

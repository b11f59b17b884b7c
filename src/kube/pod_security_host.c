/* SPDX-License-Identifier: Apache-2.0 */
/* The checks of the level baseline that look at what a pod takes of its host: namespaces, paths,
 * ports, and whom the kubelet would call for it. Volumes of the level restricted, too. */
#include <string.h>

#include "kube/pod_security_private.h"

/* --- namespaces --- */

void
nz_pss_host_namespaces(NzPodJudge *judge)
{
  static const char *const fields[] = {"hostNetwork", "hostPID", "hostIPC"};
  for (guint i = 0; i < G_N_ELEMENTS(fields); i++)
    if (nz_kube_bool(judge->pod->spec, fields[i]) == NZ_FIELD_TRUE)
      nz_pod_violate(judge, NULL, NZ_POD_PLACE(judge, judge->pod->spec, fields[i]),
                     "host namespaces (%s=true)", fields[i]);
}

/* --- volumes --- */

static const NzPodVolume volumes[] = {
    {"configMap", TRUE, NULL, TRUE},
    {"csi", TRUE, NULL, TRUE},
    {"downwardAPI", TRUE, NULL, TRUE},
    {"emptyDir", TRUE, NULL, TRUE},
    {"ephemeral", TRUE, NULL, TRUE},
    {"image", TRUE, NULL, FALSE},
    {"persistentVolumeClaim", TRUE, NULL, TRUE},
    {"projected", TRUE, NULL, TRUE},
    {"secret", TRUE, NULL, TRUE},
    {"hostPath", FALSE, NULL, FALSE},
    {"gcePersistentDisk", FALSE, NULL, FALSE},
    {"awsElasticBlockStore", FALSE, NULL, FALSE},
    {"gitRepo", FALSE, NULL, FALSE},
    {"nfs", FALSE, NULL, FALSE},
    {"iscsi", FALSE, NULL, FALSE},
    {"glusterfs", FALSE, NULL, FALSE},
    {"rbd", FALSE, NULL, FALSE},
    {"flexVolume", FALSE, NULL, FALSE},
    {"cinder", FALSE, NULL, FALSE},
    {"cephfs", FALSE, "cephFS", FALSE},
    {"flocker", FALSE, NULL, FALSE},
    {"fc", FALSE, NULL, FALSE},
    {"azureFile", FALSE, NULL, FALSE},
    {"vsphereVolume", FALSE, "vsphere", FALSE},
    {"quobyte", FALSE, NULL, FALSE},
    {"azureDisk", FALSE, NULL, FALSE},
    {"photonPersistentDisk", FALSE, NULL, FALSE},
    {"portworxVolume", FALSE, NULL, FALSE},
    {"scaleIO", FALSE, NULL, FALSE},
    {"storageos", FALSE, "storageOS", FALSE},
};

const NzPodVolume *
nz_pod_volume(NzYaml *volume, const char **key)
{
  *key = NULL;
  for (guint i = 0; i < G_N_ELEMENTS(volumes); i++)
    if (nz_kube_field(volume, volumes[i].key)) {
      *key = volumes[i].key;
      return &volumes[i];
    }
  for (guint i = 0; !*key && volume->keys && i < volume->keys->len; i++) {
    const char *name = ((const NzYaml *)volume->keys->pdata[i])->text;
    if (strcmp(name, "name") != 0 && nz_kube_field(volume, name))
      *key = name;
  }
  return NULL;
}

void
nz_pss_host_path_volumes(NzPodJudge *judge)
{
  NzYaml *list = nz_kube_list(judge->pod->spec, "volumes");
  for (guint i = 0; list && i < list->items->len; i++) {
    NzYaml *one = list->items->pdata[i];
    if (nz_kube_field(one, "hostPath"))
      nz_pod_violate(judge, NULL, NZ_POD_PLACE(judge, one, "hostPath"),
                     "hostPath volumes (volume \"%s\")", nz_pod_text(one, "name"));
  }
}

/* A kind of volume that is not known is refused: the API server drops what it does not know, or it
 * is newer than this table, and then it is not allowed unless it says so. */
void
nz_pss_restricted_volumes(NzPodJudge *judge)
{
  NzYaml *list = nz_kube_list(judge->pod->spec, "volumes");
  for (guint i = 0; list && i < list->items->len; i++) {
    NzYaml *one = list->items->pdata[i];
    const char *key;
    const NzPodVolume *volume = nz_pod_volume(one, &key);
    if (!key || (volume && volume->restricted))
      continue;
    nz_pod_violate(judge, NULL, NZ_POD_PLACE(judge, one, key),
                   "restricted volume types (volume \"%s\" uses restricted volume type \"%s\")",
                   nz_pod_text(one, "name"), volume ? volume->key : "unknown");
  }
}

/* --- ports --- */

static void
ports_of(NzPodJudge *judge, const NzKubeContainer *container, NzPodPortFunc func)
{
  NzYaml *list = nz_kube_list(container->node, "ports");
  /* SetDefaults_Pod: not of ephemeral containers, which have no ports. */
  gboolean of_host = container->type != NZ_CONTAINER_EPHEMERAL &&
                     nz_kube_bool(judge->pod->spec, "hostNetwork") == NZ_FIELD_TRUE;
  for (guint i = 0; list && i < list->items->len; i++) {
    NzYaml *one = list->items->pdata[i];
    const char *key = "hostPort";
    gint64 port = 0;
    nz_kube_int(one, key, &port);
    if (port == 0 && of_host && nz_kube_int(one, "containerPort", &port))
      key = "containerPort";
    if (port != 0)
      func(judge, container, port, NZ_POD_PLACE(judge, one, key));
  }
}

void
nz_pod_foreach_host_port(NzPodJudge *judge, NzPodPortFunc func)
{
  const GPtrArray *containers = judge->pod->containers;
  for (guint i = 0; i < containers->len; i++)
    ports_of(judge, containers->pdata[i], func);
}

static void
forbid_port(NzPodJudge *judge, const NzKubeContainer *container, gint64 port, NzPlace *place)
{
  nz_pod_violate(judge, container, place,
                 "hostPort (container \"%s\" uses hostPort %" G_GINT64_FORMAT ")", container->name,
                 port);
}

void
nz_pss_host_ports(NzPodJudge *judge)
{
  nz_pod_foreach_host_port(judge, forbid_port);
}

/* --- whom the kubelet calls --- */

static void
forbid_hosts(NzPodJudge *judge, const NzPodSetter *s, NzYaml *handler)
{
  static const char *const actions[] = {"httpGet", "tcpSocket"};
  for (guint i = 0; i < G_N_ELEMENTS(actions); i++) {
    NzYaml *action = nz_kube_map(handler, actions[i]);
    const char *host = nz_pod_text(action, "host");
    if (*host)
      nz_pod_violate(judge, s->container, NZ_POD_PLACE(judge, action, "host"),
                     "probe or lifecycle host (%s uses probe or lifecycle host \"%s\")", s->who,
                     host);
  }
}

void
nz_pss_host_probes(NzPodJudge *judge)
{
  NzPodSetter s = NZ_POD_CONTAINERS;
  while (nz_pod_next(judge, &s)) {
    NzYaml *node = s.container->node, *lifecycle = nz_kube_map(node, "lifecycle");
    forbid_hosts(judge, &s, nz_kube_map(node, "livenessProbe"));
    forbid_hosts(judge, &s, nz_kube_map(node, "readinessProbe"));
    forbid_hosts(judge, &s, nz_kube_map(node, "startupProbe"));
    forbid_hosts(judge, &s, nz_kube_map(lifecycle, "postStart"));
    forbid_hosts(judge, &s, nz_kube_map(lifecycle, "preStop"));
  }
}

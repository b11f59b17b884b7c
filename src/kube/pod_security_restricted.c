/* SPDX-License-Identifier: Apache-2.0 */
/* The checks that the level restricted adds; volumes and seccomp are with those of baseline. */
#include <string.h>

#include "kube/pod_security_private.h"

/* --- allowPrivilegeEscalation --- */

void
nz_pss_privilege_escalation(NzPodJudge *judge)
{
  NzPodSetter s = NZ_POD_CONTAINERS;
  while (nz_pod_next(judge, &s))
    if (nz_kube_bool(s.context, "allowPrivilegeEscalation") != NZ_FIELD_FALSE)
      nz_pod_violate(judge, s.container, NZ_POD_PLACE(judge, s.context, "allowPrivilegeEscalation"),
                     "allowPrivilegeEscalation != false (%s must set "
                     "securityContext.allowPrivilegeEscalation=false)",
                     s.who);
}

void
nz_pss_privilege_escalation_linux(NzPodJudge *judge)
{
  if (!judge->pod->windows)
    nz_pss_privilege_escalation(judge);
}

/* --- capabilities --- */

static gboolean
drops_all(NzYaml *capabilities)
{
  NzYaml *drop = nz_kube_list(capabilities, "drop");
  for (guint i = 0; drop && i < drop->items->len; i++)
    if (strcmp(nz_pod_item(drop->items->pdata[i]), "ALL") == 0)
      return TRUE;
  return FALSE;
}

static void
capabilities_of(NzPodJudge *judge, const NzPodSetter *s)
{
  NzYaml *capabilities = nz_kube_map(s->context, "capabilities");
  if (!drops_all(capabilities)) {
    NzPlace *place = NZ_POD_PLACE(judge, capabilities, "drop");
    nz_pod_violate(judge, s->container,
                   place ? place : NZ_POD_PLACE(judge, s->context, "capabilities"),
                   "unrestricted capabilities (%s must set "
                   "securityContext.capabilities.drop=[\"ALL\"])",
                   s->who);
  }
  NzYaml *add = nz_kube_list(capabilities, "add");
  for (guint i = 0; add && i < add->items->len; i++) {
    const NzYaml *one = add->items->pdata[i];
    if (strcmp(nz_pod_item(one), "NET_BIND_SERVICE") != 0)
      nz_pod_violate(judge, s->container, nz_kube_place(judge->manifest, one),
                     "unrestricted capabilities (%s must not include \"%s\" in "
                     "securityContext.capabilities.add)",
                     s->who, nz_pod_item(one));
  }
}

void
nz_pss_capabilities_restricted(NzPodJudge *judge)
{
  NzPodSetter s = NZ_POD_CONTAINERS;
  while (nz_pod_next(judge, &s))
    capabilities_of(judge, &s);
}

void
nz_pss_capabilities_restricted_linux(NzPodJudge *judge)
{
  if (!judge->pod->windows)
    nz_pss_capabilities_restricted(judge);
}

/* --- runAsNonRoot --- */

/* What inherits the pod's false is mended with that. */
void
nz_pss_run_as_non_root(NzPodJudge *judge)
{
  gboolean pod_says = FALSE;
  NzPodSetter s = NZ_POD_AND_CONTAINERS;
  while (nz_pod_next(judge, &s)) {
    NzKubeBool value = nz_kube_bool(s.context, "runAsNonRoot");
    NzPlace *place = NZ_POD_PLACE(judge, s.context, "runAsNonRoot");
    if (value == NZ_FIELD_FALSE)
      nz_pod_violate(judge, s.container, g_steal_pointer(&place),
                     "runAsNonRoot != true (%s must not set securityContext.runAsNonRoot=false)",
                     s.who);
    else if (value == NZ_FIELD_UNSET && s.container && !pod_says)
      nz_pod_violate(judge, s.container, g_steal_pointer(&place),
                     "runAsNonRoot != true (pod or %s must set "
                     "securityContext.runAsNonRoot=true)",
                     s.who);
    if (!s.container)
      pod_says = value != NZ_FIELD_UNSET;
    nz_place_free(place);
  }
}

void
nz_pss_run_as_non_root_relaxed(NzPodJudge *judge)
{
  if (!nz_pod_has_user_namespace(judge->pod))
    nz_pss_run_as_non_root(judge);
}

/* --- runAsUser --- */

void
nz_pss_run_as_user(NzPodJudge *judge)
{
  NzPodSetter s = NZ_POD_AND_CONTAINERS;
  while (nz_pod_next(judge, &s)) {
    gint64 uid = -1;
    if (nz_kube_int(s.context, "runAsUser", &uid) && uid == 0)
      nz_pod_violate(judge, s.container, NZ_POD_PLACE(judge, s.context, "runAsUser"),
                     "runAsUser=0 (%s must not set runAsUser=0)", s.who);
  }
}

void
nz_pss_run_as_user_relaxed(NzPodJudge *judge)
{
  if (!nz_pod_has_user_namespace(judge->pod))
    nz_pss_run_as_user(judge);
}

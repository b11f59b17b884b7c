/* SPDX-License-Identifier: Apache-2.0 */
/* Pod Security Standards, with the meaning of the API server's own admission (k8s.io/pod-security-
 * admission/policy), and OpenShift's security context constraints. */
#pragma once

#include "kube/manifest.h"

typedef struct {
  const char *check;  /* static: "capabilities_baseline", as the cluster calls it */
  const char *rule;   /* static: of ours, "pss-capabilities-baseline" */
  char *message;      /* printable, in the cluster's words: `privileged (container "a" must not set
                         securityContext.privileged=true)` */
  NzPlace *place;     /* of the field, or of what lacks it; never NULL */
  gboolean undecided; /* what decides it is not known; the message says what is not */
  const NzKubeContainer *container; /* borrowed; NULL: it is the pod's */
} NzPodViolation;

void nz_pod_violation_free(gpointer self);

/* Adds to VIOLATIONS (NzPodViolation) all that POD violates of PROFILE, which nz_profile_find()
 * knows; nothing when it asks nothing of pods alone (nz_profile_of_pods()). */
void nz_pod_profile_judge(const char *profile, const NzManifest *manifest, const NzKubePod *pod,
                          GPtrArray *violations);

/* Adds to ACTS (NzAct) those of the VIOLATIONS that are CONTAINER's and its pod's: what the rules
 * of the profile find in NzBuildFacts. */
void nz_pod_violation_acts(const GPtrArray *violations, const NzKubeContainer *container,
                           GPtrArray *acts);

/* SPDX-License-Identifier: Apache-2.0 */
/* Pod Security Standards, with the meaning of the API server's own admission (k8s.io/pod-security-
 * admission/policy), and OpenShift's security context constraints. */
#pragma once

#include "kube/manifest.h"

typedef struct {
  const char *check; /* static: "privileged", as the API server calls it */
  const char *rule;  /* static: of ours, "pss-privileged" */
  char *message;     /* printable, as the API server says it: `privileged (container "a" must
                        not set securityContext.privileged=true)` */
  NzPlace *place;    /* never NULL */
  const NzKubeContainer *container; /* borrowed; NULL: it is the pod's */
} NzPodViolation;

void nz_pod_violation_free(gpointer self);

/* A profile with its version: "restricted:v1.31", "baseline" (latest), "openshift:restricted-v2".
 */
typedef struct NzPodProfile NzPodProfile;

/* NULL: NAME is no such profile. The result is static or interned, and never freed. An unknown
 * version is an error. */
const NzPodProfile *nz_pod_profile_find(const char *name, GError **error);

/* Adds to VIOLATIONS (NzPodViolation) all that POD violates of PROFILE. */
void nz_pod_profile_judge(const NzPodProfile *profile, const NzManifest *manifest,
                          const NzKubePod *pod, GPtrArray *violations);

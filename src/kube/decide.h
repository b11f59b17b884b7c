/* SPDX-License-Identifier: Apache-2.0 */
/* Will this container run as root, and will it start at all: what the API server, the kubelet and
 * the runtime make of securityContext and image.
 *
 *   runAsUser, runAsGroup, runAsNonRoot   each by itself: the container's, else the pod's
 *   user   := runAsUser, else the user part of the image's USER, else 0
 *   gate   := under runAsNonRoot: true alone; refuses 0, and an image's name whatever its number
 *   group  := runAsGroup, else that of the user's entry in the image's passwd, else 0; the group
 *             part of USER is lost on the way from the kubelet to the runtime
 *
 * Sources: Kubernetes, pkg/securitycontext DetermineEffectiveSecurityContext, pkg/kubelet/
 * kuberuntime verifyRunAsNonRoot and getImageUser, pkg/apis/core/validation; containerd and CRI-O,
 * generateUserString. */
#pragma once

#include "build/base.h"
#include "check/build_facts.h"
#include "kube/manifest.h"

typedef struct {
  NzUser *user;     /* state: root, root-in-userns, non-root, unknown, wont-start */
  NzPlace *place;   /* of the field that decided: runAsUser, image; never NULL */
  char *refused;    /* the message with which the kubelet, the API server or the runtime refuses to
                       start it, printable; NULL: none does */
  GPtrArray *steps; /* NzStep, in the order of deciding */
  GPtrArray *acts;  /* NzAct: how it could become root, and what else the checks go by */
} NzKubeDecision;

/* IMAGE is what is known of the container's image (unknown set: nothing, and why); NULL: nobody
 * looked. */
NzKubeDecision *nz_kube_decide(const NzManifest *manifest, const NzKubePod *pod,
                               const NzKubeContainer *container, const NzBuildBase *image);
void nz_kube_decision_free(NzKubeDecision *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NzKubeDecision, nz_kube_decision_free)

/* By spec.os, else by which nodes take it: where runAsUser and its like count for nothing. Options
 * of Windows say nothing: on Linux nobody reads them. */
gboolean nz_kube_runs_on_windows(const NzKubePod *pod);

/* What CONTAINER asks of its image: nothing where the manifest says who it starts as. */
NzImageNeed nz_kube_image_need(const NzKubePod *pod, const NzKubeContainer *container);

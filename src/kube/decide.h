/* SPDX-License-Identifier: Apache-2.0 */
/* Will this container run as root, and will it start at all: what the API server, the kubelet and
 * the runtime make of securityContext and image. */
#pragma once

#include "build/base.h"
#include "check/build_facts.h"
#include "kube/manifest.h"

/* One step on the way to the answer, for --explain: "runAsUser: 0 of the container", and where it
 * stands. */
typedef struct {
  char *text;     /* printable */
  NzPlace *place; /* NULL: it stands nowhere, a default */
} NzKubeStep;

typedef struct {
  NzUser *user;     /* state: root, root-in-userns, non-root, unknown, wont-start */
  NzPlace *place;   /* of the field that decided: runAsUser, image; never NULL */
  char *refused;    /* the message with which the kubelet refuses to start it; NULL: it does not */
  GPtrArray *steps; /* NzKubeStep, in the order of deciding */
  GPtrArray *acts;  /* NzAct: how it could become root */
} NzKubeDecision;

/* IMAGE is what is known of the container's image (unknown set: nothing, and why); NULL: nobody
 * looked. */
NzKubeDecision *nz_kube_decide(const NzManifest *manifest, const NzKubePod *pod,
                               const NzKubeContainer *container, const NzBuildBase *image);
void nz_kube_decision_free(NzKubeDecision *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NzKubeDecision, nz_kube_decision_free)

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "kube/decide.h"

/* One container, while it is decided. */
typedef struct {
  const NzManifest *manifest;
  const NzKubePod *pod;
  const NzKubeContainer *container;
  const NzBuildBase *image; /* or NULL */
  gboolean windows;         /* it runs on a node of Windows */
  char *path;               /* "spec.template.spec.containers[0]" */
  NzKubeDecision *decision;
} NzDecide;

/* A field of securityContext in effect. */
typedef struct {
  NzYaml *node; /* its value; NULL: neither sets it */
  NzYaml *map;  /* what holds it */
  gboolean of_pod;
} NzEffective;

/* KEY of the container's securityContext, else of the pod's; below the map WITHIN there where that
 * is not NULL ("windowsOptions"). */
NzEffective nz_decide_effective(const NzDecide *self, const char *within, const char *key);
NzKubeBool nz_decide_bool(const NzEffective *field, const char *key);

/* " of the container", " of the pod" */
const char *nz_decide_whose(const NzEffective *field);

/* The place of NODE; of NULL, that of the container's securityContext, name or begin. */
NzPlace *nz_decide_place(const NzDecide *self, const NzYaml *node);

void nz_decide_step(NzDecide *self, guint depth, const NzYaml *node, const char *format, ...)
    G_GNUC_PRINTF(4, 5);
/* WHAT and HOW may be NULL. */
NzAct *nz_decide_act(NzDecide *self, NzActKind kind, const NzYaml *node, const char *what,
                     const char *how);
/* WHO ("the kubelet") refuses it, with MESSAGE (taken), for what stands at NODE. */
void nz_decide_refuse(NzDecide *self, const char *who, const NzYaml *node, char *message);
/* WHY is taken. PLACE is that of NODE. */
void nz_decide_set_user(NzDecide *self, NzUser *user, const NzYaml *node);
/* The node of the container's `image`, or NULL. */
NzYaml *nz_decide_image_node(const NzDecide *self);
/* "the image nginx:1.25 (by the table of well-known images)", printable */
char *nz_decide_image_text(const NzDecide *self);
/* Whom the image starts as is not known: why not, and what would settle it. FIELD is what would,
 * "runAsUser". */
char *nz_decide_image_unknown(const NzDecide *self, const char *field);
gboolean nz_decide_knows_image(const NzDecide *self);

/* What the API server refuses; FALSE: nothing is. */
gboolean nz_decide_validate(NzDecide *self);
/* Under runAsNonRoot: true, or without it. */
void nz_decide_linux(NzDecide *self);
void nz_decide_windows(NzDecide *self);
/* How it could become root. */
void nz_decide_acts(NzDecide *self);

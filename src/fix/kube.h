/* SPDX-License-Identifier: Apache-2.0 */
/* How to mend pods of Kubernetes manifests. */
#pragma once

#include "build/base.h"
#include "core/finding.h"
#include "kube/manifest.h"

/* A container that was judged. */
typedef struct {
  const NzKubeContainer *container;
  NzSubject *subject;       /* its findings get what mends them, and it their fixes */
  const NzBuildBase *image; /* NULL: nobody looked */
} NzKubeJudged;

/* What was found out about mending one pod. */
typedef struct {
  NzFix *fix;         /* what was verified; NULL: nothing */
  NzFix *proposal;    /* the last of what was refused, which holds all; NULL: nothing */
  GHashTable *wants;  /* what FIX makes of the pod: a map of it (NzYaml) -> what it is to hold
                         besides (NzYaml, owned) */
  GHashTable *all;    /* the same of PROPOSAL */
  gboolean is_shared; /* FIX changes bytes that aliases stand for, too */
} NzKubeMended;

/* Adds to the subjects of CONTAINERS, those of POD in its order, the fixes by which it starts as
 * non-root, starts at all, and has no way back to root, or is what its profile asks. One fix holds
 * all that was verified. What would be a guess is refused, each reason a fix of its own. Nothing is
 * added where nothing is to mend, so that applying twice changes nothing. */
NzKubeMended *nz_fix_pod(const NzManifest *manifest, const NzKubePod *pod,
                         const NzKubeJudged *containers);
void nz_kube_mended_free(NzKubeMended *self);
/* FIX is refused after all. KEEP: its edits are a proposal; else it can only be told. */
void nz_kube_mended_refuse(NzKubeMended *self, const char *why, gboolean keep);
/* PROPOSAL and what it holds can only be told: their edits are taken away. */
void nz_kube_mended_forget(NzKubeMended *self);

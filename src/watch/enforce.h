/* SPDX-License-Identifier: Apache-2.0 */
/* --enforce kill, decided: which containers and files may be root by the policy's exceptions. The
 * kernel's half kills what is decided and stops what is not (runtime/enforce.bpf.h); here what was
 * stopped goes on or is killed. With --dry-run nothing is done and all is said.
 *
 * What runs when the watch begins stays. The container that we are in ourselves, a pod's sandbox,
 * and containers that filters leave out are let be. */
#pragma once

#include "watch/watch_private.h"

/* Before the first record. */
void nz_enforce_begin(NzWatch *self);
/* Another policy, or another day: all is decided anew. */
void nz_enforce_policy_changed(NzWatch *self);
/* Nothing is stopped or killed by the kernel's half from now on. */
void nz_enforce_end(NzWatch *self);

/* CONTAINER is described, or has another group: what can be decided for all of it is. */
void nz_enforce_described(NzWatch *self, const NzRunning *container);

/* A root process that nobody is to judge goes on: it is none of a container, or no root after all.
 */
void nz_enforce_release(NzWatch *self, const struct nz_root_record *record);

/* One that was judged; ALLOWED: by what it is. Sets the flags of RECORD that say what was done. */
void nz_enforce_judged(NzWatch *self, const NzRunning *container, struct nz_root_record *record,
                       gboolean allowed);

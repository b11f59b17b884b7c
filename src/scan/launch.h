/* SPDX-License-Identifier: Apache-2.0 */
/* How an image's containers start, looked up in the effective filesystem: the program, who can
 * change it, what it must write, and scripts that drop root on the way. */
#pragma once

#include "check/facts.h"
#include "image/image.h"

/* Adds what may be asked of LAUNCH's files to WANTED, before the layers are read. */
void nz_launch_want(const NzLaunch *launch, NzWanted *wanted);

typedef struct {
  const NzImage *image;
  const NzTree *tree;
  const NzUser *user;
  const NzUserFile *passwd, *group;
  const GPtrArray *layers; /* NzLayerFact */
} NzLaunchInput;

/* Adds PATH (cleaned) to UNREAD: what would have been read, and was not kept. */
void nz_unread_add(GPtrArray *unread, const char *path);

/* Fills the facts below "How it starts", and adds to NOTES what could not be looked at. The facts
 * are owned by FACTS: nz_launch_facts_clear(). */
void nz_launch_facts_fill(const NzLaunchInput *in, NzImageFacts *facts, GPtrArray *notes);
void nz_launch_facts_clear(NzImageFacts *facts);

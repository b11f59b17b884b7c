/* SPDX-License-Identifier: Apache-2.0 */
/* Names the packages that own an image's privileged files. */
#pragma once

#include "check/facts.h"

/* Sets the package of each of FILES (NzFileFact) that the package lists in TREE name. What could
 * not be asked goes into NOTES (char *). */
void nz_ownership_fill(const NzTree *tree, GPtrArray *files, GPtrArray *notes);

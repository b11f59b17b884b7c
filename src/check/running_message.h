/* SPDX-License-Identifier: Apache-2.0 */
/* For checks of running containers. */
#pragma once

#include "check/check.h"

/* A finding about ROOT: its executable (the finding's path), WHAT it does, why, and how often;
 * where the scan of its image knows the file that made it root, its layer and package. */
NzFinding *nz_finding_add_root(GPtrArray *findings, const NzCheck *check, NzLevel level,
                               const NzRunningFacts *facts, const NzRootFact *root,
                               const char *what);

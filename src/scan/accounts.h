/* SPDX-License-Identifier: Apache-2.0 */
/* What the image's account files let its users do: empty passwords, sudo, and who may write them.
 */
#pragma once

#include "scan/launch.h"

/* Fills facts->account_files, no_password and sudo. WHO is the run user, when HAS_WHO. What could
 * not be read is added to UNREAD. */
void nz_accounts_fill(const NzLaunchInput *in, const NzCredentials *who, gboolean has_who,
                      NzImageFacts *facts, GPtrArray *unread);

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "check/check.h"
#include "runtime/ledger.h"

NzLedgerTotals *nz_ledger_totals_mut(NzLedger *self);
NzPolicy *nz_ledger_policy(const NzLedger *self);

/* Why not all of CONTAINER may have been seen, or NULL; to be freed. */
char *nz_ledger_unseen(const NzLedger *self, const NzRunning *container);

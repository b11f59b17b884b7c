/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdio.h>

#include "core/finding.h"

/* The steps by which it was decided who SUBJECT starts as, as a tree. */
void nz_text_write_steps(const NzSubject *subject, gboolean color, FILE *out);

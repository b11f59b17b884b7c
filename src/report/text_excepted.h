/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdio.h>

#include "core/finding.h"

/* What the text report says of findings that do not count: how many, which, and who answers. */
void nz_text_write_excepted(const NzSubject *subject, FILE *out);

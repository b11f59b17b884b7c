/* SPDX-License-Identifier: Apache-2.0 */
/* Reads an image's layers side by side and stacks them in order. */
#pragma once

#include "scan/facts.h"

/* RESULTS has one element for each layer. FACTS may be NULL. */
NzTree *nz_stack_layers(const NzImage *image, const NzReadOptions *options, NzFacts *facts,
                        NzLayerResult *results, GError **error);

/* How many workers there may be. */
guint nz_stack_processors(void);

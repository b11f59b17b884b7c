/* SPDX-License-Identifier: Apache-2.0 */
/* What the formats for people say alike: the lines that mend what was found. */
#pragma once

#include "core/finding.h"

/* What takes the privilege from the files that a rule finds, ready for a Dockerfile: its arguments
 * are the files. NULL where no one command does. */
const char *nz_advice_command(const char *rule);

/* PATH as such an argument: printable, and quoted where a shell would read it otherwise. */
char *nz_advice_argument(const char *path);

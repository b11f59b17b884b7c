/* SPDX-License-Identifier: Apache-2.0 */
/* TOML, as far as the configuration of container engines uses it. */
#pragma once

#include "image/json.h"

/* TEXT as one JSON object: tables are objects, arrays of tables are arrays of objects. Errors name
 * the line. Floats, dates and integers of other bases than ten are null. */
NzJson *nz_toml_parse(const char *text, gsize len, GError **error);

/* The file at PATH. NULL without an error when there is none. */
NzJson *nz_toml_read(const char *path, GError **error);

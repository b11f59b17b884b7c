/* SPDX-License-Identifier: Apache-2.0 */
/* .env files, as Compose reads them. */
#pragma once

#include "build/expand.h"
#include "build/source.h"
#include "core/error.h"

/* Adds the variables of SOURCE to VALUES (char * -> char *, both owned). What LOOKUP knows of the
 * same name wins, and is what a name without "=" takes; values name variables of either. */
gboolean nz_dotenv_read(NzSourceFile *source, NzLookup lookup, gpointer data, GHashTable *values,
                        GError **error);

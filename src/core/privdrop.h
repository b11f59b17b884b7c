/* SPDX-License-Identifier: Apache-2.0 */
/* Scripts that start as root and then start something else as another user. */
#pragma once

#include <glib.h>

/* Calls FUNC for each command in TEXT (shell text, hostile) that drops root: TOOL is "gosu",
 * "su-exec", "setpriv", "su", ... (static); USER is what follows for it, "user" or "user:group", or
 * NULL where the script computes it; valid during the call. Heredocs and quoted text are taken as
 * commands too when they look like one. */
typedef void (*NzPrivdropFunc)(const char *tool, const char *user, guint line, gpointer user_data);
void nz_privdrop_foreach(const char *text, gsize len, NzPrivdropFunc func, gpointer user_data);

/* The same of one command of N words, such as an Entrypoint; line is 1. */
void nz_privdrop_foreach_arg(const char *const *args, guint n, NzPrivdropFunc func,
                             gpointer user_data);

/* SPDX-License-Identifier: Apache-2.0 */
/* Who may run what without a password: sudoers(5), as far as that question goes. */
#pragma once

#include <glib.h>

/* Calls FUNC for each user of TEXT (a sudoers file, hostile) who is let in without a password, by a
 * NOPASSWD tag or because authentication is off: WHO is "app", "%wheel", "#1000", "%#10" or "ALL",
 * valid during the call. Aliases of users are replaced by their members, one level deep. */
typedef void (*NzSudoersFunc)(const char *who, guint line, gpointer user_data);
void nz_sudoers_foreach_nopasswd(const char *text, gsize len, NzSudoersFunc func,
                                 gpointer user_data);

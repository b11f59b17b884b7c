/* SPDX-License-Identifier: Apache-2.0 */
/* Who may run what without a password: sudoers(5), as far as that question goes. */
#pragma once

#include <glib.h>

/* What the files of one sudoers say for all of them: Defaults, aliases, and what they include. */
typedef struct NzSudoers NzSudoers;

NzSudoers *nz_sudoers_new(void);
void nz_sudoers_free(NzSudoers *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NzSudoers, nz_sudoers_free)

/* Reads the Defaults, aliases and includes of TEXT (a sudoers file, hostile), in the order in which
 * sudo reads its files. All come before the first rule is asked for: they count for rules above
 * them too. */
void nz_sudoers_learn(NzSudoers *self, const char *text, gsize len);

/* char *: what @include and @includedir name, as written; at most NZ_SUDOERS_MAX. */
const GPtrArray *nz_sudoers_includes(const NzSudoers *self);

/* Calls FUNC for each user whom a rule of TEXT lets use sudo without a password, for some command
 * at least: by a NOPASSWD tag, or because authentication is off. WHO is "app", "%wheel", "#1000",
 * "%#10" or "ALL", valid during the call. Aliases of users are replaced by their members. At most
 * NZ_SUDOERS_MAX calls. */
typedef void (*NzSudoersFunc)(const char *who, guint line, gpointer user_data);
void nz_sudoers_foreach_nopasswd(NzSudoers *self, const char *text, gsize len, NzSudoersFunc func,
                                 gpointer user_data);

/* SPDX-License-Identifier: Apache-2.0 */
/* What Compose files and Quadlet units say alike of a start. */
#pragma once

#include "build/service.h"

/* A service without anything but its name, which is made printable. Takes PLACE. */
NzService *nz_service_new(const char *name, NzPlace *place);
NzServices *nz_services_new(void);

/* "NAME:LINE:COLUMN: what" as a note; at most NZ_SERVICE_NOTES_MAX of them. */
void nz_services_note(NzServices *self, NzSourceFile *source, guint32 at, const char *format, ...)
    G_GNUC_PRINTF(4, 5);

/* Adds an act; at most NZ_ACTS_MAX of them. Takes PLACE. */
void nz_service_add_act(NzService *self, NzActKind kind, NzPlace *place, const char *what,
                        const char *how);
/* "net_admin", "CAP_NET_ADMIN", "all". */
void nz_service_add_capability(NzService *self, const char *text, NzPlace *place, const char *how);
/* "[[IP:][HOST]:]CONTAINER[/PROTOCOL]": an act where the container's is below 1024. FALSE: it is
 * none. Takes PLACE. */
gboolean nz_service_add_port(NzService *self, const char *text, NzPlace *place, const char *how);

/* What OPTION of --security-opt says of no-new-privileges; FALSE: it is about something else. */
gboolean nz_service_no_new_privileges(const char *option, gboolean *set);

/* A mode of --userns, which may also say who it starts as: to be called once the user is known.
 * Takes PLACE. */
void nz_service_set_userns(NzService *self, const char *mode, NzPlace *place, const char *how);

/* What is written as a boolean; FALSE: none of them. */
gboolean nz_service_parse_bool(const char *text, gboolean *value);

/* PATH as seen from DIRECTORY (NULL: as it is), without "." and "..", by its words alone. */
char *nz_service_join(const char *directory, const char *path);
/* It is no path: "https://...", "git@host:...", "docker-image://...". */
gboolean nz_service_is_remote(const char *path);

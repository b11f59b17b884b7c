/* SPDX-License-Identifier: Apache-2.0 */
/* How a Quadlet unit is read: the unit with its drop-ins (quadlet_unit.c), what it says of a start
 * (quadlet.c) and of a build (quadlet_build.c), and options of Podman in either (quadlet_args.c).
 * podman-systemd.unit(5) has the keys. */
#pragma once

#include "build/service_private.h"
#include "build/unit.h"

typedef struct {
  const NzServiceOptions *options;
  NzServices *result;
} NzQuadlet;

/* --- quadlet_unit.c --- */

/* SOURCE with its drop-ins, which are looked for in DIRECTORY (NULL: the working directory). */
NzUnit *nz_quadlet_load(NzQuadlet *self, NzSourceFile *source, const char *directory,
                        GError **error);
/* The unit NAME of DIRECTORY, likewise. *UNIT is NULL, with a note at ENTRY, where it is not to be
 * had; FALSE: an error. */
gboolean nz_quadlet_join(NzQuadlet *self, const NzUnitEntry *entry, const char *directory,
                         const char *name, NzUnit **unit, GError **error);
/* What a single value holds: quotes around it are gone. */
char *nz_quadlet_value(const NzUnitEntry *entry);
/* The last KEY of SECTION likewise; NULL: there is none. PLACE may be NULL. */
char *nz_quadlet_get(const NzUnit *unit, const char *section, const char *key, NzPlace **place);
/* There is something in it that systemd alone knows: %i, ${NAME}. "%%" is none. */
gboolean nz_quadlet_is_open(const char *text);
NzPlace *nz_quadlet_place(const NzUnitEntry *entry);

/* --- quadlet_args.c --- */

typedef struct NzQuadletFlag NzQuadletFlag;
struct NzQuadletFlag {
  const char *name;  /* "--user" */
  const char *brief; /* "-u", or NULL */
  gboolean boolean;  /* it takes no value but one behind "=" */
  void (*take)(const char *value, const NzUnitWord *word, const NzQuadletFlag *flag, gpointer data);
};
/* Gives each of FLAGS (up to one without a name) that PodmanArgs= of SECTION has. */
gboolean nz_quadlet_args(const NzUnit *unit, const char *section, const NzQuadletFlag *flags,
                         gpointer data, GError **error);

/* --- quadlet_build.c --- */

/* What a .build unit says. */
gboolean nz_quadlet_read_build(NzQuadlet *self, const NzUnit *unit, const char *directory,
                               NzService *service, GError **error);

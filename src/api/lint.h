/* SPDX-License-Identifier: Apache-2.0 */
/* What a scanner keeps for judging sources. */
#pragma once

#include <glib.h>

typedef struct {
  char *target;
  /* char *, NULL-terminated; NULL: none was named */
  GPtrArray *arguments, *contexts, *bases, *images, *profiles, *env_files, *overrides;
  gboolean fix;
  gboolean explain;   /* keep the steps by which users were decided */
  gboolean no_images; /* images are looked up in the table alone */
  gboolean registry;  /* those that no engine has are looked for in their registries */
  gboolean prepared;  /* the engines' stores were looked for */
  GMutex mutex;       /* guards KNOWN */
  /* What was learned of images, by source and platform: see base_image.c. */
  GHashTable *known;
} NzLintSettings;

void nz_lint_settings_clear(NzLintSettings *self);
/* Appends VALUE to *LIST. */
void nz_lint_settings_add(GPtrArray **list, const char *value);

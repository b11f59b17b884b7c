/* SPDX-License-Identifier: Apache-2.0 */
/* Edits of YAML and JSON that keep every other byte.
 *
 * What a map is to hold besides is a tree of wanted values (NzYaml without places). It is laid over
 * the map as a strategic merge patch is: maps are merged key by key, a text or a list stands
 * instead of what was there. Where a list only grows at its end, the rest of it is not touched. How
 * new lines are indented, quoted and ended follows what stands beside them. */
#pragma once

#include "build/source.h"
#include "core/yaml.h"

/* --- wanted values --- */

NzYaml *nz_want_map(void);
NzYaml *nz_want_list(void);
NzYaml *nz_want_text(const char *text); /* a string, whatever it looks like */
NzYaml *nz_want_bare(const char *text); /* true, 1000 */
/* VALUE, which is taken, instead of what WANT has for KEY. */
void nz_want_set(NzYaml *want, const char *key, NzYaml *value);
/* The map of WANT for KEY, which is made if there is none. */
NzYaml *nz_want_sub(NzYaml *want, const char *key);
/* Lays FROM over WANT. */
void nz_want_merge(NzYaml *want, const NzYaml *from);
NzYaml *nz_want_copy(const NzYaml *self);
/* As YAML, in block style, each line below INDENT. */
void nz_want_print(GString *out, const NzYaml *want, guint indent);

/* TRUE when NOW is BEFORE but for what WANTS asks for: a map of BEFORE (NzYaml) -> what was to be
 * laid over it (NzYaml). */
gboolean nz_want_is_met(NzYaml *before, NzYaml *now, GHashTable *wants);
/* TRUE when VALUE, which was read, is WANT. */
gboolean nz_want_is(NzYaml *want, NzYaml *value);

/* --- edits --- */

typedef struct {
  NzSourceFile *source;
  GPtrArray *edits;   /* NzEdit: where edits are added; NULL: nothing was edited yet */
  guint step;         /* how much deeper the maps of this document are than their keys */
  guint dash;         /* and its lists */
  gboolean shared;    /* bytes were changed that an alias stands for, too */
  const char *undone; /* static: what could not be edited, and why; NULL: all could */
} NzYamlEditor;

/* Learns from DOCUMENT how it is indented. */
void nz_yaml_editor_init(NzYamlEditor *self, NzSourceFile *source, NzYaml *document);

/* Where new keys of a map go: after the last of AFTER that it has, else before the first of BEFORE
 * (lists that end with NULL, or NULL), else to its end. */
typedef struct {
  const char *const *after, *const *before;
} NzYamlSpot;

/* Lays WANT over MAP. SPOT may be NULL. */
void nz_yaml_edit(NzYamlEditor *self, NzYaml *map, const NzYaml *want, const NzYamlSpot *spot);

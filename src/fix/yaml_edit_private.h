/* SPDX-License-Identifier: Apache-2.0 */
/* What the files that edit YAML share. */
#pragma once

#include "fix/yaml_edit.h"

/* How texts are written. */
typedef struct {
  char quote;      /* around keys and strings; 0: none, where they need none */
  gboolean spaced; /* a blank follows colons and commas in brackets */
  const char *end; /* static: of a line */
} NzYamlStyle;

/* --- yaml_place.c --- */

/* TRUE when entry I of MAP is written in it, and not where an alias or a merge key found it. */
gboolean nz_yaml_is_own(const NzYaml *map, guint i);
/* The last entry of MAP that is its own; -1: there is none. */
gint nz_yaml_last_own(const NzYaml *map);
/* Where VALUE ends, which belongs to KEY (NULL: to an item). */
guint32 nz_yaml_end(const NzSourceFile *source, const NzYaml *key, const NzYaml *value);
/* Where a list or map without brackets ends, with its merge keys. */
guint32 nz_yaml_block_end(const NzSourceFile *source, const NzYaml *value);
/* Where the line of OFFSET begins; where its text ends (without its line end); and the next line
 * begins (the end of the file where there is none). */
guint32 nz_line_begin(const NzSourceFile *source, guint32 offset);
guint32 nz_line_end(const NzSourceFile *source, guint32 offset);
guint32 nz_line_next(const NzSourceFile *source, guint32 offset);
/* TRUE when only blanks are between the begin of its line and OFFSET. */
gboolean nz_line_begins_at(const NzSourceFile *source, guint32 offset);
/* Where the comments begin that stand right above the line of OFFSET; that line itself where there
 * are none. */
guint32 nz_line_above_comments(const NzSourceFile *source, guint32 offset);
/* The quote that begins at OFFSET; NUL: none does. */
char nz_yaml_quote_at(const NzSourceFile *source, guint32 offset);
/* How lines near OFFSET end. */
const char *nz_line_ending(const NzSourceFile *source, guint32 offset);

/* --- yaml_want.c, yaml_text.c: wanted values as text --- */

/* What YAML takes as something else than a string, in any of its versions. */
gboolean nz_want_needs_quotes(const char *text);

void nz_yaml_put_scalar(GString *out, const NzYaml *want, const NzYamlStyle *style);
void nz_yaml_put_key(GString *out, const char *key, const NzYamlStyle *style);
/* In brackets, in one line. */
void nz_yaml_put_flow(GString *out, const NzYaml *want, const NzYamlStyle *style);
/* In brackets over lines, each entry below INDENT and UNIT, the last bracket below INDENT. */
void nz_yaml_put_pretty(GString *out, const NzYaml *want, const char *indent, const char *unit,
                        const NzYamlStyle *style);
/* Lines, each with its end. */
void nz_yaml_put_entry(GString *out, const char *key, const NzYaml *want, guint indent,
                       const NzYamlEditor *editor, const NzYamlStyle *style);
/* The value of a key that stands already, in the lines after it. INDENT is the key's. */
void nz_yaml_put_below(GString *out, const NzYaml *want, guint indent, const NzYamlEditor *editor,
                       const NzYamlStyle *style);
void nz_yaml_put_item(GString *out, const NzYaml *want, guint indent, const NzYamlEditor *editor,
                      const NzYamlStyle *style);

/* --- yaml_edit.c, yaml_flow.c --- */

void nz_yaml_replace(NzYamlEditor *self, guint32 start, guint32 end, const char *text);
/* Nothing more is edited, for WHY (static). */
void nz_yaml_give_up(NzYamlEditor *self, const char *why);
NzYamlStyle nz_yaml_style_at(const NzYamlEditor *self, const NzYaml *map, char quote);
/* Adds to MAP, in brackets, the entries of WANT whose keys are in KEYS. */
void nz_yaml_flow_add(NzYamlEditor *self, NzYaml *map, const NzYaml *want, const GPtrArray *keys,
                      char quote);
/* Adds ITEMS (NzYaml) to LIST, in brackets. */
void nz_yaml_flow_append(NzYamlEditor *self, NzYaml *list, const GPtrArray *items, char quote);
/* VALUE, which is empty, becomes WANT. MAP is the one in brackets that it is in. */
void nz_yaml_flow_fill(NzYamlEditor *self, const NzYaml *map, const NzYaml *value,
                       const NzYaml *want, char quote);

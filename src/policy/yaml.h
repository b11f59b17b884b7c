/* SPDX-License-Identifier: Apache-2.0 */
/* The part of YAML that a configuration needs: maps, lists and text, each with its place. Anchors,
 * aliases, tags and second documents are refused; what would be hidden from a reader's eye, too. */
#pragma once

#include <glib.h>

typedef enum { NZ_YAML_TEXT, NZ_YAML_LIST, NZ_YAML_MAP } NzYamlKind;

typedef struct NzYaml NzYaml;
struct NzYaml {
  NzYamlKind kind;
  guint line, column; /* from 1; columns count characters */
  char *text;         /* of a text, without NUL; a number, a date and `off` are texts */
  gboolean empty;     /* nothing was written, or a plain `null` or `~` */
  GPtrArray *items;   /* of a list, or a map's values: NzYaml */
  GPtrArray *keys;    /* of a map: NzYaml, texts, each once */
};

/* Reads a document called NAME. One without content is an empty text. */
NzYaml *nz_yaml_parse(GBytes *bytes, const char *name, GError **error);
void nz_yaml_free(NzYaml *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NzYaml, nz_yaml_free)

/* Sets an NZ_ERROR_INPUT "NAME:LINE:COLUMN: ..." and is FALSE. */
#define nz_yaml_fail(node, name, ...)                                                              \
  (nz_yaml_error((name), (node)->line, (node)->column, __VA_ARGS__), nz_false())
void nz_yaml_error(const char *name, guint line, guint column, GError **error, const char *format,
                   ...) G_GNUC_PRINTF(5, 6);

/* SPDX-License-Identifier: Apache-2.0 */
/* YAML as maps, lists and text, each with its place. A configuration needs little of it: anchors,
 * aliases, tags and second documents are refused there, and what would be hidden from a reader's
 * eye, too. Files that others write (Compose) may have them. */
#pragma once

#include <glib.h>

#include "core/error.h"

typedef enum { NZ_YAML_TEXT, NZ_YAML_LIST, NZ_YAML_MAP } NzYamlKind;

/* The values of a list, or the keys or values of a map, in order. */
typedef struct {
  gpointer *pdata; /* NzYaml */
  guint len;
} NzYamlList;

/* A manifest has millions of them: few are large, and none takes more room than it needs. */
typedef struct NzYaml NzYaml;
struct NzYaml {
  NzYamlKind kind;
  guint line, column; /* from 1; columns count characters */
  guint32 start, end; /* bytes of the file, with quotes; where a list or map has no brackets (flow),
                         END is where what follows it begins */
  guint32 alias_end;  /* of an alias' copy: where the alias ends; 0: it is none */
  guint empty : 1;    /* nothing was written, or a plain `null` or `~` */
  guint plain : 1;    /* a text without quotes, in one line */
  guint flow : 1;     /* a list or map in brackets */
  guint shared : 1;   /* it has an anchor, or is below one, and an alias stands for it, too */
  char *text;         /* of a text, without NUL; a number, a date and `off` are texts */
  char *tag;          /* as written, "!reset"; NULL: none */
  gconstpointer owner; /* whose it is: see NzYamlRules */
  NzYamlList *items;   /* of a list, or a map's values */
  NzYamlList *keys;    /* of a map: texts, each once */
  GHashTable *index;   /* of a large map, by the text of its keys; for nz_yaml_find() */
};

/* Reads a document called NAME. One without content is an empty text. */
NzYaml *nz_yaml_parse(GBytes *bytes, const char *name, GError **error);
/* A list or map without values, or a text of LEN bytes of TEXT. */
NzYaml *nz_yaml_new(NzYamlKind kind);
NzYaml *nz_yaml_new_text(const char *text, gsize len);
void nz_yaml_free(NzYaml *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NzYaml, nz_yaml_free)

typedef struct {
  guint depth, nodes;  /* at most so many; what an alias stands for counts each time */
  guint copies;        /* of those, so many may be what aliases stand for; 0: all */
  gboolean ordered;    /* a merge key that would replace what stands before it, as kubectl's reader
                          has it and others have not, is refused */
  gconstpointer owner; /* what each node will say; it is not looked at */
} NzYamlRules;

/* Reads all of YAML: the documents (NzYaml) of LEN bytes of DATA. Aliases are replaced by copies,
 * which keep their places, and merge keys (<<) by what they bring. */
GPtrArray *nz_yaml_parse_open(const char *data, gsize len, const char *name,
                              const NzYamlRules *rules, GError **error);

/* The same, one after the other: FUNC takes each, and ends it with FALSE and an error. */
typedef gboolean (*NzYamlFunc)(NzYaml *document, gpointer user_data, GError **error);
gboolean nz_yaml_parse_each(const char *data, gsize len, const char *name, const NzYamlRules *rules,
                            NzYamlFunc func, gpointer user_data, GError **error);

/* The number of KEY in a map; -1: it is not there. */
gint nz_yaml_find(NzYaml *map, const char *key);
/* The value of KEY in MAP; NULL where there is none, or MAP is none. */
NzYaml *nz_yaml_get(NzYaml *map, const char *key);
/* A copy; NULL when it would be deeper than DEPTH, or *LEFT nodes are not enough. */
NzYaml *nz_yaml_copy(const NzYaml *self, guint depth, guint *left);
/* Adds to MAP what FROM, another map, has and MAP has not. FROM can but be freed then. */
void nz_yaml_take_missing(NzYaml *map, NzYaml *from);
/* ITEM becomes LIST's, the last. */
void nz_yaml_append(NzYaml *list, NzYaml *item);
/* TEXT becomes that of SELF, a text. */
void nz_yaml_set_text(NzYaml *self, char *text);
/* KEY and VALUE become MAP's. KEY must not be there. */
void nz_yaml_add(NzYaml *map, NzYaml *key, NzYaml *value);

/* Sets an NZ_ERROR_INPUT "NAME:LINE:COLUMN: ..." and is FALSE. */
#define nz_yaml_fail(node, name, ...)                                                              \
  (nz_yaml_error((name), (node)->line, (node)->column, __VA_ARGS__), nz_false())
void nz_yaml_error(const char *name, guint line, guint column, GError **error, const char *format,
                   ...) G_GNUC_PRINTF(5, 6);

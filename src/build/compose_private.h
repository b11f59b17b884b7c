/* SPDX-License-Identifier: Apache-2.0 */
/* How a Compose file is read:
 *
 *   file -> documents -> variables replaced (compose_file.c)
 *   a service of it, over what it extends  (compose_extends.c) -> its fields (compose_fields.c)
 *   all services, over what is included    (compose_include.c, compose.c) -> the project
 *   each service's fields -> NzService     (compose_service.c)
 *
 * Nodes and texts live as long as the reader. */
#pragma once

#include "build/service_private.h"
#include "core/yaml.h"

typedef enum {
  NZ_FIELD_IMAGE,
  NZ_FIELD_USER,
  NZ_FIELD_PRIVILEGED,
  NZ_FIELD_USERNS,
  NZ_FIELD_CAP_ADD,
  NZ_FIELD_SECURITY_OPT,
  NZ_FIELD_PORTS,
  NZ_FIELD_PROFILES,
  NZ_FIELD_CONTEXT, /* the first of those of build */
  NZ_FIELD_DOCKERFILE,
  NZ_FIELD_INLINE,
  NZ_FIELD_TARGET,
  NZ_FIELD_ARGUMENTS,
  NZ_FIELD_CONTEXTS,
  NZ_FIELD_N
} NzField;

typedef struct {
  const char *text; /* "" of a map (a port in many words) */
  NzYaml *node;     /* where it stands */
} NzFieldValue;

/* What a service says, so far. */
typedef struct {
  const char *name;
  NzYaml *key;                   /* its name, in the file that counts */
  GArray *values[NZ_FIELD_N];    /* NzFieldValue; NULL: none. Of a single text the last counts */
  gboolean replaces[NZ_FIELD_N]; /* what was said before does not count (!reset, !override) */
  gboolean replaces_all;
  gboolean removed;            /* !reset of the service itself */
  NzYaml *build;               /* what stands behind `build:`; NULL: it is not built */
  const char *build_directory; /* of the file that says so */
} NzFields;

/* Variables: of the environment, then of those around, then of .env files. */
typedef struct NzComposeEnv NzComposeEnv;
struct NzComposeEnv {
  NzComposeEnv *parent;
  GHashTable *values; /* char * -> char * */
};

typedef struct {
  NzSourceFile *source;
  char *path;      /* clean */
  char *directory; /* what its paths begin at; NULL: the working directory */
  NzComposeEnv *env;
  GPtrArray *documents; /* NzYaml */
} NzComposeFile;

typedef struct {
  const NzServiceOptions *options;
  NzServices *result;
  GHashTable *files;     /* "PATH\nDIRECTORY\nENV" -> NzComposeFile, not owned */
  GPtrArray *all_files;  /* NzComposeFile */
  GPtrArray *all_envs;   /* NzComposeEnv */
  GPtrArray *all_fields; /* NzFields */
  GStringChunk *texts;
  GHashTable *unset; /* NzYaml -> char *: the variable without a value in its text */
  GHashTable *noted; /* char *: variables that there is a note of */
  guint left;        /* values that may still be copied from service to service */
} NzCompose;

/* The services by name, in order. */
typedef struct {
  GPtrArray *list;   /* NzFields; NULL where one was removed */
  GHashTable *index; /* the name -> its number + 1 */
} NzProject;

#define NZ_NODE_SOURCE(node) ((NzSourceFile *)(node)->owner)
#define nz_compose_fail(node, error, ...)                                                          \
  nz_yaml_fail(node, NZ_NODE_SOURCE(node)->name, error, __VA_ARGS__)
/* The part of its file that a text takes. */
NzPlace *nz_compose_place(const NzYaml *node);
/* "name", in few letters. */
char *nz_compose_show(const char *text);

/* --- compose_env.c --- */

NzComposeEnv *nz_compose_env_new(NzCompose *self, NzComposeEnv *parent);
/* Adds the variables of the .env file PATH. MAYBE: it need not be there. */
gboolean nz_compose_env_read(NzCompose *self, NzComposeEnv *env, const char *path, gboolean maybe,
                             GError **error);
const char *nz_compose_env_find(const char *name, gpointer env);

/* --- compose_file.c --- */

/* SOURCE, or what is at PATH, parsed, with its variables replaced. NODE: who asks for it. */
NzComposeFile *nz_compose_file_load(NzCompose *self, NzSourceFile *source, const char *path,
                                    const char *directory, NzComposeEnv *env, const NzYaml *node,
                                    GError **error);
/* The directory of PATH; NULL: the working directory. */
char *nz_compose_directory(const char *path);

/* --- compose_keys.c --- */

/* Notes keys that Compose does not know. */
void nz_compose_note_keys(NzCompose *self, NzYaml *document);

/* --- compose_fields.c --- */

NzFields *nz_fields_new(NzCompose *self, NzYaml *key);
/* Lays what NODE, a service of FILE, says over what SELF has. */
gboolean nz_fields_read(NzCompose *self, NzFields *fields, const NzComposeFile *file, NzYaml *node,
                        GError **error);
/* Lays OTHER over FIELDS. */
gboolean nz_fields_merge(NzCompose *self, NzFields *fields, const NzFields *other, GError **error);
/* The last value; NULL: none. */
const NzFieldValue *nz_fields_last(const NzFields *fields, NzField field);

/* --- compose_extends.c --- */

/* The service NAME of FILE, over what it extends. */
NzFields *nz_compose_resolve(NzCompose *self, NzComposeFile *file, const char *name,
                             GError **error);

/* --- compose.c, compose_include.c --- */

NzProject *nz_project_new(void);
void nz_project_free(NzProject *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NzProject, nz_project_free)

/* The files of which this is one include each other: who is around whom. */
typedef struct NzComposeChain NzComposeChain;
struct NzComposeChain {
  const NzComposeChain *outer;
  const NzComposeFile *file;
  guint depth;
};

/* Lays FILE, with what it includes, over PROJECT. */
gboolean nz_project_add_file(NzCompose *self, NzProject *project, NzComposeFile *file,
                             const NzComposeChain *outer, GError **error);
/* Adds what a document of CHAIN->file includes. */
gboolean nz_compose_include(NzCompose *self, NzProject *project, NzYaml *include,
                            const NzComposeChain *chain, GError **error);

/* --- compose_service.c --- */

gboolean nz_compose_convert(NzCompose *self, const NzFields *fields, GError **error);

/* SPDX-License-Identifier: Apache-2.0 */
/* Kubernetes manifests as the API server decodes them: YAML or JSON, documents and Lists -> objects
 * -> pods -> containers. Everything keeps its place in the file.
 *
 * A pod is a PodSpec with the metadata that goes with it: of a Pod, of a template in a workload
 * (spec.template, spec.jobTemplate.spec.template), or in a custom resource, where it is known by
 * its shape. */
#pragma once

#include "build/source.h"
#include "core/error.h"
#include "core/yaml.h"

typedef enum {
  NZ_CONTAINER_REGULAR,
  NZ_CONTAINER_INIT,
  NZ_CONTAINER_SIDECAR, /* an init container with restartPolicy: Always */
  NZ_CONTAINER_EPHEMERAL,
} NzContainerType;

typedef struct {
  NzContainerType type;
  guint index;     /* in its list */
  char *name;      /* printable; "" when it has none */
  char *image;     /* as written; NULL: none */
  NzYaml *node;    /* its map */
  NzYaml *context; /* its securityContext, a map; NULL: it has none */
} NzKubeContainer;

/* All nodes are borrowed from the documents. */
typedef struct {
  char *api_version, *kind; /* of the object, "apps/v1", "Deployment" */
  char *name,
      *namespace;   /* of the object, printable; generateName where there is no name; NULL: none */
  char *path;       /* where the PodSpec stands in the object: "spec.template.spec" */
  NzYaml *object;   /* the object's map */
  NzYaml *metadata; /* of the Pod or template (labels, annotations); NULL: none */
  NzYaml *spec;     /* the PodSpec, a map */
  NzYaml *context;  /* its securityContext, a map; NULL: it has none */
  GPtrArray *containers;  /* NzKubeContainer: init, regular, ephemeral, each in order */
  gboolean windows;       /* os.name is windows, by which the API server goes; see also
                            nz_kube_runs_on_windows() */
  guint n_host_processes; /* of them, HostProcess containers of Windows */
} NzKubePod;

/* A Service or a Namespace: with their help pods are judged and mended. Other objects without pods
 * are not kept. */
typedef struct {
  char *api_version, *kind, *name, *namespace; /* as above */
  NzYaml *object;
} NzKubeObject;

typedef struct {
  NzSourceFile *source;   /* borrowed */
  GPtrArray *documents;   /* NzYaml */
  GPtrArray *pods;        /* NzKubePod, in the order of the file */
  GPtrArray *objects;     /* NzKubeObject */
  GHashTable *namespaces; /* the name of a Namespace -> its NzKubeObject, the first of that name */
  GPtrArray *notes; /* char *: what was not covered, and why: "line 12: a Widget (example.com/v1)
                       holds no pod template that is known" */
} NzManifest;

/* Reads SOURCE, which must live as long as the result. A field that matters and has another type
 * than the API server takes is an error with its place, as is what YAML or JSON does not allow. */
NzManifest *nz_manifest_read(NzSourceFile *source, GError **error);
void nz_manifest_free(NzManifest *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NzManifest, nz_manifest_free)

/* --- fields, as Go's JSON decoder sees them --- */

/* A field that is absent, or null. */
typedef enum { NZ_FIELD_UNSET, NZ_FIELD_FALSE, NZ_FIELD_TRUE } NzKubeBool;

/* The values were looked at while reading, so that no error is left: of the right type, or unset.
 * MAP may be NULL. YAML's plain scalars count as the API server's YAML reader (1.1) takes them:
 * yes and on are TRUE. */
NzYaml *nz_kube_field(NzYaml *map, const char *key); /* NULL: unset or null */
NzKubeBool nz_kube_bool(NzYaml *map, const char *key);
gboolean nz_kube_int(NzYaml *map, const char *key, gint64 *value); /* FALSE: unset */
/* The same of an item of a list; NULL is unset. */
gboolean nz_kube_item_int(const NzYaml *item, gint64 *value);
const char *nz_kube_text(NzYaml *map, const char *key); /* NULL: unset */
NzYaml *nz_kube_list(NzYaml *map, const char *key);     /* NULL: unset */
NzYaml *nz_kube_map(NzYaml *map, const char *key);      /* NULL: unset */

/* windowsOptions.hostProcess of a securityContext. */
NzKubeBool nz_kube_host_process(NzYaml *context);

/* The place of NODE, or of the key KEY in MAP where it has one; NULL: there is no such key. */
NzPlace *nz_kube_place(const NzManifest *manifest, const NzYaml *node);
NzPlace *nz_kube_key_place(const NzManifest *manifest, NzYaml *map, const char *key);

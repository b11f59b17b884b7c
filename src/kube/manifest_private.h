/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of the reader of manifests. */
#pragma once

#include "kube/manifest.h"

/* --- manifest_scalar.c --- */

/* What a text is, once the API server's reader of YAML has seen it. */
typedef enum {
  NZ_SCALAR_NULL,
  NZ_SCALAR_BOOL,
  NZ_SCALAR_INT,
  NZ_SCALAR_NUMBER, /* a float, or an integer that int64 does not hold */
  NZ_SCALAR_TEXT,
} NzScalarKind;

typedef struct {
  NzScalarKind kind;
  gint64 value; /* of an integer; of a bool 0 or 1 */
} NzScalar;

/* NODE is a text. */
NzScalar nz_kube_scalar(const NzYaml *node);

/* --- manifest_kinds.c --- */

typedef struct {
  const char *groups; /* "apps extensions"; "": the core group */
  const char *kind;
  const char *template; /* where the pod or its template is: "spec.template"; "": the object */
} NzKubeWorkload;

/* NULL: none of Kubernetes' own. An empty API_VERSION is that of any. */
const NzKubeWorkload *nz_kube_workload(const char *api_version, const char *kind);
/* TRUE for kinds of Kubernetes' own that hold no pod template that anybody starts. */
gboolean nz_kube_has_no_pod(const char *api_version, const char *kind);
/* TRUE for those of them that say something of pods beside them. */
gboolean nz_kube_is_helpful(const char *api_version, const char *kind);

/* --- manifest_types.c --- */

typedef enum {
  NZ_TYPE_ANY,
  NZ_TYPE_BOOL,
  NZ_TYPE_INT32,
  NZ_TYPE_INT64,
  NZ_TYPE_TEXT,
  NZ_TYPE_MAP,
} NzKubeKind;

typedef struct NzKubeType NzKubeType;

typedef struct {
  const char *name;
  NzKubeKind kind;
  gboolean list;          /* a list of these */
  const NzKubeType *type; /* of a map */
} NzKubeFieldType;

/* A struct of Go's. */
struct NzKubeType {
  const char *name;
  const NzKubeFieldType *fields;
  guint n_fields;
  NzKubeKind values; /* a map with any keys, to these; NZ_TYPE_ANY: it is none */
  gboolean whole;    /* there are no other fields */
};

extern const NzKubeType nz_kube_type_object, nz_kube_type_metadata, nz_kube_type_pod,
    nz_kube_type_context, nz_kube_type_pod_context;

/* --- manifest_check.c --- */

/* A part of the way to a value, for messages. */
typedef struct NzKubePath NzKubePath;
struct NzKubePath {
  const NzKubePath *up; /* NULL: in the object itself */
  const char *key;
  gint index; /* of an item in the list KEY; -1: it is none */
};

/* "spec.containers[0].image" */
char *nz_kube_path_text(const NzKubePath *path);

/* Looks at NODE, which should be of TYPE and stands at PATH (NULL: it is the object) in an object:
 * a wrong type is an error, and so is a name that is near to one that matters. */
gboolean nz_kube_check(NzManifest *self, const NzKubeType *type, NzYaml *node,
                       const NzKubePath *path, GError **error);

/* --- manifest_shape.c --- */

/* Calls FUNC for what looks like a PodSpec in OBJECT, with the metadata beside it (or NULL) and
 * where it stands ("spec.template.spec"); FALSE from FUNC ends it. What looks but half like one is
 * told as HALF. */
typedef struct {
  gboolean (*pod)(NzYaml *spec, NzYaml *metadata, const NzKubePath *path, gpointer data,
                  GError **error);
  void (*half)(const NzYaml *node, const NzKubePath *path, gpointer data);
  gpointer data;
} NzKubeShapes;

gboolean nz_kube_find_shapes(NzYaml *object, const NzKubeShapes *shapes, GError **error);

/* --- for all of them --- */

/* Adds a note that begins with "line N: ", of NODE. */
void nz_kube_note(NzManifest *self, const NzYaml *node, const char *format, ...)
    G_GNUC_PRINTF(3, 4);

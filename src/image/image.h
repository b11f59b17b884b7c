/* SPDX-License-Identifier: Apache-2.0 */
/* An image as a transport finds it: what its configuration says, and where its layers lie. Layers
 * are read later, and only through the store they came from. */
#pragma once

#include "core/launch.h"
#include "image/history.h"
#include "image/stream.h"
#include "rootfs/capture.h"
#include "rootfs/layer_log.h"

typedef struct NzImageStore NzImageStore;
typedef struct NzImage NzImage;
typedef struct NzBoard NzBoard;

typedef struct {
  guint index;      /* 0 at the bottom */
  char *name;       /* how the store knows it: a member, a blob's path */
  char *digest;     /* what its bytes must hash to; NULL: nothing says so */
  char *diff_id;    /* what its uncompressed bytes must hash to, or NULL */
  char *media_type; /* NULL: the format has none */
  gint64 size;      /* what its bytes must be; -1: nothing says so */
  char *created_by; /* history, or NULL */
  char *facts_key;  /* what stands for its content where its store vouches for it: see scan/facts.h;
                     * NULL: nothing does */
  /* Annotations of its descriptor that say where its table of contents is; NULL: none. See toc.h */
  char *stargz_digest;    /* containerd.io/snapshot/stargz/toc.digest */
  char *chunked_position; /* io.github.containers.zstd-chunked.manifest-position */
  char *chunked_checksum; /* io.github.containers.zstd-chunked.manifest-checksum */
} NzLayer;

typedef struct {
  const NzWanted *wanted; /* more files that are asked for; may be NULL */
  guint ratio;            /* see nz_inflate_stream_new() */
  gboolean verify;        /* diff_ids too */
  guint workers;          /* layers that may be read at once; 0: as there are processors */
  gboolean *incomplete;   /* set when a content is denied that no verdict rests on; may be NULL */
  NzControl *control;     /* may be NULL */
  gint *spare;            /* processors that have no layer to read (atomic); NULL: none */
  NzBoard *board;         /* where layers at work are shown: board.h; NULL: nowhere */
} NzReadOptions;

typedef struct {
  const char *compression; /* found by content: "gzip", "zstd", or NULL for none */
  char *diff_id;           /* owned; what it uncompresses to, with options->verify */
  guint n_mounts;          /* of a directory: mount points in it that were not entered */
  gboolean incomplete;     /* this user may not read some contents: another reading may find more */
  gboolean by_table;       /* read by its table of contents: the archive itself may say otherwise */
} NzLayerResult;

void nz_layer_result_clear(NzLayerResult *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(NzLayerResult, nz_layer_result_clear)

typedef struct {
  /* The JSON document called NAME, whole. */
  GBytes *(*read_json)(NzImageStore *self, const char *name, GError **error);
  gboolean (*has)(NzImageStore *self, const char *name);
  /* Reads LAYER into LOG, which the caller closes. Called from many threads at once. */
  gboolean (*read_layer)(NzImageStore *self, const NzLayer *layer, const NzReadOptions *options,
                         NzLayerLog *log, NzLayerResult *result, GError **error);
  void (*free)(NzImageStore *self);
} NzImageStoreClass;

struct NzImageStore {
  const NzImageStoreClass *klass;
  gint refs;
  gboolean rereadable; /* a layer can be read twice */
  gboolean whiteouts;  /* its layers are layers, not a plain directory */
  gboolean partial;    /* an index in it may name manifests that were never brought here */
  gsize json_read;     /* bytes of documents, each as often as it was read */
  guint64 bytes;       /* of an archive in a file: all of it; 0: it is none */
};

/* The document NAME. All that are read of STORE, one for as many images as share it, have a limit
 * together. */
GBytes *nz_image_store_read_json(NzImageStore *self, const char *name, GError **error);

NzImageStore *nz_image_store_ref(NzImageStore *self);
void nz_image_store_unref(NzImageStore *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NzImageStore, nz_image_store_unref)

struct NzImage {
  NzImageStore *store;
  char *name;     /* for people, printable: its reference, or how it was asked for and its tag */
  char *source;   /* how it was asked for: "oci-archive:app.tar" */
  char *digest;   /* manifest digest, or image id where there is no manifest */
  char *platform; /* "linux/amd64", or NULL */
  char *os;       /* "linux"; NULL: not said */
  char *config_digest;
  gboolean has_config; /* FALSE for a root filesystem: no user is declared */
  char *user;          /* config.User, or NULL */
  NzLaunch launch;     /* what else the configuration says of the start */
  NzHistory history;
  char *base_name, *base_digest; /* of the image it was built on, as its makers say; or NULL */
  const char *base_said_by;      /* "annotations" or "labels"; NULL: nothing is said */
  guint64 bytes;                 /* of all layers, as stored; 0: not known */
  guint n_artifacts; /* beside the first image of an index: attestations, signatures, ... */
  guint n_others;    /* the same: manifests for other platforms than this host's */
  guint n_absent;    /* the same: manifests for other platforms that are not in the store */
  gboolean diff_ids_unverified; /* nothing vouches for the layers' content without --verify */
  GPtrArray *layers;            /* NzLayer, bottom first */
};

NzImage *nz_image_new(NzImageStore *store, const char *source);
void nz_image_free(NzImage *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NzImage, nz_image_free)

/* Reads a layer from its STREAM (owned) of SIZE bytes: compression by content, tar, entries into
 * LOG. Its content must have DIGEST, unless that is NULL. */
gboolean nz_layer_read(NzStream *stream, guint64 size, const char *digest,
                       const NzReadOptions *options, NzLayerLog *log, NzLayerResult *result,
                       GError **error);

/* FALSE when the content that options->verify hashed is not what the configuration says of LAYER.
 */
gboolean nz_layer_check_diff_id(const NzLayer *layer, const NzLayerResult *result, GError **error);

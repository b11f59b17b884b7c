/* SPDX-License-Identifier: Apache-2.0 */
/* Transports: where images lie, by skopeo's names.
 *
 * To add one: a file with a const NzTransport, and a line in the table of transport.c. */
#pragma once

#include "image/config.h"

typedef struct NzFetch NzFetch;
typedef struct NzHost NzHost;

typedef struct {
  const char *platform;      /* NULL: all platforms; of a registry: those of this host */
  gboolean all_platforms;    /* of a registry too */
  gboolean platform_implied; /* nobody asked for PLATFORM: what it leaves out is counted */
  NzReadOptions read;        /* for an archive on a pipe, whose layers are read when it is opened */
  NzHost *host;              /* the engines' stores: image/engine.h; NULL: none were looked for */
  gboolean pull;             /* what no engine has is looked for in its registry */
  const GError *fetch_failed; /* why FETCH is NULL; or NULL */
  NzFetch *fetch; /* registries and engines' sockets: image/fetch.h; NULL: not to be had */
} NzOpenOptions;

typedef struct {
  const char *source; /* all of what the user wrote */
  const char *path;
  const char *ref; /* after the path, or NULL: which of several images */
  const NzOpenOptions *options;
} NzOpenRequest;

typedef struct {
  const char *name; /* "oci-archive" */
  const char *help; /* what PATH is */
  /* Adds the images found to IMAGES (NzImage); none is an error. */
  gboolean (*open)(const NzOpenRequest *request, GPtrArray *images, GError **error);
  gboolean is_name; /* what follows is no path of this host, and request->path all of it */
} NzTransport;

extern const NzTransport nz_transport_docker_archive, nz_transport_oci_archive, nz_transport_oci,
    nz_transport_dir, nz_transport_registry;

/* The transport number I, NULL past the last. */
const NzTransport *nz_transport_at(guint i);

/* Opens SOURCE: "TRANSPORT:PATH[:REF]", "ENGINE:NAME", "-" for an archive on standard input, a path
 * whose content tells what it is, or the name of an image of some engine (options->host). The
 * images are added to IMAGES. */
gboolean nz_image_open(const char *source, const NzOpenOptions *options, GPtrArray *images,
                       GError **error);

/* The path that nz_image_open() will open for SOURCE; NULL for standard input and names. */
char *nz_image_path(const char *source);

/* TRUE when SOURCE begins with the name of a transport or an engine. */
gboolean nz_image_has_transport(const char *source);

/* TRUE when SOURCE is in a registry: options->fetch is needed. */
gboolean nz_image_is_remote(const char *source);

/* TRUE when SOURCE is no path that is there, and can be the name of an image. */
gboolean nz_image_is_bare_name(const char *source);

/* --- for transports --- */

/* Which documents to look for in a store. */
typedef enum { NZ_FORMAT_ANY, NZ_FORMAT_DOCKER, NZ_FORMAT_OCI } NzFormat;

/* Reads the images that STORE's manifest.json (Docker) and index.json (OCI) list. Where both are
 * there, both count, unless FORMAT is OCI: manifest.json may leave layers to index.json, and the
 * two may lie differently. An image that both list in the same way counts once. */
gboolean nz_store_list(NzImageStore *store, NzFormat format, const NzOpenRequest *request,
                       GPtrArray *images, GError **error);
gboolean nz_docker_list(NzImageStore *store, const NzOpenRequest *request, gboolean also_oci,
                        GPtrArray *images, GError **error);
gboolean nz_oci_list(NzImageStore *store, const NzOpenRequest *request, GPtrArray *images,
                     GError **error);

/* An archive: FORMAT says which documents count. PATH may be "-". */
gboolean nz_archive_open(const NzOpenRequest *request, NzFormat format, GPtrArray *images,
                         GError **error);

/* The stores of archive.c: members of a tar file that can be read at any place. FD is owned. */
NzImageStore *nz_file_store_new(int fd, guint64 offset, guint64 size, GError **error);
/* And of archive_stream.c: a tar archive that is read once, from front to back. Layers are taken in
 * as they come. STREAM is borrowed for the call. */
NzImageStore *nz_stream_store_new(NzStream *stream, const NzOpenOptions *options, GError **error);

/* And of layout.c: blobs below the directory DIR (owned). With INDEX (owned; NULL: the file
 * index.json) the store is partial. MISSING (static) is what is said of a blob that is not there.
 */
NzImageStore *nz_layout_store_new(int dir, GBytes *index, const char *missing);

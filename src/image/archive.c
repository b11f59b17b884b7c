/* SPDX-License-Identifier: Apache-2.0 */
/* Image archives: a tar file whose members are documents and layers. Where the file can be read at
 * any place, its headers are read once for an index, and each layer from its place, side by side.
 * A pipe, or an archive that is compressed as a whole, goes to archive_stream.c. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/limits.h"
#include "core/text.h"
#include "image/compression.h"
#include "image/members.h"
#include "image/tar.h"
#include "image/transport.h"

typedef struct {
  NzImageStore base;
  int fd;
  guint64 offset; /* of the archive in the file */
  NzMembers *members;
} FileStore;

static GBytes *
file_read_json(NzImageStore *base, const char *name, GError **error)
{
  FileStore *self = (FileStore *)base;
  const NzMember *m = nz_members_find(self->members, name, error);
  if (!m)
    return NULL;
  if (m->size > NZ_JSON_MAX) {
    g_set_error(error, NZ_ERROR, NZ_ERROR_LIMIT, "a document of more than 4 MiB");
    return NULL;
  }
  g_autoptr(NzStream) stream =
      nz_file_stream_new(self->fd, FALSE, self->offset + m->offset, m->size, NULL);
  g_autofree guint8 *data = g_malloc(m->size + 1);
  if (nz_stream_read(stream, data, m->size, error) < 0)
    return NULL;
  return g_bytes_new_take(g_steal_pointer(&data), m->size);
}

static gboolean
file_has(NzImageStore *base, const char *name)
{
  return nz_members_find(((FileStore *)base)->members, name, NULL) != NULL;
}

static gboolean
file_read_layer(NzImageStore *base, const NzLayer *layer, const NzReadOptions *options,
                NzLayerLog *log, NzLayerResult *result, GError **error)
{
  FileStore *self = (FileStore *)base;
  const NzMember *m = nz_members_find(self->members, layer->name, error);
  if (!m || !nz_member_check_size(m, layer, error))
    return FALSE;
  NzStream *stream =
      nz_file_stream_new(self->fd, FALSE, self->offset + m->offset, m->size, options->control);
  return nz_layer_read(stream, m->size, layer->digest, options, log, result, error);
}

static void
file_free(NzImageStore *base)
{
  FileStore *self = (FileStore *)base;
  close(self->fd);
  nz_members_free(self->members);
  g_free(self);
}

static const NzImageStoreClass file_class = {file_read_json, file_has, file_read_layer, file_free};

static gboolean
index_members(FileStore *self, guint64 size, GError **error)
{
  g_autoptr(NzStream) stream = nz_file_stream_new(self->fd, FALSE, self->offset, size, NULL);
  g_autoptr(NzTar) tar = nz_tar_new(stream);
  NzTarHeader header;
  int got;
  gboolean first = TRUE;
  while ((got = nz_tar_next(tar, &header, error)) == 1) {
    first = FALSE;
    NzMember m = {0};
    if (!nz_tar_body_extent(tar, &m.offset, &m.size, error) ||
        !nz_members_add(self->members, &header, &m, error))
      return FALSE;
  }
  if (got < 0 && first)
    g_prefix_error(error, "it is no image archive: ");
  return got == 0 && nz_members_check(self->members, error);
}

NzImageStore *
nz_file_store_new(int fd, guint64 offset, guint64 size, GError **error)
{
  FileStore *self = g_new0(FileStore, 1);
  self->base = (NzImageStore){&file_class, 1, TRUE, TRUE, .bytes = size};
  self->fd = fd;
  self->offset = offset;
  self->members = nz_members_new();
  if (index_members(self, size, error))
    return &self->base;
  nz_image_store_unref(&self->base);
  return NULL;
}

/* --- opening --- */

/* A file or pipe to read PATH from; *SIZE is what is left of a file, or -1 for a pipe. */
static int
open_input(const char *path, gint64 *size, guint64 *offset, GError **error)
{
  gboolean is_stdin = strcmp(path, "-") == 0;
  struct stat st;
  if ((is_stdin ? fstat(STDIN_FILENO, &st) : stat(path, &st)) < 0) {
    nz_set_errno(error, errno, "cannot open it");
    return -1;
  }
  if (is_stdin && isatty(STDIN_FILENO)) {
    g_set_error(error, NZ_ERROR, NZ_ERROR_NOT_IMAGE,
                "standard input is a terminal; pipe an image archive into it, such as "
                "`podman save IMAGE | nonzero scan -`");
    return -1;
  }
  if (S_ISDIR(st.st_mode)) {
    g_set_error(error, NZ_ERROR, NZ_ERROR_NOT_IMAGE,
                "a directory, and no archive; write oci:PATH for an OCI layout or dir:PATH for a "
                "root filesystem");
    return -1;
  }
  if (!S_ISREG(st.st_mode) && !S_ISFIFO(st.st_mode) && !S_ISSOCK(st.st_mode)) {
    g_set_error(error, NZ_ERROR, NZ_ERROR_NOT_IMAGE, "a device, and no image");
    return -1;
  }
  int fd = is_stdin ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3) : open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    nz_set_errno(error, errno, "cannot open it");
    return -1;
  }
  *size = -1;
  *offset = 0;
  if (S_ISREG(st.st_mode)) {
    off_t at = lseek(fd, 0, SEEK_CUR);
    *offset = at > 0 ? (guint64)at : 0;
    *size = MAX((gint64)0, (gint64)st.st_size - (gint64)*offset);
  }
  return fd;
}

static NzImageStore *
open_stream(int fd, guint64 offset, gint64 size, const NzCodec *codec, const NzOpenOptions *options,
            GError **error)
{
  NzControl *control = options->read.control;
  g_autoptr(NzStream) stream = size >= 0
                                   ? nz_file_stream_new(fd, FALSE, offset, (guint64)size, control)
                                   : nz_pipe_stream_new(fd, control);
  if (size < 0) {
    guint8 head[512];
    gssize n = nz_stream_sniff(stream, head, sizeof head, error);
    if (n < 0)
      return NULL;
    if (n == 0) {
      nz_set_input(error, "it is empty");
      return NULL;
    }
    gboolean is_tar = n == sizeof head && nz_tar_is_header(head);
    codec = is_tar ? NULL : nz_compression_detect(head, (gsize)n);
  }
  if (codec) {
    stream = nz_inflate_stream_new(g_steal_pointer(&stream), codec, options->read.ratio, error);
    if (!stream)
      return NULL;
  }
  return nz_stream_store_new(stream, options, error);
}

static NzImageStore *
open_store(const NzOpenRequest *request, GError **error)
{
  gint64 size;
  guint64 offset;
  int fd = open_input(request->path, &size, &offset, error);
  if (fd < 0)
    return NULL;
  NzImageStore *store = NULL;
  guint8 head[512];
  gssize n = size < 0 ? 0 : pread(fd, head, sizeof head, (off_t)offset);
  gboolean is_tar = n == sizeof head && nz_tar_is_header(head);
  const NzCodec *codec = n > 0 && !is_tar ? nz_compression_detect(head, (gsize)n) : NULL;
  if (n < 0)
    nz_set_errno(error, errno, "cannot read it");
  else if (size == 0)
    nz_set_input(error, "it is empty");
  else if (size > 0 && !codec)
    return nz_file_store_new(fd, offset, (guint64)size, error);
  else
    store = open_stream(fd, offset, size, codec, request->options, error);
  close(fd);
  return store;
}

gboolean
nz_archive_open(const NzOpenRequest *request, NzFormat format, GPtrArray *images, GError **error)
{
  g_autoptr(NzImageStore) store = open_store(request, error);
  return store && nz_store_list(store, format, request, images, error);
}

static gboolean
open_docker(const NzOpenRequest *request, GPtrArray *images, GError **error)
{
  return nz_archive_open(request, NZ_FORMAT_DOCKER, images, error);
}

static gboolean
open_oci(const NzOpenRequest *request, GPtrArray *images, GError **error)
{
  return nz_archive_open(request, NZ_FORMAT_OCI, images, error);
}

const NzTransport nz_transport_docker_archive = {
    "docker-archive", "an archive as `docker save` and `podman save` write it", open_docker};
const NzTransport nz_transport_oci_archive = {"oci-archive", "an OCI image layout in a tar file",
                                              open_oci};

/* SPDX-License-Identifier: Apache-2.0 */
/* An OCI image layout in a directory. Links in it may not lead out of it. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/limits.h"
#include "core/openat2.h"
#include "core/text.h"
#include "image/members.h"
#include "image/transport.h"

typedef struct {
  NzImageStore base;
  int dir;
  GBytes *index;       /* instead of the file index.json; or NULL */
  const char *missing; /* what it means that a blob is not there, and what to do */
} LayoutStore;

static int
open_blob(LayoutStore *self, const char *name, guint64 *size, GError **error)
{
  g_autofree char *shown = nz_printable(name, -1);
  int fd = nz_openat2(self->dir, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK, RESOLVE_BENEATH);
  struct stat st;
  if (fd < 0) {
    if (errno == ENOENT)
      nz_set_input(error, "%s is missing: %s", shown, self->missing);
    else if (errno == EXDEV)
      nz_set_input(error, "%s is a link that leads out of the layout", shown);
    else
      nz_set_errno(error, errno, "cannot open %s", shown);
    return -1;
  }
  if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
    nz_set_input(error, "%s is no file", shown);
    close(fd);
    return -1;
  }
  *size = (guint64)st.st_size;
  return fd;
}

static GBytes *
layout_read_json(NzImageStore *base, const char *name, GError **error)
{
  LayoutStore *self = (LayoutStore *)base;
  if (self->index && strcmp(name, "index.json") == 0)
    return g_bytes_ref(self->index);
  guint64 size;
  int fd = open_blob(self, name, &size, error);
  if (fd < 0)
    return NULL;
  g_autoptr(NzStream) stream = nz_file_stream_new(fd, TRUE, 0, size, NULL);
  if (size > NZ_JSON_MAX) {
    g_set_error(error, NZ_ERROR, NZ_ERROR_LIMIT, "a document of more than 4 MiB");
    return NULL;
  }
  g_autofree guint8 *data = g_malloc(size + 1);
  if (nz_stream_read(stream, data, size, error) < 0)
    return NULL;
  return g_bytes_new_take(g_steal_pointer(&data), size);
}

static gboolean
layout_has(NzImageStore *base, const char *name)
{
  struct stat st;
  return fstatat(((LayoutStore *)base)->dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

static gboolean
layout_read_layer(NzImageStore *base, const NzLayer *layer, const NzReadOptions *options,
                  NzLayerLog *log, NzLayerResult *result, GError **error)
{
  guint64 size;
  int fd = open_blob((LayoutStore *)base, layer->name, &size, error);
  if (fd < 0)
    return FALSE;
  NzStream *stream = nz_file_stream_new(fd, TRUE, 0, size, options->control);
  NzMember m = {.size = size};
  if (!nz_member_check_size(&m, layer, error)) {
    nz_stream_free(stream);
    return FALSE;
  }
  return nz_layer_read(stream, size, layer->digest, options, log, result, error);
}

static void
layout_free(NzImageStore *base)
{
  LayoutStore *self = (LayoutStore *)base;
  close(self->dir);
  g_clear_pointer(&self->index, g_bytes_unref);
  g_free(self);
}

static const NzImageStoreClass layout_class = {layout_read_json, layout_has, layout_read_layer,
                                               layout_free};

NzImageStore *
nz_layout_store_new(int dir, GBytes *index, const char *missing)
{
  LayoutStore *self = g_new0(LayoutStore, 1);
  self->base = (NzImageStore){&layout_class, 1, TRUE, TRUE};
  self->base.partial = index != NULL;
  self->dir = dir;
  self->index = index;
  self->missing = missing;
  return &self->base;
}

static gboolean
open_layout(const NzOpenRequest *request, GPtrArray *images, GError **error)
{
  int dir = open(request->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (dir < 0) {
    nz_set_errno(error, errno, "cannot open the directory");
    return FALSE;
  }
  g_autoptr(NzImageStore) store =
      nz_layout_store_new(dir, NULL, "the layout is incomplete; copy the image again");
  return nz_store_list(store, NZ_FORMAT_OCI, request, images, error);
}

const NzTransport nz_transport_oci = {"oci", "an OCI image layout in a directory", open_layout};

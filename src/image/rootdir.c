/* SPDX-License-Identifier: Apache-2.0 */
/* A plain root filesystem in a directory, as one layer. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/text.h"
#include "image/dirwalk.h"
#include "image/transport.h"

typedef struct {
  NzImageStore base;
  char *path;
} DirStore;

static gboolean
dir_read_layer(NzImageStore *base, const NzLayer *layer G_GNUC_UNUSED, const NzReadOptions *options,
               NzLayerLog *log, NzLayerResult *result, GError **error)
{
  int fd = open(((DirStore *)base)->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) {
    nz_set_errno(error, errno, "cannot open the directory");
    return FALSE;
  }
  gboolean ok = nz_directory_read(fd, 0, options, log, result, error);
  close(fd);
  return ok;
}

static void
dir_free(NzImageStore *base)
{
  g_free(((DirStore *)base)->path);
  g_free(base);
}

static const NzImageStoreClass dir_class = {.read_layer = dir_read_layer, .free = dir_free};

static gboolean
open_rootdir(const NzOpenRequest *request, GPtrArray *images, GError **error)
{
  struct stat st;
  if (stat(request->path, &st) < 0) {
    nz_set_errno(error, errno, "cannot open the directory");
    return FALSE;
  }
  if (!S_ISDIR(st.st_mode)) {
    g_set_error(error, NZ_ERROR, NZ_ERROR_NOT_IMAGE, "no directory");
    return FALSE;
  }
  DirStore *self = g_new0(DirStore, 1);
  self->base = (NzImageStore){&dir_class, 1, TRUE, FALSE};
  self->path = g_strdup(request->path);
  g_autoptr(NzImageStore) store = &self->base;
  NzImage *image = nz_image_new(store, request->source);
  image->name = nz_printable(request->path, -1);
  NzLayer *layer = g_new0(NzLayer, 1);
  layer->size = -1;
  g_ptr_array_add(image->layers, layer);
  g_ptr_array_add(images, image);
  return TRUE;
}

const NzTransport nz_transport_dir = {"dir", "a root filesystem in a directory", open_rootdir};

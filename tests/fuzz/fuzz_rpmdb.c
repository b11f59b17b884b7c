/* SPDX-License-Identifier: Apache-2.0 */
/* The first byte chooses the container, the rest is the database; with 3, the rest is one package's
 * header, which needs no container to reach. */
#include "rootfs/rpmdb_private.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const guint8 *data, size_t size);

static void
check(const char *package, const char *path, gsize path_len, gpointer user_data G_GNUC_UNUSED)
{
  if (package[0] == '\0' || path[0] != '/' || strlen(path) != path_len ||
      path_len > NZ_RPM_PATH_MAX)
    g_error("the reader breaks its promise");
}

int
LLVMFuzzerTestOneInput(const guint8 *data, size_t size)
{
  if (size == 0)
    return 0;

  g_autoptr(GError) error = NULL;
  /* Of exact size: the sanitizer sees a read behind the end. */
  gsize len = size - 1;
  g_autofree guint8 *copy = g_malloc(len > 0 ? len : 1);
  memcpy(copy, data + 1, len);

  gboolean ok;
  if (data[0] % 4 == 3) {
    NzRpmSink sink = {.func = check, .bytes_left = len};
    ok = nz_rpmheader_read(&sink, copy, len, &error);
  } else {
    ok = nz_rpmdb_read(copy, len, (NzRpmdbFormat)(data[0] % 4), check, NULL, &error);
  }
  if (ok != (error == NULL))
    g_error("an error without a message, or the other way round");
  return 0;
}

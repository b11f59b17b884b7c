/* SPDX-License-Identifier: Apache-2.0 */
#include "core/library.h"

#include <dlfcn.h>
#include <string.h>

enum { OPEN = 1, FAILED = 2 };

/* All or nothing: what was there before may go on to be used. */
static gboolean
open_now(const NzLibrary *self)
{
  guint n = g_strv_length((char **)self->names);
  g_autofree gpointer *calls = g_new0(gpointer, n);
  void *handle = dlopen(self->file, RTLD_NOW | RTLD_LOCAL);
  if (!handle)
    return FALSE;
  for (guint i = 0; i < n; i++)
    if (!(calls[i] = dlsym(handle, self->names[i])))
      return FALSE;
  memcpy(self->calls, calls, n * sizeof *calls);
  return TRUE;
}

gboolean
nz_library_open(NzLibrary *self, GError **error)
{
  if (g_once_init_enter(&self->state))
    g_once_init_leave(&self->state, open_now(self) ? OPEN : FAILED);
  if (self->state == OPEN)
    return TRUE;
  g_set_error(error, NZ_ERROR, NZ_ERROR_IO,
              "the library %s cannot be opened, or is too old; install it", self->file);
  return FALSE;
}

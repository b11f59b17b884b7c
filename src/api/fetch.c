/* SPDX-License-Identifier: Apache-2.0 */
/* When the program that fetches is needed, and with what options. */
#include "api/scanner.h"
#include "core/limits.h"
#include "scan/stack.h"

static NzFetch *
start(const nonzero_scanner *self, GError **error)
{
  g_autoptr(GPtrArray) argv = g_ptr_array_new();
  for (guint i = 0; i < self->fetch_options->len; i++)
    g_ptr_array_add(argv, self->fetch_options->pdata[i]);
  g_ptr_array_add(argv, NULL);
  /* As many as there are readers of layers, and one for who asks beside them. */
  guint n = MIN(nz_stack_processors() + 1, NZ_FETCH_CHANNELS_MAX);
  return nz_fetch_start(n, (const char *const *)argv->pdata, error);
}

gboolean
nz_scanner_start_fetch(nonzero_scanner *self, const char *input, GError **error)
{
  if (!nz_image_is_remote(input) && !nz_host_needs_fetch(self->host))
    return TRUE;
  if (!self->fetch && !self->fetch_failed)
    self->fetch = start(self, &self->fetch_failed);
  if (self->fetch_failed && error)
    *error = g_error_copy(self->fetch_failed);
  return self->fetch != NULL;
}

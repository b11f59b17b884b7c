/* SPDX-License-Identifier: Apache-2.0 */
/* When the program that fetches is needed, and with what options. */
#include "api/scanner.h"
#include "core/limits.h"
#include "scan/stack.h"

/* A name may turn out to be one of a registry only when no engine has it. */
static gboolean
is_remote(const nonzero_scanner *self, const char *input)
{
  return nz_image_is_remote(input) || (self->pull && nz_image_is_bare_name(input));
}

gboolean
nz_scanner_needs_fetch(const nonzero_scanner *self, const char *const *inputs)
{
  gboolean needed = nz_host_needs_fetch(self->host) || self->lint.registry ||
                    (self->base_source && is_remote(self, self->base_source));
  for (guint i = 0; !needed && inputs[i]; i++)
    needed = is_remote(self, inputs[i]);
  return needed;
}

/* The sockets of the stores that were found, and no others: who takes the scanner over shall not
 * reach an engine that nobody asked for. */
static void
add_sockets(const nonzero_scanner *self, GPtrArray *argv)
{
  const GPtrArray *stores = nz_host_stores(self->host);
  if (!nz_host_needs_fetch(self->host))
    g_ptr_array_add(argv, g_strdup("--no-sockets"));
  for (guint i = 0; i < stores->len; i++) {
    const NzEngineStore *store = stores->pdata[i];
    if (store->by_socket)
      g_ptr_array_add(argv, g_strconcat("--socket=", store->root, NULL));
  }
}

void
nz_scanner_start_fetch(nonzero_scanner *self, const char *const *inputs)
{
  if (self->fetch || self->fetch_failed || !nz_scanner_needs_fetch(self, inputs))
    return;
  g_autoptr(GPtrArray) argv = g_ptr_array_new_with_free_func(g_free);
  for (guint i = 0; i < self->fetch_options->len; i++)
    g_ptr_array_add(argv, g_strdup(self->fetch_options->pdata[i]));
  add_sockets(self, argv);
  g_ptr_array_add(argv, NULL);
  /* One for each reader of layers: who waits for another layer may hold one. And one for who asks
   * beside them. */
  guint n = MAX(self->jobs, 1) * nz_scanner_workers(self) + 1;
  self->fetch = nz_fetch_start(MIN(n, NZ_FETCH_CHANNELS_MAX), (const char *const *)argv->pdata,
                               &self->fetch_failed);
}

guint
nz_scanner_workers(const nonzero_scanner *self)
{
  return MAX(nz_stack_processors() / MAX(self->jobs, 1), 1);
}

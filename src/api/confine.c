/* SPDX-License-Identifier: Apache-2.0 */
/* What a scanner needs of the system before it reads anything, and the confinement that follows. */
#include <stdio.h>

#include "api/scanner.h"
#include "confine/confine.h"
#include "image/compression.h"
#include "report/table.h"

/* TRUE when INPUTS name images whose layers can be known from before. */
static gboolean
may_be_known(const nonzero_scanner *self, const char *const *inputs)
{
  return nz_scanner_needs_fetch(self, inputs) || nz_host_stores(self->host)->len > 0;
}

/* Without it a scan only takes longer. */
static void
start_cache(nonzero_scanner *self)
{
  g_autoptr(GError) error = NULL;
  g_autofree char *directory =
      self->cache_directory ? g_strdup(self->cache_directory) : nz_cache_default_directory();
  if (self->no_cache || self->cache || !directory)
    return;
  self->cache = nz_cache_process_start(directory, &error);
  if (!self->cache) {
    nz_scanner_note(self, error->message);
    return;
  }
  nz_facts_free(self->facts);
  self->facts = nz_facts_new(self->cache);
}

void
nz_scanner_prepare(nonzero_scanner *self, const char *const *inputs)
{
  for (guint i = 0; inputs[i]; i++)
    nz_host_prepare(self->host, inputs[i]);
  if (self->base_source)
    nz_host_prepare(self->host, self->base_source);
  nz_scanner_start_fetch(self, inputs);
}

int
nonzero_scanner_confine(nonzero_scanner *self, const char *const *inputs, char **summary)
{
  g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
  for (guint i = 0; inputs[i]; i++) {
    g_autofree char *path = nz_image_path(inputs[i]);
    if (path)
      g_strv_builder_add(builder, path);
    nz_host_prepare(self->host, inputs[i]);
  }
  if (may_be_known(self, inputs))
    start_cache(self); /* before other descriptors are there that it would have to close */
  nz_scanner_prepare(self, inputs);
  const GPtrArray *stores = nz_host_stores(self->host);
  for (guint i = 0; i < stores->len; i++) {
    const NzEngineStore *store = stores->pdata[i];
    for (guint j = 0; j < store->paths->len; j++)
      g_strv_builder_add(builder, store->paths->pdata[j]);
  }
  g_auto(GStrv) paths = g_strv_builder_end(builder);
  g_autofree char *said = NULL;
  nz_scan_prepare();
  nz_compression_prepare();
  nz_table_prepare(stdout); /* a report may have one */
  NzConfined confined = nz_confine((const char *const *)paths, &said);
  nz_api_set_error(summary, said);
  return confined == NZ_CONFINED_ALL ? 0 : -1;
}

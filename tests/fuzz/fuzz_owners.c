/* SPDX-License-Identifier: Apache-2.0 */
/* A package list. The first byte chooses the format; a NUL divides the file's name from its
 * content. Then every path of a fixed set is asked for. */
#include <string.h>

#include "rootfs/owners.h"

int LLVMFuzzerTestOneInput(const guint8 *data, size_t size);

static const char *const paths[] = {"a", "usr/bin/su", "bin/busybox", "etc/passwd"};

static void
found(gpointer value, const char *package, gpointer user_data)
{
  guint *hits = user_data;
  if (!value || !package)
    g_error("a hit without a package");
  (*hits)++;
}

static void
look_up(GBytes *owners)
{
  g_autoptr(NzOwnersWanted) wanted = nz_owners_wanted_new(NULL);
  for (gsize i = 0; i < G_N_ELEMENTS(paths); i++) {
    guint64 key = nz_owners_key(paths[i], strlen(paths[i]), nz_owners_seed(owners));
    nz_owners_want(wanted, key, (gpointer)paths[i]);
  }
  guint hits = 0;
  nz_owners_lookup(owners, wanted, found, &hits);
  if (hits > nz_owners_count(owners))
    g_error("more hits than paths");
}

int
LLVMFuzzerTestOneInput(const guint8 *data, size_t size)
{
  static const NzOwnersFormat formats[] = {NZ_OWNERS_DPKG_LIST, NZ_OWNERS_MD5SUMS, NZ_OWNERS_APK};
  static const char *const suffixes[] = {".list", ".md5sums", ""};
  const guint8 *nul = size > 1 ? memchr(data + 1, 0, size - 1) : NULL;
  if (!nul)
    return 0;
  guint which = data[0] % G_N_ELEMENTS(formats);
  /* Captured by this ending: see rootfs/capture.c. */
  g_autofree char *name = g_strconcat((const char *)data + 1, suffixes[which], NULL);
  gsize len = size - (gsize)(nul + 1 - data);
  g_autofree guint8 *copy = g_memdup2(nul + 1, len);
  g_autoptr(GError) error = NULL;
  g_autoptr(GBytes) owners = nz_owners_read(formats[which], name, copy, len, &error);
  if (!owners || error)
    g_error("a list that is not read and must be");
  look_up(owners);
  return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "report/smartcols.h"

#define PLAIN(name) nz_plain_##name,
NzSmartcols nz_smartcols = {NZ_SMARTCOLS(PLAIN)};

gboolean
nz_smartcols_open(GError **error G_GNUC_UNUSED)
{
#ifdef NZ_LINKED
  return TRUE;
#else
  static const char *const names[] = {NZ_SMARTCOLS(NZ_LIBRARY_NAME) NULL};
  static NzLibrary library = {"libsmartcols.so.1", names, &nz_smartcols, 0};
  return nz_library_open(&library, error);
#endif
}

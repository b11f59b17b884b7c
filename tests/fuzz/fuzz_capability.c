/* SPDX-License-Identifier: Apache-2.0 */
/* A security.capability attribute. */
#include <string.h>

#include "rootfs/capability.h"

int LLVMFuzzerTestOneInput(const guint8 *data, size_t size);

int
LLVMFuzzerTestOneInput(const guint8 *data, size_t size)
{
  NzCapability c;
  nz_capability_parse(data, size, &c);
  if (!nz_capability_is_there(&c) || (c.invalid && c.revision != 0) || c.revision > 3)
    g_error("an attribute that is neither valid nor invalid");
  g_autofree char *text = nz_capability_to_text(&c);
  const char *rootlike = nz_capability_rootlike(&c);
  if (rootlike && !strstr(text, rootlike))
    g_error("a capability that the text does not name");
  return 0;
}

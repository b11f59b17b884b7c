/* SPDX-License-Identifier: Apache-2.0 */
#include "core/launch.h"

void
nz_launch_clear(NzLaunch *self)
{
  g_strfreev(self->entrypoint);
  g_strfreev(self->cmd);
  g_free(self->path);
  g_strfreev(self->environment);
  g_strfreev(self->triggers);
  g_free(self->workdir);
  g_strfreev(self->volumes);
  g_strfreev(self->ports);
  *self = (NzLaunch){0};
}

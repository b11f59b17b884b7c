/* SPDX-License-Identifier: Apache-2.0 */
/* Exceptions for processes of running containers: what an administrator allowed to be root. What is
 * not known matches no pattern, so that a container that could not be described is never excepted
 * by mistake. */
#include <string.h>

#include "core/limits.h"
#include "policy/policy_private.h"

static gboolean
covers(const NzException *e, const NzSighting *s, guint64 *steps)
{
  const char *const texts[NZ_MATCH_N] = {
      [NZ_MATCH_PATH] = s->executable,     [NZ_MATCH_IMAGE] = s->image,
      [NZ_MATCH_DIGEST] = s->digest,       [NZ_MATCH_NAMESPACE] = s->space,
      [NZ_MATCH_CONTAINER] = s->container, [NZ_MATCH_EXECUTABLE] = s->executable,
  };
  for (NzMatch m = 0; m < NZ_MATCH_N; m++)
    if (e->globs[m] && (!texts[m] || !nz_glob_match(e->globs[m], texts[m], steps)))
      return FALSE;
  return TRUE;
}

NzException *
nz_policy_match(const NzPolicy *self, const NzSighting *sighting, const NzException **expired)
{
  guint64 steps = NZ_GLOB_STEPS_PROCESS_MAX;
  if (expired)
    *expired = NULL;
  for (guint i = 0; i < self->exceptions->len; i++) {
    NzException *e = self->exceptions->pdata[i];
    gboolean active = nz_policy_is_active(self, e);
    if ((!active && !expired) || !nz_exception_is_about(e, sighting->rule) ||
        !covers(e, sighting, &steps))
      continue;
    if (active)
      return e;
    *expired = e;
  }
  return NULL;
}

gboolean
nz_policy_asks_executable(const NzPolicy *self, const char *rule)
{
  for (guint i = 0; i < self->exceptions->len; i++) {
    const NzException *e = self->exceptions->pdata[i];
    if ((e->globs[NZ_MATCH_EXECUTABLE] || e->globs[NZ_MATCH_PATH]) &&
        nz_exception_is_about(e, rule))
      return TRUE;
  }
  return FALSE;
}

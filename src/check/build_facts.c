/* SPDX-License-Identifier: Apache-2.0 */
#include "check/build_facts.h"

#include "core/text.h"

NzAct *
nz_act_new(NzActKind kind, NzPlace *place, const char *what, const char *how)
{
  NzAct *self = g_new0(NzAct, 1);
  self->kind = kind;
  self->place = place;
  self->what = nz_printable(what ? what : "", -1);
  self->how = how ? nz_printable(how, -1) : NULL;
  return self;
}

void
nz_act_free(NzAct *self)
{
  if (!self)
    return;
  nz_place_free(self->place);
  g_free(self->what);
  g_free(self->how);
  g_free(self->to);
  g_free(self);
}

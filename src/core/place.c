/* SPDX-License-Identifier: Apache-2.0 */
#include "core/place.h"

NzPlace *
nz_place_copy(const NzPlace *self)
{
  if (!self)
    return NULL;
  NzPlace *copy = g_new(NzPlace, 1);
  *copy = *self;
  copy->file = g_strdup(self->file);
  return copy;
}

void
nz_place_free(NzPlace *self)
{
  if (!self)
    return;
  g_free(self->file);
  g_free(self);
}

NzEdit *
nz_edit_new(NzPlace *place, const char *text)
{
  NzEdit *self = g_new(NzEdit, 1);
  self->place = place;
  self->text = g_strdup(text);
  return self;
}

void
nz_edit_free(NzEdit *self)
{
  if (!self)
    return;
  nz_place_free(self->place);
  g_free(self->text);
  g_free(self);
}

NzFix *
nz_fix_new(const char *title)
{
  NzFix *self = g_new0(NzFix, 1);
  self->title = g_strdup(title);
  self->edits = g_ptr_array_new_with_free_func((GDestroyNotify)nz_edit_free);
  return self;
}

void
nz_fix_free(NzFix *self)
{
  if (!self)
    return;
  g_free(self->title);
  g_free(self->refused);
  g_ptr_array_unref(self->edits);
  g_free(self);
}

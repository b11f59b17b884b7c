/* SPDX-License-Identifier: Apache-2.0 */
#include "image/board.h"

#include <string.h>

typedef struct {
  NzBoardLine line;   /* without what is asked of the others when somebody looks */
  NzControl *control; /* NULL: free */
  gint *n_done;
} Place;

struct NzBoard {
  GMutex mutex;
  Place places[NZ_BOARD_LINES];
};

NzBoard *
nz_board_new(void)
{
  NzBoard *self = g_new0(NzBoard, 1);
  g_mutex_init(&self->mutex);
  return self;
}

void
nz_board_free(NzBoard *self)
{
  if (!self)
    return;
  g_mutex_clear(&self->mutex);
  g_free(self);
}

/* "sha256:0123456789ab" of a digest that looks like one. */
static gboolean
shorten(const char *digest, char *out, gsize size)
{
  static const char prefix[] = "sha256:";
  gsize n = strlen(prefix) + 12;
  if (!digest || n >= size || !g_str_has_prefix(digest, prefix) || strlen(digest) < n)
    return FALSE;
  for (const char *p = digest + strlen(prefix); p < digest + n; p++)
    if (!g_ascii_isxdigit(*p))
      return FALSE;
  g_strlcpy(out, digest, n + 1);
  return TRUE;
}

static void
set_name(NzBoardLine *line, const NzLayer *layer)
{
  if (!shorten(layer->digest, line->name, sizeof line->name) &&
      !shorten(layer->diff_id, line->name, sizeof line->name))
    g_snprintf(line->name, sizeof line->name, "layer %u", layer->index + 1);
}

guint
nz_board_add(NzBoard *self, const NzLayer *layer, NzControl *control, guint n_layers, gint *n_done)
{
  guint i = 0;
  if (!self)
    return NZ_BOARD_LINES;
  g_mutex_lock(&self->mutex);
  while (i < NZ_BOARD_LINES && self->places[i].control)
    i++;
  if (i < NZ_BOARD_LINES) {
    Place *place = &self->places[i];
    *place = (Place){.control = control, .n_done = n_done};
    place->line.since = g_get_monotonic_time();
    place->line.n_layers = n_layers;
    set_name(&place->line, layer);
  }
  g_mutex_unlock(&self->mutex);
  return i;
}

void
nz_board_remove(NzBoard *self, guint line)
{
  if (!self || line >= NZ_BOARD_LINES)
    return;
  g_mutex_lock(&self->mutex);
  self->places[line].control = NULL;
  g_mutex_unlock(&self->mutex);
}

gsize
nz_board_look(NzBoard *self, NzBoardLine *out, gsize max)
{
  gsize n = 0;
  g_mutex_lock(&self->mutex);
  for (guint i = 0; i < NZ_BOARD_LINES && n < max; i++) {
    const Place *place = &self->places[i];
    if (!place->control)
      continue;
    out[n] = place->line;
    out[n].bytes_read = (gsize)g_atomic_pointer_get(&place->control->bytes_in);
    out[n].bytes = (gsize)g_atomic_pointer_get(&place->control->expected);
    out[n++].n_done = (guint)g_atomic_int_get(place->n_done);
  }
  g_mutex_unlock(&self->mutex);
  return n;
}

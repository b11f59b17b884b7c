/* SPDX-License-Identifier: Apache-2.0 */
/* A unit, and what may stand beside it: parts between lines of "%%" are the unit, b.build and a
 * drop-in. */
#include <string.h>

#include "build/service.h"
#include "core/error.h"
#include "core/limits.h"

int LLVMFuzzerTestOneInput(const guint8 *data, size_t size);

#define PARTS 3

static const char *const paths[PARTS] = {"a.container", "b.build", "a.container.d/x.conf"};

typedef struct {
  const char *at[PARTS];
  gsize len[PARTS];
  guint n;
  GPtrArray *sources;
} Shelf;

static void
cut(Shelf *self, const char *data, gsize size)
{
  static const char border[] = "\n%%\n";
  gboolean more = TRUE;
  for (; more && self->n < PARTS; self->n++) {
    const char *end =
        self->n + 1 < PARTS && size > 0 ? memmem(data, size, border, strlen(border)) : NULL;
    gsize len = end ? (gsize)(end - data) : size;
    self->at[self->n] = data;
    self->len[self->n] = len;
    more = end != NULL;
    data += end ? len + strlen(border) : size;
    size -= end ? len + strlen(border) : size;
  }
}

static NzSourceFile *
take(Shelf *self, guint i)
{
  NzSourceFile *source = nz_source_new(paths[i], self->at[i], self->len[i]);
  g_ptr_array_add(self->sources, source);
  return source;
}

static NzSourceFile *
read_file(const char *path, gpointer data, GError **error)
{
  Shelf *self = data;
  for (guint i = 0; i < self->n; i++)
    if (strcmp(path, paths[i]) == 0)
      return take(self, i);
  g_set_error(error, NZ_ERROR, NZ_ERROR_NOT_FOUND, "there is no such file");
  return NULL;
}

static GStrv
list_files(const char *directory, gpointer data)
{
  const Shelf *self = data;
  GPtrArray *found = g_ptr_array_new();
  if (self->n == PARTS && strcmp(directory, "a.container.d") == 0)
    g_ptr_array_add(found, g_strdup(paths[2]));
  g_ptr_array_add(found, NULL);
  return (GStrv)g_ptr_array_free(found, FALSE);
}

static void
check_place(const NzPlace *place)
{
  if (place && (place->start > place->end || place->line == 0 || place->column == 0))
    g_error("a place that is none");
}

int
LLVMFuzzerTestOneInput(const guint8 *data, size_t size)
{
  Shelf shelf = {.sources = g_ptr_array_new_with_free_func((GDestroyNotify)nz_source_free)};
  cut(&shelf, (const char *)data, size);
  const NzServiceOptions options = {.read = read_file, .list = list_files, .data = &shelf};
  g_autoptr(GError) error = NULL;
  g_autoptr(NzServices) services = nz_quadlet_read(take(&shelf, 0), &options, &error);
  if (!services != (error != NULL))
    g_error("an error without a message, or the other way round");
  if (error && !g_utf8_validate(error->message, -1, NULL))
    g_error("an error that cannot be printed");
  for (guint i = 0; services && i < services->services->len; i++) {
    const NzService *s = services->services->pdata[i];
    check_place(s->place);
    check_place(s->user_place);
    for (guint k = 0; k < s->acts->len; k++)
      check_place(((const NzAct *)s->acts->pdata[k])->place);
    if (s->unknown && !g_utf8_validate(s->unknown, -1, NULL))
      g_error("a reason that cannot be printed");
  }
  g_ptr_array_unref(shelf.sources);
  return 0;
}

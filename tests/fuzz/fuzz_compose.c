/* SPDX-License-Identifier: Apache-2.0 */
/* A Compose file, which may name itself and one more as others, and .env: parts between lines of
 * "%%" are the file, the other file and .env. */
#include <string.h>

#include "build/service.h"
#include "core/error.h"
#include "core/limits.h"

int LLVMFuzzerTestOneInput(const guint8 *data, size_t size);

#define PARTS 3

static const char *const paths[PARTS] = {"compose.yaml", "other.yaml", ".env"};

typedef struct {
  const char *at[PARTS];
  gsize len[PARTS];
  GPtrArray *sources;
} Shelf;

static void
cut(Shelf *self, const char *data, gsize size)
{
  static const char border[] = "\n%%\n";
  for (guint i = 0; i < PARTS; i++) {
    const char *end = i + 1 < PARTS && size > 0 ? memmem(data, size, border, strlen(border)) : NULL;
    self->at[i] = data;
    self->len[i] = end ? (gsize)(end - data) : size;
    gsize used = end ? self->len[i] + strlen(border) : size;
    data += used;
    size -= used;
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
  for (guint i = 0; i < PARTS; i++)
    if (strcmp(path, paths[i]) == 0)
      return take(data, i);
  g_set_error(error, NZ_ERROR, NZ_ERROR_NOT_FOUND, "there is no such file");
  return NULL;
}

static void
check_place(const NzPlace *place)
{
  if (place && (place->start > place->end || place->line == 0 || place->column == 0 ||
                place->end_line < place->line))
    g_error("a place that is none");
}

static void
check_service(const NzService *s)
{
  const NzPlace *all[] = {s->place,      s->image_place,  s->build_place,
                          s->user_place, s->userns_place, s->inline_place};
  for (guint i = 0; i < G_N_ELEMENTS(all); i++)
    check_place(all[i]);
  if (!s->name || !g_utf8_validate(s->name, -1, NULL))
    g_error("a name that cannot be printed");
  if (s->acts->len > NZ_ACTS_MAX)
    g_error("too many acts");
  for (guint i = 0; i < s->acts->len; i++)
    check_place(((const NzAct *)s->acts->pdata[i])->place);
  if (s->arguments->len == 0 || s->arguments->pdata[s->arguments->len - 1])
    g_error("arguments without an end");
}

int
LLVMFuzzerTestOneInput(const guint8 *data, size_t size)
{
  static const char *const environment[] = {"A=1000", "E=", NULL};
  Shelf shelf = {.sources = g_ptr_array_new_with_free_func((GDestroyNotify)nz_source_free)};
  cut(&shelf, (const char *)data, size);
  g_autoptr(GPtrArray) files = g_ptr_array_new();
  g_ptr_array_add(files, take(&shelf, 0));
  const NzServiceOptions options = {.environment = environment, .read = read_file, .data = &shelf};
  g_autoptr(GError) error = NULL;
  g_autoptr(NzServices) services = nz_compose_read(files, &options, &error);
  if (!services != (error != NULL))
    g_error("an error without a message, or the other way round");
  if (error && !g_utf8_validate(error->message, -1, NULL))
    g_error("an error that cannot be printed");
  for (guint i = 0; services && i < services->services->len; i++)
    check_service(services->services->pdata[i]);
  for (guint i = 0; services && i < services->notes->len; i++)
    if (!g_utf8_validate(services->notes->pdata[i], -1, NULL))
      g_error("a note that cannot be printed");
  g_ptr_array_unref(shelf.sources);
  return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "tarlist.h"

#include <string.h>

#include "core/text.h"

static void
add_line(GString *out, const NzTarHeader *h)
{
  g_autofree char *name = nz_printable(h->name, -1), *link = nz_printable(h->linkname, -1);
  g_string_append_printf(out, "%c %s%s%s", h->type, name, *link ? " -> " : "", link);
  if (h->type != NZ_TAR_GLOBAL)
    g_string_append_printf(out,
                           " %04" G_GINT64_MODIFIER "o %" G_GINT64_FORMAT ":%" G_GINT64_FORMAT
                           " %" G_GINT64_FORMAT,
                           h->mode, h->uid, h->gid, h->size);
  if (h->type == NZ_TAR_CHAR || h->type == NZ_TAR_BLOCK)
    g_string_append_printf(out, " %" G_GINT64_FORMAT ",%" G_GINT64_FORMAT, h->devmajor,
                           h->devminor);
  if (h->capability)
    g_string_append_printf(out, " capability[%" G_GSIZE_FORMAT "]", h->capability_len);
  g_string_append_c(out, '\n');
}

char *
tar_list(const GByteArray *archive, gsize step)
{
  g_autoptr(NzStream) stream = dribble_stream_new(archive->data, archive->len, step);
  g_autoptr(NzTar) tar = nz_tar_new(stream);
  g_autoptr(GError) error = NULL;
  GString *out = g_string_new(NULL);
  NzTarHeader h;
  int got;
  while ((got = nz_tar_next(tar, &h, &error)) == 1)
    add_line(out, &h);
  g_assert_cmpint(got < 0, ==, error != NULL);
  if (error) {
    g_assert_true(g_error_matches(error, NZ_ERROR, NZ_ERROR_INPUT));
    g_string_append_printf(out, "! %s\n", error->message);
  }
  return g_string_free(out, FALSE);
}

static void
run_case(gconstpointer data)
{
  static const gsize steps[] = {1000000, 512, 7, 1};
  const TarCase *c = data;
  g_autoptr(GByteArray) archive = g_byte_array_new();
  c->build(archive);
  const char *message = strstr(c->want, "! ");
  gsize n = message ? (gsize)(message - c->want) : strlen(c->want);
  g_autofree char *lines = g_strndup(c->want, n);
  for (gsize i = 0; i < G_N_ELEMENTS(steps); i++) {
    g_autofree char *listed = tar_list(archive, steps[i]);
    char *failed = strstr(listed, "! ");
    if (message && failed)
      assert_holds(failed, message + 2);
    else if (message || failed)
      g_error("want %s, got %s", c->want, listed);
    if (failed)
      *failed = '\0';
    g_assert_cmpstr(listed, ==, lines);
  }
}

void
tar_add_cases(const char *prefix, const TarCase *cases, gsize n)
{
  for (gsize i = 0; i < n; i++) {
    g_autofree char *path = g_strconcat(prefix, cases[i].name, NULL);
    g_test_add_data_func(path, &cases[i], run_case);
  }
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Runs when nonzero is built:
 *   nonzero-docs bash|zsh|fish            prints a shell's completion
 *   nonzero-docs man DIR DATE [PROSE...]  writes nonzero.1 and a page for each verb into DIR; the
 *                                         file VERB.man is the prose of that verb's page */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/error.h"
#include "docs/docs.h"

static const struct {
  const char *name;
  char *(*make)(const GPtrArray *verbs);
} shells[] = {
    {"bash", nz_doc_bash},
    {"zsh", nz_doc_zsh},
    {"fish", nz_doc_fish},
};

/* The text of "DIR/PAGE.man" among FILES, or NULL. */
static gboolean
read_prose(const char *const *files, const char *page, char **prose, GError **error)
{
  g_autofree char *wanted = g_strconcat(page, ".man", NULL);
  for (guint i = 0; files[i]; i++) {
    g_autofree char *base = g_path_get_basename(files[i]);
    if (strcmp(base, wanted) == 0)
      return g_file_get_contents(files[i], prose, NULL, error);
  }
  return TRUE;
}

static gboolean
write_page(const GPtrArray *verbs, const NzDocVerb *verb, const char *const *args, GError **error)
{
  const char *name = verb ? verb->command->name : NULL;
  g_autofree char *prose = NULL;
  if (!read_prose(args + 2, name ? name : "nonzero", &prose, error))
    return FALSE;
  g_autofree char *page = nz_doc_man(verbs, verb, prose, args[1]);
  g_autofree char *file = name ? g_strconcat("nonzero-", name, ".1", NULL) : g_strdup("nonzero.1");
  g_autofree char *path = g_build_filename(args[0], file, NULL);
  return g_file_set_contents(path, page, -1, error);
}

static gboolean
write_pages(const GPtrArray *verbs, const char *const *args, GError **error)
{
  if (g_mkdir_with_parents(args[0], 0755) < 0)
    return nz_set_errno(error, errno, "cannot make the directory %s", args[0]), FALSE;
  if (!write_page(verbs, NULL, args, error))
    return FALSE;
  for (guint i = 0; i < verbs->len; i++)
    if (!write_page(verbs, verbs->pdata[i], args, error))
      return FALSE;
  return TRUE;
}

int
main(int argc, char **argv)
{
  g_autoptr(GPtrArray) verbs = nz_doc_verbs();
  g_autoptr(GError) error = NULL;
  const char *kind = argc > 1 ? argv[1] : "";
  if (strcmp(kind, "man") == 0 && argc >= 4) {
    if (write_pages(verbs, (const char *const *)argv + 2, &error))
      return NZ_EXIT_PASS;
    nz_complain("%s", error->message);
    return NZ_EXIT_ERROR;
  }
  for (guint i = 0; i < G_N_ELEMENTS(shells); i++)
    if (strcmp(kind, shells[i].name) == 0) {
      g_autofree char *text = shells[i].make(verbs);
      fputs(text, stdout);
      return fflush(stdout) == 0 ? NZ_EXIT_PASS : NZ_EXIT_ERROR;
    }
  nz_complain("usage: nonzero-docs bash|zsh|fish, or nonzero-docs man DIR DATE [PROSE...]");
  return NZ_EXIT_USAGE;
}

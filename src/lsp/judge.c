/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "confine/confine.h"
#include "core/fyaml.h"
#include "lint/discover.h"
#include "lsp/server.h"

/* What is typed must be answered at once: no store is looked into. */
static NzBuildBase *
find_base(const char *name, const char *platform G_GNUC_UNUSED, gpointer data G_GNUC_UNUSED)
{
  NzBuildBase *base = nz_build_base_well_known(name);
  if (base)
    return base;
  base = nz_build_base_new(name);
  base->unknown = g_strdup("it is in no table, and an editor's server looks no further; "
                           "`nonzero lint` does");
  return base;
}

static NzBuildBase *
find_image(const char *name, NzImageNeed need G_GNUC_UNUSED, gpointer data)
{
  return find_base(name, NZ_HOST_PLATFORM, data);
}

/* Templates are for others to make manifests of. */
static gboolean
is_manifest(const char *path, const char *text, gsize len)
{
  return nz_source_may_be_manifest(path) && nz_source_is_manifest(text, len) && !strstr(text, "{{");
}

/* Which files lie beside the documents is not known before: all can be read, and no more. */
static char *
confine(void)
{
  static const char *const readable[] = {"/", NULL};
  g_autofree char *summary = NULL;
  nz_fyaml_open(NULL); /* where it is not there, policies and Compose files say so */
  NzConfined parts = nz_confine(readable, &summary);
  return parts == NZ_CONFINED_ALL ? NULL : g_steal_pointer(&summary);
}

const NzJudge nz_lsp_judge = {.lint = nz_lint_source,
                              .kind_of = nz_source_kind,
                              .is_manifest = is_manifest,
                              .find_base = find_base,
                              .find_image = find_image,
                              .confine = confine};

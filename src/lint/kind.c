/* SPDX-License-Identifier: Apache-2.0 */
/* What a file is, by its name. */
#include <string.h>

#include "lint/lint.h"

static const struct {
  const char *prefix, *suffix; /* of the base name; both must be there, and may be the whole */
  NzSourceKind kind;
} names[] = {
    {"Dockerfile", NULL, NZ_SOURCE_DOCKERFILE},     {"Containerfile", NULL, NZ_SOURCE_DOCKERFILE},
    {NULL, ".Dockerfile", NZ_SOURCE_DOCKERFILE},    {NULL, ".Containerfile", NZ_SOURCE_DOCKERFILE},
    {"compose", ".yaml", NZ_SOURCE_COMPOSE},        {"compose", ".yml", NZ_SOURCE_COMPOSE},
    {"docker-compose", ".yaml", NZ_SOURCE_COMPOSE}, {"docker-compose", ".yml", NZ_SOURCE_COMPOSE},
    {"podman-compose", ".yaml", NZ_SOURCE_COMPOSE}, {"podman-compose", ".yml", NZ_SOURCE_COMPOSE},
    {NULL, ".container", NZ_SOURCE_QUADLET},        {NULL, ".build", NZ_SOURCE_QUADLET},
};

/* "Dockerfile.dockerignore" is none of a build's. */
static const char *const others[] = {
    ".dockerignore", ".containerignore", ".md", ".orig", ".rej", ".swp", "~"};

static gboolean
has_prefix(const char *name, const char *prefix)
{
  gsize n = prefix ? strlen(prefix) : 0;
  if (g_ascii_strncasecmp(name, prefix ? prefix : "", n) != 0)
    return FALSE;
  return n == 0 || !g_ascii_isalnum(name[n]);
}

static gboolean
has_suffix(const char *name, const char *suffix)
{
  gsize n = suffix ? strlen(suffix) : 0, len = strlen(name);
  return len > n && g_ascii_strcasecmp(name + len - n, suffix ? suffix : "") == 0;
}

gboolean
nz_source_kind(const char *path, NzSourceKind *kind)
{
  const char *slash = strrchr(path, '/');
  const char *name = slash ? slash + 1 : path;
  for (guint i = 0; i < G_N_ELEMENTS(others); i++)
    if (has_suffix(name, others[i]))
      return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS(names); i++)
    if (has_prefix(name, names[i].prefix) && has_suffix(name, names[i].suffix)) {
      *kind = names[i].kind;
      return TRUE;
    }
  return FALSE;
}

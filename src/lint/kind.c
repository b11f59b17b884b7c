/* SPDX-License-Identifier: Apache-2.0 */
/* What a file is, by its name. */
#include <string.h>

#include "lint/lint.h"

/* A "*" stands for any text, also none; case counts. */
static const struct {
  const char *before, *after;
  gboolean whole; /* no "*": BEFORE is all of it */
  NzSourceKind kind;
} names[] = {
    {"Dockerfile", "", TRUE, NZ_SOURCE_DOCKERFILE},
    {"dockerfile", "", TRUE, NZ_SOURCE_DOCKERFILE},
    {"Dockerfile.", "", FALSE, NZ_SOURCE_DOCKERFILE},
    {"", ".Dockerfile", FALSE, NZ_SOURCE_DOCKERFILE},
    {"", ".dockerfile", FALSE, NZ_SOURCE_DOCKERFILE},
    {"Containerfile", "", FALSE, NZ_SOURCE_DOCKERFILE},
    {"", ".Containerfile", FALSE, NZ_SOURCE_DOCKERFILE},
    {"compose", ".yaml", FALSE, NZ_SOURCE_COMPOSE},
    {"compose", ".yml", FALSE, NZ_SOURCE_COMPOSE},
    {"docker-compose", ".yaml", FALSE, NZ_SOURCE_COMPOSE},
    {"docker-compose", ".yml", FALSE, NZ_SOURCE_COMPOSE},
    {"podman-compose", ".yaml", FALSE, NZ_SOURCE_COMPOSE},
    {"podman-compose", ".yml", FALSE, NZ_SOURCE_COMPOSE},
    {"", ".container", FALSE, NZ_SOURCE_QUADLET},
    {"", ".build", FALSE, NZ_SOURCE_QUADLET},
};

/* "Dockerfile.dockerignore" is none of a build's. */
static const char *const others[] = {
    ".dockerignore", ".containerignore", ".md", ".orig", ".rej", ".swp", "~"};

/* "compose" is the begin of "compose.prod.yaml" and "compose-prod.yaml", not of "composer.yaml". */
static gboolean
is_called(const char *name, guint i)
{
  gsize before = strlen(names[i].before), after = strlen(names[i].after), len = strlen(name);
  if (names[i].whole)
    return strcmp(name, names[i].before) == 0;
  return len > after && len >= before + after && strncmp(name, names[i].before, before) == 0 &&
         strcmp(name + len - after, names[i].after) == 0 &&
         !(before > 0 && after > 0 && g_ascii_isalnum(name[before]));
}

gboolean
nz_source_may_be_manifest(const char *path)
{
  return g_str_has_suffix(path, ".yaml") || g_str_has_suffix(path, ".yml") ||
         g_str_has_suffix(path, ".json");
}

gboolean
nz_source_kind(const char *path, NzSourceKind *kind)
{
  const char *slash = strrchr(path, '/');
  const char *name = slash ? slash + 1 : path;
  for (guint i = 0; i < G_N_ELEMENTS(others); i++)
    if (g_str_has_suffix(name, others[i]))
      return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS(names); i++)
    if (is_called(name, i)) {
      *kind = names[i].kind;
      return TRUE;
    }
  return FALSE;
}

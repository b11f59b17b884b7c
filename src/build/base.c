/* SPDX-License-Identifier: Apache-2.0 */
#include "build/base.h"

#include <string.h>

#include "core/limits.h"

/* The texts are places in well_known_texts; 0: none. */
typedef struct {
  guint32 name; /* as normalize() leaves it; with "*" behind WELL_KNOWN_EXACT rows */
  guint32 tags; /* globs between commas; the first row of a name that matches counts */
  guint32 user; /* none: nobody is declared */
  guint32 passwd, group;
  guint32 environment, ports, volumes; /* lines; none: not known */
  gboolean user_known;
  NzFamily family;
} WellKnown;

#include "well_known.h"

static const char *
text_at(guint32 place)
{
  return place != 0 ? well_known_texts + place : NULL;
}

NzBuildBase *
nz_build_base_new(const char *name)
{
  NzBuildBase *base = g_new0(NzBuildBase, 1);
  base->name = g_strdup(name);
  return base;
}

NzBuildBase *
nz_build_base_copy(const NzBuildBase *self)
{
  NzBuildBase *copy = nz_build_base_new(self->name);
  copy->because = g_strdup(self->because);
  copy->unknown = g_strdup(self->unknown);
  copy->user = g_strdup(self->user);
  copy->user_known = self->user_known;
  copy->family = self->family;
  copy->passwd = g_strdup(self->passwd);
  copy->group = g_strdup(self->group);
  copy->accounts_whole = self->accounts_whole;
  copy->environment = g_strdupv(self->environment);
  copy->triggers = g_strdupv(self->triggers);
  copy->volumes = g_strdupv(self->volumes);
  copy->ports = g_strdupv(self->ports);
  copy->entrypoint = g_strdupv(self->entrypoint);
  copy->cmd = g_strdupv(self->cmd);
  copy->workdir = g_strdup(self->workdir);
  return copy;
}

void
nz_build_base_free(NzBuildBase *self)
{
  if (!self)
    return;
  g_free(self->name);
  g_free(self->because);
  g_free(self->unknown);
  g_free(self->user);
  g_free(self->passwd);
  g_free(self->group);
  g_strfreev(self->environment);
  g_strfreev(self->triggers);
  g_strfreev(self->volumes);
  g_strfreev(self->ports);
  g_strfreev(self->entrypoint);
  g_strfreev(self->cmd);
  g_free(self->workdir);
  g_free(self);
}

/* --- names --- */

typedef struct {
  char *repository;
  char *tag;       /* NULL: there is but a digest */
  gboolean digest; /* it is that image, whatever the tag beside it says */
} Name;

/* What else the images of Docker Hub are called. */
static const char *const prefixes[] = {
    "docker.io/library/",
    "index.docker.io/library/",
    "registry-1.docker.io/library/",
    "registry.hub.docker.com/library/",
    "public.ecr.aws/docker/library/",
    "mirror.gcr.io/library/",
    "docker.io/",
    "index.docker.io/",
    "registry-1.docker.io/",
    "registry.hub.docker.com/",
    "mirror.gcr.io/",
    "library/",
};

static const char *
skip_prefix(const char *text)
{
  for (guint i = 0; i < G_N_ELEMENTS(prefixes); i++)
    if (g_str_has_prefix(text, prefixes[i]))
      return text + strlen(prefixes[i]);
  return text;
}

/* The tag stands behind a colon in the last component: a registry's port has another behind it. */
static Name
normalize(const char *text)
{
  const char *at = strchr(text, '@');
  g_autofree char *bare = g_strndup(text, at ? (gsize)(at - text) : strlen(text));
  char *slash = strrchr(bare, '/');
  char *colon = strchr(slash ? slash : bare, ':');
  Name name = {.digest = at != NULL};
  if (colon)
    *colon = '\0';
  if (colon)
    name.tag = g_strdup(colon + 1);
  else if (!at)
    name.tag = g_strdup("latest");
  name.repository = g_strdup(skip_prefix(bare));
  return name;
}

/* --- globs: "*" alone is special --- */

static gboolean
matches(const char *glob, gsize len, const char *text)
{
  gsize at = 0, star = 0, again = 0, i = 0;
  gboolean starred = FALSE;
  while (text[i]) {
    if (at < len && glob[at] == '*') {
      starred = TRUE;
      star = ++at;
      again = i;
    } else if (at < len && glob[at] == text[i]) {
      at++;
      i++;
    } else if (starred) {
      at = star;
      i = ++again;
    } else
      return FALSE;
  }
  while (at < len && glob[at] == '*')
    at++;
  return at == len;
}

static gboolean
matches_any(const char *globs, const char *text)
{
  for (const char *at = globs;;) {
    gsize len = strcspn(at, ",");
    if (matches(at, len, text))
      return TRUE;
    if (!at[len])
      return FALSE;
    at += len + 1;
  }
}

/* --- rows --- */

static guint
find_first(const char *name)
{
  guint low = 0, high = WELL_KNOWN_EXACT;
  while (low < high) {
    guint middle = low + (high - low) / 2;
    if (strcmp(text_at(well_known[middle].name), name) < 0)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

static gboolean
starts_alike(const WellKnown *a, const WellKnown *b)
{
  return a->user_known && b->user_known && g_strcmp0(text_at(a->user), text_at(b->user)) == 0;
}

/* TRUE when ROW, which the tag beside a digest picked, may be believed: the digest may be that of
 * any of the N rows. Where it starts as root that is the worse answer; a user must be that of all.
 */
static gboolean
stands_for_all(const WellKnown *row, const WellKnown *first, guint n)
{
  static const char *const root[] = {"", "0", "root", NULL};
  const char *user = text_at(row->user);
  if (row->user_known && g_strv_contains(root, user ? user : ""))
    return TRUE;
  for (guint i = 0; i < n; i++)
    if (!starts_alike(row, &first[i]))
      return FALSE;
  return TRUE;
}

/* An image that is named by a digest alone is known only when there is one row for any tag. */
static const WellKnown *
pick(const WellKnown *first, guint n, const Name *name)
{
  if (!name->tag)
    return n == 1 && strcmp(text_at(first->tags), "*") == 0 ? first : NULL;
  for (guint i = 0; i < n; i++)
    if (matches_any(text_at(first[i].tags), name->tag))
      return !name->digest || stands_for_all(&first[i], first, n) ? &first[i] : NULL;
  return NULL;
}

static guint
count_same(guint first, guint end)
{
  guint n = 0;
  while (first + n < end &&
         strcmp(text_at(well_known[first + n].name), text_at(well_known[first].name)) == 0)
    n++;
  return n;
}

static const WellKnown *
find(const Name *name)
{
  guint first = find_first(name->repository);
  if (first < WELL_KNOWN_EXACT && strcmp(text_at(well_known[first].name), name->repository) == 0)
    return pick(&well_known[first], count_same(first, WELL_KNOWN_EXACT), name);
  for (guint i = WELL_KNOWN_EXACT; i < G_N_ELEMENTS(well_known);) {
    guint n = count_same(i, G_N_ELEMENTS(well_known));
    const char *glob = text_at(well_known[i].name);
    if (matches(glob, strlen(glob), name->repository))
      return pick(&well_known[i], n, name);
    i += n;
  }
  return NULL;
}

static GStrv
split_lines(guint32 place)
{
  const char *text = text_at(place);
  return text ? g_strsplit(text, "\n", -1) : NULL;
}

NzBuildBase *
nz_build_base_well_known(const char *name)
{
  if (strlen(name) > NZ_REFERENCE_MAX)
    return NULL;
  Name parts = normalize(name);
  const WellKnown *row = find(&parts);
  g_free(parts.repository);
  g_free(parts.tag);
  if (!row || !row->user_known)
    return NULL;
  NzBuildBase *base = nz_build_base_new(name);
  base->because = g_strdup("by the table of well-known images");
  base->user = g_strdup(text_at(row->user));
  base->user_known = TRUE;
  base->family = row->family;
  base->passwd = g_strdup(text_at(row->passwd));
  base->group = g_strdup(text_at(row->group));
  base->environment = split_lines(row->environment);
  base->ports = split_lines(row->ports);
  base->volumes = split_lines(row->volumes);
  return base;
}

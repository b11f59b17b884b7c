/* SPDX-License-Identifier: Apache-2.0 */
/* What an image is called, and what people write for it. */
#include <string.h>

#include "core/nearest.h"
#include "core/text.h"
#include "image/engine.h"

/* Fewer letters of an id are more likely the beginning of a name that is misspelt. */
#define ID_MIN 4

/* A name in three: "docker.io/library/a", "1", "sha256:..."; TAG and DIGEST may be NULL. */
typedef struct {
  char *repository, *tag, *digest;
} Name;

static void
name_clear(Name *self)
{
  g_free(self->repository);
  g_free(self->tag);
  g_free(self->digest);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Name, name_clear)

/* distribution/reference: a first component with a dot or a colon, or "localhost", is a registry;
 * a name without one is Docker Hub's. */
char *
nz_name_with_registry(const char *repository)
{
  const char *slash = strchr(repository, '/');
  gsize n = slash ? (gsize)(slash - repository) : 0;
  gboolean registry = slash && (memchr(repository, '.', n) || memchr(repository, ':', n) ||
                                (n == 9 && memcmp(repository, "localhost", 9) == 0));
  /* Docker Hub's own images may be written without the folder that they are in. */
  if (n == 9 && memcmp(repository, "docker.io", 9) == 0 && !strchr(slash + 1, '/'))
    return g_strconcat("docker.io/library/", slash + 1, NULL);
  if (registry)
    return g_strdup(repository);
  return g_strconcat("docker.io/", slash ? "" : "library/", repository, NULL);
}

static void
name_split(const char *text, gboolean whole, Name *out)
{
  const char *at = strchr(text, '@');
  out->digest = at ? g_strdup(at + 1) : NULL;
  g_autofree char *rest = at ? g_strndup(text, (gsize)(at - text)) : g_strdup(text);
  char *slash = strrchr(rest, '/');
  char *colon = strchr(slash ? slash : rest, ':');
  if (colon) {
    out->tag = g_strdup(colon + 1);
    *colon = '\0';
  } else if (!at) {
    out->tag = g_strdup("latest");
  }
  out->repository = whole ? nz_name_with_registry(rest) : g_strdup(rest);
}

static gboolean
same_version(const NzStoredImage *stored, const Name *have, const Name *want)
{
  if (want->digest)
    return g_strcmp0(want->digest, have->digest) == 0 ||
           g_strcmp0(want->digest, stored->digest) == 0;
  return g_strcmp0(want->tag, have->tag) == 0;
}

static NzNameMatch
match_one(const NzStoredImage *stored, const char *have_text, const char *name)
{
  if (strcmp(have_text, name) == 0)
    return NZ_NAME_WHOLE;
  g_auto(Name) have = {0}, want = {0}, bare = {0};
  name_split(have_text, TRUE, &have);
  name_split(name, TRUE, &want);
  if (!same_version(stored, &have, &want))
    return NZ_NAME_NO;
  if (strcmp(have.repository, want.repository) == 0)
    return NZ_NAME_WHOLE;
  name_split(name, FALSE, &bare);
  gsize n = strlen(have.repository), m = strlen(bare.repository);
  gboolean ends = m > 0 && n > m && have.repository[n - m - 1] == '/' &&
                  strcmp(have.repository + n - m, bare.repository) == 0;
  return ends ? NZ_NAME_SHORT : NZ_NAME_NO;
}

static gboolean
is_id_of(const NzStoredImage *stored, const char *name)
{
  const char *colon = strchr(stored->id, ':');
  const char *hex = colon ? colon + 1 : stored->id;
  if (colon && g_str_has_prefix(name, "sha256:"))
    name += strlen("sha256:");
  return strlen(name) >= ID_MIN && g_str_has_prefix(hex, name);
}

/* A whole digest, with or without its kind. A name that is spelt like one, which no engine takes,
 * hides nothing. */
static gboolean
is_content(const char *name)
{
  const char *hex = g_str_has_prefix(name, "sha256:") ? name + strlen("sha256:") : name;
  return strlen(hex) == 64 && strspn(hex, "0123456789abcdef") == 64;
}

static gboolean
is_digest_of(const NzStoredImage *stored, const char *name)
{
  const char *colon = stored->digest ? strchr(stored->digest, ':') : NULL;
  return colon && (strcmp(stored->digest, name) == 0 || strcmp(colon + 1, name) == 0);
}

/* What stands in TEXT after "NAMESPACE/", or all of it. */
static const char *
after_space(const NzStoredImage *stored, const char *text)
{
  gsize n = stored->space ? strlen(stored->space) : 0;
  return n > 0 && strncmp(text, stored->space, n) == 0 && text[n] == '/' ? text + n + 1 : text;
}

NzNameMatch
nz_name_match(const NzStoredImage *stored, const char *name)
{
  NzNameMatch best = NZ_NAME_NO;
  name = after_space(stored, name);
  if (is_content(name))
    return is_id_of(stored, name) || is_digest_of(stored, name) ? NZ_NAME_WHOLE : NZ_NAME_NO;
  for (guint i = 0; i < stored->names->len; i++)
    best = MAX(best, match_one(stored, after_space(stored, stored->names->pdata[i]), name));
  return best == NZ_NAME_NO && is_id_of(stored, name) ? NZ_NAME_ID : best;
}

const char *
nz_stored_image_name(const NzStoredImage *stored, const char *source)
{
  if (stored->names->len == 0)
    return NULL;
  for (guint i = 0; i < stored->names->len; i++)
    if (g_str_has_suffix(source, stored->names->pdata[i]))
      return after_space(stored, stored->names->pdata[i]);
  return after_space(stored, stored->names->pdata[0]);
}

/* --- names that are not there --- */

/* What is misspelt is the last part of a name, less its tag. */
static char *
last_part(const char *name)
{
  const char *slash = strrchr(name, '/');
  const char *last = slash ? slash + 1 : name;
  return g_strndup(last, strcspn(last, ":@"));
}

#define NEAR_MAX 3

typedef struct {
  const char *names[NEAR_MAX];
  guint distances[NEAR_MAX]; /* G_MAXUINT: none there */
} Near;

static void
add_near(Near *self, const char *name, guint distance)
{
  guint at = NEAR_MAX;
  while (at > 0 && distance < self->distances[at - 1])
    at--;
  for (guint i = 0; i < at; i++)
    if (g_strcmp0(self->names[i], name) == 0)
      return; /* in another store */
  for (guint i = NEAR_MAX - 1; i > at; i--) {
    self->names[i] = self->names[i - 1];
    self->distances[i] = self->distances[i - 1];
  }
  if (at < NEAR_MAX) {
    self->names[at] = name;
    self->distances[at] = distance;
  }
}

char *
nz_name_hint(const char *name, const GPtrArray *names)
{
  Near near = {.distances = {G_MAXUINT, G_MAXUINT, G_MAXUINT}};
  g_autofree char *wanted = last_part(name);
  for (guint i = 0; i < names->len; i++) {
    g_autofree char *part = last_part(names->pdata[i]);
    guint distance = nz_edit_distance(wanted, part);
    if (distance <= MAX(1u, (guint)strlen(part) / 2)) /* else it is another word */
      add_near(&near, names->pdata[i], distance);
  }
  GString *text = g_string_new(NULL);
  for (guint i = 0; i < NEAR_MAX && near.names[i]; i++) {
    g_autofree char *shown = nz_printable(near.names[i], -1);
    g_string_append_printf(text, "%s%s", i > 0 ? ", " : "; did you mean ", shown);
  }
  return g_string_free(g_string_append(text, text->len > 0 ? "?" : ""), FALSE);
}

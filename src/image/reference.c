/* SPDX-License-Identifier: Apache-2.0 */
#include "image/reference.h"

#include <string.h>

#include "core/limits.h"
#include "core/text.h"
#include "image/digest.h"

#define DIGITS  "0123456789"
#define LOWER   "abcdefghijklmnopqrstuvwxyz"
#define LETTERS LOWER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

void
nz_reference_clear(NzReference *self)
{
  g_free(self->host);
  g_free(self->path);
  g_free(self->tag);
  g_free(self->digest);
  *self = (NzReference){0};
}

/* --- hosts --- */

static gboolean
is_dns_component(const char *text, gsize len)
{
  g_autofree char *part = g_strndup(text, len);
  return len > 0 && strspn(part, LETTERS DIGITS "-") == len && part[0] != '-' &&
         part[len - 1] != '-';
}

/* "[...]": of what is inside, the grammar asks no more. */
static gsize
ipv6_length(const char *text)
{
  if (*text != '[')
    return 0;
  gsize n = strspn(text + 1, "0123456789abcdefABCDEF:");
  return n > 0 && text[n + 1] == ']' ? n + 2 : 0;
}

static gboolean
is_host(const char *text)
{
  gsize at = ipv6_length(text);
  if (at == 0) {
    gsize end = strcspn(text, ":");
    for (gsize n; at < end; at += n + 1) {
      n = MIN(strcspn(text + at, "."), end - at);
      if (!is_dns_component(text + at, n) || (at + n + 1 == end && text[at + n] == '.'))
        return FALSE;
    }
    if (end == 0)
      return FALSE;
    at = end;
  }
  if (text[at] == '\0')
    return TRUE;
  gsize digits = text[at] == ':' ? strspn(text + at + 1, DIGITS) : 0;
  return digits > 0 && text[at + 1 + digits] == '\0';
}

/* --- paths, tags --- */

/* The length of a separator between letters and digits: ".", "_", "__" or any number of "-". */
static gsize
separator_length(const char *text)
{
  if (*text == '-')
    return strspn(text, "-");
  if (*text == '_')
    return text[1] == '_' ? 2 : 1;
  return *text == '.' ? 1 : 0;
}

static gboolean
is_component(const char *text)
{
  for (;;) {
    gsize n = strspn(text, LOWER DIGITS);
    if (n == 0)
      return FALSE;
    text += n;
    if (*text == '\0')
      return TRUE;
    gsize separator = separator_length(text);
    if (separator == 0)
      return FALSE;
    text += separator;
  }
}

static gboolean
is_path(const char *path)
{
  g_auto(GStrv) parts = g_strsplit(path, "/", -1);
  gboolean ok = parts[0] != NULL;
  for (guint i = 0; parts[i] && ok; i++)
    ok = is_component(parts[i]);
  return ok;
}

static gboolean
is_tag(const char *text)
{
  gsize n = strlen(text);
  return n > 0 && n <= 128 && strspn(text, LETTERS DIGITS "_.-") == n && *text != '.' &&
         *text != '-';
}

/* --- the whole --- */

static gboolean
set_wrong(GError **error, const char *text, const char *why)
{
  g_autofree char *shown = nz_printable(text, (gssize)strnlen(text, 200));
  return nz_set_input(error, "%s is no name of an image: %s", shown, why);
}

/* Takes "@DIGEST" off the end of NAME. */
static gboolean
take_digest(char *name, NzReference *out, const char *text, GError **error)
{
  char *at = strchr(name, '@');
  if (!at)
    return TRUE;
  *at = '\0';
  if (!nz_digest_valid(at + 1))
    return set_wrong(error, text,
                     "after @ stands the digest, sha256: and 64 digits of 0-9 and a-f");
  out->digest = g_strdup(at + 1);
  return TRUE;
}

static gboolean
take_tag(char *name, NzReference *out, const char *text, GError **error)
{
  char *slash = strrchr(name, '/');
  char *colon = strchr(slash ? slash : name, ':');
  if (!colon)
    return TRUE;
  *colon = '\0';
  if (!is_tag(colon + 1))
    return set_wrong(error, text,
                     "a tag is up to 128 letters, digits and _ . -, and begins with none of . -");
  out->tag = g_strdup(colon + 1);
  return TRUE;
}

static gboolean
names_host(const char *text, gsize len)
{
  g_autofree char *first = g_strndup(text, len);
  g_autofree char *lower = g_ascii_strdown(first, -1);
  return strpbrk(first, ".:") || strcmp(first, "localhost") == 0 || strcmp(first, lower) != 0;
}

static void
take_host(const char *name, NzReference *out)
{
  const char *slash = strchr(name, '/');
  gboolean named = slash && names_host(name, (gsize)(slash - name));
  out->host = named ? g_strndup(name, (gsize)(slash - name)) : g_strdup("docker.io");
  if (strcmp(out->host, "index.docker.io") == 0) {
    g_free(out->host);
    out->host = g_strdup("docker.io");
  }
  const char *path = named ? slash + 1 : name;
  gboolean official = strcmp(out->host, "docker.io") == 0 && !strchr(path, '/');
  out->path = g_strconcat(official ? "library/" : "", path, NULL);
}

static gboolean
check(const NzReference *self, const char *text, GError **error)
{
  g_autofree char *lower = g_ascii_strdown(self->path, -1);
  if (!is_host(self->host))
    return set_wrong(error, text, "what stands before the first / is no host");
  if (strlen(self->path) > NZ_REFERENCE_PATH_MAX)
    return set_wrong(error, text, "more than 255 characters");
  if (is_path(self->path))
    return TRUE;
  if (strcmp(lower, self->path) != 0 && is_path(lower))
    return set_wrong(error, text, "it must be in lower case");
  return set_wrong(error, text,
                   "between its slashes stand lower-case letters and digits, and between those one "
                   "of . _ __ or any number of -");
}

gboolean
nz_reference_parse(const char *text, NzReference *out, GError **error)
{
  g_auto(NzReference) r = {0};
  g_autofree char *name = g_strdup(text);
  if (*text == '\0')
    return set_wrong(error, "\"\"", "it is empty");
  if (strlen(text) == 64 && strspn(text, DIGITS "abcdef") == 64)
    return set_wrong(error, text, "it would be taken for an image's id");
  if (!take_digest(name, &r, text, error) || !take_tag(name, &r, text, error))
    return FALSE;
  take_host(name, &r);
  if (!check(&r, text, error))
    return FALSE;
  *out = r;
  r = (NzReference){0};
  return TRUE;
}

char *
nz_reference_name(const NzReference *self)
{
  return g_strconcat(self->host, "/", self->path, NULL);
}

char *
nz_reference_text(const NzReference *self)
{
  const char *tag = self->tag ? self->tag : self->digest ? NULL : "latest";
  return g_strconcat(self->host, "/", self->path, tag ? ":" : "", tag ? tag : "",
                     self->digest ? "@" : NULL, self->digest, NULL);
}

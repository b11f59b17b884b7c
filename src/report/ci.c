/* SPDX-License-Identifier: Apache-2.0 */
#include "report/ci.h"

#include <string.h>

#include <nettle/sha2.h>

#include "core/text.h"

char *
nz_ci_label(const NzSubject *s)
{
  g_autofree char *name = nz_printable(s->name, -1);
  if (nz_kind_is_source(s->kind) && s->source && !strstr(s->name, s->source)) {
    g_autofree char *source = nz_printable(s->source, -1);
    return g_strdup_printf("%s (%s)", name, source);
  }
  if (!s->platform)
    return g_steal_pointer(&name);
  g_autofree char *platform = nz_printable(s->platform, -1);
  return g_strdup_printf("%s (%s)", name, platform);
}

char *
nz_ci_sentence(const NzFinding *f)
{
  g_autofree char *message = nz_printable(f->message, -1);
  if (!f->path || f->place)
    return g_steal_pointer(&message);
  g_autofree char *path = nz_printable(f->path, -1);
  return g_strdup_printf("%s: %s", path, message);
}

char *
nz_ci_justification(const NzExcepted *e)
{
  g_autofree char *all =
      e->expires ? g_strdup_printf("%s (owner: %s; until %s)", e->reason, e->owner, e->expires)
                 : g_strdup_printf("%s (owner: %s)", e->reason, e->owner);
  return nz_printable(all, -1);
}

char *
nz_ci_relative(const char *path)
{
  GString *out = g_string_new(NULL);
  for (const char *p = path; *p;) {
    gsize n = strcspn(p, "/");
    gboolean named = n > 0 && !(p[0] == '.' && (n == 1 || (n == 2 && p[1] == '.')));
    if (named && out->len > 0)
      g_string_append_c(out, '/');
    if (named)
      g_string_append_len(out, p, (gssize)n);
    p += n + (p[n] == '/');
  }
  if (out->len == 0)
    g_string_append_c(out, '.');
  return g_string_free(out, FALSE);
}

char *
nz_ci_subject_path(const NzSubject *s)
{
  return nz_ci_relative(nz_kind_is_source(s->kind) && s->source ? s->source : s->name);
}

char *
nz_ci_path(const NzSubject *s, const NzFinding *f)
{
  const char *file = f->place ? f->place->file : f->path;
  return file ? nz_ci_relative(file) : nz_ci_subject_path(s);
}

gboolean
nz_ci_is_file(const NzSubject *s, const NzFinding *f)
{
  return f->path || f->place || nz_kind_is_source(s->kind);
}

char *
nz_ci_time(gint64 microseconds)
{
  g_autoptr(GDateTime) time = g_date_time_new_from_unix_utc(microseconds / G_USEC_PER_SEC);
  return time ? g_date_time_format(time, "%Y-%m-%dT%H:%M:%S") : g_strdup("1970-01-01T00:00:00");
}

/* --- fingerprints --- */

struct NzFingerprints {
  GHashTable *seen; /* fingerprint -> how often it came up */
};

NzFingerprints *
nz_fingerprints_new(void)
{
  NzFingerprints *self = g_new0(NzFingerprints, 1);
  self->seen = g_hash_table_new_full(nz_str_hash, g_str_equal, g_free, NULL);
  return self;
}

void
nz_fingerprints_free(NzFingerprints *self)
{
  if (!self)
    return;
  g_hash_table_unref(self->seen);
  g_free(self);
}

/* Each field goes in with the NUL that ends it, so that no two lists of fields are the same bytes.
 */
static char *
hash_fields(const char *const *fields, guint n)
{
  struct sha256_ctx context;
  guint8 raw[SHA256_DIGEST_SIZE];
  sha256_init(&context);
  for (guint i = 0; i < n; i++) {
    const char *field = fields[i] ? fields[i] : "";
    sha256_update(&context, strlen(field) + 1, (const guint8 *)field);
  }
  sha256_digest(&context, sizeof raw, raw);
  char *hex = g_malloc(2 * sizeof raw + 1);
  for (guint i = 0; i < sizeof raw; i++) {
    hex[2 * i] = "0123456789abcdef"[raw[i] >> 4];
    hex[2 * i + 1] = "0123456789abcdef"[raw[i] & 15];
  }
  hex[2 * sizeof raw] = '\0';
  return hex;
}

/* Nothing may be given twice: services take the second for the first. What is the same in every
 * field is told apart by the order in which it comes up. */
static char *
make_unique(NzFingerprints *self, char *hex)
{
  guint n = GPOINTER_TO_UINT(g_hash_table_lookup(self->seen, hex));
  g_hash_table_insert(self->seen, g_strdup(hex), GUINT_TO_POINTER(n + 1));
  if (n == 0)
    return hex;
  g_autofree char *first = hex;
  g_autofree char *count = g_strdup_printf("%u", n);
  return hash_fields((const char *const[]){first, count}, 2);
}

/* A message less its numbers: layers' indexes and counts are no part of what a finding is. */
static char *
message_key(const char *message)
{
  GString *key = g_string_new(NULL);
  for (const char *p = message; *p; p++)
    if (!g_ascii_isdigit(*p))
      g_string_append_c(key, *p);
    else if (p == message || !g_ascii_isdigit(p[-1]))
      g_string_append_c(key, '#');
  return g_string_free(key, FALSE);
}

char *
nz_fingerprints_next(NzFingerprints *self, const NzSubject *s, const NzFinding *f)
{
  g_autofree char *key = message_key(f->message);
  const char *const fields[] = {
      f->rule, s->kind, s->name, s->platform, f->path, key, f->place ? f->place->file : NULL};
  /* An image's are those of before sources were judged. Lines move, and are no part of it. */
  guint n = f->place ? G_N_ELEMENTS(fields) : G_N_ELEMENTS(fields) - 1;
  return make_unique(self, hash_fields(fields, n));
}

char *
nz_fingerprints_next_of(NzFingerprints *self, const char *what, const char *key)
{
  const char *const fields[] = {what, key};
  return make_unique(self, hash_fields(fields, G_N_ELEMENTS(fields)));
}

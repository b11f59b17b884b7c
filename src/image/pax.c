/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "core/text.h"
#include "image/tar_private.h"

static const char *const keys[NZ_PAX_N_KEYS] = {
    [NZ_PAX_PATH] = "path",
    [NZ_PAX_LINKPATH] = "linkpath",
    [NZ_PAX_UNAME] = "uname",
    [NZ_PAX_GNAME] = "gname",
    [NZ_PAX_UID] = "uid",
    [NZ_PAX_GID] = "gid",
    [NZ_PAX_SIZE] = "size",
    [NZ_PAX_MTIME] = "mtime",
    [NZ_PAX_ATIME] = "atime",
    [NZ_PAX_CTIME] = "ctime",
    [NZ_PAX_CAPABILITY] = "SCHILY.xattr.security.capability",
    [NZ_PAX_ACL] = "SCHILY.xattr.system.posix_acl_access",
    [NZ_PAX_SPARSE_MAJOR] = "GNU.sparse.major",
    [NZ_PAX_SPARSE_MINOR] = "GNU.sparse.minor",
    [NZ_PAX_SPARSE_NAME] = "GNU.sparse.name",
    [NZ_PAX_SPARSE_SIZE] = "GNU.sparse.size",
    [NZ_PAX_SPARSE_REALSIZE] = "GNU.sparse.realsize",
    [NZ_PAX_SPARSE_MAP] = "GNU.sparse.map",
    [NZ_PAX_SPARSE_NUMBLOCKS] = "GNU.sparse.numblocks",
};

void
nz_pax_clear(NzPax *pax)
{
  if (!pax->present)
    return;
  if (pax->sparse_map)
    g_string_free(pax->sparse_map, TRUE);
  *pax = (NzPax){0};
}

static gboolean
key_is(const char *key, gsize len, const char *want)
{
  return strlen(want) == len && memcmp(key, want, len) == 0;
}

static gboolean
key_begins(const char *key, gsize len, const char *prefix)
{
  return strlen(prefix) <= len && memcmp(key, prefix, strlen(prefix)) == 0;
}

/* Splits one record off *P. FALSE when it is malformed. */
static gboolean
split_record(const char **p, gsize *left, const char **key, gsize *key_len, NzPaxValue *value)
{
  const char *space = memchr(*p, ' ', *left);
  if (!space)
    return FALSE;
  gsize digits = (gsize)(space - *p);
  gint64 n;
  if (nz_parse_int(*p, digits, &n) != NZ_INT_OK || n < 5 || (guint64)n > *left ||
      (guint64)n <= digits + 1)
    return FALSE;
  const char *record = space + 1, *end = *p + n - 1;
  if (*end != '\n')
    return FALSE;
  const char *equals = memchr(record, '=', (gsize)(end - record));
  if (!equals || equals == record)
    return FALSE;
  *key = record;
  *key_len = (gsize)(equals - record);
  *value = (NzPaxValue){equals + 1, (gsize)(end - equals - 1)};
  *left -= (gsize)n;
  *p += n;
  return TRUE;
}

/* NULs are refused in the values that become C strings somewhere, and in all other keys. */
static gboolean
has_forbidden_nul(const char *key, gsize key_len, const NzPaxValue *value)
{
  for (NzPaxKey k = NZ_PAX_PATH; k <= NZ_PAX_GNAME; k++)
    if (key_is(key, key_len, keys[k]))
      return memchr(value->value, 0, value->len) != NULL;
  return memchr(key, 0, key_len) != NULL;
}

/* GNU sparse 0.0 repeats two keys, which PAX forbids; archive/tar joins them into 0.1's map. */
static gboolean
add_sparse_00(NzPax *pax, guint *n_numbers, gboolean is_offset, const NzPaxValue *value)
{
  if ((*n_numbers % 2 == 0) != is_offset || memchr(value->value, ',', value->len))
    return FALSE;
  if (!pax->sparse_map)
    pax->sparse_map = g_string_new(NULL);
  else
    g_string_append_c(pax->sparse_map, ',');
  g_string_append_len(pax->sparse_map, value->value, (gssize)value->len);
  (*n_numbers)++;
  return TRUE;
}

gboolean
nz_pax_parse(NzTar *tar, NzPax *pax, GError **error)
{
  const char *p = (const char *)tar->pax->data;
  gsize left = tar->pax->len;
  guint n_numbers = 0;
  pax->present = TRUE;
  while (left > 0) {
    const char *key;
    gsize key_len;
    NzPaxValue value;
    if (!split_record(&p, &left, &key, &key_len, &value) || has_forbidden_nul(key, key_len, &value))
      return nz_tar_bad(tar, error, "a malformed PAX record");
    gboolean is_offset = key_is(key, key_len, "GNU.sparse.offset");
    if (is_offset || key_is(key, key_len, "GNU.sparse.numbytes")) {
      if (!add_sparse_00(pax, &n_numbers, is_offset, &value))
        return nz_tar_bad(tar, error, "GNU sparse records out of order");
      continue;
    }
    pax->overlay |= key_begins(key, key_len, "SCHILY.xattr.trusted.overlay.") ||
                    key_begins(key, key_len, "SCHILY.xattr.user.overlay.");
    for (guint k = 0; k < NZ_PAX_N_KEYS; k++)
      if (key_is(key, key_len, keys[k]))
        pax->values[k] = value;
  }
  if (pax->sparse_map)
    pax->values[NZ_PAX_SPARSE_MAP] = (NzPaxValue){pax->sparse_map->str, pax->sparse_map->len};
  return TRUE;
}

/* "SECONDS" or "SECONDS.FRACTION". */
static gboolean
is_time(const NzPaxValue *v)
{
  const char *dot = memchr(v->value, '.', v->len);
  gsize whole = dot ? (gsize)(dot - v->value) : v->len;
  gint64 ignored;
  if (nz_parse_int(v->value, whole, &ignored) != NZ_INT_OK)
    return FALSE;
  for (gsize i = whole + 1; i < v->len; i++)
    if (!g_ascii_isdigit(v->value[i]))
      return FALSE;
  return TRUE;
}

gboolean
nz_pax_merge(NzTar *tar, const NzPax *pax, NzTarHeader *h, GError **error)
{
  h->overlay_attribute = pax->overlay;
  for (guint k = 0; pax->present && k < NZ_PAX_N_KEYS; k++) {
    const NzPaxValue *v = &pax->values[k];
    if (v->len == 0)
      continue;
    gint64 *number = NULL;
    switch (k) {
    case NZ_PAX_PATH:
      g_string_truncate(tar->name, 0);
      g_string_append_len(tar->name, v->value, (gssize)v->len);
      break;
    case NZ_PAX_LINKPATH:
      g_string_truncate(tar->linkname, 0);
      g_string_append_len(tar->linkname, v->value, (gssize)v->len);
      break;
    case NZ_PAX_UID:
      number = &h->uid;
      break;
    case NZ_PAX_GID:
      number = &h->gid;
      break;
    case NZ_PAX_SIZE:
      number = &h->size;
      break;
    case NZ_PAX_MTIME:
    case NZ_PAX_ATIME:
    case NZ_PAX_CTIME:
      if (!is_time(v))
        return nz_tar_bad(tar, error, "a PAX time that is none");
      break;
    case NZ_PAX_CAPABILITY:
      h->capability = (const guint8 *)v->value;
      h->capability_len = v->len;
      break;
    case NZ_PAX_ACL:
      h->acl = (const guint8 *)v->value;
      h->acl_len = v->len;
      break;
    default:
      break;
    }
    if (number && nz_parse_int(v->value, v->len, number) != NZ_INT_OK)
      return nz_tar_bad(tar, error, "a PAX number that is none");
  }
  return TRUE;
}

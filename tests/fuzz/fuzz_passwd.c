/* SPDX-License-Identifier: Apache-2.0 */
/* What the image declares, its passwd and its group, divided by NULs. */
#include <string.h>

#include "core/user.h"

int LLVMFuzzerTestOneInput(const guint8 *data, size_t size);

typedef struct {
  const char *p, *end;
} Parts;

/* The next part, of exact size; *LEN is without the NUL that is put behind it. */
static char *
next_part(Parts *parts, gsize *len)
{
  const char *nul =
      parts->p < parts->end ? memchr(parts->p, 0, (gsize)(parts->end - parts->p)) : NULL;
  const char *stop = nul ? nul : parts->end;
  *len = (gsize)(stop - parts->p);
  char *part = g_malloc(*len + 1);
  memcpy(part, parts->p, *len);
  part[*len] = 0;
  parts->p = nul ? nul + 1 : parts->end;
  return part;
}

static void
check(const NzUser *user)
{
  if (!user->why || !g_utf8_validate(user->why, -1, NULL))
    g_error("a user without a reason that can be printed");
  if (user->state == NZ_USER_ROOT && (!user->has_uid || user->uid != 0))
    g_error("root that is not 0");
  if (user->state == NZ_USER_NON_ROOT &&
      (!user->has_uid || user->uid == 0 || user->uid > G_MAXINT32))
    g_error("a certified user that may be root");
}

int
LLVMFuzzerTestOneInput(const guint8 *data, size_t size)
{
  if (size == 0)
    return 0;
  Parts parts = {(const char *)data + 1, (const char *)data + size};
  gsize len[3];
  g_autofree char *declared = next_part(&parts, &len[0]);
  g_autofree char *passwd_text = next_part(&parts, &len[1]);
  /* Files are not terminated: without the NUL, a read behind the end is seen. */
  g_autofree char *passwd_data = g_memdup2(passwd_text, len[1]);
  g_autofree char *group_data = g_memdup2(parts.p, (gsize)(parts.end - parts.p));
  NzUserFile passwd = {passwd_data, passwd_data ? len[1] : 0, NULL};
  NzUserFile group = {group_data, (gsize)(parts.end - parts.p), NULL};
  if (data[0] & 1)
    passwd = (NzUserFile){NULL, 0, "it is a device"};
  if (data[0] & 2)
    group = (NzUserFile){NULL, 0, "it is a device"};
  g_autoptr(NzUser) user = nz_user_resolve(data[0] & 4 ? NULL : declared, &passwd, &group);
  check(user);
  return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* A policy file, and what is read from it laid over a subject. */
#include <string.h>

#include "policy/policy.h"

int LLVMFuzzerTestOneInput(const guint8 *data, size_t size);

static void
add(NzSubject *s, const char *rule, const char *path)
{
  NzFinding *f = nz_finding_new(rule, NZ_LEVEL_FAIL, "remedy", "message");
  f->path = g_strdup(path);
  g_ptr_array_add(s->findings, f);
}

static void
check_exceptions(const NzPolicy *policy)
{
  const NzException *e;
  for (guint i = 0; (e = nz_policy_exception(policy, i)); i++) {
    if (e->checks->len == 0 || !e->said.reason || !*e->said.reason || !e->said.owner)
      g_error("an exception without its rule, reason or owner");
    if (!g_utf8_validate(e->said.reason, -1, NULL) || strpbrk(e->said.reason, "\n\t\033"))
      g_error("a reason that cannot be printed");
  }
}

int
LLVMFuzzerTestOneInput(const guint8 *data, size_t size)
{
  g_autoptr(GBytes) bytes = g_bytes_new(data, size);
  g_autoptr(GError) error = NULL;
  g_autoptr(NzPolicy) policy = nz_policy_parse(bytes, "p", &error);
  if (!policy != (error != NULL))
    g_error("an error without a message, or the other way round");
  if (error && !g_str_has_prefix(error->message, "p:"))
    g_error("an error without its place: %s", error->message);
  if (error && !g_utf8_validate(error->message, -1, NULL))
    g_error("an error that cannot be printed");
  if (!policy)
    return 0;
  check_exceptions(policy);
  g_autofree char *csv = nz_policy_to_csv(policy);
  g_autoptr(NzSubject) s = nz_subject_new("image");
  s->name = g_strdup("example.com/team/app:1.0");
  add(s, "setuid-root", "/usr/bin/su");
  add(s, "file-capabilities", "/bin/\xff\xfe");
  add(s, "image-user", NULL);
  nz_policy_set_today(policy, 739576);
  nz_policy_apply(policy, s);
  for (guint i = 0; i < s->notes->len; i++)
    if (!g_utf8_validate(s->notes->pdata[i], -1, NULL))
      g_error("a note that cannot be printed");
  return 0;
}

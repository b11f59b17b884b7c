/* SPDX-License-Identifier: Apache-2.0 */
/* A Kubernetes manifest that is mended: what is verified applies, gives a manifest with the same
 * containers, none of which is worse, and leaves nothing to do; what is proposed applies, too. */
#include <string.h>

#include "core/limits.h"
#include "fix/fix.h"
#include "lint/lint.h"

int LLVMFuzzerTestOneInput(const guint8 *data, size_t size);

/* Larger ones say nothing that smaller ones do not. */
#define SIZE_MAX_HERE 16384

static NzBuildBase *
find_image(const char *name, NzImageNeed need G_GNUC_UNUSED, gpointer data G_GNUC_UNUSED)
{
  NzBuildBase *base = nz_build_base_new(name);
  char kind = name[0];
  if (kind == 'u') {
    base->unknown = g_strdup("it is not known here");
    return base;
  }
  base->user_known = base->accounts_whole = TRUE;
  base->user = g_strdup(kind == 'r' ? NULL : kind == 'n' && name[1] == 'a' ? "app" : "1000");
  base->passwd = g_strdup("root:x:0:0::/:\napp:x:1000:1001::/:\n");
  base->group = g_strdup("root:x:0:\napp:x:1001:\n");
  return base;
}

static GPtrArray *
judge(const char *text, gsize len, const char *profile)
{
  const NzLintOptions options = {
      .profile = profile, .platform = NZ_HOST_PLATFORM, .fix = TRUE, .find_image = find_image};
  g_autoptr(NzSourceFile) source = nz_source_new("m.yaml", text, len);
  g_autoptr(GError) error = NULL;
  GPtrArray *subjects = g_ptr_array_new_with_free_func((GDestroyNotify)nz_subject_free);
  if (nz_lint_source(source, NZ_SOURCE_MANIFEST, NULL, &options, subjects, &error))
    return subjects;
  g_ptr_array_unref(subjects);
  return NULL;
}

static GPtrArray *
collect(const GPtrArray *subjects)
{
  GPtrArray *fixes = g_ptr_array_new();
  for (guint i = 0; i < subjects->len; i++) {
    const NzSubject *subject = subjects->pdata[i];
    for (guint j = 0; j < subject->fixes->len; j++)
      if (!g_ptr_array_find(fixes, subject->fixes->pdata[j], NULL))
        g_ptr_array_add(fixes, subject->fixes->pdata[j]);
  }
  return fixes;
}

static guint
count_failures(const NzSubject *subject)
{
  guint n = 0;
  for (guint i = 0; i < subject->findings->len; i++) {
    const NzFinding *f = subject->findings->pdata[i];
    n += !f->excepted && (f->level == NZ_LEVEL_FAIL || f->undecided);
  }
  return n;
}

static void
check_better(const GPtrArray *before, const GPtrArray *after)
{
  if (!after || after->len != before->len)
    g_error("the result holds other containers");
  for (guint i = 0; i < after->len; i++)
    if (count_failures(after->pdata[i]) > count_failures(before->pdata[i]))
      g_error("a container is worse than before");
}

static gboolean
is_verified(const GPtrArray *fixes)
{
  for (guint i = 0; i < fixes->len; i++)
    if (!((const NzFix *)fixes->pdata[i])->refused)
      return TRUE;
  return FALSE;
}

static void
mend(const char *text, gsize len, const char *profile)
{
  g_autoptr(GPtrArray) before = judge(text, len, profile);
  g_autoptr(GPtrArray) fixes = before ? collect(before) : g_ptr_array_new();
  gsize n;
  if (fixes->len == 0)
    return;
  g_autofree char *all = nz_fixes_apply_all(text, len, fixes, &n, NULL);
  g_autoptr(GPtrArray) proposed = all ? judge(all, n, profile) : NULL;
  if (!proposed)
    g_error("the proposals give no manifest");
  if (!is_verified(fixes))
    return;
  g_autofree char *once = nz_fixes_apply(text, len, fixes, &n, NULL);
  g_autoptr(GPtrArray) after = once ? judge(once, n, profile) : NULL;
  check_better(before, after);
  g_autoptr(GPtrArray) again = collect(after);
  if (is_verified(again))
    g_error("there is still something to mend");
}

int
LLVMFuzzerTestOneInput(const guint8 *data, size_t size)
{
  static const char *const profiles[] = {"cbpp-0002", "restricted", "openshift:nonroot-v2"};
  for (guint i = 0; size <= SIZE_MAX_HERE && i < G_N_ELEMENTS(profiles); i++)
    mend((const char *)data, size, profiles[i]);
  return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* A Kubernetes manifest, the whole way: read, decided, held to a profile, mended. A first line
 * "#profile NAME" names the profile. */
#include <stdlib.h>
#include <string.h>

#include "check/check.h"
#include "check/profile.h"
#include "core/error.h"
#include "fix/fix.h"
#include "lint/lint.h"

int LLVMFuzzerTestOneInput(const guint8 *data, size_t size);

/* libFuzzer keeps no input of what g_error() ends. */
static void
stop(const char *why)
{
  g_printerr("%s\n", why);
  abort();
}

static NzBuildBase *
find_image(const char *name, NzImageNeed need G_GNUC_UNUSED, gpointer data G_GNUC_UNUSED)
{
  NzBuildBase *image = nz_build_base_new(name);
  image->because = g_strdup("as the fuzzer has it");
  image->user_known = TRUE;
  image->accounts_whole = TRUE;
  image->user = g_strdup(strchr(name, 'n') ? "app" : strchr(name, '1') ? "1000:0" : NULL);
  image->passwd = g_strdup("root:x:0:0::/:\napp:x:1000:1000::/:\n");
  image->group = g_strdup("root:x:0:\n");
  return image;
}

static void
check_place(const NzPlace *place, gsize size)
{
  if (place && (place->start > place->end || place->end > size || place->line == 0 ||
                place->column == 0 || place->end_line < place->line))
    stop("a place that is none");
}

static void
check_text(const char *text)
{
  if (!text || !g_utf8_validate(text, -1, NULL))
    stop("a text that cannot be printed");
}

static void
check_subject(const NzSubject *subject, gsize size)
{
  check_text(subject->name);
  check_place(subject->place, size);
  for (guint i = 0; i < subject->findings->len; i++) {
    const NzFinding *f = subject->findings->pdata[i];
    check_text(f->message);
    check_place(f->place, size);
    if (!nz_check_find(f->rule))
      stop("a rule that is none");
  }
  for (guint i = 0; i < subject->notes->len; i++)
    check_text(subject->notes->pdata[i]);
}

static const char *
profile_of(const char *text, char *room, gsize size)
{
  static const char sign[] = "#profile ";
  if (!g_str_has_prefix(text, sign))
    return nz_profiles[0];
  g_strlcpy(room, text + strlen(sign), size);
  room[strcspn(room, "\r\n")] = '\0';
  const char *profile = nz_profile_find(room, NULL);
  return profile ? profile : nz_profiles[0];
}

static void
tell(const char *text, gpointer data G_GNUC_UNUSED)
{
  check_text(text);
}

int
LLVMFuzzerTestOneInput(const guint8 *data, size_t size)
{
  char room[64];
  g_autoptr(NzSourceFile) source = nz_source_new("m.yaml", (const char *)data, size);
  const NzLintOptions options = {.profile = profile_of(source->data, room, sizeof room),
                                 .platform = NZ_HOST_PLATFORM,
                                 .fix = TRUE,
                                 .explain = TRUE,
                                 .named = TRUE,
                                 .uncovered = tell,
                                 .find_image = find_image};
  g_autoptr(GPtrArray) subjects = g_ptr_array_new_with_free_func((GDestroyNotify)nz_subject_free);
  g_autoptr(GError) error = NULL;
  gboolean ok = nz_lint_source(source, NZ_SOURCE_MANIFEST, NULL, &options, subjects, &error);
  if (ok == (error != NULL))
    stop("an error without a message, or the other way round");
  if (error)
    check_text(error->message);
  for (guint i = 0; i < subjects->len; i++)
    check_subject(subjects->pdata[i], size);
  return 0;
}

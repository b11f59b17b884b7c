/* SPDX-License-Identifier: Apache-2.0 */
#include "confine/confine.h"

#include <errno.h>
#include <sys/prctl.h>

#include "confine/confine_private.h"

/* Leak checkers stop the process with ptrace(2) at its end, and sanitizers open files of their own
 * when they have something to say. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define NZ_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) ||                         \
    __has_feature(memory_sanitizer)
#define NZ_SANITIZED 1
#endif
#endif
#ifndef NZ_SANITIZED
#define NZ_SANITIZED 0
#endif

typedef struct {
  GPtrArray *in_force, *missing;
  NzConfined parts;
} Confinement;

static void
note(Confinement *self, NzConfined part, gboolean done, char *what, const GError *error)
{
  if (done) {
    self->parts |= part;
    g_ptr_array_add(self->in_force, what);
    return;
  }
  g_ptr_array_add(self->missing, g_strdup_printf("%s (%s)", what, error->message));
  g_free(what);
}

static gboolean
give_up_privileges(GError **error)
{
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0)
    return TRUE;
  nz_set_errno(error, errno, "prctl");
  return FALSE;
}

static void
confine(Confinement *self, const NzFileRules *rules, NzCalls which)
{
  g_autoptr(GError) privileges = NULL, files = NULL, calls = NULL;
  int abi = 0;
  gboolean ok = give_up_privileges(&privileges);
  note(self, NZ_CONFINED_PRIVILEGES, ok, g_strdup("no new privileges"), privileges);
  /* Landlock opens what is named; the calls it makes are not on seccomp's list. */
  ok = nz_landlock_restrict(rules, &abi, &files);
  note(self, NZ_CONFINED_FILES, ok,
       ok ? g_strdup_printf("Landlock (ABI %d)", abi) : g_strdup("Landlock"), files);
  ok = nz_seccomp_restrict(which, &calls);
  note(self, NZ_CONFINED_CALLS, ok, g_strdup("seccomp"), calls);
}

static char *
join(GPtrArray *words)
{
  g_autofree char **strings = g_new0(char *, words->len + 1);
  for (guint i = 0; i < words->len; i++)
    strings[i] = words->pdata[i];
  return g_strjoinv(", ", strings);
}

static char *
summarize(const Confinement *self)
{
  g_autofree char *in_force = join(self->in_force), *missing = join(self->missing);
  if (self->missing->len == 0)
    return g_strdup_printf("confined by %s", in_force);
  if (self->in_force->len == 0)
    return g_strdup_printf("not confined: %s", missing);
  return g_strdup_printf("confined by %s; not in force: %s", in_force, missing);
}

static NzConfined
confine_to(const NzFileRules *rules, NzCalls which, char **summary)
{
  if (NZ_SANITIZED) {
    if (summary)
      *summary = g_strdup("not confined: this is a sanitizer build, whose checks need more");
    return 0;
  }
  g_autoptr(GPtrArray) in_force = g_ptr_array_new_with_free_func(g_free);
  g_autoptr(GPtrArray) missing = g_ptr_array_new_with_free_func(g_free);
  Confinement self = {in_force, missing, 0};
  confine(&self, rules, which);
  if (summary)
    *summary = summarize(&self);
  return self.parts;
}

NzConfined
nz_confine(const char *const *readable, char **summary)
{
  const NzFileRules rules = {.readable = readable};
  return confine_to(&rules, NZ_CALLS_READING, summary);
}

NzConfined
nz_confine_keeper(const char *directory, char **summary)
{
  const char *const writable[] = {directory, NULL};
  const NzFileRules rules = {.writable = writable};
  return confine_to(&rules, NZ_CALLS_KEEPING, summary);
}

NzConfined
nz_confine_fetcher(char **summary)
{
  static const char *const readable[] = {"/", NULL};
  const NzFileRules rules = {.readable = readable, .network = TRUE};
  return confine_to(&rules, NZ_CALLS_FETCHING, summary);
}

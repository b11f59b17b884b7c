/* SPDX-License-Identifier: Apache-2.0 */
/* An image that starts as root is made to start as somebody else, and to work so. */
#include <string.h>

#include "fix/fix_private.h"

/* What runs nothing and makes nothing, so that it may follow USER. */
static gboolean
is_trailing(const NzInstruction *in)
{
  static const gboolean trailing[NZ_DOCKER_N] = {
      [NZ_DOCKER_CMD] = TRUE,         [NZ_DOCKER_ENTRYPOINT] = TRUE, [NZ_DOCKER_EXPOSE] = TRUE,
      [NZ_DOCKER_HEALTHCHECK] = TRUE, [NZ_DOCKER_LABEL] = TRUE,      [NZ_DOCKER_MAINTAINER] = TRUE,
      [NZ_DOCKER_ONBUILD] = TRUE,     [NZ_DOCKER_STOPSIGNAL] = TRUE};
  return trailing[in->kind];
}

/* The last instruction that USER must follow. */
static guint
find_end(const NzMend *self)
{
  guint i = self->stage->end - 1;
  while (i > self->stage->first && is_trailing(nz_mend_instruction(self, i)))
    i--;
  return i;
}

/* The USER that says root, where it can say another instead: nothing after it needs root. WORKDIR
 * would give its directory to the user. Else -1. */
static gint
find_line(const NzMend *self)
{
  for (guint i = self->stage->end; i-- > self->stage->first;) {
    const NzInstruction *in = nz_mend_instruction(self, i);
    if (in->kind == NZ_DOCKER_RUN || in->kind == NZ_DOCKER_WORKDIR)
      return -1;
    if (in->kind == NZ_DOCKER_USER)
      return in == self->build->user_line && in->words->len == 1 ? (gint)i : -1;
  }
  return -1;
}

static void
replace_user(const NzMend *self, NzFix *fix, const NzInstruction *in, const char *number)
{
  const NzWord *word = in->words->pdata[0];
  const char *data = self->source->data;
  NzSpan span = word->span;
  gsize n = span.end - span.start;
  if (n >= 2 && (data[span.start] == '"' || data[span.start] == '\'') &&
      data[span.end - 1] == data[span.start] &&
      !memchr(data + span.start + 1, data[span.start], n - 2))
    span = (NzSpan){span.start + 1, span.end - 1};
  nz_mend_replace(self, fix, span, number);
}

static char *
title_of(const NzMendUser *user, const GPtrArray *directories, const char *ports)
{
  GString *title = g_string_new(NULL);
  g_autofree char *names = nz_mend_directory_names(directories);
  g_string_printf(title, "start as %s", user->number);
  if (user->what)
    g_string_append_printf(title, ", %s", user->what);
  if (directories->len > 0)
    g_string_append_printf(title, ", who owns %s", names);
  if (ports)
    g_string_append_printf(title, "; %s", ports);
  return g_string_free(title, FALSE);
}

static void
refuse(NzFix *fix, char *why)
{
  if (!fix->refused)
    fix->refused = why;
  else
    g_free(why);
}

/* A SHELL that is none of those that RUN lines are written for. */
static void
look_at_shell(NzMend *self G_GNUC_UNUSED, const NzInstruction *in, gpointer data)
{
  static const char *const known[] = {"sh", "bash", "dash", "ash", "ksh", "zsh", "busybox", NULL};
  gboolean *foreign = data;
  if (in->kind != NZ_DOCKER_SHELL || in->words->len == 0)
    return;
  g_autofree char *name = g_path_get_basename(((const NzWord *)in->words->pdata[0])->text);
  *foreign = !g_strv_contains(known, name);
}

static gboolean
has_run_line(const NzMendUser *user, const GPtrArray *directories)
{
  return user->make || directories->len > 0;
}

static NzFix *
make_fix(NzMend *self, const NzMendUser *user)
{
  g_autofree char *undone = NULL;
  g_autoptr(GPtrArray) directories = nz_mend_directories(self, user->number, TRUE, &undone);
  g_autofree char *ports = nz_mend_ports(self);
  g_autofree char *title = title_of(user, directories, ports);
  NzFix *fix = nz_fix_new(title);
  fix->refused = nz_mend_doubt(self);
  refuse(fix, g_strdup(user->refused));
  refuse(fix, g_steal_pointer(&undone));
  gint line = find_line(self);
  gboolean runs = has_run_line(user, directories), foreign = FALSE;
  nz_mend_foreach(self, look_at_shell, &foreign);
  if (runs && foreign)
    refuse(fix, g_strdup("its SHELL is none that RUN lines can be written for here"));
  /* Root must run what is put in front of that USER. */
  if (line >= 0 && runs && !nz_mend_is_root_after(self, (guint)line - 1))
    line = -1;
  guint end = line >= 0 ? (guint)line - 1 : find_end(self);
  if (!nz_mend_can_follow(self, end))
    refuse(fix, g_strdup("the line that it must follow ends with a continuation"));
  if (user->named)
    nz_mend_fix_number(self, fix, user->named, nz_mend_free_number(self));
  if (runs && !nz_mend_own(self, fix, directories, user->make, end))
    refuse(fix, g_strdup("no commands run as root where its directories are to be given away"));
  if (line >= 0)
    replace_user(self, fix, nz_mend_instruction(self, (guint)line), user->number);
  else
    nz_mend_add_line(self, fix, end, NZ_DOCKER_USER, user->number);
  return fix;
}

static NzFix *
make_windows_fix(NzMend *self)
{
  NzFix *fix = nz_fix_new("start as ContainerUser");
  fix->refused = nz_mend_doubt(self);
  gint line = find_line(self);
  if (line >= 0)
    replace_user(self, fix, nz_mend_instruction(self, (guint)line), "ContainerUser");
  else
    nz_mend_add_line(self, fix, find_end(self), NZ_DOCKER_USER, "ContainerUser");
  return fix;
}

/* What is declared may be right, where nobody knows who that is. */
static char *
doubt_finding(const NzUser *user)
{
  switch (user->state) {
  case NZ_USER_ROOT:
  case NZ_USER_ROOT_IN_USERNS:
    return NULL;
  case NZ_USER_WONT_START:
    /* That is what root is called, where there is a passwd. */
    if (g_strcmp0(user->declared, "root") == 0 ||
        g_str_has_prefix(user->declared ? user->declared : "", "root:"))
      return NULL;
    return g_strdup("whom its USER means is not known: perhaps an account is missing that another "
                    "line was to make");
  case NZ_USER_UNKNOWN:
  case NZ_USER_NON_ROOT:
  default:
    return g_strdup_printf("it may start as another user already: %s", user->why);
  }
}

void
nz_mend_start_user(NzMend *self)
{
  guint i = 0;
  NzFinding *f = nz_mend_next(self, "image-user", &i);
  if (!f)
    return;
  g_auto(NzMendUser) user = nz_mend_choose(self);
  NzFix *fix = self->build->windows ? make_windows_fix(self) : make_fix(self, &user);
  refuse(fix, doubt_finding(self->build->user));
  f->fix = fix;
  nz_mend_add(self, fix);
}

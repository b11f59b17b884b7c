/* SPDX-License-Identifier: Apache-2.0 */
#include "scan/drops.h"

#include <string.h>

#include "core/limits.h"
#include "core/privdrop.h"
#include "core/text.h"

typedef struct {
  const NzLaunchInput *in;
  const char *path; /* of the script, printable; NULL: the command line itself */
  GPtrArray *drops;
} Reader;

void
nz_drop_free(gpointer data)
{
  NzDropFact *self = data;
  if (!self)
    return;
  g_free(self->where);
  g_free(self->tool);
  g_free(self->user);
  nz_user_free(self->resolved);
  g_free(self);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NzDropFact, nz_drop_free)

/* Nothing is dropped by who becomes root. */
static gboolean
is_root(const NzDropFact *drop)
{
  return drop->resolved &&
         (drop->resolved->state == NZ_USER_ROOT || g_strcmp0(drop->user, "root") == 0);
}

static gboolean
is_told(const GPtrArray *drops, const NzDropFact *drop)
{
  for (guint i = 0; i < drops->len; i++) {
    const NzDropFact *other = drops->pdata[i];
    if (strcmp(other->where, drop->where) == 0 && strcmp(other->tool, drop->tool) == 0 &&
        g_strcmp0(other->user, drop->user) == 0)
      return TRUE;
  }
  return FALSE;
}

static void
add_drop(const char *tool, const char *user, guint line, gpointer user_data)
{
  const Reader *self = user_data;
  g_autoptr(NzDropFact) drop = g_new0(NzDropFact, 1);
  drop->where =
      self->path ? g_strdup_printf("%s, line %u,", self->path, line) : g_strdup("the command line");
  drop->tool = g_strdup(tool);
  drop->user = user ? nz_printable(user, -1) : NULL;
  drop->resolved = user ? nz_user_resolve(user, self->in->passwd, self->in->group) : NULL;
  if (self->drops->len < NZ_DROPS_MAX && !is_root(drop) && !is_told(self->drops, drop))
    g_ptr_array_add(self->drops, g_steal_pointer(&drop));
}

gboolean
nz_is_script(const NzInode *inode)
{
  gsize len = 0;
  const char *text = inode && inode->body ? g_bytes_get_data(inode->body, &len) : NULL;
  return len >= 2 && memcmp(text, "#!", 2) == 0;
}

void
nz_drops_read_script(const NzLaunchInput *in, const char *canonical, const NzInode *inode,
                     GPtrArray *drops)
{
  if (!nz_is_script(inode))
    return;
  gsize len;
  const char *text = g_bytes_get_data(inode->body, &len);
  g_autofree char *full = g_strconcat("/", canonical, NULL);
  g_autofree char *shown = nz_printable(full, -1);
  Reader reader = {in, shown, drops};
  nz_privdrop_foreach(text, len, add_drop, &reader);
}

/* "-c", and "-ec" and its like: what follows is a command line for a shell. */
static gboolean
is_shell_string(const char *option)
{
  gsize n = strlen(option);
  return n > 1 && option[0] == '-' && option[n - 1] == 'c' && option[1] != '-';
}

void
nz_drops_read_command_line(const NzLaunchInput *in, GPtrArray *drops)
{
  const NzLaunch *launch = &in->image->launch;
  const GStrv lists[] = {launch->entrypoint, launch->cmd};
  g_autoptr(GPtrArray) args = g_ptr_array_new();
  Reader reader = {in, NULL, drops};
  for (guint l = 0; l < G_N_ELEMENTS(lists); l++)
    for (guint i = 0; lists[l] && lists[l][i]; i++)
      g_ptr_array_add(args, lists[l][i]);
  nz_privdrop_foreach_arg((const char *const *)args->pdata, args->len, add_drop, &reader);
  for (guint i = 1; i < args->len; i++)
    if (is_shell_string(args->pdata[i - 1]))
      nz_privdrop_foreach(args->pdata[i], strlen(args->pdata[i]), add_drop, &reader);
}

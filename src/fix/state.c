/* SPDX-License-Identifier: Apache-2.0 */
/* Directories that an image must write, and who owns them. What is run stays root's. */
#include <string.h>

#include "core/limits.h"
#include "core/text.h"
#include "fix/fix_private.h"

static void
directory_free(gpointer data)
{
  NzMendDirectory *self = data;
  g_free(self->command);
  g_free(self->path);
  g_free(self);
}

/* --- which --- */

/* Everybody may write there. */
static const char *const open_to_all[] = {"/tmp", "/var/tmp", "/dev/shm", NULL};
/* Many programs' at once: to own one is more than an image needs. */
static const char *const of_the_system[] = {
    "/",        "/bin",     "/boot",      "/dev",       "/etc",       "/home",
    "/lib",     "/lib64",   "/mnt",       "/opt",       "/proc",      "/run",
    "/root",    "/sbin",    "/srv",       "/sys",       "/usr",       "/var",
    "/media",   "/usr/bin", "/usr/local", "/usr/lib",   "/usr/share", "/var/cache",
    "/var/lib", "/var/log", "/var/run",   "/var/spool", NULL};

typedef struct {
  const NzPathFact *fact; /* of the directory itself; or NULL */
  gboolean code;          /* something in it is run */
  gboolean full;          /* something is in it */
} Content;

static Content
content_of(const NzMend *self, const char *path)
{
  const NzPaths *paths = self->build->state->paths;
  Content content = {.fact = nz_paths_find(paths, path)};
  g_autoptr(GPtrArray) all = nz_paths_below(paths, path);
  for (guint i = 0; i < all->len; i++) {
    const NzPathFact *fact = all->pdata[i];
    content.full |= fact != content.fact;
    content.code |= fact->code || (fact != content.fact && !fact->directory);
  }
  content.code |= content.fact && content.fact->code;
  return content;
}

static gboolean
is_volume(const NzMend *self, const char *path)
{
  return g_strv_contains((const char *const *)self->build->volumes->pdata, path);
}

/* The instruction of the target stage that PLACE is in; or its FROM. */
static guint
index_of(const NzMend *self, const NzPlace *place)
{
  gint i = place && strcmp(place->file, self->source->name) == 0
               ? nz_mend_index_at(self, place->start)
               : -1;
  gboolean here = i >= (gint)self->stage->first && i < (gint)self->stage->end;
  return here ? (guint)i : self->stage->first;
}

/* The VOLUME of the target stage that PATH is in; G_MAXUINT: none. */
static guint
find_volume(const NzMend *self, const char *path)
{
  for (guint i = self->stage->first; i < self->stage->end; i++) {
    const NzInstruction *in = nz_mend_instruction(self, i);
    for (guint w = 0; in->kind == NZ_DOCKER_VOLUME && w < in->words->len; w++) {
      const char *word = ((const NzWord *)in->words->pdata[w])->text;
      g_autofree char *volume = nz_build_path("/", word);
      /* With a variable in it, it may be any. */
      if (strchr(word, '$') || strcmp(volume, path) == 0)
        return i;
    }
  }
  return G_MAXUINT;
}

/* Something in the build makes the directory. Where nothing but VOLUME speaks of it, none does. */
static gboolean
is_made(const NzMend *self, const Content *content)
{
  const NzPathFact *fact = content->fact;
  if (!fact || !fact->made || (fact->volume && fact->maybe))
    return FALSE;
  guint made = index_of(self, fact->made);
  return made == self->stage->first || nz_mend_instruction(self, made)->kind != NZ_DOCKER_VOLUME;
}

/* A working directory that nothing is put into is there to be written. */
static gboolean
is_used_after(const NzMend *self, guint i)
{
  for (; i < self->stage->end; i++) {
    NzDockerKind kind = nz_mend_instruction(self, i)->kind;
    if (kind == NZ_DOCKER_RUN || kind == NZ_DOCKER_COPY || kind == NZ_DOCKER_ADD)
      return TRUE;
  }
  return FALSE;
}

static gboolean
is_state(const NzMend *self, const char *path, const Content *content)
{
  if (is_volume(self, path))
    return TRUE;
  if (g_strv_contains(of_the_system, path) || content->code)
    return FALSE;
  if (g_strcmp0(path, self->build->state->workdir) != 0)
    return content->fact && content->fact->directory;
  guint made = index_of(self, self->build->workdir_place);
  return self->build->workdir_place && made > self->stage->first && !content->full &&
         !is_used_after(self, made + 1);
}

/* --- how --- */

/* A word of a shell; NULL: too odd to be written. */
static char *
word_of(const char *path)
{
  gboolean plain = TRUE;
  for (const char *p = path; *p; p++) {
    if (*p < ' ' || *p > '~' || *p == '\'' || *p == '\\')
      return NULL;
    plain &= g_ascii_isalnum(*p) || strchr("/._-+@%:,", *p);
  }
  return plain ? g_strdup(path) : g_strdup_printf("'%s'", path);
}

static char *
command_for(const char *number, const char *word, const Content *content, gboolean made)
{
  if (made)
    return g_strdup_printf("chown %s%s %s", content->full ? "-R " : "", number, word);
  g_auto(GStrv) parts = g_strsplit(number, ":", 2);
  return parts[1] ? g_strdup_printf("install -d -o %s -g %s %s", parts[0], parts[1], word)
                  : g_strdup_printf("install -d -o %s %s", parts[0], word);
}

static char *
refuse_directory(const NzMend *self, const char *path, const Content *content)
{
  g_autofree char *shown = nz_printable(path, -1);
  NzFamily family = nz_accounts_family(self->build->state->accounts);
  const char *volume = is_volume(self, path) ? "the volume " : "";
  if (family == NZ_FAMILY_DISTROLESS || family == NZ_FAMILY_SCRATCH)
    return g_strdup_printf("the user must own %s%s, and there is no shell in the image to make it "
                           "so: bring it with `COPY --chown`",
                           volume, shown);
  if (content->code)
    return g_strdup_printf("%s%s holds what the image runs, and whoever owns it can change that",
                           volume, shown);
  if (g_strv_contains(of_the_system, path))
    return g_strdup_printf("%s%s is the system's, and not to be given to one user", volume, shown);
  if (is_volume(self, path) && find_volume(self, path) == G_MAXUINT)
    return g_strdup_printf("%s%s is declared before this stage, and some builders lose what is "
                           "done to it after that",
                           volume, shown);
  return NULL;
}

static void
take(const NzMend *self, const char *path, const char *number, GPtrArray *out, char **refused)
{
  if (out->len >= NZ_FIX_DIRECTORIES_MAX) {
    if (!*refused)
      *refused = g_strdup("there are more directories to give away than it may do by itself");
    return;
  }
  Content content = content_of(self, path);
  if (g_strv_contains(open_to_all, path) || !is_state(self, path, &content))
    return;
  g_autofree char *word = word_of(path);
  g_autofree char *why = refuse_directory(self, path, &content);
  if (!word && !why)
    why =
        g_strdup("the name of a directory that it must write is too odd to be written in a shell");
  if (why) {
    if (!*refused)
      *refused = g_steal_pointer(&why);
    return;
  }
  gboolean made = is_made(self, &content);
  NzMendDirectory *directory = g_new0(NzMendDirectory, 1);
  directory->path = g_strdup(path);
  directory->command = command_for(number, word, &content, made);
  directory->after = made ? index_of(self, content.fact->made) : self->stage->first;
  directory->before = find_volume(self, path);
  g_ptr_array_add(out, directory);
}

static gboolean
is_taken(const GPtrArray *directories, const char *path)
{
  for (guint i = 0; i < directories->len; i++)
    if (strcmp(((const NzMendDirectory *)directories->pdata[i])->path, path) == 0)
      return TRUE;
  return FALSE;
}

/* The image's user is the one that its base image has for it: what that declares is its already. */
static gboolean
is_of_base(const NzMend *self, const NzUser *user)
{
  const NzBuild *build = self->build;
  g_autoptr(NzUser) base = nz_accounts_resolve(build->state->accounts, build->base->user);
  return base->state == NZ_USER_NON_ROOT && base->has_uid && base->uid == user->uid;
}

/* Of a VOLUME that nothing else speaks of, nobody knows whether it is there, and whose it is; those
 * of the base are root's. */
static gboolean
is_open(const NzMend *self, const char *volume)
{
  const NzPaths *paths = self->build->state->paths;
  Content content = content_of(self, volume);
  return g_strv_contains(of_the_system, volume) ||
         (!is_made(self, &content) && (content.fact || !nz_paths_owner_of(paths, volume)));
}

GPtrArray *
nz_mend_directories(const NzMend *self, const char *number, gboolean all, char **refused)
{
  const NzBuild *build = self->build;
  GPtrArray *out = g_ptr_array_new_with_free_func(directory_free);
  g_autoptr(NzStageState) then = nz_stage_state_copy(build->state);
  g_autoptr(NzUser) user = nz_accounts_resolve(then->accounts, number);
  gboolean of_base = is_of_base(self, user);
  g_ptr_array_set_size(then->acts, 0);
  nz_effects_conclude(then, user, (const char *const *)build->volumes->pdata, build->workdir_place);
  for (guint i = 0; all && i + 1 < build->volumes->len; i++) {
    const char *volume = build->volumes->pdata[i];
    gboolean base_volume = of_base && find_volume(self, volume) == G_MAXUINT;
    if (!base_volume && is_open(self, volume) && !is_taken(out, volume))
      take(self, volume, number, out, refused);
  }
  for (guint i = 0; i < then->acts->len; i++) {
    const NzAct *act = then->acts->pdata[i];
    gboolean base_volume =
        of_base && is_volume(self, act->what) && find_volume(self, act->what) == G_MAXUINT;
    if (act->kind == NZ_ACT_UNWRITABLE_STATE && !base_volume && !is_taken(out, act->what))
      take(self, act->what, number, out, refused);
  }
  return out;
}

/* --- where --- */

/* The instruction after which the command goes: root runs there, and it is in time. -1: none. */
static gint
place_for(const NzMend *self, const NzMendDirectory *directory, guint last)
{
  guint latest = directory->before == G_MAXUINT ? last : MIN(last, directory->before - 1);
  for (guint i = latest + 1; i-- > directory->after;)
    if (nz_mend_is_root_after(self, i))
      return (gint)i;
  return -1;
}

gboolean
nz_mend_own(const NzMend *self, NzFix *fix, const GPtrArray *directories, const char *make,
            guint last)
{
  gboolean ok = TRUE;
  gint first = make ? (gint)last : G_MAXINT;
  g_autoptr(GArray) places = g_array_new(FALSE, FALSE, sizeof(gint));
  for (guint i = 0; i < directories->len; i++) {
    gint place = place_for(self, directories->pdata[i], last);
    g_array_append_val(places, place);
    ok &= place >= 0;
    if (place >= 0)
      first = MIN(first, place);
  }
  if (make)
    nz_mend_add_line(self, fix, (guint)first, NZ_DOCKER_RUN, make);
  for (guint i = 0; i < directories->len; i++) {
    const NzMendDirectory *directory = directories->pdata[i];
    gint place = g_array_index(places, gint, i);
    if (place >= 0)
      nz_mend_add_line(self, fix, (guint)place, NZ_DOCKER_RUN, directory->command);
    ok &= place < 0 || nz_mend_can_follow(self, (guint)place);
  }
  return ok;
}

char *
nz_mend_directory_names(const GPtrArray *directories)
{
  GString *names = g_string_new(NULL);
  for (guint i = 0; i < directories->len; i++)
    g_string_append_printf(names, "%s%s",
                           i == 0                      ? ""
                           : i + 1 == directories->len ? " and "
                                                       : ", ",
                           ((const NzMendDirectory *)directories->pdata[i])->path);
  return g_string_free(names, FALSE);
}

/* --- of an image that starts as another user already --- */

guint
nz_mend_last_root(const NzMend *self)
{
  guint i = self->stage->end - 1;
  while (i > self->stage->first && !nz_mend_is_root_after(self, i))
    i--;
  return i;
}

void
nz_mend_state(NzMend *self)
{
  const NzBuild *build = self->build;
  guint i = 0;
  const NzUser *user = build->user;
  if (user->state != NZ_USER_NON_ROOT || !user->has_uid || user->uid == 0 ||
      !nz_mend_next(self, "unwritable-state", &i))
    return;
  g_autofree char *number = user->has_gid ? g_strdup_printf("%u:%u", user->uid, user->gid)
                                          : g_strdup_printf("%u", user->uid);
  g_autofree char *refused = NULL;
  g_autoptr(GPtrArray) directories = nz_mend_directories(self, number, FALSE, &refused);
  if (directories->len == 0)
    return;
  g_autofree char *names = nz_mend_directory_names(directories);
  g_autofree char *title = g_strdup_printf("%s owns %s", number, names);
  NzFix *fix = nz_fix_new(title);
  if (!nz_mend_own(self, fix, directories, NULL, nz_mend_last_root(self)))
    fix->refused = g_strdup("no commands run as root where that is to be done");
  else if (nz_mend_is_shared(self, self->stage))
    fix->refused = g_strdup("other stages are built on this one");
  if (fix->edits->len == 0) {
    nz_fix_free(fix);
    return;
  }
  nz_mend_add(self, fix);
  i = 0;
  for (NzFinding *f; (f = nz_mend_next(self, "unwritable-state", &i));) {
    const char *path = strrchr(f->message, ' ');
    if (path && is_taken(directories, path + 1))
      f->fix = fix;
  }
}

/* SPDX-License-Identifier: Apache-2.0 */
/* COPY, ADD, WORKDIR and VOLUME; and what follows for the user the image starts as: what it should
 * be able to write and cannot, and what it can write and should not.
 *
 * Only what the source says of a path counts. Directories that only may be there, and those of
 * which the base says more than we see, are left alone. */
#include <string.h>

#include "build/effects_private.h"
#include "core/limits.h"

/* --- instructions --- */

static NzAct *
add_act(NzStageState *state, NzActKind kind, const NzPlace *place, const char *what,
        const char *how)
{
  if (state->acts->len >= NZ_ACTS_MAX)
    return NULL;
  NzAct *act = nz_act_new(kind, nz_place_copy(place), what, how);
  g_ptr_array_add(state->acts, act);
  return act;
}

static void
copy_acts(NzStageState *state, const char *path, const char *owner, guint16 mode, const char *how,
          const NzPlace *place)
{
  gboolean roots = !owner || nz_is_root_name(owner);
  NzTarget target = {.path = (char *)path};
  nz_disarm(state, NZ_ACT_SETUID, &target);
  nz_disarm(state, NZ_ACT_SETGID, &target);
  static const struct {
    guint16 bit;
    NzActKind kind;
  } bits[] = {{NZ_BIT_SETUID, NZ_ACT_SETUID},
              {NZ_BIT_SETGID, NZ_ACT_SETGID},
              {0002, NZ_ACT_WORLD_WRITABLE}};
  for (guint i = 0; i < G_N_ELEMENTS(bits); i++) {
    gboolean sticky = bits[i].bit == 0002 && (mode & NZ_BIT_STICKY);
    NzAct *act =
        (mode & bits[i].bit) && !sticky ? add_act(state, bits[i].kind, place, path, how) : NULL;
    if (!act)
      continue;
    act->mode = mode;
    act->by_root = roots;
  }
  if (nz_file_kind(path) != NZ_FILE_OTHER && (!roots || (mode & 0022)))
    add_act(state, NZ_ACT_WRITABLE_PASSWD, place, path, how);
}

/* What is in a directory that was there becomes OWNER's, the directory does not. */
static void
copy_inside(NzStageState *state, const NzPathFact *directory, const char *owner, const char *group,
            guint16 mode, const char *how, const NzPlace *place)
{
  g_autofree char *path =
      g_strconcat(directory->path, directory->path[1] ? "/" : "", NZ_PATHS_INSIDE, NULL);
  NzPathFact *inside = nz_paths_know(state->paths, path);
  if (!inside)
    return;
  inside->tree = inside->code = TRUE;
  inside->maybe = FALSE;
  nz_path_fact_set(inside, owner, group, mode, how, place);
}

void
nz_effects_copy(NzStageState *state, const char *dest, const char *owner, const char *group,
                guint16 mode, const char *how, NzPlace *taken)
{
  g_autoptr(NzPlace) place = taken;
  g_autofree char *path = nz_build_path(state->workdir, dest);
  gboolean directory =
      g_str_has_suffix(dest, "/") || g_str_has_suffix(dest, "/.") || nz_is_directory(state, path);
  const NzPathFact *there = nz_paths_find(state->paths, path);
  const char *to_user = owner ? owner : "root";
  const char *to_group = group ? group : owner ? NULL : "root";
  gboolean explicit_owner = owner || group || mode;
  copy_acts(state, path, owner, mode, how, place);
  if (directory && (there || nz_is_directory(state, path))) {
    if (!there)
      there = nz_paths_know(state->paths, path);
    if (there)
      copy_inside(state, there, to_user, to_group, mode, explicit_owner ? how : NULL, place);
    return;
  }
  NzPathFact *fact = nz_paths_add(state->paths, path, directory, to_user, to_group, place);
  if (!fact)
    return;
  /* Without "/" it may be a file or a directory: as long as it is not known, the same holds for
   * what is in it. */
  fact->tree = fact->code = TRUE;
  if (explicit_owner)
    nz_path_fact_set(fact, NULL, NULL, mode, how, place);
}

void
nz_effects_workdir(NzStageState *state, const char *path, const NzPlace *place)
{
  g_autofree char *absolute = nz_build_path(state->workdir, path);
  if (nz_is_directory(state, absolute))
    return;
  /* BuildKit and Buildah make it, and what is missing above it, the current user's; Docker's
   * classic builder makes it root's. */
  gboolean roots = state->is_root || !state->user;
  gsize len = roots ? 0 : strcspn(state->user, ":");
  g_autofree char *owner = roots ? g_strdup("root") : g_strndup(state->user, len);
  const char *group = roots ? "root" : NULL;
  gboolean existed = nz_paths_owner_of(state->paths, absolute) != NULL;
  NzPathFact *fact = nz_paths_add(state->paths, absolute, TRUE, owner, group, place);
  if (fact && (!roots || state->user_unknown || existed))
    fact->maybe = TRUE;
}

void
nz_effects_volume(NzStageState *state, const char *path, const NzPlace *place)
{
  g_autofree char *absolute = nz_build_path("/", path);
  NzPathFact *fact = nz_paths_find(state->paths, absolute);
  if (fact || nz_paths_owner_of(state->paths, absolute))
    return;
  /* The engine makes it when it starts: root's, unless the base has it. */
  fact = nz_paths_add(state->paths, absolute, TRUE, "root", "root", place);
  if (fact)
    fact->maybe = fact->volume = TRUE;
}

/* --- what should be writable --- */

static gboolean
is_below(const char *path, const char *top)
{
  gsize len = strlen(top);
  return strncmp(path, top, len) == 0 && (path[len] == '\0' || path[len] == '/');
}

/* Directories in which programs keep what they write. What is listed after that is the
 * distribution's own. */
static gboolean
is_below_data(const char *path)
{
  static const char *const data[] = {
      "/data",     "/var/lib", "/var/log", "/var/cache", "/var/run", "/run", "/var/spool",
      "/var/data", "/logs",    "/cache",   "/uploads",   "/storage", NULL};
  /* Below /var; the package's lists are nobody's data. */
  static const char *const not_in_var[] = {
      "lib/apk",   "lib/apt",   "lib/dpkg",  "lib/rpm",       "lib/systemd", "cache/apk",
      "cache/apt", "cache/dnf", "cache/yum", "cache/debconf", "log/apt",     "run/sshd",
      "lib/dbus",  "run/dbus",  "lib/misc",  "lib/locales",   NULL};
  static const char *const not_data[] = {"/run/sshd", "/run/dbus", "/run/lock", NULL};
  static const char *const tops[] = {"/var/lib", "/var/log",   "/var/cache", "/var/run",
                                     "/run",     "/var/spool", NULL};
  for (guint i = 0; not_data[i]; i++) {
    if (is_below(path, not_data[i]))
      return FALSE;
  }
  const char *in_var = g_str_has_prefix(path, "/var/") ? path + strlen("/var/") : NULL;
  for (guint i = 0; in_var && not_in_var[i]; i++) {
    if (is_below(in_var, not_in_var[i]))
      return FALSE;
  }
  for (guint i = 0; data[i]; i++) {
    if (is_below(path, data[i]))
      return !g_strv_contains(tops, path);
  }
  return FALSE;
}

/* By its name: "/app/data". */
static gboolean
is_named_data(const char *path)
{
  static const char *const names[] = {"backups", "cache",   "data", "db",       "log",
                                      "logs",    "media",   "run",  "sessions", "spool",
                                      "state",   "storage", "temp", "tmp",      "upload",
                                      "uploads", "var",     "work", NULL};
  static const char *const system[] = {"/usr/lib", "/usr/bin", "/usr/share", "/usr/include", "/etc",
                                       "/root",    "/tmp",     "/build",     "/usr/src",     NULL};
  for (guint i = 0; system[i]; i++) {
    if (is_below(path, system[i]))
      return FALSE;
  }
  const char *slash = strrchr(path, '/');
  return slash && g_strv_contains(names, slash + 1);
}

static void
say_unwritable(NzStageState *state, const NzUser *user, const NzPathFact *fact, const char *path,
               const NzPlace *place, const char *how)
{
  if (!fact || !place || nz_user_writes(state, user, fact) != NZ_WRITES_NOT)
    return;
  for (guint i = 0; i < state->acts->len; i++) {
    const NzAct *act = state->acts->pdata[i];
    if (act->kind == NZ_ACT_UNWRITABLE_STATE && strcmp(act->what, path) == 0)
      return;
  }
  add_act(state, NZ_ACT_UNWRITABLE_STATE, place, path, how);
}

/* VOLUME alone speaks of it, so that the engine makes it at the start, as root's: when the base
 * does not have it, and nothing that was run can have made it. */
static gboolean
is_made_late(const NzStageState *state, const NzPathFact *fact)
{
  static const char *const bases_have[] = {"/etc", "/home", "/opt", "/root", "/run",
                                           "/srv", "/tmp",  "/usr", "/var",  NULL};
  for (guint i = 0; bases_have[i]; i++) {
    if (is_below(fact->path, bases_have[i]))
      return FALSE;
  }
  return fact->volume && !state->opaque && nz_accounts_family(state->accounts) != NZ_FAMILY_UNKNOWN;
}

static void
judge_volume(NzStageState *state, const NzUser *user, const char *path)
{
  const NzPathFact *fact = nz_paths_owner_of(state->paths, path);
  if (!fact)
    return;
  NzPathFact sure = *fact;
  if (fact->maybe && strcmp(fact->path, path) == 0 && is_made_late(state, fact))
    sure.maybe = FALSE;
  say_unwritable(state, user, &sure, path, fact->place ? fact->place : fact->made, "VOLUME");
}

/* What is run lies there: then it is not there to be written. */
static gboolean
holds_code(const NzStageState *state, const char *path)
{
  g_autoptr(GPtrArray) facts = nz_paths_below(state->paths, path);
  for (guint i = 0; i < facts->len; i++)
    if (((const NzPathFact *)facts->pdata[i])->code)
      return TRUE;
  return FALSE;
}

static void
judge_state(NzStageState *state, const NzUser *user, const char *const *volumes,
            const NzPlace *workdir_place)
{
  for (guint i = 0; volumes && volumes[i]; i++)
    judge_volume(state, user, volumes[i]);
  if (workdir_place && strcmp(state->workdir, "/") != 0 && !holds_code(state, state->workdir))
    say_unwritable(state, user, nz_paths_owner_of(state->paths, state->workdir), state->workdir,
                   workdir_place, "WORKDIR");
  g_autoptr(GPtrArray) facts = nz_paths_below(state->paths, "/");
  for (guint i = 0; i < facts->len; i++) {
    const NzPathFact *fact = facts->pdata[i];
    if (fact->directory && fact->made_as_data &&
        (is_below_data(fact->path) || is_named_data(fact->path)))
      say_unwritable(state, user, fact, fact->path, fact->place, "mkdir");
  }
}

/* --- what should not be --- */

/* Does FACT hold what the image starts? */
static gboolean
holds_program(const NzStageState *state, const char *path)
{
  for (guint i = 0; i < state->programs->len; i++) {
    const char *program = state->programs->pdata[i];
    if (is_below(program, path) || strcmp(path, "/") == 0)
      return TRUE;
  }
  return FALSE;
}

static gboolean
is_code(const NzStageState *state, const NzPathFact *fact, const char *path)
{
  g_autofree char *directory = g_path_get_dirname(path);
  if (nz_is_program_directory(path) || nz_is_program_directory(directory))
    return TRUE;
  return holds_program(state, path) && (fact->tree || fact->code || !fact->directory);
}

static void
judge_code(NzStageState *state, const NzUser *user)
{
  g_autoptr(GPtrArray) facts = nz_paths_below(state->paths, "/");
  const char *said = NULL;
  for (guint i = 0; i < facts->len; i++) {
    const NzPathFact *fact = facts->pdata[i];
    if (!fact->how || !fact->place || (said && is_below(fact->path, said)))
      continue;
    g_autofree char *path = g_str_has_suffix(fact->path, "/" NZ_PATHS_INSIDE)
                                ? g_path_get_dirname(fact->path)
                                : g_strdup(fact->path);
    if (!is_code(state, fact, path) || nz_user_writes(state, user, fact) != NZ_WRITES)
      continue;
    add_act(state, NZ_ACT_WRITABLE_CODE, fact->place, path, fact->how);
    said = fact->path;
  }
}

void
nz_effects_conclude(NzStageState *state, const NzUser *user, const char *const *volumes,
                    const NzPlace *workdir_place)
{
  if (user->state != NZ_USER_NON_ROOT)
    return;
  judge_state(state, user, volumes, workdir_place);
  judge_code(state, user);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "scan/launch.h"

#include <string.h>

#include "core/limits.h"
#include "core/privdrop.h"
#include "core/text.h"
#include "scan/accounts.h"

/* What runtimes set where the image has none. */
#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* OpenShift gives a project a range of uids that no image knows, and group 0. */
static const guint32 arbitrary_gids[] = {0};
static const NzCredentials arbitrary = {1000650000, arbitrary_gids, 1};

/* --- paths --- */

/* PATH as it is found from the working directory, cleaned: no leading slash. */
static char *
from_workdir(const NzLaunch *launch, const char *path)
{
  g_autoptr(GString) clean = g_string_new(NULL);
  g_autofree char *joined =
      *path == '/' ? g_strdup(path)
                   : g_strconcat(launch->workdir ? launch->workdir : "", "/", path, NULL);
  gboolean ignored;
  nz_path_clean(joined, clean, &ignored);
  return clean->len <= NZ_PATH_MAX ? g_string_free(g_steal_pointer(&clean), FALSE) : NULL;
}

static GStrv
path_directories(const NzLaunch *launch)
{
  return g_strsplit(launch->path ? launch->path : DEFAULT_PATH, ":", NZ_PATH_DIRS_MAX);
}

/* The places where NAME may be, in the order in which they are tried. */
static GStrv
candidates(const NzLaunch *launch, const char *name)
{
  g_autoptr(GStrvBuilder) out = g_strv_builder_new();
  if (strlen(name) > NZ_PATH_MAX)
    return g_strv_builder_end(out);
  if (strchr(name, '/')) {
    g_autofree char *path = from_workdir(launch, name);
    if (path)
      g_strv_builder_add(out, path);
    return g_strv_builder_end(out);
  }
  g_auto(GStrv) directories = path_directories(launch);
  for (guint i = 0; directories[i]; i++) {
    g_autofree char *joined = g_strconcat(directories[i], "/", name, NULL);
    g_autofree char *path = *joined == '/' ? from_workdir(launch, joined) : NULL;
    if (path)
      g_strv_builder_add(out, path);
  }
  return g_strv_builder_end(out);
}

typedef void (*ArgFunc)(const char *arg, gboolean program, gpointer user_data);

/* Each argument that may be a program or a script. Entrypoint scripts start what Cmd names. */
static void
foreach_arg(const NzLaunch *launch, ArgFunc func, gpointer user_data)
{
  const GStrv lists[] = {launch->entrypoint, launch->cmd};
  for (guint l = 0; l < G_N_ELEMENTS(lists); l++)
    for (guint i = 0; lists[l] && lists[l][i]; i++) {
      const char *arg = lists[l][i];
      if (*arg && *arg != '-' && (i == 0 || strchr(arg, '/') || strchr(arg, '.')))
        func(arg, i == 0, user_data);
    }
}

static void
want_arg(const char *arg, gboolean program, gpointer user_data)
{
  const gpointer *data = user_data;
  const NzLaunch *launch = data[0];
  NzWanted *wanted = data[1];
  g_auto(GStrv) paths = NULL;
  if (program) {
    paths = candidates(launch, arg);
  } else {
    g_autofree char *path = from_workdir(launch, arg);
    paths = g_strdupv((char *[]){path, NULL});
  }
  for (guint i = 0; paths[i]; i++)
    nz_wanted_add(wanted, wanted->extra, paths[i]);
}

void
nz_launch_want(const NzLaunch *launch, NzWanted *wanted)
{
  gpointer data[] = {(gpointer)launch, wanted};
  foreach_arg(launch, want_arg, data);
}

/* --- looking up --- */

typedef struct {
  const NzLaunchInput *in;
  NzImageFacts *facts;
  NzCredentials who;
  gboolean has_who;
  GHashTable *path_directories; /* canonical paths */
  GHashTable *seen;             /* canonical paths of code */
} Launch;

static NzFileFact *
file_fact(const Launch *self, const char *canonical, const NzStat *st, const char *role)
{
  NzFileFact *f = g_new0(NzFileFact, 1);
  const GPtrArray *layers = self->in->layers;
  *f = (NzFileFact){.path = g_strconcat("/", canonical, NULL),
                    .mode = st->mode,
                    .uid = st->uid,
                    .gid = st->gid,
                    .layer = st->exact && st->layer < layers->len ? layers->pdata[st->layer] : NULL,
                    .role = role,
                    .bare = !st->exact};
  return f;
}

/* The owner may give himself what the mode does not. */
static gboolean
may_change(const NzCredentials *who, const NzStat *st)
{
  if (!st->exact || who->uid == 0)
    return FALSE;
  return st->uid == who->uid || nz_credentials_may(who, NZ_MAY_WRITE, st->mode, st->uid, st->gid,
                                                   st->kind == NZ_STAT_DIRECTORY);
}

static gboolean
may_execute(const Launch *self, const NzCredentials *who, const char *canonical, const NzStat *st)
{
  return nz_credentials_may(who, NZ_MAY_EXECUTE, st->mode, st->uid, st->gid, FALSE) &&
         nz_tree_can_reach(self->in->tree, canonical, who);
}

/* --- the program --- */

/* Looks NAME up as runtimes do: the first that may be executed counts; one that may not is
 * remembered. */
static NzProgramState
find_program(const Launch *self, const char *name, const NzCredentials *who, GString *canonical,
             NzStat *found)
{
  g_auto(GStrv) paths = candidates(&self->in->image->launch, name);
  g_autoptr(GString) at = g_string_new(NULL);
  NzProgramState state = NZ_PROGRAM_ABSENT;
  g_string_truncate(canonical, 0);
  for (guint i = 0; paths[i]; i++) {
    NzStat st;
    nz_tree_stat(self->in->tree, paths[i], at, &st);
    if (st.kind == NZ_STAT_UNKNOWN)
      return NZ_PROGRAM_NONE;
    if (st.kind != NZ_STAT_FILE)
      continue;
    gboolean can = may_execute(self, who, at->str, &st);
    if (state == NZ_PROGRAM_ABSENT || can) {
      g_string_assign(canonical, at->str);
      *found = st;
    }
    state = can ? NZ_PROGRAM_FOUND : NZ_PROGRAM_DENIED;
    if (can)
      break;
  }
  return state;
}

static const char *
first_word(const NzLaunch *launch)
{
  if (launch->entrypoint && launch->entrypoint[0])
    return launch->entrypoint[0];
  return launch->cmd ? launch->cmd[0] : NULL;
}

static void
fill_program(Launch *self)
{
  const char *name = first_word(&self->in->image->launch);
  if (!name || !*name)
    return;
  g_autoptr(GString) canonical = g_string_new(NULL);
  NzStat st = {0};
  NzProgramFact *program = &self->facts->program;
  program->arbitrary = find_program(self, name, &arbitrary, canonical, &st);
  if (self->has_who)
    program->state = find_program(self, name, &self->who, canonical, &st);
  program->file =
      canonical->len > 0 ? file_fact(self, canonical->str, &st, NULL) : g_new0(NzFileFact, 1);
  if (canonical->len == 0) {
    program->file->path = g_strdup(name);
    program->file->bare = TRUE;
  }
}

/* --- what the run user can write and then run --- */

static void
add_code(Launch *self, const char *canonical, const NzStat *st, const char *role)
{
  if (!may_change(&self->who, st) || !nz_tree_can_reach(self->in->tree, canonical, &self->who) ||
      !g_hash_table_add(self->seen, g_strdup(canonical)))
    return;
  if (self->facts->code->len < NZ_FACTS_MAX)
    g_ptr_array_add(self->facts->code, file_fact(self, canonical, st, role));
}

/* A directory with the sticky bit lets its users replace only what is theirs. */
static void
add_code_directory(Launch *self, const char *canonical, const char *role)
{
  NzStat st;
  g_autoptr(GString) at = g_string_new(NULL);
  nz_tree_stat(self->in->tree, canonical, at, &st);
  if (st.kind == NZ_STAT_DIRECTORY)
    add_code(self, at->str, &st, role);
}

static void
add_path_directory(Launch *self, const char *directory)
{
  g_autoptr(GString) clean = g_string_new(NULL), canonical = g_string_new(NULL);
  gboolean ignored;
  NzStat st;
  nz_path_clean(directory, clean, &ignored);
  if (*directory != '/' || clean->len > NZ_PATH_MAX)
    return;
  nz_tree_stat(self->in->tree, clean->str, canonical, &st);
  if (st.kind != NZ_STAT_DIRECTORY)
    return;
  g_hash_table_add(self->path_directories, g_strdup(canonical->str));
  if (self->has_who)
    add_code(self, canonical->str, &st, "a directory of PATH");
}

static void
add_code_on_path(const char *path, const NzInode *inode, gpointer user_data)
{
  Launch *self = user_data;
  if (!(inode->mode & 0111))
    return;
  g_autofree char *directory = g_path_get_dirname(path);
  if (!g_hash_table_contains(self->path_directories, directory))
    return;
  NzStat st = {.kind = NZ_STAT_FILE,
               .exact = TRUE,
               .mode = inode->mode,
               .uid = inode->uid,
               .gid = inode->gid,
               .layer = inode->layer,
               .inode = inode};
  add_code(self, path, &st, "a program on PATH");
}

/* --- scripts --- */

typedef struct {
  Launch *launch;
  const char *path; /* of the script, printable; NULL: the command line itself */
} Script;

static void
add_drop(const char *tool, const char *user, guint line, gpointer user_data)
{
  const Script *script = user_data;
  const NzLaunchInput *in = script->launch->in;
  GPtrArray *drops = script->launch->facts->drops;
  if (drops->len >= NZ_DROPS_MAX)
    return;
  NzDropFact *drop = g_new0(NzDropFact, 1);
  drop->where = script->path ? g_strdup_printf("%s, line %u,", script->path, line)
                             : g_strdup("the command line");
  drop->tool = g_strdup(tool);
  drop->user = user ? nz_printable(user, -1) : NULL;
  drop->resolved = user ? nz_user_resolve(user, in->passwd, in->group) : NULL;
  g_ptr_array_add(drops, drop);
}

static void
read_script(Launch *self, const char *canonical, const NzInode *inode)
{
  gsize len;
  const char *text = inode && inode->body ? g_bytes_get_data(inode->body, &len) : NULL;
  if (!text || len < 2 || memcmp(text, "#!", 2) != 0)
    return;
  g_autofree char *full = g_strconcat("/", canonical, NULL);
  g_autofree char *shown = nz_printable(full, -1);
  Script script = {self, shown};
  nz_privdrop_foreach(text, len, add_drop, &script);
}

static void
look_at_arg(const char *arg, gboolean program, gpointer user_data)
{
  Launch *self = user_data;
  g_autoptr(GString) canonical = g_string_new(NULL);
  NzStat st = {0};
  if (program) {
    const NzCredentials root = {0};
    if (find_program(self, arg, self->has_who ? &self->who : &root, canonical, &st) ==
        NZ_PROGRAM_ABSENT)
      return;
  } else {
    g_autofree char *path = from_workdir(&self->in->image->launch, arg);
    if (!path)
      return;
    nz_tree_stat(self->in->tree, path, canonical, &st);
  }
  if (st.kind != NZ_STAT_FILE)
    return;
  read_script(self, canonical->str, st.inode);
  if (!self->has_who)
    return;
  const char *role = program ? "a program it starts" : "named on its command line";
  add_code(self, canonical->str, &st, role);
  g_autofree char *directory = g_path_get_dirname(canonical->str);
  if (program && strcmp(directory, ".") != 0)
    add_code_directory(self, directory, "the directory of a program it starts");
}

/* `sh -c TEXT` in either list. */
static void
read_command_line(Launch *self)
{
  const NzLaunch *launch = &self->in->image->launch;
  const GStrv lists[] = {launch->entrypoint, launch->cmd};
  Script script = {self, NULL};
  for (guint l = 0; l < G_N_ELEMENTS(lists); l++)
    for (guint i = 0; lists[l] && lists[l][i]; i++) {
      const char *arg = lists[l][i];
      if (i > 0 && strcmp(lists[l][i - 1], "-c") == 0)
        nz_privdrop_foreach(arg, strlen(arg), add_drop, &script);
    }
}

/* --- what must be written, and what gives root --- */

static void
add_state(Launch *self, const char *path, gboolean is_volume)
{
  const NzTree *tree = self->in->tree;
  g_autofree char *clean = from_workdir(&self->in->image->launch, path);
  g_autoptr(GString) canonical = g_string_new(NULL);
  NzStat st;
  if (!clean)
    return;
  nz_tree_stat(tree, clean, canonical, &st);
  if (st.kind == NZ_STAT_UNKNOWN)
    return;
  NzStateFact *fact = g_new0(NzStateFact, 1);
  fact->file = file_fact(self, st.kind == NZ_STAT_ABSENT ? clean : canonical->str, &st, NULL);
  fact->is_volume = is_volume;
  const NzCredentials *both[] = {&self->who, &arbitrary};
  gboolean *out[] = {&fact->writable, &fact->arbitrary_writable};
  for (guint i = 0; i < 2; i++)
    *out[i] = (both[i]->uid == 0 && i == 0) ||
              (may_change(both[i], &st) && nz_tree_can_reach(tree, canonical->str, both[i]));
  g_ptr_array_add(self->facts->state, fact);
}

static void
fill_state(Launch *self)
{
  const NzLaunch *launch = &self->in->image->launch;
  if (launch->workdir && strcmp(launch->workdir, "/") != 0 && *launch->workdir)
    add_state(self, launch->workdir, FALSE);
  for (guint i = 0; launch->volumes && launch->volumes[i]; i++)
    add_state(self, launch->volumes[i], TRUE);
}

static void
fill_tools(Launch *self)
{
  static const char *const names[] = {"sudo", "su", "doas"};
  g_autoptr(GString) canonical = g_string_new(NULL);
  for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
    NzStat st = {0};
    if (find_program(self, names[i], &self->who, canonical, &st) == NZ_PROGRAM_FOUND)
      g_ptr_array_add(self->facts->tools, file_fact(self, canonical->str, &st, names[i]));
  }
}

/* --- all of it --- */

static void
drop_free(gpointer data)
{
  NzDropFact *self = data;
  g_free(self->where);
  g_free(self->tool);
  g_free(self->user);
  nz_user_free(self->resolved);
  g_free(self);
}

static void
state_free(gpointer data)
{
  NzStateFact *self = data;
  nz_file_fact_free(self->file);
  g_free(self);
}

static void
add_notes(const NzLaunchInput *in, GPtrArray *notes)
{
  const NzLaunch *launch = &in->image->launch;
  if (launch->cut)
    g_ptr_array_add(notes, g_strdup("the configuration has more arguments, volumes or ports than "
                                    "are looked at"));
  if (nz_tree_is_notable_full(in->tree))
    g_ptr_array_add(notes,
                    g_strdup_printf("more than %u programs and directories that others than root "
                                    "may change: past these, they were not looked at",
                                    NZ_NOTABLE_MAX));
  if (!in->image->store->rereadable && first_word(launch))
    g_ptr_array_add(notes, g_strdup("on a pipe the configuration comes too late to keep the "
                                    "scripts it names: they were not read"));
}

void
nz_launch_facts_fill(const NzLaunchInput *in, NzImageFacts *facts, GPtrArray *notes)
{
  const NzUser *user = in->user;
  Launch self = {.in = in, .facts = facts};
  facts->code = g_ptr_array_new_with_free_func(nz_file_fact_free);
  facts->state = g_ptr_array_new_with_free_func(state_free);
  facts->tools = g_ptr_array_new_with_free_func(nz_file_fact_free);
  facts->drops = g_ptr_array_new_with_free_func(drop_free);
  facts->ports = in->image->launch.ports;
  self.has_who = user->has_uid && (user->state == NZ_USER_ROOT || user->state == NZ_USER_NON_ROOT);
  self.who = (NzCredentials){user->uid, (const guint32 *)user->gids->data, user->gids->len};
  self.path_directories = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  self.seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  if (in->image->has_config && g_strcmp0(in->image->os, "windows") != 0) {
    g_auto(GStrv) directories = path_directories(&in->image->launch);
    for (guint i = 0; directories[i]; i++)
      add_path_directory(&self, directories[i]);
    fill_program(&self);
    foreach_arg(&in->image->launch, look_at_arg, &self);
    read_command_line(&self);
    if (self.has_who && self.who.uid != 0) {
      nz_tree_foreach(in->tree, add_code_on_path, &self);
      fill_state(&self);
      fill_tools(&self);
    }
    add_notes(in, notes);
  }
  nz_accounts_fill(in, &self.who, self.has_who, facts);
  g_hash_table_unref(self.path_directories);
  g_hash_table_unref(self.seen);
}

void
nz_launch_facts_clear(NzImageFacts *facts)
{
  nz_file_fact_free(facts->program.file);
  GPtrArray **lists[] = {&facts->code,        &facts->state, &facts->tools, &facts->account_files,
                         &facts->no_password, &facts->sudo,  &facts->drops};
  for (guint i = 0; i < G_N_ELEMENTS(lists); i++)
    g_clear_pointer(lists[i], g_ptr_array_unref);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "scan/launch.h"

#include <string.h>

#include "core/limits.h"
#include "core/text.h"
#include "scan/accounts.h"
#include "scan/drops.h"

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

/* Wants PATH, and what it is where /bin and its like are links into /usr. */
static void
want_path(NzWanted *wanted, const char *path)
{
  static const char *const folders[] = {"bin/", "sbin/", "lib/", "lib64/"};
  nz_wanted_add(wanted, wanted->extra, path);
  gboolean in_usr = g_str_has_prefix(path, "usr/");
  const char *rest = in_usr ? path + strlen("usr/") : path;
  for (guint i = 0; i < G_N_ELEMENTS(folders); i++)
    if (g_str_has_prefix(rest, folders[i])) {
      g_autofree char *other = in_usr ? g_strdup(rest) : g_strconcat("usr/", rest, NULL);
      nz_wanted_add(wanted, wanted->extra, other);
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
    want_path(wanted, paths[i]);
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
  GHashTable *named;            /* of what the command line names */
  guint n_links;                /* on PATH */
  GPtrArray *unread;            /* char *: what would have been read and was not kept */
} Launch;

void
nz_unread_add(GPtrArray *unread, const char *path)
{
  if (unread->len >= NZ_FACTS_MAX)
    return;
  g_autofree char *full = g_strconcat("/", path, NULL);
  g_ptr_array_add(unread, nz_printable(full, -1));
}

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

/* TRUE when the mode lets WHO write. Names in a directory are made by who may search it too. */
static gboolean
may_write(const NzCredentials *who, const NzStat *st)
{
  gboolean is_directory = st->kind == NZ_STAT_DIRECTORY;
  guint want = NZ_MAY_WRITE | (is_directory ? NZ_MAY_EXECUTE : 0);
  return st->exact && nz_credentials_may(who, want, st->mode, st->uid, st->gid, is_directory);
}

/* The owner may give himself what the mode does not. */
static gboolean
may_change(const NzCredentials *who, const NzStat *st)
{
  return st->exact && who->uid != 0 && (st->uid == who->uid || may_write(who, st));
}

/* A script is read by its interpreter, which runs as WHO. */
static gboolean
may_execute(const Launch *self, const NzCredentials *who, const char *canonical, const NzStat *st)
{
  guint want = NZ_MAY_EXECUTE | (nz_is_script(st->inode) ? NZ_MAY_READ : 0);
  return nz_credentials_may(who, want, st->mode, st->uid, st->gid, FALSE) &&
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
  program->is_script = nz_is_script(st.inode);
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
  if (g_hash_table_add(self->path_directories, g_strdup(canonical->str)) && self->has_who)
    add_code(self, canonical->str, &st, "a directory of PATH");
}

static void
add_program_on_path(const char *path, const NzInode *inode, gpointer user_data)
{
  Launch *self = user_data;
  gboolean is_link = inode->kind == NZ_ENTRY_SYMLINK;
  g_autoptr(GString) canonical = g_string_new(NULL);
  NzStat st;
  if ((!is_link && !(inode->mode & 0111)) || (is_link && ++self->n_links > NZ_PATH_LINKS_MAX))
    return;
  nz_tree_stat(self->in->tree, path, canonical, &st);
  if (st.kind == NZ_STAT_FILE && st.exact && (st.mode & 0111))
    add_code(self, canonical->str, &st, "a program on PATH");
}

static void
add_programs_of_path(Launch *self)
{
  GHashTableIter iter;
  gpointer directory;
  g_hash_table_iter_init(&iter, self->path_directories);
  while (g_hash_table_iter_next(&iter, &directory, NULL))
    nz_tree_list(self->in->tree, directory, add_program_on_path, self);
}

/* --- what the command line names --- */

/* Reads what was kept. What was not may be a program, so it is told only where a name says that it
 * is none. */
static void
read_script(Launch *self, const char *arg, const char *canonical, const NzStat *st)
{
  if (st->inode && st->inode->body) {
    nz_drops_read_script(self->in, canonical, st->inode, self->facts->drops);
    return;
  }
  const char *slash = strrchr(canonical, '/'), *arg_slash = strrchr(arg, '/');
  if (nz_is_script_name(slash ? slash + 1 : canonical) ||
      nz_is_script_name(arg_slash ? arg_slash + 1 : arg))
    nz_unread_add(self->unread, canonical);
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
  if (st.kind != NZ_STAT_FILE || !g_hash_table_add(self->named, g_strdup(canonical->str)))
    return;
  read_script(self, arg, canonical->str, &st);
  if (!self->has_who)
    return;
  const char *role = program ? "a program it starts" : "named on its command line";
  add_code(self, canonical->str, &st, role);
  g_autofree char *directory = g_path_get_dirname(canonical->str);
  if (program && strcmp(directory, ".") != 0)
    add_code_directory(self, directory, "the directory of a program it starts");
}

/* --- what must be written, and what gives root --- */

static void
add_state(Launch *self, const char *path, gboolean is_volume, GHashTable *seen)
{
  const NzTree *tree = self->in->tree;
  g_autoptr(GString) clean = g_string_new(NULL), canonical = g_string_new(NULL);
  gboolean ignored;
  NzStat st;
  nz_path_clean(path, clean, &ignored);
  if (clean->len == 0) /* "/" is where one is that has no WORKDIR */
    return;
  nz_tree_stat(tree, clean->str, canonical, &st);
  const char *shown = st.kind == NZ_STAT_ABSENT ? clean->str : canonical->str;
  if (st.kind == NZ_STAT_UNKNOWN || !g_hash_table_add(seen, g_strdup(shown)))
    return;
  NzStateFact *fact = g_new0(NzStateFact, 1);
  fact->file = file_fact(self, shown, &st, NULL);
  fact->is_volume = is_volume;
  const NzCredentials *both[] = {&self->who, &arbitrary};
  gboolean *out[] = {&fact->writable, &fact->arbitrary_writable};
  for (guint i = 0; i < 2; i++)
    *out[i] = (both[i]->uid == 0 && i == 0) ||
              (may_write(both[i], &st) && nz_tree_can_reach(tree, canonical->str, both[i]));
  g_ptr_array_add(self->facts->state, fact);
}

static void
fill_state(Launch *self)
{
  const NzLaunch *launch = &self->in->image->launch;
  g_autoptr(GHashTable) seen = g_hash_table_new_full(nz_str_hash, g_str_equal, g_free, NULL);
  for (guint i = 0; launch->volumes && launch->volumes[i]; i++)
    add_state(self, launch->volumes[i], TRUE, seen);
  if (launch->workdir)
    add_state(self, launch->workdir, FALSE, seen);
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
state_free(gpointer data)
{
  NzStateFact *self = data;
  nz_file_fact_free(self->file);
  g_free(self);
}

static void
note_unread(const GPtrArray *unread, GPtrArray *notes)
{
  if (unread->len == 0)
    return;
  g_autofree char *more =
      unread->len > 1 ? g_strdup_printf(" and %u more", unread->len - 1) : g_strdup("");
  g_ptr_array_add(
      notes, g_strdup_printf("not read, being too large, too many or known by a link alone: %s%s",
                             (const char *)unread->pdata[0], more));
}

static void
note_limits(const Launch *self, GPtrArray *notes)
{
  const NzImageFacts *facts = self->facts;
  const GPtrArray *lists[] = {facts->code, facts->no_password, facts->sudo};
  gboolean full = facts->drops->len >= NZ_DROPS_MAX || self->n_links > NZ_PATH_LINKS_MAX;
  for (guint i = 0; i < G_N_ELEMENTS(lists); i++)
    full |= lists[i]->len >= NZ_FACTS_MAX;
  if (full)
    g_ptr_array_add(notes, g_strdup("there may be more of how it starts than is told one by one"));
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
  facts->drops = g_ptr_array_new_with_free_func(nz_drop_free);
  facts->ports = in->image->launch.ports;
  self.has_who = user->has_uid && (user->state == NZ_USER_ROOT || user->state == NZ_USER_NON_ROOT);
  self.who = (NzCredentials){user->uid, (const guint32 *)user->gids->data, user->gids->len};
  GHashTable **sets[] = {&self.path_directories, &self.seen, &self.named};
  for (guint i = 0; i < G_N_ELEMENTS(sets); i++)
    *sets[i] = g_hash_table_new_full(nz_str_hash, g_str_equal, g_free, NULL);
  self.unread = g_ptr_array_new_with_free_func(g_free);
  if (in->image->has_config && g_strcmp0(in->image->os, "windows") != 0) {
    g_auto(GStrv) directories = path_directories(&in->image->launch);
    for (guint i = 0; directories[i]; i++)
      add_path_directory(&self, directories[i]);
    fill_program(&self);
    foreach_arg(&in->image->launch, look_at_arg, &self);
    nz_drops_read_command_line(in, facts->drops);
    if (self.has_who && self.who.uid != 0) {
      add_programs_of_path(&self);
      fill_state(&self);
      fill_tools(&self);
    }
    add_notes(in, notes);
  }
  nz_accounts_fill(in, &self.who, self.has_who, facts, self.unread);
  note_unread(self.unread, notes);
  note_limits(&self, notes);
  g_ptr_array_unref(self.unread);
  for (guint i = 0; i < G_N_ELEMENTS(sets); i++)
    g_hash_table_unref(*sets[i]);
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

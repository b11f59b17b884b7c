/* SPDX-License-Identifier: Apache-2.0 */
/* What makes, moves and removes files: mkdir, install, cp, mv, ln, rm, touch. */
#include <string.h>

#include "build/effects_private.h"

/* --- shared --- */

/* Only root writes these, in every image: what says who is who, and what programs are. */
static const char *const root_directories[] = {
    "/bin",           "/boot", "/etc/apk", "/etc/apt", "/etc/cron.d", "/etc/pam.d", "/etc/ssh",
    "/etc/sudoers.d", "/root", "/sbin",    "/usr/bin", "/usr/sbin",   NULL};

/* Making PATH: does that need root? */
static void
needs_root_for(NzCall *call, const char *path)
{
  NzStageState *state = call->run->state;
  if (call->root || call->run->said_root)
    return;
  g_autofree char *directory = g_path_get_dirname(path);
  const NzPathFact *fact = nz_paths_find(state->paths, path);
  const NzPathFact *above = fact ? fact : nz_paths_owner_of(state->paths, directory);
  gboolean refused = FALSE;
  if (above) {
    g_autoptr(NzUser) user = nz_accounts_resolve(state->accounts, state->user);
    refused =
        user->state == NZ_USER_NON_ROOT && nz_user_writes(state, user, above) == NZ_WRITES_NOT;
  } else {
    refused = g_strv_contains(root_directories, directory) || nz_file_kind(path) != NZ_FILE_OTHER;
  }
  g_autofree char *how = g_strdup_printf("%s %s", call->name, path);
  if (refused)
    nz_call_needs_root(call, NULL, how);
}

/* A file or directory that the command makes as whoever runs it. */
static NzPathFact *
make(NzCall *call, const char *path, gboolean directory)
{
  NzStageState *state = call->run->state;
  g_autofree char *owner = NULL, *group = NULL;
  g_autoptr(NzPlace) place = nz_call_place(call, NULL);
  nz_call_owner(call, &owner, &group);
  gboolean there = nz_paths_find(state->paths, path) != NULL;
  NzPathFact *fact = nz_paths_add(state->paths, path, directory, owner, group, place);
  if (fact && !there && state->user_unknown)
    fact->maybe = TRUE;
  return fact;
}

static NzPathFact *
copy_to(NzCall *call, const NzShellWord *word, const char *path)
{
  needs_root_for(call, path);
  nz_file_replaced(call, word, path);
  return make(call, path, FALSE);
}

/* Where SOURCE lands when it is put at DEST. */
static char *
landing(const NzCall *call, const NzShellWord *source, const NzShellWord *dest, gboolean into)
{
  g_autofree char *to = nz_call_path(call, dest);
  if (!to)
    return NULL;
  if (!into && !g_str_has_suffix(dest->text, "/") && !nz_is_directory(call->run->state, to))
    return g_steal_pointer(&to);
  const char *slash = strrchr(source->text, '/');
  const char *name = slash ? slash + 1 : source->text;
  return source->known && *name ? nz_build_path(to, name) : NULL;
}

typedef void (*LandFunc)(NzCall *call, const NzShellWord *source, const NzShellWord *dest,
                         const char *path, const NzArguments *args);

static const NzShellWord *
given_word(const NzArguments *args, const char *name, NzShellWord *storage)
{
  const NzGiven *given = nz_given(args, name);
  if (!given || !given->value)
    return NULL;
  *storage = *given->word;
  storage->text = (char *)given->value;
  return storage;
}

/* SOURCE... DEST, or -t DEST SOURCE... */
static void
foreach_landing(NzCall *call, const NzArguments *args, LandFunc func)
{
  NzShellWord storage;
  const NzShellWord *dest = given_word(args, "target-directory", &storage);
  guint n = args->operands->len;
  gboolean into = dest || n > 2;
  if (!dest && n >= 2)
    dest = args->operands->pdata[--n];
  for (guint i = 0; dest && i < n; i++) {
    const NzShellWord *source = args->operands->pdata[i];
    gboolean over = nz_given(args, "no-target-directory") != NULL;
    nz_doubt_landed(call, source, dest, over);
    g_autofree char *path = landing(call, source, dest, into && !over);
    if (path)
      func(call, source, dest, path, args);
  }
}

/* --- mkdir, install --- */

static const NzOption mkdir_options[] = {{'m', "mode", NZ_VALUE},
                                         {'p', "parents", NZ_NO_VALUE},
                                         {'v', "verbose", NZ_NO_VALUE},
                                         {'Z', "context", NZ_VALUE_OPTIONAL},
                                         {0}};

static const NzOption install_options[] = {
    {'d', "directory", NZ_NO_VALUE},
    {'D', "D", NZ_NO_VALUE},
    {'m', "mode", NZ_VALUE},
    {'o', "owner", NZ_VALUE},
    {'g', "group", NZ_VALUE},
    {'t', "target-directory", NZ_VALUE},
    {'T', "no-target-directory", NZ_NO_VALUE},
    {'S', "suffix", NZ_VALUE},
    {'Z', "context", NZ_VALUE_OPTIONAL},
    {0},
};

/* The mode and owners that options give what was made. */
static void
set_by_options(NzCall *call, NzPathFact *fact, const NzShellWord *word, const NzArguments *args)
{
  const NzGiven *mode = nz_given(args, "mode");
  const char *owner = nz_given_value(args, "owner"), *group = nz_given_value(args, "group");
  guint16 bits = mode && mode->value && mode->word->known ? nz_mode_apply(mode->value, 0) : 0;
  g_autofree char *how = mode    ? g_strdup_printf("%s -m %s", call->name, mode->value)
                         : owner ? g_strdup_printf("%s -o %s", call->name, owner)
                                 : NULL;
  g_autoptr(NzPlace) place = nz_call_place(call, NULL);
  if (owner || group || bits)
    nz_path_fact_set(fact, owner, group, bits, how, place);
  if (bits) {
    NzTarget target = {.path = fact->path, .shown = fact->path};
    nz_mode_acts(call, word, &target, bits, bits, TRUE, how);
  }
}

static void
make_directory(NzCall *call, const NzShellWord *word, const NzArguments *args)
{
  g_autofree char *path = nz_call_path(call, word);
  if (!path)
    return;
  gboolean there = nz_is_directory(call->run->state, path);
  if (!there)
    needs_root_for(call, path);
  NzPathFact *fact = make(call, path, TRUE);
  if (!fact)
    return;
  if (!there)
    fact->made_as_data = TRUE;
  set_by_options(call, fact, word, args);
}

void
nz_effect_mkdir(NzCall *call)
{
  g_auto(NzArguments) args =
      nz_arguments_read(call->words, call->n, mkdir_options, NZ_ARGS_ANYWHERE);
  for (guint i = 0; i < args.operands->len; i++)
    make_directory(call, args.operands->pdata[i], &args);
}

static void
install_file(NzCall *call, const NzShellWord *source G_GNUC_UNUSED, const NzShellWord *dest,
             const char *path, const NzArguments *args)
{
  NzPathFact *fact = copy_to(call, dest, path);
  if (!fact)
    return;
  fact->mode = 0755;
  fact->code = TRUE;
  set_by_options(call, fact, dest, args);
}

void
nz_effect_install(NzCall *call)
{
  g_auto(NzArguments) args =
      nz_arguments_read(call->words, call->n, install_options, NZ_ARGS_ANYWHERE);
  if (!nz_given(&args, "directory")) {
    foreach_landing(call, &args, install_file);
    return;
  }
  for (guint i = 0; i < args.operands->len; i++)
    make_directory(call, args.operands->pdata[i], &args);
}

/* --- cp, mv, ln --- */

static const NzOption copy_options[] = {
    {'t', "target-directory", NZ_VALUE},
    {'T', "no-target-directory", NZ_NO_VALUE},
    {'S', "suffix", NZ_VALUE},
    {'a', "archive", NZ_NO_VALUE},
    {'p', "preserve", NZ_VALUE_OPTIONAL},
    {'r', "recursive", NZ_NO_VALUE},
    {'R', "recursive", NZ_NO_VALUE},
    {0},
};

static void
copy_file(NzCall *call, const NzShellWord *source, const NzShellWord *dest, const char *path,
          const NzArguments *args)
{
  g_autofree char *from = nz_call_path(call, source);
  const NzPathFact *old = from ? nz_paths_owner_of(call->run->state->paths, from) : NULL;
  gboolean keeps = nz_given(args, "archive") || nz_given(args, "preserve");
  NzPathFact copy = old ? *old : (NzPathFact){0};
  g_autofree char *owner = g_strdup(copy.owner), *group = g_strdup(copy.group);
  NzPathFact *fact = copy_to(call, dest, path);
  if (!fact)
    return;
  fact->directory = fact->directory || (old && copy.directory && nz_given(args, "recursive"));
  fact->tree = fact->directory;
  /* BusyBox keeps the mode of what it copies. */
  gboolean busybox = nz_accounts_family(call->run->state->accounts) == NZ_FAMILY_ALPINE;
  if (from && call->root && (keeps || busybox))
    nz_call_carry(call, from, path, FALSE);
  if (keeps && old)
    nz_path_fact_set(fact, owner, group, copy.mode, NULL, NULL);
  else if (keeps)
    fact->maybe = TRUE;
}

void
nz_effect_cp(NzCall *call)
{
  g_auto(NzArguments) args =
      nz_arguments_read(call->words, call->n, copy_options, NZ_ARGS_ANYWHERE);
  foreach_landing(call, &args, copy_file);
}

static void
move_file(NzCall *call, const NzShellWord *source, const NzShellWord *dest, const char *path,
          const NzArguments *args G_GNUC_UNUSED)
{
  g_autofree char *from = nz_call_path(call, source);
  if (!from)
    return;
  needs_root_for(call, path);
  nz_file_replaced(call, source, from);
  nz_file_replaced(call, dest, path);
  nz_paths_rename(call->run->state->paths, from, path);
  nz_call_carry(call, from, path, TRUE);
}

void
nz_effect_mv(NzCall *call)
{
  g_auto(NzArguments) args =
      nz_arguments_read(call->words, call->n, copy_options, NZ_ARGS_ANYWHERE);
  foreach_landing(call, &args, move_file);
}

static const NzOption link_options[] = {
    {'t', "target-directory", NZ_VALUE},
    {'T', "no-target-directory", NZ_NO_VALUE},
    {'n', "no-dereference", NZ_NO_VALUE},
    {'s', "symbolic", NZ_NO_VALUE},
    {'S', "suffix", NZ_VALUE},
    {0},
};

static void
link_file(NzCall *call, const NzShellWord *source, const NzShellWord *dest, const char *path,
          const NzArguments *args)
{
  g_autofree char *from = nz_call_path(call, source);
  needs_root_for(call, path);
  nz_file_replaced(call, dest, path);
  if (from && !nz_given(args, "symbolic"))
    nz_call_carry(call, from, path, FALSE);
}

void
nz_effect_ln(NzCall *call)
{
  g_auto(NzArguments) args =
      nz_arguments_read(call->words, call->n, link_options, NZ_ARGS_ANYWHERE);
  foreach_landing(call, &args, link_file);
}

/* --- touch, rm --- */

static const NzOption touch_options[] = {
    {'d', "date", NZ_VALUE}, {'r', "reference", NZ_VALUE}, {'t', "t", NZ_VALUE}, {0}};

void
nz_effect_touch(NzCall *call)
{
  g_auto(NzArguments) args =
      nz_arguments_read(call->words, call->n, touch_options, NZ_ARGS_ANYWHERE);
  for (guint i = 0; i < args.operands->len; i++) {
    g_autofree char *path = nz_call_path(call, args.operands->pdata[i]);
    if (!path || nz_paths_find(call->run->state->paths, path))
      continue;
    needs_root_for(call, path);
    if (!nz_paths_owner_of(call->run->state->paths, path) || nz_file_kind(path) == NZ_FILE_OTHER)
      make(call, path, FALSE);
  }
}

static const NzOption rm_options[] = {
    {'r', "recursive", NZ_NO_VALUE}, {'R', "recursive", NZ_NO_VALUE}, {0}};

void
nz_effect_rm(NzCall *call)
{
  static const NzActKind gone[] = {NZ_ACT_SETUID, NZ_ACT_SETGID, NZ_ACT_CAPABILITY,
                                   NZ_ACT_WORLD_WRITABLE};
  NzStageState *state = call->run->state;
  g_auto(NzArguments) args = nz_arguments_read(call->words, call->n, rm_options, NZ_ARGS_ANYWHERE);
  gboolean recursive = nz_given(&args, "recursive") != NULL;
  for (guint i = 0; i < args.operands->len && !call->maybe; i++) {
    const NzShellWord *word = args.operands->pdata[i];
    g_auto(NzTarget) target = nz_target_of(call, word, recursive);
    nz_doubt_removed(call, word, recursive);
    for (guint k = 0; k < G_N_ELEMENTS(gone); k++)
      nz_disarm(state, gone[k], &target);
    nz_packages_disarm(state, &target, NZ_BIT_SETID);
    if (!target.path)
      continue;
    if (target.glob) {
      g_autoptr(GPtrArray) facts = nz_target_facts(state, &target);
      g_autoptr(GPtrArray) paths = g_ptr_array_new_with_free_func(g_free);
      for (guint f = 0; f < facts->len; f++)
        g_ptr_array_add(paths, g_strdup(((NzPathFact *)facts->pdata[f])->path));
      for (guint p = 0; p < paths->len; p++)
        nz_paths_remove(state->paths, paths->pdata[p]);
    } else {
      nz_file_replaced(call, word, target.path);
      nz_paths_remove(state->paths, target.path);
    }
  }
}

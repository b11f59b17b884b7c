/* SPDX-License-Identifier: Apache-2.0 */
/* Which container a control group is of. The kernel's half has kept the names on the way from the
 * group to the root of its hierarchy, so that a container which is gone by now is known all the
 * same. Where it could not, a process in the group is asked. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "core/limits.h"
#include "core/text.h"
#include "runtime/identify.h"
#include "watch/enforce.h"

/* "/docker/0123..."; NULL: the kernel's half could not keep it. */
static char *
path_of_place(const struct nz_place *place)
{
  if (!place->known || place->cut || place->depth > NZ_GROUP_DEPTH)
    return NULL;
  g_autoptr(GString) path = g_string_new(NULL);
  for (guint i = place->depth; i-- > 0;) {
    gsize len = strnlen(place->names[i], NZ_GROUP_NAME_LEN);
    if (len >= NZ_GROUP_NAME_LEN - 1) /* it may be cut */
      return NULL;
    g_string_append_c(path, '/');
    g_string_append_len(path, place->names[i], (gssize)len);
  }
  return g_strdup(path->len ? path->str : "/");
}

/* --- containers --- */

NzRunning *
nz_watch_running(NzWatch *self, guint64 key)
{
  return key ? nz_ledger_find(self->ledger, key) : NULL;
}

static NzKnown *
known_new(NzWatch *self, const char *name)
{
  NzKnown *known = g_new0(NzKnown, 1);
  known->name = g_strdup(name);
  known->key = ++self->next_key;
  g_hash_table_insert(self->names, known->name, known);
  g_hash_table_insert(self->known, &known->key, known);
  return known;
}

NzRunning *
nz_watch_container(NzWatch *self, const NzContainerRef *ref, gint pid)
{
  char name[3 * (NZ_CONTAINER_ID_MAX + 4)];
  g_snprintf(name, sizeof name, "%s/%s/%s", nz_container_engine_name(ref->engine), ref->space,
             ref->id);
  NzKnown *known = g_hash_table_lookup(self->names, name);
  if (!known)
    known = known_new(self, name);
  NzRunning *running = nz_ledger_container(self->ledger, known->key, ref);
  if (!known->asked && !running->facts)
    known->asked = nz_describer_ask(self->describer, ref, pid, known->key);
  return running;
}

/* --- groups --- */

void
nz_group_state_free(NzGroupState *self)
{
  if (self)
    g_free(self->path);
  g_free(self);
}

/* *SURE: it is none, and need not be asked for again. */
static gboolean
find_container(NzGroupState *state, gint pid, NzContainerRef *ref, gboolean *sure)
{
  if (state->path)
    return nz_identify_path(state->path, pid, ref, sure);
  *sure = FALSE;
  return pid > 0 && nz_proc_container(pid, ref, NULL);
}

NzGroupState *
nz_watch_group(NzWatch *self, const struct nz_group *group, gint pid)
{
  struct nz_place place;
  NzGroupState *state = g_hash_table_lookup(self->groups, group);
  NzContainerRef ref;
  gboolean sure;
  if (state)
    return state;
  g_autoptr(NzGroupState) made = g_new0(NzGroupState, 1);
  made->id = *group;
  if (nz_probe_place(self->probe, group, &place)) {
    made->path = path_of_place(&place);
    made->legacy = place.legacy;
  }
  if (!find_container(made, pid, &ref, &sure)) {
    if (sure)
      nz_probe_ignore(self->probe, group);
    return NULL;
  }
  const NzRunning *running = nz_watch_container(self, &ref, pid);
  made->key = running->key;
  ((NzKnown *)g_hash_table_lookup(self->known, &made->key))->groups++;
  state = g_steal_pointer(&made);
  g_hash_table_insert(self->groups, &state->id, state);
  nz_enforce_described(self, running);
  return state;
}

/* --- accounts --- */

static gboolean
is_mount_of(char **fields, gboolean legacy)
{
  guint i = 6; /* behind the optional fields, ended by "-", stand type, source and options */
  while (fields[i] && strcmp(fields[i], "-") != 0)
    i++;
  if (!fields[i] || !fields[i + 1] || !fields[i + 2] || !fields[i + 3] ||
      strcmp(fields[3], "/") != 0)
    return FALSE;
  if (!legacy)
    return strcmp(fields[i + 1], "cgroup2") == 0;
  const char *controller = nz_probe_legacy_controller();
  g_auto(GStrv) options = g_strsplit(fields[i + 3], ",", -1);
  return controller && strcmp(fields[i + 1], "cgroup") == 0 &&
         g_strv_contains((const char *const *)options, controller);
}

/* Where the hierarchy is mounted, with its root; NULL: nowhere that we see. */
static char *
find_mount(gboolean legacy)
{
  g_autofree char *text = NULL;
  if (!g_file_get_contents("/proc/self/mountinfo", &text, NULL, NULL))
    return NULL;
  g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
  for (guint i = 0; lines[i]; i++) {
    g_auto(GStrv) fields = g_strsplit(lines[i], " ", -1);
    if (g_strv_length(fields) > 9 && is_mount_of(fields, legacy))
      return g_strcompress(fields[4]); /* \040 for a space */
  }
  return NULL;
}

static gboolean
is_gone(const NzGroupState *state, char *const mounts[2])
{
  if (!state->path || !mounts[state->legacy])
    return FALSE;
  g_autofree char *path = g_strconcat(mounts[state->legacy], state->path, NULL);
  struct stat st;
  if (stat(path, &st) != 0)
    return errno == ENOENT || errno == ENOTDIR;
  return st.st_ino != (state->legacy ? state->id.legacy : state->id.unified); /* another by now */
}

/* A container may be looked for before its engine has written down what it is. */
static void
describe_again(NzWatch *self, const NzRunning *running)
{
  NzKnown *known = g_hash_table_lookup(self->known, &running->key);
  if (!known || known->awaited || known->looks == 0 || known->looks >= NZ_DESCRIBE_LOOKS_MAX ||
      !running->facts || nz_container_facts_known(running->facts))
    return;
  known->awaited = nz_describer_ask(self->describer, &running->ref, 0, running->key);
}

/* What the kernel kept of a group since the last time. */
static void
count(NzWatch *self, NzGroupState *state, const struct nz_place *place)
{
  NzRunning *running = nz_watch_running(self, state->key);
  guint64 lost = place->lost - state->lost;
  if (!running)
    return;
  nz_ledger_count(self->ledger, running, place->execs - state->seen, lost);
  nz_ledger_killed(self->ledger, place->killed - state->killed);
  state->killed = place->killed;
  state->seen = place->execs;
  state->lost = place->lost;
  state->kept = place->roots + place->undecided;
  if (lost > 0)
    nz_tell_lost(self, running, lost, "the buffer was full");
}

/* Root processes of which the kernel kept that there were some, and no more. */
static void
account_missing(NzWatch *self, NzGroupState *state)
{
  struct nz_place place;
  NzRunning *running = nz_watch_running(self, state->key);
  if (!running || state->kept <= state->told + state->missing ||
      !nz_probe_place(self->probe, &state->id, &place))
    return;
  guint64 missing = state->kept - state->told - state->missing;
  g_autofree char *name = nz_printable(place.last_comm, (gssize)strnlen(place.last_comm, 16));
  NzRootFact fact = {.executable = name,
                     .cause = NZ_ROOT_UNKNOWN,
                     .pid = place.last_pid,
                     .host_uid = place.last_root_uid,
                     .on_host = place.last_root_uid == 0,
                     .first = nz_watch_time(self, place.first_root),
                     .last = nz_watch_time(self, place.last_root),
                     .count = missing};
  state->missing += missing;
  nz_ledger_root(self->ledger, running, &fact);
}

static void
finish(NzWatch *self, NzGroupState *state)
{
  NzKnown *known = g_hash_table_lookup(self->known, &state->key);
  NzRunning *running = nz_watch_running(self, state->key);
  nz_probe_forget(self->probe, &state->id);
  if (known && --known->groups == 0 && running)
    nz_ledger_ended(self->ledger, running, g_get_real_time());
  g_hash_table_remove(self->groups, &state->id);
}

/* Names of containers that the ledger has dropped. One that it keeps may begin again. */
void
nz_watch_forget_names(NzWatch *self)
{
  GHashTableIter iter;
  gpointer value;
  g_hash_table_iter_init(&iter, self->known);
  while (g_hash_table_iter_next(&iter, NULL, &value)) {
    NzKnown *known = value;
    if (known->groups > 0 || nz_watch_running(self, known->key))
      continue;
    g_hash_table_remove(self->names, known->name);
    g_hash_table_iter_remove(&iter);
  }
}

void
nz_known_free(NzKnown *self)
{
  g_free(self->name);
  g_free(self);
}

static void
account_for_losses(NzWatch *self)
{
  guint64 losses[NZ_LOSSES], missed = nz_probe_missed(self->probe);
  nz_probe_losses(self->probe, losses);
  guint64 anywhere = losses[NZ_LOSS_PLACES] + losses[NZ_LOSS_TASKS] + missed;
  if (anywhere <= self->lost_anywhere)
    return;
  const char *why = losses[NZ_LOSS_PLACES] > 0  ? "too many control groups at once"
                    : losses[NZ_LOSS_TASKS] > 0 ? "the kernel had no memory"
                                                : "the kernel's programs were interrupted";
  nz_ledger_lost_anywhere(self->ledger, anywhere - self->lost_anywhere, why);
  nz_tell_lost(self, NULL, anywhere - self->lost_anywhere, why);
  self->lost_anywhere = anywhere;
}

void
nz_watch_account(NzWatch *self)
{
  char *mounts[2] = {find_mount(FALSE), find_mount(TRUE)};
  g_autoptr(GArray) groups = nz_probe_groups(self->probe);
  g_autoptr(GPtrArray) gone = g_ptr_array_new();
  for (guint i = 0; i < groups->len; i++) {
    const struct nz_group *group = &g_array_index(groups, struct nz_group, i);
    struct nz_place place;
    NzGroupState *state = nz_watch_group(self, group, 0);
    const NzRunning *running = state ? nz_watch_running(self, state->key) : NULL;
    gboolean ended = state && is_gone(state, mounts);
    if (ended && !g_ptr_array_find(gone, state, NULL))
      g_ptr_array_add(gone, state);
    if (running && !ended)
      describe_again(self, running);
    if (state && nz_probe_place(self->probe, group, &place))
      count(self, state, &place);
  }
  /* What was kept by now was also sent by now. */
  for (guint i = 0; i < NZ_WATCH_GROUPS_MAX / 64; i++)
    if (!nz_probe_consume(self->probe, 256, nz_watch_record, self))
      break;
  GHashTableIter iter;
  gpointer state;
  g_hash_table_iter_init(&iter, self->groups);
  while (g_hash_table_iter_next(&iter, NULL, &state))
    account_missing(self, state);
  for (guint i = 0; i < gone->len; i++)
    finish(self, gone->pdata[i]);
  account_for_losses(self);
  nz_watch_forget_names(self);
  g_free(mounts[0]);
  g_free(mounts[1]);
}

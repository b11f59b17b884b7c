/* SPDX-License-Identifier: Apache-2.0 */
/* Which container a control group is of. The kernel's half has kept the names on the way from the
 * group to the root of its hierarchy, so that a container which is gone by now is known all the
 * same. Where it could not, a process in the group is asked. */
#include <string.h>
#include <sys/stat.h>

#include "core/limits.h"
#include "watch/watch_private.h"

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

static gboolean
find_container(NzGroupState *state, gint pid, NzContainerRef *ref)
{
  if (state->path)
    return nz_cgroup_container(state->path, ref);
  return pid > 0 && nz_proc_container(pid, ref, NULL);
}

NzGroupState *
nz_watch_group(NzWatch *self, const struct nz_group *group, gint pid)
{
  struct nz_place place;
  NzGroupState *state = g_hash_table_lookup(self->groups, group);
  NzContainerRef ref;
  if (state)
    return state;
  g_autoptr(NzGroupState) made = g_new0(NzGroupState, 1);
  made->id = *group;
  if (nz_probe_place(self->probe, group, &place))
    made->path = path_of_place(&place);
  if (!find_container(made, pid, &ref)) {
    if (made->path) /* else it is not known to be none */
      nz_probe_ignore(self->probe, group);
    return NULL;
  }
  const NzRunning *running = nz_watch_container(self, &ref, pid);
  made->key = running->key;
  ((NzKnown *)g_hash_table_lookup(self->known, &made->key))->groups++;
  state = g_steal_pointer(&made);
  g_hash_table_insert(self->groups, &state->id, state);
  return state;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* One container described: its monitor, its bundle, then what its engine keeps. */
#include "runtime/describe.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "core/limits.h"
#include "core/openat2.h"
#include "runtime/describe_private.h"

/* Engines whose paths are alike are tried in turn, until one has the container. */
typedef struct {
  NzContainerEngine engine;
  void (*describe)(NzDescription *self);
} Reader;

static const Reader readers[] = {
    {NZ_CONTAINER_DOCKER, nz_describe_docker},
    {NZ_CONTAINER_CONTAINERD, nz_describe_containerd},
    {NZ_CONTAINER_NERDCTL, nz_describe_containerd},
    {NZ_CONTAINER_PODMAN, nz_describe_podman},
    {NZ_CONTAINER_CRIO, nz_describe_podman},
};

void
nz_container_facts_free(NzContainerFacts *self)
{
  if (!self)
    return;
  g_free(self->name);
  g_free(self->image);
  g_free(self->image_id);
  g_free(self->pod);
  g_free(self->space);
  g_free(self->declared);
  g_free(self->image_user);
  g_free(self->bundle);
  g_free(self->why);
  g_free(self);
}

gboolean
nz_container_facts_known(const NzContainerFacts *self)
{
  return self->bundle || self->name;
}

static gboolean
is_known(const NzDescription *self)
{
  return self->config || self->facts->name;
}

static void
describe_by(NzDescription *self, const Reader *reader)
{
  self->facts->ref.engine = reader->engine;
  /* Now that the engine is known, its annotations are believed. */
  if (self->monitor.bundle && !self->config)
    nz_bundle_read(self, self->monitor.bundle);
  reader->describe(self);
}

static void
describe(NzDescription *self)
{
  NzContainerFacts *facts = self->facts;
  NzContainerEngine engine = facts->ref.engine;
  if (self->monitor.engine != NZ_CONTAINER_ANY && engine == NZ_CONTAINER_ANY)
    engine = self->monitor.engine;
  for (guint i = 0; i < G_N_ELEMENTS(readers) && !is_known(self); i++)
    if (engine == NZ_CONTAINER_ANY || readers[i].engine == engine)
      describe_by(self, &readers[i]);
  if (is_known(self))
    return;
  facts->ref.engine = engine;
  /* What people call these is in the path. */
  if (engine == NZ_CONTAINER_LXC || engine == NZ_CONTAINER_NSPAWN || engine == NZ_CONTAINER_RUNTIME)
    nz_facts_take(&facts->name, facts->ref.id);
}

/* --- who made it root --- */

/* The directory that the runtime makes the container's root, seen from outside of it: what the
 * container mounts over its own files is not there. */
static char *
root_directory(const NzDescription *self)
{
  json_t *root = NULL;
  const char *path = NULL;
  if (!self->config || !nz_json_get_object(self->config, "root", &root, NULL) || !root ||
      !nz_json_get_string(root, "path", &path, NULL) || !path || !*path)
    return NULL;
  return g_path_is_absolute(path) ? g_strdup(path)
                                  : g_build_filename(self->facts->bundle, path, NULL);
}

/* The passwd that an image names its user by. It is the container's own: one that can write there
 * can change by what cause it is called root, and never that it is. */
static GBytes *
read_passwd(const NzDescription *self)
{
  g_autofree char *root = root_directory(self);
  g_autofree char *path = root ? g_strconcat(self->places->root, root, NULL) : NULL;
  int dir = path ? open(path, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
  if (dir < 0)
    return NULL;
  /* No other file system: it could be one that answers when it likes. */
  int fd = nz_openat2(dir, "etc/passwd", O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
                      RESOLVE_IN_ROOT | RESOLVE_NO_XDEV | RESOLVE_NO_MAGICLINKS);
  close(dir);
  GBytes *bytes = fd < 0 ? NULL : nz_state_read_fd(fd, NZ_PASSWD_MAX, NULL);
  if (fd >= 0)
    close(fd);
  return bytes;
}

static NzStartCause
cause_of(NzUserState state)
{
  switch (state) {
  case NZ_USER_ROOT:
  case NZ_USER_ROOT_IN_USERNS:
    return NZ_START_IMAGE;
  case NZ_USER_NON_ROOT:
    return NZ_START_RUNTIME;
  case NZ_USER_UNKNOWN:
  case NZ_USER_WONT_START:
    break;
  }
  return NZ_START_UNKNOWN;
}

static NzStartCause
start_cause(const NzDescription *self)
{
  static const NzUserFile none = {0};
  const NzContainerFacts *facts = self->facts;
  if (!facts->has_uid)
    return NZ_START_UNKNOWN;
  if (facts->uid != 0)
    return NZ_START_NOT_ROOT;
  if (!facts->image_user)
    return NZ_START_UNKNOWN;
  /* What Docker was asked for is the image's unless somebody said another. */
  if (facts->declared && strcmp(facts->declared, facts->image_user) == 0)
    return NZ_START_IMAGE;
  g_autoptr(GBytes) bytes = read_passwd(self);
  NzUserFile passwd = {.unknown = "it could not be read"};
  if (bytes) {
    passwd.unknown = NULL;
    passwd.data = g_bytes_get_data(bytes, &passwd.len);
  }
  g_autoptr(NzUser) user = nz_user_resolve(facts->image_user, &passwd, &none);
  return cause_of(user->state);
}

NzContainerFacts *
nz_container_describe(const NzEnginePlaces *places, const NzContainerRef *ref, gint pid)
{
  NzDescription self = {.places = places, .facts = g_new0(NzContainerFacts, 1)};
  self.facts->ref = *ref;
  if (pid > 0)
    nz_monitor_find(pid, ref, &self.monitor);
  describe(&self);
  /* Its engine's state is in no usual place, and nobody knew a process of it that would lead to its
   * monitor. Where one was known and is gone, the container mostly is, too: to look through all of
   * /proc for each of many short ones would cost more than their names are worth. */
  if (!is_known(&self) && pid <= 0 && *places->root == '\0' &&
      nz_monitor_search(ref, &self.monitor))
    describe(&self);
  if (!is_known(&self) && !self.facts->why)
    self.facts->why = g_strdup_printf("%s keeps no state of it here, or it is gone",
                                      nz_container_engine_name(self.facts->ref.engine));
  self.facts->start = start_cause(&self);
  nz_monitor_clear(&self.monitor);
  g_clear_pointer(&self.config, json_decref);
  return self.facts;
}

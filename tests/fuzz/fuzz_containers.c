/* SPDX-License-Identifier: Apache-2.0 */
/* What tells of running containers. The first byte says what the rest is: a cgroup's path, the text
 * of /proc/PID/cgroup, a monitor's command line, or a file that an engine keeps. */
#include <string.h>
#include <sys/stat.h>

#include "core/limits.h"
#include "runtime/describe_private.h"

#define ID     "3f1b0d2c4e5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0"
#define DOCKER "/docker/" ID
#define PODMAN "/libpod_parent/libpod-" ID
#define CRIO   "/kubepods/pod2f9d6c3e-8a41-4f6b-9b7e-0c1d2e3f4a5b/crio-" ID

int LLVMFuzzerTestOneInput(const guint8 *data, size_t size);

static void
check_ref(const NzContainerRef *ref, gsize len)
{
  if (!*ref->id || ref->root_len == 0 || ref->root_len > len || ref->engine >= NZ_CONTAINER_ENGINES)
    g_error("a container without an id or a group");
  if (strchr(ref->id, '/') || strchr(ref->space, '/') || strcmp(ref->id, "..") == 0)
    g_error("an id that leads elsewhere");
}

static void
try_path(const char *text, gsize len)
{
  g_autofree char *path = g_strndup(text, len);
  NzContainerRef ref;
  if (nz_cgroup_container(path, &ref))
    check_ref(&ref, strlen(path));
}

static void
try_cgroup_file(const char *text, gsize len)
{
  NzContainerRef ref;
  if (nz_cgroup_file_container(text, len, &ref))
    check_ref(&ref, len);
}

static void
try_monitor(const char *text, gsize len)
{
  NzContainerRef ref;
  g_auto(NzMonitor) monitor = {0};
  if (nz_cgroup_container(DOCKER, &ref) && nz_monitor_parse(text, len, "/a/b", &ref, &monitor) &&
      monitor.bundle && *monitor.bundle != '/')
    g_error("a bundle that is nowhere");
}

/* --- files --- */

typedef struct {
  const char *cgroup, *path;
} Place;

static const Place places[] = {
    {DOCKER, "var/lib/docker/containers/" ID "/config.v2.json"},
    {DOCKER, "run/containerd/io.containerd.runtime.v2.task/moby/" ID "/config.json"},
    {PODMAN, "var/lib/containers/storage/overlay-containers/containers.json"},
    {CRIO, "run/containers/storage/overlay-containers/" ID "/userdata/config.json"},
    {DOCKER, "etc/docker/daemon.json"},
};

static const char *
root_of(guint place)
{
  static char *roots[G_N_ELEMENTS(places)];
  if (!roots[place])
    roots[place] = g_dir_make_tmp("nzfuzzXXXXXX", NULL);
  return roots[place];
}

static void
check_facts(const NzContainerFacts *facts)
{
  const char *const texts[] = {facts->name, facts->image, facts->pod, facts->space};
  for (guint i = 0; i < G_N_ELEMENTS(texts); i++)
    if (texts[i] && (!g_utf8_validate(texts[i], -1, NULL) || strpbrk(texts[i], "\n\033")))
      g_error("a text that cannot be printed");
  if (facts->start != NZ_START_UNKNOWN && !facts->has_uid)
    g_error("a cause without a user");
}

static void
try_file(guint i, const char *text, gsize len)
{
  g_autofree char *path = g_build_filename(root_of(i), places[i].path, NULL);
  g_autofree char *dir = g_path_get_dirname(path);
  NzContainerRef ref;
  if (g_mkdir_with_parents(dir, 0700) != 0 ||
      !g_file_set_contents_full(path, text, (gssize)len, G_FILE_SET_CONTENTS_NONE, 0600, NULL) ||
      !nz_cgroup_container(places[i].cgroup, &ref))
    return;
  g_autoptr(NzEnginePlaces) engine_places = nz_engine_places_new_below(root_of(i));
  g_autoptr(NzContainerFacts) facts = nz_container_describe(engine_places, &ref, 0);
  check_facts(facts);
}

int
LLVMFuzzerTestOneInput(const guint8 *data, size_t size)
{
  if (size == 0)
    return 0;
  const char *text = (const char *)data + 1;
  guint kind = data[0] - (guint)'0';
  if (kind == 0)
    try_path(text, size - 1);
  else if (kind == 1)
    try_cgroup_file(text, size - 1);
  else if (kind == 2)
    try_monitor(text, size - 1);
  else if (kind - 3 < G_N_ELEMENTS(places))
    try_file(kind - 3, text, size - 1);
  return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Where engines keep their state, where nothing else says so. */
#include <errno.h>
#include <pwd.h>
#include <string.h>
#include <unistd.h>

#include "core/limits.h"
#include "image/containerd.h"
#include "image/storage_conf.h"
#include "runtime/describe_private.h"

static const char *const docker_roots[] = {"/var/lib/docker",
                                           "/var/snap/docker/common/var-lib-docker"};
/* containerd's own, those that Docker starts, and of Kubernetes distributions. */
static const char *const states[] = {
    "/run/containerd",     "/run/docker/containerd/daemon", "/run/docker/containerd",
    "/run/k3s/containerd", "/run/k0s/containerd",           "/run/snap.docker/containerd/daemon"};
static const char *const containerd_roots[] = {
    "/var/lib/containerd", "/var/lib/rancher/k3s/agent/containerd",
    "/var/lib/rancher/rke2/agent/containerd", "/var/lib/k0s/containerd"};
static const char *const graph_roots[] = {"/var/lib/containers/storage"};
static const char *const run_roots[] = {"/run/containers/storage"};

const char *
nz_containerd_state(guint i)
{
  return i < G_N_ELEMENTS(states) ? states[i] : NULL;
}

static GPtrArray *
list_of(const char *const *paths, gsize n)
{
  GPtrArray *list = g_ptr_array_new_with_free_func(g_free);
  for (gsize i = 0; i < n; i++)
    g_ptr_array_add(list, g_strdup(paths[i]));
  return list;
}

static void
put_first(GPtrArray *list, const char *path)
{
  for (guint i = 0; i < list->len; i++)
    if (strcmp(list->pdata[i], path) == 0)
      return;
  g_ptr_array_insert(list, 0, g_strdup(path));
}

/* Docker with userns-remap has its root in a directory named by the numbers of root there. */
static void
add_remapped(NzEnginePlaces *self)
{
  guint n = self->docker->len;
  for (guint i = 0; i < n; i++) {
    g_autofree char *path = g_strconcat(self->root, (char *)self->docker->pdata[i], NULL);
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    const char *name;
    while (dir && (name = g_dir_read_name(dir)) && self->docker->len < NZ_PLACES_MAX) {
      gsize digits = strspn(name, "0123456789");
      if (digits > 0 && name[digits] == '.' && name[digits + 1] &&
          strspn(name + digits + 1, "0123456789") == strlen(name + digits + 1))
        g_ptr_array_add(self->docker, g_build_filename(self->docker->pdata[i], name, NULL));
    }
  }
}

static void
add_configured_docker(NzEnginePlaces *self)
{
  const char *root;
  g_autoptr(NzJson) json = nz_state_read_json(self, "/etc/docker", "daemon.json", NULL);
  if (json && nz_json_get_string(json, "data-root", &root, NULL) && root && *root == '/')
    put_first(self->docker, root);
}

NzEnginePlaces *
nz_engine_places_new_below(const char *root)
{
  NzEnginePlaces *self = g_new0(NzEnginePlaces, 1);
  self->root = g_strdup(strcmp(root, "/") == 0 ? "" : root);
  self->docker = list_of(docker_roots, G_N_ELEMENTS(docker_roots));
  self->states = list_of(states, G_N_ELEMENTS(states));
  self->containerd = list_of(containerd_roots, G_N_ELEMENTS(containerd_roots));
  self->graphs = list_of(graph_roots, G_N_ELEMENTS(graph_roots));
  self->runs = list_of(run_roots, G_N_ELEMENTS(run_roots));
  add_configured_docker(self);
  add_remapped(self);
  return self;
}

/* A configuration that cannot be read leaves the usual places: the watcher looks at what runs, and
 * mostly the monitor of a container knows better. */
NzEnginePlaces *
nz_engine_places_new(void)
{
  NzEnginePlaces *self = nz_engine_places_new_below("/");
  g_auto(NzStorageConf) conf;
  nz_storage_conf_init(&conf);
  if (nz_storage_conf_read(&conf, NULL))
    for (guint i = conf.roots->len; i > 0; i--)
      put_first(self->graphs, conf.roots->pdata[i - 1]);
  g_autofree char *containerd = nz_containerd_system_root(NULL);
  if (containerd)
    put_first(self->containerd, containerd);
  return self;
}

void
nz_engine_places_free(NzEnginePlaces *self)
{
  if (!self)
    return;
  g_free(self->root);
  g_ptr_array_unref(self->docker);
  g_ptr_array_unref(self->states);
  g_ptr_array_unref(self->containerd);
  g_ptr_array_unref(self->graphs);
  g_ptr_array_unref(self->runs);
  g_free(self);
}

void
nz_places_add_rootless(const NzEnginePlaces *self, guint32 uid, GPtrArray *roots)
{
  struct passwd entry, *found = NULL;
  char buffer[4096];
  g_ptr_array_add(roots, g_strdup_printf("/run/user/%u/containers", uid));
  /* Names below another root are not this host's. */
  if (*self->root == '\0' && getpwuid_r(uid, &entry, buffer, sizeof buffer, &found) == 0 && found)
    g_ptr_array_add(roots,
                    g_build_filename(found->pw_dir, ".local/share/containers/storage", NULL));
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Docker: where it is on this host, and which way leads to its images. A directory is read where
 * that is allowed, whether the daemon runs or not; else the daemon is asked through its socket. */
#include "image/docker_daemon.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/limits.h"
#include "core/text.h"
#include "image/containerd.h"
#include "image/json.h"

#define SYSTEM_SOCKET "/run/docker.sock"

/* A place where Docker may be. SOCKET may be NULL. */
typedef struct {
  const char *root, *socket;
  gboolean of_system; /* it may use the system's containerd, when it has none of its own */
  const char *driver; /* that the configuration names; NULL: the one that has a store */
  gboolean shifted;
} Place;

static void
docker_store_free(gpointer data)
{
  NzDockerStore *self = data;
  for (guint i = 0; self->containerd[i]; i++)
    g_free(self->containerd[i]);
  g_free(self);
}

/* --- directories --- */

/* The driver whose store can be read. *REFUSED: there is something, but not for this user. */
static const char *
readable_driver(const Place *place, gboolean *refused)
{
  for (guint i = 0; nz_docker_drivers[i]; i++) {
    const char *driver = nz_docker_drivers[i];
    if (place->driver && strcmp(place->driver, driver) != 0)
      continue;
    g_autofree char *list =
        g_build_filename(place->root, "image", driver, "repositories.json", NULL);
    if (access(list, R_OK) == 0)
      return driver;
    *refused |= errno == EACCES || errno == EPERM;
  }
  return NULL;
}

/* Docker's own containerd, and the system's: either may have what the other had once. */
static void
find_containerd(NzDockerStore *docker, const Place *place, gboolean *refused)
{
  g_autofree char *own = g_build_filename(place->root, "containerd", "daemon", NULL);
  struct stat st;
  /* Without Docker, what containerd keeps is its own. */
  gboolean is_there = place->of_system && stat(place->root, &st) == 0;
  g_autofree char *system = is_there ? nz_containerd_system_root(NULL) : NULL;
  const char *roots[] = {own, system};
  guint n = 0;
  for (guint i = 0; i < G_N_ELEMENTS(roots); i++) {
    if (roots[i] && nz_containerd_is_readable(roots[i]))
      docker->containerd[n++] = g_strdup(roots[i]);
    else if (i == 0)
      *refused |= errno == EACCES || errno == EPERM;
  }
}

static gboolean
add_directory(const Place *place, GPtrArray *stores, gboolean *refused)
{
  NzDockerStore *docker = g_new0(NzDockerStore, 1);
  docker->driver = readable_driver(place, refused);
  docker->shifted = place->shifted;
  find_containerd(docker, place, refused);
  if (!docker->driver && !docker->containerd[0]) {
    docker_store_free(docker);
    return FALSE;
  }
  NzEngineStore *store = nz_engine_store_new(&nz_engine_docker_daemon, place->root);
  store->data = docker;
  store->free_data = docker_store_free;
  for (guint i = 0; docker->containerd[i]; i++)
    g_ptr_array_add(store->paths, g_strdup(docker->containerd[i]));
  g_ptr_array_add(stores, store);
  return TRUE;
}

/* --- sockets --- */

/* Without its own connection test: a socket of systemd's would start the daemon. */
static gboolean
add_socket(const char *path, gboolean must, GPtrArray *stores)
{
  struct stat st;
  gboolean there = path && stat(path, &st) == 0 && S_ISSOCK(st.st_mode);
  gboolean hidden = path && !there && (errno == EACCES || errno == EPERM);
  if (!there && !hidden && !must)
    return FALSE;
  NzEngineStore *store = nz_engine_store_new(&nz_engine_docker_daemon, path);
  g_ptr_array_add(stores, store);
  g_autofree char *shown = nz_printable(path, -1);
  store->by_socket = TRUE;
  if (there && access(path, R_OK | W_OK) == 0)
    return TRUE;
  store->by_socket = FALSE;
  if (there || hidden)
    store->denied = g_strdup_printf(
        "%s may not be used by this user: be in the group docker (whose members are as mighty as "
        "root), or use sudo",
        shown);
  else
    store->denied = g_strdup_printf("%s is no socket: does the Docker daemon run?", shown);
  return TRUE;
}

/* The daemon of a place is asked where its directory cannot be read. */
static void
add_place(const Place *place, GPtrArray *stores)
{
  gboolean refused = FALSE;
  if (add_directory(place, stores, &refused) || add_socket(place->socket, FALSE, stores))
    return;
  g_autofree char *images = g_build_filename(place->root, "image", NULL);
  struct stat st;
  gboolean is_there = stat(images, &st) == 0;
  if (!refused && !is_there)
    return;
  NzEngineStore *store = nz_engine_store_new(&nz_engine_docker_daemon, place->root);
  g_ptr_array_add(stores, store);
  g_autofree char *shown = nz_printable(place->root, -1);
  store->denied = refused ? g_strdup_printf("%s may be read by root only: use sudo", shown)
                          : g_strdup_printf("%s is kept by a storage driver that only Docker can "
                                            "read, and there is no socket to ask it by: start it",
                                            shown);
}

/* --- configuration --- */

/* "data-root" and "storage-driver" of a daemon.json; both stay NULL when there is no such file, or
 * this user may not read it. */
static gboolean
read_daemon_json(const char *path, char **root, char **driver, GError **error)
{
  struct stat st;
  g_autofree char *text = NULL;
  gsize len;
  if (stat(path, &st) < 0 || !S_ISREG(st.st_mode) || access(path, R_OK) < 0)
    return TRUE;
  g_autofree char *shown = nz_printable(path, -1);
  if ((guint64)st.st_size > NZ_DAEMON_CONFIG_MAX || !g_file_get_contents(path, &text, &len, NULL))
    return nz_set_input(error, "cannot read %s", shown);
  g_autoptr(GBytes) bytes = g_bytes_new(text, len);
  const char *named_root, *named_driver, *graph;
  g_autoptr(NzJson) json = nz_json_parse(bytes, error);
  if (!json || !nz_json_get_string(json, "data-root", &named_root, error) ||
      !nz_json_get_string(json, "graph", &graph, error) ||
      !nz_json_get_string(json, "storage-driver", &named_driver, error)) {
    g_prefix_error(error, "%s: ", shown);
    return FALSE;
  }
  *root = g_strdup(named_root ? named_root : graph); /* "graph": before Docker 17.05 */
  *driver = g_strdup(named_driver);
  return TRUE;
}

static gboolean
add_configured(Place place, const char *config, GPtrArray *stores, GError **error)
{
  g_autofree char *root = NULL, *driver = NULL;
  if (!read_daemon_json(config, &root, &driver, error))
    return FALSE;
  if (root && *root == '/')
    place.root = root;
  place.driver = driver;
  add_place(&place, stores);
  return TRUE;
}

/* Docker with userns-remap keeps everything below a directory named by the numbers of root. */
static void
add_remapped(const char *root, GPtrArray *stores)
{
  g_autoptr(GDir) dir = g_dir_open(root, 0, NULL);
  const char *name;
  while (dir && (name = g_dir_read_name(dir))) {
    gsize n = strspn(name, "0123456789");
    gboolean named = n > 0 && name[n] == '.' && name[n + 1] &&
                     strspn(name + n + 1, "0123456789") == strlen(name + n + 1);
    g_autofree char *path = named ? g_build_filename(root, name, NULL) : NULL;
    gboolean refused = FALSE;
    if (named)
      add_directory(&(Place){.root = path, .shifted = TRUE}, stores, &refused);
  }
}

static gboolean
add_rootless(GPtrArray *stores, GError **error)
{
  if (geteuid() == 0)
    return TRUE;
  g_autofree char *root = g_build_filename(g_get_user_data_dir(), "docker", NULL);
  g_autofree char *socket = g_build_filename(g_get_user_runtime_dir(), "docker.sock", NULL);
  g_autofree char *config =
      g_build_filename(g_get_user_config_dir(), "docker", "daemon.json", NULL);
  return add_configured((Place){.root = root, .socket = socket, .shifted = TRUE}, config, stores,
                        error);
}

static gboolean
add_named(const char *spec, GPtrArray *stores, GError **error)
{
  struct stat st;
  g_autofree char *shown = nz_printable(spec, -1);
  if (stat(spec, &st) < 0) {
    nz_set_errno(error, errno, "%s", shown);
    return FALSE;
  }
  if (S_ISSOCK(st.st_mode))
    return add_socket(spec, TRUE, stores);
  if (!S_ISDIR(st.st_mode))
    return nz_set_input(error, "%s is neither a data root of Docker nor its socket", shown);
  guint before = stores->len;
  add_place(&(Place){.root = spec}, stores);
  add_remapped(spec, stores);
  return stores->len > before ||
         nz_set_input(error,
                      "%s is no data root of Docker: there is no image/DRIVER/"
                      "repositories.json in it",
                      shown);
}

/* DOCKER_HOST, where it names another daemon than this host's own. */
static gboolean
add_docker_host(GPtrArray *stores)
{
  const char *host = g_getenv("DOCKER_HOST");
  if (!host || !*host)
    return FALSE;
  if (g_str_has_prefix(host, "unix://")) {
    const char *path = host + strlen("unix://");
    if (strcmp(path, SYSTEM_SOCKET) == 0 || strcmp(path, "/var" SYSTEM_SOCKET) == 0)
      return FALSE;
    return add_socket(path, TRUE, stores);
  }
  NzEngineStore *store = nz_engine_store_new(&nz_engine_docker_daemon, host);
  g_ptr_array_set_size(store->paths, 0);
  g_ptr_array_add(stores, store);
  g_autofree char *shown = nz_printable(host, -1);
  store->denied = g_strdup_printf("DOCKER_HOST is %s: only daemons of this host are asked, by "
                                  "unix:///PATH; `docker save NAME | nonzero scan -` reads others",
                                  shown);
  return TRUE;
}

static gboolean
find(const char *spec, GPtrArray *stores, GError **error)
{
  if (spec)
    return add_named(spec, stores, error);
  if (add_docker_host(stores))
    return TRUE;
  guint before = stores->len;
  Place system = {.root = "/var/lib/docker", .socket = SYSTEM_SOCKET, .of_system = TRUE};
  if (!add_configured(system, "/etc/docker/daemon.json", stores, error))
    return FALSE;
  if (stores->len == before || !((const NzEngineStore *)stores->pdata[before])->by_socket)
    add_remapped(system.root, stores);
  return add_rootless(stores, error);
}

/* --- which way --- */

/* Docker's namespace in containerd. */
#define NAMESPACE "moby"

static void
make_names_whole(GPtrArray *images, guint from)
{
  for (guint i = from; i < images->len; i++) {
    GPtrArray *names = ((NzStoredImage *)images->pdata[i])->names;
    for (guint j = 0; j < names->len; j++) {
      char *name = names->pdata[j];
      names->pdata[j] = nz_name_with_registry(name);
      g_free(name);
    }
  }
}

static gboolean
list_directory(const NzEngineStore *store, GPtrArray *images, GError **error)
{
  const NzDockerStore *docker = store->data;
  if (docker->driver && !nz_docker_graph_list(store, images, error))
    return FALSE;
  for (guint i = 0; docker->containerd[i]; i++)
    if (!nz_containerd_list(store, docker->containerd[i], NAMESPACE, images, error))
      return FALSE;
  return TRUE;
}

static gboolean
list(const NzEngineStore *store, const NzOpenOptions *options, GPtrArray *images, GError **error)
{
  guint before = images->len;
  gboolean ok = store->by_socket ? nz_docker_api_list(store, options, images, error)
                                 : list_directory(store, images, error);
  make_names_whole(images, before);
  return ok;
}

static gboolean
open_stored(const NzStoredImage *stored, const NzOpenRequest *request, GPtrArray *images,
            GError **error)
{
  if (stored->store->by_socket)
    return nz_docker_api_open(stored, request, images, error);
  return nz_containerd_listed(stored) ? nz_containerd_open(stored, request, images, error)
                                      : nz_docker_graph_open(stored, request, images, error);
}

const NzEngine nz_engine_docker_daemon = {
    .name = "docker-daemon",
    .title = "Docker",
    .help = "[[ROOT | SOCKET]]NAME",
    .find = find,
    .list = list,
    .open = open_stored,
};

/* SPDX-License-Identifier: Apache-2.0 */
/* What is known of containers, from state directories that are written here byte by byte. */
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/limits.h"
#include "runtime/describe_private.h"
#include "support.h"

#define ID    "3f1b0d2c4e5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0"
#define OTHER "aaaabbbbccccddddeeeeffff0000111122223333444455556666777788889999"
#define IMAGE "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define INDEX "1111111111111111111111111111111111111111111111111111111111111111"
/* base64 of "sha256:" IMAGE */
#define KEY                                                                                        \
  "c2hhMjU2OmJhNzgxNmJmOGYwMWNmZWE0MTQxNDBkZTVkYWUyMjIzYjAwMzYxYTM5NjE3N2E5Y2I0MTBmZjYxZjIwMDE1YW" \
  "Q"                                                                                              \
  "="
#define POD "/kubepods.slice/kubepods-pod2f9d6c3e_8a41_4f6b_9b7e_0c1d2e3f4a5b.slice"

#define TASK      "run/containerd/io.containerd.runtime.v2.task"
#define STORAGE   "var/lib/containers/storage"
#define DOCKER    "var/lib/docker"
#define CONFIG(u) "{\"config\":{\"User\":\"" u "\"}}"
#define ROOT_USER "\"process\":{\"user\":{\"uid\":0,\"gid\":0},\"args\":[\"/bin/web\"]}"
#define APP_USER  "\"process\":{\"user\":{\"uid\":1000,\"gid\":1001},\"args\":[\"/bin/web\"]}"

typedef struct {
  const char *path, *text;
} File;

/* Expected fields that are NULL are so. */
typedef struct {
  const char *what, *cgroup;
  File files[6];
  NzContainerEngine engine;
  const char *name, *image, *image_id, *pod, *space, *declared, *image_user;
  gint64 uid; /* -1: not known */
  NzContainerKind kind;
  NzStartCause start;
  gboolean userns, privileged;
  guint hooks;
  const char *why; /* a part of it */
} Case;

static const Case cases[] = {
    {
        .what = "Docker, started as its image says",
        .cgroup = "/docker/" ID,
        .files = {{DOCKER "/containers/" ID "/config.v2.json",
                   "{\"ID\":\"" ID "\",\"Name\":\"/web\",\"Image\":\"sha256:" IMAGE "\",\"Config\":"
                   "{\"User\":\"\",\"Image\":\"nginx:1\"}}"},
                  {DOCKER "/containers/" ID "/hostconfig.json", "{\"Privileged\":true}"},
                  {DOCKER "/image/overlay2/imagedb/content/sha256/" IMAGE, CONFIG("")},
                  {TASK "/moby/" ID "/config.json",
                   "{" ROOT_USER ",\"hooks\":{\"prestart\":[{\"path\":\"/proc/1/exe\"}]}}"}},
        .engine = NZ_CONTAINER_DOCKER,
        .name = "web",
        .image = "nginx:1",
        .image_id = "sha256:" IMAGE,
        .declared = "",
        .image_user = "",
        .kind = NZ_CONTAINER_KIND_CONTAINER,
        .start = NZ_START_IMAGE,
        .privileged = TRUE,
        .hooks = 1,
    },
    {
        .what = "Docker, -u 0 over the image's user",
        .cgroup = "/system.slice/docker-" ID ".scope",
        .files = {{DOCKER "/containers/" ID "/config.v2.json",
                   "{\"Name\":\"/web\",\"Image\":\"sha256:" IMAGE
                   "\",\"Config\":{\"User\":\"0\",\"Image\":\"app\"}}"},
                  {DOCKER "/image/overlay2/imagedb/content/sha256/" IMAGE, CONFIG("1000:1000")},
                  {TASK "/moby/" ID "/config.json", "{" ROOT_USER "}"}},
        .engine = NZ_CONTAINER_DOCKER,
        .name = "web",
        .image = "app",
        .image_id = "sha256:" IMAGE,
        .declared = "0",
        .image_user = "1000:1000",
        .kind = NZ_CONTAINER_KIND_CONTAINER,
        .start = NZ_START_RUNTIME,
    },
    {
        .what = "Docker, -u 0, and the container's passwd says who the image's user is",
        .cgroup = "/docker/" ID,
        .files = {{DOCKER "/containers/" ID "/config.v2.json",
                   "{\"Name\":\"/web\",\"Image\":\"sha256:" IMAGE
                   "\",\"Config\":{\"User\":\"0\"}}"},
                  {DOCKER "/image/overlay2/imagedb/content/sha256/" IMAGE, CONFIG("app")},
                  {TASK "/moby/" ID "/config.json",
                   "{" ROOT_USER ",\"root\":{\"path\":\"/" DOCKER "/overlay2/x/merged\"}}"},
                  {DOCKER "/overlay2/x/merged/etc/passwd", "app:x:1000:1000::/:/bin/sh\n"}},
        .engine = NZ_CONTAINER_DOCKER,
        .name = "web",
        .image_id = "sha256:" IMAGE,
        .declared = "0",
        .image_user = "app",
        .kind = NZ_CONTAINER_KIND_CONTAINER,
        .start = NZ_START_RUNTIME,
    },
    {
        .what = "Docker with another data root, which its bundle shows",
        .cgroup = "/docker/" ID,
        .files = {{"srv/d/containers/" ID "/config.v2.json", "{\"Name\":\"/web\"}"},
                  {TASK "/moby/" ID "/config.json",
                   "{" APP_USER ",\"mounts\":[{\"destination\":\"/proc\",\"source\":\"proc\"},"
                   "{\"destination\":\"/etc/hostname\",\"source\":\"/srv/d/containers/" ID
                   "/hostname\"}]}"}},
        .engine = NZ_CONTAINER_DOCKER,
        .name = "web",
        .uid = 1000,
        .kind = NZ_CONTAINER_KIND_CONTAINER,
        .start = NZ_START_NOT_ROOT,
    },
    {
        .what = "Docker with another data root, which daemon.json says",
        .cgroup = "/docker/" ID,
        .files = {{"etc/docker/daemon.json", "{\"data-root\":\"/srv/d\"}"},
                  {"srv/d/containers/" ID "/config.v2.json", "{\"Name\":\"/web\"}"}},
        .engine = NZ_CONTAINER_DOCKER,
        .name = "web",
        .uid = -1,
        .kind = NZ_CONTAINER_KIND_CONTAINER,
    },
    {
        .what = "Docker with userns-remap",
        .cgroup = "/docker/" ID,
        .files = {{DOCKER "/100000.100000/containers/" ID "/config.v2.json", "{\"Name\":\"/web\"}"},
                  {TASK "/moby/" ID "/config.json",
                   "{" ROOT_USER
                   ",\"linux\":{\"namespaces\":[{\"type\":\"pid\"},{\"type\":\"user\"}]}}"}},
        .engine = NZ_CONTAINER_DOCKER,
        .name = "web",
        .kind = NZ_CONTAINER_KIND_CONTAINER,
        .userns = TRUE,
    },
    {
        .what = "Docker's labels excuse nobody outside of Kubernetes: an image can have them",
        .cgroup = "/docker/" ID,
        .files = {{DOCKER "/containers/" ID "/config.v2.json",
                   "{\"Name\":\"/web\",\"Config\":{\"Labels\":{\"io.kubernetes.docker.type\":"
                   "\"podsandbox\",\"io.kubernetes.pod.name\":\"p\"}}}"}},
        .engine = NZ_CONTAINER_DOCKER,
        .name = "web",
        .uid = -1,
        .kind = NZ_CONTAINER_KIND_CONTAINER,
    },
    {
        .what = "cri-dockerd's sandbox",
        .cgroup = POD "/docker-" ID ".scope",
        .files = {{DOCKER "/containers/" ID "/config.v2.json",
                   "{\"Name\":\"/k8s_POD_p\",\"Config\":{\"Labels\":{\"io.kubernetes.docker.type\":"
                   "\"podsandbox\",\"io.kubernetes.pod.name\":\"p\","
                   "\"io.kubernetes.pod.namespace\":\"blue\",\"io.kubernetes.container.name\":"
                   "\"POD\"}}}"}},
        .engine = NZ_CONTAINER_DOCKER,
        .name = "POD",
        .pod = "p",
        .space = "blue",
        .uid = -1,
        .kind = NZ_CONTAINER_KIND_SANDBOX,
    },
    {
        .what = "Podman",
        .cgroup = "/machine.slice/libpod-" ID ".scope",
        .files = {{STORAGE "/overlay-containers/containers.json",
                   "[{\"id\":\"" OTHER "\",\"names\":[\"other\"]},{\"id\":\"" ID
                   "\",\"names\":[\"web\"],\"image\":\"" IMAGE "\",\"metadata\":"
                   "\"{\\\"image-name\\\":\\\"quay.io/a/web:1\\\",\\\"name\\\":\\\"web\\\"}\"}]"},
                  {STORAGE "/overlay-images/" IMAGE "/=" KEY, CONFIG("0")},
                  {STORAGE "/overlay-containers/" ID "/userdata/config.json",
                   "{" ROOT_USER
                   ",\"annotations\":{\"io.podman.annotations.privileged\":\"TRUE\"}}"}},
        .engine = NZ_CONTAINER_PODMAN,
        .name = "web",
        .image = "quay.io/a/web:1",
        .image_id = "sha256:" IMAGE,
        .image_user = "0",
        .kind = NZ_CONTAINER_KIND_CONTAINER,
        .start = NZ_START_IMAGE,
        .privileged = TRUE,
    },
    {
        .what = "Podman, of a container that is gone when it ends",
        .cgroup = "/libpod_parent/libpod-" ID,
        .files = {{STORAGE "/overlay-containers/containers.json", "[]"},
                  {"run/containers/storage/overlay-containers/volatile-containers.json",
                   "[{\"id\":\"" ID "\",\"names\":[\"web\"]}]"},
                  {STORAGE "/overlay-containers/" ID "/userdata/config.json", "{" APP_USER "}"}},
        .engine = NZ_CONTAINER_PODMAN,
        .name = "web",
        .uid = 1000,
        .kind = NZ_CONTAINER_KIND_CONTAINER,
        .start = NZ_START_NOT_ROOT,
    },
    {
        .what = "an annotation alone makes no sandbox of Podman's",
        .cgroup = "/machine.slice/libpod-" ID ".scope",
        .files = {{STORAGE "/overlay-containers/" ID "/userdata/config.json",
                   "{" ROOT_USER
                   ",\"annotations\":{\"io.kubernetes.cri-o.ContainerType\":\"sandbox\"}}"}},
        .engine = NZ_CONTAINER_PODMAN,
        .kind = NZ_CONTAINER_KIND_CONTAINER,
    },
    {
        .what = "Podman's sandbox of a pod",
        .cgroup = "/machine.slice/libpod-" ID ".scope",
        .files = {{STORAGE "/overlay-containers/" ID "/userdata/config.json",
                   "{\"process\":{\"user\":{\"uid\":0},\"args\":[\"/catatonit\",\"-P\"]},"
                   "\"annotations\":{\"io.kubernetes.cri-o.ContainerType\":\"sandbox\"}}"}},
        .engine = NZ_CONTAINER_PODMAN,
        .kind = NZ_CONTAINER_KIND_SANDBOX,
    },
    {
        .what = "containerd by CRI",
        .cgroup = POD "/cri-containerd-" ID ".scope",
        .files = {{TASK "/k8s.io/" ID "/config.json",
                   "{" ROOT_USER ",\"annotations\":{"
                   "\"io.kubernetes.cri.container-type\":\"container\","
                   "\"io.kubernetes.cri.container-name\":\"web\","
                   "\"io.kubernetes.cri.image-name\":\"quay.io/a/web:1\","
                   "\"io.kubernetes.cri.sandbox-name\":\"web-5d\","
                   "\"io.kubernetes.cri.sandbox-namespace\":\"blue\","
                   "\"io.kubernetes.pod.name\":\"not-believed\"}}"}},
        .engine = NZ_CONTAINER_CONTAINERD,
        .name = "web",
        .image = "quay.io/a/web:1",
        .pod = "web-5d",
        .space = "blue",
        .kind = NZ_CONTAINER_KIND_CONTAINER,
    },
    {
        .what = "a sandbox of CRI, whose path does not tell the engine",
        .cgroup = "/kubepods/besteffort/pod2f9d6c3e-8a41-4f6b-9b7e-0c1d2e3f4a5b/" ID,
        .files = {{TASK "/k8s.io/" ID "/config.json",
                   "{\"annotations\":{\"io.kubernetes.cri.container-type\":\"sandbox\","
                   "\"io.kubernetes.cri.sandbox-name\":\"web-5d\"}}"}},
        .engine = NZ_CONTAINER_CONTAINERD,
        .pod = "web-5d",
        .uid = -1,
        .kind = NZ_CONTAINER_KIND_SANDBOX,
    },
    {
        .what = "k3s",
        .cgroup = POD "/cri-containerd-" ID ".scope",
        .files = {{"run/k3s/containerd/io.containerd.runtime.v2.task/k8s.io/" ID "/config.json",
                   "{" APP_USER
                   ",\"annotations\":{\"io.kubernetes.cri.container-name\":\"web\"}}"}},
        .engine = NZ_CONTAINER_CONTAINERD,
        .name = "web",
        .uid = 1000,
        .kind = NZ_CONTAINER_KIND_CONTAINER,
        .start = NZ_START_NOT_ROOT,
    },
    {
        .what = "nerdctl",
        .cgroup = "/system.slice/nerdctl-" ID ".scope",
        .files = {{TASK "/default/" ID "/config.json",
                   "{" ROOT_USER ",\"annotations\":{\"nerdctl/name\":\"web\"}}"}},
        .engine = NZ_CONTAINER_NERDCTL,
        .name = "web",
        .kind = NZ_CONTAINER_KIND_CONTAINER,
    },
    {
        .what = "CRI-O",
        .cgroup = POD "/crio-" ID ".scope",
        .files = {{"run/containers/storage/overlay-containers/" ID "/userdata/config.json",
                   "{" ROOT_USER ",\"annotations\":{"
                   "\"io.kubernetes.container.name\":\"web\",\"io.kubernetes.pod.name\":\"web-5d\","
                   "\"io.kubernetes.pod.namespace\":\"blue\","
                   "\"io.kubernetes.cri-o.ImageName\":\"quay.io/a/web:1\","
                   "\"io.kubernetes.cri-o.ImageRef\":\"" IMAGE "\","
                   "\"io.kubernetes.cri-o.ContainerType\":\"container\","
                   "\"io.kubernetes.cri.image-name\":\"not-believed\"}}"},
                  {STORAGE "/overlay-images/" IMAGE "/=" KEY, CONFIG("1001")}},
        .engine = NZ_CONTAINER_CRIO,
        .name = "web",
        .image = "quay.io/a/web:1",
        .image_id = "sha256:" IMAGE,
        .pod = "web-5d",
        .space = "blue",
        .image_user = "1001",
        .kind = NZ_CONTAINER_KIND_CONTAINER,
        .start = NZ_START_RUNTIME,
    },
    {
        .what = "LXC, whose name is in the path",
        .cgroup = "/lxc.payload.web",
        .engine = NZ_CONTAINER_LXC,
        .name = "web",
        .uid = -1,
    },
    {
        .what = "an engine that is not there",
        .cgroup = "/docker/" ID,
        .engine = NZ_CONTAINER_DOCKER,
        .uid = -1,
        .why = "docker keeps no state of it here",
    },
    {
        .what = "state that is no JSON",
        .cgroup = "/docker/" ID,
        .files = {{DOCKER "/containers/" ID "/config.v2.json", "{\"Name\":"}},
        .engine = NZ_CONTAINER_DOCKER,
        .uid = -1,
        .why = "not valid JSON",
    },
    {
        .what = "two users in one bundle",
        .cgroup = "/default/web",
        .files = {{TASK "/default/web/config.json",
                   "{\"process\":{\"user\":{\"uid\":1000,\"UID\":0}}}"}},
        .engine = NZ_CONTAINER_CONTAINERD,
        .name = "web",
        .uid = -1,
        .kind = NZ_CONTAINER_KIND_CONTAINER,
        .why = "two keys",
    },
    {
        .what = "a user beyond what kernels have",
        .cgroup = "/default/web",
        .files = {{TASK "/default/web/config.json",
                   "{\"process\":{\"user\":{\"uid\":4294967296}}}"}},
        .engine = NZ_CONTAINER_CONTAINERD,
        .name = "web",
        .uid = -1,
        .kind = NZ_CONTAINER_KIND_CONTAINER,
        .why = "no uid",
    },
    {
        .what = "a name with what a terminal would obey",
        .cgroup = "/docker/" ID,
        .files = {{DOCKER "/containers/" ID "/config.v2.json", "{\"Name\":\"/a\\u001b[2J\"}"}},
        .engine = NZ_CONTAINER_DOCKER,
        .name = "a\\x1b[2J",
        .uid = -1,
        .kind = NZ_CONTAINER_KIND_CONTAINER,
    },
};

static void
write_below(const char *root, const char *path, const char *text)
{
  g_autofree char *whole = g_build_filename(root, path, NULL);
  g_autofree char *dir = g_path_get_dirname(whole);
  g_assert_cmpint(g_mkdir_with_parents(dir, 0700), ==, 0);
  g_assert_true(g_file_set_contents(whole, text, -1, NULL));
}

static char *
new_root(void)
{
  char *root = g_dir_make_tmp("nzXXXXXX", NULL);
  g_assert_nonnull(root);
  return root;
}

static void
remove_tree(const char *path)
{
  g_autofree char *quoted = g_shell_quote(path);
  g_autofree char *command = g_strconcat("rm -rf ", quoted, NULL);
  g_assert_true(g_spawn_command_line_sync(command, NULL, NULL, NULL, NULL));
}

static NzContainerFacts *
describe_below(const char *root, const char *cgroup)
{
  NzContainerRef ref;
  g_autoptr(NzEnginePlaces) places = nz_engine_places_new_below(root);
  g_assert_true(nz_cgroup_container(cgroup, &ref));
  return nz_container_describe(places, &ref, 0);
}

static void
check(const Case *c, const NzContainerFacts *facts)
{
  g_assert_cmpint(facts->ref.engine, ==, c->engine);
  g_assert_cmpstr(facts->name, ==, c->name);
  g_assert_cmpstr(facts->image, ==, c->image);
  g_assert_cmpstr(facts->image_id, ==, c->image_id);
  g_assert_cmpstr(facts->pod, ==, c->pod);
  g_assert_cmpstr(facts->space, ==, c->space);
  g_assert_cmpstr(facts->declared, ==, c->declared);
  g_assert_cmpstr(facts->image_user, ==, c->image_user);
  g_assert_cmpint(facts->has_uid, ==, c->uid >= 0);
  if (c->uid >= 0)
    g_assert_cmpint(facts->uid, ==, c->uid);
  g_assert_cmpint(facts->kind, ==, c->kind);
  g_assert_cmpint(facts->start, ==, c->start);
  g_assert_cmpint(facts->userns, ==, c->userns);
  g_assert_cmpint(facts->privileged, ==, c->privileged);
  g_assert_cmpuint(facts->hooks, ==, c->hooks);
  if (c->why)
    assert_holds(facts->why, c->why);
}

static void
state_of_engines_is_read(gconstpointer data)
{
  const Case *c = data;
  g_autofree char *root = new_root();
  for (gsize i = 0; i < G_N_ELEMENTS(c->files) && c->files[i].path; i++)
    write_below(root, c->files[i].path, c->files[i].text);
  g_autoptr(NzContainerFacts) facts = describe_below(root, c->cgroup);
  g_test_message("%s: %s", c->what, facts->why ? facts->why : "");
  check(c, facts);
  remove_tree(root);
}

/* --- the database of a real containerd --- */

/* containerd 1.6. By CRI a container was made of localhost/web:1 (USER 1000, OLD), to run as root,
 * and that name was then given to an image without a USER. In "default" so was "moved", the other
 * way round; "kept" is of localhost/kept:1, which has the manifest MANIFEST and the configuration
 * OLD. */
#define BY_CRI   "dd9c5fe2e7d93e059c9b9818138ffbbd2d2ff21427932bc171b775dbb5c3d23b"
#define OLD      "d926a193b967e8bee6e7232b96e97e325082cf65831e39112f8f22be247097fa"
#define NEW      "bd992fd57ca2b209dea26da756d194539441c951dace85f3b486ca5d2d4203d6"
#define MANIFEST "3cd5bab509a58b85406f017d35f54f6c8c2e326f7f74279c046371d9dd659df1"
#define RENAMED  "8b9bbaa83afd44007118675e3af04e63fe9b4a8791422d9178b4cf40a7256449"
#define LIB      "var/lib/containerd"
#define BLOBS    LIB "/io.containerd.content.v1.content/blobs/sha256/"
#define NAMES(c) "{\"config\":{\"digest\":\"sha256:" c "\"}}"

static const Case recorded[] = {
    {
        .what = "CRI, and the name of the image is another's by now",
        .cgroup = "/kubepods/besteffort/pod2f9d6c3e-8a41-4f6b-9b7e-0c1d2e3f4a5b/" BY_CRI,
        .files = {{TASK "/k8s.io/" BY_CRI "/config.json",
                   "{" ROOT_USER
                   ",\"annotations\":{\"io.kubernetes.cri.container-name\":\"web\"}}"},
                  {BLOBS RENAMED, NAMES(NEW)},
                  {BLOBS NEW, CONFIG("")},
                  {BLOBS OLD, CONFIG("1000")}},
        .engine = NZ_CONTAINER_CONTAINERD,
        .name = "web",
        .image = "localhost/web:1",
        .image_id = "sha256:" OLD,
        .image_user = "1000",
        .kind = NZ_CONTAINER_KIND_CONTAINER,
        .start = NZ_START_RUNTIME,
    },
    {
        .what = "CRI, and the image is gone",
        .cgroup = "/k8s.io/" BY_CRI,
        .files = {{TASK "/k8s.io/" BY_CRI "/config.json", "{" ROOT_USER "}"}},
        .engine = NZ_CONTAINER_CONTAINERD,
        .name = BY_CRI,
        .image = "localhost/web:1",
        .image_id = "sha256:" OLD,
        .kind = NZ_CONTAINER_KIND_CONTAINER,
    },
    {
        .what = "ctr, and the name of the image is another's by now",
        .cgroup = "/default/moved",
        .files = {{TASK "/default/moved/config.json", "{" ROOT_USER "}"},
                  {BLOBS MANIFEST, NAMES(OLD)},
                  {BLOBS OLD, CONFIG("1000")}},
        .engine = NZ_CONTAINER_CONTAINERD,
        .name = "moved",
        .image = "localhost/web:1",
        .kind = NZ_CONTAINER_KIND_CONTAINER,
        .why = "localhost/web:1: its name was given anew",
    },
    {
        .what = "ctr, and the name is the image's",
        .cgroup = "/default/kept",
        .files = {{TASK "/default/kept/config.json", "{" ROOT_USER "}"},
                  {BLOBS MANIFEST, NAMES(OLD)},
                  {BLOBS OLD, CONFIG("1000")}},
        .engine = NZ_CONTAINER_CONTAINERD,
        .name = "kept",
        .image = "localhost/kept:1",
        .image_id = "sha256:" OLD,
        .image_user = "1000",
        .kind = NZ_CONTAINER_KIND_CONTAINER,
        .start = NZ_START_RUNTIME,
    },
};

static void
write_database(const char *root, const guint8 *data, gsize len)
{
  g_autofree char *dir = g_build_filename(root, LIB, "io.containerd.metadata.v1.bolt", NULL);
  g_autofree char *path = g_build_filename(dir, "meta.db", NULL);
  g_assert_cmpint(g_mkdir_with_parents(dir, 0700), ==, 0);
  g_assert_true(g_file_set_contents(path, (const char *)data, (gssize)len, NULL));
}

static void
the_image_is_the_one_that_the_container_was_made_of(gconstpointer data)
{
  const Case *c = data;
  g_autofree char *root = new_root();
  for (gsize i = 0; i < G_N_ELEMENTS(c->files) && c->files[i].path; i++)
    write_below(root, c->files[i].path, c->files[i].text);
  g_autoptr(GBytes) database = unpacked_data("bolt/containerd-1.6-cri.db.gz");
  write_database(root, g_bytes_get_data(database, NULL), g_bytes_get_size(database));
  g_autoptr(NzContainerFacts) facts = describe_below(root, c->cgroup);
  g_test_message("%s: %s", c->what, facts->why ? facts->why : "");
  check(c, facts);
  remove_tree(root);
}

/* Each byte by turns of what stands before CRI's JSON, and of its begin. */
static void
a_broken_record_names_no_other_image(void)
{
  static const char type[] = "\n6github.com/containerd/cri/pkg/store/container/Metadata";
  g_autofree char *root = new_root();
  g_autoptr(GBytes) database = unpacked_data("bolt/containerd-1.6-cri.db.gz");
  gsize len = g_bytes_get_size(database);
  g_autofree guint8 *data = g_memdup2(g_bytes_get_data(database, NULL), len);
  guint lost = 0;
  guint8 *record = memmem(data, len, type, strlen(type));
  g_assert_nonnull(record);
  write_below(root, TASK "/k8s.io/" BY_CRI "/config.json", "{" ROOT_USER "}");
  write_below(root, BLOBS RENAMED, NAMES(NEW));
  write_below(root, BLOBS NEW, CONFIG(""));
  for (gsize i = 0; i < strlen(type) + 12; i++) {
    guint8 kept = record[i];
    record[i] = 0xff;
    write_database(root, data, len);
    g_autoptr(NzContainerFacts) facts = describe_below(root, "/k8s.io/" BY_CRI);
    g_assert_true(!facts->image_id || strcmp(facts->image_id, "sha256:" OLD) == 0);
    g_assert_null(facts->image_user);
    lost += !facts->image_id;
    record[i] = kept;
  }
  g_assert_cmpuint(lost, >, 0);
  remove_tree(root);
}

/* --- hostile files --- */

static void
nothing_blocks_or_leads_astray(void)
{
  g_autofree char *root = new_root();
  g_autofree char *dir = g_build_filename(root, DOCKER "/containers/" ID, NULL);
  g_autofree char *path = g_build_filename(dir, "config.v2.json", NULL);
  g_autofree char *secret = g_build_filename(root, "secret.json", NULL);
  g_assert_cmpint(g_mkdir_with_parents(dir, 0700), ==, 0);
  g_assert_true(g_file_set_contents(secret, "{\"Name\":\"/secret\"}", -1, NULL));

  g_assert_cmpint(mkfifo(path, 0600), ==, 0);
  g_autoptr(NzContainerFacts) fifo = describe_below(root, "/docker/" ID);
  assert_holds(fifo->why, "no regular file");
  unlink(path);

  g_assert_cmpint(symlink(secret, path), ==, 0);
  g_autoptr(NzContainerFacts) link = describe_below(root, "/docker/" ID);
  g_assert_null(link->name);
  assert_holds(link->why, "cannot open");
  unlink(path);

  g_assert_cmpint(mkdir(path, 0700), ==, 0);
  g_autoptr(NzContainerFacts) directory = describe_below(root, "/docker/" ID);
  assert_holds(directory->why, "no regular file");
  rmdir(path);

  g_assert_true(g_file_set_contents(path, "", 0, NULL));
  g_assert_cmpint(truncate(path, (off_t)NZ_JSON_MAX + 1), ==, 0);
  g_autoptr(NzContainerFacts) large = describe_below(root, "/docker/" ID);
  assert_holds(large->why, "more than 4096 KiB");
  remove_tree(root);
}

static void
a_passwd_behind_a_link_out_of_the_container_is_not_read(void)
{
  g_autofree char *root = new_root();
  g_autofree char *etc = g_build_filename(root, "merged/etc", NULL);
  g_autofree char *link = g_build_filename(etc, "passwd", NULL);
  g_autofree char *outside = g_build_filename(root, "outside", NULL);
  write_below(root, DOCKER "/containers/" ID "/config.v2.json",
              "{\"Name\":\"/web\",\"Image\":\"sha256:" IMAGE "\",\"Config\":{\"User\":\"0\"}}");
  write_below(root, DOCKER "/image/overlay2/imagedb/content/sha256/" IMAGE, CONFIG("app"));
  write_below(root, TASK "/moby/" ID "/config.json",
              "{" ROOT_USER ",\"root\":{\"path\":\"/merged\"}}");
  write_below(root, "outside", "app:x:1000:1000::/:/bin/sh\n");
  g_assert_cmpint(g_mkdir_with_parents(etc, 0700), ==, 0);
  g_assert_cmpint(symlink(outside, link), ==, 0);
  g_autoptr(NzContainerFacts) facts = describe_below(root, "/docker/" ID);
  g_assert_cmpint(facts->start, ==, NZ_START_UNKNOWN);
  remove_tree(root);
}

/* --- monitors --- */

static const struct {
  const char *what;
  const char *cmdline; /* spaces stand for NULs */
  const char *cwd;
  NzContainerEngine engine; /* ANY: it is none */
  const char *bundle, *name, *space, *run;
} monitors[] = {
    {"Podman",
     "/usr/bin/conmon --api-version 1 -c " ID " -u " ID " -r /usr/bin/crun -b "
     "/g/overlay-containers/" ID "/userdata -p /r/overlay-containers/" ID
     "/userdata/pidfile -n web ",
     "/", NZ_CONTAINER_PODMAN, "/g/overlay-containers/" ID "/userdata", "web", NULL, "/r"},
    {"exec of Podman",
     "conmon -c " ID " -u " OTHER " -b /g/overlay-containers/" ID "/userdata/" OTHER " -e ", "/",
     NZ_CONTAINER_PODMAN, "/g/overlay-containers/" ID "/userdata", NULL, NULL, NULL},
    {"CRI-O",
     "/usr/libexec/crio/conmon -c " ID " -n k8s_web_web-5d_blue_uid_0 -b "
     "/r/overlay-containers/" ID "/userdata ",
     "/", NZ_CONTAINER_CRIO, "/r/overlay-containers/" ID "/userdata", NULL, NULL, NULL},
    {"Docker", "/usr/bin/containerd-shim-runc-v2 -namespace moby -id " ID " -address /s ",
     "/run/containerd/t/moby/" ID, NZ_CONTAINER_DOCKER, "/run/containerd/t/moby/" ID, NULL, "moby",
     NULL},
    {"a pod's shim", "/usr/bin/containerd-shim-runc-v2 -namespace k8s.io -id " OTHER " ",
     "/run/containerd/t/k8s.io/" OTHER, NZ_CONTAINER_CONTAINERD, "/run/containerd/t/k8s.io/" ID,
     NULL, "k8s.io", NULL},
    {"conmon of another container", "conmon -c " OTHER " -b /g/overlay-containers/" OTHER " ", "/",
     NZ_CONTAINER_ANY, NULL, NULL, NULL, NULL},
    {"an argument cut short", "conmon -c " ID " -b /g/overlay", "/", NZ_CONTAINER_PODMAN, NULL,
     NULL, NULL, NULL},
    {"another program", "/bin/sh -c " ID " ", "/", NZ_CONTAINER_ANY, NULL, NULL, NULL, NULL},
    {"a shim that says nothing", "containerd-shim ", "/", NZ_CONTAINER_ANY, NULL, NULL, NULL, NULL},
    {"nothing", "", "/", NZ_CONTAINER_ANY, NULL, NULL, NULL, NULL},
};

static void
monitors_say_where_the_bundle_is(void)
{
  NzContainerRef ref;
  g_assert_true(nz_cgroup_container("/" ID, &ref));
  for (gsize i = 0; i < G_N_ELEMENTS(monitors); i++) {
    g_auto(NzMonitor) monitor = {0};
    gsize len = strlen(monitors[i].cmdline);
    g_autofree char *cmdline = g_strdup(monitors[i].cmdline);
    g_test_message("%s", monitors[i].what);
    g_strdelimit(cmdline, " ", '\0');
    g_assert_cmpint(nz_monitor_parse(cmdline, len, monitors[i].cwd, &ref, &monitor), ==,
                    monitors[i].engine != NZ_CONTAINER_ANY);
    g_assert_cmpint(monitor.engine, ==, monitors[i].engine);
    g_assert_cmpstr(monitor.bundle, ==, monitors[i].bundle);
    g_assert_cmpstr(monitor.name, ==, monitors[i].name);
    g_assert_cmpstr(monitor.space, ==, monitors[i].space);
    g_assert_cmpstr(monitor.run, ==, monitors[i].run);
  }
}

/* --- the thread --- */

static void
answers_come_by_key_and_make_the_descriptor_readable(void)
{
  enum { N = 200 };
  g_autofree char *root = new_root();
  NzContainerRef ref;
  gboolean seen[N] = {FALSE};
  write_below(root, DOCKER "/containers/" ID "/config.v2.json", "{\"Name\":\"/web\"}");
  g_autoptr(NzDescriber) describer = nz_describer_new(nz_engine_places_new_below(root));
  g_assert_true(nz_cgroup_container("/docker/" ID, &ref));
  for (guint64 i = 0; i < N; i++)
    g_assert_true(nz_describer_ask(describer, &ref, 0, i));
  for (guint taken = 0; taken < N;) {
    struct pollfd fd = {.fd = nz_describer_fd(describer), .events = POLLIN};
    g_assert_cmpint(poll(&fd, 1, 10000), ==, 1);
    guint64 key;
    for (NzContainerFacts *facts; (facts = nz_describer_take(describer, &key)); taken++) {
      g_assert_cmpstr(facts->name, ==, "web");
      g_assert_cmpuint(key, <, N);
      g_assert_false(seen[key]);
      seen[key] = TRUE;
      nz_container_facts_free(facts);
    }
  }
  g_assert_cmpuint(nz_describer_waiting(describer), ==, 0);
  remove_tree(root);
}

static void
too_many_asks_are_refused(void)
{
  g_autofree char *root = new_root();
  NzContainerRef ref;
  guint64 n = 0;
  g_autoptr(NzDescriber) describer = nz_describer_new(nz_engine_places_new_below(root));
  g_assert_true(nz_cgroup_container("/docker/" ID, &ref));
  while (nz_describer_ask(describer, &ref, 0, n))
    g_assert_cmpuint(++n, <=, NZ_DESCRIBE_QUEUE_MAX);
  g_assert_cmpuint(n, ==, NZ_DESCRIBE_QUEUE_MAX);
  remove_tree(root);
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
    g_autofree char *path = g_strdup_printf("/describe/state/%s", cases[i].what);
    g_strdelimit(path + strlen("/describe/state/"), "/", '-');
    g_test_add_data_func(path, &cases[i], state_of_engines_is_read);
  }
  for (gsize i = 0; i < G_N_ELEMENTS(recorded); i++) {
    g_autofree char *path = g_strdup_printf("/describe/recorded/%s", recorded[i].what);
    g_test_add_data_func(path, &recorded[i], the_image_is_the_one_that_the_container_was_made_of);
  }
  g_test_add_func("/describe/recorded/broken", a_broken_record_names_no_other_image);
  g_test_add_func("/describe/hostile", nothing_blocks_or_leads_astray);
  g_test_add_func("/describe/passwd-link", a_passwd_behind_a_link_out_of_the_container_is_not_read);
  g_test_add_func("/describe/monitors", monitors_say_where_the_bundle_is);
  g_test_add_func("/describe/thread", answers_come_by_key_and_make_the_descriptor_readable);
  g_test_add_func("/describe/full", too_many_asks_are_refused);
  return g_test_run();
}

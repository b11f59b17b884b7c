/* SPDX-License-Identifier: Apache-2.0 */
/* Containers by the paths of their cgroups, as engines, drivers and hierarchies write them. */
#include "runtime/container.h"

#include <string.h>

#include "support.h"

#define ID    "3f1b0d2c4e5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0"
#define OTHER "aaaabbbbccccddddeeeeffff0000111122223333444455556666777788889999"
#define POD   "2f9d6c3e-8a41-4f6b-9b7e-0c1d2e3f4a5b"
#define POD_  "2f9d6c3e_8a41_4f6b_9b7e_0c1d2e3f4a5b"
#define MD5   "0123456789abcdef0123456789abcdef"
#define BUILD "rl2dmkqg4tbl6sn0fwnscjvg9"
#define USER  "/user.slice/user-1000.slice/user@1000.service"
#define QOS   "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" POD_ ".slice"
#define NODE                                                                                       \
  "/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-besteffort.slice/"                       \
  "kubelet-kubepods-besteffort-pod" POD_ ".slice"

/* ROOT: how much of the path is the container's group; NULL: all. */
static const struct {
  const char *path;
  NzContainerEngine engine;
  const char *id, *pod, *root;
  guint32 owner;
} found[] = {
    /* Docker */
    {"/docker/" ID, NZ_CONTAINER_DOCKER, ID},
    {"/system.slice/docker-" ID ".scope", NZ_CONTAINER_DOCKER, ID},
    {"/machine.slice/docker-" ID ".scope", NZ_CONTAINER_DOCKER, ID},
    {"/docker-" ID, NZ_CONTAINER_DOCKER, ID},
    {"/system.slice/docker.service/docker/" ID, NZ_CONTAINER_DOCKER, ID},
    {"/system.slice:docker:" ID, NZ_CONTAINER_DOCKER, ID},
    {"/docker/" ID "/init.scope", NZ_CONTAINER_DOCKER, ID, NULL, "/docker/" ID},
    {"/docker/" ID "/system.slice/cron.service", NZ_CONTAINER_DOCKER, ID, NULL, "/docker/" ID},
    {"/docker/" ID " (deleted)", NZ_CONTAINER_DOCKER, ID, NULL, "/docker/" ID},
    {"/" ID, NZ_CONTAINER_ANY, ID},
    {"/teams/blue/" ID, NZ_CONTAINER_ANY, ID},
    {"/ecs/" MD5 "/" ID, NZ_CONTAINER_ANY, ID},
    {"/ecs.slice/docker-" ID ".scope", NZ_CONTAINER_DOCKER, ID},
    {USER "/user.slice/docker-" ID ".scope", NZ_CONTAINER_DOCKER, ID, NULL, NULL, 1000},
    {USER "/app.slice/docker.service/docker/" ID, NZ_CONTAINER_DOCKER, ID, NULL, NULL, 1000},
    /* BuildKit, in Docker and alone; Buildah */
    {"/docker/buildkit/" BUILD, NZ_CONTAINER_BUILDKIT, BUILD},
    {"/system.slice/docker-" BUILD ".scope", NZ_CONTAINER_BUILDKIT, BUILD},
    {"/buildkit/" BUILD, NZ_CONTAINER_BUILDKIT, BUILD},
    {"/user.slice/buildah-buildah1729341", NZ_CONTAINER_BUILDAH, "1729341"},
    {USER "/user.slice/crun-buildah-buildah17.scope", NZ_CONTAINER_BUILDAH, "17", NULL, NULL, 1000},
    /* Podman */
    {"/machine.slice/libpod-" ID ".scope", NZ_CONTAINER_PODMAN, ID},
    {"/machine.slice/libpod-" ID ".scope/container", NZ_CONTAINER_PODMAN, ID, NULL,
     "/machine.slice/libpod-" ID ".scope"},
    {"/machine.slice/libpod-" ID ".scope/container/init.scope", NZ_CONTAINER_PODMAN, ID, NULL,
     "/machine.slice/libpod-" ID ".scope"},
    {"/libpod_parent/libpod-" ID, NZ_CONTAINER_PODMAN, ID},
    {"/libpod_parent/" OTHER "/libpod-" ID, NZ_CONTAINER_PODMAN, ID, OTHER},
    {"/machine.slice/machine-libpod_pod_" OTHER ".slice/libpod-" ID ".scope", NZ_CONTAINER_PODMAN,
     ID, OTHER},
    {"/system.slice/nginx.service/libpod-payload-" ID, NZ_CONTAINER_PODMAN, ID},
    {USER "/user.slice/libpod-" ID ".scope", NZ_CONTAINER_PODMAN, ID, NULL, NULL, 1000},
    {USER "/user.slice/libpod-" ID ".scope/container", NZ_CONTAINER_PODMAN, ID, NULL,
     USER "/user.slice/libpod-" ID ".scope", 1000},
    {USER "/user.slice/user-libpod_pod_" OTHER ".slice/libpod-" ID ".scope", NZ_CONTAINER_PODMAN,
     ID, OTHER, NULL, 1000},
    {USER "/app.slice/web.service/libpod-payload-" ID, NZ_CONTAINER_PODMAN, ID, NULL, NULL, 1000},
    {"/user.slice/user-0.slice/user@0.service/user.slice/libpod-" ID ".scope", NZ_CONTAINER_PODMAN,
     ID},
    {"/user.slice/user-1000.slice/session-3.scope/libpod-payload-" ID, NZ_CONTAINER_PODMAN, ID},
    /* containerd by CRI */
    {QOS "/cri-containerd-" ID ".scope", NZ_CONTAINER_CONTAINERD, ID, POD},
    {"/kubepods.slice/kubepods-pod" POD_ ".slice/cri-containerd-" ID ".scope",
     NZ_CONTAINER_CONTAINERD, ID, POD},
    {"/kubepods.slice/kubepods-pod" MD5 ".slice/cri-containerd-" ID ".scope",
     NZ_CONTAINER_CONTAINERD, ID, MD5},
    {NODE "/cri-containerd-" ID ".scope", NZ_CONTAINER_CONTAINERD, ID, POD},
    {QOS "/cri-containerd-" ID ".scope/init.scope", NZ_CONTAINER_CONTAINERD, ID, POD,
     QOS "/cri-containerd-" ID ".scope"},
    {"/system.slice/containerd.service/kubepods-besteffort-pod" POD_ ".slice:cri-containerd:" ID,
     NZ_CONTAINER_CONTAINERD, ID, POD},
    {"/kubepods-pod" POD_ ".slice:cri-containerd:" ID, NZ_CONTAINER_CONTAINERD, ID, POD},
    {"/system.slice/k3s.service/kubepods/besteffort/pod" POD "/" ID, NZ_CONTAINER_ANY, ID, POD},
    {"/kubepods/besteffort/pod" POD "/" ID, NZ_CONTAINER_ANY, ID, POD},
    {"/kubepods/burstable/pod" POD "/" ID, NZ_CONTAINER_ANY, ID, POD},
    {"/kubepods/pod" POD "/" ID, NZ_CONTAINER_ANY, ID, POD},
    {"/kubepods/burstable/pod" MD5 "/" ID, NZ_CONTAINER_ANY, ID, MD5},
    {"/actions_job/kubepods/burstable/pod" POD "/" ID, NZ_CONTAINER_ANY, ID, POD},
    {QOS "/docker-" ID ".scope", NZ_CONTAINER_DOCKER, ID, POD},
    {"/system.slice/containerd-" ID ".scope", NZ_CONTAINER_CONTAINERD, ID},
    /* CRI-O */
    {QOS "/crio-" ID ".scope", NZ_CONTAINER_CRIO, ID, POD},
    {QOS "/crio-" ID ".scope/container", NZ_CONTAINER_CRIO, ID, POD, QOS "/crio-" ID ".scope"},
    {"/kubepods/besteffort/pod" POD "/crio-" ID, NZ_CONTAINER_CRIO, ID, POD},
    {"/system.slice/crio-" ID ".scope", NZ_CONTAINER_CRIO, ID},
    {"/kubepods-pod" POD_ ".slice:crio:" ID, NZ_CONTAINER_CRIO, ID, POD},
    /* nerdctl, ctr, runtimes alone */
    {"/system.slice/nerdctl-" ID ".scope", NZ_CONTAINER_NERDCTL, ID},
    {USER "/user.slice/nerdctl-" ID ".scope", NZ_CONTAINER_NERDCTL, ID, NULL, NULL, 1000},
    {"/default/web", NZ_CONTAINER_CONTAINERD, "web"},
    {"/default/" ID, NZ_CONTAINER_CONTAINERD, ID},
    {"/k8s.io/" ID, NZ_CONTAINER_CONTAINERD, ID},
    {"/blue/" ID, NZ_CONTAINER_ANY, ID},
    {"/system.slice/runc-web.scope", NZ_CONTAINER_RUNTIME, "web"},
    {USER "/user.slice/crun-web.scope", NZ_CONTAINER_RUNTIME, "web", NULL, NULL, 1000},
    {"/isulad/" ID, NZ_CONTAINER_ANY, ID},
    /* system containers */
    {"/lxc/web", NZ_CONTAINER_LXC, "web"},
    {"/lxc/101/ns/init.scope", NZ_CONTAINER_LXC, "101", NULL, "/lxc/101"},
    {"/lxc.payload.web/system.slice/nginx.service", NZ_CONTAINER_LXC, "web", NULL,
     "/lxc.payload.web"},
    {"/lxc.payload/web", NZ_CONTAINER_LXC, "web"},
    {"/machine.slice/machine-web\\x2d1.scope/payload", NZ_CONTAINER_NSPAWN, "web-1", NULL,
     "/machine.slice/machine-web\\x2d1.scope"},
    {"/machine.slice/machine-\\x2e\\x2e\\x2fetc.scope", NZ_CONTAINER_NSPAWN, "\\x2e\\x2e\\x2fetc"},
    {"/machine.slice/systemd-nspawn@web.service/payload", NZ_CONTAINER_NSPAWN, "web", NULL,
     "/machine.slice/systemd-nspawn@web.service"},
    {"/machine.slice/machine-lxc\\x2d17\\x2dweb.scope", NZ_CONTAINER_LXC, "17-web"},
    /* as a neighbour sees it, through a cgroup namespace */
    {"/../docker-" ID ".scope", NZ_CONTAINER_DOCKER, ID},
    {"/../../pod" POD "/" ID, NZ_CONTAINER_ANY, ID, POD},
    {"/../crio-" ID ".scope", NZ_CONTAINER_CRIO, ID},
    {"/../../kubepods-besteffort-pod" POD_ ".slice/cri-containerd-" ID ".scope",
     NZ_CONTAINER_CONTAINERD, ID, POD},
    {"/../" ID, NZ_CONTAINER_ANY, ID},
    {"//docker//" ID "/", NZ_CONTAINER_DOCKER, ID, NULL, "//docker//" ID},
};

static void
paths_of_containers_are_known(void)
{
  G_STATIC_ASSERT(G_N_ELEMENTS(found) >= 60);
  for (gsize i = 0; i < G_N_ELEMENTS(found); i++) {
    NzContainerRef ref;
    g_test_message("%s", found[i].path);
    g_assert_true(nz_cgroup_container(found[i].path, &ref));
    g_assert_cmpint(ref.engine, ==, found[i].engine);
    g_assert_cmpstr(ref.id, ==, found[i].id);
    g_assert_cmpstr(ref.pod, ==, found[i].pod ? found[i].pod : "");
    g_assert_cmpuint(ref.owner, ==, found[i].owner);
    g_assert_cmpint(ref.rootless, ==, found[i].owner != 0);
    g_assert_cmpstr(ref.inner, ==, "");
    g_assert_cmpuint(ref.root_len, ==, strlen(found[i].root ? found[i].root : found[i].path));
  }
}

static const char *const none[] = {
    "/",
    "",
    "/..",
    "/../..",
    "/init.scope",
    "/system.slice/docker.service",
    "/system.slice/containerd.service",
    "/system.slice/crio.service",
    "/system.slice/docker-web.scope",
    "/docker",
    "/docker/short",
    "/docker/" ID "0",
    "/system.slice/docker-" BUILD,
    "/docker/3F1B0D2C4E5A69788796A5B4C3D2E1F00F1E2D3C4B5A69788796A5B4C3D2E1F0",
    "/machine.slice/libpod-conmon-" ID ".scope",
    USER "/user.slice/libpod-conmon-" ID ".scope",
    "/system.slice/nginx.service/runtime",
    "/system.slice/crio-conmon-" ID ".scope",
    QOS "/crio-conmon-" ID ".scope",
    "/libpod_parent/conmon",
    "/libpod_parent/" OTHER,
    "/kata_overhead/" ID,
    "/machine.slice/machine-libpod_pod_" OTHER ".slice",
    QOS,
    "/kubepods/besteffort/pod" POD,
    "/kubepods/besteffort/pod" POD "/helper",
    USER "/app.slice/app-gnome-firefox-1234.scope",
    "/user.slice/user-1000.slice/session-3.scope",
    "/machine.slice/machine-qemu\\x2d1\\x2dvm.scope",
    "/lxc.monitor.web",
    "/lxc.monitor/web",
    "/lxc",
    "/default",
    "/default/..",
    "/teams/default/web",
    "/system.slice/runc-.scope",
    "/system.slice/runc-web",
    "/buildkit/short",
    "/kubepods-pod" POD_ ".slice:cri-containerd:",
    "/kubepods-pod" POD_ ".slice:cri-containerd",
    "/a:b:c",
};

static void
other_paths_are_no_containers(void)
{
  for (gsize i = 0; i < G_N_ELEMENTS(none); i++) {
    NzContainerRef ref = {.root_len = 4711};
    g_test_message("%s", none[i]);
    g_assert_false(nz_cgroup_container(none[i], &ref));
    g_assert_cmpuint(ref.root_len, ==, 4711);
  }
}

/* What a container makes below its own group names no other container. */
static const struct {
  const char *path, *id, *inner;
  NzContainerEngine inner_engine;
} nested[] = {
    {"/docker/" ID "/docker/" OTHER, ID, OTHER, NZ_CONTAINER_DOCKER},
    {"/docker/" ID "/libpod-" OTHER ".scope", ID, OTHER, NZ_CONTAINER_PODMAN},
    {"/docker/" ID "/kubelet/kubepods/besteffort/pod" POD "/" OTHER, ID, OTHER, NZ_CONTAINER_ANY},
    {"/system.slice/docker-" ID ".scope" NODE "/cri-containerd-" OTHER ".scope", ID, OTHER,
     NZ_CONTAINER_CONTAINERD},
    {"/lxc.payload.web/docker/" OTHER, "web", OTHER, NZ_CONTAINER_DOCKER},
    {"/kubepods/besteffort/pod" POD "/" ID "/buildkit/" BUILD, ID, BUILD, NZ_CONTAINER_BUILDKIT},
    {"/docker/" ID "/docker/" BUILD "/docker/" OTHER, ID, OTHER, NZ_CONTAINER_DOCKER},
};

static void
a_container_in_a_container_is_the_outer_one(void)
{
  for (gsize i = 0; i < G_N_ELEMENTS(nested); i++) {
    NzContainerRef ref;
    g_test_message("%s", nested[i].path);
    g_assert_true(nz_cgroup_container(nested[i].path, &ref));
    g_assert_cmpstr(ref.id, ==, nested[i].id);
    g_assert_cmpstr(ref.inner, ==, nested[i].inner);
    g_assert_cmpint(ref.inner_engine, ==, nested[i].inner_engine);
  }
}

static void
a_pod_is_not_taken_from_within_a_container(void)
{
  NzContainerRef ref;
  g_assert_true(nz_cgroup_container("/docker/" ID "/kubepods/pod" POD "/" OTHER, &ref));
  g_assert_cmpstr(ref.pod, ==, "");
  g_assert_false(ref.kubernetes);
  g_assert_true(nz_cgroup_container("/docker/" ID USER "/x", &ref));
  g_assert_false(ref.rootless);
}

static void
the_namespace_of_containerd_is_known(void)
{
  static const struct {
    const char *path, *space;
  } cases[] = {
      {"/default/web", "default"},
      {"/blue/" ID, "blue"},
      {QOS "/cri-containerd-" ID ".scope", "k8s.io"},
      {"/docker/" ID, ""},
      {"/teams/blue/" ID, ""},
  };
  for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
    NzContainerRef ref;
    g_assert_true(nz_cgroup_container(cases[i].path, &ref));
    g_assert_cmpstr(ref.space, ==, cases[i].space);
  }
}

/* ID NULL: it cannot be one of containerd's. */
static const struct {
  const char *path, *space, *id, *root;
} candidates[] = {
    {"/blue/web", "blue", "web"},
    {"/blue/web-1.a_b", "blue", "web-1.a_b"},
    {"/blue/web/init.scope", "blue", "web", "/blue/web"},
    {"/blue/web (deleted)", "blue", "web", "/blue/web"},
    {"/", NULL, NULL},
    {"/blue", NULL, NULL},
    {"/blue/..", NULL, NULL},
    {"/../web", NULL, NULL},
    {"/system.slice/cron.service", NULL, NULL},
    {"/init.scope/web", NULL, NULL},
    {"/blue/web.mount", NULL, NULL},
    {"/bl ue/web", NULL, NULL},
};

static void
any_name_may_be_a_namespace_of_containerd(void)
{
  for (gsize i = 0; i < G_N_ELEMENTS(candidates); i++) {
    NzContainerRef ref = {.root_len = 4711};
    g_test_message("%s", candidates[i].path);
    g_assert_false(nz_cgroup_container(candidates[i].path, &ref));
    g_assert_cmpint(nz_cgroup_candidate(candidates[i].path, &ref), ==, candidates[i].id != NULL);
    if (!candidates[i].id) {
      g_assert_cmpuint(ref.root_len, ==, 4711);
      continue;
    }
    g_assert_cmpint(ref.engine, ==, NZ_CONTAINER_CONTAINERD);
    g_assert_cmpstr(ref.space, ==, candidates[i].space);
    g_assert_cmpstr(ref.id, ==, candidates[i].id);
    g_assert_cmpuint(ref.root_len, ==,
                     strlen(candidates[i].root ? candidates[i].root : candidates[i].path));
  }
}

static void
a_name_too_long_for_containerd_is_no_candidate(void)
{
  g_autofree char *name = g_strnfill(NZ_CONTAINER_ID_MAX + 1, 'x');
  g_autofree char *path = g_strconcat("/blue/", name, NULL);
  NzContainerRef ref;
  g_assert_false(nz_cgroup_candidate(path, &ref));
}

static void
a_candidate_is_read_from_files_of_all_hierarchies(void)
{
  static const char text[] = "5:memory:/blue/web\n1:name=systemd:/green/app\n0::/\n";
  NzContainerRef ref;
  g_assert_false(nz_cgroup_file_container(text, strlen(text), &ref));
  g_assert_true(nz_cgroup_file_candidate(text, strlen(text), &ref));
  g_assert_cmpstr(ref.space, ==, "green");
}

static void
the_owner_is_believed_only_in_its_own_slice(void)
{
  NzContainerRef ref;
  g_assert_true(nz_cgroup_container(
      "/user.slice/user-1000.slice/user@1001.service/docker-" ID ".scope", &ref));
  g_assert_false(ref.rootless);
  g_assert_true(nz_cgroup_container("/system.slice/user@1000.service/docker-" ID ".scope", &ref));
  g_assert_false(ref.rootless);
}

static void
long_names_are_cut(void)
{
  g_autofree char *name = g_strnfill(300, 'x');
  g_autofree char *path = g_strconcat("/lxc.payload.", name, NULL);
  NzContainerRef ref;
  g_assert_true(nz_cgroup_container(path, &ref));
  g_assert_cmpuint(strlen(ref.id), ==, NZ_CONTAINER_ID_MAX);
}

/* --- /proc/PID/cgroup --- */

static const struct {
  const char *text;
  const char *id; /* NULL: none */
} files[] = {
    {"0::/system.slice/docker-" ID ".scope\n", ID},
    {"0::/\n", NULL},
    {"12:cpu,cpuacct:/docker/" ID "\n1:name=systemd:/docker/" ID "\n", ID},
    /* hybrid: the unified hierarchy holds no controllers, and runc leaves it alone */
    {"13:pids:/docker/" ID "\n1:name=systemd:/docker/" ID "\n0::/\n", ID},
    {"13:pids:/docker/" ID "\n1:name=systemd:/docker/" ID "\n0::/docker/" ID "\n", ID},
    /* systemd's own hierarchy goes before a controller's */
    {"5:cpuset:/docker/" OTHER "\n1:name=systemd:/docker/" ID "\n", ID},
    {"5:cpuset:/docker/" OTHER "\n0::/docker/" ID "\n", ID},
    {"4:devices:/\n3:memory:/docker/" ID "\n2:freezer:/\n", ID},
    {"0::/system.slice/docker-" ID ".scope", ID},
    {"", NULL},
    {"::::\n\n:\n0:\n", NULL},
    {"1:name=systemd:/system.slice:docker:" ID "\n", ID},
};

static void
files_of_all_hierarchies_are_read(void)
{
  for (gsize i = 0; i < G_N_ELEMENTS(files); i++) {
    NzContainerRef ref;
    g_test_message("%s", files[i].text);
    g_assert_cmpint(nz_cgroup_file_container(files[i].text, strlen(files[i].text), &ref), ==,
                    files[i].id != NULL);
    if (files[i].id)
      g_assert_cmpstr(ref.id, ==, files[i].id);
  }
}

static void
engines_have_names(void)
{
  NzContainerRef ref;
  g_assert_true(nz_cgroup_container("/docker/" ID, &ref));
  g_autofree char *text = nz_container_ref_text(&ref);
  g_assert_cmpstr(text, ==, "docker:3f1b0d2c4e5a");
  for (guint i = 0; i < NZ_CONTAINER_ENGINES; i++) {
    NzContainerEngine engine;
    g_assert_true(
        nz_container_engine_find(nz_container_engine_name((NzContainerEngine)i), &engine));
    g_assert_cmpuint(engine, ==, i);
  }
  g_assert_false(nz_container_engine_find("Docker", &(NzContainerEngine){0}));
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/container/paths", paths_of_containers_are_known);
  g_test_add_func("/container/none", other_paths_are_no_containers);
  g_test_add_func("/container/nested", a_container_in_a_container_is_the_outer_one);
  g_test_add_func("/container/pod-within", a_pod_is_not_taken_from_within_a_container);
  g_test_add_func("/container/space", the_namespace_of_containerd_is_known);
  g_test_add_func("/container/candidates", any_name_may_be_a_namespace_of_containerd);
  g_test_add_func("/container/candidates/long", a_name_too_long_for_containerd_is_no_candidate);
  g_test_add_func("/container/candidates/files", a_candidate_is_read_from_files_of_all_hierarchies);
  g_test_add_func("/container/owner", the_owner_is_believed_only_in_its_own_slice);
  g_test_add_func("/container/long", long_names_are_cut);
  g_test_add_func("/container/files", files_of_all_hierarchies_are_read);
  g_test_add_func("/container/engines", engines_have_names);
  return g_test_run();
}

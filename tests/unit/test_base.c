/* SPDX-License-Identifier: Apache-2.0 */
/* The table of well-known base images: names, tags, what is known of them. */
#include "build/base.h"

#include <string.h>

#define UNKNOWN "(not in the table)"
#define NOBODY  "(nobody)"

static void
check_user(const char *name, const char *user, NzFamily family)
{
  g_test_message("%s", name);
  g_autoptr(NzBuildBase) base = nz_build_base_well_known(name);
  if (strcmp(user, UNKNOWN) == 0) {
    g_assert_null(base);
    return;
  }
  g_assert_nonnull(base);
  g_assert_cmpstr(base->name, ==, name);
  g_assert_nonnull(base->because);
  g_assert_null(base->unknown);
  g_assert_true(base->user_known);
  g_assert_false(base->accounts_whole);
  g_assert_cmpstr(base->user, ==, strcmp(user, NOBODY) == 0 ? NULL : user);
  g_assert_cmpint(base->family, ==, family);
}

static const struct {
  const char *name, *user;
  NzFamily family;
} images[] = {
    {"debian", NOBODY, NZ_FAMILY_DEBIAN},
    {"debian:12-slim", NOBODY, NZ_FAMILY_DEBIAN},
    {"ubuntu:22.04", NOBODY, NZ_FAMILY_DEBIAN},
    {"alpine:3.20", NOBODY, NZ_FAMILY_ALPINE},
    {"busybox", NOBODY, NZ_FAMILY_ALPINE},
    {"scratch", NOBODY, NZ_FAMILY_SCRATCH},
    {"fedora:40", NOBODY, NZ_FAMILY_REDHAT},
    {"rockylinux:9", NOBODY, NZ_FAMILY_REDHAT},
    {"amazonlinux:2", NOBODY, NZ_FAMILY_REDHAT},
    {"opensuse/leap:15.6", NOBODY, NZ_FAMILY_REDHAT},
    {"registry.access.redhat.com/ubi9/ubi-minimal:9.4", NOBODY, NZ_FAMILY_REDHAT},
    {"registry.access.redhat.com/ubi8", NOBODY, NZ_FAMILY_REDHAT},
    {"node:20", NOBODY, NZ_FAMILY_DEBIAN},
    {"node:20-alpine3.19", NOBODY, NZ_FAMILY_ALPINE},
    {"python:3.12-slim-bookworm", NOBODY, NZ_FAMILY_DEBIAN},
    {"golang:1.22-alpine", NOBODY, NZ_FAMILY_ALPINE},
    {"golang:1.22-windowsservercore-ltsc2022", UNKNOWN, NZ_FAMILY_UNKNOWN},
    {"eclipse-temurin:21-jre-ubi9-minimal", NOBODY, NZ_FAMILY_REDHAT},
    {"openjdk:17", NOBODY, NZ_FAMILY_UNKNOWN},
    {"nginx", NOBODY, NZ_FAMILY_DEBIAN},
    {"nginxinc/nginx-unprivileged:1.27-alpine", "101", NZ_FAMILY_ALPINE},
    {"httpd:2.4", NOBODY, NZ_FAMILY_DEBIAN},
    {"haproxy:2.2", NOBODY, NZ_FAMILY_UNKNOWN},
    {"haproxy:2.8", "haproxy", NZ_FAMILY_DEBIAN},
    {"haproxy:lts-alpine", "haproxy", NZ_FAMILY_ALPINE},
    {"memcached", "memcache", NZ_FAMILY_DEBIAN},
    {"postgres:16-alpine", NOBODY, NZ_FAMILY_ALPINE},
    {"redis:7", NOBODY, NZ_FAMILY_DEBIAN},
    {"wordpress:cli", "www-data", NZ_FAMILY_ALPINE},
    {"wordpress:6-apache", NOBODY, NZ_FAMILY_DEBIAN},
    {"jenkins/jenkins:lts", "jenkins", NZ_FAMILY_DEBIAN},
    {"grafana/grafana:11.0.0", "472", NZ_FAMILY_ALPINE},
    {"grafana/grafana:5.4.3", UNKNOWN, NZ_FAMILY_UNKNOWN},
    {"prom/prometheus:v2.53.0", "nobody", NZ_FAMILY_ALPINE},
    {"quay.io/keycloak/keycloak:25.0", "1000", NZ_FAMILY_REDHAT},
    {"solr:8.11", "solr", NZ_FAMILY_DEBIAN},
    {"solr:9", "8983", NZ_FAMILY_DEBIAN},
    {"gcr.io/distroless/static", "0", NZ_FAMILY_DISTROLESS},
    {"gcr.io/distroless/static-debian12:nonroot", "65532", NZ_FAMILY_DISTROLESS},
    {"gcr.io/distroless/java17-debian12:debug-nonroot", "65532", NZ_FAMILY_DISTROLESS},
    {"gcr.io/distroless/base:debug", "0", NZ_FAMILY_DISTROLESS},
    {"gcr.io/distroless", UNKNOWN, NZ_FAMILY_UNKNOWN},
    {"cgr.dev/chainguard/static", "65532", NZ_FAMILY_UNKNOWN},
    {"cgr.dev/chainguard/wolfi-base", UNKNOWN, NZ_FAMILY_UNKNOWN},
    {"mcr.microsoft.com/dotnet/aspnet:8.0", NOBODY, NZ_FAMILY_DEBIAN},
    {"mcr.microsoft.com/dotnet/aspnet:8.0-jammy-chiseled", "1654", NZ_FAMILY_DISTROLESS},
    {"mcr.microsoft.com/dotnet/runtime:9.0-alpine", NOBODY, NZ_FAMILY_ALPINE},
    {"mcr.microsoft.com/dotnet/sdk:6.0", NOBODY, NZ_FAMILY_UNKNOWN},
    {"mcr.microsoft.com/dotnet/runtime:7.0-jammy-chiseled", UNKNOWN, NZ_FAMILY_UNKNOWN},
    {"mcr.microsoft.com/dotnet/sdk:8.0-nanoserver-ltsc2022", UNKNOWN, NZ_FAMILY_UNKNOWN},
    {"registry.access.redhat.com/ubi8/nodejs-18:1", "1001", NZ_FAMILY_REDHAT},
    {"registry.redhat.io/ubi9/python-311", "1001", NZ_FAMILY_REDHAT},
    {"registry.access.redhat.com/ubi9/openjdk-17-runtime", "185", NZ_FAMILY_REDHAT},
    {"bitnami/postgresql:16.3.0-debian-12-r0", "1001", NZ_FAMILY_DEBIAN},
    {"bitnami/unheard-of", UNKNOWN, NZ_FAMILY_UNKNOWN},
    {"elasticsearch:8.14.0", UNKNOWN, NZ_FAMILY_UNKNOWN},
    {"example.org/debian", UNKNOWN, NZ_FAMILY_UNKNOWN},
    {"someone/node", UNKNOWN, NZ_FAMILY_UNKNOWN},
};

static void
test_images(void)
{
  for (gsize i = 0; i < G_N_ELEMENTS(images); i++)
    check_user(images[i].name, images[i].user, images[i].family);
}

static void
test_other_names_of_the_same(void)
{
  static const char *const names[] = {
      "memcached",
      "library/memcached",
      "docker.io/memcached:1.6",
      "docker.io/library/memcached:latest",
      "index.docker.io/library/memcached",
      "public.ecr.aws/docker/library/memcached:1",
      "mirror.gcr.io/library/memcached",
  };
  for (gsize i = 0; i < G_N_ELEMENTS(names); i++)
    check_user(names[i], "memcache", NZ_FAMILY_DEBIAN);
  check_user("localhost:5000/memcached", UNKNOWN, NZ_FAMILY_UNKNOWN);
  check_user("docker.io/jenkins/jenkins", "jenkins", NZ_FAMILY_DEBIAN);
}

static void
test_a_digest_says_no_tag(void)
{
#define DIGEST "@sha256:0000000000000000000000000000000000000000000000000000000000000000"
  check_user("debian" DIGEST, NOBODY, NZ_FAMILY_DEBIAN);
  check_user("node:20-alpine" DIGEST, NOBODY, NZ_FAMILY_ALPINE);
  /* It may be of any distribution. */
  check_user("node" DIGEST, UNKNOWN, NZ_FAMILY_UNKNOWN);
  check_user("gcr.io/distroless/static" DIGEST, UNKNOWN, NZ_FAMILY_UNKNOWN);
}

/* The engine takes the digest, whatever the tag beside it says. */
static void
test_a_tag_beside_a_digest_is_believed_where_all_tags_agree(void)
{
  check_user("gcr.io/distroless/static:nonroot" DIGEST, UNKNOWN, NZ_FAMILY_UNKNOWN);
  check_user("haproxy:3.0" DIGEST, UNKNOWN, NZ_FAMILY_UNKNOWN); /* 2.3 is root's */
  check_user("memcached:1.6" DIGEST, "memcache", NZ_FAMILY_DEBIAN);
  /* That it starts as root is no pass. */
  check_user("debian:12" DIGEST, NOBODY, NZ_FAMILY_DEBIAN);
  check_user("gcr.io/distroless/static:latest" DIGEST, "0", NZ_FAMILY_DISTROLESS);
}

static void
test_odd_names_are_not_in_the_table(void)
{
  static const char *const names[] = {"",        ":", "@",     "/",   ":latest",
                                      "debian/", "*", "$BASE", "a b", "debian*"};
  for (gsize i = 0; i < G_N_ELEMENTS(names); i++)
    check_user(names[i], UNKNOWN, NZ_FAMILY_UNKNOWN);
  g_autofree char *longest = g_strnfill(100000, 'a');
  check_user(longest, UNKNOWN, NZ_FAMILY_UNKNOWN);
}

/* Each is looked up in the files as the runtimes do. */
static void
test_accounts(void)
{
  static const struct {
    const char *image, *declared;
    guint32 uid, gid;
  } rows[] = {
      {"node", "node", 1000, 1000},
      {"node:20-alpine", "node", 1000, 1000},
      {"debian", "www-data", 33, 33},
      {"debian", "nobody", 65534, 65534},
      {"debian", "games", 5, 60},
      {"php:8-fpm-alpine", "www-data", 82, 82},
      {"alpine", "nobody:www-data", 65534, 82},
      {"nginx:alpine", "nginx", 101, 101},
      {"postgres", "postgres", 999, 999},
      {"postgres:16-alpine", "postgres", 70, 70},
      {"redis:7-alpine", "redis", 999, 1000},
      {"rabbitmq:3-alpine", "rabbitmq", 100, 101},
      {"haproxy:3.0", "haproxy", 99, 99},
      {"ubuntu:24.04", "ubuntu", 1000, 1000},
      {"fedora", "nobody", 65534, 65534},
      {"gcr.io/distroless/cc", "nonroot", 65532, 65532},
      {"jenkins/jenkins", "jenkins", 1000, 1000},
      {"prom/prometheus", "nobody", 65534, 65534},
      {"mcr.microsoft.com/dotnet/aspnet:8.0", "app", 1654, 1654},
      {"quay.io/keycloak/keycloak", "keycloak", 1000, 0},
  };
  for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
    g_test_message("%s: %s", rows[i].image, rows[i].declared);
    g_autoptr(NzBuildBase) base = nz_build_base_well_known(rows[i].image);
    g_assert_nonnull(base->passwd);
    NzUserFile passwd = {base->passwd, strlen(base->passwd), NULL};
    NzUserFile group = {base->group, strlen(base->group), NULL};
    g_autoptr(NzUser) user = nz_user_resolve(rows[i].declared, &passwd, &group);
    g_assert_cmpint(user->state, ==, NZ_USER_NON_ROOT);
    g_assert_cmpuint(user->uid, ==, rows[i].uid);
    g_assert_cmpuint(user->gid, ==, rows[i].gid);
  }
}

static void
test_what_is_not_known_is_null(void)
{
  g_autoptr(NzBuildBase) debian = nz_build_base_well_known("debian");
  g_assert_null(debian->environment);
  g_assert_null(debian->ports);
  g_assert_null(debian->volumes);
  g_assert_null(debian->entrypoint);
  g_assert_null(debian->cmd);
  g_assert_null(debian->workdir);
  g_assert_null(debian->triggers);
  g_autoptr(NzBuildBase) jammy = nz_build_base_well_known("ubuntu:22.04");
  g_assert_null(strstr(jammy->passwd, "ubuntu"));
}

static void
test_more_of_some(void)
{
  g_autoptr(NzBuildBase) nginx = nz_build_base_well_known("nginx");
  g_assert_cmpstrv(nginx->ports, ((const char *const[]){"80", NULL}));
  g_autoptr(NzBuildBase) mongo = nz_build_base_well_known("mongo:7");
  g_assert_cmpstrv(mongo->volumes, ((const char *const[]){"/data/db", "/data/configdb", NULL}));
  g_autoptr(NzBuildBase) dotnet = nz_build_base_well_known("mcr.microsoft.com/dotnet/sdk:8.0");
  g_assert_cmpstrv(dotnet->environment, ((const char *const[]){"APP_UID=1654", NULL}));
}

static void
test_a_copy_is_the_same(void)
{
  g_autoptr(NzBuildBase) base = nz_build_base_well_known("redis");
  base->cmd = g_strsplit("redis-server", " ", -1);
  g_autoptr(NzBuildBase) copy = nz_build_base_copy(base);
  g_assert_cmpstr(copy->name, ==, base->name);
  g_assert_cmpstr(copy->because, ==, base->because);
  g_assert_cmpstr(copy->passwd, ==, base->passwd);
  g_assert_cmpstrv(copy->volumes, base->volumes);
  g_assert_cmpstrv(copy->cmd, base->cmd);
  g_assert_true(copy->user_known);
  g_assert_true(copy->volumes != base->volumes);
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/base/images", test_images);
  g_test_add_func("/base/other-names-of-the-same", test_other_names_of_the_same);
  g_test_add_func("/base/a-digest-says-no-tag", test_a_digest_says_no_tag);
  g_test_add_func("/base/a-tag-beside-a-digest",
                  test_a_tag_beside_a_digest_is_believed_where_all_tags_agree);
  g_test_add_func("/base/odd-names-are-not-in-the-table", test_odd_names_are_not_in_the_table);
  g_test_add_func("/base/accounts", test_accounts);
  g_test_add_func("/base/what-is-not-known-is-null", test_what_is_not_known_is_null);
  g_test_add_func("/base/more-of-some", test_more_of_some);
  g_test_add_func("/base/a-copy-is-the-same", test_a_copy_is_the_same);
  return g_test_run();
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What people write for an image, beside what engines call it. */
#include <string.h>

#include "image/engine.h"
#include "support.h"

#define HEX    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define OTHER  "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210"
#define DIGEST "sha256:d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1"
#define NONE   "sha256:0000000000000000000000000000000000000000000000000000000000000000"

static const NzEngineStore store = {.engine = &nz_engine_containerd, .root = (char *)"/root"};

static NzStoredImage *
image_new(const char *id, const char *const *names)
{
  NzStoredImage *image = nz_stored_image_new(&store, id);
  for (guint i = 0; names[i]; i++)
    g_ptr_array_add(image->names, g_strdup(names[i]));
  image->digest = g_strdup(DIGEST);
  return image;
}

static NzNameMatch
match(const char *have, const char *name)
{
  NzStoredImage *image = image_new("sha256:" HEX, (const char *const[]){have, NULL});
  NzNameMatch found = nz_name_match(image, name);
  nz_stored_image_free(image);
  return found;
}

/* What the engine calls an image, and what is written; that is the image where it says so. */
static const struct {
  const char *have, *name;
  NzNameMatch match;
} cases[] = {
    /* As it is. */
    {"docker.io/library/nginx:1", "docker.io/library/nginx:1", NZ_NAME_WHOLE},
    {"localhost/app:latest", "localhost/app:latest", NZ_NAME_WHOLE},
    {"localhost:5000/team/app:1", "localhost:5000/team/app:1", NZ_NAME_WHOLE},
    /* What engines add. */
    {"docker.io/library/nginx:latest", "nginx", NZ_NAME_WHOLE},
    {"docker.io/library/nginx:latest", "nginx:latest", NZ_NAME_WHOLE},
    {"docker.io/library/nginx:latest", "library/nginx", NZ_NAME_WHOLE},
    {"docker.io/library/nginx:latest", "docker.io/nginx", NZ_NAME_WHOLE},
    {"docker.io/library/nginx:latest", "docker.io/library/nginx", NZ_NAME_WHOLE},
    {"docker.io/team/app:1", "team/app:1", NZ_NAME_WHOLE},
    {"quay.io/team/app:latest", "quay.io/team/app", NZ_NAME_WHOLE},
    {"nginx:1", "docker.io/library/nginx:1", NZ_NAME_WHOLE},
    {"nginx", "nginx:latest", NZ_NAME_WHOLE},
    {"localhost:5000/app:latest", "localhost:5000/app", NZ_NAME_WHOLE},
    /* Less its registry, or more of its beginning. */
    {"quay.io/team/app:1", "team/app:1", NZ_NAME_SHORT},
    {"quay.io/team/app:1", "app:1", NZ_NAME_SHORT},
    {"localhost/app:latest", "app", NZ_NAME_SHORT},
    {"localhost:5000/app:latest", "app", NZ_NAME_SHORT},
    {"docker.io/team/nginx:latest", "nginx", NZ_NAME_SHORT},
    /* Another tag. */
    {"docker.io/library/nginx:1", "nginx", NZ_NAME_NO},
    {"docker.io/library/nginx:1", "nginx:10", NZ_NAME_NO},
    {"docker.io/library/nginx:10", "nginx:1", NZ_NAME_NO},
    {"docker.io/library/nginx:latest", "nginx:", NZ_NAME_NO},
    {"localhost:5000/app:latest", "localhost/app", NZ_NAME_NO},
    /* Another name. */
    {"docker.io/library/nginx:1", "ginx:1", NZ_NAME_NO},
    {"docker.io/library/nginx:1", "nginx2:1", NZ_NAME_NO},
    {"docker.io/library/nginx:1", "NGINX:1", NZ_NAME_NO},
    {"docker.io/library/nginx:1", "quay.io/library/nginx:1", NZ_NAME_NO},
    {"docker.io/team/app:1", "docker.io/app:1", NZ_NAME_NO},
    {"quay.io/team/app:1", "io/team/app:1", NZ_NAME_NO},
    {"quay.io/team/app:1", "other/app:1", NZ_NAME_NO},
    {"quay.io/app:1", "quay.io/team/app:1", NZ_NAME_NO},
    {"docker.io/library/nginx:1", "", NZ_NAME_NO},
    {"docker.io/library/nginx:1", ":1", NZ_NAME_NO},
    {"docker.io/library/nginx:1", "/nginx:1", NZ_NAME_NO},
    {"docker.io/library/nginx:1", "*", NZ_NAME_NO},
    /* By digest. */
    {"quay.io/team/app@" DIGEST, "quay.io/team/app@" DIGEST, NZ_NAME_WHOLE},
    {"quay.io/team/app:1", "quay.io/team/app@" DIGEST, NZ_NAME_WHOLE},
    {"quay.io/team/app:1", "quay.io/team/app:9@" DIGEST, NZ_NAME_WHOLE},
    {"quay.io/team/app:1", "app@" DIGEST, NZ_NAME_SHORT},
    {"quay.io/team/app@" DIGEST, "quay.io/team/app", NZ_NAME_NO},
    {"quay.io/team/app:1", "quay.io/team/app@" NONE, NZ_NAME_NO},
    {"quay.io/team/app:1", "quay.io/other@" DIGEST, NZ_NAME_NO},
    {"quay.io/team/app:1", "quay.io/team/app@", NZ_NAME_NO},
    {"quay.io/team/app:1", "@" DIGEST, NZ_NAME_NO},
    {"quay.io/team/app:1", DIGEST, NZ_NAME_WHOLE},
    {"quay.io/team/app:1", "d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1",
     NZ_NAME_WHOLE},
    {"quay.io/team/app:1", NONE, NZ_NAME_NO},
    /* By id. */
    {"quay.io/team/app:1", HEX, NZ_NAME_WHOLE},
    {"quay.io/team/app:1", "sha256:" HEX, NZ_NAME_WHOLE},
    {"quay.io/team/app:1", "0123456789ab", NZ_NAME_ID},
    {"quay.io/team/app:1", "sha256:0123456789ab", NZ_NAME_ID},
    {"quay.io/team/app:1", "0123", NZ_NAME_ID},
    {"quay.io/team/app:1", "012", NZ_NAME_NO},
    {"quay.io/team/app:1", "sha256:012", NZ_NAME_NO},
    {"quay.io/team/app:1", "sha256:", NZ_NAME_NO},
    {"quay.io/team/app:1", "1234", NZ_NAME_NO},
    {"quay.io/team/app:1", "0123456789AB", NZ_NAME_NO},
    {"quay.io/team/app:1", HEX "0", NZ_NAME_NO},
    /* A name that is also the beginning of an id. */
    {"docker.io/library/0123:latest", "0123", NZ_NAME_WHOLE},
    /* A name that is spelt like the id of another: that one is meant. */
    {"docker.io/library/" OTHER ":latest", OTHER, NZ_NAME_NO},
    {"localhost/" OTHER ":latest", OTHER, NZ_NAME_NO},
    {OTHER, OTHER, NZ_NAME_NO},
    {"sha256:" OTHER, "sha256:" OTHER, NZ_NAME_NO},
    {"localhost/" OTHER ":latest", "localhost/" OTHER, NZ_NAME_WHOLE},
    /* Names that no engine gives. */
    {"", "", NZ_NAME_WHOLE},
    {"", "latest", NZ_NAME_NO},
    {":", "app", NZ_NAME_NO},
    {"@", "app", NZ_NAME_NO},
    {"a@b@c", "a@b@c", NZ_NAME_WHOLE},
    {"///", "a", NZ_NAME_NO},
    {"a\n:1", "a\n:1", NZ_NAME_WHOLE},
};

static void
test_what_is_written_for_a_name(void)
{
  for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
    g_test_message("%s for %s", cases[i].name, cases[i].have);
    g_assert_cmpint(match(cases[i].have, cases[i].name), ==, cases[i].match);
  }
}

static void
test_the_best_of_several_names_counts(void)
{
  const char *const names[] = {"quay.io/a/app:2", "localhost/app:1", "docker.io/library/app:1",
                               NULL};
  NzStoredImage *image = image_new("sha256:" HEX, names);
  g_assert_cmpint(nz_name_match(image, "app:1"), ==, NZ_NAME_WHOLE);
  g_assert_cmpint(nz_name_match(image, "a/app:2"), ==, NZ_NAME_SHORT);
  g_assert_cmpint(nz_name_match(image, "app:3"), ==, NZ_NAME_NO);
  nz_stored_image_free(image);
}

static void
test_an_image_without_a_name_is_found_by_its_id(void)
{
  NzStoredImage *image = image_new("sha256:" HEX, (const char *const[]){NULL});
  g_assert_cmpint(nz_name_match(image, "01234567"), ==, NZ_NAME_ID);
  g_assert_cmpint(nz_name_match(image, HEX), ==, NZ_NAME_WHOLE);
  g_assert_cmpint(nz_name_match(image, "<none>"), ==, NZ_NAME_NO);
  g_assert_null(nz_stored_image_name(image, "containers-storage:" HEX));
  nz_stored_image_free(image);
}

static void
test_an_id_that_is_no_digest_is_taken_as_it_is(void)
{
  NzStoredImage *image = image_new("my-own-id", (const char *const[]){NULL});
  g_assert_cmpint(nz_name_match(image, "my-own-id"), ==, NZ_NAME_ID);
  g_assert_cmpint(nz_name_match(image, "my-o"), ==, NZ_NAME_ID);
  g_assert_cmpint(nz_name_match(image, "sha256:my-own-id"), ==, NZ_NAME_NO);
  nz_stored_image_free(image);
}

static void
test_a_namespace_may_be_written_or_not(void)
{
  const char *const names[] = {"k8s.io/docker.io/library/app:1", NULL};
  NzStoredImage *image = image_new("sha256:" HEX, names);
  image->space = g_strdup("k8s.io");
  static const struct {
    const char *name;
    NzNameMatch match;
  } spellings[] = {
      {"k8s.io/docker.io/library/app:1", NZ_NAME_WHOLE},
      {"docker.io/library/app:1", NZ_NAME_WHOLE},
      {"app:1", NZ_NAME_WHOLE},
      {"k8s.io/app:1", NZ_NAME_WHOLE},
      {"k8s.io/" HEX, NZ_NAME_WHOLE},
      {"k8s.io/01234567", NZ_NAME_ID},
      {"moby/docker.io/library/app:1", NZ_NAME_NO},
      {"default/app:1", NZ_NAME_NO},
      {"k8s/docker.io/library/app:1", NZ_NAME_NO},
      {"k8s.io", NZ_NAME_NO},
      {"k8s.io/", NZ_NAME_NO},
  };
  for (guint i = 0; i < G_N_ELEMENTS(spellings); i++) {
    g_test_message("%s", spellings[i].name);
    g_assert_cmpint(nz_name_match(image, spellings[i].name), ==, spellings[i].match);
  }
  g_assert_cmpstr(nz_stored_image_name(image, "containerd:k8s.io/docker.io/library/app:1"), ==,
                  "docker.io/library/app:1");
  nz_stored_image_free(image);
}

static void
test_the_name_is_the_one_that_was_asked_for(void)
{
  const char *const names[] = {"docker.io/library/app:1", "localhost/app:1", NULL};
  NzStoredImage *image = image_new("sha256:" HEX, names);
  g_assert_cmpstr(nz_stored_image_name(image, "containerd:localhost/app:1"), ==, "localhost/app:1");
  g_assert_cmpstr(nz_stored_image_name(image, "containerd:[/root]docker.io/library/app:1"), ==,
                  "docker.io/library/app:1");
  g_assert_cmpstr(nz_stored_image_name(image, "containerd:" HEX), ==, "docker.io/library/app:1");
  nz_stored_image_free(image);
}

static void
test_a_source_leads_back_to_its_store(void)
{
  NzEngineStore named = store;
  named.spec = (char *)"/other";
  static const struct {
    const char *name, *source;
  } rows[] = {
      {"localhost/app:1", "containerd:[/other]localhost/app:1"},
      {NULL, "containerd:[/other]sha256:" HEX},
      /* It would name another store. */
      {"[/elsewhere]app:1", "containerd:[/other]sha256:" HEX},
      /* It would be two lines of a list. */
      {"app:1\ncontainerd:app:2", "containerd:[/other]sha256:" HEX},
      {"", "containerd:[/other]sha256:" HEX},
  };
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    NzStoredImage *image = image_new("sha256:" HEX, (const char *const[]){rows[i].name, NULL});
    image->store = &named;
    g_autofree char *source = nz_stored_image_source(image);
    g_assert_cmpstr(source, ==, rows[i].source);
    nz_stored_image_free(image);
  }
}

static void
test_no_two_images_of_a_list_have_one_source(void)
{
  g_autoptr(NzHost) host = nz_host_new();
  NzStoredImage *images[] = {
      image_new("sha256:" HEX, (const char *const[]){"localhost/app:1", NULL}),
      image_new("sha256:" OTHER, (const char *const[]){"localhost/app:1", NULL}),
      image_new(DIGEST, (const char *const[]){"sha256:" OTHER, NULL}),
  };
  static const char *const sources[] = {"containerd:localhost/app:1", "containerd:sha256:" OTHER,
                                        "containerd:" DIGEST};
  for (guint i = 0; i < G_N_ELEMENTS(images); i++)
    g_assert_cmpstr(nz_host_source(host, images[i]), ==, sources[i]);
  for (guint i = 0; i < G_N_ELEMENTS(images); i++)
    g_assert_cmpstr(nz_host_source(host, images[i]), ==, sources[i]);

  NzStoredImage *all_taken =
      image_new("localhost/app:1", (const char *const[]){"sha256:" OTHER, NULL});
  g_assert_null(nz_host_source(host, all_taken));
  nz_stored_image_free(all_taken);
  for (guint i = 0; i < G_N_ELEMENTS(images); i++)
    nz_stored_image_free(images[i]);
}

static void
test_near_names_are_the_nearest_three(void)
{
  static const struct {
    const char *name, *hint;
  } rows[] = {
      {"ngnix:9", "; did you mean quay.io/a/nginx:1, docker.io/library/nginx:latest, "
                  "docker.io/library/nginy:1?"},
      {"docker.io/library/nginx:3", "; did you mean quay.io/a/nginx:1, "
                                    "docker.io/library/nginx:latest, docker.io/library/nginy:1?"},
      {"entirely-different", ""},
      {"ev", "; did you mean ghcr.io/evi\\x1b:1?"},
      {"", ""},
      {":", ""},
  };
  static const char *const names[] = {
      "docker.io/library/nginy:1",      "quay.io/a/nginx:1",       "quay.io/a/nginx:1",
      "docker.io/library/nginx:latest", "docker.io/team/nginyy:1", "ghcr.io/evi\033:1",
      "localhost/postgres:1",
  };
  g_autoptr(GPtrArray) list = g_ptr_array_new();
  for (guint i = 0; i < G_N_ELEMENTS(names); i++)
    g_ptr_array_add(list, (gpointer)names[i]);
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    g_autofree char *hint = nz_name_hint(rows[i].name, list);
    g_assert_cmpstr(hint, ==, rows[i].hint);
  }
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/engine-name/name", test_what_is_written_for_a_name);
  g_test_add_func("/engine-name/several", test_the_best_of_several_names_counts);
  g_test_add_func("/engine-name/nameless", test_an_image_without_a_name_is_found_by_its_id);
  g_test_add_func("/engine-name/odd-id", test_an_id_that_is_no_digest_is_taken_as_it_is);
  g_test_add_func("/engine-name/namespace", test_a_namespace_may_be_written_or_not);
  g_test_add_func("/engine-name/asked", test_the_name_is_the_one_that_was_asked_for);
  g_test_add_func("/engine-name/source", test_a_source_leads_back_to_its_store);
  g_test_add_func("/engine-name/one-source", test_no_two_images_of_a_list_have_one_source);
  g_test_add_func("/engine-name/near", test_near_names_are_the_nearest_three);
  return g_test_run();
}

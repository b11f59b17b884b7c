/* SPDX-License-Identifier: Apache-2.0 */
/* The image configuration: what is read of it, and what is refused. */
#include "image/config.h"

#include <string.h>

#include "support.h"

#define HEX  "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define ID   "\"sha256:" HEX "\""
#define TWO  "\"rootfs\": {\"type\": \"layers\", \"diff_ids\": [" ID ", " ID "]}"
#define NONE "\"rootfs\": {\"type\": \"layers\", \"diff_ids\": []}"

static void
store_free(NzImageStore *self G_GNUC_UNUSED)
{
}

static const NzImageStoreClass store_class = {.free = store_free};
static NzImageStore store = {&store_class, 1, TRUE, TRUE};

static NzImage *
image_of(guint n_layers)
{
  NzImage *image = nz_image_new(&store, "test");
  for (guint i = 0; i < n_layers; i++) {
    NzLayer *layer = g_new0(NzLayer, 1);
    layer->index = i;
    g_ptr_array_add(image->layers, layer);
  }
  return image;
}

/* NULL with an error. */
static NzImage *
apply(const char *text, guint n_layers, GError **error)
{
  g_autoptr(NzImage) image = image_of(n_layers);
  g_autoptr(GBytes) bytes = g_bytes_new(text, strlen(text));
  return nz_config_apply(image, bytes, error) ? g_steal_pointer(&image) : NULL;
}

/* --- what is read --- */

static const struct {
  const char *text, *user;
} users[] = {
    {"{\"config\": {\"User\": \"1000:5\"}}", "1000:5"},
    {"{\"config\": {\"user\": \"app\"}}", "app"},
    {"{\"Config\": {\"User\": \"app\"}}", "app"},
    {"{\"config\": {\"User\": null}}", ""},
    {"{\"config\": {}}", ""},
    {"{\"config\": null}", ""},
    {"{}", ""},
    /* Docker's record of the container that built it; no runtime reads it. */
    {"{\"container_config\": {\"User\": \"0\"}, \"config\": {\"User\": \"5\"}}", "5"},
};

static void
test_the_user_is_read(void)
{
  for (gsize i = 0; i < G_N_ELEMENTS(users); i++) {
    g_test_message("%s", users[i].text);
    g_autoptr(GError) error = NULL;
    g_autoptr(NzImage) image = apply(users[i].text, 0, &error);
    g_assert_no_error(error);
    g_assert_true(image->has_config);
    g_assert_cmpstr(image->user, ==, users[i].user);
  }
}

static const struct {
  const char *text, *platform, *os;
} platforms[] = {
    {"{\"os\": \"linux\", \"architecture\": \"amd64\"}", "linux/amd64", "linux"},
    {"{\"os\": \"linux\", \"architecture\": \"arm64\", \"variant\": \"v8\"}", "linux/arm64/v8",
     "linux"},
    {"{\"OS\": \"linux\", \"Architecture\": \"arm\", \"Variant\": \"\"}", "linux/arm", "linux"},
    {"{\"os\": \"windows\"}", NULL, "windows"},
    {"{\"os\": \"\", \"architecture\": \"amd64\"}", NULL, NULL},
    {"{\"os\": \"li\\u001bnux\", \"architecture\": \"a\"}", "li\\x1bnux/a", "li\\x1bnux"},
    {"{}", NULL, NULL},
};

static void
test_the_platform_is_read(void)
{
  for (gsize i = 0; i < G_N_ELEMENTS(platforms); i++) {
    g_test_message("%s", platforms[i].text);
    g_autoptr(NzImage) image = apply(platforms[i].text, 0, NULL);
    g_assert_nonnull(image);
    g_assert_cmpstr(image->platform, ==, platforms[i].platform);
    g_assert_cmpstr(image->os, ==, platforms[i].os);
  }
}

static void
test_history_lines_belong_to_the_layers_they_made(void)
{
  g_autoptr(NzImage) image = apply("{" TWO ", \"history\": ["
                                   "{\"created_by\": \"ENV\", \"empty_layer\": true},"
                                   "{\"created_by\": \"ADD\"}, {\"empty_layer\": true},"
                                   "{\"created_by\": \"RUN\", \"empty_layer\": false},"
                                   "{\"created_by\": \"too many\"}]}",
                                   2, NULL);
  g_assert_nonnull(image);
  const NzLayer *first = image->layers->pdata[0], *second = image->layers->pdata[1];
  g_assert_cmpstr(first->created_by, ==, "ADD");
  g_assert_cmpstr(second->created_by, ==, "RUN");
  g_assert_cmpstr(first->diff_id, ==, "sha256:" HEX);
}

static void
test_layers_may_lack_history(void)
{
  g_autoptr(NzImage) image = apply("{" TWO ", \"history\": [{\"created_by\": \"\"}]}", 2, NULL);
  g_assert_nonnull(image);
  g_assert_null(((const NzLayer *)image->layers->pdata[0])->created_by);
  g_assert_null(((const NzLayer *)image->layers->pdata[1])->created_by);
}

/* --- what is refused --- */

static const struct {
  const char *text;
  guint n_layers;
  const char *what;
} bad[] = {
    {"[]", 0, "no JSON object"},
    {"{" TWO "}", 1, "lists 2 layers (diff_ids), the manifest 1"},
    {"{" TWO "}", 3, "lists 2 layers (diff_ids), the manifest 3"},
    {"{" NONE "}", 1, "lists 0 layers"},
    {"{}", 1, "lists 0 layers"},
    {"{\"rootfs\": {\"diff_ids\": [\"sha256:0\"]}}", 1, "diff_id 0 is no digest"},
    {"{\"rootfs\": {\"diff_ids\": [5]}}", 1, "diff_id 0 is no digest"},
    {"{\"rootfs\": {\"diff_ids\": {}}}", 0, "\"diff_ids\" is not an array"},
    {"{\"rootfs\": []}", 0, "\"rootfs\" is not an object"},
    {"{\"config\": {\"User\": 0}}", 0, "\"User\" is not a string"},
    {"{\"config\": [\"User\"]}", 0, "\"config\" is not an object"},
    {"{\"config\": {\"User\": \"1\", \"user\": \"0\"}}", 0, "two keys that both mean \"User\""},
    {"{\"config\": {}, \"Config\": {\"User\": \"5\"}}", 0, "two keys that both mean \"config\""},
    {"{\"os\": 1}", 0, "\"os\" is not a string"},
    {"{" TWO ", \"history\": [1]}", 2, "history entry 0 is no object"},
    {"{" TWO ", \"history\": [{\"empty_layer\": \"no\"}]}", 2, "neither true nor false"},
};

static void
test_configurations_that_contradict_are_errors(void)
{
  for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
    g_test_message("%s", bad[i].text);
    g_autoptr(GError) error = NULL;
    g_autoptr(NzImage) image = apply(bad[i].text, bad[i].n_layers, &error);
    g_assert_null(image);
    assert_error_says(&error, NZ_ERROR_INPUT, bad[i].what);
  }
}

/* --- platforms --- */

static const struct {
  const char *have, *want;
  gboolean matches;
} matches[] = {
    {"linux/amd64", "linux/amd64", TRUE},
    {"linux/amd64", "linux/arm64", FALSE},
    {"linux/amd64", "windows/amd64", FALSE},
    {"linux/arm64/v8", "linux/arm64", TRUE},
    {"linux/arm64", "linux/arm64/v8", TRUE},
    {"linux/arm64/v9", "linux/arm64/v8", FALSE},
    {"linux/arm", "linux/arm/v7", TRUE},
    {"linux/arm/v6", "linux/arm/v7", FALSE},
    {"linux/arm/v6", "linux/arm", TRUE},
    {"linux/amd64", "linux/amd64/v2", FALSE},
    {NULL, "linux/amd64", FALSE},
    {"unknown", "linux/amd64", FALSE},
};

static void
test_platforms_match_with_their_usual_variant(void)
{
  for (gsize i = 0; i < G_N_ELEMENTS(matches); i++) {
    g_auto(NzPlatform) want = {0};
    g_test_message("%s for %s", matches[i].have, matches[i].want);
    g_assert_true(nz_platform_parse(matches[i].want, &want, NULL));
    g_assert_cmpint(nz_platform_matches(matches[i].have, &want), ==, matches[i].matches);
  }
}

static void
test_platforms_that_are_none_are_errors(void)
{
  static const char *const texts[] = {"", "linux", "linux/", "/amd64", "linux/arm/", "a/b/c/d"};
  for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
    g_auto(NzPlatform) out = {0};
    g_autoptr(GError) error = NULL;
    g_assert_false(nz_platform_parse(texts[i], &out, &error));
    assert_error_says(&error, NZ_ERROR_INPUT, "is no platform");
  }
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
#define ADD(name, func) g_test_add_func("/config/" name, func)
  ADD("the-user-is-read", test_the_user_is_read);
  ADD("the-platform-is-read", test_the_platform_is_read);
  ADD("history-lines-belong-to-the-layers-they-made",
      test_history_lines_belong_to_the_layers_they_made);
  ADD("layers-may-lack-history", test_layers_may_lack_history);
  ADD("configurations-that-contradict", test_configurations_that_contradict_are_errors);
  ADD("platforms-match-with-their-usual-variant", test_platforms_match_with_their_usual_variant);
  ADD("platforms-that-are-none", test_platforms_that_are_none_are_errors);
  return g_test_run();
}

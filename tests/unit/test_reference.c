/* SPDX-License-Identifier: Apache-2.0 */
/* Names of images: as distribution/reference reads them. */
#include "image/reference.h"

#include "support.h"

#define HEX    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define DIGEST "sha256:" HEX
#define D10    "dddddddddd"
#define D50    D10 D10 D10 D10 D10

static const struct {
  const char *text;
  const char *host, *path, *tag, *digest;
  const char *canonical;
} good[] = {
    {"nginx", "docker.io", "library/nginx", NULL, NULL, "docker.io/library/nginx:latest"},
    {"nginx:1.27", "docker.io", "library/nginx", "1.27", NULL, "docker.io/library/nginx:1.27"},
    {"nginx@" DIGEST, "docker.io", "library/nginx", NULL, DIGEST,
     "docker.io/library/nginx@" DIGEST},
    {"nginx:1@" DIGEST, "docker.io", "library/nginx", "1", DIGEST,
     "docker.io/library/nginx:1@" DIGEST},
    {"docker.io/nginx", "docker.io", "library/nginx", NULL, NULL, "docker.io/library/nginx:latest"},
    {"index.docker.io/a/b", "docker.io", "a/b", NULL, NULL, "docker.io/a/b:latest"},
    {"a/b", "docker.io", "a/b", NULL, NULL, "docker.io/a/b:latest"},
    {"a/b/c", "docker.io", "a/b/c", NULL, NULL, "docker.io/a/b/c:latest"},
    {"localhost/a", "localhost", "a", NULL, NULL, "localhost/a:latest"},
    {"localhost:5000/a:b", "localhost:5000", "a", "b", NULL, "localhost:5000/a:b"},
    {"LOCALHOST/a", "LOCALHOST", "a", NULL, NULL, "LOCALHOST/a:latest"},
    {"Uppercase/a", "Uppercase", "a", NULL, NULL, "Uppercase/a:latest"},
    {"host:80/a", "host:80", "a", NULL, NULL, "host:80/a:latest"},
    {"a.b/c", "a.b", "c", NULL, NULL, "a.b/c:latest"},
    {"[::1]/a", "[::1]", "a", NULL, NULL, "[::1]/a:latest"},
    {"[2001:db8::1]:5000/a:1", "[2001:db8::1]:5000", "a", "1", NULL, "[2001:db8::1]:5000/a:1"},
    {"127.0.0.1:5000/a", "127.0.0.1:5000", "a", NULL, NULL, "127.0.0.1:5000/a:latest"},
    {"quay.io/a.b/c_d/e__f/g---h", "quay.io", "a.b/c_d/e__f/g---h", NULL, NULL,
     "quay.io/a.b/c_d/e__f/g---h:latest"},
    {"a:_", "docker.io", "library/a", "_", NULL, "docker.io/library/a:_"},
    {"a:A-b.c_d", "docker.io", "library/a", "A-b.c_d", NULL, "docker.io/library/a:A-b.c_d"},
    {"1/2", "docker.io", "1/2", NULL, NULL, "docker.io/1/2:latest"},
    {"sub-dom1.foo.com/bar/baz", "sub-dom1.foo.com", "bar/baz", NULL, NULL,
     "sub-dom1.foo.com/bar/baz:latest"},
    {"xn--7o8h.com/a", "xn--7o8h.com", "a", NULL, NULL, "xn--7o8h.com/a:latest"},
    {HEX ":x", "docker.io", "library/" HEX, "x", NULL, "docker.io/library/" HEX ":x"},
};

static void
test_names_are_split(void)
{
  for (gsize i = 0; i < G_N_ELEMENTS(good); i++) {
    g_autoptr(GError) error = NULL;
    g_auto(NzReference) r = {0};
    g_test_message("%s", good[i].text);
    g_assert_true(nz_reference_parse(good[i].text, &r, &error));
    g_assert_no_error(error);
    g_assert_cmpstr(r.host, ==, good[i].host);
    g_assert_cmpstr(r.path, ==, good[i].path);
    g_assert_cmpstr(r.tag, ==, good[i].tag);
    g_assert_cmpstr(r.digest, ==, good[i].digest);
    g_autofree char *text = nz_reference_text(&r);
    g_assert_cmpstr(text, ==, good[i].canonical);
  }
}

static void
test_the_canonical_text_is_a_fixed_point(void)
{
  for (gsize i = 0; i < G_N_ELEMENTS(good); i++) {
    g_auto(NzReference) r = {0};
    g_assert_true(nz_reference_parse(good[i].canonical, &r, NULL));
    g_autofree char *text = nz_reference_text(&r);
    g_assert_cmpstr(text, ==, good[i].canonical);
  }
}

static const char *const bad[] = {
    "",
    ":tag",
    "@" DIGEST,
    HEX,
    "a:",
    "a@",
    "a:-x",
    "a:.x",
    "a:b:c",
    "a@sha256:",
    "a@sha256:" D50,
    "a@md5:900150983cd24fb0d6963f7d28e17f72",
    "a@" DIGEST "0",
    "a@" DIGEST "@" DIGEST,
    "Nginx",
    "docker.io/Nginx",
    "a//b",
    "/a",
    "a/",
    "-a",
    "a-",
    "a..b",
    "a._b",
    "a___b",
    "a.-b",
    ".a/b",
    "a./b",
    "-host.com/a",
    "host-.com/a",
    "host..com/a",
    "host.com./a",
    "host:/a",
    "host:x/a",
    "host:80:80/a",
    "[::1/a",
    "[]/a",
    "[::1]x/a",
    "a b",
    "a\nb",
    "a/b?c",
    "a/b#c",
    "a/b%20c",
    "user:pw@host/a",
    "https://host/a",
    "../a",
    "a/../b",
    "\xc3\xa9",
    "host.com/" D50 "/" D50 "/" D50 "/" D50 "/" D50 "/" D10,
};

static void
test_what_is_no_name_is_refused(void)
{
  for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
    g_autoptr(GError) error = NULL;
    g_auto(NzReference) r = {0};
    g_test_message("%s", bad[i]);
    g_assert_false(nz_reference_parse(bad[i], &r, &error));
    g_assert_error(error, NZ_ERROR, NZ_ERROR_INPUT);
    g_assert_null(r.host);
  }
}

static void
test_lengths(void)
{
  g_autoptr(GString) text = g_string_new("host.com/");
  for (int i = 0; i < 255; i++)
    g_string_append_c(text, 'a');
  g_string_append_c(text, ':');
  for (int i = 0; i < 128; i++)
    g_string_append_c(text, 'b');
  g_auto(NzReference) r = {0};
  g_assert_true(nz_reference_parse(text->str, &r, NULL));
  g_string_append_c(text, 'b');
  g_auto(NzReference) longer = {0};
  g_assert_false(nz_reference_parse(text->str, &longer, NULL));
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/reference/split", test_names_are_split);
  g_test_add_func("/reference/canonical", test_the_canonical_text_is_a_fixed_point);
  g_test_add_func("/reference/refused", test_what_is_no_name_is_refused);
  g_test_add_func("/reference/lengths", test_lengths);
  return g_test_run();
}

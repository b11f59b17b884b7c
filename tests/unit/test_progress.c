/* SPDX-License-Identifier: Apache-2.0 */
/* What progress looks like: golden lines, and lines for terminals of every size. "~" stands for the
 * space that g_format_size() puts before a unit. */
#include <string.h>

#include "cmd/progress_draw.h"

#define MB 1000000u

static const nonzero_layer_progress two[] = {
    {"sha256:0123456789ab", 50 * MB, 100 * MB, 5000, 7, 3},
    {"layer 5", 3 * MB, 0, 5000, 7, 3},
};

static NzProgressView
view_of(const char *what, const nonzero_layer_progress *layers, gsize n)
{
  return (NzProgressView){
      .what = what, .done = 120 * MB, .total = 240 * MB, .layers = layers, .n_layers = n};
}

static void
expect(const NzProgressView *view, guint columns, guint rows, const char *expected)
{
  g_autofree char *text = nz_progress_draw(view, columns, rows);
  g_auto(GStrv) parts = g_strsplit(text, "\u00a0", -1);
  g_autofree char *got = g_strjoinv("~", parts);
  g_assert_cmpstr(got, ==, expected);
}

static void
test_a_bar_for_each_layer(void)
{
  NzProgressView view = view_of("app.tar", two, 2);
  expect(&view, 90, 24,
         "app.tar: 120.0~MB, 50 %, 3 of 7 layers\n"
         "  sha256:0123456789ab  [###############---------------]   50 %  50.0~MB of 100.0~MB\n"
         "  layer 5              3.0~MB");
}

static void
test_narrow_terminals_get_less(void)
{
  NzProgressView view = view_of("registry.example/team/app:1", two, 1);
  static const struct {
    guint columns;
    const char *drawn;
  } cases[] = {
      {61, "registry.example/team/app:1: 120.0~MB, 50 %, 3 of 7 layers\n"
           "  sha256:0123456789ab  [###----]   50 %  50.0~MB of 100.0~MB"},
      {50, "registry.exampl...: 120.0~MB, 50 %, 3 of 7 layers\n"
           "  sha256:0123456789ab  [########---------]   50 %"},
      {33, "registry.exam...: 120.0~MB, 50 %\n"
           "  sha256:0123456789ab   50 %"},
      {24, "registry.e...: 120.0~MB\n"
           "  sha256:0123456789a..."},
  };
  for (guint i = 0; i < G_N_ELEMENTS(cases); i++)
    expect(&view, cases[i].columns, 24, cases[i].drawn);
}

static void
test_the_first_line_alone(void)
{
  static const nonzero_layer_progress young = {"layer 1", 1, 2, 299, 2, 0};
  static const nonzero_layer_progress only = {"layer 1", 1, 2, 5000, 1, 0};
  NzProgressView view = view_of("app", &young, 1);
  expect(&view, 80, 24, "app: 120.0~MB, 50 %, 0 of 2 layers");
  view = view_of("app", &only, 1);
  expect(&view, 80, 24, "app: 120.0~MB, 50 %");
  view = view_of("app", two, 2);
  expect(&view, 80, 1, "app: 120.0~MB, 50 %, 3 of 7 layers");
  view = view_of("app", NULL, 0);
  view.total = 0;
  expect(&view, 80, 24, "app: 120.0~MB");
}

static void
test_of_many_images_the_layers_are_not_counted(void)
{
  static const nonzero_layer_progress only = {"layer 1", MB, 0, 5000, 1, 0};
  NzProgressView view = view_of("3 of 12 images", &only, 1);
  view.is_counts = TRUE;
  view.total = 0;
  expect(&view, 80, 24, "3 of 12 images: 120.0~MB\n  layer 1              1.0~MB");
}

static void
test_what_is_more_than_all_is_all(void)
{
  static const nonzero_layer_progress grown = {"layer 1", 3, 2, 5000, 2, 0};
  NzProgressView view = view_of("app", &grown, 1);
  view.done = G_MAXUINT64;
  view.total = 1;
  g_autofree char *text = nz_progress_draw(&view, 80, 24);
  g_assert_nonnull(strstr(text, ", 100 %, 0 of 2"));
  g_assert_nonnull(strstr(text, "[####"));
  g_assert_null(strchr(text, '-'));
}

static guint
columns_of(const char *line)
{
  guint n = 0;
  for (; *line; line = g_utf8_next_char(line)) {
    gunichar c = g_utf8_get_char(line);
    n += g_unichar_iszerowidth(c) ? 0 : g_unichar_iswide(c) ? 2 : 1;
  }
  return n;
}

/* Wide and combining characters, too. */
static void
test_no_line_is_wider_or_higher_than_the_terminal(void)
{
  static const char *const names[] = {"app", "\u6f22\u5b57\u6f22\u5b57\u6f22\u5b57/\u6f22:1",
                                      "e\u0301e\u0301e\u0301e\u0301e\u0301e\u0301", ""};
  nonzero_layer_progress layers[16];
  for (guint i = 0; i < G_N_ELEMENTS(layers); i++)
    layers[i] = two[i % 2];
  for (guint i = 0; i < G_N_ELEMENTS(names); i++)
    for (guint columns = 1; columns < 140; columns++)
      for (guint rows = 1; rows < 24; rows += 3) {
        NzProgressView view = view_of(names[i], layers, G_N_ELEMENTS(layers));
        g_autofree char *text = nz_progress_draw(&view, columns, rows);
        g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
        g_assert_true(g_utf8_validate(text, -1, NULL));
        g_assert_cmpuint(g_strv_length(lines), <=, MAX(rows - 1, 1));
        for (guint j = 0; lines[j]; j++)
          g_assert_cmpuint(columns_of(lines[j]), <, columns);
      }
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
#define ADD(name, func) g_test_add_func("/progress/" name, func)
  ADD("a-bar-for-each-layer", test_a_bar_for_each_layer);
  ADD("narrow-terminals-get-less", test_narrow_terminals_get_less);
  ADD("the-first-line-alone", test_the_first_line_alone);
  ADD("of-many-images-the-layers-are-not-counted", test_of_many_images_the_layers_are_not_counted);
  ADD("what-is-more-than-all-is-all", test_what_is_more_than_all_is_all);
  ADD("no-line-is-wider-or-higher-than-the-terminal",
      test_no_line_is_wider_or_higher_than_the_terminal);
  return g_test_run();
}

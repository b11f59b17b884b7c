/* SPDX-License-Identifier: Apache-2.0 */
/* The picture of the live view. */
#include "watch/view_draw.h"

#include <string.h>

#include "support.h"

#define ID "3f1b0d2c4e5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0"

static NzRunning *
add(NzLedger *ledger, guint64 key, const char *name, gboolean root)
{
  NzContainerRef ref;
  g_assert_true(nz_cgroup_container("/docker/" ID, &ref));
  NzRunning *c = nz_ledger_container(ledger, key, &ref);
  NzContainerFacts *facts = g_new0(NzContainerFacts, 1);
  facts->ref = ref;
  facts->name = g_strdup(name);
  facts->image = g_strdup("nginx:1");
  facts->image_user = g_strdup("app");
  nz_ledger_describe(ledger, c, facts);
  const NzRootFact fact = {.executable = (char *)"/bin/sh", .on_host = TRUE, .count = 1};
  if (root)
    nz_ledger_root(ledger, c, &fact);
  return c;
}

static NzLedger *
some_containers(void)
{
  NzLedger *ledger = nz_ledger_new(NULL);
  add(ledger, 1, "clean", FALSE);
  add(ledger, 2, "rooted", TRUE);
  nz_ledger_judge(ledger);
  return ledger;
}

static char *
picture_of(const NzLedger *ledger, NzViewPicture picture)
{
  GString *out = g_string_new(NULL);
  picture.filter = picture.filter ? picture.filter : "";
  picture.info.mode = "bpf";
  nz_view_picture(&picture, ledger, out);
  return g_string_free(out, FALSE);
}

static char **
lines_of(const char *text)
{
  g_autofree char *plain = g_strdup(text);
  GString *out = g_string_new(NULL);
  for (const char *p = plain; *p; p++) {
    if (*p == 0x1b)
      p += strcspn(p, "mK");
    else
      g_string_append_c(out, *p);
  }
  char **lines = g_strsplit(out->str, "\r\n", -1);
  g_string_free(out, TRUE);
  return lines;
}

static void
the_worst_stand_first(void)
{
  g_autoptr(NzLedger) ledger = some_containers();
  g_autofree char *text = picture_of(ledger, (NzViewPicture){.width = 100, .height = 20});
  g_auto(GStrv) lines = lines_of(text);
  assert_holds(lines[0], "1 fail  0 unknown  1 pass");
  assert_holds(lines[1], "lost 0");
  assert_holds(lines[3], "FAIL");
  assert_holds(lines[3], "rooted");
  assert_holds(lines[3], "nginx:1");
  assert_holds(lines[4], "pass");
  assert_holds(lines[4], "clean");
}

static void
what_is_filtered_is_not_shown(void)
{
  static const struct {
    NzViewShow show;
    const char *filter;
    gboolean rooted, clean;
  } cases[] = {
      {NZ_SHOW_ALL, "", TRUE, TRUE},         {NZ_SHOW_FAIL, "", TRUE, FALSE},
      {NZ_SHOW_PASS, "", FALSE, TRUE},       {NZ_SHOW_UNKNOWN, "", FALSE, FALSE},
      {NZ_SHOW_ALL, "root", TRUE, FALSE},    {NZ_SHOW_ALL, "nginx", TRUE, TRUE},
      {NZ_SHOW_FAIL, "clean", FALSE, FALSE}, {NZ_SHOW_ALL, "3f1b0d", TRUE, TRUE},
  };
  g_autoptr(NzLedger) ledger = some_containers();
  for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
    g_autofree char *text = picture_of(
        ledger, (NzViewPicture){
                    .width = 100, .height = 20, .show = cases[i].show, .filter = cases[i].filter});
    g_auto(GStrv) lines = lines_of(text);
    g_autofree char *rows = g_strjoin("\n", lines[3], lines[4], NULL);
    g_test_message("%d %s", cases[i].show, cases[i].filter);
    g_assert_cmpint(strstr(rows, "rooted ") != NULL, ==, cases[i].rooted);
    g_assert_cmpint(strstr(rows, "clean ") != NULL, ==, cases[i].clean);
  }
}

/* Whatever the window: no line is longer than it, and no more lines than it has. */
static void
every_window_is_kept_to(void)
{
  g_autoptr(NzLedger) ledger = some_containers();
  add(ledger, 3, "\xe5\xae\xb9\xe5\x99\xa8\xe5\xae\xb9\xe5\x99\xa8\xe5\xae\xb9\xe5\x99\xa8", TRUE);
  for (guint i = 4; i < 100; i++)
    add(ledger, i, "a-container-with-a-name-that-is-longer-than-its-column", i % 2);
  nz_ledger_judge(ledger);
  for (guint width = 1; width < 130; width += 3)
    for (guint height = 1; height < 60; height += 7) {
      g_autofree char *text =
          picture_of(ledger, (NzViewPicture){.width = width, .height = height, .color = TRUE});
      g_auto(GStrv) lines = lines_of(text);
      g_assert_cmpuint(g_strv_length(lines), <=, height);
      for (guint i = 0; lines[i]; i++) {
        guint columns = 0;
        g_assert_true(g_utf8_validate(lines[i], -1, NULL));
        for (const char *p = lines[i]; *p; p = g_utf8_next_char(p))
          columns += g_unichar_iswide(g_utf8_get_char(p)) ? 2 : 1;
        g_assert_cmpuint(columns, <=, width);
      }
    }
}

static void
scrolling_ends_at_the_last_container(void)
{
  g_autoptr(NzLedger) ledger = nz_ledger_new(NULL);
  for (guint i = 1; i <= 50; i++) {
    g_autofree char *name = g_strdup_printf("c%u.", i);
    add(ledger, i, name, FALSE);
  }
  GString *out = g_string_new(NULL);
  NzViewPicture picture = {
      .width = 80, .height = 20, .scroll = 1000, .filter = "", .info = {.mode = "bpf"}};
  nz_view_picture(&picture, ledger, out);
  g_assert_cmpuint(picture.scroll, <, 50);
  g_assert_cmpuint(picture.scroll, >, 30);
  assert_holds(out->str, "50 of 50 containers");
  g_string_free(out, TRUE);
}

static void
a_container_in_a_pod_has_its_whole_name(void)
{
  NzContainerFacts facts = {
      .name = (char *)"web", .pod = (char *)"web-5d", .space = (char *)"blue"};
  NzRunning running = {.facts = &facts};
  g_autofree char *name = nz_view_name(&running);
  g_assert_cmpstr(name, ==, "blue/web-5d/web");
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/view/order", the_worst_stand_first);
  g_test_add_func("/view/filters", what_is_filtered_is_not_shown);
  g_test_add_func("/view/windows", every_window_is_kept_to);
  g_test_add_func("/view/scroll", scrolling_ends_at_the_last_container);
  g_test_add_func("/view/names", a_container_in_a_pod_has_its_whole_name);
  return g_test_run();
}

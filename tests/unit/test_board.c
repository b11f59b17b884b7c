/* SPDX-License-Identifier: Apache-2.0 */
#include "image/board.h"

#include <string.h>

#define HEX "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void
test_shows_what_is_at_work(void)
{
  NzBoard *board = nz_board_new();
  NzControl image = {0}, a = {.parent = &image}, b = {.parent = &image};
  NzLayer low = {.index = 0, .digest = (char *)"sha256:" HEX}, high = {.index = 1};
  NzBoardLine lines[NZ_BOARD_LINES];
  gint done = 0;
  g_assert_cmpuint(nz_board_look(board, lines, NZ_BOARD_LINES), ==, 0);
  guint first = nz_board_add(board, &low, &a, 3, &done);
  guint second = nz_board_add(board, &high, &b, 3, &done);
  nz_control_expect(&a, 1000);
  nz_control_count(&a, 10);
  nz_control_count(&b, 5);
  nz_control_count(&b, -2);
  g_assert_cmpuint(nz_board_look(board, lines, NZ_BOARD_LINES), ==, 2);
  g_assert_cmpstr(lines[0].name, ==, "sha256:0123456789ab");
  g_assert_cmpuint(lines[0].bytes_read, ==, 10);
  g_assert_cmpuint(lines[0].bytes, ==, 1000);
  g_assert_cmpstr(lines[1].name, ==, "layer 2");
  g_assert_cmpuint(lines[1].bytes_read, ==, 3);
  g_assert_cmpuint(lines[1].bytes, ==, 0);
  g_assert_cmpuint(image.bytes_in, ==, 13);

  done = 1;
  nz_board_remove(board, first);
  g_assert_cmpuint(nz_board_look(board, lines, NZ_BOARD_LINES), ==, 1);
  g_assert_cmpstr(lines[0].name, ==, "layer 2");
  g_assert_cmpuint(lines[0].n_done, ==, 1);
  g_assert_cmpuint(lines[0].n_layers, ==, 3);
  nz_board_remove(board, second);
  g_assert_cmpuint(nz_board_look(board, lines, NZ_BOARD_LINES), ==, 0);
  nz_board_free(board);
}

static void
test_a_full_board_and_none_do_no_harm(void)
{
  NzBoard *board = nz_board_new();
  NzControl control = {0};
  NzLayer layer = {0};
  NzBoardLine lines[NZ_BOARD_LINES + 1];
  gint done = 0;
  for (guint i = 0; i < NZ_BOARD_LINES; i++)
    g_assert_cmpuint(nz_board_add(board, &layer, &control, 1, &done), ==, i);
  guint none = nz_board_add(board, &layer, &control, 1, &done);
  nz_board_remove(board, none);
  g_assert_cmpuint(nz_board_look(board, lines, NZ_BOARD_LINES + 1), ==, NZ_BOARD_LINES);
  g_assert_cmpuint(nz_board_look(board, lines, 2), ==, 2);
  nz_board_remove(board, 7);
  g_assert_cmpuint(nz_board_add(board, &layer, &control, 1, &done), ==, 7);
  nz_board_free(board);
  nz_board_remove(NULL, nz_board_add(NULL, &layer, &control, 1, &done));
  nz_board_free(NULL);
}

/* Whatever an image calls its digests: what is shown goes to a terminal. */
static void
test_names_are_our_own_words(void)
{
  static const char *const digests[] = {"sha256:\033[2J89abcdef", "sha256:0123", "sha512:" HEX, "",
                                        "0123456789abcdef0123456789abcdef"};
  NzBoard *board = nz_board_new();
  NzControl control = {0};
  gint done = 0;
  for (guint i = 0; i < G_N_ELEMENTS(digests); i++) {
    NzBoardLine line;
    NzLayer layer = {.index = 4, .digest = (char *)digests[i]};
    guint at = nz_board_add(board, &layer, &control, 9, &done);
    g_assert_cmpuint(nz_board_look(board, &line, 1), ==, 1);
    g_assert_cmpstr(line.name, ==, "layer 5");
    nz_board_remove(board, at);
  }
  NzBoardLine line;
  NzLayer layer = {.digest = (char *)"app/layer.tar", .diff_id = (char *)"sha256:" HEX};
  nz_board_add(board, &layer, &control, 9, &done);
  g_assert_cmpuint(nz_board_look(board, &line, 1), ==, 1);
  g_assert_cmpstr(line.name, ==, "sha256:0123456789ab");
  nz_board_free(board);
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/board/shows-what-is-at-work", test_shows_what_is_at_work);
  g_test_add_func("/board/a-full-board-and-none-do-no-harm", test_a_full_board_and_none_do_no_harm);
  g_test_add_func("/board/names-are-our-own-words", test_names_are_our_own_words);
  return g_test_run();
}

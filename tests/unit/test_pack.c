/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers and bytes packed: what goes in comes out, and what is damaged is told. */
#include "core/pack.h"

#include <string.h>

#include "support.h"

static NzUnpack
unpack_of(const GByteArray *bytes)
{
  return (NzUnpack){.data = bytes->data, .len = bytes->len};
}

static void
assert_is_done(const NzUnpack *in)
{
  g_assert_false(in->broken);
  g_assert_true(nz_unpack_is_done(in));
}

static void
test_numbers_come_back(void)
{
  g_autoptr(GByteArray) bytes = g_byte_array_new();
  for (guint bit = 0; bit < 64; bit++)
    for (guint64 n = ((guint64)1 << bit) - 1, i = 0; i < 3; i++)
      nz_pack_number(bytes, n + i);
  nz_pack_number(bytes, G_MAXUINT64);
  NzUnpack in = unpack_of(bytes);
  for (guint bit = 0; bit < 64; bit++)
    for (guint64 n = ((guint64)1 << bit) - 1, i = 0; i < 3; i++)
      g_assert_cmpuint(nz_unpack_number(&in, G_MAXUINT64), ==, n + i);
  g_assert_cmpuint(nz_unpack_number(&in, G_MAXUINT64), ==, G_MAXUINT64);
  assert_is_done(&in);
}

static void
test_small_numbers_are_a_byte(void)
{
  static const struct {
    guint64 n;
    guint len;
  } cases[] = {{0, 1}, {127, 1}, {128, 2}, {16383, 2}, {16384, 3}, {G_MAXUINT64, 10}};
  for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    nz_pack_number(bytes, cases[i].n);
    g_assert_cmpuint(bytes->len, ==, cases[i].len);
  }
}

static void
test_a_number_past_its_bound_is_broken(void)
{
  g_autoptr(GByteArray) bytes = g_byte_array_new();
  nz_pack_number(bytes, 8);
  nz_pack_number(bytes, 8);
  NzUnpack in = unpack_of(bytes);
  g_assert_cmpuint(nz_unpack_number(&in, 8), ==, 8);
  g_assert_cmpuint(nz_unpack_number(&in, 7), ==, 0);
  g_assert_true(in.broken);
  g_assert_false(nz_unpack_is_done(&in));
}

static void
test_numbers_that_are_none(void)
{
  static const struct {
    const char *bytes;
    gsize len;
  } cases[] = {
      {"", 0},
      {"\x80", 1},
      {"\xff\xff\xff\xff\xff\xff\xff\xff\xff", 9},          /* cut */
      {"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 10},     /* 65 bits */
      {"\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x00", 11}, /* has no end where one must be */
  };
  for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
    NzUnpack in = {.data = (const guint8 *)cases[i].bytes, .len = cases[i].len};
    g_assert_cmpuint(nz_unpack_number(&in, G_MAXUINT64), ==, 0);
    g_assert_true(in.broken);
  }
}

static void
test_bytes_and_strings_come_back(void)
{
  g_autoptr(GByteArray) bytes = g_byte_array_new();
  nz_pack_bytes(bytes, "a\0b", 3);
  nz_pack_bytes(bytes, NULL, 0);
  nz_pack_bytes(bytes, "text", 4);
  nz_pack_bytes(bytes, "", 0);
  NzUnpack in = unpack_of(bytes);
  gsize len;
  const guint8 *found = nz_unpack_bytes(&in, &len);
  g_assert_true(len == 3 && memcmp(found, "a\0b", 3) == 0);
  g_assert_nonnull(nz_unpack_bytes(&in, &len));
  g_assert_cmpuint(len, ==, 0);
  g_autofree char *text = nz_unpack_string(&in), *empty = nz_unpack_string(&in);
  g_assert_cmpstr(text, ==, "text");
  g_assert_cmpstr(empty, ==, "");
  assert_is_done(&in);
}

static void
test_a_string_holds_no_nul(void)
{
  g_autoptr(GByteArray) bytes = g_byte_array_new();
  nz_pack_bytes(bytes, "a\0b", 3);
  NzUnpack in = unpack_of(bytes);
  g_autofree char *text = nz_unpack_string(&in);
  g_assert_cmpstr(text, ==, "");
  g_assert_true(in.broken);
}

static void
test_what_says_that_it_is_longer_is_broken(void)
{
  static const guint64 lengths[] = {4, 1000, G_MAXUINT32, G_MAXINT64, G_MAXUINT64};
  for (gsize i = 0; i < G_N_ELEMENTS(lengths); i++) {
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    nz_pack_number(bytes, lengths[i]);
    g_byte_array_append(bytes, (const guint8 *)"abc", 3);
    NzUnpack in = unpack_of(bytes);
    gsize len = 1;
    g_assert_nonnull(nz_unpack_bytes(&in, &len));
    g_assert_cmpuint(len, ==, 0);
    g_assert_true(in.broken);
  }
}

static void
test_after_damage_all_is_nothing(void)
{
  g_autoptr(GByteArray) bytes = g_byte_array_new();
  for (guint i = 0; i < 5; i++)
    nz_pack_bytes(bytes, "abc", 3);
  NzUnpack in = unpack_of(bytes);
  gsize len = 1;
  nz_unpack_raw(&in, bytes->len + 1);
  g_assert_true(in.broken);
  g_assert_cmpuint(nz_unpack_number(&in, G_MAXUINT64), ==, 0);
  nz_unpack_bytes(&in, &len);
  g_assert_cmpuint(len, ==, 0);
  g_autofree char *text = nz_unpack_string(&in);
  g_assert_cmpstr(text, ==, "");
  g_assert_cmpuint(*nz_unpack_raw(&in, 1), ==, 0);
  g_assert_false(nz_unpack_is_done(&in));
}

static void
test_what_is_left_over_is_not_done(void)
{
  g_autoptr(GByteArray) bytes = g_byte_array_new();
  nz_pack_number(bytes, 1);
  nz_pack_number(bytes, 2);
  NzUnpack in = unpack_of(bytes);
  nz_unpack_number(&in, 9);
  g_assert_false(nz_unpack_is_done(&in));
  nz_unpack_number(&in, 9);
  assert_is_done(&in);
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
#define ADD(name, func) g_test_add_func("/pack/" name, func)
  ADD("numbers-come-back", test_numbers_come_back);
  ADD("small-numbers-are-a-byte", test_small_numbers_are_a_byte);
  ADD("a-number-past-its-bound-is-broken", test_a_number_past_its_bound_is_broken);
  ADD("numbers-that-are-none", test_numbers_that_are_none);
  ADD("bytes-and-strings-come-back", test_bytes_and_strings_come_back);
  ADD("a-string-holds-no-nul", test_a_string_holds_no_nul);
  ADD("what-says-that-it-is-longer-is-broken", test_what_says_that_it_is_longer_is_broken);
  ADD("after-damage-all-is-nothing", test_after_damage_all_is_nothing);
  ADD("what-is-left-over-is-not-done", test_what_is_left_over_is_not_done);
  return g_test_run();
}

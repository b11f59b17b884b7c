/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers as Go reads them, and hostile bytes made printable. */
#include "core/text.h"

#include <string.h>

static const struct {
  const char *text;
  NzIntResult result;
  gint64 value;
} ints[] = {
    {"0", NZ_INT_OK, 0},
    {"00", NZ_INT_OK, 0},
    {"007", NZ_INT_OK, 7},
    {"+0", NZ_INT_OK, 0},
    {"-0", NZ_INT_OK, 0},
    {"+12", NZ_INT_OK, 12},
    {"-12", NZ_INT_OK, -12},
    {"2147483648", NZ_INT_OK, G_GINT64_CONSTANT(2147483648)},
    {"9223372036854775807", NZ_INT_OK, G_MAXINT64},
    {"-9223372036854775808", NZ_INT_OK, G_MININT64},
    {"000000000000000000000000000009", NZ_INT_OK, 9},
    /* strconv gives the nearest number beside ErrRange, and 0 beside ErrSyntax. */
    {"9223372036854775808", NZ_INT_RANGE, G_MAXINT64},
    {"-9223372036854775809", NZ_INT_RANGE, G_MININT64},
    {"18446744073709551616", NZ_INT_RANGE, G_MAXINT64},
    {"99999999999999999999999999", NZ_INT_RANGE, G_MAXINT64},
    {"-99999999999999999999999999", NZ_INT_RANGE, G_MININT64},
    {"", NZ_INT_SYNTAX, 0},
    {"+", NZ_INT_SYNTAX, 0},
    {"-", NZ_INT_SYNTAX, 0},
    {"+-1", NZ_INT_SYNTAX, 0},
    {" 1", NZ_INT_SYNTAX, 0},
    {"1 ", NZ_INT_SYNTAX, 0},
    {"0x0", NZ_INT_SYNTAX, 0},
    {"1_000", NZ_INT_SYNTAX, 0},
    {"1e3", NZ_INT_SYNTAX, 0},
    {"\u0661", NZ_INT_SYNTAX, 0}, /* a digit, but Arabic */
    {"99999999999999999999999999x", NZ_INT_SYNTAX, 0},
};

static void
test_integers_read_as_go_reads_them(void)
{
  for (gsize i = 0; i < G_N_ELEMENTS(ints); i++) {
    gint64 value = 99;
    g_test_message("%s", ints[i].text);
    g_assert_cmpint(nz_parse_int(ints[i].text, strlen(ints[i].text), &value), ==, ints[i].result);
    g_assert_cmpint(value, ==, ints[i].value);
  }
}

static void
test_integers_end_where_their_length_says(void)
{
  gint64 value;
  g_assert_cmpint(nz_parse_int("12345", 2, &value), ==, NZ_INT_OK);
  g_assert_cmpint(value, ==, 12);
}

static const struct {
  const char *text;
  gboolean ok;
  guint64 value;
} octals[] = {
    {"0", TRUE, 0},
    {"0755", TRUE, 0755},
    {"77777777777", TRUE, G_GUINT64_CONSTANT(077777777777)},
    {"777777777777777777777", TRUE, G_GUINT64_CONSTANT(0777777777777777777777)},
    {"", FALSE, 0},
    {"8", FALSE, 0},
    {"-1", FALSE, 0},
    {"+1", FALSE, 0},
    {"0x1", FALSE, 0},
    {"1 2", FALSE, 0},
};

static void
test_octal_takes_digits_and_nothing_else(void)
{
  for (gsize i = 0; i < G_N_ELEMENTS(octals); i++) {
    guint64 value = 0;
    g_test_message("%s", octals[i].text);
    gboolean ok = nz_parse_octal(octals[i].text, strlen(octals[i].text), &value);
    g_assert_cmpint(ok, ==, octals[i].ok);
    g_assert_cmpuint(value, ==, octals[i].value);
  }
}

static const struct {
  const char *name, *shown;
} names[] = {
    {"", ""},
    {"usr/bin/su", "usr/bin/su"},
    {"na\xc3\xafve \xe6\x97\xa5", "na\xc3\xafve \xe6\x97\xa5"},
    {"a\nb\tc", "a\\x0ab\\x09c"},
    {"\033[31mred", "\\x1b[31mred"},
    {"\x7f", "\\x7f"},
    {"\xc2\x9b", "\\xc2\\x9b"}, /* C1 control: CSI */
    {"a\xe2\x80\xae"
     "b",
     "a\\xe2\\x80\\xaeb"}, /* right-to-left override */
    {"a\xe2\x80\x8b"
     "b",
     "a\\xe2\\x80\\x8bb"}, /* zero-width space */
    {"a\xe2\x80\xa8"
     "b",
     "a\\xe2\\x80\\xa8b"}, /* line separator */
    {"a\xef\xbb\xbf"
     "b",
     "a\\xef\\xbb\\xbfb"}, /* byte order mark */
    {"\xff\xfe", "\\xff\\xfe"},
    {"cut \xe6\x97", "cut \\xe6\\x97"},
    {"\xc0\xaf", "\\xc0\\xaf"},                   /* overlong slash */
    {"\xed\xa0\x80", "\\xed\\xa0\\x80"},          /* surrogate */
    {"\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"}, /* above U+10FFFF */
};

static void
test_hostile_bytes_become_printable(void)
{
  for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
    g_autofree char *shown = nz_printable(names[i].name, -1);
    g_assert_cmpstr(shown, ==, names[i].shown);
    g_assert_true(g_utf8_validate(shown, -1, NULL));
  }
}

static void
test_nul_bytes_become_printable(void)
{
  g_autofree char *shown = nz_printable("a\0b", 3);
  g_assert_cmpstr(shown, ==, "a\\x00b");
}

static void
test_hashes_depend_on_content_alone(void)
{
  char one[] = "usr/bin", two[] = "usr/bin";
  g_assert_cmpuint(nz_hash64(one, 7), ==, nz_hash64(two, 7));
  g_assert_cmpuint(nz_hash64(one, 7), !=, nz_hash64(one, 6));
  g_assert_cmpuint(nz_str_hash(one), ==, nz_str_hash(two));
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/text/integers-read-as-go-reads-them", test_integers_read_as_go_reads_them);
  g_test_add_func("/text/integers-end-where-their-length-says",
                  test_integers_end_where_their_length_says);
  g_test_add_func("/text/octal-takes-digits-and-nothing-else",
                  test_octal_takes_digits_and_nothing_else);
  g_test_add_func("/text/hostile-bytes-become-printable", test_hostile_bytes_become_printable);
  g_test_add_func("/text/nul-bytes-become-printable", test_nul_bytes_become_printable);
  g_test_add_func("/text/hashes-depend-on-content-alone", test_hashes_depend_on_content_alone);
  return g_test_run();
}

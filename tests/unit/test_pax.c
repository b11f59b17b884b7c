/* SPDX-License-Identifier: Apache-2.0 */
/* Extended headers, as archive/tar reads them: PAX records, GNU long names, and how they meet. */
#include <string.h>

#include "core/limits.h"
#include "tarlist.h"

/* --- precedence --- */

static void
build_overrides(GByteArray *out)
{
  tar_pax(out, 'x', "path", "pax name", "linkpath", "pax link", "uid", "70000", "gid", "-5", NULL);
  TAR(out, .name = "short", .type = '2', .link = "l", .uid = 1, .gid = 2);
  tar_end(out);
}

static void
build_empty_values(GByteArray *out)
{
  tar_pax(out, 'x', "path", "", "uid", "", "size", "", "mtime", "", NULL);
  TAR(out, .name = "ustar", .uid = 9, .body = "abc");
  tar_end(out);
}

static void
build_last_record_wins(GByteArray *out)
{
  tar_pax(out, 'x', "path", "first", "path", "second", NULL);
  TAR(out, .name = "n");
  tar_pax(out, 'x', "path", "first", "path", "", NULL);
  TAR(out, .name = "n");
  tar_end(out);
}

static void
build_last_header_alone(GByteArray *out)
{
  tar_pax(out, 'x', "path", "first", "uid", "5", NULL);
  tar_pax(out, 'x', "gid", "6", NULL);
  TAR(out, .name = "n");
  tar_end(out);
}

static void
build_gnu_over_pax(GByteArray *out)
{
  tar_long(out, 'L', "gnu name");
  tar_long(out, 'K', "gnu link");
  tar_pax(out, 'x', "path", "pax name", "linkpath", "pax link", NULL);
  TAR(out, .name = "n", .type = '2', .link = "l");
  TAR(out, .name = "next");
  tar_end(out);
}

static void
build_global_forgets(GByteArray *out)
{
  tar_pax(out, 'x', "path", "lost", NULL);
  tar_long(out, 'L', "lost too");
  tar_pax(out, 'g', "comment", "c", NULL);
  TAR(out, .name = "n");
  tar_end(out);
}

/* The desync of CVE-2025-62518: the PAX size is the entry's, never that of the L between. */
static void
build_size_is_the_entrys(GByteArray *out)
{
  g_autofree char *inner = g_strnfill(1024, 'x');
  tar_pax(out, 'x', "size", "1024", NULL);
  tar_long(out, 'L', "long");
  TAR(out, .name = "n", .size = 1, .body = inner, .body_len = 1024);
  TAR(out, .name = "after");
  tar_end(out);
}

static void
build_size_of_a_directory(GByteArray *out)
{
  tar_pax(out, 'x', "size", "512", NULL);
  TAR(out, .name = "d/", .type = '5');
  TAR(out, .name = "after");
  tar_end(out);
}

static void
build_old_type_by_long_name(GByteArray *out)
{
  tar_pax(out, 'x', "path", "dir/", NULL);
  TAR(out, .name = "n", .patch = {{156, "\0", 1}});
  tar_end(out);
}

static void
build_specials_at_the_end(GByteArray *out)
{
  tar_pax(out, 'x', "path", "nothing", NULL);
  tar_end(out);
}

/* --- values --- */

static void
build_capability(GByteArray *out)
{
  tar_pax(out, 'x', "SCHILY.xattr.security.capability", "12345", NULL);
  TAR(out, .name = "a");
  TAR(out, .name = "b");
  tar_pax(out, 'x', "LIBARCHIVE.xattr.security.capability", "MTIz", NULL);
  TAR(out, .name = "c");
  tar_end(out);
}

static void
build_nul_in_value(GByteArray *out)
{
  g_autoptr(GString) records = g_string_new(NULL);
  pax_record(records, "SCHILY.xattr.security.capability", "\1\0\2", 3);
  pax_record(records, "comment", "a\0b", 3);
  tar_pax_raw(out, records->str, records->len);
  TAR(out, .name = "a");
  tar_end(out);
}

static void
build_newline_in_value(GByteArray *out)
{
  tar_pax(out, 'x', "path", "a\nb=c", NULL);
  TAR(out, .name = "n");
  tar_end(out);
}

static void
build_times(GByteArray *out)
{
  tar_pax(out, 'x', "mtime", "1.5", "atime", "-1", "ctime", "0.", NULL);
  TAR(out, .name = "a");
  tar_end(out);
}

static const TarCase cases[] = {
    {"records-override-the-header", build_overrides, "2 pax name -> pax link 0000 70000:-5 0\n"},
    {"empty-values-keep-the-headers", build_empty_values, "0 ustar 0000 9:0 3\n"},
    {"the-last-record-of-a-key-wins", build_last_record_wins,
     "0 second 0000 0:0 0\n0 n 0000 0:0 0\n"},
    {"the-last-of-several-headers-counts-alone", build_last_header_alone, "0 n 0000 0:6 0\n"},
    {"gnu-long-names-override-pax", build_gnu_over_pax,
     "2 gnu name -> gnu link 0000 0:0 0\n0 next 0000 0:0 0\n"},
    {"a-global-header-makes-others-forgotten", build_global_forgets, "g pax\n0 n 0000 0:0 0\n"},
    {"a-size-is-the-entrys-alone", build_size_is_the_entrys,
     "0 long 0000 0:0 1024\n0 after 0000 0:0 0\n"},
    {"a-size-of-what-has-no-body", build_size_of_a_directory,
     "5 d/ 0000 0:0 512\n0 after 0000 0:0 0\n"},
    {"an-old-type-goes-by-the-long-name", build_old_type_by_long_name, "5 dir/ 0000 0:0 0\n"},
    {"headers-that-describe-nothing", build_specials_at_the_end, ""},
    {"capabilities-belong-to-one-entry", build_capability,
     "0 a 0000 0:0 0 capability[5]\n0 b 0000 0:0 0\n0 c 0000 0:0 0\n"},
    {"nuls-in-values-that-are-no-strings", build_nul_in_value, "0 a 0000 0:0 0 capability[3]\n"},
    {"newlines-in-values", build_newline_in_value, "0 a\\x0ab=c 0000 0:0 0\n"},
    {"times-with-fractions", build_times, "0 a 0000 0:0 0\n"},
};

/* --- malformed records --- */

#define RAW(text, what)                                                                            \
  {                                                                                                \
    text, sizeof(text) - 1, what                                                                   \
  }

static const struct {
  const char *records;
  gsize len;
  const char *what;
} malformed[] = {
    RAW("8 path=a", "a malformed PAX record"),        /* no newline */
    RAW("11 path=a\n", "a malformed PAX record"),     /* a byte too long */
    RAW("8 path=a\n", "a malformed PAX record"),      /* a byte too short */
    RAW("999999 path=a\n", "a malformed PAX record"), /* behind the end */
    RAW("99999999999999999999 path=a\n", "a malformed PAX record"),
    RAW("-8 path=a\n", "a malformed PAX record"),
    RAW("0 path=a\n", "a malformed PAX record"),
    RAW("x path=a\n", "a malformed PAX record"),
    RAW("path=a\n", "a malformed PAX record"),
    RAW("000000008 a=b\n", "a malformed PAX record"),
    RAW("8 patha\n", "a malformed PAX record"),  /* no equals sign */
    RAW("6 =ab\n", "a malformed PAX record"),    /* no key */
    RAW("5 a=\n\0\0", "a malformed PAX record"), /* something behind */
    RAW("12 path=a\0b\n", "a malformed PAX record"),
    RAW("10 a\0b=cd\n", "a malformed PAX record"),
    RAW("8 uid=x\n", "a PAX number that is none"),
    RAW("11 gid=0x1\n", "a PAX number that is none"),
    RAW("28 uid=99999999999999999999\n", "a PAX number that is none"),
    RAW("11 size= 1\n", "a PAX number that is none"),
    RAW("11 size=-1\n", "a negative size"),
    RAW("13 mtime=now\n", "a PAX time that is none"),
    RAW("15 ctime=1.2.3\n", "a PAX time that is none"),
    RAW("12 atime=.5\n", "a PAX time that is none"),
};

static void
test_malformed_records_are_errors(void)
{
  for (gsize i = 0; i < G_N_ELEMENTS(malformed); i++) {
    g_test_message("record %" G_GSIZE_FORMAT ": %s", i, malformed[i].records);
    g_autoptr(GByteArray) archive = g_byte_array_new();
    tar_pax_raw(archive, malformed[i].records, malformed[i].len);
    TAR(archive, .name = "a");
    g_autofree char *listed = tar_list(archive, 512);
    g_assert_true(g_str_has_prefix(listed, "! "));
    assert_holds(listed, malformed[i].what);
  }
}

/* --- limits --- */

static void
test_a_special_header_holds_one_mebibyte(void)
{
  static const char types[] = {'x', 'g', 'L', 'K'};
  for (gsize i = 0; i < G_N_ELEMENTS(types); i++) {
    g_autoptr(GByteArray) archive = g_byte_array_new();
    TAR(archive, .name = "s", .type = types[i], .size = NZ_TAR_SPECIAL_MAX + 1);
    g_autofree char *listed = tar_list(archive, 512);
    assert_holds(listed, "more than 1 MiB");
  }
  g_autoptr(GByteArray) archive = g_byte_array_new();
  g_autofree char *name = g_strnfill(NZ_TAR_SPECIAL_MAX - 1, 'n');
  tar_long(archive, 'L', name);
  TAR(archive, .name = "a");
  g_autofree char *listed = tar_list(archive, 4096);
  g_assert_cmpuint(strlen(listed), >, NZ_TAR_SPECIAL_MAX);
  g_assert_null(strstr(listed, "! "));
}

static void
test_special_headers_in_a_row_are_bounded(void)
{
  static const char types[] = {'x', 'g'};
  for (gsize t = 0; t < G_N_ELEMENTS(types); t++)
    for (guint n = NZ_TAR_SPECIAL_RUN_MAX - 1; n <= NZ_TAR_SPECIAL_RUN_MAX + 1; n += 2) {
      g_autoptr(GByteArray) archive = g_byte_array_new();
      for (guint i = 0; i < n; i++)
        tar_pax(archive, types[t], "comment", "c", NULL);
      TAR(archive, .name = "a");
      g_autofree char *listed = tar_list(archive, 4096);
      gboolean ok = strstr(listed, "0 a ") != NULL;
      g_assert_cmpint(ok, ==, n < NZ_TAR_SPECIAL_RUN_MAX);
      if (!ok)
        assert_holds(listed, "more than 64 extended headers in a row");
    }
}

static void
test_a_run_starts_anew_at_each_entry(void)
{
  g_autoptr(GByteArray) archive = g_byte_array_new();
  for (guint i = 0; i < 3 * NZ_TAR_SPECIAL_RUN_MAX; i++) {
    tar_pax(archive, i % 2 ? 'x' : 'g', "comment", "c", NULL);
    if (i % 32 == 31)
      TAR(archive, .name = "a");
  }
  g_autofree char *listed = tar_list(archive, 4096);
  g_assert_null(strstr(listed, "! "));
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  tar_add_cases("/pax/", cases, G_N_ELEMENTS(cases));
  g_test_add_func("/pax/malformed-records", test_malformed_records_are_errors);
  g_test_add_func("/pax/a-special-header-holds-one-mebibyte",
                  test_a_special_header_holds_one_mebibyte);
  g_test_add_func("/pax/special-headers-in-a-row-are-bounded",
                  test_special_headers_in_a_row_are_bounded);
  g_test_add_func("/pax/a-run-starts-anew-at-each-entry", test_a_run_starts_anew_at_each_entry);
  return g_test_run();
}

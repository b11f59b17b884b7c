/* SPDX-License-Identifier: Apache-2.0 */
/* Variables of Compose files, and .env files. */
#include <string.h>

#include "build/dotenv.h"
#include "build/interpolate.h"
#include "core/limits.h"

/* A has a value, E is empty, all else is unset. */
static const char *
find(const char *name, gpointer data G_GNUC_UNUSED)
{
  return strcmp(name, "A") == 0 ? "1000" : strcmp(name, "E") == 0 ? "" : NULL;
}

static const struct {
  const char *text, *result; /* NULL: an error */
} texts[] = {
    {"plain", "plain"},
    {"", ""},
    {"$A", "1000"},
    {"${A}", "1000"},
    {"$A:$A", "1000:1000"},
    {"${A}:${A}x", "1000:1000x"},
    {"$AB", ""},
    {"$UNSET", ""},
    {"x${UNSET}y", "xy"},
    {"$$A", "$A"},
    {"$$$A", "$1000"},
    {"$$$$", "$$"},
    {"${A:-x}", "1000"},
    {"${E:-x}", "x"},
    {"${E-x}", ""},
    {"${U-x}", "x"},
    {"${U:-x}", "x"},
    {"${U-}", ""},
    {"${U:-a b:c}", "a b:c"},
    {"${A:+x}", "x"},
    {"${E:+x}", ""},
    {"${E+x}", "x"},
    {"${U+x}", ""},
    {"${U:+x}", ""},
    {"${A:?no}", "1000"},
    {"${E?no}", ""},
    {"${U:-${A}}", "1000"},
    {"${U:-$A}", "1000"},
    {"${U:-${V:-${W-deep}}}", "deep"},
    {"${U:-${V:-a}b}c", "abc"},
    {"${U:-a$$b}", "a$b"},
    {"${U:--1}", "-1"},
    {"${_x9-y}", "y"},
    {"${U:-{}}", "{}"}, /* the first brace closes; one is left over */
    {"{A}", "{A}"},
    /* errors */
    {"${E:?no}", NULL},
    {"${U?no}", NULL},
    {"${U:?}", NULL},
    {"$", NULL},
    {"100$", NULL},
    {"$ ", NULL},
    {"$1", NULL},
    {"${}", NULL},
    {"${1}", NULL},
    {"${A", NULL},
    {"${A:-x", NULL},
    {"${A:x}", NULL},
    {"${A b}", NULL},
    {"${A:", NULL},
    {"$(id -u)", NULL},
    {"${U:-${W?nested}}", NULL},
};

static void
test_variables_are_replaced(void)
{
  const NzInterpolation how = {.lookup = find};
  for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
    g_autoptr(GError) error = NULL;
    g_autofree char *result = nz_interpolate(texts[i].text, &how, &error);
    if (g_strcmp0(result, texts[i].result) != 0)
      g_error("%s: %s (%s)", texts[i].text, result, error ? error->message : "no error");
    g_assert_true((result == NULL) == (error != NULL));
  }
}

static void
collect(const char *name, gpointer data)
{
  g_string_append_printf(data, "%s ", name);
}

static const char *
find_nothing(const char *name G_GNUC_UNUSED, gpointer data G_GNUC_UNUSED)
{
  return NULL;
}

static void
test_only_what_becomes_empty_is_told(void)
{
  g_autoptr(GString) names = g_string_new(NULL);
  const NzInterpolation how = {.lookup = find_nothing, .data = names, .unset = collect};
  g_autofree char *result = nz_interpolate("$A ${B} ${C-x} ${D+$E} ${F-$G}", &how, NULL);
  g_assert_cmpstr(result, ==, "  x  ");
  g_assert_cmpstr(names->str, ==, "A B G ");
}

static void
test_the_message_of_a_required_variable_is_shown(void)
{
  const NzInterpolation how = {.lookup = find};
  g_autoptr(GError) error = NULL;
  g_assert_null(nz_interpolate("${U:?set \033 $A}", &how, &error));
  g_assert_cmpstr(error->message, ==,
                  "the variable U has no value, and must have one: set \\x1b 1000");
}

static void
test_deep_nesting_is_refused(void)
{
  g_autoptr(GString) text = g_string_new(NULL);
  for (guint i = 0; i < 100000; i++)
    g_string_append(text, "${A-");
  const NzInterpolation how = {.lookup = find};
  g_autoptr(GError) error = NULL;
  g_assert_null(nz_interpolate(text->str, &how, &error));
  g_assert_error(error, NZ_ERROR, NZ_ERROR_LIMIT);
}

static const char *
find_long(const char *name G_GNUC_UNUSED, gpointer data)
{
  return data;
}

static void
test_growth_is_bounded(void)
{
  g_autofree char *value = g_strnfill(NZ_SOURCE_MAX / 4, 'x');
  const NzInterpolation how = {.lookup = find_long, .data = value};
  g_autoptr(GError) error = NULL;
  g_assert_null(nz_interpolate("$A$A$A$A$A", &how, &error));
  g_assert_error(error, NZ_ERROR, NZ_ERROR_LIMIT);
}

/* --- .env --- */

static const struct {
  const char *text, *name, *value; /* NULL: unset */
} lines[] = {
    {"V=1", "V", "1"},
    {"V = 1 ", "V", "1"},
    {"export V=1\n", "V", "1"},
    {"V: 1\n", "V", "1"},
    {"\xef\xbb\xbfV=1", "V", "1"},
    {"V=1\r\nW=2\r\n", "V", "1"},
    {"V=1\r\nW=2\r\n", "W", "2"},
    {"# V=1\n\n  V=2\n", "V", "2"},
    {"V=a # b", "V", "a"},
    {"V=a#b", "V", "a#b"},
    {"V=#b", "V", ""},
    {"V=", "V", ""},
    {"V=\nW=x", "V", ""},
    {"V=a b", "V", "a b"},
    {"V='a # b' # c", "V", "a # b"},
    {"V='$A'", "V", "$A"},
    {"V=\"$A\"", "V", "1000"},
    {"V=$A", "V", "1000"},
    {"V=${A}:${A}", "V", "1000:1000"},
    {"W=x\nV=${W}y", "V", "xy"},
    {"V=${U:-d}", "V", "d"},
    {"V=a$", "V", "a$"},
    {"V=\"a\\nb\"", "V", "a\nb"},
    {"V=\"a\\\"b\"", "V", "a\"b"},
    {"V=\"\\$A\"", "V", "$A"},
    {"V='a\nb'\nW=1", "V", "a\nb"},
    {"V=\"a\nb\"\nW=1", "W", "1"},
    {"V=1\nV=2", "V", "2"},
    {"A=2", "A", "1000"}, /* the environment wins */
    {"A", "A", "1000"},
    {"U", "U", NULL},
    {"", "V", NULL},
};

static GHashTable *
read_env(const char *text, gsize len, GError **error)
{
  g_autoptr(NzSourceFile) source = nz_source_new(".env", text, len);
  g_autoptr(GHashTable) values = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
  return nz_dotenv_read(source, find, NULL, values, error) ? g_steal_pointer(&values) : NULL;
}

static void
test_env_files_are_read(void)
{
  for (guint i = 0; i < G_N_ELEMENTS(lines); i++) {
    g_autoptr(GError) error = NULL;
    g_autoptr(GHashTable) values = read_env(lines[i].text, strlen(lines[i].text), &error);
    if (!values)
      g_error("%s: %s", lines[i].text, error->message);
    g_assert_cmpstr(g_hash_table_lookup(values, lines[i].name), ==, lines[i].value);
  }
}

static const struct {
  const char *text, *error;
} wrong[] = {
    {"V=1\n=2\n", ".env:2:1: no variable's name; a line is NAME=value"},
    {"V='a\nb\n", ".env:1:3: a quote that is not closed"},
    {"V=\"a\nb\n", ".env:1:3: a quote that is not closed"},
    {"V='a' b\n", ".env:1:7: text behind a quoted value"},
    {"a b\n", ".env:1:3: no \"=\" behind a variable's name"},
    {"x\nV=${U?none}", ".env:2:3: the variable U has no value, and must have one: none"},
};

static void
test_errors_of_env_files_have_places(void)
{
  for (guint i = 0; i < G_N_ELEMENTS(wrong); i++) {
    g_autoptr(GError) error = NULL;
    g_assert_null(read_env(wrong[i].text, strlen(wrong[i].text), &error));
    g_assert_cmpstr(error->message, ==, wrong[i].error);
  }
  g_autoptr(GError) error = NULL;
  g_assert_null(read_env("V=1\0V=2\n", 8, &error));
  g_assert_cmpstr(error->message, ==, ".env:1:4: a NUL byte: this is no text");
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/interpolate/texts", test_variables_are_replaced);
  g_test_add_func("/interpolate/unset", test_only_what_becomes_empty_is_told);
  g_test_add_func("/interpolate/required", test_the_message_of_a_required_variable_is_shown);
  g_test_add_func("/interpolate/deep", test_deep_nesting_is_refused);
  g_test_add_func("/interpolate/growth", test_growth_is_bounded);
  g_test_add_func("/dotenv/lines", test_env_files_are_read);
  g_test_add_func("/dotenv/errors", test_errors_of_env_files_have_places);
  return g_test_run();
}

/* SPDX-License-Identifier: Apache-2.0 */
/* JSON as Go's encoding/json reads it, or an error. */
#include "image/json.h"

#include <string.h>

#include "support.h"

static NzJson *
parse(const char *text, GError **error)
{
  g_autoptr(GBytes) bytes = g_bytes_new(text, strlen(text));
  return nz_json_parse(bytes, error);
}

static NzJson *
parse_good(const char *text)
{
  g_autoptr(GError) error = NULL;
  NzJson *root = parse(text, &error);
  g_assert_no_error(error);
  return root;
}

static const char *const broken[] = {
    " ",
    "1",
    "\"text\"",
    "{",
    "{}{}",
    "{} x",
    "[1,]",
    "{'a': 1}",
    "{\"a\": 01}",
    "{\"a\": 1} // why",
    "{\"a\": NaN}",
    "{\"a\": \"\\u0000\"}",
    "{\"a\": \"\xff\"}",
    "\xef\xbb\xbf{}",
    "{\"a\": 1, \"a\": 2}",
};

static void
test_broken_documents_are_errors(void)
{
  for (gsize i = 0; i < G_N_ELEMENTS(broken); i++) {
    g_test_message("document %" G_GSIZE_FORMAT, i);
    g_autoptr(GError) error = NULL;
    g_autoptr(NzJson) root = parse(broken[i], &error);
    g_assert_null(root);
    assert_error_says(&error, NZ_ERROR_INPUT, "not valid JSON: line 1, column");
  }
}

static void
test_an_empty_document_is_an_error(void)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(NzJson) root = parse("", &error);
  g_assert_null(root);
  assert_error_says(&error, NZ_ERROR_INPUT, "not valid JSON");
}

static void
test_deep_nesting_is_an_error(void)
{
  g_autofree char *deep = g_strnfill(100000, '[');
  g_autoptr(GError) error = NULL;
  g_autoptr(NzJson) root = parse(deep, &error);
  g_assert_null(root);
  assert_error_says(&error, NZ_ERROR_INPUT, "not valid JSON");
}

/* --- keys --- */

static const struct {
  const char *text, *value; /* of "User" */
} folded[] = {
    {"{\"User\": \"a\"}", "a"},   {"{\"user\": \"a\"}", "a"},      {"{\"USER\": \"a\"}", "a"},
    {"{\"uSeR\": \"a\"}", "a"},   {"{\"U\u017fer\": \"a\"}", "a"}, /* LATIN SMALL LETTER LONG S
                                                                      folds to s */
    {"{\"User \": \"a\"}", NULL}, {"{\"Use\": \"a\"}", NULL},      {"{\"Users\": \"a\"}", NULL},
    {"{\"User\": null}", NULL},   {"{\"User\": \"\"}", ""},        {"{}", NULL},
};

static void
test_keys_match_without_regard_to_case(void)
{
  for (gsize i = 0; i < G_N_ELEMENTS(folded); i++) {
    g_test_message("%s", folded[i].text);
    g_autoptr(NzJson) root = parse_good(folded[i].text);
    g_autoptr(GError) error = NULL;
    const char *value = "unset";
    g_assert_true(nz_json_get_string(root, "User", &value, &error));
    g_assert_cmpstr(value, ==, folded[i].value);
  }
}

static void
test_the_kelvin_sign_is_a_k(void)
{
  g_autoptr(NzJson) root = parse_good("{\"\u212aey\": \"a\"}");
  const char *value;
  g_assert_true(nz_json_get_string(root, "key", &value, NULL));
  g_assert_cmpstr(value, ==, "a");
}

static void
test_two_keys_that_mean_one_are_an_error(void)
{
  static const char *const texts[] = {"{\"User\": \"1000\", \"user\": \"0\"}",
                                      "{\"U\u017fer\": \"1000\", \"User\": \"0\"}",
                                      "{\"User\": \"1000\", \"USER\": null}"};
  for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
    g_autoptr(NzJson) root = parse_good(texts[i]);
    g_autoptr(GError) error = NULL;
    const char *value;
    g_assert_false(nz_json_get_string(root, "User", &value, &error));
    assert_error_says(&error, NZ_ERROR_INPUT, "two keys that both mean \"User\"");
  }
}

/* --- types --- */

static void
test_values_of_another_type_are_errors(void)
{
  g_autoptr(NzJson) root = parse_good("{\"number\": 1, \"text\": \"t\"}");
  g_autoptr(GError) error = NULL;
  const char *string;
  json_t *value;
  gboolean boolean;
  g_assert_false(nz_json_get_string(root, "number", &string, &error));
  assert_error_says(&error, NZ_ERROR_INPUT, "\"number\" is not a string");
  g_assert_false(nz_json_get_array(root, "text", &value, &error));
  assert_error_says(&error, NZ_ERROR_INPUT, "\"text\" is not an array");
  g_assert_false(nz_json_get_object(root, "text", &value, &error));
  assert_error_says(&error, NZ_ERROR_INPUT, "\"text\" is not an object");
  g_assert_false(nz_json_get_bool(root, "text", &boolean, &error));
  assert_error_says(&error, NZ_ERROR_INPUT, "neither true nor false");
}

static void
test_absent_and_null_are_alike(void)
{
  static const char *const texts[] = {"{}", "{\"k\": null}"};
  for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
    g_autoptr(NzJson) root = parse_good(texts[i]);
    json_t *value = root;
    gboolean boolean = TRUE;
    g_assert_true(nz_json_get_array(root, "k", &value, NULL));
    g_assert_null(value);
    g_assert_true(nz_json_get_object(root, "k", &value, NULL));
    g_assert_null(value);
    g_assert_true(nz_json_get_bool(root, "k", &boolean, NULL));
    g_assert_false(boolean);
  }
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
#define ADD(name, func) g_test_add_func("/json/" name, func)
  ADD("broken-documents", test_broken_documents_are_errors);
  ADD("an-empty-document", test_an_empty_document_is_an_error);
  ADD("deep-nesting", test_deep_nesting_is_an_error);
  ADD("keys-match-without-regard-to-case", test_keys_match_without_regard_to_case);
  ADD("the-kelvin-sign-is-a-k", test_the_kelvin_sign_is_a_k);
  ADD("two-keys-that-mean-one", test_two_keys_that_mean_one_are_an_error);
  ADD("values-of-another-type", test_values_of_another_type_are_errors);
  ADD("absent-and-null-are-alike", test_absent_and_null_are_alike);
  return g_test_run();
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The streaming JSON writer. */
#include "report/jsonw.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* What WRITE makes, as text. */
static char *
written(void (*write)(NzJsonw *w, const void *data), const void *data)
{
  char *text = NULL;
  size_t len;
  FILE *out = open_memstream(&text, &len);
  NzJsonw *w = nz_jsonw_new(out);
  write(w, data);
  nz_jsonw_free(w);
  fclose(out);
  return text;
}

static void
write_all(NzJsonw *w, const void *data G_GNUC_UNUSED)
{
  nz_jsonw_begin_object(w, NULL);
  nz_jsonw_string(w, "text", "t");
  nz_jsonw_string(w, "absent", NULL);
  nz_jsonw_uint(w, "number", G_MAXUINT64);
  nz_jsonw_true(w, "true");
  nz_jsonw_bool(w, "bool", FALSE);
  nz_jsonw_begin_array(w, "empty");
  nz_jsonw_end_array(w);
  nz_jsonw_begin_array(w, "list");
  nz_jsonw_string(w, NULL, "a");
  nz_jsonw_uint(w, NULL, 0);
  nz_jsonw_begin_object(w, NULL);
  nz_jsonw_end_object(w);
  nz_jsonw_end_array(w);
  nz_jsonw_end_object(w);
}

static void
test_documents_are_indented_by_two(void)
{
  g_autofree char *text = written(write_all, NULL);
  g_assert_cmpstr(text, ==,
                  "{\n"
                  "  \"text\": \"t\",\n"
                  "  \"number\": 18446744073709551615,\n"
                  "  \"true\": true,\n"
                  "  \"bool\": false,\n"
                  "  \"empty\": [],\n"
                  "  \"list\": [\n"
                  "    \"a\",\n"
                  "    0,\n"
                  "    {}\n"
                  "  ]\n"
                  "}\n");
}

/* What a reader makes of each string. */
static const struct {
  const char *text, *read;
  gboolean ascii; /* nothing of it may reach a terminal as it is */
} strings[] = {
    {"", "", TRUE},
    {"plain", "plain", TRUE},
    {"\"\\/", "\"\\/", TRUE},
    {"\n\t\r\b\f\x1f\x7f", "\n\t\r\b\f\x1f\x7f", TRUE},
    {"\033[31m", "\033[31m", TRUE},
    {"\u00e4\u65e5", "\u00e4\u65e5", FALSE},
    {"\U0001f600", "\U0001f600", FALSE},
    {"\u202e\u200b\u2028\ufeff", "\u202e\u200b\u2028\ufeff", TRUE},
    {"\U000e0041", "\U000e0041", TRUE}, /* a tag character: a surrogate pair of escapes */
    {"\xff", "\\xff", TRUE},
    {"a\xe6\x97", "a\\xe6\\x97", TRUE},
    {"\xed\xa0\x80", "\\xed\\xa0\\x80", TRUE},
    {"\xc0\x80", "\\xc0\\x80", TRUE},
};

static void
write_string(NzJsonw *w, const void *data)
{
  nz_jsonw_begin_array(w, NULL);
  nz_jsonw_string(w, NULL, data);
  nz_jsonw_end_array(w);
}

static void
test_any_bytes_make_strings_that_read_back(void)
{
  for (gsize i = 0; i < G_N_ELEMENTS(strings); i++) {
    g_autofree char *text = written(write_string, strings[i].text);
    json_t *root = json_loads(text, 0, NULL);
    g_assert_nonnull(root);
    g_assert_cmpstr(json_string_value(json_array_get(root, 0)), ==, strings[i].read);
    json_decref(root);
    for (const char *p = text; *p; p++)
      g_assert_false((guint8)*p < ' ' && *p != '\n');
    if (strings[i].ascii)
      g_assert_true(g_str_is_ascii(text));
  }
}

static void
write_key(NzJsonw *w, const void *data)
{
  nz_jsonw_begin_object(w, NULL);
  nz_jsonw_uint(w, data, 1);
  nz_jsonw_end_object(w);
}

static void
test_keys_are_quoted_too(void)
{
  g_autofree char *text = written(write_key, "a\"\n");
  g_assert_cmpstr(text, ==, "{\n  \"a\\\"\\u000a\": 1\n}\n");
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/jsonw/documents-are-indented-by-two", test_documents_are_indented_by_two);
  g_test_add_func("/jsonw/any-bytes-make-strings-that-read-back",
                  test_any_bytes_make_strings_that_read_back);
  g_test_add_func("/jsonw/keys-are-quoted-too", test_keys_are_quoted_too);
  return g_test_run();
}

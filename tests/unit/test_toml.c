/* SPDX-License-Identifier: Apache-2.0 */
/* TOML as engines' configuration has it: what it means, and which lines are refused. */
#include <string.h>

#include "image/toml.h"
#include "support.h"

static void
assert_means(const char *toml, const char *json)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(NzJson) root = nz_toml_parse(toml, strlen(toml), &error);
  g_assert_no_error(error);
  g_autofree char *text = json_dumps(root, JSON_COMPACT | JSON_SORT_KEYS);
  g_assert_cmpstr(text, ==, json);
}

static void
test_values(void)
{
  static const struct {
    const char *toml, *json;
  } cases[] = {
      {"", "{}"},
      {"\xef\xbb\xbf# only a comment", "{}"},
      {"a = \"b\" # c\r\nd = 'e\\n'\n", "{\"a\":\"b\",\"d\":\"e\\\\n\"}"},
      {"a = true\nb=false\nc = -12\nd = 1_000\ne = 0",
       "{\"a\":true,\"b\":false,\"c\":-12,\"d\":1000,"
       "\"e\":0}"},
      {"a = \"\\t\\\"\\u00e4\\U0001F600\"", "{\"a\":\"\\t\\\"\xc3\xa4\xf0\x9f\x98\x80\"}"},
      {"a = \"\"\"\nx\n\"y\" \\\n   z\"\"\"", "{\"a\":\"x\\n\\\"y\\\" z\"}"},
      {"a = \"\"", "{\"a\":\"\"}"},
      {"a = '''x'y''''", "{\"a\":\"x'y'\"}"},
      {"a = [\n 'x', # one\n\n 'y',\n]", "{\"a\":[\"x\",\"y\"]}"},
      {"a = [[1], []]", "{\"a\":[[1],[]]}"},
      {"a = {b = 'c', d.e = true}", "{\"a\":{\"b\":\"c\",\"d\":{\"e\":true}}}"},
      {"a = {}", "{\"a\":{}}"},
      /* of no use to us, but containerd's own configuration has some */
      {"a = 1.5\nb = 1979-05-27\nc = 0x10\nd = 99999999999999999999",
       "{\"a\":null,\"b\":null,\"c\":null,\"d\":null}"},
      {"\"a b\" = 1\n'c.d' = 2", "{\"a b\":1,\"c.d\":2}"},
  };
  for (guint i = 0; i < G_N_ELEMENTS(cases); i++)
    assert_means(cases[i].toml, cases[i].json);
}

static void
test_tables(void)
{
  assert_means(
      "[storage]\ndriver = 'overlay'\n[storage.options]\nx = 1\n[storage.options.overlay]\n"
      "y = 2\n",
      "{\"storage\":{\"driver\":\"overlay\",\"options\":{\"overlay\":{\"y\":2},\"x\":1}}}");
  assert_means("[a.b]\nx=1\n[a]\ny=2", "{\"a\":{\"b\":{\"x\":1},\"y\":2}}");
  assert_means(
      "[[registry]]\nprefix='a'\n[[registry.mirror]]\nl='m'\n[[registry.mirror]]\n"
      "[[registry]]\nprefix='b'\n",
      "{\"registry\":[{\"mirror\":[{\"l\":\"m\"},{}],\"prefix\":\"a\"},{\"prefix\":\"b\"}]}");
}

static void
test_lines_that_are_refused(void)
{
  static const struct {
    const char *toml, *says;
  } cases[] = {
      {"a", "line 1: an = was expected"},
      {"\n\na = ", "line 3: a value was expected"},
      {"= 1", "line 1: a key was expected"},
      {"a = 1 b = 2", "line 1: more after the end"},
      {"a = 1\na = 2", "line 2: a key that was given before"},
      {"[a]\n[a]", "line 2: a table that was there before"},
      {"a = 1\n[a]", "line 2: a key that has a value is used as a table"},
      {"a = 1\na.b = 2", "line 2: a key that has a value is used as a table"},
      {"a = []\n[[a]]", "line 2: a key that has a value is used as a list"},
      {"[a", "line 1: a ] was expected"},
      {"[[a]", "line 1: a ] was expected"},
      {"a = \"b", "line 1: a string without its end"},
      {"a = 'b\n'", "line 1: a string without its end"},
      {"a = \"\"\"b\nc", "line 2: a string without its end"},
      {"a = \"\\q\"", "an escape that is none"},
      {"a = \"\\u00\"", "an escape that is none"},
      {"a = \"\\u0000\"", "an escape that is no character"},
      {"a = \"\\ud800\"", "an escape that is no character"},
      {"a = \"\x01\"", "a control character"},
      {"a = \"\xff\"", "no UTF-8"},
      {"a = [1, 2", "line 1: a , or ] was expected"},
      {"a = {b = 1", "a , or } was expected"},
      {"a = {b = 1,}", "a key was expected"},
      {"a = [[[[[[[[[[[[[[[[[[", "nested too deep"},
      {"a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q.r = 1", "too many parts"},
  };
  for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
    g_autoptr(GError) error = NULL;
    g_test_message("case %u", i);
    g_assert_null(nz_toml_parse(cases[i].toml, strlen(cases[i].toml), &error));
    assert_error_says(&error, NZ_ERROR_INPUT, cases[i].says);
  }
}

/* Whatever the end of a file cuts off, it is an answer or an error, and never read past. */
static void
test_every_beginning_of_a_file_ends(void)
{
  static const char whole[] =
      "[a]\nb = \"\\u00e4\\\"\" # c\n[[d.e]]\nf = {g = [1, 'h'], i.j = true}\n"
      "k = \"\"\"\nl\\\n m\"\"\"\n";
  for (gsize n = 0; n < sizeof whole; n++) {
    g_autofree char *cut = g_memdup2(whole, MAX(n, 1)); /* of its own size, for sanitizers */
    g_autoptr(GError) error = NULL;
    g_autoptr(NzJson) root = nz_toml_parse(cut, n, &error);
    g_assert_true((root != NULL) == (error == NULL));
  }
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
#define ADD(name, func) g_test_add_func("/toml/" name, func)
  ADD("values", test_values);
  ADD("tables", test_tables);
  ADD("lines-that-are-refused", test_lines_that_are_refused);
  ADD("every-beginning-of-a-file-ends", test_every_beginning_of_a_file_ends);
  return g_test_run();
}

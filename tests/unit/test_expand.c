/* SPDX-License-Identifier: Apache-2.0 */
/* Variables and quotes in words of Dockerfiles. The cases say what BuildKit's shell.Lex does. */
#include "build/expand.h"

#include <string.h>

#include "core/limits.h"
#include "support.h"

static const char *const variables[][2] = {
    {"HOME", "/home"},    {"NAME", "app"},     {"EMPTY", ""},       {"TWO", "a b"},
    {"KOREAN", "한국어"}, {"XY", "xxyy"},      {"PATHS", "/a/b/c"}, {"STARS", "a*b"},
    {"TICKS", "'q'"},     {"DOLLAR", "$NAME"}, {"LINES", "a\nb"},   {"BAD", "a\xff"},
    {"SLASH", "/b"},      {"GLOB", "x*"},      {"ZERO", "[$0]"},
};

static const char *
look_up(const char *name, gpointer data G_GNUC_UNUSED)
{
  for (guint i = 0; i < G_N_ELEMENTS(variables); i++)
    if (g_str_equal(variables[i][0], name))
      return variables[i][1];
  return NULL;
}

static const struct {
  const char *word, *want; /* NULL: an error */
} words[] = {
    /* quotes and escapes */
    {"", ""},
    {"plain", "plain"},
    {"a b", "a b"},
    {"he'll'o", "hello"},
    {"he'llo", NULL},
    {"he\\'llo", "he'llo"},
    {"he\\\\'llo", NULL},
    {"a\\tb", "atb"},
    {"\"a\\tb\"", "a\\tb"},
    {"\"a\\\\tb\"", "a\\tb"},
    {"'a\\tb'", "a\\tb"},
    {"end\\", "end"},
    {"end\\\\", "end\\"},
    {"\"open", NULL},
    {"\"open\\\"", NULL},
    {"\"open\\", NULL},
    {"\"it's\"", "it's"},
    {"'open", NULL},
    {"'end\\'", "end\\"},
    {"'say \"x\"'", "say \"x\""},
    {"\"say \\\"x\\\"\"", "say \"x\""},
    {"\"\"", ""},
    {"''", ""},
    {"a''b", "ab"},
    {"\\a", "a"},
    {"\\é", "é"},
    {"'é'", "é"},
    {"\xff", "\xef\xbf\xbd"},
    {"#1000", "#1000"},
    /* plain variables */
    {"$", "$"},
    {"a$", "a$"},
    {"$ a", "$ a"},
    {"\"$\"", "$"},
    {"$.x", "$.x"},
    {"$NAME", "app"},
    {"$NAME.x", "app.x"},
    {"x$NAME", "xapp"},
    {"$NAME$NAME", "appapp"},
    {"$NAMEx", ""},
    {"${NAME}x", "appx"},
    {"$NAME:$HOME", "app:/home"},
    {"\\$NAME", "$NAME"},
    {"\"\\$NAME\"", "$NAME"},
    {"'$NAME'", "$NAME"},
    {"\"$NAME\"", "app"},
    {"\"'$NAME'\"", "'app'"},
    {"$KOREAN", "한국어"},
    {"$GONE", ""},
    {"$EMPTY", ""},
    {"[$GONE]", "[]"},
    {"$1x", "x"},
    {"$12x", "x"},
    {"${12}x", "x"},
    {"$$", ""},
    {"$?", ""},
    {"$@x", "x"},
    {"$#", ""},
    {"${@}x", "x"},
    {"$TICKS", "'q'"},
    {"$DOLLAR", "$NAME"},
    {"$TWO", "a b"},
    {"$BAD", "a\xef\xbf\xbd"},
    /* what is broken */
    {"${}", NULL},
    {"${", NULL},
    {"${:}", NULL},
    {"${:-x}", NULL},
    {"${{NAME}}", NULL},
    {"${NAME", NULL},
    {"${NAME:", NULL},
    {"${NAME:}", NULL},
    {"${NAME:-", NULL},
    {"${NAME:-x", NULL},
    {"${NAME:-'}", NULL},
    {"${NAME:=x}", NULL},
    {"${NAME=x}", NULL},
    {"${NAME:/a/b}", NULL},
    {"${NAME x}", NULL},
    {"${NAME$HOME}", NULL},
    {"${NAME:-${HOME}", NULL},
    {"${#NAME}", NULL},
    {"${!NAME}", NULL},
    {"\"${NAME:-\"", NULL},
    /* defaults */
    {"${NAME:-x}", "app"},
    {"${GONE:-x}", "x"},
    {"${EMPTY:-x}", "x"},
    {"${NAME-x}", "app"},
    {"${GONE-x}", "x"},
    {"${EMPTY-x}", ""},
    {"${GONE:-}", ""},
    {"${GONE:-$NAME}", "app"},
    {"${GONE:-${NAME}}", "app"},
    {"${GONE:-${LOST:-${NAME}}}", "app"},
    {"${GONE:-a$NAME b}", "aapp b"},
    {"${GONE:-'a}b'}", "a}b"},
    {"${GONE:-\"a}b\"}", "a}b"},
    {"${GONE:-a\\}b}", "a}b"},
    {"${GONE:-{x}}", "{x}"},
    {"'${GONE:-x}'", "${GONE:-x}"},
    {"\"${GONE:-x}\"", "x"},
    {"\\${GONE:-x}", "${GONE:-x}"},
    {"$GONE:-x", ":-x"},
    /* alternatives */
    {"${NAME:+x}", "x"},
    {"${GONE:+x}", ""},
    {"${EMPTY:+x}", ""},
    {"${NAME+x}", "x"},
    {"${GONE+x}", ""},
    {"${EMPTY+x}", "x"},
    {"${NAME:+$HOME}", "/home"},
    {"${NAME:+:${NAME}}", ":app"},
    /* what must be */
    {"${NAME?gone}", "app"},
    {"${NAME:?gone}", "app"},
    {"${EMPTY?gone}", ""},
    {"${EMPTY:?gone}", NULL},
    {"${GONE?gone}", NULL},
    {"${GONE:?}", NULL},
    /* trimmed */
    {"${XY#x}", "xyy"},
    {"${XY#xx}", "yy"},
    {"${XY#y}", "xxyy"},
    {"${XY#*x}", "xyy"},
    {"${XY##*x}", "yy"},
    {"${XY#*}", "xxyy"},
    {"${XY##*}", ""},
    {"${XY#?}", "xyy"},
    {"${XY#}", "xxyy"},
    {"${XY##}", "xxyy"},
    {"${XY#$GLOB}", "xyy"},
    {"${XY:#x}", "xyy"},
    {"${XY%y}", "xxy"},
    {"${XY%y*}", "xxy"},
    {"${XY%%y*}", "xx"},
    {"${XY%*}", "xxyy"},
    {"${XY%%*}", ""},
    {"${XY%x}", "xxyy"},
    {"${PATHS%/*}", "/a/b"},
    {"${PATHS%%/*}", ""},
    {"${PATHS##*/}", "c"},
    {"${PATHS#*/}", "a/b/c"},
    {"${STARS#a\\*}", "b"},
    {"${STARS%\\*b}", "a"},
    {"${STARS#\\a}", NULL},
    {"${KOREAN#한}", "국어"},
    {"${KOREAN%?}", "한국"},
    {"${LINES##*}", "\nb"},
    {"${GONE#x}", ""},
    {"${GONE%x}", ""},
    {"${XY#x", NULL},
    {"${XY#*x*y}", "y"},
    /* replaced */
    {"${XY/x/z}", "zxyy"},
    {"${XY//x/z}", "zzyy"},
    {"${XY/x/}", "xyy"},
    {"${XY//x/}", "yy"},
    {"${XY/q/z}", "xxyy"},
    {"${XY/x*/z}", "z"},
    {"${XY/?/z}", "zxyy"},
    {"${XY//?/z}", "zzzz"},
    {"${XY//*/z}", "z"},
    {"${PATHS/\\//-}", "-a/b/c"},
    {"${PATHS//\\//-}", "-a-b-c"},
    {"${PATHS/$SLASH/}", "/a/c"},
    {"${PATHS//\\//\\/}", "\\/a\\/b\\/c"},
    {"${XY/$EMPTY/w}", "wxxyy"},
    {"${XY//$EMPTY/w}", "wxwxwywyw"},
    {"${XY/x/$NAME}", "appxyy"},
    {"${XY//xx/$ZERO}", "[xx]yy"},
    {"${XY/xx/$ZERO}", "[$0]yy"},
    {"${GONE/x/z}", ""},
    {"${XY//x}", NULL},
    {"${XY//}", NULL},
    {"${XY///}", "xxyy"},
    {"${XY/x/z", NULL},
};

static void
test_words_are_expanded(void)
{
  NzExpand how = {.lookup = look_up, .escape = '\\'};
  for (guint i = 0; i < G_N_ELEMENTS(words); i++) {
    g_autoptr(GError) error = NULL;
    g_autofree char *have = nz_expand_word(words[i].word, &how, &error);
    g_test_message("%s", words[i].word);
    g_assert_cmpstr(have, ==, words[i].want);
    g_assert_true((error == NULL) == (words[i].want != NULL));
  }
}

static void
test_the_backtick_escapes_where_the_file_says_so(void)
{
  static const char *const cases[][2] = {
      {"C:\\app", "C:\\app"}, {"`$NAME", "$NAME"}, {"\"`\"\"", "\""},
      {"\\$NAME", "\\app"},   {"a`", "a"},         {"``", "`"},
  };
  NzExpand how = {.lookup = look_up, .escape = '`'};
  for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
    g_autofree char *have = nz_expand_word(cases[i][0], &how, NULL);
    g_assert_cmpstr(have, ==, cases[i][1]);
  }
}

static const struct {
  const char *text, *want; /* words between "|"; NULL: an error */
} texts[] = {
    {"hello", "hello"},     {"hello${GONE:-x}", "hellox"},
    {"a b", "a|b"},         {"  a \t b  ", "a|b"},
    {"a' 'b", "a b"},       {"'a b' c", "a b|c"},
    {"\"a b\" c", "a b|c"}, {"a\\ b c", "a b|c"},
    {"$TWO", "a|b"},        {"x${TWO}y", "xa|by"},
    {"\"$TWO\"", "a b"},    {"$TWO$TWO", "a|ba|b"},
    {"$GONE", ""},          {"'' a", "a"},
    {"a\u00a0b", "a|b"},    {"$EMPTY a", "a"},
    {"a <<EOF", "a|<<EOF"}, {"<< EOF b", "<< EOF|b"},
    {"a < b", "a|<|b"},     {"'open", NULL},
};

static void
test_texts_are_split_into_words(void)
{
  NzExpand how = {.lookup = look_up, .escape = '\\'};
  for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
    g_auto(GStrv) have = nz_expand_words(texts[i].text, &how, NULL);
    g_autofree char *joined = have ? g_strjoinv("|", have) : NULL;
    g_test_message("%s", texts[i].text);
    g_assert_cmpstr(joined, ==, texts[i].want);
  }
}

static void
test_quotes_and_escapes_stay_where_they_shall(void)
{
  static const char *const raw[][2] = {
      {"'a b' \"$NAME\"", "'a b' \"app\""},
      {"a\\ b\\'", "a\\ b\\'"},
      {"\"a\\\"b\"", "\"a\\\"b\""},
      {"${GONE:-'x'}", "'x'"},
  };
  NzExpand how = {.lookup = look_up, .escape = '\\', .keep_raw = TRUE};
  for (guint i = 0; i < G_N_ELEMENTS(raw); i++) {
    g_autofree char *have = nz_expand_word(raw[i][0], &how, NULL);
    g_assert_cmpstr(have, ==, raw[i][1]);
  }
}

static void
test_heredocs_keep_their_quotes(void)
{
  NzExpand how = {.lookup = look_up, .escape = '\\', .plain_quotes = TRUE};
  g_autofree char *have = nz_expand_word("it's \"$NAME\" '$NAME' \\$NAME", &how, NULL);
  g_assert_cmpstr(have, ==, "it's \"app\" 'app' $NAME");
}

static void
test_unset_variables_stay_where_they_shall(void)
{
  static const char *const cases[][2] = {
      {"$GONE", "$GONE"},         {"${GONE}", "${GONE}"},          {"${GONE:-x}", "${GONE:-x}"},
      {"${GONE#x}", "${GONE#x}"}, {"${GONE//x/y}", "${GONE/x/y}"}, {"$NAME", "app"},
  };
  NzExpand how = {.lookup = look_up, .escape = '\\', .keep_unset = TRUE};
  for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
    g_autofree char *have = nz_expand_word(cases[i][0], &how, NULL);
    g_assert_cmpstr(have, ==, cases[i][1]);
  }
}

static void
assert_names(GPtrArray *names, const char *want)
{
  g_ptr_array_add(names, NULL);
  g_autofree char *have = g_strjoinv(" ", (char **)names->pdata);
  g_assert_cmpstr(have, ==, want);
}

static void
test_names_are_listed_once_and_in_order(void)
{
  g_autoptr(GPtrArray) used = g_ptr_array_new_with_free_func(g_free);
  g_autoptr(GPtrArray) unset = g_ptr_array_new_with_free_func(g_free);
  NzExpand how = {.lookup = look_up, .escape = '\\', .used = used, .unset = unset};
  g_autofree char *have =
      nz_expand_word("$NAME $GONE ${LOST:-$NAME} ${AWAY#x} '$NOT' ${OUT:+y} $GONE", &how, NULL);
  g_assert_cmpstr(have, ==, "app  app  $NOT  ");
  assert_names(used, "NAME GONE LOST AWAY OUT");
  assert_names(unset, "GONE AWAY");
}

static void
test_a_message_is_that_of_the_word(void)
{
  NzExpand how = {.lookup = look_up, .escape = '\\'};
  g_autoptr(GError) error = NULL;
  g_assert_null(nz_expand_word("${GONE:?say $NAME}", &how, &error));
  assert_error_says(&error, NZ_ERROR_INPUT, "GONE: say app");
  g_assert_null(nz_expand_word("${GONE?}", &how, &error));
  assert_error_says(&error, NZ_ERROR_INPUT, "unset");
  g_assert_null(nz_expand_word("${EMPTY:?}", &how, &error));
  assert_error_says(&error, NZ_ERROR_INPUT, "empty");
}

static void
test_depth_is_limited(void)
{
  NzExpand how = {.lookup = look_up, .escape = '\\'};
  g_autoptr(GString) word = g_string_new(NULL);
  for (guint i = 0; i < NZ_EXPAND_DEPTH_MAX; i++)
    g_string_append(word, "${GONE:-");
  g_autofree char *closing = g_strnfill(NZ_EXPAND_DEPTH_MAX, '}');
  g_string_append(word, closing);
  g_autoptr(GError) error = NULL;
  g_autofree char *have = nz_expand_word(word->str, &how, &error);
  g_assert_no_error(error);
  g_string_prepend(word, "${GONE:-");
  g_string_append_c(word, '}');
  g_assert_null(nz_expand_word(word->str, &how, &error));
  assert_error_says(&error, NZ_ERROR_LIMIT, "nest");
}

static const char *
long_value(const char *name G_GNUC_UNUSED, gpointer data)
{
  return data;
}

static void
test_work_and_size_are_limited(void)
{
  g_autofree char *value = g_strnfill(NZ_SOURCE_MAX - 1, 'a');
  NzExpand how = {.lookup = long_value, .data = value, .escape = '\\'};
  g_autoptr(GError) error = NULL;
  g_autofree char *have = nz_expand_word("$A", &how, &error);
  g_assert_no_error(error);
  g_assert_null(nz_expand_word("$A$A", &how, &error));
  assert_error_says(&error, NZ_ERROR_LIMIT, "longer");
  g_assert_null(nz_expand_word("${A//a/bb}", &how, &error));
  assert_error_says(&error, NZ_ERROR_LIMIT, "");
  g_assert_null(nz_expand_word("${A//*aaaaaaaaaab/}", &how, &error));
  assert_error_says(&error, NZ_ERROR_LIMIT, "");
  /* What is thrown away counts too. */
  g_autoptr(GString) word = g_string_new(NULL);
  for (guint i = 0; i < 64; i++)
    g_string_append(word, "${A:+${A#$A}}");
  g_assert_null(nz_expand_word(word->str, &how, &error));
  assert_error_says(&error, NZ_ERROR_LIMIT, "work");
  /* One budget for many words. */
  guint64 budget = NZ_SOURCE_MAX + 10;
  how.budget = &budget;
  g_autofree char *first = nz_expand_word("$A", &how, &error);
  g_assert_no_error(error);
  g_assert_null(nz_expand_word("$A", &how, &error));
  assert_error_says(&error, NZ_ERROR_LIMIT, "work");
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/expand/words", test_words_are_expanded);
  g_test_add_func("/expand/backtick", test_the_backtick_escapes_where_the_file_says_so);
  g_test_add_func("/expand/split", test_texts_are_split_into_words);
  g_test_add_func("/expand/raw", test_quotes_and_escapes_stay_where_they_shall);
  g_test_add_func("/expand/heredocs", test_heredocs_keep_their_quotes);
  g_test_add_func("/expand/keep-unset", test_unset_variables_stay_where_they_shall);
  g_test_add_func("/expand/names", test_names_are_listed_once_and_in_order);
  g_test_add_func("/expand/message", test_a_message_is_that_of_the_word);
  g_test_add_func("/expand/depth", test_depth_is_limited);
  g_test_add_func("/expand/limits", test_work_and_size_are_limited);
  return g_test_run();
}

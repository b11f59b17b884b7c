/* SPDX-License-Identifier: Apache-2.0 */
/* What editors are answered, with a judge of the test's own: it finds the word "root", says how to
 * mend it, and proposes without applying where "gosu" stands. Positions, frames, and what hostile
 * editors send. The real program is driven by tests/cli/test_lsp.py. */
#include <string.h>

#include "core/limits.h"
#include "lsp/frame.h"
#include "lsp/server.h"
#include "support.h"

/* --- positions --- */

/* a, U+E4, U+1F600, b; the second line ends with \r\n, the third with \r, the fourth is empty. */
#define TEXT "a\u00e4\U0001f600b\nxy\r\nz\r"

static const struct {
  gsize offset;
  guint line, utf16, utf8;
} positions[] = {
    {0, 0, 0, 0}, {1, 0, 1, 1},  {3, 0, 2, 3},  {7, 0, 4, 7},  {8, 0, 5, 8},
    {9, 1, 0, 0}, {11, 1, 2, 2}, {13, 2, 0, 0}, {14, 2, 1, 1}, {15, 3, 0, 0},
};

static json_t *
position(int line, int character)
{
  return json_pack("{s:i, s:i}", "line", line, "character", character);
}

static void
assert_position(const json_t *value, guint line, guint character)
{
  g_assert_cmpint(json_integer_value(json_object_get(value, "line")), ==, line);
  g_assert_cmpint(json_integer_value(json_object_get(value, "character")), ==, character);
}

static void
test_positions_and_bytes_turn_into_each_other(void)
{
  for (guint units = 0; units < 2; units++) {
    g_autoptr(NzLines) lines = nz_lines_new(TEXT, strlen(TEXT), units ? NZ_UNITS_UTF8 : 0);
    for (gsize i = 0; i < G_N_ELEMENTS(positions); i++) {
      guint character = units ? positions[i].utf8 : positions[i].utf16;
      json_auto_t *value = nz_lines_position(lines, positions[i].offset);
      gsize offset = G_MAXSIZE;
      assert_position(value, positions[i].line, character);
      g_assert_true(nz_lines_offset(lines, value, &offset));
      g_assert_cmpuint(offset, ==, positions[i].offset);
    }
  }
}

static const struct {
  int line, character;
  gboolean is_one;
  gsize offset;
} odd_positions[] = {
    {0, 3, TRUE, 3},    /* between the halves of a pair of surrogates */
    {0, 999, TRUE, 8},  /* past the line */
    {1, 999, TRUE, 11}, /* and not on its \r */
    {99, 0, TRUE, 15},  {0, -1, FALSE, 0}, {-1, 0, FALSE, 0},
};

static void
test_odd_positions_stay_within_the_text(void)
{
  g_autoptr(NzLines) lines = nz_lines_new(TEXT, strlen(TEXT), NZ_UNITS_UTF16);
  for (gsize i = 0; i < G_N_ELEMENTS(odd_positions); i++) {
    json_auto_t *value = position(odd_positions[i].line, odd_positions[i].character);
    gsize offset = 0;
    g_assert_cmpint(nz_lines_offset(lines, value, &offset), ==, odd_positions[i].is_one);
    g_assert_cmpuint(offset, ==, odd_positions[i].offset);
  }
  json_auto_t *text = json_string("x"), *turned = json_object();
  gsize start, end;
  g_assert_false(nz_lines_offset(lines, text, &start));
  g_assert_false(nz_lines_offset(lines, NULL, &start));
  json_object_set_new(turned, "start", position(1, 1));
  json_object_set_new(turned, "end", position(0, 1));
  g_assert_true(nz_lines_offsets(lines, turned, &start, &end));
  g_assert_cmpuint(start, ==, 10);
  g_assert_cmpuint(end, ==, 10);
}

static void
test_our_own_places_are_found(void)
{
  g_autoptr(NzLines) lines = nz_lines_new(TEXT, strlen(TEXT), NZ_UNITS_UTF16);
  g_assert_cmpuint(nz_lines_offset_of_place(lines, 1, 1), ==, 0);
  g_assert_cmpuint(nz_lines_offset_of_place(lines, 1, 4), ==, 7);
  g_assert_cmpuint(nz_lines_offset_of_place(lines, 2, 2), ==, 10);
  g_assert_cmpuint(nz_lines_offset_of_place(lines, 1, 99), ==, 8);
  g_assert_cmpuint(nz_lines_offset_of_place(lines, 99, 1), ==, 15);
}

/* --- a judge --- */

static NzPlace *
place_of(NzSourceFile *source, gsize start, gsize end)
{
  return nz_source_place(source, (NzSpan){(guint32)start, (guint32)end});
}

static void
add_finding(NzSubject *s, NzSourceFile *source, gsize start, gsize end, const char *text)
{
  NzFinding *f = nz_finding_new("image-user", NZ_LEVEL_FAIL, "say USER", "it is root [x](y)");
  f->place = place_of(source, start, end);
  NzFix *fix = nz_fix_new("start as 65532");
  fix->refused = strstr(source->data, "gosu") ? g_strdup("gosu needs root") : NULL;
  g_ptr_array_add(fix->edits, nz_edit_new(place_of(source, start, end), text));
  g_ptr_array_add(s->fixes, fix);
  f->fix = fix;
  g_ptr_array_add(s->findings, f);
}

static gboolean
lint(NzSourceFile *source, NzSourceKind kind G_GNUC_UNUSED, const char *directory G_GNUC_UNUSED,
     const NzLintOptions *options, GPtrArray *subjects, GError **error)
{
  g_assert_true(options->fix);
  if (strstr(source->data, "BROKEN"))
    return nz_set_input(error, "%s:2:3: it is broken", source->name);
  NzSubject *s = nz_subject_new("dockerfile");
  s->name = g_strdup(source->name);
  s->source = g_strdup(source->name);
  NzUserFile none = {0};
  s->user = nz_user_resolve("0", &none, &none);
  for (const char *p = source->data; (p = strstr(p, "root")); p += 4) {
    gsize start = (gsize)(p - source->data);
    add_finding(s, source, start, start + 4, "65532");
    if (!s->place)
      s->place = place_of(source, start, start + 4);
  }
  nz_subject_conclude(s);
  g_ptr_array_add(subjects, s);
  return TRUE;
}

static gboolean
kind_of(const char *path, NzSourceKind *kind)
{
  *kind = NZ_SOURCE_DOCKERFILE;
  return g_str_has_suffix(path, "Dockerfile");
}

/* --- a talk --- */

typedef struct {
  GString *said;
  GPtrArray *heard; /* json_t */
  int code;
} Talk;

static void
say_bytes(Talk *self, const char *body)
{
  g_string_append_printf(self->said, "Content-Length: %zu\r\n\r\n%s", strlen(body), body);
}

/* Takes MESSAGE. */
static void
say(Talk *self, json_t *message)
{
  char *body = json_dumps(message, 0);
  say_bytes(self, body);
  free(body);
  json_decref(message);
}

static void
ask(Talk *self, int id, const char *method, json_t *params)
{
  say(self, json_pack("{s:s, s:i, s:s, s:o}", "jsonrpc", "2.0", "id", id, "method", method,
                      "params", params));
}

static void
mention(Talk *self, const char *method, json_t *params)
{
  say(self, json_pack("{s:s, s:s, s:o}", "jsonrpc", "2.0", "method", method, "params", params));
}

#define URI "file:///nowhere/at/all/Dockerfile"

static void
initialize(Talk *self, const char *encoding)
{
  ask(self, 1, "initialize",
      json_pack("{s:{s:{s:[s]}, s:{s:{s:[s]}, s:{s:{}, s:b}}}}", "capabilities", "general",
                "positionEncodings", encoding, "textDocument", "hover", "contentFormat", "markdown",
                "codeAction", "codeActionLiteralSupport", "disabledSupport", 1));
  mention(self, "initialized", json_object());
}

static void
open_document(Talk *self, const char *uri, const char *text)
{
  mention(self, "textDocument/didOpen",
          json_pack("{s:{s:s, s:s, s:i, s:s}}", "textDocument", "uri", uri, "languageId",
                    "whatever", "version", 1, "text", text));
}

static json_t *
here(int line, int character)
{
  return json_pack("{s:{s:s}, s:o}", "textDocument", "uri", URI, "position",
                   position(line, character));
}

static json_t *
range(int line, int character, int end_line, int end_character)
{
  return json_pack("{s:o, s:o}", "start", position(line, character), "end",
                   position(end_line, end_character));
}

static void
hang_up(Talk *self)
{
  ask(self, 99, "shutdown", json_null());
  mention(self, "exit", json_null());
}

static Talk *
talk_new(void)
{
  Talk *self = g_new0(Talk, 1);
  self->said = g_string_new(NULL);
  self->heard = g_ptr_array_new_with_free_func((GDestroyNotify)json_decref);
  return self;
}

static void
talk_free(Talk *self)
{
  g_string_free(self->said, TRUE);
  g_ptr_array_unref(self->heard);
  g_free(self);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Talk, talk_free)

static void
hear(Talk *self, const char *text, gsize len)
{
  g_autofree char *copy = g_memdup2(text, len + 1);
  FILE *in = len > 0 ? fmemopen(copy, len, "r") : NULL;
  char *body;
  const char *why;
  gsize n;
  while (in && nz_frame_read(in, &body, &n, &why) == NZ_FRAME_READ) {
    json_t *message = json_loadb(body, n, JSON_ALLOW_NUL, NULL);
    g_assert_nonnull(message);
    g_ptr_array_add(self->heard, message);
    g_free(body);
  }
  if (in)
    fclose(in);
}

/* All that was said is served at once. */
static void
talk(Talk *self)
{
  static const NzJudge judge = {.lint = lint, .kind_of = kind_of};
  char *text = NULL;
  size_t len = 0;
  FILE *in = self->said->len > 0 ? fmemopen(self->said->str, self->said->len, "r")
                                 : fopen("/dev/null", "r");
  FILE *out = open_memstream(&text, &len);
  self->code = nz_lsp_serve(in, out, &judge);
  fclose(in);
  fclose(out);
  hear(self, text, len);
  free(text);
}

/* The answer to ID: its "result" or "error". */
static const json_t *
answer(const Talk *self, int id, const char *key)
{
  for (guint i = 0; i < self->heard->len; i++) {
    const json_t *message = self->heard->pdata[i], *its = json_object_get(message, "id");
    if (json_is_integer(its) && json_integer_value(its) == id) {
      const json_t *value = json_object_get(message, key);
      g_assert_nonnull(value);
      return value;
    }
  }
  g_error("%d was not answered", id);
}

static int
error_code(const Talk *self, int id)
{
  return (int)json_integer_value(json_object_get(answer(self, id, "error"), "code"));
}

/* What was published the Nth time: the diagnostics. */
static const json_t *
published(const Talk *self, guint n)
{
  for (guint i = 0; i < self->heard->len; i++) {
    const json_t *message = self->heard->pdata[i];
    const char *method = json_string_value(json_object_get(message, "method"));
    if (g_strcmp0(method, "textDocument/publishDiagnostics") == 0 && n-- == 0)
      return json_object_get(json_object_get(message, "params"), "diagnostics");
  }
  g_error("nothing more was published");
}

static void
assert_range(const json_t *object, guint line, guint character, guint end_line, guint end_character)
{
  const json_t *its = json_object_get(object, "range");
  assert_position(json_object_get(its, "start"), line, character);
  assert_position(json_object_get(its, "end"), end_line, end_character);
}

static const char *
text_at(const json_t *object, const char *key)
{
  return json_string_value(json_object_get(object, key));
}

/* --- documents --- */

#define DOCKERFILE "FROM x\n# \U0001f600 \u00e4 root\n"

static void
test_findings_are_published_in_the_editors_units(void)
{
  static const struct {
    const char *encoding, *chosen;
    guint start;
  } cases[] = {{"utf-8", "utf-8", 10}, {"utf-16", "utf-16", 7}, {"utf-32", "utf-16", 7}};
  for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
    g_autoptr(Talk) one = talk_new();
    initialize(one, cases[i].encoding);
    open_document(one, URI, DOCKERFILE);
    hang_up(one);
    talk(one);
    const json_t *can = json_object_get(answer(one, 1, "result"), "capabilities");
    g_assert_cmpstr(text_at(can, "positionEncoding"), ==, cases[i].chosen);
    const json_t *list = published(one, 0);
    g_assert_cmpuint(json_array_size(list), ==, 1);
    const json_t *diagnostic = json_array_get(list, 0);
    assert_range(diagnostic, 1, cases[i].start, 1, cases[i].start + 4);
    g_assert_cmpstr(text_at(diagnostic, "code"), ==, "image-user");
    g_assert_cmpstr(text_at(diagnostic, "source"), ==, "nonzero");
    g_assert_cmpint(json_integer_value(json_object_get(diagnostic, "severity")), ==, 1);
    g_assert_cmpint(one->code, ==, 0);
  }
}

/* Takes RANGE, which may be NULL. */
static json_t *
change(json_t *its_range, const char *text)
{
  json_t *value = json_pack("{s:s}", "text", text);
  if (its_range)
    json_object_set_new(value, "range", its_range);
  return value;
}

/* Takes each. */
static void
change_document(Talk *self, json_t *first, json_t *second)
{
  json_t *changes = json_array();
  json_array_append_new(changes, first);
  if (second)
    json_array_append_new(changes, second);
  mention(self, "textDocument/didChange",
          json_pack("{s:{s:s, s:i}, s:o}", "textDocument", "uri", URI, "version", 2,
                    "contentChanges", changes));
}

static void
test_edits_are_followed(void)
{
  g_autoptr(Talk) one = talk_new();
  initialize(one, "utf-16");
  open_document(one, URI, DOCKERFILE);
  change_document(one, change(range(1, 7, 1, 11), "app"), NULL);
  change_document(one, change(range(0, 0, 0, 0), "\u65e5\r\n"), change(range(0, 1, 0, 1), " root"));
  change_document(one, change(NULL, "root"), NULL);
  change_document(one, change(range(9, 9, 99, 99), " BROKEN"), NULL);
  mention(one, "textDocument/didClose", json_pack("{s:{s:s}}", "textDocument", "uri", URI));
  hang_up(one);
  talk(one);
  g_assert_cmpuint(json_array_size(published(one, 1)), ==, 0);
  assert_range(json_array_get(published(one, 2), 0), 0, 2, 0, 6);
  assert_range(json_array_get(published(one, 3), 0), 0, 0, 0, 4);
  g_assert_cmpstr(text_at(json_array_get(published(one, 4), 0), "code"), ==, "not-judged");
  g_assert_cmpuint(json_array_size(published(one, 5)), ==, 0);
}

static void
test_what_cannot_be_judged_says_so_where_it_is(void)
{
  g_autoptr(Talk) one = talk_new();
  initialize(one, "utf-16");
  open_document(one, URI, "FROM x\nab BROKEN here\n");
  hang_up(one);
  talk(one);
  const json_t *diagnostic = json_array_get(published(one, 0), 0);
  assert_range(diagnostic, 1, 2, 1, 14);
  g_assert_cmpstr(text_at(diagnostic, "message"), ==, "it is broken");
}

static void
test_a_document_that_is_too_large_says_so(void)
{
  g_autofree char *large = g_strnfill(NZ_SOURCE_MAX + 1, '\n');
  g_autofree char *huge = g_strnfill(NZ_LSP_DOCUMENT_MAX + 1, '\n');
  g_autoptr(Talk) one = talk_new();
  initialize(one, "utf-16");
  open_document(one, URI, large);
  change_document(one, change(NULL, huge), NULL);
  change_document(one, change(range(0, 0, 9, 9), "x"), NULL);
  ask(one, 2, "textDocument/hover", here(0, 0));
  change_document(one, change(NULL, "root"), NULL);
  hang_up(one);
  talk(one);
  for (guint i = 0; i < 3; i++)
    g_assert_cmpstr(text_at(json_array_get(published(one, i), 0), "code"), ==, "not-judged");
  g_assert_cmpstr(text_at(json_array_get(published(one, 3), 0), "code"), ==, "image-user");
  g_assert_true(json_is_null(answer(one, 2, "result")));
}

static void
test_other_files_are_left_alone(void)
{
  g_autoptr(Talk) one = talk_new();
  initialize(one, "utf-16");
  open_document(one, "file:///nowhere/notes.txt", "root");
  open_document(one, "untitled:Untitled-1", "root");
  hang_up(one);
  talk(one);
  g_assert_cmpuint(json_array_size(published(one, 0)), ==, 0);
  g_assert_cmpuint(json_array_size(published(one, 1)), ==, 0);
}

/* --- hover --- */

static void
test_hover_explains_the_rule_and_the_verdict(void)
{
  g_autoptr(Talk) one = talk_new();
  initialize(one, "utf-16");
  open_document(one, URI, "FROM x\nUSER root\n");
  ask(one, 2, "textDocument/hover", here(1, 6));
  ask(one, 3, "textDocument/hover", here(1, 0));
  ask(one, 4, "textDocument/hover", here(0, 0));
  hang_up(one);
  talk(one);
  const json_t *hover = answer(one, 2, "result");
  const json_t *contents = json_object_get(hover, "contents");
  const char *text = text_at(contents, "value");
  assert_range(hover, 1, 5, 1, 9);
  g_assert_cmpstr(text_at(contents, "kind"), ==, "markdown");
  assert_holds(text, "**fail**");
  assert_holds(text, "starts as **root** 0");
  assert_holds(text, "**image-user** (fail): it is root \\[x\\]\\(y\\)");
  assert_holds(text, "**To do:** say USER");
  assert_holds(text, "DL3002");
  const char *verdict = text_at(json_object_get(answer(one, 3, "result"), "contents"), "value");
  assert_holds(verdict, "starts as **root** 0");
  g_assert_null(strstr(verdict, "image-user"));
  g_assert_true(json_is_null(answer(one, 4, "result")));
}

/* --- code actions --- */

/* Takes ITS_RANGE; ONLY may be NULL. */
static void
ask_actions(Talk *self, int id, json_t *its_range, const char *only)
{
  json_t *context = json_pack("{s:[]}", "diagnostics");
  if (only)
    json_object_set_new(context, "only", json_pack("[s]", only));
  ask(self, id, "textDocument/codeAction",
      json_pack("{s:{s:s}, s:o, s:o}", "textDocument", "uri", URI, "range", its_range, "context",
                context));
}

static void
test_fixes_are_code_actions(void)
{
  static const struct {
    const char *only;
    guint n;
    const char *first;
  } cases[] = {{NULL, 2, "quickfix"},
               {"quickfix", 1, "quickfix"},
               {"source", 1, "source.fixAll.nonzero"},
               {"source.fixAll", 1, "source.fixAll.nonzero"},
               {"source.fix", 0, NULL},
               {"refactor", 0, NULL}};
  for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
    g_autoptr(Talk) one = talk_new();
    initialize(one, "utf-16");
    open_document(one, URI, "root\nroot\n");
    ask_actions(one, 2, range(1, 1, 1, 1), cases[i].only);
    hang_up(one);
    talk(one);
    const json_t *actions = answer(one, 2, "result");
    g_assert_cmpuint(json_array_size(actions), ==, cases[i].n);
    g_assert_cmpstr(text_at(json_array_get(actions, 0), "kind"), ==, cases[i].first);
  }
}

static void
test_a_fix_edits_its_place_and_all_fixes_all(void)
{
  g_autoptr(Talk) one = talk_new();
  initialize(one, "utf-16");
  open_document(one, URI, "root\nroot\n");
  ask_actions(one, 2, range(1, 1, 1, 1), NULL);
  hang_up(one);
  talk(one);
  const json_t *actions = answer(one, 2, "result");
  static const guint n_edits[] = {1, 2};
  for (guint i = 0; i < 2; i++) {
    const json_t *edit = json_object_get(json_array_get(actions, i), "edit");
    const json_t *edits = json_object_get(json_object_get(edit, "changes"), URI);
    g_assert_cmpuint(json_array_size(edits), ==, n_edits[i]);
    const json_t *last = json_array_get(edits, n_edits[i] - 1);
    assert_range(last, 1, 0, 1, 4);
    g_assert_cmpstr(text_at(last, "newText"), ==, "65532");
  }
  const json_t *mended = json_object_get(json_array_get(actions, 0), "diagnostics");
  assert_range(json_array_get(mended, 0), 1, 0, 1, 4);
}

static void
test_a_refused_fix_is_shown_and_cannot_be_applied(void)
{
  g_autoptr(Talk) one = talk_new();
  initialize(one, "utf-16");
  open_document(one, URI, "root gosu\n");
  ask_actions(one, 2, range(0, 0, 0, 1), NULL);
  hang_up(one);
  talk(one);
  const json_t *actions = answer(one, 2, "result");
  g_assert_cmpuint(json_array_size(actions), ==, 1);
  const json_t *action = json_array_get(actions, 0);
  g_assert_cmpstr(text_at(json_object_get(action, "disabled"), "reason"), ==, "gosu needs root");
  g_assert_null(json_object_get(action, "edit"));
}

/* --- bad manners --- */

static void
test_requests_out_of_turn_are_errors(void)
{
  g_autoptr(Talk) one = talk_new();
  ask(one, 2, "textDocument/hover", here(0, 0));
  open_document(one, URI, "root");
  initialize(one, "utf-16");
  ask(one, 3, "initialize", json_object());
  ask(one, 4, "textDocument/rename", here(0, 0));
  ask(one, 5, "$/whatever", json_object());
  mention(one, "$/cancelRequest", json_pack("{s:i}", "id", 4));
  mention(one, "workspace/didChangeWatchedFiles", json_object());
  mention(one, "what/ever", json_array());
  ask(one, 6, "shutdown", json_null());
  ask(one, 7, "textDocument/hover", here(0, 0));
  mention(one, "exit", json_null());
  talk(one);
  g_assert_cmpint(error_code(one, 2), ==, -32002);
  g_assert_cmpint(error_code(one, 3), ==, -32600);
  g_assert_cmpint(error_code(one, 4), ==, -32601);
  g_assert_cmpint(error_code(one, 5), ==, -32601);
  g_assert_cmpint(error_code(one, 7), ==, -32600);
  g_assert_cmpuint(one->heard->len, ==, 7); /* and nothing else was said */
  g_assert_cmpint(one->code, ==, 0);
}

static const struct {
  const char *body;
  int code; /* 0: no answer */
} bad_bodies[] = {
    {"", -32700},
    {"{", -32700},
    {"{\"id\":1}}", -32700},
    {"\xff", -32700},
    {"[]", -32600},
    {"[{\"jsonrpc\":\"2.0\",\"id\":5,\"method\":\"shutdown\"}]", -32600},
    {"{}", -32600},
    {"{\"id\":1}", -32600},
    {"{\"id\":1,\"method\":7}", -32600},
    {"{\"id\":1,\"method\":\"initialize\\u0000\"}", -32600},
    {"{\"id\":null,\"method\":\"initialize\"}", -32600},
    {"{\"id\":[1],\"method\":\"initialize\"}", -32600},
    {"{\"id\":1.5,\"method\":\"initialize\"}", -32600},
    {"{\"id\":1,\"result\":null}", 0},
    {"{\"method\":\"textDocument/didOpen\",\"params\":7}", 0},
    {"{\"method\":\"what\\u001b[2J\"}", 0},
    {"{\"id\":\"a\",\"method\":\"\\u001b[2J\\n\",\"params\":[]}", -32601},
    {"{\"id\":1,\"method\":\"textDocument/hover\",\"params\":[[[[]]]]}", 0},
};

static void
test_bad_messages_are_answered_with_errors(void)
{
  for (gsize i = 0; i < G_N_ELEMENTS(bad_bodies); i++) {
    g_autoptr(Talk) one = talk_new();
    initialize(one, "utf-16");
    say_bytes(one, bad_bodies[i].body);
    hang_up(one);
    talk(one);
    g_assert_cmpint(one->code, ==, 0);
    const json_t *second = one->heard->pdata[1];
    int code = (int)json_integer_value(json_object_get(json_object_get(second, "error"), "code"));
    g_assert_cmpint(code, ==, bad_bodies[i].code);
  }
}

static void
test_bad_parameters_of_a_known_document_are_errors(void)
{
  static const char *const methods[] = {"textDocument/hover", "textDocument/codeAction"};
  for (guint i = 0; i < G_N_ELEMENTS(methods); i++) {
    g_autoptr(Talk) one = talk_new();
    initialize(one, "utf-16");
    open_document(one, URI, "root");
    ask(one, 2, methods[i], json_pack("{s:{s:s}}", "textDocument", "uri", URI));
    hang_up(one);
    talk(one);
    g_assert_cmpint(error_code(one, 2), ==, -32602);
  }
}

static const struct {
  const char *said;
  int code;
  guint heard;
} bad_frames[] = {
    {"", 1, 0},
    {"Content-Length: 2\r\n\r\n{", 2, 1},
    {"Content-Length: 2\r\n", 2, 1},
    {"Content-Length: \r\n\r\n{}", 2, 1},
    {"Content-Length: -2\r\n\r\n{}", 2, 1},
    {"Content-Length: 0x2\r\n\r\n{}", 2, 1},
    {"Content-Length: 99999999999999999999\r\n\r\n{}", 2, 1},
    {"Content-Length: 99999999\r\n\r\n{}", 2, 1},
    {"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{} ", 2, 1},
    {"Content-Type: x\r\n\r\n{}", 2, 1},
    {"GET / HTTP/1.1\r\n\r\n", 2, 1},
    {"\r\n\r\n", 2, 1},
    {"content-length:2\nContent-Type: a:b\n\n{}", 1, 1},
};

static void
test_bad_frames_end_in_an_error(void)
{
  for (gsize i = 0; i < G_N_ELEMENTS(bad_frames); i++) {
    g_autoptr(Talk) one = talk_new();
    g_string_append(one->said, bad_frames[i].said);
    talk(one);
    g_assert_cmpint(one->code, ==, bad_frames[i].code);
    g_assert_cmpuint(one->heard->len, ==, bad_frames[i].heard);
  }
}

static void
test_endless_headers_are_given_up(void)
{
  g_autoptr(Talk) one = talk_new();
  for (guint i = 0; i < 1000; i++)
    g_string_append(one->said, "X-Header: x\r\n");
  talk(one);
  g_assert_cmpint(one->code, ==, 2);
}

static void
test_a_message_that_is_too_long_is_passed_over(void)
{
  g_autoptr(Talk) one = talk_new();
  g_autofree char *long_one = g_strnfill(NZ_LSP_MESSAGE_MAX + 1, 'x');
  initialize(one, "utf-16");
  say_bytes(one, long_one);
  ask(one, 2, "textDocument/hover", here(0, 0));
  hang_up(one);
  talk(one);
  g_assert_true(json_is_null(answer(one, 2, "result")));
  g_assert_cmpint(one->code, ==, 0);
}

static void
test_no_more_documents_are_kept_than_may_be(void)
{
  g_autoptr(Talk) one = talk_new();
  initialize(one, "utf-16");
  for (guint i = 0; i <= NZ_LSP_DOCUMENTS_MAX; i++) {
    g_autofree char *uri = g_strdup_printf("file:///nowhere/%u/Dockerfile", i);
    open_document(one, uri, "root");
  }
  hang_up(one);
  talk(one);
  const json_t *last = one->heard->pdata[one->heard->len - 2];
  g_assert_cmpstr(text_at(last, "method"), ==, "window/logMessage");
  g_assert_cmpint(one->code, ==, 0);
}

static void
test_the_exit_code_says_whether_it_was_shut_down(void)
{
  g_autoptr(Talk) rude = talk_new();
  initialize(rude, "utf-16");
  mention(rude, "exit", json_null());
  talk(rude);
  g_assert_cmpint(rude->code, ==, 1);
  g_autoptr(Talk) gone = talk_new();
  initialize(gone, "utf-16");
  talk(gone);
  g_assert_cmpint(gone->code, ==, 1);
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
#define ADD(name, func) g_test_add_func("/lsp/" name, func)
  ADD("positions-and-bytes", test_positions_and_bytes_turn_into_each_other);
  ADD("odd-positions", test_odd_positions_stay_within_the_text);
  ADD("our-own-places", test_our_own_places_are_found);
  ADD("findings-in-the-editors-units", test_findings_are_published_in_the_editors_units);
  ADD("edits-are-followed", test_edits_are_followed);
  ADD("what-cannot-be-judged", test_what_cannot_be_judged_says_so_where_it_is);
  ADD("too-large", test_a_document_that_is_too_large_says_so);
  ADD("other-files", test_other_files_are_left_alone);
  ADD("hover", test_hover_explains_the_rule_and_the_verdict);
  ADD("fixes-are-code-actions", test_fixes_are_code_actions);
  ADD("a-fix-edits-its-place", test_a_fix_edits_its_place_and_all_fixes_all);
  ADD("a-refused-fix", test_a_refused_fix_is_shown_and_cannot_be_applied);
  ADD("out-of-turn", test_requests_out_of_turn_are_errors);
  ADD("bad-messages", test_bad_messages_are_answered_with_errors);
  ADD("bad-parameters", test_bad_parameters_of_a_known_document_are_errors);
  ADD("bad-frames", test_bad_frames_end_in_an_error);
  ADD("endless-headers", test_endless_headers_are_given_up);
  ADD("too-long", test_a_message_that_is_too_long_is_passed_over);
  ADD("too-many", test_no_more_documents_are_kept_than_may_be);
  ADD("exit-code", test_the_exit_code_says_whether_it_was_shut_down);
  return g_test_run();
}

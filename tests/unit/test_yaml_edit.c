/* SPDX-License-Identifier: Apache-2.0 */
/* Wanted values laid over YAML and JSON: what is edited, byte by byte, and that it then is there.
 */
#include <string.h>

#include "core/limits.h"
#include "fix/fix.h"
#include "fix/yaml_edit.h"

/* WANT is YAML of its own; a text in quotes there is a string, one without is a number or boolean.
 * PATH is where it is laid over: keys, and the numbers of items. */
typedef struct {
  const char *name, *before, *path, *want, *after;
} Row;

#define CONTEXT "{c: {a: false}}"

static const Row rows[] = {
    /* a map in lines */
    {"new-key", "p:\n  x: 1\nq: 2\n", "p", CONTEXT, "p:\n  x: 1\n  c:\n    a: false\nq: 2\n"},
    {"new-key-four", "p:\n    x: 1\n", "p", CONTEXT, "p:\n    x: 1\n    c:\n        a: false\n"},
    {"new-key-one", "p:\n x: 1\n", "p", CONTEXT, "p:\n x: 1\n c:\n  a: false\n"},
    {"no-newline-at-end", "p:\n  x: 1", "p", CONTEXT, "p:\n  x: 1\n  c:\n    a: false"},
    {"crlf", "p:\r\n  x: 1\r\nq: 2\r\n", "p", CONTEXT,
     "p:\r\n  x: 1\r\n  c:\r\n    a: false\r\nq: 2\r\n"},
    {"crlf-no-newline-at-end", "p:\r\n  x: 1", "p", CONTEXT,
     "p:\r\n  x: 1\r\n  c:\r\n    a: false"},
    {"comment-in-line", "p:\n  x: 1 # one\nq: 2\n", "p", CONTEXT,
     "p:\n  x: 1 # one\n  c:\n    a: false\nq: 2\n"},
    {"comment-after", "p:\n  x: 1\n  # more\n\n# two\nq: 2\n", "p", CONTEXT,
     "p:\n  x: 1\n  c:\n    a: false\n  # more\n\n# two\nq: 2\n"},
    {"after-list", "p:\n  x:\n  - 1\n  - 2\nq: 2\n", "p", CONTEXT,
     "p:\n  x:\n  - 1\n  - 2\n  c:\n    a: false\nq: 2\n"},
    {"after-nested", "p:\n  x:\n    y:\n      z: 1\n\nq: 2\n", "p", CONTEXT,
     "p:\n  x:\n    y:\n      z: 1\n  c:\n    a: false\n\nq: 2\n"},
    {"after-literal", "p:\n  x: |\n    # a\n    b\n\n    # c\n\nq: 2\n", "p", CONTEXT,
     "p:\n  x: |\n    # a\n    b\n\n    # c\n  c:\n    a: false\n\nq: 2\n"},
    {"after-kept-literal", "p:\n  x: |+\n    b\n\nq: 2\n", "p", CONTEXT,
     "p:\n  x: |+\n    b\n\n  c:\n    a: false\nq: 2\n"},
    {"after-folded-at-end", "p:\n  x: >-\n    a\n    b", "p", CONTEXT,
     "p:\n  x: >-\n    a\n    b\n  c:\n    a: false"},
    {"after-plain-lines", "p:\n  x: a\n    b\n    c\nq: 2\n", "p", CONTEXT,
     "p:\n  x: a\n    b\n    c\n  c:\n    a: false\nq: 2\n"},
    {"after-quoted-lines", "p:\n  x: \"a\n    b\"\nq: 2\n", "p", CONTEXT,
     "p:\n  x: \"a\n    b\"\n  c:\n    a: false\nq: 2\n"},
    {"after-nothing", "p:\n  x:\nq: 2\n", "p", CONTEXT, "p:\n  x:\n  c:\n    a: false\nq: 2\n"},
    {"after-alias", "o: &o {z: 1}\np:\n  x: *o\nq: 2\n", "p", CONTEXT,
     "o: &o {z: 1}\np:\n  x: *o\n  c:\n    a: false\nq: 2\n"},
    {"after-alias-in-list", "o: &o {z: 1}\np:\n  x:\n    - *o\nq: 2\n", "p", CONTEXT,
     "o: &o {z: 1}\np:\n  x:\n    - *o\n  c:\n    a: false\nq: 2\n"},
    {"after-merge", "o: &o {z: 1}\np:\n  x: 1\n  <<: *o\nq: 2\n", "p", CONTEXT,
     "o: &o {z: 1}\np:\n  x: 1\n  <<: *o\n  c:\n    a: false\nq: 2\n"},
    {"merge-alone-then-comment", "o: &o {z: 1}\np:\n  <<: *o # c\n# d\nq: 2\n", "p", CONTEXT,
     "o: &o {z: 1}\np:\n  <<: *o # c\n  c:\n    a: false\n# d\nq: 2\n"},
    {"merge-alone", "o: &o {z: 1}\np:\n  <<: *o\nq: 2\n", "p", CONTEXT,
     "o: &o {z: 1}\np:\n  <<: *o\n  c:\n    a: false\nq: 2\n"},
    {"nested-merge-is-last", "o: &o {z: 1}\np:\n  x:\n    y: 1\n    <<: *o\nq: 2\n", "p", CONTEXT,
     "o: &o {z: 1}\np:\n  x:\n    y: 1\n    <<: *o\n  c:\n    a: false\nq: 2\n"},
    {"in-an-item", "p:\n- x: 1\n  y: 2\n- x: 3\n", "p.0", CONTEXT,
     "p:\n- x: 1\n  y: 2\n  c:\n    a: false\n- x: 3\n"},
    {"in-a-wide-item", "p:\n  -   x: 1\n      y: 2\n  -   x: 3\n", "p.0", CONTEXT,
     "p:\n  -   x: 1\n      y: 2\n      c:\n        a: false\n  -   x: 3\n"},
    {"before-a-document", "p:\n  x: 1\n---\nq: 2\n", "p", CONTEXT,
     "p:\n  x: 1\n  c:\n    a: false\n---\nq: 2\n"},
    {"before-an-end", "p:\n  x: 1\n...\n---\nq: 2\n", "p", CONTEXT,
     "p:\n  x: 1\n  c:\n    a: false\n...\n---\nq: 2\n"},
    {"byte-order-mark", "\xef\xbb\xbfp:\n  x: 1\n", "p", CONTEXT,
     "\xef\xbb\xbfp:\n  x: 1\n  c:\n    a: false\n"},
    {"quoted-keys", "\"p\":\n  \"x\": 1\n", "p", "{c: {a: \"b\"}}",
     "\"p\":\n  \"x\": 1\n  \"c\":\n    \"a\": \"b\"\n"},
    {"single-quotes", "'p':\n  'x': 1\n", "p", "{c: {a: \"b\"}}",
     "'p':\n  'x': 1\n  'c':\n    'a': 'b'\n"},
    {"two-keys-in-an-old-map", "p:\n  c:\n    a: true\n    b: 1\nq: 2\n", "p",
     "{c: {a: false, d: 3, e: {f: \"0\"}}}",
     "p:\n  c:\n    a: false\n    b: 1\n    d: 3\n    e:\n      f: \"0\"\nq: 2\n"},
    {"root", "x: 1\n", "", CONTEXT, "x: 1\nc:\n  a: false\n"},
    /* texts */
    {"text", "p:\n  a: true # why\n", "p", "{a: false}", "p:\n  a: false # why\n"},
    {"quoted-text", "p:\n  a: \"x\" # c\n", "p", "{a: \"y\"}", "p:\n  a: \"y\" # c\n"},
    {"same-text", "p:\n  a: \"x\"\n", "p", "{a: \"x\"}", "p:\n  a: \"x\"\n"},
    {"number", "{\"p\": {\"a\":0}}", "p", "{a: 1000}", "{\"p\": {\"a\":1000}}"},
    {"null", "p:\n  a: ~\n", "p", "{a: 1}", "p:\n  a: 1\n"},
    {"merged-text", "o: &o {a: 1}\np:\n  <<: *o\n  b: 2\n", "p", "{a: 3}",
     "o: &o {a: 1}\np:\n  <<: *o\n  b: 2\n  a: 3\n"},
    {"text-of-an-anchor", "p:\n  a: &a 1\n", "p", "{a: 2}", "p:\n  a: &a 2\n"},
    /* values that are empty */
    {"nothing", "p:\n  c:\n  d: 1\n", "p", CONTEXT, "p:\n  c:\n    a: false\n  d: 1\n"},
    {"nothing-and-comment", "p:\n  c: # here\n  d: 1\n", "p", CONTEXT,
     "p:\n  c: # here\n    a: false\n  d: 1\n"},
    {"nothing-and-comments-below", "p:\n  c:\n    # b: 1\n  d: 1\n", "p", CONTEXT,
     "p:\n  c:\n    a: false\n    # b: 1\n  d: 1\n"},
    {"nothing-at-the-end", "p:\n  c:", "p", CONTEXT, "p:\n  c:\n    a: false"},
    {"null-map", "p:\n  c: null # here\n  d: 1\n", "p", CONTEXT,
     "p:\n  c: # here\n    a: false\n  d: 1\n"},
    {"empty-map", "p:\n  c: {}\n  d: 1\n", "p", CONTEXT, "p:\n  c:\n    a: false\n  d: 1\n"},
    {"empty-list", "p:\n  c: []\n", "p", "{c: [{k: \"x\", v: \"0\"}]}",
     "p:\n  c:\n  - k: x\n    v: \"0\"\n"},
    {"empty-map-flow", "p: {c: {}, d: 1}\n", "p", CONTEXT, "p: {c: {a: false}, d: 1}\n"},
    {"null-flow", "{\"p\": {\"c\": null}}", "p", CONTEXT, "{\"p\": {\"c\": {\"a\": false}}}"},
    {"empty-map-pretty", "{\n  \"p\": {\n    \"c\": {}\n  }\n}\n", "p", CONTEXT,
     "{\n  \"p\": {\n    \"c\": {\n      \"a\": false\n    }\n  }\n}\n"},
    /* lists */
    {"append", "p:\n  c:\n  - A\n  - B # b\nq: 2\n", "p", "{c: [\"A\", \"B\", \"C\"]}",
     "p:\n  c:\n  - A\n  - B # b\n  - C\nq: 2\n"},
    {"append-before-a-key", "p:\n  c:\n  - A # a\n  # b\n  d:\n  - B\n", "p", "{c: [\"A\", \"B\"]}",
     "p:\n  c:\n  - A # a\n  - B\n  # b\n  d:\n  - B\n"},
    {"append-before-an-item", "p:\n- c:\n  - A\n\n- d: 1\n", "p.0", "{c: [\"A\", \"B\"]}",
     "p:\n- c:\n  - A\n  - B\n\n- d: 1\n"},
    {"new-key-before-an-item", "p:\n- c:\n  - A\n# b\n- d: 1\n", "p.0", "{e: 1}",
     "p:\n- c:\n  - A\n  e: 1\n# b\n- d: 1\n"},
    {"remove-before-a-key", "p:\n  c:\n  - A\n  - B\n  d:\n  - B\n", "p", "{c: [\"B\"]}",
     "p:\n  c:\n  - B\n  d:\n  - B\n"},
    {"append-indented", "p:\n  c:\n    - A\nq: 2\n", "p", "{c: [\"A\", \"B\"]}",
     "p:\n  c:\n    - A\n    - B\nq: 2\n"},
    {"append-map", "p:\n  c:\n  - k: a\n    v: b\n", "p",
     "{c: [{k: \"a\", v: \"b\"}, {k: \"c\", v: \"0\"}]}",
     "p:\n  c:\n  - k: a\n    v: b\n  - k: c\n    v: \"0\"\n"},
    {"append-flow", "p:\n  c: [A]\n", "p", "{c: [\"A\", \"B\"]}", "p:\n  c: [A, B]\n"},
    {"append-flow-quoted", "p:\n  c: [\"A\",\"B\"]\n", "p", "{c: [\"A\", \"B\", \"C\"]}",
     "p:\n  c: [\"A\",\"B\",\"C\"]\n"},
    {"append-flow-lines", "p:\n  c: [\n    A,\n    B,\n  ]\n", "p", "{c: [\"A\", \"B\", \"C\"]}",
     "p:\n  c: [\n    A,\n    B,\n    C,\n  ]\n"},
    {"append-json", "{\"p\": {\n\t\"c\": [\n\t\t\"A\"\n\t]\n}}\n", "p", "{c: [\"A\", \"B\"]}",
     "{\"p\": {\n\t\"c\": [\n\t\t\"A\",\n\t\t\"B\"\n\t]\n}}\n"},
    {"remove", "p:\n  c:\n  - A\n  - B\nq: 2\n", "p", "{c: [\"B\"]}", "p:\n  c:\n  - B\nq: 2\n"},
    {"remove-all", "p:\n  c:\n  - A\nq: 2\n", "p", "{c: []}", "p:\n  c: []\nq: 2\n"},
    {"remove-flow", "p: {c: [A, B]}\n", "p", "{c: [\"B\"]}", "p: {c: [B]}\n"},
    {"new-list-as-others", "p:\n  c:\n    - A\nq:\n  x: 1\n", "q", "{d: [\"B\"]}",
     "p:\n  c:\n    - A\nq:\n  x: 1\n  d:\n    - B\n"},
    {"new-list-as-others-flat", "p:\n  c:\n  - A\nq:\n  x: 1\n", "q", "{d: [\"B\"]}",
     "p:\n  c:\n  - A\nq:\n  x: 1\n  d:\n  - B\n"},
    /* a map in brackets */
    {"flow", "p: {x: 1} # c\n", "p", CONTEXT, "p: {x: 1, c: {a: false}} # c\n"},
    {"flow-blanks", "p: { x: 1,  y: 2 }\n", "p", CONTEXT, "p: { x: 1,  y: 2,  c: {a: false} }\n"},
    {"flow-trailing-comma", "p: {x: 1, }\n", "p", CONTEXT, "p: {x: 1, c: {a: false}, }\n"},
    {"flow-lines", "p: {\n  x: 1,\n  y: 2 # c\n}\n", "p", CONTEXT,
     "p: {\n  x: 1,\n  y: 2, # c\n  c: {a: false}\n}\n"},
    {"flow-lines-trailing", "p: {\n  x: 1, # c\n}\n", "p", CONTEXT,
     "p: {\n  x: 1, # c\n  c: {a: false},\n}\n"},
    {"flow-alias-last", "o: &o 1\np: {x: *o }\n", "p", CONTEXT,
     "o: &o 1\np: {x: *o, c: {a: false} }\n"},
    {"json", "{\"p\": {\"x\": 1}}", "p", CONTEXT, "{\"p\": {\"x\": 1, \"c\": {\"a\": false}}}"},
    {"json-compact", "{\"p\":{\"x\":1,\"y\":2}}", "p", "{c: {a: false, b: [\"A\"]}}",
     "{\"p\":{\"x\":1,\"y\":2,\"c\":{\"a\":false,\"b\":[\"A\"]}}}"},
    {"json-pretty", "{\n  \"p\": {\n    \"x\": 1\n  }\n}\n", "p",
     "{c: {a: false, b: [\"A\"]}, d: 1}",
     "{\n  \"p\": {\n    \"x\": 1,\n    \"c\": {\n      \"a\": false,\n      \"b\": [\n        "
     "\"A\"\n      ]\n    },\n    \"d\": 1\n  }\n}\n"},
    {"json-tabs", "{\n\t\"p\": {\n\t\t\"x\": 1\n\t}\n}\n", "p", CONTEXT,
     "{\n\t\"p\": {\n\t\t\"x\": 1,\n\t\t\"c\": {\n\t\t\t\"a\": false\n\t\t}\n\t}\n}\n"},
    {"json-crlf", "{\r\n  \"p\": {\r\n    \"x\": 1\r\n  }\r\n}\r\n", "p", CONTEXT,
     "{\r\n  \"p\": {\r\n    \"x\": 1,\r\n    \"c\": {\r\n      \"a\": false\r\n    }\r\n  "
     "}\r\n}\r\n"},
    {"json-half-lines", "{\"p\": {\"x\": 1,\n  \"y\": 2}}\n", "p", CONTEXT,
     "{\"p\": {\"x\": 1,\n  \"y\": 2, \"c\": {\"a\": false}}}\n"},
    /* shared */
    {"anchor-that-nobody-uses", "p: &p\n  x: 1\n", "p", CONTEXT,
     "p: &p\n  x: 1\n  c:\n    a: false\n"},
};

/* What is left as it is, because of what stands there. */
static const Row undone[] = {
    {"flow-nothing", "p: {c: , d: 1}\n", "p", CONTEXT, NULL},
    {"flow-key-alone", "p: {c: , x }\n", "p", CONTEXT, NULL},
    {"flow-merge-last", "o: &o {z: 1}\np: {x: 1, <<: *o}\n", "p", CONTEXT, NULL},
    {"flow-merge-alone", "o: &o {z: 1}\np: {<<: *o}\n", "p", CONTEXT, NULL},
    {"other-kind", "p:\n  c: 1\n", "p", CONTEXT, NULL},
    {"text-of-lines", "p:\n  a: |\n    x\n", "p", "{a: 1}", NULL},
    {"alias-text", "o: &o 1\np:\n  a: *o\n", "p", "{a: 2}", NULL},
    {"list-with-comments", "p:\n  c:\n  - A # a\n  - B\n", "p", "{c: [\"B\"]}", NULL},
};

static GPtrArray *
parse(const char *text)
{
  static const NzYamlRules rules = {.depth = NZ_YAML_DEPTH_MAX, .nodes = NZ_YAML_NODES_MAX};
  g_autoptr(GError) error = NULL;
  GPtrArray *documents = nz_yaml_parse_open(text, strlen(text), "x", &rules, &error);
  g_assert_no_error(error);
  return documents;
}

static NzYaml *
find(NzYaml *node, const char *path)
{
  g_auto(GStrv) steps = g_strsplit(path, ".", -1);
  for (char **step = steps; *step && **step; step++)
    node = node->kind == NZ_YAML_LIST ? node->items->pdata[g_ascii_strtoull(*step, NULL, 10)]
                                      : nz_yaml_get(node, *step);
  g_assert_nonnull(node);
  return node;
}

typedef struct {
  char *after; /* NULL: it was given up */
  gboolean shared;
} Result;

static Result
edit(const Row *row, const NzYamlSpot *spot)
{
  g_autoptr(NzSourceFile) source = nz_source_new("x", row->before, strlen(row->before));
  g_autoptr(GPtrArray) documents = parse(row->before), wanted = parse(row->want);
  NzYaml *map = find(documents->pdata[0], row->path);
  NzYamlEditor editor;
  nz_yaml_editor_init(&editor, source, documents->pdata[0]);
  nz_yaml_edit(&editor, map, wanted->pdata[0], spot);
  if (editor.undone) {
    g_ptr_array_unref(editor.edits);
    return (Result){NULL, FALSE};
  }
  g_autoptr(NzFix) fix = nz_fix_new("test");
  g_ptr_array_unref(fix->edits);
  fix->edits = editor.edits;
  g_autoptr(GPtrArray) fixes = g_ptr_array_new();
  g_ptr_array_add(fixes, fix);
  g_autoptr(GError) error = NULL;
  gsize len;
  char *after = nz_fixes_apply(row->before, strlen(row->before), fixes, &len, &error);
  g_assert_no_error(error);
  if (!editor.shared) {
    g_autoptr(GPtrArray) now = parse(after);
    g_autoptr(GHashTable) wants = g_hash_table_new(NULL, NULL);
    g_hash_table_insert(wants, map, wanted->pdata[0]);
    g_assert_cmpuint(now->len, ==, documents->len);
    for (guint i = 0; i < now->len; i++)
      g_assert_true(nz_want_is_met(documents->pdata[i], now->pdata[i], wants));
  }
  return (Result){after, editor.shared};
}

static void
test_edit(gconstpointer data)
{
  const Row *row = data;
  Result result = edit(row, NULL);
  g_assert_cmpstr(result.after, ==, row->after);
  g_assert_false(result.shared);
  g_free(result.after);
}

static void
test_edit_twice(gconstpointer data)
{
  const Row *row = data;
  Row again = *row;
  again.before = row->after;
  Result result = edit(&again, NULL);
  g_assert_cmpstr(result.after, ==, row->after);
  g_free(result.after);
}

static void
test_undone(gconstpointer data)
{
  g_assert_null(edit(data, NULL).after);
}

/* --- spots --- */

static void
test_spots(void)
{
  static const char *const after[] = {"image", "name", NULL};
  static const char *const before[] = {"containers", "initContainers", NULL};
  static const struct {
    Row row;
    NzYamlSpot spot;
  } cases[] = {
      {{"after", "p:\n- name: a\n  image: b # c\n  ports: []\n", "p.0", CONTEXT,
        "p:\n- name: a\n  image: b # c\n  c:\n    a: false\n  ports: []\n"},
       {after, NULL}},
      {{"after-the-last", "p:\n- image: b\n  x: 1\n  name: a\n  ports: []\n", "p.0", CONTEXT,
        "p:\n- image: b\n  x: 1\n  name: a\n  c:\n    a: false\n  ports: []\n"},
       {after, NULL}},
      {{"before", "p:\n  x: 1\n\n  # the app\n  containers:\n  - a\n", "p", CONTEXT,
        "p:\n  x: 1\n\n  c:\n    a: false\n  # the app\n  containers:\n  - a\n"},
       {NULL, before}},
      {{"before-the-first", "p:\n  initContainers: []\n  containers: []\n", "p", CONTEXT,
        "p:\n  c:\n    a: false\n  initContainers: []\n  containers: []\n"},
       {NULL, before}},
      {{"not-before-in-a-line", "p:\n- containers: []\n  x: 1\n", "p.0", CONTEXT,
        "p:\n- containers: []\n  x: 1\n  c:\n    a: false\n"},
       {NULL, before}},
      {{"flow-is-at-the-end", "p: {name: a, x: 1}\n", "p", CONTEXT,
        "p: {name: a, x: 1, c: {a: false}}\n"},
       {after, NULL}},
  };
  for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
    Result result = edit(&cases[i].row, &cases[i].spot);
    g_assert_cmpstr(result.after, ==, cases[i].row.after);
    g_free(result.after);
  }
}

/* --- what an alias stands for --- */

static void
test_shared_bytes_are_told(void)
{
  static const Row shared[] = {
      {"alias", "o: &o\n  x: 1\np: *o\n", "p", CONTEXT,
       "o: &o\n  x: 1\n  c:\n    a: false\np: *o\n"},
      {"anchor", "o: &o\n  x: 1\np: *o\n", "o", CONTEXT,
       "o: &o\n  x: 1\n  c:\n    a: false\np: *o\n"},
      {"merged-map", "o: &o\n  c:\n    b: 1\np:\n  <<: *o\n", "p", CONTEXT,
       "o: &o\n  c:\n    b: 1\n    a: false\np:\n  <<: *o\n"},
      {"below-an-anchor", "o: &o\n  c: {b: 1}\np: *o\n", "p", CONTEXT,
       "o: &o\n  c: {b: 1, a: false}\np: *o\n"},
  };
  for (guint i = 0; i < G_N_ELEMENTS(shared); i++) {
    Result result = edit(&shared[i], NULL);
    g_assert_cmpstr(result.after, ==, shared[i].after);
    g_assert_true(result.shared);
    g_free(result.after);
  }
}

static gboolean
is_met(const char *before, const char *now, const char *want)
{
  g_autoptr(GPtrArray) one = parse(before), other = parse(now), wanted = parse(want);
  g_autoptr(GHashTable) wants = g_hash_table_new(NULL, NULL);
  g_hash_table_insert(wants, one->pdata[0], wanted->pdata[0]);
  return nz_want_is_met(one->pdata[0], other->pdata[0], wants);
}

static void
test_another_document_is_noticed(void)
{
  g_assert_true(is_met("a: 1\n", "{\"a\": 1, b: {c: 2}}\n", "{b: {c: 2}}"));
  g_assert_false(is_met("a: 1\n", "a: 1\n", "{b: 2}"));
  g_assert_false(is_met("a: 1\n", "a: 1\nb: 2\nc: 3\n", "{b: 2}"));
  g_assert_false(is_met("a: 1\nd: 1\n", "a: 1\nb: 2\n", "{b: 2}"));
  g_assert_false(is_met("a: 1\n", "a: \"1\"\nb: 2\n", "{b: 2}"));
  g_assert_false(is_met("a: 1\n", "a: 1\nb: \"2\"\n", "{b: 2}"));
  g_assert_false(is_met("a: 1\n", "a: 1\nb: 2\n", "{b: \"2\"}"));
  g_assert_true(is_met("a: 1\n", "a: 1\nb: x\n", "{b: \"x\"}"));
  g_assert_false(is_met("a: 1\n", "a: 1\nb: on\n", "{b: \"on\"}"));
  g_assert_false(is_met("a: [1, 2]\n", "a: [1]\nb: 2\n", "{b: 2}"));
  g_assert_false(is_met("a: !x 1\n", "a: 1\nb: 2\n", "{b: 2}"));
}

static void
test_patch_is_printed(void)
{
  g_autoptr(NzYaml) want = nz_want_map();
  nz_want_set(want, "kind", nz_want_text("Pod"));
  nz_want_set(nz_want_sub(want, "metadata"), "name", nz_want_text("1e3"));
  NzYaml *list = nz_want_list(), *item = nz_want_map();
  nz_want_set(item, "name", nz_want_text("a: b"));
  nz_want_set(item, "uid", nz_want_bare("1000"));
  nz_yaml_append(list, item);
  nz_want_set(want, "containers", list);
  g_autoptr(GString) out = g_string_new(NULL);
  nz_want_print(out, want, 0);
  g_assert_cmpstr(out->str, ==,
                  "kind: Pod\nmetadata:\n  name: \"1e3\"\ncontainers:\n- name: \"a: b\"\n"
                  "  uid: 1000\n");
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    g_autofree char *once = g_strdup_printf("/yaml-edit/rows/%s", rows[i].name);
    g_autofree char *twice = g_strdup_printf("/yaml-edit/twice/%s", rows[i].name);
    g_test_add_data_func(once, &rows[i], test_edit);
    g_test_add_data_func(twice, &rows[i], test_edit_twice);
  }
  for (guint i = 0; i < G_N_ELEMENTS(undone); i++) {
    g_autofree char *name = g_strdup_printf("/yaml-edit/undone/%s", undone[i].name);
    g_test_add_data_func(name, &undone[i], test_undone);
  }
  g_test_add_func("/yaml-edit/spots", test_spots);
  g_test_add_func("/yaml-edit/shared-bytes-are-told", test_shared_bytes_are_told);
  g_test_add_func("/yaml-edit/another-document-is-noticed", test_another_document_is_noticed);
  g_test_add_func("/yaml-edit/patch-is-printed", test_patch_is_printed);
  return g_test_run();
}

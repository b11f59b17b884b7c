/* SPDX-License-Identifier: Apache-2.0 */
/* libfyaml finds the events; the tree is built here, so that each bound and each refusal has its
 * place. */
#include "core/yaml.h"

#include <string.h>

#include "core/fyaml.h"
#include "core/limits.h"
#include "core/text.h"
#include "core/yaml_differ.h"

/* --- bytes --- */

/* What the next character must not be, or NULL. */
static const char *
complaint(const char *p, const char *end, guint column, gboolean indenting)
{
  gunichar c = g_utf8_get_char_validated(p, end - p);
  if (c == (gunichar)-1 || c == (gunichar)-2)
    return "a byte that is not UTF-8";
  if (c == '%' && column == 1)
    return "a directive (%), which is for nothing here";
  if (c == '\t')
    return indenting ? "a tab in the indentation; YAML wants spaces" : NULL;
  if (c == '\n' || (c == '\r' && p + 1 < end && p[1] == '\n'))
    return NULL;
  return nz_is_printable(c) ? NULL
                            : "a control character, or one that is not seen but changes what is";
}

static gboolean
check_bytes(const char *p, gsize len, const char *name, GError **error)
{
  guint line = 1, column = 1;
  gboolean indenting = TRUE;
  for (const char *end = p + len; p < end; p = g_utf8_next_char(p)) {
    const char *wrong = complaint(p, end, column, indenting);
    if (wrong) {
      nz_yaml_error(name, line, column, error, "%s", wrong);
      return FALSE;
    }
    indenting = *p == '\n' || (indenting && *p == ' ');
    column = *p == '\n' ? 1 : column + 1;
    line += *p == '\n';
  }
  return TRUE;
}

/* Comments may hold what they will; libfyaml sees to the rest. */
static gboolean
fail_at(const char *data, const char *at, const char *name, GError **error, const char *what)
{
  guint line = 1, column = 1;
  for (const char *p = data; p < at; p = g_utf8_next_char(p)) {
    column = *p == '\n' ? 1 : column + 1;
    line += *p == '\n';
  }
  nz_yaml_error(name, line, column, error, "%s", what);
  return FALSE;
}

static gboolean
check_utf8(const char *data, gsize len, const char *name, GError **error)
{
  const char *end;
  if (!g_utf8_validate_len(data, len, &end))
    return fail_at(data, end, name, error,
                   end < data + len && !*end ? "a NUL byte" : "a byte that is not UTF-8");
  const char *what = NULL, *unseen = nz_yaml_find_unseen(data, len, &what);
  return !unseen || fail_at(data, unseen, name, error, what);
}

/* --- events --- */

typedef struct {
  struct fy_diag *diag;
  struct fy_parser *parser;
  const char *name, *data;
  gsize data_len;
  const NzYamlRules *rules;
  gboolean open;       /* anchors, aliases, merge keys, tags and several documents are read */
  guint32 skipped;     /* bytes before DATA */
  guint left, copies;  /* nodes that there may still be, and of those, copies */
  GHashTable *anchors; /* the name -> NzYaml, which is whole */
  /* The event at hand. Empty values have no place: the last one stands for it. */
  enum fy_event_type type;
  guint line, column;
  guint32 start, end;
  GString *text;      /* of a scalar */
  char *tag, *anchor; /* the anchor is that of an alias, too */
  gboolean plain, flow, block;
} Reader;

static void
reader_clear(Reader *self)
{
  if (self->parser)
    fy_parser_destroy(self->parser);
  if (self->diag)
    fy_diag_destroy(self->diag);
  g_clear_pointer(&self->anchors, g_hash_table_unref);
  g_string_free(self->text, TRUE);
  g_free(self->tag);
  g_free(self->anchor);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Reader, reader_clear)

static void
discard(struct fy_diag *diag G_GNUC_UNUSED, void *user G_GNUC_UNUSED,
        const char *text G_GNUC_UNUSED, size_t len G_GNUC_UNUSED)
{
}

static void
reader_init(Reader *self)
{
  self->text = g_string_new(NULL);
  struct fy_diag_cfg quiet;
  fy_diag_cfg_default(&quiet);
  quiet.fp = NULL;
  quiet.output_fn = discard;
  quiet.colorize = FALSE;
  self->diag = fy_diag_create(&quiet);
  if (!self->diag)
    g_error("out of memory");
  fy_diag_set_collect_errors(self->diag, TRUE);
  const struct fy_parse_cfg config = {
      .search_path = "",
      .flags = FYPCF_COLLECT_DIAG | FYPCF_DEFAULT_VERSION_1_2 | FYPCF_JSON_NONE |
               (self->open ? FYPCF_SLOPPY_FLOW_INDENTATION : 0),
      .diag = self->diag,
  };
  self->parser = fy_parser_create(&config);
  if (!self->parser || fy_parser_set_string(self->parser, self->data, self->data_len) != 0)
    g_error("out of memory");
}

static gboolean
set_parse_error(Reader *self, GError **error)
{
  void *at = NULL;
  const struct fy_diag_error *first = fy_diag_errors_iterate(self->diag, &at);
  if (first && first->line > 0) {
    self->line = (guint)first->line;
    self->column = (guint)MAX(first->column, 1);
  }
  g_autofree char *what = nz_printable(first && first->msg ? first->msg : "no YAML", -1);
  nz_yaml_error(self->name, self->line, self->column, error, "not valid YAML: %s", what);
  return FALSE;
}

/* TRUE where the scalar of EVENT has TEXT in its source, or has no source. */
static gboolean
is_written_with(const Reader *self, struct fy_event *event, const char *text)
{
  const struct fy_mark *start = fy_event_start_mark(event), *end = fy_event_end_mark(event);
  if (!start || !end || end->input_pos > self->data_len || start->input_pos > end->input_pos)
    return TRUE;
  gssize len = (gssize)(end->input_pos - start->input_pos);
  return g_strstr_len(self->data + start->input_pos, len, text) != NULL;
}

/* libfyaml 0.7.12 reads three quotes where '' stands twice in a row. */
static gboolean
is_misread(const Reader *self, struct fy_event *event)
{
  return event->type == FYET_SCALAR && fy_event_get_node_style(event) == FYNS_SINGLE_QUOTED &&
         is_written_with(self, event, "''''");
}

/* It drops an escaped blank that ends a line. */
static gboolean
loses_blank(const Reader *self, struct fy_event *event)
{
  return event->type == FYET_SCALAR && fy_event_get_node_style(event) == FYNS_DOUBLE_QUOTED &&
         is_written_with(self, event, "\n") &&
         (is_written_with(self, event, "\\ ") || is_written_with(self, event, "\\\t"));
}

/* Of a configuration. */
static gboolean
refuse(Reader *self, struct fy_event *event, GError **error)
{
  if (is_misread(self, event)) {
    nz_yaml_error(self->name, self->line, self->column, error,
                  "several quotes in a row inside ' '; write the text in double quotes");
    return TRUE;
  }
  const char *what = event->type == FYET_ALIAS          ? "an alias (*)"
                     : fy_event_get_anchor_token(event) ? "an anchor (&)"
                     : fy_event_get_tag_token(event)    ? "a tag (!)"
                                                        : NULL;
  if (what)
    nz_yaml_error(self->name, self->line, self->column, error, "%s; write the value out", what);
  return what != NULL;
}

/* What the name of TAG, a token, runs into: for go-yaml a comma is a part of it. */
static gboolean
runs_on(const Reader *self, struct fy_token *tag)
{
  const struct fy_mark *end = tag ? fy_token_end_mark(tag) : NULL;
  return end && end->input_pos < self->data_len && !strchr(" \t\r\n", self->data[end->input_pos]);
}

/* Of what others write: what its own readers take otherwise. */
static gboolean
refuse_foreign(Reader *self, struct fy_event *event, GError **error)
{
  const char *what = NULL;
  if (event->type == FYET_DOCUMENT_START &&
      fy_document_state_tags_explicit(event->document_start.document_state))
    what = "a directive for tags (%TAG); write the tags out, or leave them away";
  if (runs_on(self, fy_event_get_tag_token(event)))
    what = "a tag without a blank behind it";
  if (loses_blank(self, event))
    what = "an escaped blank in a text of several lines; write \\x20";
  if (!what && self->tag)
    what = nz_yaml_tag_complaint(self->tag);
  if (!what && self->anchor)
    what = nz_yaml_anchor_complaint(self->anchor);
  if (what)
    nz_yaml_error(self->name, self->line, self->column, error, "%s", what);
  return what != NULL;
}

/* The mark of a quoted text or an alias is behind its first character. */
static void
set_place(Reader *self, struct fy_event *event)
{
  const struct fy_mark *mark = fy_event_start_mark(event);
  if (!mark)
    return;
  enum fy_node_style style = event->type == FYET_SCALAR ? fy_event_get_node_style(event) : FYNS_ANY;
  gboolean behind =
      event->type == FYET_ALIAS || style == FYNS_SINGLE_QUOTED || style == FYNS_DOUBLE_QUOTED;
  self->line = (guint)mark->line + 1;
  self->column = (guint)mark->column + (behind && mark->column > 0 ? 0 : 1);
  const struct fy_mark *end = fy_event_end_mark(event);
  self->start = (guint32)MIN(mark->input_pos, self->data_len);
  self->start -= behind && self->start > 0;
  self->end = end ? (guint32)CLAMP(end->input_pos, self->start, self->data_len) : self->start;
  gboolean quoted = behind && event->type == FYET_SCALAR;
  if (quoted && self->end < self->data_len && self->data[self->end] == self->data[self->start])
    self->end++;
}

/* By pieces: of libfyaml 0.7.12, fy_token_get_text() leaks where a text has many escapes (its issue
 * 233), and fy_token_iter_read() writes each piece over the last. FALSE when it cannot be read. */
static gboolean
read_scalar(struct fy_token *token, GString *text)
{
  struct fy_token_iter *pieces = fy_token_iter_create(token);
  if (!pieces)
    g_error("out of memory");
  int failed = 0;
  const struct fy_iter_chunk *piece = NULL;
  while ((piece = fy_token_iter_chunk_next(pieces, piece, &failed)))
    g_string_append_len(text, piece->str, (gssize)piece->len);
  fy_token_iter_destroy(pieces);
  return failed == 0;
}

/* The bytes of a token, as they were written. */
static char *
token_source(const Reader *self, struct fy_token *token)
{
  const struct fy_mark *start = token ? fy_token_start_mark(token) : NULL;
  const struct fy_mark *end = token ? fy_token_end_mark(token) : NULL;
  if (!start || !end || end->input_pos > self->data_len || start->input_pos > end->input_pos)
    return NULL;
  return g_strndup(self->data + start->input_pos, end->input_pos - start->input_pos);
}

/* What libfyaml misreads, in one line: each '' is a quote. */
static gboolean
read_single_quoted(Reader *self)
{
  for (guint32 i = self->start + 1; i + 1 < self->end; i++) {
    if (self->data[i] == '\n')
      return FALSE;
    g_string_append_c(self->text, self->data[i]);
    i += self->data[i] == '\'';
  }
  return TRUE;
}

static gboolean
take_scalar(Reader *self, struct fy_event *event)
{
  enum fy_node_style style = fy_event_get_node_style(event);
  if (self->open && is_misread(self, event))
    return read_single_quoted(self);
  if (!read_scalar(event->scalar.value, self->text))
    return FALSE;
  self->block = style == FYNS_LITERAL || style == FYNS_FOLDED;
  self->plain = style == FYNS_PLAIN || (style == FYNS_ANY && self->text->len == 0);
  return TRUE;
}

static gboolean
next(Reader *self, GError **error)
{
  struct fy_event *event = fy_parser_parse(self->parser);
  if (!event)
    return set_parse_error(self, error);
  self->type = event->type;
  set_place(self, event);
  g_string_truncate(self->text, 0);
  g_clear_pointer(&self->tag, g_free);
  g_clear_pointer(&self->anchor, g_free);
  self->plain = self->block = FALSE;
  self->flow = (event->type == FYET_MAPPING_START || event->type == FYET_SEQUENCE_START) &&
               fy_event_get_node_style(event) == FYNS_FLOW;
  gboolean unread = event->type == FYET_SCALAR && !take_scalar(self, event);
  if (self->open) {
    self->tag = token_source(self, fy_event_get_tag_token(event));
    self->anchor = token_source(self, event->type == FYET_ALIAS ? event->alias.anchor
                                                                : fy_event_get_anchor_token(event));
  }
  gboolean refused = (self->open ? refuse_foreign : refuse)(self, event, error);
  fy_parser_event_free(self->parser, event);
  return !refused && (!unread || set_parse_error(self, error));
}

/* --- the tree --- */

static NzYaml *read_node(Reader *self, guint depth, GError **error);

/* By what a "\x00" in quotes is, and no byte of the file. */
static gboolean
check_text(const Reader *self, GError **error)
{
  const char *end = self->text->str + self->text->len;
  for (const char *p = self->text->str; p < end; p = g_utf8_next_char(p)) {
    gunichar c = g_utf8_get_char_validated(p, end - p);
    /* A NUL is none that is valid, for GLib. */
    gboolean odd = c != '\n' && c != '\t' && !nz_is_printable(c);
    if (c >= 0x80000000 || c == 0 || (odd && !self->open)) {
      nz_yaml_error(self->name, self->line, self->column, error,
                    "a text with a control character, or one that is not seen but changes what is");
      return FALSE;
    }
  }
  return TRUE;
}

/* go-yaml, in brackets, takes "?a" for a key a. */
static gboolean
check_question(const Reader *self, const NzYaml *node, GError **error)
{
  gboolean question = self->open && node->kind == NZ_YAML_TEXT && *node->text == '?' &&
                      !strchr("'\"", self->data[node->start - self->skipped]);
  return !question ||
         nz_yaml_fail(node, self->name, error,
                      "a text that begins with a question mark, in brackets; write it in quotes");
}

static gboolean
check_key(Reader *self, NzYaml *map, const NzYaml *key, GError **error)
{
  if (map->flow && !check_question(self, key, error))
    return FALSE;
  if (key->kind != NZ_YAML_TEXT || key->empty)
    return nz_yaml_fail(key, self->name, error, "a key must be a plain text");
  gint i = nz_yaml_find(map, key->text);
  if (i < 0)
    return TRUE;
  const NzYaml *other = map->keys->pdata[i];
  return nz_yaml_fail(key, self->name, error, "the key stands in line %u already", other->line);
}

/* MAP is what was read of it until VALUE, what a "<<" of it brings, and MERGES what others did. */
static gboolean
check_order(const Reader *self, NzYaml *map, const NzYaml *value, const GPtrArray *merges,
            GError **error)
{
  const NzYaml *key = nz_yaml_find_contest(map, value);
  for (guint i = 0; !key && i < merges->len; i++) {
    NzYaml *other = merges->pdata[i];
    key = nz_yaml_find_contest(other, value);
  }
  if (!key)
    return TRUE;
  g_autofree char *shown = nz_printable(key->text, -1);
  return nz_yaml_fail(value, self->name, error,
                      "the merge key (<<) brings another %s than line %u has: for kubectl what "
                      "stands last counts, for others what is written out; put << first",
                      shown, key->line);
}

/* "<<": what it brings is added once all of MAP's own keys are known. */
static gboolean
keep_merge(Reader *self, NzYaml *map, NzYaml *value, GPtrArray *merges, GError **error)
{
  gboolean ordered = !self->rules->ordered || check_order(self, map, value, merges, error);
  g_ptr_array_add(merges, value);
  if (!ordered || value->kind == NZ_YAML_MAP)
    return ordered;
  gboolean maps = value->kind == NZ_YAML_LIST;
  for (guint i = 0; maps && i < value->items->len; i++)
    maps = ((NzYaml *)value->items->pdata[i])->kind == NZ_YAML_MAP;
  return maps ||
         nz_yaml_fail(value, self->name, error, "a merge key (<<) takes a map, or a list of maps");
}

static void
merge_all(NzYaml *map, const GPtrArray *merges)
{
  for (guint i = 0; i < merges->len; i++) {
    NzYaml *value = merges->pdata[i];
    if (value->kind == NZ_YAML_MAP)
      nz_yaml_take_missing(map, value);
    for (guint k = 0; value->kind == NZ_YAML_LIST && k < value->items->len; k++)
      nz_yaml_take_missing(map, value->items->pdata[k]);
  }
}

/* A list that is no deeper than its key ends, for libfyaml, behind the key that follows. */
static void
end_before(NzYaml *value, guint32 start)
{
  if (value && value->kind == NZ_YAML_LIST && value->alias_end == 0)
    value->end = MIN(value->end, start);
}

static gboolean
read_map(Reader *self, NzYaml *node, guint depth, GError **error)
{
  g_autoptr(GPtrArray) merges = g_ptr_array_new_with_free_func((GDestroyNotify)nz_yaml_free);
  NzYaml *last = NULL;
  while (next(self, error)) {
    end_before(last, self->skipped + (self->type == FYET_MAPPING_END ? self->end : self->start));
    if (self->type == FYET_MAPPING_END) {
      node->end = self->skipped + self->end;
      merge_all(node, merges);
      return TRUE;
    }
    gboolean block = self->block;
    g_autoptr(NzYaml) key = read_node(self, depth + 1, error);
    /* libfyaml takes what is no deeper than such a key for a part of it. */
    if (key && block)
      return nz_yaml_fail(key, self->name, error, "a key must not be a block (| or >)");
    if (!key || !check_key(self, node, key, error) || !next(self, error))
      return FALSE;
    NzYaml *item = last = read_node(self, depth + 1, error);
    if (!item)
      return FALSE;
    if (node->flow && !check_question(self, item, error)) {
      nz_yaml_free(item);
      return FALSE;
    }
    if (self->open && nz_yaml_is_merge(key)) {
      if (!keep_merge(self, node, item, merges, error))
        return FALSE;
      continue;
    }
    nz_yaml_add(node, g_steal_pointer(&key), item);
  }
  return FALSE;
}

static gboolean
read_list(Reader *self, NzYaml *node, guint depth, GError **error)
{
  while (next(self, error)) {
    if (self->type == FYET_SEQUENCE_END) {
      node->end = self->skipped + self->end;
      return TRUE;
    }
    NzYaml *item = read_node(self, depth + 1, error);
    if (!item)
      return FALSE;
    nz_yaml_append(node, item);
    if (node->flow && !check_question(self, item, error))
      return FALSE;
  }
  return FALSE;
}

static gboolean
is_null(const Reader *self)
{
  return self->plain &&
         g_strv_contains((const char *const[]){"", "~", "null", NULL}, self->text->str);
}

static NzYaml *
passed(const Reader *self, gboolean deep, GError **error)
{
  g_set_error(error, NZ_ERROR, NZ_ERROR_LIMIT, "%s:%u:%u: more than %u %s", self->name, self->line,
              self->column, deep ? self->rules->depth : self->rules->nodes,
              deep ? "levels" : "values");
  return NULL;
}

static void
mark_shared(NzYaml *node)
{
  node->shared = TRUE;
  for (guint i = 0; node->items && i < node->items->len; i++)
    mark_shared(node->items->pdata[i]);
  for (guint i = 0; node->keys && i < node->keys->len; i++)
    mark_shared(node->keys->pdata[i]);
}

/* A copy of what the alias at hand stands for. */
static NzYaml *
read_alias(Reader *self, guint depth, GError **error)
{
  NzYaml *node =
      self->anchors && self->anchor ? g_hash_table_lookup(self->anchors, self->anchor) : NULL;
  if (!node) {
    g_autofree char *shown = nz_printable(self->anchor ? self->anchor : "", -1);
    nz_yaml_error(self->name, self->line, self->column, error,
                  "no anchor &%s stands before the alias, or it is around it", shown);
    return NULL;
  }
  self->left++; /* the alias was counted */
  if (!node->shared)
    mark_shared(node);
  guint before = MIN(self->left, self->copies), left = before;
  NzYaml *copy = nz_yaml_copy(node, self->rules->depth - depth + 1, &left);
  if (!copy)
    return passed(self, left > 0, error);
  self->left -= before - left;
  self->copies -= before - left;
  copy->alias_end = self->skipped + self->end;
  return copy;
}

/* Anchors may be given anew: the last before an alias counts. */
static void
keep_anchor(Reader *self, char *name, NzYaml *node)
{
  if (!self->anchors)
    self->anchors = g_hash_table_new_full(nz_str_hash, g_str_equal, g_free, NULL);
  g_hash_table_replace(self->anchors, name, node);
}

/* What the event at hand says of the node that it begins. */
static void
set_node(Reader *self, NzYaml *node)
{
  node->line = self->line;
  node->column = self->column;
  node->start = self->skipped + self->start;
  node->end = self->skipped + self->end;
  node->tag = g_steal_pointer(&self->tag);
  node->owner = self->rules->owner;
  node->flow = self->flow ? 1 : 0;
  if (node->kind == NZ_YAML_TEXT) {
    node->empty = is_null(self) ? 1 : 0;
    node->plain = self->plain && self->end - self->start == self->text->len ? 1 : 0;
  }
}

/* The node that the event at hand begins. */
static NzYaml *
read_node(Reader *self, guint depth, GError **error)
{
  if (depth > self->rules->depth || self->left == 0)
    return passed(self, depth > self->rules->depth, error);
  self->left--;
  if (self->type == FYET_ALIAS)
    return read_alias(self, depth, error);
  g_autofree char *anchor = g_steal_pointer(&self->anchor);
  g_autoptr(NzYaml) node =
      self->type == FYET_SCALAR
          ? nz_yaml_new_text(self->text->str, self->text->len)
          : nz_yaml_new(self->type == FYET_MAPPING_START ? NZ_YAML_MAP : NZ_YAML_LIST);
  set_node(self, node);
  if (node->kind == NZ_YAML_TEXT && !nz_yaml_decode(node)) {
    nz_yaml_fail(node, self->name, error, "a !!binary that is no base64");
    return NULL;
  }
  if (node->kind == NZ_YAML_TEXT  ? !check_text(self, error)
      : node->kind == NZ_YAML_MAP ? !read_map(self, node, depth, error)
                                  : !read_list(self, node, depth, error))
    return NULL;
  if (anchor)
    keep_anchor(self, g_steal_pointer(&anchor), node);
  return g_steal_pointer(&node);
}

/* The document that the event at hand begins. */
static NzYaml *
read_document(Reader *self, GError **error)
{
  if (!next(self, error))
    return NULL;
  g_autoptr(NzYaml) root = read_node(self, 0, error);
  if (!root || !next(self, error) || !next(self, error)) /* end of the document, and what is next */
    return NULL;
  return g_steal_pointer(&root);
}

static gboolean
read_documents(Reader *self, NzYamlFunc func, gpointer user_data, GError **error)
{
  gboolean any = FALSE;
  if (!next(self, error) || !next(self, error)) /* stream, document */
    return FALSE;
  while (self->type != FYET_STREAM_END) {
    NzYaml *root = read_document(self, error);
    if (!root)
      return FALSE;
    any = TRUE;
    g_clear_pointer(&self->anchors, g_hash_table_unref);
    if (!func(root, user_data, error))
      return FALSE;
    if (!self->open && self->type != FYET_STREAM_END) {
      nz_yaml_error(self->name, self->line, self->column, error, "a second document");
      return FALSE;
    }
  }
  if (any)
    return TRUE;
  NzYaml *nothing = nz_yaml_new_text("", 0);
  nothing->line = nothing->column = 1;
  nothing->empty = TRUE;
  nothing->owner = self->rules->owner;
  return func(nothing, user_data, error);
}

static gboolean
parse(const char *data, gsize len, const char *name, const NzYamlRules *rules, gboolean open,
      NzYamlFunc func, gpointer user_data, GError **error)
{
  if (!nz_fyaml_open(error))
    return FALSE;
  guint32 skipped = len >= 3 && memcmp(data, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
  data += skipped;
  len -= skipped;
  if (!(open ? check_utf8 : check_bytes)(data, len, name, error))
    return FALSE;
  g_auto(Reader) reader = {.name = name,
                           .data = data,
                           .data_len = len,
                           .rules = rules,
                           .open = open,
                           .skipped = skipped,
                           .left = rules->nodes,
                           .copies = rules->copies ? rules->copies : rules->nodes,
                           .line = 1,
                           .column = 1};
  reader_init(&reader);
  return read_documents(&reader, func, user_data, error);
}

gboolean
nz_yaml_parse_each(const char *data, gsize len, const char *name, const NzYamlRules *rules,
                   NzYamlFunc func, gpointer user_data, GError **error)
{
  return parse(data, len, name, rules, TRUE, func, user_data, error);
}

static gboolean
keep(NzYaml *document, gpointer user_data, GError **error G_GNUC_UNUSED)
{
  g_ptr_array_add(user_data, document);
  return TRUE;
}

GPtrArray *
nz_yaml_parse_open(const char *data, gsize len, const char *name, const NzYamlRules *rules,
                   GError **error)
{
  g_autoptr(GPtrArray) all = g_ptr_array_new_with_free_func((GDestroyNotify)nz_yaml_free);
  return parse(data, len, name, rules, TRUE, keep, all, error) ? g_steal_pointer(&all) : NULL;
}

NzYaml *
nz_yaml_parse(GBytes *bytes, const char *name, GError **error)
{
  static const NzYamlRules rules = {.depth = NZ_YAML_DEPTH_MAX, .nodes = NZ_YAML_NODES_MAX};
  gsize len;
  const char *data = g_bytes_get_data(bytes, &len);
  g_autoptr(GPtrArray) all = g_ptr_array_new_with_free_func((GDestroyNotify)nz_yaml_free);
  return parse(data ? data : "", len, name, &rules, FALSE, keep, all, error)
             ? g_ptr_array_steal_index(all, 0)
             : NULL;
}

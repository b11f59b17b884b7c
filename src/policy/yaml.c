/* SPDX-License-Identifier: Apache-2.0 */
/* libfyaml finds the events; the tree is built here, so that each bound and each refusal has its
 * place. */
#include "policy/yaml.h"

#include <string.h>

#include "core/error.h"
#include "core/fyaml.h"
#include "core/limits.h"
#include "core/text.h"

void
nz_yaml_free(NzYaml *self)
{
  if (!self)
    return;
  g_free(self->text);
  g_clear_pointer(&self->items, g_ptr_array_unref);
  g_clear_pointer(&self->keys, g_ptr_array_unref);
  g_free(self);
}

void
nz_yaml_error(const char *name, guint line, guint column, GError **error, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  g_autofree char *text = g_strdup_vprintf(format, args);
  va_end(args);
  g_set_error(error, NZ_ERROR, NZ_ERROR_INPUT, "%s:%u:%u: %s", name, line, column, text);
}

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

/* --- events --- */

typedef struct {
  struct fy_diag *diag;
  struct fy_parser *parser;
  const char *name, *data;
  gsize data_len;
  guint nodes;
  /* The event at hand. Empty values have no place: the last one stands for it. */
  enum fy_event_type type;
  guint line, column;
  char *text;
  gsize len;
  gboolean plain;
} Reader;

static void
reader_clear(Reader *self)
{
  if (self->parser)
    fy_parser_destroy(self->parser);
  if (self->diag)
    fy_diag_destroy(self->diag);
  g_free(self->text);
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
      .flags = FYPCF_COLLECT_DIAG | FYPCF_DEFAULT_VERSION_1_2 | FYPCF_JSON_NONE,
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

/* libfyaml 0.7.12 reads three quotes where '' stands twice in a row. */
static gboolean
is_misread(const Reader *self, struct fy_event *event)
{
  if (event->type != FYET_SCALAR || fy_event_get_node_style(event) != FYNS_SINGLE_QUOTED)
    return FALSE;
  const struct fy_mark *start = fy_event_start_mark(event), *end = fy_event_end_mark(event);
  if (!start || !end || end->input_pos > self->data_len || start->input_pos > end->input_pos)
    return TRUE;
  gssize len = (gssize)(end->input_pos - start->input_pos);
  return g_strstr_len(self->data + start->input_pos, len, "''''") != NULL;
}

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
}

/* By pieces: of libfyaml 0.7.12, fy_token_get_text() leaks where a text has many escapes (its issue
 * 233), and fy_token_iter_read() writes each piece over the last. NULL when it cannot be read. */
static char *
scalar_text(struct fy_token *token, gsize *len)
{
  GString *text = g_string_new(NULL);
  struct fy_token_iter *pieces = fy_token_iter_create(token);
  if (!pieces)
    g_error("out of memory");
  int failed = 0;
  const struct fy_iter_chunk *piece = NULL;
  while ((piece = fy_token_iter_chunk_next(pieces, piece, &failed)))
    g_string_append_len(text, piece->str, (gssize)piece->len);
  fy_token_iter_destroy(pieces);
  *len = text->len;
  return g_string_free(text, failed != 0);
}

static gboolean
next(Reader *self, GError **error)
{
  struct fy_event *event = fy_parser_parse(self->parser);
  if (!event)
    return set_parse_error(self, error);
  self->type = event->type;
  set_place(self, event);
  g_clear_pointer(&self->text, g_free);
  self->len = 0;
  self->plain = FALSE;
  if (event->type == FYET_SCALAR) {
    self->text = scalar_text(event->scalar.value, &self->len);
    self->plain = fy_event_get_node_style(event) == FYNS_PLAIN || self->len == 0;
  }
  gboolean refused = refuse(self, event, error);
  gboolean unread = event->type == FYET_SCALAR && !self->text;
  fy_parser_event_free(self->parser, event);
  return !refused && (!unread || set_parse_error(self, error));
}

/* --- the tree --- */

static NzYaml *read_node(Reader *self, guint depth, GError **error);

/* By what a "\x00" in quotes is, and no byte of the file. */
static gboolean
check_text(const Reader *self, GError **error)
{
  const char *end = self->text + self->len;
  for (const char *p = self->text; p < end; p = g_utf8_next_char(p)) {
    gunichar c = g_utf8_get_char_validated(p, end - p);
    if (c != '\n' && c != '\t' && (c >= 0x80000000 || !nz_is_printable(c))) {
      nz_yaml_error(self->name, self->line, self->column, error,
                    "a text with a control character, or one that is not seen but changes what is");
      return FALSE;
    }
  }
  return TRUE;
}

static gboolean
add_key(Reader *self, NzYaml *map, NzYaml *key, GError **error)
{
  g_ptr_array_add(map->keys, key);
  if (key->kind != NZ_YAML_TEXT || key->empty)
    return nz_yaml_fail(key, self->name, error, "a key must be a plain text");
  for (guint i = 0; i + 1 < map->keys->len; i++) {
    const NzYaml *other = map->keys->pdata[i];
    if (strcmp(other->text, key->text) == 0)
      return nz_yaml_fail(key, self->name, error, "the key stands in line %u already", other->line);
  }
  return TRUE;
}

static gboolean
read_items(Reader *self, NzYaml *node, guint depth, GError **error)
{
  enum fy_event_type end = node->kind == NZ_YAML_MAP ? FYET_MAPPING_END : FYET_SEQUENCE_END;
  node->items = g_ptr_array_new_with_free_func((GDestroyNotify)nz_yaml_free);
  if (node->kind == NZ_YAML_MAP)
    node->keys = g_ptr_array_new_with_free_func((GDestroyNotify)nz_yaml_free);
  while (next(self, error)) {
    if (self->type == end)
      return TRUE;
    if (node->kind == NZ_YAML_MAP) {
      NzYaml *key = read_node(self, depth + 1, error);
      if (!key || !add_key(self, node, key, error) || !next(self, error))
        return FALSE;
    }
    NzYaml *item = read_node(self, depth + 1, error);
    if (!item)
      return FALSE;
    g_ptr_array_add(node->items, item);
  }
  return FALSE;
}

static gboolean
is_null(const Reader *self)
{
  return self->plain && g_strv_contains((const char *const[]){"", "~", "null", NULL}, self->text);
}

/* The node that the event at hand begins. */
static NzYaml *
read_node(Reader *self, guint depth, GError **error)
{
  if (depth > NZ_YAML_DEPTH_MAX || ++self->nodes > NZ_YAML_NODES_MAX) {
    g_set_error(error, NZ_ERROR, NZ_ERROR_LIMIT, "%s:%u:%u: more than %u %s", self->name,
                self->line, self->column,
                depth > NZ_YAML_DEPTH_MAX ? NZ_YAML_DEPTH_MAX : NZ_YAML_NODES_MAX,
                depth > NZ_YAML_DEPTH_MAX ? "levels" : "values");
    return NULL;
  }
  g_autoptr(NzYaml) node = g_new0(NzYaml, 1);
  node->line = self->line;
  node->column = self->column;
  if (self->type == FYET_SCALAR) {
    if (!check_text(self, error))
      return NULL;
    node->empty = is_null(self);
    node->text = g_steal_pointer(&self->text);
    return g_steal_pointer(&node);
  }
  node->kind = self->type == FYET_MAPPING_START ? NZ_YAML_MAP : NZ_YAML_LIST;
  return read_items(self, node, depth, error) ? g_steal_pointer(&node) : NULL;
}

static NzYaml *
read_document(Reader *self, GError **error)
{
  if (!next(self, error) || !next(self, error)) /* stream, document */
    return NULL;
  if (self->type == FYET_STREAM_END) {
    NzYaml *nothing = g_new0(NzYaml, 1);
    *nothing = (NzYaml){.line = 1, .column = 1, .text = g_strdup(""), .empty = TRUE};
    return nothing;
  }
  if (!next(self, error))
    return NULL;
  g_autoptr(NzYaml) root = read_node(self, 0, error);
  if (!root || !next(self, error) || !next(self, error)) /* end of the document, and what is next */
    return NULL;
  if (self->type != FYET_STREAM_END) {
    nz_yaml_error(self->name, self->line, self->column, error, "a second document");
    return NULL;
  }
  return g_steal_pointer(&root);
}

NzYaml *
nz_yaml_parse(GBytes *bytes, const char *name, GError **error)
{
  gsize len;
  const char *data = g_bytes_get_data(bytes, &len);
  if (!nz_fyaml_open(error))
    return NULL;
  if (!data)
    data = "";
  if (len >= 3 && memcmp(data, "\xef\xbb\xbf", 3) == 0) {
    data += 3;
    len -= 3;
  }
  if (!check_bytes(data, len, name, error))
    return NULL;
  g_auto(Reader) reader = {.name = name, .data = data, .data_len = len, .line = 1, .column = 1};
  reader_init(&reader);
  return read_document(&reader, error);
}

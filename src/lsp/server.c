/* SPDX-License-Identifier: Apache-2.0 */
#include "lsp/server.h"

#include <string.h>
#include <unistd.h>

#include "core/exit.h"
#include "core/limits.h"
#include "core/text.h"
#include "lsp/answers.h"
#include "lsp/frame.h"
#include "version.h"

/* JSON-RPC's and the protocol's. */
enum {
  PARSE_ERROR = -32700,
  INVALID_REQUEST = -32600,
  METHOD_NOT_FOUND = -32601,
  INVALID_PARAMS = -32602,
  NOT_INITIALIZED = -32002,
};

typedef enum { STATE_NEW, STATE_SERVING, STATE_SHUT_DOWN, STATE_EXITED } State;

typedef struct {
  FILE *in, *out;
  const NzJudge *judge;
  State state;
  gboolean clean; /* "exit" came after "shutdown" */
  gboolean lost;  /* what comes cannot be understood any more, or what is sent is not read */
  NzEditor editor;
  char *root;            /* the workspace's folder, or NULL */
  GHashTable *documents; /* uri -> NzDocument */
} Server;

/* --- what is sent --- */

/* Takes MESSAGE. */
static void
send_message(Server *self, json_t *message)
{
  if (!nz_frame_write(self->out, message))
    self->lost = TRUE;
  json_decref(message);
}

/* Takes PARAMS. */
static void
notify(Server *self, const char *method, json_t *params)
{
  send_message(self,
               json_pack("{s:s, s:s, s:o}", "jsonrpc", "2.0", "method", method, "params", params));
}

/* To people: what the editor keeps in its log. */
static void G_GNUC_PRINTF(2, 3) tell(Server *self, const char *format, ...)
{
  enum { WARNING = 2 };
  va_list args;
  va_start(args, format);
  g_autofree char *text = g_strdup_vprintf(format, args);
  va_end(args);
  notify(self, "window/logMessage",
         json_pack("{s:i, s:o}", "type", WARNING, "message", nz_json_of_text(text)));
}

/* ID may be NULL: whose error it is cannot be known. */
static void
send_error(Server *self, json_t *id, int code, const char *message)
{
  send_message(self,
               json_pack("{s:s, s:O, s:{s:i, s:o}}", "jsonrpc", "2.0", "id", id ? id : json_null(),
                         "error", "code", code, "message", nz_json_of_text(message)));
}

static void
publish(Server *self, const NzDocument *doc)
{
  notify(self, "textDocument/publishDiagnostics",
         json_pack("{s:s, s:I, s:o}", "uri", doc->uri, "version", (json_int_t)doc->version,
                   "diagnostics", nz_diagnostics(doc)));
}

/* --- what is asked for --- */

/* The string KEY of OBJECT; NULL when there is none, or one that holds a NUL. */
static const char *
get_text(const json_t *object, const char *key)
{
  const json_t *value = json_object_get(object, key);
  const char *text = json_string_value(value);
  return text && strlen(text) == json_string_length(value) ? text : NULL;
}

static gint64
get_version(const json_t *document)
{
  return json_integer_value(json_object_get(document, "version"));
}

/* The document that PARAMS are about, or NULL. */
static NzDocument *
get_document(const Server *self, const json_t *params)
{
  const char *uri = get_text(json_object_get(params, "textDocument"), "uri");
  return uri ? g_hash_table_lookup(self->documents, uri) : NULL;
}

static void
judge(Server *self, NzDocument *doc)
{
  nz_document_judge(doc, self->judge);
  publish(self, doc);
}

/* --- requests: a result, or NULL and *WRONG with what is wrong with the parameters --- */

static gboolean
holds_text(const json_t *array, const char *text)
{
  for (gsize i = 0; i < json_array_size(array); i++)
    if (g_strcmp0(json_string_value(json_array_get(array, i)), text) == 0)
      return TRUE;
  return FALSE;
}

/* The value at the end of PATH, names with '/' between them. */
static const json_t *
get_at(const json_t *value, const char *path)
{
  g_auto(GStrv) names = g_strsplit(path, "/", -1);
  for (guint i = 0; names[i]; i++)
    value = json_object_get(value, names[i]);
  return value;
}

static void
learn_editor(NzEditor *editor, const json_t *client)
{
  const json_t *action = get_at(client, "textDocument/codeAction");
  const json_t *versioned = get_at(client, "workspace/workspaceEdit/documentChanges");
  gboolean utf8 = holds_text(get_at(client, "general/positionEncodings"), "utf-8");
  *editor = (NzEditor){
      .units = utf8 ? NZ_UNITS_UTF8 : NZ_UNITS_UTF16,
      .markdown = holds_text(get_at(client, "textDocument/hover/contentFormat"), "markdown"),
      .literal_actions = json_is_object(json_object_get(action, "codeActionLiteralSupport")),
      .disabled_actions = json_is_true(json_object_get(action, "disabledSupport")),
      .versioned_edits = json_is_true(versioned),
  };
}

/* Names are relative to the workspace's folder, and so are the files that a Compose file names: it
 * is where we work. */
static void
enter_root(Server *self, const char *uri)
{
  g_autofree char *path = uri ? g_filename_from_uri(uri, NULL, NULL) : NULL;
  if (!path || chdir(path) != 0)
    return;
  if (g_str_has_suffix(path, "/"))
    path[strlen(path) - 1] = '\0';
  self->root = g_steal_pointer(&path);
}

/* From here on documents are read that others wrote. */
static void
confine(Server *self)
{
  g_autofree char *missing = self->judge->confine ? self->judge->confine() : NULL;
  if (missing)
    tell(self, "nonzero: %s", missing);
}

static json_t *
do_initialize(Server *self, const json_t *params, const char **wrong G_GNUC_UNUSED)
{
  const json_t *folders = json_object_get(params, "workspaceFolders");
  const char *root = get_text(json_array_get(folders, 0), "uri");
  root = root ? root : get_text(params, "rootUri");
  learn_editor(&self->editor, json_object_get(params, "capabilities"));
  enter_root(self, root);
  confine(self);
  self->state = STATE_SERVING;
  enum { SYNC_INCREMENTAL = 2 };
  return json_pack("{s:{s:s, s:{s:b, s:i, s:{s:b}}, s:b, s:{s:[s, s]}}, s:{s:s, s:s}}",
                   "capabilities", "positionEncoding",
                   self->editor.units == NZ_UNITS_UTF8 ? "utf-8" : "utf-16", "textDocumentSync",
                   "openClose", 1, "change", SYNC_INCREMENTAL, "save", "includeText", 0,
                   "hoverProvider", 1, "codeActionProvider", "codeActionKinds", NZ_ACTION_QUICKFIX,
                   NZ_ACTION_FIX_ALL, "serverInfo", "name", "nonzero", "version", NZ_VERSION);
}

static json_t *
do_shutdown(Server *self, const json_t *params G_GNUC_UNUSED, const char **wrong G_GNUC_UNUSED)
{
  self->state = STATE_SHUT_DOWN;
  return json_null();
}

static json_t *
do_hover(Server *self, const json_t *params, const char **wrong)
{
  const NzDocument *doc = get_document(self, params);
  gsize offset;
  if (!doc || !doc->lines)
    return json_null();
  if (!nz_lines_offset(doc->lines, json_object_get(params, "position"), &offset)) {
    *wrong = "position is none";
    return NULL;
  }
  return nz_hover(doc, offset, &self->editor);
}

static json_t *
do_code_action(Server *self, const json_t *params, const char **wrong)
{
  const NzDocument *doc = get_document(self, params);
  gsize start, end;
  if (!doc || !doc->lines)
    return json_array();
  if (!nz_lines_offsets(doc->lines, json_object_get(params, "range"), &start, &end)) {
    *wrong = "range is none";
    return NULL;
  }
  const json_t *only = get_at(params, "context/only");
  return nz_code_actions(doc, start, end, only, &self->editor);
}

static const struct {
  const char *method;
  json_t *(*run)(Server *self, const json_t *params, const char **wrong);
} requests[] = {
    {"initialize", do_initialize},
    {"shutdown", do_shutdown},
    {"textDocument/hover", do_hover},
    {"textDocument/codeAction", do_code_action},
};

/* --- notifications --- */

static void
did_open(Server *self, const json_t *params)
{
  const json_t *item = json_object_get(params, "textDocument");
  const json_t *text = json_object_get(item, "text");
  const char *uri = get_text(item, "uri");
  if (!uri || !json_is_string(text)) {
    tell(self, "nonzero: a document was opened without uri or text");
    return;
  }
  if (g_hash_table_size(self->documents) >= NZ_LSP_DOCUMENTS_MAX &&
      !g_hash_table_contains(self->documents, uri)) {
    g_autofree char *shown = nz_printable(uri, -1);
    tell(self, "nonzero: more than %u documents are open; %s is not judged", NZ_LSP_DOCUMENTS_MAX,
         shown);
    return;
  }
  NzDocument *doc = nz_document_new(uri, self->root, get_text(item, "languageId"), self->judge);
  g_hash_table_replace(self->documents, doc->uri, doc);
  doc->version = get_version(item);
  nz_document_set(doc, json_string_value(text), json_string_length(text), self->editor.units);
  nz_document_find_policy(doc);
  judge(self, doc);
}

static void
did_change(Server *self, const json_t *params)
{
  NzDocument *doc = get_document(self, params);
  const json_t *changes = json_object_get(params, "contentChanges");
  if (!doc)
    return;
  for (gsize i = 0; i < json_array_size(changes); i++)
    if (!nz_document_change(doc, json_array_get(changes, i), self->editor.units)) {
      g_autofree char *shown = nz_printable(doc->uri, -1);
      tell(self, "nonzero: a change of %s is none", shown);
      break;
    }
  doc->version = get_version(json_object_get(params, "textDocument"));
  judge(self, doc);
}

/* What is beside it, or its policy, may have changed since. */
static void
judge_anew(Server *self, NzDocument *doc)
{
  nz_document_find_policy(doc);
  judge(self, doc);
}

static void
did_save(Server *self, const json_t *params)
{
  NzDocument *doc = get_document(self, params);
  if (doc)
    judge_anew(self, doc);
}

static void
did_close(Server *self, const json_t *params)
{
  const NzDocument *doc = get_document(self, params);
  if (!doc)
    return;
  notify(self, "textDocument/publishDiagnostics",
         json_pack("{s:s, s:[]}", "uri", doc->uri, "diagnostics"));
  g_hash_table_remove(self->documents, doc->uri);
}

static void
did_change_files(Server *self, const json_t *params G_GNUC_UNUSED)
{
  GHashTableIter iter;
  gpointer doc;
  g_hash_table_iter_init(&iter, self->documents);
  while (g_hash_table_iter_next(&iter, NULL, &doc))
    judge_anew(self, doc);
}

/* What needs no answer and changes nothing ("initialized", "$/cancelRequest": what it would cancel
 * was answered before it was read) is in no table. */
static const struct {
  const char *method;
  void (*run)(Server *self, const json_t *params);
} notifications[] = {
    {"textDocument/didOpen", did_open},
    {"textDocument/didChange", did_change},
    {"textDocument/didSave", did_save},
    {"textDocument/didClose", did_close},
    {"workspace/didChangeWatchedFiles", did_change_files},
};

/* --- messages --- */

static void
run_notification(Server *self, const char *method, const json_t *params)
{
  if (strcmp(method, "exit") == 0) {
    self->clean = self->state == STATE_SHUT_DOWN;
    self->state = STATE_EXITED;
  }
  for (guint i = 0; self->state == STATE_SERVING && i < G_N_ELEMENTS(notifications); i++)
    if (strcmp(notifications[i].method, method) == 0)
      notifications[i].run(self, params);
}

/* NULL, or why METHOD cannot be asked for now. */
static const char *
out_of_turn(const Server *self, const char *method, int *code)
{
  gboolean begins = strcmp(method, "initialize") == 0;
  *code = self->state == STATE_NEW ? NOT_INITIALIZED : INVALID_REQUEST;
  if (self->state == STATE_NEW && !begins)
    return "the first request is initialize";
  if (self->state == STATE_SERVING && begins)
    return "initialize came before";
  return self->state == STATE_SHUT_DOWN ? "shutdown came before" : NULL;
}

static void
run_request(Server *self, json_t *id, const char *method, const json_t *params)
{
  const char *wrong;
  int code;
  if ((wrong = out_of_turn(self, method, &code))) {
    send_error(self, id, code, wrong);
    return;
  }
  for (guint i = 0; i < G_N_ELEMENTS(requests); i++) {
    if (strcmp(requests[i].method, method) != 0)
      continue;
    json_t *result = requests[i].run(self, params, &wrong);
    if (result)
      send_message(self,
                   json_pack("{s:s, s:O, s:o}", "jsonrpc", "2.0", "id", id, "result", result));
    else
      send_error(self, id, INVALID_PARAMS, wrong);
    return;
  }
  g_autofree char *shown = nz_printable(method, -1);
  g_autofree char *message = g_strdup_printf("there is no method %s", shown);
  send_error(self, id, METHOD_NOT_FOUND, message);
}

static void
handle(Server *self, const char *body, gsize len)
{
  json_error_t error;
  json_auto_t *message = json_loadb(body, len, JSON_ALLOW_NUL, &error);
  if (!message) {
    send_error(self, NULL, PARSE_ERROR, error.text);
    return;
  }
  json_t *id = json_object_get(message, "id");
  gboolean usable = json_is_integer(id) || json_is_string(id);
  const char *method = get_text(message, "method");
  const json_t *params = json_object_get(message, "params");
  if (!method) {
    /* An answer to a question; we ask none. */
    if (json_object_get(message, "result") || json_object_get(message, "error"))
      return;
    send_error(self, usable ? id : NULL, INVALID_REQUEST, "no request: it has no method");
  } else if (!id) {
    run_notification(self, method, params);
  } else if (!usable) {
    send_error(self, NULL, INVALID_REQUEST, "an id is a number or a string");
  } else {
    run_request(self, id, method, params);
  }
}

static void
document_free(gpointer data)
{
  nz_document_free(data);
}

static void
serve(Server *self)
{
  NzFrame frame = NZ_FRAME_READ;
  while (self->state != STATE_EXITED && !self->lost && frame != NZ_FRAME_END) {
    g_autofree char *body = NULL;
    const char *why;
    gsize len;
    frame = nz_frame_read(self->in, &body, &len, &why);
    if (frame == NZ_FRAME_READ) {
      handle(self, body, len);
    } else if (frame == NZ_FRAME_TOO_LONG) {
      send_error(self, NULL, INVALID_REQUEST, "the message is too long, and was passed over");
    } else if (frame == NZ_FRAME_BROKEN) {
      send_error(self, NULL, PARSE_ERROR, why);
      self->lost = TRUE;
    }
  }
}

int
nz_lsp_serve(FILE *in, FILE *out, const NzJudge *judge)
{
  Server self = {.in = in, .out = out, .judge = judge};
  self.documents = g_hash_table_new_full(nz_str_hash, g_str_equal, NULL, document_free);
  serve(&self);
  g_hash_table_unref(self.documents);
  g_free(self.root);
  if (self.lost)
    return NZ_EXIT_ERROR;
  return self.clean ? NZ_EXIT_PASS : NZ_EXIT_FAIL;
}

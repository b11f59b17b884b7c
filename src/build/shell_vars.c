/* SPDX-License-Identifier: Apache-2.0 */
/* The variables of shell text: what is known of them where the walk has come to. */
#include <string.h>

#include "build/shell_private.h"
#include "core/text.h"

struct ShVariable {
  const char *name;
  ShValue value;
};

typedef struct {
  ShVariable *variable;
  ShValue before;
} Change;

static const ShValue value_unknown = {.state = SH_UNKNOWN};

/* Set by shells, engines or the base image, whatever the text says. */
static gboolean
is_from_outside(const char *name)
{
  static const char *const names[] = {
      "HOME",       "PATH",           "PWD",
      "OLDPWD",     "USER",           "LOGNAME",
      "UID",        "EUID",           "GID",
      "PPID",       "HOSTNAME",       "TERM",
      "SHELL",      "RANDOM",         "SECONDS",
      "LINENO",     "OPTIND",         "OPTARG",
      "REPLY",      "SHLVL",          "OSTYPE",
      "HOSTTYPE",   "MACHTYPE",       "GROUPS",
      "LANG",       "LC_ALL",         "_",
      "http_proxy", "https_proxy",    "no_proxy",
      "HTTP_PROXY", "HTTPS_PROXY",    "NO_PROXY",
      "FUNCNAME",   "TARGETPLATFORM", "TARGETOS",
      "TARGETARCH", "TARGETVARIANT",  "BUILDPLATFORM",
      "BUILDOS",    "BUILDARCH",      "BUILDVARIANT",
      "PIPESTATUS",
  };
  for (guint i = 0; i < G_N_ELEMENTS(names); i++)
    if (strcmp(names[i], name) == 0)
      return TRUE;
  return g_str_has_prefix(name, "BASH");
}

static ShVariable *
new_variable(ShVariables *self, const char *name, gsize len)
{
  ShVariable *variable = sh_new(self->arena, ShVariable);
  variable->name = nz_sh_strndup(self->arena, name, len);
  variable->value.state = is_from_outside(variable->name) ? SH_UNKNOWN : SH_ABSENT;
  g_hash_table_insert(self->table, (gpointer)(gsize)variable->name, variable);
  return variable;
}

static ShVariable *
find(ShVariables *self, const char *name, gsize len)
{
  char small[64];
  g_autofree char *large = len < sizeof small ? NULL : g_strndup(name, len);
  if (!large) {
    memcpy(small, name, len);
    small[len] = '\0';
  }
  ShVariable *variable = g_hash_table_lookup(self->table, large ? large : small);
  return variable ? variable : new_variable(self, name, len);
}

static void
put_text(ShVariables *self, ShVariable *variable, const char *text)
{
  const char **texts = nz_sh_alloc(self->arena, sizeof *texts);
  texts[0] = text;
  variable->value = (ShValue){.state = SH_SET, .texts = texts, .n = 1};
}

static void
open_table(ShVariables *self)
{
  if (self->table)
    return;
  self->table = g_hash_table_new(nz_str_hash, g_str_equal);
  self->journal = g_array_new(FALSE, FALSE, sizeof(Change));
  for (guint i = 0; self->environment && self->environment[i]; i++) {
    const char *equals = strchr(self->environment[i], '=');
    if (equals)
      put_text(self, find(self, self->environment[i], (gsize)(equals - self->environment[i])),
               nz_sh_strndup(self->arena, equals + 1, strlen(equals + 1)));
  }
}

void
nz_sh_variables_clear(ShVariables *self)
{
  g_clear_pointer(&self->table, g_hash_table_unref);
  g_clear_pointer(&self->journal, g_array_unref);
}

const ShValue *
nz_sh_get(ShVariables *self, const char *name, gsize len)
{
  open_table(self);
  const ShVariable *variable = find(self, name, len);
  if (variable->value.state == SH_ABSENT && self->doubtful)
    return &value_unknown;
  return &variable->value;
}

static void
change(ShVariables *self, ShVariable *variable, const ShValue *value)
{
  Change entry = {variable, variable->value};
  g_array_append_val(self->journal, entry);
  variable->value = *value;
}

void
nz_sh_set(ShVariables *self, const char *name, gsize len, const ShValue *value)
{
  open_table(self);
  change(self, find(self, name, len), value);
}

void
nz_sh_set_text(ShVariables *self, const char *name, gsize len, const char *text)
{
  const char **texts = nz_sh_alloc(self->arena, sizeof *texts);
  texts[0] = text;
  ShValue value = {.state = SH_SET, .texts = texts, .n = 1};
  nz_sh_set(self, name, len, &value);
}

void
nz_sh_set_unknown(ShVariables *self, const char *name, gsize len)
{
  nz_sh_set(self, name, len, &value_unknown);
}

guint
nz_sh_mark(const ShVariables *self)
{
  return self->journal ? self->journal->len : 0;
}

void
nz_sh_restore(ShVariables *self, guint mark)
{
  if (!self->journal)
    return;
  for (guint i = self->journal->len; i > mark; i--) {
    const Change *entry = &g_array_index(self->journal, Change, i - 1);
    entry->variable->value = entry->before;
  }
  g_array_set_size(self->journal, mark);
}

static gboolean
is_same(const ShValue *a, const ShValue *b)
{
  return a->state == SH_SET && b->state == SH_SET && a->n == 1 && b->n == 1 &&
         strcmp(a->texts[0], b->texts[0]) == 0;
}

/* The entries stay: what is around may be undone or doubted, too. Each variable is looked at once,
 * with what it was before the first change. */
void
nz_sh_taint(ShVariables *self, guint mark)
{
  guint end = nz_sh_mark(self);
  for (guint i = mark; i < end; i++) {
    const Change entry = g_array_index(self->journal, Change, i);
    if (entry.variable->value.state != SH_UNKNOWN &&
        !is_same(&entry.variable->value, &entry.before))
      change(self, entry.variable, &value_unknown);
  }
}

/* --- what commands assign --- */

static gboolean
is_text(const ShPart *part, const char *text)
{
  return part && part->kind == SH_LITERAL && part->len == strlen(text) &&
         memcmp(part->text, text, part->len) == 0;
}

/* Their operands are names, or NAME=value. */
static gboolean
assigns_operands(const ShPart *part)
{
  static const char *const names[] = {"export",    "readonly", "local", "declare",
                                      "typeset",   "read",     "unset", "mapfile",
                                      "readarray", "getopts",  "let",   "printf"};
  for (guint i = 0; i < G_N_ELEMENTS(names); i++)
    if (is_text(part, names[i]))
      return TRUE;
  return FALSE;
}

static gsize
name_length(const char *text, gsize len)
{
  gsize n = 0;
  if (len == 0 || !nz_sh_is_name_start((guchar)text[0]))
    return 0;
  while (n < len && nz_sh_is_name((guchar)text[n]))
    n++;
  return n;
}

static void
taint_words(ShVariables *self, const ShWord *word)
{
  for (; word; word = word->next) {
    const ShPart *part = word->parts;
    gsize n = part && part->kind == SH_LITERAL ? name_length(part->text, part->len) : 0;
    if (n > 0)
      nz_sh_set_unknown(self, part->text, n);
  }
}

void
nz_sh_taint_math(ShVariables *self, const char *text, gsize len)
{
  if (!memchr(text, '=', len) && !g_strstr_len(text, (gssize)len, "++") &&
      !g_strstr_len(text, (gssize)len, "--"))
    return;
  for (gsize at = 0; at < len; at++) {
    gsize n = name_length(text + at, len - at);
    if (n > 0)
      nz_sh_set_unknown(self, text + at, n);
    at += n;
  }
}

static void
taint_node(ShVariables *self, const ShNode *node)
{
  if (!node)
    return;
  if (node->kind == SH_SIMPLE) {
    taint_words(self, node->assignments);
    const ShPart *name = node->words ? node->words->parts : NULL;
    if (name && assigns_operands(name))
      taint_words(self, node->words->next);
    self->shifted |= is_text(name, "set") || is_text(name, "shift");
  }
  if (node->kind == SH_FOR)
    nz_sh_set_unknown(self, node->name, strlen(node->name));
  if (node->kind == SH_ARITHMETIC || node->math)
    nz_sh_taint_math(self, node->source->data + node->start, node->end - node->start);
  nz_sh_taint_assigned(self, node->condition);
  nz_sh_taint_assigned(self, node->body);
  for (const ShNode *other = node->other; other;
       other = other->kind == SH_ITEM ? other->next : NULL)
    taint_node(self, other);
}

void
nz_sh_taint_assigned(ShVariables *self, const ShPipeline *list)
{
  for (; list; list = list->next)
    for (const ShNode *node = list->nodes; node; node = node->next)
      taint_node(self, node);
}

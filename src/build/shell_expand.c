/* SPDX-License-Identifier: Apache-2.0 */
/* Words with what is known of variables put into them. What is not stands as it was written. */
#include <string.h>

#include "build/shell_private.h"
#include "core/limits.h"

typedef struct {
  ShWalker *w;
  const ShContext *context;
  const ShWord *word;
  GPtrArray *out;   /* ShField */
  ShText *text;     /* of the field that is being made */
  gboolean split;   /* unquoted variables make several fields */
  gboolean pattern; /* quoted bytes are escaped */
  gboolean operand; /* in an operand: what is not quoted in it is split, too */
  gboolean open, known, quoted, glob;
} Builder;

static void add_parts(Builder *b, const ShPart *parts);
static void add_value(Builder *b, const ShPart *part, const char *value);

/* --- fields --- */

static ShText *
take_text(ShWalker *w)
{
  if (w->spare->len > 0)
    return g_ptr_array_steal_index_fast(w->spare, w->spare->len - 1);
  ShText *text = g_new(ShText, 1);
  text->text = g_string_new(NULL);
  text->pieces = g_array_new(FALSE, FALSE, sizeof(ShPiece));
  return text;
}

static void
give_text(ShWalker *w, ShText *text)
{
  g_string_truncate(text->text, 0);
  g_array_set_size(text->pieces, 0);
  g_ptr_array_add(w->spare, text);
}

static ShField *
new_field(ShWalker *w, const ShWord *word, const char *text, gsize len)
{
  ShField *field = sh_new(w->budget->arena, ShField);
  field->word.start = nz_sh_map_start(word->source, word->start);
  field->word.end = nz_sh_map_end(word->source, word->end);
  field->word.text = nz_sh_strndup(w->budget->arena, text, len);
  w->budget->n_fields++;
  nz_sh_spend(w->budget, sizeof *field + len, field->word.start);
  if (w->budget->n_fields > NZ_SHELL_TEXT_WORDS_MAX)
    nz_sh_exhaust(w->budget, "more words than are followed", field->word.start);
  return field;
}

static gboolean
may_be_text(const char *text)
{
  return strpbrk(text, " \t\n;&|<>()") != NULL;
}

static void
end_field(Builder *b)
{
  const GString *text = b->text->text;
  ShField *field = new_field(b->w, b->word, text->str, text->len);
  field->word.known = b->known;
  field->word.quoted = b->quoted;
  field->word.glob = b->glob;
  if (!b->known || b->quoted || may_be_text(field->word.text)) {
    gsize size = sizeof(ShPiece) * b->text->pieces->len;
    ShPiece *pieces = nz_sh_alloc(b->w->budget->arena, MAX(size, 1));
    if (size > 0)
      memcpy(pieces, b->text->pieces->data, size);
    nz_sh_spend(b->w->budget, size, field->word.start);
    field->pieces = pieces;
    field->n_pieces = b->text->pieces->len;
  }
  g_ptr_array_add(b->out, field);
  g_string_truncate(b->text->text, 0);
  g_array_set_size(b->text->pieces, 0);
  b->known = TRUE;
  b->open = b->quoted = b->glob = FALSE;
}

static void
end_if_any(Builder *b)
{
  if (b->open || b->text->text->len > 0)
    end_field(b);
}

/* --- what is put into them --- */

static gboolean
has_glob(const char *text, gsize len)
{
  const char *open = memchr(text, '[', len);
  if (open && memchr(open, ']', len - (gsize)(open - text)))
    return TRUE;
  return memchr(text, '*', len) || memchr(text, '?', len);
}

static void
add_raw(Builder *b, const ShPart *part)
{
  gsize len;
  const ShSource *source = b->word->source;
  const char *raw = nz_sh_raw(b->w->budget->arena, source, part->start, part->end, &len);
  gsize start = nz_sh_map_start(source, part->start);
  nz_sh_spend(b->w->budget, 2 * len, start);
  nz_sh_text_add_raw(b->text, raw, len, start, nz_sh_map_end(source, part->end));
  b->known = FALSE;
  b->open = TRUE;
  b->quoted |= part->quoted;
}

/* Bytes that are not those which stand at PART. */
static void
add_bytes(Builder *b, const ShPart *part, const char *bytes, gsize len)
{
  const ShSource *source = b->word->source;
  gsize start = nz_sh_map_start(source, part->start);
  nz_sh_spend(b->w->budget, len + sizeof(ShPiece), start);
  if (!b->w->budget->exhausted)
    nz_sh_text_add_flat(b->text, bytes, len, start, nz_sh_map_end(source, part->end));
}

/* Where the bytes of a pattern stand is of no interest. */
static void
add_escaped(Builder *b, const char *bytes, gsize len)
{
  nz_sh_spend(b->w->budget, 2 * len, 0);
  for (gsize i = 0; i < len && !b->w->budget->exhausted; i++) {
    if (strchr("*?[]\\", bytes[i]))
      g_string_append_c(b->text->text, '\\');
    g_string_append_c(b->text->text, bytes[i]);
  }
}

/* Something in it stands for what cannot be known. */
static gboolean
is_opaque(const ShSource *source, const ShPart *part)
{
  return source->pieces && memchr(part->text, SH_OPAQUE, part->len);
}

static void
add_literal(Builder *b, const ShPart *part)
{
  nz_sh_spend(b->w->budget, part->len + sizeof(ShPiece), part->start);
  b->quoted |= part->quoted;
  if (!b->operand || part->quoted)
    b->open |= part->quoted || part->len > 0;
  if (!part->quoted)
    b->glob |= has_glob(part->text, part->len);
  if (b->w->budget->exhausted)
    return;
  if (b->pattern && part->quoted)
    add_escaped(b, part->text, part->len);
  else if (b->operand && b->split && !part->quoted && !is_opaque(b->word->source, part))
    add_value(b, part, nz_sh_strndup(b->w->budget->arena, part->text, part->len));
  else if (!part->decoded)
    nz_sh_text_add(b->text, b->word->source, part->start, part->end, &b->known);
  else
    add_bytes(b, part, part->text, part->len);
}

/* What separates fields: the value of IFS. NULL: it is not known. */
static const char *
field_separators(ShWalker *w)
{
  const ShValue *ifs = nz_sh_get(&w->variables, "IFS", 3);
  if (ifs->state == SH_SET && ifs->n == 1)
    return ifs->texts[0];
  return ifs->state == SH_UNKNOWN ? NULL : " \t\n";
}

static gboolean
is_blank(char c)
{
  return c == ' ' || c == '\t' || c == '\n';
}

/* An unquoted value is cut where separators stand: blanks in rows, others one by one. */
static void
add_split(Builder *b, const ShPart *part, const char *value, const char *separators)
{
  gboolean cut = FALSE; /* a blank has ended the last field */
  for (const char *at = value; *at && !b->w->budget->exhausted;) {
    gsize n = strcspn(at, separators);
    if (n > 0) {
      add_bytes(b, part, at, n);
      b->open = TRUE;
      b->glob |= has_glob(at, n);
      cut = FALSE;
    }
    at += n;
    if (!*at)
      break;
    if (is_blank(*at)) {
      cut |= b->open;
      end_if_any(b);
    } else if (cut)
      cut = FALSE; /* "a , b": one separator in all */
    else
      end_field(b);
    at++;
  }
}

static void
add_value(Builder *b, const ShPart *part, const char *value)
{
  gsize len = strlen(value);
  if (part->quoted || !b->split) {
    b->open |= part->quoted || len > 0;
    b->quoted |= part->quoted;
    if (b->pattern && part->quoted)
      add_escaped(b, value, len);
    else
      add_bytes(b, part, value, len);
    if (!part->quoted)
      b->glob |= has_glob(value, len);
    return;
  }
  const char *separators = field_separators(b->w);
  if (separators)
    add_split(b, part, value, separators);
  else
    add_raw(b, part);
}

/* --- parameters --- */

typedef struct {
  ShState state;
  gboolean glob;
  gboolean many; /* "$@": each is a field */
  const char *const *texts;
  const gboolean *unknown; /* of each; NULL: all are known */
  guint n;
} Parameter;

static Parameter
get_arguments(Builder *b, gboolean many)
{
  const ShArguments *arguments = &b->w->arguments;
  Parameter parameter = {.state = SH_UNKNOWN, .many = many, .n = arguments->n};
  if (!arguments->known)
    return parameter;
  gsize n = MAX(arguments->n, 1);
  nz_sh_spend(b->w->budget, n * (sizeof(char *) + sizeof(gboolean)), 0);
  const char **texts = nz_sh_alloc(b->w->budget->arena, n * sizeof *texts);
  gboolean *unknown = nz_sh_alloc(b->w->budget->arena, n * sizeof *unknown);
  for (guint i = 0; i < arguments->n; i++) {
    texts[i] = arguments->fields[i]->word.text;
    unknown[i] = !arguments->fields[i]->word.known;
  }
  parameter.state = SH_SET;
  parameter.texts = texts;
  parameter.unknown = unknown;
  return parameter;
}

static const char **
one_text(Builder *b, const char *text)
{
  const char **texts = nz_sh_alloc(b->w->budget->arena, sizeof *texts);
  texts[0] = text;
  return texts;
}

static Parameter
get_argument(Builder *b, const ShPart *part)
{
  const ShArguments *arguments = &b->w->arguments;
  guint64 number = part->len < 6 ? g_ascii_strtoull(part->text, NULL, 10) : G_MAXUINT;
  if (!arguments->known || number == 0)
    return (Parameter){.state = SH_UNKNOWN};
  if (number > arguments->n)
    return (Parameter){.state = SH_UNSET};
  const NzShellWord *word = &arguments->fields[number - 1]->word;
  if (!word->known)
    return (Parameter){.state = SH_UNKNOWN};
  return (Parameter){.state = SH_SET, .glob = word->glob, .texts = one_text(b, word->text), .n = 1};
}

static Parameter
get_count(Builder *b)
{
  if (!b->w->arguments.known)
    return (Parameter){.state = SH_UNKNOWN};
  char *text = nz_sh_alloc(b->w->budget->arena, 16);
  g_snprintf(text, 16, "%u", b->w->arguments.n);
  return (Parameter){.state = SH_SET, .texts = one_text(b, text), .n = 1};
}

static Parameter
get_variable(Builder *b, const ShPart *part)
{
  const ShValue *value = nz_sh_get(&b->w->variables, part->text, part->len);
  Parameter parameter = {value->state, value->glob, FALSE, value->texts, NULL, value->n};
  if (value->state != SH_SET)
    return parameter;
  if (part->subscript == '@' || part->subscript == '*') {
    parameter.many = part->subscript == '@';
    return parameter;
  }
  if (part->index >= value->n)
    return (Parameter){.state = SH_UNSET};
  parameter.texts += part->index;
  parameter.n = 1;
  return parameter;
}

static Parameter
get_parameter(Builder *b, const ShPart *part)
{
  char c = '\0';
  if (part->len > 0)
    c = part->text[0];
  if (c == '@' || c == '*')
    return get_arguments(b, c == '@');
  if (g_ascii_isdigit(c))
    return get_argument(b, part);
  if (c == '#')
    return get_count(b);
  if (!nz_sh_is_name_start((guchar)c))
    return (Parameter){.state = SH_UNKNOWN};
  return get_variable(b, part);
}

static void
add_parameter_value(Builder *b, const ShPart *part, const Parameter *parameter)
{
  for (guint i = 0; i < parameter->n && !b->w->budget->exhausted; i++) {
    if (i > 0 && b->split && (parameter->many || !part->quoted))
      end_if_any(b);
    else if (i > 0)
      add_bytes(b, part, " ", 1);
    if (parameter->unknown && parameter->unknown[i])
      add_raw(b, part);
    else
      add_value(b, part, parameter->texts[i]);
  }
  b->glob |= parameter->glob;
}

/* --- operators --- */

static gboolean
is_null(const Parameter *parameter, gboolean or_empty)
{
  if (parameter->state != SH_SET || parameter->n == 0)
    return TRUE;
  return or_empty && parameter->n == 1 && parameter->texts[0][0] == '\0';
}

/* Commands in what may be used, or not, may run. */
static void
walk_operand(Builder *b, const ShPart *operand)
{
  if (!operand)
    return;
  ShContext context = *b->context;
  context.maybe = TRUE;
  guint mark = nz_sh_mark(&b->w->variables);
  nz_sh_expand_parts(b->w, &context, b->word, operand, FALSE);
  nz_sh_taint(&b->w->variables, mark);
}

static void
add_unknown(Builder *b, const ShPart *part)
{
  walk_operand(b, part->operand);
  walk_operand(b, part->operand2);
  if (part->op == SH_ASSIGN)
    nz_sh_set_unknown(&b->w->variables, part->text, part->len);
  add_raw(b, part);
}

static void
add_assigned(Builder *b, const ShPart *part)
{
  const ShField *value = nz_sh_expand_parts(b->w, b->context, b->word, part->operand, FALSE);
  if (!value->word.known) {
    nz_sh_set_unknown(&b->w->variables, part->text, part->len);
    add_raw(b, part);
    return;
  }
  nz_sh_set_text(&b->w->variables, part->text, part->len, value->word.text);
  add_value(b, part, value->word.text);
}

/* A pattern is taken away or replaced. */
static void
add_changed(Builder *b, const ShPart *part, const Parameter *parameter)
{
  const ShField *pattern = nz_sh_expand_parts(b->w, b->context, b->word, part->operand, TRUE);
  const ShField *with = nz_sh_expand_parts(b->w, b->context, b->word, part->operand2, FALSE);
  char *text = NULL;
  if (parameter->state == SH_SET && parameter->n == 1 && pattern->word.known && with->word.known) {
    if (part->op == SH_REPLACE)
      text = nz_sh_replace(b->w->budget, parameter->texts[0], pattern->word.text, with->word.text,
                           part->twice);
    else
      text = nz_sh_trim(b->w->budget, parameter->texts[0], pattern->word.text,
                        part->op == SH_SUFFIX, part->twice);
  }
  if (text)
    add_value(b, part, text);
  else
    add_raw(b, part);
}

static void
add_operand(Builder *b, const ShPart *operand)
{
  gboolean before = b->operand;
  b->operand = TRUE;
  add_parts(b, operand);
  b->operand = before;
}

static void
add_parameter(Builder *b, const ShPart *part)
{
  Parameter parameter = get_parameter(b, part);
  gboolean null = is_null(&parameter, part->twice);
  gboolean absent =
      parameter.state == SH_ABSENT && (part->op == SH_PLAIN || part->op == SH_REQUIRED);
  if (part->op == SH_OTHER || parameter.state == SH_UNKNOWN || absent) {
    add_unknown(b, part);
    return;
  }
  b->open |= part->quoted && !parameter.many;
  b->quoted |= part->quoted;
  switch (part->op) {
  case SH_DEFAULT:
  case SH_ASSIGN:
    if (!null)
      add_parameter_value(b, part, &parameter);
    else if (part->op == SH_ASSIGN)
      add_assigned(b, part);
    else
      add_operand(b, part->operand);
    return;
  case SH_INSTEAD:
    if (!null)
      add_operand(b, part->operand);
    return;
  case SH_PREFIX:
  case SH_SUFFIX:
  case SH_REPLACE:
    add_changed(b, part, &parameter);
    return;
  case SH_REQUIRED:
  case SH_PLAIN:
  case SH_OTHER:
  default:
    add_parameter_value(b, part, &parameter);
    return;
  }
}

/* --- parts --- */

static void
add_part(Builder *b, const ShPart *part)
{
  switch (part->kind) {
  case SH_LITERAL:
    add_literal(b, part);
    return;
  case SH_PARAMETER:
    add_parameter(b, part);
    return;
  case SH_MATH:
    nz_sh_expand_parts(b->w, b->context, b->word, part->operand, FALSE);
    nz_sh_taint_math(&b->w->variables, b->word->source->data + part->start,
                     part->end - part->start);
    add_raw(b, part);
    return;
  case SH_COMMAND:
  case SH_PROCESS:
  default:
    nz_sh_walk_substitution(b->w, part->list, b->context);
    add_raw(b, part);
    return;
  }
}

static void
add_parts(Builder *b, const ShPart *parts)
{
  for (const ShPart *part = parts; part && !b->w->budget->exhausted; part = part->next)
    add_part(b, part);
}

/* --- words --- */

static Builder
new_builder(ShWalker *w, const ShContext *context, const ShWord *word, GPtrArray *out)
{
  return (Builder){
      .w = w, .context = context, .word = word, .out = out, .text = take_text(w), .known = TRUE};
}

/* Most words are this: bytes as they stand. */
static gboolean
expand_simple(ShWalker *w, const ShWord *word, GPtrArray *out)
{
  const ShPart *part = word->parts;
  if (!part || part->next || part->kind != SH_LITERAL || word->source->pieces || word->brace)
    return FALSE;
  if (part->decoded || (part->quoted && part->len > 0))
    return FALSE;
  ShField *field = new_field(w, word, part->text, part->len);
  field->word.known = TRUE;
  field->word.quoted = part->quoted;
  field->word.glob = !part->quoted && has_glob(part->text, part->len);
  g_ptr_array_add(out, field);
  return TRUE;
}

void
nz_sh_expand(ShWalker *w, const ShContext *context, const ShWord *word, GPtrArray *out)
{
  if (expand_simple(w, word, out))
    return;
  Builder b = new_builder(w, context, word, out);
  b.split = TRUE;
  g_autoptr(GPtrArray) lists = NULL;
  if (word->brace && word->end - word->start <= NZ_SHELL_BRACE_MAX)
    lists = nz_sh_brace(w->budget, word->parts);
  for (guint i = 0; i < (lists ? lists->len : 1); i++) {
    add_parts(&b, lists ? lists->pdata[i] : word->parts);
    end_if_any(&b);
  }
  give_text(w, b.text);
}

ShField *
nz_sh_expand_parts(ShWalker *w, const ShContext *context, const ShWord *word, const ShPart *parts,
                   gboolean pattern)
{
  g_autoptr(GPtrArray) out = g_ptr_array_new();
  Builder b = new_builder(w, context, word, out);
  b.pattern = pattern;
  add_parts(&b, parts);
  end_field(&b);
  give_text(w, b.text);
  return out->pdata[0];
}

ShField *
nz_sh_expand_one(ShWalker *w, const ShContext *context, const ShWord *word)
{
  return nz_sh_expand_parts(w, context, word, word->parts, FALSE);
}

/* --- assignments --- */

static void
assign_array(ShWalker *w, const ShContext *context, const ShWord *word, gboolean keep)
{
  g_autoptr(GPtrArray) fields = g_ptr_array_new();
  gboolean known = !word->append;
  for (const ShWord *element = word->elements; element; element = element->next)
    nz_sh_expand(w, context, element, fields);
  const char **texts = nz_sh_alloc(w->budget->arena, sizeof *texts * MAX(fields->len, 1));
  for (guint i = 0; i < fields->len; i++) {
    const ShField *field = fields->pdata[i];
    texts[i] = field->word.text;
    known &= field->word.known && field->word.text[0] != '[';
  }
  ShValue value = {.state = SH_SET, .array = TRUE, .texts = texts, .n = fields->len};
  if (!known)
    value = (ShValue){.state = SH_UNKNOWN};
  if (keep)
    nz_sh_set(&w->variables, word->parts->text, word->name_len, &value);
}

static void
append_text(ShWalker *w, const char *name, gsize len, const char *text, gsize at)
{
  const ShValue *before = nz_sh_get(&w->variables, name, len);
  if (before->state != SH_SET || before->array) {
    nz_sh_set_unknown(&w->variables, name, len);
    return;
  }
  gsize size = strlen(before->texts[0]), more = strlen(text);
  nz_sh_spend(w->budget, size + more, at);
  if (w->budget->exhausted)
    return;
  g_autofree char *both = g_strconcat(before->texts[0], text, NULL);
  const char *joined = nz_sh_strndup(w->budget->arena, both, size + more);
  nz_sh_set_text(&w->variables, name, len, joined);
}

ShField *
nz_sh_expand_assignment(ShWalker *w, const ShContext *context, const ShWord *word, gboolean keep)
{
  ShField *field = nz_sh_expand_one(w, context, word);
  field->word.glob = FALSE;
  const char *name = word->parts->text;
  gsize skip = word->name_len + (word->append ? 2 : 1);
  if (word->array) {
    assign_array(w, context, word, keep);
    field->word.known = FALSE;
  } else if (!keep)
    return field;
  else if (!field->word.known || word->element)
    nz_sh_set_unknown(&w->variables, name, word->name_len);
  else if (word->append)
    append_text(w, name, word->name_len, field->word.text + skip, field->word.start);
  else
    nz_sh_set_text(&w->variables, name, word->name_len, field->word.text + skip);
  return field;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* One instruction of a line: its keyword, its flags, and the rest in the form that the keyword asks
 * for. */
#include <string.h>

#include "build/dockerfile_parse.h"
#include "core/nearest.h"
#include "core/text.h"

typedef enum {
  FORM_TEXT,      /* as it stands */
  FORM_ONE,       /* all of it is one word */
  FORM_WORDS,     /* words */
  FORM_JSON,      /* JSON, or as it stands */
  FORM_JSON_LIST, /* JSON, or words */
  FORM_PAIRS,
  FORM_TRIGGER, /* an instruction */
  FORM_HEALTH,  /* "CMD" and what CMD has, or "NONE" */
} Form;

static const struct {
  const char *name;
  Form form;
} kinds[NZ_DOCKER_N] = {
    [NZ_DOCKER_FROM] = {"FROM", FORM_WORDS},
    [NZ_DOCKER_ADD] = {"ADD", FORM_JSON_LIST},
    [NZ_DOCKER_ARG] = {"ARG", FORM_PAIRS},
    [NZ_DOCKER_CMD] = {"CMD", FORM_JSON},
    [NZ_DOCKER_COPY] = {"COPY", FORM_JSON_LIST},
    [NZ_DOCKER_ENTRYPOINT] = {"ENTRYPOINT", FORM_JSON},
    [NZ_DOCKER_ENV] = {"ENV", FORM_PAIRS},
    [NZ_DOCKER_EXPOSE] = {"EXPOSE", FORM_WORDS},
    [NZ_DOCKER_HEALTHCHECK] = {"HEALTHCHECK", FORM_HEALTH},
    [NZ_DOCKER_LABEL] = {"LABEL", FORM_PAIRS},
    [NZ_DOCKER_MAINTAINER] = {"MAINTAINER", FORM_TEXT},
    [NZ_DOCKER_ONBUILD] = {"ONBUILD", FORM_TRIGGER},
    [NZ_DOCKER_RUN] = {"RUN", FORM_JSON},
    [NZ_DOCKER_SHELL] = {"SHELL", FORM_JSON},
    [NZ_DOCKER_STOPSIGNAL] = {"STOPSIGNAL", FORM_ONE},
    [NZ_DOCKER_USER] = {"USER", FORM_ONE},
    [NZ_DOCKER_VOLUME] = {"VOLUME", FORM_JSON_LIST},
    [NZ_DOCKER_WORKDIR] = {"WORKDIR", FORM_ONE},
};

const char *
nz_docker_kind_name(NzDockerKind kind)
{
  return kinds[kind].name;
}

static void
free_flag(gpointer data)
{
  NzDockerFlag *flag = data;
  g_free(flag->name);
  g_free(flag->value);
  g_free(flag);
}

static void
free_pair(gpointer data)
{
  NzDockerPair *pair = data;
  g_free(pair->key);
  g_free(pair->value);
  g_free(pair);
}

static void
free_heredoc(gpointer data)
{
  NzHeredoc *heredoc = data;
  g_free(heredoc->name);
  nz_joined_free(heredoc->body);
  g_free(heredoc);
}

static NzInstruction *
new_instruction(NzDockerKind kind)
{
  NzInstruction *self = g_new0(NzInstruction, 1);
  self->kind = kind;
  self->flags = g_ptr_array_new_with_free_func(free_flag);
  self->words = g_ptr_array_new_with_free_func(nz_word_free);
  self->pairs = g_ptr_array_new_with_free_func(free_pair);
  self->heredocs = g_ptr_array_new_with_free_func(free_heredoc);
  return self;
}

void
nz_instruction_free(NzInstruction *self)
{
  if (!self)
    return;
  nz_instruction_free(self->inner);
  nz_joined_free(self->rest);
  g_ptr_array_unref(self->flags);
  g_ptr_array_unref(self->words);
  g_ptr_array_unref(self->pairs);
  g_ptr_array_unref(self->heredocs);
  g_free(self);
}

const NzDockerFlag *
nz_instruction_flag(const NzInstruction *self, const char *name)
{
  for (guint i = 0; i < self->flags->len; i++) {
    const NzDockerFlag *flag = self->flags->pdata[i];
    if (g_str_equal(flag->name, name))
      return flag;
  }
  return NULL;
}

/* --- the forms of the rest --- */

/* *JSON: it was one. FALSE only with an error. */
static gboolean
read_json(NzLineParser *parser, gsize start, gsize end, NzInstruction *self, GError **error)
{
  switch (nz_line_json(parser, start, end, self->words)) {
  case NZ_DOCKER_JSON:
    self->json = TRUE;
    return TRUE;
  case NZ_DOCKER_JSON_NONE:
    return TRUE;
  case NZ_DOCKER_JSON_NUL:
    return nz_line_refuse(parser, start, error, "the JSON array holds a NUL character");
  case NZ_DOCKER_JSON_MIXED:
  default:
    return nz_line_refuse(parser, start, error,
                          "the JSON array may hold nothing but strings: quote each argument");
  }
}

/* HEALTHCHECK's "CMD ..." is an instruction inside. */
static gboolean
read_health(NzLineParser *parser, gsize start, gsize end, NzInstruction *self, GError **error)
{
  static const char *const types[] = {"CMD", "NONE"};
  const char *text = parser->line->data;
  gsize stop = start;
  while (stop < end && !g_ascii_isspace(text[stop]))
    stop++;
  gsize rest = stop;
  while (rest < end && g_ascii_isspace(text[rest]))
    rest++;
  gboolean known[2];
  for (guint i = 0; i < 2; i++)
    known[i] = stop - start == strlen(types[i]) &&
               g_ascii_strncasecmp(text + start, types[i], stop - start) == 0;
  if (start == end)
    return nz_line_refuse(parser, start, error, "HEALTHCHECK needs CMD and a command, or NONE");
  if (!known[0] && !known[1]) {
    g_autofree char *type = nz_printable(text + start, (gssize)(stop - start));
    return nz_line_refuse(parser, start, error,
                          "HEALTHCHECK knows no \"%s\": write CMD and a command, or NONE", type);
  }
  nz_line_mark(parser, NZ_TOKEN_KEYWORD, start, stop);
  nz_line_mark(parser, NZ_TOKEN_ARGUMENT, rest, end);
  if (known[1] && rest < end)
    return nz_line_refuse(parser, rest, error, "nothing may follow HEALTHCHECK NONE");
  if (known[1])
    return TRUE;
  self->inner = new_instruction(NZ_DOCKER_CMD);
  self->inner->keyword = nz_joined_span(parser->line, start, stop);
  self->inner->span = nz_joined_span(parser->line, start, end);
  self->inner->rest = nz_joined_slice(parser->line, rest, end);
  if (!read_json(parser, rest, end, self->inner, error))
    return FALSE;
  if (rest == end || (self->inner->json && self->inner->words->len == 0))
    return nz_line_refuse(parser, start, error, "HEALTHCHECK CMD has no command");
  return TRUE;
}

static gboolean
read_trigger(NzLineParser *parser, gsize start, gsize end, NzInstruction *self, GError **error)
{
  if (start == end)
    return nz_line_refuse(parser, start, error, "ONBUILD needs an instruction");
  self->inner = nz_line_instruction(parser, start, end, error);
  if (!self->inner)
    return FALSE;
  NzDockerKind kind = self->inner->kind;
  if (kind == NZ_DOCKER_ONBUILD || kind == NZ_DOCKER_FROM || kind == NZ_DOCKER_MAINTAINER)
    return nz_line_refuse(parser, start, error, "ONBUILD cannot trigger %s", kinds[kind].name);
  return TRUE;
}

static gboolean
read_rest(NzLineParser *parser, gsize start, gsize end, NzInstruction *self, GError **error)
{
  Form form = kinds[self->kind].form;
  switch (form) {
  case FORM_PAIRS:
    return nz_line_pairs(parser, start, end, self, error);
  case FORM_TRIGGER:
    return read_trigger(parser, start, end, self, error);
  case FORM_HEALTH:
    return read_health(parser, start, end, self, error);
  case FORM_WORDS:
    nz_line_words(parser, start, end, self->words);
    return TRUE;
  case FORM_ONE:
    if (start < end)
      g_ptr_array_add(self->words, nz_line_word(parser, start, end));
    break;
  case FORM_JSON:
  case FORM_JSON_LIST:
    if (!read_json(parser, start, end, self, error))
      return FALSE;
    if (!self->json && form == FORM_JSON_LIST) {
      nz_line_words(parser, start, end, self->words);
      return TRUE;
    }
    break;
  case FORM_TEXT:
  default:
    break;
  }
  nz_line_mark(parser, NZ_TOKEN_ARGUMENT, start, end);
  return TRUE;
}

/* --- the keyword --- */

static gboolean
find_kind(const char *word, gsize len, NzDockerKind *kind)
{
  for (guint i = 0; i < NZ_DOCKER_N; i++) {
    if (strlen(kinds[i].name) == len && g_ascii_strncasecmp(word, kinds[i].name, len) == 0) {
      *kind = (NzDockerKind)i;
      return TRUE;
    }
  }
  return FALSE;
}

static gboolean
refuse_keyword(const NzLineParser *parser, gsize start, gsize end, GError **error)
{
  const char *names[NZ_DOCKER_N + 1] = {NULL};
  for (guint i = 0; i < NZ_DOCKER_N; i++)
    names[i] = kinds[i].name;
  gsize len = MIN(end - start, (gsize)64);
  g_autofree char *word = nz_printable(parser->line->data + start, (gssize)len);
  g_autofree char *upper = g_ascii_strup(word, -1);
  const char *near = nz_nearest(upper, names);
  return nz_line_refuse(parser, start, error, "there is no instruction \"%s\"%s%s%s", word,
                        near ? ": did you mean " : "", near ? near : "", near ? "?" : "");
}

NzInstruction *
nz_line_instruction(NzLineParser *parser, gsize start, gsize end, GError **error)
{
  nz_line_trim(parser, &start, &end);
  gsize keyword_end = nz_line_word_end(parser, start, end);
  NzDockerKind kind;
  if (!find_kind(parser->line->data + start, keyword_end - start, &kind)) {
    refuse_keyword(parser, start, keyword_end, error);
    return NULL;
  }
  g_autoptr(NzInstruction) self = new_instruction(kind);
  self->keyword = nz_joined_span(parser->line, start, keyword_end);
  self->span = nz_joined_span(parser->line, start, end);
  nz_line_mark(parser, NZ_TOKEN_KEYWORD, start, keyword_end);
  gsize rest =
      nz_line_flags(parser, nz_line_skip_blanks(parser, keyword_end, end), end, self->flags);
  nz_line_trim(parser, &rest, &end);
  self->rest = nz_joined_slice(parser->line, rest, end);
  if (!read_rest(parser, rest, end, self, error) || !nz_line_check(parser, self, rest, error))
    return NULL;
  return g_steal_pointer(&self);
}

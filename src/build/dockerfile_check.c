/* SPDX-License-Identifier: Apache-2.0 */
/* The flags and arguments that each instruction takes. Whoever adds a flag adds a line to a table.
 */
#include <string.h>

#include "build/dockerfile_parse.h"
#include "build/rune.h"
#include "core/text.h"

typedef enum {
  FLAG_TEXT,
  FLAG_TEXTS, /* may be given more than once */
  FLAG_BOOLEAN,
} FlagType;

typedef struct {
  NzDockerKind kind;
  const char *name;
  FlagType type;
} FlagRule;

static const FlagRule flag_rules[] = {
    {NZ_DOCKER_FROM, "platform", FLAG_TEXT},
    {NZ_DOCKER_ADD, "chmod", FLAG_TEXT},
    {NZ_DOCKER_ADD, "chown", FLAG_TEXT},
    {NZ_DOCKER_ADD, "checksum", FLAG_TEXT},
    {NZ_DOCKER_ADD, "exclude", FLAG_TEXTS},
    {NZ_DOCKER_ADD, "keep-git-dir", FLAG_BOOLEAN},
    {NZ_DOCKER_ADD, "link", FLAG_BOOLEAN},
    {NZ_DOCKER_ADD, "unpack", FLAG_BOOLEAN},
    {NZ_DOCKER_ARG, "required", FLAG_BOOLEAN},
    {NZ_DOCKER_COPY, "chmod", FLAG_TEXT},
    {NZ_DOCKER_COPY, "chown", FLAG_TEXT},
    {NZ_DOCKER_COPY, "exclude", FLAG_TEXTS},
    {NZ_DOCKER_COPY, "from", FLAG_TEXT},
    {NZ_DOCKER_COPY, "link", FLAG_BOOLEAN},
    {NZ_DOCKER_COPY, "parents", FLAG_BOOLEAN},
    {NZ_DOCKER_HEALTHCHECK, "interval", FLAG_TEXT},
    {NZ_DOCKER_HEALTHCHECK, "retries", FLAG_TEXT},
    {NZ_DOCKER_HEALTHCHECK, "start-interval", FLAG_TEXT},
    {NZ_DOCKER_HEALTHCHECK, "start-period", FLAG_TEXT},
    {NZ_DOCKER_HEALTHCHECK, "timeout", FLAG_TEXT},
    {NZ_DOCKER_RUN, "device", FLAG_TEXTS},
    {NZ_DOCKER_RUN, "mount", FLAG_TEXTS},
    {NZ_DOCKER_RUN, "network", FLAG_TEXT},
    {NZ_DOCKER_RUN, "security", FLAG_TEXT},
};

/* Values that are all there are. */
static const struct {
  NzDockerKind kind;
  const char *flag;
  const char *values[4];
} flag_values[] = {
    {NZ_DOCKER_RUN, "network", {"default", "none", "host"}},
    {NZ_DOCKER_RUN, "security", {"insecure", "sandbox"}},
};

/* --- flags --- */

static gboolean
refuse_flag(const NzLineParser *parser, const NzDockerFlag *flag, const char *what, GError **error)
{
  g_autofree char *name = nz_printable(flag->name, -1);
  return nz_dockerfile_refuse(parser->source, flag->span.start, error, "--%s %s", name, what);
}

static const FlagRule *
find_rule(NzDockerKind kind, const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS(flag_rules); i++)
    if (flag_rules[i].kind == kind && g_str_equal(flag_rules[i].name, name))
      return &flag_rules[i];
  return NULL;
}

static gboolean
is_boolean(const char *value)
{
  return g_ascii_strcasecmp(value, "true") == 0 || g_ascii_strcasecmp(value, "false") == 0;
}

static gboolean
check_value(const NzLineParser *parser, NzDockerKind kind, const NzDockerFlag *flag, GError **error)
{
  for (guint i = 0; i < G_N_ELEMENTS(flag_values); i++) {
    if (flag_values[i].kind != kind || !g_str_equal(flag_values[i].flag, flag->name))
      continue;
    for (guint k = 0; flag_values[i].values[k]; k++)
      if (g_str_equal(flag_values[i].values[k], flag->value))
        return TRUE;
    return refuse_flag(parser, flag, "has a value that it does not know", error);
  }
  return TRUE;
}

static gboolean
check_flag(const NzLineParser *parser, const NzInstruction *self, guint place, GError **error)
{
  const NzDockerFlag *flag = self->flags->pdata[place];
  const FlagRule *rule = find_rule(self->kind, flag->name);
  if (!rule) {
    g_autofree char *what = g_strdup_printf("is no flag of %s", nz_docker_kind_name(self->kind));
    return refuse_flag(parser, flag, what, error);
  }
  if (rule->type != FLAG_TEXTS && nz_instruction_flag(self, flag->name) != flag)
    return refuse_flag(parser, flag, "is there twice", error);
  if (rule->type == FLAG_BOOLEAN)
    return !flag->value || is_boolean(flag->value) ||
           refuse_flag(parser, flag, "must be true or false", error);
  if (!flag->value)
    return refuse_flag(parser, flag, "needs a value: --NAME=VALUE", error);
  return check_value(parser, self->kind, flag, error);
}

static gboolean
check_flags(const NzLineParser *parser, const NzInstruction *self, GError **error)
{
  /* BuildKit does not look at these. */
  if (self->kind == NZ_DOCKER_STOPSIGNAL || (self->kind == NZ_DOCKER_HEALTHCHECK && !self->inner))
    return TRUE;
  for (guint i = 0; i < self->flags->len; i++)
    if (!check_flag(parser, self, i, error))
      return FALSE;
  return TRUE;
}

/* --- arguments --- */

/* Where a FROM's name may be wrong. Capitals are made small, as Docker does. */
static gboolean
is_stage_name(const char *name)
{
  if (!g_ascii_isalpha(*name))
    return FALSE;
  for (; *name; name++)
    if (!g_ascii_isalnum(*name) && !strchr("-_.", *name))
      return FALSE;
  return TRUE;
}

static gboolean
check_from(const NzLineParser *parser, const NzInstruction *self, gsize rest, GError **error)
{
  NzWord *const *words = (NzWord *const *)self->words->pdata;
  guint n = self->words->len;
  if (n == 1)
    return TRUE;
  if (n != 3 || g_ascii_strcasecmp(words[1]->text, "as") != 0)
    return nz_line_refuse(parser, rest, error, "FROM takes an image, or an image, AS and a name");
  if (is_stage_name(words[2]->text))
    return TRUE;
  g_autofree char *name = nz_printable(words[2]->text, -1);
  return nz_dockerfile_refuse(parser->source, words[2]->span.start, error,
                              "\"%s\" is no name for a stage: those begin with a letter, and have "
                              "letters, digits, \"-\", \"_\" and \".\"",
                              name);
}

static gboolean
check_copy(const NzLineParser *parser, const NzInstruction *self, gsize rest, GError **error)
{
  const char *name = nz_docker_kind_name(self->kind);
  if (self->words->len < 2)
    return nz_line_refuse(parser, rest, error, "%s needs a source and a destination", name);
  const NzWord *last = self->words->pdata[self->words->len - 1];
  if (nz_heredoc_is_start(last->text))
    return nz_dockerfile_refuse(parser->source, last->span.start, error,
                                "the destination of %s cannot be a heredoc", name);
  return TRUE;
}

static gboolean
check_volume(const NzLineParser *parser, const NzInstruction *self, gsize rest, GError **error)
{
  if (self->words->len == 0)
    return nz_line_refuse(parser, rest, error, "VOLUME needs a directory");
  for (guint i = 0; i < self->words->len; i++) {
    NzWord *word = self->words->pdata[i];
    gsize len = strlen(word->text), n, at = 0;
    while ((n = nz_rune_space(word->text + at, len - at)) > 0)
      at += n;
    if (at == len)
      return nz_dockerfile_refuse(parser->source, word->span.start, error,
                                  "a VOLUME cannot be an empty string");
  }
  return TRUE;
}

static gboolean
check_shell(const NzLineParser *parser, const NzInstruction *self, gsize rest, GError **error)
{
  if (!self->json)
    return nz_line_refuse(parser, rest, error,
                          "SHELL must be a JSON array, such as [\"/bin/sh\", \"-c\"]");
  return self->words->len > 0 || nz_line_refuse(parser, rest, error, "SHELL needs a program");
}

static gboolean
check_some(const NzLineParser *parser, const NzInstruction *self, gsize rest, GError **error)
{
  return self->words->len + self->pairs->len > 0 || self->rest->len > 0 ||
         nz_line_refuse(parser, rest, error, "%s needs an argument",
                        nz_docker_kind_name(self->kind));
}

typedef gboolean (*Check)(const NzLineParser *, const NzInstruction *, gsize, GError **);

static const Check checks[NZ_DOCKER_N] = {
    [NZ_DOCKER_FROM] = check_from,       [NZ_DOCKER_ADD] = check_copy,
    [NZ_DOCKER_COPY] = check_copy,       [NZ_DOCKER_VOLUME] = check_volume,
    [NZ_DOCKER_SHELL] = check_shell,     [NZ_DOCKER_ARG] = check_some,
    [NZ_DOCKER_ENV] = check_some,        [NZ_DOCKER_LABEL] = check_some,
    [NZ_DOCKER_EXPOSE] = check_some,     [NZ_DOCKER_USER] = check_some,
    [NZ_DOCKER_WORKDIR] = check_some,    [NZ_DOCKER_STOPSIGNAL] = check_some,
    [NZ_DOCKER_MAINTAINER] = check_some,
};

gboolean
nz_line_check(const NzLineParser *parser, const NzInstruction *instruction, gsize rest,
              GError **error)
{
  Check check = checks[instruction->kind];
  return (!check || check(parser, instruction, rest, error)) &&
         check_flags(parser, instruction, error);
}

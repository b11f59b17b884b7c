/* SPDX-License-Identifier: Apache-2.0 */
#include "build/dockerfile.h"

#include "build/dockerfile_parse.h"
#include "core/error.h"

/* --- errors --- */

void
nz_dockerfile_fail(NzSourceFile *source, guint32 offset, NzError code, const char *message,
                   GError **error)
{
  guint column, line = nz_source_line(source, offset, &column);
  g_set_error(error, NZ_ERROR, code, "%s:%u:%u: %s", source->name, line, column, message);
}

gboolean
nz_dockerfile_refuse(NzSourceFile *source, guint32 offset, GError **error, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  g_autofree char *message = g_strdup_vprintf(format, args);
  va_end(args);
  nz_dockerfile_fail(source, offset, NZ_ERROR_INPUT, message, error);
  return FALSE;
}

gboolean
nz_line_refuse(const NzLineParser *parser, gsize at, GError **error, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  g_autofree char *message = g_strdup_vprintf(format, args);
  va_end(args);
  /* What is missing at the end of a line is missing after its last character. */
  gsize len = parser->line->len;
  NzSpan span = nz_joined_span(parser->line, at < len || len == 0 ? at : len - 1, len);
  guint32 offset = at < len || len == 0 ? span.start : span.end;
  nz_dockerfile_fail(parser->source, offset, NZ_ERROR_INPUT, message, error);
  return FALSE;
}

/* Only ARG may stand before the first FROM, and there must be one. */
static gboolean
check_stages(const NzDockerfile *file, GError **error)
{
  for (guint i = 0; i < file->instructions->len; i++) {
    const NzInstruction *instruction = file->instructions->pdata[i];
    if (instruction->kind == NZ_DOCKER_FROM)
      return TRUE;
    if (instruction->kind != NZ_DOCKER_ARG)
      return nz_dockerfile_refuse(file->source, instruction->keyword.start, error,
                                  "%s stands before the first FROM, where only ARG may",
                                  nz_docker_kind_name(instruction->kind));
  }
  return nz_dockerfile_refuse(file->source, 0, error, "there is no FROM in this file");
}

/* --- files --- */

static void
free_instruction(gpointer data)
{
  nz_instruction_free(data);
}

static NzDockerfile *
new_file(NzSourceFile *source)
{
  NzDockerfile *self = g_new0(NzDockerfile, 1);
  self->source = source;
  self->tokens = g_array_new(FALSE, FALSE, sizeof(NzToken));
  self->instructions = g_ptr_array_new_with_free_func(free_instruction);
  self->escape = '\\';
  return self;
}

void
nz_dockerfile_free(NzDockerfile *self)
{
  if (!self)
    return;
  g_array_unref(self->tokens);
  g_ptr_array_unref(self->instructions);
  g_free(self->syntax);
  g_free(self->check);
  g_free(self);
}

NzDockerfile *
nz_dockerfile_parse(NzSourceFile *source, GError **error)
{
  g_autoptr(NzDockerfile) self = new_file(source);
  if (!nz_dockerfile_read(self, error) || !check_stages(self, error))
    return NULL;
  return g_steal_pointer(&self);
}

NzInstruction *
nz_instruction_parse(NzSourceFile *source, GError **error)
{
  g_autoptr(NzDockerfile) file = new_file(source);
  if (!nz_dockerfile_read(file, error))
    return NULL;
  const NzInstruction *first = file->instructions->pdata[0];
  guint32 at = first->keyword.start;
  if (file->instructions->len > 1) {
    const NzInstruction *second = file->instructions->pdata[1];
    nz_dockerfile_refuse(source, second->keyword.start, error, "a trigger is one instruction");
    return NULL;
  }
  if (first->kind == NZ_DOCKER_FROM || first->kind == NZ_DOCKER_ONBUILD) {
    nz_dockerfile_refuse(source, at, error, "%s cannot be triggered",
                         nz_docker_kind_name(first->kind));
    return NULL;
  }
  return g_ptr_array_steal_index(file->instructions, 0);
}

char *
nz_dockerfile_print(const NzDockerfile *self, gsize *len)
{
  g_autoptr(GString) out = g_string_sized_new(self->source->len + 1);
  for (guint i = 0; i < self->tokens->len; i++) {
    NzSpan span = g_array_index(self->tokens, NzToken, i).span;
    g_string_append_len(out, self->source->data + span.start, span.end - span.start);
  }
  *len = out->len;
  return g_string_free(g_steal_pointer(&out), FALSE);
}

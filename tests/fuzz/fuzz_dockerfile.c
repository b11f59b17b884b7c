/* SPDX-License-Identifier: Apache-2.0 */
/* A Dockerfile, read and printed; then each word of it expanded. The first byte says how. */
#include <string.h>

#include "build/dockerfile.h"
#include "build/expand.h"
#include "core/limits.h"

int LLVMFuzzerTestOneInput(const guint8 *data, size_t size);

static const char *
look_up(const char *name, gpointer data)
{
  const char *value = g_hash_table_lookup(data, name);
  return value ? value : strlen(name) % 3 == 0 ? "a*b?/c\\d" : NULL;
}

static void
check_span(const NzSourceFile *source, NzSpan span)
{
  if (span.start > span.end || span.end > source->len)
    g_error("a span outside of the file");
}

static void
check_joined(const NzSourceFile *source, const NzJoined *joined)
{
  if (strlen(joined->data) != joined->len)
    g_error("a text whose length is wrong");
  for (gsize i = 0; i < joined->len; i++) {
    NzSpan span = nz_joined_span(joined, i, i + 1);
    check_span(source, span);
    if (source->data[span.start] != joined->data[i])
      g_error("a byte that stands elsewhere");
  }
}

static void
expand(const char *text, NzExpand *how)
{
  g_autoptr(GError) error = NULL;
  g_autofree char *word = nz_expand_word(text, how, &error);
  if ((word == NULL) != (error != NULL))
    g_error("an error without a message, or the other way round");
  if (word && strlen(word) > NZ_SOURCE_MAX)
    g_error("an expansion that is too long");
  g_auto(GStrv) words = nz_expand_words(text, how, NULL);
  if (!word != !words)
    g_error("words where there is no text, or the other way round");
}

static void
expand_all(const NzInstruction *self, NzExpand *how, const NzSourceFile *source)
{
  check_span(source, self->span);
  check_span(source, self->keyword);
  check_joined(source, self->rest);
  expand(self->rest->data, how);
  for (guint i = 0; i < self->words->len; i++) {
    const NzWord *word = self->words->pdata[i];
    check_span(source, word->span);
    expand(word->text, how);
  }
  for (guint i = 0; i < self->pairs->len; i++) {
    const NzDockerPair *pair = self->pairs->pdata[i];
    check_span(source, pair->span);
    check_span(source, pair->value_span);
    if (pair->value)
      g_hash_table_replace(how->data, g_strdup(pair->key), nz_expand_word(pair->value, how, NULL));
  }
  for (guint i = 0; i < self->heredocs->len; i++)
    check_joined(source, ((const NzHeredoc *)self->heredocs->pdata[i])->body);
  if (self->inner)
    expand_all(self->inner, how, source);
}

static void
check_print(const NzDockerfile *file, const NzSourceFile *source)
{
  gsize len;
  g_autofree char *printed = nz_dockerfile_print(file, &len);
  if (len != source->len || memcmp(printed, source->data, len) != 0)
    g_error("the file is not printed as it was");
}

int
LLVMFuzzerTestOneInput(const guint8 *data, size_t size)
{
  if (size == 0 || size > NZ_SOURCE_MAX)
    return 0;
  g_autoptr(NzSourceFile) source = nz_source_new("f", (const char *)data + 1, size - 1);
  g_autoptr(GError) error = NULL;
  if (data[0] & 1) {
    g_autoptr(NzInstruction) trigger = nz_instruction_parse(source, &error);
    if ((trigger == NULL) != (error != NULL))
      g_error("an error without a message, or the other way round");
    return 0;
  }
  g_autoptr(NzDockerfile) file = nz_dockerfile_parse(source, &error);
  if ((file == NULL) != (error != NULL))
    g_error("an error without a message, or the other way round");
  if (!file)
    return 0;
  check_print(file, source);
  guint64 budget = NZ_EXPAND_WORK_MAX;
  g_autoptr(GHashTable) values = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
  g_autoptr(GPtrArray) used = g_ptr_array_new_with_free_func(g_free);
  NzExpand how = {.lookup = look_up,
                  .data = values,
                  .escape = file->escape,
                  .keep_raw = data[0] & 2,
                  .keep_unset = data[0] & 4,
                  .plain_quotes = data[0] & 8,
                  .used = used,
                  .budget = &budget};
  for (guint i = 0; i < file->instructions->len; i++)
    expand_all(file->instructions->pdata[i], &how, source);
  return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Shell text, split. The first byte's lowest bit says whether some variables are known. */
#include <string.h>

#include "build/shell.h"
#include "core/limits.h"

int LLVMFuzzerTestOneInput(const guint8 *data, size_t size);

static void
check_word(const NzShellWord *word, gsize len)
{
  if (!word->text)
    g_error("a word without text");
  if (word->start > word->end || word->end > len)
    g_error("a word outside the text: %zu to %zu of %zu", word->start, word->end, len);
}

static void
check_command(const NzShellCommand *command, gsize len)
{
  if (command->start > command->end || command->end > len)
    g_error("a command outside the text: %zu to %zu of %zu", command->start, command->end, len);
  if (command->depth > NZ_SHELL_DEPTH_MAX)
    g_error("deeper than there may be");
  for (guint i = 0; i < command->assignments->len; i++)
    check_word(command->assignments->pdata[i], len);
  for (guint i = 0; i < command->words->len; i++)
    check_word(command->words->pdata[i], len);
  for (guint i = 0; i < command->redirects->len; i++) {
    const NzShellRedirect *redirect = command->redirects->pdata[i];
    if (!strpbrk(redirect->op, "<>"))
      g_error("a redirection that is none: %s", redirect->op);
    check_word(redirect->word, len);
  }
  if (nz_shell_command_program(command) > command->words->len)
    g_error("a program outside the words");
}

static void
check_text(const NzShellText *text, gsize len)
{
  if (text->commands->len > NZ_SHELL_COMMANDS_MAX + 1)
    g_error("more commands than there may be");
  if (text->unsplit && text->unsplit_at > len)
    g_error("a place outside the text: %zu of %zu", text->unsplit_at, len);
  for (guint i = 0; i < text->commands->len; i++)
    check_command(text->commands->pdata[i], len);
}

int
LLVMFuzzerTestOneInput(const guint8 *data, size_t size)
{
  static const char *const environment[] = {"v=val", "w=x y", "e=", "IFS2=:", "u=1000", NULL};
  if (size == 0)
    return 0;
  gsize len = size - 1;
  /* Of exact size and not terminated: the sanitizer sees a read behind the end. */
  g_autofree char *copy = g_memdup2(data + 1, len);
  const char *text = copy ? copy : "";
  const char *const *known = data[0] & 1 ? environment : NULL;
  g_autoptr(NzShellText) split = nz_shell_split(text, len, known);
  check_text(split, len);
  g_autofree char *terminated = g_strndup(text, len);
  const char *args[] = {"sh", "-c", terminated, "name", terminated};
  g_autoptr(NzShellText) of_args = nz_shell_split_args(args, 5, known);
  check_text(of_args, strlen("sh -c  name ") + 2 * strlen(terminated));
  return 0;
}

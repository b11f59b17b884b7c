/* SPDX-License-Identifier: Apache-2.0 */
/* Proposals for what only people can decide: capabilities of files, sudo. */
#include <string.h>

#include "fix/fix_private.h"

static NzFinding *
find_in(const NzMend *self, const char *rule, NzSpan span)
{
  guint i = 0;
  for (NzFinding *f; (f = nz_mend_next_in(self, span, &i));)
    if (strcmp(f->rule, rule) == 0)
      return f;
  return NULL;
}

static void
propose(NzMend *self, NzFinding *finding, NzFix *fix, const char *why)
{
  fix->refused = g_strdup(why);
  finding->fix = fix;
  nz_mend_add(self, fix);
}

static void
look_at_setcap(NzMend *self, const NzMendCommand *command)
{
  NzFinding *finding = find_in(self, "file-capabilities", command->span);
  if (!finding)
    return;
  NzFix *fix = nz_fix_new("leave setcap out");
  if (!nz_mend_remove_command(self, fix, command)) {
    nz_fix_free(fix);
    return;
  }
  propose(self, finding, fix,
          "the program may not work without its capability: a port below 1024 is better mapped by "
          "the runtime, `-p 80:8080`, and others given to the container, `--cap-add`");
}

/* The word of a package, and the blank before it. */
static void
look_at_tool(NzMend *self, const NzMendCommand *command)
{
  static const char *const tools[] = {"sudo", "doas", "su", NULL};
  for (guint i = 2; i < command->command->words->len; i++) {
    const NzShellWord *word = nz_mend_word(command, i);
    NzSpan span = nz_mend_word_span(command, word), inside;
    NzFinding *finding =
        g_strv_contains(tools, word->text) ? find_in(self, "privileged-tools", span) : NULL;
    if (!finding || !nz_mend_literal(self, span, word->text, &inside))
      continue;
    NzSpan before = nz_mend_word_span(command, nz_mend_word(command, i - 1));
    g_autofree char *title = g_strdup_printf("do not install %s", word->text);
    NzFix *fix = nz_fix_new(title);
    nz_mend_replace(self, fix, (NzSpan){before.end, span.end}, "");
    propose(self, finding, fix, "whether something in the image calls it is not known");
    return;
  }
}

static void
look_at_command(NzMend *self, const NzMendCommand *command, gpointer data G_GNUC_UNUSED)
{
  g_autofree char *name = g_path_get_basename(nz_mend_word(command, 0)->text);
  if (strcmp(name, "setcap") == 0)
    look_at_setcap(self, command);
  else
    look_at_tool(self, command);
}

void
nz_mend_privileges(NzMend *self)
{
  guint i = 0, j = 0;
  if (nz_mend_next(self, "file-capabilities", &i) || nz_mend_next(self, "privileged-tools", &j))
    nz_mend_foreach_command(self, look_at_command, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* su, and programs of which nobody knows what they do. */
#include <string.h>

#include "build/effects_private.h"

static const NzOption su_options[] = {
    {'c', "command", NZ_VALUE},
    {'s', "shell", NZ_VALUE},
    {'g', "group", NZ_VALUE},
    {'G', "supp-group", NZ_VALUE},
    {'w', "whitelist-environment", NZ_VALUE},
    {'l', "login", NZ_NO_VALUE},
    {'m', "preserve-environment", NZ_NO_VALUE},
    {'p', "preserve-environment", NZ_NO_VALUE},
    {0},
};

/* "su - app -c '...'": run by root it drops what root has, run by others it is to become root. */
void
nz_effect_su(NzCall *call)
{
  g_auto(NzArguments) args = nz_arguments_read(call->words, call->n, su_options, NZ_ARGS_ANYWHERE);
  guint at = nz_operand(&args, 0) && strcmp(nz_operand(&args, 0)->text, "-") == 0 ? 1 : 0;
  const NzShellWord *user = nz_operand(&args, at);
  gboolean to_root = !user || nz_is_root_name(user->text);
  if (!call->root) {
    g_autofree char *how = nz_call_how(call, user);
    nz_call_act(call, NZ_ACT_PRIVILEGED_TOOL, NULL, "su", how);
  }
  nz_call_set_inner_root(call, to_root);
}

/* A shell that was given its text by -c had that text split already. */
static gboolean
has_text(const NzCall *call)
{
  for (guint i = 1; i < call->n && call->words[i]->text[0] == '-'; i++) {
    const char *text = call->words[i]->text;
    if (text[1] != '-' && strpbrk(text, "cV"))
      return TRUE;
    if (strcmp(text, "--version") == 0 || strcmp(text, "--help") == 0)
      return TRUE;
  }
  return FALSE;
}

void
nz_effect_script(NzCall *call)
{
  if (!call->root || has_text(call))
    return;
  g_autofree char *why =
      g_strdup_printf("%s%s%s may have made users", call->words[0]->text, call->n > 1 ? " " : "",
                      call->n > 1 ? call->words[1]->text : "");
  nz_call_doubt(call, why);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "report/advice.h"

#include <string.h>

#include "core/text.h"

const char *
nz_advice_command(const char *rule)
{
  if (g_str_has_prefix(rule, "setuid-") || g_str_has_prefix(rule, "setgid-"))
    return "RUN chmod a-s";
  return strcmp(rule, "file-capabilities") == 0 ? "RUN setcap -r" : NULL;
}

char *
nz_advice_argument(const char *path)
{
  gboolean plain = strspn(path, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                "0123456789/._-+") == strlen(path);
  g_autofree char *shown = nz_printable(path, -1);
  return plain ? g_steal_pointer(&shown) : g_shell_quote(shown);
}

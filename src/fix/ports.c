/* SPDX-License-Identifier: Apache-2.0 */
/* Ports below 1024, which the runtime maps. */
#include <string.h>

#include "fix/fix_private.h"

#define FIRST_FREE_PORT 1024u
#define PORT_STEP       8000u

static guint
port_of(const NzAct *act)
{
  guint64 port = 0;
  g_autofree char *digits = g_strndup(act->what, strspn(act->what, "0123456789"));
  if (act->kind != NZ_ACT_PORT || !g_ascii_string_to_unsigned(digits, 10, 1, 65535, &port, NULL))
    return 0;
  return (guint)port;
}

static gboolean
is_exposed(const GPtrArray *acts, guint port)
{
  for (guint i = 0; i < acts->len; i++)
    if (port_of(acts->pdata[i]) == port)
      return TRUE;
  return FALSE;
}

char *
nz_mend_ports(const NzMend *self)
{
  const GPtrArray *acts = self->build->state->acts;
  g_autoptr(GString) listen = g_string_new(NULL);
  g_autoptr(GString) options = g_string_new(NULL);
  for (guint i = 0; i < acts->len; i++) {
    const NzAct *act = acts->pdata[i];
    guint port = port_of(act);
    if (port == 0 || port >= FIRST_FREE_PORT)
      continue;
    guint other = port + PORT_STEP;
    while (is_exposed(acts, other))
      other += 1000;
    const char *slash = strchr(act->what, '/');
    g_string_append_printf(listen, "%s%u", listen->len > 0 ? " and " : "", other);
    g_string_append_printf(options, "%s-p %u:%u%s", options->len > 0 ? " " : "", port, other,
                           slash && g_ascii_strcasecmp(slash, "/tcp") != 0 ? slash : "");
  }
  if (listen->len == 0)
    return NULL;
  return g_strdup_printf("listen on %s and publish it with `%s`", listen->str, options->str);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/outlet_options.h"

#include <string.h>

#include "core/text.h"

#define AUDIT_SIZE ((guint64)16 * 1024 * 1024)
#define AUDIT_KEEP 5

NzOutletOptions nz_outlet_options = {.audit_keep = AUDIT_KEEP};

/* "64K", "16M", "1G", bytes without a letter. */
static gboolean
read_size(const char *text, guint64 *size)
{
  static const char letters[] = "KMG";
  gint64 number;
  gsize digits = strspn(text, "0123456789");
  const char *unit = text[digits] ? strchr(letters, g_ascii_toupper(text[digits])) : NULL;
  if (digits == 0 || nz_parse_int(text, digits, &number) != NZ_INT_OK || number > G_MAXINT32 ||
      (text[digits] && (!unit || text[digits + 1])))
    return FALSE;
  *size = (guint64)number << (unit ? 10 * (unit - letters + 1) : 0);
  return TRUE;
}

gboolean
nz_outlet_options_read(NzOutletOptions *self, gboolean once, char **message)
{
  self->audit_size = AUDIT_SIZE;
  if (self->audit_size_text && !read_size(self->audit_size_text, &self->audit_size)) {
    g_autofree char *shown = nz_printable(self->audit_size_text, -1);
    *message = g_strdup_printf("--audit-size: %s is no size; write it as 64K, 16M or 1G", shown);
  } else if (self->audit_keep < 1 || self->audit_keep > 1000) {
    *message = g_strdup("--audit-keep: from 1 to 1000");
  } else if (self->log && strcmp(self->log, "journald") != 0 && strcmp(self->log, "syslog") != 0) {
    g_autofree char *shown = nz_printable(self->log, -1);
    *message = g_strdup_printf("--log: there is no log called %s; write journald or syslog", shown);
  } else if (once && (self->live || self->listen)) {
    *message = g_strdup("--once looks once: it goes with neither --live nor --listen");
  }
  return !*message;
}

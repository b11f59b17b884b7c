/* SPDX-License-Identifier: Apache-2.0 */
#include "report/xml.h"

#include <string.h>

#include "core/text.h"

/* U+FFFE and U+FFFF, which XML 1.0 (section 2.2) leaves out; the others it leaves out are not
 * printable either. */
static gboolean
is_outside_xml(const char *p)
{
  return (guint8)p[0] == 0xef && (guint8)p[1] == 0xbf && (guint8)p[2] >= 0xbe;
}

void
nz_xml_put(FILE *out, const char *text)
{
  g_autofree char *clean = nz_printable(text, -1);
  for (const char *p = clean; *p; p++) {
    gsize n = strcspn(p, "&<>\"'\xef");
    fwrite(p, 1, n, out);
    p += n;
    if (*p == '\0')
      return;
    if (is_outside_xml(p)) {
      fprintf(out, "\\x%02x\\x%02x\\x%02x", (guint8)p[0], (guint8)p[1], (guint8)p[2]);
      p += 2;
      continue;
    }
    switch (*p) {
    case '&':
      fputs("&amp;", out);
      break;
    case '<':
      fputs("&lt;", out);
      break;
    case '>':
      fputs("&gt;", out);
      break;
    case '"':
      fputs("&quot;", out);
      break;
    case '\'':
      fputs("&apos;", out);
      break;
    default:
      fputc(*p, out);
    }
  }
}

void
nz_xml_put_attribute(FILE *out, const char *name, const char *value)
{
  if (!value)
    return;
  fprintf(out, " %s=\"", name);
  nz_xml_put(out, value);
  fputc('"', out);
}

void
nz_xml_put_uint(FILE *out, const char *name, guint value)
{
  fprintf(out, " %s=\"%u\"", name, value);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "report/jsonw.h"

#include <string.h>

#include "core/text.h"

struct NzJsonw {
  FILE *out;
  guint depth;
  gboolean line;
  gboolean empty; /* nothing yet in the innermost object or array */
};

NzJsonw *
nz_jsonw_new(FILE *out)
{
  NzJsonw *self = g_new0(NzJsonw, 1);
  self->out = out;
  self->empty = TRUE;
  return self;
}

NzJsonw *
nz_jsonw_new_line(FILE *out)
{
  NzJsonw *self = nz_jsonw_new(out);
  self->line = TRUE;
  return self;
}

void
nz_jsonw_free(NzJsonw *self)
{
  if (!self)
    return;
  g_assert(self->depth == 0);
  fputc('\n', self->out);
  g_free(self);
}

static void
put_escape(NzJsonw *self, gunichar c)
{
  if (c > 0xffff) {
    c -= 0x10000;
    fprintf(self->out, "\\u%04x\\u%04x", 0xd800 + (c >> 10), 0xdc00 + (c & 0x3ff));
  } else {
    fprintf(self->out, "\\u%04x", c);
  }
}

/* How many bytes from P on stand for themselves. */
static gsize
count_plain(const char *p)
{
  gsize n = 0;
  while (p[n] >= ' ' && p[n] <= '~' && p[n] != '"' && p[n] != '\\')
    n++;
  return n;
}

static void
put_quoted(NzJsonw *self, const char *text)
{
  const char *end = text + strlen(text);
  fputc('"', self->out);
  for (const char *p = text, *next; p < end; p = next) {
    gsize plain = count_plain(p);
    if (plain > 0) {
      fwrite(p, 1, plain, self->out);
      next = p + plain;
      continue;
    }
    gunichar c = g_utf8_get_char_validated(p, end - p);
    gboolean valid = c != (gunichar)-1 && c != (gunichar)-2;
    next = valid ? g_utf8_next_char(p) : p + 1;
    if (!valid)
      fprintf(self->out, "\\\\x%02x", (guint8)*p);
    else if (c == '"' || c == '\\')
      fprintf(self->out, "\\%c", *p);
    else if (!nz_is_printable(c))
      put_escape(self, c);
    else
      fwrite(p, 1, (gsize)(next - p), self->out);
  }
  fputc('"', self->out);
}

static void
new_line(NzJsonw *self)
{
  if (!self->line)
    fprintf(self->out, "\n%*s", (int)self->depth * 2, "");
}

static void
begin_value(NzJsonw *self, const char *key)
{
  if (self->depth > 0) {
    if (!self->empty)
      fputc(',', self->out);
    new_line(self);
  }
  self->empty = FALSE;
  if (key) {
    put_quoted(self, key);
    fputs(": ", self->out);
  }
}

static void
begin(NzJsonw *self, const char *key, char bracket)
{
  begin_value(self, key);
  fputc(bracket, self->out);
  self->depth++;
  self->empty = TRUE;
}

static void
end(NzJsonw *self, char bracket)
{
  self->depth--;
  if (!self->empty)
    new_line(self);
  fputc(bracket, self->out);
  self->empty = FALSE;
}

void
nz_jsonw_begin_object(NzJsonw *self, const char *key)
{
  begin(self, key, '{');
}

void
nz_jsonw_end_object(NzJsonw *self)
{
  end(self, '}');
}

void
nz_jsonw_begin_array(NzJsonw *self, const char *key)
{
  begin(self, key, '[');
}

void
nz_jsonw_end_array(NzJsonw *self)
{
  end(self, ']');
}

void
nz_jsonw_string(NzJsonw *self, const char *key, const char *text)
{
  if (!text)
    return;
  begin_value(self, key);
  put_quoted(self, text);
}

void
nz_jsonw_true(NzJsonw *self, const char *key)
{
  nz_jsonw_bool(self, key, TRUE);
}

void
nz_jsonw_bool(NzJsonw *self, const char *key, gboolean value)
{
  begin_value(self, key);
  fputs(value ? "true" : "false", self->out);
}

void
nz_jsonw_uint(NzJsonw *self, const char *key, guint64 n)
{
  begin_value(self, key);
  fprintf(self->out, "%" G_GUINT64_FORMAT, n);
}

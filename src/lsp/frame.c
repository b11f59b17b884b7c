/* SPDX-License-Identifier: Apache-2.0 */
#include "lsp/frame.h"

#include <stdlib.h>
#include <string.h>

#include "core/limits.h"

/* A line without its end, which is "\r\n" or, as some write it, "\n". FALSE when the input is over
 * or there is more than LEFT of it. */
static gboolean
read_line(FILE *in, GString *line, gsize *left)
{
  g_string_truncate(line, 0);
  for (int c; (c = getc_unlocked(in)) != EOF && *left > 0; (*left)--) {
    if (c == '\n') {
      if (line->len > 0 && line->str[line->len - 1] == '\r')
        g_string_truncate(line, line->len - 1);
      return TRUE;
    }
    g_string_append_c(line, (char)c);
  }
  return FALSE;
}

static gboolean
read_length(const char *value, gsize *length)
{
  guint64 n;
  g_autofree char *word = g_strstrip(g_strdup(value));
  if (!g_ascii_string_to_unsigned(word, 10, 0, NZ_LSP_SKIP_MAX, &n, NULL))
    return FALSE;
  *length = n;
  return TRUE;
}

/* NULL, or what is wrong. *ENDED: the input was over before the first of them. */
static const char *
read_headers(FILE *in, gsize *length, gboolean *ended)
{
  g_autoptr(GString) line = g_string_new(NULL);
  gsize left = NZ_LSP_HEADERS_MAX;
  gboolean known = FALSE;
  *ended = FALSE;
  for (;;) {
    if (!read_line(in, line, &left)) {
      *ended = feof(in) && left == NZ_LSP_HEADERS_MAX;
      return left == 0 ? "the headers do not end" : "the input ends within the headers";
    }
    if (line->len == 0)
      return known ? NULL : "no Content-Length";
    char *colon = memchr(line->str, ':', line->len);
    if (!colon)
      return "a header without a colon";
    *colon = '\0';
    if (g_ascii_strcasecmp(line->str, "Content-Length") != 0)
      continue;
    if (known || !read_length(colon + 1, length))
      return "no usable Content-Length";
    known = TRUE;
  }
}

static gboolean
skip(FILE *in, gsize n)
{
  char buffer[4096];
  while (n > 0) {
    gsize got = fread(buffer, 1, MIN(n, sizeof buffer), in);
    if (got == 0)
      return FALSE;
    n -= got;
  }
  return TRUE;
}

NzFrame
nz_frame_read(FILE *in, char **body, gsize *len, const char **why)
{
  gboolean ended;
  *why = read_headers(in, len, &ended);
  if (*why)
    return ended ? NZ_FRAME_END : NZ_FRAME_BROKEN;
  if (*len > NZ_LSP_MESSAGE_MAX) {
    *why = "the input ends within a message";
    return skip(in, *len) ? NZ_FRAME_TOO_LONG : NZ_FRAME_BROKEN;
  }
  g_autofree char *data = g_malloc(*len + 1);
  if (fread(data, 1, *len, in) != *len) {
    *why = "the input ends within a message";
    return NZ_FRAME_BROKEN;
  }
  data[*len] = '\0';
  *body = g_steal_pointer(&data);
  return NZ_FRAME_READ;
}

gboolean
nz_frame_write(FILE *out, const json_t *message)
{
  char *text = json_dumps(message, JSON_COMPACT);
  if (!text)
    return FALSE;
  fprintf(out, "Content-Length: %zu\r\n\r\n%s", strlen(text), text);
  free(text);
  return fflush(out) == 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* A sudoers file and a shell script. The bits of the first byte say which of the two readers gets
 * what follows; both may. */
#include <string.h>

#include "core/limits.h"
#include "core/privdrop.h"
#include "core/sudoers.h"

int LLVMFuzzerTestOneInput(const guint8 *data, size_t size);

typedef struct {
  const guint8 *text;
  gsize len;
  guint lines;
  guint calls;
  guint last_line;
} Seen;

static guint
count_lines(const guint8 *text, gsize len)
{
  guint n = 1;
  for (gsize i = 0; i < len; i++)
    n += text[i] == '\n';
  return n;
}

static void
check_line(Seen *seen, guint line)
{
  seen->calls++;
  if (line < 1 || line > seen->lines)
    g_error("line %u of %u", line, seen->lines);
}

static void
let_in(const char *who, guint line, gpointer user_data)
{
  Seen *seen = user_data;
  check_line(seen, line);
  if (!who || !*who)
    g_error("somebody without a name");
  if (strlen(who) > seen->len + 1)
    g_error("a name that the text does not hold");
  if (seen->calls > NZ_SUDOERS_MAX)
    g_error("more than there may be");
}

static void
dropped(const char *tool, const char *user, guint line, gpointer user_data)
{
  static const char *const tools[] = {"gosu",      "su-exec",        "setpriv", "s6-setuidgid",
                                      "setuidgid", "s6-applyuidgid", "chpst",   "su",
                                      "runuser",   "sudo",           "doas"};
  Seen *seen = user_data;
  check_line(seen, line);
  gboolean known = FALSE;
  for (guint i = 0; tool && i < G_N_ELEMENTS(tools); i++)
    known |= strcmp(tool, tools[i]) == 0;
  if (!known)
    g_error("a tool that is none: %s", tool ? tool : "NULL");
  if (user && strlen(user) > 2 * seen->len + 1) /* "user:group" of two words */
    g_error("a user that the text does not hold");
  if (seen->calls > NZ_DROPS_MAX)
    g_error("more than there may be");
  if (line < seen->last_line)
    g_error("lines out of order");
  seen->last_line = line;
}

int
LLVMFuzzerTestOneInput(const guint8 *data, size_t size)
{
  if (size == 0)
    return 0;
  gsize len = size - 1;
  /* Of exact size and not terminated: the sanitizer sees a read behind the end. */
  g_autofree guint8 *copy = g_memdup2(data + 1, len);
  const guint8 *text = copy ? copy : (const guint8 *)"";
  if (data[0] & 1) {
    Seen seen = {text, len, count_lines(text, len), 0, 0};
    g_autoptr(NzSudoers) sudoers = nz_sudoers_new();
    nz_sudoers_learn(sudoers, (const char *)text, len);
    nz_sudoers_foreach_nopasswd(sudoers, (const char *)text, len, let_in, &seen);
  }
  if (data[0] & 2) {
    Seen seen = {text, len, count_lines(text, len), 0, 0};
    nz_privdrop_foreach((const char *)text, len, dropped, &seen);
  }
  return 0;
}

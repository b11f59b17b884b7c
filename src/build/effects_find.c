/* SPDX-License-Identifier: Apache-2.0 */
/* find: what it finds by -perm, and what is done to that by -exec, -delete, xargs, $(find ...). */
#include <string.h>

#include "build/effects_private.h"
#include "core/text.h"

/* The setuid and setgid bits of which "-perm TEXT" finds all files that have any. */
static guint16
found_bits(const char *text)
{
  gboolean any = *text == '/' || *text == '+';
  const char *mode = text + (any || *text == '-');
  guint64 octal;
  guint16 bits = 0;
  if (mode == text)
    return 0;
  if (nz_parse_octal(mode, strlen(mode), &octal)) {
    bits = (guint16)(octal & 07777);
  } else {
    bits = nz_mode_apply(mode, 0);
  }
  guint16 setid = bits & NZ_BIT_SETID;
  if (any)
    return setid;
  return bits == NZ_BIT_SETUID || bits == NZ_BIT_SETGID ? setid : 0;
}

/* What takes no files out, or those alone that have no bits: all other tests may. */
static gboolean
narrows(const char *text)
{
  static const char *const harmless[] = {
      "-a",  "-and",   "-depth",  "-follow", "-ls",   "-mount", "-noleaf", "-o",
      "-or", "-print", "-print0", "-true",   "-xdev", "-d",     "-x",      NULL};
  return (*text == '-' && text[1] != '\0' && !g_strv_contains(harmless, text)) ||
         strcmp(text, "!") == 0;
}

static gboolean
is_exec(const char *text)
{
  return strcmp(text, "-exec") == 0 || strcmp(text, "-execdir") == 0 || strcmp(text, "-ok") == 0 ||
         strcmp(text, "-okdir") == 0;
}

/* Bits of files below the roots are cleared; those with names that only a running shell knows. */
void
nz_found_cleared(NzCall *call, guint16 bits)
{
  NzFound *found = &call->run->found;
  /* What stands between may take some out: "find ... | head | xargs chmod". */
  if (!found->roots || call->maybe || call->index > found->at + 1)
    return;
  for (guint i = 0; i < found->roots->len; i++) {
    NzTarget target = {.path = found->roots->pdata[i], .recursive = TRUE};
    nz_mode_cleared(call, &target, bits & found->bits);
  }
}

typedef struct {
  gboolean narrow; /* some below the roots are not looked at */
  gboolean ors;    /* "-o" */
  guint perms;
  gboolean typed;       /* by -type alone */
  gboolean directories; /* "-type d" */
} Tests;

static const char *
base_name(const char *path)
{
  const char *slash = strrchr(path, '/');
  return slash ? slash + 1 : path;
}

static gboolean
has_braces(const NzCall *call)
{
  for (guint i = 1; i < call->n; i++)
    if (strcmp(call->words[i]->text, "{}") == 0)
      return TRUE;
  return FALSE;
}

/* chmod of what is found, which is only in part known. */
static void
exec_chmod(NzCall *call, const Tests *tests)
{
  NzModeChange change;
  const NzShellWord *mode = nz_chmod_read(call, &change);
  const NzFound *found = &call->run->found;
  if (!mode)
    return;
  if ((change.clear & NZ_BIT_SETID) && !tests->narrow && has_braces(call))
    nz_found_cleared(call, change.clear & NZ_BIT_SETID);
  g_autofree char *shown =
      g_strdup_printf("what find finds in %s",
                      found->roots->len ? (const char *)found->roots->pdata[0] : "a directory");
  nz_chmod_unknown(call, mode, shown, tests->directories);
}

/* -exec COMMAND with {}: a command over all below the roots. */
static void
find_exec(NzCall *call, guint at, guint end, const Tests *tests)
{
  static const char *const starters[] = {"busybox", "doas", "env",    "nice",
                                         "nohup",   "sudo", "toybox", NULL};
  const NzFound *found = &call->run->found;
  NzCall inner = *call;
  inner.words = call->words + at;
  inner.n = end - at;
  if (inner.n == 0)
    return;
  inner.name = base_name(inner.words[0]->text);
  /* env chmod, busybox chmod, sudo chmod */
  while (inner.n > 1 && g_strv_contains(starters, inner.name)) {
    inner.words++;
    inner.n--;
    inner.name = base_name(inner.words[0]->text);
  }
  if (strcmp(inner.name, "chmod") == 0)
    exec_chmod(&inner, tests);
  else if (strcmp(inner.name, "rm") == 0 && !tests->narrow && has_braces(&inner))
    nz_found_cleared(call, NZ_BIT_SETID);
  else if (strcmp(inner.name, "chown") == 0 && !tests->narrow && !tests->typed && found->bits == 0)
    nz_found_chowned(&inner, found->roots);
}

void
nz_effect_find(NzCall *call)
{
  NzFound *found = &call->run->found;
  g_clear_pointer(&found->roots, g_ptr_array_unref);
  found->roots = g_ptr_array_new_with_free_func(g_free);
  found->bits = 0;
  found->at = call->index;
  Tests tests = {0};
  gboolean expression = FALSE;
  gint depth = 0;
  for (guint i = 1; i < call->n; i++) {
    const NzShellWord *word = call->words[i];
    const char *text = word->text;
    expression = expression || (*text == '-' && text[1] != '\0' && !strchr("HLPOD", text[1])) ||
                 strcmp(text, "(") == 0 || strcmp(text, "!") == 0;
    if (!expression) {
      char *path = *text == '-' ? NULL : nz_call_path(call, word);
      if (path)
        g_ptr_array_add(found->roots, path);
      continue;
    }
    if (strcmp(text, "-type") == 0 && i + 1 < call->n) {
      const char *type = call->words[++i]->text;
      tests.typed = TRUE;
      tests.directories = strcmp(type, "d") == 0;
      tests.narrow = tests.narrow || !strchr(type, 'f');
      continue;
    }
    if (strcmp(text, "-perm") == 0 && i + 1 < call->n) {
      found->bits |= found_bits(call->words[++i]->text);
      tests.narrow = tests.narrow || (tests.perms++ > 0 && !tests.ors);
      continue;
    }
    if (strcmp(text, "-o") == 0 || strcmp(text, "-or") == 0) {
      /* "-perm a -o -perm b -exec c": c is done for b alone. */
      tests.ors = TRUE;
      tests.narrow = tests.narrow || depth == 0;
    }
    depth += strcmp(text, "(") == 0;
    depth -= strcmp(text, ")") == 0;
    tests.narrow =
        tests.narrow || (!is_exec(text) && strcmp(text, "-delete") != 0 && narrows(text));
    if (strcmp(text, "-delete") == 0 && !tests.narrow)
      nz_found_cleared(call, NZ_BIT_SETID);
    if (!is_exec(text))
      continue;
    guint end = i + 1;
    while (end < call->n && strcmp(call->words[end]->text, ";") != 0 &&
           strcmp(call->words[end]->text, "+") != 0)
      end++;
    find_exec(call, i + 1, end, &tests);
    /* What follows is done where the command succeeds, as these do. */
    static const char *const succeed[] = {"chgrp", "chmod", "chown", "echo", "ls", NULL};
    tests.narrow =
        tests.narrow || (end > i + 1 && end < call->n && strcmp(call->words[end]->text, ";") == 0 &&
                         !g_strv_contains(succeed, base_name(call->words[i + 1]->text)));
    i = end;
  }
  if (tests.narrow || found->bits == 0)
    g_clear_pointer(&found->roots, g_ptr_array_unref);
}

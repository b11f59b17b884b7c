/* SPDX-License-Identifier: Apache-2.0 */
/* What is not followed, and may have changed passwd or group: what they held is then not known any
 * more. Programs that only read are told by name; of all others it is enough that they name a file,
 * or a directory or pattern that it falls under. */
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "build/effects_private.h"

static const char *const files[] = {"/etc/passwd", "/etc/group"};

/* Sorted. Where one of them writes, it is by a redirection, which is followed. */
static const char *const readers[] = {
    "[",      "[[",   "awk",  "cat",   "cksum",  "cmp",    "comm", "cut",   "diff",      "echo",
    "egrep",  "expr", "file", "fgrep", "getent", "grep",   "head", "id",    "less",      "ls",
    "md5sum", "more", "nl",   "od",    "paste",  "printf", "pwck", "rev",   "sha256sum", "sort",
    "stat",   "tac",  "tail", "test",  "tr",     "uniq",   "wc",   "which",
};

static int
compare_names(gconstpointer name, gconstpointer entry)
{
  return strcmp(name, *(const char *const *)entry);
}

static gboolean
only_reads(const char *name)
{
  return bsearch(name, readers, G_N_ELEMENTS(readers), sizeof *readers, compare_names) != NULL;
}

/* TEXT names the file, in whatever it is a part of: "/etc/passwd", "open('/etc/passwd', 'w')". */
static gboolean
mentions(const char *text, const char *file)
{
  return strstr(text, file) != NULL;
}

/* The file is what WORD means, or below it: "/etc", "/etc/pass*". */
static gboolean
covers(const NzCall *call, const NzShellWord *word, const char *file)
{
  g_autofree char *path = nz_call_path(call, word);
  const char *pattern = path ? path : word->text;
  gsize len = strlen(pattern);
  while (len > 1 && pattern[len - 1] == '/')
    len--;
  if (strncmp(pattern, file, len) == 0 && (file[len] == '\0' || file[len] == '/' || len == 1))
    return TRUE;
  g_autofree char *trimmed = g_strndup(pattern, len);
  return word->glob &&
         (fnmatch(trimmed, file, FNM_PATHNAME) == 0 || fnmatch(trimmed, "/etc", FNM_PATHNAME) == 0);
}

static void
forget(NzCall *call, guint file)
{
  static void (*const forgets[])(NzAccounts * self, const char *why) = {nz_accounts_forget_passwd,
                                                                        nz_accounts_forget_group};
  g_autoptr(NzPlace) place = nz_call_place(call, NULL);
  g_autofree char *why = g_strdup_printf("%s in line %u may have changed %s", call->name,
                                         place ? place->line : 0, files[file]);
  forgets[file](call->run->state->accounts, why);
}

void
nz_doubt_unknown(NzCall *call)
{
  if (only_reads(call->name) || !call->root)
    return;
  for (guint f = 0; f < G_N_ELEMENTS(files); f++)
    for (guint i = 1; i < call->n; i++)
      if (mentions(call->words[i]->text, files[f]) ||
          (call->words[i]->glob && covers(call, call->words[i], files[f]))) {
        forget(call, f);
        break;
      }
}

/* "sed -i ... /etc/pass*": files by their names are followed. */
void
nz_doubt_patterns(NzCall *call)
{
  for (guint f = 0; f < G_N_ELEMENTS(files) && call->root; f++)
    for (guint i = 1; i < call->n; i++)
      if (call->words[i]->glob && covers(call, call->words[i], files[f])) {
        forget(call, f);
        break;
      }
}

void
nz_doubt_all(NzCall *call)
{
  for (guint f = 0; f < G_N_ELEMENTS(files) && call->root; f++)
    forget(call, f);
}

void
nz_doubt_removed(NzCall *call, const NzShellWord *word, gboolean recursive)
{
  for (guint f = 0; f < G_N_ELEMENTS(files); f++)
    if ((recursive || word->glob) && call->root && covers(call, word, files[f]))
      forget(call, f);
}

/* "cp -r /tmp/etc /", "cp -r files/. /etc", "cp -rT x /etc" */
void
nz_doubt_landed(NzCall *call, const NzShellWord *source, const NzShellWord *dest, gboolean over)
{
  g_autofree char *path = nz_call_path(call, dest);
  const char *slash = strrchr(source->text, '/');
  const char *name = slash ? slash + 1 : source->text;
  gboolean all = *name == '\0' || strcmp(name, ".") == 0 || source->glob || !source->known || over;
  gboolean root = g_strcmp0(path, "/") == 0, etc = g_strcmp0(path, "/etc") == 0;
  gboolean hit = (root && (all || strcmp(name, "etc") == 0)) || (etc && all);
  for (guint f = 0; hit && call->root && f < G_N_ELEMENTS(files); f++)
    forget(call, f);
}

/* What find finds and xargs passes on is not known: accounts may be among it. */
void
nz_doubt_passed_on(NzCall *call)
{
  static const char *const harmless[] = {"chmod", "chown", "chgrp", "rm", "rmdir", "touch",
                                         "strip", "mkdir", "ln",    "du", NULL};
  gboolean needs =
      nz_effect_named(call->name) && nz_effect_named(call->name)->need == NZ_NEEDS_ROOT;
  if (!call->root || only_reads(call->name) || g_strv_contains(harmless, call->name))
    return;
  if (!needs && strcmp(call->name, "sed") != 0)
    return;
  nz_doubt_all(call);
}

void
nz_doubt_found(NzCall *call)
{
  gboolean below = FALSE;
  for (guint i = 1; i < call->n && call->words[i]->text[0] != '-'; i++)
    below = below || covers(call, call->words[i], files[0]);
  for (guint i = 1; below && i + 1 < call->n; i++) {
    const char *text = call->words[i]->text;
    if (strcmp(text, "-exec") != 0 && strcmp(text, "-execdir") != 0)
      continue;
    const char *slash = strrchr(call->words[i + 1]->text, '/');
    NzCall inner = *call;
    inner.name = slash ? slash + 1 : call->words[i + 1]->text;
    nz_doubt_passed_on(&inner);
  }
}

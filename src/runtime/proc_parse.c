/* SPDX-License-Identifier: Apache-2.0 */
/* Texts of /proc. The kernel writes them, but a process chooses its name, and with that what stands
 * in the middle of stat and at the head of status:
 *
 *   stat     PID (NAME) STATE PPID PGRP SESSION TTY ... STARTTIME(22nd) ...   NAME may hold ')'
 *   status   "Key:\tvalue" lines; in NAME newlines are escaped
 *   uid_map  "FIRST LOWER COUNT" lines, right-aligned */
#include <string.h>

#include "runtime/proc_private.h"

static const char *
skip_blanks(const char *p)
{
  while (*p == ' ' || *p == '\t')
    p++;
  return p;
}

/* A decimal number at *P after blanks; advances only when there is one. */
static gboolean
take_number(const char **p, guint64 *number)
{
  const char *from = skip_blanks(*p);
  gsize n = strspn(from, "0123456789");
  char digits[24];
  if (n == 0 || n >= sizeof digits)
    return FALSE;
  memcpy(digits, from, n);
  digits[n] = '\0';
  if (!g_ascii_string_to_unsigned(digits, 10, 0, G_MAXUINT64, number, NULL))
    return FALSE;
  *p = from + n;
  return TRUE;
}

static gboolean
take_number32(const char **p, guint32 *number)
{
  guint64 wide;
  const char *at = *p;
  if (!take_number(&at, &wide) || wide > G_MAXUINT32)
    return FALSE;
  *number = (guint32)wide;
  *p = at;
  return TRUE;
}

gboolean
nz_uid_map_root(const char *text, guint32 *root)
{
  *root = NZ_NO_UID;
  while (*(text = skip_blanks(text))) {
    guint32 first, lower, count;
    if (!take_number32(&text, &first) || !take_number32(&text, &lower) ||
        !take_number32(&text, &count) || *text != '\n')
      return FALSE;
    if (first == 0 && count > 0)
      *root = lower;
    text++;
  }
  return TRUE;
}

gboolean
nz_proc_stat_parse(const char *text, guint64 *ticks, guint32 *terminal)
{
  const char *p = strrchr(text, ')'); /* nothing after the name holds one */
  guint64 number;
  if (!p || p[1] != ' ' || !p[2])
    return FALSE;
  p += 3; /* behind the state, the 3rd */
  for (guint field = 4; field <= 22; field++) {
    p = skip_blanks(p);
    p += *p == '-'; /* some are signed; none of ours is */
    if (!take_number(&p, &number))
      return FALSE;
    if (field == 7)
      *terminal = (guint32)number;
  }
  *ticks = number;
  return TRUE;
}

/* What follows KEY at the begin of a line; NULL: there is none. */
static const char *
find_value(const char *text, const char *key)
{
  gsize n = strlen(key);
  while (text && strncmp(text, key, n) != 0) {
    text = strchr(text, '\n');
    text = text ? text + 1 : NULL;
  }
  return text ? text + n : NULL;
}

static gboolean
find_number(const char *text, const char *key, guint32 *number)
{
  const char *p = find_value(text, key);
  return p && take_number32(&p, number);
}

gboolean
nz_proc_status_parse(const char *text, NzProcStatus *status)
{
  const char *uids = find_value(text, "Uid:"), *nspid = find_value(text, "NSpid:");
  if (!uids || !take_number32(&uids, &status->uid) || !take_number32(&uids, &status->euid) ||
      !take_number32(&uids, &status->suid) || !take_number32(&uids, &status->fsuid))
    return FALSE;
  status->vpid = 0; /* the last of them */
  while (nspid && take_number32(&nspid, &status->vpid))
    continue;
  return find_number(text, "Tgid:", &status->tgid) && find_number(text, "PPid:", &status->ppid) &&
         find_number(text, "Threads:", &status->threads);
}

void
nz_terminal_name(guint32 number, char name[NZ_TTY_LEN])
{
  guint32 major = (number >> 8) & 0xfff, minor = (number & 0xff) | ((number >> 12) & 0xfff00);
  memset(name, 0, NZ_TTY_LEN);
  if (number == 0)
    return;
  if (major >= 136 && major <= 143) /* UNIX98_PTY_SLAVE_MAJOR and 7 more */
    g_snprintf(name, NZ_TTY_LEN, "pts%u", (major - 136) * 256 + minor);
  else if (major == 4 && minor < 64)
    g_snprintf(name, NZ_TTY_LEN, "tty%u", minor);
  else
    g_snprintf(name, NZ_TTY_LEN, "%u:%u", major, minor);
}

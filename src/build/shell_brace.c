/* SPDX-License-Identifier: Apache-2.0 */
/* {a,b} and {1..3}, as bash makes words of them before anything else. */
#include <string.h>

#include "build/shell_private.h"
#include "core/limits.h"

/* A word as a row of parts; literal ones are cut where braces and commas stand. */
typedef struct {
  ShBudget *budget;
  GPtrArray *out; /* ShPart *: the begin of a list each */
} Braces;

typedef struct {
  ShPart *part;
  gsize at;
} Spot;

static gboolean
is_cuttable(const ShPart *part)
{
  return part->kind == SH_LITERAL && !part->quoted;
}

/* Copies what stands from FROM (inclusive) to TO (exclusive; part NULL: to the end) behind TAIL. */
static ShPart **
copy_range(Braces *b, Spot from, Spot to, ShPart **tail)
{
  for (ShPart *part = from.part; part; part = part->next) {
    gsize start = part == from.part ? from.at : 0;
    gsize end = part == to.part ? to.at : part->len;
    gboolean whole = !is_cuttable(part);
    if (whole ? part != to.part : start < end) {
      ShPart *copy = sh_new(b->budget->arena, ShPart);
      nz_sh_spend(b->budget, sizeof *copy + part->len, part->start);
      *copy = *part;
      copy->next = NULL;
      if (!whole) {
        copy->text += start;
        copy->len = end - start;
        if (!copy->decoded) {
          copy->start += start;
          copy->end = copy->start + copy->len;
        }
      }
      *tail = copy;
      tail = &copy->next;
    }
    if (part == to.part)
      break;
  }
  return tail;
}

typedef struct {
  Spot open, close;
  GArray *commas; /* Spot */
  gboolean has_range;
} Group;

/* The end of the group that is open at GROUP->open, its commas on the way. */
static gboolean
find_close(Group *group)
{
  guint depth = 0;
  g_array_set_size(group->commas, 0);
  for (ShPart *part = group->open.part; part; part = part->next) {
    if (!is_cuttable(part))
      continue;
    for (gsize i = part == group->open.part ? group->open.at : 0; i < part->len; i++) {
      Spot spot = {part, i};
      if (part->text[i] == '{')
        depth++;
      else if (part->text[i] == ',' && depth == 1)
        g_array_append_val(group->commas, spot);
      else if (part->text[i] == '}' && --depth == 0) {
        group->close = spot;
        return TRUE;
      }
    }
  }
  return FALSE;
}

/* A number of at most six digits, or one letter. */
static gboolean
read_end(const char *text, gsize len, gint *value, gboolean *letter)
{
  gsize i = len > 0 && text[0] == '-' ? 1 : 0;
  *letter = len == 1 && g_ascii_isalpha(text[0]);
  if (*letter) {
    *value = (guchar)text[0];
    return TRUE;
  }
  if (i == len || len - i > 6 || (text[i] == '0' && len - i > 1))
    return FALSE;
  gint number = 0;
  for (; i < len; i++) {
    if (!g_ascii_isdigit(text[i]))
      return FALSE;
    number = number * 10 + (text[i] - '0');
  }
  *value = text[0] == '-' ? -number : number;
  return TRUE;
}

/* {1..3}, {a..c}. */
static gboolean
read_range(const Group *group, gint *from, gint *to, gboolean *letters)
{
  if (group->open.part != group->close.part)
    return FALSE;
  const char *text = group->open.part->text + group->open.at + 1;
  gsize len = group->close.at - group->open.at - 1;
  const char *dots = g_strstr_len(text, (gssize)len, "..");
  gboolean other;
  return dots && read_end(text, (gsize)(dots - text), from, letters) &&
         read_end(dots + 2, len - (gsize)(dots + 2 - text), to, &other) && *letters == other;
}

static gboolean
find_group(ShPart *parts, Group *group)
{
  gint from, to;
  gboolean letters;
  guint tries = 0;
  gboolean name = FALSE; /* in "$v{a,b}" bash makes "$va" of it: as it was written */
  for (ShPart *part = parts; part; part = part->next) {
    if (!is_cuttable(part)) {
      name = part->kind == SH_PARAMETER && part->end - part->start == part->len + 1;
      continue;
    }
    for (gsize i = 0; i < part->len; i++) {
      if (part->text[i] != '{' || (name && i == 0))
        continue;
      group->open = (Spot){part, i};
      if (++tries > NZ_SHELL_DEPTH_MAX)
        return FALSE;
      if (find_close(group) && (group->commas->len > 0 || read_range(group, &from, &to, &letters)))
        return TRUE;
    }
    name = FALSE;
  }
  return FALSE;
}

static void expand_braces(Braces *b, ShPart *parts, guint depth);

static Spot
after(Spot spot)
{
  return (Spot){spot.part, spot.at + 1};
}

/* Before the group, MIDDLE, behind the group: expanded further. */
static void
put(Braces *b, ShPart *parts, const Group *group, Spot from, Spot to, const char *number,
    guint depth)
{
  ShPart *list = NULL;
  ShPart **tail = copy_range(b, (Spot){parts, 0}, group->open, &list);
  if (number) {
    ShPart *part = sh_new(b->budget->arena, ShPart);
    *part = (ShPart){.kind = SH_LITERAL, .decoded = TRUE};
    part->start = group->open.part->start + group->open.at;
    part->end = group->close.part->start + group->close.at + 1;
    part->text = number;
    part->len = strlen(number);
    *tail = part;
    tail = &part->next;
  } else
    tail = copy_range(b, from, to, tail);
  copy_range(b, after(group->close), (Spot){NULL, 0}, tail);
  expand_braces(b, list, depth + 1);
}

static void
put_range(Braces *b, ShPart *parts, const Group *group, guint depth)
{
  gint from = 0, to = 0;
  gboolean letters = FALSE;
  read_range(group, &from, &to, &letters);
  gint step = from <= to ? 1 : -1;
  for (gint i = from;; i += step) {
    char letter[2] = {(char)i, '\0'};
    g_autofree char *number = letters ? g_strdup(letter) : g_strdup_printf("%d", i);
    put(b, parts, group, group->open, group->open,
        nz_sh_strndup(b->budget->arena, number, strlen(number)), depth);
    if (i == to || b->out->len > NZ_SHELL_COPIES_MAX)
      return;
  }
}

static void
expand_braces(Braces *b, ShPart *parts, guint depth)
{
  g_autoptr(GArray) commas = g_array_new(FALSE, FALSE, sizeof(Spot));
  Group group = {.commas = commas};
  if (b->out->len > NZ_SHELL_COPIES_MAX || b->budget->exhausted)
    return;
  if (depth > NZ_SHELL_DEPTH_MAX || !find_group(parts, &group)) {
    g_ptr_array_add(b->out, parts);
    return;
  }
  if (commas->len == 0) {
    put_range(b, parts, &group, depth);
    return;
  }
  Spot from = after(group.open);
  for (guint i = 0; i <= commas->len; i++) {
    Spot to = i < commas->len ? g_array_index(commas, Spot, i) : group.close;
    put(b, parts, &group, from, to, NULL, depth);
    from = after(to);
  }
}

GPtrArray *
nz_sh_brace(ShBudget *budget, ShPart *parts)
{
  Braces b = {budget, g_ptr_array_new()};
  expand_braces(&b, parts, 0);
  if (b.out->len > NZ_SHELL_COPIES_MAX) { /* more than are worth it: as it was written */
    g_ptr_array_set_size(b.out, 0);
    g_ptr_array_add(b.out, parts);
  }
  return b.out;
}

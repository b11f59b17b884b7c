/* SPDX-License-Identifier: Apache-2.0 */
/* A unified diff of lines by Myers' greedy algorithm ("An O(ND) Difference Algorithm and Its
 * Variations", 1986): for each number of edits d, how far down each diagonal k = x - y one comes.
 * What lies before the first and after the last difference is cut off first. Where there are more
 * edits than NZ_DIFF_EDITS_MAX, all that is left counts as replaced. */
#include <string.h>

#include "core/limits.h"
#include "fix/fix.h"

/* Lines before and after a change. */
#define CONTEXT 3

typedef struct {
  const char *text;
  gsize len; /* with its end; the last may have none */
} Line;

typedef struct {
  char sign; /* ' ', '-', '+' */
  gint a, b; /* lines before it, of each side */
} Step;

static GArray *
split(const char *text, gsize len)
{
  GArray *lines = g_array_new(FALSE, FALSE, sizeof(Line));
  for (gsize at = 0; at < len;) {
    const char *end = memchr(text + at, '\n', len - at);
    gsize n = end ? (gsize)(end - text) + 1 - at : len - at;
    Line line = {text + at, n};
    g_array_append_val(lines, line);
    at += n;
  }
  return lines;
}

static const Line *
line_at(const GArray *lines, gint i)
{
  return &g_array_index(lines, Line, i);
}

static gboolean
is_same(const GArray *a, gint i, const GArray *b, gint j)
{
  const Line *left = line_at(a, i), *right = line_at(b, j);
  return left->len == right->len && memcmp(left->text, right->text, left->len) == 0;
}

/* --- the way from one to the other --- */

typedef struct {
  const GArray *a, *b;
  gint begin_a, begin_b, n, m; /* what is left once both ends are cut off */
  GPtrArray *trace;            /* gint *: of each d, how far diagonals -d-1 to d+1 came before it */
} Search;

static void
trace_free(gpointer data)
{
  g_free(data);
}

static gint
follow(const Search *self, gint x, gint k)
{
  while (x < self->n && x - k < self->m &&
         is_same(self->a, self->begin_a + x, self->b, self->begin_b + x - k))
    x++;
  return x;
}

/* Is it down that diagonal K is reached best? V is the middle of what d - 1 reached. */
static gboolean
goes_down(const gint *v, gint k, gint d)
{
  return k == -d || (k != d && v[k - 1] < v[k + 1]);
}

/* How many edits there are; -1: too many. */
static gint
search(Search *self)
{
  gint most = MIN(self->n + self->m, NZ_DIFF_EDITS_MAX);
  g_autofree gint *all = g_new0(gint, 2 * most + 3);
  gint *v = all + most + 1;
  for (gint d = 0; d <= most; d++) {
    g_ptr_array_add(self->trace, g_memdup2(v - d - 1, sizeof *v * (gsize)(2 * d + 3)));
    for (gint k = -d; k <= d; k += 2) {
      gint x = goes_down(v, k, d) ? v[k + 1] : v[k - 1] + 1;
      v[k] = follow(self, x, k);
      if (v[k] >= self->n && v[k] - k >= self->m)
        return d;
    }
  }
  return -1;
}

static void
add_step(GArray *steps, const Search *self, char sign, gint x, gint y)
{
  Step step = {sign, self->begin_a + x, self->begin_b + y};
  g_array_append_val(steps, step);
}

/* Steps are added from the last to the first. */
static void
walk_back(const Search *self, gint d, GArray *steps)
{
  gint x = self->n, y = self->m;
  for (; d >= 0; d--) {
    const gint *v = (const gint *)self->trace->pdata[d] + d + 1;
    gint k = x - y;
    gint from_k = goes_down(v, k, d) ? k + 1 : k - 1;
    gint from_x = d == 0 ? 0 : v[from_k], from_y = d == 0 ? 0 : from_x - from_k;
    gint corner_x = d == 0 ? 0 : from_x + (from_k < k), corner_y = corner_x - k;
    while (x > corner_x && y > corner_y) {
      x--, y--;
      add_step(steps, self, ' ', x, y);
    }
    if (d == 0)
      break;
    add_step(steps, self, from_k < k ? '-' : '+', from_x, from_y);
    x = from_x, y = from_y;
  }
}

static void
replace_all(const Search *self, GArray *steps)
{
  for (gint y = self->m; y-- > 0;)
    add_step(steps, self, '+', self->n, y);
  for (gint x = self->n; x-- > 0;)
    add_step(steps, self, '-', x, 0);
}

/* All steps from A to B, in order. */
static GArray *
compare(const GArray *a, const GArray *b)
{
  g_autoptr(GPtrArray) trace = g_ptr_array_new_with_free_func(trace_free);
  gint la = (gint)a->len, lb = (gint)b->len, head = 0, tail = 0;
  while (head < la && head < lb && is_same(a, head, b, head))
    head++;
  while (tail < la - head && tail < lb - head && is_same(a, la - 1 - tail, b, lb - 1 - tail))
    tail++;
  Search self = {a, b, head, head, la - head - tail, lb - head - tail, trace};
  GArray *steps = g_array_new(FALSE, FALSE, sizeof(Step));
  for (gint i = tail; i-- > 0;)
    add_step(steps, &self, ' ', self.n + i, self.m + i);
  gint d = search(&self);
  if (d >= 0)
    walk_back(&self, d, steps);
  else
    replace_all(&self, steps);
  for (gint i = head; i-- > 0;)
    add_step(steps, &self, ' ', i - head, i - head);
  for (guint i = 0; i < steps->len / 2; i++) {
    Step *one = &g_array_index(steps, Step, i);
    Step *other = &g_array_index(steps, Step, steps->len - 1 - i);
    Step kept = *one;
    *one = *other;
    *other = kept;
  }
  return steps;
}

/* --- printed --- */

/* GNU patch takes a name up to a tab, and one in quotes as C has strings. */
static void
append_name(GString *out, const char *sign, const char *name)
{
  gboolean odd = FALSE, blank = strchr(name, ' ') != NULL;
  for (const char *p = name; *p; p++)
    odd |= (guchar)*p < ' ' || *p == 0x7f || *p == '"' || *p == '\\';
  g_string_append_printf(out, "%s ", sign);
  if (!odd) {
    g_string_append_printf(out, "%s%s\n", name, blank ? "\t" : "");
    return;
  }
  g_string_append_c(out, '"');
  for (const char *p = name; *p; p++) {
    if ((guchar)*p < ' ' || *p == 0x7f)
      g_string_append_printf(out, "\\%03o", (guchar)*p);
    else
      g_string_append_printf(out, "%s%c", *p == '"' || *p == '\\' ? "\\" : "", *p);
  }
  g_string_append(out, "\"\n");
}

static void
append_range(GString *out, char sign, gint begin, gint n)
{
  /* Of no lines it is the line before them. */
  g_string_append_printf(out, n == 1 ? " %c%d" : " %c%d,%d", sign, n == 0 ? begin : begin + 1, n);
}

static void
append_hunk(GString *out, const GArray *a, const GArray *b, const Step *steps, guint n)
{
  gint lines_a = 0, lines_b = 0;
  for (guint i = 0; i < n; i++) {
    lines_a += steps[i].sign != '+';
    lines_b += steps[i].sign != '-';
  }
  g_string_append(out, "@@");
  append_range(out, '-', steps[0].a, lines_a);
  append_range(out, '+', steps[0].b, lines_b);
  g_string_append(out, " @@\n");
  for (guint i = 0; i < n; i++) {
    const Line *line = steps[i].sign == '+' ? line_at(b, steps[i].b) : line_at(a, steps[i].a);
    g_string_append_c(out, steps[i].sign);
    g_string_append_len(out, line->text, (gssize)line->len);
    if (line->text[line->len - 1] != '\n')
      g_string_append(out, "\n\\ No newline at end of file\n");
  }
}

/* Changes that are no further apart than their contexts share a hunk. */
static void
append_hunks(GString *out, const GArray *a, const GArray *b, const GArray *steps)
{
  const Step *all = (const Step *)(const void *)steps->data;
  for (guint i = 0; i < steps->len;) {
    if (all[i].sign == ' ') {
      i++;
      continue;
    }
    guint begin = i > CONTEXT ? i - CONTEXT : 0, last = i;
    for (; i < steps->len && i <= last + 2 * CONTEXT + 1; i++)
      if (all[i].sign != ' ')
        last = i;
    guint end = MIN(last + CONTEXT + 1, steps->len);
    append_hunk(out, a, b, all + begin, end - begin);
    i = MAX(end, last + 1);
  }
}

char *
nz_unified_diff(const char *name, const char *a, gsize a_len, const char *b, gsize b_len)
{
  GString *out = g_string_new(NULL);
  if (a_len != b_len || memcmp(a, b, a_len) != 0) {
    g_autoptr(GArray) left = split(a, a_len), right = split(b, b_len);
    g_autoptr(GArray) steps = compare(left, right);
    append_name(out, "---", name);
    append_name(out, "+++", name);
    append_hunks(out, left, right, steps);
  }
  return g_string_free(out, FALSE);
}

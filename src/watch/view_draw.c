/* SPDX-License-Identifier: Apache-2.0 */
#include "watch/view_draw.h"

#include <string.h>

#include "core/text.h"

typedef enum { PLAIN, BOLD, RED, YELLOW, GREEN, FAINT, REVERSE } Paint;

static const char *const sequences[] = {
    [PLAIN] = "",         [BOLD] = "\033[1m",  [RED] = "\033[1;31m",  [YELLOW] = "\033[33m",
    [GREEN] = "\033[32m", [FAINT] = "\033[2m", [REVERSE] = "\033[7m",
};

typedef struct {
  const NzViewPicture *picture;
  GString *out;
  guint lines, column;
} Canvas;

/* --- cells --- */

static guint
columns_of(gunichar c)
{
  return g_unichar_iszerowidth(c) ? 0 : g_unichar_iswide(c) ? 2 : 1;
}

/* TEXT (valid UTF-8) from the column on: never past the line's end, MOST columns at most. */
static void
put_cut(Canvas *self, const char *text, guint most)
{
  guint room = self->picture->width > self->column ? self->picture->width - self->column : 0;
  room = MIN(room, most);
  for (const char *p = text; *p; p = g_utf8_next_char(p)) {
    guint n = columns_of(g_utf8_get_char(p));
    if (n > room)
      return;
    g_string_append_len(self->out, p, g_utf8_next_char(p) - p);
    room -= n;
    self->column += n;
  }
}

static void
put(Canvas *self, Paint paint, const char *text)
{
  gboolean painted = self->picture->color && paint != PLAIN;
  if (painted)
    g_string_append(self->out, sequences[paint]);
  put_cut(self, text, G_MAXUINT);
  if (painted)
    g_string_append(self->out, "\033[0m");
}

/* TEXT in WIDTH columns, and one more. */
static void
put_field(Canvas *self, Paint paint, const char *text, guint width)
{
  guint end = self->column + width;
  gboolean painted = self->picture->color && paint != PLAIN;
  if (painted)
    g_string_append(self->out, sequences[paint]);
  put_cut(self, text, width);
  if (painted)
    g_string_append(self->out, "\033[0m");
  while (self->column <= end && self->column < self->picture->width) {
    g_string_append_c(self->out, ' ');
    self->column++;
  }
}

static G_GNUC_PRINTF(3, 4) void put_text(Canvas *self, Paint paint, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  g_autofree char *text = g_strdup_vprintf(format, args);
  va_end(args);
  put(self, paint, text);
}

/* FALSE when there is no room for another line. */
static gboolean
next_line(Canvas *self)
{
  g_string_append(self->out, "\033[K");
  if (self->lines + 1 >= self->picture->height)
    return FALSE;
  g_string_append(self->out, "\r\n");
  self->lines++;
  self->column = 0;
  return TRUE;
}

/* --- which containers --- */

char *
nz_view_name(const NzRunning *c)
{
  const NzContainerFacts *f = c->facts;
  if (f && f->pod)
    return g_strjoin("/", f->space ? f->space : "-", f->pod, f->name, NULL);
  return f && f->name ? g_strdup(f->name) : nz_container_ref_text(&c->ref);
}

static gboolean
is_shown(const NzViewPicture *picture, const NzRunning *c)
{
  static const NzVerdict wanted[] = {[NZ_SHOW_FAIL] = NZ_VERDICT_FAIL,
                                     [NZ_SHOW_UNKNOWN] = NZ_VERDICT_UNKNOWN,
                                     [NZ_SHOW_PASS] = NZ_VERDICT_PASS};
  if (picture->show != NZ_SHOW_ALL && c->verdict != wanted[picture->show])
    return FALSE;
  if (!*picture->filter)
    return TRUE;
  g_autofree char *name = nz_view_name(c);
  return strstr(name, picture->filter) ||
         (c->facts && c->facts->image && strstr(c->facts->image, picture->filter)) ||
         g_str_has_prefix(c->ref.id, picture->filter);
}

/* The worst first; of those that are alike the newest. */
static int
by_verdict(gconstpointer a, gconstpointer b)
{
  const NzRunning *x = *(NzRunning *const *)a, *y = *(NzRunning *const *)b;
  if (x->verdict != y->verdict)
    return x->verdict > y->verdict ? -1 : 1;
  if (!x->ended != !y->ended)
    return x->ended ? 1 : -1;
  return x->started != y->started ? (x->started > y->started ? -1 : 1)
                                  : (x->key < y->key) - (x->key > y->key);
}

static GPtrArray *
shown(const NzViewPicture *picture, const NzLedger *ledger)
{
  const GPtrArray *all = nz_ledger_all(ledger);
  GPtrArray *list = g_ptr_array_new();
  for (guint i = 0; i < all->len; i++)
    if (is_shown(picture, all->pdata[i]))
      g_ptr_array_add(list, all->pdata[i]);
  g_ptr_array_sort(list, by_verdict);
  return list;
}

/* --- the parts --- */

static void
put_head(Canvas *self, const NzLedger *ledger)
{
  const NzLedgerTotals *t = nz_ledger_totals(ledger);
  const NzViewInfo *info = &self->picture->info;
  gint64 s = MAX(info->now - info->began, 0) / G_USEC_PER_SEC;
  put(self, BOLD, "nonzero watch");
  put_text(self, PLAIN, "  %s  %02d:%02d:%02d  ", info->mode, (int)(s / 3600), (int)(s / 60 % 60),
           (int)(s % 60));
  put_text(self, t->verdicts[NZ_VERDICT_FAIL] ? RED : FAINT, "%" G_GUINT64_FORMAT " fail",
           t->verdicts[NZ_VERDICT_FAIL]);
  put(self, PLAIN, "  ");
  put_text(self, t->verdicts[NZ_VERDICT_UNKNOWN] ? YELLOW : FAINT, "%" G_GUINT64_FORMAT " unknown",
           t->verdicts[NZ_VERDICT_UNKNOWN]);
  put(self, PLAIN, "  ");
  put_text(self, t->verdicts[NZ_VERDICT_PASS] ? GREEN : FAINT, "%" G_GUINT64_FORMAT " pass",
           t->verdicts[NZ_VERDICT_PASS]);
  next_line(self);
  put_text(self, PLAIN,
           "root %" G_GUINT64_FORMAT " (%.0f/s): %" G_GUINT64_FORMAT
           " of the host, %" G_GUINT64_FORMAT " of user namespaces  events %" G_GUINT64_FORMAT
           " (%.0f/s)  ",
           t->roots, self->picture->roots_rate, t->roots_on_host, t->roots_in_userns, t->seen,
           self->picture->seen_rate);
  put_text(self, t->lost ? RED : PLAIN, "lost %" G_GUINT64_FORMAT, t->lost);
  if (t->killed > 0)
    put_text(self, PLAIN, "  killed %" G_GUINT64_FORMAT, t->killed);
  next_line(self);
}

enum { WIDTH_VERDICT = 7, WIDTH_ROOTS = 9, WIDTH_NAME = 28, WIDTH_ENGINE = 10, WIDTH_USER = 14 };

static void
put_container(Canvas *self, const NzRunning *c)
{
  static const struct {
    const char *word;
    Paint paint;
  } verdicts[] = {[NZ_VERDICT_PASS] = {"pass", GREEN},
                  [NZ_VERDICT_UNKNOWN] = {"unknown", YELLOW},
                  [NZ_VERDICT_FAIL] = {"FAIL", RED}};
  const NzContainerFacts *f = c->facts;
  g_autofree char *name = nz_view_name(c);
  g_autofree char *roots = g_strdup_printf("%" G_GUINT64_FORMAT, c->n_roots);
  put_field(self, verdicts[c->verdict].paint, verdicts[c->verdict].word, WIDTH_VERDICT);
  put_field(self, PLAIN, roots, WIDTH_ROOTS);
  put_field(self, c->ended ? FAINT : PLAIN, name, WIDTH_NAME);
  put_field(self, PLAIN, nz_container_engine_name(f ? f->ref.engine : c->ref.engine), WIDTH_ENGINE);
  g_autofree char *user =
      f && f->image_user ? nz_printable(*f->image_user ? f->image_user : "(none)", -1) : NULL;
  put_field(self, PLAIN, user ? user : "?", WIDTH_USER);
  put(self, PLAIN, f && f->image ? f->image : "");
}

static void
put_containers(Canvas *self, const GPtrArray *list, guint from, guint n)
{
  put_field(self, BOLD, "VERDICT", WIDTH_VERDICT);
  put_field(self, BOLD, "ROOTS", WIDTH_ROOTS);
  put_field(self, BOLD, "CONTAINER", WIDTH_NAME);
  put_field(self, BOLD, "ENGINE", WIDTH_ENGINE);
  put_field(self, BOLD, "IMAGE'S USER", WIDTH_USER);
  put(self, BOLD, "IMAGE");
  next_line(self);
  for (guint i = 0; i < n; i++) {
    if (from + i < list->len)
      put_container(self, list->pdata[from + i]);
    next_line(self);
  }
}

static void
put_recent(Canvas *self, guint n)
{
  put(self, BOLD, "NEWEST ROOT PROCESSES");
  next_line(self);
  const GList *at = self->picture->recent ? self->picture->recent->head : NULL;
  for (guint i = 0; i < n; i++, at = at ? at->next : NULL) {
    const NzViewRoot *root = at ? at->data : NULL;
    if (root) {
      g_autoptr(GDateTime) time = g_date_time_new_from_unix_local(root->time / G_USEC_PER_SEC);
      g_autofree char *clock = time ? g_date_time_format(time, "%H:%M:%S") : g_strdup("");
      put_field(self, FAINT, clock, 8);
      put_field(self, PLAIN, root->container, WIDTH_NAME);
      put_field(self,
                root->excepted  ? FAINT
                : root->on_host ? RED
                                : YELLOW,
                nz_root_cause_name(root->cause), 17);
      put_text(self, PLAIN, "%s%s%s%s", root->executable, root->terminal ? "  at " : "",
               root->terminal ? root->terminal : "", root->excepted ? "  (excepted)" : "");
    }
    next_line(self);
  }
}

static void
put_foot(Canvas *self, guint n_shown, guint n_all)
{
  static const char *const shows[] = {[NZ_SHOW_ALL] = "all",
                                      [NZ_SHOW_FAIL] = "fail",
                                      [NZ_SHOW_UNKNOWN] = "unknown",
                                      [NZ_SHOW_PASS] = "pass"};
  const NzViewPicture *p = self->picture;
  if (p->typing) {
    put_text(self, REVERSE, "filter: %s_", p->filter);
    put(self, PLAIN, "  Enter: keep  Esc: clear");
    return;
  }
  put_text(self, REVERSE, " q quit  f verdict: %s  / filter%s%s  arrows scroll  p %s ",
           shows[p->show], *p->filter ? ": " : "", p->filter, p->paused ? "go on" : "pause");
  put_text(self, PLAIN, " %u of %u containers%s", n_shown, n_all, p->paused ? ", paused" : "");
}

void
nz_view_picture(NzViewPicture *picture, const NzLedger *ledger, GString *out)
{
  enum { HEAD = 2, TITLES = 2, FOOT = 1 };
  g_autoptr(GPtrArray) list = shown(picture, ledger);
  Canvas canvas = {.picture = picture, .out = out};
  guint room = picture->height > HEAD + TITLES + FOOT ? picture->height - HEAD - TITLES - FOOT : 0;
  guint recent = MIN(room / 3, NZ_VIEW_RECENT), containers = room - recent;
  guint last = list->len > containers ? list->len - containers : 0;
  picture->scroll = MIN(picture->scroll, last);
  if (picture->width < 20 || picture->height < HEAD + TITLES + FOOT + 1) {
    put(&canvas, PLAIN, "the window is too small");
    next_line(&canvas);
    return;
  }
  put_head(&canvas, ledger);
  put_containers(&canvas, list, picture->scroll, containers);
  put_recent(&canvas, recent);
  put_foot(&canvas, list->len, nz_ledger_all(ledger)->len);
  g_string_append(out, "\033[K");
}

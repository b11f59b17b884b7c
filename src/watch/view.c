/* SPDX-License-Identifier: Apache-2.0 */
/* The terminal of the live view: keys in, the picture out. */
#include "watch/view.h"

#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "watch/view_draw.h"

/* What the filter may be long: more is no part of a name that anybody types. */
#define FILTER_MAX 64u

struct NzView {
  int in, out;
  struct termios before;
  GString *filter, *last; /* LAST is what is on the screen */
  GQueue recent;          /* NzViewRoot, newest first */
  NzViewPicture picture;
  /* For rates: totals some while ago. */
  guint64 roots, seen;
  gint64 measured;
};

static void
view_root_free(gpointer data)
{
  NzViewRoot *self = data;
  g_free(self->container);
  g_free(self->executable);
  g_free(self->terminal);
  g_free(self);
}

static void
put_all(int fd, const char *text, gsize len)
{
  while (len > 0) {
    gssize n = write(fd, text, len);
    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0)
      return; /* the terminal is gone, which the next read of keys will say */
    text += n;
    len -= (gsize)n;
  }
}

NzView *
nz_view_new(int in, int out, gboolean color, GError **error)
{
  /* The alternate screen, without a cursor. */
  static const char begin[] = "\033[?1049h\033[?25l\033[2J";
  struct termios before;
  if (!isatty(out) || tcgetattr(in, &before) < 0) {
    nz_set_input(error, "the live view needs a terminal");
    return NULL;
  }
  NzView *self = g_new0(NzView, 1);
  self->in = in;
  self->out = out;
  self->before = before;
  self->filter = g_string_new(NULL);
  self->last = g_string_new(NULL);
  self->picture.color = color;
  g_queue_init(&self->recent);
  struct termios raw = before;
  raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO); /* signals stay: Ctrl-C ends as ever */
  raw.c_cc[VMIN] = 0;
  raw.c_cc[VTIME] = 0;
  tcsetattr(in, TCSANOW, &raw);
  put_all(out, begin, strlen(begin));
  return self;
}

void
nz_view_free(NzView *self)
{
  static const char end[] = "\033[?25h\033[?1049l";
  if (!self)
    return;
  put_all(self->out, end, strlen(end));
  tcsetattr(self->in, TCSANOW, &self->before);
  g_queue_clear_full(&self->recent, view_root_free);
  g_string_free(self->filter, TRUE);
  g_string_free(self->last, TRUE);
  g_free(self);
}

void
nz_view_root(NzView *self, const NzRunning *container, const NzRootFact *root, gboolean excepted,
             gint64 time)
{
  if (self->picture.paused)
    return;
  NzViewRoot *one = g_new0(NzViewRoot, 1);
  one->container = nz_view_name(container);
  one->executable = g_strdup(root->executable ? root->executable : "?");
  one->terminal = g_strdup(root->terminal);
  one->cause = root->cause;
  one->on_host = root->on_host;
  one->excepted = excepted;
  one->time = time;
  g_queue_push_head(&self->recent, one);
  if (self->recent.length > NZ_VIEW_RECENT)
    view_root_free(g_queue_pop_tail(&self->recent));
}

/* --- keys --- */

static void
scroll(NzView *self, gboolean down)
{
  if (down)
    self->picture.scroll++; /* the picture brings it back */
  else if (self->picture.scroll > 0)
    self->picture.scroll--;
}

static void
type(NzView *self, char key)
{
  if (key == '\r' || key == '\n') {
    self->picture.typing = FALSE;
  } else if (key == '\b' || key == 0x7f) {
    if (self->filter->len > 0)
      g_string_truncate(self->filter, self->filter->len - 1);
  } else if (g_ascii_isgraph(key) && self->filter->len < FILTER_MAX) {
    g_string_append_c(self->filter, key);
  }
}

/* FALSE: to end. */
static gboolean
press(NzView *self, char key)
{
  if (self->picture.typing) {
    type(self, key);
    return TRUE;
  }
  switch (key) {
  case 'q':
    return FALSE;
  case 'f':
    self->picture.show = (self->picture.show + 1) % NZ_SHOW_N;
    break;
  case 'p':
  case ' ':
    self->picture.paused = !self->picture.paused;
    break;
  case '/':
    self->picture.typing = TRUE;
    break;
  case 'j':
  case 'k':
    scroll(self, key == 'j');
    break;
  default:
    break;
  }
  return TRUE;
}

/* An arrow of KEYS[*AT..N), or Escape alone, which clears the filter. */
static void
escape(NzView *self, const char *keys, gsize n, gsize *at)
{
  if (*at + 1 < n && (keys[*at] == '[' || keys[*at] == 'O')) {
    char key = keys[*at + 1];
    *at += 2;
    if (key == 'A' || key == 'B')
      scroll(self, key == 'B');
    return;
  }
  g_string_truncate(self->filter, 0);
  self->picture.typing = FALSE;
}

gboolean
nz_view_keys(NzView *self)
{
  char keys[64];
  gssize n = read(self->in, keys, sizeof keys);
  if (n < 0)
    return errno == EINTR || errno == EAGAIN; /* else the terminal is gone */
  for (gsize at = 0; at < (gsize)n;) {
    char key = keys[at++];
    if (key == 0x1b)
      escape(self, keys, (gsize)n, &at);
    else if (!press(self, key))
      return FALSE;
  }
  return TRUE;
}

/* --- drawing --- */

static void
measure_rates(NzView *self, const NzLedgerTotals *totals, gint64 now)
{
  gint64 since = now - self->measured;
  if (self->measured > 0 && since < G_USEC_PER_SEC)
    return;
  if (self->measured > 0) {
    double seconds = (double)since / G_USEC_PER_SEC;
    self->picture.roots_rate = (double)(totals->roots - self->roots) / seconds;
    self->picture.seen_rate = (double)(totals->seen - self->seen) / seconds;
  }
  self->measured = now;
  self->roots = totals->roots;
  self->seen = totals->seen;
}

void
nz_view_draw(NzView *self, const NzLedger *ledger, const NzViewInfo *info)
{
  struct winsize size = {.ws_row = 24, .ws_col = 80};
  g_autoptr(GString) text = g_string_new("\033[H");
  ioctl(self->out, TIOCGWINSZ, &size);
  measure_rates(self, nz_ledger_totals(ledger), info->now);
  self->picture.width = size.ws_col;
  self->picture.height = size.ws_row;
  self->picture.filter = self->filter->str;
  self->picture.recent = &self->recent;
  self->picture.info = *info;
  nz_view_picture(&self->picture, ledger, text);
  g_string_append(text, "\033[J");
  if (g_string_equal(text, self->last))
    return;
  put_all(self->out, text->str, text->len);
  g_string_assign(self->last, text->str);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/progress.h"

#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cmd/progress_draw.h"

/* Nothing is shown before this long, and then it changes ten times a second. */
#define QUIET_US (700 * 1000)
#define STEP_US  (100 * 1000)

#define LAYERS_MAX 16u

struct NzProgress {
  const nonzero_scanner *scanner;
  GThread *thread;
  GMutex mutex;
  GCond changed;
  gboolean stopping;
  gboolean is_dumb; /* the terminal: one line, and no escape sequences */
  guint n_lines;    /* on the terminal; the cursor is at the end of the last */
  gsize n_padded;   /* of a dumb one: columns that were written to */
  gint64 next;      /* when it is drawn again */
  char *what;
  gboolean is_counts;
  guint64 total;
  guint64 start; /* the count when WHAT began */
};

/* --- the terminal --- */

static void
ask_size(guint *columns, guint *rows)
{
  struct winsize size = {0};
  if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) < 0)
    size = (struct winsize){0};
  *columns = size.ws_col > 0 ? size.ws_col : 80;
  *rows = size.ws_row > 0 ? size.ws_row : 24;
}

/* Back to where the first line begins. */
static void
add_return(const NzProgress *self, GString *out)
{
  g_string_append_c(out, '\r');
  if (self->n_lines > 1)
    g_string_append_printf(out, "\033[%uA", self->n_lines - 1);
}

static void
erase(NzProgress *self)
{
  if (self->n_lines == 0)
    return;
  g_autoptr(GString) out = g_string_new(NULL);
  add_return(self, out);
  if (self->is_dumb)
    g_string_append_printf(out, "%*s\r", (int)self->n_padded, "");
  else
    g_string_append(out, "\033[J");
  fputs(out->str, stderr);
  self->n_lines = 0;
  self->n_padded = 0;
}

/* Each line is written over the old one, so that nothing flickers. */
static void
show(NzProgress *self, const char *text)
{
  g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
  g_autoptr(GString) out = g_string_new(NULL);
  add_return(self, out);
  self->n_lines = g_strv_length(lines);
  for (guint i = 0; i < self->n_lines; i++)
    g_string_append_printf(out, "%s%s\033[K", i > 0 ? "\r\n" : "", lines[i]);
  g_string_append(out, "\033[J");
  fputs(out->str, stderr);
}

/* As long as the longest so far: nothing of that stays. */
static void
show_dumb(NzProgress *self, const char *line)
{
  gsize n = (gsize)g_utf8_strlen(line, -1);
  fprintf(stderr, "\r%s%*s", line, n < self->n_padded ? (int)(self->n_padded - n) : 0, "");
  self->n_padded = MAX(self->n_padded, n);
  self->n_lines = 1;
}

static void
draw(NzProgress *self)
{
  guint columns, rows;
  nonzero_layer_progress layers[LAYERS_MAX];
  NzProgressView view = {.what = self->what,
                         .done = nonzero_scanner_bytes_read(self->scanner) - self->start,
                         .total = self->total,
                         .is_counts = self->is_counts,
                         .layers = layers,
                         .n_layers = nonzero_scanner_layers(self->scanner, layers, LAYERS_MAX)};
  ask_size(&columns, &rows);
  g_autofree char *text = nz_progress_draw(&view, columns, self->is_dumb ? 1 : rows);
  if (self->is_dumb)
    show_dumb(self, text);
  else
    show(self, text);
}

/* --- its thread --- */

static gpointer
run(gpointer data)
{
  NzProgress *self = data;
  g_mutex_lock(&self->mutex);
  while (!self->stopping) {
    if (g_cond_wait_until(&self->changed, &self->mutex, self->next) ||
        g_get_monotonic_time() < self->next)
      continue;
    if (self->what)
      draw(self);
    self->next = g_get_monotonic_time() + STEP_US;
  }
  g_mutex_unlock(&self->mutex);
  return NULL;
}

NzProgress *
nz_progress_start(const nonzero_scanner *scanner, gboolean quiet)
{
  if (quiet || !isatty(STDERR_FILENO))
    return NULL;
  const char *terminal = g_getenv("TERM");
  NzProgress *self = g_new0(NzProgress, 1);
  self->scanner = scanner;
  self->is_dumb = !terminal || !*terminal || strcmp(terminal, "dumb") == 0;
  self->next = g_get_monotonic_time() + QUIET_US;
  g_mutex_init(&self->mutex);
  g_cond_init(&self->changed);
  self->thread = g_thread_new("progress", run, self);
  return self;
}

static void
set(NzProgress *self, const char *what, guint64 total, gboolean is_counts)
{
  if (!self)
    return;
  g_mutex_lock(&self->mutex);
  g_free(self->what);
  self->what = g_strdup(what);
  self->total = total;
  if (!self->is_counts || !is_counts)
    self->start = nonzero_scanner_bytes_read(self->scanner);
  self->is_counts = is_counts;
  g_mutex_unlock(&self->mutex);
}

void
nz_progress_set(NzProgress *self, const char *what, guint64 total)
{
  set(self, what, total, FALSE);
}

void
nz_progress_count(NzProgress *self, const char *counts)
{
  set(self, counts, 0, TRUE);
}

void
nz_progress_hide(NzProgress *self)
{
  if (!self)
    return;
  g_mutex_lock(&self->mutex);
  erase(self);
  /* What it made place for is written before it comes back. */
  self->next = MAX(self->next, g_get_monotonic_time() + STEP_US);
  g_mutex_unlock(&self->mutex);
}

void
nz_progress_stop(NzProgress *self)
{
  if (!self)
    return;
  g_mutex_lock(&self->mutex);
  self->stopping = TRUE;
  g_cond_signal(&self->changed);
  g_mutex_unlock(&self->mutex);
  g_thread_join(self->thread);
  erase(self);
  g_mutex_clear(&self->mutex);
  g_cond_clear(&self->changed);
  g_free(self->what);
  g_free(self);
}

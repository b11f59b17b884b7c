/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/progress.h"

#include <stdio.h>
#include <unistd.h>

/* Nothing is shown before this long, and then it changes ten times a second. */
#define QUIET_US (700 * 1000)
#define STEP_US  (100 * 1000)

struct NzProgress {
  const nonzero_scanner *scanner;
  GThread *thread;
  GMutex mutex;
  GCond changed;
  gboolean stopping, shown;
  char *what;
  guint64 total;
  guint64 start; /* the count when WHAT began */
};

static void
draw(NzProgress *self)
{
  guint64 done = nonzero_scanner_bytes_read(self->scanner) - self->start;
  g_autofree char *size = g_format_size(done);
  if (self->total > 0)
    fprintf(stderr, "\r\033[K%s: %s, %u %%", self->what, size,
            (guint)MIN((guint64)100, done * 100 / self->total));
  else
    fprintf(stderr, "\r\033[K%s: %s", self->what, size);
  self->shown = TRUE;
}

static gpointer
run(gpointer data)
{
  NzProgress *self = data;
  gint64 next = g_get_monotonic_time() + QUIET_US;
  g_mutex_lock(&self->mutex);
  while (!self->stopping) {
    if (g_cond_wait_until(&self->changed, &self->mutex, next))
      continue;
    if (self->what)
      draw(self);
    next = g_get_monotonic_time() + STEP_US;
  }
  g_mutex_unlock(&self->mutex);
  return NULL;
}

NzProgress *
nz_progress_start(const nonzero_scanner *scanner, gboolean quiet)
{
  if (quiet || !isatty(STDERR_FILENO))
    return NULL;
  NzProgress *self = g_new0(NzProgress, 1);
  self->scanner = scanner;
  g_mutex_init(&self->mutex);
  g_cond_init(&self->changed);
  self->thread = g_thread_new("progress", run, self);
  return self;
}

void
nz_progress_set(NzProgress *self, const char *what, guint64 total)
{
  if (!self)
    return;
  g_mutex_lock(&self->mutex);
  g_free(self->what);
  self->what = g_strdup(what);
  self->total = total;
  self->start = nonzero_scanner_bytes_read(self->scanner);
  g_mutex_unlock(&self->mutex);
}

void
nz_progress_hide(NzProgress *self)
{
  if (!self)
    return;
  g_mutex_lock(&self->mutex);
  if (self->shown)
    fputs("\r\033[K", stderr);
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
  if (self->shown)
    fputs("\r\033[K", stderr);
  g_mutex_clear(&self->mutex);
  g_cond_clear(&self->changed);
  g_free(self->what);
  g_free(self);
}

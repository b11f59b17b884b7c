/* SPDX-License-Identifier: Apache-2.0 */
#include "watch/audit_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/limits.h"
#include "core/text.h"

typedef enum { ITEM_LINE, ITEM_REOPEN, ITEM_STOP } ItemKind;

typedef struct {
  ItemKind kind;
  char *text;
  gsize len;
} Item;

struct NzAuditFile {
  char *path;
  guint64 max;
  guint keep;
  guint64 number; /* the watcher's thread's */
  GAsyncQueue *items;
  GThread *thread;
  /* Shared by the two threads, under the mutex. */
  GMutex mutex;
  GCond done;
  guint64 lost;
  gboolean finished;
  /* The writer's. */
  int fd;
  guint64 size;
  guint64 said;  /* how many lines were lost, by what stands in the file */
  gboolean torn; /* the file ends in the middle of a line, which could not be taken back */
  gboolean dirty;
};

static void
item_free(gpointer data)
{
  Item *self = data;
  free(self->text);
  g_free(self);
}

/* --- the file --- */

static gboolean
open_file(NzAuditFile *self, GError **error)
{
  struct stat st;
  g_autofree char *shown = nz_printable(self->path, -1);
  /* A link could lead to a file of somebody's, a FIFO would wait for a reader. */
  int fd =
      open(self->path,
           O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY, 0600);
  if (fd < 0) {
    nz_set_errno(error, errno, "cannot open the audit log %s", shown);
    return FALSE;
  }
  if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
    close(fd);
    return nz_set_input(error, "the audit log %s is no file", shown);
  }
  self->fd = fd;
  self->size = (guint64)st.st_size;
  return TRUE;
}

static void
close_file(NzAuditFile *self)
{
  if (self->fd < 0)
    return;
  if (self->dirty)
    fdatasync(self->fd);
  self->dirty = FALSE;
  close(self->fd);
  self->fd = -1;
  self->torn = FALSE;
}

/* PATH.1 becomes PATH.2, and so on; the oldest goes. Where that is not allowed the file grows on:
 * better too long than not written. */
static void
rotate(NzAuditFile *self)
{
  for (guint i = self->keep; i > 0; i--) {
    g_autofree char *to = g_strdup_printf("%s.%u", self->path, i);
    g_autofree char *from =
        i > 1 ? g_strdup_printf("%s.%u", self->path, i - 1) : g_strdup(self->path);
    if (rename(from, to) < 0 && i == 1)
      return;
  }
  close_file(self);
  open_file(self, NULL);
}

/* A whole line or nothing of it. */
static gboolean
append(NzAuditFile *self, const char *text, gsize len)
{
  if (self->torn && write(self->fd, "\n", 1) == 1) {
    self->size++;
    self->torn = FALSE;
  }
  if (self->torn)
    return FALSE;
  gssize n = write(self->fd, text, len);
  if (n == (gssize)len) {
    self->size += len;
    self->dirty = TRUE;
    return TRUE;
  }
  /* A file that may only be appended to (chattr +a) cannot be cut: the next line begins anew. */
  if (n > 0 && ftruncate(self->fd, (off_t)self->size) < 0) {
    self->size += (guint64)n;
    self->torn = TRUE;
  }
  return FALSE;
}

static void
count_lost(NzAuditFile *self)
{
  g_mutex_lock(&self->mutex);
  self->lost++;
  g_mutex_unlock(&self->mutex);
}

/* The line; before it, if some were lost since the last, how many. Both or neither: a short line
 * that still found room would say each loss by itself. */
static gboolean
append_with_gap(NzAuditFile *self, const Item *item)
{
  guint64 lost = nz_audit_file_lost(self);
  if (lost == self->said)
    return append(self, item->text, item->len);
  g_autoptr(GString) both = g_string_new(NULL);
  g_string_append_printf(both, "{\"event\":\"gap\",\"lost\":%" G_GUINT64_FORMAT "}\n",
                         lost - self->said);
  g_string_append_len(both, item->text, (gssize)item->len);
  if (!append(self, both->str, both->len))
    return FALSE;
  self->said = lost;
  return TRUE;
}

static void
write_line(NzAuditFile *self, const Item *item)
{
  if (self->fd < 0)
    open_file(self, NULL);
  if (self->fd >= 0 && self->max > 0 && self->size > 0 && self->size + item->len > self->max)
    rotate(self);
  if (self->fd < 0 || !append_with_gap(self, item))
    count_lost(self);
}

static gpointer
run(gpointer data)
{
  NzAuditFile *self = data;
  for (gboolean go_on = TRUE; go_on;) {
    Item *item = g_async_queue_pop(self->items);
    if (item->kind == ITEM_LINE)
      write_line(self, item);
    else if (item->kind == ITEM_REOPEN)
      close_file(self);
    else
      go_on = FALSE;
    item_free(item);
    if (self->dirty && g_async_queue_length(self->items) <= 0) {
      fdatasync(self->fd);
      self->dirty = FALSE;
    }
  }
  close_file(self);
  g_mutex_lock(&self->mutex);
  self->finished = TRUE;
  g_cond_signal(&self->done);
  g_mutex_unlock(&self->mutex);
  return NULL;
}

/* --- public --- */

NzAuditFile *
nz_audit_file_new(const NzAuditOptions *options, GError **error)
{
  NzAuditFile *self = g_new0(NzAuditFile, 1);
  self->path = g_strdup(options->path);
  self->max = options->max;
  self->keep = MAX(options->keep, 1);
  self->fd = -1;
  if (!open_file(self, error)) {
    g_free(self->path);
    g_free(self);
    return NULL;
  }
  g_mutex_init(&self->mutex);
  g_cond_init(&self->done);
  self->items = g_async_queue_new_full(item_free);
  self->thread = g_thread_new("audit", run, self);
  return self;
}

static void
put(NzAuditFile *self, ItemKind kind, char *text, gsize len)
{
  Item *item = g_new0(Item, 1);
  *item = (Item){kind, text, len};
  g_async_queue_push(self->items, item);
}

/* A disk that hangs must not keep the watcher from ending: its thread is then left behind. */
void
nz_audit_file_free(NzAuditFile *self)
{
  gint64 until = g_get_monotonic_time() + NZ_AUDIT_END_WAIT;
  put(self, ITEM_STOP, NULL, 0);
  g_mutex_lock(&self->mutex);
  while (!self->finished && g_cond_wait_until(&self->done, &self->mutex, until))
    continue;
  gboolean finished = self->finished;
  g_mutex_unlock(&self->mutex);
  if (!finished) {
    g_thread_unref(self->thread);
    return;
  }
  g_thread_join(self->thread);
  g_async_queue_unref(self->items);
  g_mutex_clear(&self->mutex);
  g_cond_clear(&self->done);
  g_free(self->path);
  g_free(self);
}

guint64
nz_audit_file_next_number(NzAuditFile *self)
{
  return ++self->number;
}

void
nz_audit_file_put(NzAuditFile *self, char *text, gsize len)
{
  if (g_async_queue_length(self->items) < (gint)NZ_AUDIT_QUEUE_MAX) {
    put(self, ITEM_LINE, text, len);
    return;
  }
  free(text);
  count_lost(self);
}

void
nz_audit_file_reopen(NzAuditFile *self)
{
  put(self, ITEM_REOPEN, NULL, 0);
}

guint64
nz_audit_file_lost(const NzAuditFile *self)
{
  NzAuditFile *mutable = (NzAuditFile *)self; /* a mutex is no state */
  g_mutex_lock(&mutable->mutex);
  guint64 lost = self->lost;
  g_mutex_unlock(&mutable->mutex);
  return lost;
}

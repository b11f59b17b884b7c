/* SPDX-License-Identifier: Apache-2.0 */
/* Two pipes. An order is a Header and, for a put, LEN bytes; the answer to a get is a length and as
 * many bytes, or NONE. An order of length NONE is the last: others of the scanner's processes may
 * hold its end of the pipe too. */
#include "store/cache_process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "confine/confine.h"
#include "core/limits.h"
#include "core/pipe.h"

#define KIND_MAX 15

typedef struct {
  guint8 key[NZ_CACHE_KEY];
  char kind[KIND_MAX + 1]; /* empty: get */
  guint64 len;
} Header;

#define NONE G_MAXUINT64

struct NzCacheProcess {
  GMutex mutex;
  int order, reply;
  gboolean broken;
  gboolean has_put; /* something that must be on disk when we end */
};

/* --- the child --- */

/* Its descriptors, after those of standard input, output and error. */
enum { ORDER = 3, REPLY = 4 };

typedef struct {
  Header header;
  guint8 *data;
} Put;

/* Who asks waits for the answer, who puts does not: what is put is written when nobody asks. */
typedef struct {
  NzCache *cache; /* NULL: nothing is found and nothing kept */
  int order, reply;
  GQueue puts; /* Put, oldest first */
  gsize bytes; /* of them */
  guint batch; /* puts that are written, but not committed */
  gsize room;  /* of the pipe for answers, which is empty when one is made */
  gboolean changed;
} Keeper;

static void
put_free(Put *put)
{
  g_free(put->data);
  g_free(put);
}

/* Of a pipe: each of two writes leaves the rest of a page, which may have 64 KiB. */
#define PARTLY_USED (2 * 65536u)

/* An answer that is on its way. */
typedef struct {
  const Keeper *keeper;
  GBytes *later; /* what did not fit into the pipe: it is sent when the database is free again */
  gboolean sent, ok;
} Answer;

static gboolean
send_value(const Keeper *self, const void *data, guint64 len)
{
  return nz_pipe_write(self->reply, &len, sizeof len) && nz_pipe_write(self->reply, data, len);
}

/* As it lies in SQLite's memory, where that takes no waiting for the reader. */
static void
send_or_copy(const void *value, gsize len, gpointer data)
{
  Answer *self = data;
  self->sent = len + PARTLY_USED <= self->keeper->room;
  if (self->sent)
    self->ok = send_value(self->keeper, value, len);
  else
    self->later = g_bytes_new(value, len);
}

static const Put *
find_put(const Keeper *self, const guint8 *key)
{
  for (const GList *l = self->puts.tail; l; l = l->prev) {
    const Put *put = l->data;
    if (memcmp(put->header.key, key, NZ_CACHE_KEY) == 0)
      return put;
  }
  return NULL;
}

static gboolean
answer(Keeper *self, const Header *header)
{
  static const guint64 none = NONE;
  const Put *put = find_put(self, header->key);
  if (put)
    return send_value(self, put->data, put->header.len);
  Answer answer = {.keeper = self};
  if (!self->cache || !nz_cache_show(self->cache, header->key, send_or_copy, &answer))
    return nz_pipe_write(self->reply, &none, sizeof none);
  if (answer.sent)
    return answer.ok;
  g_autoptr(GBytes) later = answer.later;
  gsize len;
  const void *data = g_bytes_get_data(later, &len);
  return send_value(self, data, len);
}

static gboolean
keep(Keeper *self, const Header *header)
{
  if (header->len > NZ_FACTS_ENTRY_MAX)
    return FALSE;
  Put *put = g_new(Put, 1);
  *put = (Put){*header, g_malloc(header->len + 1)};
  gboolean ok = nz_pipe_read(self->order, put->data, header->len);
  if (!ok || !self->cache) {
    put_free(put);
    return ok;
  }
  g_queue_push_tail(&self->puts, put);
  self->bytes += header->len;
  return TRUE;
}

static void
commit(Keeper *self)
{
  if (self->batch > 0)
    nz_cache_commit(self->cache);
  self->batch = 0;
}

/* Writes what was put first of what is not written. Others wait for the lock, so that it is given
 * up now and then. */
static void
write_one(Keeper *self)
{
  Put *put = g_queue_pop_head(&self->puts);
  if (self->batch++ == 0)
    nz_cache_begin(self->cache);
  self->changed |=
      nz_cache_put(self->cache, put->header.key, put->header.kind, put->data, put->header.len);
  self->bytes -= put->header.len;
  put_free(put);
  if (self->batch >= NZ_CACHE_BATCH_MAX || g_queue_is_empty(&self->puts))
    commit(self);
}

static gboolean
is_asked(const Keeper *self)
{
  struct pollfd p = {self->order, POLLIN, 0};
  return poll(&p, 1, 0) != 0;
}

/* FALSE after the last order. */
static gboolean
serve_one(Keeper *self)
{
  Header header;
  while (!g_queue_is_empty(&self->puts) && (self->bytes > NZ_CACHE_PUTS_MAX || !is_asked(self)))
    write_one(self);
  if (!nz_pipe_read(self->order, &header, sizeof header) || header.len == NONE)
    return FALSE;
  header.kind[KIND_MAX] = '\0';
  return header.kind[0] ? keep(self, &header) : answer(self, &header);
}

static void
serve(const char *directory, int order, int reply)
{
  gboolean is_there = nz_cache_prepare(directory, NULL);
  int room = fcntl(reply, F_GETPIPE_SZ);
  nz_confine_keeper(directory, NULL);
  g_autoptr(NzCache) cache = is_there ? nz_cache_open(directory, TRUE, NULL) : NULL;
  Keeper self = {.cache = cache, .order = order, .reply = reply, .room = (gsize)MAX(room, 0)};
  while (serve_one(&self))
    continue;
  while (!g_queue_is_empty(&self.puts))
    write_one(&self);
  if (self.changed)
    nz_cache_trim(cache, NZ_CACHE_BYTES_MAX);
}

/* Nobody's pipe, terminal or lock is kept open by us, and what the scanner is sent is not our end:
 * that is its own. */
static void G_GNUC_NORETURN
child(const char *directory, int order, int reply)
{
  static const int ignored[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE};
  for (guint i = 0; i < G_N_ELEMENTS(ignored); i++)
    signal(ignored[i], SIG_IGN);
  prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  prctl(PR_SET_NAME, "nonzero-cache", 0, 0, 0);
  int in = fcntl(order, F_DUPFD, 10), out = fcntl(reply, F_DUPFD, 10);
  int null = open("/dev/null", O_RDWR);
  if (in < 0 || out < 0 || null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0 ||
      dup2(null, 2) < 0 || dup2(in, ORDER) < 0 || dup2(out, REPLY) < 0)
    _exit(1);
  if (syscall(SYS_close_range, 5u, ~0u, 0u) != 0) /* Linux 5.9 */
    for (int fd = 5; fd < 1024; fd++)
      close(fd);
  serve(directory, ORDER, REPLY);
  _exit(0);
}

/* --- the scanner's side --- */

static void
close_both(int fds[2])
{
  close(fds[0]);
  close(fds[1]);
}

/* Nobody's child: who uses the library does not have it among those that he waits for. Negative
 * when it cannot be had. */
static pid_t
start(const char *directory, int order, int reply)
{
  pid_t pid = fork();
  if (pid == 0) {
    pid = fork();
    if (pid == 0)
      child(directory, order, reply);
    _exit(pid < 0 ? 1 : 0);
  }
  int status = 0;
  while (pid > 0 && waitpid(pid, &status, 0) < 0)
    if (errno != EINTR)
      return pid; /* somebody else waited for it */
  if (pid > 0 && status != 0)
    errno = EAGAIN;
  return status == 0 ? pid : -1;
}

NzCacheProcess *
nz_cache_process_start(const char *directory, GError **error)
{
  int order[2], reply[2];
  if (pipe2(order, O_CLOEXEC) < 0) {
    nz_set_errno(error, errno, "cannot make a pipe");
    return NULL;
  }
  if (pipe2(reply, O_CLOEXEC) < 0) {
    nz_set_errno(error, errno, "cannot make a pipe");
    close_both(order);
    return NULL;
  }
  /* Room for most values: who puts one goes on at once. */
  fcntl(order[1], F_SETPIPE_SZ, 1024 * 1024);
  fcntl(reply[1], F_SETPIPE_SZ, 1024 * 1024);
  fcntl(order[1], F_SETFL, O_NONBLOCK);
  fcntl(reply[0], F_SETFL, O_NONBLOCK);
  pid_t pid = start(directory, order[0], reply[1]);
  close(order[0]);
  close(reply[1]);
  if (pid < 0) {
    nz_set_errno(error, errno, "cannot start a process");
    close(order[1]);
    close(reply[0]);
    return NULL;
  }
  NzCacheProcess *self = g_new0(NzCacheProcess, 1);
  g_mutex_init(&self->mutex);
  self->order = order[1];
  self->reply = reply[0];
  return self;
}

static GBytes *
ask(NzCacheProcess *self, const Header *header)
{
  guint64 len = NONE;
  self->broken |= !nz_pipe_write(self->order, header, sizeof *header) ||
                  !nz_pipe_read(self->reply, &len, sizeof len);
  if (self->broken || len == NONE)
    return NULL;
  if (len > NZ_FACTS_ENTRY_MAX) {
    self->broken = TRUE;
    return NULL;
  }
  guint8 *data = g_malloc(len + 1);
  self->broken = !nz_pipe_read(self->reply, data, len);
  if (!self->broken)
    return g_bytes_new_take(data, len);
  g_free(data);
  return NULL;
}

GBytes *
nz_cache_process_get(NzCacheProcess *self, const guint8 key[NZ_CACHE_KEY])
{
  Header header = {.len = 0};
  memcpy(header.key, key, NZ_CACHE_KEY);
  g_mutex_lock(&self->mutex);
  GBytes *found = self->broken ? NULL : ask(self, &header);
  g_mutex_unlock(&self->mutex);
  return found;
}

void
nz_cache_process_put(NzCacheProcess *self, const guint8 key[NZ_CACHE_KEY], const char *kind,
                     const void *data, gsize len)
{
  Header header = {.len = len};
  if (len > NZ_FACTS_ENTRY_MAX)
    return;
  memcpy(header.key, key, NZ_CACHE_KEY);
  g_strlcpy(header.kind, kind, sizeof header.kind);
  g_mutex_lock(&self->mutex);
  self->has_put = TRUE;
  self->broken = self->broken || !nz_pipe_write(self->order, &header, sizeof header) ||
                 !nz_pipe_write(self->order, data, len);
  g_mutex_unlock(&self->mutex);
}

void
nz_cache_process_stop(NzCacheProcess *self)
{
  if (!self)
    return;
  guint8 byte;
  Header last = {.len = NONE};
  if (!self->broken && nz_pipe_write(self->order, &last, sizeof last) && self->has_put)
    nz_pipe_read(self->reply, &byte, 1); /* its end */
  close(self->order);
  close(self->reply);
  g_mutex_clear(&self->mutex);
  g_free(self);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What stands in the lines, and which sessions are open. audit_file.c writes them. */
#include "watch/audit.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "core/limits.h"
#include "core/text.h"
#include "report/json_parts.h"
#include "version.h"
#include "watch/audit_file.h"

struct NzAudit {
  NzAuditFile *file;
  GHashTable *open; /* Session, by itself */
};

typedef struct {
  guint64 start;
  guint32 pid;
  gint64 time;
  char *container;
} Session;

static guint
session_hash(gconstpointer key)
{
  const Session *self = key;
  guint64 words[] = {self->start, self->pid};
  return (guint)nz_hash64(words, sizeof words);
}

static gboolean
session_equal(gconstpointer a, gconstpointer b)
{
  const Session *x = a, *y = b;
  return x->pid == y->pid && x->start == y->start;
}

static void
session_free(gpointer data)
{
  Session *self = data;
  g_free(self->container);
  g_free(self);
}

/* --- lines --- */

typedef struct {
  FILE *out;
  NzJsonw *w;
  char *text;
  size_t len;
} Line;

static void
write_time(NzJsonw *w, const char *key, gint64 microseconds)
{
  g_autoptr(GDateTime) time = g_date_time_new_from_unix_utc(microseconds / G_USEC_PER_SEC);
  g_autofree char *seconds = time ? g_date_time_format(time, "%Y-%m-%dT%H:%M:%S") : NULL;
  g_autofree char *text =
      seconds ? g_strdup_printf("%s.%06dZ", seconds, (int)(microseconds % G_USEC_PER_SEC)) : NULL;
  nz_jsonw_string(w, key, text);
}

static void
line_begin(Line *self, NzAudit *audit, const char *event, gint64 time)
{
  self->out = open_memstream(&self->text, &self->len);
  self->w = nz_jsonw_new_line(self->out);
  nz_jsonw_begin_object(self->w, NULL);
  nz_jsonw_string(self->w, "event", event);
  nz_jsonw_uint(self->w, "number", nz_audit_file_next_number(audit->file));
  write_time(self->w, "time", time);
}

static void
line_end(Line *self, NzAudit *audit)
{
  nz_jsonw_end_object(self->w);
  nz_jsonw_free(self->w);
  fclose(self->out);
  nz_audit_file_put(audit->file, self->text, self->len);
}

static void
write_container(NzJsonw *w, const NzContainerRef *ref, const NzContainerFacts *facts)
{
  nz_jsonw_begin_object(w, "container");
  nz_jsonw_string(w, "engine", nz_container_engine_name(facts ? facts->ref.engine : ref->engine));
  nz_jsonw_string(w, "id", ref->id);
  if (facts) {
    nz_jsonw_string(w, "name", facts->name);
    nz_jsonw_string(w, "namespace", facts->space);
    nz_jsonw_string(w, "pod", facts->pod);
    nz_jsonw_string(w, "image", facts->image);
    nz_jsonw_string(w, "image_id", facts->image_id);
  }
  nz_jsonw_end_object(w);
}

/* Who logged in on the host, where the session came from there: the kernel keeps that number
 * through all changes of user. */
static gboolean
read_login(guint32 pid, guint32 *uid)
{
  char path[64], text[32];
  gint64 value;
  g_snprintf(path, sizeof path, "/proc/%u/loginuid", pid);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  gssize n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
  if (fd >= 0)
    close(fd);
  if (n <= 0 || nz_parse_int(text, (gsize)n, &value) != NZ_INT_OK || value < 0 ||
      value >= G_MAXUINT32)
    return FALSE;
  *uid = (guint32)value;
  return TRUE;
}

static void
write_process(NzJsonw *w, const NzRootFact *root)
{
  guint32 login;
  nz_jsonw_begin_object(w, "process");
  nz_jsonw_uint(w, "pid", root->pid);
  nz_jsonw_uint(w, "host_uid", root->host_uid);
  nz_jsonw_bool(w, "root_on_host", root->on_host);
  if (read_login(root->pid, &login))
    nz_jsonw_uint(w, "login_uid", login);
  nz_jsonw_string(w, "cause", nz_root_cause_name(root->cause));
  nz_jsonw_string(w, "executable", root->executable);
  nz_jsonw_string(w, "arguments", root->arguments);
  nz_jsonw_string(w, "parents", root->parents);
  nz_jsonw_string(w, "terminal", root->terminal);
  nz_jsonw_end_object(w);
}

static void
put_mark(NzAudit *self, const char *event)
{
  Line line = {0};
  line_begin(&line, self, event, g_get_real_time());
  nz_jsonw_string(line.w, "schema", "nonzero/audit/v1");
  nz_jsonw_string(line.w, "version", NZ_VERSION);
  line_end(&line, self);
}

/* --- public --- */

NzAudit *
nz_audit_new(const NzAuditOptions *options, GError **error)
{
  NzAuditFile *file = nz_audit_file_new(options, error);
  if (!file)
    return NULL;
  NzAudit *self = g_new0(NzAudit, 1);
  self->file = file;
  self->open = g_hash_table_new_full(session_hash, session_equal, session_free, NULL);
  put_mark(self, "start");
  return self;
}

void
nz_audit_free(NzAudit *self)
{
  if (!self)
    return;
  put_mark(self, "stop");
  nz_audit_file_free(self->file);
  g_hash_table_unref(self->open);
  g_free(self);
}

gboolean
nz_audit_is_session(const NzRootFact *root)
{
  return root->terminal || root->cause == NZ_ROOT_EXEC_INJECTED;
}

static void
remember(NzAudit *self, const NzAuditRoot *root)
{
  /* Sessions whose end was lost would stay for ever. Those that are forgotten have no end in the
   * log, and nothing else. */
  if (g_hash_table_size(self->open) >= NZ_SESSIONS_MAX)
    g_hash_table_remove_all(self->open);
  Session *session = g_new0(Session, 1);
  session->pid = root->root->pid;
  session->start = root->start;
  session->time = root->time;
  session->container = g_strdup(root->ref->id);
  g_hash_table_add(self->open, session);
}

void
nz_audit_root(NzAudit *self, const NzAuditRoot *root)
{
  Line line = {0};
  if (!nz_audit_is_session(root->root))
    return;
  line_begin(&line, self, "session", root->time);
  write_container(line.w, root->ref, root->facts);
  write_process(line.w, root->root);
  nz_json_write_excepted(line.w, root->excepted);
  if (root->killed)
    nz_jsonw_true(line.w, "killed");
  line_end(&line, self);
  remember(self, root);
}

void
nz_audit_ended(NzAudit *self, guint32 pid, guint64 start, gint64 time)
{
  Session key = {.pid = pid, .start = start};
  Session *session = g_hash_table_lookup(self->open, &key);
  Line line = {0};
  if (!session)
    return;
  line_begin(&line, self, "session-end", time);
  nz_jsonw_string(line.w, "container", session->container);
  nz_jsonw_uint(line.w, "pid", pid);
  nz_jsonw_uint(line.w, "milliseconds", (guint64)MAX(time - session->time, 0) / 1000);
  line_end(&line, self);
  g_hash_table_remove(self->open, &key);
}

void
nz_audit_policy(NzAudit *self, const char *policy, const char *why, gint64 time)
{
  Line line = {0};
  line_begin(&line, self, why ? "policy-refused" : "policy", time);
  nz_jsonw_string(line.w, "policy", policy);
  nz_jsonw_string(line.w, "why", why);
  line_end(&line, self);
}

void
nz_audit_reopen(NzAudit *self)
{
  nz_audit_file_reopen(self->file);
}

guint64
nz_audit_lost(const NzAudit *self)
{
  return nz_audit_file_lost(self->file);
}

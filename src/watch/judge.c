/* SPDX-License-Identifier: Apache-2.0 */
/* A record becomes a fact of its container: who, what, how it came to be root. */
#include <string.h>

#include "core/limits.h"
#include "core/text.h"
#include "watch/enforce.h"
#include "watch/outlets.h"

static const NzRootCause causes[NZ_CAUSES] = {
    [NZ_CAUSE_NONE] = NZ_ROOT_UNKNOWN,
    [NZ_CAUSE_STARTED] = NZ_ROOT_STARTED,
    [NZ_CAUSE_INJECTED] = NZ_ROOT_EXEC_INJECTED,
    [NZ_CAUSE_SETUID] = NZ_ROOT_SETUID_BINARY,
    [NZ_CAUSE_FILE_CAPS] = NZ_ROOT_FILE_CAPABILITIES,
    [NZ_CAUSE_SET_ID] = NZ_ROOT_SET_ID,
    [NZ_CAUSE_USERNS] = NZ_ROOT_USER_NAMESPACE,
    [NZ_CAUSE_INHERITED] = NZ_ROOT_INHERITED,
    [NZ_CAUSE_UNKNOWN] = NZ_ROOT_UNKNOWN,
};

gint64
nz_watch_time(const NzWatch *self, guint64 boottime)
{
  return self->boot_offset + (gint64)(boottime / 1000);
}

/* --- which are looked at --- */

static gboolean
any_matches(const GPtrArray *globs, const char *text)
{
  guint64 steps = NZ_GLOB_STEPS_PROCESS_MAX;
  for (guint i = 0; text && i < globs->len; i++)
    if (nz_glob_match(globs->pdata[i], text, &steps))
      return TRUE;
  return FALSE;
}

static gboolean
is_named(const NzWatch *self, const NzRunning *container)
{
  char **wanted = self->options->containers;
  if (!wanted || !wanted[0])
    return TRUE;
  for (guint i = 0; wanted[i]; i++)
    if (strlen(wanted[i]) >= 4 && g_str_has_prefix(container->ref.id, wanted[i]))
      return TRUE;
  return container->facts && any_matches(self->filters[0], container->facts->name);
}

gboolean
nz_watch_matches(const NzWatch *self, const NzRunning *container)
{
  const NzContainerFacts *facts = container->facts;
  NzContainerEngine engine = facts ? facts->ref.engine : container->ref.engine;
  if (!self->options->engines[engine] || !is_named(self, container))
    return FALSE;
  return self->filters[1]->len == 0 || (facts && any_matches(self->filters[1], facts->space));
}

/* --- texts --- */

/* The arguments with blanks between, as people read them; NULL: none are known. */
static char *
join_arguments(const struct nz_root_record *record)
{
  gsize len = record->args_len;
  if (len == 0 || record->file_len + len > sizeof record->text)
    return NULL;
  g_autofree char *bytes = g_memdup2(record->text + record->file_len, len);
  while (len > 0 && bytes[len - 1] == '\0')
    len--;
  for (gsize i = 0; i < len; i++)
    if (bytes[i] == '\0')
      bytes[i] = ' ';
  return nz_printable(bytes, (gssize)len);
}

static char *
join_parents(const struct nz_root_record *record)
{
  g_autoptr(GString) text = g_string_new(NULL);
  for (guint i = 0; i < MIN(record->n_parents, NZ_PARENTS); i++) {
    const char *comm = record->parents[i].comm;
    g_autofree char *name = nz_printable(comm, (gssize)strnlen(comm, NZ_COMM_LEN));
    g_string_append_printf(text, "%s%s", text->len ? " < " : "", name);
  }
  return text->len ? g_strdup(text->str) : NULL;
}

/* What was asked for is the container's own name of it, unless that leads through /proc or from a
 * directory that we do not know: then the process is asked, if it still is. */
static char *
name_executable(const struct nz_root_record *record, const char *known)
{
  const char *asked = record->text;
  gsize len = record->file_len > 0 ? strnlen(asked, MIN(record->file_len, NZ_FILE_LEN)) : 0;
  g_autofree char *found = NULL;
  gboolean plain = len > 0 && asked[0] == '/' && !g_str_has_prefix(asked, "/proc/") &&
                   !g_str_has_prefix(asked, "/dev/fd/");
  if (!known && !plain)
    found = nz_proc_executable((gint)record->head.pid, record->head.start);
  if (known || found)
    return nz_printable(known ? known : found, -1);
  if (len > 0)
    return nz_printable(asked, (gssize)len);
  return nz_printable(record->comm, (gssize)strnlen(record->comm, NZ_COMM_LEN));
}

/* --- whose file it is --- */

/* Whether a scan may say something of the file that made it root. */
static gboolean
is_by_file(const NzWatch *self, const struct nz_root_record *record)
{
  return nz_ledger_scans(self->ledger) &&
         (record->cause == NZ_CAUSE_SETUID || record->cause == NZ_CAUSE_FILE_CAPS);
}

/* Of a container inside this one: it has an image of its own. */
static gboolean
is_nested(const NzWatch *self, const struct nz_root_record *record)
{
  const NzGroupState *state = g_hash_table_lookup(self->groups, &record->head.group);
  NzContainerRef ref;
  return state && state->path && nz_cgroup_container(state->path, &ref) && ref.inner[0];
}

/* That file by its place among the container's files, or NULL. What was asked for may be a link,
 * and by now the process may execute something else: it is sure only where what it executes is what
 * was asked for, or that below /usr. */
static char *
find_file(const NzWatch *self, const struct nz_root_record *record, const char *known)
{
  if (!is_by_file(self, record))
    return NULL;
  gsize len = record->file_len > 0 ? strnlen(record->text, MIN(record->file_len, NZ_FILE_LEN)) : 0;
  g_autofree char *asked = g_strndup(record->text, len);
  g_autofree char *found =
      known ? g_strdup(known)
            : nz_proc_asked_file((gint)record->head.pid, record->head.start, asked);
  if (known)
    nz_proc_cut_deleted(found);
  return found ? nz_printable(found, -1) : NULL;
}

/* --- judging --- */

/* In a namespace of many extents the kernel's half could not say who is root. FALSE: it is not. */
static gboolean
decide(NzWatch *self, NzRunning *container, struct nz_root_record *record)
{
  guint32 root;
  if (!(record->flags & NZ_FLAG_UNDECIDED))
    return TRUE;
  if (!nz_proc_root_uid((gint)record->head.pid, &root)) {
    if (!container->unseen)
      container->unseen =
          g_strdup("a process with a large user namespace had ended before it could "
                   "be asked who is root in it");
    return FALSE;
  }
  if (self->probe)
    nz_probe_set_root(self->probe, &record->userns, root);
  record->root = root;
  return root != NZ_NO_UID && (record->uid == root || record->euid == root ||
                               record->suid == root || record->fsuid == root);
}

/* A pod's sandbox holds its namespaces, and runs nothing of the user's. */
static gboolean
is_sandbox_itself(const NzRunning *container, const struct nz_root_record *record)
{
  return container->facts && container->facts->kind == NZ_CONTAINER_KIND_SANDBOX &&
         (record->cause == NZ_CAUSE_STARTED || record->origin == NZ_CAUSE_STARTED);
}

static NzRootCause
cause_of(guint8 cause, const NzRunning *container)
{
  NzRootCause found = cause < NZ_CAUSES ? causes[cause] : NZ_ROOT_UNKNOWN;
  if (found != NZ_ROOT_STARTED || !container->facts)
    return found;
  return container->facts->start == NZ_START_IMAGE     ? NZ_ROOT_IMAGE_DEFAULT
         : container->facts->start == NZ_START_RUNTIME ? NZ_ROOT_RUNTIME_USER
                                                       : found;
}

static const NzException *
find_exception(const NzWatch *self, const NzRunning *container, const NzRootFact *fact)
{
  const NzContainerFacts *f = container->facts;
  const NzSighting sighting = {.rule = fact->on_host ? "root-process" : "root-in-userns",
                               .executable = fact->executable,
                               .image = f ? f->image : NULL,
                               .digest = f ? f->image_id : NULL,
                               .container = f ? f->name : NULL,
                               .space = f ? f->space : NULL};
  return nz_policy_match(self->policy, &sighting, NULL);
}

void
nz_watch_judge(NzWatch *self, NzRunning *container, struct nz_root_record *record,
               const char *known, const char *file)
{
  if (is_sandbox_itself(container, record)) {
    nz_enforce_judged(self, container, record, TRUE);
    return;
  }
  g_autofree char *real = NULL;
  /* What is decided by the executable is decided by what it is, not by what it was called. */
  if (record->flags & (NZ_FLAG_STOPPED | NZ_FLAG_LATE))
    real = nz_proc_executable((gint)record->head.pid, record->head.start);
  g_autofree char *executable = name_executable(record, real ? real : known);
  g_autofree char *arguments = join_arguments(record);
  g_autofree char *parents = join_parents(record);
  g_autofree char *terminal =
      record->tty[0] ? nz_printable(record->tty, (gssize)strnlen(record->tty, NZ_TTY_LEN)) : NULL;
  gint64 when = record->head.time ? nz_watch_time(self, record->head.time) : g_get_real_time();
  NzRootFact fact = {.executable = executable,
                     .file = (char *)file,
                     .nested = is_by_file(self, record) && is_nested(self, record),
                     .arguments = arguments,
                     .parents = parents,
                     .terminal = terminal,
                     .cause = cause_of(record->cause, container),
                     .pid = record->head.pid,
                     .host_uid = record->root,
                     .on_host = record->root == 0,
                     .first = when,
                     .last = when,
                     .count = 1};
  const NzException *excepted = find_exception(self, container, &fact);
  gboolean matches = nz_watch_matches(self, container);
  nz_ledger_root(self->ledger, container, &fact);
  nz_enforce_judged(self, container, record, excepted || !matches);
  if (!matches)
    return;
  const NzTold told = {.container = container,
                       .record = record,
                       .fact = &fact,
                       .cause = fact.cause,
                       .origin = cause_of(record->origin, container),
                       .excepted = excepted};
  nz_tell_root(self, &told);
}

void
nz_watch_root(NzWatch *self, NzRunning *container, const struct nz_root_record *record,
              const char *known)
{
  struct nz_root_record decided = *record;
  g_autofree char *file = find_file(self, record, known);
  if (!decide(self, container, &decided))
    nz_enforce_release(self, &decided);
  else if (!nz_watch_defer(self, container, &decided, known, file))
    nz_watch_judge(self, container, &decided, known, file);
}

/* --- records --- */

static void
note_end(NzWatch *self, const struct nz_head *head, NzRunning *container)
{
  nz_outlets_ended(self->outlets, head->pid, head->start, nz_watch_time(self, head->time));
  for (guint i = 0; i < container->roots->len; i++) {
    NzRootFact *root = container->roots->pdata[i];
    if (root->pid == head->pid)
      root->last = MAX(root->last, nz_watch_time(self, head->time));
  }
}

void
nz_watch_record(const struct nz_head *head, gsize len, gpointer user_data)
{
  NzWatch *self = user_data;
  if (len < sizeof *head)
    return;
  NzGroupState *state = nz_watch_group(self, &head->group, (gint)head->pid);
  NzRunning *container = state ? nz_watch_running(self, state->key) : NULL;
  if (container && head->type == NZ_RECORD_END)
    note_end(self, head, container);
  if (head->type != NZ_RECORD_ROOT || len < G_STRUCT_OFFSET(struct nz_root_record, text))
    return;
  struct nz_root_record record = {0}; /* not all of its text was sent */
  memcpy(&record, head, MIN(len, sizeof record));
  if (!container) {
    nz_enforce_release(self, &record);
    return;
  }
  state->told++;
  nz_watch_root(self, container, &record, NULL);
}

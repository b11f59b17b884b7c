/* SPDX-License-Identifier: Apache-2.0 */
/* What is printed as it happens: events for programs, or a line for people. */
#include <errno.h>
#include <string.h>

#include "cmd/complain.h"
#include "watch/events.h"
#include "watch/outlets.h"

static gint64
time_of(const NzWatch *self, const struct nz_root_record *record)
{
  return record->head.time ? nz_watch_time(self, record->head.time) : g_get_real_time();
}

void
nz_tell_start(NzWatch *self)
{
  if (self->ndjson)
    nz_event_start(self, stdout);
}

void
nz_tell_container(NzWatch *self, const NzRunning *container)
{
  if (self->ndjson && nz_watch_matches(self, container))
    nz_event_container(container, stdout);
}

/* What people call the container. */
static const char *
name_of(const NzRunning *container, char *buf, gsize size)
{
  const NzContainerFacts *f = container->facts;
  if (f && f->name && f->pod)
    g_snprintf(buf, size, "%s/%s/%s", f->space ? f->space : "", f->pod, f->name);
  else if (f && f->name)
    g_snprintf(buf, size, "%s", f->name);
  else
    g_snprintf(buf, size, "%s:%.12s", nz_container_engine_name(container->ref.engine),
               container->ref.id);
  return buf;
}

static void
print_line(const NzWatch *self, const NzTold *told)
{
  char name[256], when[32];
  const NzRootFact *fact = told->fact;
  nz_time_text(time_of(self, told->record), when);
  printf("%.12s  %s  %s  %s  %s  pid %u", when + 11, name_of(told->container, name, sizeof name),
         fact->on_host ? "root-on-host" : "root-in-userns", nz_root_cause_name(told->cause),
         fact->arguments ? fact->arguments : fact->executable, fact->pid);
  if (!fact->on_host)
    printf("  host uid %u", fact->host_uid);
  if (fact->terminal)
    printf("  at %s", fact->terminal);
  if (told->excepted)
    printf("  excepted by %s", told->excepted->said.owner);
  if (told->record->flags & (NZ_FLAG_KILLED | NZ_FLAG_WOULD_KILL))
    fputs(told->record->flags & NZ_FLAG_KILLED ? "  killed" : "  would be killed", stdout);
  putchar('\n');
}

void
nz_tell_root(NzWatch *self, const NzTold *told)
{
  if (self->ndjson)
    nz_event_root(told, time_of(self, told->record), stdout);
  else if (self->lines)
    print_line(self, told);
  nz_outlets_root(self->outlets, told, time_of(self, told->record));
}

void
nz_tell_lost(NzWatch *self, const NzRunning *container, guint64 lost, const char *why)
{
  char name[256] = "containers that are not known";
  if (container)
    name_of(container, name, sizeof name);
  if (container && !nz_watch_matches(self, container))
    return;
  nz_outlets_lost(self->outlets, container, lost, why);
  if (self->ndjson)
    nz_event_lost(container, lost, why, stdout);
  else if (self->lines)
    nz_complain("%" G_GUINT64_FORMAT " events of %s were lost: %s", lost, name, why);
}

void
nz_tell_flush(NzWatch *self)
{
  if (self->broken || (fflush(stdout) == 0 && !ferror(stdout)))
    return;
  self->broken = TRUE;
  nz_complain("cannot write to standard output: %s", g_strerror(errno));
}

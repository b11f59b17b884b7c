/* SPDX-License-Identifier: Apache-2.0 */
/* Processes of containers as /proc shows them: what runs now, who of it is root, and how it came to
 * be, as far as that can be told from looking once. What lived between two looks is not seen. */
#pragma once

#include "core/error.h"
#include "runtime/container.h"
#include "runtime/event.h"

typedef struct {
  /* As the kernel's half would tell of it; `when` is NZ_WHEN_FOUND, the group is not set. */
  struct nz_root_record record;
  NzContainerRef ref;
  char *group;      /* the path of its control group */
  char *executable; /* bytes; NULL: not known */
  gboolean is_root;
  gboolean unreadable; /* who it is cannot be read */
  gboolean entered;    /* FALSE: a runtime's own, which has not executed what the user asked for */
} NzProcess;

void nz_process_free(NzProcess *self);

typedef struct {
  GPtrArray *processes; /* NzProcess, by the time they started */
  gboolean hidden;      /* others' processes are hidden from us (hidepid) */
} NzSnapshot;

void nz_snapshot_free(NzSnapshot *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NzSnapshot, nz_snapshot_free)

/* All processes of containers. PROC is "/proc", or a directory that looks like it. */
NzSnapshot *nz_snapshot_take(const char *proc, GError **error);

/* Sets the causes of PROCESSES that are root, from what they, their parents and the others of their
 * containers are. Pure. */
void nz_processes_find_causes(GPtrArray *processes);

/* --- one process --- */

/* When it was started, in nanoseconds since the system was, to a hundredth of a second: of two
 * times of one process the same number of steps is whole. */
#define NZ_PROC_START_STEP (10 * 1000 * 1000)
gboolean nz_proc_start(gint pid, guint64 *start);
/* PATH as a link of /proc shows it, without what is there of a file that has no name any more. */
void nz_proc_cut_deleted(char *path);
/* What it executes, as it sees it; NULL: it is gone, or not ours to read. START: of the process
 * that is meant, another of that number is not. */
char *nz_proc_executable(gint pid, guint64 start);
/* The same, where that is the file ASKED for: by that path, one below its working directory, or
 * that below /usr, to which /bin and its like lead in most images. NULL: it is not, or the process
 * is gone. */
char *nz_proc_asked_file(gint pid, guint64 start, const char *asked);
/* Whether FOUND is what is asked for by ASKED in the directory CWD, or NULL where that is not
 * known. Pure. */
gboolean nz_proc_is_asked(const char *found, const char *asked, const char *cwd);
/* The path of its control group of a container; FALSE: it is in none, or gone. */
gboolean nz_proc_container(gint pid, NzContainerRef *ref, char **group);
/* The host's uid of root in its user namespace. FALSE: it is gone. */
gboolean nz_proc_root_uid(gint pid, guint32 *root);
/* Our effective capabilities. */
guint64 nz_proc_own_capabilities(void);

/* --- grammars, for tests --- */

/* The map as /proc/PID/uid_map has it; NZ_NO_UID: nobody is root. */
gboolean nz_uid_map_root(const char *text, guint32 *root);
/* Starting time in clock ticks and the terminal of a line of /proc/PID/stat. */
gboolean nz_proc_stat_parse(const char *text, guint64 *ticks, guint32 *terminal);

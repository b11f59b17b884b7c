/* SPDX-License-Identifier: Apache-2.0 */
/* The page. */
#include "watch/metrics.h"

#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "core/text.h"
#include "version.h"

static void
head(GString *out, const char *name, const char *type, const char *help)
{
  g_string_append_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void
one(GString *out, const char *name, const char *type, const char *help, guint64 value)
{
  head(out, name, type, help);
  g_string_append_printf(out, "%s %" G_GUINT64_FORMAT "\n", name, value);
}

static void
labelled(GString *out, const char *name, const char *label, const char *text, guint64 value)
{
  g_string_append_printf(out, "%s{%s=\"%s\"} %" G_GUINT64_FORMAT "\n", name, label, text, value);
}

static void
seconds(GString *out, const char *name, const char *type, const char *help, gint64 microseconds)
{
  head(out, name, type, help);
  g_string_append_printf(out, "%s %" G_GINT64_FORMAT ".%06d\n", name, microseconds / G_USEC_PER_SEC,
                         (int)(microseconds % G_USEC_PER_SEC));
}

static void
write_containers(const NzMetrics *m, GString *out)
{
  static const char name[] = "nonzero_watch_containers";
  head(out, name, "gauge", "Containers that run, by verdict.");
  for (NzVerdict v = NZ_VERDICT_PASS; v <= NZ_VERDICT_FAIL; v++)
    labelled(out, name, "verdict", nz_verdict_name(v), m->verdicts[v]);
  one(out, "nonzero_watch_containers_seen_total", "counter", "Containers that were seen.",
      m->totals->containers);
}

static void
write_roots(const NzMetrics *m, GString *out)
{
  static const char causes[] = "nonzero_watch_root_processes_total";
  static const char roots[] = "nonzero_watch_root_processes_by_namespace_total";
  head(out, causes, "counter", "Root processes of containers, by how they came to be root.");
  for (NzRootCause c = 0; c < NZ_ROOT_CAUSES; c++)
    labelled(out, causes, "cause", nz_root_cause_name(c), m->totals->causes[c]);
  head(out, roots, "counter", "Root processes of containers, by whose root they are.");
  labelled(out, roots, "root_of", "host", m->totals->roots_on_host);
  labelled(out, roots, "root_of", "user_namespace", m->totals->roots_in_userns);
}

/* /proc/self/statm counts pages; its second number is what is resident. */
static guint64
resident_bytes(void)
{
  g_autofree char *text = NULL;
  gint64 pages;
  if (!g_file_get_contents("/proc/self/statm", &text, NULL, NULL))
    return 0;
  const char *number = text + strcspn(text, " ");
  number += *number == ' ';
  if (nz_parse_int(number, strspn(number, "0123456789"), &pages) != NZ_INT_OK || pages < 0)
    return 0;
  return (guint64)pages * (guint64)sysconf(_SC_PAGESIZE);
}

static void
write_process(const NzMetrics *m, GString *out)
{
  struct rusage used = {0};
  getrusage(RUSAGE_SELF, &used);
  seconds(out, "process_cpu_seconds_total", "counter", "User and system time.",
          (used.ru_utime.tv_sec + used.ru_stime.tv_sec) * G_USEC_PER_SEC + used.ru_utime.tv_usec +
              used.ru_stime.tv_usec);
  one(out, "process_resident_memory_bytes", "gauge", "Resident memory.", resident_bytes());
  seconds(out, "process_start_time_seconds", "gauge", "When the watch began.", m->began);
}

void
nz_metrics_write(const NzMetrics *m, GString *out)
{
  static const char info[] = "nonzero_watch_info";
  head(out, info, "gauge", "The program, and how it sees processes.");
  g_string_append_printf(out, "%s{version=\"%s\",mode=\"%s\"} 1\n", info, NZ_VERSION, m->mode);
  write_containers(m, out);
  write_roots(m, out);
  one(out, "nonzero_watch_events_total", "counter", "Events of containers that were looked at.",
      m->totals->seen);
  one(out, "nonzero_watch_events_lost_total", "counter",
      "Events that found no room; what they concern is unknown.", m->totals->lost);
  one(out, "nonzero_watch_killed_total", "counter", "Root processes that were ended.",
      m->totals->killed);
  one(out, "nonzero_watch_audit_lost_total", "counter",
      "Lines of the audit log that could not be written.", m->audit_lost);
  one(out, "nonzero_watch_log_lost_total", "counter",
      "Messages that the system's log did not take.", m->log_lost);
  one(out, "nonzero_watch_policy_reloads_total", "counter", "Policies that were read anew.",
      m->reloads);
  one(out, "nonzero_watch_policy_reloads_failed_total", "counter",
      "Policies that could not be read; the one before is still in force.", m->reloads_failed);
  seconds(out, "nonzero_watch_policy_loaded_timestamp_seconds", "gauge",
          "When the policy in force was read.", m->policy_loaded);
  write_process(m, out);
}

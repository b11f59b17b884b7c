/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/watch_options.h"

#include <string.h>

#include "cmd/outlet_options.h"
#include "cmd/policy_options.h"
#include "core/limits.h"
#include "core/text.h"

NzWatchOptions nz_watch_options;

const GOptionEntry nz_watch_entries[] = {
    {"once", '1', 0, G_OPTION_ARG_NONE, &nz_watch_options.once, "Judge what runs now, and end",
     NULL},
    {"interval", 0, 0, G_OPTION_ARG_STRING, &nz_watch_options.interval_text,
     "Look at /proc every so often (10s) instead of at each event", "TIME"},
    {"duration", 'd', 0, G_OPTION_ARG_STRING, &nz_watch_options.duration_text,
     "End after this time (30s, 5m, 1h) with a report", "TIME"},
    {"container", 'c', 0, G_OPTION_ARG_STRING_ARRAY, &nz_watch_options.containers,
     "Only containers of this name (a pattern), or whose id begins so; may be repeated", "NAME"},
    {"engine", 'e', 0, G_OPTION_ARG_STRING_ARRAY, &nz_watch_options.engine_names,
     "Only containers of this engine; may be repeated", "ENGINE"},
    {"namespace", 'n', 0, G_OPTION_ARG_STRING_ARRAY, &nz_watch_options.spaces,
     "Only containers of pods in this namespace (a pattern); may be repeated", "NAME"},
    {"enforce", 0, 0, G_OPTION_ARG_STRING, &nz_watch_options.enforce,
     "kill: end a root process of a container before its first instruction", "ACTION"},
    {"dry-run", 0, 0, G_OPTION_ARG_NONE, &nz_watch_options.dry_run,
     "With --enforce: say what would be ended, end nothing", NULL},
    {"buffer", 0, 0, G_OPTION_ARG_STRING, &nz_watch_options.buffer_text,
     "Bytes of the buffer between the kernel and us (1M): a power of two, 4K to 256M", "SIZE"},
    {"no-bpf", 0, 0, G_OPTION_ARG_NONE, &nz_watch_options.no_bpf,
     "Load nothing into the kernel: look at /proc", NULL},
    {"format", 'f', 0, G_OPTION_ARG_STRING, &nz_watch_options.format,
     "json (or ndjson) prints events, one object a line; the others the report at the end",
     "FORMAT"},
    {"scan-report", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &nz_watch_options.scan_reports,
     "Hold what runs to this report of `nonzero scan --format json` of its image; may be repeated",
     "FILE"},
    NZ_OUTLET_OPTIONS,
    NZ_POLICY_OPTIONS,
    {"color", 0, 0, G_OPTION_ARG_STRING, &nz_watch_options.color,
     "auto (the default), always or never", "WHEN"},
    {"quiet", 'q', 0, G_OPTION_ARG_NONE, &nz_watch_options.quiet,
     "Print nothing; the exit code tells", NULL},
    {"verbose", 'v', 0, G_OPTION_ARG_NONE, &nz_watch_options.verbose,
     "Show findings of level info, and other tools' names for the rules", NULL},
    {NULL},
};

/* A number and one of UNITS; what stands in front of the unit and the unit's index. */
static gboolean
split_number(const char *text, const char *const *units, guint64 *number, guint *unit)
{
  gsize digits = strspn(text, "0123456789");
  g_autofree char *head = g_strndup(text, digits);
  if (!g_ascii_string_to_unsigned(head, 10, 0, G_MAXUINT32, number, NULL))
    return FALSE;
  for (*unit = 0; units[*unit]; ++*unit)
    if (g_ascii_strcasecmp(text + digits, units[*unit]) == 0)
      return TRUE;
  return FALSE;
}

gboolean
nz_duration_parse(const char *text, guint64 *milliseconds)
{
  static const char *const units[] = {"ms", "s", "m", "h", "d", NULL};
  static const guint64 lengths[] = {1, 1000, 60 * 1000, 3600 * 1000, 24 * 3600 * 1000};
  guint unit;
  guint64 number;
  if (!split_number(text, units, &number, &unit))
    return FALSE;
  *milliseconds = number * lengths[unit]; /* both below 2^32 */
  return *milliseconds <= NZ_WATCH_TIME_MAX;
}

static gboolean
read_time(const char *option, const char *text, guint least, guint *out, char **message)
{
  guint64 ms;
  *out = 0;
  if (!text)
    return TRUE;
  if (nz_duration_parse(text, &ms) && ms >= least && ms <= G_MAXUINT) {
    *out = (guint)ms;
    return TRUE;
  }
  g_autofree char *shown = nz_printable(text, -1);
  *message =
      g_strdup_printf("--%s: %s is no time that can be waited for; write it as 500ms, 10s, 5m "
                      "or 1h, at least %u ms and at most 30 days",
                      option, shown, least);
  return FALSE;
}

static gboolean
read_buffer(NzWatchOptions *self, char **message)
{
  static const char *const units[] = {"", "k", "m", "kib", "mib", NULL};
  static const guint shifts[] = {0, 10, 20, 10, 20};
  guint64 number, bytes = NZ_WATCH_BUFFER;
  guint unit;
  if (self->buffer_text)
    bytes = split_number(self->buffer_text, units, &number, &unit) && number <= G_MAXUINT16 * 4096
                ? number << shifts[unit]
                : 0;
  if (bytes >= 4096 && bytes <= NZ_WATCH_BUFFER_MAX && (bytes & (bytes - 1)) == 0) {
    self->buffer = (guint)bytes;
    return TRUE;
  }
  g_autofree char *shown = nz_printable(self->buffer_text, -1);
  *message = g_strdup_printf(
      "--buffer: %s is no size of a buffer; write a power of two from 4K to 256M", shown);
  return FALSE;
}

static gboolean
read_engines(NzWatchOptions *self, char **message)
{
  for (guint i = 0; i < NZ_CONTAINER_ENGINES; i++)
    self->engines[i] = !self->engine_names || !self->engine_names[0];
  for (guint i = 0; self->engine_names && self->engine_names[i]; i++) {
    NzContainerEngine engine;
    if (!nz_container_engine_find(self->engine_names[i], &engine)) {
      g_autofree char *shown = nz_printable(self->engine_names[i], -1);
      g_autoptr(GString) names = g_string_new(NULL);
      for (guint k = NZ_CONTAINER_ANY + 1; k < NZ_CONTAINER_ENGINES; k++)
        g_string_append_printf(names, "%s%s", names->len ? ", " : "",
                               nz_container_engine_name((NzContainerEngine)k));
      *message = g_strdup_printf("--engine: %s is none of %s", shown, names->str);
      return FALSE;
    }
    self->engines[engine] = TRUE;
  }
  return TRUE;
}

gboolean
nz_watch_options_read(NzWatchOptions *self, char **message)
{
  *message = NULL;
  if (!read_time("interval", self->interval_text, 100, &self->interval, message) ||
      !read_time("duration", self->duration_text, 1, &self->duration, message) ||
      !read_buffer(self, message) || !read_engines(self, message))
    return FALSE;
  self->kill = self->enforce && strcmp(self->enforce, "kill") == 0;
  if (self->once && (self->interval || self->duration))
    *message = g_strdup("--once looks once: it goes with neither --interval nor --duration");
  else if (self->enforce && !self->kill)
    *message = g_strdup("--enforce: the one thing that can be done is kill");
  else if (self->scan_reports && g_strv_length(self->scan_reports) > NZ_SCAN_REPORTS_MAX)
    *message = g_strdup_printf("--scan-report: more than %u; one report can be of many images",
                               NZ_SCAN_REPORTS_MAX);
  else if (self->dry_run && !self->kill)
    *message = g_strdup("--dry-run goes with --enforce kill");
  else if (self->kill && (self->once || self->interval || self->no_bpf))
    *message =
        g_strdup("--enforce kill acts on events: it goes with none of --once, --interval and "
                 "--no-bpf");
  else
    nz_outlet_options_read(&nz_outlet_options, self->once, message);
  return !*message;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* nonzero-watch: what `nonzero watch` does, in a program of its own, because it is linked with
 * libbpf. It takes the verb's options. */
#include <linux/capability.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "cmd/complain.h"
#include "cmd/policy_options.h"
#include "core/exit.h"
#include "core/text.h"
#include "report/report.h"
#include "version.h"
#include "watch/outlets.h"
#include "watch/priority.h"
#include "watch/privileges.h"
#include "watch/reload.h"

#define DEFAULT_INTERVAL_MS 10000

static gint64
boot_offset(void)
{
  struct timespec boot = {0};
  gint64 real = g_get_real_time();
  clock_gettime(CLOCK_BOOTTIME, &boot);
  return real - ((gint64)boot.tv_sec * G_USEC_PER_SEC + boot.tv_nsec / 1000);
}

static guint
hash_group(gconstpointer key)
{
  const struct nz_group *group = key;
  return (guint)(group->unified * 31 + group->legacy);
}

static gboolean
equal_groups(gconstpointer a, gconstpointer b)
{
  return memcmp(a, b, sizeof(struct nz_group)) == 0;
}

static void
watch_clear(NzWatch *self)
{
  nz_describer_free(self->describer);
  nz_outlets_free(self->outlets);
  nz_ledger_free(self->ledger);
  nz_policy_free(self->policy);
  nz_probe_free(self->probe);
  for (guint i = 0; i < G_N_ELEMENTS(self->filters); i++)
    g_clear_pointer(&self->filters[i], g_ptr_array_unref);
  g_clear_pointer(&self->groups, g_hash_table_unref);
  g_clear_pointer(&self->names, g_hash_table_unref);
  g_clear_pointer(&self->known, g_hash_table_unref);
  g_clear_pointer(&self->polled, g_hash_table_unref);
  g_free(self->fallback);
  if (self->signals >= 0)
    close(self->signals);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(NzWatch, watch_clear)

/* FALSE with a message printed. */
static gboolean
read_filters(GPtrArray **filters, const char *option, char **patterns)
{
  *filters = g_ptr_array_new_with_free_func((GDestroyNotify)nz_glob_free);
  for (guint i = 0; patterns && patterns[i]; i++) {
    g_autoptr(GError) error = NULL;
    NzGlob *glob = nz_glob_new(patterns[i], &error);
    if (!glob) {
      g_autofree char *shown = nz_printable(patterns[i], -1);
      nz_complain("--%s %s: %s", option, shown, error->message);
      return FALSE;
    }
    g_ptr_array_add(*filters, glob);
  }
  return TRUE;
}

static gboolean
is_ndjson(const char *format)
{
  return format && (strcmp(format, "json") == 0 || strcmp(format, "ndjson") == 0);
}

static gboolean
check_format(const char *format)
{
  if (!format || nz_report_format_find(format))
    return TRUE;
  g_autofree char *shown = nz_printable(format, -1);
  nz_complain("--format: there is no format %s; `nonzero watch --help` lists them", shown);
  return FALSE;
}

/* Loads the kernel's half, or says why not and what is done instead. FALSE: nothing is. */
static gboolean
open_probe(NzWatch *self, NzWatchOptions *options)
{
  g_autoptr(GError) error = NULL;
  if (options->interval || options->no_bpf) {
    options->interval = options->interval ? options->interval : DEFAULT_INTERVAL_MS;
    return TRUE;
  }
  self->probe = nz_probe_new(options->buffer, &error);
  if (self->probe) {
    if (nz_probe_is_costly(self->probe) && !options->quiet)
      nz_complain(
          "this kernel (before 6.14) tells of changed users only at each system call's end: "
          "that slows every process down a little");
    return TRUE;
  }
  if (options->kill) {
    nz_complain("%s; without it nothing can be ended in time", error->message);
    return FALSE;
  }
  options->interval = DEFAULT_INTERVAL_MS;
  self->fallback = g_strdup(error->message);
  if (options->once)
    nz_complain("%s; looking at /proc instead", error->message);
  else
    nz_complain("%s; looking at /proc every %u s instead: what lives between two looks is not seen",
                error->message, options->interval / 1000);
  return TRUE;
}

/* What is needed from now on: to see whose processes are, and what engines keep of containers.
 * Before Linux 5.19 the maps of what was loaded cannot be read without BPF. */
static guint64
needed_capabilities(void)
{
  struct utsname system;
  guint64 keep = NZ_CAPABILITY(CAP_SYS_PTRACE) | NZ_CAPABILITY(CAP_DAC_READ_SEARCH);
  if (nz_watch_options.kill)
    keep |= NZ_CAPABILITY(CAP_KILL); /* what was stopped goes on, or is killed */
  if (uname(&system) < 0 || strverscmp(system.release, "5.19") < 0)
    keep |= NZ_CAPABILITY(CAP_BPF) | NZ_CAPABILITY(CAP_PERFMON);
  return keep;
}

/* Before there is another thread. FALSE with a message printed. */
static gboolean
give_up_and_open(NzWatch *self)
{
  g_autoptr(GError) error = NULL;
  if (nz_privileges_drop(needed_capabilities(), &error)) {
    self->describer = nz_describer_new(nz_engine_places_new());
    nz_priority_keep();
    self->outlets = nz_outlets_new(self, &error);
  }
  if (!self->outlets)
    nz_complain("%s", error->message);
  return self->outlets != NULL;
}

static int
run(NzWatchOptions *options)
{
  g_auto(NzWatch)
      self = {.options = options, .boot_offset = boot_offset(), .signals = nz_watch_open_signals()};
  int code = NZ_EXIT_USAGE;
  if (!check_format(options->format) ||
      !read_filters(&self.filters[0], "container", options->containers) ||
      !read_filters(&self.filters[1], "namespace", options->spaces))
    return NZ_EXIT_USAGE;
  g_autoptr(GError) error = NULL;
  self.policy = nz_watch_open_policy(&code, &error);
  if (!self.policy) {
    nz_complain("%s", error->message);
    return code;
  }
  self.began = g_get_real_time();
  self.ndjson = !options->quiet && is_ndjson(options->format);
  self.lines = !options->quiet && !options->once &&
               (!options->format || strcmp(options->format, "text") == 0);
  self.groups =
      g_hash_table_new_full(hash_group, equal_groups, NULL, (GDestroyNotify)nz_group_state_free);
  self.names = g_hash_table_new(nz_str_hash, g_str_equal);
  self.known =
      g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, (GDestroyNotify)nz_known_free);
  self.polled = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
  self.ledger = nz_ledger_new(self.policy);
  nz_ledger_on_leaving(self.ledger, nz_watch_leaving, &self);
  g_queue_init(&self.waiting);
  if (!nz_watch_read_scans(&self, &error)) {
    nz_complain("%s", error->message);
    return NZ_EXIT_ERROR;
  }
  if (!open_probe(&self, options))
    return NZ_EXIT_ERROR;
  if (self.probe)
    nz_priority_take();
  if (!give_up_and_open(&self))
    return NZ_EXIT_ERROR;
  self.lines = self.lines && !nz_outlets_have_terminal(self.outlets);
  return nz_watch_run(&self);
}

int
main(int argc, char **argv)
{
  g_autoptr(GOptionContext) context = g_option_context_new(NULL);
  g_autoptr(GError) error = NULL;
  g_autofree char *message = NULL;
  setlocale(LC_CTYPE, "");
  signal(SIGPIPE, SIG_IGN);
  signal(SIGXFSZ, SIG_IGN);
  if (argc == 2 && strcmp(argv[1], "--version") == 0) {
    puts("nonzero-watch " NZ_VERSION);
    return NZ_EXIT_PASS;
  }
  g_option_context_add_main_entries(context, nz_watch_entries, NULL);
  if (!g_option_context_parse(context, &argc, &argv, &error)) {
    nz_complain("%s; `nonzero watch --help` lists the options", error->message);
    return NZ_EXIT_USAGE;
  }
  if (!nz_watch_options_read(&nz_watch_options, &message)) {
    nz_complain("%s", message);
    return NZ_EXIT_USAGE;
  }
  return run(&nz_watch_options);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "cmd/cmd.h"
#include "core/error.h"
#include "core/text.h"
#include "store/cache.h"

static char *opt_dir, *opt_max;
static gboolean opt_all;

static const GOptionEntry options[] = {
    {"cache-dir", 0, 0, G_OPTION_ARG_FILENAME, &opt_dir, "The cache in DIR", "DIR"},
    {"max-size", 0, 0, G_OPTION_ARG_STRING, &opt_max,
     "prune: leave no more than SIZE bytes; K, M or G may follow", "SIZE"},
    {"all", 0, 0, G_OPTION_ARG_NONE, &opt_all, "prune: leave nothing", NULL},
    {NULL},
};

static const char help[] =
    "What a layer contributes is kept by its digest, so that it is read once: for images in the\n"
    "stores of engines and in registries. Archives, layouts and directories are always read.\n"
    "\n"
    "  nonzero cache stat                  where it is, and how much is in it\n"
    "  nonzero cache prune --max-size 100M removes what was not used for longest\n"
    "  nonzero cache prune --all           empties it\n"
    "\n"
    "It is in $XDG_CACHE_HOME/nonzero, else ~/.cache/nonzero; for root in /var/cache/nonzero. It "
    "may be\n"
    "removed at any time. Scans keep it below 512 MiB.\n";

/* The cache, if there is one; NULL with *CODE set. */
static NzCache *
open_cache(int *code)
{
  g_autoptr(GError) error = NULL;
  g_autofree char *directory = opt_dir ? g_strdup(opt_dir) : nz_cache_default_directory();
  struct stat st;
  *code = NZ_EXIT_ERROR;
  if (!directory) {
    nz_complain("no place for a cache: neither XDG_CACHE_HOME nor HOME is set");
    return NULL;
  }
  g_autofree char *file = g_build_filename(directory, "facts.sqlite", NULL);
  if (stat(file, &st) < 0 && errno == ENOENT) {
    g_autofree char *shown = nz_printable(directory, -1);
    printf("%s: empty\n", shown);
    *code = NZ_EXIT_PASS;
    return NULL;
  }
  NzCache *cache = nz_cache_open(directory, FALSE, &error);
  if (!cache)
    nz_complain("%s", error->message);
  return cache;
}

static void
print_time(const char *what, gint64 seconds)
{
  g_autoptr(GDateTime) when = g_date_time_new_from_unix_local(seconds);
  g_autofree char *text = when ? g_date_time_format(when, "%Y-%m-%d %H:%M") : NULL;
  if (text)
    printf("%-8s %s\n", what, text);
}

static int
run_stat(NzCache *cache)
{
  g_autoptr(GError) error = NULL;
  g_auto(NzCacheStat) stat = {0};
  if (!nz_cache_stat(cache, &stat, &error)) {
    nz_complain("%s", error->message);
    return NZ_EXIT_ERROR;
  }
  g_autofree char *path = nz_printable(stat.path, -1), *disk = g_format_size(stat.disk);
  printf("%-8s %s (%s on disk)\n", "file", path, disk);
  for (guint i = 0; i < stat.kinds->len; i++) {
    const NzCacheKind *kind = stat.kinds->pdata[i];
    g_autofree char *bytes = g_format_size(kind->bytes);
    printf("%-8s %" G_GUINT64_FORMAT ", %s\n", kind->kind, kind->entries, bytes);
  }
  if (stat.entries > 0) {
    print_time("oldest", stat.oldest);
    print_time("newest", stat.newest);
  }
  return NZ_EXIT_PASS;
}

/* "100M" -> bytes. */
static gboolean
parse_size(const char *text, guint64 *bytes)
{
  static const char units[] = "KMG";
  gsize n = strlen(text);
  const char *unit = n > 1 ? strchr(units, text[n - 1]) : NULL;
  gint64 number;
  if (nz_parse_int(text, unit ? n - 1 : n, &number) != NZ_INT_OK || number < 0)
    return FALSE;
  guint shift = unit ? 10 * (guint)(unit - units + 1) : 0;
  *bytes = (guint64)number << shift;
  return *bytes >> shift == (guint64)number;
}

static int
run_prune(NzCache *cache, guint64 max)
{
  g_autoptr(GError) error = NULL;
  guint64 gone = nz_cache_prune(cache, max, &error);
  if (error) {
    nz_complain("%s", error->message);
    return NZ_EXIT_ERROR;
  }
  printf("%" G_GUINT64_FORMAT " %s removed\n", gone, gone == 1 ? "entry" : "entries");
  return NZ_EXIT_PASS;
}

static int
run_cache(const char *const *argv)
{
  guint64 max = 0;
  gboolean prune = argv[0] && strcmp(argv[0], "prune") == 0;
  if (!argv[0] || argv[1] || (!prune && strcmp(argv[0], "stat") != 0)) {
    nz_complain("cache: write `nonzero cache stat` or `nonzero cache prune`");
    return NZ_EXIT_USAGE;
  }
  if (!prune && (opt_all || opt_max)) {
    nz_complain("--all and --max-size are for `nonzero cache prune`");
    return NZ_EXIT_USAGE;
  }
  if (prune && opt_all == (opt_max != NULL)) {
    nz_complain("cache prune: say how much is to stay with --max-size SIZE, or --all");
    return NZ_EXIT_USAGE;
  }
  if (opt_max && !parse_size(opt_max, &max)) {
    nz_complain("--max-size: no number of bytes: 500K, 100M, 2G");
    return NZ_EXIT_USAGE;
  }
  int code;
  g_autoptr(NzCache) cache = open_cache(&code);
  if (!cache)
    return code;
  return prune ? run_prune(cache, max) : run_stat(cache);
}

static const char *
word_at(guint i)
{
  static const char *const words[] = {"stat", "prune", NULL};
  return i < G_N_ELEMENTS(words) ? words[i] : NULL;
}

static NzWordAt
choices(const char *value_name)
{
  return strcmp(value_name, "stat|prune") == 0 ? word_at : NULL;
}

const NzCommand nz_cmd_cache = {
    .name = "cache",
    .synopsis = "stat|prune",
    .summary = "look at what is kept of layers, or remove it",
    .help = help,
    .options = options,
    .choices = choices,
    .run = run_cache,
};

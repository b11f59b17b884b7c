/* SPDX-License-Identifier: Apache-2.0 */
/* The entries of a layer in a file, by its table of contents or as a whole:
 *
 *   toclist FILE                            as a whole
 *   toclist FILE stargz DIGEST              by the table
 *   toclist FILE chunked POSITION CHECKSUM  by the table
 *
 * To standard error: bytes fetched, bytes of the file, requests. Exit code 3: it has no table. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "entrylist.h"
#include "ranges.h"

static gboolean
read_layer(int fd, const NzLayer *layer, NzLayerLog *log, GError **error)
{
  CountedRanges ranges;
  NzReadOptions options = {.ratio = 250};
  g_auto(NzLayerResult) result = {0};
  ranges_init_file(&ranges, fd);
  if (!nz_toc_is_promised(layer)) {
    NzStream *stream = nz_file_stream_new(fd, FALSE, 0, ranges.base.size, NULL);
    return nz_layer_read(stream, ranges.base.size, NULL, &options, log, &result, error);
  }
  gboolean done;
  gint64 started = g_get_monotonic_time();
  if (!nz_toc_read_layer(&ranges.base, layer, &options, log, &result, &done, error))
    return FALSE;
  fprintf(stderr,
          "%" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT " bytes, %" G_GUINT64_FORMAT
          " requests, %" G_GINT64_FORMAT " us\n",
          ranges.n_bytes, ranges.base.size, ranges.n_requests, g_get_monotonic_time() - started);
  if (!done)
    exit(3);
  return TRUE;
}

int
main(int argc, char **argv)
{
  NzLayer layer = {.size = -1};
  if (argc == 4 && strcmp(argv[2], "stargz") == 0) {
    layer.stargz_digest = argv[3];
  } else if (argc == 5 && strcmp(argv[2], "chunked") == 0) {
    layer.chunked_position = argv[3];
    layer.chunked_checksum = argv[4];
  } else if (argc != 2) {
    return 64;
  }
  int fd = open(argv[1], O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return 2;
  g_autoptr(NzLogBudget) budget = nz_log_budget_new(G_MAXSIZE, FALSE);
  g_autoptr(NzLayerLog) log = nz_layer_log_new(budget, 0);
  GError *failed = NULL;
  read_layer(fd, &layer, log, &failed);
  close(fd);
  nz_layer_log_close(log, failed);
  g_autoptr(GError) error = NULL;
  g_autofree char *list = entry_list(log, &error);
  if (!list) {
    fprintf(stderr, "%s\n", error->message);
    return 2;
  }
  fputs(list, stdout);
  return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Metrics for Prometheus, in its text format 0.0.4. Few series whatever runs on the host: nothing
 * carries a container's name. */
#pragma once

#include "core/error.h"
#include "runtime/ledger.h"

typedef struct {
  const NzLedgerTotals *totals;
  guint64 verdicts[NZ_VERDICT_FAIL + 1]; /* of the containers that run */
  const char *mode;                      /* "bpf", "poll" */
  guint64 audit_lost, log_lost;
  guint64 reloads, reloads_failed;
  gint64 policy_loaded, began; /* microseconds since 1970 */
} NzMetrics;

/* The page, appended to OUT. */
void nz_metrics_write(const NzMetrics *metrics, GString *out);

/* --- the server: GET /metrics and /healthz --- */

typedef struct NzMetricsServer NzMetricsServer;

/* WHERE is "PORT", "ADDRESS:PORT" or "[ADDRESS6]:PORT"; without an address it is loopback, and port
 * 0 is one that is free. A thread of its own answers. */
NzMetricsServer *nz_metrics_server_new(const char *where, GError **error);
void nz_metrics_server_free(NzMetricsServer *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NzMetricsServer, nz_metrics_server_free)

/* "127.0.0.1:9464"; owned by SELF. */
const char *nz_metrics_server_address(const NzMetricsServer *self);
/* TRUE when others than this host can ask. */
gboolean nz_metrics_server_is_open(const NzMetricsServer *self);

/* The page from now on. Called at least every NZ_METRICS_STALE; when it is not, the watcher hangs,
 * and /healthz says so. */
void nz_metrics_server_set(NzMetricsServer *self, GString *page);

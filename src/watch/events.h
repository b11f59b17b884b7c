/* SPDX-License-Identifier: Apache-2.0 */
/* Events as JSON, one object a line; docs/watch-v1.schema.json describes them. */
#pragma once

#include "report/report.h"
#include "watch/watch_private.h"

void nz_event_start(const NzWatch *self, FILE *out);
void nz_event_container(const NzRunning *container, FILE *out);
void nz_event_root(const NzTold *told, gint64 time, FILE *out);
void nz_event_lost(const NzRunning *container, guint64 lost, const char *why, FILE *out);
/* SUBJECT is what the container was judged as. */
void nz_event_verdict(const NzRunning *container, const NzSubject *subject, FILE *out);
void nz_event_summary(const NzWatch *self, const NzReport *report, FILE *out);

/* "2026-01-31T12:00:00.000000Z" of microseconds since 1970. */
void nz_time_text(gint64 time, char text[32]);

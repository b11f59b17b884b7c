/* SPDX-License-Identifier: Apache-2.0 */
/* Days of the calendar, counted: later days are larger. */
#pragma once

#include <glib.h>

typedef guint32 NzDay; /* 0: none */

/* Reads "YYYY-MM-DD", a day that exists, from 1970 on. */
gboolean nz_day_parse(const char *text, NzDay *day);

/* "YYYY-MM-DD" */
char *nz_day_format(NzDay day);

/* The day that it is now, in UTC. */
NzDay nz_day_today(void);

/* SPDX-License-Identifier: Apache-2.0 */
/* Where else `nonzero watch` tells of what it sees. */
#pragma once

#include <glib.h>

typedef struct {
  gboolean live;
  char *audit_log, *audit_size_text, *listen, *log;
  int audit_keep;
  guint64 audit_size; /* what --audit-size means, once nz_outlet_options_read() was TRUE */
} NzOutletOptions;

extern NzOutletOptions nz_outlet_options;

#define NZ_OUTLET_OPTIONS                                                                          \
  {"live",                                                                                         \
   0,                                                                                              \
   0,                                                                                              \
   G_OPTION_ARG_NONE,                                                                              \
   &nz_outlet_options.live,                                                                        \
   "Show containers and root processes on the whole terminal, as they are",                        \
   NULL},                                                                                          \
      {"audit-log",                                                                                \
       0,                                                                                          \
       0,                                                                                          \
       G_OPTION_ARG_FILENAME,                                                                      \
       &nz_outlet_options.audit_log,                                                               \
       "Append root sessions (terminals, exec) to this file, one JSON object a line",              \
       "FILE"},                                                                                    \
      {"audit-size",                                                                               \
       0,                                                                                          \
       0,                                                                                          \
       G_OPTION_ARG_STRING,                                                                        \
       &nz_outlet_options.audit_size_text,                                                         \
       "Begin another audit log when it has this many bytes (16M); 0: never",                      \
       "SIZE"},                                                                                    \
      {"audit-keep",                                                                               \
       0,                                                                                          \
       0,                                                                                          \
       G_OPTION_ARG_INT,                                                                           \
       &nz_outlet_options.audit_keep,                                                              \
       "Keep so many audit logs beside it (5)",                                                    \
       "N"},                                                                                       \
      {"listen",                                                                                   \
       0,                                                                                          \
       0,                                                                                          \
       G_OPTION_ARG_STRING,                                                                        \
       &nz_outlet_options.listen,                                                                  \
       "Serve metrics for Prometheus at this port of this host, or ADDRESS:PORT",                  \
       "PORT"},                                                                                    \
  {                                                                                                \
    "log", 0, 0, G_OPTION_ARG_STRING, &nz_outlet_options.log,                                      \
        "journald or syslog: tell the system's log of each kind of root process", "LOG"            \
  }

/* FALSE when they contradict each other or mean nothing; *MESSAGE, to be freed, says why. */
gboolean nz_outlet_options_read(NzOutletOptions *self, gboolean once, char **message);

/* SPDX-License-Identifier: Apache-2.0 */
/* What an image's configuration says of how its containers start, beside the user. All strings are
 * hostile bytes. */
#pragma once

#include <glib.h>

typedef struct {
  GStrv entrypoint, cmd; /* NULL or empty: none. At most NZ_ARGS_MAX each */
  char *path;            /* the value of PATH in Env; NULL: none */
  GStrv environment;     /* "NAME=value", of Env; at most NZ_ENVIRONMENT_MAX */
  GStrv triggers;        /* ONBUILD; at most NZ_ARGS_MAX */
  char *workdir;         /* NULL or empty: "/" */
  GStrv volumes;         /* absolute paths, sorted; at most NZ_VOLUMES_MAX */
  GStrv ports;           /* "80/tcp", sorted; at most NZ_PORTS_MAX */
  gboolean cut;          /* there was more than is kept */
} NzLaunch;

void nz_launch_clear(NzLaunch *self);

/* SPDX-License-Identifier: Apache-2.0 */
/* The picture of the live view: what it shows in, text out. It reads no terminal. */
#pragma once

#include "watch/view.h"

#define NZ_VIEW_RECENT 64u

/* A root process of a while ago; its container may be gone. */
typedef struct {
  char *container, *executable, *terminal;
  NzRootCause cause;
  gboolean on_host, excepted;
  gint64 time;
} NzViewRoot;

typedef enum { NZ_SHOW_ALL, NZ_SHOW_FAIL, NZ_SHOW_UNKNOWN, NZ_SHOW_PASS, NZ_SHOW_N } NzViewShow;

typedef struct {
  guint width, height;
  gboolean color, paused;
  NzViewShow show;
  const char *filter; /* a part of a name or an image; "" for all */
  gboolean typing;    /* the filter is being typed */
  guint scroll;
  const GQueue *recent;         /* NzViewRoot, newest first */
  double roots_rate, seen_rate; /* a second */
  NzViewInfo info;
} NzViewPicture;

/* Lines, each cut or filled to the width, joined by "\r\n"; never more than the height. SCROLL is
 * brought back to what there is. */
void nz_view_picture(NzViewPicture *picture, const NzLedger *ledger, GString *out);

/* What people call it: "blue/web-5d/web", "web", "docker:3f1b0d2c4e5a". To be freed. */
char *nz_view_name(const NzRunning *container);

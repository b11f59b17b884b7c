/* SPDX-License-Identifier: Apache-2.0 */
/* This side of a channel: requests come, answers go. One thread uses a channel. */
#pragma once

#include <jansson.h>

#include "fetch/fetch_error.h"

typedef struct {
  int fd;
  gboolean lost; /* nobody is there any more */
} NzChannel;

/* The next request, to be freed with json_decref(); NULL when there will be none. */
json_t *nz_channel_next(NzChannel *self);

/* TRUE when the answer that is being given is not wanted any more. Does not wait. */
gboolean nz_channel_is_stopped(NzChannel *self);

/* Waits MS milliseconds, or until the answer is not wanted any more: FALSE then. */
gboolean nz_channel_sleep(NzChannel *self, guint ms);

/* Each is FALSE when the channel is lost. HEAD is consumed. */
gboolean nz_channel_send_head(NzChannel *self, json_t *head);
gboolean nz_channel_send_data(NzChannel *self, const void *data, gsize n);
gboolean nz_channel_send_end(NzChannel *self);
gboolean nz_channel_send_error(NzChannel *self, const GError *error);

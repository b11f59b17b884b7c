/* SPDX-License-Identifier: Apache-2.0 */
/* What is not on this host's disk: registries, and engines behind a socket.
 *
 * A program of its own (src/fetch) speaks HTTP and TLS, holds credentials, and may use the network.
 * It is started before this process is confined, and reached through channels: pairs of connected
 * sockets that only read(2) and write(2) are used on. So what parses hostile layers has no network
 * and no credentials, and what has them parses no layers.
 *
 * One request at a time uses a channel; there are as many as there are readers. Any thread may ask.
 */
#pragma once

#include <jansson.h>

#include "image/transport.h"

/* Starts the program with N_CHANNELS channels. ARGV (NULL-terminated, may be NULL) are options for
 * it: see src/fetch/main.c. It ends when the last channel is closed. */
NzFetch *nz_fetch_start(guint n_channels, const char *const *argv, GError **error);
NzFetch *nz_fetch_ref(NzFetch *self);
void nz_fetch_unref(NzFetch *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NzFetch, nz_fetch_unref)

/* Sends REQUEST (a JSON object; src/fetch/protocol.h says which there are) and waits for the head
 * of the answer: *HEAD, a JSON object to be freed. Returns its body as a stream. The body may be
 * hostile, and may be of any length; it ends with an error when the connection did. Freeing the
 * stream before its end gives the rest up. CONTROL (may be NULL) counts the bytes and cancels. */
NzStream *nz_fetch_open(NzFetch *self, const json_t *request, NzControl *control, json_t **head,
                        GError **error);

/* The same with the whole body, of MAX bytes at most. HEAD may be NULL. */
GBytes *nz_fetch_read(NzFetch *self, const json_t *request, gsize max, json_t **head,
                      GError **error);

/* SPDX-License-Identifier: Apache-2.0 */
/* One HTTP request at a time, bounded in all that the other side decides: time, headers, where it
 * leads. Redirects are not followed here. */
#pragma once

#include "fetch/channel.h"

/* Of one thread; keeps connections open from request to request. CHANNEL is borrowed: a request
 * ends when it is stopped. */
typedef struct NzHttp NzHttp;
NzHttp *nz_http_new(NzChannel *channel);
void nz_http_free(NzHttp *self);

typedef struct {
  const char *url;
  const char *socket;         /* of this host, to be connected to instead of the URL's host */
  const char *const *headers; /* "Name: value", NULL-terminated; may be NULL */
  const char *form;           /* the body of a POST, URL-encoded; NULL: a GET */
  const char *ca;             /* a file of CAs; NULL: the system's */
  const char *cert, *key;     /* of the client; NULL: none */
  gboolean insecure;          /* certificates are not checked */
  gboolean no_link_local;     /* such addresses are not connected to */
  gboolean no_loopback;
  guint max_seconds; /* of the whole request; 0: while bytes come */
  guint idle_factor; /* how many times as long nothing may come; 0: once */
} NzHttpRequest;

/* Whether asking again may help. */
typedef enum { NZ_RETRY_NO, NZ_RETRY_ONCE, NZ_RETRY } NzRetry;

typedef struct {
  long status;         /* 0: there was no answer */
  GHashTable *headers; /* by name in lower case; several of a name are joined by ", " */
  gsize header_bytes;
  gboolean loopback; /* of the address that answered */
  NzRetry retry;     /* where there was no whole answer */
} NzHttpResponse;

void nz_http_response_clear(NzHttpResponse *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(NzHttpResponse, nz_http_response_clear)

const char *nz_http_header(const NzHttpResponse *self, const char *name);

/* Takes bytes of the body, when RESPONSE's status and headers are known. FALSE ends the request
 * with the error that it sets. */
typedef gboolean (*NzHttpTake)(gpointer data, const NzHttpResponse *response, const guint8 *bytes,
                               gsize n, GError **error);

/* TRUE when a whole answer came, whatever its status. RESPONSE must be zero or cleared. */
gboolean nz_http_perform(NzHttp *self, const NzHttpRequest *request, NzHttpTake take, gpointer data,
                         NzHttpResponse *response, GError **error);

/* URL for people: no user, password, query or fragment. */
char *nz_url_shown(const char *url);

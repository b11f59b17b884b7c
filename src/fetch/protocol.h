/* SPDX-License-Identifier: Apache-2.0 */
/* What goes over a channel between a scanner and the program that fetches for it.
 *
 * Frames both ways: a type (one byte), the length of what follows (4 bytes, little-endian), and
 * that. The scanner sends one REQUEST; the answer is HEAD, any number of DATA, and END; or ERROR at
 * any place, which ends it. A scanner that wants no more sends STOP and reads on to END or ERROR.
 *
 * Requests are JSON objects. "op" is one of
 *   "manifest"  {"name": "docker.io/library/nginx", "reference": "1.27" | "sha256:<hex>"}
 *               head: {"type": media type or absent, "digest": what the registry says or absent}
 *   "blob"      {"name", "digest", "size"?, "offset"?, "length"?}
 *               head: {"size": bytes that will come, or absent}. Bytes are not checked here: who
 * reads them hashes them. A connection that breaks is taken up again where it broke. "socket"
 * {"socket": "/run/docker.sock", "path": "/images/json"}: GET over a socket of this host head:
 * {"status": 200} An error is {"code": one of NZ_FETCH_CODES, "message": for people; no credential
 * is ever in it}. */
#pragma once

#include <glib.h>

enum {
  NZ_FRAME_REQUEST = 'R',
  NZ_FRAME_STOP = 'S',
  NZ_FRAME_HEAD = 'H',
  NZ_FRAME_DATA = 'D',
  NZ_FRAME_END = 'E',
  NZ_FRAME_ERROR = 'X',
};

#define NZ_FRAME_HEADER 5u
/* A reader refuses a longer one. */
#define NZ_FRAME_MAX ((gsize)128 * 1024)

/* "not-found": no such repository, tag or blob. "denied": credentials are missing or refused.
 * "unavailable": the network or the server. "invalid": what came breaks the protocol. "limit": more
 * came than is allowed. */
#define NZ_FETCH_CODES "not-found", "denied", "unavailable", "invalid", "limit"

/* SPDX-License-Identifier: Apache-2.0 */
/* libmicrohttpd, opened when a watch is to serve metrics: see core/library.h. */
#pragma once

#include <microhttpd.h>

#include "core/library.h"

/* clang-format off */
#define NZ_MICROHTTPD(X)                                                                           \
  X(MHD_add_response_header) X(MHD_create_response_from_buffer) X(MHD_destroy_response)            \
  X(MHD_queue_response) X(MHD_start_daemon) X(MHD_stop_daemon)
/* clang-format on */

NZ_LIBRARY_DECLARE(nz_microhttpd, NZ_MICROHTTPD)

#ifndef NZ_LINKED
#define MHD_add_response_header         nz_microhttpd.MHD_add_response_header
#define MHD_create_response_from_buffer nz_microhttpd.MHD_create_response_from_buffer
#define MHD_destroy_response            nz_microhttpd.MHD_destroy_response
#define MHD_queue_response              nz_microhttpd.MHD_queue_response
#define MHD_start_daemon                nz_microhttpd.MHD_start_daemon
#define MHD_stop_daemon                 nz_microhttpd.MHD_stop_daemon
#endif

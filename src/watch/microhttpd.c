/* SPDX-License-Identifier: Apache-2.0 */
#include "watch/microhttpd.h"

NZ_LIBRARY_DEFINE(nz_microhttpd, "libmicrohttpd.so.12", NZ_MICROHTTPD)

/* SPDX-License-Identifier: Apache-2.0 */
/* What we use of ISA-L, which is opened when it is needed: see core/library.h. */
#pragma once

#include <isa-l/igzip_lib.h>

#include "core/library.h"

#define NZ_ISAL(F)                                                                                 \
  F(isal_gzip_header_init)                                                                         \
  F(isal_inflate)                                                                                  \
  F(isal_inflate_init)                                                                             \
  F(isal_inflate_reset)                                                                            \
  F(isal_read_gzip_header)

NZ_LIBRARY_DECLARE(nz_isal, NZ_ISAL)

#ifndef NZ_LINKED
#define isal_gzip_header_init nz_isal.isal_gzip_header_init
#define isal_inflate          nz_isal.isal_inflate
#define isal_inflate_init     nz_isal.isal_inflate_init
#define isal_inflate_reset    nz_isal.isal_inflate_reset
#define isal_read_gzip_header nz_isal.isal_read_gzip_header
#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* What we use of SQLite, which is opened when it is needed: see core/library.h. */
#pragma once

#include <sqlite3.h>

#include "core/library.h"

#define NZ_SQLITE(F)                                                                               \
  F(sqlite3_bind_blob)                                                                             \
  F(sqlite3_bind_blob64)                                                                           \
  F(sqlite3_bind_int64)                                                                            \
  F(sqlite3_bind_text)                                                                             \
  F(sqlite3_busy_timeout)                                                                          \
  F(sqlite3_changes64)                                                                             \
  F(sqlite3_close)                                                                                 \
  F(sqlite3_column_blob)                                                                           \
  F(sqlite3_column_bytes)                                                                          \
  F(sqlite3_column_int64)                                                                          \
  F(sqlite3_column_text)                                                                           \
  F(sqlite3_db_config)                                                                             \
  F(sqlite3_db_readonly)                                                                           \
  F(sqlite3_errstr)                                                                                \
  F(sqlite3_exec)                                                                                  \
  F(sqlite3_finalize)                                                                              \
  F(sqlite3_get_autocommit)                                                                        \
  F(sqlite3_limit)                                                                                 \
  F(sqlite3_open_v2)                                                                               \
  F(sqlite3_prepare_v2)                                                                            \
  F(sqlite3_randomness)                                                                            \
  F(sqlite3_step)

NZ_LIBRARY_DECLARE(nz_sqlite, NZ_SQLITE)

#ifndef NZ_LINKED
#define sqlite3_bind_blob      nz_sqlite.sqlite3_bind_blob
#define sqlite3_bind_blob64    nz_sqlite.sqlite3_bind_blob64
#define sqlite3_bind_int64     nz_sqlite.sqlite3_bind_int64
#define sqlite3_bind_text      nz_sqlite.sqlite3_bind_text
#define sqlite3_busy_timeout   nz_sqlite.sqlite3_busy_timeout
#define sqlite3_changes64      nz_sqlite.sqlite3_changes64
#define sqlite3_close          nz_sqlite.sqlite3_close
#define sqlite3_column_blob    nz_sqlite.sqlite3_column_blob
#define sqlite3_column_bytes   nz_sqlite.sqlite3_column_bytes
#define sqlite3_column_int64   nz_sqlite.sqlite3_column_int64
#define sqlite3_column_text    nz_sqlite.sqlite3_column_text
#define sqlite3_db_config      nz_sqlite.sqlite3_db_config
#define sqlite3_db_readonly    nz_sqlite.sqlite3_db_readonly
#define sqlite3_errstr         nz_sqlite.sqlite3_errstr
#define sqlite3_exec           nz_sqlite.sqlite3_exec
#define sqlite3_finalize       nz_sqlite.sqlite3_finalize
#define sqlite3_get_autocommit nz_sqlite.sqlite3_get_autocommit
#define sqlite3_limit          nz_sqlite.sqlite3_limit
#define sqlite3_open_v2        nz_sqlite.sqlite3_open_v2
#define sqlite3_prepare_v2     nz_sqlite.sqlite3_prepare_v2
#define sqlite3_randomness     nz_sqlite.sqlite3_randomness
#define sqlite3_step           nz_sqlite.sqlite3_step
#endif

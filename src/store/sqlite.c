/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sqlite.h"

NZ_LIBRARY_DEFINE(nz_sqlite, "libsqlite3.so.0", NZ_SQLITE)

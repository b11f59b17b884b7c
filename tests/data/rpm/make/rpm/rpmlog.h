/* SPDX-License-Identifier: Apache-2.0 */
/* Stands in for <rpm/rpmlog.h>; see ../system.h. */
#pragma once
#define RPMLOG_ERR     3
#define RPMLOG_WARNING 4
void rpmlog(int code, const char *format, ...);

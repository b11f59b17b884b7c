/* SPDX-License-Identifier: Apache-2.0 */
#include "check/check.h"

static const char *const aliases[] = {NULL};

const NzCheck nz_check_expired_exception = {
    .rule = "expired-exception",
    .title = "an exception that is over",
    .level = "warn",
    .why = "Somebody answered for what it excepted, until that day. Since then nobody does, and "
           "its findings count again.",
    .remedy =
        "mend what it excepted and take it out of the policy, or have its owner renew it with "
        "a new date",
    .aliases = aliases,
    .sources = "CBPP-0003, exceptions are recorded and reviewed",
};

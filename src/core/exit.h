/* SPDX-License-Identifier: Apache-2.0 */
/* Exit codes: the contract. */
#pragma once

enum {
  NZ_EXIT_PASS = 0,  /* every subject passes */
  NZ_EXIT_FAIL = 1,  /* a subject fails or cannot be certified */
  NZ_EXIT_ERROR = 2, /* something could not be read or written */
  NZ_EXIT_USAGE = 64,
};

/* SPDX-License-Identifier: Apache-2.0 */
/* The programs that are part of nonzero and are started by it. */
#pragma once

/* Where NAME is: what the environment's VARIABLE says, else beside the program that runs, as in a
 * build directory, else where it was installed. To be freed; nothing says that it is there. */
char *nz_program_find(const char *name, const char *variable);

/* SPDX-License-Identifier: Apache-2.0 */
/* The inputs of a verb that reads images, and the confinement to them. */
#pragma once

#include <glib.h>
#include <nonzero.h>

/* IMAGES and BASE, which may be NULL, in one list. */
char **nz_inputs_list(const char *const *images, const char *base);

/* "ENGINE:" for each of NAMES, or for all engines where there are none, in their order. NULL with a
 * message printed when one is no engine. */
char **nz_inputs_engines(const char *const *names);

/* What the lines of the file PATH name ("-": standard input), less empty lines and those that begin
 * with #. NULL with a message printed when it cannot be read or names nothing. */
char **nz_inputs_read(const char *path);

/* The paths that will be opened for INPUTS. */
char **nz_inputs_paths(char **inputs);

/* Confines the process to reading INPUTS by SCANNER, and says so when VERBOSE. To be called when
 * the options are known, the outputs open and the policy read, before the first image is opened and
 * the first thread started. */
void nz_inputs_confine(nonzero_scanner *scanner, const char *const *inputs, gboolean verbose);

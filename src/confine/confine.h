/* SPDX-License-Identifier: Apache-2.0 */
/* Confinement: before hostile bytes are read, the process gives up what reading them does not need.
 * A reader that is turned against us can then open nothing but the inputs, write nothing but what
 * is open already, and reach no network, process or kernel interface.
 *
 *   no new privileges   no program could raise them, and the next two need it
 *   Landlock            files: the named paths can be opened for reading, nothing else at all
 *   seccomp             calls: a list of what the readers use (seccomp.c); the rest is refused
 *
 * The processes that work for a scanner, and could be turned against us through it, give up what
 * they do not need in the same way. Each is used where the kernel has it. None is needed. */
#pragma once

#include <glib.h>

typedef enum {
  NZ_CONFINED_PRIVILEGES = 1 << 0,
  NZ_CONFINED_FILES = 1 << 1,
  NZ_CONFINED_CALLS = 1 << 2,
} NzConfined;

#define NZ_CONFINED_ALL (NZ_CONFINED_PRIVILEGES | NZ_CONFINED_FILES | NZ_CONFINED_CALLS)

/* Confines the calling thread, and those it will start: no other may run yet. There is no way back.
 * Files and directories of READABLE (NULL-terminated) can still be opened for reading; those that
 * do not exist are passed over. What is open stays so. *SUMMARY, unless NULL, becomes one line for
 * people: what is in force, and what is not and why. */
NzConfined nz_confine(const char *const *readable, char **summary);

/* The same for the process that keeps the cache, which a hostile reader may give orders to: files
 * in DIRECTORY can be read, made, changed and removed, and nothing else can be done. Without
 * Landlock it can open other files, too. */
NzConfined nz_confine_keeper(const char *directory, char **summary);

/* The same for the program that fetches, which hostile servers answer: it can read what its user
 * can, and use the network, but change no file, and start or touch no process. What it must not do
 * is refused and does not end it: the libraries that it needs do more than we know. */
NzConfined nz_confine_fetcher(char **summary);

/* SPDX-License-Identifier: Apache-2.0 */
/* A directory that a build or a Compose file reads from. Nothing outside of it is read. */
#pragma once

#include <glib.h>

/* The regular file PATH below DIRECTORY, of NZ_SOURCE_MAX bytes at most; NULL: it is not there, is
 * too large, or lies outside by a link or "..". */
GBytes *nz_context_read(const char *directory, const char *path);
/* Its mode (07777); 0: it is no regular file there. */
guint16 nz_context_mode(const char *directory, const char *path);

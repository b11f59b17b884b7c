/* SPDX-License-Identifier: Apache-2.0 */
/* Joins the folders: an image's layers -> the effective filesystem -> facts -> checks -> a subject.
 * The only place that sees all of them. */
#pragma once

#include "core/finding.h"
#include "scan/facts.h"

typedef struct {
  const char *profile; /* NULL: "cbpp-0002" */
  const char *user;    /* judge as if started with `--user`; NULL: the image's own */
  const NzImage *base; /* what the image is said to be built on, or NULL */
  NzFacts *facts;      /* what is known of layers; NULL: nothing, and nothing is kept */
  NzReadOptions read;
} NzScanOptions;

/* Does now what would open files of the system later: before a confinement that allows the images
 * alone. What begins to open others belongs here too. */
void nz_scan_prepare(void);

/* Judges IMAGE. NULL with an error when any part of it cannot be read: there is no half a verdict.
 */
NzSubject *nz_scan_image(const NzImage *image, const NzScanOptions *options, GError **error);

/* What /etc/passwd and /etc/group of IMAGE hold, as its containers see them; NULL where there is
 * none. *UNKNOWN, static, is why one cannot be known, or NULL. */
gboolean nz_scan_users(const NzImage *image, const NzScanOptions *options, char **passwd,
                       char **group, const char **unknown, GError **error);

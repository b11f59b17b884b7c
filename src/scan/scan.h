/* SPDX-License-Identifier: Apache-2.0 */
/* Joins the folders: an image's layers -> the effective filesystem -> facts -> checks -> a subject.
 * The only place that sees all of them. */
#pragma once

#include "core/finding.h"
#include "image/image.h"

typedef struct {
  const char *profile; /* NULL: "cbpp-0002" */
  const char *user;    /* judge as if started with `--user`; NULL: the image's own */
  const NzImage *base; /* what the image is said to be built on, or NULL */
  NzReadOptions read;
} NzScanOptions;

/* Judges IMAGE. NULL with an error when any part of it cannot be read: there is no half a verdict.
 */
NzSubject *nz_scan_image(const NzImage *image, const NzScanOptions *options, GError **error);

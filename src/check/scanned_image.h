/* SPDX-License-Identifier: Apache-2.0 */
/* What a scan said of an image, as far as what runs of it is held to it. */
#pragma once

#include "core/finding.h"

/* How a file makes root of who executes it. */
typedef enum { NZ_SCANNED_SETUID, NZ_SCANNED_CAPABLE, NZ_SCANNED_KINDS } NzScannedKind;

/* A file that the scan has a finding of. */
typedef struct {
  char *path;        /* printable */
  NzLayerFact layer; /* of has_layer */
  gboolean has_layer;
  char *package; /* printable; or NULL */
  NzOrigin origin;
} NzScannedFile;

NzScannedFile *nz_scanned_file_new(void);
void nz_scanned_file_free(NzScannedFile *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NzScannedFile, nz_scanned_file_free)

/* All strings are printable. */
typedef struct {
  char *report;   /* the file that says it */
  char *declared; /* the image's USER, or what was asked for; NULL: nobody said anything */
  NzVerdict verdict;
  NzUserState state;
  gboolean complete[NZ_SCANNED_KINDS]; /* each file of that kind that there is has a finding */
  GHashTable *files[NZ_SCANNED_KINDS]; /* path -> NzScannedFile */
} NzScannedImage;

NzScannedImage *nz_scanned_image_new(const char *report);
void nz_scanned_image_free(NzScannedImage *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NzScannedImage, nz_scanned_image_free)

/* FILE is taken; one of the same path and kind goes. */
void nz_scanned_image_add(NzScannedImage *self, NzScannedKind kind, NzScannedFile *file);

/* NULL: the scan has no finding of it. */
const NzScannedFile *nz_scanned_image_find(const NzScannedImage *self, NzScannedKind kind,
                                           const char *path);

/* SPDX-License-Identifier: Apache-2.0 */
/* What the formats for services share: a finding in one line, where it is, and by what a service
 * knows it again. All text is printable and without line ends, unless it is called bytes. */
#pragma once

#include "core/finding.h"

/* "example.com/app:1.0 (linux/amd64)"; of a source "web (compose.yaml)" where its name does not say
 * the file. */
char *nz_ci_label(const NzSubject *s);

/* "/usr/bin/su: runs as root whoever starts it"; of a source its message alone, as its place stands
 * elsewhere. */
char *nz_ci_sentence(const NzFinding *f);

/* "REASON (owner: OWNER; until 2027-01-31)" */
char *nz_ci_justification(const NzExcepted *e);

/* PATH as if it were one in a repository: it neither begins with a slash nor climbs. Bytes; never
 * empty. */
char *nz_ci_relative(const char *path);

/* The subject as a file: a source's own, an image's name. As nz_ci_relative(). */
char *nz_ci_subject_path(const NzSubject *s);

/* Where services show the finding: in its source, at its path or, where it is about no file, at the
 * subject. As nz_ci_relative(). */
char *nz_ci_path(const NzSubject *s, const NzFinding *f);

/* FALSE for what is a file of an image only, or nothing at all: no line of it can be shown. */
gboolean nz_ci_is_file(const NzSubject *s, const NzFinding *f);

/* MICROSECONDS since 1970 as "2026-11-21T23:55:42", UTC. */
char *nz_ci_time(gint64 microseconds);

/* Fingerprints: 64 hex digits that stay the same from run to run as long as the finding does, on
 * any machine and whatever layer it lies in; each is given once. */
typedef struct NzFingerprints NzFingerprints;

NzFingerprints *nz_fingerprints_new(void);
void nz_fingerprints_free(NzFingerprints *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NzFingerprints, nz_fingerprints_free)

char *nz_fingerprints_next(NzFingerprints *self, const NzSubject *s, const NzFinding *f);
/* Of something else that a report holds: what it is, and what tells it from others. */
char *nz_fingerprints_next_of(NzFingerprints *self, const char *what, const char *key);

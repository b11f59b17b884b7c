/* SPDX-License-Identifier: Apache-2.0 */
/* Two subjects compared: what the second has that the first had not. */
#pragma once

#include "core/finding.h"

typedef enum { NZ_DIFF_NEW, NZ_DIFF_GONE, NZ_DIFF_CHANGED } NzDiffKind;

const char *nz_diff_kind_name(NzDiffKind kind); /* "new", "gone", "changed" */

/* What differs between two findings of the same thing. */
enum {
  NZ_DIFF_LEVEL = 1 << 0,
  NZ_DIFF_MODE = 1 << 1,
  NZ_DIFF_OWNER = 1 << 2,
  NZ_DIFF_MESSAGE = 1 << 3,
  NZ_DIFF_UNDECIDED = 1 << 4,
  NZ_DIFF_EXCEPTED = 1 << 5,
};

/* And between two users. */
enum {
  NZ_DIFF_STATE = 1 << 0,
  NZ_DIFF_UID = 1 << 1,
  NZ_DIFF_GID = 1 << 2,
  NZ_DIFF_DECLARED = 1 << 3,
};

typedef struct {
  NzDiffKind kind;
  const NzFinding *before, *after; /* one may be NULL; a new one with both became worse */
  guint fields;                    /* NZ_DIFF_LEVEL, ... */
  gboolean worse;                  /* makes the second subject worse than the first */
} NzDiffEntry;

typedef struct {
  const NzSubject *before, *after; /* borrowed */
  GArray *entries; /* NzDiffEntry: in the order of AFTER's findings, gone ones last */
  guint n_new, n_gone, n_changed, n_same;
  guint n_excepted;  /* new ones that do not count, and are in no entry */
  guint user_fields; /* NZ_DIFF_STATE, ... */
  gboolean worse;    /* an entry is */
} NzDiff;

/* Compares. A finding is known again by its rule and path, where there is no path by its message;
 * those about the user, or a layer as a whole, by their rule. Layers and packages may change. Worse
 * is: a finding that fails, or leaves undecided, where there was none that did; what is excepted
 * does neither. The result borrows from both. */
NzDiff *nz_diff_new(const NzSubject *before, const NzSubject *after);
void nz_diff_free(NzDiff *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NzDiff, nz_diff_free)

/* Calls FUNC with the name of each of FIELDS: of a finding's, or of a user's. */
typedef void (*NzDiffFieldFunc)(const char *name, gpointer user_data);
void nz_diff_foreach_field(guint fields, NzDiffFieldFunc func, gpointer user_data);
void nz_diff_foreach_user_field(guint fields, NzDiffFieldFunc func, gpointer user_data);

/* Takes all findings but SELF's new ones from AFTER, which is the subject that was compared, and
 * concludes it anew. SELF's entries are gone then. */
void nz_diff_keep_new(NzDiff *self, NzSubject *after);

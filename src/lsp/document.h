/* SPDX-License-Identifier: Apache-2.0 */
/* A document that an editor has open, and what was found in it. */
#pragma once

#include "lint/lint.h"
#include "lsp/position.h"
#include "policy/policy.h"

/* How documents are judged: nz_lint_source() and, for bases, what it asks. */
typedef struct {
  gboolean (*lint)(NzSourceFile *source, NzSourceKind kind, const char *directory,
                   const NzLintOptions *options, GPtrArray *subjects, GError **error);
  gboolean (*kind_of)(const char *path, NzSourceKind *kind);
  /* What PATH may be by its name, and TEXT of LEN bytes is; NULL: no manifest is known. */
  gboolean (*is_manifest)(const char *path, const char *text, gsize len);
  NzFindBase find_base;
  NzBuildBase *(*find_image)(const char *name, NzImageNeed need, gpointer data);
  gpointer data;
  /* Gives up what judging does not need, before the first document is read: what of that could not
   * be, the caller's; NULL: all was. The function may be NULL. */
  char *(*confine)(void);
} NzJudge;

typedef struct {
  char *uri;
  char *directory; /* NULL: it is no file on disk */
  char *name;      /* what findings call it: relative to the workspace's root, printable */
  gint64 version;
  gboolean is_nameless; /* its name tells nothing, and what it holds may */
  gboolean is_source;   /* it is of a kind that is judged: */
  NzSourceKind kind;
  NzLines *lines; /* NULL: it is too large to be kept */
  NzPolicy *policy;
  GPtrArray *subjects;  /* NzSubject */
  char *failure;        /* why it could not be judged; NULL: it was */
  gsize failed_at;      /* and where */
  char *policy_failure; /* why its policy does not count; or NULL */
} NzDocument;

/* ROOT is the workspace's folder, or NULL; LANGUAGE the editor's word for what it is. */
NzDocument *nz_document_new(const char *uri, const char *root, const char *language,
                            const NzJudge *judge);
void nz_document_free(NzDocument *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NzDocument, nz_document_free)

/* All of it anew; one change of it. FALSE when that is no TextDocumentContentChangeEvent. */
void nz_document_set(NzDocument *self, const char *text, gsize len, NzUnits units);
gboolean nz_document_change(NzDocument *self, const json_t *change, NzUnits units);

/* Finds its policy, and forgets the one before. */
void nz_document_find_policy(NzDocument *self);
/* Judges it as it stands now. */
void nz_document_judge(NzDocument *self, const NzJudge *judge);

/* TRUE when PLACE is in this document and not in a file beside it. */
gboolean nz_document_holds(const NzDocument *self, const NzPlace *place);
/* Which bytes of it F, a finding of S, is about; where it is about another file, or nothing, those
 * of what decided the user, or its first line. */
void nz_document_part(const NzDocument *self, const NzSubject *s, const NzFinding *f, gsize *start,
                      gsize *end);

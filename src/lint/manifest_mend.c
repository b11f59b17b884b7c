/* SPDX-License-Identifier: Apache-2.0 */
/* Fixes of manifests are verified: the file that they give must parse, hold the same documents but
 * for the fields that were meant, and be judged no worse. */
#include <string.h>

#include "core/limits.h"
#include "fix/fix.h"
#include "fix/kube.h"
#include "fix/yaml_edit.h"
#include "lint/lint_private.h"

#define WHY_WORSE "the result was judged, and is no better"
#define WHY_SHARED                                                                                 \
  "an alias stands for what would change, too, and not for all of its places the same is wanted"

typedef struct {
  const NzManifest *manifest;
  const NzLintOptions *options;
  const GPtrArray *judged; /* NzLintJudged, all containers in the order of the file */
  GPtrArray *pods;         /* NzKubeMended */
} Mend;

/* --- what the fixes give --- */

static void
take_want(gpointer node, gpointer want, gpointer all)
{
  g_hash_table_insert(all, node, want);
}

/* The manifest after the fixes of pod WHICH (-1: of all), with the proposals where PROPOSED. *TEXT
 * is its source. NULL: it is none, or another than was wanted. */
static NzManifest *
make(const Mend *self, gint which, gboolean proposed, NzSourceFile **text)
{
  const NzSourceFile *source = self->manifest->source;
  g_autoptr(GPtrArray) fixes = g_ptr_array_new();
  g_autoptr(GHashTable) wants = g_hash_table_new(NULL, NULL);
  for (guint i = 0; i < self->pods->len; i++) {
    NzKubeMended *pod = self->pods->pdata[i];
    NzFix *fix = proposed && pod->proposal ? pod->proposal : pod->fix;
    if (!fix || (which >= 0 && i != (guint)which))
      continue;
    g_ptr_array_add(fixes, fix);
    g_hash_table_foreach(proposed && pod->proposal ? pod->all : pod->wants, take_want, wants);
  }
  gsize len;
  g_autofree char *data = (proposed ? nz_fixes_apply_all
                                    : nz_fixes_apply)(source->data, source->len, fixes, &len, NULL);
  if (!data || len > NZ_MANIFEST_MAX)
    return NULL;
  *text = nz_source_new(source->name, data, len);
  g_autoptr(NzManifest) after = nz_manifest_read(*text, NULL);
  gboolean same = after && after->documents->len == self->manifest->documents->len;
  for (guint i = 0; same && i < after->documents->len; i++)
    same = nz_want_is_met(self->manifest->documents->pdata[i], after->documents->pdata[i], wants);
  return same ? g_steal_pointer(&after) : NULL;
}

/* --- judged again --- */

/* Findings that fail it or leave it open: what a fix must not make more of. */
static guint
count_failures(const NzSubject *subject)
{
  guint n = 0;
  for (guint i = 0; i < subject->findings->len; i++) {
    const NzFinding *f = subject->findings->pdata[i];
    n += !f->excepted && (f->level == NZ_LEVEL_FAIL || f->undecided);
  }
  return n;
}

static gboolean
is_worse(const NzSubject *before, const NzSubject *after)
{
  NzUserState state = after->user->state;
  gboolean root = state != NZ_USER_NON_ROOT && state != before->user->state;
  return root || count_failures(after) > count_failures(before);
}

/* Refuses the fixes of pods that AFTER shows worse; FALSE when there was one. */
static gboolean
refuse_worse(Mend *self, const NzManifest *after)
{
  gboolean ok = TRUE;
  guint n = 0;
  g_autoptr(GPtrArray) judged = g_ptr_array_new_with_free_func(nz_lint_judged_free);
  nz_lint_judge_manifest(after, self->options, judged);
  for (guint i = 0; i < self->pods->len; i++) {
    const NzKubePod *pod = self->manifest->pods->pdata[i];
    gboolean worse = FALSE;
    for (guint j = 0; j < pod->containers->len; j++, n++)
      worse |= n >= judged->len || is_worse(((NzLintJudged *)self->judged->pdata[n])->kube.subject,
                                            ((NzLintJudged *)judged->pdata[n])->kube.subject);
    if (worse && ((NzKubeMended *)self->pods->pdata[i])->fix) {
      nz_kube_mended_refuse(self->pods->pdata[i], WHY_WORSE, TRUE);
      ok = FALSE;
    }
  }
  return ok;
}

/* --- verified --- */

static gboolean
has_fix(const Mend *self)
{
  for (guint i = 0; i < self->pods->len; i++)
    if (((const NzKubeMended *)self->pods->pdata[i])->fix)
      return TRUE;
  return FALSE;
}

/* Takes away what does not fit: first what changes bytes that others share, then, one by one, what
 * fails by itself. */
static void
refuse_some(Mend *self)
{
  gboolean alone = self->manifest->source->len * self->pods->len <= NZ_MEND_ALONE_MAX;
  for (guint i = 0; i < self->pods->len; i++) {
    NzKubeMended *pod = self->pods->pdata[i];
    if (!pod->fix || !(pod->is_shared || alone))
      continue;
    g_autoptr(NzSourceFile) text = NULL;
    g_autoptr(NzManifest) after = alone ? make(self, (gint)i, FALSE, &text) : NULL;
    if (!after)
      nz_kube_mended_refuse(pod, pod->is_shared ? WHY_SHARED : WHY_WORSE, FALSE);
  }
}

static void
refuse_all(Mend *self)
{
  for (guint i = 0; i < self->pods->len; i++) {
    NzKubeMended *pod = self->pods->pdata[i];
    nz_kube_mended_refuse(pod, pod->is_shared ? WHY_SHARED : WHY_WORSE, FALSE);
  }
}

static gboolean
verify_once(Mend *self)
{
  g_autoptr(NzSourceFile) text = NULL;
  g_autoptr(NzManifest) after = make(self, -1, FALSE, &text);
  if (after)
    return refuse_worse(self, after);
  refuse_some(self);
  return FALSE;
}

static void
verify(Mend *self)
{
  for (guint i = 0; i < 3; i++)
    if (!has_fix(self) || verify_once(self))
      return;
  refuse_all(self);
}

/* Proposals are for people, but they too say what they mean to. */
static void
verify_proposals(Mend *self)
{
  gboolean has = FALSE;
  for (guint i = 0; i < self->pods->len; i++)
    has |= ((NzKubeMended *)self->pods->pdata[i])->proposal != NULL;
  g_autoptr(NzSourceFile) text = NULL;
  g_autoptr(NzManifest) after = has ? make(self, -1, TRUE, &text) : NULL;
  for (guint i = 0; has && !after && i < self->pods->len; i++)
    nz_kube_mended_forget(self->pods->pdata[i]);
}

void
nz_lint_mend_manifest(const NzManifest *manifest, const NzLintOptions *options,
                      const GPtrArray *judged)
{
  Mend self = {.manifest = manifest, .options = options, .judged = judged};
  guint n = 0;
  self.pods = g_ptr_array_new_with_free_func((GDestroyNotify)nz_kube_mended_free);
  for (guint i = 0; i < manifest->pods->len; i++) {
    const NzKubePod *pod = manifest->pods->pdata[i];
    g_autofree NzKubeJudged *containers = g_new0(NzKubeJudged, pod->containers->len + 1);
    for (guint j = 0; j < pod->containers->len; j++)
      containers[j] = ((const NzLintJudged *)judged->pdata[n++])->kube;
    g_ptr_array_add(self.pods, nz_fix_pod(manifest, pod, containers));
  }
  verify(&self);
  verify_proposals(&self);
  g_ptr_array_unref(self.pods);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "scan/origin.h"

#include <string.h>

/* --- the base that was named --- */

/* By what a layer holds, so that compressing it anew makes no other of it. */
static gboolean
same_layer(const NzLayer *a, const NzLayer *b)
{
  if (a->diff_id && b->diff_id)
    return strcmp(a->diff_id, b->diff_id) == 0;
  return a->digest && g_strcmp0(a->digest, b->digest) == 0;
}

static guint
count_common(const NzImage *image, const NzImage *base)
{
  guint n = 0;
  while (n < image->layers->len && n < base->layers->len &&
         same_layer(image->layers->pdata[n], base->layers->pdata[n]))
    n++;
  return n;
}

/* FALSE with a note when IMAGE was not built on BASE. */
static gboolean
judge_named(const NzImage *image, const NzImage *base, NzSubject *subject)
{
  guint n = count_common(image, base);
  if (n < base->layers->len) {
    g_ptr_array_add(subject->notes,
                    g_strdup_printf("not built on %s: of its %u layers, %u are the lowest of this "
                                    "image; what came from the base is not known",
                                    base->name, base->layers->len, n));
    return FALSE;
  }
  NzBaseFact *fact = subject->base = g_new0(NzBaseFact, 1);
  *fact = (NzBaseFact){.name = g_strdup(base->name),
                       .digest = g_strdup(base->digest),
                       .known = TRUE,
                       .n_layers = n,
                       .why = g_strdup("--base")};
  return TRUE;
}

static NzOrigin
user_by_named(const NzImage *image, const NzImage *base)
{
  gboolean own_word = image->history.user_at > base->history.n_entries;
  gboolean same = g_strcmp0(image->user, base->user) == 0;
  return same && !own_word ? NZ_ORIGIN_BASE : NZ_ORIGIN_OWN;
}

/* --- the base that the image tells of --- */

/* What is said of the base, best first: a build's annotations are its own, its FROM too, but labels
 * are inherited. */
static void
name_base(const NzImage *image, NzBaseFact *fact)
{
  gboolean by_labels = g_strcmp0(image->base_said_by, "labels") == 0;
  const char *from = image->history.from;
  if (from && (by_labels || !image->base_said_by)) {
    fact->name = g_strdup(from);
    return;
  }
  fact->name = g_strdup(image->base_name);
  fact->digest = g_strdup(image->base_digest);
}

/* Why the history does not tell where the base ends; NULL when it does. */
static char *
why_not_known(const NzImage *image)
{
  const NzHistory *h = &image->history;
  if (h->n_entries == 0)
    return g_strdup("it has no history");
  if (h->n_layers != image->layers->len)
    return g_strdup_printf("its history is that of %u layers, and it has %u", h->n_layers,
                           image->layers->len);
  return h->base.layers == 0 ? g_strdup("its history shows no end of a base") : NULL;
}

static void
judge_told(const NzImage *image, NzSubject *subject)
{
  const NzHistory *h = &image->history;
  NzBaseFact *fact = subject->base = g_new0(NzBaseFact, 1);
  name_base(image, fact);
  g_autofree char *not_known = why_not_known(image);
  if (not_known) {
    fact->why = g_strdup_printf("%s%s%swhere its layers end is not known: %s",
                                image->base_said_by ? "as its " : "",
                                image->base_said_by ? image->base_said_by : "",
                                image->base_said_by ? " say; " : "", not_known);
    return;
  }
  fact->known = TRUE;
  fact->n_layers = h->base.layers;
  fact->why = h->from ? g_strdup("guessed from the history: there a build says FROM")
                      : g_strdup_printf("guessed from the history: entry %u of %u is a %s that "
                                        "others follow",
                                        h->base.entries, h->n_entries, h->sign);
}

static NzOrigin
user_by_history(const NzImage *image)
{
  const NzHistory *h = &image->history;
  if (h->user_at == 0) /* some builders do not write USER into the history */
    return *image->user ? NZ_ORIGIN_UNKNOWN : NZ_ORIGIN_BASE;
  if (g_strcmp0(h->user, image->user) != 0)
    return NZ_ORIGIN_UNKNOWN;
  if (h->user_at > h->base.entries)
    return NZ_ORIGIN_OWN;
  return h->user_at > h->base.entries - h->n_doubtful ? NZ_ORIGIN_UNKNOWN : NZ_ORIGIN_BASE;
}

/* --- findings --- */

static void
set_origins(NzSubject *subject, NzOrigin user)
{
  for (guint i = 0; i < subject->findings->len; i++) {
    NzFinding *f = subject->findings->pdata[i];
    if (f->layer)
      f->origin = f->layer->index < subject->base->n_layers ? NZ_ORIGIN_BASE : NZ_ORIGIN_OWN;
    else if (nz_finding_is_about_user(f))
      f->origin = user;
  }
}

void
nz_origin_judge(const NzImage *image, const NzImage *base, gboolean user_is_own, NzSubject *subject)
{
  if (!image->has_config) /* a root filesystem has no layers to tell apart */
    return;
  if (base && !judge_named(image, base, subject))
    return;
  if (!base)
    judge_told(image, subject);
  if (!subject->base->known)
    return;
  NzOrigin user = base ? user_by_named(image, base) : user_by_history(image);
  set_origins(subject, user_is_own ? user : NZ_ORIGIN_UNKNOWN);
}

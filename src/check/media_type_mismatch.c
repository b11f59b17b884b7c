/* SPDX-License-Identifier: Apache-2.0 */
#include "check/check.h"
#include "core/text.h"

static void
run(const NzImageFacts *facts, GPtrArray *findings)
{
  for (guint i = 0; i < facts->mismatches->len; i++) {
    const NzMismatchFact *m = facts->mismatches->pdata[i];
    g_autofree char *type = nz_printable(m->media_type, -1);
    NzFinding *f = nz_finding_new(
        nz_check_media_type_mismatch.rule, NZ_LEVEL_WARN, nz_check_media_type_mismatch.remedy,
        "layer %u is declared as %s, but its content is %s", m->layer->index, type,
        m->compression ? m->compression : "not compressed");
    f->layer = m->layer;
    g_ptr_array_add(findings, f);
  }
}

static const char *const aliases[] = {NULL};

const NzCheck nz_check_media_type_mismatch = {
    .rule = "media-type-mismatch",
    .title = "a layer that is not what its media type says",
    .level = "warn",
    .why = "Tools that go by the media type fail on it or pass it over; tools that go by content "
           "unpack it.",
    .remedy = "copy the image with `skopeo copy`, which writes the types anew",
    .aliases = aliases,
    .sources = "OCI image specification, layer.md and media-types.md",
    .run = run,
};

/* SPDX-License-Identifier: Apache-2.0 */
#include "check/check.h"

static const char *const messages[NZ_AMBIGUOUS_N_KINDS] = {
    [NZ_AMBIGUOUS_TWICE] = "is in the layer twice; the last entry counts here",
    [NZ_AMBIGUOUS_WHITEOUT] = "is in the layer beside the whiteout that removes it; the last entry "
                              "counts here",
    [NZ_AMBIGUOUS_LOWER_LINK] = "lies behind a symbolic link of a lower layer, which is followed "
                                "here; where layers are unpacked apart a directory replaces the "
                                "link",
    [NZ_AMBIGUOUS_PARENT_FILE] = "is a file that a later entry uses as a directory, which replaces "
                                 "it here",
    [NZ_AMBIGUOUS_CAPABILITY] = "is a hard link whose header lacks the file's capabilities: gone "
                                "here and in Docker, kept by Podman",
    [NZ_AMBIGUOUS_OUTSIDE] = "has a name that climbs out of the root, and was held at it here",
    [NZ_AMBIGUOUS_DEVICE] = "is the character device 0:0, which an overlay filesystem takes for a "
                            "whiteout",
    [NZ_AMBIGUOUS_OVERLAY] = "has an attribute that an overlay filesystem obeys, and may show what "
                             "is elsewhere",
    [NZ_AMBIGUOUS_GLOBAL] =
        "is the name of a global PAX header; some unpackers remove what is there",
    [NZ_AMBIGUOUS_CROWDED] = "holds more paths than are told apart, so that what a layer removed "
                             "may be there again",
};

static const char *
consequence(guint hides)
{
  if (hides & NZ_HIDES_SETUID_ROOT)
    return ", and in another reading a setuid-root program is there";
  if (hides & NZ_HIDES_USERS)
    return ", and in another reading there are other users";
  return "";
}

static const NzLayerFact *
layer_of(const NzImageFacts *facts, guint index)
{
  return index < facts->layers->len ? facts->layers->pdata[index] : NULL;
}

static void
run(const NzImageFacts *facts, GPtrArray *findings)
{
  guint shown_hides = 0;
  for (guint i = 0; i < facts->ambiguities->len; i++) {
    const NzAmbiguity *a = facts->ambiguities->pdata[i];
    NzFinding *f = nz_finding_new(nz_check_ambiguous_layer.rule, NZ_LEVEL_WARN,
                                  nz_check_ambiguous_layer.remedy, "%s%s", messages[a->kind],
                                  consequence(a->hides));
    f->path = g_strconcat("/", a->path, NULL);
    f->layer = layer_of(facts, a->layer);
    f->undecided = (a->hides & NZ_HIDES_SETUID_ROOT) != 0;
    shown_hides |= a->hides;
    g_ptr_array_add(findings, f);
  }
  guint rest = facts->n_ambiguities - facts->ambiguities->len;
  if (rest == 0)
    return;
  guint hides = facts->ambiguities_hide & ~shown_hides;
  NzFinding *f =
      nz_finding_new(nz_check_ambiguous_layer.rule, NZ_LEVEL_WARN, nz_check_ambiguous_layer.remedy,
                     "%u more paths are ambiguous%s", rest, consequence(hides));
  f->undecided = (hides & NZ_HIDES_SETUID_ROOT) != 0;
  g_ptr_array_add(findings, f);
}

static const char *const aliases[] = {NULL};

const NzCheck nz_check_ambiguous_layer = {
    .rule = "ambiguous-layer",
    .title = "a layer that unpackers read differently",
    .level = "warn",
    .why = "What a container finds at such a path depends on who unpacked the image. A file can "
           "hide there from a scanner and be there at run time.",
    .remedy = "build the layer anew with a tool that writes each path once; `docker build` and "
              "`buildah` do",
    .aliases = aliases,
    .sources = "OCI image specification, layer.md (whiteouts, duplicate entries)\nLinux overlayfs, "
               "whiteouts and opaque directories",
    .run = run,
};

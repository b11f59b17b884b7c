/* SPDX-License-Identifier: Apache-2.0 */
/* Where readers of YAML differ: what go-yaml, with which Kubernetes and Compose read, takes
 * otherwise than libfyaml does. A manifest must not mean one thing here and another there. */
#pragma once

#include "core/yaml.h"

/* Where in the LEN bytes of DATA there is what nobody sees, and WHAT it is: a control character,
 * which go-yaml refuses, or where it begins a line (YAML 1.1), so that a key may stand behind it
 * that here is a comment. NULL: nowhere. */
const char *nz_yaml_find_unseen(const char *data, gsize len, const char **what);

/* What is wrong with a tag as it was written; NULL: nothing. */
const char *nz_yaml_tag_complaint(const char *tag);
/* What is wrong with the name of an anchor; NULL: nothing. */
const char *nz_yaml_anchor_complaint(const char *name);

/* Replaces the text of a NODE that is !!binary by what it stands for; FALSE: that is nothing. */
gboolean nz_yaml_decode(NzYaml *node);

/* TRUE for "<<" that is a merge key: without quotes, and without a tag that makes it a text. */
gboolean nz_yaml_is_merge(const NzYaml *key);

/* The first key of MAP that VALUE has, too, with another value; NULL: none. Both may be lists of
 * maps, as what a merge key brings. go-yaml 2 lets what stands last win, newer ones and YAML the
 * key that was written. */
const NzYaml *nz_yaml_find_contest(NzYaml *map, const NzYaml *value);

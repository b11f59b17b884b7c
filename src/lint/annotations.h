/* SPDX-License-Identifier: Apache-2.0 */
/* Annotations of objects and pods by which other linters are told to ignore a check.
 *
 *   polaris.fairwinds.com/CHECK-exempt: "true"
 *   polaris.fairwinds.com/exempt: "true"              all that Polaris has a check for
 *   ignore-check.kube-linter.io/CHECK: reason
 *   kube-linter.io/ignore-all: reason                 all that kube-linter has a check for
 *   kube-score/ignore: CHECK,CHECK
 *   checkov.io/skip1: CKV_K8S_23=reason
 *
 * Checks go by any of their names. */
#pragma once

#include "core/finding.h"
#include "kube/manifest.h"

/* Marks the findings of SUBJECT, a container of POD, that annotations speak of as excepted. */
void nz_annotations_apply(const NzManifest *manifest, const NzKubePod *pod, NzSubject *subject);

/* SPDX-License-Identifier: Apache-2.0 */
/* A tar archive as text, so that a test's expectation is what a reader would see. */
#pragma once

#include "image/tar.h"
#include "support.h"

/* One line an entry: "TYPE NAME [-> LINK] MODE UID:GID SIZE\n"; at an error "! MESSAGE\n". */
char *tar_list(const GByteArray *archive, gsize step);

typedef struct {
  const char *name;
  void (*build)(GByteArray *out);
  /* The lines. A last line "! TEXT" stands for an error that says TEXT. */
  const char *want;
} TarCase;

/* Adds a test for each case: /PREFIX/NAME. */
void tar_add_cases(const char *prefix, const TarCase *cases, gsize n);

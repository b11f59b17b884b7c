/* SPDX-License-Identifier: Apache-2.0 */
/* Stands in for rpm's system.h, so that lib/backend/ndb/rpmpkg.c compiles without the rest. */
#pragma once
#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#define _(text) (text)
static inline void *
must(void *p)
{
  if (p == NULL)
    abort();
  return p;
}
#define xcalloc(n, size)  must(calloc(n, size))
#define xrealloc(p, size) must(realloc(p, size))
#define xmalloc(size)     must(malloc(size))
#define xstrdup(text)     must(strdup(text))

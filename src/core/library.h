/* SPDX-License-Identifier: Apache-2.0 */
/* Libraries that are opened when they are first needed. Most runs need none of them, and to load
 * and bind them all at each start would take longer than to judge a small file.
 *
 * Each has a header that names the functions we use, once for their types and once for the
 * preprocessor: store/sqlite.h, core/fyaml.h, report/smartcols.h. Who includes it calls them by
 * their own names, after its open() was TRUE. A process that will be confined opens what it may
 * need before. packaging/debian/control names their packages. */
#pragma once

#include "core/error.h"

typedef struct {
  const char *file;         /* by the name that its interface has */
  const char *const *names; /* of functions; ends with NULL */
  gpointer calls;           /* a struct of so many pointers, in that order */
  gsize state;              /* 0: not opened yet */
} NzLibrary;

/* Any thread may call it, any number of times. */
gboolean nz_library_open(NzLibrary *self, GError **error);

/* NOLINTBEGIN(bugprone-macro-parentheses): names, which take none */
#define NZ_LIBRARY_MEMBER(name) __typeof__(name) *name;
#define NZ_LIBRARY_NAME(name)   #name,

/* A static program (NZ_LINKED) has all of them inside. */
#ifdef NZ_LINKED
#define NZ_LIBRARY_DECLARE(prefix, LIST)                                                           \
  static inline gboolean prefix##_open(GError **error G_GNUC_UNUSED)                               \
  {                                                                                                \
    return TRUE;                                                                                   \
  }
#define NZ_LIBRARY_DEFINE(prefix, FILE_NAME, LIST)
#else
#define NZ_LIBRARY_DECLARE(prefix, LIST)                                                           \
  typedef struct {                                                                                 \
    LIST(NZ_LIBRARY_MEMBER)                                                                        \
  } prefix##_calls;                                                                                \
  extern prefix##_calls prefix;                                                                    \
  gboolean prefix##_open(GError **error);
#define NZ_LIBRARY_DEFINE(prefix, FILE_NAME, LIST)                                                 \
  prefix##_calls prefix;                                                                           \
  gboolean prefix##_open(GError **error)                                                           \
  {                                                                                                \
    static const char *const names[] = {LIST(NZ_LIBRARY_NAME) NULL};                               \
    static NzLibrary library = {FILE_NAME, names, &prefix, 0};                                     \
    return nz_library_open(&library, error);                                                       \
  }
#endif
/* NOLINTEND(bugprone-macro-parentheses) */

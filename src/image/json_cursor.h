/* SPDX-License-Identifier: Apache-2.0 */
/* JSON read in place, value by value, without a tree: for documents of many megabytes.
 *
 * A cursor sees a window of the document. Where a value goes on past it, ran_out is set: the caller
 * widens the window and starts again where it was. All functions are FALSE when they cannot go on;
 * without ran_out this is no JSON, or not what was asked for.
 *
 *   for (gboolean first = TRUE; nz_json_cursor_next(c, ']', &first, &more) && more;) ... */
#pragma once

#include <glib.h>

typedef struct {
  const char *p, *end;
  gboolean ran_out;
} NzJsonCursor;

/* What stands between two quotation marks. */
typedef struct {
  const char *text;
  gsize len;
  gboolean escaped;
} NzJsonText;

/* Takes the mark C, past white space. */
gboolean nz_json_cursor_take(NzJsonCursor *self, char c);

/* In an array or object that was opened: whether another value follows, past its comma. If not, the
 * mark CLOSE was taken. *FIRST is TRUE before the first, and then FALSE. */
gboolean nz_json_cursor_next(NzJsonCursor *self, char close, gboolean *first, gboolean *more);

/* A string. *IS_NULL (may be NULL: then null is no string) says that it was null. */
gboolean nz_json_cursor_text(NzJsonCursor *self, NzJsonText *text, gboolean *is_null);

/* A key and its colon. */
gboolean nz_json_cursor_key(NzJsonCursor *self, NzJsonText *key);

/* An integer that fits; null leaves *VALUE, as in Go. */
gboolean nz_json_cursor_int(NzJsonCursor *self, gint64 *value);

/* Passes over a value of any kind. What is in it need not be right. */
gboolean nz_json_cursor_skip(NzJsonCursor *self);

/* Opens an object with "{"; *IS_NULL says that it was null instead. */
gboolean nz_json_cursor_object(NzJsonCursor *self, gboolean *is_null);

/* The string that TEXT stands for, into OUT. FALSE: an escape that is none. *LOSSY is set (and
 * never cleared) when it is no UTF-8, or holds U+FFFD, which writers put for bytes that are none.
 */
gboolean nz_json_text_decode(const NzJsonText *text, GString *out, gboolean *lossy);

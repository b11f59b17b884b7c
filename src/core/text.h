/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers and strings as Go reads them, and hostile bytes made printable. */
#pragma once

#include <glib.h>

typedef enum {
  NZ_INT_OK,
  NZ_INT_SYNTAX, /* not an integer; *value is 0 */
  NZ_INT_RANGE,  /* an integer outside int64; *value is the nearest int64 */
} NzIntResult;

/* Reads TEXT[0..LEN) as Go's strconv.ParseInt(s, 10, 64) and strconv.Atoi do: an optional sign and
 * decimal digits, nothing else. *VALUE is set in every case, to what Go returns beside its error.
 */
NzIntResult nz_parse_int(const char *text, gsize len, gint64 *value);

/* As Go's strconv.ParseUint(s, 8, 64), without range: FALSE on anything but octal digits. */
gboolean nz_parse_octal(const char *text, gsize len, guint64 *value);

/* The bytes of NAME as text that a terminal, a JSON string or an error message can hold: valid
 * UTF-8 stays, control characters, direction marks and other bytes become \xNN. Never NULL. */
char *nz_printable(const char *name, gssize len);

/* TEXT, our own words, broken at spaces so that no line passes column WIDTH; it begins at column
 * INDENT, and so do the lines after the first. Owned by the caller. */
char *nz_wrap(const char *text, guint indent, guint width);

/* FALSE for control characters, and for marks that are not seen but change what is: those of order,
 * zero width, line and paragraph ends. */
gboolean nz_is_printable(gunichar c);

/* For GHashTable with keys an attacker chooses: seeded at start, so that keys cannot be made to
 * collide. Pairs with g_str_equal. */
guint nz_str_hash(gconstpointer key);

/* 64 bits over DATA with the same seed. */
guint64 nz_hash64(const void *data, gsize len);

/* That seed; and 64 bits with another, for hashes that outlive the process. */
guint64 nz_hash_seed(void);
guint64 nz_hash64_seeded(const void *data, gsize len, guint64 seed);

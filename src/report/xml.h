/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdio.h>

/* Writes TEXT, bytes of any kind, so that it can stand between tags and in an attribute with either
 * quote. Control characters, marks that turn the order of reading, bytes that are not UTF-8 and
 * code points that XML 1.0 does not have become \xNN; no reference could stand for the latter. */
void nz_xml_put(FILE *out, const char *text);

/* Writes ` NAME="VALUE"`; nothing when VALUE is NULL. */
void nz_xml_put_attribute(FILE *out, const char *name, const char *value);
void nz_xml_put_uint(FILE *out, const char *name, guint value);

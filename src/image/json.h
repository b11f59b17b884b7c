/* SPDX-License-Identifier: Apache-2.0 */
/* Hostile JSON, read as Go's encoding/json would read it, or refused.
 *
 * Go matches object keys without regard to case and lets the last of several win, so
 * {"User":"1000","user":"0"} starts as root. A document in which two keys of one object mean the
 * same thing is refused here: nobody needs one. */
#pragma once

#include <jansson.h>

#include "core/error.h"

typedef json_t NzJson;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NzJson, json_decref)

/* Parses BYTES, which must hold one object or array and nothing else. */
NzJson *nz_json_parse(GBytes *bytes, GError **error);

/* TRUE when Go takes A for KEY. */
gboolean nz_json_key_is(const char *a, const char *key);

/* The value of KEY in OBJECT, case ignored as Go does; *VALUE is NULL when there is none or null.
 * FALSE: two keys mean KEY. */
gboolean nz_json_get(const json_t *object, const char *key, json_t **value, GError **error);

/* The same, and the value must have the type. Strings are borrowed. Absent or null: NULL, or FALSE
 * for a boolean. */
gboolean nz_json_get_string(const json_t *object, const char *key, const char **value,
                            GError **error);
gboolean nz_json_get_array(const json_t *object, const char *key, json_t **value, GError **error);
gboolean nz_json_get_object(const json_t *object, const char *key, json_t **value, GError **error);
gboolean nz_json_get_bool(const json_t *object, const char *key, gboolean *value, GError **error);

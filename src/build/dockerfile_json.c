/* SPDX-License-Identifier: Apache-2.0 */
/* The JSON form of an instruction's arguments, as Go's encoding/json takes it: what is no JSON at
 * all is shell text, but an array with anything else than strings in it is an error. */
#include <string.h>

#include "build/dockerfile_parse.h"
#include "build/rune.h"
#include "core/limits.h"

typedef struct {
  const char *begin, *p, *end;
  guint depth;
  gboolean nul;
} Json;

static gboolean skip_value(Json *json);

static void
skip_blanks(Json *json)
{
  while (json->p < json->end && strchr(" \t\r\n", *json->p))
    json->p++;
}

static gboolean
take(Json *json, char c)
{
  if (json->p == json->end || *json->p != c)
    return FALSE;
  json->p++;
  return TRUE;
}

/* --- strings --- */

static gboolean
take_hex(Json *json, gunichar *c)
{
  *c = 0;
  if (json->end - json->p < 4)
    return FALSE;
  for (guint i = 0; i < 4; i++) {
    int digit = g_ascii_xdigit_value(*json->p++);
    if (digit < 0)
      return FALSE;
    *c = *c << 4 | (gunichar)digit;
  }
  return TRUE;
}

/* What follows "\u". Half a surrogate pair becomes U+FFFD. */
static gboolean
take_code_point(Json *json, GString *out)
{
  gunichar c, low;
  if (!take_hex(json, &c))
    return FALSE;
  if (c >= 0xd800 && c < 0xdc00 && json->end - json->p >= 6 && json->p[0] == '\\' &&
      json->p[1] == 'u') {
    Json ahead = *json;
    ahead.p += 2;
    if (!take_hex(&ahead, &low))
      return FALSE;
    if (low >= 0xdc00 && low < 0xe000) {
      *json = ahead;
      c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
    }
  }
  g_string_append_unichar(out, c >= 0xd800 && c < 0xe000 ? 0xfffd : c);
  return TRUE;
}

static gboolean
take_escape(Json *json, GString *out)
{
  static const char names[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
  if (json->p == json->end || !*json->p)
    return FALSE;
  char c = *json->p++;
  if (c == 'u')
    return take_code_point(json, out);
  const char *name = strchr(names, c);
  if (name)
    g_string_append_c(out, values[name - names]);
  return name != NULL;
}

static gboolean
take_string(Json *json, GString *out)
{
  if (!take(json, '"'))
    return FALSE;
  while (json->p < json->end && *json->p != '"') {
    gboolean bad;
    gsize len = nz_rune_length(json->p, (gsize)(json->end - json->p), &bad);
    if ((guchar)*json->p < 0x20)
      return FALSE;
    if (*json->p == '\\') {
      json->p++;
      if (!take_escape(json, out))
        return FALSE;
      continue;
    }
    g_string_append_len(out, bad ? NZ_RUNE_ERROR : json->p, bad ? 3 : (gssize)len);
    json->p += len;
  }
  return take(json, '"');
}

/* --- other values --- */

static gsize
skip_digits(Json *json)
{
  const char *begin = json->p;
  while (json->p < json->end && g_ascii_isdigit(*json->p))
    json->p++;
  return (gsize)(json->p - begin);
}

static gboolean
skip_number(Json *json)
{
  take(json, '-');
  if (!take(json, '0') && skip_digits(json) == 0)
    return FALSE;
  if (take(json, '.') && skip_digits(json) == 0)
    return FALSE;
  if (take(json, 'e') || take(json, 'E')) {
    if (!take(json, '+'))
      take(json, '-');
    return skip_digits(json) > 0;
  }
  return TRUE;
}

static gboolean
skip_word(Json *json)
{
  static const char *const words[] = {"true", "false", "null"};
  for (guint i = 0; i < G_N_ELEMENTS(words); i++) {
    gsize len = strlen(words[i]);
    if ((gsize)(json->end - json->p) >= len && memcmp(json->p, words[i], len) == 0) {
      json->p += len;
      return TRUE;
    }
  }
  return FALSE;
}

static gboolean
skip_string(Json *json)
{
  g_autoptr(GString) unused = g_string_new(NULL);
  return take_string(json, unused);
}

static gboolean
skip_member(Json *json)
{
  skip_blanks(json);
  if (!skip_string(json))
    return FALSE;
  skip_blanks(json);
  return take(json, ':') && skip_value(json);
}

/* After "[" or "{", to its CLOSE. */
static gboolean
skip_members(Json *json, char close, gboolean (*member)(Json *))
{
  skip_blanks(json);
  if (take(json, close))
    return TRUE;
  do {
    if (!member(json))
      return FALSE;
    skip_blanks(json);
  } while (take(json, ','));
  return take(json, close);
}

static gboolean
skip_value(Json *json)
{
  skip_blanks(json);
  if (json->p == json->end || json->depth >= NZ_DOCKER_JSON_DEPTH_MAX)
    return FALSE;
  json->depth++;
  gboolean ok;
  if (take(json, '['))
    ok = skip_members(json, ']', skip_value);
  else if (take(json, '{'))
    ok = skip_members(json, '}', skip_member);
  else if (*json->p == '"')
    ok = skip_string(json);
  else if (*json->p == '-' || g_ascii_isdigit(*json->p))
    ok = skip_number(json);
  else
    ok = skip_word(json);
  json->depth--;
  return ok;
}

/* --- the array --- */

static gboolean
take_word(const NzLineParser *parser, Json *json, GPtrArray *words)
{
  g_autoptr(GString) text = g_string_new(NULL);
  gsize start = (gsize)(json->p - json->begin);
  if (!take_string(json, text))
    return FALSE;
  json->nul |= strlen(text->str) != text->len;
  NzWord *word = g_new(NzWord, 1);
  word->text = g_string_free(g_steal_pointer(&text), FALSE);
  word->span = nz_joined_span(parser->line, start, (gsize)(json->p - json->begin));
  g_ptr_array_add(words, word);
  return TRUE;
}

/* After "[", to the "]". *MIXED: there was something else than a string. */
static gboolean
take_words(const NzLineParser *parser, Json *json, GPtrArray *words, gboolean *mixed)
{
  skip_blanks(json);
  if (take(json, ']'))
    return TRUE;
  do {
    skip_blanks(json);
    gboolean string = json->p < json->end && *json->p == '"';
    if (!(string ? take_word(parser, json, words) : skip_value(json)))
      return FALSE;
    *mixed |= !string;
    skip_blanks(json);
  } while (take(json, ','));
  return take(json, ']');
}

NzDockerJson
nz_line_json(const NzLineParser *parser, gsize start, gsize end, GPtrArray *words)
{
  const char *text = parser->line->data;
  Json json = {text, text + start, text + end, 0, FALSE};
  gboolean mixed = FALSE;
  if (!take(&json, '['))
    return NZ_DOCKER_JSON_NONE;
  gboolean ok = take_words(parser, &json, words, &mixed);
  skip_blanks(&json);
  ok = ok && json.p == json.end;
  if (ok && !mixed && !json.nul)
    return NZ_DOCKER_JSON;
  g_ptr_array_set_size(words, 0);
  if (!ok)
    return NZ_DOCKER_JSON_NONE;
  return mixed ? NZ_DOCKER_JSON_MIXED : NZ_DOCKER_JSON_NUL;
}

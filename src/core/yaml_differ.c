/* SPDX-License-Identifier: Apache-2.0 */
#include "core/yaml_differ.h"

#include <string.h>

/* --- lines --- */

/* What go-yaml's reader refuses wherever it stands (its readerc.go, "control characters are not
 * allowed"), and libfyaml takes in quotes and comments. */
static const char *
find_control(const char *data, gsize len)
{
  for (gsize i = 0; i < len; i++) {
    guchar c = (guchar)data[i];
    if (G_UNLIKELY(c < 0x20 || c == 0x7f) && c != '\t' && c != '\n' && c != '\r')
      return data + i;
    if (G_UNLIKELY(c == 0xc2) && i + 1 < len && (guchar)data[i + 1] < 0xa0 &&
        (guchar)data[i + 1] != 0x85)
      return data + i;
  }
  return NULL;
}

const char *
nz_yaml_find_unseen(const char *data, gsize len, const char **what)
{
  static const struct {
    const char *bytes, *what;
  } unseen[] = {
      {"\xc2\x85", "a line separator (U+0085) that nobody sees: for YAML 1.1 a line begins behind "
                   "it; write \\N in double quotes"},
      {"\xe2\x80\xa8", "a line separator (U+2028) that nobody sees: for YAML 1.1 a line begins "
                       "behind it; write \\L in double quotes"},
      {"\xe2\x80\xa9", "a line separator (U+2029) that nobody sees: for YAML 1.1 a line begins "
                       "behind it; write \\P in double quotes"},
      {"\xef\xbb\xbf", "a byte order mark (U+FEFF) that does not begin the file: readers of YAML "
                       "differ on what it is; take it away"},
  };
  const char *first = find_control(data, len);
  *what = "a control character, which YAML does not take; write \\xNN in double quotes";
  for (guint i = 0; i < G_N_ELEMENTS(unseen); i++) {
    const char *found = memmem(data, len, unseen[i].bytes, strlen(unseen[i].bytes));
    if (!found || (first && found > first))
      continue;
    first = found;
    *what = unseen[i].what;
  }
  return first;
}

/* --- tags and anchors --- */

const char *
nz_yaml_tag_complaint(const char *tag)
{
  return strchr(tag, '%') ? "a tag with an escape (%); write what it stands for" : NULL;
}

const char *
nz_yaml_anchor_complaint(const char *name)
{
  for (const char *p = name; *p; p++)
    if (!g_ascii_isalnum(*p) && *p != '_' && *p != '-')
      return "an anchor whose name has more than letters, digits, - and _: readers of YAML differ "
             "on where it ends";
  return NULL;
}

static gboolean
is_tagged(const NzYaml *node, const char *name)
{
  static const char *const forms[][2] = {{"!!", ""}, {"!<tag:yaml.org,2002:", ">"}};
  for (guint i = 0; node->tag && i < G_N_ELEMENTS(forms); i++) {
    g_autofree char *tag = g_strconcat(forms[i][0], name, forms[i][1], NULL);
    if (strcmp(node->tag, tag) == 0)
      return TRUE;
  }
  return FALSE;
}

gboolean
nz_yaml_decode(NzYaml *node)
{
  if (!is_tagged(node, "binary"))
    return TRUE;
  gsize len;
  g_autofree char *bytes = (char *)g_base64_decode(node->text, &len);
  if (len == 0)
    return *node->text == '\0';
  /* As Go writes JSON: what is no UTF-8 is U+FFFD. */
  nz_yaml_set_text(node, g_utf8_make_valid(bytes, (gssize)len));
  return TRUE;
}

/* --- merge keys --- */

gboolean
nz_yaml_is_merge(const NzYaml *key)
{
  return strcmp(key->text, "<<") == 0 && (key->tag ? is_tagged(key, "merge") : key->plain);
}

static gboolean
is_same(const NzYaml *a, const NzYaml *b)
{
  return a->kind == NZ_YAML_TEXT && b->kind == NZ_YAML_TEXT && strcmp(a->text, b->text) == 0 &&
         a->plain == b->plain && g_strcmp0(a->tag, b->tag) == 0;
}

const NzYaml *
nz_yaml_find_contest(NzYaml *map, const NzYaml *value)
{
  const NzYaml *found = NULL;
  for (guint i = 0; !found && map->kind == NZ_YAML_LIST && i < map->items->len; i++)
    found = nz_yaml_find_contest(map->items->pdata[i], value);
  for (guint i = 0; !found && value->kind == NZ_YAML_LIST && i < value->items->len; i++)
    found = nz_yaml_find_contest(map, value->items->pdata[i]);
  if (found || map->kind != NZ_YAML_MAP || value->kind != NZ_YAML_MAP)
    return found;
  for (guint i = 0; i < value->keys->len; i++) {
    gint own = nz_yaml_find(map, ((const NzYaml *)value->keys->pdata[i])->text);
    if (own >= 0 && !is_same(map->items->pdata[own], value->items->pdata[i]))
      return map->keys->pdata[own];
  }
  return NULL;
}

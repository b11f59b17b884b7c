/* SPDX-License-Identifier: Apache-2.0 */
/* YAML -> NzPolicy. Each map has a table of its keys; each error says where it is. */
#include <string.h>

#include "check/profile.h"
#include "core/limits.h"
#include "core/nearest.h"
#include "core/text.h"
#include "core/yaml.h"
#include "policy/policy_private.h"

typedef struct {
  NzPolicy *policy;
  const char *name;
  /* Of the exception at hand: */
  NzException *exception;
  gboolean narrowed;
  const NzYaml *wide; /* the first pattern that matches everything */
} Reader;

typedef struct Key Key;
struct Key {
  const char *name;
  gboolean (*read)(Reader *self, const Key *key, const NzYaml *value, GError **error);
  NzMatch match; /* of a pattern */
};

/* --- values --- */

/* Of a text in a message. */
#define SHOWN_MAX 60

static char *
show(const NzYaml *text)
{
  g_autofree char *all = nz_printable(text->text, -1);
  if (g_utf8_strlen(all, -1) <= SHOWN_MAX)
    return g_steal_pointer(&all);
  g_autofree char *start = g_utf8_substring(all, 0, SHOWN_MAX);
  return g_strconcat(start, "...", NULL);
}

static gboolean
want(const Reader *self, const NzYaml *value, NzYamlKind kind, const char *what, GError **error)
{
  static const char *const kinds[] = {[NZ_YAML_TEXT] = "a text",
                                      [NZ_YAML_LIST] = "a list (lines with -)",
                                      [NZ_YAML_MAP] = "a map (key: value)"};
  if (value->kind == NZ_YAML_TEXT && value->empty)
    return nz_yaml_fail(value, self->name, error, "%s has no value", what);
  if (value->kind != kind)
    return nz_yaml_fail(value, self->name, error, "%s must be %s, and is %s", what, kinds[kind],
                        kinds[value->kind]);
  return TRUE;
}

/* A text for people, on one line. */
static gboolean
read_text(const Reader *self, const Key *key, const NzYaml *value, char **text, GError **error)
{
  if (!want(self, value, NZ_YAML_TEXT, key->name, error))
    return FALSE;
  if (strlen(value->text) > NZ_POLICY_TEXT_MAX)
    return nz_yaml_fail(value, self->name, error, "%s is longer than %u bytes", key->name,
                        NZ_POLICY_TEXT_MAX);
  *text = g_strdup(value->text);
  g_strdelimit(*text, "\n\t", ' ');
  g_strstrip(*text);
  return **text ? TRUE : nz_yaml_fail(value, self->name, error, "%s has no value", key->name);
}

/* What is printed in messages and compared byte by byte: no line ends in it. */
static gboolean
read_name(const Reader *self, const char *what, const NzYaml *value, GError **error)
{
  if (!want(self, value, NZ_YAML_TEXT, what, error))
    return FALSE;
  if (strpbrk(value->text, "\n\t"))
    return nz_yaml_fail(value, self->name, error, "%s must stand on one line", what);
  return TRUE;
}

/* --- maps --- */

static gboolean
unknown_key(const Reader *self, const NzYaml *key, const Key *keys, GError **error)
{
  g_autoptr(GPtrArray) names = g_ptr_array_new();
  for (const Key *k = keys; k->name; k++)
    g_ptr_array_add(names, (gpointer)k->name);
  g_ptr_array_add(names, NULL);
  g_autofree char *shown = show(key);
  g_autofree char *hint = nz_nearest_hint(key->text, (const char *const *)names->pdata);
  return nz_yaml_fail(key, self->name, error, "there is no key %s here%s", shown, hint);
}

static gboolean
read_map(Reader *self, const NzYaml *map, const Key *keys, GError **error)
{
  for (guint i = 0; i < map->keys->len; i++) {
    const NzYaml *name = map->keys->pdata[i];
    const Key *key = keys;
    while (key->name && strcmp(key->name, name->text) != 0)
      key++;
    if (!key->name)
      return unknown_key(self, name, keys, error);
    if (!key->read(self, key, map->items->pdata[i], error))
      return FALSE;
  }
  return TRUE;
}

/* --- profile, fail-on --- */

static gboolean
read_profile(Reader *self, const Key *key, const NzYaml *value, GError **error)
{
  if (!read_name(self, key->name, value, error))
    return FALSE;
  /* A report that asks so little is asked for where it is seen. */
  if (strcmp(value->text, NZ_PROFILE_USER_ONLY) == 0)
    return nz_yaml_fail(value, self->name, error,
                        "the profile " NZ_PROFILE_USER_ONLY " is asked for by --user-only alone");
  g_autoptr(GError) cause = NULL;
  self->policy->profile = nz_profile_find(value->text, &cause);
  return self->policy->profile || nz_yaml_fail(value, self->name, error, "%s", cause->message);
}

static gboolean
read_level(const Reader *self, const char *what, const NzYaml *value, gboolean off_too,
           NzRuleLevel *level, GError **error)
{
  if (!read_name(self, what, value, error))
    return FALSE;
  *level = nz_rule_level_find(value->text, off_too);
  if (*level != NZ_RULE_AS_FOUND)
    return TRUE;
  g_autofree char *shown = show(value);
  return nz_yaml_fail(value, self->name, error, "%s is no level; write fail, warn%s", shown,
                      off_too ? ", info or off" : " or info");
}

static gboolean
read_fail_on(Reader *self, const Key *key, const NzYaml *value, GError **error)
{
  NzRuleLevel level;
  if (!read_level(self, key->name, value, FALSE, &level, error))
    return FALSE;
  self->policy->fail_on = (NzLevel)(level - NZ_RULE_INFO);
  self->policy->fail_on_source = NZ_SOURCE_FILE;
  return TRUE;
}

/* --- rules --- */

static gboolean
unknown_rule(const Reader *self, const NzYaml *name, GError **error)
{
  g_autofree char *shown = show(name), *hint = nz_rule_hint(name->text);
  return nz_yaml_fail(name, self->name, error, "there is no rule %s%s", shown, hint);
}

typedef struct {
  const Reader *reader;
  const NzYaml *name;
  NzRuleLevel level;
  GError *error;
} RuleLine;

/* A rule's own name says more than the name another tool has for several. */
static void
set_rule(const NzCheck *check, gpointer user_data)
{
  RuleLine *line = user_data;
  NzRuleSetting *setting = nz_policy_setting(line->reader->policy, check);
  gboolean by_alias = g_ascii_strcasecmp(check->rule, line->name->text) != 0;
  gboolean there = setting->source == NZ_SOURCE_FILE;
  if (there && setting->by_alias == by_alias) {
    if (!line->error)
      nz_yaml_error(line->reader->name, line->name->line, line->name->column, &line->error,
                    "%s has its level from line %u", check->rule, setting->line);
    return;
  }
  if (there && by_alias)
    return;
  *setting = (NzRuleSetting){line->level, NZ_SOURCE_FILE, line->name->line, by_alias};
}

static gboolean
read_rule(Reader *self, const NzYaml *name, const NzYaml *value, GError **error)
{
  RuleLine line = {.reader = self, .name = name};
  g_autofree char *shown = show(name);
  if (!read_name(self, "a rule", name, error) ||
      !read_level(self, shown, value, TRUE, &line.level, error))
    return FALSE;
  if (nz_check_foreach_named(name->text, set_rule, &line) == 0)
    return unknown_rule(self, name, error);
  if (line.error)
    g_propagate_error(error, line.error);
  return line.error == NULL;
}

/* Nothing below `rules:` and `exceptions:` is none of them: all lines may be commented out. */
static gboolean
read_rules(Reader *self, const Key *key, const NzYaml *value, GError **error)
{
  if (value->empty)
    return TRUE;
  if (!want(self, value, NZ_YAML_MAP, key->name, error))
    return FALSE;
  for (guint i = 0; i < value->keys->len; i++)
    if (!read_rule(self, value->keys->pdata[i], value->items->pdata[i], error))
      return FALSE;
  return TRUE;
}

/* --- exceptions --- */

static void
add_check(const NzCheck *check, gpointer user_data)
{
  g_ptr_array_add(user_data, (gpointer)check);
}

static gboolean
read_exception_rule(Reader *self, const Key *key, const NzYaml *value, GError **error)
{
  NzException *e = self->exception;
  if (!read_name(self, key->name, value, error))
    return FALSE;
  if (nz_check_foreach_named(value->text, add_check, e->checks) == 0)
    return unknown_rule(self, value, error);
  if (e->checks->pdata[0] == &nz_check_expired_exception)
    return nz_yaml_fail(
        value, self->name, error,
        "an expired exception cannot be excepted; give it a new date, or take it out");
  e->rule = g_strdup(value->text);
  return TRUE;
}

/* A letter or digit is not enough in a digest: the name of the hash is in every one. One of each
 * digit alone tell whether the pattern picks any. */
static gboolean
pattern_narrows(NzMatch match, const NzGlob *glob)
{
  static const struct {
    const char *name;
    int digits;
  } hashes[] = {{"sha256", 64}, {"sha384", 96}, {"sha512", 128}};
  if (match != NZ_MATCH_DIGEST)
    return nz_glob_narrows(glob);
  for (guint i = 0; i < G_N_ELEMENTS(hashes); i++) {
    gboolean all = TRUE;
    for (const char *digit = "0123456789abcdef"; *digit && all; digit++) {
      g_autofree char *digits = g_strnfill((gsize)hashes[i].digits, *digit);
      g_autofree char *digest = g_strconcat(hashes[i].name, ":", digits, NULL);
      guint64 steps = NZ_GLOB_STEPS_MAX;
      all = nz_glob_match(glob, digest, &steps);
    }
    if (all)
      return FALSE;
  }
  return nz_glob_narrows(glob);
}

static gboolean
read_pattern(Reader *self, const Key *key, const NzYaml *value, GError **error)
{
  NzException *e = self->exception;
  if (!read_name(self, key->name, value, error))
    return FALSE;
  g_autoptr(GError) wrong = NULL;
  NzGlob *glob = e->globs[key->match] = nz_glob_new(value->text, &wrong);
  if (!glob)
    return nz_yaml_fail(value, self->name, error, "%s: %s", key->name, wrong->message);
  gboolean is_path = key->match == NZ_MATCH_PATH || key->match == NZ_MATCH_EXECUTABLE;
  if (is_path && value->text[0] != '/' && !g_str_has_prefix(value->text, "**"))
    return nz_yaml_fail(value, self->name, error,
                        "%s: it matches no path, which all begin with /; write /... or **/...",
                        key->name);
  e->patterns[key->match] = g_strdup(value->text);
  if (pattern_narrows(key->match, glob))
    self->narrowed = TRUE;
  else if (!self->wide)
    self->wide = value;
  return TRUE;
}

static gboolean
read_reason(Reader *self, const Key *key, const NzYaml *value, GError **error)
{
  return read_text(self, key, value, &self->exception->said.reason, error);
}

static gboolean
read_owner(Reader *self, const Key *key, const NzYaml *value, GError **error)
{
  return read_text(self, key, value, &self->exception->said.owner, error);
}

static gboolean
read_mitigation(Reader *self, const Key *key, const NzYaml *value, GError **error)
{
  return read_text(self, key, value, &self->exception->mitigation, error);
}

static gboolean
read_expires(Reader *self, const Key *key, const NzYaml *value, GError **error)
{
  NzException *e = self->exception;
  if (!read_name(self, key->name, value, error))
    return FALSE;
  if (!nz_day_parse(value->text, &e->expires)) {
    g_autofree char *shown = show(value);
    return nz_yaml_fail(value, self->name, error, "%s is no day; write YYYY-MM-DD", shown);
  }
  e->said.expires = nz_day_format(e->expires);
  return TRUE;
}

static const Key exception_keys[] = {
    {"rule", read_exception_rule},
    {"path", read_pattern, NZ_MATCH_PATH},
    {"image", read_pattern, NZ_MATCH_IMAGE},
    {"digest", read_pattern, NZ_MATCH_DIGEST},
    {"namespace", read_pattern, NZ_MATCH_NAMESPACE},
    {"container", read_pattern, NZ_MATCH_CONTAINER},
    {"executable", read_pattern, NZ_MATCH_EXECUTABLE},
    {"reason", read_reason},
    {"owner", read_owner},
    {"mitigation", read_mitigation},
    {"expires", read_expires},
    {NULL},
};

static gboolean
check_exception(const Reader *self, const NzYaml *node, GError **error)
{
  const NzException *e = self->exception;
  const char *missing = !e->rule          ? "rule: which rule it is about"
                        : !e->said.reason ? "reason: why this is accepted"
                        : !e->said.owner  ? "owner: who answers for it"
                                          : NULL;
  if (missing)
    return nz_yaml_fail(node, self->name, error, "the exception lacks %s", missing);
  if (self->narrowed)
    return TRUE;
  if (self->wide)
    node = self->wide;
  return nz_yaml_fail(node, self->name, error,
                      "the exception would cover every finding of %s; narrow it by path, image or "
                      "digest, or turn the rule off, where all see it: `rules:` with `%s: off`",
                      e->rule, e->rule);
}

static gboolean
read_exception(Reader *self, const NzYaml *node, GError **error)
{
  if (!want(self, node, NZ_YAML_MAP, "an exception", error))
    return FALSE;
  g_autoptr(NzException) exception = g_new0(NzException, 1);
  exception->checks = g_ptr_array_new();
  exception->line = node->line;
  self->exception = exception;
  self->narrowed = FALSE;
  self->wide = NULL;
  if (!read_map(self, node, exception_keys, error) || !check_exception(self, node, error))
    return FALSE;
  g_ptr_array_add(self->policy->exceptions, g_steal_pointer(&exception));
  return TRUE;
}

static gboolean
read_exceptions(Reader *self, const Key *key, const NzYaml *value, GError **error)
{
  if (value->empty)
    return TRUE;
  if (!want(self, value, NZ_YAML_LIST, key->name, error))
    return FALSE;
  if (value->items->len > NZ_EXCEPTIONS_MAX)
    return nz_yaml_fail(value, self->name, error, "more than %u exceptions", NZ_EXCEPTIONS_MAX);
  for (guint i = 0; i < value->items->len; i++)
    if (!read_exception(self, value->items->pdata[i], error))
      return FALSE;
  return TRUE;
}

/* --- the file --- */

static const Key keys[] = {
    {"profile", read_profile},
    {"fail-on", read_fail_on},
    {"rules", read_rules},
    {"exceptions", read_exceptions},
    {NULL},
};

NzPolicy *
nz_policy_parse(GBytes *bytes, const char *name, GError **error)
{
  if (g_bytes_get_size(bytes) > NZ_POLICY_MAX) {
    g_set_error(error, NZ_ERROR, NZ_ERROR_LIMIT, "%s: larger than %u KiB", name,
                (guint)(NZ_POLICY_MAX / 1024));
    return NULL;
  }
  g_autoptr(NzYaml) root = nz_yaml_parse(bytes, name, error);
  g_autoptr(NzPolicy) policy = nz_policy_new();
  Reader reader = {.policy = policy, .name = name};
  if (!root)
    return NULL;
  policy->path = g_strdup(name);
  if (!root->empty && (!want(&reader, root, NZ_YAML_MAP, "a policy", error) ||
                       !read_map(&reader, root, keys, error)))
    return NULL;
  return g_steal_pointer(&policy);
}

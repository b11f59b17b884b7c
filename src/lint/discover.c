/* SPDX-License-Identifier: Apache-2.0 */
#include "lint/discover.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "core/limits.h"
#include "core/text.h"
#include "lint/context.h"
#include "lint/gitignore.h"

void
nz_found_free(gpointer data)
{
  NzFound *self = data;
  g_free(self->path);
  if (self->overrides)
    g_ptr_array_unref(self->overrides);
  g_free(self);
}

typedef struct {
  GPtrArray *found;
  NzIgnores *ignores;
  char *base;   /* where the ignored paths begin: the work tree, or the directory itself */
  guint n_seen; /* entries */
} Walk;

static NzFound *
add(GPtrArray *list, const char *path, NzSourceKind kind)
{
  NzFound *found = g_new0(NzFound, 1);
  found->path = g_strdup(path);
  found->kind = kind;
  g_ptr_array_add(list, found);
  return found;
}

/* --- .gitignore --- */

static void
learn(Walk *self, const char *directory, const char *relative, const char *name)
{
  g_autoptr(GBytes) bytes = nz_context_read(directory, name);
  gsize len;
  const char *text = bytes ? g_bytes_get_data(bytes, &len) : NULL;
  if (text)
    nz_ignores_add(self->ignores, relative, text, len);
}

/* Those of the directories from the top of the work tree down to the one that is walked, which it
 * reads itself. They say nothing of one that is ignored and was named all the same. Returns where
 * that lies below the top. */
static char *
learn_above(Walk *self, const char *path)
{
  g_autofree char *absolute = g_canonicalize_filename(path, NULL);
  g_autofree char *top = g_strdup(absolute);
  for (;;) {
    g_autofree char *git = g_build_filename(top, ".git", NULL);
    struct stat st;
    if (stat(git, &st) == 0)
      break;
    char *up = g_path_get_dirname(top);
    gboolean end = strcmp(up, top) == 0;
    g_free(top);
    top = up;
    if (end)
      return g_strdup(""); /* no work tree */
  }
  learn(self, top, "", ".git/info/exclude");
  const char *below = absolute + strlen(top);
  below += strspn(below, "/");
  g_auto(GStrv) parts = g_strsplit(below, "/", -1);
  g_autoptr(GString) relative = g_string_new(NULL);
  gboolean ignored = FALSE;
  for (guint i = 0; *below && parts[i]; i++) {
    g_autofree char *directory = g_build_filename(top, relative->str, NULL);
    learn(self, directory, relative->str, ".gitignore");
    g_string_append_printf(relative, "%s%s", i > 0 ? "/" : "", parts[i]);
    ignored = ignored || nz_ignores_match(self->ignores, relative->str, TRUE);
  }
  if (ignored)
    nz_ignores_cut(self->ignores, 0);
  return g_strdup(below);
}

/* --- Compose files that belong together --- */

/* "compose.override.yaml" of "compose.yaml", as docker compose merges them. */
static char *
base_of_override(const char *name)
{
  const char *dot = strstr(name, ".override.");
  return dot ? g_strdup_printf("%.*s.%s", (int)(dot - name), name, dot + strlen(".override."))
             : NULL;
}

static void
add_override(NzFound *base, const char *path)
{
  if (!base->overrides)
    base->overrides = g_ptr_array_new_with_free_func(g_free);
  else
    g_ptr_array_set_size(base->overrides, (gint)base->overrides->len - 1);
  g_ptr_array_add(base->overrides, g_strdup(path));
  g_ptr_array_add(base->overrides, NULL);
}

/* TRUE when PATH, of a directory whose files begin at FIRST, goes with another. */
static gboolean
join(Walk *self, guint first, const char *directory, const char *name, const char *path)
{
  g_autofree char *base = base_of_override(name);
  if (!base)
    return FALSE;
  g_autofree char *wanted =
      strcmp(directory, ".") == 0 ? g_strdup(base) : g_build_filename(directory, base, NULL);
  for (guint i = first; i < self->found->len; i++) {
    NzFound *found = self->found->pdata[i];
    if (found->kind == NZ_SOURCE_COMPOSE && strcmp(found->path, wanted) == 0) {
      add_override(found, path);
      return TRUE;
    }
  }
  return FALSE;
}

/* --- walking --- */

typedef struct {
  char *name;
  gboolean directory;
} Entry;

static void
entry_free(gpointer data)
{
  Entry *self = data;
  g_free(self->name);
  g_free(self);
}

/* In byte order, but a Compose file before what overrides it. */
static int
compare(gconstpointer a, gconstpointer b)
{
  const Entry *x = *(Entry *const *)a, *y = *(Entry *const *)b;
  gboolean over_x = strstr(x->name, ".override.") != NULL,
           over_y = strstr(y->name, ".override.") != NULL;
  if (over_x != over_y)
    return over_x - over_y;
  return strcmp(x->name, y->name);
}

static gboolean
is_directory(int dir, const struct dirent *e)
{
  if (e->d_type != DT_UNKNOWN)
    return e->d_type == DT_DIR;
  struct stat st;
  return fstatat(dir, e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode);
}

static GPtrArray *
list_entries(Walk *self, const char *path, GError **error)
{
  g_autofree char *shown = nz_printable(path, -1);
  DIR *dir = opendir(path);
  if (!dir) {
    nz_set_errno(error, errno, "%s", shown);
    return NULL;
  }
  GPtrArray *entries = g_ptr_array_new_with_free_func(entry_free);
  const struct dirent *e;
  while ((e = readdir(dir)) && self->n_seen <= NZ_DISCOVER_MAX) {
    NzSourceKind kind;
    if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
      continue;
    self->n_seen++;
    gboolean directory = is_directory(dirfd(dir), e);
    if (!directory && !nz_source_kind(e->d_name, &kind) && !nz_source_may_be_manifest(e->d_name))
      continue;
    Entry *entry = g_new0(Entry, 1);
    *entry = (Entry){g_strdup(e->d_name), directory};
    g_ptr_array_add(entries, entry);
  }
  closedir(dir);
  if (self->n_seen > NZ_DISCOVER_MAX) {
    g_ptr_array_unref(entries);
    g_set_error(error, NZ_ERROR, NZ_ERROR_LIMIT,
                "%s: more than %u files are looked through: name the directories with sources",
                shown, NZ_DISCOVER_MAX);
    return NULL;
  }
  g_ptr_array_sort(entries, compare);
  return entries;
}

static gboolean
walk(Walk *self, const char *path, const char *relative, guint depth, GError **error)
{
  if (depth > NZ_DISCOVER_DEPTH_MAX) {
    g_autofree char *shown = nz_printable(path, -1);
    g_set_error(error, NZ_ERROR, NZ_ERROR_LIMIT, "%s: more than %u directories deep", shown,
                NZ_DISCOVER_DEPTH_MAX);
    return FALSE;
  }
  guint count = nz_ignores_count(self->ignores), first = self->found->len;
  learn(self, path, relative, ".gitignore");
  g_autoptr(GPtrArray) entries = list_entries(self, path, error);
  gboolean ok = entries != NULL;
  for (guint i = 0; ok && i < entries->len; i++) {
    const Entry *entry = entries->pdata[i];
    g_autofree char *below =
        *relative ? g_strconcat(relative, "/", entry->name, NULL) : g_strdup(entry->name);
    g_autofree char *child =
        strcmp(path, ".") == 0 ? g_strdup(entry->name) : g_build_filename(path, entry->name, NULL);
    NzSourceKind kind;
    if (nz_ignores_match(self->ignores, below, entry->directory))
      continue;
    if (entry->directory)
      ok = walk(self, child, below, depth + 1, error);
    else if (!nz_source_kind(entry->name, &kind))
      add(self->found, child, NZ_SOURCE_MANIFEST);
    else if (kind != NZ_SOURCE_COMPOSE || !join(self, first, path, entry->name, child))
      add(self->found, child, kind);
  }
  nz_ignores_cut(self->ignores, count);
  return ok;
}

gboolean
nz_lint_discover(const char *path, GPtrArray *found, GError **error)
{
  struct stat st;
  gboolean standard = strcmp(path, "-") == 0;
  if (standard || stat(path, &st) != 0 || !S_ISDIR(st.st_mode)) {
    /* What cannot be opened is said when it is read. */
    Walk self = {.found = found};
    g_autofree char *directory = g_path_get_dirname(path);
    g_autofree char *name = g_path_get_basename(path);
    if (!standard && join(&self, 0, directory, name, path))
      return TRUE;
    NzFound *file = add(found, path, NZ_SOURCE_DOCKERFILE);
    file->named = TRUE;
    file->unknown = standard || !nz_source_kind(path, &file->kind);
    return TRUE;
  }
  Walk self = {.found = found, .ignores = nz_ignores_new()};
  g_autofree char *relative = learn_above(&self, path);
  gboolean ok = walk(&self, path, relative, 0, error);
  nz_ignores_free(self.ignores);
  return ok;
}

/* --- by content --- */

/* The first line that is neither blank, a comment, nor the begin of a document. */
static const char *
first_line(const char *p)
{
  if (g_str_has_prefix(p, "\xef\xbb\xbf"))
    p += 3;
  for (;;) {
    const char *line = p;
    p += strspn(p, " \t\r\n");
    if (*p == '#' || *p == ';' || (g_str_has_prefix(p, "---") && strchr(" \t\r\n#", p[3]))) {
      p += strcspn(p, "\n");
      continue;
    }
    /* With its indentation. */
    const char *begin = p;
    while (begin > line && (begin[-1] == ' ' || begin[-1] == '\t'))
      begin--;
    return begin;
  }
}

/* KEY, maybe in quotes, and a colon at P. */
static gboolean
is_key(const char *p, const char *key)
{
  gboolean quoted = *p == '"' || *p == '\'';
  char quote = *p;
  p += quoted;
  gsize n = strlen(key);
  if (strncmp(p, key, n) != 0)
    return FALSE;
  p += n;
  if (quoted && *p++ != quote)
    return FALSE;
  p += strspn(p, " \t\r\n");
  return *p == ':';
}

/* What a manifest has, each in the outermost map. */
typedef struct {
  gboolean api_version, kind;
} Keys;

static void
take_key(Keys *keys, const char *p)
{
  keys->api_version |= is_key(p, "apiVersion");
  keys->kind |= is_key(p, "kind");
}

/* Of the lines that are indented as LINE is, the first of all. */
static void
find_in_lines(Keys *keys, const char *line)
{
  gsize indent = strspn(line, " ");
  while (line && !(keys->api_version && keys->kind)) {
    if (strspn(line, " ") == indent)
      take_key(keys, line + indent);
    line = strchr(line, '\n');
    line = line ? line + 1 : NULL;
  }
}

/* Of what stands in { }, quoted or not. */
static void
find_in_braces(Keys *keys, const char *p)
{
  guint depth = 0;
  for (; *p && !(keys->api_version && keys->kind); p++) {
    if (*p == '"') {
      for (p++; *p && *p != '"'; p++)
        p += *p == '\\' && p[1];
      if (!*p)
        return;
      continue;
    }
    depth += *p == '{' || *p == '[';
    depth -= (*p == '}' || *p == ']') && depth > 0;
    if (depth == 1 && (*p == '{' || *p == ','))
      take_key(keys, p + 1 + strspn(p + 1, " \t\r\n"));
  }
}

static Keys
find_keys(const char *text)
{
  Keys keys = {FALSE, FALSE};
  const char *line = first_line(text);
  const char *first = line + strspn(line, " \t");
  if (*first == '{' && first[1] != '{')
    find_in_braces(&keys, first);
  else
    find_in_lines(&keys, line);
  return keys;
}

gboolean
nz_source_is_manifest(const char *data, gsize len)
{
  Keys keys = find_keys(data);
  /* The last key of a long List stands at its end. */
  return (keys.api_version && keys.kind) ||
         (len >= NZ_SOURCE_HEAD && (keys.api_version || keys.kind));
}

static gboolean
is_dockerfile(const char *line)
{
  static const char *const words[] = {"FROM", "ARG"};
  for (guint i = 0; i < G_N_ELEMENTS(words); i++) {
    gsize n = strlen(words[i]);
    if (g_ascii_strncasecmp(line, words[i], n) == 0 && strchr(" \t\\", line[n]))
      return TRUE;
  }
  return FALSE;
}

NzSourceKind
nz_source_guess(const NzSourceFile *source)
{
  static const char *const keys[] = {
      "services:", "version:", "name:", "include:", "x-", "networks:", "volumes:", "{"};
  const char *line = first_line(source->data);
  Keys found = {FALSE, FALSE};
  line += strspn(line, " \t");
  if (*line == '[')
    return NZ_SOURCE_QUADLET;
  if (!is_dockerfile(line))
    found = find_keys(source->data);
  if (found.api_version || found.kind || g_str_has_prefix(line, "{{"))
    return NZ_SOURCE_MANIFEST;
  for (guint i = 0; i < G_N_ELEMENTS(keys); i++)
    if (g_str_has_prefix(line, keys[i]))
      return NZ_SOURCE_COMPOSE;
  return nz_source_may_be_manifest(source->name) ? NZ_SOURCE_MANIFEST : NZ_SOURCE_DOCKERFILE;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Sources judged side by side. */
#include <stdlib.h>
#include <string.h>

#include "api/scanner.h"
#include "confine/confine.h"
#include "core/fyaml.h"
#include "core/limits.h"
#include "core/text.h"
#include "image/compression.h"
#include "image/reference.h"
#include "lint/discover.h"
#include "scan/stack.h"

/* With fewer files than this a second thread costs more than it gains. */
#define FILES_A_THREAD 32u

void
nz_lint_settings_add(GPtrArray **list, const char *value)
{
  if (!*list)
    *list = g_ptr_array_new_with_free_func(g_free);
  else
    g_ptr_array_set_size(*list, (gint)(*list)->len - 1);
  g_ptr_array_add(*list, g_strdup(value));
  g_ptr_array_add(*list, NULL);
}

void
nz_lint_settings_clear(NzLintSettings *self)
{
  GPtrArray **lists[] = {&self->arguments, &self->contexts,  &self->bases,    &self->images,
                         &self->profiles,  &self->env_files, &self->overrides};
  for (guint i = 0; i < G_N_ELEMENTS(lists); i++)
    g_clear_pointer(lists[i], g_ptr_array_unref);
  g_clear_pointer(&self->known, g_hash_table_unref);
  g_free(self->target);
}

static const char *const *
list_of(const GPtrArray *list)
{
  return list ? (const char *const *)list->pdata : NULL;
}

/* --- base images --- */

/* "docker.io/library/nginx:latest" for "nginx"; NULL: it is no name of an image. */
static char *
whole_name(const char *name)
{
  g_auto(NzReference) reference = {0};
  return nz_reference_parse(name, &reference, NULL) ? nz_reference_text(&reference) : NULL;
}

/* What NAME=VALUE in LIST says of NAME, which may be written in another way; NULL: nothing. */
static const char *
find_given(const GPtrArray *list, const char *name)
{
  g_autofree char *whole = list ? whole_name(name) : NULL;
  for (guint i = 0; list && i + 1 < list->len; i++) {
    const char *text = list->pdata[i], *equals = strchr(text, '=');
    g_autofree char *given = g_strndup(text, (gsize)(equals - text));
    g_autofree char *same = whole ? whole_name(given) : NULL;
    if (strcmp(given, name) == 0 || (same && strcmp(same, whole) == 0))
      return equals + 1;
  }
  return NULL;
}

static NzBuildBase *
base_by_option(const char *name, const char *user, const char *option)
{
  NzBuildBase *base = nz_build_base_well_known(name);
  if (!base)
    base = nz_build_base_new(name);
  g_free(base->because);
  g_free(base->user);
  g_clear_pointer(&base->unknown, g_free);
  base->because = g_strdup_printf("by --%s", option);
  base->user = g_strdup(user);
  base->user_known = TRUE;
  return base;
}

static NzBuildBase *
find_any(nonzero_scanner *self, const char *name, const char *platform, NzImageNeed need)
{
  const NzLintSettings *lint = &self->lint;
  const char *by_image = find_given(lint->images, name);
  const char *given = by_image ? by_image : find_given(lint->bases, name);
  if (given && !nz_image_has_transport(given))
    return base_by_option(name, given, by_image ? "image" : "base");
  NzBuildBase *base = nz_scanner_image_base(self, name, given ? given : name, platform, need);
  if (!base && !given)
    base = nz_build_base_well_known(name);
  if (base)
    return base;
  const char *where = lint->no_images ? "nobody looked for" : "no engine of this host has";
  const char *nor = "and it is not in the table of well-known ones";
  g_autofree char *shown = nz_printable(name, -1);
  base = nz_build_base_new(name);
  base->unknown = need == NZ_IMAGE_ALL
                      ? g_strdup_printf("%s the image %s, %s; say its user with --base %s=USER",
                                        where, shown, nor, shown)
                      : g_strdup_printf("%s it, %s", where, nor);
  return base;
}

static NzBuildBase *
find_base(const char *name, const char *platform, gpointer data)
{
  return find_any(data, name, platform, NZ_IMAGE_ALL);
}

/* That of a container. */
static NzBuildBase *
find_image(const char *name, NzImageNeed need, gpointer data)
{
  return find_any(data, name, NULL, need);
}

/* --- one file --- */

typedef struct {
  nonzero_scanner *scanner;
  const GPtrArray *found; /* NzFound */
  NzOutcome **outcomes;
  GStrv environment;
  gint next; /* atomic */
} Work;

/* By their ends alone, other files too are called so: "meson.build". */
static gboolean
is_wanted(const NzFound *found, const NzSourceFile *source)
{
  return found->named || found->kind != NZ_SOURCE_QUADLET ||
         nz_source_guess(source) == NZ_SOURCE_QUADLET;
}

static void
add_subjects(nonzero_scanner *self, const GPtrArray *subjects, NzOutcome *outcome)
{
  for (guint i = 0; i < subjects->len; i++)
    nz_scanner_add_subject(self, subjects->pdata[i], outcome);
}

/* NULL without an error: it is none of ours. */
static NzSourceFile *
read_file(const NzFound *found, GError **error)
{
  gboolean manifest = found->kind == NZ_SOURCE_MANIFEST;
  if (!found->unknown && !manifest)
    return nz_source_read(found->path, error);
  return nz_source_read_wanted(found->path, NZ_MANIFEST_MAX,
                               found->named ? NULL : nz_source_is_manifest, error);
}

/* What may be larger is told from what may not be when it was read. */
static gboolean
check_size(const NzSourceFile *source, NzSourceKind kind, GError **error)
{
  if (kind == NZ_SOURCE_MANIFEST || source->len <= NZ_SOURCE_MAX)
    return TRUE;
  g_set_error(error, NZ_ERROR, NZ_ERROR_LIMIT, "%s: more than %u MiB: it is no source file",
              source->name, (guint)(NZ_SOURCE_MAX >> 20));
  return FALSE;
}

static void
tell_uncovered(const char *text, gpointer data)
{
  nonzero_scanner *self = data;
  g_mutex_lock(&self->mutex);
  if (self->events.uncovered)
    self->events.uncovered(text, self->data);
  g_mutex_unlock(&self->mutex);
}

static gboolean
lint_file(const Work *work, const NzFound *found, NzOutcome *outcome, GError **error)
{
  nonzero_scanner *self = work->scanner;
  const NzLintSettings *lint = &self->lint;
  g_autoptr(GError) failed = NULL;
  g_autoptr(NzSourceFile) source = read_file(found, &failed);
  if (!source) {
    /* What is called like a manifest, in a folder, may be a link to nothing: an editor's lock. */
    gboolean maybe = found->kind == NZ_SOURCE_MANIFEST && !found->named && !found->unknown;
    if (!failed || (maybe && g_error_matches(failed, NZ_ERROR, NZ_ERROR_NOT_FOUND)))
      return TRUE;
    g_propagate_error(error, g_steal_pointer(&failed));
    return FALSE;
  }
  if (!is_wanted(found, source))
    return TRUE;
  NzSourceKind kind = found->unknown ? nz_source_guess(source) : found->kind;
  if (!check_size(source, kind, error))
    return FALSE;
  g_autofree char *directory =
      strcmp(found->path, "-") == 0 ? NULL : g_path_get_dirname(found->path);
  const GPtrArray *overrides = found->overrides ? found->overrides : lint->overrides;
  NzLintOptions options = {.profile = self->report->profile,
                           .target = lint->target,
                           .platform = self->platform ? self->platform : NZ_HOST_PLATFORM,
                           .arguments = list_of(lint->arguments),
                           .contexts = list_of(lint->contexts),
                           .profiles = list_of(lint->profiles),
                           .env_files = list_of(lint->env_files),
                           .environment = (const char *const *)work->environment,
                           .overrides = list_of(overrides),
                           .fix = lint->fix,
                           .explain = lint->explain,
                           .named = found->named,
                           .uncovered = tell_uncovered,
                           .find_base = find_base,
                           .find_image = find_image,
                           .data = self};
  g_autoptr(GPtrArray) subjects = g_ptr_array_new();
  gboolean ok = nz_lint_source(source, kind, directory, &options, subjects, error);
  add_subjects(self, subjects, outcome);
  return ok;
}

static gpointer
lint_some(gpointer data)
{
  Work *work = data;
  for (;;) {
    guint i = (guint)g_atomic_int_add(&work->next, 1);
    if (i >= work->found->len)
      return NULL;
    const NzFound *found = work->found->pdata[i];
    g_autoptr(GError) error = NULL;
    NzOutcome *outcome = work->outcomes[i] = nz_outcome_new();
    if (nz_scanner_has_room(work->scanner, found->path, NULL, outcome) &&
        !lint_file(work, found, outcome, &error))
      nz_scanner_fail(work->scanner, outcome, found->path, NULL, error);
  }
}

/* --- all --- */

static void
discover_one(nonzero_scanner *self, const char *path, GPtrArray *found, NzOutcome *outcome)
{
  g_autoptr(GError) error = NULL;
  guint before = found->len;
  if (!nz_lint_discover(path, found, &error)) {
    nz_scanner_fail(self, outcome, path, NULL, error);
  } else if (found->len == before) {
    g_autofree char *shown = nz_printable(path, -1);
    g_autofree char *text = g_strdup_printf("%s: there is nothing to judge by itself", shown);
    nz_scanner_note(self, text);
  }
}

/* Files that override others come after those, in whatever order they were named. */
static gboolean
discover(nonzero_scanner *self, const char *const *paths, GPtrArray *found)
{
  NzOutcome *outcome = nz_outcome_new();
  for (guint overrides = 0; overrides < 2; overrides++)
    for (guint i = 0; paths[i]; i++)
      if ((strstr(paths[i], ".override.") != NULL) == (overrides == 1))
        discover_one(self, paths[i], found, outcome);
  return nz_scanner_take(self, outcome);
}

int
nonzero_scanner_lint(nonzero_scanner *self, const char *const *paths)
{
  g_autoptr(GPtrArray) found = g_ptr_array_new_with_free_func(nz_found_free);
  gboolean ok = discover(self, paths, found);
  g_autofree NzOutcome **outcomes = g_new0(NzOutcome *, found->len + 1);
  g_auto(GStrv) environment = g_get_environ();
  Work work = {self, found, outcomes, environment, 0};
  nz_scanner_scan_options(self); /* sets the profile */
  guint n_threads = found->len / FILES_A_THREAD;
  if (n_threads > 0)
    n_threads =
        MIN(n_threads, (self->jobs ? self->jobs : MIN(nz_stack_processors(), NZ_JOBS_MAX)) - 1);
  g_autofree GThread **threads = g_new0(GThread *, n_threads + 1);
  for (guint i = 0; i < n_threads; i++)
    threads[i] = g_thread_new("lint", lint_some, &work);
  lint_some(&work);
  for (guint i = 0; i < n_threads; i++)
    g_thread_join(threads[i]);
  for (guint i = 0; i < found->len; i++)
    ok &= nz_scanner_take(self, outcomes[i]);
  return ok ? 0 : -1;
}

/* FALSE where all of PATHS are Dockerfiles by their names. */
static gboolean
may_be_yaml(const char *const *paths)
{
  NzSourceKind kind;
  for (; *paths; paths++)
    if (!nz_source_kind(*paths, &kind) || kind == NZ_SOURCE_COMPOSE)
      return TRUE;
  return FALSE;
}

static gboolean
names_source(const GPtrArray *list)
{
  for (guint i = 0; list && i + 1 < list->len; i++)
    if (nz_image_has_transport(strchr(list->pdata[i], '=') + 1))
      return TRUE;
  return FALSE;
}

/* TRUE where an image may be read that lies somewhere. */
static gboolean
may_read_images(const nonzero_scanner *self)
{
  const NzLintSettings *lint = &self->lint;
  return lint->registry || nz_host_stores(self->host)->len > 0 || names_source(lint->bases) ||
         names_source(lint->images);
}

int
nonzero_scanner_confine_sources(nonzero_scanner *self, const char *const *paths, char **summary)
{
  /* What a source names may lie anywhere: all can be read, and nothing be changed. */
  static const char *const all[] = {"/", NULL};
  g_autofree char *said = NULL;
  nz_scanner_prepare_bases(self);
  if (may_be_yaml(paths))
    nz_fyaml_open(NULL);
  if (may_read_images(self))
    nz_compression_prepare();
  nz_scan_prepare();
  NzConfined confined = nz_confine(all, &said);
  nz_api_set_error(summary, said);
  return confined == NZ_CONFINED_ALL ? 0 : -1;
}

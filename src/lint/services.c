/* SPDX-License-Identifier: Apache-2.0 */
/* Services of Compose files and units of Quadlet: each is judged together with what it is built of,
 * or with its image. */
#include <fcntl.h>
#include <string.h>

#include "build/variables.h"
#include "check/check.h"
#include "core/limits.h"
#include "core/text.h"
#include "lint/comments.h"
#include "lint/context.h"
#include "lint/lint_private.h"

/* --- files that a file names --- */

typedef struct {
  GPtrArray *sources; /* NzSourceFile: those that were read */
} Reader;

static NzSourceFile *
read_source(const char *path, gpointer data, GError **error)
{
  Reader *self = data;
  NzSourceFile *source = nz_source_read(path, error);
  if (source)
    g_ptr_array_add(self->sources, source);
  return source;
}

/* The drop-ins of a directory. */
static GStrv
list_drop_ins(const char *directory, gpointer data G_GNUC_UNUSED)
{
  g_autoptr(GDir) dir = g_dir_open(directory, 0, NULL);
  GPtrArray *paths = g_ptr_array_new();
  const char *name;
  while (dir && (name = g_dir_read_name(dir)))
    if (g_str_has_suffix(name, ".conf"))
      g_ptr_array_add(paths, g_build_filename(directory, name, NULL));
  g_ptr_array_add(paths, NULL);
  return (GStrv)g_ptr_array_free(paths, FALSE);
}

/* --- one service --- */

typedef struct {
  const NzLintOptions *options;
  const NzService *service;
  NzSourceFile *source; /* the file that the service stands in */
  NzComments *comments; /* of it, borrowed; or NULL */
  Reader *reader;
  NzSourceFile *dockerfile; /* owned by the reader */
  NzDockerfile *file;
  NzBuild *build;
  NzBuildBase *image;
} Work;

static void
work_clear(Work *self)
{
  nz_build_free(self->build);
  nz_dockerfile_free(self->file);
  nz_build_base_free(self->image);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Work, work_clear)

static NzSourceFile *
read_inline(Work *self)
{
  const char *text = self->service->dockerfile_inline;
  g_autofree char *name =
      g_strdup_printf("%s (dockerfile_inline of %s)", self->source->name, self->service->name);
  NzSourceFile *source = nz_source_new(name, text, strlen(text));
  g_ptr_array_add(self->reader->sources, source);
  return source;
}

/* "DIRECTORY/NAME", or NAME alone where the directory is the working directory. */
static char *
join_path(const char *directory, const char *name)
{
  while (g_str_has_prefix(directory, "./"))
    directory += strspn(directory + 1, "/") + 1;
  while (g_str_has_prefix(name, "./"))
    name += strspn(name + 1, "/") + 1;
  if (*name == '/' || *directory == '\0' || strcmp(directory, ".") == 0)
    return g_strdup(name);
  return g_build_filename(directory, name, NULL);
}

/* "Dockerfile", or "Containerfile" as Podman prefers it, where none is named. */
static NzSourceFile *
read_dockerfile(Work *self, GError **error)
{
  static const char *const defaults[] = {"Dockerfile", "Containerfile"};
  const NzService *s = self->service;
  if (s->dockerfile_inline)
    return read_inline(self);
  if (s->dockerfile)
    return read_source(s->dockerfile, self->reader, error);
  for (guint i = 0; i < G_N_ELEMENTS(defaults); i++) {
    g_clear_error(error);
    g_autofree char *path = join_path(s->context, defaults[i]);
    NzSourceFile *source = read_source(path, self->reader, error);
    if (source || !g_error_matches(*error, NZ_ERROR, NZ_ERROR_NOT_FOUND))
      return source;
  }
  return NULL;
}

static const char *const *
list_of(const GPtrArray *list)
{
  return list ? (const char *const *)list->pdata : NULL;
}

/* TRUE for a context that is no directory here: a repository, an archive somewhere. */
static gboolean
is_remote(const char *context)
{
  return strstr(context, "://") || g_str_has_prefix(context, "git@") ||
         g_str_has_suffix(context, ".git");
}

/* What stands in a text of the Compose file stands nowhere but in its `build`. */
static void
place_inline(const Work *self)
{
  const NzService *s = self->service;
  const NzPlace *place = s->build_place ? s->build_place : s->place;
  for (guint i = 0; i < self->build->state->acts->len; i++) {
    NzAct *act = self->build->state->acts->pdata[i];
    nz_place_free(act->place);
    act->place = nz_place_copy(place);
  }
  nz_place_free(self->build->user_place);
  self->build->user_place = nz_place_copy(place);
}

static gboolean
read_build(Work *self, GError **error)
{
  const NzService *s = self->service;
  g_autoptr(GError) failed = NULL;
  NzDockerfileLint lint = {.options = self->options,
                           .directory = s->context,
                           .target = s->target,
                           .arguments = list_of(s->arguments),
                           .contexts = list_of(s->contexts)};
  self->dockerfile = read_dockerfile(self, &failed);
  if (self->dockerfile)
    self->build = nz_lint_build(self->dockerfile, &lint, &self->file, &failed);
  if (self->build && s->dockerfile_inline)
    place_inline(self);
  if (self->build)
    return TRUE;
  const NzPlace *place = s->build_place ? s->build_place : s->place;
  if (place)
    g_prefix_error(&failed, "%s:%u:%u: the service %s is built of it: ", place->file, place->line,
                   place->column, s->name);
  g_propagate_error(error, g_steal_pointer(&failed));
  return FALSE;
}

/* --- its user --- */

static NzAccounts *
accounts_of(const Work *self)
{
  if (self->build)
    return nz_accounts_copy(self->build->state->accounts);
  const NzBuildBase *image = self->image;
  g_autofree char *unknown = NULL;
  if (!image)
    unknown = g_strdup("its image is not known");
  else if (!image->accounts_whole)
    unknown = image->unknown
                  ? g_strdup(image->unknown)
                  : g_strdup_printf("all users of the image %s are not known", image->name);
  return nz_accounts_new(image ? image->family : NZ_FAMILY_UNKNOWN, image ? image->passwd : NULL,
                         image ? image->group : NULL, unknown);
}

static NzUser *
user_of_image(const Work *self)
{
  if (self->build)
    return g_steal_pointer(&self->build->user);
  const NzBuildBase *image = self->image;
  if (!image || !image->user_known) {
    g_autofree char *shown = nz_printable(image ? image->name : "", -1);
    g_autofree char *why =
        image ? g_strdup_printf("whom the image %s starts as is not known: %s", shown,
                                image->unknown ? image->unknown : "nobody has written it down")
              : g_strdup("the service has neither an image nor a build");
    return nz_user_new_unknown(NULL, why);
  }
  g_autoptr(NzAccounts) accounts = accounts_of(self);
  NzUser *user = nz_accounts_resolve(accounts, image->user);
  g_autofree char *why = g_steal_pointer(&user->why);
  g_autofree char *shown = nz_printable(image->name, -1);
  user->why = g_strdup_printf("the image %s (%s): %s", shown,
                              image->because ? image->because : "as it is known", why);
  return user;
}

static NzUser *
user_of(const Work *self)
{
  const NzService *s = self->service;
  if (s->unknown)
    return nz_user_new_unknown(s->user, s->unknown);
  if (!s->user)
    return user_of_image(self);
  g_autoptr(NzAccounts) accounts = accounts_of(self);
  NzUser *user = nz_accounts_resolve(accounts, s->user);
  g_autofree char *why = g_steal_pointer(&user->why);
  g_autofree char *shown = nz_printable(s->user, -1);
  user->why = g_strdup_printf("the user %s in line %u: %s", shown,
                              s->user_place ? s->user_place->line : 0, why);
  return user;
}

static void
mention_namespace(const NzService *service, NzUser *user)
{
  if (!service->userns || user->state != NZ_USER_ROOT)
    return;
  g_autofree char *why = g_steal_pointer(&user->why);
  user->state = NZ_USER_ROOT_IN_USERNS;
  user->why = g_strdup_printf("%s; its user namespace maps that to another user of the host", why);
}

static const NzPlace *
place_of(const Work *self)
{
  const NzService *s = self->service;
  if (s->user || (s->unknown && s->user_place))
    return s->user_place;
  if (self->build)
    return self->build->user_place;
  return s->image_place ? s->image_place : s->place;
}

/* --- judged --- */

static GPtrArray *
acts_of(const Work *self)
{
  GPtrArray *acts = g_ptr_array_new();
  for (guint i = 0; i < self->service->acts->len; i++)
    g_ptr_array_add(acts, self->service->acts->pdata[i]);
  for (guint i = 0; self->build && i < self->build->state->acts->len; i++)
    g_ptr_array_add(acts, self->build->state->acts->pdata[i]);
  return acts;
}

static NzSubject *
judge(Work *self, const char *kind)
{
  g_autoptr(GPtrArray) acts = acts_of(self);
  NzSubject *subject = nz_lint_subject(kind, self->service->name, self->source);
  subject->user = user_of(self);
  mention_namespace(self->service, subject->user);
  subject->place = nz_place_copy(place_of(self));
  NzBuildFacts facts = {.profile = self->options->profile,
                        .user = subject->user,
                        .user_place = subject->place,
                        .user_number =
                            self->build && !self->service->user ? self->build->number : NULL,
                        .acts = acts};
  nz_checks_run_build(&facts, subject->findings);
  g_autoptr(NzComments) of_build =
      self->build ? nz_comments_read(self->file, self->dockerfile, NZ_COMMENTS_OF_LINES) : NULL;
  nz_comments_apply(of_build, subject, 0);
  nz_comments_apply(self->comments, subject, 0);
  nz_subject_conclude(subject);
  subject->finished = g_get_real_time();
  return subject;
}

static gboolean
lint_service(Work *self, const char *kind, GPtrArray *subjects, GError **error)
{
  const NzService *s = self->service;
  gboolean built = s->context || s->dockerfile_inline;
  if (!built && !s->image && !s->unknown) {
    const NzPlace *p = s->place;
    return nz_set_input(error, "%s:%u:%u: the service %s has neither an image nor a build",
                        p ? p->file : self->source->name, p ? p->line : 1, p ? p->column : 1,
                        s->name);
  }
  g_autofree char *remote =
      built && s->context && is_remote(s->context)
          ? g_strdup_printf("it is built of %s, which is not at hand", s->context)
          : NULL;
  if (built && !remote && !read_build(self, error))
    return FALSE;
  if (remote)
    self->image = nz_build_base_new(s->context);
  if (self->image)
    self->image->unknown = g_steal_pointer(&remote);
  else if (!built && s->image)
    self->image = self->options->find_base(s->image, NULL, self->options->data);
  g_ptr_array_add(subjects, judge(self, kind));
  return TRUE;
}

static NzServices *
read_services(NzSourceFile *source, NzSourceKind kind, const NzLintOptions *options, Reader *reader,
              GError **error)
{
  NzServiceOptions how = {.profiles = options->profiles,
                          .environment = options->environment,
                          .env_files = options->env_files,
                          .read = read_source,
                          .list = list_drop_ins,
                          .data = reader};
  if (kind == NZ_SOURCE_QUADLET)
    return nz_quadlet_read(source, &how, error);
  g_autoptr(GPtrArray) files = g_ptr_array_new();
  g_ptr_array_add(files, source);
  for (guint i = 0; options->overrides && options->overrides[i]; i++) {
    NzSourceFile *other = read_source(options->overrides[i], reader, error);
    if (!other)
      return NULL;
    g_ptr_array_add(files, other);
  }
  return nz_compose_read(files, &how, error);
}

gboolean
nz_lint_services(NzSourceFile *source, NzSourceKind kind, const NzLintOptions *options,
                 GPtrArray *subjects, GError **error)
{
  const char *name = kind == NZ_SOURCE_QUADLET ? "quadlet" : "compose-service";
  g_autoptr(GPtrArray) sources = g_ptr_array_new_with_free_func((GDestroyNotify)nz_source_free);
  Reader reader = {sources};
  g_autoptr(NzServices) services = read_services(source, kind, options, &reader, error);
  if (!services)
    return FALSE;
  g_autoptr(NzComments) comments = nz_comments_read(NULL, source, NZ_COMMENTS_OF_LINES);
  guint first = subjects->len;
  for (guint i = 0; i < services->services->len; i++) {
    const NzService *service = services->services->pdata[i];
    g_auto(Work) work = {.options = options,
                         .service = service,
                         .source = source,
                         .comments = comments,
                         .reader = &reader};
    if (service->inactive) {
      g_ptr_array_add(services->notes,
                      g_strdup_printf("the service %s is not judged: none of its profiles is "
                                      "active; --compose-profile names them",
                                      service->name));
      continue;
    }
    if (!lint_service(&work, name, subjects, error))
      return FALSE;
  }
  for (guint i = 0; i < services->notes->len && subjects->len > first; i++)
    g_ptr_array_add(((NzSubject *)subjects->pdata[first])->notes,
                    g_strdup(services->notes->pdata[i]));
  if (subjects->len > first)
    return TRUE;
  return nz_set_input(error, "%s: no service to judge%s", source->name,
                      services->services->len > 0 ? ": none has an active profile" : "");
}

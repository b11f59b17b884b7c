/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/output.h"

#include <errno.h>
#include <nonzero.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "cmd/commit.h"
#include "cmd/output_private.h"
#include "core/nearest.h"
#include "core/text.h"

struct NzOutputs {
  GPtrArray *list; /* Output */
  NzCommitter *committer;
};

/* --- what was asked --- */

static struct {
  GPtrArray *formats, *outputs;
  guint n_options, last_format, last_output; /* when the last of each came */
} asked;

gboolean
nz_outputs_option(const char *name, const char *value, gpointer data G_GNUC_UNUSED,
                  GError **error G_GNUC_UNUSED)
{
  gboolean is_output = strcmp(name, "-o") == 0 || strcmp(name, "--output") == 0;
  GPtrArray **list = is_output ? &asked.outputs : &asked.formats;
  if (!*list)
    *list = g_ptr_array_new_with_free_func(g_free);
  g_ptr_array_add(*list, g_strdup(value));
  *(is_output ? &asked.last_output : &asked.last_format) = ++asked.n_options;
  return TRUE;
}

static const char *
nth(const GPtrArray *list, guint i)
{
  return list && i < list->len ? list->pdata[i] : NULL;
}

static gboolean
check_pairs(GError **error)
{
  guint formats = asked.formats ? asked.formats->len : 0;
  guint outputs = asked.outputs ? asked.outputs->len : 0;
  if (outputs > MAX(formats, 1))
    return nz_set_input(error,
                        "%u times --output and %u times --format: the second --output is "
                        "the file of the second --format, and so on",
                        outputs, formats);
  if (formats > outputs + 1)
    return nz_set_input(error,
                        "%u times --format and %u times --output: one format alone can go "
                        "to standard output",
                        formats, outputs);
  if (outputs > 0 && formats == outputs + 1 && asked.last_output > asked.last_format)
    return nz_set_input(error, "which --format is meant for standard output? Name it last, and "
                               "each --output after its --format");
  return TRUE;
}

static const char *
find_format(const char *wanted, GError **error)
{
  const char *name;
  for (size_t i = 0; (name = nonzero_format_name(i)); i++)
    if (strcmp(name, wanted) == 0)
      return name;
  g_autofree char *shown = nz_printable(wanted, -1);
  g_autoptr(GPtrArray) names = g_ptr_array_new();
  for (size_t i = 0; (name = nonzero_format_name(i)); i++)
    g_ptr_array_add(names, (gpointer)name);
  g_ptr_array_add(names, NULL);
  g_autofree char *all = g_strjoinv(", ", (char **)names->pdata);
  const char *near = nz_nearest(wanted, (const char *const *)names->pdata);
  g_autofree char *hint = near ? g_strdup_printf("did you mean %s? ", near) : g_strdup("");
  nz_set_input(error, "there is no format %s; %sthe formats are %s", shown, hint, all);
  return NULL;
}

static const char *default_format = "text";

void
nz_outputs_default(const char *format)
{
  default_format = format;
}

gboolean
nz_outputs_named_format(void)
{
  return asked.formats != NULL;
}

gboolean
nz_outputs_has(const char *format)
{
  guint n = asked.formats ? asked.formats->len : 0;
  for (guint i = 0; i < n; i++)
    if (strcmp(asked.formats->pdata[i], format) == 0)
      return TRUE;
  for (guint i = 0; asked.outputs && i < asked.outputs->len; i++)
    if (g_str_has_suffix(asked.outputs->pdata[i], format))
      return TRUE;
  return FALSE;
}

/* The format that a file's name asks for where none was named. */
static const char *
format_of_name(const char *path)
{
  static const char *const suffixes[][2] = {{".json", "json"},
                                            {".html", "html"},
                                            {".sarif", "sarif"},
                                            {".xml", "junit"},
                                            {".ndjson", "ndjson"}};
  for (guint i = 0; path && i < G_N_ELEMENTS(suffixes); i++)
    if (g_str_has_suffix(path, suffixes[i][0]))
      return suffixes[i][1];
  return default_format;
}

static gboolean
add_output(NzOutputs *self, const char *format, const char *path, GError **error)
{
  if (path && *path == '\0')
    return nz_set_input(error, "--output names no file");
  Output *one = g_new0(Output, 1);
  one->format = format;
  one->path = path && strcmp(path, "-") != 0 ? path : NULL;
  one->shown = one->path ? nz_printable(path, -1) : g_strdup("standard output");
  g_ptr_array_add(self->list, one);
  return TRUE;
}

/* --- one file twice --- */

/* Which file a path means, however it is spelled; of one that is not there, its directory and name.
 */
typedef struct {
  dev_t dev;
  ino_t ino;
  char *name;
} Identity;

static void
identity_clear(Identity *self)
{
  g_free(self->name);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Identity, identity_clear)

/* FALSE: nothing that can be mixed up. /dev/null takes any number of reports. PATH NULL is standard
 * output. */
static gboolean
identify(const char *path, Identity *identity)
{
  struct stat st;
  if ((path ? stat(path, &st) : fstat(STDOUT_FILENO, &st)) == 0) {
    *identity = (Identity){st.st_dev, st.st_ino, NULL};
    return !S_ISCHR(st.st_mode) || st.st_rdev != makedev(1, 3);
  }
  g_autofree char *dir = path ? g_path_get_dirname(path) : NULL;
  if (!dir || stat(dir, &st) < 0)
    return FALSE;
  *identity = (Identity){st.st_dev, st.st_ino, g_path_get_basename(path)};
  return TRUE;
}

static gboolean
is_same(const char *a, const char *b)
{
  g_auto(Identity) x = {0}, y = {0};
  return identify(a, &x) && identify(b, &y) && x.dev == y.dev && x.ino == y.ino &&
         g_strcmp0(x.name, y.name) == 0;
}

static gboolean
check_alone(const NzOutputs *self, guint i, const char *const *inputs, GError **error)
{
  const Output *one = self->list->pdata[i];
  for (guint j = 0; j < i; j++) {
    const Output *other = self->list->pdata[j];
    if (!one->path && !other->path)
      return nz_set_input(error, "two reports to standard output, as %s and as %s; give one a file",
                          other->format, one->format);
    if (is_same(one->path, other->path))
      return nz_set_input(error, "--output: %s and %s are the same file, for %s and for %s",
                          other->shown, one->shown, other->format, one->format);
  }
  for (guint j = 0; one->path && inputs[j]; j++)
    if (is_same(one->path, inputs[j]))
      return nz_set_input(error, "--output: %s is what is to be scanned", one->shown);
  return TRUE;
}

static void
output_free(gpointer data)
{
  Output *one = data;
  if (one->out && one->out != stdout)
    fclose(one->out);
  g_free(one->shown);
  g_free(one->final);
  g_free(one->temporary);
  g_free(one);
}

NzOutputs *
nz_outputs_new(const char *const *inputs, gboolean quiet, GError **error)
{
  if (quiet && nth(asked.outputs, 0)) {
    nz_set_input(error, "--quiet contradicts --output");
    return NULL;
  }
  if (!check_pairs(error))
    return NULL;
  g_autoptr(NzOutputs) self = g_new0(NzOutputs, 1);
  self->list = g_ptr_array_new_with_free_func(output_free);
  guint n = asked.formats ? asked.formats->len : 1;
  for (guint i = 0; i < n; i++) {
    const char *name = nth(asked.formats, i);
    const char *format = find_format(name ? name : format_of_name(nth(asked.outputs, i)), error);
    if (!format || !add_output(self, format, nth(asked.outputs, i), error) ||
        !check_alone(self, i, inputs, error))
      return NULL;
  }
  if (quiet)
    g_ptr_array_set_size(self->list, 0);
  return g_steal_pointer(&self);
}

/* --- opening --- */

static gboolean
start_committer(NzOutputs *self, GError **error)
{
  g_autoptr(GPtrArray) temporaries = g_ptr_array_new(), finals = g_ptr_array_new();
  for (guint i = 0; i < self->list->len; i++) {
    const Output *one = self->list->pdata[i];
    if (!one->temporary)
      continue;
    g_ptr_array_add(temporaries, one->temporary);
    g_ptr_array_add(finals, one->final);
  }
  if (finals->len == 0)
    return TRUE;
  self->committer = nz_committer_start((const char *const *)temporaries->pdata,
                                       (const char *const *)finals->pdata, finals->len, error);
  return self->committer != NULL;
}

static gboolean
open_some(NzOutputs *self, gboolean files, GError **error)
{
  for (guint i = 0; i < self->list->len; i++) {
    Output *one = self->list->pdata[i];
    if (!one->out && nz_output_is_file(one) == files && !nz_output_open(one, error))
      return FALSE;
  }
  return TRUE;
}

static gboolean
open_files(NzOutputs *self, GError **error)
{
  if (open_some(self, TRUE, error) && start_committer(self, error))
    return TRUE;
  for (guint i = 0; i < self->list->len; i++) {
    const Output *one = self->list->pdata[i];
    if (one->temporary)
      unlink(one->temporary);
  }
  return FALSE;
}

gboolean
nz_outputs_open(NzOutputs *self, GError **error)
{
  static const int deferred[] = {SIGINT, SIGQUIT, SIGTERM, SIGHUP};
  sigset_t block, old;
  if (!open_some(self, FALSE, error)) /* may wait for the reader of a pipe */
    return FALSE;
  sigemptyset(&block);
  for (guint i = 0; i < G_N_ELEMENTS(deferred); i++)
    sigaddset(&block, deferred[i]);
  /* Signals wait until somebody is there who removes the temporaries after us. */
  sigprocmask(SIG_BLOCK, &block, &old);
  gboolean ok = open_files(self, error);
  sigprocmask(SIG_SETMASK, &old, NULL);
  return ok;
}

void
nz_outputs_free(NzOutputs *self)
{
  if (!self)
    return;
  nz_committer_finish(self->committer, FALSE, NULL);
  g_ptr_array_unref(self->list);
  g_free(self);
}

/* --- writing --- */

static gboolean
wants_color(const char *when, int fd)
{
  if (strcmp(when, "auto") != 0)
    return strcmp(when, "always") == 0;
  const char *no_color = g_getenv("NO_COLOR");
  return isatty(fd) && !(no_color && *no_color);
}

void
nz_outputs_stream(NzOutputs *self, const nonzero_subject *subject, const char *color)
{
  for (guint i = 0; i < self->list->len; i++) {
    Output *one = self->list->pdata[i];
    unsigned flags =
        one->out ? (wants_color(color, fileno(one->out)) ? NONZERO_WRITE_COLOR : 0) : 0;
    if (one->out == stdout && nonzero_subject_write(subject, one->format, stdout, flags) == 0)
      one->streamed = TRUE;
  }
}

typedef struct {
  NzOutputWrite write;
  gconstpointer what;
  const char *color;
  gboolean verbose;
} Printing;

/* All of the report, or FALSE with errno set, EIO where nobody said more. Closes files, which is
 * when some systems say that there was no room. */
static gboolean
print(Output *self, const Printing *printing)
{
  unsigned flags = (wants_color(printing->color, fileno(self->out)) ? NONZERO_WRITE_COLOR : 0) |
                   (printing->verbose ? NONZERO_WRITE_VERBOSE : 0) |
                   (self->streamed ? NONZERO_WRITE_STREAMED : 0);
  errno = 0;
  gboolean ok = printing->write(printing->what, self->format, self->out, flags, NULL) == 0;
  int saved = ok || errno != 0 ? errno : EIO;
  if (self->out != stdout) {
    FILE *out = g_steal_pointer(&self->out);
    if (fclose(out) != 0 && ok) {
      saved = errno;
      ok = FALSE;
    }
  }
  errno = saved;
  return ok;
}

typedef struct {
  GString *failed, *written;
} Outcome;

static void
note_outcome(Outcome *self, const Output *one, int errnum)
{
  GString *list = errnum == 0 ? self->written : self->failed;
  if (list->len > 0)
    g_string_append(list, errnum == 0 ? ", " : "; ");
  if (errnum == 0)
    g_string_append(list, one->shown);
  else
    g_string_append_printf(list, "cannot write %s: %s", one->shown, g_strerror(errnum));
}

/* Those that can still be taken back come first: if one fails nothing is written. */
static gboolean
print_all(NzOutputs *self, gboolean temporary, const Printing *printing, Outcome *outcome)
{
  gboolean ok = TRUE;
  for (guint i = 0; ok && i < self->list->len; i++) {
    Output *one = self->list->pdata[i];
    if ((one->temporary != NULL) != temporary)
      continue;
    gboolean printed = print(one, printing);
    int errnum = errno;
    if (!printed || !temporary)
      note_outcome(outcome, one, printed ? 0 : errnum);
    ok = printed || !temporary;
  }
  return ok;
}

static void
commit(NzOutputs *self, Outcome *outcome)
{
  g_autofree int *errnos = g_new0(int, self->list->len + 1);
  guint n = 0;
  nz_committer_finish(g_steal_pointer(&self->committer), TRUE, errnos);
  for (guint i = 0; i < self->list->len; i++) {
    const Output *one = self->list->pdata[i];
    if (one->temporary)
      note_outcome(outcome, one, errnos[n++]);
  }
}

gboolean
nz_outputs_write(NzOutputs *self, NzOutputWrite write, gconstpointer what, const char *color,
                 gboolean verbose, GError **error)
{
  const Printing printing = {write, what, color, verbose};
  g_autoptr(GString) failed = g_string_new(NULL), written = g_string_new(NULL);
  Outcome outcome = {failed, written};
  if (print_all(self, TRUE, &printing, &outcome)) {
    print_all(self, FALSE, &printing, &outcome);
    commit(self, &outcome);
  }
  if (failed->len == 0)
    return TRUE;
  if (self->list->len > 1)
    g_string_append_printf(failed, "; written: %s", written->len > 0 ? written->str : "nothing");
  g_set_error_literal(error, NZ_ERROR, NZ_ERROR_IO, failed->str);
  return FALSE;
}

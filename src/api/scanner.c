/* SPDX-License-Identifier: Apache-2.0 */
/* The scanner: how inputs are opened and judged, and what becomes of errors. Its options are in
 * options.c. */
#include "api/scanner.h"

#include <string.h>

#include "check/check.h"
#include "confine/confine.h"
#include "core/limits.h"
#include "core/text.h"

static NzReport *
report_new(void)
{
  NzReport *report = nz_report_new();
  report->started = g_get_real_time();
  return report;
}

nonzero_scanner *
nonzero_scanner_new(void)
{
  nonzero_scanner *self = g_new0(nonzero_scanner, 1);
  self->ratio = NZ_BOMB_RATIO;
  self->ignored = g_ptr_array_new_with_free_func(g_free);
  self->policy = nz_policy_new();
  self->host = nz_host_new();
  self->fetch_options = g_ptr_array_new_with_free_func(g_free);
  self->report = report_new();
  return self;
}

void
nonzero_scanner_free(nonzero_scanner *self)
{
  if (!self)
    return;
  nz_report_free(self->report);
  nz_base_free(self->base);
  nz_host_free(self->host);
  nz_fetch_unref(self->fetch);
  g_ptr_array_unref(self->fetch_options);
  g_clear_error(&self->fetch_failed);
  nz_policy_free(self->policy);
  g_ptr_array_unref(self->ignored);
  g_free(self->platform);
  g_free(self->user);
  g_free(self->base_source);
  g_free(self->fail_on);
  g_free(self);
}

void
nz_scanner_note(const nonzero_scanner *self, const char *text)
{
  if (self->events.note)
    self->events.note(text, self->data);
}

void
nonzero_scanner_set_events(nonzero_scanner *self, const nonzero_events *events, void *data)
{
  self->events = *events;
  self->data = data;
}

void
nonzero_scanner_set_command(nonzero_scanner *self, const char *command)
{
  g_free(self->report->command);
  self->report->command = nz_printable(command, -1);
}

uint64_t
nonzero_scanner_bytes_read(const nonzero_scanner *self)
{
  return (uint64_t)g_atomic_pointer_get(&((nonzero_scanner *)self)->control.bytes_in);
}

void
nonzero_scanner_cancel(nonzero_scanner *self)
{
  g_atomic_int_set(&self->cancelled, 1);
  g_atomic_int_set(&self->control.cancelled, 1);
}

/* --- scanning --- */

static void
fail(nonzero_scanner *self, const char *source, const char *image, const GError *error)
{
  g_autofree char *shown = nz_printable(source, -1);
  g_autofree char *message =
      image ? g_strdup_printf("%s: %s", image, error->message) : g_strdup(error->message);
  nz_report_add_error(self->report, shown, message);
  if (self->events.error)
    self->events.error(shown, message, self->data);
}

static void
begin_image(const nonzero_scanner *self, const char *name, uint64_t bytes)
{
  if (self->events.image)
    self->events.image(name, bytes, self->data);
}

static NzScanOptions
scan_options(nonzero_scanner *self)
{
  const char *profile = self->profile ? self->profile : nz_policy_profile(self->policy);
  self->report->profile = profile ? profile : nz_profiles[0];
  return (NzScanOptions){
      .profile = self->report->profile,
      .user = self->user,
      .read = {.ratio = self->ratio, .verify = self->verify, .control = &self->control}};
}

static NzOpenOptions
open_options(const nonzero_scanner *self, const NzScanOptions *scan)
{
  return (NzOpenOptions){
      .platform = self->platform, .read = scan->read, .host = self->host, .fetch = self->fetch};
}

/* The images of INPUT; NULL with the error noted. */
static GPtrArray *
open_input(nonzero_scanner *self, const char *input, const NzScanOptions *scan)
{
  g_autoptr(GPtrArray) images = g_ptr_array_new_with_free_func((GDestroyNotify)nz_image_free);
  g_autoptr(GError) error = NULL;
  g_autofree char *shown = nz_printable(input, -1);
  begin_image(self, strcmp(input, "-") == 0 ? "standard input" : shown, 0);
  nz_host_prepare(self->host, input);
  if (!nz_scanner_start_fetch(self, input, &error)) {
    fail(self, input, NULL, error);
    return NULL;
  }
  NzOpenOptions open = open_options(self, scan);
  if (nz_image_open(input, &open, images, &error))
    return g_steal_pointer(&images);
  fail(self, input, NULL, error);
  return NULL;
}

/* The image that IMAGE was built on, where --base says so. One that cannot be had is an error of
 * its own. */
static const NzImage *
find_base(nonzero_scanner *self, const NzImage *image, const NzScanOptions *scan)
{
  if (!self->base_source)
    return NULL;
  if (!self->base) {
    nz_host_prepare(self->host, self->base_source);
    nz_scanner_start_fetch(self, self->base_source, NULL); /* what is wrong is told below */
    NzOpenOptions open = open_options(self, scan);
    self->base = nz_base_new(self->base_source, &open);
  }
  g_autoptr(GError) error = NULL;
  const NzImage *base = nz_base_for(self->base, image, &error);
  if (error)
    fail(self, self->base_source, "--base", error);
  return base;
}

/* FALSE with the error noted when nothing more can be kept. */
static gboolean
has_room(nonzero_scanner *self, const char *input, const char *image)
{
  if (self->kept <= NZ_SUBJECTS_BYTES_MAX)
    return TRUE;
  g_autoptr(GError) error =
      g_error_new(NZ_ERROR, NZ_ERROR_LIMIT,
                  "not judged: what was found in the %u before it is more than %u MiB; judge it in "
                  "a run of its own",
                  self->report->subjects->len, (guint)(NZ_SUBJECTS_BYTES_MAX >> 20));
  fail(self, input, image, error);
  return FALSE;
}

/* Judges one of IMAGES, those of INPUT. FALSE with the error noted. */
static gboolean
judge(nonzero_scanner *self, const char *input, const GPtrArray *images, guint which,
      NzScanOptions *scan)
{
  const NzImage *image = images->pdata[which];
  if (!has_room(self, input, images->len > 1 ? image->name : NULL))
    return FALSE;
  g_atomic_int_set(&self->control.cancelled, g_atomic_int_get(&self->cancelled));
  g_autoptr(GError) error = NULL;
  scan->base = find_base(self, image, scan);
  begin_image(self, image->name, image->store->rereadable ? image->bytes : 0);
  NzSubject *subject = nz_scan_image(image, scan, &error);
  if (!subject) {
    fail(self, input, images->len > 1 ? image->name : NULL, error);
    return FALSE;
  }
  nz_policy_apply(self->policy, subject);
  self->kept += nz_subject_bytes(subject);
  g_ptr_array_add(self->report->subjects, subject);
  return TRUE;
}

int
nonzero_scanner_scan(nonzero_scanner *self, const char *input)
{
  guint n_errors = self->report->errors->len;
  NzScanOptions scan = scan_options(self);
  g_autoptr(GPtrArray) images = open_input(self, input, &scan);
  for (guint i = 0; images && i < images->len; i++)
    judge(self, input, images, i, &scan);
  return self->report->errors->len == n_errors ? 0 : -1;
}

static void
note_unused(const nonzero_scanner *self)
{
  const NzException *e;
  for (guint i = 0; (e = nz_policy_exception(self->policy, i)); i++) {
    if (e->used > 0 || !nz_policy_is_active(self->policy, e))
      continue;
    g_autofree char *text = g_strdup_printf("%s:%u: the exception for %s matched nothing",
                                            nz_policy_path(self->policy), e->line, e->rule);
    nz_scanner_note(self, text);
  }
}

nonzero_report *
nonzero_scanner_finish(nonzero_scanner *self)
{
  scan_options(self); /* sets the profile, where nothing was scanned */
  nonzero_report *report = g_new0(nonzero_report, 1);
  report->report = g_steal_pointer(&self->report);
  report->report->finished = g_get_real_time();
  report->report->policy = g_strdup(nz_policy_path(self->policy));
  note_unused(self);
  /* The findings borrow from the policy, and the scanner goes on by it. */
  report->policy = nz_policy_ref(self->policy);
  nz_policy_begin_anew(self->policy);
  self->report = report_new();
  self->kept = 0;
  return report;
}

void
nonzero_report_free(nonzero_report *report)
{
  if (!report)
    return;
  nz_report_free(report->report);
  nz_policy_free(report->policy);
  g_free(report);
}

/* --- one image alone --- */

static void
fail_not_one(nonzero_scanner *self, const char *input, const GPtrArray *images)
{
  g_autoptr(GString) names = g_string_new(NULL);
  for (guint i = 0; i < images->len; i++) {
    const NzImage *image = images->pdata[i];
    g_string_append_printf(names, "%s%s%s%s%s", i > 0 ? ", " : "", image->name,
                           image->platform ? " (" : "", image->platform ? image->platform : "",
                           image->platform ? ")" : "");
  }
  g_autoptr(GError) error = g_error_new(
      NZ_ERROR, NZ_ERROR_NOT_FOUND,
      "%u images in it: %s; name one as docker-archive:PATH:REF, oci-archive:PATH:REF or "
      "oci:PATH:REF (REF may be @0, @1, ...), or choose with --platform",
      images->len, names->str);
  fail(self, input, NULL, error);
}

gboolean
nz_scanner_judge_only(nonzero_scanner *self, const char *input)
{
  NzScanOptions scan = scan_options(self);
  g_autoptr(GPtrArray) images = open_input(self, input, &scan);
  if (images && images->len == 1)
    return judge(self, input, images, 0, &scan);
  if (images)
    fail_not_one(self, input, images);
  return FALSE;
}

/* --- confinement --- */

int
nonzero_scanner_confine(nonzero_scanner *self, const char *const *inputs, char **summary)
{
  g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
  for (guint i = 0; inputs[i]; i++) {
    g_autofree char *path = nz_image_path(inputs[i]);
    if (path)
      g_strv_builder_add(builder, path);
    nz_host_prepare(self->host, inputs[i]);
    nz_scanner_start_fetch(self, inputs[i], NULL); /* told when the input is opened */
  }
  const GPtrArray *stores = nz_host_stores(self->host);
  for (guint i = 0; i < stores->len; i++) {
    const NzEngineStore *store = stores->pdata[i];
    for (guint j = 0; j < store->paths->len; j++)
      g_strv_builder_add(builder, store->paths->pdata[j]);
  }
  g_auto(GStrv) paths = g_strv_builder_end(builder);
  g_autofree char *said = NULL;
  nz_scan_prepare();
  NzConfined confined = nz_confine((const char *const *)paths, &said);
  nz_api_set_error(summary, said);
  return confined == NZ_CONFINED_ALL ? 0 : -1;
}

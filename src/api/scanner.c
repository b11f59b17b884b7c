/* SPDX-License-Identifier: Apache-2.0 */
/* The scanner: how inputs are opened and judged, and what becomes of errors. Its options are in
 * options.c. */
#include "api/scanner.h"

#include <string.h>

#include "check/check.h"
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
  self->board = nz_board_new();
  self->ratio = NZ_BOMB_RATIO;
  self->ignored = g_ptr_array_new_with_free_func(g_free);
  self->policy = nz_policy_new();
  self->host = nz_host_new();
  self->facts = nz_facts_new(NULL);
  g_mutex_init(&self->mutex);
  self->fetch_options = g_ptr_array_new_with_free_func(g_free);
  self->report = report_new();
  return self;
}

void
nonzero_scanner_free(nonzero_scanner *self)
{
  if (!self)
    return;
  g_mutex_clear(&self->mutex);
  nz_board_free(self->board);
  nz_report_free(self->report);
  nz_base_free(self->base);
  nz_host_free(self->host);
  nz_facts_free(self->facts);
  nz_cache_process_stop(self->cache);
  g_free(self->cache_directory);
  nz_fetch_unref(self->fetch);
  g_ptr_array_unref(self->fetch_options);
  g_clear_error(&self->fetch_failed);
  nz_policy_free(self->policy);
  g_ptr_array_unref(self->ignored);
  g_free(self->platform);
  g_free(self->user);
  g_free(self->base_source);
  g_free(self->fail_on);
  nz_lint_settings_clear(&self->lint);
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

size_t
nonzero_scanner_layers(const nonzero_scanner *self, nonzero_layer_progress *out, size_t max)
{
  NzBoardLine lines[NZ_BOARD_LINES];
  gint64 now = g_get_monotonic_time();
  gsize n = nz_board_look(self->board, lines, MIN(max, NZ_BOARD_LINES));
  for (gsize i = 0; i < n; i++) {
    out[i] = (nonzero_layer_progress){.bytes_read = lines[i].bytes_read,
                                      .bytes = lines[i].bytes,
                                      .milliseconds = (uint64_t)MAX(now - lines[i].since, 0) / 1000,
                                      .n_layers = lines[i].n_layers,
                                      .n_done = lines[i].n_done};
    g_strlcpy(out[i].name, lines[i].name, sizeof out[i].name);
  }
  return n;
}

void
nonzero_scanner_cancel(nonzero_scanner *self)
{
  g_atomic_int_set(&self->control.cancelled, 1);
}

/* --- outcomes --- */

NzOutcome *
nz_outcome_new(void)
{
  NzOutcome *self = g_new0(NzOutcome, 1);
  self->subjects = g_ptr_array_new_with_free_func((GDestroyNotify)nz_subject_free);
  self->errors = g_ptr_array_new_with_free_func((GDestroyNotify)nz_report_error_free);
  return self;
}

void
nz_outcome_free(NzOutcome *self)
{
  g_ptr_array_unref(self->subjects);
  g_ptr_array_unref(self->errors);
  g_free(self);
}

gboolean
nz_scanner_take(nonzero_scanner *self, NzOutcome *outcome)
{
  gboolean ok = outcome->errors->len == 0;
  g_ptr_array_extend_and_steal(self->report->subjects, g_ptr_array_ref(outcome->subjects));
  g_ptr_array_extend_and_steal(self->report->errors, g_ptr_array_ref(outcome->errors));
  nz_outcome_free(outcome);
  return ok;
}

void
nz_scanner_fail(nonzero_scanner *self, NzOutcome *outcome, const char *source, const char *image,
                const GError *error)
{
  g_autofree char *shown = nz_printable(source, -1);
  g_autofree char *message =
      image ? g_strdup_printf("%s: %s", image, error->message) : g_strdup(error->message);
  g_mutex_lock(&self->mutex);
  g_ptr_array_add(outcome->errors, nz_report_error_new(shown, message));
  if (self->events.error)
    self->events.error(shown, message, self->data);
  g_mutex_unlock(&self->mutex);
}

/* --- scanning --- */

static void
begin_image(nonzero_scanner *self, const char *name, uint64_t bytes)
{
  if (!self->events.image)
    return;
  g_mutex_lock(&self->mutex);
  self->events.image(name, bytes, self->data);
  g_mutex_unlock(&self->mutex);
}

NzScanOptions
nz_scanner_scan_options(nonzero_scanner *self)
{
  const char *profile = self->profile ? self->profile : nz_policy_profile(self->policy);
  self->report->profile = profile ? profile : nz_profiles[0];
  return (NzScanOptions){.profile = self->report->profile,
                         .user = self->user,
                         .facts = self->facts,
                         .read = {.ratio = self->ratio,
                                  .verify = self->verify,
                                  .workers = nz_scanner_workers(self),
                                  .control = &self->control,
                                  .board = self->board}};
}

NzOpenOptions
nz_scanner_open_options(const nonzero_scanner *self)
{
  return (NzOpenOptions){.platform = self->platform,
                         .read = {.ratio = self->ratio,
                                  .verify = self->verify,
                                  .control = (NzControl *)&self->control},
                         .host = self->host,
                         .pull = self->pull,
                         .fetch_failed = self->fetch_failed,
                         .fetch = self->fetch};
}

/* The images of INPUT; NULL with the error noted. */
static GPtrArray *
open_input(nonzero_scanner *self, const char *input, NzOutcome *outcome)
{
  NzOpenOptions open = nz_scanner_open_options(self);
  g_autoptr(GPtrArray) images = g_ptr_array_new_with_free_func((GDestroyNotify)nz_image_free);
  g_autoptr(GError) error = NULL;
  g_autofree char *shown = nz_printable(input, -1);
  begin_image(self, strcmp(input, "-") == 0 ? "standard input" : shown, 0);
  if (nz_image_open(input, &open, images, &error))
    return g_steal_pointer(&images);
  nz_scanner_fail(self, outcome, input, NULL, error);
  return NULL;
}

/* The image that IMAGE was built on, where --base says so. One that cannot be had is an error of
 * its own. */
static const NzImage *
find_base(nonzero_scanner *self, const NzImage *image, NzOutcome *outcome)
{
  if (!self->base_source)
    return NULL;
  g_autoptr(GError) error = NULL;
  g_mutex_lock(&self->mutex);
  if (!self->base) {
    NzOpenOptions open = nz_scanner_open_options(self);
    self->base = nz_base_new(self->base_source, &open);
  }
  const NzImage *base = nz_base_for(self->base, image, &error);
  g_mutex_unlock(&self->mutex);
  if (error)
    nz_scanner_fail(self, outcome, self->base_source, "--base", error);
  return base;
}

gboolean
nz_scanner_has_room(nonzero_scanner *self, const char *input, const char *image, NzOutcome *outcome)
{
  g_mutex_lock(&self->mutex);
  guint n = self->n_judged;
  gboolean room = self->kept <= NZ_SUBJECTS_BYTES_MAX;
  g_mutex_unlock(&self->mutex);
  if (room)
    return TRUE;
  g_autoptr(GError) error =
      g_error_new(NZ_ERROR, NZ_ERROR_LIMIT,
                  "not judged: what was found in the %u before it is more than %u MiB; judge it in "
                  "a run of its own",
                  n, (guint)(NZ_SUBJECTS_BYTES_MAX >> 20));
  nz_scanner_fail(self, outcome, input, image, error);
  return FALSE;
}

void
nz_scanner_add_subject(nonzero_scanner *self, NzSubject *subject, NzOutcome *outcome)
{
  g_mutex_lock(&self->mutex);
  nz_policy_apply(self->policy, subject);
  self->kept += nz_subject_bytes(subject);
  self->n_judged++;
  g_ptr_array_add(outcome->subjects, subject);
  if (self->events.subject)
    self->events.subject((const nonzero_subject *)subject, self->data);
  g_mutex_unlock(&self->mutex);
}

/* Judges one of IMAGES, those of INPUT. FALSE with the error noted. */
static gboolean
judge(nonzero_scanner *self, const char *input, const GPtrArray *images, guint which,
      const NzScanOptions *options, NzOutcome *outcome)
{
  const NzImage *image = images->pdata[which];
  const char *name = images->len > 1 ? image->name : NULL;
  NzScanOptions scan = *options;
  if (!nz_scanner_has_room(self, input, name, outcome))
    return FALSE;
  g_autoptr(GError) error = NULL;
  scan.base = find_base(self, image, outcome);
  begin_image(self, image->name, image->store->rereadable ? image->bytes : 0);
  NzSubject *subject = nz_scan_image(image, &scan, &error);
  if (!subject) {
    nz_scanner_fail(self, outcome, input, name, error);
    return FALSE;
  }
  nz_scanner_add_subject(self, subject, outcome);
  return TRUE;
}

void
nz_scanner_judge_input(nonzero_scanner *self, const char *input, NzOutcome *outcome)
{
  NzScanOptions scan = nz_scanner_scan_options(self);
  g_autoptr(GPtrArray) images = open_input(self, input, outcome);
  for (guint i = 0; images && i < images->len; i++)
    judge(self, input, images, i, &scan, outcome);
}

int
nonzero_scanner_scan(nonzero_scanner *self, const char *input)
{
  const char *const inputs[] = {input, NULL};
  NzOutcome *outcome = nz_outcome_new();
  nz_scanner_prepare(self, inputs);
  nz_scanner_judge_input(self, input, outcome);
  return nz_scanner_take(self, outcome) ? 0 : -1;
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
  nz_scanner_scan_options(self); /* sets the profile, where nothing was scanned */
  nonzero_report *report = g_new0(nonzero_report, 1);
  report->report = g_steal_pointer(&self->report);
  report->report->finished = g_get_real_time();
  report->report->policy = g_strdup(nz_policy_path(self->policy));
  note_unused(self);
  /* The findings borrow from the policy, and the scanner goes on by it. */
  report->policy = nz_policy_ref(self->policy);
  nz_policy_begin_anew(self->policy);
  report->fixable = nz_api_find_fixable(report->report->subjects);
  self->report = report_new();
  self->kept = 0;
  self->n_judged = 0;
  return report;
}

void
nonzero_report_free(nonzero_report *report)
{
  if (!report)
    return;
  g_ptr_array_unref(report->fixable);
  nz_report_free(report->report);
  nz_policy_free(report->policy);
  g_free(report);
}

/* --- one image alone --- */

static void
fail_not_one(nonzero_scanner *self, const char *input, const GPtrArray *images, NzOutcome *outcome)
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
  nz_scanner_fail(self, outcome, input, NULL, error);
}

gboolean
nz_scanner_judge_only(nonzero_scanner *self, const char *input)
{
  const char *const inputs[] = {input, NULL};
  NzOutcome *outcome = nz_outcome_new();
  NzScanOptions scan = nz_scanner_scan_options(self);
  nz_scanner_prepare(self, inputs);
  g_autoptr(GPtrArray) images = open_input(self, input, outcome);
  gboolean judged = images && images->len == 1 && judge(self, input, images, 0, &scan, outcome);
  if (images && images->len != 1)
    fail_not_one(self, input, images, outcome);
  nz_scanner_take(self, outcome);
  return judged;
}

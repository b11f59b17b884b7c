/* SPDX-License-Identifier: Apache-2.0 */
/* The public face of reports, subjects and findings: views of what core and report hold. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "api/api.h"
#include "check/check.h"
#include "core/user.h"
#include "version.h"

G_STATIC_ASSERT((int)NONZERO_VERDICT_UNKNOWN == (int)NZ_VERDICT_UNKNOWN &&
                (int)NONZERO_VERDICT_FAIL == (int)NZ_VERDICT_FAIL &&
                (int)NONZERO_LEVEL_WARN == (int)NZ_LEVEL_WARN &&
                (int)NONZERO_LEVEL_FAIL == (int)NZ_LEVEL_FAIL &&
                (int)NONZERO_ORIGIN_BASE == (int)NZ_ORIGIN_BASE &&
                (int)NONZERO_ORIGIN_OWN == (int)NZ_ORIGIN_OWN &&
                (int)NONZERO_USER_ROOT == (int)NZ_USER_ROOT &&
                (int)NONZERO_USER_NON_ROOT == (int)NZ_USER_NON_ROOT &&
                (int)NONZERO_USER_UNKNOWN == (int)NZ_USER_UNKNOWN &&
                (int)NONZERO_USER_WONT_START == (int)NZ_USER_WONT_START &&
                (int)NONZERO_USER_ROOT_IN_USERNS == (int)NZ_USER_ROOT_IN_USERNS);

const char *
nonzero_version(void)
{
  return NZ_VERSION;
}

void
nz_api_set_error(char **error, const char *message)
{
  if (error)
    *error = strdup(message); /* the caller has free(), not g_free() */
}

/* --- findings --- */

static const NzFinding *
finding_of(const nonzero_finding *finding)
{
  return (const NzFinding *)finding;
}

const char *
nonzero_finding_rule(const nonzero_finding *finding)
{
  return finding_of(finding)->rule;
}

nonzero_level
nonzero_finding_level(const nonzero_finding *finding)
{
  return (nonzero_level)finding_of(finding)->level;
}

const char *
nonzero_finding_message(const nonzero_finding *finding)
{
  return finding_of(finding)->message;
}

const char *
nonzero_finding_remedy(const nonzero_finding *finding)
{
  return finding_of(finding)->remedy;
}

const char *
nonzero_finding_path(const nonzero_finding *finding)
{
  return finding_of(finding)->path;
}

int
nonzero_finding_owner(const nonzero_finding *finding, uint16_t *mode, uint32_t *uid, uint32_t *gid)
{
  const NzFinding *f = finding_of(finding);
  if (!f->has_mode)
    return -1;
  if (mode)
    *mode = f->mode;
  if (uid)
    *uid = f->uid;
  if (gid)
    *gid = f->gid;
  return 0;
}

const char *
nonzero_finding_package(const nonzero_finding *finding)
{
  return finding_of(finding)->package;
}

int
nonzero_finding_layer(const nonzero_finding *finding)
{
  const NzFinding *f = finding_of(finding);
  return f->layer ? (int)f->layer->index : -1;
}

nonzero_origin
nonzero_finding_origin(const nonzero_finding *finding)
{
  return (nonzero_origin)finding_of(finding)->origin;
}

const char *
nonzero_finding_excepted(const nonzero_finding *finding)
{
  const NzFinding *f = finding_of(finding);
  return f->excepted ? f->excepted->reason : NULL;
}

/* --- subjects --- */

static const NzSubject *
subject_of(const nonzero_subject *subject)
{
  return (const NzSubject *)subject;
}

const char *
nonzero_subject_name(const nonzero_subject *subject)
{
  return subject_of(subject)->name;
}

const char *
nonzero_subject_source(const nonzero_subject *subject)
{
  return subject_of(subject)->source;
}

const char *
nonzero_subject_platform(const nonzero_subject *subject)
{
  return subject_of(subject)->platform;
}

const char *
nonzero_subject_digest(const nonzero_subject *subject)
{
  return subject_of(subject)->digest;
}

nonzero_verdict
nonzero_subject_verdict(const nonzero_subject *subject)
{
  return (nonzero_verdict)subject_of(subject)->verdict;
}

nonzero_user_state
nonzero_subject_user_state(const nonzero_subject *subject)
{
  return (nonzero_user_state)subject_of(subject)->user->state;
}

const char *
nonzero_subject_user_why(const nonzero_subject *subject)
{
  return subject_of(subject)->user->why;
}

const char *
nonzero_subject_user_declared(const nonzero_subject *subject)
{
  return subject_of(subject)->user->declared;
}

int64_t
nonzero_subject_uid(const nonzero_subject *subject)
{
  const NzUser *user = subject_of(subject)->user;
  return user->has_uid ? (int64_t)user->uid : -1;
}

int64_t
nonzero_subject_gid(const nonzero_subject *subject)
{
  const NzUser *user = subject_of(subject)->user;
  return user->has_gid ? (int64_t)user->gid : -1;
}

size_t
nonzero_subject_n_findings(const nonzero_subject *subject)
{
  return subject_of(subject)->findings->len;
}

static gpointer
member(const GPtrArray *list, size_t index)
{
  return index < list->len ? list->pdata[index] : NULL;
}

const nonzero_finding *
nonzero_subject_finding(const nonzero_subject *subject, size_t index)
{
  return member(subject_of(subject)->findings, index);
}

const char *
nonzero_subject_note(const nonzero_subject *subject, size_t index)
{
  return member(subject_of(subject)->notes, index);
}

/* --- reports --- */

nonzero_verdict
nonzero_report_verdict(const nonzero_report *report)
{
  return (nonzero_verdict)nz_report_verdict(report->report);
}

int
nonzero_report_exit_code(const nonzero_report *report)
{
  return nz_report_exit_code(report->report);
}

size_t
nonzero_report_n_subjects(const nonzero_report *report)
{
  return report->report->subjects->len;
}

const nonzero_subject *
nonzero_report_subject(const nonzero_report *report, size_t index)
{
  return member(report->report->subjects, index);
}

const char *
nonzero_report_error_source(const nonzero_report *report, size_t index)
{
  const NzReportError *e = member(report->report->errors, index);
  return e ? e->source : NULL;
}

const char *
nonzero_report_error(const nonzero_report *report, size_t index)
{
  const NzReportError *e = member(report->report->errors, index);
  return e ? e->message : NULL;
}

int
nz_api_write(const NzReport *report, const NzReportFormat *format, FILE *out, unsigned flags,
             char **error)
{
  NzReportStyle style = {.color = (flags & NONZERO_WRITE_COLOR) != 0,
                         .verbose = (flags & NONZERO_WRITE_VERBOSE) != 0,
                         .streamed = (flags & NONZERO_WRITE_STREAMED) != 0};
  errno = 0;
  format->write(report, &style, out);
  if (fflush(out) == 0 && !ferror(out))
    return 0;
  int saved = errno ? errno : EIO;
  nz_api_set_error(error, g_strerror(saved));
  errno = saved;
  return -1;
}

int
nonzero_report_write(const nonzero_report *report, const char *format, FILE *out, unsigned flags,
                     char **error)
{
  const NzReportFormat *f = nz_report_format_find(format);
  if (!f) {
    g_autofree char *message = g_strdup_printf("there is no format %s", format);
    nz_api_set_error(error, message);
    return -1;
  }
  return nz_api_write(report->report, f, out, flags, error);
}

int
nonzero_subject_write(const nonzero_subject *subject, const char *format, FILE *out, unsigned flags)
{
  const NzReportFormat *f = nz_report_format_find(format);
  NzReportStyle style = {.color = (flags & NONZERO_WRITE_COLOR) != 0,
                         .verbose = (flags & NONZERO_WRITE_VERBOSE) != 0};
  if (!f || !f->write_subject)
    return -1;
  f->write_subject(subject_of(subject), &style, out);
  fflush(out);
  return 0;
}

const char *
nonzero_format_name(size_t index)
{
  const NzReportFormat *format = nz_report_format_at((guint)MIN(index, (size_t)G_MAXUINT));
  return format ? format->name : NULL;
}

const char *
nonzero_format_help(size_t index)
{
  const NzReportFormat *format = nz_report_format_at((guint)MIN(index, (size_t)G_MAXUINT));
  return format ? format->help : NULL;
}

/* --- rules --- */

static const NzCheck *
check_at(size_t index)
{
  return nz_check_at((guint)MIN(index, (size_t)G_MAXUINT));
}

const char *
nonzero_rule_name(size_t index)
{
  const NzCheck *check = check_at(index);
  return check ? check->rule : NULL;
}

const char *
nonzero_rule_title(size_t index)
{
  const NzCheck *check = check_at(index);
  return check ? check->title : NULL;
}

const char *
nonzero_rule_why(size_t index)
{
  const NzCheck *check = check_at(index);
  return check ? check->why : NULL;
}

const char *
nonzero_rule_remedy(size_t index)
{
  const NzCheck *check = check_at(index);
  return check ? check->remedy : NULL;
}

/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file nonzero.h
 * libnonzero: proves from an image that its processes start as non-root and cannot become root.
 *
 * A scanner is told what to judge and how; it makes a report; a report holds subjects (one for each
 * image and platform), a subject holds findings. The program `nonzero` is built on this.
 *
 *     nonzero_scanner *scanner = nonzero_scanner_new();
 *     nonzero_scanner_scan(scanner, "oci-archive:app.tar");
 *     nonzero_report *report = nonzero_scanner_finish(scanner);
 *     if (nonzero_report_verdict(report) != NONZERO_VERDICT_PASS)
 *       nonzero_report_write(report, "text", stdout, 0, NULL);
 *     nonzero_report_free(report);
 *
 * Ownership: what a function with "new", "finish" or "diff" in its name returns is the caller's and
 * has a function that frees it. Every other pointer belongs to the object it was asked of and lives
 * as long. Functions that free take NULL.
 *
 * Strings are UTF-8 and printable (what in an image is not is written as \xNN), but for paths,
 * which are the image's bytes.
 *
 * Errors: functions that can fail return 0 or a pointer on success, -1 or NULL on failure. Those
 * with a parameter `error` put a message there, to be freed with free(); NULL if it is not wanted.
 * Out of memory ends the process.
 *
 * Threads: an object is used by one thread at a time, but for nonzero_scanner_bytes_read(),
 * nonzero_scanner_layers() and nonzero_scanner_cancel(). Different objects may be used at once. A
 * scan starts threads of its own and ends them.
 *
 * Nothing is printed, no signal is handled, no global setting is changed, but for what
 * nonzero_confine() says.
 */
#ifndef NONZERO_H
#define NONZERO_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

/** The library's version, "1.2.3". */
const char *nonzero_version(void);

/* --- what is found --- */

typedef enum {
  NONZERO_VERDICT_PASS = 0,
  NONZERO_VERDICT_UNKNOWN = 1, /**< it could not be decided; never taken for a pass */
  NONZERO_VERDICT_FAIL = 2,
} nonzero_verdict;

typedef enum {
  NONZERO_LEVEL_INFO = 0,
  NONZERO_LEVEL_WARN = 1,
  NONZERO_LEVEL_FAIL = 2, /**< fails the image */
} nonzero_level;

/** Who brought what a finding is about. */
typedef enum {
  NONZERO_ORIGIN_UNKNOWN = 0,
  NONZERO_ORIGIN_BASE = 1, /**< the image that this one was built on */
  NONZERO_ORIGIN_OWN = 2,  /**< the image's own layers */
} nonzero_origin;

typedef struct nonzero_finding nonzero_finding;

const char *nonzero_finding_rule(const nonzero_finding *finding); /**< "setuid-root" */
nonzero_level nonzero_finding_level(const nonzero_finding *finding);
const char *nonzero_finding_message(const nonzero_finding *finding);
/** What to do about it, or NULL. */
const char *nonzero_finding_remedy(const nonzero_finding *finding);
/** The file, absolute, as bytes; NULL when the finding is about none. */
const char *nonzero_finding_path(const nonzero_finding *finding);
/** 0, and mode (07777) and owner of the file in those that are not NULL; -1 when there are none. */
int nonzero_finding_owner(const nonzero_finding *finding, uint16_t *mode, uint32_t *uid,
                          uint32_t *gid);
/** The package that owns the file, or NULL. */
const char *nonzero_finding_package(const nonzero_finding *finding);
/** The layer it comes from, 0 at the bottom; -1 when there is none. */
int nonzero_finding_layer(const nonzero_finding *finding);
nonzero_origin nonzero_finding_origin(const nonzero_finding *finding);
/** Why an exception of the policy covers it, or NULL: it counts. */
const char *nonzero_finding_excepted(const nonzero_finding *finding);

/* --- what was judged --- */

typedef enum {
  NONZERO_USER_ROOT = 0,
  NONZERO_USER_NON_ROOT = 1,
  NONZERO_USER_UNKNOWN = 2,
  NONZERO_USER_WONT_START = 3,     /**< the runtime refuses it */
  NONZERO_USER_ROOT_IN_USERNS = 4, /**< root, but of a user namespace: another user of the host */
} nonzero_user_state;

typedef struct nonzero_subject nonzero_subject;

const char *nonzero_subject_name(const nonzero_subject *subject);
const char *nonzero_subject_source(const nonzero_subject *subject);   /**< as it was asked for */
const char *nonzero_subject_platform(const nonzero_subject *subject); /**< "linux/amd64", or NULL */
const char *nonzero_subject_digest(const nonzero_subject *subject);   /**< or NULL */
nonzero_verdict nonzero_subject_verdict(const nonzero_subject *subject);
nonzero_user_state nonzero_subject_user_state(const nonzero_subject *subject);
/** One sentence: why the user is what it is. */
const char *nonzero_subject_user_why(const nonzero_subject *subject);
/** What the image declares ("app:app"), or NULL. */
const char *nonzero_subject_user_declared(const nonzero_subject *subject);
/** The uid or gid that it starts with; -1 when it is not known. */
int64_t nonzero_subject_uid(const nonzero_subject *subject);
int64_t nonzero_subject_gid(const nonzero_subject *subject);
size_t nonzero_subject_n_findings(const nonzero_subject *subject);
/** The findings, worst first; NULL past the last. */
const nonzero_finding *nonzero_subject_finding(const nonzero_subject *subject, size_t index);
/** What was not looked at, and why; NULL past the last. */
const char *nonzero_subject_note(const nonzero_subject *subject, size_t index);

/* --- reports --- */

typedef struct nonzero_report nonzero_report;

void nonzero_report_free(nonzero_report *report);
/** Fail if a subject fails; unknown if one is, if something could not be judged, or nothing was. */
nonzero_verdict nonzero_report_verdict(const nonzero_report *report);
/** The exit code of `nonzero scan`: 0 pass, 1 fail or unknown, 2 something could not be read. */
int nonzero_report_exit_code(const nonzero_report *report);
size_t nonzero_report_n_subjects(const nonzero_report *report);
const nonzero_subject *nonzero_report_subject(const nonzero_report *report, size_t index);
/** What could not be judged: as it was asked for, and why. NULL past the last. */
const char *nonzero_report_error_source(const nonzero_report *report, size_t index);
const char *nonzero_report_error(const nonzero_report *report, size_t index);

enum {
  NONZERO_WRITE_COLOR = 1,    /**< for a terminal */
  NONZERO_WRITE_VERBOSE = 2,  /**< findings of level info, digests, other tools' names */
  NONZERO_WRITE_STREAMED = 4, /**< nonzero_subject_write() has written the subjects */
};

/** Writes REPORT as FORMAT ("text", "json", ...) and flushes. FLAGS: NONZERO_WRITE_*. */
int nonzero_report_write(const nonzero_report *report, const char *format, FILE *out,
                         unsigned flags, char **error);

/** Writes SUBJECT alone, as soon as it is known, and flushes: in the formats "summary" and
 * "ndjson". In others that cannot be done: -1. */
int nonzero_subject_write(const nonzero_subject *subject, const char *format, FILE *out,
                          unsigned flags);

/** Name of the format INDEX, and what it is; NULL past the last. */
const char *nonzero_format_name(size_t index);
const char *nonzero_format_help(size_t index);

/* --- scanners --- */

typedef struct nonzero_scanner nonzero_scanner;

nonzero_scanner *nonzero_scanner_new(void);
void nonzero_scanner_free(nonzero_scanner *scanner);

/**
 * Sets what the option of the same name sets on the command line of `nonzero scan`, before the
 * first scan: "authfile", "base", "cache-dir", "fail-on", "ignore" (several times), "jobs",
 * "max-ratio", "no-cache", "plain-http", "platform", "policy", "profile", "pull", "tls-ca",
 * "today", "user", "verify". VALUE is its text; "" or NULL where there is none. "policy-search"
 * looks for a policy where the program does; without it and "policy", none is used.
 */
int nonzero_scanner_set(nonzero_scanner *scanner, const char *option, const char *value,
                        char **error);

/** Called while scanning, one at a time, by the threads that scan. Members may be NULL. */
typedef struct {
  /** Begins to read NAME, of BYTES bytes as stored; 0: not known. */
  void (*image)(const char *name, uint64_t bytes, void *data);
  /** Could not judge something; the report will say so too. */
  void (*error)(const char *source, const char *message, void *data);
  /** Judged SUBJECT, which lives until the report does. */
  void (*subject)(const nonzero_subject *subject, void *data);
  /** For people who want to know more: which policy is in use, which exceptions match nothing. */
  void (*note)(const char *text, void *data);
  /** Did not judge a part of the input, which holds nothing that it knows, or no more than looks
   * like it: TEXT begins with the file. The report does not say so. */
  void (*uncovered)(const char *text, void *data);
} nonzero_events;

void nonzero_scanner_set_events(nonzero_scanner *scanner, const nonzero_events *events, void *data);

/**
 * Judges the image or images that INPUT names, as on the command line: "app.tar",
 * "oci:layout:latest", "-". Returns -1 when any of it could not be judged; the report says what.
 */
int nonzero_scanner_scan(nonzero_scanner *scanner, const char *input);

/**
 * The same for all of INPUTS (NULL-terminated), as many side by side as the option "jobs" says
 * (one). The report has them in the order of INPUTS.
 */
int nonzero_scanner_scan_all(nonzero_scanner *scanner, const char *const *inputs);

/* --- sources --- */

/**
 * Judges source files: Dockerfiles, Compose files, Quadlet units, Kubernetes manifests. PATHS
 * (NULL-terminated) are files, directories that are looked through, and "-" for standard input. The
 * options are those of `nonzero lint`: beside "fail-on", "ignore", "jobs", "platform", "policy",
 * "policy-search", "profile" and "today" these: "build-arg", "build-context", "compose-profile",
 * "env-file", "image", "known-base" (the command line's --base), "override" (all several times),
 * "explain", "fix", "images", "no-images", "target", and for registries "authfile", "plain-http"
 * and "tls-ca". Returns -1 when something could not be judged; the report says what.
 */
int nonzero_scanner_lint(nonzero_scanner *scanner, const char *const *paths);

/** As nonzero_scanner_confine(), for nonzero_scanner_lint() of PATHS: all files can still be read.
 */
int nonzero_scanner_confine_sources(nonzero_scanner *scanner, const char *const *paths,
                                    char **summary);

/** With the option "fix": the file number INDEX for which there is something to mend, as it was
 * named; NULL past the last. */
const char *nonzero_report_fixable(const nonzero_report *report, size_t index);
/**
 * What that file becomes: *AFTER, to be freed with free(), of *AFTER_LEN bytes; BEFORE (LEN bytes)
 * is what it holds. With PROPOSED also by what was refused, because it would be a guess; without,
 * it may be the same as before.
 */
int nonzero_report_fix(const nonzero_report *report, size_t index, int proposed, const char *before,
                       size_t len, char **after, size_t *after_len, char **error);
/** What is done: the fix number WHICH of that file; NULL past the last. *REFUSED: why it is not. */
const char *nonzero_report_fix_title(const nonzero_report *report, size_t index, size_t which,
                                     const char **refused);
/** The same fix as a strategic merge patch of Kustomize, one document of YAML; NULL: it cannot be
 * said as one, or there is none of that number. It ends with the report. */
const char *nonzero_report_fix_patch(const nonzero_report *report, size_t index, size_t which);

/* --- what the host's engines hold --- */

/** An image of an engine. All strings end with the call. */
typedef struct {
  const char *engine; /**< "containers-storage", "docker-daemon", "containerd" */
  const char *store;  /**< its directory or socket */
  const char *name;   /**< NULL: it has none */
  const char *id;
  int64_t bytes;      /**< of its layers; -1: not known */
  int64_t created;    /**< seconds since 1970; 0: not known */
  const char *source; /**< what nonzero_scanner_scan() takes; NULL: said with another name of it */
} nonzero_stored;

typedef void (*nonzero_found)(const nonzero_stored *image, void *data);

/**
 * Calls FOUND for each name of each image that ENGINE holds (NULL: all engines of this host), and
 * for those without a name. Returns -1 when a store could not be looked into; the report says
 * which.
 */
int nonzero_scanner_images(nonzero_scanner *scanner, const char *engine, nonzero_found found,
                           void *data);

/** Name of the engine INDEX, in the order in which names are looked for; NULL past the last. And
 * whose it is. */
const char *nonzero_engine_name(size_t index);
const char *nonzero_engine_title(size_t index);

/** What the report is to say was run, "nonzero scan app.tar"; some formats print it. */
void nonzero_scanner_set_command(nonzero_scanner *scanner, const char *command);

/** How much was read since the scanner was made; from any thread. */
uint64_t nonzero_scanner_bytes_read(const nonzero_scanner *scanner);

/** A layer that is being read. */
typedef struct {
  char name[32];         /**< "sha256:0123456789ab", or "layer 3"; ASCII */
  uint64_t bytes_read;   /**< so far, as stored */
  uint64_t bytes;        /**< all of it, as stored; 0: not known */
  uint64_t milliseconds; /**< since its reading began */
  unsigned n_layers;     /**< of its image */
  unsigned n_done;       /**< layers of its image that were read */
} nonzero_layer_progress;

/** Copies up to MAX of the layers at work, of all images at once; returns how many; from any
 * thread. A layer keeps its place among those that stay. No more than 16 are told of. */
size_t nonzero_scanner_layers(const nonzero_scanner *scanner, nonzero_layer_progress *out,
                              size_t max);
/** Makes the scan at work, and those that follow, end with an error; from any thread. */
void nonzero_scanner_cancel(nonzero_scanner *scanner);

/** The report on all that was judged. The scanner can then be freed, or start anew with the options
 * that it has. */
nonzero_report *nonzero_scanner_finish(nonzero_scanner *scanner);

/* --- two images compared --- */

typedef struct nonzero_diff nonzero_diff;

/**
 * Judges OLD and NEW, each of which must be exactly one image, and compares them. NULL when one
 * could not be judged: the events said why. The scanner can then be freed or start anew.
 */
nonzero_diff *nonzero_scanner_diff(nonzero_scanner *scanner, const char *before, const char *after);
void nonzero_diff_free(nonzero_diff *diff);
/** 1 when NEW has a finding that fails it, or leaves it undecided, which OLD had not; else 0. */
int nonzero_diff_is_worse(const nonzero_diff *diff);
/**
 * Writes as FORMAT and flushes: "text" and "json" show what is new, gone and changed; any other
 * format of reports shows NEW with its new findings alone.
 */
int nonzero_diff_write(const nonzero_diff *diff, const char *format, FILE *out, unsigned flags,
                       char **error);

/* --- confinement --- */

/**
 * Confines the calling process, for good, to reading what INPUTS (NULL-terminated, as
 * nonzero_scanner_scan() takes them) name: no new privileges, Landlock, seccomp, where the kernel
 * has them. To be called before the first scan and before any thread is started, by programs that
 * do nothing else but scan with SCANNER. The processes that keep its cache and fetch for it are
 * started before. *SUMMARY, unless NULL, becomes a sentence, to be freed with free(). Returns -1
 * when not all of it is in force.
 */
int nonzero_scanner_confine(nonzero_scanner *scanner, const char *const *inputs, char **summary);

/* --- rules --- */

/** Name of the rule INDEX; NULL past the last. */
const char *nonzero_rule_name(size_t index);
const char *nonzero_rule_title(size_t index);
const char *nonzero_rule_why(size_t index);
const char *nonzero_rule_remedy(size_t index);

#ifdef __cplusplus
}
#endif

#endif

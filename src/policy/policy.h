/* SPDX-License-Identifier: Apache-2.0 */
/* What an organisation has decided: which rules count and how much, and which findings are
 * excepted, by whom, why and until when. docs/POLICY.md describes the file.
 *
 * Who calls: a policy is made by nz_policy_search(), nz_policy_load() or nz_policy_new(), then the
 * command line is put over it, then it is applied to each subject. */
#pragma once

#include <stdio.h>

#include "check/check.h"
#include "core/error.h"
#include "core/finding.h"
#include "core/glob.h"
#include "policy/date.h"

typedef struct NzPolicy NzPolicy;

/* Who decided something. Later ones win. */
typedef enum { NZ_SOURCE_BUILT_IN, NZ_SOURCE_FILE, NZ_SOURCE_COMMAND_LINE } NzSource;

typedef enum {
  NZ_RULE_AS_FOUND, /* as the check says, finding by finding */
  NZ_RULE_OFF,
  NZ_RULE_INFO,
  NZ_RULE_WARN,
  NZ_RULE_FAIL,
} NzRuleLevel;

const char *nz_rule_level_name(NzRuleLevel level);

typedef struct {
  NzRuleLevel level;
  NzSource source;
  guint line; /* of the file */
  gboolean by_alias;
} NzRuleSetting;

/* What an exception may be narrowed by. A subject or finding must match all that are there. */
typedef enum {
  NZ_MATCH_PATH,
  NZ_MATCH_IMAGE,
  NZ_MATCH_DIGEST,
  NZ_MATCH_NAMESPACE,  /* of a Kubernetes object; an image has none */
  NZ_MATCH_CONTAINER,  /* the name of one that runs; an image has none */
  NZ_MATCH_EXECUTABLE, /* of a process; an image has none */
  NZ_MATCH_N
} NzMatch;

typedef struct {
  char *rule;        /* as it was written */
  GPtrArray *checks; /* const NzCheck *: what that means */
  char *patterns[NZ_MATCH_N];
  NzGlob *globs[NZ_MATCH_N];
  NzExcepted said;
  char *mitigation; /* or NULL */
  NzDay expires;    /* the last day; 0: never */
  guint line;
  guint used; /* how many findings it excepted so far */
} NzException;

/* What is built in: every rule as found, no exceptions. */
NzPolicy *nz_policy_new(void);
NzPolicy *nz_policy_ref(NzPolicy *self);
void nz_policy_free(NzPolicy *self); /* when nobody else has it */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NzPolicy, nz_policy_free)

/* Reads a policy. NAME stands before the line and column of every error. */
NzPolicy *nz_policy_parse(GBytes *bytes, const char *name, GError **error);

/* Reads the file at PATH. */
NzPolicy *nz_policy_load(const char *path, GError **error);

/* The first that is there of: .nonzero.yaml in the working directory and in each above it,
 * $XDG_CONFIG_HOME/nonzero/policy.yaml, /etc/nonzero/policy.yaml. None is merged with another. What
 * is built in when there is none. */
NzPolicy *nz_policy_search(GError **error);
/* The same from DIRECTORY, an absolute path, instead of the working directory; NULL: that. */
NzPolicy *nz_policy_search_from(const char *directory, GError **error);

/* --- over it, the command line --- */

/* Turns off the rules that NAME means; FALSE with an error that names the nearest one. */
gboolean nz_policy_ignore(NzPolicy *self, const char *name, GError **error);
/* "fail", "warn" or "info" */
gboolean nz_policy_set_fail_on(NzPolicy *self, const char *level, GError **error);
/* Exceptions are judged as of this day. */
void nz_policy_set_today(NzPolicy *self, NzDay today);

/* --- applied --- */

/* Sets levels, takes out what is off, marks what is excepted, adds findings of expired exceptions,
 * says in notes what the reader would not see, and concludes. SUBJECT borrows from the policy. */
void nz_policy_apply(NzPolicy *self, NzSubject *subject);

/* A process of a running container. All but the rule may be NULL: not known, and matched by no
 * pattern. */
typedef struct {
  const char *rule;
  const char *image, *digest, *container, *space, *executable;
} NzSighting;

/* The first exception in force that covers it; NULL: none does. *EXPIRED (may be NULL) becomes one
 * that did until its day. Bounded for each call; ask once for each executable of a container. */
NzException *nz_policy_match(const NzPolicy *self, const NzSighting *sighting,
                             const NzException **expired);
/* TRUE when an exception of the rule needs to know the executable to be decided. */
gboolean nz_policy_asks_executable(const NzPolicy *self, const char *rule);

/* For another run, which may be on another day: no exception has been used. */
void nz_policy_begin_anew(NzPolicy *self);

/* --- looked at --- */

const char *nz_policy_path(const NzPolicy *self);    /* printable; NULL: no file */
const char *nz_policy_profile(const NzPolicy *self); /* NULL: the file does not say */
NzLevel nz_policy_fail_on(const NzPolicy *self, NzSource *source);
NzDay nz_policy_today(const NzPolicy *self);
/* Of the check number I. */
const NzRuleSetting *nz_policy_rule(const NzPolicy *self, guint i);
/* The exception number I, NULL past the last. */
const NzException *nz_policy_exception(const NzPolicy *self, guint i);
gboolean nz_policy_is_active(const NzPolicy *self, const NzException *exception);

/* Names of keys: "path", "image", ... */
const char *nz_match_name(NzMatch match);

/* A record of what is not complied with, after CBPP-0003: RFC 4180, one line for each exception and
 * rule, and for each required rule that is off or lowered. */
char *nz_policy_to_csv(const NzPolicy *self);

/* SPDX-License-Identifier: Apache-2.0 */
/* Profiles: what is asked. One of pods may have a version, "restricted:v1.31". */
#pragma once

#include <glib.h>

#include "core/error.h"

/* Their names, NULL-terminated; the first is the default. Under the last nothing is asked but who
 * the image starts as, and its filesystem is not read. */
extern const char *const nz_profiles[];
#define NZ_PROFILE_USER_ONLY "user-only"

/* NAME as a string that is never freed. NULL with an error that names what there is. */
const char *nz_profile_find(const char *name, GError **error);

/* Under some profiles rules of their own alone judge a pod, and no others do. These rules have such
 * a name for their profile: */
#define NZ_PROFILE_POD_SECURITY "pod-security" /* Kubernetes' Pod Security Standards */
#define NZ_PROFILE_SCC          "scc"          /* OpenShift's security context constraints */

/* That name under PROFILE; NULL: it asks of pods what it asks of all else. */
const char *nz_profile_of_pods(const char *profile);

/* What to write after --profile so that a rule with the profile NAME runs. */
const char *nz_profile_option(const char *name);

/* Pod Security Standards have a version for each minor one of Kubernetes. The newest that is known,
 * which `latest` and no version mean; a row of the tables of kube/pod_security.c changes with it.
 */
#define NZ_POD_SECURITY_NEWEST 37

/* The level and version that PROFILE means; FALSE: it is none of Pod Security Standards. */
gboolean nz_profile_pod_security(const char *profile, gboolean *restricted, guint *minor);

/* SPDX-License-Identifier: Apache-2.0 */
/* How a pod is held to a profile.
 *
 * Pod Security Standards are a table of checks (pod_security.c); each has a function for every
 * version from which it asks something else. A version of Kubernetes that changes one is a row more
 * there, or in the tables of allowed values beside a function, and NZ_POD_SECURITY_NEWEST. The
 * rules of check/pod_security.c say since when each is asked, for reports of what passed. */
#pragma once

#include "kube/pod_security.h"

typedef struct NzScc NzScc;
typedef struct NzPodJudge NzPodJudge;
typedef void (*NzPodCheckFunc)(NzPodJudge *judge);

/* From the policy version v1.FROM on. */
typedef struct {
  guint from;
  NzPodCheckFunc run;
} NzPodCheckRow;

typedef struct {
  const char *id;        /* as the cluster calls it */
  const char *rule;      /* as we do */
  const char *overrides; /* the check of a lower level that it stands for; NULL: none */
  NzPodCheckRow rows[3]; /* by version; the last has no function, where there are fewer */
} NzPodCheck;

struct NzPodJudge {
  const NzManifest *manifest;
  const NzKubePod *pod;
  guint minor;             /* of Pod Security Standards: v1.MINOR */
  const NzScc *scc;        /* or OpenShift's constraint */
  const NzPodCheck *check; /* that runs */
  GPtrArray *who;          /* char *: what NzPodSetter says of the pod and of each container */
  GPtrArray *violations;
};

/* Adds a violation of CONTAINER (NULL: of the pod) at PLACE, which it takes; NULL: at its
 * securityContext, or where it begins. Returns it. */
NzPodViolation *nz_pod_violate(NzPodJudge *judge, const NzKubeContainer *container, NzPlace *place,
                               const char *format, ...) G_GNUC_PRINTF(4, 5);

/* The place of the first of KEYS (NULL-terminated) that MAP has; NULL: it has none. */
NzPlace *nz_pod_place(const NzPodJudge *judge, NzYaml *map, const char *const *keys);
#define NZ_POD_PLACE(judge, map, ...)                                                              \
  nz_pod_place((judge), (map), (const char *const[]){__VA_ARGS__, NULL})

/* What has a securityContext, one after the other: the pod, then its containers. */
typedef struct {
  guint next;                       /* 0: begin with the pod; 1: with the first container */
  const NzKubeContainer *container; /* NULL: it is the pod */
  NzYaml *context;                  /* NULL: it has none */
  const char *who;                  /* `pod` or `container "a"` */
} NzPodSetter;

#define NZ_POD_AND_CONTAINERS                                                                      \
  {                                                                                                \
    .next = 0                                                                                      \
  }
#define NZ_POD_CONTAINERS                                                                          \
  {                                                                                                \
    .next = 1                                                                                      \
  }

/* FALSE past the last. */
gboolean nz_pod_next(const NzPodJudge *judge, NzPodSetter *setter);

/* TRUE when TEXT is one of the values that are allowed at JUDGE's version. */
typedef struct {
  guint from; /* v1.FROM */
  const char *value;
} NzPodValue;
gboolean nz_pod_allows(const NzPodJudge *judge, const NzPodValue *values, guint n,
                       const char *text);

/* The text of KEY in MAP as Go reads it into a string: "" where there is none. Never NULL. */
const char *nz_pod_text(NzYaml *map, const char *key);

/* The text of ITEM, one of a list of strings; never NULL. */
const char *nz_pod_item(const NzYaml *item);

/* hostUsers: false. */
gboolean nz_pod_has_user_namespace(const NzKubePod *pod);

/* --- volumes --- */

typedef struct {
  const char *key;      /* as a manifest writes it */
  gboolean restricted;  /* the level restricted allows it */
  const char *scc_name; /* as OpenShift calls it; NULL: as KEY */
  gboolean scc;         /* restricted-v2 and nonroot-v2 allow it */
} NzPodVolume;

/* What VOLUME is of; NULL: nothing that is known, and *KEY is the first key that could say it, or
 * NULL: there is none, and the API server makes it an emptyDir. */
const NzPodVolume *nz_pod_volume(NzYaml *volume, const char **key);

/* --- ports --- */

/* Calls FUNC for each port of the host that a container takes: with hostNetwork the API server
 * makes hostPort the containerPort. */
typedef void (*NzPodPortFunc)(NzPodJudge *judge, const NzKubeContainer *container, gint64 port,
                              NzPlace *place); /* takes PLACE */
void nz_pod_foreach_host_port(NzPodJudge *judge, NzPodPortFunc func);

/* --- the checks --- */

void nz_pss_app_armor(NzPodJudge *judge);
void nz_pss_capabilities_baseline(NzPodJudge *judge);
void nz_pss_host_namespaces(NzPodJudge *judge);
void nz_pss_host_path_volumes(NzPodJudge *judge);
void nz_pss_host_ports(NzPodJudge *judge);
void nz_pss_host_probes(NzPodJudge *judge);
void nz_pss_privileged(NzPodJudge *judge);
void nz_pss_proc_mount(NzPodJudge *judge);
void nz_pss_proc_mount_relaxed(NzPodJudge *judge); /* not of pods with hostUsers: false */
void nz_pss_selinux_options(NzPodJudge *judge);
void nz_pss_seccomp_annotations(NzPodJudge *judge);
void nz_pss_seccomp_baseline(NzPodJudge *judge);
void nz_pss_sysctls(NzPodJudge *judge);
void nz_pss_windows_host_process(NzPodJudge *judge);

void nz_pss_privilege_escalation(NzPodJudge *judge);
void nz_pss_privilege_escalation_linux(NzPodJudge *judge); /* not of Windows pods */
void nz_pss_capabilities_restricted(NzPodJudge *judge);
void nz_pss_capabilities_restricted_linux(NzPodJudge *judge);
void nz_pss_restricted_volumes(NzPodJudge *judge);
void nz_pss_run_as_non_root(NzPodJudge *judge);
void nz_pss_run_as_non_root_relaxed(NzPodJudge *judge);
void nz_pss_run_as_user(NzPodJudge *judge);
void nz_pss_run_as_user_relaxed(NzPodJudge *judge);
void nz_pss_seccomp_restricted(NzPodJudge *judge);
void nz_pss_seccomp_restricted_linux(NzPodJudge *judge);

/* OpenShift's: scc.c. NAME is "restricted-v2" or "nonroot-v2". */
void nz_scc_judge(NzPodJudge *judge, const char *name);

/* SPDX-License-Identifier: Apache-2.0 */
/* What the files that mend pods share. */
#pragma once

#include "fix/kube.h"
#include "fix/yaml_edit.h"

/* What is to be reached, by the rules that ask for it. */
typedef enum {
  NZ_GOAL_USER,       /* start as another user than root, or start at all */
  NZ_GOAL_NON_ROOT,   /* runAsNonRoot: true */
  NZ_GOAL_GROUP,      /* another group than root's */
  NZ_GOAL_ESCALATION, /* allowPrivilegeEscalation: false */
  NZ_GOAL_DROP,       /* capabilities.drop: [ALL] */
  NZ_GOAL_SECCOMP,    /* seccompProfile.type: RuntimeDefault */
  NZ_GOAL_PORT,       /* a port below 1024 */
  NZ_GOAL_CAPABILITY, /* what is added and should not */
  NZ_GOAL_PRIVILEGED,
  NZ_GOAL_PROC, /* procMount */
  NZ_GOAL_HOST, /* hostPID and their like */
  NZ_GOAL_N
} NzKubeGoal;

/* Edits that are verified, or refused for one reason. */
typedef struct {
  char *refused;        /* NULL: they are verified */
  NzYaml *pod;          /* what the PodSpec is to hold besides */
  GPtrArray *each;      /* NzYaml: the same of each container */
  GHashTable *findings; /* NzFinding: what it mends */
} NzKubePlan;

/* Who a container is to start as. */
typedef struct {
  gint64 uid, gid; /* gid 0: it stays as it is */
  gboolean set;    /* runAsUser must be written */
  gboolean change; /* it starts as root now, or not at all */
  char *refused;   /* why it would be a guess; NULL: it is known */
} NzKubeIdentity;

typedef struct {
  const NzKubeJudged *judged;
  guint index;
  NzYaml *node, *context;      /* its map; its securityContext, or NULL */
  GPtrArray *goals[NZ_GOAL_N]; /* NzFinding; NULL: it is none of its goals */
  gboolean rest;               /* a rule of cbpp-0002 asks: what closes the way back goes along */
  gboolean identified;         /* the identity was found out */
  NzKubeIdentity identity;
} NzKubeOne;

/* A field that may stand in the pod or in each container. */
typedef struct {
  NzKubePlan *plan;
  guint container;
  const char *key; /* static */
  NzYaml *value;
} NzKubeField;

typedef struct {
  const NzManifest *manifest;
  const NzKubePod *pod;
  NzYaml *context;     /* the pod's securityContext, or NULL */
  GPtrArray *each;     /* NzKubeOne */
  GPtrArray *plans;    /* NzKubePlan; the first is what was verified */
  GArray *fields;      /* NzKubeField */
  GHashTable *volumes; /* of the pod, by name; NULL: not looked at yet */
} NzKubeMend;

/* --- kube.c --- */

/* The plan for what is refused because of WHY; for NULL what is verified. */
NzKubePlan *nz_kube_plan(NzKubeMend *self, const char *why);
/* PLAN mends what made GOAL one of ONE. */
void nz_kube_mends(NzKubePlan *plan, const NzKubeOne *one, NzKubeGoal goal);
/* What ONE's securityContext is to hold besides by PLAN. */
NzYaml *nz_kube_want(NzKubePlan *plan, const NzKubeOne *one);
/* VALUE, which is taken, for KEY of ONE's securityContext, or its pod's. */
void nz_kube_field_set(NzKubeMend *self, NzKubePlan *plan, const NzKubeOne *one, const char *key,
                       NzYaml *value);

/* --- kube_user.c --- */

/* Who ONE is to start as; found out once. */
const NzKubeIdentity *nz_kube_identify(NzKubeMend *self, NzKubeOne *one);
/* TRUE when it is known that it does not start as root, once it is mended. */
gboolean nz_kube_is_non_root(NzKubeMend *self, NzKubeOne *one);
void nz_kube_mend_user(NzKubeMend *self, NzKubeOne *one);

/* --- kube_state.c --- */

/* The pod's volume NAME; NULL: it has none. */
NzYaml *nz_kube_volume(NzKubeMend *self, const char *name);
/* Volumes and ports of ONE, which is to start as somebody else by PLAN. */
void nz_kube_mend_volumes(NzKubeMend *self, NzKubePlan *plan, NzKubeOne *one);
void nz_kube_mend_ports(NzKubeMend *self, NzKubePlan *plan, NzKubeOne *one);
/* TRUE when ONE has a port that takes a capability. */
gboolean nz_kube_has_low_port(const NzKubeOne *one);
/* The pod's sysctls say from which port on any user may bind. */
gboolean nz_kube_has_port_sysctl(const NzKubeMend *self);

/* --- kube_privileges.c --- */

void nz_kube_mend_privileges(NzKubeMend *self, NzKubeOne *one);
gboolean nz_kube_adds(const NzKubeOne *one, const char *capability);
/* TRUE when ITEM of a list is CAPABILITY, in any case, with CAP_ or without. */
gboolean nz_kube_is_capability(const NzYaml *item, const char *capability);

/* --- kube_place.c --- */

/* Puts the fields where the edit is smallest. */
void nz_kube_place_fields(NzKubeMend *self);
/* The fields of PLAN in the order in which people write them. */
void nz_kube_sort_fields(NzKubePlan *plan);

/* --- kube_patch.c --- */

/* "Deployment/web: of the pod runAsNonRoot: true" */
char *nz_kube_title(const NzKubeMend *self, const NzKubePlan *plan);
/* PLAN as a strategic merge patch; NULL: there can be none. */
char *nz_kube_patch(const NzKubeMend *self, const NzKubePlan *plan);

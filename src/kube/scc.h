/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of OpenShift's security context constraints. */
#pragma once

#include "kube/pod_security_private.h"

struct NzScc {
  const char *name;
  gboolean uid_range;      /* runAsUser is MustRunAsRange; else MustRunAsNonRoot */
  gboolean fs_group_range; /* fsGroup is MustRunAs; else RunAsAny */
};

typedef enum {
  NZ_SCC_CAPABILITIES,
  NZ_SCC_FS_GROUP,
  NZ_SCC_HOST_NAMESPACES,
  NZ_SCC_HOST_PORTS,
  NZ_SCC_PRIVILEGE_ESCALATION,
  NZ_SCC_PRIVILEGED,
  NZ_SCC_RUN_AS_USER,
  NZ_SCC_SECCOMP,
  NZ_SCC_SELINUX,
  NZ_SCC_SYSCTLS,
  NZ_SCC_VOLUMES,
} NzSccCheck;

/* As nz_pod_violate(), of CHECK; the message begins with the constraint's name. */
NzPodViolation *nz_scc_violate(NzPodJudge *judge, NzSccCheck check,
                               const NzKubeContainer *container, NzPlace *place, const char *format,
                               ...) G_GNUC_PRINTF(5, 6);

/* How OpenShift calls where a securityContext stands: ".containers[0]". */
char *nz_scc_path(const NzPodJudge *judge, const NzKubeContainer *container);

/* What OpenShift wrote into a Namespace when it was made; what is not known is not set. */
typedef struct {
  const char *name;         /* printable; NULL: the manifest does not name it */
  gboolean has_uids;        /* openshift.io/sa.scc.uid-range */
  guint32 uid_min, uid_max; /* both of the range */
  gboolean has_group; /* the first of openshift.io/sa.scc.supplemental-groups, or of the uids */
  guint32 group;
  const char *level; /* openshift.io/sa.scc.mcs, of SELinux; NULL: not known */
} NzSccNamespace;

/* That of JUDGE's pod, where its manifest holds it. */
void nz_scc_namespace(const NzPodJudge *judge, NzSccNamespace *namespace);

/* "1000650000/10000", "1000650000-1000659999": both ends count. */
gboolean nz_scc_parse_block(const char *text, guint32 *start, guint32 *end);

void nz_scc_run_as_user(NzPodJudge *judge, const NzPodSetter *setter, const char *path,
                        const NzSccNamespace *namespace);
void nz_scc_fs_group(NzPodJudge *judge, const NzSccNamespace *namespace);
void nz_scc_selinux(NzPodJudge *judge, const NzPodSetter *setter, const char *path,
                    const NzSccNamespace *namespace);
void nz_scc_seccomp(NzPodJudge *judge, const NzPodSetter *setter);

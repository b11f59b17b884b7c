/* SPDX-License-Identifier: Apache-2.0 */
/* What a check may see of a source (Dockerfile, Compose service, Quadlet unit): who it starts as
 * and what it does that matters, each with its place. Gathered before any check runs. */
#pragma once

#include "core/finding.h"
#include "core/place.h"

/* What is done. The rule that each is judged by stands beside it. */
typedef enum {
  /* of a build */
  NZ_ACT_SETUID,           /* setuid-root, setuid-other: WHAT is the path */
  NZ_ACT_SETGID,           /* setgid-root, setgid-other */
  NZ_ACT_CAPABILITY,       /* file-capabilities: setcap */
  NZ_ACT_SETUID_PACKAGE,   /* setuid-package: WHAT is a package that brings setuid files */
  NZ_ACT_PRIVILEGED_TOOL,  /* privileged-tools: sudo, su, doas are installed, or start it */
  NZ_ACT_NOPASSWD,         /* sudoers-nopasswd: WHAT is for whom */
  NZ_ACT_PRIVILEGED_GROUP, /* privileged-group: WHAT is "app in sudo" */
  NZ_ACT_EMPTY_PASSWORD,   /* root-no-password: WHAT is the account */
  NZ_ACT_UID0_ALIAS,       /* uid0-alias: WHAT is the name */
  NZ_ACT_PRIVILEGED_RUN,   /* privileged-run: RUN --security=insecure */
  NZ_ACT_WORLD_WRITABLE,   /* world-writable: chmod 777, WHAT is the path */
  NZ_ACT_WRITABLE_CODE,    /* writable-code: WHAT is the path that the run user owns */
  NZ_ACT_WRITABLE_PASSWD,  /* writable-passwd */
  NZ_ACT_UNWRITABLE_STATE, /* unwritable-state: a WORKDIR, VOLUME or directory for data */
  NZ_ACT_NEEDS_ROOT,       /* needs-root: apt-get after a USER that is not root */
  NZ_ACT_DROPS_ROOT,       /* drops-root: WHAT is the tool, TO whom */
  NZ_ACT_PORT,             /* low-port: WHAT is "80/tcp" */
  /* of a start */
  NZ_ACT_PRIVILEGED,     /* privileged-container */
  NZ_ACT_CAP_ADD,        /* added-capability: WHAT is "SYS_ADMIN" */
  NZ_ACT_NEW_PRIVILEGES, /* new-privileges: nothing sets no-new-privileges */
  NZ_ACT_HOST_USERNS,    /* host-userns: container root is the host's root again */
  NZ_ACT_FORBIDDEN,      /* pss-*, scc-*: HOW is the rule that forbids it, WHAT the cluster's words;
                            MAYBE: what decides it is not known */
  NZ_ACT_REFUSED,        /* kubelet-refuses: WHAT is who refuses, HOW the message */
  NZ_ACT_MAY_REFUSE,     /* kubelet-refuses: HOW says on what it depends */
  NZ_ACT_HOST_NAMESPACE, /* host-namespaces: WHAT is "hostPID" */
  NZ_ACT_UNMASKED_PROC,  /* unmasked-proc */
  NZ_ACT_ROOT_GROUP,     /* root-group: HOW says what gives it */
  NZ_ACT_NO_NON_ROOT,    /* no-run-as-non-root: HOW is the field as it is */
  NZ_ACT_N
} NzActKind;

typedef struct {
  NzActKind kind;
  NzPlace *place;
  char *what;       /* printable; see the kind */
  char *how;        /* printable: "chmod u+s", "COPY --chmod=4755", or NULL */
  char *to;         /* printable: of NZ_ACT_DROPS_ROOT the user, or NULL */
  guint16 mode;     /* of a file, or 0: not known */
  gboolean by_root; /* the file that gets setuid or setgid is root's, as far as it can be known */
  gboolean maybe;   /* it stands where it may not run */
  gboolean in_pod;  /* of a container of Kubernetes: other things help there */
  gboolean implied; /* nobody wrote it: it is so by default */
} NzAct;

NzAct *nz_act_new(NzActKind kind, NzPlace *place, const char *what,
                  const char *how); /* takes PLACE */
void nz_act_free(NzAct *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NzAct, nz_act_free)

typedef struct {
  const char *profile; /* where rules of pods judge it alone, their name: check/profile.h */
  const NzUser *user;
  const NzPlace *user_place; /* of what decided the user: a USER, a FROM, a line user: */
  const char *user_number;   /* "1000:1000", what a named user is known to be; or NULL */
  const GPtrArray *acts;     /* NzAct, in the order of the source */
  gboolean in_pod;           /* it is a container of Kubernetes */
} NzBuildFacts;

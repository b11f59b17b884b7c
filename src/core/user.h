/* SPDX-License-Identifier: Apache-2.0 */
/* The decision core: which user will a process start as?
 *
 * Every verb asks here, so that they cannot disagree. The answer is that of the runtimes: moby/sys
 * user.GetExecUser (Docker, Podman, runc, BuildKit) over the passwd and group the container sees,
 * and where other runtimes answer differently, that is said. */
#pragma once

#include <glib.h>

typedef enum {
  NZ_USER_ROOT,
  NZ_USER_NON_ROOT,
  NZ_USER_UNKNOWN,        /* cannot be decided: see why */
  NZ_USER_WONT_START,     /* the runtime refuses */
  NZ_USER_ROOT_IN_USERNS, /* root, but of a user namespace: another user of the host */
} NzUserState;

/* "root", "non-root", "unknown", "wont-start", "root-in-userns" */
const char *nz_user_state_name(NzUserState state);

/* A passwd or group file as the container sees it. */
typedef struct {
  const char *data; /* NULL: there is none, or it cannot be known */
  gsize len;
  const char *unknown; /* not NULL: why it cannot be known */
} NzUserFile;

typedef struct {
  char *declared; /* what the image says, or NULL: nobody said anything */
  NzUserState state;
  gboolean has_uid, has_gid;
  guint32 uid, gid;
  GArray *gids;     /* guint32: gid and the supplementary groups that runtimes add */
  char *why;        /* one sentence, for people */
  gboolean by_name; /* the user part is a name: the kubelet cannot verify it */
  gboolean hostile; /* made to be root on some runtimes: fails whatever the state */
} NzUser;

/* Resolves DECLARED ("user", "uid", "user:group", ...; NULL as ""). PASSWD and GROUP are hostile
 * bytes. The result is owned by the caller: nz_user_free(). */
NzUser *nz_user_resolve(const char *declared, const NzUserFile *passwd, const NzUserFile *group);

/* A user that cannot be decided, for REASON. */
NzUser *nz_user_new_unknown(const char *declared, const char *reason);

void nz_user_free(NzUser *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NzUser, nz_user_free)

/* Calls FUNC for each entry of PASSWD, as moby/sys reads it: numbers that are none count as 0, and
 * so does a missing field. NAME is bytes, valid during the call. FALSE from FUNC stops. Returns
 * FALSE when a line is too long to be read, which runtimes take as an error. */
typedef gboolean (*NzPasswdFunc)(const char *name, gsize name_len, gint64 uid, gint64 gid,
                                 gpointer user_data);
gboolean nz_passwd_foreach(const NzUserFile *passwd, NzPasswdFunc func, gpointer user_data);

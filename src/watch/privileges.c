/* SPDX-License-Identifier: Apache-2.0 */
#include "watch/privileges.h"

#include <errno.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

typedef struct __user_cap_data_struct Sets[_LINUX_CAPABILITY_U32S_3];

static gboolean
get(Sets sets)
{
  struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
  return syscall(SYS_capget, &head, sets) == 0;
}

static gboolean
set(const Sets sets)
{
  struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
  return syscall(SYS_capset, &head, sets) == 0;
}

/* What nobody we start can have. Needs SETPCAP; without it we may still give up our own. */
static void
drop_bounding(guint64 keep)
{
  for (int cap = 0; prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0; cap++)
    if (cap >= 64 || !(keep & NZ_CAPABILITY(cap)))
      prctl(PR_CAPBSET_DROP, cap, 0, 0, 0);
}

gboolean
nz_privileges_drop(guint64 keep, GError **error)
{
  Sets sets;
  drop_bounding(keep);
  if (!get(sets)) {
    nz_set_errno(error, errno, "cannot ask for our capabilities");
    return FALSE;
  }
  for (guint i = 0; i < G_N_ELEMENTS(sets); i++) {
    guint32 part = (guint32)(keep >> (32 * i));
    sets[i].permitted &= part;
    sets[i].effective = sets[i].permitted;
    sets[i].inheritable = 0;
  }
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
      (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0 && errno != EINVAL) ||
      !set(sets)) {
    nz_set_errno(error, errno, "cannot give up capabilities");
    return FALSE;
  }
  return TRUE;
}

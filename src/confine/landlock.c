/* SPDX-License-Identifier: Apache-2.0 */
/* Landlock: which files can be opened. Everything that the running kernel can handle is handled,
 * that is refused, and what is named is granted. */
#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "confine/confine_private.h"
#include "core/text.h"

/* Newer than the headers of some distributions that we build on. */
#ifndef LANDLOCK_ACCESS_FS_TRUNCATE
#define LANDLOCK_ACCESS_FS_TRUNCATE (1ULL << 14)
#endif
#ifndef LANDLOCK_ACCESS_FS_IOCTL_DEV
#define LANDLOCK_ACCESS_FS_IOCTL_DEV (1ULL << 15)
#endif
#ifndef LANDLOCK_ACCESS_NET_BIND_TCP
#define LANDLOCK_ACCESS_NET_BIND_TCP    (1ULL << 0)
#define LANDLOCK_ACCESS_NET_CONNECT_TCP (1ULL << 1)
#endif
#ifndef LANDLOCK_SCOPE_SIGNAL
#define LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET (1ULL << 0)
#define LANDLOCK_SCOPE_SIGNAL               (1ULL << 1)
#endif

/* struct landlock_ruleset_attr of ABI 6. The kernel takes a longer one than it knows if the rest is
 * zero, and a shorter one. */
typedef struct {
  uint64_t fs, net, scoped;
} Ruleset;

#define FS_ABI_1 ((LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1)

/* What keeping files in a directory takes. */
#define FS_KEEP                                                                                    \
  (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR | LANDLOCK_ACCESS_FS_WRITE_FILE |    \
   LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_TRUNCATE)

#define FS_READ (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)

/* Of a file that is no directory. */
#define FS_OF_FILE                                                                                 \
  (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_TRUNCATE)

static Ruleset
everything(int abi)
{
  Ruleset all = {.fs = FS_ABI_1};
  if (abi >= 2)
    all.fs |= LANDLOCK_ACCESS_FS_REFER;
  if (abi >= 3)
    all.fs |= LANDLOCK_ACCESS_FS_TRUNCATE;
  if (abi >= 4)
    all.net = LANDLOCK_ACCESS_NET_BIND_TCP | LANDLOCK_ACCESS_NET_CONNECT_TCP;
  if (abi >= 5)
    all.fs |= LANDLOCK_ACCESS_FS_IOCTL_DEV;
  if (abi >= 6)
    all.scoped = LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET | LANDLOCK_SCOPE_SIGNAL;
  return all;
}

/* An input that is not there gets no rule, and its own error when it is read. Neither do pipes and
 * other files without a place (EBADFD): what /proc/self/fd leads to stays open to us. */
static gboolean
allow(int ruleset, const char *path, uint64_t access, GError **error)
{
  int fd = open(path, O_PATH | O_CLOEXEC);
  struct stat st;
  if (fd < 0)
    return TRUE;
  struct landlock_path_beneath_attr rule = {.allowed_access = access, .parent_fd = fd};
  if (fstat(fd, &st) < 0 || !S_ISDIR(st.st_mode))
    rule.allowed_access &= FS_OF_FILE;
  gboolean ok =
      syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) == 0 ||
      errno == EBADFD;
  if (!ok) {
    g_autofree char *shown = nz_printable(path, -1);
    nz_set_errno(error, errno, "a rule for %s", shown);
  }
  close(fd);
  return ok;
}

static gboolean
restrict_to(int ruleset, const NzFileRules *rules, uint64_t handled, GError **error)
{
  for (guint i = 0; rules->readable && rules->readable[i]; i++)
    if (!allow(ruleset, rules->readable[i], FS_READ, error))
      return FALSE;
  for (guint i = 0; rules->writable && rules->writable[i]; i++)
    if (!allow(ruleset, rules->writable[i], FS_KEEP & handled, error))
      return FALSE;
  if (syscall(SYS_landlock_restrict_self, ruleset, 0) == 0)
    return TRUE;
  nz_set_errno(error, errno, "landlock_restrict_self");
  return FALSE;
}

gboolean
nz_landlock_restrict(const NzFileRules *rules, int *abi, GError **error)
{
  *abi = (int)syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
  if (*abi < 0) {
    if (errno == ENOSYS || errno == EOPNOTSUPP)
      g_set_error(error, NZ_ERROR, NZ_ERROR_IO, "the kernel has none, or it is switched off");
    else
      nz_set_errno(error, errno, "landlock_create_ruleset");
    return FALSE;
  }
  Ruleset all = everything(*abi);
  if (rules->network) {
    all.net = 0;
    all.scoped &= ~(uint64_t)LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET;
  }
  int ruleset = (int)syscall(SYS_landlock_create_ruleset, &all, sizeof all, 0);
  if (ruleset < 0) {
    nz_set_errno(error, errno, "landlock_create_ruleset");
    return FALSE;
  }
  gboolean ok = restrict_to(ruleset, rules, all.fs, error);
  close(ruleset);
  return ok;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Where a policy is found, and how it is opened: it may lie in a repository that wishes us ill. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/limits.h"
#include "core/text.h"
#include "policy/policy_private.h"

#define FILE_NAME   ".nonzero.yaml"
#define CONFIG_NAME "nonzero/policy.yaml"

static GBytes *
read_all(int fd, const char *shown, GError **error)
{
  struct stat st;
  if (fstat(fd, &st) != 0) {
    nz_set_errno(error, errno, "cannot read the policy %s", shown);
    return NULL;
  }
  if (!S_ISREG(st.st_mode)) {
    nz_set_input_error(error, "the policy %s is no regular file", shown);
    return NULL;
  }
  /* One byte more than it may have: the size in st may be old. */
  g_autofree char *data = g_malloc(NZ_POLICY_MAX + 1);
  gsize len = 0;
  while (len <= NZ_POLICY_MAX) {
    gssize n = TEMP_FAILURE_RETRY(read(fd, data + len, NZ_POLICY_MAX + 1 - len));
    if (n < 0) {
      nz_set_errno(error, errno, "cannot read the policy %s", shown);
      return NULL;
    }
    if (n == 0)
      return g_bytes_new(data, len);
    len += (gsize)n;
  }
  g_set_error(error, NZ_ERROR, NZ_ERROR_LIMIT, "the policy %s is larger than %u KiB", shown,
              (guint)(NZ_POLICY_MAX / 1024));
  return NULL;
}

/* Whoever can write to /tmp can put a policy above all that is done there: one that is only found
 * must be of us, of root or of whom the directory HERE, where the search began, belongs to. */
static gboolean
check_owner(int fd, const char *here, const char *shown, GError **error)
{
  struct stat policy, begin;
  if (fstat(fd, &policy) != 0 || policy.st_uid == 0 || policy.st_uid == geteuid() ||
      (stat(here, &begin) == 0 && begin.st_uid == policy.st_uid))
    return TRUE;
  return nz_set_input(error,
                      "the policy %s was found, but belongs to another user (%u); to use it, name "
                      "it: --policy=%s; --no-policy does without",
                      shown, policy.st_uid, shown);
}

/* HERE is NULL or, where a policy is searched for, the directory where that began; no link is
 * followed then. NZ_ERROR_NOT_FOUND when there is none. O_NONBLOCK: a FIFO must not hold us. */
static NzPolicy *
load(const char *path, const char *here, GError **error)
{
  int flags = here ? O_NOFOLLOW : 0;
  g_autofree char *shown = nz_printable(path, -1);
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | flags);
  if (fd < 0 && (errno == ENOENT || errno == ENOTDIR)) {
    g_set_error(error, NZ_ERROR, NZ_ERROR_NOT_FOUND, "there is no policy %s", shown);
    return NULL;
  }
  if (fd < 0 && errno == ELOOP && flags) {
    nz_set_input_error(
        error,
        "the policy %s is a symbolic link, which is followed only where it is named: "
        "--policy=%s, or --no-policy to do without",
        shown, shown);
    return NULL;
  }
  if (fd < 0) {
    nz_set_errno(error, errno, "cannot open the policy %s", shown);
    if (flags && error && *error) {
      /* It may ask for more than what is built in: to go on without it would be a guess. */
      g_autofree char *text = g_steal_pointer(&(*error)->message);
      (*error)->message = g_strconcat(text, "; --no-policy does without one", NULL);
    }
    return NULL;
  }
  gboolean trusted = !flags || check_owner(fd, here, shown, error);
  g_autoptr(GBytes) bytes = trusted ? read_all(fd, shown, error) : NULL;
  close(fd);
  return bytes ? nz_policy_parse(bytes, shown, error) : NULL;
}

NzPolicy *
nz_policy_load(const char *path, GError **error)
{
  return load(path, NULL, error);
}

/* --- the search --- */

/* TRUE when the search is over: *POLICY is set, or an error. */
static gboolean
found(const char *path, const char *here, NzPolicy **policy, GError **error)
{
  GError *failed = NULL;
  *policy = load(path, here, &failed);
  if (g_error_matches(failed, NZ_ERROR, NZ_ERROR_NOT_FOUND)) {
    g_clear_error(&failed);
    return FALSE;
  }
  if (failed)
    g_propagate_error(error, failed);
  return TRUE;
}

/* HERE: NULL for the working directory; one that is gone has no policy above it. */
static gboolean
search_upward(const char *here, NzPolicy **policy, GError **error)
{
  g_autofree char *dir = here ? g_strdup(here) : getcwd(NULL, 0);
  while (dir && *dir == '/') {
    g_autofree char *path = g_build_filename(dir, FILE_NAME, NULL);
    if (found(path, here ? here : ".", policy, error))
      return TRUE;
    if (!dir[1])
      break;
    char *up = g_path_get_dirname(dir);
    g_free(dir);
    dir = up;
  }
  return FALSE;
}

/* GLib would ask the user database for a home that the environment lacks. */
static char *
config_path(void)
{
  const char *config = g_getenv("XDG_CONFIG_HOME"), *home = g_getenv("HOME");
  if (config && *config == '/')
    return g_build_filename(config, CONFIG_NAME, NULL);
  return home && *home == '/' ? g_build_filename(home, ".config", CONFIG_NAME, NULL) : NULL;
}

NzPolicy *
nz_policy_search_from(const char *directory, GError **error)
{
  NzPolicy *policy = NULL;
  g_autofree char *config = config_path();
  if (search_upward(directory, &policy, error) || (config && found(config, NULL, &policy, error)) ||
      found("/etc/" CONFIG_NAME, NULL, &policy, error))
    return policy;
  return nz_policy_new();
}

NzPolicy *
nz_policy_search(GError **error)
{
  return nz_policy_search_from(NULL, error);
}

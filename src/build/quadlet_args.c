/* SPDX-License-Identifier: Apache-2.0 */
/* PodmanArgs=: options that are handed to Podman as they are. */
#include <string.h>

#include "build/quadlet_private.h"

/* The value of FLAG when WORD is it: behind "=", behind a short one, or the NEXT word, which is
 * *USED then. NULL: it is not FLAG, or has no value. */
static const char *
flag_value(const NzQuadletFlag *flag, const char *word, const char *next, gboolean *used)
{
  gsize len = strlen(flag->name);
  if (strncmp(word, flag->name, len) == 0) {
    if (word[len] == '=')
      return word + len + 1;
    if (word[len] == '\0')
      return flag->boolean ? "true" : (*used = TRUE, next);
  }
  if (!flag->brief || strncmp(word, flag->brief, strlen(flag->brief)) != 0)
    return NULL;
  word += strlen(flag->brief);
  return *word ? word + (*word == '=') : (*used = TRUE, next);
}

/* "-itu" is "-u" behind short options without a value; INTO is for the result. */
static const char *
last_short(const char *word, char **into)
{
  gsize n = word[0] == '-' && word[1] != '-' ? strspn(word + 1, "ditPq") : 0;
  return n > 0 && word[n + 1] ? (*into = g_strconcat("-", word + n + 1, NULL)) : word;
}

/* Of `podman run`: these take the next word as their value, whatever it looks like. Those whose
 * values matter here are in the caller's table. */
static const char *const with_values[] = {"--add-host",
                                          "--annotation",
                                          "--arch",
                                          "--attach",
                                          "--blkio-weight",
                                          "--cgroup-conf",
                                          "--cgroup-parent",
                                          "--cgroups",
                                          "--chrootdirs",
                                          "--cidfile",
                                          "--conmon-pidfile",
                                          "--cpu-period",
                                          "--cpu-quota",
                                          "--cpu-shares",
                                          "--cpus",
                                          "--cpuset-cpus",
                                          "--cpuset-mems",
                                          "--detach-keys",
                                          "--device",
                                          "--dns",
                                          "--dns-option",
                                          "--dns-search",
                                          "--entrypoint",
                                          "--env",
                                          "--env-file",
                                          "--env-merge",
                                          "--expose",
                                          "--gpus",
                                          "--health-cmd",
                                          "--hostname",
                                          "--hostuser",
                                          "--image-volume",
                                          "--init-path",
                                          "--ip",
                                          "--ip6",
                                          "--ipc",
                                          "--label",
                                          "--label-file",
                                          "--log-driver",
                                          "--log-opt",
                                          "--mac-address",
                                          "--memory",
                                          "--memory-swap",
                                          "--mount",
                                          "--name",
                                          "--network",
                                          "--network-alias",
                                          "--os",
                                          "--passwd-entry",
                                          "--pid",
                                          "--pidfile",
                                          "--pids-limit",
                                          "--platform",
                                          "--pod",
                                          "--pod-id-file",
                                          "--preserve-fd",
                                          "--pull",
                                          "--requires",
                                          "--restart",
                                          "--rootfs",
                                          "--sdnotify",
                                          "--secret",
                                          "--shm-size",
                                          "--stop-signal",
                                          "--stop-timeout",
                                          "--subgidname",
                                          "--subuidname",
                                          "--sysctl",
                                          "--timeout",
                                          "--tmpfs",
                                          "--tz",
                                          "--ulimit",
                                          "--umask",
                                          "--unsetenv",
                                          "--uts",
                                          "--variant",
                                          "--volume",
                                          "--volumes-from",
                                          "--workdir",
                                          "-a",
                                          "-c",
                                          "-e",
                                          "-h",
                                          "-l",
                                          "-m",
                                          "-v",
                                          "-w",
                                          NULL};

gboolean
nz_quadlet_args(const NzUnit *unit, const char *section, const NzQuadletFlag *flags, gpointer data,
                GError **error)
{
  g_autoptr(GPtrArray) words = nz_unit_words(unit, section, "PodmanArgs", error);
  for (guint i = 0; words && i < words->len; i++) {
    const NzUnitWord *word = words->pdata[i];
    gboolean last = i + 1 == words->len;
    const char *next = last ? NULL : ((const NzUnitWord *)words->pdata[i + 1])->text;
    g_autofree char *rest = NULL;
    const char *text = last_short(word->text, &rest);
    gboolean used = FALSE;
    for (const NzQuadletFlag *flag = flags; flag->name && !used; flag++) {
      const char *value = flag_value(flag, text, next, &used);
      if (value)
        flag->take(value, words->pdata[i + (used ? 1 : 0)], flag, data);
      if (value)
        break;
    }
    used = used || g_strv_contains(with_values, text);
    i += used;
  }
  return words != NULL;
}

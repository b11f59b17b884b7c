/* SPDX-License-Identifier: Apache-2.0 */
/* The keys that the Compose Specification has: a misspelt `user:` is worth a note. */
#include "build/compose_private.h"
#include "core/nearest.h"

static const char *const top_keys[] = {"configs", "include",  "models",  "name",    "networks",
                                       "secrets", "services", "version", "volumes", NULL};

static const char *const service_keys[] = {"annotations",
                                           "attach",
                                           "blkio_config",
                                           "build",
                                           "cap_add",
                                           "cap_drop",
                                           "cgroup",
                                           "cgroup_parent",
                                           "command",
                                           "configs",
                                           "container_name",
                                           "cpu_count",
                                           "cpu_percent",
                                           "cpu_period",
                                           "cpu_quota",
                                           "cpu_rt_period",
                                           "cpu_rt_runtime",
                                           "cpu_shares",
                                           "cpus",
                                           "cpuset",
                                           "credential_spec",
                                           "depends_on",
                                           "deploy",
                                           "develop",
                                           "device_cgroup_rules",
                                           "devices",
                                           "dns",
                                           "dns_opt",
                                           "dns_search",
                                           "domainname",
                                           "entrypoint",
                                           "env_file",
                                           "environment",
                                           "expose",
                                           "extends",
                                           "external_links",
                                           "extra_hosts",
                                           "gpus",
                                           "group_add",
                                           "healthcheck",
                                           "hostname",
                                           "image",
                                           "init",
                                           "ipc",
                                           "isolation",
                                           "label_file",
                                           "labels",
                                           "links",
                                           "logging",
                                           "mac_address",
                                           "mem_limit",
                                           "mem_reservation",
                                           "mem_swappiness",
                                           "memswap_limit",
                                           "models",
                                           "network_mode",
                                           "networks",
                                           "oom_kill_disable",
                                           "oom_score_adj",
                                           "pid",
                                           "pids_limit",
                                           "platform",
                                           "ports",
                                           "post_start",
                                           "pre_stop",
                                           "privileged",
                                           "profiles",
                                           "provider",
                                           "pull_policy",
                                           "pull_refresh_after",
                                           "read_only",
                                           "restart",
                                           "runtime",
                                           "scale",
                                           "secrets",
                                           "security_opt",
                                           "shm_size",
                                           "stdin_open",
                                           "stop_grace_period",
                                           "stop_signal",
                                           "storage_opt",
                                           "sysctls",
                                           "tmpfs",
                                           "tty",
                                           "ulimits",
                                           "use_api_socket",
                                           "user",
                                           "userns_mode",
                                           "uts",
                                           "volume_driver",
                                           "volumes",
                                           "volumes_from",
                                           "working_dir",
                                           NULL};

static void
note_keys(NzCompose *self, const NzYaml *map, const char *const *known, const char *whose)
{
  for (guint i = 0; i < map->keys->len; i++) {
    const NzYaml *key = map->keys->pdata[i];
    if (g_str_has_prefix(key->text, "x-") || g_strv_contains(known, key->text))
      continue;
    g_autofree char *shown = nz_compose_show(key->text);
    const char *near = nz_nearest(key->text, known);
    nz_services_note(self->result, NZ_NODE_SOURCE(key), key->start,
                     "%s is no key of %s, and not looked at%s%s%s", shown, whose,
                     near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
  }
}

void
nz_compose_note_keys(NzCompose *self, NzYaml *document)
{
  if (document->kind != NZ_YAML_MAP)
    return;
  note_keys(self, document, top_keys, "a Compose file");
  NzYaml *services = nz_yaml_get(document, "services");
  if (!services || services->kind != NZ_YAML_MAP)
    return;
  for (guint i = 0; i < services->items->len; i++) {
    const NzYaml *service = services->items->pdata[i];
    if (service->kind == NZ_YAML_MAP)
      note_keys(self, service, service_keys, "a service");
  }
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "check/check.h"

#include <string.h>

static const NzCheck *const checks[] = {
    &nz_check_image_user,
    &nz_check_setuid_root,
    &nz_check_setuid_inert,
    &nz_check_setgid_root,
    &nz_check_setuid_other,
    &nz_check_setgid_other,
    &nz_check_file_capabilities,
    &nz_check_uid0_alias,
    &nz_check_user_not_numeric,
    &nz_check_ambiguous_layer,
    &nz_check_media_type_mismatch,
    &nz_check_root_no_password,
    &nz_check_sudoers_nopasswd,
    &nz_check_writable_passwd,
    &nz_check_writable_code,
    &nz_check_unwritable_state,
    &nz_check_entrypoint_not_executable,
    &nz_check_low_port,
    &nz_check_drops_root,
    &nz_check_privileged_tools,
    &nz_check_arbitrary_uid,
    &nz_check_setuid_package,
    &nz_check_privileged_group,
    &nz_check_privileged_run,
    &nz_check_world_writable,
    &nz_check_needs_root,
    &nz_check_privileged_container,
    &nz_check_added_capability,
    &nz_check_new_privileges,
    &nz_check_host_userns,
    &nz_check_root_process,
    &nz_check_root_in_userns,
    &nz_check_runtime_drift,
    &nz_check_events_lost,
    &nz_check_kubelet_refuses,
    &nz_check_host_namespaces,
    &nz_check_unmasked_proc,
    &nz_check_root_group,
    &nz_check_no_run_as_non_root,
    &nz_check_pss_apparmor,
    &nz_check_pss_capabilities_baseline,
    &nz_check_pss_host_namespaces,
    &nz_check_pss_host_path,
    &nz_check_pss_host_ports,
    &nz_check_pss_host_probes,
    &nz_check_pss_privileged,
    &nz_check_pss_proc_mount,
    &nz_check_pss_selinux_options,
    &nz_check_pss_seccomp_baseline,
    &nz_check_pss_sysctls,
    &nz_check_pss_windows_host_process,
    &nz_check_pss_privilege_escalation,
    &nz_check_pss_capabilities_restricted,
    &nz_check_pss_proc_mount_restricted,
    &nz_check_pss_volume_types,
    &nz_check_pss_run_as_non_root,
    &nz_check_pss_run_as_user,
    &nz_check_pss_seccomp_restricted,
    &nz_check_scc_capabilities,
    &nz_check_scc_fs_group,
    &nz_check_scc_host_namespaces,
    &nz_check_scc_host_ports,
    &nz_check_scc_privilege_escalation,
    &nz_check_scc_privileged,
    &nz_check_scc_run_as_user,
    &nz_check_scc_seccomp,
    &nz_check_scc_selinux,
    &nz_check_scc_sysctls,
    &nz_check_scc_volumes,
    &nz_check_expired_exception,
};

const NzCheck *
nz_check_at(guint i)
{
  return i < G_N_ELEMENTS(checks) ? checks[i] : NULL;
}

const NzCheck *
nz_check_find(const char *rule)
{
  for (guint i = 0; i < G_N_ELEMENTS(checks); i++)
    if (strcmp(checks[i]->rule, rule) == 0)
      return checks[i];
  return NULL;
}

static gboolean
is_called(const NzCheck *check, const char *name)
{
  if (g_ascii_strcasecmp(check->rule, name) == 0)
    return TRUE;
  for (guint i = 0; check->aliases[i]; i++)
    if (g_ascii_strcasecmp(check->aliases[i], name) == 0)
      return TRUE;
  return FALSE;
}

guint
nz_check_foreach_named(const char *name, NzCheckFunc func, gpointer user_data)
{
  guint n = 0;
  for (guint i = 0; i < G_N_ELEMENTS(checks); i++)
    if (is_called(checks[i], name)) {
      func(checks[i], user_data);
      n++;
    }
  return n;
}

gboolean
nz_check_judges(const NzCheck *check, const char *kind)
{
  /* What runs on nothing is found by others, in whatever it is. */
  if (!check->run && !check->run_build && !check->run_running)
    return TRUE;
  if (strcmp(kind, "container") == 0)
    return check->run_running != NULL;
  return nz_kind_is_source(kind) ? check->run_build != NULL : check->run != NULL;
}

gboolean
nz_check_runs(const NzCheck *check, const char *profile)
{
  if (g_strcmp0(profile, NZ_PROFILE_USER_ONLY) == 0)
    return check->run && check->by_config;
  return check->run && (!check->profile || g_strcmp0(check->profile, profile) == 0);
}

gboolean
nz_check_asks(const NzCheck *check, const char *kind, const char *profile)
{
  const char *pods = strcmp(kind, "workload-container") == 0 ? nz_profile_of_pods(profile) : NULL;
  gboolean restricted;
  guint minor;
  if (pods && g_strcmp0(check->profile, pods) != 0)
    return FALSE;
  if (pods && nz_profile_pod_security(profile, &restricted, &minor))
    return minor >= check->since && (restricted ? minor < check->until : !check->restricted);
  if (!pods && strcmp(kind, "container") == 0)
    return check->run_running != NULL;
  return pods || (nz_check_runs(check, profile) && nz_check_judges(check, kind));
}

void
nz_checks_run(const NzImageFacts *facts, GPtrArray *findings)
{
  for (guint i = 0; i < G_N_ELEMENTS(checks); i++) {
    if (nz_check_runs(checks[i], facts->profile))
      checks[i]->run(facts, findings);
  }
}

static gboolean
runs_on_build(const NzCheck *check, const char *profile)
{
  if (!check->run_build)
    return FALSE;
  gboolean alone =
      g_strcmp0(profile, NZ_PROFILE_POD_SECURITY) == 0 || g_strcmp0(profile, NZ_PROFILE_SCC) == 0;
  return check->profile ? g_strcmp0(check->profile, profile) == 0 : !alone;
}

void
nz_checks_run_build(const NzBuildFacts *facts, GPtrArray *findings)
{
  for (guint i = 0; i < G_N_ELEMENTS(checks); i++)
    if (runs_on_build(checks[i], facts->profile))
      checks[i]->run_build(facts, findings);
}

void
nz_checks_run_running(const NzRunningFacts *facts, GPtrArray *findings)
{
  for (guint i = 0; i < G_N_ELEMENTS(checks); i++)
    if (checks[i]->run_running)
      checks[i]->run_running(facts, findings);
}

const NzAct *
nz_acts_next(const NzBuildFacts *facts, NzActKind kind, guint *i)
{
  while (facts->acts && *i < facts->acts->len) {
    const NzAct *act = facts->acts->pdata[(*i)++];
    if (act->kind == kind)
      return act;
  }
  return NULL;
}

NzFinding *
nz_finding_add_act(GPtrArray *findings, const NzCheck *check, NzLevel level, const NzAct *act,
                   const char *format, ...)
{
  va_list args;
  va_start(args, format);
  g_autofree char *message = g_strdup_vprintf(format, args);
  va_end(args);
  gboolean doubt = act->maybe && level == NZ_LEVEL_FAIL;
  NzFinding *f = nz_finding_new(check->rule, doubt ? NZ_LEVEL_WARN : level, check->remedy, "%s%s",
                                message, act->maybe ? ", where that runs" : "");
  f->undecided = doubt;
  f->place = nz_place_copy(act->place);
  if (act->what && *act->what == '/')
    f->path = g_strdup(act->what);
  g_ptr_array_add(findings, f);
  return f;
}

void
nz_file_fact_free(gpointer self)
{
  NzFileFact *f = self;
  if (!f)
    return;
  g_free(f->path);
  g_free(f->package);
  g_free(f);
}

NzFinding *
nz_finding_add_file(GPtrArray *findings, const NzCheck *check, NzLevel level,
                    const NzFileFact *file, const char *message)
{
  NzFinding *f = nz_finding_new(check->rule, level, check->remedy, "%s", message);
  f->path = g_strdup(file->path);
  f->mode = file->mode;
  f->uid = file->uid;
  f->gid = file->gid;
  f->has_mode = !file->bare;
  f->layer = file->layer;
  f->package = g_strdup(file->package);
  g_ptr_array_add(findings, f);
  return f;
}

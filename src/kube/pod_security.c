/* SPDX-License-Identifier: Apache-2.0 */
/* Which checks a profile has, and how they are run: as registry.go of pod-security-admission does
 * it. The newest API server's reading of each policy version counts. */
#include "kube/pod_security.h"

#include <string.h>

#include "check/build_facts.h"
#include "check/profile.h"
#include "core/text.h"
#include "kube/pod_security_private.h"

/* Each by its name, as the API server sorts its messages. */
static const NzPodCheck baseline[] = {
    {"appArmorProfile", "pss-apparmor", NULL, {{0, nz_pss_app_armor}}},
    {"capabilities_baseline",
     "pss-capabilities-baseline",
     NULL,
     {{0, nz_pss_capabilities_baseline}}},
    {"hostNamespaces", "pss-host-namespaces", NULL, {{0, nz_pss_host_namespaces}}},
    {"hostPathVolumes", "pss-host-path", NULL, {{0, nz_pss_host_path_volumes}}},
    {"hostPorts", "pss-host-ports", NULL, {{0, nz_pss_host_ports}}},
    {"hostProbesAndHostLifecycle", "pss-host-probes", NULL, {{34, nz_pss_host_probes}}},
    {"privileged", "pss-privileged", NULL, {{0, nz_pss_privileged}}},
    {"procMount",
     "pss-proc-mount",
     NULL,
     {{0, nz_pss_proc_mount}, {35, nz_pss_proc_mount_relaxed}}},
    {"seLinuxOptions", "pss-selinux-options", NULL, {{0, nz_pss_selinux_options}}},
    {"seccompProfile_baseline",
     "pss-seccomp-baseline",
     NULL,
     {{0, nz_pss_seccomp_annotations}, {19, nz_pss_seccomp_baseline}}},
    {"sysctls", "pss-sysctls", NULL, {{0, nz_pss_sysctls}}},
    {"windowsHostProcess", "pss-windows-host-process", NULL, {{0, nz_pss_windows_host_process}}},
};

static const NzPodCheck restricted[] = {
    {"allowPrivilegeEscalation",
     "pss-privilege-escalation",
     NULL,
     {{8, nz_pss_privilege_escalation}, {25, nz_pss_privilege_escalation_linux}}},
    {"capabilities_restricted",
     "pss-capabilities-restricted",
     "capabilities_baseline",
     {{22, nz_pss_capabilities_restricted}, {25, nz_pss_capabilities_restricted_linux}}},
    {"procMount_restricted", "pss-proc-mount-restricted", "procMount", {{35, nz_pss_proc_mount}}},
    {"restrictedVolumes", "pss-volume-types", "hostPathVolumes", {{0, nz_pss_restricted_volumes}}},
    {"runAsNonRoot",
     "pss-run-as-non-root",
     NULL,
     {{0, nz_pss_run_as_non_root}, {35, nz_pss_run_as_non_root_relaxed}}},
    {"runAsUser",
     "pss-run-as-user",
     NULL,
     {{23, nz_pss_run_as_user}, {35, nz_pss_run_as_user_relaxed}}},
    {"seccompProfile_restricted",
     "pss-seccomp-restricted",
     "seccompProfile_baseline",
     {{19, nz_pss_seccomp_restricted}, {25, nz_pss_seccomp_restricted_linux}}},
};

/* The row of the newest version that is not newer than v1.MINOR; NULL: the check is younger. */
static const NzPodCheckRow *
row_of(const NzPodCheck *check, guint minor)
{
  const NzPodCheckRow *found = NULL;
  for (guint i = 0; i < G_N_ELEMENTS(check->rows) && check->rows[i].run; i++)
    if (check->rows[i].from <= minor)
      found = &check->rows[i];
  return found;
}

static gboolean
is_overridden(const char *id, guint minor)
{
  for (guint i = 0; i < G_N_ELEMENTS(restricted); i++)
    if (g_strcmp0(restricted[i].overrides, id) == 0 && row_of(&restricted[i], minor))
      return TRUE;
  return FALSE;
}

static void
run(NzPodJudge *judge, const NzPodCheck *check)
{
  const NzPodCheckRow *row = row_of(check, judge->minor);
  if (!row)
    return;
  judge->check = check;
  row->run(judge);
}

static GPtrArray *
list_setters(const NzKubePod *pod)
{
  GPtrArray *who = g_ptr_array_new_with_free_func(g_free);
  g_ptr_array_add(who, g_strdup("pod"));
  for (guint i = 0; i < pod->containers->len; i++) {
    const NzKubeContainer *container = pod->containers->pdata[i];
    g_ptr_array_add(who, g_strdup_printf("container \"%s\"", container->name));
  }
  return who;
}

static void
judge_pod_security(NzPodJudge *judge, gboolean is_restricted)
{
  for (guint i = 0; i < G_N_ELEMENTS(baseline); i++)
    if (!is_restricted || !is_overridden(baseline[i].id, judge->minor))
      run(judge, &baseline[i]);
  for (guint i = 0; is_restricted && i < G_N_ELEMENTS(restricted); i++)
    run(judge, &restricted[i]);
}

void
nz_pod_profile_judge(const char *profile, const NzManifest *manifest, const NzKubePod *pod,
                     GPtrArray *violations)
{
  const char *pods = nz_profile_of_pods(profile);
  if (!pods)
    return;
  g_autoptr(GPtrArray) who = list_setters(pod);
  NzPodJudge judge = {.manifest = manifest, .pod = pod, .who = who, .violations = violations};
  gboolean is_restricted;
  if (nz_profile_pod_security(profile, &is_restricted, &judge.minor))
    judge_pod_security(&judge, is_restricted);
  else
    nz_scc_judge(&judge, strchr(profile, ':') + 1);
}

/* --- violations --- */

void
nz_pod_violation_free(gpointer self)
{
  NzPodViolation *v = self;
  if (!v)
    return;
  g_free(v->message);
  nz_place_free(v->place);
  g_free(v);
}

/* Where a field stands that is not there. */
static NzPlace *
place_of_lack(const NzPodJudge *judge, const NzKubeContainer *container)
{
  NzYaml *node = container ? container->node : judge->pod->spec;
  NzPlace *place = nz_kube_key_place(judge->manifest, node, "securityContext");
  return place ? place : nz_kube_place(judge->manifest, node);
}

NzPodViolation *
nz_pod_violate(NzPodJudge *judge, const NzKubeContainer *container, NzPlace *place,
               const char *format, ...)
{
  va_list args;
  va_start(args, format);
  g_autofree char *message = g_strdup_vprintf(format, args);
  va_end(args);
  NzPodViolation *v = g_new0(NzPodViolation, 1);
  v->check = judge->check->id;
  v->rule = judge->check->rule;
  v->message = nz_printable(message, -1);
  v->place = place ? place : place_of_lack(judge, container);
  v->container = container;
  g_ptr_array_add(judge->violations, v);
  return v;
}

void
nz_pod_violation_acts(const GPtrArray *violations, const NzKubeContainer *container,
                      GPtrArray *acts)
{
  for (guint i = 0; i < violations->len; i++) {
    const NzPodViolation *v = violations->pdata[i];
    if (v->container && v->container != container)
      continue;
    NzAct *act = nz_act_new(NZ_ACT_FORBIDDEN, nz_place_copy(v->place), v->message, v->rule);
    act->maybe = v->undecided;
    g_ptr_array_add(acts, act);
  }
}

/* --- for the checks --- */

NzPlace *
nz_pod_place(const NzPodJudge *judge, NzYaml *map, const char *const *keys)
{
  NzPlace *place = NULL;
  for (guint i = 0; !place && keys[i]; i++)
    place = nz_kube_key_place(judge->manifest, map, keys[i]);
  return place;
}

gboolean
nz_pod_next(const NzPodJudge *judge, NzPodSetter *setter)
{
  const GPtrArray *containers = judge->pod->containers;
  if (setter->next > containers->len)
    return FALSE;
  setter->container = setter->next > 0 ? containers->pdata[setter->next - 1] : NULL;
  setter->context = setter->container ? setter->container->context : judge->pod->context;
  setter->who = judge->who->pdata[setter->next];
  setter->next++;
  return TRUE;
}

gboolean
nz_pod_allows(const NzPodJudge *judge, const NzPodValue *values, guint n, const char *text)
{
  for (guint i = 0; i < n; i++)
    if (values[i].from <= judge->minor && strcmp(values[i].value, text) == 0)
      return TRUE;
  return FALSE;
}

const char *
nz_pod_text(NzYaml *map, const char *key)
{
  const char *text = nz_kube_text(map, key);
  return text ? text : "";
}

const char *
nz_pod_item(const NzYaml *item)
{
  return item->kind == NZ_YAML_TEXT && !item->empty ? item->text : "";
}

gboolean
nz_pod_has_user_namespace(const NzKubePod *pod)
{
  return nz_kube_bool(pod->spec, "hostUsers") == NZ_FIELD_FALSE;
}

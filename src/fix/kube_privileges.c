/* SPDX-License-Identifier: Apache-2.0 */
/* The ways back to root. What only takes away what a process that is not root cannot have is done;
 * what somebody asked for by name (privileged, a capability) is but proposed to be taken away. */
#include <string.h>

#include "fix/kube_private.h"

#define WHY_ASKED "somebody asked for it, and whether it works without is not known"
#define WHY_PORTS                                                                                  \
  "the sysctl makes it needless, but for a program that has it as a file capability, too, which "  \
  "would not start without"

/* --- capabilities --- */

gboolean
nz_kube_is_capability(const NzYaml *item, const char *capability)
{
  const char *text = item->text ? item->text : "";
  if (g_ascii_strncasecmp(text, "CAP_", 4) == 0)
    text += 4;
  return g_ascii_strcasecmp(text, capability) == 0;
}

static NzYaml *
capabilities_of(const NzKubeOne *one, const char *key)
{
  return nz_kube_list(nz_kube_map(one->context, "capabilities"), key);
}

gboolean
nz_kube_adds(const NzKubeOne *one, const char *capability)
{
  NzYaml *add = capabilities_of(one, "add");
  for (guint i = 0; add && i < add->items->len; i++)
    if (nz_kube_is_capability(add->items->pdata[i], capability))
      return TRUE;
  return FALSE;
}

/* What rules object to. */
typedef struct {
  gboolean restricted, baseline; /* all but what these take */
  GHashTable *items;             /* those that begin there */
} Objections;

static void
objections_clear(Objections *self)
{
  g_hash_table_unref(self->items);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Objections, objections_clear)

static Objections
objections_of(const NzKubeOne *one)
{
  Objections all = {.items = g_hash_table_new(NULL, NULL)};
  const GPtrArray *findings = one->goals[NZ_GOAL_CAPABILITY];
  for (guint i = 0; findings && i < findings->len; i++) {
    const NzFinding *finding = findings->pdata[i];
    if (strcmp(finding->rule, "pss-capabilities-baseline") == 0)
      all.baseline = TRUE;
    else if (strcmp(finding->rule, "added-capability") != 0)
      all.restricted = TRUE;
    else if (finding->place)
      g_hash_table_add(all.items, GUINT_TO_POINTER(finding->place->start));
  }
  return all;
}

static gboolean
is_objected(const Objections *all, const NzYaml *item)
{
  static const char *const restricted[] = {"NET_BIND_SERVICE", NULL};
  static const char *const baseline[] = {
      "AUDIT_WRITE",      "CHOWN",   "DAC_OVERRIDE", "FOWNER",  "FSETID", "KILL",       "MKNOD",
      "NET_BIND_SERVICE", "SETFCAP", "SETGID",       "SETPCAP", "SETUID", "SYS_CHROOT", NULL};
  const char *text = item->text ? item->text : "";
  return (all->restricted && !g_strv_contains(restricted, text)) ||
         (all->baseline && !g_strv_contains(baseline, text)) ||
         g_hash_table_contains(all->items, GUINT_TO_POINTER(item->start));
}

/* A sysctl lets it bind ports, by what is there or what is verified. */
static gboolean
binds_by_sysctl(NzKubeMend *self)
{
  NzYaml *wanted = nz_yaml_get(nz_kube_plan(self, NULL)->pod, "securityContext");
  return nz_yaml_get(wanted, "sysctls") || nz_kube_has_port_sysctl(self);
}

/* A program that binds a low port may have the capability from its file, and then does not even
 * start where it is dropped: execve() fails. */
static gboolean
may_need_port_capability(const NzKubeOne *one)
{
  return nz_kube_has_low_port(one) && !nz_kube_adds(one, "NET_BIND_SERVICE");
}

static void
propose_capabilities(NzKubeMend *self, NzKubeOne *one)
{
  NzYaml *add = capabilities_of(one, "add");
  g_autoptr(NzYaml) kept = nz_want_list();
  g_auto(Objections) objections = objections_of(one);
  gboolean ports_alone = TRUE;
  for (guint i = 0; add && i < add->items->len; i++) {
    const NzYaml *item = add->items->pdata[i];
    if (!is_objected(&objections, item))
      nz_yaml_append(kept, nz_want_text(item->text ? item->text : ""));
    else
      ports_alone &= nz_kube_is_capability(item, "NET_BIND_SERVICE");
  }
  if (!add || kept->items->len == add->items->len)
    return;
  if (one->goals[NZ_GOAL_DROP] && may_need_port_capability(one))
    nz_yaml_append(kept, nz_want_text("NET_BIND_SERVICE"));
  NzKubePlan *plan =
      nz_kube_plan(self, ports_alone && binds_by_sysctl(self) ? WHY_PORTS : WHY_ASKED);
  nz_want_set(nz_want_sub(nz_kube_want(plan, one), "capabilities"), "add", g_steal_pointer(&kept));
  nz_kube_mends(plan, one, NZ_GOAL_CAPABILITY);
}

static void
drop_all(NzKubePlan *plan, const NzKubeOne *one)
{
  NzYaml *drop = capabilities_of(one, "drop"), *all = nz_want_list();
  for (guint i = 0; drop && i < drop->items->len; i++) {
    const char *text = ((NzYaml *)drop->items->pdata[i])->text;
    if (g_strcmp0(text, "ALL") == 0) {
      nz_yaml_free(all);
      return;
    }
    nz_yaml_append(all, nz_want_text(text ? text : ""));
  }
  nz_yaml_append(all, nz_want_text("ALL"));
  nz_want_set(nz_want_sub(nz_kube_want(plan, one), "capabilities"), "drop", all);
  nz_kube_mends(plan, one, NZ_GOAL_DROP);
}

/* "restricted" lets it be added. */
static void
add_port_capability(NzKubePlan *plan, const NzKubeOne *one)
{
  NzYaml *old = capabilities_of(one, "add");
  NzYaml *add = old ? nz_want_copy(old) : nz_want_list();
  nz_yaml_append(add, nz_want_text("NET_BIND_SERVICE"));
  nz_want_set(nz_want_sub(nz_kube_want(plan, one), "capabilities"), "add", add);
}

static void
mend_drop(NzKubeMend *self, NzKubeOne *one, gboolean asked)
{
  gboolean goal = one->goals[NZ_GOAL_DROP] != NULL;
  asked = asked && !may_need_port_capability(one);
  if (nz_kube_adds(one, "ALL") || (!asked && !goal))
    return;
  if (nz_kube_is_non_root(self, one)) {
    if (goal && may_need_port_capability(one))
      add_port_capability(nz_kube_plan(self, NULL), one);
    drop_all(nz_kube_plan(self, NULL), one);
  } else if (one->goals[NZ_GOAL_DROP])
    drop_all(nz_kube_plan(self, "as long as it is not known to start as another user than root, "
                                "it may need them"),
             one);
}

/* --- seccomp --- */

static NzYaml *
runtime_default(void)
{
  NzYaml *profile = nz_want_map();
  nz_want_set(profile, "type", nz_want_text("RuntimeDefault"));
  return profile;
}

static void
mend_seccomp(NzKubeMend *self, NzKubeOne *one, gboolean asked)
{
  NzYaml *own = nz_kube_field(one->context, "seccompProfile");
  NzYaml *of_pod = nz_kube_field(self->context, "seccompProfile");
  if (!own && !of_pod && (asked || one->goals[NZ_GOAL_SECCOMP])) {
    NzKubePlan *plan = nz_kube_plan(self, NULL);
    nz_kube_field_set(self, plan, one, "seccompProfile", runtime_default());
    nz_kube_mends(plan, one, NZ_GOAL_SECCOMP);
  } else if (one->goals[NZ_GOAL_SECCOMP] && (own || of_pod)) {
    NzKubePlan *plan = nz_kube_plan(self, WHY_ASKED);
    nz_want_set(own ? nz_kube_want(plan, one) : nz_want_sub(plan->pod, "securityContext"),
                "seccompProfile", runtime_default());
    nz_kube_mends(plan, one, NZ_GOAL_SECCOMP);
  }
}

/* --- allowPrivilegeEscalation --- */

/* The API server refuses false beside privileged, and beside SYS_ADMIN: it goes with what takes
 * these away. */
static void
mend_escalation(NzKubeMend *self, NzKubeOne *one)
{
  gboolean privileged = nz_kube_bool(one->context, "privileged") == NZ_FIELD_TRUE;
  gboolean admin = nz_kube_adds(one, "SYS_ADMIN") || nz_kube_adds(one, "ALL");
  if (!one->goals[NZ_GOAL_ESCALATION] || (privileged && !one->goals[NZ_GOAL_PRIVILEGED]) ||
      (admin && !one->goals[NZ_GOAL_CAPABILITY]))
    return;
  NzKubePlan *plan = nz_kube_plan(self, privileged || admin ? WHY_ASKED : NULL);
  nz_want_set(nz_kube_want(plan, one), "allowPrivilegeEscalation", nz_want_bare("false"));
  nz_kube_mends(plan, one, NZ_GOAL_ESCALATION);
}

/* --- what was asked for --- */

static void
propose_less(NzKubeMend *self, NzKubeOne *one)
{
  static const char *const host[] = {"hostPID", "hostIPC", "hostNetwork"};
  if (one->goals[NZ_GOAL_PRIVILEGED]) {
    NzKubePlan *plan = nz_kube_plan(self, WHY_ASKED);
    if (nz_kube_bool(one->context, "privileged") == NZ_FIELD_TRUE)
      nz_want_set(nz_kube_want(plan, one), "privileged", nz_want_bare("false"));
    nz_kube_mends(plan, one, NZ_GOAL_PRIVILEGED);
  }
  if (one->goals[NZ_GOAL_PROC] && nz_kube_field(one->context, "procMount")) {
    NzKubePlan *plan = nz_kube_plan(self, WHY_ASKED);
    nz_want_set(nz_kube_want(plan, one), "procMount", nz_want_text("Default"));
    nz_kube_mends(plan, one, NZ_GOAL_PROC);
  }
  for (guint i = 0; one->goals[NZ_GOAL_HOST] && i < G_N_ELEMENTS(host); i++)
    if (nz_kube_bool(self->pod->spec, host[i]) == NZ_FIELD_TRUE) {
      NzKubePlan *plan = nz_kube_plan(self, WHY_ASKED);
      nz_want_set(plan->pod, host[i], nz_want_bare("false"));
      nz_kube_mends(plan, one, NZ_GOAL_HOST);
    }
  if (one->goals[NZ_GOAL_CAPABILITY])
    propose_capabilities(self, one);
}

/* Something of ONE is mended, and not only proposed. */
static gboolean
is_mended(NzKubeMend *self, const NzKubeOne *one)
{
  static const NzKubeGoal goals[] = {NZ_GOAL_USER, NZ_GOAL_NON_ROOT, NZ_GOAL_ESCALATION};
  const NzKubePlan *plan = nz_kube_plan(self, NULL);
  for (guint i = 0; i < G_N_ELEMENTS(goals); i++) {
    const GPtrArray *findings = one->goals[goals[i]];
    if (findings && g_hash_table_contains(plan->findings, findings->pdata[0]))
      return TRUE;
  }
  return FALSE;
}

void
nz_kube_mend_privileges(NzKubeMend *self, NzKubeOne *one)
{
  mend_escalation(self, one);
  gboolean privileged = nz_kube_bool(one->context, "privileged") == NZ_FIELD_TRUE;
  gboolean asked =
      one->rest && !privileged && is_mended(self, one) && nz_kube_is_non_root(self, one);
  mend_drop(self, one, asked);
  mend_seccomp(self, one, asked);
  propose_less(self, one);
}

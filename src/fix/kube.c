/* SPDX-License-Identifier: Apache-2.0 */
/* A pod's fixes: findings are goals, goals become fields that its maps are to hold (kube_user.c,
 * kube_state.c, kube_privileges.c), fields get their place (kube_place.c), and edits are made of
 * all (yaml_edit.c), of which the patch is the same (kube_patch.c). */
#include "fix/kube.h"

#include <string.h>

#include "core/limits.h"
#include "fix/fix.h"
#include "fix/kube_private.h"
#include "kube/decide.h"

/* --- goals --- */

static const struct {
  const char *rule;
  NzKubeGoal goal;
  gboolean rest; /* what closes the way back to root goes along */
} rules[] = {
    {"image-user", NZ_GOAL_USER, TRUE},
    {"kubelet-refuses", NZ_GOAL_USER, TRUE},
    {"no-run-as-non-root", NZ_GOAL_NON_ROOT, TRUE},
    {"root-group", NZ_GOAL_GROUP, FALSE},
    {"new-privileges", NZ_GOAL_ESCALATION, TRUE},
    {"low-port", NZ_GOAL_PORT, FALSE},
    {"added-capability", NZ_GOAL_CAPABILITY, FALSE},
    {"privileged-container", NZ_GOAL_PRIVILEGED, FALSE},
    {"unmasked-proc", NZ_GOAL_PROC, FALSE},
    {"host-namespaces", NZ_GOAL_HOST, FALSE},
    {"pss-run-as-user", NZ_GOAL_USER, FALSE},
    {"pss-run-as-non-root", NZ_GOAL_NON_ROOT, FALSE},
    {"pss-privilege-escalation", NZ_GOAL_ESCALATION, FALSE},
    {"pss-capabilities-restricted", NZ_GOAL_DROP, FALSE},
    {"pss-capabilities-restricted", NZ_GOAL_CAPABILITY, FALSE},
    {"pss-capabilities-baseline", NZ_GOAL_CAPABILITY, FALSE},
    {"pss-seccomp-restricted", NZ_GOAL_SECCOMP, FALSE},
    {"pss-seccomp-baseline", NZ_GOAL_SECCOMP, FALSE},
    {"pss-privileged", NZ_GOAL_PRIVILEGED, FALSE},
    {"pss-proc-mount", NZ_GOAL_PROC, FALSE},
    {"pss-proc-mount-restricted", NZ_GOAL_PROC, FALSE},
    {"pss-host-namespaces", NZ_GOAL_HOST, FALSE},
    {"scc-run-as-user", NZ_GOAL_USER, FALSE},
    {"scc-privilege-escalation", NZ_GOAL_ESCALATION, FALSE},
    {"scc-capabilities", NZ_GOAL_CAPABILITY, FALSE},
    {"scc-seccomp", NZ_GOAL_SECCOMP, FALSE},
    {"scc-privileged", NZ_GOAL_PRIVILEGED, FALSE},
    {"scc-host-namespaces", NZ_GOAL_HOST, FALSE},
};

static void
add_goals(NzKubeOne *one, NzFinding *finding)
{
  for (guint i = 0; i < G_N_ELEMENTS(rules); i++) {
    if (strcmp(rules[i].rule, finding->rule) != 0)
      continue;
    GPtrArray **goal = &one->goals[rules[i].goal];
    if (!*goal)
      *goal = g_ptr_array_new();
    g_ptr_array_add(*goal, finding);
    one->rest |= rules[i].rest;
  }
}

static void
one_free(gpointer data)
{
  NzKubeOne *self = data;
  for (guint i = 0; i < NZ_GOAL_N; i++)
    g_clear_pointer(&self->goals[i], g_ptr_array_unref);
  g_free(self->identity.refused);
  g_free(self);
}

static NzKubeOne *
one_new(const NzKubeJudged *judged, guint index)
{
  NzKubeOne *self = g_new0(NzKubeOne, 1);
  self->judged = judged;
  self->index = index;
  self->node = judged->container->node;
  self->context = judged->container->context;
  for (guint i = 0; i < judged->subject->findings->len; i++) {
    NzFinding *finding = judged->subject->findings->pdata[i];
    if (!finding->excepted)
      add_goals(self, finding);
  }
  return self;
}

/* --- plans --- */

static void
plan_free(gpointer data)
{
  NzKubePlan *self = data;
  g_free(self->refused);
  nz_yaml_free(self->pod);
  g_ptr_array_unref(self->each);
  g_hash_table_unref(self->findings);
  g_free(self);
}

static NzKubePlan *
plan_new(const char *refused, guint n_containers)
{
  NzKubePlan *self = g_new0(NzKubePlan, 1);
  self->refused = g_strdup(refused);
  self->pod = nz_want_map();
  self->each = g_ptr_array_new_with_free_func((GDestroyNotify)nz_yaml_free);
  self->findings = g_hash_table_new(NULL, NULL);
  for (guint i = 0; i < n_containers; i++)
    g_ptr_array_add(self->each, nz_want_map());
  return self;
}

static NzKubePlan *
find_plan(const NzKubeMend *self, const char *why)
{
  for (guint i = 0; i < self->plans->len; i++) {
    NzKubePlan *plan = self->plans->pdata[i];
    if (g_strcmp0(plan->refused, why) == 0)
      return plan;
  }
  return NULL;
}

/* The last plan takes what is refused for still another reason. */
static NzKubePlan *
last_plan(const NzKubeMend *self, const char *why)
{
  NzKubePlan *plan = self->plans->pdata[self->plans->len - 1];
  if (!strstr(plan->refused, why)) {
    g_autofree char *before = g_steal_pointer(&plan->refused);
    plan->refused = g_strconcat(before, "; ", why, NULL);
  }
  return plan;
}

NzKubePlan *
nz_kube_plan(NzKubeMend *self, const char *why)
{
  NzKubePlan *plan = find_plan(self, why);
  if (!plan && why && self->plans->len > NZ_MEND_REASONS_MAX)
    return last_plan(self, why);
  if (!plan) {
    plan = plan_new(why, self->each->len);
    g_ptr_array_add(self->plans, plan);
  }
  return plan;
}

void
nz_kube_mends(NzKubePlan *plan, const NzKubeOne *one, NzKubeGoal goal)
{
  for (guint i = 0; one->goals[goal] && i < one->goals[goal]->len; i++)
    g_hash_table_add(plan->findings, one->goals[goal]->pdata[i]);
}

NzYaml *
nz_kube_want(NzKubePlan *plan, const NzKubeOne *one)
{
  return nz_want_sub(plan->each->pdata[one->index], "securityContext");
}

void
nz_kube_field_set(NzKubeMend *self, NzKubePlan *plan, const NzKubeOne *one, const char *key,
                  NzYaml *value)
{
  NzKubeField field = {plan, one->index, key, value};
  g_array_append_val(self->fields, field);
}

/* What only goes along mends nothing. */
static gboolean
is_plan_empty(const NzKubePlan *plan)
{
  if (g_hash_table_size(plan->findings) == 0)
    return TRUE;
  for (guint i = 0; i < plan->each->len; i++)
    if (((const NzYaml *)plan->each->pdata[i])->items->len > 0)
      return FALSE;
  return plan->pod->items->len == 0;
}

static void
plan_merge(NzKubePlan *self, const NzKubePlan *from)
{
  nz_want_merge(self->pod, from->pod);
  for (guint i = 0; i < self->each->len; i++)
    nz_want_merge(self->each->pdata[i], from->each->pdata[i]);
}

/* --- edits --- */

/* By PLAN, as if none were refused. NULL with *WHY (static): they cannot be made. */
static GPtrArray *
make_edits(const NzKubeMend *self, const NzKubePlan *plan, gboolean *shared, const char **why)
{
  static const char *const before[] = {"initContainers", "containers", NULL};
  static const char *const after[] = {"name", "image", "imagePullPolicy", NULL};
  static const NzYamlSpot of_pod = {.before = before}, of_container = {.after = after};
  NzYamlEditor editor;
  nz_yaml_editor_init(&editor, self->manifest->source, self->pod->object);
  nz_yaml_edit(&editor, self->pod->spec, plan->pod, &of_pod);
  for (guint i = 0; i < self->each->len; i++) {
    const NzKubeOne *one = self->each->pdata[i];
    nz_yaml_edit(&editor, one->node, plan->each->pdata[i], &of_container);
  }
  *shared = editor.shared;
  *why = editor.undone;
  if (!editor.undone)
    return editor.edits;
  g_ptr_array_unref(editor.edits);
  return NULL;
}

static void
keep_wants(const NzKubeMend *self, const NzKubePlan *plan, GHashTable *wants)
{
  g_hash_table_insert(wants, self->pod->spec, nz_want_copy(plan->pod));
  for (guint i = 0; i < self->each->len; i++)
    g_hash_table_insert(wants, ((const NzKubeOne *)self->each->pdata[i])->node,
                        nz_want_copy(plan->each->pdata[i]));
}

/* --- fixes --- */

/* Gives FIX to all containers of which it mends something, and to what it mends. */
static void
hand_out(const NzKubeMend *self, NzFix *fix, const NzKubePlan *plan)
{
  for (guint i = 0; i < self->each->len; i++) {
    NzSubject *subject = ((const NzKubeOne *)self->each->pdata[i])->judged->subject;
    gboolean mends = FALSE;
    for (guint j = 0; j < subject->findings->len; j++) {
      NzFinding *finding = subject->findings->pdata[j];
      if (!g_hash_table_contains(plan->findings, finding))
        continue;
      finding->fix = finding->fix ? finding->fix : fix;
      mends = TRUE;
    }
    if (mends)
      g_ptr_array_add(subject->fixes, nz_fix_ref(fix));
  }
}

/* SUM is PLAN and all that comes before it, of which LAST is the fix. */
static NzFix *
make_fix(const NzKubeMend *self, const NzKubePlan *plan, const NzKubePlan *sum, NzFix *last,
         gboolean *shared)
{
  const char *undone;
  g_autofree char *title = nz_kube_title(self, plan);
  NzFix *fix = nz_fix_new(title);
  fix->refused = g_strdup(plan->refused);
  fix->patch = nz_kube_patch(self, plan);
  GPtrArray *edits = make_edits(self, sum, shared, &undone);
  if (edits) {
    nz_edits_sort(edits);
    g_ptr_array_unref(fix->edits);
    fix->edits = edits;
    fix->instead = last ? nz_fix_ref(last) : NULL;
  } else if (!fix->refused) {
    fix->refused = g_strdup(undone);
  }
  return fix;
}

static void
make_fixes(const NzKubeMend *self, NzKubeMended *mended)
{
  g_autoptr(NzFix) last = NULL;
  NzKubePlan *sum = plan_new(NULL, self->each->len);
  for (guint i = 0; i < self->plans->len; i++) {
    NzKubePlan *plan = self->plans->pdata[i];
    gboolean shared = FALSE;
    if (is_plan_empty(plan))
      continue;
    plan_merge(sum, plan);
    nz_kube_sort_fields(plan);
    nz_kube_sort_fields(sum);
    g_autoptr(NzFix) fix = make_fix(self, plan, sum, last, &shared);
    hand_out(self, fix, plan);
    if (!plan->refused) {
      mended->is_shared = shared;
      nz_fix_free(mended->fix);
      mended->fix = fix->refused ? NULL : nz_fix_ref(fix);
      keep_wants(self, sum, mended->wants);
    } else if (fix->edits->len > 0) {
      nz_fix_free(mended->proposal);
      mended->proposal = nz_fix_ref(fix);
      g_hash_table_remove_all(mended->all);
      keep_wants(self, sum, mended->all);
    }
    if (fix->edits->len > 0) {
      nz_fix_free(last);
      last = nz_fix_ref(fix);
    }
  }
  plan_free(sum);
}

/* --- all --- */

static void
find_fields(NzKubeMend *self)
{
  for (guint i = 0; i < self->each->len; i++)
    nz_kube_mend_user(self, self->each->pdata[i]);
  for (guint i = 0; i < self->each->len; i++)
    nz_kube_mend_privileges(self, self->each->pdata[i]);
  nz_kube_place_fields(self);
}

static GHashTable *
new_wants(void)
{
  return g_hash_table_new_full(NULL, NULL, NULL, (GDestroyNotify)nz_yaml_free);
}

NzKubeMended *
nz_fix_pod(const NzManifest *manifest, const NzKubePod *pod, const NzKubeJudged *containers)
{
  NzKubeMended *mended = g_new0(NzKubeMended, 1);
  mended->wants = new_wants();
  mended->all = new_wants();
  NzKubeMend self = {.manifest = manifest, .pod = pod, .context = pod->context};
  self.each = g_ptr_array_new_with_free_func(one_free);
  self.plans = g_ptr_array_new_with_free_func(plan_free);
  self.fields = g_array_new(FALSE, FALSE, sizeof(NzKubeField));
  for (guint i = 0; i < pod->containers->len; i++)
    g_ptr_array_add(self.each, one_new(&containers[i], i));
  nz_kube_plan(&self, NULL);
  if (pod->containers->len > NZ_MEND_CONTAINERS_MAX) {
    g_ptr_array_add(containers[0].subject->notes,
                    g_strdup_printf("%s/%s is not mended: it has more than %u containers",
                                    pod->kind, pod->name ? pod->name : "", NZ_MEND_CONTAINERS_MAX));
  } else if (!nz_kube_runs_on_windows(pod)) {
    find_fields(&self);
    make_fixes(&self, mended);
  }
  g_clear_pointer(&self.volumes, g_hash_table_unref);
  g_array_unref(self.fields);
  g_ptr_array_unref(self.plans);
  g_ptr_array_unref(self.each);
  return mended;
}

void
nz_kube_mended_free(NzKubeMended *self)
{
  nz_fix_free(self->fix);
  nz_fix_free(self->proposal);
  g_hash_table_unref(self->wants);
  g_hash_table_unref(self->all);
  g_free(self);
}

void
nz_kube_mended_refuse(NzKubeMended *self, const char *why, gboolean keep)
{
  if (self->fix && !self->fix->refused)
    self->fix->refused = g_strdup(why);
  if (self->fix && !keep)
    g_ptr_array_set_size(self->fix->edits, 0);
  g_clear_pointer(&self->fix, nz_fix_free);
  g_hash_table_remove_all(self->wants);
}

void
nz_kube_mended_forget(NzKubeMended *self)
{
  for (NzFix *fix = self->proposal; fix; fix = fix->instead)
    if (fix->refused)
      g_ptr_array_set_size(fix->edits, 0);
  g_clear_pointer(&self->proposal, nz_fix_free);
  g_hash_table_remove_all(self->all);
}

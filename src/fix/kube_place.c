/* SPDX-License-Identifier: Apache-2.0 */
/* A field that several containers are to have stands in the pod where that changes none of the
 * others, and where it is the smaller edit. */
#include <string.h>

#include "fix/kube_private.h"

static gboolean
has_own(const NzKubeMend *self, guint container, const char *key)
{
  const NzKubeOne *one = self->each->pdata[container];
  return nz_kube_field(one->context, key) != NULL;
}

static const NzKubeField *
field_of(const NzKubeMend *self, const NzKubePlan *plan, const char *key, guint container)
{
  for (guint i = 0; i < self->fields->len; i++) {
    const NzKubeField *field = &g_array_index(self->fields, NzKubeField, i);
    if (field->plan == plan && field->container == container && strcmp(field->key, key) == 0)
      return field;
  }
  return NULL;
}

/* TRUE when all that have no KEY of their own are to have the same by PLAN, so that the pod can
 * say it. Alone, a container says it itself, unless there is a map of the pod to put it in. */
static gboolean
is_pods(const NzKubeMend *self, const NzKubePlan *plan, const char *key)
{
  const NzKubeField *first = NULL;
  guint n = 0;
  for (guint i = 0; i < self->each->len; i++) {
    const NzKubeField *field = field_of(self, plan, key, i);
    if (has_own(self, i, key))
      continue;
    if (!field || (first && !nz_want_is(first->value, field->value)))
      return FALSE;
    first = field;
    n++;
  }
  return n > 1 || (n == 1 && self->context && self->context->items->len > 0);
}

/* An answer of is_pods(). */
typedef struct {
  const NzKubePlan *plan;
  const char *key;
  gboolean pods;
} Answer;

static gboolean
is_pods_once(const NzKubeMend *self, GArray *answers, const NzKubeField *field)
{
  for (guint i = 0; i < answers->len; i++) {
    const Answer *known = &g_array_index(answers, Answer, i);
    if (known->plan == field->plan && strcmp(known->key, field->key) == 0)
      return known->pods;
  }
  Answer answer = {field->plan, field->key, is_pods(self, field->plan, field->key)};
  g_array_append_val(answers, answer);
  return answer.pods;
}

static void
place(NzKubeMend *self, GArray *answers, NzKubeField *field)
{
  gboolean own = has_own(self, field->container, field->key);
  gboolean pods = !own && is_pods_once(self, answers, field);
  NzYaml *map = pods ? nz_want_sub(field->plan->pod, "securityContext")
                     : nz_kube_want(field->plan, self->each->pdata[field->container]);
  nz_want_set(map, field->key, nz_want_copy(field->value));
}

/* --- order --- */

/* Who first, then what is taken away. */
static guint
rank(const char *key)
{
  static const char *const order[] = {"runAsNonRoot", "runAsUser",      "runAsGroup",
                                      "fsGroup",      "privileged",     "allowPrivilegeEscalation",
                                      "capabilities", "seccompProfile", "procMount",
                                      "sysctls"};
  guint i = 0;
  while (i < G_N_ELEMENTS(order) && strcmp(order[i], key) != 0)
    i++;
  return i;
}

static void
sort_fields(NzYaml *want)
{
  NzYaml *map = nz_yaml_get(want, "securityContext");
  for (guint i = 1; map && i < map->keys->len; i++)
    for (guint j = i; j > 0 && rank(((NzYaml *)map->keys->pdata[j])->text) <
                                   rank(((NzYaml *)map->keys->pdata[j - 1])->text);
         j--) {
      gpointer key = map->keys->pdata[j], value = map->items->pdata[j];
      map->keys->pdata[j] = map->keys->pdata[j - 1];
      map->items->pdata[j] = map->items->pdata[j - 1];
      map->keys->pdata[j - 1] = key;
      map->items->pdata[j - 1] = value;
    }
}

void
nz_kube_sort_fields(NzKubePlan *plan)
{
  sort_fields(plan->pod);
  for (guint i = 0; i < plan->each->len; i++)
    sort_fields(plan->each->pdata[i]);
}

/* --- all --- */

void
nz_kube_place_fields(NzKubeMend *self)
{
  g_autoptr(GArray) answers = g_array_new(FALSE, FALSE, sizeof(Answer));
  for (guint i = 0; i < self->fields->len; i++)
    place(self, answers, &g_array_index(self->fields, NzKubeField, i));
  for (guint i = 0; i < self->fields->len; i++)
    nz_yaml_free(g_array_index(self->fields, NzKubeField, i).value);
  g_array_set_size(self->fields, 0);
}

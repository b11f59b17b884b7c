/* SPDX-License-Identifier: Apache-2.0 */
#include "lint/annotations.h"

#include <string.h>

#include "core/limits.h"
#include "core/text.h"
#include "lint/comments.h"

/* What a tool checks that means one of our rules: its exemption from all is from these. */
static const char *const of_polaris[] = {
    "dangerousCapabilities",      "hostIPCSet",      "hostNetworkSet",   "hostPIDSet",
    "insecureCapabilities",       "hostProcess",     "procMount",        "linuxHardening",
    "privilegeEscalationAllowed", "runAsPrivileged", "runAsRootAllowed", NULL};
static const char *const of_kube_linter[] = {"drop-net-raw-capability",
                                             "host-ipc",
                                             "host-network",
                                             "host-pid",
                                             "privilege-escalation-container",
                                             "privileged-container",
                                             "privileged-ports",
                                             "run-as-non-root",
                                             "unsafe-proc-mount",
                                             NULL};

typedef struct {
  const NzManifest *manifest;
  NzSubject *subject;
  NzYaml *annotations;
} Reading;

static NzExcepted *
excepted_by(const Reading *self, const char *key, const char *reason)
{
  g_autofree char *shown = nz_printable(key, -1);
  g_autoptr(NzPlace) place = nz_kube_key_place(self->manifest, self->annotations, key);
  NzExcepted *said = g_new0(NzExcepted, 1);
  said->reason = reason && *reason
                     ? nz_printable(reason, (gssize)MIN(strlen(reason), NZ_ANNOTATION_REASON_MAX))
                     : g_strdup("no reason is given");
  said->owner = g_strdup_printf("the annotation %s in %s:%u", shown, self->manifest->source->name,
                                place ? place->line : 0);
  g_ptr_array_add(self->subject->excepted, said);
  return said;
}

/* NAMES: what the tool calls it. */
static void
except(const Reading *self, const char *key, const char *const *names, const char *reason)
{
  const NzExcepted *said = NULL;
  for (guint i = 0; i < self->subject->findings->len; i++) {
    NzFinding *f = self->subject->findings->pdata[i];
    gboolean named = FALSE;
    for (guint j = 0; names[j] && !named; j++)
      named = nz_rule_is_called(f->rule, names[j]);
    if (!named || f->excepted)
      continue;
    if (!said)
      said = excepted_by(self, key, reason);
    f->excepted = said;
  }
}

static void
except_one(const Reading *self, const char *key, const char *name, const char *reason)
{
  const char *const names[] = {name, NULL};
  except(self, key, names, reason);
}

static void
read_polaris(const Reading *self, const char *key, const char *rest, const char *value)
{
  if (g_ascii_strcasecmp(value, "true") != 0)
    return;
  if (strcmp(rest, "exempt") == 0) {
    except(self, key, of_polaris, NULL);
  } else if (g_str_has_suffix(rest, "-exempt")) {
    g_autofree char *name = g_strndup(rest, strlen(rest) - strlen("-exempt"));
    except_one(self, key, name, NULL);
  }
}

static void
read_kube_linter(const Reading *self, const char *key, const char *rest, const char *value)
{
  except_one(self, key, rest, value);
}

static void
read_kube_linter_all(const Reading *self, const char *key, const char *rest, const char *value)
{
  if (*rest == '\0')
    except(self, key, of_kube_linter, value);
}

static void
read_kube_score(const Reading *self, const char *key, const char *rest, const char *value)
{
  g_auto(GStrv) names = g_strsplit(value, ",", 64);
  for (guint i = 0; *rest == '\0' && names[i]; i++)
    except_one(self, key, g_strstrip(names[i]), NULL);
}

static void
read_checkov(const Reading *self, const char *key, const char *rest, const char *value)
{
  gsize n = strcspn(value, "=");
  g_autofree char *name = g_strndup(value, n);
  if (rest[strspn(rest, "0123456789")] == '\0')
    except_one(self, key, g_strstrip(name), value[n] ? value + n + 1 : NULL);
}

static const struct {
  const char *prefix;
  void (*read)(const Reading *self, const char *key, const char *rest, const char *value);
} tools[] = {
    {"polaris.fairwinds.com/", read_polaris},
    {"ignore-check.kube-linter.io/", read_kube_linter},
    {"kube-linter.io/ignore-all", read_kube_linter_all},
    {"kube-score/ignore", read_kube_score},
    {"checkov.io/skip", read_checkov},
};

static void
read_annotations(Reading *self, NzYaml *metadata)
{
  self->annotations = nz_kube_map(metadata, "annotations");
  for (guint i = 0; self->annotations && i < self->annotations->keys->len; i++) {
    const char *key = ((NzYaml *)self->annotations->keys->pdata[i])->text;
    const char *value = nz_kube_text(self->annotations, key);
    for (guint t = 0; value && t < G_N_ELEMENTS(tools); t++)
      if (g_str_has_prefix(key, tools[t].prefix))
        tools[t].read(self, key, key + strlen(tools[t].prefix), value);
  }
}

void
nz_annotations_apply(const NzManifest *manifest, const NzKubePod *pod, NzSubject *subject)
{
  Reading reading = {manifest, subject, NULL};
  NzYaml *own = nz_kube_map(pod->object, "metadata");
  read_annotations(&reading, own);
  if (pod->metadata != own)
    read_annotations(&reading, pod->metadata);
}

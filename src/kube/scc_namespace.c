/* SPDX-License-Identifier: Apache-2.0 */
/* What OpenShift gives each namespace, and what of a pod must be that: its user, its group for
 * files, its SELinux context. And seccomp. */
#include <stdlib.h>
#include <string.h>

#include "kube/scc.h"

#define UID_RANGE "openshift.io/sa.scc.uid-range"
#define GROUPS    "openshift.io/sa.scc.supplemental-groups"
#define MCS       "openshift.io/sa.scc.mcs"

/* --- the Namespace --- */

/* As uid.ParseBlock of library-go: numbers of 32 bits, "START/SIZE" or "START-END". */
gboolean
nz_scc_parse_block(const char *text, guint32 *start, guint32 *end)
{
  const char *slash = strchr(text, '/');
  const char *sign = slash ? slash : strchr(text, '-');
  if (!sign)
    return FALSE;
  g_autofree char *first = g_strndup(text, (gsize)(sign - text));
  guint64 a, b;
  if (!g_ascii_string_to_unsigned(first, 10, 0, G_MAXUINT32, &a, NULL) ||
      !g_ascii_string_to_unsigned(sign + 1, 10, 0, G_MAXUINT32, &b, NULL))
    return FALSE;
  *start = (guint32)a;
  *end = (guint32)(slash ? a + b - 1 : b);
  return TRUE;
}

static NzYaml *
find_namespace(const NzPodJudge *judge)
{
  const char *name = judge->pod->namespace;
  const NzKubeObject *found = name ? g_hash_table_lookup(judge->manifest->namespaces, name) : NULL;
  return found ? found->object : NULL;
}

void
nz_scc_namespace(const NzPodJudge *judge, NzSccNamespace *namespace)
{
  *namespace = (NzSccNamespace){.name = judge->pod->namespace};
  NzYaml *annotations = nz_kube_map(nz_kube_map(find_namespace(judge), "metadata"), "annotations");
  const char *uids = nz_pod_text(annotations, UID_RANGE);
  const char *groups = nz_pod_text(annotations, GROUPS), *level = nz_pod_text(annotations, MCS);
  guint32 end;
  namespace->has_uids = nz_scc_parse_block(uids, &namespace->uid_min, &namespace->uid_max);
  g_autofree char *first = *groups ? g_strndup(groups, strcspn(groups, ",")) : g_strdup(uids);
  namespace->has_group = nz_scc_parse_block(first, &namespace->group, &end);
  namespace->level = *level ? level : NULL;
}

/* "cannot be verified: the manifest holds no Namespace prod with the annotation X" */
static char *
cannot_verify(const NzSccNamespace *namespace, const char *annotation)
{
  return namespace->name
             ? g_strdup_printf("cannot be verified: the manifest holds no Namespace %s with the "
                               "annotation %s",
                               namespace->name, annotation)
             : g_strdup_printf("cannot be verified: the manifest names no namespace, and so no "
                               "Namespace with the annotation %s",
                               annotation);
}

/* --- runAsUser --- */

/* The map that FIELD is effective in: the container's, else the pod's. */
static NzYaml *
effective(const NzPodJudge *judge, const NzPodSetter *s, const char *field)
{
  return nz_kube_field(s->context, field) ? s->context : judge->pod->context;
}

/* MustRunAsRange. Nothing said is a number of the range. */
static void
must_run_as_range(NzPodJudge *judge, const NzPodSetter *s, const char *path,
                  const NzSccNamespace *namespace)
{
  gint64 uid;
  NzYaml *map = effective(judge, s, "runAsUser");
  if (!nz_kube_int(map, "runAsUser", &uid) ||
      (namespace->has_uids && uid >= namespace->uid_min && uid <= namespace->uid_max))
    return;
  g_autofree char *why =
      namespace->has_uids ? g_strdup_printf("must be in the ranges: [%u, %u]", namespace->uid_min,
                                            namespace->uid_max)
      : uid == 0          ? g_strdup("must be in the ranges of the namespace (" UID_RANGE ")")
                          : cannot_verify(namespace, UID_RANGE);
  NzPodViolation *v =
      nz_scc_violate(judge, NZ_SCC_RUN_AS_USER, s->container, NZ_POD_PLACE(judge, map, "runAsUser"),
                     "%s.runAsUser: Invalid value: %" G_GINT64_FORMAT ": %s", path, uid, why);
  /* No range that OpenShift gives begins at 0. */
  v->undecided = !namespace->has_uids && uid != 0;
}

/* MustRunAsNonRoot. Nothing said is runAsNonRoot: true, and then the kubelet looks at the image. */
static void
must_run_as_non_root(NzPodJudge *judge, const NzPodSetter *s, const char *path)
{
  gint64 uid;
  NzYaml *flag = effective(judge, s, "runAsNonRoot"), *user = effective(judge, s, "runAsUser");
  if (nz_kube_bool(flag, "runAsNonRoot") == NZ_FIELD_FALSE)
    nz_scc_violate(judge, NZ_SCC_RUN_AS_USER, s->container,
                   NZ_POD_PLACE(judge, flag, "runAsNonRoot"),
                   "%s.runAsNonRoot: Invalid value: false: must be true", path);
  else if (nz_kube_int(user, "runAsUser", &uid) && uid == 0)
    nz_scc_violate(judge, NZ_SCC_RUN_AS_USER, s->container, NZ_POD_PLACE(judge, user, "runAsUser"),
                   "%s.runAsUser: Invalid value: 0: running with the root UID is forbidden", path);
}

void
nz_scc_run_as_user(NzPodJudge *judge, const NzPodSetter *setter, const char *path,
                   const NzSccNamespace *namespace)
{
  if (judge->scc->uid_range)
    must_run_as_range(judge, setter, path, namespace);
  else
    must_run_as_non_root(judge, setter, path);
}

/* --- fsGroup --- */

void
nz_scc_fs_group(NzPodJudge *judge, const NzSccNamespace *namespace)
{
  gint64 gid;
  if (!judge->scc->fs_group_range || !nz_kube_int(judge->pod->context, "fsGroup", &gid) ||
      (namespace->has_group && gid == namespace->group))
    return;
  gboolean undecided = !namespace->has_group && gid != 0;
  g_autofree char *why = undecided
                             ? cannot_verify(namespace, GROUPS " or " UID_RANGE)
                             : g_strdup_printf("%" G_GINT64_FORMAT " is not an allowed group", gid);
  NzPodViolation *v = nz_scc_violate(
      judge, NZ_SCC_FS_GROUP, NULL, NZ_POD_PLACE(judge, judge->pod->context, "fsGroup"),
      ".spec.securityContext.fsGroup: Invalid value: []int64{%" G_GINT64_FORMAT "}: %s", gid, why);
  v->undecided = undecided;
}

/* --- SELinux --- */

static int
compare_texts(const void *a, const void *b)
{
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* "s0:c6,c0" is "s0:c0,c6". */
static gboolean
equal_levels(const char *a, const char *b)
{
  const char *colon_a = strchr(a, ':'), *colon_b = strchr(b, ':');
  if (!colon_a || !colon_b)
    return strcmp(a, b) == 0;
  if (colon_a - a != colon_b - b || strncmp(a, b, (gsize)(colon_a - a)) != 0)
    return FALSE;
  g_auto(GStrv) of_a = g_strsplit(colon_a + 1, ",", -1), of_b = g_strsplit(colon_b + 1, ",", -1);
  qsort(of_a, g_strv_length(of_a), sizeof *of_a, compare_texts);
  qsort(of_b, g_strv_length(of_b), sizeof *of_b, compare_texts);
  return g_strv_equal((const char *const *)of_a, (const char *const *)of_b);
}

static void
selinux_level(NzPodJudge *judge, const NzPodSetter *s, const char *path, NzYaml *options,
              const NzSccNamespace *namespace)
{
  const char *level = nz_pod_text(options, "level");
  if (namespace->level && equal_levels(namespace->level, level))
    return;
  gboolean undecided = !namespace->level && *level;
  g_autofree char *why = namespace->level ? g_strdup_printf("must be %s", namespace->level)
                         : *level         ? cannot_verify(namespace, MCS)
                                          : g_strdup("must be the namespace's (" MCS ")");
  NzPlace *place = NZ_POD_PLACE(judge, options, "level");
  NzPodViolation *v =
      nz_scc_violate(judge, NZ_SCC_SELINUX, s->container,
                     place ? place : NZ_POD_PLACE(judge, s->context, "seLinuxOptions"),
                     "%s.seLinuxOptions.level: Invalid value: \"%s\": %s", path, level, why);
  v->undecided = undecided;
}

/* MustRunAs, of which the namespace gives the level and nobody the rest. Nothing said is that. */
void
nz_scc_selinux(NzPodJudge *judge, const NzPodSetter *setter, const char *path,
               const NzSccNamespace *namespace)
{
  static const char *const never[] = {"role", "type", "user"};
  NzYaml *options = nz_kube_map(setter->context, "seLinuxOptions");
  if (!options)
    return;
  selinux_level(judge, setter, path, options, namespace);
  for (guint i = 0; i < G_N_ELEMENTS(never); i++) {
    const char *value = nz_pod_text(options, never[i]);
    if (*value)
      nz_scc_violate(
          judge, NZ_SCC_SELINUX, setter->container, NZ_POD_PLACE(judge, options, never[i]),
          "%s.seLinuxOptions.%s: Invalid value: \"%s\": must be empty", path, never[i], value);
  }
}

/* --- seccomp: runtime/default is all there is, and what nothing said becomes --- */

#define SECCOMP_POD    "seccomp.security.alpha.kubernetes.io/pod"
#define SECCOMP_PREFIX "container.seccomp.security.alpha.kubernetes.io/"

/* The field as an annotation had it; NULL: there is none. */
static char *
field_as_annotation(NzYaml *context)
{
  NzYaml *profile = nz_kube_map(context, "seccompProfile");
  const char *type = nz_pod_text(profile, "type");
  if (!profile)
    return NULL;
  if (strcmp(type, "Localhost") == 0)
    return g_strconcat("localhost/", nz_pod_text(profile, "localhostProfile"), NULL);
  return g_strdup(strcmp(type, "RuntimeDefault") == 0 ? "runtime/default"
                  : strcmp(type, "Unconfined") == 0   ? "unconfined"
                                                      : "");
}

/* A pod's field stands before its annotation, a container's annotation before its field. */
void
nz_scc_seccomp(NzPodJudge *judge, const NzPodSetter *setter)
{
  NzYaml *annotations = nz_kube_map(judge->pod->metadata, "annotations");
  g_autofree char *key =
      setter->container
          ? g_strconcat(SECCOMP_PREFIX, nz_pod_text(setter->container->node, "name"), NULL)
          : g_strdup(SECCOMP_POD);
  g_autofree char *field = field_as_annotation(setter->context);
  const char *annotation = nz_kube_text(annotations, key);
  gboolean by_field = field && (!setter->container || !annotation);
  const char *value = by_field ? field : annotation;
  /* An empty annotation of a pod is as none. */
  if (!value || (!by_field && !setter->container && !*value) ||
      strcmp(value, "runtime/default") == 0 || strcmp(value, "docker/default") == 0)
    return;
  NzPlace *place = by_field
                       ? NZ_POD_PLACE(judge, nz_kube_map(setter->context, "seccompProfile"), "type")
                       : nz_kube_key_place(judge->manifest, annotations, key);
  nz_scc_violate(judge, NZ_SCC_SECCOMP, setter->container,
                 place ? place : NZ_POD_PLACE(judge, setter->context, "seccompProfile"),
                 "pod.metadata.annotations[%s]: Forbidden: %s is not an allowed seccomp profile. "
                 "Valid values are [runtime/default]",
                 key, value);
}

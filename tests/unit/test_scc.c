/* SPDX-License-Identifier: Apache-2.0 */
/* OpenShift's restricted-v2 and nonroot-v2: what they fill in is no violation, what a pod says to
 * the contrary is, and what only the namespace knows is said to be unknown. */
#include <string.h>

#include "check/check.h"
#include "kube/pod_security.h"

/* The violations of the first pod of TEXT, one a line: "RULE CONTAINER@LINE:COLUMN[ ?]: message",
 * without the constraint's name. */
static char *
judge(const char *name, const char *text)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(NzSourceFile) source = nz_source_new("m.yaml", text, strlen(text));
  g_autoptr(NzManifest) manifest = nz_manifest_read(source, &error);
  g_assert_no_error(error);
  g_assert_cmpuint(manifest->pods->len, ==, 1);
  g_autoptr(GPtrArray) violations = g_ptr_array_new_with_free_func(nz_pod_violation_free);
  g_autofree char *profile = g_strconcat("openshift:", name, NULL);
  g_autofree char *provider = g_strdup_printf("provider %s: ", name);
  nz_pod_profile_judge(profile, manifest, manifest->pods->pdata[0], violations);
  GString *out = g_string_new(NULL);
  for (guint i = 0; i < violations->len; i++) {
    const NzPodViolation *v = violations->pdata[i];
    const NzCheck *check = nz_check_find(v->rule);
    g_assert_nonnull(check);
    g_assert_cmpstr(check->profile, ==, NZ_PROFILE_SCC);
    g_assert_true(g_str_has_prefix(v->message, provider));
    g_string_append_printf(
        out, "%s %s@%u:%u%s: %s\n", v->rule, v->container ? v->container->name : "pod",
        v->place->line, v->place->column, v->undecided ? " ?" : "", v->message + strlen(provider));
  }
  return g_string_free(out, FALSE);
}

#define POD        "apiVersion: v1\nkind: Pod\nmetadata: {name: p, namespace: prod}\nspec:\n"
#define A          "  containers: [{name: a}]\n"
#define OF_A(text) "  containers:\n  - name: a\n    securityContext: {" text "}\n"
#define NAMESPACE(annotations)                                                                     \
  "---\napiVersion: v1\nkind: Namespace\nmetadata:\n  name: prod\n  annotations:\n" annotations
#define UIDS   "    openshift.io/sa.scc.uid-range: 1000650000/10000\n"
#define GROUPS "    openshift.io/sa.scc.supplemental-groups: 1000660000/10000,5/5\n"
#define MCS    "    openshift.io/sa.scc.mcs: 's0:c26,c5'\n"

static const struct {
  const char *name; /* NULL: both */
  const char *text, *want;
} rows[] = {
    /* All that is not said is filled in. */
    {NULL, POD A, ""},
    {NULL, POD OF_A("capabilities: {drop: [KILL], add: [NET_BIND_SERVICE]}"), ""},
    {NULL, POD OF_A("allowPrivilegeEscalation: false, privileged: false"), ""},
    {NULL, POD OF_A("readOnlyRootFilesystem: false, runAsGroup: 0, procMount: Default"), ""},
    {NULL, POD "  securityContext: {supplementalGroups: [0, 5]}\n" A, ""},
    {NULL, POD "  hostUsers: false\n" A, ""},

    {NULL, POD OF_A("privileged: true"),
     "scc-privileged a@7:23: .containers[0].privileged: Invalid value: true: Privileged containers "
     "are not allowed\n"},
    {NULL, POD OF_A("allowPrivilegeEscalation: true"),
     "scc-privilege-escalation a@7:23: .containers[0].allowPrivilegeEscalation: Invalid value: "
     "true: Allowing privilege escalation for containers is not allowed\n"},
    {NULL, POD OF_A("capabilities: {add: [CHOWN, NET_BIND_SERVICE]}"),
     "scc-capabilities a@7:44: .containers[0].capabilities.add: Invalid value: \"CHOWN\": "
     "capability may not be added\n"},
    {NULL, POD "  hostNetwork: true\n  hostPID: true\n  hostIPC: true\n" A,
     "scc-host-namespaces pod@5:3: .spec.hostNetwork: Invalid value: true: Host network is not "
     "allowed to be used\n"
     "scc-host-namespaces pod@6:3: .spec.hostPID: Invalid value: true: Host PID is not allowed to "
     "be used\n"
     "scc-host-namespaces pod@7:3: .spec.hostIPC: Invalid value: true: Host IPC is not allowed to "
     "be used\n"},
    /* Each list of containers counts by itself. */
    {NULL,
     POD "  initContainers: [{name: i}, {name: j, ports: [{hostPort: 1}]}]\n"
         "  containers: [{name: a, ports: [{hostPort: 2}]}]\n"
         "  ephemeralContainers: [{name: e, securityContext: {privileged: true}}]\n",
     "scc-host-ports j@5:50: .initContainers[1].hostPort: Invalid value: 1: Host ports are not "
     "allowed to be used\n"
     "scc-host-ports a@6:35: .containers[0].hostPort: Invalid value: 2: Host ports are not allowed "
     "to be used\n"
     "scc-privileged e@7:53: .ephemeralContainers[0].privileged: Invalid value: true: Privileged "
     "containers are not allowed\n"},
    {NULL,
     POD "  volumes: [{name: a, csi: {}}, {name: b, ephemeral: {}}, {name: c, emptyDir: {}}, "
         "{name: d}, {name: e, projected: {}}]\n" A,
     ""},
    {NULL,
     POD "  volumes: [{name: a, hostPath: {path: /x}}, {name: b, vsphereVolume: {}}, {name: c, "
         "image: {}}, {name: d, other: {}}]\n" A,
     "scc-volumes pod@5:23: .spec.volumes[0]: Invalid value: \"hostPath\": hostPath volumes are "
     "not allowed to be used\n"
     "scc-volumes pod@5:56: .spec.volumes[1]: Invalid value: \"vsphere\": vsphere volumes are not "
     "allowed to be used\n"
     "scc-volumes pod@5:86: .spec.volumes[2]: Invalid value: \"image\": image volumes are not "
     "allowed to be used\n"
     "scc-volumes pod@5:108: .spec.volumes[3]: Invalid value: \"other\": other volumes are not "
     "allowed to be used\n"},
    {NULL,
     POD "  securityContext: {sysctls: [{name: net.ipv4.tcp_syncookies, value: '1'}, {name: "
         "net.core.somaxconn, value: '1'}]}\n" A,
     "scc-sysctls pod@5:77: spec.securityContext.sysctls[1]: Forbidden: unsafe sysctl "
     "\"net.core.somaxconn\" is not allowed\n"},

    /* --- seccomp --- */
    {NULL, POD "  securityContext: {seccompProfile: {type: RuntimeDefault}}\n" A, ""},
    {NULL, POD "  securityContext: {seccompProfile: {type: Unconfined}}\n" A,
     "scc-seccomp pod@5:38: "
     "pod.metadata.annotations[seccomp.security.alpha.kubernetes.io/pod]: Forbidden: unconfined is "
     "not an allowed seccomp profile. Valid values are [runtime/default]\n"},
    {NULL, POD OF_A("seccompProfile: {type: Localhost, localhostProfile: x.json}"),
     "scc-seccomp a@7:40: "
     "pod.metadata.annotations[container.seccomp.security.alpha.kubernetes.io/a]: Forbidden: "
     "localhost/x.json is not an allowed seccomp profile. Valid values are [runtime/default]\n"},
    {NULL,
     "apiVersion: v1\nkind: Pod\nmetadata:\n  annotations:\n"
     "    seccomp.security.alpha.kubernetes.io/pod: unconfined\n"
     "    container.seccomp.security.alpha.kubernetes.io/a: docker/default\n"
     "    container.seccomp.security.alpha.kubernetes.io/b: unconfined\n"
     "spec:\n  securityContext: {seccompProfile: {type: RuntimeDefault}}\n"
     "  containers:\n  - {name: a, securityContext: {seccompProfile: {type: Unconfined}}}\n"
     "  - {name: b, securityContext: {seccompProfile: {type: RuntimeDefault}}}\n",
     "scc-seccomp b@7:5: "
     "pod.metadata.annotations[container.seccomp.security.alpha.kubernetes.io/b]: Forbidden: "
     "unconfined is not an allowed seccomp profile. Valid values are [runtime/default]\n"},
    {NULL,
     "apiVersion: v1\nkind: Pod\nmetadata:\n  annotations:\n"
     "    seccomp.security.alpha.kubernetes.io/pod: unconfined\nspec:\n" A,
     "scc-seccomp pod@5:5: pod.metadata.annotations[seccomp.security.alpha.kubernetes.io/pod]: "
     "Forbidden: unconfined is not an allowed seccomp profile. Valid values are "
     "[runtime/default]\n"},

    /* --- runAsUser --- */
    {"restricted-v2", POD OF_A("runAsNonRoot: false"), ""}, /* it gets a number all the same */
    {"nonroot-v2", POD OF_A("runAsNonRoot: false"),
     "scc-run-as-user a@7:23: .containers[0].runAsNonRoot: Invalid value: false: must be true\n"},
    {"nonroot-v2", POD "  securityContext: {runAsNonRoot: false}\n" OF_A("runAsNonRoot: true"), ""},
    {"nonroot-v2", POD "  securityContext: {runAsNonRoot: false}\n" A,
     "scc-run-as-user a@5:21: .containers[0].runAsNonRoot: Invalid value: false: must be true\n"},
    {"nonroot-v2", POD OF_A("runAsUser: 1000"), ""},
    {"nonroot-v2", POD OF_A("runAsUser: 0"),
     "scc-run-as-user a@7:23: .containers[0].runAsUser: Invalid value: 0: running with the root "
     "UID is forbidden\n"},
    {"nonroot-v2", POD "  securityContext: {runAsUser: 0, runAsNonRoot: true}\n" A,
     "scc-run-as-user a@5:21: .containers[0].runAsUser: Invalid value: 0: running with the root "
     "UID is forbidden\n"},
    {"nonroot-v2", POD "  securityContext: {runAsUser: 0}\n" OF_A("runAsUser: 5"), ""},
    {"restricted-v2", POD OF_A("runAsUser: 1000"),
     "scc-run-as-user a@7:23 ?: .containers[0].runAsUser: Invalid value: 1000: cannot be verified: "
     "the manifest holds no Namespace prod with the annotation openshift.io/sa.scc.uid-range\n"},
    {"restricted-v2",
     "apiVersion: v1\nkind: Pod\nspec:\n  containers: [{name: a, securityContext: {runAsUser: "
     "1000}}]\n",
     "scc-run-as-user a@4:44 ?: .containers[0].runAsUser: Invalid value: 1000: cannot be verified: "
     "the manifest names no namespace, and so no Namespace with the annotation "
     "openshift.io/sa.scc.uid-range\n"},
    {"restricted-v2", POD OF_A("runAsUser: 0"),
     "scc-run-as-user a@7:23: .containers[0].runAsUser: Invalid value: 0: must be in the ranges of "
     "the namespace (openshift.io/sa.scc.uid-range)\n"},
    {"restricted-v2", POD OF_A("runAsUser: 1000650000") NAMESPACE(UIDS), ""},
    {"restricted-v2", POD OF_A("runAsUser: 1000659999") NAMESPACE(UIDS), ""},
    {"restricted-v2", POD OF_A("runAsUser: 1000660000") NAMESPACE(UIDS),
     "scc-run-as-user a@7:23: .containers[0].runAsUser: Invalid value: 1000660000: must be in the "
     "ranges: [1000650000, 1000659999]\n"},
    {"restricted-v2", POD "  securityContext: {runAsUser: 1000}\n" A NAMESPACE(UIDS),
     "scc-run-as-user a@5:21: .containers[0].runAsUser: Invalid value: 1000: must be in the "
     "ranges: [1000650000, 1000659999]\n"},
    {"restricted-v2",
     POD OF_A("runAsUser: 7") NAMESPACE("    openshift.io/sa.scc.uid-range: 5-9\n"), ""},
    {"restricted-v2",
     POD OF_A("runAsUser: 10") NAMESPACE("    openshift.io/sa.scc.uid-range: 5-9\n"),
     "scc-run-as-user a@7:23: .containers[0].runAsUser: Invalid value: 10: must be in the ranges: "
     "[5, 9]\n"},
    /* What is no range is as none. */
    {"restricted-v2",
     POD OF_A("runAsUser: 7") NAMESPACE("    openshift.io/sa.scc.uid-range: 5 to 9\n"),
     "scc-run-as-user a@7:23 ?: .containers[0].runAsUser: Invalid value: 7: cannot be verified: "
     "the manifest holds no Namespace prod with the annotation openshift.io/sa.scc.uid-range\n"},

    /* --- fsGroup --- */
    {"nonroot-v2", POD "  securityContext: {fsGroup: 0}\n" A, ""},
    {"restricted-v2", POD "  securityContext: {fsGroup: 0}\n" A,
     "scc-fs-group pod@5:21: .spec.securityContext.fsGroup: Invalid value: []int64{0}: 0 is not an "
     "allowed group\n"},
    {"restricted-v2", POD "  securityContext: {fsGroup: 5}\n" A,
     "scc-fs-group pod@5:21 ?: .spec.securityContext.fsGroup: Invalid value: []int64{5}: cannot be "
     "verified: the manifest holds no Namespace prod with the annotation "
     "openshift.io/sa.scc.supplemental-groups or openshift.io/sa.scc.uid-range\n"},
    {"restricted-v2", POD "  securityContext: {fsGroup: 1000650000}\n" A NAMESPACE(UIDS), ""},
    {"restricted-v2", POD "  securityContext: {fsGroup: 1000660000}\n" A NAMESPACE(UIDS GROUPS),
     ""},
    /* Of the range the first alone, and the second range not at all. */
    {"restricted-v2", POD "  securityContext: {fsGroup: 1000650001}\n" A NAMESPACE(UIDS),
     "scc-fs-group pod@5:21: .spec.securityContext.fsGroup: Invalid value: []int64{1000650001}: "
     "1000650001 is not an allowed group\n"},
    {"restricted-v2", POD "  securityContext: {fsGroup: 5}\n" A NAMESPACE(UIDS GROUPS),
     "scc-fs-group pod@5:21: .spec.securityContext.fsGroup: Invalid value: []int64{5}: 5 is not an "
     "allowed group\n"},

    /* --- SELinux --- */
    {NULL, POD OF_A("seLinuxOptions: {level: 's0:c5,c26'}") NAMESPACE(MCS), ""},
    {NULL, POD OF_A("seLinuxOptions: {level: 's0:c5,c27'}") NAMESPACE(MCS),
     "scc-selinux a@7:40: .containers[0].seLinuxOptions.level: Invalid value: \"s0:c5,c27\": must "
     "be s0:c26,c5\n"},
    {NULL, POD OF_A("seLinuxOptions: {level: 's0'}") NAMESPACE(MCS),
     "scc-selinux a@7:40: .containers[0].seLinuxOptions.level: Invalid value: \"s0\": must be "
     "s0:c26,c5\n"},
    {NULL, POD OF_A("seLinuxOptions: {level: 's0:c5,c26'}"),
     "scc-selinux a@7:40 ?: .containers[0].seLinuxOptions.level: Invalid value: \"s0:c5,c26\": "
     "cannot be verified: the manifest holds no Namespace prod with the annotation "
     "openshift.io/sa.scc.mcs\n"},
    {NULL, POD "  securityContext: {seLinuxOptions: {type: spc_t}}\n" A,
     "scc-selinux pod@5:21: .spec.securityContext.seLinuxOptions.level: Invalid value: \"\": must "
     "be the namespace's (openshift.io/sa.scc.mcs)\n"
     "scc-selinux pod@5:38: .spec.securityContext.seLinuxOptions.type: Invalid value: \"spc_t\": "
     "must be empty\n"},

    /* Pods of Windows are not its business. */
    {NULL,
     POD "  os: {name: windows}\n  hostNetwork: true\n" OF_A("privileged: true, runAsUser: 0"), ""},
};

static void
test_rows(void)
{
  static const char *const names[] = {"restricted-v2", "nonroot-v2"};
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++)
    for (guint j = 0; j < G_N_ELEMENTS(names); j++) {
      if (rows[i].name && strcmp(rows[i].name, names[j]) != 0)
        continue;
      g_autofree char *got = judge(names[j], rows[i].text);
      g_test_message("%s:\n%s", names[j], rows[i].text);
      g_assert_cmpstr(got, ==, rows[i].want);
    }
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/scc/rows", test_rows);
  return g_test_run();
}

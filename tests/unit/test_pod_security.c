/* SPDX-License-Identifier: Apache-2.0 */
/* Pod Security Standards: each check in the API server's words, at each version on both sides of
 * what it changed; a pod that passes, broken in one place at a time. */
#include <string.h>

#include "check/check.h"
#include "kube/pod_security.h"

/* The violations of the first pod of TEXT, one a line: "check CONTAINER@LINE:COLUMN: message". */
static char *
judge(const char *profile, const char *text)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(NzSourceFile) source = nz_source_new("m.yaml", text, strlen(text));
  g_autoptr(NzManifest) manifest = nz_manifest_read(source, &error);
  g_assert_no_error(error);
  g_assert_cmpuint(manifest->pods->len, ==, 1);
  g_autoptr(GPtrArray) violations = g_ptr_array_new_with_free_func(nz_pod_violation_free);
  nz_pod_profile_judge(profile, manifest, manifest->pods->pdata[0], violations);
  GString *out = g_string_new(NULL);
  for (guint i = 0; i < violations->len; i++) {
    const NzPodViolation *v = violations->pdata[i];
    const NzCheck *check = nz_check_find(v->rule);
    g_assert_nonnull(check);
    g_assert_cmpstr(check->profile, ==, NZ_PROFILE_POD_SECURITY);
    g_assert_cmpstr(check->aliases[0], ==, v->check);
    g_assert_false(v->undecided);
    g_string_append_printf(out, "%s %s@%u:%u: %s\n", v->check,
                           v->container ? v->container->name : "pod", v->place->line,
                           v->place->column, v->message);
  }
  return g_string_free(out, FALSE);
}

#define HEAD      "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\n"
#define A(fields) HEAD "spec:\n  containers:\n  - name: a\n" fields
#define CONTEXT(fields)                                                                            \
  A("    securityContext:\n"                                                                       \
    "      " fields "\n")

/* --- what is said, and where --- */

static const struct {
  const char *profile, *pod, *want;
} messages[] = {
    {"baseline", A(""), ""},
    {"baseline",
     HEAD "spec: {hostIPC: true, hostPID: true, hostNetwork: true, containers: [{name: a}]}\n",
     "hostNamespaces pod@4:38: host namespaces (hostNetwork=true)\n"
     "hostNamespaces pod@4:23: host namespaces (hostPID=true)\n"
     "hostNamespaces pod@4:8: host namespaces (hostIPC=true)\n"},
    {"baseline", CONTEXT("privileged: true"),
     "privileged a@8:7: privileged (container \"a\" must not set "
     "securityContext.privileged=true)\n"},
    {"baseline", CONTEXT("capabilities: {add: [CHOWN, NET_RAW, CAP_CHOWN, chown, ALL, '']}"),
     "capabilities_baseline a@8:35: non-default capabilities (container \"a\" must not include "
     "\"NET_RAW\" in securityContext.capabilities.add)\n"
     "capabilities_baseline a@8:44: non-default capabilities (container \"a\" must not include "
     "\"CAP_CHOWN\" in securityContext.capabilities.add)\n"
     "capabilities_baseline a@8:55: non-default capabilities (container \"a\" must not include "
     "\"chown\" in securityContext.capabilities.add)\n"
     "capabilities_baseline a@8:62: non-default capabilities (container \"a\" must not include "
     "\"ALL\" in securityContext.capabilities.add)\n"
     "capabilities_baseline a@8:67: non-default capabilities (container \"a\" must not include "
     "\"\" in securityContext.capabilities.add)\n"},
    {"baseline",
     HEAD "spec:\n  volumes:\n  - {name: v, hostPath: {path: /x}}\n  - {name: w, hostPath: null}\n"
          "  containers: [{name: a}]\n",
     "hostPathVolumes pod@6:15: hostPath volumes (volume \"v\")\n"},
    {"baseline",
     A("    ports: [{containerPort: 1, hostPort: 0}, {containerPort: 2, hostPort: 80}]\n"),
     "hostPorts a@7:65: hostPort (container \"a\" uses hostPort 80)\n"},
    /* What the API server fills in. */
    {"baseline",
     HEAD "spec:\n  hostNetwork: true\n  containers:\n  - name: a\n"
          "    ports: [{containerPort: 80}, {name: x}]\n",
     "hostNamespaces pod@5:3: host namespaces (hostNetwork=true)\n"
     "hostPorts a@8:14: hostPort (container \"a\" uses hostPort 80)\n"},
    {"baseline",
     A("    livenessProbe: {httpGet: {host: h, port: 1}}\n"
       "    readinessProbe: {tcpSocket: {host: 127.0.0.1, port: 1}}\n"
       "    startupProbe: {httpGet: {host: '', port: 1}}\n"
       "    lifecycle:\n"
       "      postStart: {httpGet: {host: h2, port: 1}}\n"
       "      preStop: {tcpSocket: {host: h3, port: 1}}\n"),
     "hostProbesAndHostLifecycle a@7:31: probe or lifecycle host (container \"a\" uses probe or "
     "lifecycle host \"h\")\n"
     "hostProbesAndHostLifecycle a@8:34: probe or lifecycle host (container \"a\" uses probe or "
     "lifecycle host \"127.0.0.1\")\n"
     "hostProbesAndHostLifecycle a@11:29: probe or lifecycle host (container \"a\" uses probe or "
     "lifecycle host \"h2\")\n"
     "hostProbesAndHostLifecycle a@12:29: probe or lifecycle host (container \"a\" uses probe or "
     "lifecycle host \"h3\")\n"},
    {"baseline",
     HEAD "spec:\n  securityContext: {appArmorProfile: {type: Unconfined}}\n  containers:\n"
          "  - {name: a, securityContext: {appArmorProfile: {type: Localhost}}}\n"
          "  - {name: b, securityContext: {appArmorProfile: {}}}\n",
     "appArmorProfile pod@5:39: forbidden AppArmor profile (pod must not set AppArmor profile "
     "type to \"Unconfined\")\n"
     "appArmorProfile b@8:33: forbidden AppArmor profile (container \"b\" must not set AppArmor "
     "profile type to \"\")\n"},
    {"baseline",
     "apiVersion: v1\nkind: Pod\nmetadata:\n  name: p\n  annotations:\n"
     "    container.apparmor.security.beta.kubernetes.io/a: runtime/default\n"
     "    container.apparmor.security.beta.kubernetes.io/b: localhost/x\n"
     "    container.apparmor.security.beta.kubernetes.io/c: ''\n"
     "    container.apparmor.security.beta.kubernetes.io/d: unconfined\n"
     "    container.apparmor.security.beta.kubernetes.io/: 'a \"b\"'\n"
     "    apparmor.security.beta.kubernetes.io/a: unconfined\n"
     "spec: {containers: [{name: a}]}\n",
     "appArmorProfile pod@9:5: forbidden AppArmor profile (annotation must not set AppArmor "
     "profile type to \"container.apparmor.security.beta.kubernetes.io/d=\"unconfined\"\")\n"
     "appArmorProfile pod@10:5: forbidden AppArmor profile (annotation must not set AppArmor "
     "profile type to \"container.apparmor.security.beta.kubernetes.io/=\"a \\\"b\\\"\"\")\n"},
    {"baseline",
     HEAD "spec:\n  securityContext: {seLinuxOptions: {type: foo, user: bar, role: baz}}\n"
          "  containers:\n"
          "  - {name: a, securityContext: {seLinuxOptions: {type: container_t, level: 's0'}}}\n"
          "  - {name: b, securityContext: {seLinuxOptions: {user: u, type: ''}}}\n"
          "  - {name: c, securityContext: {seLinuxOptions: {role: r, type: null}}}\n"
          "  - {name: d, securityContext: {seLinuxOptions: {type: Container_t}}}\n",
     "seLinuxOptions pod@5:38: seLinuxOptions (pod set forbidden securityContext.seLinuxOptions: "
     "type \"foo\"; user may not be set; role may not be set)\n"
     "seLinuxOptions b@8:50: seLinuxOptions (container \"b\" set forbidden "
     "securityContext.seLinuxOptions: user may not be set)\n"
     "seLinuxOptions c@9:50: seLinuxOptions (container \"c\" set forbidden "
     "securityContext.seLinuxOptions: role may not be set)\n"
     "seLinuxOptions d@10:50: seLinuxOptions (container \"d\" set forbidden "
     "securityContext.seLinuxOptions: type \"Container_t\")\n"},
    {"baseline", CONTEXT("procMount: Unmasked"),
     "procMount a@8:7: procMount (container \"a\" must not set securityContext.procMount to "
     "\"Unmasked\")\n"},
    {"baseline", CONTEXT("procMount: ''"),
     "procMount a@8:7: procMount (container \"a\" must not set securityContext.procMount to "
     "\"\")\n"},
    {"baseline", CONTEXT("procMount: Default"), ""},
    {"baseline:v1.18",
     "apiVersion: v1\nkind: Pod\nmetadata:\n  name: p\n  annotations:\n"
     "    seccomp.security.alpha.kubernetes.io/pod: unconfined\n"
     "    container.seccomp.security.alpha.kubernetes.io/a: docker/default\n"
     "    container.seccomp.security.alpha.kubernetes.io/b: ''\n"
     "    container.seccomp.security.alpha.kubernetes.io/other: unconfined\n"
     "spec: {containers: [{name: a}, {name: b}, {name: c}]}\n",
     "seccompProfile_baseline pod@6:5: seccompProfile (forbidden annotation "
     "seccomp.security.alpha.kubernetes.io/pod=\"unconfined\")\n"
     "seccompProfile_baseline b@8:5: seccompProfile (forbidden annotation "
     "container.seccomp.security.alpha.kubernetes.io/b=\"\")\n"},
    {"baseline",
     HEAD
     "spec:\n  securityContext: {seccompProfile: {type: Unconfined}}\n  containers:\n"
     "  - {name: a, securityContext: {seccompProfile: {type: Localhost, localhostProfile: x}}}\n"
     "  - {name: b, securityContext: {seccompProfile: {type: runtimeDefault}}}\n"
     "  - {name: c, securityContext: {seccompProfile: {}}}\n",
     "seccompProfile_baseline pod@5:38: seccompProfile (pod must not set "
     "securityContext.seccompProfile.type to \"Unconfined\")\n"
     "seccompProfile_baseline b@8:50: seccompProfile (container \"b\" must not set "
     "securityContext.seccompProfile.type to \"runtimeDefault\")\n"
     "seccompProfile_baseline c@9:33: seccompProfile (container \"c\" must not set "
     "securityContext.seccompProfile.type to \"\")\n"},
    {"baseline",
     HEAD "spec:\n  securityContext:\n    sysctls:\n"
          "    - {name: net.ipv4.ip_unprivileged_port_start, value: '0'}\n"
          "    - {name: kernel.msgmax, value: '1'}\n    - {name: 'kernel.*', value: '1'}\n"
          "  containers: [{name: a}]\n",
     "sysctls pod@8:8: forbidden sysctls (kernel.msgmax)\n"
     "sysctls pod@9:8: forbidden sysctls (kernel.*)\n"},
    {"baseline",
     HEAD "spec:\n  os: {name: windows}\n"
          "  securityContext: {windowsOptions: {hostProcess: true}}\n  containers:\n"
          "  - {name: a, securityContext: {windowsOptions: {hostProcess: false}}}\n"
          "  - {name: b, securityContext: {windowsOptions: {hostProcess: true}}}\n",
     "windowsHostProcess pod@6:38: hostProcess (pod must not set "
     "securityContext.windowsOptions.hostProcess=true)\n"
     "windowsHostProcess b@9:50: hostProcess (container \"b\" must not set "
     "securityContext.windowsOptions.hostProcess=true)\n"},
    /* restricted: a pod that says nothing */
    {"restricted", A(""),
     "allowPrivilegeEscalation a@6:5: allowPrivilegeEscalation != false (container \"a\" must set "
     "securityContext.allowPrivilegeEscalation=false)\n"
     "capabilities_restricted a@6:5: unrestricted capabilities (container \"a\" must set "
     "securityContext.capabilities.drop=[\"ALL\"])\n"
     "runAsNonRoot a@6:5: runAsNonRoot != true (pod or container \"a\" must set "
     "securityContext.runAsNonRoot=true)\n"
     "seccompProfile_restricted a@6:5: seccompProfile (pod or container \"a\" must set "
     "securityContext.seccompProfile.type to \"RuntimeDefault\" or \"Localhost\")\n"},
    {"restricted:v1.0", A(""),
     "runAsNonRoot a@6:5: runAsNonRoot != true (pod or container \"a\" must set "
     "securityContext.runAsNonRoot=true)\n"},
    /* and one that says the wrong thing */
    {"restricted",
     HEAD "spec:\n  securityContext: {runAsNonRoot: false, runAsUser: 0}\n  containers:\n"
          "  - name: a\n    securityContext:\n      runAsUser: 0\n      runAsNonRoot: null\n"
          "      allowPrivilegeEscalation: true\n"
          "      capabilities: {drop: [all, NET_RAW], add: [NET_BIND_SERVICE, CHOWN]}\n"
          "      seccompProfile: {type: Unconfined}\n",
     "allowPrivilegeEscalation a@11:7: allowPrivilegeEscalation != false (container \"a\" must "
     "set securityContext.allowPrivilegeEscalation=false)\n"
     "capabilities_restricted a@12:22: unrestricted capabilities (container \"a\" must set "
     "securityContext.capabilities.drop=[\"ALL\"])\n"
     "capabilities_restricted a@12:68: unrestricted capabilities (container \"a\" must not include "
     "\"CHOWN\" in securityContext.capabilities.add)\n"
     "runAsNonRoot pod@5:21: runAsNonRoot != true (pod must not set "
     "securityContext.runAsNonRoot=false)\n"
     "runAsUser pod@5:42: runAsUser=0 (pod must not set runAsUser=0)\n"
     "runAsUser a@9:7: runAsUser=0 (container \"a\" must not set runAsUser=0)\n"
     "seccompProfile_restricted a@13:24: seccompProfile (container \"a\" must not set "
     "securityContext.seccompProfile.type to \"Unconfined\")\n"},
    {"restricted:v1.18",
     HEAD "spec:\n  volumes:\n  - {name: v, hostPath: {path: /x}}\n  - {name: w, nfs: {}}\n"
          "  - {name: x, fancy: {}}\n  - {name: u}\n  - {name: z, image: {}}\n"
          "  securityContext: {runAsNonRoot: true}\n"
          "  containers: [{name: a, securityContext: {allowPrivilegeEscalation: false}}]\n",
     "restrictedVolumes pod@6:15: restricted volume types (volume \"v\" uses restricted volume "
     "type \"hostPath\")\n"
     "restrictedVolumes pod@7:15: restricted volume types (volume \"w\" uses restricted volume "
     "type \"nfs\")\n"
     "restrictedVolumes pod@8:15: restricted volume types (volume \"x\" uses restricted volume "
     "type \"unknown\")\n"},
    /* Each container by itself: a pod's true does not hide a container's false. */
    {"restricted:v1.0",
     HEAD "spec:\n  securityContext: {runAsNonRoot: true}\n"
          "  initContainers: [{name: i, securityContext: {runAsNonRoot: false}}]\n"
          "  containers: [{name: a}, {name: b, securityContext: {runAsNonRoot: true}}]\n"
          "  ephemeralContainers: [{name: e, securityContext: {runAsNonRoot: false}}]\n",
     "runAsNonRoot i@6:48: runAsNonRoot != true (container \"i\" must not set "
     "securityContext.runAsNonRoot=false)\n"
     "runAsNonRoot e@8:53: runAsNonRoot != true (container \"e\" must not set "
     "securityContext.runAsNonRoot=false)\n"},
    /* And true in all containers does not hide the pod's false. */
    {"restricted:v1.0",
     HEAD "spec:\n  securityContext: {runAsNonRoot: false}\n"
          "  containers: [{name: a, securityContext: {runAsNonRoot: true}}]\n",
     "runAsNonRoot pod@5:21: runAsNonRoot != true (pod must not set "
     "securityContext.runAsNonRoot=false)\n"},
    /* What a terminal must not see. */
    {"baseline",
     HEAD "spec: {containers: [{name: \"a\\e[1m\", securityContext: {privileged: true}}]}\n",
     "privileged a\\x1b[1m@4:56: privileged (container \"a\\x1b[1m\" must not set "
     "securityContext.privileged=true)\n"},
    {"cbpp-0002", CONTEXT("privileged: true"), ""},
    {"openshift", CONTEXT("privileged: true"), ""},
};

static void
test_messages(void)
{
  for (guint i = 0; i < G_N_ELEMENTS(messages); i++) {
    g_autofree char *got = judge(messages[i].profile, messages[i].pod);
    g_test_message("%s:\n%s", messages[i].profile, messages[i].pod);
    g_assert_cmpstr(got, ==, messages[i].want);
  }
}

/* --- by version --- */

#define NEVER  1000u
#define ALWAYS 0u, NEVER
#define SYSCTL(name)                                                                               \
  HEAD "spec:\n  securityContext: {sysctls: [{name: " name ", value: '1'}]}\n"                     \
       "  containers: [{name: a}]\n"
#define SELINUX(type) CONTEXT("seLinuxOptions: {type: " type "}")
#define UNMASKED_USERNS                                                                            \
  HEAD "spec:\n  hostUsers: false\n  containers: [{name: a, securityContext: {procMount: "         \
       "Unmasked}}]\n"
#define WINDOWS                                                                                    \
  HEAD "spec:\n  os: {name: windows}\n  securityContext: {runAsNonRoot: true}\n"                   \
       "  containers: [{name: a, securityContext: {capabilities: {add: [SYS_ADMIN]}}}]\n"
#define ROOT_USERNS                                                                                \
  HEAD "spec:\n  hostUsers: false\n  containers: [{name: a, securityContext: {runAsUser: 0}}]\n"
#define ROOT_HOST                                                                                  \
  HEAD "spec:\n  hostUsers: true\n  containers: [{name: a, securityContext: {runAsUser: 0}}]\n"
#define HOST_PATH                                                                                  \
  HEAD "spec:\n  volumes: [{name: v, hostPath: {path: /x}}]\n  containers: [{name: a}]\n"
#define SECCOMP_ANNOTATION                                                                         \
  "apiVersion: v1\nkind: Pod\nmetadata:\n  annotations: "                                          \
  "{seccomp.security.alpha.kubernetes.io/pod: unconfined}\nspec: {containers: [{name: a}]}\n"
#define SECCOMP_FIELD CONTEXT("seccompProfile: {type: Unconfined}")
#define IMAGE_VOLUME                                                                               \
  HEAD "spec:\n  volumes: [{name: v, image: {reference: x}}]\n  containers: [{name: a}]\n"

/* CHECK fails the pod from v1.FROM on, up to but not v1.UNTIL. */
static const struct {
  const char *level, *check, *pod;
  guint from, until;
} versions[] = {
    {"baseline", "hostNamespaces", HEAD "spec: {hostPID: true, containers: [{name: a}]}\n", ALWAYS},
    {"restricted", "hostNamespaces", HEAD "spec: {hostPID: true, containers: [{name: a}]}\n",
     ALWAYS},
    {"baseline", "privileged", CONTEXT("privileged: true"), ALWAYS},
    {"restricted", "privileged", CONTEXT("privileged: true"), ALWAYS},
    {"baseline", "hostPorts", A("    ports: [{hostPort: 1}]\n"), ALWAYS},
    {"restricted", "hostPorts", A("    ports: [{hostPort: 1}]\n"), ALWAYS},
    {"baseline", "windowsHostProcess", CONTEXT("windowsOptions: {hostProcess: true}"), ALWAYS},
    {"restricted", "windowsHostProcess", CONTEXT("windowsOptions: {hostProcess: true}"), ALWAYS},
    /* The field too, at versions that are older than it. */
    {"baseline", "appArmorProfile", CONTEXT("appArmorProfile: {type: Unconfined}"), ALWAYS},
    {"restricted", "appArmorProfile", CONTEXT("appArmorProfile: {type: Unconfined}"), ALWAYS},
    {"baseline", "hostProbesAndHostLifecycle",
     A("    livenessProbe: {httpGet: {host: h, port: 1}}\n"), 34, NEVER},
    {"restricted", "hostProbesAndHostLifecycle",
     A("    livenessProbe: {httpGet: {host: h, port: 1}}\n"), 34, NEVER},
    /* One check in place of another. */
    {"baseline", "hostPathVolumes", HOST_PATH, ALWAYS},
    {"restricted", "hostPathVolumes", HOST_PATH, NEVER, NEVER},
    {"restricted", "restrictedVolumes", HOST_PATH, ALWAYS},
    {"baseline", "restrictedVolumes", HOST_PATH, NEVER, NEVER},
    {"restricted", "restrictedVolumes", IMAGE_VOLUME, NEVER, NEVER},
    {"baseline", "capabilities_baseline", CONTEXT("capabilities: {add: [SYS_ADMIN]}"), ALWAYS},
    {"restricted", "capabilities_baseline", CONTEXT("capabilities: {add: [SYS_ADMIN]}"), 0, 22},
    {"restricted", "capabilities_restricted",
     CONTEXT("capabilities: {drop: [ALL], add: [SYS_ADMIN]}"), 22, NEVER},
    {"restricted", "capabilities_restricted", CONTEXT("capabilities: {drop: [ALL], add: [CHOWN]}"),
     22, NEVER},
    {"restricted", "capabilities_restricted",
     CONTEXT("capabilities: {drop: [ALL], add: [NET_BIND_SERVICE]}"), NEVER, NEVER},
    {"restricted", "capabilities_restricted", CONTEXT("capabilities: {drop: [CHOWN, ALL]}"), NEVER,
     NEVER},
    {"restricted", "capabilities_restricted", CONTEXT("capabilities: {drop: [CAP_ALL]}"), 22,
     NEVER},
    /* Nobody but restricted's check looks at a Windows pod's, and that from v1.25 on not at all. */
    {"restricted", "capabilities_restricted", WINDOWS, 22, 25},
    {"restricted", "capabilities_baseline", WINDOWS, 0, 22},
    {"baseline", "capabilities_baseline", WINDOWS, ALWAYS},
    {"restricted", "allowPrivilegeEscalation", WINDOWS, 8, 25},
    {"restricted", "seccompProfile_restricted", WINDOWS, 19, 25},
    {"restricted", "allowPrivilegeEscalation", A(""), 8, NEVER},
    {"baseline", "allowPrivilegeEscalation", A(""), NEVER, NEVER},
    {"restricted", "allowPrivilegeEscalation", CONTEXT("allowPrivilegeEscalation: false"), NEVER,
     NEVER},
    {"baseline", "seccompProfile_baseline", SECCOMP_ANNOTATION, 0, 19},
    {"restricted", "seccompProfile_baseline", SECCOMP_ANNOTATION, 0, 19},
    {"baseline", "seccompProfile_baseline", SECCOMP_FIELD, 19, NEVER},
    {"restricted", "seccompProfile_baseline", SECCOMP_FIELD, NEVER, NEVER},
    {"restricted", "seccompProfile_restricted", SECCOMP_FIELD, 19, NEVER},
    {"restricted", "seccompProfile_restricted", A(""), 19, NEVER},
    {"baseline", "procMount", CONTEXT("procMount: Unmasked"), ALWAYS},
    {"restricted", "procMount", CONTEXT("procMount: Unmasked"), 0, 35},
    {"restricted", "procMount_restricted", CONTEXT("procMount: Unmasked"), 35, NEVER},
    {"baseline", "procMount", UNMASKED_USERNS, 0, 35},
    {"restricted", "procMount", UNMASKED_USERNS, 0, 35},
    {"restricted", "procMount_restricted", UNMASKED_USERNS, 35, NEVER},
    {"restricted", "runAsNonRoot", A(""), ALWAYS},
    {"baseline", "runAsNonRoot", A(""), NEVER, NEVER},
    {"restricted", "runAsNonRoot", ROOT_USERNS, 0, 35},
    {"restricted", "runAsUser", ROOT_USERNS, 23, 35},
    {"restricted", "runAsUser", ROOT_HOST, 23, NEVER},
    {"restricted", "runAsNonRoot", ROOT_HOST, ALWAYS},
    {"restricted", "runAsUser", CONTEXT("runAsUser: 1"), NEVER, NEVER},
    {"baseline", "runAsUser", ROOT_HOST, NEVER, NEVER},
    /* A user namespace makes nothing else of it. */
    {"restricted", "allowPrivilegeEscalation", ROOT_USERNS, 8, NEVER},
    {"restricted", "capabilities_restricted", ROOT_USERNS, 22, NEVER},
    {"baseline", "seLinuxOptions", SELINUX("spc_t"), ALWAYS},
    {"restricted", "seLinuxOptions", SELINUX("spc_t"), ALWAYS},
    {"baseline", "seLinuxOptions", SELINUX("container_init_t"), NEVER, NEVER},
    {"baseline", "seLinuxOptions", SELINUX("container_kvm_t"), NEVER, NEVER},
    {"baseline", "seLinuxOptions", SELINUX("container_engine_t"), 0, 31},
    {"restricted", "seLinuxOptions", SELINUX("container_engine_t"), 0, 31},
    {"baseline", "sysctls", SYSCTL("kernel.shm_rmid_forced"), NEVER, NEVER},
    {"baseline", "sysctls", SYSCTL("net.ipv4.ip_local_port_range"), NEVER, NEVER},
    {"baseline", "sysctls", SYSCTL("net.ipv4.tcp_syncookies"), NEVER, NEVER},
    {"baseline", "sysctls", SYSCTL("net.ipv4.ping_group_range"), NEVER, NEVER},
    {"baseline", "sysctls", SYSCTL("net.ipv4.ip_unprivileged_port_start"), NEVER, NEVER},
    {"baseline", "sysctls", SYSCTL("net.ipv4.ip_local_reserved_ports"), 0, 27},
    {"baseline", "sysctls", SYSCTL("net.ipv4.tcp_keepalive_time"), 0, 29},
    {"baseline", "sysctls", SYSCTL("net.ipv4.tcp_fin_timeout"), 0, 29},
    {"baseline", "sysctls", SYSCTL("net.ipv4.tcp_keepalive_intvl"), 0, 29},
    {"baseline", "sysctls", SYSCTL("net.ipv4.tcp_keepalive_probes"), 0, 29},
    {"baseline", "sysctls", SYSCTL("net.ipv4.tcp_rmem"), 0, 32},
    {"baseline", "sysctls", SYSCTL("net.ipv4.tcp_wmem"), 0, 32},
    {"baseline", "sysctls", SYSCTL("net.ipv4.tcp_slow_start_after_idle"), 0, 37},
    {"restricted", "sysctls", SYSCTL("net.ipv4.tcp_notsent_lowat"), 0, 37},
    {"restricted", "sysctls", SYSCTL("net.core.somaxconn"), ALWAYS},
};

/* One pod may be judged by many checks: is there a line of CHECK's? */
static gboolean
is_found(const char *found, const char *check)
{
  g_auto(GStrv) lines = g_strsplit(found, "\n", -1);
  g_autofree char *begin = g_strconcat(check, " ", NULL);
  for (guint i = 0; lines[i]; i++)
    if (g_str_has_prefix(lines[i], begin))
      return TRUE;
  return FALSE;
}

static void
test_versions(void)
{
  for (guint i = 0; i < G_N_ELEMENTS(versions); i++)
    for (guint minor = 0; minor <= NZ_POD_SECURITY_NEWEST + 2; minor++) {
      g_autofree char *profile =
          minor <= NZ_POD_SECURITY_NEWEST
              ? g_strdup_printf("%s:v1.%u", versions[i].level, minor)
              : g_strconcat(versions[i].level, minor == NZ_POD_SECURITY_NEWEST + 1 ? "" : ":latest",
                            NULL);
      g_autofree char *found = judge(profile, versions[i].pod);
      guint as = MIN(minor, NZ_POD_SECURITY_NEWEST);
      g_test_message("row %u: %s of %s: %s", i, versions[i].check, profile, found);
      g_assert_cmpint(is_found(found, versions[i].check), ==,
                      as >= versions[i].from && as < versions[i].until);
    }
}

/* --- what reports say was asked --- */

/* Breaks every check of every version. */
#define ALL_BAD                                                                                    \
  "apiVersion: v1\nkind: Pod\nmetadata:\n  annotations: "                                          \
  "{seccomp.security.alpha.kubernetes.io/pod: unconfined}\nspec:\n"                                \
  "  hostPID: true\n  securityContext: {runAsNonRoot: false, runAsUser: 0, seccompProfile: "       \
  "{type: Unconfined}, sysctls: [{name: a, value: b}], windowsOptions: {hostProcess: true}}\n"     \
  "  volumes: [{name: v, hostPath: {path: /x}}]\n  containers:\n  - name: a\n"                     \
  "    ports: [{hostPort: 1}]\n    livenessProbe: {httpGet: {host: h, port: 1}}\n"                 \
  "    securityContext: {privileged: true, procMount: Unmasked, appArmorProfile: {type: "          \
  "Unconfined}, seLinuxOptions: {type: spc_t}, capabilities: {add: [SYS_ADMIN]}}\n"

static void
test_reports_list_what_is_asked(void)
{
  static const char *const levels[] = {"baseline", "restricted"};
  for (guint level = 0; level < G_N_ELEMENTS(levels); level++)
    for (guint minor = 0; minor <= NZ_POD_SECURITY_NEWEST; minor++) {
      g_autofree char *profile = g_strdup_printf("%s:v1.%u", levels[level], minor);
      g_autofree char *found = judge(profile, ALL_BAD);
      const NzCheck *check;
      for (guint i = 0; (check = nz_check_at(i)); i++) {
        g_test_message("%s: %s: %s", profile, check->rule, found);
        gboolean is_of_pods = g_strcmp0(check->profile, NZ_PROFILE_POD_SECURITY) == 0;
        g_assert_cmpint(nz_check_asks(check, "workload-container", profile), ==,
                        is_of_pods && is_found(found, check->aliases[0]));
        g_assert_false(is_of_pods && nz_check_asks(check, "dockerfile", profile));
      }
    }
}

/* --- broken in one place --- */

#define WHOLE                                                                                      \
  "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d}\nspec:\n  template:\n"               \
  "    metadata:\n      annotations: {a: b}\n    spec:\n"                                          \
  "      hostPID: false\n"                                                                         \
  "      hostUsers: true\n"                                                                        \
  "      securityContext:\n"                                                                       \
  "        runAsNonRoot: true\n"                                                                   \
  "        runAsUser: 1000\n"                                                                      \
  "        seccompProfile: {type: RuntimeDefault}\n"                                               \
  "        sysctls: [{name: net.ipv4.tcp_syncookies, value: '1'}]\n"                               \
  "      volumes:\n"                                                                               \
  "      - {name: v, emptyDir: {}}\n"                                                              \
  "      initContainers:\n"                                                                        \
  "      - name: i\n"                                                                              \
  "        restartPolicy: Always\n"                                                                \
  "        securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}\n"      \
  "      containers:\n"                                                                            \
  "      - name: c\n"                                                                              \
  "        ports: [{containerPort: 8080}]\n"                                                       \
  "        livenessProbe: {httpGet: {port: 8080}}\n"                                               \
  "        securityContext:\n"                                                                     \
  "          privileged: false\n"                                                                  \
  "          procMount: Default\n"                                                                 \
  "          runAsNonRoot: true\n"                                                                 \
  "          allowPrivilegeEscalation: false\n"                                                    \
  "          seLinuxOptions: {level: 's0:c1,c2'}\n"                                                \
  "          capabilities: {drop: ['ALL'], add: [NET_BIND_SERVICE]}\n"                             \
  "          appArmorProfile: {type: RuntimeDefault}\n"

static const struct {
  const char *good, *bad, *check;
} mutations[] = {
    {"hostPID: false", "hostPID: true", "hostNamespaces"},
    {"hostUsers: true", "hostIPC: true", "hostNamespaces"},
    {"        runAsNonRoot: true\n        runAsUser: 1000", "        runAsUser: 1000",
     "runAsNonRoot"},
    {"        runAsNonRoot: true\n        runAsUser",
     "        runAsNonRoot: false\n        runAsUser", "runAsNonRoot"},
    {"          runAsNonRoot: true\n", "          runAsNonRoot: false\n", "runAsNonRoot"},
    {"runAsUser: 1000", "runAsUser: 0", "runAsUser"},
    {"seccompProfile: {type: RuntimeDefault}", "seccompProfile: {type: Unconfined}",
     "seccompProfile_restricted"},
    {"        seccompProfile: {type: RuntimeDefault}\n", "        seccompProfile: {}\n",
     "seccompProfile_restricted"},
    {"tcp_syncookies", "tcp_congestion_control", "sysctls"},
    {"emptyDir: {}", "hostPath: {path: /}", "restrictedVolumes"},
    {"emptyDir: {}", "gitRepo: {repository: x}", "restrictedVolumes"},
    {"{allowPrivilegeEscalation: false, capabilities", "{capabilities", "allowPrivilegeEscalation"},
    {"capabilities: {drop: [ALL]}}", "capabilities: {drop: [KILL]}}", "capabilities_restricted"},
    {", capabilities: {drop: [ALL]}}", "}", "capabilities_restricted"},
    {"containerPort: 8080}", "containerPort: 8080, hostPort: 8080}", "hostPorts"},
    {"httpGet: {port", "httpGet: {host: a.example, port", "hostProbesAndHostLifecycle"},
    {"privileged: false", "privileged: true", "privileged"},
    {"procMount: Default", "procMount: Unmasked", "procMount_restricted"},
    {"          allowPrivilegeEscalation: false\n", "          allowPrivilegeEscalation: true\n",
     "allowPrivilegeEscalation"},
    {"          allowPrivilegeEscalation: false\n", "", "allowPrivilegeEscalation"},
    {"level: 's0:c1,c2'", "type: spc_t", "seLinuxOptions"},
    {"level: 's0:c1,c2'", "user: system_u", "seLinuxOptions"},
    {"level: 's0:c1,c2'", "role: system_r", "seLinuxOptions"},
    {"drop: ['ALL'], add", "add", "capabilities_restricted"},
    {"[NET_BIND_SERVICE]", "[NET_ADMIN]", "capabilities_restricted"},
    {"appArmorProfile: {type: RuntimeDefault}", "appArmorProfile: {type: Unconfined}",
     "appArmorProfile"},
    {"appArmorProfile: {type: RuntimeDefault}", "windowsOptions: {hostProcess: true}",
     "windowsHostProcess"},
    {"{a: b}", "{container.apparmor.security.beta.kubernetes.io/c: unconfined}", "appArmorProfile"},
    /* and back again: what is as good */
    {"hostPID: false", "hostPID: null", NULL},
    {"runAsUser: 1000", "runAsGroup: 0", NULL},
    {"          runAsNonRoot: true\n", "", NULL},
    {"type: RuntimeDefault}\n        sysctls",
     "type: Localhost, localhostProfile: x}\n        sysctls", NULL},
    {"emptyDir: {}", "persistentVolumeClaim: {claimName: x}", NULL},
    {"emptyDir: {}", "csi: {driver: x}", NULL},
    {"emptyDir: {}", "ephemeral: {}", NULL},
    {"emptyDir: {}", "image: {reference: x}", NULL},
    {"emptyDir: {}", "configMap: {name: x}", NULL},
    {"emptyDir: {}", "downwardAPI: {}", NULL},
    {"emptyDir: {}", "projected: {sources: []}", NULL},
    {"emptyDir: {}", "secret: {secretName: x}", NULL},
    {"{name: v, emptyDir: {}}", "{name: v}", NULL},
    {"httpGet: {port", "httpGet: {host: '', port", NULL},
    {", add: [NET_BIND_SERVICE]", ", add: []", NULL},
    {"{a: b}", "{seccomp.security.alpha.kubernetes.io/pod: unconfined}", NULL},
    {"procMount: Default", "readOnlyRootFilesystem: true", NULL},
};

static void
test_mutations(void)
{
  for (guint i = 0; i < G_N_ELEMENTS(mutations); i++) {
    g_auto(GStrv) parts = g_strsplit(WHOLE, mutations[i].good, 2);
    g_test_message("%s -> %s", mutations[i].good, mutations[i].bad);
    g_assert_cmpuint(g_strv_length(parts), ==, 2);
    g_autofree char *pod = g_strjoinv(mutations[i].bad, parts);
    g_autofree char *found = judge("restricted", pod);
    if (!mutations[i].check) {
      g_assert_cmpstr(found, ==, "");
      continue;
    }
    g_assert_true(is_found(found, mutations[i].check));
    g_assert_nonnull(strchr(found, '\n'));
    g_assert_cmpstr(strchr(found, '\n'), ==, "\n"); /* there is but one */
  }
}

static void
test_whole_passes_all(void)
{
  for (guint minor = 0; minor <= NZ_POD_SECURITY_NEWEST; minor++) {
    g_autofree char *baseline = g_strdup_printf("baseline:v1.%u", minor);
    g_autofree char *restricted = g_strdup_printf("restricted:v1.%u", minor);
    g_autofree char *one = judge(baseline, WHOLE), *two = judge(restricted, WHOLE);
    g_assert_cmpstr(one, ==, "");
    g_assert_cmpstr(two, ==, "");
  }
}

/* --- for containers --- */

static void
test_acts_are_the_containers_and_the_pods(void)
{
  static const char text[] =
      HEAD "spec:\n  hostPID: true\n  containers:\n"
           "  - {name: a, securityContext: {privileged: true}}\n  - {name: b}\n";
  g_autoptr(GError) error = NULL;
  g_autoptr(NzSourceFile) source = nz_source_new("m.yaml", text, strlen(text));
  g_autoptr(NzManifest) manifest = nz_manifest_read(source, &error);
  g_assert_no_error(error);
  const NzKubePod *pod = manifest->pods->pdata[0];
  g_autoptr(GPtrArray) violations = g_ptr_array_new_with_free_func(nz_pod_violation_free);
  nz_pod_profile_judge("baseline", manifest, pod, violations);
  static const char *const want[] = {"pss-host-namespaces pss-privileged ", "pss-host-namespaces "};
  for (guint i = 0; i < G_N_ELEMENTS(want); i++) {
    g_autoptr(GPtrArray) acts = g_ptr_array_new_with_free_func((GDestroyNotify)nz_act_free);
    g_autoptr(GPtrArray) findings = g_ptr_array_new_with_free_func((GDestroyNotify)nz_finding_free);
    g_autoptr(GString) got = g_string_new(NULL);
    nz_pod_violation_acts(violations, pod->containers->pdata[i], acts);
    NzBuildFacts facts = {.profile = NZ_PROFILE_POD_SECURITY, .acts = acts};
    nz_checks_run_build(&facts, findings);
    for (guint j = 0; j < findings->len; j++) {
      const NzFinding *f = findings->pdata[j];
      g_assert_cmpint(f->level, ==, NZ_LEVEL_FAIL);
      g_assert_nonnull(f->place);
      g_string_append_printf(got, "%s ", f->rule);
    }
    g_assert_cmpstr(got->str, ==, want[i]);
  }
}

/* --- profiles --- */

static const struct {
  const char *name, *error; /* NULL: it is one */
  const char *pods;
} profiles[] = {
    {"cbpp-0002", NULL, NULL},
    {"openshift", NULL, NULL},
    {"user-only", NULL, NULL},
    {"baseline", NULL, "pod-security"},
    {"baseline:latest", NULL, "pod-security"},
    {"baseline:v1.0", NULL, "pod-security"},
    {"restricted:v1.37", NULL, "pod-security"},
    {"openshift:restricted-v2", NULL, "scc"},
    {"openshift:nonroot-v2", NULL, "scc"},
    {"restricted:v1.38", "restricted:v1.38 is not known yet: there are v1.0 to v1.37, and latest",
     NULL},
    {"restricted:v1.99999999999", "v1.99999999999 is no version of restricted", NULL},
    {"restricted:1.31", "1.31 is no version of restricted; did you mean restricted:v1.31?", NULL},
    {"restricted:v1.031", "v1.031 is no version of restricted: there are v1.0 to v1.37", NULL},
    {"restricted:v1.", "v1. is no version of restricted", NULL},
    {"restricted:v1.31 ", "v1.31  is no version of restricted", NULL},
    {"restricted:v1.+3", "v1.+3 is no version of restricted", NULL},
    {"restricted:v2.1", "v2.1 is no version of restricted", NULL},
    {"restricted:Latest", "Latest is no version of restricted", NULL},
    {"baseline:", "nothing is no version of baseline", NULL},
    {"baseline:\033[1m", "\\x1b[1m is no version of baseline", NULL},
    {"restrited", "there is no profile restrited; did you mean restricted?", NULL},
    {"restrited:v1.31", "there is no profile restrited:v1.31; did you mean restricted?", NULL},
    {"Restricted", "there is no profile Restricted; did you mean restricted?", NULL},
    {"openshift:restricted-v1", "did you mean openshift:restricted-v2?", NULL},
    {"openshift:", "there is no profile openshift:; did you mean openshift?", NULL},
    {"", "there is no profile ; there are cbpp-0002, openshift, baseline, restricted, ", NULL},
    {"anything", "there is no profile anything; there are cbpp-0002", NULL},
};

static void
test_profiles(void)
{
  for (guint i = 0; i < G_N_ELEMENTS(profiles); i++) {
    g_autoptr(GError) error = NULL;
    const char *found = nz_profile_find(profiles[i].name, &error);
    g_test_message("%s: %s", profiles[i].name, error ? error->message : "is one");
    if (profiles[i].error) {
      g_assert_null(found);
      g_assert_error(error, NZ_ERROR, NZ_ERROR_INPUT);
      g_assert_nonnull(strstr(error->message, profiles[i].error));
    } else {
      g_assert_no_error(error);
      g_assert_cmpstr(found, ==, profiles[i].name);
      g_assert_cmpstr(nz_profile_of_pods(found), ==, profiles[i].pods);
    }
  }
  g_assert_null(nz_profile_of_pods(NULL));
  g_assert_null(nz_profile_of_pods("restricted:v1.38"));
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/pod_security/messages", test_messages);
  g_test_add_func("/pod_security/versions", test_versions);
  g_test_add_func("/pod_security/reports", test_reports_list_what_is_asked);
  g_test_add_func("/pod_security/mutations", test_mutations);
  g_test_add_func("/pod_security/whole-passes-all", test_whole_passes_all);
  g_test_add_func("/pod_security/acts", test_acts_are_the_containers_and_the_pods);
  g_test_add_func("/pod_security/profiles", test_profiles);
  return g_test_run();
}

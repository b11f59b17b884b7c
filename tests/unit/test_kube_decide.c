/* SPDX-License-Identifier: Apache-2.0 */
/* Who containers of Kubernetes start as: the API server's precedence, the kubelet's gate, the
 * image's user. */
#include <string.h>

#include "build/source.h"
#include "kube/decide.h"

/* What the image says. NULL: nobody looked. */
typedef struct {
  const char *user, *passwd, *group; /* passwd NULL: there is none, but it is known */
  const char *unknown;
  gboolean no_accounts; /* its accounts are not known */
} Image;

static const Image no_user = {.user = NULL, .passwd = "root:x:0:0::/:/bin/sh\n"};
static const Image empty_user = {.user = ":0", .passwd = ""};
static const Image named = {
    .user = "app", .passwd = "root:x:0:0::/:\napp:x:1000:2000::/:\n", .group = "wheel:x:10:app\n"};
static const Image named_root = {.user = "toor", .passwd = "toor:x:0:0::/:\n"};
static const Image named_missing = {.user = "ghost", .passwd = "root:x:0:0::/:\n"};
static const Image named_table = {.user = "nginx", .no_accounts = TRUE};
static const Image numeric = {.user = "65532:65532", .passwd = "nonroot:x:65532:65532::/:\n"};
static const Image numeric_bare = {.user = "1000:1000"};
static const Image zero = {.user = "0:1000"};
static const Image zeros = {.user = "00"};
static const Image too_large = {.user = "4294967296"};
static const Image negative = {.user = "-1"};
static const Image not_there = {.unknown = "no engine has it"};
static const Image administrator = {.user = "containeradministrator"};
static const Image windows_user = {.user = "ContainerUser"};
static const Image root_member = {
    .user = "1000", .passwd = "app:x:1000:1000::/:\n", .group = "root:x:0:app\n"};

#define POD                                                                                        \
  "apiVersion: v1\n"                                                                               \
  "kind: Pod\n"                                                                                    \
  "metadata: {name: p}\n"                                                                          \
  "spec:\n"
#define OF_POD(context) "  securityContext: {" context "}\n"
#define NO_POD          "  restartPolicy: Always\n"
#define ONE(context)                                                                               \
  "  containers:\n"                                                                                \
  "  - name: a\n"                                                                                  \
  "    image: i\n"                                                                                 \
  "    securityContext: {" context "}\n"
#define BARE                                                                                       \
  "  containers:\n"                                                                                \
  "  - name: a\n"                                                                                  \
  "    image: i\n"

static NzBuildBase *
make_image(const Image *image)
{
  if (!image)
    return NULL;
  NzBuildBase *base = nz_build_base_new("i");
  base->because = g_strdup("as a test has it");
  base->unknown = g_strdup(image->unknown);
  base->user = g_strdup(image->user);
  base->user_known = image->unknown == NULL;
  base->passwd = g_strdup(image->passwd);
  base->group = g_strdup(image->group);
  base->accounts_whole = !image->no_accounts && !image->unknown;
  return base;
}

static void
add_decision(GString *out, const NzKubeDecision *decision)
{
  const NzUser *user = decision->user;
  g_string_append(out, nz_user_state_name(user->state));
  if (user->has_uid)
    g_string_append_printf(out, " uid=%u", user->uid);
  if (user->has_gid)
    g_string_append_printf(out, " gid=%u", user->gid);
  for (guint i = user->has_gid ? 1 : 0; i < user->gids->len; i++)
    g_string_append_printf(out, "+%u", g_array_index(user->gids, guint32, i));
  g_string_append_printf(out, " @%u:%u", decision->place->line, decision->place->column);
  if (decision->refused)
    g_string_append_printf(out, " refused=%s", decision->refused);
}

static const char *
act_name(NzActKind kind)
{
  static const char *const names[NZ_ACT_N] = {
      [NZ_ACT_PORT] = "port",           [NZ_ACT_PRIVILEGED] = "privileged",
      [NZ_ACT_CAP_ADD] = "cap",         [NZ_ACT_NEW_PRIVILEGES] = "new",
      [NZ_ACT_HOST_USERNS] = "userns",  [NZ_ACT_REFUSED] = "refused",
      [NZ_ACT_MAY_REFUSE] = "may",      [NZ_ACT_HOST_NAMESPACE] = "namespace",
      [NZ_ACT_UNMASKED_PROC] = "proc",  [NZ_ACT_ROOT_GROUP] = "group",
      [NZ_ACT_NO_NON_ROOT] = "no-gate",
  };
  return names[kind] ? names[kind] : "?";
}

static void
add_acts(GString *out, const NzKubeDecision *decision)
{
  for (guint i = 0; i < decision->acts->len; i++) {
    const NzAct *act = decision->acts->pdata[i];
    g_assert_nonnull(act->place);
    g_assert_true(act->in_pod);
    g_string_append_printf(out, "%s%s", out->len ? " " : "", act_name(act->kind));
    if (*act->what && act->kind != NZ_ACT_REFUSED)
      g_string_append_printf(out, "(%s)", act->what);
    g_string_append_printf(out, "@%u:%u%s", act->place->line, act->place->column,
                           act->implied ? "?" : "");
  }
}

static void
add_steps(GString *out, const NzKubeDecision *decision)
{
  for (guint i = 0; i < decision->steps->len; i++) {
    const NzStep *step = decision->steps->pdata[i];
    g_string_append_printf(out, "%*s%s", (int)(2 * step->depth), "", step->text);
    if (step->place)
      g_string_append_printf(out, " @%u:%u", step->place->line, step->place->column);
    g_string_append_c(out, '\n');
  }
}

/* What ADD says of each container of TEXT, one a line. */
static char *
decide_all(const char *text, const Image *image,
           void (*add)(GString *out, const NzKubeDecision *decision))
{
  g_autoptr(GError) error = NULL;
  g_autoptr(NzSourceFile) source = nz_source_new("pod.yaml", text, strlen(text));
  g_autoptr(NzManifest) manifest = nz_manifest_read(source, &error);
  g_assert_no_error(error);
  g_autoptr(NzBuildBase) base = make_image(image);
  GString *out = g_string_new(NULL);
  for (guint i = 0; i < manifest->pods->len; i++) {
    const NzKubePod *pod = manifest->pods->pdata[i];
    for (guint j = 0; j < pod->containers->len; j++) {
      g_autoptr(NzKubeDecision) decision =
          nz_kube_decide(manifest, pod, pod->containers->pdata[j], base);
      g_autoptr(GString) line = g_string_new(NULL);
      add(line, decision);
      g_assert_nonnull(decision->place);
      g_assert_true(decision->steps->len > 0);
      g_string_append_printf(out, "%s%s", out->len ? "\n" : "", line->str);
    }
  }
  return g_string_free(out, FALSE);
}

typedef struct {
  const char *name, *text;
  const Image *image;
  const char *expected;
} Case;

#define GATE_ROOT   "container has runAsNonRoot and image will run as root"
#define GATE_NUMBER "container's runAsUser breaks non-root policy"
#define GATE_NAME(name)                                                                            \
  "container has runAsNonRoot and image has non-numeric user (" name                               \
  "), cannot verify user is non-root"
#define IDS "must be between 0 and 2147483647, inclusive"

static const Case decisions[] = {
    /* 1. each field by itself: the container's, else the pod's */
    {"the container's runAsUser wins over the pod's",
     POD OF_POD("runAsUser: 0") ONE("runAsUser: 1000"), NULL, "non-root uid=1000 @9:34"},
    {"the container's runAsUser: 0 wins over the pod's",
     POD OF_POD("runAsUser: 1000") ONE("runAsUser: 0"), NULL, "root uid=0 @9:34"},
    {"the pod's runAsUser counts where the container has none",
     POD OF_POD("runAsUser: 7") ONE("privileged: false"), NULL, "non-root uid=7 @5:32"},
    {"the pod's runAsUser counts without a securityContext", POD OF_POD("runAsUser: 7") BARE, NULL,
     "non-root uid=7 @5:32"},
    {"the pod's gate and the container's user",
     POD OF_POD("runAsNonRoot: true") ONE("runAsUser: 0"), NULL,
     "wont-start @9:34 refused=" GATE_NUMBER},
    {"the container's gate and the pod's user",
     POD OF_POD("runAsUser: 0") ONE("runAsNonRoot: true"), NULL,
     "wont-start @5:32 refused=" GATE_NUMBER},
    {"a container's runAsNonRoot: false opens the pod's gate",
     POD OF_POD("runAsNonRoot: true") ONE("runAsNonRoot: false"), &no_user,
     "root uid=0 gid=0 @8:12"},
    {"a container's runAsNonRoot: true closes a pod's open gate",
     POD OF_POD("runAsNonRoot: false") ONE("runAsNonRoot: true"), &no_user,
     "wont-start @8:12 refused=" GATE_ROOT},
    {"null is as if it were not there", POD OF_POD("runAsUser: 9") ONE("runAsUser: null"), NULL,
     "non-root uid=9 @5:32"},
    {"every type of container is decided alike",
     POD OF_POD("runAsUser: 5") "  initContainers:\n"
                                "  - {name: i, image: i, securityContext: {runAsUser: 0}}\n"
                                "  - {name: s, image: i, restartPolicy: Always}\n"
                                "  containers:\n"
                                "  - {name: c, image: i}\n"
                                "  ephemeralContainers:\n"
                                "  - {name: e, image: i, securityContext: {runAsUser: 0}}\n",
     NULL, "root uid=0 @7:54\nnon-root uid=5 @5:32\nnon-root uid=5 @5:32\nroot uid=0 @12:54"},
    /* 2. runAsUser, else the image's user, else 0 */
    {"runAsUser: 0 is root", POD NO_POD ONE("runAsUser: 0"), &numeric, "root uid=0 gid=0 @9:34"},
    {"an image's number counts without runAsUser", POD NO_POD BARE, &numeric,
     "non-root uid=65532 gid=65532 @8:12"},
    {"an image's name is looked up in its passwd", POD NO_POD BARE, &named,
     "non-root uid=1000 gid=2000+10 @8:12"},
    {"an image's name may be root's", POD NO_POD BARE, &named_root, "root uid=0 gid=0 @8:12"},
    {"an image's name without its passwd is unknown", POD NO_POD BARE, &named_table,
     "unknown @8:12"},
    {"an image's name that passwd has not does not start", POD NO_POD BARE, &named_missing,
     "wont-start @8:12 refused=the image i (as a test has it): /etc/passwd has no user ghost"},
    {"an image that says nothing starts as root", POD NO_POD BARE, &no_user,
     "root uid=0 gid=0 @8:12"},
    {"an image's empty user is root", POD NO_POD BARE, &empty_user, "root uid=0 gid=0 @8:12"},
    {"an image's 0 is root", POD NO_POD BARE, &zero, "root uid=0 gid=0 @8:12"},
    {"an image's 00 is root", POD NO_POD BARE, &zeros, "root uid=0 gid=0 @8:12"},
    {"an image that is not known is unknown", POD NO_POD BARE, &not_there, "unknown @8:12"},
    {"an image that nobody looked for is unknown", POD NO_POD BARE, NULL, "unknown @8:12"},
    {"no image at all is unknown", POD NO_POD "  containers:\n  - name: a\n", NULL, "unknown @7:5"},
    {"runAsUser needs no image", POD NO_POD ONE("runAsUser: 3"), &not_there,
     "non-root uid=3 @9:34"},
    /* 3. the gate */
    {"the gate refuses runAsUser: 0", POD NO_POD ONE("runAsNonRoot: true, runAsUser: 0"), &numeric,
     "wont-start @9:54 refused=" GATE_NUMBER},
    {"the gate accepts another runAsUser, whatever the image",
     POD NO_POD ONE("runAsNonRoot: true, runAsUser: 8"), &no_user, "non-root uid=8 gid=0 @9:54"},
    {"the gate refuses an image that says nothing", POD NO_POD ONE("runAsNonRoot: true"), &no_user,
     "wont-start @8:12 refused=" GATE_ROOT},
    {"the gate refuses an image's empty user", POD NO_POD ONE("runAsNonRoot: true"), &empty_user,
     "wont-start @8:12 refused=" GATE_ROOT},
    {"the gate refuses an image's 0", POD NO_POD ONE("runAsNonRoot: true"), &zero,
     "wont-start @8:12 refused=" GATE_ROOT},
    {"the gate refuses an image's 00", POD NO_POD ONE("runAsNonRoot: true"), &zeros,
     "wont-start @8:12 refused=" GATE_ROOT},
    {"the gate refuses a good name", POD NO_POD ONE("runAsNonRoot: true"), &named,
     "wont-start @8:12 refused=" GATE_NAME("app")},
    {"the gate refuses a name of a known image without passwd",
     POD NO_POD ONE("runAsNonRoot: true"), &named_table,
     "wont-start @8:12 refused=" GATE_NAME("nginx")},
    {"the gate refuses a number out of range", POD NO_POD ONE("runAsNonRoot: true"), &too_large,
     "wont-start @8:12 refused=container has runAsNonRoot and image has an invalid user id "
     "(4294967296). (Must be 1-(2147483647)): " IDS},
    {"the gate refuses a negative number", POD NO_POD ONE("runAsNonRoot: true"), &negative,
     "wont-start @8:12 refused=container has runAsNonRoot and image has an invalid user id (-1). "
     "(Must be 1-(2147483647)): " IDS},
    {"the gate accepts an image's number", POD NO_POD ONE("runAsNonRoot: true"), &numeric,
     "non-root uid=65532 gid=65532 @8:12"},
    {"the gate keeps root out where the image is not known", POD NO_POD ONE("runAsNonRoot: true"),
     &not_there, "non-root @9:37"},
    {"a name is no matter where runAsUser is set",
     POD NO_POD ONE("runAsNonRoot: true, runAsUser: 8"), &named, "non-root uid=8 gid=0 @9:54"},
    /* 4. no gate */
    {"runAsNonRoot: false gates nothing", POD NO_POD ONE("runAsNonRoot: false"), &no_user,
     "root uid=0 gid=0 @8:12"},
    {"a number out of range does not start without a gate", POD NO_POD BARE, &too_large,
     "wont-start @8:12 refused=the image i (as a test has it): 4294967296 is above 2147483647: "
     "current runtimes refuse it, older ones started it as root (CVE-2024-40635) or looked it up "
     "as a name (CVE-2026-46680)"},
    /* 5. user namespaces */
    {"hostUsers: false makes root root in a namespace",
     POD "  hostUsers: false\n" ONE("runAsUser: 0"), NULL, "root-in-userns uid=0 @9:34"},
    {"hostUsers: false and an image without a user", POD "  hostUsers: false\n" BARE, &no_user,
     "root-in-userns uid=0 gid=0 @8:12"},
    {"hostUsers: false leaves others as they are", POD "  hostUsers: false\n" ONE("runAsUser: 4"),
     NULL, "non-root uid=4 @9:34"},
    {"hostUsers: false opens no gate",
     POD "  hostUsers: false\n" ONE("runAsUser: 0, runAsNonRoot: true"), NULL,
     "wont-start @9:34 refused=" GATE_NUMBER},
    {"hostUsers: true is the host's root", POD "  hostUsers: true\n" ONE("runAsUser: 0"), NULL,
     "root uid=0 @9:34"},
    {"Podman's annotation is none of the kubelet's",
     "apiVersion: v1\nkind: Pod\nmetadata: {name: p, annotations: "
     "{io.podman.annotations.userns: auto}}\nspec:\n" NO_POD ONE("runAsUser: 0"),
     NULL, "root uid=0 @9:34"},
    {"Podman has no gate: its own files are unknown where the image is",
     "apiVersion: v1\nkind: Pod\nmetadata: {name: p, annotations: "
     "{io.podman.annotations.ulimit: nofile=9}}\nspec:\n" NO_POD ONE("runAsNonRoot: true"),
     &not_there, "unknown @8:12"},
    /* 6. Windows */
    {"Windows: ContainerAdministrator is root",
     POD "  os: {name: windows}\n" ONE("windowsOptions: {runAsUserName: ContainerAdministrator}"),
     NULL, "root @9:55"},
    {"Windows: in any case",
     POD "  os: {name: windows}\n" ONE("windowsOptions: {runAsUserName: CONTAINERadministrator}"),
     NULL, "root @9:55"},
    {"Windows: with its domain",
     POD "  os: {name: windows}\n" ONE(
         "windowsOptions: {runAsUserName: 'User Manager\\ContainerAdministrator'}"),
     NULL, "root @9:55"},
    {"Windows: SYSTEM is root",
     POD "  os: {name: windows}\n" ONE("windowsOptions: {runAsUserName: 'NT AUTHORITY\\SYSTEM'}"),
     NULL, "root @9:55"},
    {"Windows: ContainerUser is not",
     POD "  os: {name: windows}\n" ONE("windowsOptions: {runAsUserName: ContainerUser}"), NULL,
     "non-root @9:55"},
    {"Windows: the container's name wins over the pod's",
     POD "  os: {name: windows}\n" OF_POD("windowsOptions: {runAsUserName: ContainerAdministrator}")
         ONE("windowsOptions: {runAsUserName: ContainerUser}"),
     NULL, "non-root @10:55"},
    {"Windows: the gate refuses ContainerAdministrator",
     POD "  os: {name: windows}\n" OF_POD("runAsNonRoot: true")
         ONE("windowsOptions: {runAsUserName: containeradministrator}"),
     NULL,
     "wont-start @10:55 refused=container's runAsUserName (containeradministrator) which will be "
     "regarded as root identity and will break non-root policy"},
    {"Windows: the gate does not see through a domain",
     POD "  os: {name: windows}\n" OF_POD("runAsNonRoot: true")
         ONE("windowsOptions: {runAsUserName: 'User Manager\\ContainerAdministrator'}"),
     NULL, "root @10:55"},
    {"Windows: the gate refuses an image's ContainerAdministrator",
     POD "  os: {name: windows}\n" ONE("runAsNonRoot: true"), &administrator,
     "wont-start @8:12 refused=container's runAsUser (containeradministrator) which will be "
     "regarded as root identity and will break non-root policy"},
    {"Windows: an image's user", POD "  os: {name: windows}\n" BARE, &windows_user,
     "non-root @8:12"},
    {"Windows: an image that names nobody is unknown, gate or not",
     POD "  os: {name: windows}\n" ONE("runAsNonRoot: true"), &no_user, "unknown @8:12"},
    {"Windows: an image that is not known", POD "  os: {name: windows}\n" BARE, &not_there,
     "unknown @8:12"},
    {"Windows: hostProcess is root of the host",
     POD "  os: {name: windows}\n  hostNetwork: true\n" ONE(
         "windowsOptions: {hostProcess: true, runAsUserName: ContainerUser}"),
     NULL, "root @10:53"},
    {"Windows: by what selects its node",
     POD "  nodeSelector: {kubernetes.io/os: windows}\n" ONE("runAsUser: 1000"), &administrator,
     "root @8:12"},
    {"options of Windows say nothing on Linux",
     POD NO_POD ONE("windowsOptions: {runAsUserName: ContainerUser}"), &no_user,
     "root uid=0 gid=0 @8:12"},
    /* groups */
    {"runAsGroup is the group", POD NO_POD ONE("runAsUser: 1, runAsGroup: 3000"), NULL,
     "non-root uid=1 gid=3000 @9:34"},
    {"the pod's runAsGroup", POD OF_POD("runAsGroup: 3000") ONE("runAsUser: 1"), NULL,
     "non-root uid=1 gid=3000 @9:34"},
    {"without runAsGroup passwd decides", POD NO_POD ONE("runAsUser: 1000"), &named,
     "non-root uid=1000 gid=2000+10 @9:34"},
    {"without an entry in passwd it is 0", POD NO_POD ONE("runAsUser: 1234"), &named,
     "non-root uid=1234 gid=0 @9:34"},
    {"the group of the image's USER does not count", POD NO_POD BARE, &numeric_bare,
     "non-root uid=1000 gid=0 @8:12"},
    {"fsGroup and supplementalGroups come along",
     POD OF_POD("fsGroup: 5, supplementalGroups: [6, 5]") ONE("runAsUser: 1, runAsGroup: 2"), NULL,
     "non-root uid=1 gid=2+5+6 @9:34"},
    {"Strict leaves the image's groups out",
     POD OF_POD("supplementalGroupsPolicy: Strict") ONE("runAsUser: 1000"), &named,
     "non-root uid=1000 gid=2000 @9:34"},
    /* what the API server refuses */
    {"a negative runAsUser", POD NO_POD ONE("runAsUser: -1"), NULL,
     "wont-start @9:34 refused=spec.containers[0].securityContext.runAsUser: Invalid value: "
     "-1: " IDS},
    {"a runAsUser above 2147483647", POD OF_POD("runAsUser: 2147483648") BARE, NULL,
     "wont-start @5:32 refused=spec.securityContext.runAsUser: Invalid value: 2147483648: " IDS},
    {"2147483647 is the last", POD NO_POD ONE("runAsUser: 2147483647"), NULL,
     "non-root uid=2147483647 @9:34"},
    {"a negative runAsGroup", POD NO_POD ONE("runAsGroup: -1"), NULL,
     "wont-start @9:35 refused=spec.containers[0].securityContext.runAsGroup: Invalid value: "
     "-1: " IDS},
    {"a negative fsGroup", POD OF_POD("fsGroup: -5") BARE, NULL,
     "wont-start @5:30 refused=spec.securityContext.fsGroup: Invalid value: -5: " IDS},
    {"a group out of range", POD OF_POD("supplementalGroups: [1, 4294967296]") BARE, NULL,
     "wont-start @5:45 refused=spec.securityContext.supplementalGroups[1]: Invalid value: "
     "4294967296: " IDS},
    {"privileged without escalation",
     POD NO_POD ONE("privileged: true, allowPrivilegeEscalation: false"), NULL,
     "wont-start @9:67 refused=spec.containers[0].securityContext: Invalid value: cannot set "
     "`allowPrivilegeEscalation` to false and `privileged` to true"},
    {"CAP_SYS_ADMIN without escalation",
     POD NO_POD ONE("capabilities: {add: [CAP_SYS_ADMIN]}, allowPrivilegeEscalation: false"), NULL,
     "wont-start @9:87 refused=spec.containers[0].securityContext: Invalid value: cannot set "
     "`allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN"},
    {"SYS_ADMIN without escalation is not seen",
     POD NO_POD ONE(
         "runAsUser: 1, capabilities: {add: [SYS_ADMIN]}, allowPrivilegeEscalation: false"),
     NULL, "non-root uid=1 @9:34"},
    {"an unmasked /proc needs hostUsers: false", POD NO_POD ONE("procMount: Unmasked"), NULL,
     "wont-start @9:34 refused=spec.containers[0].securityContext.procMount: Invalid value: "
     "\"Unmasked\": `hostUsers` must be false to use `Unmasked`"},
    {"an unmasked /proc in a user namespace",
     POD "  hostUsers: false\n" ONE("procMount: Unmasked, runAsUser: 1"), NULL,
     "non-root uid=1 @9:55"},
    {"a /proc of no known type", POD NO_POD ONE("procMount: Open"), NULL,
     "wont-start @9:34 refused=spec.containers[0].securityContext.procMount: Unsupported value: "
     "\"Open\": supported values: \"Default\", \"Unmasked\""},
    {"hostUsers: false with hostNetwork", POD "  hostUsers: false\n  hostNetwork: true\n" BARE,
     NULL, "wont-start @6:16 refused=spec.hostNetwork: Forbidden: when `hostUsers` is false"},
    {"hostUsers: false with hostPID", POD "  hostUsers: false\n  hostPID: true\n" BARE, NULL,
     "wont-start @6:12 refused=spec.hostPID: Forbidden: when `hostUsers` is false"},
    {"hostUsers: false with hostIPC", POD "  hostUsers: false\n  hostIPC: true\n" BARE, NULL,
     "wont-start @6:12 refused=spec.hostIPC: Forbidden: when `hostUsers` is false"},
    {"hostUsers: false with a block device",
     POD "  hostUsers: false\n" BARE "    volumeDevices: [{name: d, devicePath: /dev/x}]\n", NULL,
     "wont-start @9:20 refused=spec.containers[0].volumeDevices: Forbidden: when `hostUsers` is "
     "false"},
    {"one process namespace or the host's",
     POD "  hostPID: true\n  shareProcessNamespace: true\n" BARE, NULL,
     "wont-start @6:26 refused=spec.securityContext.shareProcessNamespace: Invalid value: true: "
     "ShareProcessNamespace and HostPID cannot both be enabled"},
    {"runAsUser of a Windows pod", POD "  os: {name: windows}\n" ONE("runAsUser: 1000"), NULL,
     "wont-start @9:34 refused=spec.containers[0].securityContext.runAsUser: Forbidden: cannot be "
     "set for a windows pod"},
    {"hostUsers of a Windows pod", POD "  os: {name: windows}\n  hostUsers: false\n" BARE, NULL,
     "wont-start @6:14 refused=spec.hostUsers: Forbidden: cannot be set for a windows pod"},
    {"Windows options of a Linux pod",
     POD "  os: {name: linux}\n" ONE("windowsOptions: {runAsUserName: x}"), NULL,
     "wont-start @9:39 refused=spec.containers[0].securityContext.windowsOptions: Forbidden: "
     "windows options cannot be set for a linux pod"},
    {"an empty runAsUserName",
     POD "  os: {name: windows}\n" ONE("windowsOptions: {runAsUserName: ''}"), NULL,
     "wont-start @9:55 refused=spec.containers[0].securityContext.windowsOptions.runAsUserName: "
     "Invalid value: \"\": runAsUserName cannot be an empty string"},
    {"hostProcess without hostNetwork",
     POD "  os: {name: windows}\n" ONE("windowsOptions: {hostProcess: true}"), NULL,
     "wont-start @9:53 refused=spec.hostNetwork: Invalid value: false: hostNetwork must be true "
     "if pod contains any hostProcess containers"},
    {"hostProcess of one container alone",
     POD "  os: {name: windows}\n  hostNetwork: true\n  containers:\n"
         "  - {name: a, image: i, securityContext: {windowsOptions: {hostProcess: true}}}\n"
         "  - {name: b, image: i}\n",
     NULL,
     "wont-start @8:73 refused=spec: Invalid value: \"\": If pod contains any hostProcess "
     "containers then all containers must be HostProcess containers\n"
     "wont-start @9:6 refused=spec: Invalid value: \"\": If pod contains any hostProcess "
     "containers then all containers must be HostProcess containers"},
    {"paths are those of the object",
     "apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: j}\nspec:\n  jobTemplate:\n"
     "    spec:\n      template:\n        spec:\n          initContainers:\n"
     "          - {name: x, image: i}\n"
     "          - {name: q, image: i, securityContext: {runAsUser: -1}}\n"
     "          containers:\n          - {name: z, image: i, securityContext: {runAsUser: 1}}\n",
     &numeric,
     "non-root uid=65532 gid=65532 @10:30\n"
     "wont-start @11:62 refused=spec.jobTemplate.spec.template.spec.initContainers[1]."
     "securityContext.runAsUser: Invalid value: -1: " IDS "\n"
     "non-root uid=1 gid=0 @13:62"},
};

static void
run_cases(const Case *cases, guint n, void (*add)(GString *out, const NzKubeDecision *decision))
{
  guint failed = 0;
  for (guint i = 0; i < n; i++) {
    g_autofree char *got = decide_all(cases[i].text, cases[i].image, add);
    if (strcmp(got, cases[i].expected) == 0)
      continue;
    g_test_message("%s:\n%s\ninstead of\n%s", cases[i].name, got, cases[i].expected);
    failed++;
  }
  g_assert_cmpuint(failed, ==, 0);
}

static void
test_decisions(void)
{
  run_cases(decisions, G_N_ELEMENTS(decisions), add_decision);
}

/* --- how it could become root --- */

#define CLOSED "runAsNonRoot: true, runAsUser: 1, runAsGroup: 1, allowPrivilegeEscalation: false"

static const Case becoming_root[] = {
    {"a hardened container has nothing", POD NO_POD ONE(CLOSED), NULL, ""},
    {"what a bare container has", POD NO_POD BARE, &numeric, "new@7:5 no-gate@7:5?"},
    {"privileged",
     POD NO_POD ONE("runAsNonRoot: true, runAsUser: 1, runAsGroup: 1, privileged: "
                    "true"),
     NULL, "privileged@9:84 new@9:5"},
    {"escalation that is allowed",
     POD NO_POD ONE("runAsNonRoot: true, runAsUser: 1, allowPrivilegeEscalation: true"), NULL,
     "new@9:83"},
    {"capabilities, in any case and with a prefix",
     POD NO_POD ONE(CLOSED ", capabilities: {add: [sys_admin, CAP_NET_RAW, All]}"), NULL,
     "cap(SYS_ADMIN)@9:126 cap(NET_RAW)@9:137 cap(ALL)@9:150"},
    {"a capability that is dropped again",
     POD NO_POD ONE(CLOSED ", capabilities: {add: [SETUID, CHOWN], drop: [setuid]}"), NULL,
     "cap(CHOWN)@9:134"},
    {"drop: [ALL] does not take back what is named",
     POD NO_POD ONE(CLOSED ", capabilities: {add: [SETUID], drop: [ALL]}"), NULL,
     "cap(SETUID)@9:126"},
    {"add: [ALL] is taken back by drop: [ALL]",
     POD NO_POD ONE(CLOSED ", capabilities: {add: [ALL], drop: [ALL]}"), NULL, ""},
    {"an unmasked /proc", POD "  hostUsers: false\n" ONE(CLOSED ", procMount: Unmasked"), NULL,
     "proc@9:116"},
    {"namespaces of the host",
     POD "  hostPID: true\n  hostIPC: true\n  hostNetwork: true\n" ONE(CLOSED), NULL,
     "namespace(hostPID)@5:12 namespace(hostIPC)@6:12 namespace(hostNetwork)@7:16"},
    {"users of the host, by name", POD "  hostUsers: true\n" ONE(CLOSED), NULL, "userns@5:14"},
    {"root's group by runAsGroup",
     POD NO_POD ONE("runAsNonRoot: true, runAsUser: 1, runAsGroup: 0, allowPrivilegeEscalation: "
                    "false"),
     NULL, "group@9:69"},
    {"root's group for root is nothing more",
     POD NO_POD ONE("runAsUser: 0, runAsGroup: 0, allowPrivilegeEscalation: false"), NULL,
     "no-gate@9:5"},
    {"root's group for volumes", POD OF_POD("fsGroup: 0") ONE(CLOSED), NULL, "group@5:30"},
    {"root's group beside", POD OF_POD("supplementalGroups: [4, 0]") ONE(CLOSED), NULL,
     "group@5:45"},
    {"root's group because passwd has no entry",
     POD NO_POD ONE("runAsNonRoot: true, runAsUser: 77, allowPrivilegeEscalation: false"), &named,
     "group@9:5?"},
    {"a group that nobody knows is no finding",
     POD NO_POD ONE("runAsNonRoot: true, runAsUser: 77, allowPrivilegeEscalation: false"),
     &not_there, ""},
    {"root's group by the image's group file",
     POD NO_POD ONE("runAsNonRoot: true, allowPrivilegeEscalation: false"), &root_member,
     "group@9:5?"},
    {"which Strict leaves out",
     POD OF_POD("supplementalGroupsPolicy: Strict")
         ONE("runAsNonRoot: true, allowPrivilegeEscalation: false"),
     &root_member, ""},
    {"no gate, but a number",
     POD NO_POD ONE("runAsUser: 1, runAsGroup: 1, allowPrivilegeEscalation: false"), NULL,
     "no-gate@9:5"},
    {"an open gate",
     POD NO_POD ONE("runAsNonRoot: false, runAsGroup: 1, allowPrivilegeEscalation: false"),
     &numeric, "no-gate@9:37?"},
    {"an image that may be refused",
     POD NO_POD ONE("runAsNonRoot: true, allowPrivilegeEscalation: false"), &not_there, "may@8:12"},
    {"what is refused says so once",
     POD NO_POD ONE("runAsNonRoot: true, allowPrivilegeEscalation: false"), &no_user,
     "refused@8:12"},
    {"low ports",
     POD NO_POD ONE(CLOSED) "    ports: [{containerPort: 80}, {containerPort: 53, protocol: UDP}, "
                            "{containerPort: 1024}]\n",
     NULL, "port(80/tcp)@10:29 port(53/udp)@10:50"},
    {"low ports that a sysctl frees",
     POD OF_POD("sysctls: [{name: net.ipv4.ip_unprivileged_port_start, value: '80'}]")
         ONE(CLOSED) "    ports: [{containerPort: 80}, {containerPort: 79}]\n",
     NULL, "port(79/tcp)@10:50"},
    {"hostProcess is privileged",
     POD "  os: {name: windows}\n  hostNetwork: true\n" ONE(
         "runAsNonRoot: true, windowsOptions: {hostProcess: true}"),
     NULL, "privileged@10:73"},
};

static void
test_becoming_root(void)
{
  run_cases(becoming_root, G_N_ELEMENTS(becoming_root), add_acts);
}

/* --- what peers get wrong --- */

static const Case peers[] = {
    {"trivy KSV-0012: the pod's true hides a container's false",
     POD OF_POD("runAsNonRoot: true") ONE("runAsNonRoot: false"), &no_user,
     "root uid=0 gid=0 @8:12"},
    {"checkov CKV_K8S_23: init and ephemeral containers are not looked at",
     POD "  initContainers:\n  - {name: i, image: i, securityContext: {runAsUser: 0}}\n"
         "  containers:\n  - {name: c, image: i, securityContext: {runAsUser: 1}}\n"
         "  ephemeralContainers:\n  - {name: e, image: i, securityContext: {runAsUser: 0}}\n",
     NULL, "root uid=0 @6:54\nnon-root uid=1 @8:54\nroot uid=0 @10:54"},
    {"checkov CKV_K8S_23: the pod's true and a container's runAsUser: 0 pass",
     POD OF_POD("runAsNonRoot: true") ONE("runAsUser: 0"), NULL,
     "wont-start @9:34 refused=" GATE_NUMBER},
    {"kyverno: hostUsers: false is not told apart", POD "  hostUsers: false\n" BARE, &no_user,
     "root-in-userns uid=0 gid=0 @8:12"},
    {"kyverno: the pod's false with all containers true",
     POD OF_POD("runAsNonRoot: false") ONE("runAsNonRoot: true"), &numeric,
     "non-root uid=65532 gid=65532 @8:12"},
    {"gatekeeper: what kubectl debug adds is never seen",
     POD "  containers:\n  - {name: c, image: i, securityContext: {runAsUser: 1}}\n"
         "  ephemeralContainers:\n  - {name: debugger, image: i}\n",
     &no_user, "non-root uid=1 gid=0 @6:54\nroot uid=0 gid=0 @8:29"},
    {"all: nobody reads the image's passwd", POD NO_POD BARE, &named_root,
     "root uid=0 gid=0 @8:12"},
    {"all: nobody reads the image's passwd, where it is good", POD NO_POD BARE, &named,
     "non-root uid=1000 gid=2000+10 @8:12"},
};

static void
test_what_peers_get_wrong(void)
{
  run_cases(peers, G_N_ELEMENTS(peers), add_decision);
}

/* kubescape C-0013 takes an unset runAsGroup for a fault of a hardened pod. */
static void
test_kubescape_an_unset_group_is_no_fault(void)
{
  g_autofree char *acts = decide_all(
      POD NO_POD ONE("runAsNonRoot: true, runAsUser: 65532, allowPrivilegeEscalation: false"),
      &numeric, add_acts);
  g_assert_cmpstr(acts, ==, "");
}

/* --- the chain of decisions --- */

static const Case chains[] = {
    {"runAsUser settles it", POD NO_POD ONE("runAsUser: 0, runAsGroup: 0"), NULL,
     "runAsNonRoot is not set: nothing refuses root\n"
     "runAsUser: 0 of the container @9:34\n"
     "runAsGroup: 0 of the container @9:49\n"},
    {"the gate and the image", POD OF_POD("runAsNonRoot: true") BARE, &named,
     "runAsNonRoot: true of the pod: the kubelet refuses root @5:35\n"
     "runAsUser is not set: the image decides\n"
     "  the image i (as a test has it) starts as app @8:12\n"
     "the kubelet refuses it: " GATE_NAME("app") " @8:12\n"},
    {"the image's group", POD NO_POD BARE, &numeric_bare,
     "runAsNonRoot is not set: nothing refuses root\n"
     "runAsUser is not set: the image decides\n"
     "  the image i (as a test has it): the user is a number other than 0 @8:12\n"
     "runAsGroup is not set: the group is 0, where /etc/passwd gives the user no other\n"
     "  the group 1000 of the image's USER does not count: the kubelet passes on the user alone "
     "@8:12\n"},
};

static void
test_chains(void)
{
  run_cases(chains, G_N_ELEMENTS(chains), add_steps);
}

/* --- texts --- */

/* Names come from hostile images and manifests: nothing of them may reach a terminal as it is. */
static void
test_hostile_names_are_printable(void)
{
  static const Image hostile = {.user = "a\033[2Jb", .passwd = ""};
  g_autofree char *refused = decide_all(POD NO_POD ONE("runAsNonRoot: true"), &hostile, add_steps);
  g_autofree char *missing = decide_all(POD NO_POD BARE, &hostile, add_decision);
  g_assert_null(strchr(refused, '\033'));
  g_assert_nonnull(strstr(refused, "\\x1b"));
  g_assert_null(strchr(missing, '\033'));
  g_assert_nonnull(strstr(missing, "\\x1b"));
}

/* What is not known says what would settle it. */
static void
test_unknown_says_what_would_settle_it(void)
{
  g_autofree char *text = decide_all(POD NO_POD BARE, &not_there, add_steps);
  g_assert_nonnull(strstr(text, "no engine has it"));
  g_assert_nonnull(strstr(text, "runAsUser would settle it"));
  g_assert_nonnull(strstr(text, "--image NAME=USER"));
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/kube-decide/decisions", test_decisions);
  g_test_add_func("/kube-decide/peers", test_what_peers_get_wrong);
  g_test_add_func("/kube-decide/peers-kubescape", test_kubescape_an_unset_group_is_no_fault);
  g_test_add_func("/kube-decide/becoming-root", test_becoming_root);
  g_test_add_func("/kube-decide/chains", test_chains);
  g_test_add_func("/kube-decide/hostile-names", test_hostile_names_are_printable);
  g_test_add_func("/kube-decide/unknown", test_unknown_says_what_would_settle_it);
  return g_test_run();
}

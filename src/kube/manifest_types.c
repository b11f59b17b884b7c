/* SPDX-License-Identifier: Apache-2.0 */
/* The types of fields that matter, as the API server has them (k8s.io/api core/v1, types.go).
 *
 * To add a field: a line in the table of its type. A field that is not listed is not looked at. */
#include "kube/manifest_private.h"

#define FIELDS(array) .fields = (array), .n_fields = G_N_ELEMENTS(array)

static const NzKubeType texts = {.name = "map", .values = NZ_TYPE_TEXT};

static const NzKubeFieldType metadata_fields[] = {
    {"annotations", NZ_TYPE_MAP, FALSE, &texts}, {"generateName", NZ_TYPE_TEXT, FALSE, NULL},
    {"labels", NZ_TYPE_MAP, FALSE, &texts},      {"name", NZ_TYPE_TEXT, FALSE, NULL},
    {"namespace", NZ_TYPE_TEXT, FALSE, NULL},
};
const NzKubeType nz_kube_type_metadata = {.name = "ObjectMeta", FIELDS(metadata_fields)};

static const NzKubeFieldType se_linux_fields[] = {
    {"level", NZ_TYPE_TEXT, FALSE, NULL},
    {"role", NZ_TYPE_TEXT, FALSE, NULL},
    {"type", NZ_TYPE_TEXT, FALSE, NULL},
    {"user", NZ_TYPE_TEXT, FALSE, NULL},
};
static const NzKubeType se_linux = {
    .name = "SELinuxOptions", FIELDS(se_linux_fields), .whole = TRUE};

static const NzKubeFieldType profile_fields[] = {
    {"localhostProfile", NZ_TYPE_TEXT, FALSE, NULL},
    {"type", NZ_TYPE_TEXT, FALSE, NULL},
};
static const NzKubeType seccomp = {.name = "SeccompProfile", FIELDS(profile_fields), .whole = TRUE};
static const NzKubeType app_armor = {
    .name = "AppArmorProfile", FIELDS(profile_fields), .whole = TRUE};

static const NzKubeFieldType windows_fields[] = {
    {"gmsaCredentialSpec", NZ_TYPE_TEXT, FALSE, NULL},
    {"gmsaCredentialSpecName", NZ_TYPE_TEXT, FALSE, NULL},
    {"hostProcess", NZ_TYPE_BOOL, FALSE, NULL},
    {"runAsUserName", NZ_TYPE_TEXT, FALSE, NULL},
};
static const NzKubeType windows = {
    .name = "WindowsSecurityContextOptions", FIELDS(windows_fields), .whole = TRUE};

static const NzKubeFieldType capabilities_fields[] = {
    {"add", NZ_TYPE_TEXT, TRUE, NULL},
    {"drop", NZ_TYPE_TEXT, TRUE, NULL},
};
static const NzKubeType capabilities = {
    .name = "Capabilities", FIELDS(capabilities_fields), .whole = TRUE};

static const NzKubeFieldType context_fields[] = {
    {"allowPrivilegeEscalation", NZ_TYPE_BOOL, FALSE, NULL},
    {"appArmorProfile", NZ_TYPE_MAP, FALSE, &app_armor},
    {"capabilities", NZ_TYPE_MAP, FALSE, &capabilities},
    {"privileged", NZ_TYPE_BOOL, FALSE, NULL},
    {"procMount", NZ_TYPE_TEXT, FALSE, NULL},
    {"readOnlyRootFilesystem", NZ_TYPE_BOOL, FALSE, NULL},
    {"runAsGroup", NZ_TYPE_INT64, FALSE, NULL},
    {"runAsNonRoot", NZ_TYPE_BOOL, FALSE, NULL},
    {"runAsUser", NZ_TYPE_INT64, FALSE, NULL},
    {"seLinuxOptions", NZ_TYPE_MAP, FALSE, &se_linux},
    {"seccompProfile", NZ_TYPE_MAP, FALSE, &seccomp},
    {"windowsOptions", NZ_TYPE_MAP, FALSE, &windows},
};
const NzKubeType nz_kube_type_context = {
    .name = "SecurityContext", FIELDS(context_fields), .whole = TRUE};

static const NzKubeFieldType sysctl_fields[] = {
    {"name", NZ_TYPE_TEXT, FALSE, NULL},
    {"value", NZ_TYPE_TEXT, FALSE, NULL},
};
static const NzKubeType sysctl = {.name = "Sysctl", FIELDS(sysctl_fields), .whole = TRUE};

static const NzKubeFieldType pod_context_fields[] = {
    {"appArmorProfile", NZ_TYPE_MAP, FALSE, &app_armor},
    {"fsGroup", NZ_TYPE_INT64, FALSE, NULL},
    {"fsGroupChangePolicy", NZ_TYPE_TEXT, FALSE, NULL},
    {"runAsGroup", NZ_TYPE_INT64, FALSE, NULL},
    {"runAsNonRoot", NZ_TYPE_BOOL, FALSE, NULL},
    {"runAsUser", NZ_TYPE_INT64, FALSE, NULL},
    {"seLinuxChangePolicy", NZ_TYPE_TEXT, FALSE, NULL},
    {"seLinuxOptions", NZ_TYPE_MAP, FALSE, &se_linux},
    {"seccompProfile", NZ_TYPE_MAP, FALSE, &seccomp},
    {"supplementalGroups", NZ_TYPE_INT64, TRUE, NULL},
    {"supplementalGroupsPolicy", NZ_TYPE_TEXT, FALSE, NULL},
    {"sysctls", NZ_TYPE_MAP, TRUE, &sysctl},
    {"windowsOptions", NZ_TYPE_MAP, FALSE, &windows},
};
const NzKubeType nz_kube_type_pod_context = {
    .name = "PodSecurityContext", FIELDS(pod_context_fields), .whole = TRUE};

static const NzKubeFieldType host_fields[] = {{"host", NZ_TYPE_TEXT, FALSE, NULL}};
static const NzKubeType http_get = {.name = "HTTPGetAction", FIELDS(host_fields)};
static const NzKubeType tcp_socket = {.name = "TCPSocketAction", FIELDS(host_fields)};

static const NzKubeFieldType handler_fields[] = {
    {"httpGet", NZ_TYPE_MAP, FALSE, &http_get},
    {"tcpSocket", NZ_TYPE_MAP, FALSE, &tcp_socket},
};
static const NzKubeType probe = {.name = "Probe", FIELDS(handler_fields)};
static const NzKubeType handler = {.name = "LifecycleHandler", FIELDS(handler_fields)};

static const NzKubeFieldType lifecycle_fields[] = {
    {"postStart", NZ_TYPE_MAP, FALSE, &handler},
    {"preStop", NZ_TYPE_MAP, FALSE, &handler},
};
static const NzKubeType lifecycle = {.name = "Lifecycle", FIELDS(lifecycle_fields)};

static const NzKubeFieldType port_fields[] = {
    {"containerPort", NZ_TYPE_INT32, FALSE, NULL}, {"hostIP", NZ_TYPE_TEXT, FALSE, NULL},
    {"hostPort", NZ_TYPE_INT32, FALSE, NULL},      {"name", NZ_TYPE_TEXT, FALSE, NULL},
    {"protocol", NZ_TYPE_TEXT, FALSE, NULL},
};
static const NzKubeType port = {.name = "ContainerPort", FIELDS(port_fields)};

static const NzKubeFieldType mount_fields[] = {
    {"mountPath", NZ_TYPE_TEXT, FALSE, NULL},
    {"name", NZ_TYPE_TEXT, FALSE, NULL},
    {"readOnly", NZ_TYPE_BOOL, FALSE, NULL},
    {"subPath", NZ_TYPE_TEXT, FALSE, NULL},
};
static const NzKubeType mount = {.name = "VolumeMount", FIELDS(mount_fields)};

static const NzKubeFieldType container_fields[] = {
    {"args", NZ_TYPE_TEXT, TRUE, NULL},
    {"command", NZ_TYPE_TEXT, TRUE, NULL},
    {"image", NZ_TYPE_TEXT, FALSE, NULL},
    {"imagePullPolicy", NZ_TYPE_TEXT, FALSE, NULL},
    {"lifecycle", NZ_TYPE_MAP, FALSE, &lifecycle},
    {"livenessProbe", NZ_TYPE_MAP, FALSE, &probe},
    {"name", NZ_TYPE_TEXT, FALSE, NULL},
    {"ports", NZ_TYPE_MAP, TRUE, &port},
    {"readinessProbe", NZ_TYPE_MAP, FALSE, &probe},
    {"restartPolicy", NZ_TYPE_TEXT, FALSE, NULL},
    {"securityContext", NZ_TYPE_MAP, FALSE, &nz_kube_type_context},
    {"startupProbe", NZ_TYPE_MAP, FALSE, &probe},
    {"volumeMounts", NZ_TYPE_MAP, TRUE, &mount},
    {"workingDir", NZ_TYPE_TEXT, FALSE, NULL},
};
static const NzKubeType container = {.name = "Container", FIELDS(container_fields)};
static const NzKubeType ephemeral = {.name = "EphemeralContainer", FIELDS(container_fields)};

static const NzKubeFieldType os_fields[] = {{"name", NZ_TYPE_TEXT, FALSE, NULL}};
static const NzKubeType pod_os = {.name = "PodOS", FIELDS(os_fields)};

static const NzKubeType any_map = {.name = "map"};

static const NzKubeFieldType path_fields[] = {
    {"path", NZ_TYPE_TEXT, FALSE, NULL},
    {"type", NZ_TYPE_TEXT, FALSE, NULL},
};
static const NzKubeType host_path = {.name = "HostPathVolumeSource", FIELDS(path_fields)};

/* Which source a volume has is what matters. */
static const NzKubeFieldType volume_fields[] = {
    {"configMap", NZ_TYPE_MAP, FALSE, &any_map},
    {"csi", NZ_TYPE_MAP, FALSE, &any_map},
    {"downwardAPI", NZ_TYPE_MAP, FALSE, &any_map},
    {"emptyDir", NZ_TYPE_MAP, FALSE, &any_map},
    {"ephemeral", NZ_TYPE_MAP, FALSE, &any_map},
    {"hostPath", NZ_TYPE_MAP, FALSE, &host_path},
    {"image", NZ_TYPE_MAP, FALSE, &any_map},
    {"name", NZ_TYPE_TEXT, FALSE, NULL},
    {"persistentVolumeClaim", NZ_TYPE_MAP, FALSE, &any_map},
    {"projected", NZ_TYPE_MAP, FALSE, &any_map},
    {"secret", NZ_TYPE_MAP, FALSE, &any_map},
};
static const NzKubeType volume = {.name = "Volume", FIELDS(volume_fields)};

static const NzKubeFieldType pod_fields[] = {
    {"containers", NZ_TYPE_MAP, TRUE, &container},
    {"ephemeralContainers", NZ_TYPE_MAP, TRUE, &ephemeral},
    {"hostIPC", NZ_TYPE_BOOL, FALSE, NULL},
    {"hostNetwork", NZ_TYPE_BOOL, FALSE, NULL},
    {"hostPID", NZ_TYPE_BOOL, FALSE, NULL},
    {"hostUsers", NZ_TYPE_BOOL, FALSE, NULL},
    {"initContainers", NZ_TYPE_MAP, TRUE, &container},
    {"nodeName", NZ_TYPE_TEXT, FALSE, NULL},
    {"os", NZ_TYPE_MAP, FALSE, &pod_os},
    {"restartPolicy", NZ_TYPE_TEXT, FALSE, NULL},
    {"runtimeClassName", NZ_TYPE_TEXT, FALSE, NULL},
    {"securityContext", NZ_TYPE_MAP, FALSE, &nz_kube_type_pod_context},
    {"serviceAccountName", NZ_TYPE_TEXT, FALSE, NULL},
    {"shareProcessNamespace", NZ_TYPE_BOOL, FALSE, NULL},
    {"volumes", NZ_TYPE_MAP, TRUE, &volume},
};
const NzKubeType nz_kube_type_pod = {.name = "PodSpec", FIELDS(pod_fields)};

static const NzKubeFieldType object_fields[] = {
    {"apiVersion", NZ_TYPE_TEXT, FALSE, NULL},
    {"kind", NZ_TYPE_TEXT, FALSE, NULL},
    {"metadata", NZ_TYPE_MAP, FALSE, &nz_kube_type_metadata},
};
const NzKubeType nz_kube_type_object = {.name = "TypeMeta", FIELDS(object_fields)};

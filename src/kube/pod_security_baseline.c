/* SPDX-License-Identifier: Apache-2.0 */
/* The checks of the level baseline that look at securityContext and annotations. */
#include <string.h>

#include "kube/pod_security_private.h"

static const NzPodValue capabilities[] = {
    {0, "AUDIT_WRITE"}, {0, "CHOWN"},  {0, "DAC_OVERRIDE"},     {0, "FOWNER"},  {0, "FSETID"},
    {0, "KILL"},        {0, "MKNOD"},  {0, "NET_BIND_SERVICE"}, {0, "SETFCAP"}, {0, "SETGID"},
    {0, "SETPCAP"},     {0, "SETUID"}, {0, "SYS_CHROOT"},
};

static const NzPodValue selinux_types[] = {
    {0, ""},
    {0, "container_t"},
    {0, "container_init_t"},
    {0, "container_kvm_t"},
    {31, "container_engine_t"},
};

static const NzPodValue sysctls[] = {
    {0, "kernel.shm_rmid_forced"},
    {0, "net.ipv4.ip_local_port_range"},
    {0, "net.ipv4.tcp_syncookies"},
    {0, "net.ipv4.ping_group_range"},
    {0, "net.ipv4.ip_unprivileged_port_start"},
    {27, "net.ipv4.ip_local_reserved_ports"},
    {29, "net.ipv4.tcp_keepalive_time"},
    {29, "net.ipv4.tcp_fin_timeout"},
    {29, "net.ipv4.tcp_keepalive_intvl"},
    {29, "net.ipv4.tcp_keepalive_probes"},
    {32, "net.ipv4.tcp_rmem"},
    {32, "net.ipv4.tcp_wmem"},
    {37, "net.ipv4.tcp_slow_start_after_idle"},
    {37, "net.ipv4.tcp_notsent_lowat"},
};

/* --- capabilities, privileged, procMount, hostProcess --- */

void
nz_pss_capabilities_baseline(NzPodJudge *judge)
{
  NzPodSetter s = NZ_POD_CONTAINERS;
  while (nz_pod_next(judge, &s)) {
    NzYaml *add = nz_kube_list(nz_kube_map(s.context, "capabilities"), "add");
    for (guint i = 0; add && i < add->items->len; i++) {
      const NzYaml *one = add->items->pdata[i];
      const char *name = nz_pod_item(one);
      if (!nz_pod_allows(judge, capabilities, G_N_ELEMENTS(capabilities), name))
        nz_pod_violate(judge, s.container, nz_kube_place(judge->manifest, one),
                       "non-default capabilities (%s must not include \"%s\" in "
                       "securityContext.capabilities.add)",
                       s.who, name);
    }
  }
}

void
nz_pss_privileged(NzPodJudge *judge)
{
  NzPodSetter s = NZ_POD_CONTAINERS;
  while (nz_pod_next(judge, &s))
    if (nz_kube_bool(s.context, "privileged") == NZ_FIELD_TRUE)
      nz_pod_violate(judge, s.container, NZ_POD_PLACE(judge, s.context, "privileged"),
                     "privileged (%s must not set securityContext.privileged=true)", s.who);
}

void
nz_pss_proc_mount(NzPodJudge *judge)
{
  NzPodSetter s = NZ_POD_CONTAINERS;
  while (nz_pod_next(judge, &s)) {
    const char *type = nz_kube_text(s.context, "procMount");
    if (type && strcmp(type, "Default") != 0)
      nz_pod_violate(judge, s.container, NZ_POD_PLACE(judge, s.context, "procMount"),
                     "procMount (%s must not set securityContext.procMount to \"%s\")", s.who,
                     type);
  }
}

void
nz_pss_proc_mount_relaxed(NzPodJudge *judge)
{
  if (!nz_pod_has_user_namespace(judge->pod))
    nz_pss_proc_mount(judge);
}

void
nz_pss_windows_host_process(NzPodJudge *judge)
{
  NzPodSetter s = NZ_POD_AND_CONTAINERS;
  while (nz_pod_next(judge, &s)) {
    NzYaml *windows = nz_kube_map(s.context, "windowsOptions");
    if (nz_kube_bool(windows, "hostProcess") == NZ_FIELD_TRUE)
      nz_pod_violate(judge, s.container, NZ_POD_PLACE(judge, windows, "hostProcess"),
                     "hostProcess (%s must not set "
                     "securityContext.windowsOptions.hostProcess=true)",
                     s.who);
  }
}

/* --- SELinux --- */

static void
selinux_of(NzPodJudge *judge, const NzPodSetter *s, NzYaml *options)
{
  const char *type = nz_pod_text(options, "type");
  const char *key = NULL;
  g_autoptr(GString) detail = g_string_new(NULL);
  if (!nz_pod_allows(judge, selinux_types, G_N_ELEMENTS(selinux_types), type)) {
    key = "type";
    g_string_append_printf(detail, "type \"%s\"", type);
  }
  static const char *const never[] = {"user", "role"};
  for (guint i = 0; i < G_N_ELEMENTS(never); i++)
    if (*nz_pod_text(options, never[i])) {
      key = key ? key : never[i];
      g_string_append_printf(detail, "%s%s may not be set", detail->len > 0 ? "; " : "", never[i]);
    }
  if (key)
    nz_pod_violate(judge, s->container, NZ_POD_PLACE(judge, options, key),
                   "seLinuxOptions (%s set forbidden securityContext.seLinuxOptions: %s)", s->who,
                   detail->str);
}

void
nz_pss_selinux_options(NzPodJudge *judge)
{
  NzPodSetter s = NZ_POD_AND_CONTAINERS;
  while (nz_pod_next(judge, &s))
    selinux_of(judge, &s, nz_kube_map(s.context, "seLinuxOptions"));
}

/* --- sysctls --- */

void
nz_pss_sysctls(NzPodJudge *judge)
{
  NzYaml *list = nz_kube_list(judge->pod->context, "sysctls");
  for (guint i = 0; list && i < list->items->len; i++) {
    NzYaml *one = list->items->pdata[i];
    const char *name = nz_pod_text(one, "name");
    if (!nz_pod_allows(judge, sysctls, G_N_ELEMENTS(sysctls), name)) {
      NzPlace *place = NZ_POD_PLACE(judge, one, "name");
      nz_pod_violate(judge, NULL, place ? place : nz_kube_place(judge->manifest, one),
                     "forbidden sysctls (%s)", name);
    }
  }
}

/* --- AppArmor: by field and by annotation at all versions --- */

#define APPARMOR_PREFIX "container.apparmor.security.beta.kubernetes.io/"

static gboolean
is_profile(const char *type)
{
  return strcmp(type, "RuntimeDefault") == 0 || strcmp(type, "Localhost") == 0;
}

/* VALUE as Go's %q quotes it. */
static char *
quote(const char *value)
{
  g_autofree char *escaped = g_strescape(value, NULL);
  /* g_strescape() writes bytes past ASCII in octal, Go as they are. */
  return g_strdup_printf("\"%s\"", g_str_is_ascii(value) ? escaped : value);
}

static void
app_armor_annotations(NzPodJudge *judge)
{
  NzYaml *annotations = nz_kube_map(judge->pod->metadata, "annotations");
  for (guint i = 0; annotations && i < annotations->keys->len; i++) {
    const NzYaml *key = annotations->keys->pdata[i];
    const char *value = nz_pod_text(annotations, key->text);
    if (!g_str_has_prefix(key->text, APPARMOR_PREFIX) || !*value ||
        strcmp(value, "runtime/default") == 0 || g_str_has_prefix(value, "localhost/"))
      continue;
    g_autofree char *quoted = quote(value);
    nz_pod_violate(judge, NULL, nz_kube_place(judge->manifest, key),
                   "forbidden AppArmor profile (annotation must not set AppArmor profile type to "
                   "\"%s=%s\")",
                   key->text, quoted);
  }
}

void
nz_pss_app_armor(NzPodJudge *judge)
{
  NzPodSetter s = NZ_POD_AND_CONTAINERS;
  while (nz_pod_next(judge, &s)) {
    NzYaml *profile = nz_kube_map(s.context, "appArmorProfile");
    const char *type = nz_pod_text(profile, "type");
    if (!profile || is_profile(type))
      continue;
    NzPlace *place = NZ_POD_PLACE(judge, profile, "type");
    nz_pod_violate(judge, s.container,
                   place ? place : NZ_POD_PLACE(judge, s.context, "appArmorProfile"),
                   "forbidden AppArmor profile (%s must not set AppArmor profile type to \"%s\")",
                   s.who, type);
  }
  app_armor_annotations(judge);
}

/* --- seccomp: annotations before v1.19, fields from then on --- */

#define SECCOMP_POD    "seccomp.security.alpha.kubernetes.io/pod"
#define SECCOMP_PREFIX "container.seccomp.security.alpha.kubernetes.io/"

/* An annotation that is there and says nothing is none of the allowed ones. */
static void
seccomp_annotation(NzPodJudge *judge, const NzKubeContainer *container, const char *key)
{
  NzYaml *annotations = nz_kube_map(judge->pod->metadata, "annotations");
  NzPlace *place = nz_kube_key_place(judge->manifest, annotations, key);
  const char *value = nz_pod_text(annotations, key);
  if (!place || strcmp(value, "runtime/default") == 0 || strcmp(value, "docker/default") == 0 ||
      g_str_has_prefix(value, "localhost/")) {
    nz_place_free(place);
    return;
  }
  g_autofree char *quoted = quote(value);
  nz_pod_violate(judge, container, place, "seccompProfile (forbidden annotation %s=%s)", key,
                 quoted);
}

void
nz_pss_seccomp_annotations(NzPodJudge *judge)
{
  seccomp_annotation(judge, NULL, SECCOMP_POD);
  NzPodSetter s = NZ_POD_CONTAINERS;
  while (nz_pod_next(judge, &s)) {
    g_autofree char *key =
        g_strconcat(SECCOMP_PREFIX, nz_pod_text(s.container->node, "name"), NULL);
    seccomp_annotation(judge, s.container, key);
  }
}

/* Of SETTER alone; TRUE when it has a profile, a good one or not. */
static gboolean
seccomp_of(NzPodJudge *judge, const NzPodSetter *s, gboolean *good)
{
  NzYaml *profile = nz_kube_map(s->context, "seccompProfile");
  const char *type = nz_pod_text(profile, "type");
  *good = profile && is_profile(type);
  if (!profile || *good)
    return profile != NULL;
  NzPlace *place = NZ_POD_PLACE(judge, profile, "type");
  nz_pod_violate(judge, s->container,
                 place ? place : NZ_POD_PLACE(judge, s->context, "seccompProfile"),
                 "seccompProfile (%s must not set securityContext.seccompProfile.type to \"%s\")",
                 s->who, type);
  return TRUE;
}

void
nz_pss_seccomp_baseline(NzPodJudge *judge)
{
  gboolean good;
  NzPodSetter s = NZ_POD_AND_CONTAINERS;
  while (nz_pod_next(judge, &s))
    seccomp_of(judge, &s, &good);
}

/* What inherits a bad profile of the pod is mended with that. */
void
nz_pss_seccomp_restricted(NzPodJudge *judge)
{
  gboolean pod_has = FALSE, good;
  NzPodSetter s = NZ_POD_AND_CONTAINERS;
  while (nz_pod_next(judge, &s)) {
    gboolean has = seccomp_of(judge, &s, &good);
    if (!s.container)
      pod_has = has;
    else if (!has && !pod_has)
      nz_pod_violate(judge, s.container, NULL,
                     "seccompProfile (pod or %s must set securityContext.seccompProfile.type to "
                     "\"RuntimeDefault\" or \"Localhost\")",
                     s.who);
  }
}

void
nz_pss_seccomp_restricted_linux(NzPodJudge *judge)
{
  if (!judge->pod->windows)
    nz_pss_seccomp_restricted(judge);
}

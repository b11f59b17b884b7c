/* SPDX-License-Identifier: Apache-2.0 */
/* apt, apk, dnf, yum, microdnf, zypper: what they install may bring setuid files, users, tools. */
#include <string.h>

#include "build/effects_private.h"
#include "core/limits.h"

/* --- packages that bring setuid or setgid files --- */

#define DEB (1u << NZ_FAMILY_DEBIAN)
#define APK (1u << NZ_FAMILY_ALPINE)
#define RPM (1u << NZ_FAMILY_REDHAT)

/* Where: Debian 12 by the modes in its packages (dpkg -c) and what their postinst scripts give
 * (passwd, uidmap, openssh-client, dbus, polkitd, sudo, mount, util-linux seen installed); Fedora
 * and RHEL by the %attr and %caps of the packages' spec files; Alpine by what their APKBUILDs
 * install. A path is one of the files, so that chmod or rm of all that are named clears the
 * package. */
typedef struct {
  const char *name;
  guint families;
  const char *files[6];
} SetuidPackage;

/* clang-format off */
static const SetuidPackage setuid_packages[] = {
    {"at", DEB | RPM, {"/usr/bin/at"}},
    {"chromium-sandbox", DEB, {"/usr/lib/chromium/chrome-sandbox"}},
    {"cifs-utils", DEB | RPM, {"/sbin/mount.cifs"}},
    {"cron", DEB, {"/usr/bin/crontab"}},
    {"cronie", RPM, {"/usr/bin/crontab"}},
    {"dbus", DEB | APK, {"/usr/lib/dbus-1.0/dbus-daemon-launch-helper"}},
    {"dbus-daemon", RPM, {"/usr/libexec/dbus-1/dbus-daemon-launch-helper"}},
    {"doas", DEB | APK, {"/usr/bin/doas"}},
    {"exim", APK | RPM, {"/usr/sbin/exim"}},
    {"exim4", DEB, {"/usr/sbin/exim4"}},
    {"exim4-daemon-heavy", DEB, {"/usr/sbin/exim4"}},
    {"exim4-daemon-light", DEB, {"/usr/sbin/exim4"}},
    {"fping", DEB, {"/usr/bin/fping"}},
    {"fuse", DEB | APK | RPM, {"/usr/bin/fusermount"}},
    {"fuse3", DEB | APK | RPM, {"/usr/bin/fusermount3"}},
    {"google-chrome-stable", DEB | RPM, {"/opt/google/chrome/chrome-sandbox"}},
    {"iputils-ping", DEB, {"/bin/ping"}},
    {"krb5-workstation", RPM, {"/usr/bin/ksu"}},
    {"libutempter", RPM, {"/usr/libexec/utempter/utempter"}},
    {"libutempter0", DEB, {"/usr/lib/x86_64-linux-gnu/utempter/utempter"}},
    {"login", DEB, {"/usr/bin/newgrp"}},
    {"mount", DEB | APK, {"/bin/mount", "/bin/umount"}},
    {"nfs-common", DEB, {"/sbin/mount.nfs"}},
    {"nfs-utils", RPM, {"/sbin/mount.nfs"}},
    {"ntfs-3g", DEB, {"/bin/ntfs-3g"}},
    {"openssh-client", DEB, {"/usr/lib/openssh/ssh-keysign", "/usr/bin/ssh-agent"}},
    {"openssh-keysign", APK, {"/usr/lib/ssh/ssh-keysign"}},
    {"openssh-server", DEB, {"/usr/lib/openssh/ssh-keysign", "/usr/bin/ssh-agent"}},
    {"opendoas", DEB, {"/usr/bin/doas"}},
    {"pam", RPM, {"/usr/sbin/unix_chkpwd", "/usr/sbin/pam_timestamp_check"}},
    {"passwd", DEB | RPM, {"/usr/bin/passwd"}},
    {"pkexec", DEB, {"/usr/bin/pkexec"}},
    {"policykit-1", DEB, {"/usr/bin/pkexec", "/usr/lib/polkit-1/polkit-agent-helper-1"}},
    {"polkit", APK | RPM, {"/usr/bin/pkexec", "/usr/lib/polkit-1/polkit-agent-helper-1"}},
    {"polkitd", DEB, {"/usr/lib/polkit-1/polkit-agent-helper-1"}},
    {"postfix", DEB | APK | RPM, {"/usr/sbin/postdrop", "/usr/sbin/postqueue"}},
    {"ppp", DEB, {"/usr/sbin/pppd"}},
    {"procmail", DEB | RPM, {"/usr/bin/procmail", "/usr/bin/lockfile"}},
    {"screen", RPM, {"/usr/bin/screen"}},
    {"shadow", APK, {"/usr/bin/passwd", "/usr/bin/chage", "/usr/bin/chfn", "/usr/bin/chsh", "/usr/bin/expiry", "/usr/bin/gpasswd"}},
    {"shadow-uidmap", APK, {"/usr/bin/newuidmap", "/usr/bin/newgidmap"}},
    {"shadow-utils", RPM, {"/usr/bin/chage", "/usr/bin/gpasswd", "/usr/bin/newgrp"}},
    {"sudo", DEB | APK | RPM, {"/usr/bin/sudo"}},
    {"sudo-ldap", DEB, {"/usr/bin/sudo"}},
    {"uidmap", DEB, {"/usr/bin/newuidmap", "/usr/bin/newgidmap"}},
    {"usermode", RPM, {"/usr/sbin/userhelper"}},
    {"util-linux", DEB | RPM, {"/usr/bin/su"}},
    {"util-linux-user", RPM, {"/usr/bin/chfn", "/usr/bin/chsh"}},
};

/* Users that packages make: theirs are system accounts, whose numbers the package's script has the
 * system choose. */
static const struct {
  const char *package, *user;
  guint families;
} package_users[] = {
    {"apache2", "apache", APK},          {"haproxy", "haproxy", DEB | APK | RPM},
    {"httpd", "apache", RPM},            {"mariadb", "mysql", APK},
    {"mariadb-server", "mysql", DEB | RPM}, {"memcached", "memcached", APK | RPM},
    {"mosquitto", "mosquitto", DEB | APK | RPM}, {"mysql", "mysql", APK},
    {"mysql-server", "mysql", DEB | RPM}, {"nginx", "nginx", APK | RPM},
    {"postgresql", "postgres", DEB | APK}, {"postgresql-server", "postgres", RPM},
    {"rabbitmq-server", "rabbitmq", DEB | APK | RPM}, {"redis", "redis", APK | RPM},
    {"redis-server", "redis", DEB},      {"squid", "squid", APK | RPM},
    {"unbound", "unbound", DEB | APK | RPM}, {"varnish", "varnish", APK | RPM},
};
/* clang-format on */

static const SetuidPackage *
find_package(const NzStageState *state, const char *name, guint manager)
{
  NzFamily family = nz_accounts_family(state->accounts);
  guint families = family == NZ_FAMILY_UNKNOWN ? manager : 1u << family;
  for (guint i = 0; i < G_N_ELEMENTS(setuid_packages); i++) {
    const SetuidPackage *p = &setuid_packages[i];
    if ((p->families & families & manager) && strcmp(p->name, name) == 0)
      return p;
  }
  return NULL;
}

static const SetuidPackage *
package_named(const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS(setuid_packages); i++) {
    if (strcmp(setuid_packages[i].name, name) == 0)
      return &setuid_packages[i];
  }
  return NULL;
}

/* --- what clears them --- */

/* /bin is /usr/bin wherever these packages are of today. */
static gboolean
is_disarmed(const NzStageState *state, const NzTarget *target, const char *file)
{
  g_autofree char *merged = g_str_has_prefix(file, "/usr/") ? g_strdup(file + strlen("/usr"))
                                                            : g_strconcat("/usr", file, NULL);
  if (nz_target_holds(target, file) || nz_target_holds(target, merged))
    return TRUE;
  for (guint i = 0; i < state->disarmed->len; i++) {
    const char *path = state->disarmed->pdata[i];
    if (strcmp(path, file) == 0 || strcmp(path, merged) == 0)
      return TRUE;
  }
  return FALSE;
}

static gboolean
is_package_disarmed(const NzStageState *state, const NzTarget *target, const char *name)
{
  const SetuidPackage *package = package_named(name);
  for (guint i = 0; package && i < G_N_ELEMENTS(package->files) && package->files[i]; i++) {
    if (!is_disarmed(state, target, package->files[i]))
      return FALSE;
  }
  return package != NULL;
}

/* A package's other files count too: all below "/" is more than those that are named. */
void
nz_packages_disarm(NzStageState *state, const NzTarget *target, guint16 bits)
{
  gboolean any = FALSE;
  if (!(bits & NZ_BIT_SETUID) || !target->path)
    return;
  for (guint i = state->acts->len; i-- > 0;) {
    const NzAct *act = state->acts->pdata[i];
    if (act->kind != NZ_ACT_SETUID_PACKAGE)
      continue;
    any = TRUE;
    if (is_package_disarmed(state, target, act->what))
      g_ptr_array_remove_index(state->acts, i);
  }
  if (any && !target->glob && !target->recursive && state->disarmed->len < 256)
    g_ptr_array_add(state->disarmed, g_strdup(target->path));
}

static void
remove_act(NzStageState *state, NzActKind kind, const char *what)
{
  for (guint i = state->acts->len; i-- > 0;) {
    const NzAct *act = state->acts->pdata[i];
    if (act->kind == kind && strcmp(act->what, what) == 0)
      g_ptr_array_remove_index(state->acts, i);
  }
}

static gboolean
has_act(const NzStageState *state, NzActKind kind, const char *what)
{
  for (guint i = 0; i < state->acts->len; i++) {
    const NzAct *act = state->acts->pdata[i];
    if (act->kind == kind && strcmp(act->what, what) == 0)
      return TRUE;
  }
  return FALSE;
}

/* --- installing --- */

static gboolean
is_tool(const char *name)
{
  static const char *const tools[] = {"doas", "opendoas", "sudo", "sudo-ldap", NULL};
  return g_strv_contains(tools, name);
}

static void
forget_disarmed(NzStageState *state, const SetuidPackage *package)
{
  for (guint i = state->disarmed->len; i-- > 0;) {
    for (guint f = 0; f < G_N_ELEMENTS(package->files) && package->files[f]; f++) {
      if (strcmp(state->disarmed->pdata[i], package->files[f]) == 0) {
        g_ptr_array_remove_index(state->disarmed, i);
        break;
      }
    }
  }
}

static void
make_package_user(NzCall *call, const char *name, guint manager)
{
  NzAccounts *accounts = call->run->state->accounts;
  NzFamily family = nz_accounts_family(accounts);
  guint families = family == NZ_FAMILY_UNKNOWN ? manager : manager & (1u << family);
  for (guint i = 0; i < G_N_ELEMENTS(package_users); i++) {
    if (!(package_users[i].families & families) || strcmp(package_users[i].package, name) != 0)
      continue;
    const char *user = package_users[i].user;
    NzNewUser made = {.name = user, .uid = -1, .own_group = TRUE, .system = TRUE};
    /* A base that is not known may have had it, with another number. */
    if (!nz_accounts_unknown(accounts))
      nz_accounts_add_user(accounts, &made);
  }
}

static void
installed(NzCall *call, const NzShellWord *word, const char *name, guint manager, const char *how)
{
  NzStageState *state = call->run->state;
  const SetuidPackage *package = find_package(state, name, manager);
  if (state->packages->len < NZ_PACKAGES_MAX)
    g_ptr_array_add(state->packages, g_strdup(name));
  if (package && !has_act(state, NZ_ACT_SETUID_PACKAGE, name)) {
    forget_disarmed(state, package);
    nz_call_act(call, NZ_ACT_SETUID_PACKAGE, word, name, how);
  }
  const char *tool = strcmp(name, "opendoas") == 0 ? "doas" : name;
  if (is_tool(name) && !has_act(state, NZ_ACT_PRIVILEGED_TOOL, tool))
    nz_call_act(call, NZ_ACT_PRIVILEGED_TOOL, word, tool, how);
  make_package_user(call, name, manager);
}

static void
removed(NzCall *call, const char *name)
{
  NzStageState *state = call->run->state;
  if (call->maybe)
    return;
  remove_act(state, NZ_ACT_SETUID_PACKAGE, name);
  if (is_tool(name))
    remove_act(state, NZ_ACT_PRIVILEGED_TOOL, strcmp(name, "opendoas") == 0 ? "doas" : name);
  for (guint i = state->packages->len; i-- > 0;) {
    if (strcmp(state->packages->pdata[i], name) == 0)
      g_ptr_array_remove_index(state->packages, i);
  }
}

/* Packages make users in their scripts. */
static void
doubt(NzCall *call, const char *how)
{
  g_autofree char *why = g_strdup_printf("%s may have made users", how);
  nz_call_doubt(call, why);
}

/* "nginx=1.2*", "nginx/stable", "nginx:amd64", "nginx>1", "nginx@edge": the name. NULL: it is a
 * file, or no package. */
static char *
package_name(const NzShellWord *word)
{
  const char *text = word->text;
  if (!word->known || strchr("./!@^", *text) || strstr(text, "://"))
    return NULL;
  gsize len = strcspn(text, "=<>~@/:");
  return len ? g_strndup(text, len) : NULL;
}

typedef struct {
  const NzOption *options;
  const char *const *install, *const *remove, *const *root; /* verbs */
  guint manager;
} Manager;

static void
install_all(NzCall *call, const NzArguments *args, const Manager *manager, const char *how)
{
  guint n = 0;
  for (guint i = 1; i < args->operands->len; i++) {
    const NzShellWord *word = args->operands->pdata[i];
    g_autofree char *name = package_name(word);
    gsize len = name ? strlen(name) : 0;
    n++;
    if (!name)
      continue;
    /* apt takes "sudo-" as a package to remove. */
    if (manager->manager == DEB && len > 1 && name[len - 1] == '-') {
      name[len - 1] = '\0';
      removed(call, name);
    } else {
      installed(call, word, name, manager->manager, how);
    }
  }
  if (n > 0 || call->piped)
    doubt(call, how);
}

/* "apk add -t .deps sudo", "apk del .deps" */
static void
remember_virtual(NzCall *call, const NzArguments *args, const char *name)
{
  NzRun *run = call->run;
  if (!run->virtuals)
    run->virtuals = g_ptr_array_new_with_free_func(g_free);
  g_ptr_array_add(run->virtuals, g_strdup(name));
  for (guint i = 1; i < args->operands->len; i++) {
    char *package = package_name(args->operands->pdata[i]);
    if (package)
      g_ptr_array_add(run->virtuals, package);
  }
  g_ptr_array_add(run->virtuals, g_strdup(""));
}

static void
remove_virtual(NzCall *call, const char *name)
{
  const GPtrArray *virtuals = call->run->virtuals;
  gboolean inside = FALSE, first = TRUE;
  for (guint i = 0; virtuals && i < virtuals->len; i++) {
    const char *text = virtuals->pdata[i];
    if (first)
      inside = strcmp(text, name) == 0;
    else if (inside && *text)
      removed(call, text);
    first = *text == '\0';
  }
}

static void
remove_all(NzCall *call, const NzArguments *args)
{
  for (guint i = 1; i < args->operands->len; i++) {
    const NzShellWord *word = args->operands->pdata[i];
    g_autofree char *name = package_name(word);
    if (name)
      removed(call, name);
    remove_virtual(call, word->text);
  }
}

static void
run_manager(NzCall *call, const Manager *manager)
{
  g_auto(NzArguments) args =
      nz_arguments_read(call->words, call->n, manager->options, NZ_ARGS_ANYWHERE);
  const NzShellWord *verb = nz_operand(&args, 0);
  if (!verb || nz_given(&args, "root"))
    return;
  g_autofree char *how = g_strdup_printf("%s %s", call->name, verb->text);
  gboolean install = g_strv_contains(manager->install, verb->text);
  gboolean removal = g_strv_contains(manager->remove, verb->text);
  if (install || removal || g_strv_contains(manager->root, verb->text))
    nz_call_needs_root(call, NULL, how);
  if (removal)
    remove_all(call, &args);
  if (!install || nz_given(&args, "download-only") || nz_given(&args, "simulate"))
    return;
  const char *name = nz_given_value(&args, "virtual");
  if (name)
    remember_virtual(call, &args, name);
  install_all(call, &args, manager, how);
}

static const NzOption apt_options[] = {
    {'o', "option", NZ_VALUE},
    {'c', "config-file", NZ_VALUE},
    {'t', "target-release", NZ_VALUE},
    {0, "default-release", NZ_VALUE},
    {'a', "host-architecture", NZ_VALUE},
    {'P', "build-profiles", NZ_VALUE},
    {'d', "download-only", NZ_NO_VALUE},
    {'s', "simulate", NZ_NO_VALUE},
    {0, "dry-run", NZ_NO_VALUE},
    {0},
};

void
nz_effect_apt(NzCall *call)
{
  static const char *const install[] = {"install", "reinstall", NULL};
  static const char *const removal[] = {"remove", "purge", NULL};
  static const char *const root[] = {"update",     "upgrade",   "dist-upgrade", "full-upgrade",
                                     "autoremove", "build-dep", "safe-upgrade", "dselect-upgrade",
                                     "autopurge",  NULL};
  static const Manager apt = {apt_options, install, removal, root, DEB};
  run_manager(call, &apt);
}

static const NzOption apk_options[] = {
    {'p', "root", NZ_VALUE},
    {'X', "repository", NZ_VALUE},
    {'t', "virtual", NZ_VALUE},
    {0, "keys-dir", NZ_VALUE},
    {0, "repositories-file", NZ_VALUE},
    {0, "wait", NZ_VALUE},
    {0, "arch", NZ_VALUE},
    {0, "cache-dir", NZ_VALUE},
    {0, "cache-max-age", NZ_VALUE},
    {'s', "simulate", NZ_NO_VALUE},
    {0},
};

void
nz_effect_apk(NzCall *call)
{
  static const char *const install[] = {"add", NULL};
  static const char *const removal[] = {"del", NULL};
  static const char *const root[] = {"update", "upgrade", "fix", NULL};
  static const Manager apk = {apk_options, install, removal, root, APK};
  run_manager(call, &apk);
}

static const NzOption dnf_options[] = {
    {'c', "config", NZ_VALUE},
    {'d', "debuglevel", NZ_VALUE},
    {'e', "errorlevel", NZ_VALUE},
    {'x', "exclude", NZ_VALUE},
    {'R', "randomwait", NZ_VALUE},
    {0, "installroot", NZ_VALUE},
    {0, "root", NZ_VALUE},
    {0, "setopt", NZ_VALUE},
    {0, "enablerepo", NZ_VALUE},
    {0, "disablerepo", NZ_VALUE},
    {0, "repo", NZ_VALUE},
    {0, "repoid", NZ_VALUE},
    {0, "releasever", NZ_VALUE},
    {0, "forcearch", NZ_VALUE},
    {0, "downloadonly", NZ_NO_VALUE},
    {'D', "reposd-dir", NZ_VALUE},
    {0},
};

void
nz_effect_dnf(NzCall *call)
{
  static const char *const install[] = {"install", "in", "reinstall", "localinstall", NULL};
  static const char *const removal[] = {"remove", "erase", "rm", "autoremove", NULL};
  static const char *const root[] = {"update",       "upgrade",      "up",          "dup",
                                     "groupinstall", "module",       "distro-sync", "refresh",
                                     "ref",          "dist-upgrade", NULL};
  static const Manager dnf = {dnf_options, install, removal, root, RPM};
  for (guint i = 1; i < call->n; i++) {
    if (g_str_has_prefix(call->words[i]->text, "--installroot"))
      return;
  }
  run_manager(call, &dnf);
}

/* Packages from files: nobody knows what is in them. */
void
nz_effect_dpkg(NzCall *call)
{
  gboolean rpm = strcmp(call->name, "rpm") == 0;
  for (guint i = 1; i < call->n; i++) {
    const char *text = call->words[i]->text;
    gboolean installs = strcmp(text, "--install") == 0 || strcmp(text, "--upgrade") == 0 ||
                        (*text == '-' && text[1] != '-' && strpbrk(text, rpm ? "iUF" : "i"));
    if (rpm && *text == '-' && strchr(text, 'q'))
      return;
    if (!installs)
      continue;
    g_autofree char *how = g_strdup_printf("%s %s", call->name, text);
    nz_call_needs_root(call, NULL, how);
    doubt(call, how);
    return;
  }
}

static const NzOption pip_options[] = {
    {'r', "requirement", NZ_VALUE}, {'c', "constraint", NZ_VALUE},
    {'e', "editable", NZ_VALUE},    {'t', "target", NZ_VALUE},
    {'i', "index-url", NZ_VALUE},   {0, "extra-index-url", NZ_VALUE},
    {'f', "find-links", NZ_VALUE},  {0, "prefix", NZ_VALUE},
    {0, "trusted-host", NZ_VALUE},  {0},
};

void
nz_effect_pip(NzCall *call)
{
  g_auto(NzArguments) args = nz_arguments_read(call->words, call->n, pip_options, NZ_ARGS_ANYWHERE);
  const NzShellWord *verb = nz_operand(&args, 0);
  if (!verb || strcmp(verb->text, "install") != 0)
    return;
  for (guint i = 1; i < args.operands->len; i++) {
    g_autofree char *name = package_name(args.operands->pdata[i]);
    if (name && call->run->state->packages->len < NZ_PACKAGES_MAX)
      g_ptr_array_add(call->run->state->packages, g_steal_pointer(&name));
  }
}

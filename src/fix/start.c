/* SPDX-License-Identifier: Apache-2.0 */
/* Would the image still work if it started as another user? What speaks against it. */
#include <string.h>

#include "core/privdrop.h"
#include "core/text.h"
#include "fix/fix_private.h"

/* --- programs --- */

typedef enum {
  START_CHANGES, /* it changes to another user by its own configuration */
  START_ROOT,    /* it does what takes root */
  START_MANY,    /* it starts others, as users that it is told */
  START_TOOL,    /* it makes root of a user */
} StartKind;

static const char *const reasons[] = {
    [START_CHANGES] = "begins as root and changes to a user of its own, as its configuration says: "
                      "what it writes must be that user's first",
    [START_ROOT] = "does what takes root",
    [START_MANY] = "starts other programs, and may be told as whom",
    [START_TOOL] = "is there to become root",
};

static const struct {
  const char *name;
  StartKind kind;
} programs[] = {
    {"addgroup", START_ROOT},
    {"adduser", START_ROOT},
    {"apache2", START_CHANGES},
    {"apache2-foreground", START_CHANGES},
    {"apache2ctl", START_CHANGES},
    {"apachectl", START_CHANGES},
    {"apk", START_ROOT},
    {"apt", START_ROOT},
    {"apt-get", START_ROOT},
    {"chown", START_ROOT},
    {"chroot", START_ROOT},
    {"containerd", START_ROOT},
    {"cron", START_ROOT},
    {"crond", START_ROOT},
    {"dnf", START_ROOT},
    {"dnsmasq", START_ROOT},
    {"doas", START_TOOL},
    {"dockerd", START_ROOT},
    {"dovecot", START_CHANGES},
    {"fail2ban-server", START_ROOT},
    {"groupadd", START_ROOT},
    {"groupmod", START_ROOT},
    {"httpd", START_CHANGES},
    {"httpd-foreground", START_CHANGES},
    {"init", START_ROOT},
    {"ip", START_ROOT},
    {"iptables", START_ROOT},
    {"keepalived", START_ROOT},
    {"mknod", START_ROOT},
    {"mount", START_ROOT},
    {"my_init", START_MANY},
    {"mysqld", START_CHANGES},
    {"mysqld_safe", START_CHANGES},
    {"named", START_CHANGES},
    {"nginx", START_CHANGES},
    {"nsenter", START_ROOT},
    {"ntpd", START_ROOT},
    {"openrc-init", START_ROOT},
    {"openvpn", START_ROOT},
    {"php-fpm", START_CHANGES},
    {"postfix", START_CHANGES},
    {"rc-service", START_ROOT},
    {"rsyslogd", START_ROOT},
    {"runsvdir", START_MANY},
    {"runsvdir-start", START_MANY},
    {"s6-svscan", START_MANY},
    {"service", START_ROOT},
    {"setcap", START_ROOT},
    {"smbd", START_ROOT},
    {"squid", START_CHANGES},
    {"sshd", START_ROOT},
    {"strongswan", START_ROOT},
    {"sudo", START_TOOL},
    {"supervisord", START_MANY},
    {"sysctl", START_ROOT},
    {"systemctl", START_ROOT},
    {"systemd", START_ROOT},
    {"unbound", START_CHANGES},
    {"useradd", START_ROOT},
    {"usermod", START_ROOT},
    {"vsftpd", START_ROOT},
    {"wg-quick", START_ROOT},
    {"xinetd", START_ROOT},
    {"yum", START_ROOT},
};

/* What only starts what follows. */
static const char *const wrappers[] = {"exec",      "env",  "tini",    "dumb-init",
                                       "catatonit", "nice", "ionice",  "nohup",
                                       "setsid",    "time", "busybox", NULL};

static const char *
base_name(const char *path)
{
  const char *slash = strrchr(path, '/');
  return slash ? slash + 1 : path;
}

static char *
judge_words(const GPtrArray *words)
{
  for (guint i = 0; i < words->len; i++) {
    const char *word = ((const NzShellWord *)words->pdata[i])->text;
    const char *name = base_name(word);
    if (g_strv_contains(wrappers, name) || *word == '-' || (i > 0 && strchr(word, '=')))
      continue;
    for (guint p = 0; p < G_N_ELEMENTS(programs); p++)
      if (strcmp(programs[p].name, name) == 0)
        return g_strdup_printf("%s, which it starts, %s", name, reasons[programs[p].kind]);
    return NULL;
  }
  return NULL;
}

static char *
judge_text(const NzShellText *text)
{
  for (guint i = 0; i < text->commands->len; i++) {
    char *why = judge_words(((const NzShellCommand *)text->commands->pdata[i])->words);
    if (why)
      return why;
  }
  return NULL;
}

static void
add_words(GPtrArray *args, const NzInstruction *in)
{
  for (guint i = 0; in && in->json && i < in->words->len; i++)
    g_ptr_array_add(args, ((const NzWord *)in->words->pdata[i])->text);
}

static void
add_list(GPtrArray *args, char *const *list)
{
  for (guint i = 0; list && list[i]; i++)
    g_ptr_array_add(args, list[i]);
}

/* The whole command line that the image starts, as far as it is known. */
static char *
doubt_program(const NzMend *self)
{
  const NzBuild *build = self->build;
  const NzInstruction *first = build->entrypoint ? build->entrypoint : build->cmd;
  if (first && !first->json) {
    g_autoptr(NzShellText) text = nz_shell_split(first->rest->data, first->rest->len, NULL);
    return judge_text(text);
  }
  g_autoptr(GPtrArray) args = g_ptr_array_new();
  if (build->entrypoint)
    add_words(args, build->entrypoint);
  else
    add_list(args, build->base->entrypoint);
  if (build->cmd)
    add_words(args, build->cmd);
  else if (!build->entrypoint)
    add_list(args, build->base->cmd);
  g_autoptr(NzShellText) text =
      nz_shell_split_args((const char *const *)args->pdata, args->len, NULL);
  return judge_text(text);
}

/* --- the build --- */

static char *
doubt_base(const NzMend *self)
{
  const NzBuildBase *base = self->build->base;
  g_autofree char *name = nz_printable(base->name, -1);
  if (base->unknown)
    return g_strdup_printf("the base image %s is not known: %s", name, base->unknown);
  if (!base->user_known)
    return g_strdup_printf("whom the base image %s starts as is not known", name);
  if (nz_accounts_family(self->build->state->accounts) == NZ_FAMILY_UNKNOWN)
    return g_strdup_printf("what system the base image %s is, and so how users are made in it, is "
                           "not known",
                           name);
  return NULL;
}

static void
find_trigger(NzMend *self G_GNUC_UNUSED, const NzInstruction *in, gpointer data)
{
  const NzInstruction **found = data;
  if (in->kind == NZ_DOCKER_ONBUILD)
    *found = in;
}

static char *
doubt_build(const NzMend *self)
{
  const NzInstruction *trigger = NULL;
  nz_mend_foreach((NzMend *)self, find_trigger, &trigger);
  if (self->build->windows)
    return g_strdup("users of Windows are not made as those of Linux: write `USER ContainerUser`");
  if (trigger)
    return g_strdup_printf("ONBUILD in line %u runs in builds of other images, as this user then",
                           nz_source_line(self->source, trigger->keyword.start, NULL));
  if (self->build->trigger_instructions->len > 0)
    return g_strdup("the base image has triggers (ONBUILD), which may count on root");
  if (nz_mend_is_shared(self, self->stage))
    return g_strdup("other stages are built on this one, and would run as its user");
  return NULL;
}

static char *
doubt_acts(const NzMend *self)
{
  const GPtrArray *acts = self->build->state->acts;
  for (guint i = 0; i < acts->len; i++) {
    const NzAct *act = acts->pdata[i];
    if (act->kind == NZ_ACT_DROPS_ROOT)
      return g_strdup_printf("%s drops root itself with %s: what it does as root before that is to "
                             "be done in the build, and the %s to be taken out",
                             act->how ? act->how : "what it starts", act->what, act->what);
  }
  return NULL;
}

/* --- the script that it starts --- */

static char *
doubt_script(const NzMend *self)
{
  const NzBuild *build = self->build;
  if (!build->script)
    return NULL;
  if (!build->script_text)
    return g_strdup_printf("it starts %s, which cannot be read here: what that does as root is not "
                           "known",
                           build->script);
  g_autoptr(NzShellText) text =
      nz_shell_split(build->script_text, strlen(build->script_text), NULL);
  for (guint i = 0; i < text->commands->len; i++) {
    const NzShellCommand *command = text->commands->pdata[i];
    /* What it does if it is root it does not do as another. */
    g_autofree char *why = command->maybe ? NULL : judge_words(command->words);
    if (why)
      return g_strdup_printf("%s: %s", build->script, why);
  }
  return NULL;
}

static char *
doubt_variable(const NzMend *self)
{
  const NzInstruction *line = self->build->user_line;
  if (!line || !memchr(line->rest->data, '$', line->rest->len))
    return NULL;
  return g_strdup("the user comes from a variable, whose value is to be mended");
}

char *
nz_mend_doubt(const NzMend *self)
{
  static char *(*const doubts[])(const NzMend *self) = {
      doubt_build,    doubt_base, doubt_acts, doubt_program, doubt_script, nz_mend_doubt_base_start,
      doubt_variable,
  };
  for (guint i = 0; i < G_N_ELEMENTS(doubts); i++) {
    char *why = doubts[i](self);
    if (why)
      return why;
  }
  return NULL;
}

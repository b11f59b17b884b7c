/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "check/check.h"

/* The kernel's default: net.ipv4.ip_unprivileged_port_start. */
#define FIRST_FREE_PORT 1024

/* Where a port is proposed instead: this much above, or a multiple of a thousand more. */
#define FIRST_STEP 8000u
#define STEP       1000u
#define LAST_PORT  65535u

/* "80", "80/tcp", "20-21/tcp" */
typedef struct {
  guint64 low, high;
  const char *protocol; /* static */
  const NzAct *act;     /* of a source; or NULL */
} Ports;

static gboolean
take_number(const char **p, guint64 *number)
{
  gsize digits = strspn(*p, "0123456789");
  g_autofree char *text = g_strndup(*p, digits);
  *p += digits;
  return g_ascii_string_to_unsigned(text, 10, 1, LAST_PORT, number, NULL);
}

static gboolean
read_ports(const char *text, Ports *ports)
{
  static const char *const protocols[] = {"tcp", "udp", "sctp"};
  const char *p = text;
  if (!take_number(&p, &ports->low))
    return FALSE;
  ports->high = ports->low;
  if (*p == '-' && (p++, !take_number(&p, &ports->high)))
    return FALSE;
  const char *protocol = strcmp(p, "") == 0 || strcmp(p, "/") == 0 ? "/tcp" : p;
  for (guint i = 0; *protocol == '/' && i < G_N_ELEMENTS(protocols); i++)
    if (g_ascii_strcasecmp(protocol + 1, protocols[i]) == 0) {
      ports->protocol = protocols[i];
      return ports->low <= ports->high;
    }
  return FALSE;
}

/* How far above PORTS there is room that ALL do not take; 0: nowhere. */
static guint64
find_room(const GArray *all, const Ports *ports)
{
  for (guint64 step = FIRST_STEP; ports->high + step <= LAST_PORT; step += STEP) {
    gboolean taken = FALSE;
    for (guint i = 0; i < all->len && !taken; i++) {
      const Ports *other = &g_array_index(all, Ports, i);
      taken = other->low <= ports->high + step && other->high >= ports->low + step;
    }
    if (!taken)
      return step;
  }
  return 0;
}

static char *
ports_text(const Ports *ports, guint64 step)
{
  if (ports->low == ports->high)
    return g_strdup_printf("%" G_GUINT64_FORMAT, ports->low + step);
  return g_strdup_printf("%" G_GUINT64_FORMAT "-%" G_GUINT64_FORMAT, ports->low + step,
                         ports->high + step);
}

static void
add(NzLevel level, const GArray *all, const Ports *ports, GPtrArray *findings)
{
  guint64 step = find_room(all, ports);
  gboolean tcp = strcmp(ports->protocol, "tcp") == 0;
  g_autofree char *here = ports_text(ports, 0), *there = ports_text(ports, step);
  g_autofree char *protocol = tcp ? g_strdup("") : g_strconcat("/", ports->protocol, NULL);
  gboolean in_pod = ports->act && ports->act->in_pod;
  g_autofree char *advice =
      step == 0 ? g_strdup("")
      : in_pod  ? g_strdup_printf(": listen on %s, and let the Service's targetPort say so; or set "
                                   "the sysctl net.ipv4.ip_unprivileged_port_start, as containerd 2 "
                                   "does by itself and CRI-O does not",
                                  there)
                : g_strdup_printf(": listen on %s and publish it with `-p %s:%s%s`", there, here,
                                  there, protocol);
  NzFinding *f = nz_finding_new(
      nz_check_low_port.rule, level, nz_check_low_port.remedy,
      "%s %s/%s %s 1024, which takes root or a capability%s",
      ports->act && ports->act->how ? ports->act->how : "EXPOSE", here, ports->protocol,
      ports->high < FIRST_FREE_PORT ? "is below" : "begins below", advice);
  f->place = ports->act ? nz_place_copy(ports->act->place) : NULL;
  g_ptr_array_add(findings, f);
}

static gboolean
is_known(const GArray *all, const Ports *ports)
{
  for (guint i = 0; i < all->len; i++) {
    const Ports *other = &g_array_index(all, Ports, i);
    if (other->low == ports->low && other->high == ports->high &&
        other->protocol == ports->protocol)
      return TRUE;
  }
  return FALSE;
}

static void
take(GArray *all, const char *text, const NzAct *act)
{
  Ports ports = {.act = act};
  if (read_ports(text, &ports) && !is_known(all, &ports))
    g_array_append_val(all, ports);
}

static void
judge(const GArray *all, const NzUser *user, GPtrArray *findings)
{
  NzLevel level = user->state == NZ_USER_ROOT ? NZ_LEVEL_WARN : NZ_LEVEL_INFO;
  for (guint i = 0; i < all->len; i++) {
    const Ports *ports = &g_array_index(all, Ports, i);
    if (ports->low < FIRST_FREE_PORT)
      add(level, all, ports, findings);
  }
}

static void
run(const NzImageFacts *facts, GPtrArray *findings)
{
  g_autoptr(GArray) all = g_array_new(FALSE, FALSE, sizeof(Ports));
  for (guint i = 0; facts->ports && facts->ports[i]; i++)
    take(all, facts->ports[i], NULL);
  judge(all, facts->user, findings);
}

static void
run_build(const NzBuildFacts *facts, GPtrArray *findings)
{
  g_autoptr(GArray) all = g_array_new(FALSE, FALSE, sizeof(Ports));
  guint i = 0;
  for (const NzAct *act; (act = nz_acts_next(facts, NZ_ACT_PORT, &i));)
    take(all, act->what, act);
  judge(all, facts->user, findings);
}

/* trivy, kube-linter. */
static const char *const aliases[] = {"KSV-0117", "AVD-KSV-0117", "privileged-ports", NULL};

const NzCheck nz_check_low_port = {
    .rule = "low-port",
    .title = "a port below 1024",
    .level = "warn where the image starts as root, else info",
    .why = "Binding it is one of the reasons why images start as root. No process needs to be: the "
           "runtime maps the port.",
    .remedy = "listen on a port from 1024 on, and let the runtime map it; in Kubernetes, "
              "`targetPort` of the Service; where the port must stay, the sysctl "
              "net.ipv4.ip_unprivileged_port_start=0 (Docker sets it since 20.10)",
    .aliases = aliases,
    .sources =
        "\"Just say no to root (in containers)\", ports under 1024\nip_unprivileged_port_start, "
        "Linux ip-sysctl",
    .by_config = TRUE,
    .run = run,
    .run_build = run_build,
};

/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "check/check.h"
#include "core/text.h"

/* The kernel's default: net.ipv4.ip_unprivileged_port_start. */
#define FIRST_FREE_PORT 1024

static void
add(const NzImageFacts *facts, const char *port, guint64 number, const char *protocol,
    GPtrArray *findings)
{
  g_autofree char *shown = nz_printable(port, -1);
  const char *udp = g_str_has_prefix(protocol, "/udp") ? "/udp" : "";
  guint64 high = number + 8000;
  gboolean root = facts->user->state == NZ_USER_ROOT;
  g_ptr_array_add(
      findings,
      nz_finding_new(
          nz_check_low_port.rule, root ? NZ_LEVEL_WARN : NZ_LEVEL_INFO, nz_check_low_port.remedy,
          "EXPOSE %s is below 1024, which takes root or a capability: listen on %" G_GUINT64_FORMAT
          " and publish it with `-p %" G_GUINT64_FORMAT ":%" G_GUINT64_FORMAT "%s`",
          shown, high, number, high, udp));
}

static void
run(const NzImageFacts *facts, GPtrArray *findings)
{
  for (guint i = 0; facts->ports && facts->ports[i]; i++) {
    const char *port = facts->ports[i];
    gsize digits = strspn(port, "0123456789");
    g_autofree char *text = g_strndup(port, digits);
    guint64 number;
    if (g_ascii_string_to_unsigned(text, 10, 1, FIRST_FREE_PORT - 1, &number, NULL))
      add(facts, port, number, port + digits, findings);
  }
}

static const char *const aliases[] = {"KSV-0117", "AVD-KSV-0117", NULL};

const NzCheck nz_check_low_port = {
    .rule = "low-port",
    .title = "a port below 1024",
    .why = "Binding it is one of the reasons why images start as root. No process needs to be: the "
           "runtime maps the port.",
    .remedy = "listen on a port from 1024 on, and let the runtime map it; in Kubernetes, "
              "`targetPort` of the Service; where the port must stay, the sysctl "
              "net.ipv4.ip_unprivileged_port_start=0 (Docker sets it since 20.10)",
    .aliases = aliases,
    .sources =
        "\"Just say no to root (in containers)\", ports under 1024\nip_unprivileged_port_start, "
        "Linux ip-sysctl",
    .run = run,
};

/* SPDX-License-Identifier: Apache-2.0 */
#include "rootfs/capability.h"

#include <string.h>

/* linux/capability.h; those marked let their holder take any identity, file or kernel. */
static const struct {
  const char *name;
  gboolean rootlike;
} names[] = {
    {"cap_chown", TRUE},
    {"cap_dac_override", TRUE},
    {"cap_dac_read_search", FALSE},
    {"cap_fowner", TRUE},
    {"cap_fsetid", FALSE},
    {"cap_kill", FALSE},
    {"cap_setgid", TRUE},
    {"cap_setuid", TRUE},
    {"cap_setpcap", FALSE},
    {"cap_linux_immutable", FALSE},
    {"cap_net_bind_service", FALSE},
    {"cap_net_broadcast", FALSE},
    {"cap_net_admin", FALSE},
    {"cap_net_raw", FALSE},
    {"cap_ipc_lock", FALSE},
    {"cap_ipc_owner", FALSE},
    {"cap_sys_module", TRUE},
    {"cap_sys_rawio", TRUE},
    {"cap_sys_chroot", FALSE},
    {"cap_sys_ptrace", TRUE},
    {"cap_sys_pacct", FALSE},
    {"cap_sys_admin", TRUE},
    {"cap_sys_boot", FALSE},
    {"cap_sys_nice", FALSE},
    {"cap_sys_resource", FALSE},
    {"cap_sys_time", FALSE},
    {"cap_sys_tty_config", FALSE},
    {"cap_mknod", TRUE},
    {"cap_lease", FALSE},
    {"cap_audit_write", FALSE},
    {"cap_audit_control", FALSE},
    {"cap_setfcap", TRUE},
    {"cap_mac_override", FALSE},
    {"cap_mac_admin", FALSE},
    {"cap_syslog", FALSE},
    {"cap_wake_alarm", FALSE},
    {"cap_block_suspend", FALSE},
    {"cap_audit_read", FALSE},
    {"cap_perfmon", FALSE},
    {"cap_bpf", TRUE},
    {"cap_checkpoint_restore", FALSE},
};

static guint32
le32(const guint8 *p)
{
  guint32 v;
  memcpy(&v, p, sizeof v);
  return GUINT32_FROM_LE(v);
}

void
nz_capability_parse(const guint8 *data, gsize len, NzCapability *out)
{
  static const gsize sizes[] = {0, 12, 20, 24};
  guint32 magic = len < 4 ? 0 : le32(data);
  guint revision = magic >> 24;
  *out = (NzCapability){.invalid = revision < 1 || revision > 3 || len != sizes[revision]};
  if (out->invalid)
    return;
  out->revision = (guint8)revision;
  out->effective = (magic & 1) != 0;
  out->permitted = le32(data + 4);
  out->inheritable = le32(data + 8);
  if (revision >= 2) {
    out->permitted |= (guint64)le32(data + 12) << 32;
    out->inheritable |= (guint64)le32(data + 16) << 32;
  }
  if (revision == 3)
    out->rootid = le32(data + 20);
}

static void
append_set(GString *out, guint64 set, const char *flags)
{
  if (set == 0)
    return;
  if (out->len > 0)
    g_string_append_c(out, ' ');
  gboolean first = TRUE;
  for (guint i = 0; i < 64; i++) {
    if (!(set >> i & 1))
      continue;
    if (!first)
      g_string_append_c(out, ',');
    first = FALSE;
    if (i < G_N_ELEMENTS(names))
      g_string_append(out, names[i].name);
    else
      g_string_append_printf(out, "%u", i);
  }
  g_string_append_printf(out, "=%s", flags);
}

char *
nz_capability_to_text(const NzCapability *self)
{
  GString *out = g_string_new(NULL);
  guint64 both = self->permitted & self->inheritable;
  gboolean e = self->effective;
  append_set(out, both, e ? "eip" : "ip");
  append_set(out, self->permitted & ~both, e ? "ep" : "p");
  append_set(out, self->inheritable & ~both, e ? "ei" : "i");
  if (out->len == 0)
    g_string_append(out, e ? "=e" : "=");
  if (self->revision == 3 && self->rootid != 0)
    g_string_append_printf(out, " [rootid=%u]", self->rootid);
  return g_string_free(out, FALSE);
}

const char *
nz_capability_rootlike(const NzCapability *self)
{
  guint64 set = self->permitted | self->inheritable;
  for (guint i = 0; i < G_N_ELEMENTS(names); i++)
    if (names[i].rootlike && set >> i & 1)
      return names[i].name;
  return NULL;
}

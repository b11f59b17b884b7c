/* SPDX-License-Identifier: Apache-2.0 */
/* security.capability: what the kernel takes, and how getcap would print it. */
#include "rootfs/capability.h"

/* The words of an attribute, little-endian. */
#define W(b3, b2, b1, b0) b0, b1, b2, b3
#define NET_BIND          W(0, 0, 0x04, 0) /* bit 10 */
#define SYS_ADMIN         W(0, 0x20, 0, 0) /* bit 21 */
#define BPF               W(0, 0, 0, 0x80) /* bit 39: in the high word */
#define ZERO              W(0, 0, 0, 0)

static const struct {
  guint8 data[32];
  gsize len;
  const char *text, *rootlike;
} good[] = {
    {{W(1, 0, 0, 1), NET_BIND, ZERO}, 12, "cap_net_bind_service=ep", NULL},
    {{W(2, 0, 0, 1), NET_BIND, ZERO, ZERO, ZERO}, 20, "cap_net_bind_service=ep", NULL},
    {{W(2, 0, 0, 0), NET_BIND, ZERO, ZERO, ZERO}, 20, "cap_net_bind_service=p", NULL},
    {{W(2, 0, 0, 1), ZERO, NET_BIND, ZERO, ZERO}, 20, "cap_net_bind_service=ei", NULL},
    {{W(2, 0, 0, 0), ZERO, NET_BIND, ZERO, ZERO}, 20, "cap_net_bind_service=i", NULL},
    {{W(2, 0, 0, 1), NET_BIND, NET_BIND, ZERO, ZERO}, 20, "cap_net_bind_service=eip", NULL},
    {{W(2, 0, 0, 0), NET_BIND, NET_BIND, ZERO, ZERO}, 20, "cap_net_bind_service=ip", NULL},
    {{W(2, 0, 0, 1), SYS_ADMIN, NET_BIND, ZERO, ZERO},
     20,
     "cap_sys_admin=ep cap_net_bind_service=ei",
     "cap_sys_admin"},
    {{W(2, 0, 0, 1), W(0, 0, 0x24, 0), ZERO, ZERO, ZERO},
     20,
     "cap_net_bind_service,cap_net_raw=ep",
     NULL},
    {{W(2, 0, 0, 1), ZERO, ZERO, BPF, ZERO}, 20, "cap_bpf=ep", "cap_bpf"},
    {{W(2, 0, 0, 1), ZERO, ZERO, W(0x80, 0, 0, 0), ZERO}, 20, "63=ep", NULL},
    {{W(2, 0, 0, 1), ZERO, ZERO, ZERO, ZERO}, 20, "=e", NULL},
    {{W(2, 0, 0, 0), ZERO, ZERO, ZERO, ZERO}, 20, "=", NULL},
    {{W(3, 0, 0, 1), NET_BIND, ZERO, ZERO, ZERO, W(0, 1, 0x86, 0xa0)},
     24,
     "cap_net_bind_service=ep [rootid=100000]",
     NULL},
    {{W(3, 0, 0, 1), NET_BIND, ZERO, ZERO, ZERO, ZERO}, 24, "cap_net_bind_service=ep", NULL},
};

static void
test_attributes_are_decoded(void)
{
  for (gsize i = 0; i < G_N_ELEMENTS(good); i++) {
    NzCapability c;
    g_autofree guint8 *copy = g_memdup2(good[i].data, good[i].len);
    nz_capability_parse(copy, good[i].len, &c);
    g_assert_false(c.invalid);
    g_assert_true(nz_capability_is_there(&c));
    g_assert_cmpuint(c.revision, ==, good[i].data[3]);
    g_autofree char *text = nz_capability_to_text(&c);
    g_assert_cmpstr(text, ==, good[i].text);
    g_assert_cmpstr(nz_capability_rootlike(&c), ==, good[i].rootlike);
  }
}

static const struct {
  guint8 data[32];
  gsize len;
} bad[] = {
    {{0}, 0},
    {{2}, 1},
    {{W(2, 0, 0, 1)}, 4},
    {{W(0, 0, 0, 1), NET_BIND, ZERO}, 12},
    {{W(4, 0, 0, 1), NET_BIND, ZERO, ZERO, ZERO, ZERO}, 24},
    {{W(255, 0, 0, 1)}, 20},
    {{W(1, 0, 0, 1), NET_BIND, ZERO, ZERO, ZERO}, 20}, /* the length of another revision */
    {{W(2, 0, 0, 1), NET_BIND, ZERO}, 12},
    {{W(2, 0, 0, 1), NET_BIND, ZERO, ZERO, ZERO, ZERO}, 24},
    {{W(3, 0, 0, 1), NET_BIND, ZERO, ZERO, ZERO}, 20},
    {{W(2, 0, 0, 1), NET_BIND, ZERO, ZERO, ZERO}, 19},
    {{W(2, 0, 0, 1), NET_BIND, ZERO, ZERO, ZERO}, 21},
};

static void
test_attributes_that_the_kernel_refuses_are_invalid(void)
{
  for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
    NzCapability c;
    g_autofree guint8 *copy = g_memdup2(bad[i].data, bad[i].len);
    nz_capability_parse(copy, bad[i].len, &c);
    g_assert_true(c.invalid);
    g_assert_cmpuint(c.revision, ==, 0);
    g_assert_true(nz_capability_is_there(&c));
    g_assert_null(nz_capability_rootlike(&c));
  }
}

static void
test_no_attribute_is_not_there(void)
{
  NzCapability none = {0};
  g_assert_false(nz_capability_is_there(&none));
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/capability/decoded", test_attributes_are_decoded);
  g_test_add_func("/capability/refused-by-the-kernel",
                  test_attributes_that_the_kernel_refuses_are_invalid);
  g_test_add_func("/capability/none", test_no_attribute_is_not_there);
  return g_test_run();
}

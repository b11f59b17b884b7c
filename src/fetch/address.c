/* SPDX-License-Identifier: Apache-2.0 */
#include "fetch/address.h"

#include <netinet/in.h>
#include <string.h>

/* PREFIX of BITS bits, in an IPv6 address; of IPv4 as ::ffff:0:0/96. */
typedef struct {
  guint8 prefix[16];
  guint bits;
  NzAddressKind kind;
} Range;

#define V4(a, b, c, d) 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, a, b, c, d

static const Range ranges[] = {
    {{V4(127, 0, 0, 0)}, 104, NZ_ADDRESS_LOOPBACK},
    {{V4(0, 0, 0, 0)}, 104, NZ_ADDRESS_LOOPBACK}, /* Linux takes 0.0.0.0 for this host */
    {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, 128, NZ_ADDRESS_LOOPBACK},
    {{0}, 128, NZ_ADDRESS_LOOPBACK},
    {{V4(169, 254, 0, 0)}, 112, NZ_ADDRESS_LINK_LOCAL},
    {{V4(100, 100, 100, 200)}, 128, NZ_ADDRESS_LINK_LOCAL}, /* Alibaba's metadata */
    {{0xfe, 0x80}, 10, NZ_ADDRESS_LINK_LOCAL},
    {{0xfd, 0x00, 0x0e, 0xc2}, 32, NZ_ADDRESS_LINK_LOCAL}, /* Amazon's, fd00:ec2::254 */
    /* What translates to IPv4: 64:ff9b::/96 with 169.254.0.0/16 in it. */
    {{0x00, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0, 169, 254}, 112, NZ_ADDRESS_LINK_LOCAL},
};

static gboolean
is_in(const guint8 *address, const Range *range)
{
  for (guint i = 0; i < range->bits; i++)
    if ((address[i / 8] ^ range->prefix[i / 8]) & (0x80u >> (i % 8)))
      return FALSE;
  return TRUE;
}

NzAddressKind
nz_address_kind(const struct sockaddr *address)
{
  guint8 bytes[16] = {V4(0, 0, 0, 0)};
  if (address->sa_family == AF_INET)
    memcpy(bytes + 12, &((const struct sockaddr_in *)(const void *)address)->sin_addr, 4);
  else if (address->sa_family == AF_INET6)
    memcpy(bytes, &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr, 16);
  else
    return NZ_ADDRESS_OTHER;
  for (guint i = 0; i < G_N_ELEMENTS(ranges); i++)
    if (is_in(bytes, &ranges[i]))
      return ranges[i].kind;
  return NZ_ADDRESS_OTHER;
}

const char *
nz_address_kind_text(NzAddressKind kind)
{
  return kind == NZ_ADDRESS_LOOPBACK     ? "this host's own addresses"
         : kind == NZ_ADDRESS_LINK_LOCAL ? "a link-local or metadata address"
                                         : "another address";
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses to which an answer must not lead: of this host, and of the services that clouds answer
 * there with credentials. */
#pragma once

#include <glib.h>
#include <sys/socket.h>

typedef enum { NZ_ADDRESS_OTHER, NZ_ADDRESS_LOOPBACK, NZ_ADDRESS_LINK_LOCAL } NzAddressKind;

NzAddressKind nz_address_kind(const struct sockaddr *address);
const char *nz_address_kind_text(NzAddressKind kind);

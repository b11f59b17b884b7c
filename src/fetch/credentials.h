/* SPDX-License-Identifier: Apache-2.0 */
/* Credentials for registries, as `podman login` and `docker login` leave them
 * (containers-auth.json(5), Docker's config.json): in files, or with helpers, programs called
 * docker-credential-NAME. */
#pragma once

#include "fetch/channel.h"

typedef struct {
  char *user, *password;
  char *identity; /* an identity token instead of the two */
} NzCredential;

void nz_credential_clear(NzCredential *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(NzCredential, nz_credential_clear)

/* What there is for the repository PATH of HOST: nothing is no error, OUT stays empty. */
gboolean nz_credential_find(NzChannel *channel, const char *host, const char *path,
                            NzCredential *out, GError **error);

/* From here on TEXT (may be NULL) is in no message. */
void nz_secret_add(const char *text);

/* TEXT without any secret. */
char *nz_secret_scrub(const char *text);

/* SPDX-License-Identifier: Apache-2.0 */
/* The members of an image archive, by name. Links between members are followed: old `docker save`
 * writes a layer that two images share once, and a link to it. */
#pragma once

#include "image/image.h"
#include "image/tar.h"

typedef struct {
  guint64 offset, size; /* of the body in the archive */
  char *link;           /* the member it stands for, or NULL */
  gboolean is_file;
  /* Of an archive on a pipe: what was made of the body. */
  GBytes *json;
  NzLayerLog *log;
  char *digest; /* that the content was found to have; NULL: none was asked for */
  NzLayerResult result;
  GError *error; /* what was wrong with it; only of interest if somebody refers to it */
} NzMember;

typedef struct NzMembers NzMembers;

NzMembers *nz_members_new(void);
void nz_members_free(NzMembers *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NzMembers, nz_members_free)

/* Adds the entry in HEADER; MEMBER's contents are taken over. A name that is there twice is an
 * error: which of the two counts depends on the reader. */
gboolean nz_members_add(NzMembers *self, const NzTarHeader *header, const NzMember *member,
                        GError **error);

/* After the last: FALSE when a member's path leads through one that is no directory. Who unpacks
 * the archive follows such a link to another member than who goes by names. */
gboolean nz_members_check(const NzMembers *self, GError **error);

/* The file called NAME, links followed; NULL with an error that says what is missing. */
const NzMember *nz_members_find(const NzMembers *self, const char *name, GError **error);

/* FALSE when LAYER's descriptor states another size than the member has. */
gboolean nz_member_check_size(const NzMember *member, const NzLayer *layer, GError **error);

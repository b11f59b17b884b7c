/* SPDX-License-Identifier: Apache-2.0 */
#include "image/history.h"

#include <string.h>

#include "core/limits.h"
#include "core/text.h"

/* What the classic builder and Buildah put before all but RUN. */
#define NOT_RUN "/bin/sh -c #(nop)"

/* The rest of CREATED_BY behind KEYWORD, or NULL when it is another instruction. */
static const char *
instruction(const char *created_by, const char *keyword)
{
  gsize n = strlen(keyword);
  if (g_str_has_prefix(created_by, NOT_RUN))
    created_by += strlen(NOT_RUN);
  while (g_ascii_isspace(*created_by))
    created_by++;
  if (g_ascii_strncasecmp(created_by, keyword, n) != 0 ||
      (created_by[n] != '\0' && !g_ascii_isspace(created_by[n])))
    return NULL;
  created_by += n;
  while (g_ascii_isspace(*created_by))
    created_by++;
  return created_by;
}

/* The image that a comment names. An id is that of the step before, in the same build. */
static const char *
named_base(const char *comment)
{
  if (!g_str_has_prefix(comment, "FROM "))
    return NULL;
  const char *name = comment + strlen("FROM ");
  gsize n = strlen(name), hex = strspn(name, "0123456789abcdef");
  gboolean is_id = n == hex && (n == 12 || n == 64);
  return n == 0 || n > NZ_BASE_NAME_MAX || is_id ? NULL : name;
}

/* Something follows that cannot be of the same Dockerfile: there the base ended. */
static void
end_base(NzHistory *self, NzHistoryMark at, const char *sign)
{
  if (at.entries <= self->ended.entries)
    return;
  self->ended = at;
  self->ended_by = sign;
}

static void
add_ending(NzHistory *self, NzHistoryMark *last, NzHistoryMark here, const char *sign)
{
  end_base(self, *last, sign);
  *last = here;
}

static void
add_said(NzHistory *self, const char *name, NzHistoryMark below, gboolean empty, guint n_before)
{
  self->said = below;
  self->n_before_said = n_before;
  self->said_by_layer = !empty;
  g_free(self->from);
  self->from = nz_printable(name, -1);
}

void
nz_history_add(NzHistory *self, const char *created_by, const char *comment, gboolean empty)
{
  NzHistoryMark below = {self->n_entries, self->n_layers};
  const char *name = comment ? named_base(comment) : NULL;
  if (name)
    add_said(self, name, below, empty, self->n_entries - self->last_layer);
  NzHistoryMark here = {below.entries + 1, below.layers + !empty};
  self->last_word = NULL;
  self->n_entries = here.entries;
  self->n_layers = here.layers;
  if (!empty) {
    end_base(self, self->cmd, "CMD");
    end_base(self, self->entrypoint, "ENTRYPOINT");
    self->cmd = self->entrypoint = (NzHistoryMark){0};
    self->last_layer = here.entries;
  }
  if (!created_by)
    return;
  const char *user = instruction(created_by, "USER");
  if (user) {
    self->user_at = here.entries;
    g_free(self->user);
    self->user = g_strndup(user, NZ_USER_MAX);
    g_strchomp(self->user);
  } else if (instruction(created_by, "CMD")) {
    add_ending(self, &self->cmd, here, "CMD");
    self->last_word = "CMD";
  } else if (instruction(created_by, "ENTRYPOINT")) {
    add_ending(self, &self->entrypoint, here, "ENTRYPOINT");
    self->last_word = "ENTRYPOINT";
  }
}

void
nz_history_end(NzHistory *self)
{
  gboolean by_from = self->from && self->said.entries >= self->ended.entries;
  /* At the end of the history it may be Buildah's whole build in one layer, and what stands before
   * it the build's own instructions. A CMD among them tells the two apart, unless it and the last
   * entry are the ENTRYPOINT and CMD of one Dockerfile. */
  guint doubtful = by_from && self->said_by_layer && self->said.entries + 1 == self->n_entries
                       ? self->n_before_said
                       : 0;
  gboolean one_pair = self->last_word && g_strcmp0(self->last_word, self->ended_by) != 0;
  gboolean told_apart = doubtful > 0 && self->ended.layers == self->said.layers && !one_pair;
  self->base = by_from && !told_apart ? self->said : self->ended;
  self->sign = by_from ? "FROM" : self->ended_by;
  self->n_doubtful = told_apart ? 0 : doubtful;
  if (!by_from)
    g_clear_pointer(&self->from, g_free);
}

void
nz_history_clear(NzHistory *self)
{
  g_free(self->from);
  g_free(self->user);
  *self = (NzHistory){0};
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The grammar, as moby/sys user.go reads it:
 *   spec   := user [":" group [":" ignored]]
 *   user   := "" | number | name                 number: strconv.Atoi, so "00", "+0", "-0" are 0
 *   passwd := line*  name:password:uid:gid:...   each line trimmed, empty ones skipped
 *   group  := line*  name:password:gid:member,...  lines that begin with "#" are skipped too
 * A number is never looked up as a name. The first match wins. A uid or gid field that is no number
 * counts as 0, so "app:x:l000:1000::/:" makes app root. */
#include "core/user.h"

#include <string.h>

#include "core/limits.h"
#include "core/text.h"

#define ID_MAX G_MAXINT32

const char *
nz_user_state_name(NzUserState state)
{
  static const char *const names[] = {
      [NZ_USER_ROOT] = "root",
      [NZ_USER_NON_ROOT] = "non-root",
      [NZ_USER_UNKNOWN] = "unknown",
      [NZ_USER_WONT_START] = "wont-start",
      [NZ_USER_ROOT_IN_USERNS] = "root-in-userns",
  };
  return names[state];
}

void
nz_user_free(NzUser *self)
{
  if (!self)
    return;
  g_free(self->declared);
  g_array_unref(self->gids);
  g_free(self->why);
  g_free(self);
}

static NzUser *
user_new(const char *declared)
{
  NzUser *self = g_new0(NzUser, 1);
  self->declared = g_strdup(declared);
  self->gids = g_array_new(FALSE, FALSE, sizeof(guint32));
  return self;
}

NzUser *
nz_user_new_unknown(const char *declared, const char *reason)
{
  NzUser *self = user_new(declared);
  self->state = NZ_USER_UNKNOWN;
  self->why = g_strdup(reason);
  return self;
}

/* --- passwd and group --- */

/* unicode.IsSpace, by which bytes.TrimSpace trims a line: White_Space of the Unicode standard. */
static gboolean
is_space(gunichar c)
{
  return c == ' ' || (c >= '\t' && c <= '\r') || c == 0x85 || c == 0xa0 || c == 0x1680 ||
         (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 || c == 0x202f || c == 0x205f ||
         c == 0x3000;
}

/* The character at P; G_MAXUINT32 for a byte that begins none. */
static gunichar
char_at(const char *p, const char *end)
{
  gunichar c = (guint8)*p < 0x80 ? (guint8)*p : g_utf8_get_char_validated(p, end - p);
  return c == (gunichar)-2 ? (gunichar)-1 : c;
}

static void
trim(const char **start, const char **stop)
{
  while (*start < *stop && is_space(char_at(*start, *stop)))
    *start = g_utf8_next_char(*start);
  while (*stop > *start) {
    const char *last = g_utf8_find_prev_char(*start, *stop);
    /* A stray byte at the end is no space, and the character before it is not the last. */
    if (!last || !is_space(char_at(last, *stop)) || g_utf8_next_char(last) != *stop)
      return;
    *stop = last;
  }
}

typedef struct {
  const char *p, *end;
  gsize line_max;
  gboolean comments;
} Lines;

/* 1: a trimmed line. 0: the end. -1: a line that the runtimes' scanner refuses. */
static int
next_line(Lines *lines, const char **line, gsize *len)
{
  while (lines->p < lines->end) {
    const char *newline = memchr(lines->p, '\n', (gsize)(lines->end - lines->p));
    const char *stop = newline ? newline : lines->end;
    const char *start = lines->p;
    if ((gsize)(stop - start) >= lines->line_max)
      return -1;
    lines->p = newline ? newline + 1 : lines->end;
    trim(&start, &stop);
    if (start == stop || (lines->comments && *start == '#'))
      continue;
    *line = start;
    *len = (gsize)(stop - start);
    return 1;
  }
  return 0;
}

/* Field N of a line; empty when there are fewer. */
static const char *
field(const char *line, gsize len, guint n, gsize *field_len)
{
  const char *p = line, *end = line + len;
  for (;; n--) {
    const char *colon = memchr(p, ':', (gsize)(end - p));
    if (n == 0) {
      *field_len = (gsize)((colon ? colon : end) - p);
      return p;
    }
    if (!colon) {
      *field_len = 0;
      return end;
    }
    p = colon + 1;
  }
}

static gint64
number_field(const char *line, gsize len, guint n)
{
  gsize field_len;
  const char *text = field(line, len, n, &field_len);
  gint64 value;
  nz_parse_int(text, field_len, &value);
  return value;
}

gboolean
nz_passwd_foreach(const NzUserFile *passwd, NzPasswdFunc func, gpointer user_data)
{
  if (!passwd->data)
    return TRUE;
  Lines lines = {passwd->data, passwd->data + passwd->len, NZ_PASSWD_LINE_MAX, FALSE};
  const char *line;
  gsize len;
  int got;
  while ((got = next_line(&lines, &line, &len)) == 1) {
    gsize name_len;
    const char *name = field(line, len, 0, &name_len);
    if (!func(name, name_len, number_field(line, len, 2), number_field(line, len, 3), user_data))
      return TRUE;
  }
  return got == 0;
}

/* --- the two halves of a spec --- */

typedef struct {
  char *text;
  gsize len;
  NzIntResult result;
  gint64 number;
} Arg;

static void
arg_clear(Arg *arg)
{
  g_free(arg->text);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Arg, arg_clear)

static Arg
arg_of(const char *text, gsize len)
{
  Arg arg = {.text = g_strndup(text, len), .len = len};
  arg.result = nz_parse_int(text, len, &arg.number);
  return arg;
}

static gboolean
is_number(const Arg *arg)
{
  return arg->result != NZ_INT_SYNTAX;
}

static gboolean
in_range(const Arg *arg)
{
  return arg->result == NZ_INT_OK && arg->number >= 0 && arg->number <= ID_MAX;
}

typedef struct {
  const Arg *user;
  gboolean matched;
  gint64 uid, gid;
  char *name;              /* of the entry that matched; owned */
  gboolean number_is_name; /* an entry whose name is the number asked for */
  gint64 named_uid;
} Match;

static void
match_clear(Match *self)
{
  g_free(self->name);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Match, match_clear)

static gboolean
match_entry(const char *name, gsize name_len, gint64 uid, gint64 gid, gpointer data)
{
  Match *m = data;
  const Arg *user = m->user;
  gboolean empty = *user->text == '\0';
  gboolean same_name = name_len == user->len && memcmp(name, user->text, name_len) == 0;
  if (is_number(user) && same_name && !m->number_is_name) {
    m->number_is_name = TRUE;
    m->named_uid = uid;
  }
  gboolean hit = empty ? uid == 0 : is_number(user) ? uid == user->number : same_name;
  if (hit && !m->matched) {
    m->matched = TRUE;
    m->name = g_strndup(name, name_len);
    m->uid = uid;
    m->gid = gid;
  }
  return TRUE;
}

/* The gid of the first group entry that ARG names. 1: found. 0: none. -1: unreadable. */
static int
find_group(const NzUserFile *group, const Arg *arg, gint64 *gid)
{
  if (!group->data)
    return 0;
  Lines lines = {group->data, group->data + group->len, NZ_GROUP_LINE_MAX, TRUE};
  const char *line;
  gsize len;
  int got;
  gboolean found = FALSE;
  while ((got = next_line(&lines, &line, &len)) == 1) {
    gsize name_len;
    const char *name = field(line, len, 0, &name_len);
    gint64 id = number_field(line, len, 2);
    gboolean hit = is_number(arg) ? id == arg->number
                                  : name_len == arg->len && memcmp(name, arg->text, name_len) == 0;
    if (hit && !found) {
      found = TRUE;
      *gid = id;
    }
  }
  return got < 0 ? -1 : found;
}

/* TRUE when LIST, "a,b,c", names NAME. */
static gboolean
lists_name(const char *list, gsize len, const char *name)
{
  gsize n = strlen(name);
  for (const char *end = list + len;;) {
    const char *comma = memchr(list, ',', (gsize)(end - list));
    const char *stop = comma ? comma : end;
    if ((gsize)(stop - list) == n && memcmp(list, name, n) == 0)
      return TRUE;
    if (!comma)
      return FALSE;
    list = comma + 1;
  }
}

/* Adds the groups that list NAME as a member. */
static void
add_memberships(NzUser *self, const NzUserFile *group, const char *name)
{
  if (!group->data)
    return;
  Lines lines = {group->data, group->data + group->len, NZ_GROUP_LINE_MAX, TRUE};
  const char *line;
  gsize len;
  while (self->gids->len < NZ_GROUPS_MAX && next_line(&lines, &line, &len) == 1) {
    gsize list_len;
    const char *list = field(line, len, 3, &list_len);
    if (list_len == 0 || !lists_name(list, list_len, name))
      continue;
    guint32 gid = (guint32)(guint64)number_field(line, len, 2);
    g_array_append_val(self->gids, gid);
  }
}

/* --- the decision --- */

static void set_state(NzUser *self, NzUserState state, const char *format, ...) G_GNUC_PRINTF(3, 4);

static void
set_state(NzUser *self, NzUserState state, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  self->state = state;
  g_free(self->why);
  self->why = g_strdup_vprintf(format, args);
  va_end(args);
}

static void
refuse_number(NzUser *self, const char *shown)
{
  self->hostile = TRUE;
  set_state(self, NZ_USER_WONT_START,
            "%s is above 2147483647: current runtimes refuse it, older ones started it as root "
            "(CVE-2024-40635) or looked it up as a name (CVE-2026-46680)",
            shown);
}

/* The kernel keeps 32 bits of what passwd says. */
static guint32
kernel_id(gint64 id)
{
  return (guint32)(guint64)id;
}

/* Sets the gid. FALSE when the runtime refuses or nobody can know; the state says so then. */
static gboolean
resolve_group(NzUser *self, const Arg *arg, gboolean given, const Match *match,
              const NzUserFile *passwd, const NzUserFile *group)
{
  if (!given) {
    self->has_gid = match->matched || !passwd->unknown;
    self->gid = match->matched ? kernel_id(match->gid) : 0;
    return TRUE;
  }
  g_autofree char *shown = nz_printable(arg->text, -1);
  if (is_number(arg) && !in_range(arg)) {
    set_state(self, NZ_USER_WONT_START, "the group %s is outside 0 to 2147483647", shown);
    return FALSE;
  }
  if (group->unknown && !is_number(arg)) {
    set_state(self, NZ_USER_UNKNOWN, "the group %s cannot be looked up: %s", shown, group->unknown);
    return FALSE;
  }
  gint64 gid = 0;
  int found = find_group(group, arg, &gid);
  if (found < 0) {
    set_state(self, NZ_USER_WONT_START, "/etc/group has a line that runtimes refuse to read");
    return FALSE;
  }
  if (found == 0 && !is_number(arg)) {
    set_state(self, NZ_USER_WONT_START, "/etc/group has no group %s", shown);
    return FALSE;
  }
  self->has_gid = TRUE;
  self->gid = found ? kernel_id(gid) : (guint32)arg->number;
  return TRUE;
}

static void
explain(NzUser *self, const Arg *user, const Match *match)
{
  g_autofree char *shown = nz_printable(user->text, -1);
  gboolean root = self->uid == 0;
  NzUserState state = root ? NZ_USER_ROOT : NZ_USER_NON_ROOT;
  if (!self->declared || *self->declared == '\0')
    set_state(self, state, "the image names no user, so it starts as root");
  else if (*user->text == '\0')
    set_state(self, state, "the user part is empty, which means root");
  else if (is_number(user))
    set_state(self, state, root ? "the user is the number 0" : "the user is a number other than 0");
  else if (root && strcmp(user->text, "root") == 0)
    set_state(self, state, "the user is root by name");
  else if (match->uid != 0 && root)
    set_state(self, state,
              "/etc/passwd gives %s the uid %" G_GINT64_FORMAT ", of which the kernel keeps 0",
              shown, match->uid);
  else
    set_state(self, state, "/etc/passwd gives %s the uid %u%s", shown, self->uid,
              root ? ", so it is root under another name" : "");
}

/* A number that passwd also has as a name, for root: moby takes the number, others took the name.
 */
static void
judge_number_as_name(NzUser *self, const Match *match)
{
  if (!match->number_is_name || kernel_id(match->named_uid) != 0 || self->uid == 0)
    return;
  g_autofree char *why = g_steal_pointer(&self->why);
  self->hostile = TRUE;
  self->why = g_strdup_printf("%s, but /etc/passwd has an entry of that name with uid 0, which "
                              "runtimes that look names up first start as root",
                              why);
}

NzUser *
nz_user_resolve(const char *declared, const NzUserFile *passwd, const NzUserFile *group)
{
  g_autoptr(NzUser) self = user_new(declared);
  const char *spec = declared ? declared : "";
  gsize user_len, group_len;
  const char *user_text = field(spec, strlen(spec), 0, &user_len);
  const char *group_text = field(spec, strlen(spec), 1, &group_len);
  g_auto(Arg) user = arg_of(user_text, user_len);
  g_auto(Arg) group_arg = arg_of(group_text, group_len);
  g_auto(Match) match = {.user = &user};
  g_autofree char *shown = nz_printable(user.text, -1);
  gboolean numeric = is_number(&user), empty = user_len == 0;
  self->by_name = !numeric && !empty;

  if (numeric && !in_range(&user)) {
    if (user.number > 0)
      refuse_number(self, shown);
    else
      set_state(self, NZ_USER_WONT_START, "%s is below 0, which runtimes refuse", shown);
    return g_steal_pointer(&self);
  }
  if (passwd->unknown && self->by_name) {
    set_state(self, NZ_USER_UNKNOWN, "%s cannot be looked up: %s", shown, passwd->unknown);
    return g_steal_pointer(&self);
  }
  if (!nz_passwd_foreach(passwd, match_entry, &match)) {
    set_state(self, NZ_USER_WONT_START,
              "/etc/passwd has a line of more than 64 KiB, which "
              "runtimes refuse to read");
    return g_steal_pointer(&self);
  }
  if (self->by_name && !match.matched) {
    set_state(self, NZ_USER_WONT_START,
              passwd->data ? "/etc/passwd has no user %s"
                           : "there is no /etc/passwd to look %s up in",
              shown);
    return g_steal_pointer(&self);
  }
  if (match.matched && kernel_id(match.uid) != 0 && (match.uid < 0 || match.uid > ID_MAX)) {
    set_state(self, NZ_USER_UNKNOWN,
              "/etc/passwd gives %s the uid %" G_GINT64_FORMAT ", outside "
              "0 to 2147483647, which runtimes treat differently",
              shown, match.uid);
    return g_steal_pointer(&self);
  }
  self->has_uid = TRUE;
  self->uid = match.matched ? kernel_id(match.uid) : (guint32)user.number;
  if (!resolve_group(self, &group_arg, group_len > 0, &match, passwd, group)) {
    /* A group that cannot be known leaves the user as certain as before, and root stays root. */
    if (self->state == NZ_USER_UNKNOWN || self->uid == 0)
      explain(self, &user, &match);
    return g_steal_pointer(&self);
  }
  if (self->has_gid)
    g_array_append_val(self->gids, self->gid);
  if (group_len == 0 && match.matched)
    add_memberships(self, group, match.name);
  explain(self, &user, &match);
  judge_number_as_name(self, &match);
  return g_steal_pointer(&self);
}

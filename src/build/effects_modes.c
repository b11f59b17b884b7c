/* SPDX-License-Identifier: Apache-2.0 */
/* chmod and setcap.
 *
 *   mode   := octal | clause { "," clause }
 *   clause := [ugoa]* { ("+" | "-" | "=") ([rwxXst]* | [ugo]) } | ("+" | "-" | "=") octal
 * Without "ugoa" the umask counts, which is 022 in builds. */
#include <string.h>

#include "build/effects_private.h"
#include "core/text.h"

#define UMASK 0022

/* --- modes --- */

static guint16
who_mask(char c)
{
  switch (c) {
  case 'u':
    return 04700;
  case 'g':
    return 02070;
  case 'o':
    return 01007;
  default:
    return 07777;
  }
}

/* The bits that a letter means for all of ugo. */
static guint16
perm_mask(char c)
{
  switch (c) {
  case 'r':
    return 0444;
  case 'w':
    return 0222;
  case 'x':
  case 'X':
    return 0111;
  case 's':
    return 06000;
  case 't':
    return 01000;
  default:
    return 0;
  }
}

/* "g=u": what OLD has for 'u', for all. */
static guint16
copied_mask(char c, guint16 old)
{
  guint16 bits = c == 'u' ? (guint16)(old >> 6) : c == 'g' ? (guint16)(old >> 3) : old;
  bits &= 07;
  return (guint16)(bits << 6 | bits << 3 | bits);
}

static const char *
read_action(const char *p, guint16 who, gboolean given, guint16 old, NzModeChange *change)
{
  char op = *p++;
  guint16 bits = 0;
  gboolean octal = !given && *p >= '0' && *p <= '7';
  if (octal)
    for (; *p >= '0' && *p <= '7'; p++)
      bits = (guint16)((bits << 3 | (*p - '0')) & 07777);
  else if (strchr("ugo", *p) && *p)
    bits = copied_mask(*p++, old);
  else
    while (*p && strchr("rwxXst", *p))
      bits |= perm_mask(*p++);
  bits &= who;
  if (!given && !octal)
    bits &= (guint16)~UMASK;
  if (op == '=')
    change->clear |= (guint16)(who & 06777 & ~bits);
  if (op == '-') {
    change->clear |= bits;
    change->set &= (guint16)~bits;
  } else {
    change->set = op == '=' ? (guint16)((change->set & ~who) | bits) : change->set | bits;
    change->clear &= (guint16)~bits;
  }
  return p;
}

static gboolean
read_symbolic(const char *text, guint16 old, NzModeChange *change)
{
  for (const char *p = text;; p++) {
    guint16 who = 0;
    for (; *p && strchr("ugoa", *p); p++)
      who |= who_mask(*p);
    gboolean given = who != 0;
    if (!*p || !strchr("+-=", *p))
      return FALSE;
    while (*p && strchr("+-=", *p))
      p = read_action(p, given ? who : 07777, given, old, change);
    if (*p == '\0')
      return TRUE;
    if (*p != ',')
      return FALSE;
  }
}

static gboolean
read_mode(const char *text, guint16 old, NzModeChange *change)
{
  guint64 octal;
  *change = (NzModeChange){0};
  if (nz_parse_octal(text, strlen(text), &octal)) {
    if (octal > 07777)
      return FALSE;
    *change = (NzModeChange){(guint16)octal, (guint16)(~octal & 07777), TRUE};
    return TRUE;
  }
  return read_symbolic(text, old, change);
}

guint16
nz_mode_apply(const char *text, guint16 old)
{
  NzModeChange change;
  return read_mode(text, old, &change) ? (guint16)((old & ~change.clear) | change.set) : old;
}

/* --- acts of modes --- */

static gboolean
act_is_held(const NzAct *act, NzActKind kind, const NzTarget *target)
{
  return act->kind == kind && nz_target_holds(target, act->what);
}

void
nz_disarm(NzStageState *state, NzActKind kind, const NzTarget *target)
{
  for (guint i = state->acts->len; i-- > 0;) {
    if (act_is_held(state->acts->pdata[i], kind, target))
      g_ptr_array_remove_index(state->acts, i);
  }
}

/* A directory's setgid bit gives its files a group, and nobody a privilege. */
static gboolean
is_only_directory(const NzCall *call, const NzTarget *target, const NzShellWord *word)
{
  if (target->recursive || !target->path)
    return FALSE;
  return nz_is_directory(call->run->state, target->path) ||
         (word && g_str_has_suffix(word->text, "/"));
}

/* Whose the file is, by whom a setuid program runs, or by which group a setgid one. Nobody but root
 * changes the mode of another's file. */
static gboolean
is_roots(const NzCall *call, const NzTarget *target, NzActKind kind)
{
  const NzPathFact *fact =
      target->path ? nz_paths_owner_of(call->run->state->paths, target->path) : NULL;
  const char *id = !fact ? NULL : kind == NZ_ACT_SETGID ? fact->group : fact->owner;
  return call->root && (!id || nz_is_root_name(id));
}

static void
add_mode_act(NzCall *call, NzActKind kind, const NzShellWord *word, const NzTarget *target,
             guint16 mode, const char *how)
{
  if (target->path)
    nz_disarm(call->run->state, kind,
              &(NzTarget){.path = target->path, .recursive = target->recursive});
  NzAct *act = nz_call_act(call, kind, word, target->shown, how);
  if (!act)
    return;
  act->mode = mode;
  act->by_root = is_roots(call, target, kind);
}

/* What is in these is the system's, and not the image's. */
static gboolean
is_outside(const NzTarget *target)
{
  return target->path &&
         (g_str_has_prefix(target->path, "/dev/") || g_str_has_prefix(target->path, "/proc/") ||
          g_str_has_prefix(target->path, "/sys/"));
}

void
nz_mode_acts(NzCall *call, const NzShellWord *word, const NzTarget *target, guint16 mode,
             guint16 set, gboolean exact, const char *how)
{
  if (is_outside(target))
    return;
  guint16 known = exact ? mode : 0;
  /* Where nobody may execute it, the bits give nothing yet. */
  if (!(mode & 0111))
    set &= (guint16)~NZ_BIT_SETID;
  gboolean directory = is_only_directory(call, target, word);
  if ((set & NZ_BIT_SETUID) && !directory)
    add_mode_act(call, NZ_ACT_SETUID, word, target, known, how);
  if ((set & NZ_BIT_SETGID) && !directory) {
    add_mode_act(call, NZ_ACT_SETGID, word, target, known, how);
    /* Without setuid, more often than not it is meant for a directory. */
    gboolean program = target->path && strstr(target->path, "bin/");
    if (!(set & NZ_BIT_SETUID) && !program && call->run->state->acts->len > 0)
      ((NzAct *)call->run->state->acts->pdata[call->run->state->acts->len - 1])->maybe = TRUE;
  }
  if ((set & 0022) && nz_account_file_held(target)) {
    add_mode_act(call, NZ_ACT_WRITABLE_PASSWD, word, target, known, how);
    if (target->path && nz_file_kind(target->path) != NZ_FILE_OTHER)
      return;
  }
  if ((set & 0002) && !(mode & NZ_BIT_STICKY))
    add_mode_act(call, NZ_ACT_WORLD_WRITABLE, word, target, known, how);
}

/* As far as it is known; what nobody has said is root's. */
static gboolean
is_roots_by_fact(const NzStageState *state, const NzTarget *target)
{
  const NzPathFact *fact = nz_paths_owner_of(state->paths, target->path);
  return !fact || !fact->owner || nz_is_root_name(fact->owner);
}

void
nz_mode_cleared(NzCall *call, const NzTarget *target, guint16 clear)
{
  NzStageState *state = call->run->state;
  /* Others than root change only what is theirs. */
  if (call->maybe || !(call->root || (target->path && !is_roots_by_fact(state, target))))
    return;
  if (clear & NZ_BIT_SETUID)
    nz_disarm(state, NZ_ACT_SETUID, target);
  if (clear & NZ_BIT_SETGID)
    nz_disarm(state, NZ_ACT_SETGID, target);
  if (clear & 0002)
    nz_disarm(state, NZ_ACT_WORLD_WRITABLE, target);
  if ((clear & 0022) == 0022)
    nz_disarm(state, NZ_ACT_WRITABLE_PASSWD, target);
  if (clear & NZ_BIT_SETID)
    nz_packages_disarm(state, target, clear & NZ_BIT_SETID);
}

/* --- chmod --- */

typedef struct {
  const NzShellWord *mode;
  GPtrArray *files;                       /* NzShellWord */
  gboolean recursive, reference, nothing; /* --help */
} Chmod;

static gboolean
consists_of(const char *text, const char *letters)
{
  return *text != '\0' && strspn(text, letters) == strlen(text);
}

/* "-R" is an option, "-s" and "-w" are modes. */
static void
read_chmod_word(Chmod *c, const NzShellWord *word, gboolean *ended)
{
  const char *text = word->text;
  if (*ended || text[0] != '-' || text[1] == '\0') {
    if (!c->mode && !c->reference)
      c->mode = word;
    else
      g_ptr_array_add(c->files, (gpointer)word);
  } else if (strcmp(text, "--") == 0) {
    *ended = TRUE;
  } else if (text[1] == '-') {
    c->recursive |= strcmp(text, "--recursive") == 0;
    c->reference |= g_str_has_prefix(text, "--reference");
    c->nothing |= strcmp(text, "--help") == 0 || strcmp(text, "--version") == 0;
  } else if (consists_of(text + 1, "RcfvhHLP")) {
    c->recursive |= strchr(text, 'R') != NULL;
  } else if (!c->mode) {
    c->mode = word;
  }
}

/* The mode that the file has, or likely has. */
static guint16
old_mode(const NzPathFact *fact)
{
  return fact->mode ? fact->mode : 0755;
}

static void
chmod_target(NzCall *call, const NzShellWord *mode_word, const NzShellWord *word,
             const NzTarget *target)
{
  NzStageState *state = call->run->state;
  g_autofree char *how = nz_call_how(call, mode_word);
  g_autoptr(NzPlace) place = nz_call_place(call, NULL);
  NzModeChange change;
  if (!mode_word->known || !read_mode(mode_word->text, 0755, &change))
    return;
  nz_mode_cleared(call, target, change.clear);
  g_autoptr(GPtrArray) facts = nz_target_facts(state, target);
  guint16 mode = nz_mode_apply(mode_word->text, 0755);
  gboolean woken = FALSE; /* it had bits that nobody could use */
  for (guint i = 0; i < facts->len; i++) {
    NzPathFact *fact = facts->pdata[i];
    guint16 next = nz_mode_apply(mode_word->text, old_mode(fact));
    if (i == 0) {
      woken = (fact->mode & NZ_BIT_SETID) && !(fact->mode & 0111);
      mode = next;
    }
    nz_path_fact_set(fact, NULL, NULL, next, how, place);
    if (target->recursive && target->path && strcmp(fact->path, target->path) == 0)
      fact->directory = TRUE;
  }
  guint16 set = change.set;
  if ((set & 0111) && woken)
    set |= mode & NZ_BIT_SETID;
  nz_mode_acts(call, word, target, mode, set, change.exact, how);
}

/* Files that nobody knows: SHOWN says which for people. */
void
nz_chmod_unknown(NzCall *call, const NzShellWord *mode_word, const char *shown,
                 gboolean directories)
{
  NzTarget target = {.shown = (char *)shown, .recursive = TRUE};
  g_autofree char *how = nz_call_how(call, mode_word);
  NzModeChange change;
  if (!mode_word->known || !read_mode(mode_word->text, 0755, &change))
    return;
  guint16 set = directories ? change.set & (guint16)~NZ_BIT_SETID : change.set;
  nz_mode_acts(call, mode_word, &target, nz_mode_apply(mode_word->text, 0755), set, change.exact,
               how);
}

const NzShellWord *
nz_chmod_read(const NzCall *call, NzModeChange *change)
{
  g_autoptr(GPtrArray) files = g_ptr_array_new();
  Chmod c = {.files = files};
  gboolean ended = FALSE;
  for (guint i = 1; i < call->n; i++)
    read_chmod_word(&c, call->words[i], &ended);
  *change = (NzModeChange){0};
  return c.mode && c.mode->known && read_mode(c.mode->text, 0755, change) ? c.mode : NULL;
}

void
nz_effect_chmod(NzCall *call)
{
  g_autoptr(GPtrArray) files = g_ptr_array_new();
  Chmod c = {.files = files};
  gboolean ended = FALSE;
  for (guint i = 1; i < call->n; i++)
    read_chmod_word(&c, call->words[i], &ended);
  if (!c.mode || c.reference || c.nothing)
    return;
  NzModeChange change;
  gboolean understood = c.mode->known && read_mode(c.mode->text, 0755, &change);
  gboolean unknown_files = call->piped;
  for (guint i = 0; i < files->len; i++) {
    const NzShellWord *word = files->pdata[i];
    if (!word->known)
      unknown_files = TRUE;
    g_auto(NzTarget) target = nz_target_of(call, word, c.recursive);
    chmod_target(call, c.mode, word, &target);
  }
  if (call->piped && files->len == 0)
    nz_chmod_unknown(call, c.mode, "what xargs is given", FALSE);
  /* find ... -perm ... | xargs chmod a-s; chmod a-s $(find ...) */
  if (understood && unknown_files)
    nz_found_cleared(call, change.clear & NZ_BIT_SETID);
}

/* dpkg-statoverride [--update] --add USER GROUP MODE FILE: without --update, when dpkg next brings
 * the file. */
void
nz_effect_statoverride(NzCall *call)
{
  gboolean adds = FALSE, now = FALSE;
  const NzShellWord *words[4] = {NULL};
  guint n = 0;
  for (guint i = 1; i < call->n; i++) {
    const char *text = call->words[i]->text;
    adds |= strcmp(text, "--add") == 0;
    now |= strcmp(text, "--update") == 0;
    if (*text != '-' && n < G_N_ELEMENTS(words))
      words[n++] = call->words[i];
  }
  if (!adds || n < G_N_ELEMENTS(words))
    return;
  g_auto(NzTarget) target = nz_target_of(call, words[3], FALSE);
  NzPathFact *fact = target.path ? nz_paths_know(call->run->state->paths, target.path) : NULL;
  g_autofree char *how = nz_call_how(call, words[2]);
  g_autoptr(NzPlace) place = nz_call_place(call, NULL);
  NzModeChange change;
  if (!words[2]->known || !read_mode(words[2]->text, 0, &change))
    return;
  if (fact && now)
    nz_path_fact_set(fact, words[0]->text, words[1]->text, change.set, how, place);
  gboolean maybe = call->maybe;
  call->maybe = maybe || !now;
  nz_mode_cleared(call, &target, change.clear);
  nz_mode_acts(call, words[3], &target, change.set, change.set, TRUE, how);
  call->maybe = maybe;
}

/* --- setcap --- */

/* "=", "cap_x-ep", "all=": what leaves nothing. */
static gboolean
gives_nothing(const char *caps)
{
  const char *last = strrchr(caps, '=');
  if (strchr(caps, '+'))
    return FALSE;
  return !last || last[1] == '\0' || last[1] == ' ';
}

void
nz_effect_setcap(NzCall *call)
{
  gboolean removes = FALSE;
  const NzShellWord *caps = NULL;
  for (guint i = 1; i < call->n; i++) {
    const NzShellWord *word = call->words[i];
    const char *text = word->text;
    if (!caps && text[0] == '-' && text[1] != '\0') {
      if (strcmp(text, "-v") == 0)
        return;
      removes |= strcmp(text, "-r") == 0;
      i += strcmp(text, "-n") == 0;
      continue;
    }
    if (!removes && !caps) {
      caps = word;
      continue;
    }
    g_auto(NzTarget) target = nz_target_of(call, word, FALSE);
    if (!call->maybe)
      nz_disarm(call->run->state, NZ_ACT_CAPABILITY, &target);
    if (!removes && !gives_nothing(caps->text)) {
      g_autofree char *how = nz_call_how(call, caps);
      nz_call_act(call, NZ_ACT_CAPABILITY, word, target.shown, how);
    }
    removes = FALSE;
    caps = NULL;
  }
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Modes that are written without setuid and setgid. */
#include <string.h>

#include "fix/fix_private.h"

#define SETUID 4u
#define SETGID 2u

/* --- a mode's text --- */

static char *
octal_without(const char *mode, guint bits)
{
  gsize n = strlen(mode);
  if (n < 4 || n > 5 || strspn(mode, "01234567") != n)
    return NULL;
  char *text = g_strdup(mode);
  guint digit = (guint)(text[n - 4] - '0');
  if (!(digit & bits)) {
    g_free(text);
    return NULL;
  }
  text[n - 4] = (char)('0' + (digit & ~bits));
  return text;
}

/* "u", "g", "o", "a" or none before an operator: the bits that "s" means behind it. */
static guint
bits_of(const char *who, gsize n)
{
  if (n == 0 || memchr(who, 'a', n))
    return SETUID | SETGID;
  return (memchr(who, 'u', n) ? SETUID : 0) | (memchr(who, 'g', n) ? SETGID : 0);
}

typedef struct {
  GString *kept;    /* without what set them */
  GString *reverse; /* takes them away */
  gboolean any, odd;
} Symbolic;

/* "+sx" of one clause. */
static void
take_operation(Symbolic *self, GString *clause, const char *who, gsize n_who, const char *text,
               gsize n, guint bits)
{
  guint means = memchr(text, 's', n) && *text != '-' ? bits_of(who, n_who) : 0;
  self->odd |= (means & ~bits) != 0;
  if (!means) {
    g_string_append_len(clause, text, (gssize)n);
    return;
  }
  self->any = TRUE;
  g_string_append_printf(self->reverse, "%s%.*s-s", self->reverse->len > 0 ? "," : "", (int)n_who,
                         who);
  g_autoptr(GString) rest = g_string_new(NULL);
  for (gsize i = 0; i < n; i++)
    if (text[i] != 's')
      g_string_append_c(rest, text[i]);
  if (*text == '=' || rest->len > 1)
    g_string_append(clause, rest->str);
}

static void
take_clause(Symbolic *self, const char *text, guint bits)
{
  gsize who = strspn(text, "ugoa");
  g_autoptr(GString) clause = g_string_new(NULL);
  self->odd |= text[who] == '\0';
  for (const char *p = text + who; *p;) {
    gsize n = *p && strchr("+-=", *p) ? 1 + strcspn(p + 1, "+-=") : strlen(p);
    self->odd |= !strchr("+-=", *p);
    take_operation(self, clause, text, who, p, n, bits);
    p += n;
  }
  if (clause->len > 0)
    g_string_append_printf(self->kept, "%s%.*s%s", self->kept->len > 0 ? "," : "", (int)who, text,
                           clause->str);
}

/* *GONE: nothing but the bits was set, so that the command can go. */
static char *
symbolic_without(const char *mode, guint bits, gboolean *gone)
{
  g_auto(GStrv) clauses = g_strsplit(mode, ",", -1);
  Symbolic all = {g_string_new(NULL), g_string_new(NULL), FALSE, FALSE};
  for (guint i = 0; clauses[i]; i++)
    take_clause(&all, clauses[i], bits);
  *gone = all.kept->len == 0;
  char *text = NULL;
  if (all.any && !all.odd)
    text = g_strdup(*gone ? all.reverse->str : all.kept->str);
  g_string_free(all.kept, TRUE);
  g_string_free(all.reverse, TRUE);
  return text;
}

static char *
mode_without(const char *mode, guint bits, gboolean *gone)
{
  *gone = FALSE;
  return g_ascii_isdigit(*mode) ? octal_without(mode, bits) : symbolic_without(mode, bits, gone);
}

/* --- what was found --- */

static const struct {
  const char *rule;
  guint bits;
} rules[] = {
    {"setuid-root", SETUID}, {"setuid-other", SETUID}, {"setuid-inert", SETUID | SETGID},
    {"setgid-root", SETGID}, {"setgid-other", SETGID},
};

static guint
bits_of_rule(const char *rule)
{
  for (guint r = 0; r < G_N_ELEMENTS(rules); r++)
    if (strcmp(rules[r].rule, rule) == 0)
      return rules[r].bits;
  return 0;
}

/* The bits that findings in SPAN are about. */
static guint
bits_found(const NzMend *self, NzSpan span)
{
  guint bits = 0, i = 0;
  for (NzFinding *f; (f = nz_mend_next_in(self, span, &i));)
    bits |= bits_of_rule(f->rule);
  return bits;
}

static void
tie(const NzMend *self, NzSpan span, const NzFix *fix)
{
  guint i = 0;
  for (NzFinding *f; (f = nz_mend_next_in(self, span, &i));)
    if (bits_of_rule(f->rule))
      f->fix = fix;
}

static void
add(NzMend *self, NzFix *fix, const NzInstruction *in, NzSpan span)
{
  gint i = nz_mend_index_at(self, in->span.start);
  if (i >= 0 && nz_mend_is_shared(self, nz_mend_stage_of(self, (guint)i)))
    fix->refused = g_strdup("other stages are built on that one");
  nz_mend_add(self, fix);
  tie(self, span, fix);
}

/* --- commands --- */

/* chmod's first operand. */
static const NzShellWord *
chmod_mode(const NzMendCommand *command)
{
  for (guint i = 1; i < command->command->words->len; i++) {
    const NzShellWord *word = nz_mend_word(command, i);
    if (strcmp(word->text, "--") == 0)
      return nz_mend_word(command, i + 1);
    if (word->text[0] != '-')
      return word;
  }
  return NULL;
}

/* The word of install's -m, and where in it the mode begins. */
static const NzShellWord *
install_mode(const NzMendCommand *command, gsize *begin)
{
  for (guint i = 1; i < command->command->words->len; i++) {
    const NzShellWord *word = nz_mend_word(command, i);
    *begin = 0;
    if (strcmp(word->text, "-m") == 0 || strcmp(word->text, "--mode") == 0)
      return nz_mend_word(command, i + 1);
    *begin = g_str_has_prefix(word->text, "--mode=") ? strlen("--mode=") : 0;
    if (*begin == 0 && g_str_has_prefix(word->text, "-m"))
      *begin = strlen("-m");
    if (*begin > 0)
      return word;
  }
  return NULL;
}

static void
look_at_command(NzMend *self, const NzMendCommand *command, gpointer data G_GNUC_UNUSED)
{
  guint bits = bits_found(self, command->span);
  g_autofree char *name = g_path_get_basename(nz_mend_word(command, 0)->text);
  gboolean is_chmod = strcmp(name, "chmod") == 0;
  gsize begin = 0;
  const NzShellWord *word = is_chmod                       ? chmod_mode(command)
                            : strcmp(name, "install") == 0 ? install_mode(command, &begin)
                                                           : NULL;
  NzSpan span;
  gboolean gone;
  if (!bits || !word || !word->known ||
      !nz_mend_literal(self, nz_mend_word_span(command, word), word->text, &span))
    return;
  g_autofree char *mode = mode_without(word->text + begin, bits, &gone);
  if (!mode)
    return;
  g_autofree char *title = g_strdup_printf("%s %s without %s", name, word->text + begin,
                                           bits == SETGID ? "setgid" : "setuid");
  NzFix *fix = nz_fix_new(title);
  span.start += (guint32)begin;
  if (is_chmod && gone)
    nz_mend_remove_command(self, fix, command);
  /* The command before it may take what joins the two with it. */
  if (nz_mend_overlaps(self, fix))
    g_ptr_array_set_size(fix->edits, 0);
  if (fix->edits->len == 0)
    nz_mend_replace(self, fix, span, mode);
  add(self, fix, command->in, command->span);
}

/* --- COPY and ADD --- */

static void
look_at_copy(NzMend *self, const NzInstruction *in, gpointer data G_GNUC_UNUSED)
{
  const NzDockerFlag *flag = nz_instruction_flag(in, "chmod");
  guint bits = flag && flag->value ? bits_found(self, in->span) : 0;
  NzSpan span;
  gboolean gone;
  if (!bits || strchr(flag->value, '$') ||
      !nz_mend_literal(self, flag->value_span, flag->value, &span))
    return;
  g_autofree char *mode = mode_without(flag->value, bits, &gone);
  if (!mode)
    return;
  g_autofree char *title =
      g_strdup_printf("%s --chmod=%s without %s", nz_docker_kind_name(in->kind), flag->value,
                      bits == SETGID ? "setgid" : "setuid");
  NzFix *fix = nz_fix_new(title);
  nz_mend_replace(self, fix, span, mode);
  add(self, fix, in, in->span);
}

void
nz_mend_modes(NzMend *self)
{
  gboolean any = FALSE;
  for (guint r = 0; r < G_N_ELEMENTS(rules) && !any; r++) {
    guint i = 0;
    any = nz_mend_next(self, rules[r].rule, &i) != NULL;
  }
  if (!any)
    return;
  nz_mend_foreach_command(self, look_at_command, NULL);
  nz_mend_foreach(self, look_at_copy, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What stands under the cursor: the verdict where the user is decided, and each rule that found
 * something there, with why it matters and what to do. */
#include <string.h>

#include "check/check.h"
#include "core/text.h"
#include "lsp/answers.h"

typedef struct {
  GString *text;
  gboolean markdown;
} Page;

/* Bytes of a source as text that an editor shows as it is: neither links, nor images that would be
 * fetched, nor HTML. */
static void
put_foreign(Page *self, const char *text)
{
  g_autofree char *shown = nz_printable(text, -1);
  for (const char *p = shown; *p; p++) {
    if (self->markdown && strchr("\\`*_{}[]()<>#+-.!|~&:@", *p))
      g_string_append_c(self->text, '\\');
    g_string_append_c(self->text, *p);
  }
}

/* Our own words, with `code` in them. */
static void
put(Page *self, const char *text)
{
  g_string_append(self->text, text);
}

static void
put_strong(Page *self, const char *text)
{
  const char *mark = self->markdown ? "**" : "";
  g_string_append_printf(self->text, "%s%s%s", mark, text, mark);
}

static void
begin_paragraph(Page *self)
{
  if (self->text->len > 0)
    put(self, "\n\n");
}

static void
begin_section(Page *self)
{
  if (self->text->len > 0)
    put(self, "\n\n---\n\n");
}

/* --- the verdict --- */

static void
put_verdict(Page *self, const NzSubject *s)
{
  const NzUser *user = s->user;
  begin_section(self);
  put_strong(self, nz_verdict_name(s->verdict));
  put(self, ": ");
  put_foreign(self, s->name);
  if (!user)
    return;
  put(self, " starts as ");
  put_strong(self, nz_user_state_name(user->state));
  if (user->has_uid)
    g_string_append_printf(self->text, " %u", user->uid);
  if (user->has_uid && user->has_gid)
    g_string_append_printf(self->text, ":%u", user->gid);
  begin_paragraph(self);
  put_foreign(self, user->why);
}

/* --- a finding --- */

static void
put_excepted(Page *self, const NzExcepted *e)
{
  if (!e)
    return;
  begin_paragraph(self);
  put_strong(self, "Excepted");
  put(self, " by the policy: ");
  put_foreign(self, e->reason);
  put(self, " (");
  put_foreign(self, e->owner);
  if (e->expires) {
    put(self, ", until ");
    put_foreign(self, e->expires);
  }
  put(self, ")");
}

static void
put_check(Page *self, const NzCheck *check, const NzFinding *f)
{
  const char *remedy = f->remedy ? f->remedy : check ? check->remedy : NULL;
  if (check) {
    begin_paragraph(self);
    put(self, check->why);
  }
  if (remedy) {
    begin_paragraph(self);
    put_strong(self, "To do:");
    put(self, " ");
    put(self, remedy);
  }
  if (check && check->aliases[0]) {
    g_autofree char *names = g_strjoinv(", ", (char **)check->aliases);
    begin_paragraph(self);
    put_strong(self, "Elsewhere:");
    put(self, " ");
    put(self, names);
  }
}

static void
put_fix(Page *self, const NzFix *fix)
{
  if (!fix)
    return;
  begin_paragraph(self);
  put_strong(self, fix->refused ? "Proposal:" : "Fix:");
  put(self, " ");
  put_foreign(self, fix->title);
  if (fix->refused) {
    put(self, "; not applied, because ");
    put_foreign(self, fix->refused);
  }
}

static void
put_finding(Page *self, const NzFinding *f)
{
  begin_section(self);
  put_strong(self, f->rule);
  g_string_append_printf(self->text, " (%s%s): ", nz_level_name(f->level),
                         f->undecided ? ", not decided" : "");
  put_foreign(self, f->message);
  put_excepted(self, f->excepted);
  put_check(self, nz_check_find(f->rule), f);
  put_fix(self, f->fix);
}

/* --- under the cursor --- */

/* TRUE when the lines of PLACE hold OFFSET: the verdict stands at all of a USER's. */
static gboolean
on_lines_of(const NzDocument *doc, const NzPlace *place, gsize offset)
{
  if (!nz_document_holds(doc, place))
    return FALSE;
  guint line = nz_lines_line(doc->lines, offset);
  return line >= nz_lines_line(doc->lines, place->start) &&
         line <= nz_lines_line(doc->lines, MAX(place->start, place->end));
}

static void
put_subject(Page *self, const NzDocument *doc, const NzSubject *s, gsize offset, gsize *from,
            gsize *to)
{
  if (on_lines_of(doc, s->place, offset)) {
    put_verdict(self, s);
    *from = s->place->start;
    *to = s->place->end;
  }
  for (guint i = 0; i < s->findings->len; i++) {
    const NzFinding *f = s->findings->pdata[i];
    gsize start, end;
    nz_document_part(doc, s, f, &start, &end);
    if (offset < start || offset > end)
      continue;
    put_finding(self, f);
    *from = start;
    *to = end;
  }
}

json_t *
nz_hover(const NzDocument *doc, gsize offset, const NzEditor *editor)
{
  g_autoptr(GString) text = g_string_new(NULL);
  Page page = {text, editor->markdown};
  gsize from = 0, to = 0;
  for (guint i = 0; i < doc->subjects->len; i++)
    put_subject(&page, doc, doc->subjects->pdata[i], offset, &from, &to);
  if (text->len == 0)
    return json_null();
  return json_pack("{s:{s:s, s:o}, s:o}", "contents", "kind",
                   editor->markdown ? "markdown" : "plaintext", "value", nz_json_of_text(text->str),
                   "range", nz_lines_range(doc->lines, from, to));
}

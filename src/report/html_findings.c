/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of the html report.
 *
 * One table for a subject. Its rows stand in bodies of at most NZ_HTML_BODY_ROWS; a group begins
 * with a body whose first row names it. A browser lays out only the bodies in sight
 * (content-visibility in report.css), which is what makes 10,000 rows open at once. The script
 * groups anew by moving rows, so a row says all of itself: level and whether it is about no file in
 * its class, the rest in its cells. Closing tags that HTML does not ask for are left out. */
#include "core/text.h"
#include "report/html_private.h"

/* A screenful: few enough to lay out at once, enough to keep the bodies few. */
#define NZ_HTML_BODY_ROWS 50u

typedef struct {
  const char *package; /* or the file of a source; NULL: in none */
  gboolean of_image;   /* about no file */
  GPtrArray *findings; /* NzFinding, worst first */
} Group;

static void
group_free(gpointer data)
{
  Group *self = data;
  g_ptr_array_unref(self->findings);
  g_free(self);
}

static NzLevel
group_level(const Group *self)
{
  return ((const NzFinding *)self->findings->pdata[0])->level;
}

/* What is about the image first, then the worst, then by name, files of no package last. */
static int
compare_groups(gconstpointer a, gconstpointer b)
{
  const Group *x = *(Group *const *)a, *y = *(Group *const *)b;
  if (x->of_image != y->of_image)
    return y->of_image - x->of_image;
  if (group_level(x) != group_level(y))
    return (int)group_level(y) - (int)group_level(x);
  if (!x->package || !y->package)
    return !x->package - !y->package;
  return g_strcmp0(x->package, y->package);
}

static GPtrArray *
group_by_package(const NzSubject *s)
{
  GPtrArray *groups = g_ptr_array_new_with_free_func(group_free);
  g_autoptr(GHashTable) by_name = g_hash_table_new(nz_str_hash, g_str_equal);
  for (guint i = 0; i < s->findings->len; i++) {
    NzFinding *f = s->findings->pdata[i];
    if (f->excepted)
      continue;
    const char *name = f->place ? f->place->file : f->package;
    gboolean of_image = !f->path && !f->place;
    /* No package is called so: names have no slash; and no file: its name is of one line. */
    const char *key = of_image ? "\n/image" : name ? name : "\n/none";
    Group *group = g_hash_table_lookup(by_name, key);
    if (!group) {
      group = g_new0(Group, 1);
      *group = (Group){of_image ? NULL : name, of_image, g_ptr_array_new()};
      g_hash_table_insert(by_name, (gpointer)key, group);
      g_ptr_array_add(groups, group);
    }
    g_ptr_array_add(group->findings, f);
  }
  g_ptr_array_sort(groups, compare_groups);
  return groups;
}

static void
begin_body(FILE *out, guint rows)
{
  /* How high it will be, roughly: see report.css. */
  const char *size = rows <= 4 ? "few" : rows <= 16 ? "some" : "many";
  fprintf(out, "<tbody class=%s>", size);
}

static void
write_head(FILE *out, const char *const *titles)
{
  fputs("<thead><tr>", out);
  for (guint i = 0; titles[i]; i++)
    fprintf(out, "<th scope=col>%s", titles[i]);
  fputs("</thead>\n", out);
}

/* Level, rule and what it is about: the cells that begin each row. Lines break inside the tag,
 * where the break is no text. */
static void
write_row_start(FILE *out, const NzFinding *f)
{
  const char *level = nz_level_name(f->level);
  g_autofree char *place = f->place ? nz_place_text(f->place) : NULL;
  fprintf(out, "<tr\nclass=\"%s%s\"><td>%s<td>%s<td>", level, f->path || place ? "" : " i", level,
          f->rule);
  nz_html_text(out, place ? place : f->path);
}

/* Said of each only where they differ: see compare_messages(). */
static void
write_message(FILE *out, const NzFinding *f, gboolean alike)
{
  if (!alike || f->undecided) {
    fputs("<small>", out);
    if (f->undecided)
      fputs("<b>not decided</b> ", out);
    nz_html_sentence(out, f->message);
    fputs("</small>", out);
  }
}

static void
write_row(FILE *out, const NzFinding *f, guint index, gboolean alike)
{
  write_row_start(out, f);
  write_message(out, f, alike);
  if (f->has_mode)
    fprintf(out, "<td>%04o<td>%u:%u<td>", f->mode, f->uid, f->gid);
  else
    fputs("<td><td><td>", out);
  nz_html_text(out, f->place ? f->place->file : f->package);
  fputs("<td>", out);
  const char *origin = nz_origin_name(f->origin);
  if (f->layer && f->process) /* of a running container, whose image's layers are not listed */
    fprintf(out, "%u", f->layer->index);
  else if (f->layer)
    fprintf(out, "<a href=#s%u-l%u>%u</a>", index, f->layer->index, f->layer->index);
  if (origin)
    fprintf(out, " <i>%s</i>", origin);
}

/* What a rule's findings say. */
enum { SAID_NEVER, SAID_ONCE, SAID_ALIKE, SAID_OTHERWISE };

/* What all of a rule's findings say alike need not be said 10,000 times: the advice above says it.
 * The table is by rule, with one of the above. */
static GHashTable *
compare_messages(const NzSubject *s)
{
  g_autoptr(GHashTable) first = g_hash_table_new(g_str_hash, g_str_equal);
  GHashTable *said = g_hash_table_new(g_str_hash, g_str_equal);
  for (guint i = 0; i < s->findings->len; i++) {
    const NzFinding *f = s->findings->pdata[i];
    const char *other = g_hash_table_lookup(first, f->rule);
    int so_far = GPOINTER_TO_INT(g_hash_table_lookup(said, f->rule));
    if (!other)
      g_hash_table_insert(first, (gpointer)f->rule, f->message);
    gboolean alike = other && so_far != SAID_OTHERWISE && g_str_equal(other, f->message);
    int now = !other ? SAID_ONCE : alike ? SAID_ALIKE : SAID_OTHERWISE;
    g_hash_table_insert(said, (gpointer)f->rule, GINT_TO_POINTER(now));
  }
  return said;
}

static void
write_group(FILE *out, const Group *group, const char *kind, guint index, GHashTable *said)
{
  guint n = group->findings->len;
  begin_body(out, MIN(n, NZ_HTML_BODY_ROWS));
  fputs("<tr\nclass=g><th colspan=7 scope=rowgroup>", out);
  if (group->of_image)
    fprintf(out, "The %s itself", nz_kind_noun(kind, 1));
  else if (group->package)
    nz_html_text(out, group->package);
  else
    fputs("In no package", out);
  fprintf(out, " <span>%u</span>", n);
  for (guint i = 0; i < n; i++) {
    const NzFinding *f = group->findings->pdata[i];
    if (i > 0 && i % NZ_HTML_BODY_ROWS == 0)
      begin_body(out, MIN(n - i, NZ_HTML_BODY_ROWS));
    gboolean alike = GPOINTER_TO_INT(g_hash_table_lookup(said, f->rule)) == SAID_ALIKE;
    write_row(out, f, index, alike);
  }
}

void
nz_html_findings(FILE *out, const NzSubject *s, guint index)
{
  static const char *const titles[] = {"Level", "Rule",    "Path",  "Mode",
                                       "Owner", "Package", "Layer", NULL};
  static const char *const source_titles[] = {"Level", "Rule", "Place", "Mode",
                                              "Owner", "File", "Layer", NULL};
  g_autoptr(GPtrArray) groups = group_by_package(s);
  g_autoptr(GHashTable) said = compare_messages(s);
  fprintf(out, "<section aria-labelledby=s%u-f><h3 id=s%u-f>Findings</h3>\n", index, index);
  if (groups->len == 0) {
    fputs("<p class=none>Nothing was found that counts.</p></section>\n", out);
    return;
  }
  fprintf(out,
          "<table class=\"found by-package\" data-subject=s%u data-self=\"The %s itself\" "
          "aria-labelledby=s%u-f>\n",
          index, nz_kind_noun(s->kind, 1), index);
  write_head(out, nz_kind_is_source(s->kind) ? source_titles : titles);
  for (guint i = 0; i < groups->len; i++)
    write_group(out, groups->pdata[i], s->kind, index, said);
  fputs("</table></section>\n", out);
}

void
nz_html_excepted(FILE *out, const NzSubject *s, guint index)
{
  static const char *const titles[] = {"Level",  "Rule",  "Path",    "Mode",
                                       "Reason", "Owner", "Expires", NULL};
  guint n = nz_html_count(s).excepted;
  if (n == 0)
    return;
  fprintf(out,
          "<section aria-labelledby=s%u-x><h3 id=s%u-x>Excepted <span>%u</span></h3>\n"
          "<p>Somebody answers for these: they do not count.</p>\n"
          "<table class=excepted aria-labelledby=s%u-x>\n",
          index, index, n, index);
  write_head(out, titles);
  guint row = 0;
  for (guint i = 0; i < s->findings->len; i++) {
    const NzFinding *f = s->findings->pdata[i];
    if (!f->excepted)
      continue;
    if (row % NZ_HTML_BODY_ROWS == 0)
      begin_body(out, MIN(n - row, NZ_HTML_BODY_ROWS));
    row++;
    write_row_start(out, f);
    write_message(out, f, FALSE);
    fputs("<td>", out);
    if (f->has_mode)
      fprintf(out, "%04o", f->mode);
    fputs("<td>", out);
    nz_html_text(out, f->excepted->reason);
    fputs("<td>", out);
    nz_html_text(out, f->excepted->owner);
    fputs("<td>", out);
    nz_html_text(out, f->excepted->expires ? f->excepted->expires : "never");
  }
  fputs("</table></section>\n", out);
}

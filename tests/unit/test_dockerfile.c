/* SPDX-License-Identifier: Apache-2.0 */
/* Dockerfiles: what is read, where it stands, and what is refused. */
#include "build/dockerfile.h"

#include <string.h>

#include "core/limits.h"
#include "support.h"

/* --- what is read, as one line of text for each instruction --- */

static void
show(GString *out, const NzInstruction *self)
{
  g_string_append(out, nz_docker_kind_name(self->kind));
  for (guint i = 0; i < self->flags->len; i++) {
    const NzDockerFlag *flag = self->flags->pdata[i];
    g_string_append_printf(out, " --%s%s%s", flag->name, flag->value ? "=" : "",
                           flag->value ? flag->value : "");
  }
  if (self->inner) {
    g_string_append(out, " > ");
    show(out, self->inner);
    return;
  }
  for (guint i = 0; i < self->words->len; i++) {
    const NzWord *word = self->words->pdata[i];
    g_string_append(out, self->json ? " [" : " (");
    g_string_append(out, word->text);
    g_string_append(out, self->json ? "]" : ")");
  }
  for (guint i = 0; i < self->pairs->len; i++) {
    const NzDockerPair *pair = self->pairs->pdata[i];
    g_string_append_printf(out, " {%s%s%s}", pair->key, pair->value ? "=" : "",
                           pair->value ? pair->value : "");
  }
  if (self->words->len == 0 && self->pairs->len == 0 && !self->json && self->rest->len > 0) {
    g_string_append_c(out, ' ');
    g_string_append(out, self->rest->data);
  }
  for (guint i = 0; i < self->heredocs->len; i++) {
    const NzHeredoc *heredoc = self->heredocs->pdata[i];
    g_string_append_printf(out, " <<%s%s:", heredoc->name, heredoc->expand ? "" : "'");
    g_string_append(out, heredoc->body->data);
  }
}

static char *
show_all(const NzDockerfile *file)
{
  g_autoptr(GString) out = g_string_new(NULL);
  for (guint i = 0; i < file->instructions->len; i++) {
    if (i > 0)
      g_string_append_c(out, '\n');
    show(out, file->instructions->pdata[i]);
  }
  return g_string_free(g_steal_pointer(&out), FALSE);
}

/* --- what is true of every file --- */

static gboolean
is_inside(const NzSourceFile *source, NzSpan span)
{
  return span.start <= span.end && span.end <= source->len;
}

/* The tokens cover the file without a gap, and none is empty. */
static void
assert_covered(const NzDockerfile *file)
{
  guint32 at = 0;
  for (guint i = 0; i < file->tokens->len; i++) {
    NzSpan span = g_array_index(file->tokens, NzToken, i).span;
    g_assert_cmpuint(span.start, ==, at);
    g_assert_cmpuint(span.end, >, at);
    at = span.end;
  }
  g_assert_cmpuint(at, ==, file->source->len);
  gsize len;
  g_autofree char *printed = nz_dockerfile_print(file, &len);
  g_assert_cmpuint(len, ==, file->source->len);
  g_assert_true(memcmp(printed, file->source->data, len) == 0);
}

static void
assert_spans(const NzSourceFile *source, const NzInstruction *self)
{
  g_assert_true(is_inside(source, self->keyword));
  g_assert_true(is_inside(source, self->span));
  for (guint i = 0; i < self->words->len; i++)
    g_assert_true(is_inside(source, ((const NzWord *)self->words->pdata[i])->span));
  if (self->inner)
    assert_spans(source, self->inner);
}

static NzDockerfile *
parse(NzSourceFile *source)
{
  g_autoptr(GError) error = NULL;
  NzDockerfile *file = nz_dockerfile_parse(source, &error);
  g_assert_no_error(error);
  assert_covered(file);
  for (guint i = 0; i < file->instructions->len; i++)
    assert_spans(source, file->instructions->pdata[i]);
  return file;
}

static const struct {
  const char *text, *want;
} files[] = {
    {"FROM a", "FROM (a)"},
    {"from a as B\n", "FROM (a) (as) (B)"},
    {"\xef\xbb\xbf"
     "FROM a\r\nUSER 1\r\n",
     "FROM (a)\nUSER (1)"},
    {"\n\n  # c\n\t FROM\ta \n", "FROM (a)"},
    {"FROM --platform=$BUILDPLATFORM a AS b", "FROM --platform=$BUILDPLATFORM (a) (AS) (b)"},
    {"ARG A=1\nARG B\nFROM a", "ARG {A=1}\nARG {B}\nFROM (a)"},
    /* continuations */
    {"FROM a\nRUN a \\\n  b", "FROM (a)\nRUN a   b"},
    {"FROM a\nRUN a \\ \t\n  b", "FROM (a)\nRUN a   b"},
    {"FROM a\r\nRUN a \\\r\n  b\r\n", "FROM (a)\nRUN a   b"},
    {"FROM a\nRUN a\\\nb", "FROM (a)\nRUN ab"},
    {"FROM a\nRUN a \\\n# c\n  # d\n\n   \n  b", "FROM (a)\nRUN a   b"},
    {"FROM a\nRUN a \\\n  # c \\\n  b", "FROM (a)\nRUN a   b"},
    {"FROM a\nRUN a # c\\\nb", "FROM (a)\nRUN a # cb"},
    {"FROM a\nRUN a \\", "FROM (a)\nRUN a"},
    {"FROM a\nRUN a\\\\\nUSER b", "FROM (a)\nRUN a\\\\\nUSER (b)"},
    {"FROM a\nRUN a\\\\\\\nUSER b", "FROM (a)\nRUN a\\\\\\\nUSER (b)"},
    {"FR\\\nOM a\nUS\\\n\\\nER b", "FROM (a)\nUSER (b)"},
    {"\\\nFROM a", "FROM (a)"},
    {"FROM a\nRUN \\\n\\\n\\\n", "FROM (a)\nRUN"},
    /* directives */
    {"# escape=`\nFROM a\nRUN a `\nb\nRUN c\\\nUSER d", "FROM (a)\nRUN a b\nRUN c\\\nUSER (d)"},
    {"#ESCAPE = ` \r\nFROM a\nRUN a `\r\nb", "FROM (a)\nRUN a b"},
    {"  # escape=`\nFROM a\nRUN a `\nb", "FROM (a)\nRUN a b"},
    {"# c\n# escape=`\nFROM a\nRUN a \\\nb", "FROM (a)\nRUN a b"},
    {"\n# escape=`\nFROM a\nRUN a \\\nb", "FROM (a)\nRUN a b"},
    {"# other=x\n# escape=`\nFROM a\nRUN a \\\nb", "FROM (a)\nRUN a b"},
    {"# syntax=docker/dockerfile:1\n# check=skip=all\n# escape=`\nFROM a\nRUN a `\nb",
     "FROM (a)\nRUN a b"},
    {"# escape=\\\nFROM a\nRUN a \\\nb", "FROM (a)\nRUN a b"},
    /* one word */
    {"FROM a\nUSER  a b # c ", "FROM (a)\nUSER (a b # c)"},
    {"FROM a\nUSER \"a b\"", "FROM (a)\nUSER (\"a b\")"},
    {"FROM a\nWORKDIR /a b\nSTOPSIGNAL 9", "FROM (a)\nWORKDIR (/a b)\nSTOPSIGNAL (9)"},
    {"FROM a\nMAINTAINER x y", "FROM (a)\nMAINTAINER x y"},
    {"FROM a\nEXPOSE 80 443/tcp", "FROM (a)\nEXPOSE (80) (443/tcp)"},
    /* JSON */
    {"FROM a\nCMD [\"a\", \"b c\"]", "FROM (a)\nCMD [a] [b c]"},
    {"FROM a\nCMD [ \"a\" ,\\\n \"b\" ] ", "FROM (a)\nCMD [a] [b]"},
    {"FROM a\nCMD []", "FROM (a)\nCMD"},
    {"FROM a\nCMD ['a', 'b']", "FROM (a)\nCMD ['a', 'b']"},
    {"FROM a\nCMD [\"a\"] b", "FROM (a)\nCMD [\"a\"] b"},
    {"FROM a\nCMD [\"a\",]", "FROM (a)\nCMD [\"a\",]"},
    {"FROM a\nCMD [\"a\"", "FROM (a)\nCMD [\"a\""},
    {"FROM a\nCMD [\"a\\q\"]", "FROM (a)\nCMD [\"a\\q\"]"},
    {"FROM a\nCMD [\"a\tb\"]", "FROM (a)\nCMD [\"a\tb\"]"},
    {"FROM a\nCMD [a, 1]", "FROM (a)\nCMD [a, 1]"},
    {"FROM a\nRUN [\"\\u0041\\n\\ud83d\\ude00\\/\"]", "FROM (a)\nRUN [A\n😀/]"},
    {"FROM a\nRUN [\"\\ud83dx\"]", "FROM (a)\nRUN [\xef\xbf\xbdx]"},
    {"FROM a\nRUN [\"\xff\"]", "FROM (a)\nRUN [\xef\xbf\xbd]"},
    {"FROM a\nRUN [ -f x ] && y", "FROM (a)\nRUN [ -f x ] && y"},
    {"FROM a\nSHELL [\"/bin/bash\", \"-c\"]", "FROM (a)\nSHELL [/bin/bash] [-c]"},
    {"FROM a\nVOLUME [\"/a\", \"/b\"]\nVOLUME /a /b",
     "FROM (a)\nVOLUME [/a] [/b]\nVOLUME (/a) (/b)"},
    {"FROM a\nCOPY [\"a b\", \"/c\"]\nCOPY [a, /b]", "FROM (a)\nCOPY [a b] [/c]\nCOPY ([a,) (/b])"},
    /* flags */
    {"FROM a\nCOPY --from=b --chown=1:2 x y", "FROM (a)\nCOPY --from=b --chown=1:2 (x) (y)"},
    {"FROM a\nCOPY --from=\"b c\" x y", "FROM (a)\nCOPY --from=b c (x) (y)"},
    {"FROM a\nCOPY --\"from\"=b x y", "FROM (a)\nCOPY --from=b (x) (y)"},
    {"FROM a\nCOPY --from=b\\ c x y", "FROM (a)\nCOPY --from=b c (x) (y)"},
    {"FROM a\nCOPY --link x y\nCOPY --link=FALSE x y",
     "FROM (a)\nCOPY --link (x) (y)\nCOPY --link=FALSE (x) (y)"},
    {"FROM a\nCOPY --from=b \\\n  --chmod=755 \\\n x y",
     "FROM (a)\nCOPY --from=b --chmod=755 (x) (y)"},
    {"FROM a\nCOPY -- --x y", "FROM (a)\nCOPY (--x) (y)"},
    {"FROM a\nCOPY x --from=b", "FROM (a)\nCOPY (x) (--from=b)"},
    {"FROM a\nRUN --mount=type=cache --mount=type=bind,from=b x --y",
     "FROM (a)\nRUN --mount=type=cache --mount=type=bind,from=b x --y"},
    {"FROM a\nRUN --security=insecure --network=none x",
     "FROM (a)\nRUN --security=insecure --network=none x"},
    {"FROM a\nSTOPSIGNAL --what 9", "FROM (a)\nSTOPSIGNAL --what (9)"},
    {"FROM a\nARG --required A", "FROM (a)\nARG --required {A}"},
    /* pairs */
    {"FROM a\nENV A=1 B=\"x y\" C=x\\ y D='z w'",
     "FROM (a)\nENV {A=1} {B=\"x y\"} {C=x\\ y} {D='z w'}"},
    {"FROM a\nENV A  x  y=z", "FROM (a)\nENV {A=x  y=z}"},
    {"FROM a\nENV A=", "FROM (a)\nENV {A=}"},
    {"FROM a\nENV A=b=c", "FROM (a)\nENV {A=b=c}"},
    {"FROM a\nENV A=\"open b", "FROM (a)\nENV {A=\"open b}"},
    {"FROM a\nENV A=1 \\\n  # c\n  B=2", "FROM (a)\nENV {A=1} {B=2}"},
    {"FROM a\nENV A=b\\\\\\", "FROM (a)\nENV {A=b\\\\}"},
    {"FROM a\nLABEL a.b=\"c\" \"d e\"=f", "FROM (a)\nLABEL {a.b=\"c\"} {\"d e\"=f}"},
    {"FROM a\nLABEL a b c", "FROM (a)\nLABEL {a=b c}"},
    {"FROM a\nARG A B=2 C=\"x y\"", "FROM (a)\nARG {A} {B=2} {C=\"x y\"}"},
    {"FROM a\nENV A=\\\n1", "FROM (a)\nENV {A=1}"},
    /* HEALTHCHECK and ONBUILD */
    {"FROM a\nHEALTHCHECK NONE", "FROM (a)\nHEALTHCHECK NONE"},
    {"FROM a\nHEALTHCHECK none", "FROM (a)\nHEALTHCHECK none"},
    {"FROM a\nHEALTHCHECK --interval=1s cmd x y", "FROM (a)\nHEALTHCHECK --interval=1s > CMD x y"},
    {"FROM a\nHEALTHCHECK CMD [\"x\"]", "FROM (a)\nHEALTHCHECK > CMD [x]"},
    {"FROM a\nONBUILD USER x y", "FROM (a)\nONBUILD > USER (x y)"},
    {"FROM a\nONBUILD copy --from=b \\\n x y", "FROM (a)\nONBUILD > COPY --from=b (x) (y)"},
    {"FROM a\nONBUILD RUN [\"x\"]", "FROM (a)\nONBUILD > RUN [x]"},
    {"FROM a\nONBUILD HEALTHCHECK CMD x", "FROM (a)\nONBUILD > HEALTHCHECK > CMD x"},
    /* heredocs */
    {"FROM a\nRUN <<EOF\nx\ny\nEOF\nUSER 1", "FROM (a)\nRUN <<EOF <<EOF:x\ny\n\nUSER (1)"},
    {"FROM a\r\nRUN <<EOF\r\nx\r\nEOF\r\nUSER 1", "FROM (a)\nRUN <<EOF <<EOF:x\r\n\nUSER (1)"},
    {"FROM a\nRUN <<EOF\nEOF", "FROM (a)\nRUN <<EOF <<EOF:"},
    {"FROM a\nRUN <<-EOF\n\t\tx\n\t y\n\tEOF", "FROM (a)\nRUN <<-EOF <<EOF:x\n y\n"},
    {"FROM a\nRUN <<'EOF'\n$x\nEOF", "FROM (a)\nRUN <<'EOF' <<EOF':$x\n"},
    {"FROM a\nRUN <<\"E F\"\n# c\nE F", "FROM (a)\nRUN <<\"E F\" <<E F':# c\n"},
    {"FROM a\nRUN <<E\\'F\nx\nE'F", "FROM (a)\nRUN <<E\\'F <<E'F:x\n"},
    {"FROM a\nRUN 3<<EOF cat\nx \\\nEOF", "FROM (a)\nRUN 3<<EOF cat <<EOF:x \\\n"},
    {"FROM a\nRUN <<$EOF\nx\n$EOF", "FROM (a)\nRUN <<$EOF <<$EOF:x\n"},
    {"FROM a\nRUN << EOF\nx\nEOF", "FROM (a)\nRUN << EOF <<EOF:x\n"},
    {"FROM a\nCOPY <<A <<B /d\nB\nA\nA\nB", "FROM (a)\nCOPY (<<A) (<<B) (/d) <<A:B\n <<B:A\n"},
    {"FROM a\nADD <<A /d\nx\nA", "FROM (a)\nADD (<<A) (/d) <<A:x\n"},
    {"FROM a\nRUN <<EOF \\\n  && x\ny\nEOF", "FROM (a)\nRUN <<EOF   && x <<EOF:y\n"},
    {"FROM a\nONBUILD RUN <<EOF\nx\nEOF\nUSER 1",
     "FROM (a)\nONBUILD > RUN <<EOF <<EOF:x\n\nUSER (1)"},
    {"FROM a\nRUN \"<<EOF\"\nUSER 1", "FROM (a)\nRUN \"<<EOF\"\nUSER (1)"},
    {"FROM a\nRUN [\"<<EOF\"]\nUSER 1", "FROM (a)\nRUN [<<EOF]\nUSER (1)"},
    {"FROM a\nRUN cat <<<x\nUSER 1", "FROM (a)\nRUN cat <<<x\nUSER (1)"},
    {"FROM a\nRUN echo it's <<EOF\nUSER 1", "FROM (a)\nRUN echo it's <<EOF\nUSER (1)"},
    {"FROM a\nCMD <<EOF\nUSER 1", "FROM (a)\nCMD <<EOF\nUSER (1)"},
    {"FROM a\nRUN x<<EOF\nUSER 1", "FROM (a)\nRUN x<<EOF\nUSER (1)"},
    {"FROM a\nRUN echo $((1<<2))\nUSER 1", "FROM (a)\nRUN echo $((1<<2))\nUSER (1)"},
};

static void
test_files_are_read(void)
{
  for (guint i = 0; i < G_N_ELEMENTS(files); i++) {
    g_test_message("%s", files[i].text);
    g_autoptr(NzSourceFile) source = nz_source_new("f", files[i].text, strlen(files[i].text));
    g_autoptr(NzDockerfile) file = parse(source);
    g_autofree char *have = show_all(file);
    g_assert_cmpstr(have, ==, files[i].want);
  }
}

/* --- what is refused --- */

static const struct {
  const char *text, *want;
} refused[] = {
    {"", "f:1:1: there is no instruction"},
    {"# only\n\n", "f:1:1: there is no instruction"},
    {"ARG a\n", "f:1:1: there is no FROM"},
    {"\n RUN x", "f:2:2: RUN stands before the first FROM"},
    {"FROM a\n  FORM b", "f:2:3: there is no instruction \"FORM\": did you mean FROM?"},
    {"FROM a\nUSER\n", "f:2:5: USER needs an argument"},
    {"FROM a\nUSER --x y", "f:2:6: --x is no flag of USER"},
    {"FROM a\nENV", "f:2:4: ENV needs an argument"},
    {"FROM a\nENV A", "f:2:5: ENV needs a value"},
    {"FROM a\nENV A=1 B", "f:2:9: ENV: this has no \"=\""},
    {"FROM a\nENV =1", "f:2:5: ENV: the name"},
    {"FROM a\nARG =1", "f:2:5: ARG: the name"},
    {"FROM a\nLABEL A", "f:2:7: LABEL needs a value"},
    {"FROM", "f:1:5: FROM takes"},
    {"FROM a b", "f:1:6: FROM takes"},
    {"FROM a AS", "f:1:6: FROM takes"},
    {"FROM a IS b", "f:1:6: FROM takes"},
    {"FROM a AS 1b", "f:1:11: \"1b\" is no name"},
    {"FROM a AS b/c", "f:1:11: \"b/c\" is no name"},
    {"FROM é AS \\\n  ü", "f:2:3: \"ü\" is no name"},
    {"FROM --from=a b", "f:1:6: --from is no flag of FROM"},
    {"FROM a\nCOPY a", "f:2:6: COPY needs a source and a destination"},
    {"FROM a\nCOPY [\"a\"]", "f:2:6: COPY needs"},
    {"FROM a\nCOPY --from=a --from=b a b", "f:2:15: --from is there twice"},
    {"FROM a\nCOPY --from a b", "f:2:6: --from needs a value"},
    {"FROM a\nCOPY --link=maybe a b", "f:2:6: --link must be true or false"},
    {"FROM a\nCOPY --link= a b", "f:2:6: --link must be true or false"},
    {"FROM a\nCOPY a <<EOF\nEOF", "f:2:8: the destination of COPY"},
    {"FROM a\nRUN --network=x y", "f:2:5: --network has a value"},
    {"FROM a\nRUN --security y", "f:2:5: --security needs a value"},
    {"FROM a\nCMD [\"a\", 1]", "f:2:5: the JSON array may hold nothing but strings"},
    {"FROM a\nCMD [{\"a\": [null]}]", "f:2:5: the JSON array"},
    {"FROM a\nCMD [\"\\u0000\"]", "f:2:5: the JSON array holds a NUL"},
    {"FROM a\nSHELL bash -c", "f:2:7: SHELL must be a JSON array"},
    {"FROM a\nSHELL []", "f:2:7: SHELL needs a program"},
    {"FROM a\nEXPOSE", "f:2:7: EXPOSE needs"},
    {"FROM a\nVOLUME [\" \"]", "f:2:9: a VOLUME cannot be"},
    {"FROM a\nHEALTHCHECK", "f:2:12: HEALTHCHECK needs CMD"},
    {"FROM a\nHEALTHCHECK RUN x", "f:2:13: HEALTHCHECK knows no \"RUN\""},
    {"FROM a\nHEALTHCHECK NONE x", "f:2:18: nothing may follow"},
    {"FROM a\nHEALTHCHECK CMD", "f:2:13: HEALTHCHECK CMD has no command"},
    {"FROM a\nONBUILD", "f:2:8: ONBUILD needs an instruction"},
    {"FROM a\nONBUILD ONBUILD RUN x", "f:2:9: ONBUILD cannot trigger ONBUILD"},
    {"FROM a\nONBUILD FROM x", "f:2:9: ONBUILD cannot trigger FROM"},
    {"FROM a\nONBUILD MAINTAINER x", "f:2:9: ONBUILD cannot trigger MAINTAINER"},
    {"FROM a\nRUN <<EOF\nx\n", "f:2:5: this heredoc is not ended: no line is \"EOF\""},
    {"FROM a\nRUN <<A <<B\nA\n", "f:2:9: this heredoc is not ended: no line is \"B\""},
    {"FROM a\nRUN <<EOF\n EOF\n", "f:2:5: this heredoc"},
    {"# escape=x\nFROM a", "f:1:1: the directive escape"},
    {"# escape=` `\nFROM a", "f:1:1: the directive escape"},
    {"# escape= \nFROM a", "f:1:1: the directive escape"},
    {"# syntax=a\n# SYNTAX=b\nFROM a", "f:2:1: the directive syntax is there twice"},
    {"FROM a\nRUN \\\n  # c\n", NULL},
    {"\\", "f:1:1: there is no instruction \"\""},
};

static void
test_what_builders_refuse_is_refused_with_its_place(void)
{
  for (guint i = 0; i < G_N_ELEMENTS(refused); i++) {
    g_test_message("%s", refused[i].text);
    g_autoptr(NzSourceFile) source = nz_source_new("f", refused[i].text, strlen(refused[i].text));
    g_autoptr(GError) error = NULL;
    g_autoptr(NzDockerfile) file = nz_dockerfile_parse(source, &error);
    if (!refused[i].want) {
      g_assert_no_error(error);
      continue;
    }
    g_assert_null(file);
    assert_error_says(&error, NZ_ERROR_INPUT, refused[i].want);
  }
}

static void
test_a_binary_file_is_refused(void)
{
  static const char text[] = "FROM a\nRUN \0x";
  g_autoptr(NzSourceFile) source = nz_source_new("f", text, sizeof text - 1);
  g_autoptr(GError) error = NULL;
  g_assert_null(nz_dockerfile_parse(source, &error));
  assert_error_says(&error, NZ_ERROR_INPUT, "f:2:5: there is a NUL byte");
}

static void
test_lines_have_a_limit(void)
{
  g_autoptr(GString) text = g_string_new("FROM a\nRUN ");
  g_autofree char *fill = g_strnfill(NZ_DOCKER_LINE_MAX - strlen("RUN ") - 1, 'x');
  g_string_append(text, fill);
  g_autoptr(NzSourceFile) longest = nz_source_new("f", text->str, text->len);
  g_autoptr(NzDockerfile) file = parse(longest);
  g_assert_cmpuint(file->instructions->len, ==, 2);
  g_string_append(text, "x\n");
  g_autoptr(NzSourceFile) longer = nz_source_new("f", text->str, text->len);
  g_autoptr(GError) error = NULL;
  g_assert_null(nz_dockerfile_parse(longer, &error));
  assert_error_says(&error, NZ_ERROR_LIMIT, "f:2:1: this line has 64 KiB");
}

/* A builder might see a heredoc where we gave up. */
static void
test_a_line_that_is_too_deep_begins_no_heredoc_in_silence(void)
{
  g_autoptr(GString) text = g_string_new("FROM a\nRUN ");
  for (guint i = 0; i <= NZ_EXPAND_DEPTH_MAX; i++)
    g_string_append(text, "${a:-");
  for (guint i = 0; i <= NZ_EXPAND_DEPTH_MAX; i++)
    g_string_append(text, "}");
  g_string_append(text, " <<EOF\nx\nEOF\nUSER 1\n");
  g_autoptr(NzSourceFile) source = nz_source_new("f", text->str, text->len);
  g_autoptr(GError) error = NULL;
  g_assert_null(nz_dockerfile_parse(source, &error));
  assert_error_says(&error, NZ_ERROR_INPUT, "nest deeper");
}

/* --- where things stand --- */

static void
assert_text(const NzSourceFile *source, NzSpan span, const char *want)
{
  g_autofree char *have = g_strndup(source->data + span.start, span.end - span.start);
  g_assert_cmpstr(have, ==, want);
}

static void
test_spans_are_of_the_file(void)
{
  static const char text[] = "FROM a\n"
                             "COPY --from=\"b\" \\\n  # c\n  --chown=1 x \\\n y z  \n"
                             "ENV K=v \\\n L='w x'\n"
                             "CMD [\"p\", \\\n \"q r\"]\n"
                             "RUN <<E a \\\n b\nbody\nE\n"
                             "ONBUILD USER  me\n"
                             "HEALTHCHECK CMD z\n";
  g_autoptr(NzSourceFile) source = nz_source_new("f", text, strlen(text));
  g_autoptr(NzDockerfile) file = parse(source);
  NzInstruction **all = (NzInstruction **)file->instructions->pdata;
  assert_text(source, all[0]->span, "FROM a");
  assert_text(source, all[1]->keyword, "COPY");
  assert_text(source, all[1]->span, "COPY --from=\"b\" \\\n  # c\n  --chown=1 x \\\n y z  ");
  const NzDockerFlag *from = nz_instruction_flag(all[1], "from");
  assert_text(source, from->span, "--from=\"b\"");
  assert_text(source, from->value_span, "\"b\"");
  assert_text(source, nz_instruction_flag(all[1], "chown")->value_span, "1");
  g_assert_null(nz_instruction_flag(all[1], "chmod"));
  assert_text(source, ((NzWord *)all[1]->words->pdata[1])->span, "y");
  g_assert_cmpstr(all[1]->rest->data, ==, "x  y z");
  assert_text(source, nz_joined_span(all[1]->rest, 0, all[1]->rest->len), "x \\\n y z");
  assert_text(source, nz_joined_span(all[1]->rest, 3, 4), "y");
  const NzDockerPair *pair = all[2]->pairs->pdata[1];
  assert_text(source, pair->span, "L='w x'");
  assert_text(source, pair->value_span, "'w x'");
  assert_text(source, ((NzWord *)all[3]->words->pdata[1])->span, "\"q r\"");
  assert_text(source, all[4]->span, "RUN <<E a \\\n b\nbody\nE");
  const NzHeredoc *heredoc = all[4]->heredocs->pdata[0];
  assert_text(source, nz_joined_span(heredoc->body, 0, heredoc->body->len), "body\n");
  assert_text(source, all[5]->keyword, "ONBUILD");
  assert_text(source, all[5]->inner->keyword, "USER");
  assert_text(source, ((NzWord *)all[5]->inner->words->pdata[0])->span, "me");
  assert_text(source, all[6]->inner->keyword, "CMD");
  g_autoptr(NzPlace) place = nz_source_place(source, pair->value_span);
  g_assert_cmpuint(place->line, ==, 7);
  g_assert_cmpuint(place->column, ==, 4);
  g_assert_cmpuint(place->end_line, ==, 7);
  g_assert_cmpuint(place->end_column, ==, 9);
}

static const char token_letters[] = {
    [NZ_TOKEN_BLANK] = '_',         [NZ_TOKEN_COMMENT] = '#', [NZ_TOKEN_DIRECTIVE] = '@',
    [NZ_TOKEN_KEYWORD] = 'K',       [NZ_TOKEN_FLAG] = 'F',    [NZ_TOKEN_ARGUMENT] = 'A',
    [NZ_TOKEN_CONTINUATION] = '\\', [NZ_TOKEN_HEREDOC] = 'H',
};

/* For each byte the letter of its token. */
static const char *const tokens[][2] = {
    {"\xef\xbb\xbf# escape=\\\r\nFROM a\r\n", "___@@@@@@@@@@__KKKK_A__"},
    {"FROM a \\\n # c\n\n  AS b", "KKKK_A_\\\\_###____AA_A"},
    {"# c\nFROM a\nRUN --mount=x a  b\\ \n c # d ", "###_KKKK_A_KKK_FFFFFFFFF_AAAA\\\\\\_AAAAA_"},
    {"FROM a\nONBUILD COPY --link x y", "KKKK_A_KKKKKKK_KKKK_FFFFFF_A_A"},
    {"FROM a\nHEALTHCHECK CMD x", "KKKK_A_KKKKKKKKKKK_KKK_A"},
    {"FROM a\nRUN <<E\nx\nE\n", "KKKK_A_KKK_AAA_HHH_"},
    {"FR\\\nOM a\nENV A=1  B=2", "KK\\\\KK_A_KKK_AAA__AAA"},
    {"FROM a\nCMD [\"a\", \"b\"]", "KKKK_A_KKK_AAAAAAAAAA"},
};

static void
test_tokens_are_of_their_kinds(void)
{
  for (guint i = 0; i < G_N_ELEMENTS(tokens); i++) {
    g_autoptr(NzSourceFile) source = nz_source_new("f", tokens[i][0], strlen(tokens[i][0]));
    g_autoptr(NzDockerfile) file = parse(source);
    g_autoptr(GString) have = g_string_new(NULL);
    for (guint k = 0; k < file->tokens->len; k++) {
      const NzToken *token = &g_array_index(file->tokens, NzToken, k);
      for (guint32 at = token->span.start; at < token->span.end; at++)
        g_string_append_c(have, token_letters[token->kind]);
    }
    g_assert_cmpstr(have->str, ==, tokens[i][1]);
  }
}

static void
test_columns_count_characters(void)
{
  static const char text[] = "é\xffx\nä";
  g_autoptr(NzSourceFile) source = nz_source_new("a\nb", text, strlen(text));
  static const struct {
    guint32 offset;
    guint line, column;
  } places[] = {{0, 1, 1}, {2, 1, 2}, {3, 1, 3}, {4, 1, 4}, {5, 2, 1}, {7, 2, 2}, {99, 2, 2}};
  for (guint i = 0; i < G_N_ELEMENTS(places); i++) {
    guint column, line = nz_source_line(source, places[i].offset, &column);
    g_assert_cmpuint(line, ==, places[i].line);
    g_assert_cmpuint(column, ==, places[i].column);
  }
  g_assert_cmpstr(source->name, ==, "a\\x0ab");
}

/* Each character of lines of every length, beside a count from the line's begin. */
static void
test_columns_of_long_lines(void)
{
  static const char *const characters[] = {"a", "\xc3\xa9", "\xff", "\xe2\x82\xac"};
  static const guint lengths[] = {3, 5000, 0, 1, 1024, 1025, 2500, 700, 9000};
  g_autoptr(GString) text = g_string_new(NULL);
  g_autoptr(GArray) begins = g_array_new(FALSE, FALSE, sizeof(guint32));
  for (guint i = 0; i < G_N_ELEMENTS(lengths); i++) {
    for (guint k = 0; k < lengths[i]; k++) {
      guint32 at = (guint32)text->len;
      g_array_append_val(begins, at);
      g_string_append(text, characters[(k * 7 + k / 5) % G_N_ELEMENTS(characters)]);
    }
    g_string_append_c(text, '\n');
  }
  g_autoptr(NzSourceFile) source = nz_source_new("f", text->str, text->len);
  for (guint i = 0, n = 0; i < G_N_ELEMENTS(lengths); i++)
    for (guint k = 0; k < lengths[i]; k++, n++) {
      guint column, line = nz_source_line(source, g_array_index(begins, guint32, n), &column);
      g_assert_cmpuint(line, ==, i + 1);
      g_assert_cmpuint(column, ==, k + 1);
    }
}

static void
test_directives_are_kept(void)
{
  static const char text[] = "#syntax = a/b:1 \n# Check=skip=X;error=true\nFROM a\n";
  g_autoptr(NzSourceFile) source = nz_source_new("f", text, strlen(text));
  g_autoptr(NzDockerfile) file = parse(source);
  g_assert_cmpstr(file->syntax, ==, "a/b:1");
  g_assert_cmpstr(file->check, ==, "skip=X;error=true");
  g_assert_cmpint(file->escape, ==, '\\');
}

/* --- triggers of image configurations --- */

static const struct {
  const char *text, *want, *error;
} triggers[] = {
    {"RUN make", "RUN make", NULL},
    {"user a b", "USER (a b)", NULL},
    {"RUN <<EOF\nx\nEOF", "RUN <<EOF <<EOF:x\n", NULL},
    {"COPY a \\\n b", "COPY (a) (b)", NULL},
    {"RUN a\nRUN b", NULL, "f:2:1: a trigger is one instruction"},
    {"FROM a", NULL, "f:1:1: FROM cannot be triggered"},
    {"ONBUILD RUN a", NULL, "f:1:1: ONBUILD cannot be triggered"},
    {"", NULL, "f:1:1: there is no instruction"},
    {"FOO", NULL, "f:1:1: there is no instruction \"FOO\""},
};

static void
test_triggers_are_read(void)
{
  for (guint i = 0; i < G_N_ELEMENTS(triggers); i++) {
    g_autoptr(NzSourceFile) source = nz_source_new("f", triggers[i].text, strlen(triggers[i].text));
    g_autoptr(GError) error = NULL;
    g_autoptr(NzInstruction) instruction = nz_instruction_parse(source, &error);
    if (triggers[i].error) {
      g_assert_null(instruction);
      assert_error_says(&error, NZ_ERROR_INPUT, triggers[i].error);
      continue;
    }
    g_assert_no_error(error);
    g_autoptr(GString) have = g_string_new(NULL);
    show(have, instruction);
    g_assert_cmpstr(have->str, ==, triggers[i].want);
  }
}

/* --- any text --- */

static const char *const scraps[] = {
    "FROM a",
    "RUN x",
    "COPY a b",
    "ENV A=1",
    "ARG B",
    "USER 1",
    "\n",
    "\n",
    "\n",
    "\r\n",
    " ",
    "\t",
    "\\",
    "\\\n",
    "\\ \r\n",
    "# c",
    "# escape=`",
    "`\n",
    "`",
    "<<EOF",
    "<<-'X'",
    "EOF\n",
    "X\n",
    "\tX\n",
    "\"",
    "'",
    "[\"a\"]",
    "--from=b ",
    "--",
    "é",
    "\xff",
    "\u00a0",
    "\xef\xbb\xbf",
    "ONBUILD ",
    "HEALTHCHECK CMD ",
    "$A",
    "${B:-c}",
    "=",
    "\v",
    "LABEL k v",
    "SHELL [\"s\"]",
    "\r",
};

/* Whatever is taken is printed as it was; whatever is not is refused with a place. */
static void
test_what_is_read_is_printed_as_it_was(void)
{
  guint read = 0;
  g_autoptr(GRand) random = g_rand_new_with_seed(5);
  for (guint i = 0; i < 20000; i++) {
    g_autoptr(GString) text = g_string_new(g_rand_boolean(random) ? "FROM a\n" : "");
    for (gint32 n = g_rand_int_range(random, 0, 14); n > 0; n--)
      g_string_append(text, scraps[g_rand_int_range(random, 0, G_N_ELEMENTS(scraps))]);
    g_autoptr(NzSourceFile) source = nz_source_new("f", text->str, text->len);
    g_autoptr(GError) error = NULL;
    g_autoptr(NzDockerfile) file = nz_dockerfile_parse(source, &error);
    g_assert_true((file == NULL) == (error != NULL));
    if (file) {
      assert_covered(file);
      read++;
    } else {
      g_assert_true(g_str_has_prefix(error->message, "f:"));
    }
  }
  g_assert_cmpuint(read, >, 1000);
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/dockerfile/read", test_files_are_read);
  g_test_add_func("/dockerfile/refused", test_what_builders_refuse_is_refused_with_its_place);
  g_test_add_func("/dockerfile/binary", test_a_binary_file_is_refused);
  g_test_add_func("/dockerfile/long-lines", test_lines_have_a_limit);
  g_test_add_func("/dockerfile/deep-heredoc",
                  test_a_line_that_is_too_deep_begins_no_heredoc_in_silence);
  g_test_add_func("/dockerfile/spans", test_spans_are_of_the_file);
  g_test_add_func("/dockerfile/tokens", test_tokens_are_of_their_kinds);
  g_test_add_func("/dockerfile/columns", test_columns_count_characters);
  g_test_add_func("/dockerfile/columns-of-long-lines", test_columns_of_long_lines);
  g_test_add_func("/dockerfile/directives", test_directives_are_kept);
  g_test_add_func("/dockerfile/triggers", test_triggers_are_read);
  g_test_add_func("/dockerfile/round-trip", test_what_is_read_is_printed_as_it_was);
  return g_test_run();
}

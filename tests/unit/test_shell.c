/* SPDX-License-Identifier: Apache-2.0 */
/* Shell text split: tables of text and the commands in it, and texts that real shells run. */
#include "build/shell.h"

#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/limits.h"

typedef struct {
  const char *text;
  const char *commands;
} Row;

/* What the build is known to have set. */
static const char *const environment[] = {"KNOWN=val", "TWO=x y", "EMPTY=", NULL};

static const char *const joins[] = {"", "&& ", "|| ", "| "};

/* [word], <what is not known>, *glob*. */
static void
print_word(GString *out, const NzShellWord *word)
{
  const char *marks = !word->known ? "<>" : word->glob ? "**" : "[]";
  g_string_append_printf(out, "%c%s%c", marks[0], word->text, marks[1]);
}

static void
print_command(GString *out, const NzShellCommand *command)
{
  g_string_append_printf(out, "%s%s", joins[command->join], command->maybe ? "?" : "");
  for (guint i = 0; i < command->assignments->len; i++) {
    g_string_append_c(out, '=');
    print_word(out, command->assignments->pdata[i]);
  }
  for (guint i = 0; i < command->words->len; i++)
    print_word(out, command->words->pdata[i]);
  for (guint i = 0; i < command->redirects->len; i++) {
    const NzShellRedirect *redirect = command->redirects->pdata[i];
    if (redirect->fd >= 0)
      g_string_append_printf(out, "%d", redirect->fd);
    g_string_append(out, redirect->op);
    print_word(out, redirect->word);
  }
  if (command->depth > 0)
    g_string_append_printf(out, "^%u", command->depth);
}

static char *
print_text(const NzShellText *text)
{
  GString *out = g_string_new(NULL);
  for (guint i = 0; i < text->commands->len; i++) {
    g_string_append(out, i > 0 ? "; " : "");
    print_command(out, text->commands->pdata[i]);
  }
  if (text->unsplit)
    g_string_append_printf(out, "!%" G_GSIZE_FORMAT ": %s", text->unsplit_at, text->unsplit);
  return g_string_free(out, FALSE);
}

static void
check_rows(const Row *rows, gsize n)
{
  for (gsize i = 0; i < n; i++) {
    /* Of exact size and not terminated, as files are. */
    gsize len = strlen(rows[i].text);
    g_autofree char *copy = g_memdup2(rows[i].text, len);
    g_autoptr(NzShellText) text = nz_shell_split(copy, len, environment);
    g_autofree char *printed = print_text(text);
    if (strcmp(printed, rows[i].commands) != 0)
      g_test_message("%s", rows[i].text);
    g_assert_cmpstr(printed, ==, rows[i].commands);
  }
}

static void
test_quotes(void)
{
  static const Row rows[] = {
      {"a b  c", "[a][b][c]"},
      {"a 'b c' d", "[a][b c][d]"},
      {"a \"b c\" d", "[a][b c][d]"},
      {"a b\\ c", "[a][b c]"},
      {"a 'it''s'", "[a][its]"},
      {"a \"x\"y\"z\"", "[a][xyz]"},
      {"a \"\"", "[a][]"},
      {"a ''", "[a][]"},
      {"a \"\\$v \\\"q\\\" \\\\ \\x\"", "[a][$v \"q\" \\ \\x]"},
      {"a $'x\\ty\\x41\\101\\u00e9\\'z'", "[a][x\tyAA\303\251'z]"},
      {"a $\"loc\"", "[a][loc]"},
      {"a b\\\nc", "[a][bc]"},
      {"a \"b\\\nc\"", "[a][bc]"},
      {"a \\\"b", "[a][\"b]"},
      {"a 'b\nc'", "[a][b\nc]"},
      {"a x#y # comment", "[a][x#y]"},
      {"# only a comment", ""},
      {"", ""},
      {" \n\t\n", ""},
      {"a \\#b", "[a][#b]"},
      {"sudo", "[sudo]"},
      {"'sudo' x", "[sudo][x]"},
      {"echo \"sudo su\"", "[echo][sudo su]"},
      {"curl https://x/sudo?a=1#b", "[curl]*https://x/sudo?a=1#b*"},
      {"a {} \\;", "[a][{}][;]"},
      {"a $", "[a][$]"},
      {"a \"$\"", "[a][$]"},
      {"a $%", "[a][$%]"},
      {"a b\r\nc\r\n", "[a][b\r]; [c\r]"},
  };
  check_rows(rows, G_N_ELEMENTS(rows));
}

static void
test_operators(void)
{
  static const Row rows[] = {
      {"a;b", "[a]; [b]"},
      {"a && b", "[a]; && [b]"},
      {"a || b", "[a]; || ?[b]"},
      {"a | b", "[a]; | [b]"},
      {"a |& b", "[a]; | [b]"},
      {"a & b", "[a]; [b]"},
      {"a\nb", "[a]; [b]"},
      {"a &&\n b", "[a]; && [b]"},
      {"a |\n b", "[a]; | [b]"},
      {"! a", "[a]"},
      {"! a | b", "[a]; | [b]"},
      {"! a && b; c", "[a]; && ?[b]; [c]"},
      {"! a && b", "[a]; && [b]"},
      {"a && b || c", "[a]; && ?[b]; || ?[c]"},
      {"a || b && c", "[a]; || ?[b]; && [c]"},
      {"(a; b)", "[a]^1; [b]^1"},
      {"{ a; b; }", "[a]; [b]"},
      {"(a) && b", "[a]^1; && [b]"},
      {"((a); b)", "[a]^2; [b]^1"},
      {"a&&b||c;d&e|f", "[a]; && ?[b]; || ?[c]; [d]; [e]; | [f]"},
      {"time a", "[time][a]"},
      {"time { a; }", "[a]"},
      {"a | (b; c)", "[a]; | [b]^1; [c]^1"},
      {"(a | b) | c", "[a]^1; | [b]^1; | [c]"},
      {"test x && a", "[test][x]; && [a]"},
      {"test x && a; b", "[test][x]; && ?[a]; [b]"},
      {"[ x ] || a", "[[][x][]]; || ?[a]"},
      {"[ x ] && a\nb", "[[][x][]]; && ?[a]; [b]"},
      {"set -e; a", "[set][-e]; [a]"},
      {"a > /x b", "[a][b]>[/x]"},
      {"echo {a,b} { }", "[echo][a][b][{][}]"},
      {"a; }", "[a]!3: a word or bracket out of place"},
      {"x=1 y=2 a", "=[x=1]=[y=2][a]"},
      {"a x=1", "[a][x=1]"},
      {"FOO=1", "=[FOO=1]"},
      {"a=b c=d", "=[a=b]=[c=d]"},
      {"2a", "[2a]"},
      {"a 2>b", "[a]2>[b]"},
      {"a 2 >b", "[a][2]>[b]"},
      {"a 2>&1", "[a]2>&[1]"},
      {"a &>b", "[a]&>[b]"},
      {"a >| b", "[a]>|[b]"},
      {"a < b > c >> d", "[a]<[b]>[c]>>[d]"},
      {"> f", ">[f]"},
      {"a <> b", "[a]<>[b]"},
  };
  check_rows(rows, G_N_ELEMENTS(rows));
}

static void
test_compound_commands(void)
{
  static const Row rows[] = {
      {"if a; then b; fi", "[a]; ?[b]"},
      {"if a; then b; elif c; then d; else e; fi", "[a]; ?[b]; ?[c]; ?[d]; ?[e]"},
      {"if a\nthen b\nfi", "[a]; ?[b]"},
      {"while a; do b; done", "[a]; ?[b]"},
      {"until a; do b; done", "[a]; ?[b]"},
      {"for i in 1 2; do a $i; done", "[a][1]; [a][2]"},
      {"for i in 1 2\ndo\na $i\ndone", "[a][1]; [a][2]"},
      {"for i in; do a; done", ""},
      {"for i in $X; do a $i; done", "?[a]<$i>"},
      {"for i; do a $i; done", "?[a]<$i>"},
      {"for f in *.sh; do a \"$f\"; done", "[a]**.sh*"},
      {"for ((i=0;i<3;i++)); do a $i; done", "?[a]<$i>"},
      {"for i in a 'b c'; do x \"$i\"; done", "[x][a]; [x][b c]"},
      {"case x in x) a;; esac", "[a]"},
      {"case x in y) a;; *) b;; esac", "[b]"},
      {"case $X in y) a;; *) b;; esac", "?[a]; ?[b]"},
      {"case x in (x|y) a;; z) b; esac", "[a]"},
      {"case abc in a*) a;; esac", "[a]"},
      {"case $X in *) a;; esac", "[a]"},
      {"case \"$KNOWN\" in v?l) a ;; *) b ;; esac", "[a]"},
      {"case x in [a-w]) a;; [!a-w]) b;; esac", "[b]"},
      {"case '*' in \\*) a;; esac", "[a]"},
      {"case x in x) a;& y) b;; esac", "?[a]"},
      {"f() { a; }", "?[a]"},
      {"f() { a $1; }; f x", "[a][x]"},
      {"function f { a; }; f", "[a]"},
      {"function f() { a; }; f", "[a]"},
      {"f() ( a ); f; f", "[a]^1; [a]^1"},
      {"f() { f; a; }; f", "[a]"},
      {"f() { a \"$@\"; }; f x 'y z'", "[a][x][y z]"},
      {"f() { local v=$1; a $v; }; f q", "[local][v=q]; [a][q]"},
      {"[[ a == b ]]", "[[[][a][==][b][]]]"},
      {"[[ a && ( b || c ) ]] && d", "[[[][a][&&][(][b][||][c][)][]]]; && [d]"},
      {"[[ $X =~ ^(a|b c)$ ]]", "[[[]<$X>[=~][^(a|b c)$][]]]"},
      {"[[ a < b ]]", "[[[][a][<][b][]]]"},
      {"(( x = 1 )) && a", "[((][ x = 1 ]; && [a]"},
      {"while read l; do a $l; done < f", "[read][l]<[f]; ?[a]<$l><[f]"},
      {"{ a; b; } > f", "[a]>[f]; [b]>>[f]"},
      {"(a; b) >> f", "[a]>>[f]^1; [b]>>[f]^1"},
      {"if a; then b; fi 2>/dev/null", "[a]2>[/dev/null]; ?[b]2>>[/dev/null]"},
      {"select x in a b; do c; done", "[c]; [c]"},
      {"a | while read x; do b; done", "[a]; | [read][x]; ?[b]"},
      {"i=0; while a; do i=1; b $i; done; c $i", "=[i=0]; [a]; ?=[i=1]; ?[b][1]; [c]<$i>"},
      {"if a; then v=1; fi; b $v", "[a]; ?=[v=1]; [b]<$v>"},
      {"v=1; if a; then v=1; fi; b $v", "=[v=1]; [a]; ?=[v=1]; [b][1]"},
      {"v=1; a || v=2; b $v", "=[v=1]; [a]; || ?=[v=2]; [b]<$v>"},
      {"(v=1); a $v", "=[v=1]^1; [a]<$v>"},
      {"v=0; (v=1); a $v", "=[v=0]; =[v=1]^1; [a][0]"},
      {"v=0; v=1 | x; a $v", "=[v=0]; =[v=1]; | [x]; [a][0]"},
  };
  check_rows(rows, G_N_ELEMENTS(rows));
}

static void
test_variables(void)
{
  static const Row rows[] = {
      {"a $KNOWN", "[a][val]"},
      {"a \"$KNOWN\"", "[a][val]"},
      {"a ${KNOWN}x", "[a][valx]"},
      {"a '$KNOWN'", "[a][$KNOWN]"},
      {"a \\$KNOWN", "[a][$KNOWN]"},
      {"a $TWO", "[a][x][y]"},
      {"a \"$TWO\"", "[a][x y]"},
      {"a x$TWO", "[a][xx][y]"},
      {"a $EMPTY b", "[a][b]"},
      {"a \"$EMPTY\" b", "[a][][b]"},
      {"a $UNKNOWN", "[a]<$UNKNOWN>"},
      {"a \"x$UNKNOWN\"", "[a]<x$UNKNOWN>"},
      {"a ${UNKNOWN}", "[a]<${UNKNOWN}>"},
      {"v=1; a $v", "=[v=1]; [a][1]"},
      {"v=1; v=$v$v; a $v", "=[v=1]; =[v=11]; [a][11]"},
      {"v=1; unset v; a $v b", "=[v=1]; [unset][v]; [a][b]"},
      {"export v=1; a $v", "[export][v=1]; [a][1]"},
      {"export v=$TWO; a \"$v\"", "[export][v=x y]; [a][x y]"},
      {"readonly v=1 w=2; a $v $w", "[readonly][v=1][w=2]; [a][1][2]"},
      {"v=1 a $v", "=[v=1][a]<$v>"},
      {"v=$(x); a $v", "[x]^1; =<v=$(x)>; [a]<$v>"},
      {"v=`x`; a $v", "[x]^1; =<v=`x`>; [a]<$v>"},
      {"v+=1; a $v", "=[v+=1]; [a]<$v>"},
      {"v=1; v+=2; a $v", "=[v=1]; =[v+=2]; [a][12]"},
      {"a ${NOT:-d}", "[a][d]"},
      {"a ${KNOWN:-d}", "[a][val]"},
      {"a ${EMPTY:-d}", "[a][d]"},
      {"a ${EMPTY-d}", "[a]"},
      {"a ${NOT-d}", "[a][d]"},
      {"a ${KNOWN:+d}", "[a][d]"},
      {"a ${NOT:+d}", "[a]"},
      {"a ${EMPTY+d}", "[a][d]"},
      {"a ${EMPTY:+d}", "[a]"},
      {": ${v:=d}; a $v", "[:][d]; [a][d]"},
      {"a ${KNOWN:?no}", "[a][val]"},
      {"a ${NOT:?no}", "[a]<${NOT:?no}>"},
      {"a \"${NOT:-x y}\"", "[a][x y]"},
      {"a ${NOT:-x y}", "[a][x][y]"},
      {"a ${NOT:-\"x y\"}", "[a][x y]"},
      {"a ${NOT:-$KNOWN}", "[a][val]"},
      {"a ${NOT:-${NOT2:-z}}", "[a][z]"},
      {"a ${NOT:-$(x)}", "[x]^1; [a]<$(x)>"},
      {"a ${HOME:-x}", "[a]<${HOME:-x}>"},
      {"a $HOME", "[a]<$HOME>"},
      {"a ${TARGETARCH:-x}", "[a]<${TARGETARCH:-x}>"},
      {"v=a.b.c; a ${v#*.} ${v##*.} ${v%.*} ${v%%.*}", "=[v=a.b.c]; [a][b.c][c][a.b][a]"},
      {"v=a.b.c; a ${v/./-} ${v//./-}", "=[v=a.b.c]; [a][a-b.c][a-b-c]"},
      {"v=abc; a ${#v}", "=[v=abc]; [a]<${#v}>"},
      {"v=abc; a ${v:1:2}", "=[v=abc]; [a]<${v:1:2}>"},
      {"v=abc; a ${v^^}", "=[v=abc]; [a]<${v^^}>"},
      {"a ${!v}", "[a]<${!v}>"},
      {"a ${", "[a]!2: an unterminated ${"},
      {"a ${v", "[a]!2: an unterminated ${"},
      {"a ${a b}", "[a]<${a b}>"},
      {"p='a b'; apt $p", "=[p=a b]; [apt][a][b]"},
      {"p='a b'; apt \"$p\"", "=[p=a b]; [apt][a b]"},
      {"IFS=,; v=a,b; x $v", "=[IFS=,]; =[v=a,b]; [x][a][b]"},
      {"IFS=:; v=a::b; x $v", "=[IFS=:]; =[v=a::b]; [x][a][][b]"},
      {"v=(a 'b c'); x \"${v[@]}\"", "=<v=>; [x][a][b c]"},
      {"v=(a b); x ${v[1]} $v ${v[*]}", "=<v=>; [x][b][a][a][b]"},
      {"v=(); x \"${v[@]}\" y", "=<v=>; [x][y]"},
      {"v=(a); v+=(b); x \"${v[@]}\"", "=<v=>; =<v+=>; [x]<${v[@]}>"},
      {"v[0]=a; x", "=[v[0]=a]; [x]"},
      {"set -- a 'b c'; x \"$@\"", "[set][--][a][b c]; [x][a][b c]"},
      {"set -- a 'b c'; x $@", "[set][--][a][b c]; [x][a][b][c]"},
      {"set -- a b; x \"$*\"", "[set][--][a][b]; [x][a b]"},
      {"set -- a b; x $#", "[set][--][a][b]; [x][2]"},
      {"set -- a b; shift; x $1 $2 y", "[set][--][a][b]; [shift]; [x][b][y]"},
      {"set a b; x $2", "[set][a][b]; [x][b]"},
      {"set -eux; x $1", "[set][-eux]; [x]<$1>"},
      {"x $1", "[x]<$1>"},
      {"x \"$@\"", "[x]<$@>"},
      {"x $? $$ $! $- $0", "[x]<$?><$$><$!><$-><$0>"},
      {"x \"p$@s\"", "[x]<p$@s>"},
      {"set -- 1 2; x \"p$@s\"", "[set][--][1][2]; [x][p1][2s]"},
      {". ./env; a ${NOT:-d}", "[.][./env]; [a]<${NOT:-d}>"},
      {"source env.sh; a $KNOWN", "[source][env.sh]; [a]<$KNOWN>"},
      {"read v; a $v", "[read][v]; [a]<$v>"},
      {"v=1; read v; a $v", "=[v=1]; [read][v]; [a]<$v>"},
      {"printf -v v x; a $v", "[printf][-v][v][x]; [a]<$v>"},
      {"v=1; for v in a $X; do :; done; a $v", "=[v=1]; ?[:]; [a]<$v>"},
      {"a $((1+2))", "[a]<$((1+2))>"},
      {"a $((v=1)); b $v", "[a]<$((v=1))>; [b]<$v>"},
      {"v=1; ((v++)); b $v", "=[v=1]; [((][v++]; [b]<$v>"},
      {"a $[1]", "[a]*$[1]*"},
      {"v=x; eval a \\$v", "=[v=x]; [eval][a][$v]; [a][x]"},
      {"echo ~/x ~user '~'", "[echo][~/x][~user][~]"},
  };
  check_rows(rows, G_N_ELEMENTS(rows));
}

static void
test_substitutions(void)
{
  static const Row rows[] = {
      {"a $(b)", "[b]^1; [a]<$(b)>"},
      {"a \"$(b)\"", "[b]^1; [a]<$(b)>"},
      {"a `b`", "[b]^1; [a]<`b`>"},
      {"a \"`b \\\"c\\\"`\"", "[b][c]^1; [a]<`b \\\"c\\\"`>"},
      {"a $(b `c`)", "[c]^2; [b]<`c`>^1; [a]<$(b `c`)>"},
      {"a `b \\`c\\``", "[c]^2; [b]<`c`>^1; [a]<`b \\`c\\``>"},
      {"a $(b; c) d", "[b]^1; [c]^1; [a]<$(b; c)>[d]"},
      {"a $(b $(c))", "[c]^2; [b]<$(c)>^1; [a]<$(b $(c))>"},
      {"a \"$(b \"c d\")\"", "[b][c d]^1; [a]<$(b \"c d\")>"},
      {"a $(b 'c)')", "[b][c)]^1; [a]<$(b 'c)')>"},
      {"a $(case x in x) b;; esac)", "[b]^1; [a]<$(case x in x) b;; esac)>"},
      {"a <(b) >(c)", "[b]^1; [c]^1; [a]<<(b)><>(c)>"},
      {"a $(< f)", "<[f]^1; [a]<$(< f)>"},
      {"a $( (b) )", "[b]^2; [a]<$( (b) )>"},
      {"a $((b); c)", "[b]^2; [c]^1; [a]<$((b); c)>"},
      {"v=$(a) b", "[a]^1; =<v=$(a)>[b]"},
      {"a > $(b)", "[b]^1; [a]><$(b)>"},
      {"a `b", "[a]!2: an unterminated `"},
      {"a $(b", "[a]!2: an unterminated $("},
      {"a $(b;", "[a]!2: an unterminated $("},
      {"a \"$(b\"", "[a]!6: an unterminated double quote"},
      {"a <(b", "[a]!2: an unterminated <("},
      {"v=$(x=1; a $x); b $x", "=[x=1]^1; [a][1]^1; =<v=$(x=1; a $x)>; [b]<$x>"},
      {"a $(cat <<E\nx)y\nE\n) b", "[cat]<<[x)y\n]^1; [a]<$(cat <<E\nx)y\nE\n)>[b]"},
  };
  check_rows(rows, G_N_ELEMENTS(rows));
}

static void
test_texts_that_are_run(void)
{
  static const Row rows[] = {
      {"sh -c 'a b'", "[sh][-c][a b]; [a][b]^1"},
      {"sh -c \"a 'b c'\"", "[sh][-c][a 'b c']; [a][b c]^1"},
      {"/bin/sh -xec 'a; b'", "[/bin/sh][-xec][a; b]; [a]^1; [b]^1"},
      {"bash -ec 'a' x", "[bash][-ec][a][x]; [a]^1"},
      {"bash -o pipefail -c 'a | b'", "[bash][-o][pipefail][-c][a | b]; [a]^1; | [b]^1"},
      {"bash -exo pipefail -c 'a'", "[bash][-exo][pipefail][-c][a]; [a]^1"},
      {"sh -c 'a $1 $0' n x", "[sh][-c][a $1 $0][n][x]; [a][x]<$0>^1"},
      {"sh -c 'a \"$@\"' n x 'y z'", "[sh][-c][a \"$@\"][n][x][y z]; [a][x][y z]^1"},
      {"sh script.sh", "[sh][script.sh]"},
      {"sh -x ./s", "[sh][-x][./s]"},
      {"bash --login -c 'a'", "[bash][--login][-c][a]; [a]^1"},
      {"sh -- -c a", "[sh][--][-c][a]"},
      {"env A=b sh -c 'a $A'", "[env][A=b][sh][-c][a $A]; [a][b]^1"},
      {"A=b sh -c 'a $A'", "=[A=b][sh][-c][a $A]; [a][b]^1"},
      {"exec sh -c a", "[exec][sh][-c][a]; [a]^1"},
      {"sudo -u u sh -c a", "[sudo][-u][u][sh][-c][a]; [a]^1"},
      {"gosu u:g bash -c 'a'", "[gosu][u:g][bash][-c][a]; [a]^1"},
      {"su -c 'a b' u", "[su][-c][a b][u]; [a][b]^1"},
      {"su - u -c 'a'", "[su][-][u][-c][a]; [a]^1"},
      {"su u --command='a b'", "[su][u][--command=a b]; [a][b]^1"},
      {"runuser -u u -- sh -c a", "[runuser][-u][u][--][sh][-c][a]; [a]^1"},
      {"runuser -l u -c 'a'", "[runuser][-l][u][-c][a]; [a]^1"},
      {"chroot /x sh -c a", "[chroot][/x][sh][-c][a]; [a]^1"},
      {"timeout 5 sh -c a", "[timeout][5][sh][-c][a]; [a]^1"},
      {"nice -n 5 sh -c a", "[nice][-n][5][sh][-c][a]; [a]^1"},
      {"xargs -n1 sh -c 'a $1' x", "[xargs][-n1][sh][-c][a $1][x]; ?[a]^1"},
      {"find . -exec sh -c 'a' \\;", "[find][.][-exec][sh][-c][a][;]; ?[a]^1"},
      {"find . -exec chmod 1 {} +", "[find][.][-exec][chmod][1][{}][+]"},
      {"eval a b", "[eval][a][b]; [a][b]"},
      {"eval 'a; b'", "[eval][a; b]; [a]; [b]"},
      {"eval \"v=1\"; a $v", "[eval][v=1]; =[v=1]; [a][1]"},
      {"eval \"$(x)\"; a ${NOT:-d}", "[x]^1; [eval]<$(x)>; <$(x)>; [a]<${NOT:-d}>"},
      {"trap 'a' EXIT", "[trap][a][EXIT]; ?[a]"},
      {"trap - EXIT", "[trap][-][EXIT]"},
      {"busybox sh -c a", "[busybox][sh][-c][a]; [a]^1"},
      {"command -v sh", "[command][-v][sh]"},
      {"sh <<E\na\nb c\nE", "[sh]<<[a\nb c\n]; [a]^1; [b][c]^1"},
      {"sh <<'E'\na $X\nE", "[sh]<<[a $X\n]; [a]<$X>^1"},
      {"bash -s <<< 'a b'", "[bash][-s]<<<[a b]; [a][b]^1"},
      {"cat <<E | sh\na\nE", "[cat]<<[a\n]; | [sh]"},
      {"sh -c 'sh -c \"a b\"'", "[sh][-c][sh -c \"a b\"]; [sh][-c][a b]^1; [a][b]^2"},
      {"sh -c \"a '$UNKNOWN'\"", "[sh][-c]<a '$UNKNOWN'>; [a]<$UNKNOWN>^1"},
      {"sh -c \"a $(x 'y')\"", "[x][y]^1; [sh][-c]<a $(x 'y')>; [a]<$(x 'y')>^1"},
      {"sh -c 'a'\\''b'", "[sh][-c][a'b]!10: an unterminated single quote"},
      {"sh -c \"a; b", "[sh][-c]!6: an unterminated double quote"},
      {"sh -c 'a \"b'; c", "[sh][-c][a \"b]; [a]^1; [c]!9: an unterminated double quote"},
      {"sh -c", "[sh][-c]"},
      {"sh -c \"$KNOWN x\"", "[sh][-c][val x]; [val][x]^1"},
      {"sh -c \"a $TWO\"", "[sh][-c][a x y]; [a][x][y]^1"},
      {"ssh h 'a'", "[ssh][h][a]"},
      {"echo sh -c a", "[echo][sh][-c][a]"},
      {"python -c 'a'", "[python][-c][a]"},
      {"sh -c 'x=1; a $x'; b ${x:-2}", "[sh][-c][x=1; a $x]; =[x=1]^1; [a][1]^1; [b][2]"},
      {"flock /l -c 'a'", "[flock][/l][-c][a]; [a]^1"},
      {"env -i sh -c a", "[env][-i][sh][-c][a]; [a]^1"},
      {"env -u X -C / sh -c a", "[env][-u][X][-C][/][sh][-c][a]; [a]^1"},
      {"sh -c 'exec a'", "[sh][-c][exec a]; [exec][a]^1"},
      {"/usr/bin/env bash -c a", "[/usr/bin/env][bash][-c][a]; [a]^1"},
      {"sudo A=b sh -c 'a $A'", "[sudo][A=b][sh][-c][a $A]; [a][b]^1"},
  };
  check_rows(rows, G_N_ELEMENTS(rows));
}

static void
test_heredocs(void)
{
  static const Row rows[] = {
      {"a <<E\nx $KNOWN\nE\nb", "[a]<<[x val\n]; [b]"},
      {"a <<'E'\nx $KNOWN\nE", "[a]<<[x $KNOWN\n]"},
      {"a <<\\E\n$(x)\nE", "[a]<<[$(x)\n]"},
      {"a <<-E\n\tx\n\ty\n\tE\nb", "[a]<<-[x\ny\n]; [b]"},
      {"a <<E <<F\n1\nE\n2\nF\nb", "[a]<<[1\n]<<[2\n]; [b]"},
      {"a <<E | b\nx\nE", "[a]<<[x\n]; | [b]"},
      {"a <<E && b\nx\nE\nc", "[a]<<[x\n]; && [b]; [c]"},
      {"a <<E\n\\$x \\\\ \"q\" \\q\nE", "[a]<<[$x \\ \"q\" \\q\n]"},
      {"a <<E\n$(b c) $X\nE", "[b][c]^1; [a]<<<$(b c) $X\n>"},
      {"a <<\"E F\"\nx\nE F\nb", "[a]<<[x\n]; [b]"},
      {"a <<E", "[a]"},
      {"a <<E\nx", "[a]<<[x]"},
      {"a <<< b", "[a]<<<[b]"},
      {"a <<< \"b $KNOWN\"", "[a]<<<[b val]"},
      {"{ a <<E\nx\nE\n}", "[a]<<[x\n]"},
      {"if a <<E\nx\nE\nthen b; fi", "[a]<<[x\n]; ?[b]"},
      {"a <<E > f\nx\nE", "[a]<<[x\n]>[f]"},
      {"cat <<E\r\nx\r\nE\r\nb", "[cat]<<[x\r\n]; [b]"},
  };
  check_rows(rows, G_N_ELEMENTS(rows));
}

static void
test_braces(void)
{
  static const Row rows[] = {
      {"a {b,c}", "[a][b][c]"},
      {"a x{b,c}y", "[a][xby][xcy]"},
      {"a {b,c}{d,e}", "[a][bd][be][cd][ce]"},
      {"a {b,{c,d}}", "[a][b][c][d]"},
      {"a {1..3}", "[a][1][2][3]"},
      {"a {c..a}", "[a][c][b][a]"},
      {"a '{b,c}'", "[a][{b,c}]"},
      {"a \"{b,c}\"", "[a][{b,c}]"},
      {"a {b}", "[a][{b}]"},
      {"a {}", "[a][{}]"},
      {"a {b,c", "[a][{b,c]"},
      {"a b,c}", "[a][b,c}]"},
      {"a {b,\"c d\"}", "[a][b][c d]"},
      {"a {,b}", "[a][b]"},
      {"a \\{b,c}", "[a][{b,c}]"},
      {"a ${KNOWN}{1,2}", "[a][val1][val2]"},
      {"v={a,b}; a $v", "=[v={a,b}]; [a][{a,b}]"},
      {"a {1..100000}", "[a][{1..100000}]"},
      {"a {b..}", "[a][{b..}]"},
      {"a {$KNOWN,x}", "[a][val][x]"},
      {"a $KNOWN{b,c}", "[a][val{b,c}]"},
  };
  check_rows(rows, G_N_ELEMENTS(rows));
}

static void
test_what_cannot_be_split(void)
{
  static const Row rows[] = {
      {"a 'b", "[a]!2: an unterminated single quote"},
      {"a \"b", "[a]!2: an unterminated double quote"},
      {"a && ", "[a]!5: an operator without a command after it"},
      {"a |", "[a]!3: an operator or bracket out of place"},
      {"&& a", "!0: an operator or bracket out of place"},
      {"; a", "!0: an operator or bracket out of place"},
      {"a ;; b", "[a]!2: a word or bracket out of place"},
      {"if a; then b", "[a]; ?[b]!0: an if without fi"},
      {"if a; b; fi", "[a]; [b]!0: an if without then"},
      {"fi", "!0: a word or bracket out of place"},
      {"done", "!0: a word or bracket out of place"},
      {"for i in a; b; done", "!0: a loop without do"},
      {"case x in", "!0: a case without esac"},
      {"case x", "!0: a case without in"},
      {"( a", "[a]^1!0: an unterminated ("},
      {"{ a;", "[a]!0: an unterminated {"},
      {"a )", "[a]!2: a word or bracket out of place"},
      {"a; }; b", "[a]!3: a word or bracket out of place"},
      {"while a; do b", "[a]; ?[b]!0: a loop without done"},
      {"[[ a", "[[[][a]!0: an unterminated [["},
      {"a >", "[a]!3: a redirection without a file"},
      {"a <<", "[a]!4: a redirection without a file"},
      {"f() {", "!4: an unterminated {"},
      {"a $(b; c", "[a]!2: an unterminated $("},
      {"((", "!1: an unterminated ("},
      {"for ((", "!4: an unterminated (("},
      {"v=(a b", "=<v=>!2: an unterminated array"},
      {"a; 'b", "[a]!3: an unterminated single quote"},
      {"sh -c 'if'; b", "[sh][-c][if]; [b]!7: an if without then"},
      {"a `b", "[a]!2: an unterminated `"},
      {"$'x", "!0: an unterminated $'"},
  };
  check_rows(rows, G_N_ELEMENTS(rows));
}

/* --- where words stand --- */

/* Each word's text is what stands at its place, when it is not quoted or put together. */
static void
check_places(const char *source, const NzShellText *text, const char *const *expected)
{
  guint n = 0;
  for (guint i = 0; i < text->commands->len; i++) {
    const NzShellCommand *command = text->commands->pdata[i];
    for (guint j = 0; j < command->words->len; j++) {
      const NzShellWord *word = command->words->pdata[j];
      g_assert_cmpuint(word->start, <=, word->end);
      g_assert_cmpuint(word->end, <=, strlen(source));
      g_autofree char *there = g_strndup(source + word->start, word->end - word->start);
      g_assert_nonnull(expected[n]);
      g_assert_cmpstr(there, ==, expected[n++]);
    }
  }
  g_assert_null(expected[n]);
}

static const struct {
  const char *text;
  const char *words[12];
} places[] = {
    {"a 'b c' d", {"a", "'b c'", "d"}},
    {"a \"$KNOWN\"x; b", {"a", "\"$KNOWN\"x", "b"}},
    {"a $TWO", {"a", "$TWO", "$TWO"}},
    {"sh -c 'a b; c'", {"sh", "-c", "'a b; c'", "a", "b", "c"}},
    {"sh -c \"a \\\"b c\\\" \\$x\"",
     {"sh", "-c", "\"a \\\"b c\\\" \\$x\"", "a", "\"b c\\\"", "$x"}},
    {"sh -c \"a $KNOWN c\"", {"sh", "-c", "\"a $KNOWN c\"", "a", "$KNOWN", "c"}},
    {"sh -c \"a $UNKNOWN c\"", {"sh", "-c", "\"a $UNKNOWN c\"", "a", "$UNKNOWN", "c"}},
    {"sh -c 'sh -c \"a b\"'", {"sh", "-c", "'sh -c \"a b\"'", "sh", "-c", "\"a b\"", "a", "b"}},
    {"x=1; sh -c 'a '\"$x\"' b'", {"sh", "-c", "'a '\"$x\"' b'", "a", "$x", "b"}},
    {"a `b \\`c\\` d`", {"c", "b", "`c\\`", "d", "a", "`b \\`c\\` d`"}},
    {"sh <<-E\n\ta b\n\tc\n\tE\n", {"sh", "a", "b", "c"}},
    {"eval a 'b c'", {"eval", "a", "'b c'", "a", "b", "c"}},
    {"f() { a \"$1\"; }; f x", {"a", "\"$1\""}},
};

static void
test_places_of_words(void)
{
  for (gsize i = 0; i < G_N_ELEMENTS(places); i++) {
    g_test_message("%s", places[i].text);
    g_autoptr(NzShellText) text =
        nz_shell_split(places[i].text, strlen(places[i].text), environment);
    g_assert_null(text->unsplit);
    check_places(places[i].text, text, places[i].words);
  }
}

static void
test_args_have_places_with_one_byte_between(void)
{
  static const char *const args[] = {"/bin/sh", "-c", "a 'b c' $1", "n", "x*"};
  g_autoptr(NzShellText) text = nz_shell_split_args(args, 5, environment);
  g_autofree char *printed = print_text(text);
  g_assert_cmpstr(printed, ==, "[/bin/sh][-c][a 'b c' $1][n][x*]; [a][b c]*x**^1");
  check_places(
      "/bin/sh -c a 'b c' $1 n x*", text,
      (const char *const[]){"/bin/sh", "-c", "a 'b c' $1", "n", "x*", "a", "'b c'", "$1", NULL});
}

static void
test_args_are_not_shell_text(void)
{
  static const char *const args[] = {"echo", "$KNOWN", "a;b", "$(x)", "*"};
  g_autoptr(NzShellText) text = nz_shell_split_args(args, 5, environment);
  g_autofree char *printed = print_text(text);
  g_assert_cmpstr(printed, ==, "[echo][$KNOWN][a;b][$(x)][*]");
  g_autoptr(NzShellText) none = nz_shell_split_args(args, 0, NULL);
  g_assert_cmpuint(none->commands->len, ==, 0);
}

/* --- what a command is about --- */

static void
test_programs_behind_others(void)
{
  static const struct {
    const char *text, *program;
  } rows[] = {
      {"a b", "a"},
      {"exec a", "a"},
      {"exec -a n a", "a"},
      {"env A=b C=d a x", "a"},
      {"env -i -u X a", "a"},
      {"nice -n 5 nohup a", "a"},
      {"timeout -k 5 10s a", "a"},
      {"timeout --signal=KILL 10 a", "a"},
      {"/usr/bin/tini -- a", "a"},
      {"command a", "a"},
      {"busybox chmod x", "chmod"},
      {"sudo -u x a", "sudo"},
      {"gosu x a", "gosu"},
      {"su x", "su"},
      {"command -v a", NULL},
      {"env", NULL},
      {"exec", NULL},
  };
  for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
    g_autoptr(NzShellText) text = nz_shell_split(rows[i].text, strlen(rows[i].text), NULL);
    const NzShellCommand *command = text->commands->pdata[0];
    guint at = nz_shell_command_program(command);
    const NzShellWord *word = at < command->words->len ? command->words->pdata[at] : NULL;
    g_assert_cmpstr(word ? word->text : NULL, ==, rows[i].program);
  }
}

/* --- processes --- */

static void
test_shells_are_told_apart(void)
{
  static const char text[] = "a; (b; c); (d) | e; f $(g); sh -c 'h'";
  /*                          0   1  1    2    0     3       4 */
  g_autoptr(NzShellText) split = nz_shell_split(text, strlen(text), NULL);
  g_autoptr(GString) shells = g_string_new(NULL);
  for (guint i = 0; i < split->commands->len; i++) {
    const NzShellCommand *command = split->commands->pdata[i];
    const NzShellWord *word = command->words->pdata[0];
    g_string_append_printf(shells, "%s%u ", word->text, command->shell);
  }
  g_assert_cmpstr(shells->str, ==, "a0 b1 c1 d2 e0 g3 f0 sh0 h4 ");
}

static void
test_pipelines_are_told_apart(void)
{
  static const char text[] = "a | b | c; d && e | (f; g)";
  g_autoptr(NzShellText) split = nz_shell_split(text, strlen(text), NULL);
  g_autoptr(GString) pipelines = g_string_new(NULL);
  for (guint i = 0; i < split->commands->len; i++)
    g_string_append_printf(pipelines, "%u ",
                           ((NzShellCommand *)split->commands->pdata[i])->pipeline);
  g_assert_cmpstr(pipelines->str, ==, "1 1 1 2 3 3 4 ");
}

/* --- limits --- */

static const char *
unsplit_of(const char *text, gsize len)
{
  gint64 before = g_get_monotonic_time();
  g_autoptr(NzShellText) split = nz_shell_split(text, len, environment);
  /* Some of these would take hours. */
  g_assert_cmpint(g_get_monotonic_time() - before, <, 20 * G_USEC_PER_SEC);
  g_assert_cmpuint(split->unsplit_at, <=, len);
  return split->unsplit;
}

static char *
repeat(const char *text, guint n, const char *end)
{
  GString *out = g_string_new(NULL);
  for (guint i = 0; i < n; i++)
    g_string_append(out, text);
  g_string_append(out, end);
  return g_string_free(out, FALSE);
}

static void
check_repeated(const char *text, guint n, const char *end, const char *why)
{
  g_autofree char *long_text = repeat(text, n, end);
  g_test_message("%s", text);
  g_assert_cmpstr(unsplit_of(long_text, strlen(long_text)), ==, why);
}

static void
test_nesting_is_bounded(void)
{
  static const char deep[] = "deeper nesting than is followed";
  static const char *const openings[] = {
      "(",  "{ ",     "$(",      "\"$(", "${a:-", "if a; then ", "while ",         "case x in x) ",
      "<(", "f() { ", "\"${a:-", "((",   "$((a+", "! ( ",        "for i in 1; do "};
  for (gsize i = 0; i < G_N_ELEMENTS(openings); i++)
    check_repeated(openings[i], 2000, "", deep);
  check_repeated("eval ", 40, "a", deep);
}

static void
test_work_is_bounded(void)
{
  static const char much[] = "more text than is followed";
  static const char commands[] = "more commands than are followed";
  static const char words[] = "more words than are followed";
  check_repeated("a;", 30000, "", commands);
  check_repeated("a ", 300000, "", words);
  check_repeated("$x", 100000, "", NULL);
  check_repeated("KNOWN=$KNOWN$KNOWN;", 40, "", much);
  check_repeated("set -- a; ", 1, "set -- $@ $@; set -- $@ $@ $@", NULL);
  check_repeated("set a $@ $@;", 40, "", much);
  check_repeated("set -- x; set -- \"$@\" \"$@\" \"$@\"; set -- \"$@\" \"$@\";", 1, "", NULL);
  check_repeated("a {1..9}{1..9}{1..9}{1..9};", 500, "", much);
  check_repeated("{a,b}", 60, "", NULL);
  check_repeated("for i in 1 2 3 4 5 6 7 8; do ", 20, "", "a loop without done");
  check_repeated("[[ a =~ (", 100000, "", "an unterminated [[");
  check_repeated("<<E ", 3000, "\n", NULL);
  check_repeated("`", 100000, "", NULL);
  check_repeated("((a)", 100000, "", "an unterminated (");
  check_repeated("case x in x|", 1, "y", "a pattern of case without )");
}

static void
test_functions_that_call_each_other_are_bounded(void)
{
  g_autoptr(GString) text = g_string_new("f0() { a; }; ");
  for (guint i = 1; i < 30; i++)
    g_string_append_printf(text, "f%u() { f%u; f%u; }; ", i, i - 1, i - 1);
  g_string_append(text, "f29");
  const char *why = unsplit_of(text->str, text->len);
  g_assert_nonnull(why);
}

static void
test_loops_with_many_values_are_followed_once(void)
{
  g_autofree char *loop =
      repeat("for i in 1 2 3 4 5 6 7 8; do ", 4, "a $i; done; done; done; done");
  g_autoptr(NzShellText) split = nz_shell_split(loop, strlen(loop), NULL);
  g_assert_null(split->unsplit);
  /* 8 * 8 times, then once. */
  g_assert_cmpuint(split->commands->len, ==, 64);
}

static void
test_a_nul_byte_ends_the_text(void)
{
  static const char text[] = "a b\0c";
  g_autoptr(NzShellText) split = nz_shell_split(text, sizeof text - 1, NULL);
  g_assert_cmpuint(split->commands->len, ==, 1);
  g_assert_cmpstr(split->unsplit, ==, "a NUL byte");
  g_assert_cmpuint(split->unsplit_at, ==, 3);
}

/* --- texts that real shells run --- */

/* Texts are made by chance of what is known to the last byte. Each of their commands "p NUMBER
 * WORD..." and "h NUMBER <<..." writes what it got; what was split must say the same, in the same
 * order, but for commands that were only said to run perhaps. */
typedef struct {
  GRand *rand;
  GString *out;
  guint number; /* of the next command */
  guint depth;
  gboolean bash; /* what only bash has may stand in it */
} Maker;

static guint
pick(Maker *m, guint n)
{
  return (guint)g_rand_int_range(m->rand, 0, (gint32)n);
}

static void
put(Maker *m, const char *text)
{
  g_string_append(m->out, text);
}

static void make_list(Maker *m);

static void
make_piece(Maker *m)
{
  static const char *const both[] = {
      "ab",
      "/x.y",
      "'q r'",
      "'$v'",
      "\"d e\"",
      "\"$v\"",
      "$v",
      "${v}",
      "\"${w}\"",
      "$w",
      "\"\\$v\\\"\\\\\\q\"",
      "\\ ",
      "\\$v",
      "${u:-d}",
      "${u-e f}",
      "\"${u:-'g'}\"",
      "${v:+i}",
      "${u+j}",
      "\"$@\"",
      "$*",
      "$#",
      "\"$*\"",
      "$1",
      "${2:-k}",
      "${v#a}",
      "${v%%.*}",
      "\"${w#* }\"",
      "''",
      "\"\"",
      "$e",
      "\"$e\"",
      "${e:-l}",
      "${e-m}",
      "${u:-\"n o\"}",
      "~x",
      "a=b",
      "-x",
      "\\\n",
      "x#y",
      "\"p\nq\"",
      "${v##*.}",
      "${v%.*}",
      "\"$\"",
      "${u:-$w}",
      "\"${u:-$w}\"",
      "\"${u:-${v:+\"z\"}}\"",
  };
  static const char *const only_bash[] = {
      "-{a,b}",    ".{c,'d e'}",  "$'t\\tu\\x41\\'v'", "/{1..3}",  "${v/a/b}",
      "${v//./-}", "\"${r[@]}\"", "${r[1]}",           "$\"loc\"",
  };
  guint n = G_N_ELEMENTS(both) + (m->bash ? G_N_ELEMENTS(only_bash) : 0);
  guint i = pick(m, n);
  put(m, i < G_N_ELEMENTS(both) ? both[i] : only_bash[i - G_N_ELEMENTS(both)]);
}

static void
make_word(Maker *m)
{
  put(m, " ");
  for (guint i = pick(m, 3) + 1; i > 0; i--)
    make_piece(m);
}

static void
make_words(Maker *m)
{
  g_string_append_printf(m->out, "p %u", m->number++);
  for (guint i = pick(m, 4); i > 0; i--)
    make_word(m);
}

static void
make_assignment(Maker *m)
{
  static const char *const all[] = {
      "v=1.2",      "v=a.b.c",     "w='z y'",   "w=\"$v z\"",           "u=$v",   "unset u",
      "e=",         "export w=$v", "set -- $w", "set -- 1 'b c'",       "set --", "v=$v$w",
      "w=${u:-$v}", ": ${u:=q}",   "shift $#",  "IFS=:; v=a:b; IFS=' '"};
  put(m, all[pick(m, G_N_ELEMENTS(all))]);
}

static void
make_heredoc(Maker *m)
{
  static const char *const all[] = {
      "h %u <<E\na $v \"b\" \\$w \\\\ 'c'\nE\n",
      "h %u <<'E'\n$v `x` \\\n\nE\n",
      "h %u <<-E\n\t\td\n\te ${u:-f}\n\tE\n",
      "h %u <<E; p %u x\n$w\nE\n",
  };
  g_autoptr(GString) text = g_string_new(all[pick(m, G_N_ELEMENTS(all))]);
  g_autofree char *number = g_strdup_printf("%u", m->number++);
  while (g_string_replace(text, "%u", number, 1) > 0) {
    g_free(number);
    number = g_strdup_printf("%u", m->number++);
  }
  put(m, text->str);
  put(m, ":");
}

static void
make_body(Maker *m, const char *before, const char *after)
{
  put(m, before);
  make_list(m);
  put(m, after);
}

static void
make_compound(Maker *m)
{
  static const char *const around[][2] = {
      {"{ ", "\n}"},
      {"( ", " )"},
      {"if true; then ", "\nfi"},
      {"if false; then :; else ", "\nfi"},
      {"for i in a 'b c' $w; do p %u \"$i\" $i; ", "\ndone"},
      {"case $v in 1*) ", ";; *) : ;; esac"},
      {"case \"$v\" in *[0-9]|'x') : ;; a?b*) ", "\n;; esac"},
      {"{ ", "\n}"},
      {"while ", "\nfalse; do :; done"},
      {"eval ': ", "'"},
  };
  guint i = pick(m, G_N_ELEMENTS(around));
  if (i == 9) { /* no quotes in quotes */
    g_string_append_printf(m->out, "eval 'p %u \"$v\" $w' x", m->number++);
    return;
  }
  if (i == 7) {
    guint number = m->number++;
    g_string_append_printf(m->out, "{ f%u() { ", number);
    make_list(m);
    g_string_append_printf(m->out, "\n}; f%u 'k l' m; }", number);
    return;
  }
  g_autoptr(GString) before = g_string_new(around[i][0]);
  g_autofree char *number = g_strdup_printf("%u", m->number);
  m->number += g_string_replace(before, "%u", number, 1);
  make_body(m, before->str, around[i][1]);
}

static void
make_command(Maker *m)
{
  guint i = pick(m, 10);
  if (i < 5 || m->depth > 3)
    make_words(m);
  else if (i < 7)
    make_assignment(m);
  else if (i < 8)
    make_heredoc(m);
  else {
    m->depth++;
    make_compound(m);
    m->depth--;
  }
}

static void
make_list(Maker *m)
{
  static const char *const separators[] = {"; ", "\n", " && ", " || ", " &&\n", "; # x 'y\n"};
  for (guint i = pick(m, 3); i > 0; i--) {
    make_command(m);
    put(m, separators[pick(m, G_N_ELEMENTS(separators))]);
  }
  make_command(m);
}

/* --- what came out --- */

/* A text's record is "NAME\0WORD\0...\1" for each command. */
static void
record_command(GString *out, const NzShellCommand *command)
{
  const NzShellWord *name = command->words->pdata[0];
  for (guint i = 0; i < command->words->len; i++) {
    const NzShellWord *word = command->words->pdata[i];
    g_string_append_len(out, word->text, (gssize)strlen(word->text) + 1);
  }
  if (strcmp(name->text, "h") == 0 && command->redirects->len > 0) {
    const NzShellRedirect *redirect = command->redirects->pdata[command->redirects->len - 1];
    g_string_append_len(out, redirect->word->text, (gssize)strlen(redirect->word->text) + 1);
  }
  g_string_append_c(out, '\1');
}

static gboolean
is_recorded(const NzShellCommand *command)
{
  const NzShellWord *word = command->words->len > 0 ? command->words->pdata[0] : NULL;
  return word && (strcmp(word->text, "p") == 0 || strcmp(word->text, "h") == 0);
}

static void
show_difference(const char *source, const NzShellText *text, const char *at, gsize left)
{
  g_autofree char *printed = print_text(text);
  left = MIN(left, 1000);
  g_autofree char *rest = g_strndup(at, left);
  for (gsize i = 0; i < left; i++)
    rest[i] = at[i] == '\0' ? '|' : at[i] == '\1' ? ';' : at[i];
  g_test_message("text: %s", source);
  g_test_message("split: %s", printed);
  g_test_message("the shell's, from where they differ: %s", rest);
}

static gboolean
has_unknown(const NzShellCommand *command)
{
  for (guint i = 0; i < command->words->len; i++)
    if (!((const NzShellWord *)command->words->pdata[i])->known)
      return TRUE;
  return command->redirects->len > 0 &&
         !((const NzShellRedirect *)command->redirects->pdata[command->redirects->len - 1])
              ->word->known;
}

/* The bytes of RAN that COMMAND stands for; -1: it is another. Of one with words that are not known
 * its name and number alone. */
static gssize
match_command(const NzShellCommand *command, const char *ran, gsize left)
{
  g_autoptr(GString) record = g_string_new(NULL);
  record_command(record, command);
  if (!has_unknown(command))
    return left >= record->len && memcmp(ran, record->str, record->len) == 0 ? (gssize)record->len
                                                                             : -1;
  gsize begin = strlen(record->str) + 1;
  begin += strlen(record->str + begin) + 1;
  const char *end = memchr(ran, '\1', left);
  if (!end || left < begin || memcmp(ran, record->str, begin) != 0)
    return -1;
  return end + 1 - ran;
}

/* A loop that is followed once, as its values are not known, may run often. */
static gboolean
is_decided(const NzShellText *text)
{
  for (guint i = 0; i < text->commands->len; i++) {
    const NzShellCommand *command = text->commands->pdata[i];
    if (command->maybe && has_unknown(command))
      return FALSE;
  }
  return TRUE;
}

static gboolean
check_ran(const char *source, const char *ran, gsize len)
{
  g_autoptr(NzShellText) text = nz_shell_split(source, strlen(source), NULL);
  gsize at = 0;
  gboolean same = text->unsplit == NULL;
  if (same && !is_decided(text))
    return FALSE;
  for (guint i = 0; i < text->commands->len && same; i++) {
    const NzShellCommand *command = text->commands->pdata[i];
    if (!is_recorded(command))
      continue;
    gssize n = match_command(command, ran + at, len - at);
    same = n >= 0 || command->maybe;
    at += n >= 0 ? (gsize)n : 0;
  }
  if (!same || at != len)
    show_difference(source, text, ran + at, len - at);
  g_assert_true(same);
  g_assert_cmpuint(at, ==, len);
  return TRUE;
}

/* Runs each of TEXTS in a subshell of one process of SHELL; their records, \2 behind each. */
static char *
run_shell(const char *shell, const GPtrArray *texts, gsize *len)
{
  g_autoptr(GString) script =
      g_string_new("p() { printf '%s\\0' p \"$@\" >&9; printf '\\1' >&9; }\n"
                   "h() { printf '%s\\0' h \"$1\" >&9; cat >&9; printf '\\0\\1' >&9; }\n"
                   "set -f\n");
  for (guint i = 0; i < texts->len; i++) {
    g_autofree char *quoted = g_shell_quote(texts->pdata[i]);
    g_string_append_printf(script, "(eval %s) 9>&1 >/dev/null </dev/null\nprintf '\\2'\n", quoted);
  }
  g_autofree char *path = NULL, *output = NULL;
  g_autoptr(GError) error = NULL;
  gint fd = g_file_open_tmp("nonzero-shell-XXXXXX", &path, &error);
  g_assert_no_error(error);
  g_close(fd, NULL);
  g_file_set_contents(path, script->str, (gssize)script->len, &error);
  g_assert_no_error(error);
  g_autofree char *command = g_strdup_printf("%s %s > %s.out 2> %s.err", shell, path, path, path);
  g_autofree char *out = g_strconcat(path, ".out", NULL), *err = g_strconcat(path, ".err", NULL);
  g_assert_cmpint(system(command), ==, 0);
  g_file_get_contents(out, &output, len, &error);
  g_assert_no_error(error);
  g_unlink(path);
  g_unlink(out);
  g_unlink(err);
  return g_steal_pointer(&output);
}

static void
check_with_shell(const char *shell, gboolean bash)
{
  g_autofree char *found = g_find_program_in_path(shell);
  if (!found) {
    g_assert_null(g_getenv("CI"));
    g_test_skip("this shell is not installed");
    return;
  }
  g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);
  Maker maker = {.rand = g_rand_new_with_seed(20260115), .bash = bash};
  for (guint i = 0; i < 400; i++) {
    maker.out = g_string_new("v=a.b; w='x y'; unset u; e=; set -- 1 'two words'; ");
    put(&maker, bash ? "r=(k 'l m'); " : "");
    maker.number = 10;
    make_list(&maker);
    g_ptr_array_add(texts, g_string_free(maker.out, FALSE));
  }
  g_rand_free(maker.rand);
  gsize len;
  g_autofree char *ran = run_shell(found, texts, &len);
  const char *at = ran;
  guint decided = 0;
  for (guint i = 0; i < texts->len; i++) {
    const char *end = memchr(at, '\2', (gsize)(ran + len - at));
    g_assert_nonnull(end);
    decided += check_ran(texts->pdata[i], at, (gsize)(end - at));
    at = end + 1;
  }
  g_assert_cmpuint(decided, >, texts->len * 3 / 4);
}

static void
test_bash_runs_the_same(void)
{
  check_with_shell("bash", TRUE);
}

static void
test_dash_runs_the_same(void)
{
  check_with_shell("dash", FALSE);
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/shell/quotes", test_quotes);
  g_test_add_func("/shell/operators", test_operators);
  g_test_add_func("/shell/compound", test_compound_commands);
  g_test_add_func("/shell/variables", test_variables);
  g_test_add_func("/shell/substitutions", test_substitutions);
  g_test_add_func("/shell/texts-that-shells-run", test_texts_that_are_run);
  g_test_add_func("/shell/heredocs", test_heredocs);
  g_test_add_func("/shell/braces", test_braces);
  g_test_add_func("/shell/what-is-wrong", test_what_cannot_be_split);
  g_test_add_func("/shell/places-of-words", test_places_of_words);
  g_test_add_func("/shell/args-have-places-with-one-byte-between",
                  test_args_have_places_with_one_byte_between);
  g_test_add_func("/shell/args-are-not-shell-text", test_args_are_not_shell_text);
  g_test_add_func("/shell/programs-behind-others", test_programs_behind_others);
  g_test_add_func("/shell/shells-are-told-apart", test_shells_are_told_apart);
  g_test_add_func("/shell/pipelines-are-told-apart", test_pipelines_are_told_apart);
  g_test_add_func("/shell/nesting-is-bounded", test_nesting_is_bounded);
  g_test_add_func("/shell/work-is-bounded", test_work_is_bounded);
  g_test_add_func("/shell/functions-that-call-each-other-are-bounded",
                  test_functions_that_call_each_other_are_bounded);
  g_test_add_func("/shell/loops-with-many-values-are-followed-once",
                  test_loops_with_many_values_are_followed_once);
  g_test_add_func("/shell/a-nul-byte-ends-the-text", test_a_nul_byte_ends_the_text);
  g_test_add_func("/shell/bash-runs-the-same", test_bash_runs_the_same);
  g_test_add_func("/shell/dash-runs-the-same", test_dash_runs_the_same);
  return g_test_run();
}

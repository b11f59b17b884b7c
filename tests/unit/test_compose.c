/* SPDX-License-Identifier: Apache-2.0 */
/* Compose files: what each service starts as, by the Compose Specification. */
#include <string.h>

#include "core/limits.h"
#include "servicekit.h"

#define NNP "    security_opt: [no-new-privileges]\n"

/* --- one file --- */

static const struct {
  const char *text, *result;
} single[] = {
    {"services:\n  web:\n    image: nginx\n    user: \"1000:1000\"\n" NNP,
     "web image=nginx user=1000:1000@4:11\n"},
    {"services:\n  web:\n    image: nginx\n    user: 1000\n" NNP,
     "web image=nginx user=1000@4:11\n"},
    {"services:\n  web: {image: a, user: 0}\n", "web image=a user=0@2:25 new@2:3\n"},
    {"services:\n  web: {image: a, user: 0x3e8}\n", "web image=a user=1000@2:25 new@2:3\n"},
    {"services:\n  web: {image: a, user: '0x0'}\n", "web image=a user=0x0@2:25 new@2:3\n"},
    {"services:\n  web: {image: a, user: 1000:1000}\n",
     "web image=a user=1000:1000@2:25 new@2:3\n"},
    {"services:\n  web: {image: a, user: }\n", "web image=a new@2:3\n"},
    {"services:\n  web: {image: a, user: \"\"}\n", "web image=a@2:25 new@2:3\n"},
    {"services:\n  web: {image: a, user: ''''}\n", "web image=a user='@2:25 new@2:3\n"},
    {"services:\n  web: {image: a, user: 'it''''s'}\n", "web image=a user=it''s@2:25 new@2:3\n"},
    {"services:\n  web:\n", "web new@2:3\n"},
    {"\xef\xbb\xbf"
     "services:\r\n  web:\r\n    user: app\r\n",
     "web user=app@3:11 new@2:3\n"},
    {"# ünï\nservices:\n  wéb: {x-ü: ü, user: a}\n", "wéb user=a@3:23 new@3:3\n"},
    {"", ""},
    {"version: '3'\nx-any: {user: root}\n", ""},
    {"services:\n", ""},
    {"services: {}\n", ""},
    /* privileges */
    {"services:\n  a:\n    privileged: true\n" NNP, "a privileged@3:17\n"},
    {"services:\n  a:\n    privileged: \"yes\"\n" NNP, "a privileged@3:17\n"},
    {"services:\n  a:\n    privileged: false\n" NNP, "a\n"},
    {"services:\n  a:\n    privileged:\n" NNP, "a\n"},
    {"services:\n  a:\n    cap_add:\n      - SYS_ADMIN\n      - cap_net_raw\n      - all\n" NNP,
     "a cap(SYS_ADMIN)@4:9 cap(NET_RAW)@5:9 cap(ALL)@6:9\n"},
    {"services:\n  a:\n    cap_drop: [ALL]\n    cap_add: [cap_chown, CHOWN]\n" NNP,
     "a cap(CHOWN)@4:26\n"},
    {"services:\n  a:\n    security_opt:\n      - no-new-privileges:true\n", "a\n"},
    {"services:\n  a:\n    security_opt:\n      - no-new-privileges=true\n", "a\n"},
    {"services:\n  a:\n    security_opt:\n      - seccomp=unconfined\n", "a new@2:3\n"},
    {"services:\n  a:\n    security_opt:\n      - no-new-privileges:false\n", "a new@4:9\n"},
    {"services:\n  a:\n    security_opt:\n      - no-new-privileges-at-all\n", "a new@2:3\n"},
    {"services:\n  a:\n    userns_mode: host\n" NNP, "a host@3:18\n"},
    {"services:\n  a:\n    userns_mode: auto\n" NNP, "a userns\n"},
    {"services:\n  a:\n    userns_mode: automatic\n" NNP, "a\n"},
    {"services:\n  a:\n    userns_mode: keep-id\n" NNP,
     "a unknown=userns_mode: keep-id starts it as whoever runs Podman userns\n"},
    {"services:\n  a:\n    userns_mode: keep-id:uid=7,gid=8\n" NNP, "a user=7:8@3:18 userns\n"},
    {"services:\n  a:\n    user: b\n    userns_mode: keep-id:uid=7\n" NNP,
     "a user=b@3:11 userns\n"},
    /* ports */
    {"services:\n  a:\n    ports:\n      - 80:80\n      - \"8080:8080\"\n      - 443\n" NNP,
     "a port(80/tcp)@4:9 port(443/tcp)@6:9\n"},
    {"services:\n  a:\n    ports: ['80:8080', '53:53/UDP', '127.0.0.1::22', '[::1]:1:79-81']\n" NNP,
     "a port(53/udp)@3:24 port(22/tcp)@3:37 port(79-81/tcp)@3:54\n"},
    {"services:\n  a:\n    ports:\n      - target: 80\n        published: 8080\n"
     "        protocol: udp\n      - {target: 8080}\n" NNP,
     "a port(80/udp)@4:17\n"},
    {"services:\n  a:\n    ports: [x, '80:0', '1-2-3', '90-80', '80/tcp/udp']\n" NNP,
     "a\nnote: compose.yaml:3:13: this is no port, and not looked at\n"
     "note: compose.yaml:3:16: this is no port, and not looked at\n"
     "note: compose.yaml:3:24: this is no port, and not looked at\n"
     "note: compose.yaml:3:33: this is no port, and not looked at\n"
     "note: compose.yaml:3:42: this is no port, and not looked at\n"},
    /* builds */
    {"services:\n  a:\n    build: .\n" NNP, "a context=.\n"},
    {"services:\n  a:\n    build: ./app/../web\n" NNP, "a context=web\n"},
    {"services:\n  a:\n    build: {}\n" NNP, "a context=.\n"},
    {"services:\n  a:\n    build: /abs\n" NNP, "a context=/abs\n"},
    {"services:\n  a:\n    build:\n      context: app\n      dockerfile: docker/Prod\n"
     "      target: run\n      args: {A: 1, B: 'x y', C: , H: }\n" NNP,
     "a context=app dockerfile=app/docker/Prod target=run arg[A=1] arg[B=x y] arg[H=/root]\n"},
    {"services:\n  a:\n    build:\n      args: [A=1, H, B=, A=2, C]\n" NNP,
     "a context=. arg[A=2] arg[H=/root] arg[B=]\n"},
    {"services:\n  a:\n    build:\n      context: .\n      dockerfile: ../x\n" NNP,
     "a context=. dockerfile=../x\n"},
    {"services:\n  a:\n    build:\n      context: .\n      dockerfile: /x\n" NNP,
     "a context=. dockerfile=/x\n"},
    {"services:\n  a:\n    build:\n      dockerfile_inline: |\n        FROM scratch\n"
     "        USER $$U\n" NNP,
     "a context=. inline=FROM scratch\nUSER $U\n\n"},
    {"services:\n  a:\n    build:\n      context: https://x.example/r.git\n"
     "      dockerfile: D\n" NNP,
     "a context=https://x.example/r.git dockerfile=D\n"},
    {"services:\n  a:\n    build:\n      context: a\n      additional_contexts:\n"
     "        - b=../b\n        - c=docker-image://alpine\n        - d=service:x\n" NNP,
     "a context=a context[b=../b] context[c=docker-image://alpine] context[d=service:x]\n"},
    /* variables */
    {"services:\n  a:\n    user: ${A}:$A\n" NNP, "a user=1000:1000@3:11\n"},
    {"services:\n  a:\n    user: ${U:-root}\n" NNP, "a user=root@3:11\n"},
    {"services:\n  a:\n    user: ${U}:${G-7}\n" NNP,
     "a user=:7@3:11 unknown=the variable U in user: has no value here\n"
     "note: compose.yaml:3:11: the variable U has no value; an empty text is taken\n"},
    {"services:\n  a:\n    user: $U\n    image: x$U\n" NNP,
     "a image=x@3:11 unknown=the variable U in user: has no value here\n"
     "note: compose.yaml:3:11: the variable U has no value; an empty text is taken\n"},
    {"services:\n  a:\n    privileged: ${P-true}\n" NNP, "a privileged@3:17\n"},
    {"name: shop\nservices:\n  a: {image: \"${COMPOSE_PROJECT_NAME}\"}\n",
     "a image=shop new@3:3\n"},
    {"services:\n  $A: {image: x}\n", "$A image=x new@2:3\n"},
    /* anchors and merge keys */
    {"x-base: &base\n  user: app\n  image: x\nservices:\n  a:\n    <<: *base\n    image: y\n" NNP
     "  b: *base\n",
     "a image=y user=app@2:9\nb image=x user=app@2:9 new@9:3\n"},
    {"services:\n  a: &a {user: '1', image: i}\n  b: {<<: [{user: '2'}, *a]}\n",
     "a image=i user=1@2:16 new@2:3\nb image=i user=2@3:19 new@3:3\n"},
    {"x: &x 5\nservices:\n  a: {user: *x}\n",
     "a user=5@1:7 new@3:3\nnote: compose.yaml:1:1: x is no key of a Compose file, and not looked "
     "at\n"},
    /* keys that nobody knows */
    {"services:\n  a:\n    usr: root\n    x-user: y\n" NNP,
     "a\nnote: compose.yaml:3:5: usr is no key of a service, and not looked at; did you mean "
     "user?\n"},
    /* extends in the file */
    {"services:\n  a:\n    extends: b\n    cap_add: [SYS_TIME]\n  b:\n    image: i\n    user: u\n"
     "    cap_add: [NET_ADMIN]\n",
     "a image=i user=u@7:11 cap(NET_ADMIN)@8:15 cap(SYS_TIME)@4:15 new@2:3\n"
     "b image=i user=u@7:11 cap(NET_ADMIN)@8:15 new@5:3\n"},
    {"services:\n  a: {extends: {service: b}, user: v}\n  b: {extends: c}\n  c: {user: u, image: "
     "i}\n",
     "a image=i user=v@2:36 new@2:3\nb image=i user=u@4:13 new@3:3\nc image=i user=u@4:13 "
     "new@4:3\n"},
    {"services:\n  a:\n    extends: b\n    cap_add: !reset []\n  b: {cap_add: [ALL], image: i}\n",
     "a image=i new@2:3\nb image=i cap(ALL)@5:17 new@5:3\n"},
    /* several documents */
    {"services:\n  a: {user: x}\n---\nservices:\n  a: {user: y}\n  b: {image: i}\n",
     "a user=y@5:13 new@2:3\nb image=i new@6:3\n"},
};

static const char *const environment[] = {"A=1000", "E=", "H=/root", NULL};

static void
check(const char *name, const char *found, const char *wanted)
{
  if (strcmp(found, wanted) == 0)
    return;
  g_test_message("%s\n--- wanted\n%s\n--- found\n%s", name, wanted, found);
  g_test_fail();
}

static void
test_a_file_alone(void)
{
  for (guint i = 0; i < G_N_ELEMENTS(single); i++) {
    const KitFile files[] = {{"compose.yaml", single[i].text}, {NULL}};
    const KitCase kit = {.files = files, .environment = environment};
    g_autofree char *found = kit_compose(&kit);
    check(single[i].text, found, single[i].result);
  }
}

/* --- several files --- */

#define MAX_FILES 6

static const struct {
  const char *name;
  KitFile files[MAX_FILES];
  guint n_given;
  const char *result;
} several[] = {
    {"texts are replaced, lists grow, maps merge",
     {{"d/a.yaml", "services:\n  w:\n    image: i\n    user: root\n    cap_add: [A, B]\n"
                   "    build: {context: x, args: {P: 1, Q: 2}}\n"},
      {"d/b.yaml",
       "services:\n  w:\n    user: app\n    cap_add: [B, C]\n    build: {args: [Q=3, R=4]}\n"
       "  v: {image: j}\n"}},
     2,
     "w image=i context=d/x arg[P=1] arg[Q=3] arg[R=4] user=app@d/b.yaml:3:11 cap(A)@5:15 "
     "cap(B)@d/b.yaml:4:15 cap(C)@d/b.yaml:4:18 new@2:3\nv image=j new@d/b.yaml:6:3\n"},
    {"paths begin at the first file",
     {{"d/a.yaml", "services: {w: {build: x}}"}, {"e/b.yaml", "services: {v: {build: y}}"}},
     2,
     "w context=d/x new@1:12\nv context=d/y new@e/b.yaml:1:12\n"},
    {"!reset takes away",
     {{"a.yaml", "services: {w: {image: i, user: root, cap_add: [A], build: x, privileged: true}}"},
      {"b.yaml",
       "services:\n  w:\n    user: !reset null\n    cap_add: !reset []\n    build: !reset\n"
       "    privileged: !reset false\n"}},
     2,
     "w image=i new@1:12\n"},
    {"!override replaces a list",
     {{"a.yaml", "services: {w: {cap_add: [A], ports: ['80', '81']}}"},
      {"b.yaml",
       "services:\n  w:\n    cap_add: !override [B]\n    ports: !override\n      - '82'\n"}},
     2,
     "w cap(B)@b.yaml:3:25 new@1:12 port(82/tcp)@b.yaml:5:9\n"},
    {"!override replaces a service, !reset takes it away",
     {{"a.yaml", "services: {w: {user: a, image: i}, v: {image: j}}"},
      {"b.yaml", "services:\n  w: !override\n    image: k\n  v: !reset null\n"}},
     2,
     "w image=k new@1:12\n"},
    {"a reset list stays away from what a third file adds",
     {{"a.yaml", "services: {w: {cap_add: [A]}}"},
      {"b.yaml", "services: {w: {cap_add: !reset []}}"},
      {"c.yaml", "services: {w: {cap_add: [C]}}"}},
     3,
     "w cap(C)@c.yaml:1:26 new@1:12\n"},
    {"no-new-privileges of either file holds",
     {{"a.yaml", "services: {w: {security_opt: [no-new-privileges]}}"},
      {"b.yaml", "services: {w: {security_opt: [seccomp=x]}}"}},
     2,
     "w\n"},
    {".env is beside the first file, and the environment wins",
     {{"d/a.yaml", "services: {w: {image: \"$A-$B-$C\"}}"}, {"d/.env", "A=2\nB=b\nC=$B$A\n"}},
     1,
     "w image=1000-b-b1000 new@1:12\n"},
    {"extends another file, whose paths are its own",
     {{"d/a.yaml", "services:\n  w:\n    extends: {file: ../e/b.yaml, service: v}\n"},
      {"e/b.yaml", "services:\n  v:\n    build: x\n    extends: {file: sub/c.yaml, service: u}\n"},
      {"e/sub/c.yaml", "services: {u: {user: \"$A\", build: {dockerfile: D}}}"}},
     1,
     "w context=e/x dockerfile=e/x/D user=1000@e/sub/c.yaml:1:22 new@2:3\n"},
    {"extends: a service of that file's own name there",
     {{"a.yaml", "services: {w: {extends: {file: b.yaml, service: w}}}"},
      {"b.yaml", "services: {w: {user: u}}"}},
     1,
     "w user=u@b.yaml:1:22 new@1:12\n"},
    {"include, with directory and .env of its own",
     {{"a.yaml", "include: [sub/b.yaml]\nservices: {w: {image: \"$A$N\"}}\n"},
      {"sub/b.yaml", "services: {v: {build: x, image: \"$A$N\"}}"},
      {".env", "N=outer"},
      {"sub/.env", "A=7\nN=inner\nM=m"}},
     1,
     "v image=1000outer context=sub/x new@sub/b.yaml:1:12\nw image=1000outer new@2:12\n"},
    {"include: many words",
     {{"a.yaml", "include:\n  - path: [sub/b.yaml, sub/c.yaml]\n    env_file: e.env\n"
                 "    project_directory: p\n"},
      {"sub/b.yaml", "services: {v: {build: x, user: \"$M\"}}"},
      {"sub/c.yaml", "services: {v: {image: i}}"},
      {"e.env", "M=m"}},
     1,
     "v image=i context=p/x user=m@sub/b.yaml:1:32 new@sub/b.yaml:1:12\n"},
    {"include: a text",
     {{"a.yaml", "include: b.yaml"}, {"b.yaml", "services: {v: {image: i}}"}},
     1,
     "v image=i new@b.yaml:1:12\n"},
    {"an included service may be laid over by a later file",
     {{"a.yaml", "include: [c.yaml]"},
      {"b.yaml", "services: {v: {user: u}}"},
      {"c.yaml", "services: {v: {image: i}}"}},
     2,
     "v image=i user=u@b.yaml:1:22 new@c.yaml:1:12\n"},
    {"the same file by two ways",
     {{"a.yaml", "include: [b.yaml, c.yaml]"},
      {"b.yaml", "include: [d.yaml]"},
      {"c.yaml", "include: [d.yaml]"},
      {"d.yaml", "services: {v: {image: i}}"}},
     1,
     "v image=i new@d.yaml:1:12\n"},
};

static void
test_several_files(void)
{
  for (guint i = 0; i < G_N_ELEMENTS(several); i++) {
    const KitCase kit = {
        .files = several[i].files, .n_given = several[i].n_given, .environment = environment};
    g_autofree char *found = kit_compose(&kit);
    check(several[i].name, found, several[i].result);
  }
}

/* --- profiles and files of variables --- */

static void
check_profiles(const char *const *profiles, const char *const *env, const char *wanted)
{
  static const KitFile files[] = {{"a.yaml", "services:\n  a: {image: x}\n"
                                             "  b: {image: x, profiles: [dev, test]}\n"
                                             "  c: {image: x, profiles: [prod]}\n"},
                                  {NULL}};
  const KitCase kit = {.files = files, .profiles = profiles, .environment = env};
  g_autofree char *found = kit_compose(&kit);
  check("profiles", found, wanted);
}

static void
test_profiles_choose_services(void)
{
  check_profiles(NULL, NULL,
                 "a image=x new@2:3\nb inactive image=x new@3:3\nc inactive image=x new@4:3\n");
  check_profiles((const char *const[]){"test", NULL}, NULL,
                 "a image=x new@2:3\nb image=x new@3:3\nc inactive image=x new@4:3\n");
  check_profiles((const char *const[]){"*", NULL}, NULL,
                 "a image=x new@2:3\nb image=x new@3:3\nc image=x new@4:3\n");
  check_profiles(NULL, (const char *const[]){"COMPOSE_PROFILES=x, prod", NULL},
                 "a image=x new@2:3\nb inactive image=x new@3:3\nc image=x new@4:3\n");
}

static void
test_given_env_files_replace_the_usual_one(void)
{
  static const KitFile files[] = {{"a.yaml", "services: {a: {image: \"$X-${Y-y}\"}}"},
                                  {".env", "Y=usual"},
                                  {"one", "X=1"},
                                  {"two", "X=2"},
                                  {NULL}};
  KitCase kit = {.files = files, .env_files = (const char *const[]){"one", "two", NULL}};
  g_autofree char *found = kit_compose(&kit);
  check("env files", found, "a image=2-y new@1:12\n");
  kit.env_files = (const char *const[]){"three", NULL};
  g_autofree char *missing = kit_compose(&kit);
  check("env files", missing, "three: there is no such file");
}

/* --- errors --- */

static const struct {
  KitFile files[MAX_FILES];
  const char *error;
} wrong[] = {
    {{{"c", "- a\n"}}, "c:1:1: a Compose file must be a map (services: ...)"},
    {{{"c", "services: [a]\n"}}, "c:1:11: services must be a map"},
    {{{"c", "services:\n  a: text\n"}}, "c:2:6: a service must be a map"},
    {{{"c", "services:\n  a: {user: [x]}\n"}}, "c:2:13: user must be a text"},
    {{{"c", "services:\n  a: {cap_add: ALL}\n"}}, "c:2:16: cap_add must be a list"},
    {{{"c", "services:\n  a: {cap_add: [{x: y}]}\n"}}, "c:2:17: cap_add must be a list of texts"},
    {{{"c", "services:\n  a: {privileged: maybe}\n"}},
     "c:2:19: privileged must be true or false, not \"maybe\""},
    {{{"c", "services:\n  a: {build: [x]}\n"}}, "c:2:14: build must be a path or a map"},
    {{{"c", "services:\n  a: {build: {args: x}}\n"}},
     "c:2:21: args must be a map, or a list of NAME=value"},
    {{{"c", "services:\n  a: {image: x}\n  a: {image: y}\n"}},
     "c:3:3: the key stands in line 2 already"},
    {{{"c", "services:\n  a: {user: \"${U:?set it}\"}\n"}},
     "c:2:13: the variable U has no value, and must have one: set it"},
    {{{"c", "services:\n  a: {command: echo $(id)}\n"}},
     "c:2:16: a dollar sign without a variable's name at \"$(id)\"; a dollar sign of its own is "
     "written $$"},
    {{{"c", "services:\n  a: {image: x\n"}}, "c:3:1: not valid YAML"},
    {{{"c", "a: \xff\n"}}, "c:1:4: a byte that is not UTF-8"},
    {{{"c", "services: {a: *x}\n"}},
     "c:1:15: no anchor &x stands before the alias, or it is around it"},
    {{{"c", "services: &x {a: *x}\n"}},
     "c:1:18: no anchor &x stands before the alias, or it is around it"},
    {{{"c", "services: {a: {<<: text}}\n"}}, "c:1:20: a merge key (<<) takes a map"},
    {{{"c", "services: {a: {extends: b}}\n"}}, "c:1:25: there is no service b in c"},
    {{{"c", "services: {a: {extends: a}}\n"}},
     "c:1:25: the service a extends itself, by way of 0 more"},
    {{{"c", "services:\n  a: {extends: b}\n  b: {extends: c}\n  c: {extends: a}\n"}},
     "c:4:16: the service a extends itself, by way of 2 more"},
    {{{"c", "services: {a: {extends: {file: d, service: a}}}"},
      {"d", "services: {a: {extends: {file: c, service: a}}}"}},
     "d:1:44: the service a extends itself, by way of 1 more"},
    {{{"c", "services: {a: {extends: {file: d, service: a}}}"}},
     "c:1:32: d: there is no such file"},
    {{{"c", "services: {a: {extends: {file: d, service: a}}}"}, {"d", "services: [\n"}},
     "d:2:1: not valid YAML"},
    {{{"c", "services: {a: {extends: [b]}}"}}, "c:1:25: extends must be a service's name"},
    {{{"c", "include: [c]"}}, "c:1:11: the file includes itself, by way of 0 more"},
    {{{"c", "include: [d]"}, {"d", "include: [./x/../c]"}},
     "d:1:11: the file includes itself, by way of 1 more"},
    {{{"c", "include: [d]"}}, "c:1:11: d: there is no such file"},
    {{{"c", "include: ['https://x.example/c.yaml']"}},
     "c:1:11: https://x.example/c.yaml is not read: it is not a file here"},
    {{{"c", "include: [{env_file: e}]"}}, "c:1:11: include takes paths, or maps with path:"},
    {{{"c", "include: [{path: d, env_file: e}]"}, {"d", ""}}, "c:1:31: e: there is no such file"},
    {{{"c", "include: [d]\nservices: {a: {}}"}, {"d", "services: {a: {image: x}}"}},
     "c:2:12: a service a is included already"},
    {{{"c", "include: [d, e]"}, {"d", "services: {a: {}}"}, {"e", "services: {a: {}}"}},
     "c:1:14: it brings a second service a"},
    {{{"c", "services: {}"}, {".env", "A='x"}}, ".env:1:3: a quote that is not closed"},
};

static void
test_errors_have_places(void)
{
  for (guint i = 0; i < G_N_ELEMENTS(wrong); i++) {
    const KitCase kit = {.files = wrong[i].files};
    g_autofree char *found = kit_compose(&kit);
    if (!g_str_has_prefix(found, wrong[i].error))
      check(wrong[i].files[0].text, found, wrong[i].error);
  }
}

/* --- what was made to hurt --- */

static void
check_limit(const char *text, const char *wanted)
{
  const KitFile files[] = {{"c", text}, {NULL}};
  const KitCase kit = {.files = files};
  gint64 start = g_get_monotonic_time();
  g_autofree char *found = kit_compose(&kit);
  if (!strstr(found, wanted))
    g_error("wanted %s, found %.200s", wanted, found);
  /* A hundred times what it takes. */
  g_assert_cmpint(g_get_monotonic_time() - start, <, 20 * G_USEC_PER_SEC);
}

static void
test_aliases_do_not_multiply(void)
{
  g_autoptr(GString) text = g_string_new("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
  for (guint i = 1; i < 12; i++) {
    g_string_append_printf(text, "a%u: &a%u [", i, i);
    for (guint k = 0; k < 10; k++)
      g_string_append_printf(text, "%s*a%u", k ? ", " : "", i - 1);
    g_string_append(text, "]\n");
  }
  check_limit(text->str, "more than 200000 values");
}

static void
test_aliases_do_not_nest_without_end(void)
{
  g_autoptr(GString) text = g_string_new("a0: &a0 x\n");
  for (guint i = 1; i < 5000; i++)
    g_string_append_printf(text, "a%u: &a%u [*a%u]\n", i, i, i - 1);
  check_limit(text->str, "more than 64 levels");
}

static void
test_depth_is_bounded(void)
{
  g_autofree char *text = g_strnfill(100000, '[');
  check_limit(text, "more than 64 levels");
}

static void
test_extending_does_not_multiply(void)
{
  g_autoptr(GString) text = g_string_new("services:\n  b:\n    cap_add: [A");
  for (guint i = 0; i < 20000; i++)
    g_string_append(text, ", A");
  g_string_append(text, "]\n");
  for (guint i = 0; i < 20000; i++)
    g_string_append_printf(text, "  s%u: {extends: b}\n", i);
  check_limit(text->str, "services pass on more than 200000 values");
}

static void
test_a_long_chain_of_extends_is_refused(void)
{
  g_autoptr(GString) text = g_string_new("services:\n");
  for (guint i = 0; i < 1000; i++)
    g_string_append_printf(text, "  s%u: {extends: s%u}\n", i, i + 1);
  check_limit(text->str, "services extend others 16 deep");
}

static void
test_many_services_are_read_in_time(void)
{
  g_autoptr(GString) text = g_string_new("services:\n");
  for (guint i = 0; i < 40000; i++)
    g_string_append_printf(text, "  s%u: {user: $U%u}\n", i, i);
  check_limit(text->str, "\ns39999@");
}

static void
test_many_documents_are_refused(void)
{
  g_autoptr(GString) text = g_string_new(NULL);
  for (guint i = 0; i < 1000; i++)
    g_string_append(text, "---\nservices: {a: {}}\n");
  check_limit(text->str, "more than 100 documents");
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/compose/single", test_a_file_alone);
  g_test_add_func("/compose/several", test_several_files);
  g_test_add_func("/compose/profiles", test_profiles_choose_services);
  g_test_add_func("/compose/env-files", test_given_env_files_replace_the_usual_one);
  g_test_add_func("/compose/errors", test_errors_have_places);
  g_test_add_func("/compose/hostile/aliases", test_aliases_do_not_multiply);
  g_test_add_func("/compose/hostile/nested-aliases", test_aliases_do_not_nest_without_end);
  g_test_add_func("/compose/hostile/depth", test_depth_is_bounded);
  g_test_add_func("/compose/hostile/extends", test_extending_does_not_multiply);
  g_test_add_func("/compose/hostile/chain", test_a_long_chain_of_extends_is_refused);
  g_test_add_func("/compose/hostile/services", test_many_services_are_read_in_time);
  g_test_add_func("/compose/hostile/documents", test_many_documents_are_refused);
  return g_test_run();
}

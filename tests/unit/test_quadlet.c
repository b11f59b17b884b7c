/* SPDX-License-Identifier: Apache-2.0 */
/* Quadlet units: what the container starts as, by podman-systemd.unit(5). */
#include <string.h>

#include "servicekit.h"

#define C "[Container]\nImage=i\nNoNewPrivileges=true\n"

static const struct {
  const char *text, *result;
} containers[] = {
    {"[Container]\nImage=i\nUser=1000\nGroup=1000\nNoNewPrivileges=true\n",
     "a.container image=i user=1000:1000@3:6\n"},
    {"[Container]\nImage=i\n", "a.container image=i new@2:1\n"},
    {"[Container]\nImage=i\nNoNewPrivileges=no\n", "a.container image=i new@3:17\n"},
    {"\xef\xbb\xbf# c\r\n[Container]\r\nImage=i\r\nUser=app\r\n",
     "a.container image=i user=app@4:6 new@3:1\n"},
    {C "User = app  \n", "a.container image=i user=app@4:8\n"},
    {C "User=\"app\"\n", "a.container image=i user=app@4:6\n"},
    {C "User=root\nUser=app\n", "a.container image=i user=app@5:6\n"},
    {C "User=root\nUser=\n", "a.container image=i\n"},
    {C "User=%i\n",
     "a.container image=i user=%i@4:6 unknown=User=%i has what systemd alone knows\n"},
    {C "User=${U}\n",
     "a.container image=i user=${U}@4:6 unknown=User=${U} has what systemd alone knows\n"},
    {C "User=a%%b\n", "a.container image=i user=a%b@4:6\n"},
    {C "[Service]\nUser=app\n", "a.container image=i\nnote: a.container:5:1: [Service] User= is "
                                "not the user in the container; "
                                "[Container] has one\n"},
    {C "; User=root\n  # User=root\n", "a.container image=i\n"},
    {C "[Container]\nUser=app\n", "a.container image=i user=app@5:6\n"},
    /* lines that go on */
    {C "User=\\\n  app\n", "a.container image=i user=app@5:3\n"},
    {C "AddCapability=SYS_TIME \\\n# not this\n  NET_ADMIN \\\n; nor this\n  all\n",
     "a.container image=i cap(SYS_TIME)@4:15 cap(NET_ADMIN)@6:3 cap(ALL)@8:3\n"},
    {C "User=app\\", "a.container image=i user=app@4:6\n"},
    /* privileges */
    {C "AddCapability=CAP_SYS_ADMIN chown\n",
     "a.container image=i cap(SYS_ADMIN)@4:15 cap(CHOWN)@4:29\n"},
    {C "AddCapability=A\nAddCapability=\nAddCapability=B\n", "a.container image=i cap(B)@6:15\n"},
    {C "AddCapability=\"A\" 'B' \\x43\n",
     "a.container image=i cap(A)@4:15 cap(B)@4:19 cap(C)@4:23\n"},
    {C "UserNS=auto\n", "a.container image=i userns\n"},
    {C "UserNS=nomap\n", "a.container image=i userns\n"},
    {C "UserNS=host\n", "a.container image=i host@4:8\n"},
    {C "UserNS=keep-id:uid=1000,gid=2000\n", "a.container image=i user=1000:2000@4:8 userns\n"},
    {C "UserNS=keep-id\n",
     "a.container image=i unknown=UserNS=keep-id starts it as whoever runs Podman userns\n"},
    {C "UserNS=keep-id\nUser=7\n", "a.container image=i user=7@5:6 userns\n"},
    {C "RemapUsers=auto\n", "a.container image=i userns\n"},
    {C "PublishPort=80:80\nPublishPort=8080:8080\nPublishPort=53:53/udp\n",
     "a.container image=i port(80/tcp)@4:13 port(53/udp)@6:13\n"},
    {C "PublishPort=%i\n",
     "a.container image=i\nnote: a.container:4:13: this is no port, and not looked at\n"},
    /* options of Podman */
    {C "PodmanArgs=--user 5:6 --privileged --cap-add=A,b --userns host -p 80\n",
     "a.container image=i user=5:6@4:19 privileged@4:23 cap(A)@4:36 cap(B)@4:36 port(80/tcp)@4:67 "
     "host@4:59\n"},
    {C "User=1\nPodmanArgs=-u2\nPodmanArgs=-u=3\n", "a.container image=i user=3@6:12\n"},
    {C "PodmanArgs=--privileged=false --userns\n", "a.container image=i\n"},
    {C "PodmanArgs=--security-opt no-new-privileges:false\n", "a.container image=i new@4:27\n"},
    {"[Container]\nImage=i\nPodmanArgs=\"--security-opt=no-new-privileges\"\n",
     "a.container image=i\n"},
    {C "PodmanArgs=--env 'A=--privileged x' --label=u\n", "a.container image=i\n"},
    {C "Pod=x.pod\n", "a.container image=i\nnote: a.container:4:1: what the pod says (its user "
                      "namespace, ports) is not looked at\n"},
    {"[Container]\nRootfs=/r\nUser=5\n",
     "a.container user=5@3:6 new@2:1\n"
     "note: a.container:2:8: a root filesystem in place of an image is not looked at\n"},
    /* errors */
    {"", "a.container:1:1: there is no [Container] or [Build] section"},
    {"[Unit]\nDescription=x\n", "a.container:1:1: there is no [Container] or [Build] section"},
    {"[Container]\nUser=x\n", "a.container:1:1: [Container] has no Image=, which Quadlet wants"},
    {"[Container]\nImage=i\nRootfs=r\n",
     "a.container:3:1: Rootfs= beside Image=, which Quadlet refuses"},
    {"[Container]\nImage=i\nGroup=g\n",
     "a.container:3:1: Group= without User=, which Quadlet refuses"},
    {"Image=i\n", "a.container:1:1: a key stands before any [Section]"},
    {"[Container\nImage=i\n", "a.container:1:1: a section is written [Name]"},
    {"[]\n", "a.container:1:1: a section is written [Name]"},
    {"[Container]\n  what is it\n", "a.container:2:3: a line of a unit is Key=value"},
    {"[Container]\n=x\n", "a.container:2:1: a line of a unit is Key=value"},
    {C "AddCapability=A 'B\n", "a.container:4:17: a quote is not closed"},
    {C "PodmanArgs=--user \\\n  \"x\n", "a.container:5:3: a quote is not closed"},
};

static void
check(const char *name, const char *found, const char *wanted)
{
  if (strcmp(found, wanted) == 0)
    return;
  g_test_message("%s\n--- wanted\n%s\n--- found\n%s", name, wanted, found);
  g_test_fail();
}

static void
test_a_container_alone(void)
{
  for (guint i = 0; i < G_N_ELEMENTS(containers); i++) {
    const KitFile files[] = {{"a.container", containers[i].text}, {NULL}};
    const KitCase kit = {.files = files};
    g_autofree char *found = kit_quadlet(&kit);
    check(containers[i].text, found, containers[i].result);
  }
}

static const struct {
  const char *text, *result;
} builds[] = {
    {"[Build]\nImageTag=t\nFile=Containerfile\nSetWorkingDirectory=unit\n",
     "a.build image=t context=d dockerfile=d/Containerfile\n"},
    {"[Build]\nImageTag=t\nFile=/x/C\n", "a.build image=t context=/x dockerfile=/x/C\n"},
    {"[Build]\nImageTag=t\nFile=sub/C\nSetWorkingDirectory=file\n",
     "a.build image=t context=d/sub dockerfile=d/sub/C\n"},
    {"[Build]\nImageTag=t\nFile=C\nSetWorkingDirectory=../e\n",
     "a.build image=t context=e dockerfile=e/C\n"},
    {"[Build]\nImageTag=t\nSetWorkingDirectory=/e\n", "a.build image=t context=/e\n"},
    {"[Build]\nImageTag=t\n[Service]\nWorkingDirectory=/e\n", "a.build image=t context=/e\n"},
    {"[Build]\nSetWorkingDirectory=https://x.example/r.git\nFile=C\n",
     "a.build context=https://x.example/r.git dockerfile=C\n"},
    {"[Build]\nImageTag=t\nFile=%h/C\nSetWorkingDirectory=unit\n",
     "a.build image=t context=d dockerfile=%h/C\nnote: a.build: its context has a specifier, which "
     "systemd alone knows\n"},
    {"[Build]\nImageTag=t\nFile=/x/C\nTarget=run\nBuildArg=A=1 \"B=x y\"\n"
     "PodmanArgs=--build-arg C=3 --build-context=n=../m\n",
     "a.build image=t context=/x dockerfile=/x/C target=run arg[A=1] arg[B=x y] arg[C=3] "
     "context[n=../m]\n"},
    {"[Build]\nFile=/x/C\nPodmanArgs=--target other\n",
     "a.build context=/x dockerfile=/x/C target=other\n"},
};

static void
test_a_build_alone(void)
{
  for (guint i = 0; i < G_N_ELEMENTS(builds); i++) {
    const KitFile files[] = {{"d/a.build", builds[i].text}, {NULL}};
    const KitCase kit = {.files = files};
    g_autofree char *found = kit_quadlet(&kit);
    check(builds[i].text, found, builds[i].result);
  }
}

#define MAX_FILES 7

static const struct {
  const char *name;
  KitFile files[MAX_FILES];
  const char *result;
} several[] = {
    {"a container of a .build",
     {{"d/a.container", "[Container]\nImage=b.build\nUser=5\nNoNewPrivileges=1\n"},
      {"d/b.build", "[Build]\nImageTag=localhost/t\nFile=C\nSetWorkingDirectory=unit\n"}},
     "a.container image=localhost/t context=d dockerfile=d/C user=5@3:6\n"},
    {"a container of an .image",
     {{"d/a.container", "[Container]\nImage=b.image\n"}, {"d/b.image", "[Image]\nImage=x:1\n"}},
     "a.container image=x:1 new@2:1\n"},
    {"a .build that is not there",
     {{"d/a.container", "[Container]\nImage=b.build\n"}},
     "a.container image=b.build new@2:1\n"
     "note: d/a.container:2:7: the unit b.build is not beside this one, and not looked at\n"},
    {"a .build that is broken",
     {{"d/a.container", "[Container]\nImage=b.build\n"}, {"d/b.build", "x\n"}},
     "d/b.build:1:1: a line of a unit is Key=value"},
    {"drop-ins by name, the nearest of one name",
     {{"d/a-b.container", "[Container]\nImage=i\nUser=root\nAddCapability=A\n"},
      {"d/a-b.container.d/20-x.conf", "[Container]\nUser=app\n"},
      {"d/a-b.container.d/10-x.conf", "[Container]\nUser=lost\nNoNewPrivileges=true\n"},
      {"d/container.d/20-x.conf", "[Container]\nUser=hidden\nAddCapability=HIDDEN\n"},
      {"d/a-.container.d/30-x.conf", "[Container]\nAddCapability=\nAddCapability=B\n"}},
     "a-b.container image=i user=app@d/a-b.container.d/20-x.conf:2:6 "
     "cap(B)@d/a-.container.d/30-x.conf:3:15\n"},
    {"drop-ins of a template and of its instance",
     {{"a@b.container", "[Container]\nImage=i\nNoNewPrivileges=1\n"},
      {"a@.container.d/x.conf", "[Container]\nUser=5\n"},
      {"a@b.container.d/y.conf", "[Container]\nGroup=6\n"}},
     "a@b.container image=i user=5:6@a@.container.d/x.conf:2:6\n"},
    {"a drop-in that is broken",
     {{"a.container", "[Container]\nImage=i\n"}, {"a.container.d/x.conf", "User=5\n"}},
     "a.container.d/x.conf:1:1: a key stands before any [Section]"},
    {"drop-ins of a joined unit",
     {{"a.container", "[Container]\nImage=b.build\nNoNewPrivileges=1\n"},
      {"b.build", "[Build]\nFile=/x/C\n"},
      {"b.build.d/x.conf", "[Build]\nTarget=t\n"}},
     "a.container image=b.build context=/x dockerfile=/x/C target=t\n"},
};

static void
test_several_units(void)
{
  for (guint i = 0; i < G_N_ELEMENTS(several); i++) {
    const KitCase kit = {.files = several[i].files};
    g_autofree char *found = kit_quadlet(&kit);
    check(several[i].name, found, several[i].result);
  }
}

/* As many pieces as words: places must not be looked for one by one. */
static void
test_a_long_line_of_many_pieces(void)
{
  g_autoptr(GString) text = g_string_new(C "AddCapability=A");
  for (guint i = 0; i < 200000; i++)
    g_string_append(text, " \\\n A");
  const KitFile files[] = {{"a.container", text->str}, {NULL}};
  const KitCase kit = {.files = files};
  gint64 start = g_get_monotonic_time();
  g_autofree char *found = kit_quadlet(&kit);
  g_assert_true(g_str_has_prefix(found, "a.container image=i cap(A)@4:15 cap(A)@5:2 "));
  g_assert_cmpint(g_get_monotonic_time() - start, <, 20 * G_USEC_PER_SEC);
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/quadlet/container", test_a_container_alone);
  g_test_add_func("/quadlet/build", test_a_build_alone);
  g_test_add_func("/quadlet/several", test_several_units);
  g_test_add_func("/quadlet/pieces", test_a_long_line_of_many_pieces);
  return g_test_run();
}

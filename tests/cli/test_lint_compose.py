"""`nonzero lint` on Compose files: a verdict for each service, by its image or build and by what the
file says over it."""

import pytest
from lint_kit import ROOT, USER, assert_no_verdict, counting, lint, places, put, rules, subjects
from program import FAIL, PASS

BASES = {"Dockerfile": ROOT, "user/Dockerfile": USER}
NAMED = "FROM debian:12\nRUN useradd -u 1234 app\nUSER app\n"


@pytest.fixture
def compose(tmp_path):
    """Services of a compose.yaml beside other files: compose(text, Dockerfile=...) -> {name: subject}."""

    def compose(text, files=(), args=(), paths=("compose.yaml",), env=None):
        put(tmp_path, {**BASES, "compose.yaml": text, **dict(files)})
        result = lint(*args, *paths, cwd=tmp_path, env=env)
        found = subjects(result)
        for one in found.values():
            assert one["kind"] == "compose-service", one
        return found

    return compose


def service(body, name="app"):
    """A compose.yaml with one service, whose body is given line by line, from line 3 on."""
    lines = [f"    {line}" for line in body.strip("\n").split("\n")]
    return f"services:\n  {name}:\n" + "\n".join(lines) + "\n"


# Whom a service starts as --------------------------------------------------------------------------

# body of the service, state, uid, where it was decided
USERS = [
    ("build-of-root", "build: .", "root", 0, ("Dockerfile", 1)),
    ("build-of-a-user", "build: user", "non-root", 1000, None),
    ("build-of-a-user-with-dot", "build: ./user", "non-root", 1000, None),
    ("build-context", "build:\n  context: user", "non-root", 1000, None),
    ("build-dockerfile", "build:\n  context: .\n  dockerfile: user/Dockerfile", "non-root", 1000, None),
    ("build-dockerfile-alone", "build:\n  dockerfile: user/Dockerfile", "non-root", 1000, None),
    ("user-over-root", "build: .\nuser: '1000'", "non-root", 1000, None),
    ("user-is-a-number", "build: .\nuser: 1000", "non-root", 1000, None),
    ("user-and-group", "build: .\nuser: '1000:1000'", "non-root", 1000, None),
    ("root-over-user", "build: user\nuser: root", ("root", "wont-start"), None, None),
    ("zero-over-user", "build: user\nuser: '0'", "root", 0, ("compose.yaml", 4)),
    ("zero-is-a-number", "build: user\nuser: 0", "root", 0, ("compose.yaml", 4)),
    ("zero-and-group-over-user", "build: user\nuser: 0:0", "root", 0, ("compose.yaml", 4)),
    ("only-a-group", "build: user\nuser: ':1000'", "root", 0, ("compose.yaml", 4)),
    ("empty-is-the-images", "build: user\nuser: ''", "non-root", 1000, None),
    ("null-is-the-images", "build: user\nuser:", "non-root", 1000, None),
    ("nobody-knows-the-name", "build: user\nuser: app", "wont-start", None, ("compose.yaml", 4)),
    ("image-of-root", "image: debian:12", "root", 0, ("compose.yaml", 3)),
    ("image-of-a-user", "image: gcr.io/distroless/static-debian12:nonroot", "non-root", 65532, None),
    ("image-unknown", "image: registry.example.com/app:1", "unknown", None, ("compose.yaml", 3)),
    ("image-unknown-and-user", "image: registry.example.com/app:1\nuser: '1000'", "non-root", 1000, None),
    ("image-unknown-and-root", "image: registry.example.com/app:1\nuser: '0'", "root", 0, ("compose.yaml", 4)),
    ("image-unknown-and-name", "image: registry.example.com/app:1\nuser: app", "unknown", None, None),
    ("build-and-image", "image: debian:12\nbuild: user", "non-root", 1000, None),
]


@pytest.mark.parametrize("body, state, uid, at", [u[1:] for u in USERS], ids=[u[0] for u in USERS])
def test_service_starts_as(compose, body, state, uid, at):
    (one,) = compose(service(body)).values()
    assert one["name"] == "app"
    user = one["user"]
    assert user["state"] in ([state] if isinstance(state, str) else state), user
    assert uid is None or user["uid"] == uid
    if user["state"] == "non-root":
        assert one["verdict"] == "pass" and "image-user" not in rules(one)
    else:
        assert one["verdict"] == ("fail" if user["state"] == "root" else "unknown")
        assert at is None or at in places(one, "image-user"), one


def test_each_service_has_its_verdict(compose):
    found = compose("""
        services:
          good:
            build: user
          bad:
            build: .
          unsure:
            image: registry.example.com/x
        """)
    assert {name: one["verdict"] for name, one in found.items()} == {
        "good": "pass",
        "bad": "fail",
        "unsure": "unknown",
    }


def test_name_is_looked_up_in_what_the_build_makes(compose):
    found = compose(service("build: .\nuser: app"), {"Dockerfile": NAMED.replace("USER app\n", "")})
    assert found["app"]["user"]["uid"] == 1234
    assert found["app"]["verdict"] == "pass"
    assert ("compose.yaml", 4) in places(found["app"], "user-not-numeric")


def test_target_of_the_build(compose):
    files = {"Dockerfile": "FROM scratch AS dev\nFROM scratch AS prod\nUSER 1000\nFROM scratch\n"}
    for target, state in (("dev", "root"), ("prod", "non-root"), ("PROD", "non-root")):
        body = f"build:\n  context: .\n  target: {target}"
        assert compose(service(body), files)["app"]["user"]["state"] == state


@pytest.mark.parametrize(
    "args, state",
    [
        ("args:\n    who: 1000", "non-root"),
        ("args:\n    who: '1000'", "non-root"),
        ("args: [who=1000]", "non-root"),
        ("args:\n    - who=1000", "non-root"),
        ("args:\n    who: 0", "root"),
        ("args: [who=]", "root"),
        ("args: [who]", "non-root"),
        ("args:\n    who:", "non-root"),
        ("args: [other=1000]", "root"),
        ("args:\n    who: ${MINE}", "non-root"),
        ("args:\n    who: ${NOT_THERE:-0}", "root"),
    ],
)
def test_arguments_of_the_build(compose, args, state):
    """One without a value is that of the environment."""
    found = compose(
        service(f"build:\n  context: .\n  {args}"),
        {"Dockerfile": "FROM scratch\nARG who\nUSER $who\n"},
        env={"who": "1000", "MINE": "1000"},
    )
    assert found["app"]["user"]["state"] == state


def test_dockerfile_in_the_compose_file(compose):
    body = "build:\n  dockerfile_inline: |\n    FROM scratch\n    USER {}"
    assert compose(service(body.format(1000)))["app"]["user"]["uid"] == 1000
    found = compose(service(body.format(0)))["app"]
    assert found["verdict"] == "fail"
    assert {name for name, _ in places(found, "image-user")} == {"compose.yaml"}


def test_findings_of_the_build_are_the_services(compose):
    found = compose(service("build: ."), {"Dockerfile": "FROM debian:12\nRUN chmod u+s /x\nUSER 1000\n"})
    assert found["app"]["verdict"] == "fail"
    assert places(found["app"], "setuid-root") == {("Dockerfile", 2)}


def test_base_is_known_by_the_command_line(compose):
    image = "registry.example.com/app:1"
    found = compose(service(f"image: {image}"), args=("--base", f"{image}=1000"))
    assert found["app"]["user"]["uid"] == 1000


def test_dockerfile_that_is_not_there_is_an_error(tmp_path):
    put(tmp_path, {"compose.yaml": service("build: gone")})
    assert_no_verdict(lint("compose.yaml", cwd=tmp_path), "gone", position=("compose.yaml", 3))


def test_dockerfile_that_does_not_parse_is_an_error(tmp_path):
    put(tmp_path, {"compose.yaml": service("build: ."), "Dockerfile": "FROM scratch\nUSRE 1000\n"})
    assert_no_verdict(lint("compose.yaml", cwd=tmp_path), position=("Dockerfile", 2))


# What else a service says --------------------------------------------------------------------------

HARD = "security_opt:\n  - no-new-privileges:true"

# body, rule, line; None: not found
MORE = [
    ("privileged: true", "privileged-container", 4),
    ("privileged: false", "privileged-container", None),
    ("cap_add:\n  - SYS_ADMIN", "added-capability", 5),
    ("cap_add: [CAP_SYS_ADMIN]", "added-capability", 4),
    ("cap_add:\n  - ALL", "added-capability", 5),
    ("cap_add: []", "added-capability", None),
    ("cap_drop: [ALL]", "added-capability", None),
    (HARD, "new-privileges", None),
    ("security_opt: ['no-new-privileges']", "new-privileges", None),
    ("security_opt: ['no-new-privileges=true']", "new-privileges", None),
    ("security_opt: ['no-new-privileges:false']", "new-privileges", 4),
    ("security_opt: ['seccomp:unconfined']", "new-privileges", 0),
    ("init: true", "new-privileges", 0),
    ("userns_mode: host", "host-userns", 4),
    ("init: true", "host-userns", None),
    ("ports:\n  - '8080:80'", "low-port", 5),
    ("ports:\n  - '80'", "low-port", 5),
    ("ports:\n  - 127.0.0.1:80:80/tcp", "low-port", 5),
    ("ports:\n  - '80:8080'", "low-port", None),
    ("ports:\n  - target: 80\n    published: 8080", "low-port", 5),
    ("ports:\n  - target: 8080\n    published: 80", "low-port", None),
]


@pytest.mark.parametrize("body, rule, line", MORE, ids=[f"{m[1]}:{m[0][:40]}" for m in MORE])
def test_service_is_found(compose, body, rule, line):
    one = compose(service(f"build: user\n{body}"))["app"]
    if line is None:
        assert rule not in rules(one), one
    else:
        assert rule in rules(one), one
        assert not line or ("compose.yaml", line) in places(one, rule), one


@pytest.mark.parametrize(
    "body, state",
    [("user: '0'\nuserns_mode: auto", "root-in-userns"), ("user: '0'\nuserns_mode: private", "root"),
     ("user: '0'\nuserns_mode: host", "root"), ("user: '0'", "root"),
     ("user: '1000'\nuserns_mode: auto", "non-root")],
)
def test_root_in_a_user_namespace_is_told_apart_and_fails(compose, body, state):
    one = compose(service(f"build: user\n{body}"))["app"]
    assert one["user"]["state"] == state, one
    assert one["verdict"] == ("pass" if state == "non-root" else "fail"), one


def test_privileged_service_is_no_pass(compose):
    assert compose(service("build: user\nprivileged: true"))["app"]["verdict"] == "fail"


# Interpolation -------------------------------------------------------------------------------------

# user:, .env, environment, state, uid
INTERPOLATED = [
    ("${U}", "U=1000\n", {}, "non-root", 1000),
    ("$U", "U=1000\n", {}, "non-root", 1000),
    ("${U}", "U=0\n", {}, "root", 0),
    ("${U}", "U=0\n", {"U": "1000"}, "non-root", 1000),
    ("${U}", "U=1000\n", {"U": "0"}, "root", 0),
    ("${U:-1000}", "", {}, "non-root", 1000),
    ("${U:-1000}", "U=\n", {}, "non-root", 1000),
    ("${U-0}", "", {}, "root", 0),
    ("${U-1000}", "U=0\n", {}, "root", 0),
    ("${U:+1000}", "U=x\n", {}, "non-root", 1000),
    ("${U:-${V:-1000}}", "", {}, "non-root", 1000),
    ("${U}:${G}", "", {}, ("root", "unknown"), None),
    ("${U}:${G}", "U=1000\nG=1001\n", {}, "non-root", 1000),
    ("${U:?who}", "U=1000\n", {}, "non-root", 1000),
    ("${U}", "# a comment\n\nU=1000 # the app\n", {}, "non-root", 1000),
    ("${U}", "U='1000'\n", {}, "non-root", 1000),
    ("${U}", 'U="1000"\n', {}, "non-root", 1000),
    ("${U}", "export U=1000\n", {}, "non-root", 1000),
    ("${U}", "U=1000\r\n", {}, "non-root", 1000),
    ("${U}", "B=10\nU=${B}00\n", {}, "non-root", 1000),
    ("${U}", "B=10\nU='${B}00'\n", {}, "wont-start", None),
    ("$$U", "U=1000\n", {}, "wont-start", None),
]


@pytest.mark.parametrize("word, dotenv, env, state, uid", INTERPOLATED)
def test_interpolation(compose, word, dotenv, env, state, uid):
    one = compose(service(f'build: .\nuser: "{word}"'), {".env": dotenv.encode()}, env=env)["app"]
    assert one["user"]["state"] in ([state] if isinstance(state, str) else state), one
    assert uid is None or one["user"]["uid"] == uid


def test_unset_variable_is_the_images_user_or_undecided(compose):
    """An empty user: is none; what sets it elsewhere is not known here."""
    one = compose(service('build: user\nuser: "${U}"'))["app"]
    assert one["verdict"] != "fail" and one["user"].get("uid", 1000) == 1000
    one = compose(service('build: .\nuser: "${U}"'))["app"]
    assert one["verdict"] != "pass"


def test_image_is_interpolated(compose):
    found = compose(service("image: ${I:-debian}:${T}"), {".env": "T=12\n"})
    assert found["app"]["user"]["state"] == "root"


@pytest.mark.parametrize("word", ["${U:?who runs it}", "${U?who runs it}"])
def test_required_variable_that_is_missing_is_an_error(tmp_path, word):
    put(tmp_path, {**BASES, "compose.yaml": service(f'build: .\nuser: "{word}"')})
    assert_no_verdict(lint("compose.yaml", cwd=tmp_path), "who runs it", position=("compose.yaml", 4))


@pytest.mark.parametrize("word", ["${", "${U", "${}", "$ {U}", "${U!x}"])
def test_broken_variable_is_an_error(tmp_path, word):
    put(tmp_path, {**BASES, "compose.yaml": service(f'build: .\nuser: "{word}"')})
    assert_no_verdict(lint("compose.yaml", cwd=tmp_path), position=("compose.yaml", 4))


def test_missing_dotenv_is_none(compose):
    assert compose(service("build: user"))["app"]["verdict"] == "pass"


def test_dotenv_lies_beside_the_first_file(tmp_path):
    put(tmp_path, {**{f"a/{k}": v for k, v in BASES.items()}, ".env": "U=1000\n", "a/.env": "U=0\n",
                   "a/compose.yaml": service('build: user\nuser: "${U}"')})
    found = subjects(lint("a/compose.yaml", cwd=tmp_path))
    assert found["app"]["user"]["uid"] == 0


# extends, include, several files, profiles ----------------------------------------------------------


def test_extends_a_service_of_the_same_file(compose):
    found = compose("""
        services:
          base:
            build: user
          app:
            extends: base
          other:
            extends:
              service: base
            user: "0"
        """)
    assert {name: one["user"]["uid"] for name, one in found.items()} == {
        "base": 1000, "app": 1000, "other": 0}
    assert ("compose.yaml", 9) in places(found["other"], "image-user")


def test_extends_a_service_of_another_file(compose):
    found = compose(
        service("extends:\n  file: common/base.yaml\n  service: base"),
        {"common/base.yaml": service("build: .\nprivileged: true", "base"), "common/Dockerfile": USER},
    )
    assert set(found) == {"app"}, "what is only extended is no service of this file"
    assert found["app"]["user"]["uid"] == 1000, "its paths are those of its own folder"
    assert ("common/base.yaml", 4) in places(found["app"], "privileged-container")


def test_extends_through_three(compose):
    found = compose("""
        services:
          a: {build: ., user: "1000"}
          b: {extends: a}
          c: {extends: {service: b}}
        """)
    assert found["c"]["user"]["uid"] == 1000


def test_extends_adds_capabilities(compose):
    found = compose("""
        services:
          a:
            build: user
            cap_add: [SYS_ADMIN]
          b:
            extends: a
            cap_add: [NET_ADMIN]
        """)
    whats = [one["message"] for one in found["b"]["findings"] if one["rule"] == "added-capability"]
    assert any("SYS_ADMIN" in text for text in whats) and any("NET_ADMIN" in text for text in whats)


BROKEN = {
    "extends-itself": (service("build: .\nextends: app"), {}),
    "extends-in-a-circle": ("services:\n  a: {extends: b}\n  b: {extends: a}\n", {}),
    "extends-in-a-circle-of-files": (
        service("extends: {file: b.yaml, service: app}"),
        {"b.yaml": service("extends: {file: compose.yaml, service: app}")},
    ),
    "extends-what-is-not-there": (service("build: .\nextends: gone"), {}),
    "extends-a-file-that-is-not-there": (service("extends: {file: gone.yaml, service: x}"), {}),
    "include-that-is-not-there": ("include: [gone.yaml]\n" + service("build: ."), {}),
    "include-in-a-circle": (
        "include: [b.yaml]\n" + service("build: ."),
        {"b.yaml": "include: [compose.yaml]\n"},
    ),
    "include-of-itself": ("include: [compose.yaml]\n" + service("build: ."), {}),
    "include-of-the-same-service": (
        "include: [b.yaml]\n" + service("build: ."),
        {"b.yaml": service("image: other")},
    ),
    "not-a-mapping": ("- services\n", {}),
    "services-not-a-mapping": ("services: [app]\n", {}),
    "service-not-a-mapping": ("services:\n  app: text\n", {}),
    "user-not-a-word": (service("build: .\nuser: [1000]"), {}),
    "build-not-a-word": (service("build: [x]"), {}),
    "nothing-to-start": (service("user: '1000'"), {}),
    "key-twice": (service("build: .\nuser: '1000'\nuser: '0'"), {}),
    "tabs": ("services:\n\tapp:\n\t\tbuild: .\n", {}),
    "open-bracket": (service("build: .\ncap_add: [A"), {}),
    "alias-of-nothing": (service("build: .\nuser: *who"), {}),
    "privileged-is-no-boolean": (service("build: .\nprivileged: maybe"), {}),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_file_is_an_error_with_a_position(tmp_path, name):
    text, files = BROKEN[name]
    put(tmp_path, {**BASES, "compose.yaml": text, **files})
    result = lint("compose.yaml", cwd=tmp_path)
    assert_no_verdict(result)
    assert b".yaml:" in result.err, result
    assert_no_verdict(result, position=("b.yaml" if b"b.yaml:" in result.err else "compose.yaml", 0))


def test_include(compose):
    found = compose(
        """
        include:
          - sub/compose.yaml
          - path: other.yaml
        services:
          app:
            build: user
        """,
        {
            "sub/compose.yaml": service('build: .\nuser: "${U}"', "inner"),
            "sub/.env": "U=1000\n",
            "sub/Dockerfile": ROOT,
            "other.yaml": service("build: .", "other"),
        },
    )
    assert {name: one["user"]["uid"] for name, one in found.items()} == {
        "app": 1000, "inner": 1000, "other": 0}


def test_override_beside_a_file_is_merged(compose):
    files = {"compose.override.yaml": service('user: "0"\nprivileged: true')}
    both = ("compose.yaml", "compose.override.yaml")
    (one,) = compose(service("build: user\nuser: '1000'"), files, paths=both).values()
    assert one["user"]["uid"] == 0
    assert ("compose.override.yaml", 3) in places(one, "image-user")
    assert ("compose.override.yaml", 4) in places(one, "privileged-container")


def test_override_mends(compose):
    files = {"compose.override.yaml": service('user: "1000"')}
    (one,) = compose(service("build: ."), files, paths=("compose.yaml", "compose.override.yaml")).values()
    assert one["verdict"] == "pass"


def test_folder_is_judged_as_docker_reads_it(tmp_path):
    put(tmp_path, {**BASES, "compose.yaml": service("build: user"),
                   "compose.override.yaml": service('user: "0"')})
    found = [one for one in lint(tmp_path).subjects if one["kind"] == "compose-service"]
    assert [one["user"]["uid"] for one in found] == [0]


def test_override_adds_a_service_and_resets_a_value(compose):
    files = {
        "compose.override.yaml": "services:\n  app:\n    user: !reset null\n  more:\n    build: .\n"
    }
    found = compose(
        service("build: user\nuser: '0'"), files, paths=("compose.yaml", "compose.override.yaml")
    )
    assert found["app"]["user"]["uid"] == 1000
    assert found["more"]["verdict"] == "fail"


def test_files_of_several_folders_are_judged_by_themselves(tmp_path):
    for name, user in (("a", "1000"), ("b", "0")):
        put(tmp_path / name, {**BASES, "compose.yaml": service(f"build: .\nuser: '{user}'")})
    result = lint("a/compose.yaml", "b/compose.yaml", cwd=tmp_path)
    assert [one["user"]["uid"] for one in result.subjects] == [1000, 0]
    assert result.code == FAIL


PROFILES = """
    services:
      app:
        build: user
      debug:
        build: .
        profiles: [debug, tools]
    """


@pytest.mark.parametrize("active", ["debug", "tools", "*"])
def test_service_of_an_active_profile_is_judged(compose, active):
    found = compose(PROFILES, args=("--compose-profile", active))
    assert {name: one["verdict"] for name, one in found.items()} == {"app": "pass", "debug": "fail"}


def test_service_of_a_profile_is_not_passed_over_silently(tmp_path):
    """It is judged, or it is said that it was not."""
    put(tmp_path, {**BASES, "compose.yaml": PROFILES})
    result = lint("compose.yaml", cwd=tmp_path)
    said = [note for one in result.subjects for note in one.get("notes", [])]
    judged = any(one["name"] == "debug" and one["verdict"] == "fail" for one in result.subjects)
    assert judged or any("debug" in text for text in [*said, result.err.decode()]), result


def test_anchors_and_merge_keys(compose):
    found = compose("""
        x-common: &common
          user: "1000"
          security_opt: ["no-new-privileges:true"]
        services:
          app:
            <<: *common
            build: .
          other:
            <<: *common
            build: .
            user: "0"
        """)
    assert found["app"]["verdict"] == "pass" and "new-privileges" not in rules(found["app"])
    assert found["other"]["verdict"] == "fail"


@pytest.mark.parametrize(
    "name", ["compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml",
             "docker-compose.prod.yml"]
)
def test_names_of_compose_files(tmp_path, name):
    put(tmp_path, {**BASES, name: service("build: user")})
    assert lint(name, cwd=tmp_path).code == PASS


def test_old_version_key_and_crlf(tmp_path):
    text = ("version: '3.8'\n" + service("build: user\nuser: '0'")).replace("\n", "\r\n")
    put(tmp_path, {**BASES, "compose.yaml": text.encode()})
    (one,) = lint("compose.yaml", cwd=tmp_path).subjects
    assert ("compose.yaml", 5) in places(one, "image-user")


def test_ignore_comment(compose):
    found = compose(service("build: user\n# nonzero ignore=privileged-container reason=\"a VPN\"\nprivileged: true"))
    assert found["app"]["verdict"] == "pass"
    assert "privileged-container" not in counting(found["app"])

"""Registries that misbehave: each is a clear error or overcome, bounded in time and bytes, and no
credential is in any message or sent where it does not belong."""

import base64
import email.utils
import itertools
import json
import os
import re
import stat
import time

import pytest
from oddimage import Image, Layer
from oddtar import archive, file
from program import FAIL, assert_refused, scan
from registry import Answer, make_ca, serving

USER, PASSWORD = "reader", "marker-Pa55word-marker"
BASIC = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
TOKEN = "marker-token-marker"
IDENTITY = "marker-identity-marker"
SECRETS = [PASSWORD.encode(), BASIC.encode(), TOKEN.encode(), IDENTITY.encode()]

# Seconds to connect, seconds in which something must come, milliseconds of the first wait.
TIMES = "2:1:5"


def image():
    body = os.urandom(300_000)
    return Image([Layer(archive(file("usr/bin/su", 0o4755, body=body)), "gzip")])


@pytest.fixture
def home(tmp_path):
    (tmp_path / "home").mkdir()
    return tmp_path / "home"


@pytest.fixture
def look(home):
    """Scans a registry's image; nothing secret may be in what is printed."""

    def look(registry, *args, plain=True, source=None, env=None, times=TIMES):
        environment = {"HOME": str(home), "XDG_RUNTIME_DIR": str(home), "NONZERO_FETCH_TIMES": times}
        environment["CONTAINERS_REGISTRIES_CONF"] = os.devnull
        args = [*args, "--plain-http"] if plain else args
        result = scan(*args, source or registry.source, env={**environment, **(env or {})})
        for secret in SECRETS:
            assert secret not in result.out + result.err, result
        return result

    return look


@pytest.fixture
def registry():
    with serving(image()) as one:
        yield one


def assert_judged(result):
    assert result.code == FAIL, result
    assert result.paths("setuid-root") == ["/usr/bin/su"]


def log_in(home, host, **entry):
    entry = entry or {"auth": BASIC}
    (home / "containers").mkdir(exist_ok=True)
    (home / "containers" / "auth.json").write_text(json.dumps({"auths": {host: entry}}))


def want_basic(registry):
    registry.rule(
        lambda request: None
        if request.headers.get("authorization") == f"Basic {BASIC}"
        else Answer(401, {"WWW-Authenticate": 'Basic realm="here"'})
    )


def want_token(registry, realm=None, give=None):
    """The token is given at `realm`; `give` answers there."""
    realm = realm or f"{registry.url}/token"
    challenge = f'Bearer realm="{realm}",service="s",scope="repository:{registry.name}:pull"'

    def rule(request):
        if request.kind == "token":
            return give(request) if give else Answer(body=json.dumps({"token": TOKEN}).encode())
        if request.headers.get("authorization") == f"Bearer {TOKEN}":
            return None
        return Answer(401, {"WWW-Authenticate": challenge})

    registry.rule(rule)


# What comes ---------------------------------------------------------------------------------------


def test_an_image_is_judged(registry, look):
    assert_judged(look(registry))
    assert all(one.headers["user-agent"].startswith("nonzero/") for one in registry.requests)
    assert len(registry.requests) == 3  # manifest, configuration, one layer


@pytest.mark.parametrize(
    "status, says", [(403, "forbidden"), (404, "404"), (418, "418"), (401, "401")]
)
def test_a_status_is_an_error(registry, look, status, says):
    registry.rule(lambda request: Answer(status, body=b"<html>" + PASSWORD.encode()))
    result = look(registry)
    assert_refused(result, says, registry.host, registry.name)
    assert len(registry.requests) == 1


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_status_that_passes_is_waited_for(registry, look, status):
    registry.rule(lambda request: Answer(status) if request.nth < 2 else None)
    assert_judged(look(registry))


def test_a_status_that_does_not_pass_ends(registry, look):
    registry.rule(lambda request: Answer(503))
    assert_refused(look(registry), "503", "tries")
    assert len(registry.requests) == 5


def test_retry_after_seconds_is_honoured(registry, look):
    registry.rule(lambda r: Answer(429, {"Retry-After": "1"}) if r.nth == 0 and r.kind == "blobs" else None)
    result = look(registry)
    assert_judged(result)
    assert result.seconds >= 2  # configuration and layer


def test_retry_after_a_date_is_honoured(registry, look):
    date = email.utils.formatdate(time.time() + 2, usegmt=True)
    registry.rule(
        lambda r: Answer(503, {"Retry-After": date}) if r.nth == 0 and r.kind == "manifests" else None
    )
    result = look(registry)
    assert_judged(result)
    assert result.seconds >= 0.9


def test_retry_after_an_hour_is_said(registry, look):
    registry.rule(lambda request: Answer(429, {"Retry-After": "3600"}))
    result = look(registry)
    assert_refused(result, "3600 seconds", "429", "log in")
    assert len(registry.requests) == 1


def test_a_digest_that_is_wrong(registry, look):
    layer = registry.layer()
    wrong = bytearray(registry.blob(layer))
    wrong[-1] ^= 1
    registry.rule(lambda r: Answer(body=bytes(wrong)) if r.path.endswith(layer) else None)
    assert_refused(look(registry), "wrong digest", layer)


def test_a_manifest_that_is_not_what_was_asked_for(registry, look):
    registry.rule(lambda r: Answer(body=b'{"schemaVersion":2}') if r.kind == "manifests" else None)
    source = f"docker://{registry.host}/{registry.name}@{registry.manifest}"
    assert_refused(look(registry, source=source), "wrong digest", registry.manifest)


def test_a_manifest_that_contradicts_its_header(registry, look):
    headers = {"Docker-Content-Digest": "sha256:" + 64 * "0"}
    data = registry.blob(registry.manifest)
    registry.rule(lambda r: Answer(headers=headers, body=data) if r.kind == "manifests" else None)
    assert_refused(look(registry), "wrong digest")


def test_a_manifest_of_schema_1(registry, look):
    body = b'{"schemaVersion":1,"fsLayers":[],"history":[]}'
    kind = {"Content-Type": "application/vnd.docker.distribution.manifest.v1+prettyjws"}
    registry.rule(lambda r: Answer(headers=kind, body=body) if r.kind == "manifests" else None)
    assert_refused(look(registry), "schema 1")


def endless():
    return itertools.repeat(bytes(65536))


@pytest.mark.parametrize("kind", ["manifests", "blobs"])
def test_a_body_without_an_end(registry, look, kind):
    registry.rule(lambda r: Answer(chunks=endless()) if r.kind == kind else None)
    result = look(registry)
    assert_refused(result)
    assert re.search(rb"more than 4 MiB|more than 4194304 bytes", result.err)


def test_a_layer_that_goes_on_past_its_size(registry, look):
    layer = registry.layer()
    registry.rule(lambda r: Answer(chunks=endless()) if r.path.endswith(layer) else None)
    assert_refused(look(registry), "more comes than", layer)


def test_a_layer_that_is_of_another_size(registry, look):
    layer = registry.layer()
    registry.rule(lambda r: Answer(body=b"short") if r.path.endswith(layer) else None)
    assert_refused(look(registry), "5", layer)


def test_headers_without_an_end(registry, look):
    registry.rule(lambda request: Answer(headers={f"X-{i}": "x" * 4000 for i in range(60)}))
    assert_refused(look(registry), "headers of more than 64 KiB")


def test_a_server_that_only_holds_us_up(registry, look):
    def drops():
        while True:
            yield b" "
            time.sleep(0.1)

    registry.rule(lambda request: Answer(chunks=drops()))
    result = look(registry)
    assert_refused(result, "too slow")
    assert result.seconds < 10


def test_a_server_that_says_nothing(registry, look):
    registry.rule(lambda request: time.sleep(4))
    result = look(registry)
    assert_refused(result, "too slow")
    assert result.seconds < 10


# Connections that break ---------------------------------------------------------------------------


def cut_once(registry, at, **more):
    layer = registry.layer()

    def rule(request):
        if request.path.endswith(layer) and request.nth == 0:
            data = registry.blob(layer)
            return Answer(headers={"ETag": '"a"', **more}, body=data, cut=at)
        return None

    registry.rule(rule)
    return layer


def test_a_layer_is_taken_up_where_it_broke(registry, look):
    layer = cut_once(registry, 100_000)
    registry.rule(
        lambda r: (lambda a: Answer(a.status, {**a.headers, "ETag": '"a"'}, a.body))(registry.truth(r))
        if r.path.endswith(layer)
        else None
    )
    assert_judged(look(registry))
    again = [one for one in registry.requests if one.path.endswith(layer)]
    assert len(again) == 2
    assert again[1].headers["range"].startswith("bytes=100000-")


def test_a_layer_that_breaks_again_and_again(registry, look):
    layer = registry.layer()

    def rule(request):
        if not request.path.endswith(layer):
            return None
        answer = registry.truth(request)
        answer.cut = 50_000
        return answer

    registry.rule(rule)
    assert_judged(look(registry))
    assert len([one for one in registry.requests if one.path.endswith(layer)]) > 5


def test_a_layer_that_broke_and_has_no_ranges(registry, look):
    registry.ranges = False
    layer = cut_once(registry, 100_000)
    assert_refused(look(registry), "the connection broke", "Range", layer)


def test_a_layer_that_broke_and_changed(registry, look):
    layer = cut_once(registry, 100_000)
    assert_refused(look(registry), "changed", layer)  # its ETag is another


@pytest.mark.parametrize(
    "text",
    ["bytes 0-99/100", "bytes 99999-{last}/{size}", "bytes 100000-{last}/999", "bytes 100000-100000/{size}",
     "pages 1-2/3", "bytes */{size}", "bytes 100000-{last}/{size}x", ""],
)  # fmt: skip
def test_a_part_that_is_another_than_was_asked_for(registry, look, text):
    layer = cut_once(registry, 100_000)
    size = len(registry.blob(layer))
    said = {"Content-Range": text.format(last=size - 1, size=size), "ETag": '"a"'}
    registry.rule(
        lambda r: Answer(206, said, registry.blob(layer)[100_000:]) if r.path.endswith(layer) else None
    )
    assert_refused(look(registry), "Content-Range", layer)


def test_a_server_that_hangs_up(registry, look):
    registry.rule(lambda request: Answer(body=b"x", cut=0, length=1))
    assert_refused(look(registry), "broke", "tries")


# Redirects ----------------------------------------------------------------------------------------


@pytest.fixture
def storage():
    with serving(image(), host="127.0.0.2") as one:
        yield one


def redirect_blobs(registry, where, status=307):
    registry.rule(
        lambda r: Answer(status, {"Location": where(r)}) if r.kind == "blobs" else None
    )


def test_a_redirect_to_another_host_has_no_credentials(registry, look, home):
    with serving(registry.image, host="127.0.0.2") as storage:
        log_in(home, registry.host)
        want_basic(registry)
        redirect_blobs(registry, lambda r: storage.url + r.path)
        assert_judged(look(registry))
        assert len(storage.requests) == 2
        assert all("authorization" not in one.headers for one in storage.requests)
        assert any("authorization" in one.headers for one in registry.requests)


def test_a_redirect_to_another_port_and_back_has_no_credentials(registry, look, home):
    with serving(registry.image) as storage:
        log_in(home, registry.host)
        want_basic(registry)
        registry.rules.insert(
            0,
            lambda r: Answer(302, {"Location": f"{storage.url}{r.path}"})
            if r.kind == "blobs" and "back" not in r.path
            else None,
        )
        storage.rule(lambda r: Answer(302, {"Location": f"{registry.url}{r.path}?back"}))
        assert_refused(look(registry), "401")
        back = [one for one in registry.requests if "back" in one.path]
        assert storage.requests and back
        assert all("authorization" not in one.headers for one in storage.requests + back)


def test_a_redirect_to_the_same_place_keeps_them(registry, look, home):
    log_in(home, registry.host)
    want_basic(registry)
    registry.rule(
        lambda r: Answer(307, {"Location": f"{r.path}?again"})
        if r.kind == "blobs" and "again" not in r.path
        else None
    )
    registry.rule(
        lambda r: registry.truth(type(r)(r.method, r.path[:-6], r.headers, r.body, r.nth))
        if r.path.endswith("?again")
        else None
    )
    assert_judged(look(registry))


def test_redirects_in_a_circle(registry, look):
    registry.rule(lambda r: Answer(302, {"Location": r.path}))
    assert_refused(look(registry), "redirects more than 5 times")
    assert len(registry.requests) == 6


@pytest.mark.parametrize(
    "where, says",
    [
        ("http://169.254.169.254/latest/meta-data/", "link-local"),
        ("http://[fe80::1]/x", "link-local"),
        ("http://[::ffff:169.254.169.254]/x", "link-local"),
        ("file:///etc/passwd", "no http or https"),
        ("gopher://127.0.0.1/x", "no http or https"),
        ("http://user:pass@127.0.0.1/x", "no http or https"),
    ],
)
def test_a_redirect_to_where_no_registry_leads(registry, look, where, says):
    registry.rule(lambda request: Answer(302, {"Location": where}))
    assert_refused(look(registry), says)


# TLS ----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def ca(tmp_path_factory):
    return make_ca(tmp_path_factory.mktemp("ca"))


@pytest.fixture
def secure(ca):
    with serving(image(), tls=ca) as one:
        yield one


def test_a_ca_that_is_given_is_trusted(secure, look, ca):
    assert_judged(look(secure, "--tls-ca", ca / "ca.crt", plain=False))


def test_a_ca_that_is_not_known_is_refused(secure, look):
    assert_refused(look(secure, plain=False), "TLS", "--tls-ca", secure.host)
    assert secure.requests == []


def test_a_ca_of_certs_d_is_trusted(secure, look, ca, home):
    place = home / ".config" / "containers" / "certs.d" / secure.host
    place.mkdir(parents=True)
    (place / "ca.crt").write_bytes((ca / "ca.crt").read_bytes())
    assert_judged(look(secure, plain=False))


def test_a_certificate_for_another_name_is_refused(look, tmp_path):
    ca = make_ca(tmp_path, names=("DNS:elsewhere.example",))
    with serving(image(), tls=ca) as registry:
        assert_refused(look(registry, "--tls-ca", ca / "ca.crt", plain=False), "TLS")
        assert registry.requests == []


def test_a_registry_without_tls_is_not_taken_for_one(registry, look):
    assert_refused(look(registry, plain=False), "--plain-http")
    assert registry.requests == []


def test_a_redirect_from_https_to_http_is_refused(secure, look, ca, storage):
    redirect_blobs(secure, lambda r: storage.url + r.path)
    assert_refused(look(secure, "--tls-ca", ca / "ca.crt", plain=False), "from https to http")
    assert storage.requests == []


def test_a_realm_from_https_to_http_is_refused(secure, look, ca, home, storage):
    log_in(home, secure.host)
    want_token(secure, realm=f"{storage.url}/token")
    assert_refused(look(secure, "--tls-ca", ca / "ca.crt", plain=False), "without it", secure.host)
    assert storage.requests == []


# Logins -------------------------------------------------------------------------------------------


def test_basic(registry, look, home):
    log_in(home, registry.host)
    want_basic(registry)
    assert_judged(look(registry))


def test_no_login(registry, look):
    want_basic(registry)
    assert_refused(look(registry), "podman login " + registry.host, "401")


def test_a_wrong_password(registry, look, home):
    wrong = base64.b64encode(f"{USER}:{PASSWORD}x".encode()).decode()
    log_in(home, registry.host, auth=wrong)
    want_basic(registry)
    result = look(registry)
    assert_refused(result, "refuses the credentials", "podman login " + registry.host)
    assert wrong.encode() not in result.err
    assert len(registry.requests) == 2


@pytest.mark.parametrize("key", ["token", "access_token"])
def test_a_token(registry, look, home, key):
    log_in(home, registry.host)
    want_token(registry, give=lambda r: Answer(body=json.dumps({key: TOKEN, "expires_in": 5}).encode()))
    assert_judged(look(registry))
    (asked,) = registry.asked("token")
    assert asked.headers["authorization"] == f"Basic {BASIC}"
    assert "scope=repository%3Ateam%2Fapp%3Apull" in asked.path
    assert "service=s" in asked.path


def test_a_token_for_anyone(registry, look):
    want_token(registry)
    assert_judged(look(registry))
    assert "authorization" not in registry.asked("token")[0].headers


def test_a_token_that_is_over_is_asked_for_again(registry, look):
    given = []
    want_token(registry)
    registry.rules.insert(
        0,
        lambda r: given.append(1) or Answer(401, {"WWW-Authenticate": f'Bearer realm="{registry.url}/token"'})
        if r.path.endswith(registry.layer()) and not given
        else None,
    )

    def give(request):
        return Answer(body=json.dumps({"token": TOKEN + str(request.nth)}).encode())

    registry.rules[1] = lambda r: (
        give(r) if r.kind == "token" else None if "authorization" in r.headers
        else Answer(401, {"WWW-Authenticate": f'Bearer realm="{registry.url}/token"'})
    )  # fmt: skip
    assert_judged(look(registry))
    assert len(registry.asked("token")) == 2


def test_an_identity_token(registry, look, home):
    log_in(home, registry.host, identitytoken=IDENTITY)
    want_token(registry)
    assert_judged(look(registry))
    (asked,) = registry.asked("token")
    assert asked.method == "POST"
    assert f"refresh_token={IDENTITY}".encode() in asked.body
    assert b"grant_type=refresh_token" in asked.body
    assert "authorization" not in asked.headers


def test_a_realm_on_another_host_without_tls_gets_no_credentials(registry, look, home, storage):
    log_in(home, registry.host)
    want_token(registry, realm=f"{storage.url}/token")
    storage.rule(lambda r: Answer(body=json.dumps({"token": TOKEN}).encode()))
    assert_judged(look(registry))
    assert storage.requests
    assert all("authorization" not in one.headers for one in storage.requests)


@pytest.mark.parametrize(
    "realm, says",
    [
        ("http://169.254.169.254/token", "link-local"),
        ("http://[fe80::1%25lo]/token", "registry"),
        ("file:///etc/passwd", "no http or https"),
        ("ftp://127.0.0.1/", "no http or https"),
        ("", "no http or https"),
    ],
)
def test_a_realm_that_is_hostile(registry, look, home, realm, says):
    log_in(home, registry.host)
    want_token(registry, realm=realm) if realm else registry.rule(
        lambda r: Answer(401, {"WWW-Authenticate": 'Bearer realm="x",service="s"'})
    )
    assert_refused(look(registry), says)


@pytest.mark.parametrize(
    "give",
    [
        Answer(body=b"no json"),
        Answer(body=b"{}"),
        Answer(body=b'{"token":"a\\r\\nX-Evil: 1"}'),
        Answer(body=b'{"token":["a"]}'),
        Answer(body=b'{"token":"' + b"x" * (2 << 20) + b'"}'),
        Answer(404),
        Answer(302, {"Location": "/elsewhere"}),
    ],
    ids=["no-json", "nothing", "line", "list", "large", "404", "302"],
)
def test_a_token_that_is_none(registry, look, home, give):
    log_in(home, registry.host)
    want_token(registry, give=lambda r: give)
    assert_refused(look(registry), registry.host)
    assert all("x-evil" not in one.headers for one in registry.requests)


def test_a_server_that_echoes_what_it_was_sent(registry, look, home):
    log_in(home, registry.host)
    registry.rule(
        lambda r: Answer(302, {"Location": f"http://{BASIC.rstrip('=').lower()}.invalid/{PASSWORD}"})
        if "authorization" in r.headers
        else Answer(401, {"WWW-Authenticate": "Basic realm=x"})
    )
    assert_refused(look(registry))


@pytest.mark.parametrize("challenge", ["", "Negotiate", "Digest realm=x", 'Bearer realm="', "=,=,", 'Bearer service="x"'])
def test_a_challenge_that_nobody_knows(registry, look, home, challenge):
    log_in(home, registry.host)
    registry.rule(lambda request: Answer(401, {"WWW-Authenticate": challenge}))
    assert_refused(look(registry), "401", registry.host)


def test_several_challenges(registry, look, home):
    log_in(home, registry.host)
    want_token(registry)
    rule = registry.rules.pop()

    def both(request):
        answer = rule(request)
        if answer is not None and answer.status == 401:
            first = answer.headers["WWW-Authenticate"]
            answer.headers["WWW-Authenticate"] = ['Negotiate, Basic realm="a, b"', first]
        return answer

    registry.rule(both)
    assert_judged(look(registry))


# Where credentials are ----------------------------------------------------------------------------


def test_the_most_specific_entry_counts(registry, look, home):
    (home / "containers").mkdir()
    wrong = base64.b64encode(b"nobody:nothing").decode()
    auths = {registry.host: {"auth": wrong}, f"{registry.host}/team": {"auth": BASIC},
             f"{registry.host}/tea": {"auth": wrong}}  # fmt: skip
    (home / "containers" / "auth.json").write_text(json.dumps({"auths": auths}))
    want_basic(registry)
    assert_judged(look(registry))


@pytest.mark.parametrize("how", ["config", "docker-config", "env", "option", "url-key"])
def test_files_of_credentials(registry, look, home, tmp_path, how):
    key = f"https://{registry.host}/v2/" if how == "url-key" else registry.host
    text = json.dumps({"auths": {key: {"auth": BASIC}}})
    folder = home / (".docker" if how == "config" else "else")
    folder.mkdir()
    (folder / "config.json").write_text(text)
    env = {
        "docker-config": {"DOCKER_CONFIG": str(folder)},
        "env": {"REGISTRY_AUTH_FILE": str(folder / "config.json")},
        "url-key": {"DOCKER_CONFIG": str(folder)},
    }.get(how, {})
    args = ["--authfile", folder / "config.json"] if how == "option" else []
    want_basic(registry)
    assert_judged(look(registry, *args, env=env))


def test_a_file_that_is_no_json_is_said_without_its_content(registry, look, home):
    (home / "containers").mkdir()
    (home / "containers" / "auth.json").write_text('{"auths": {"x": {"auth": ' + PASSWORD)
    want_basic(registry)
    assert_refused(look(registry), "auth.json", "line 1")


def helper(home, name, script):
    path = home / f"docker-credential-{name}"
    path.write_text("#!/bin/sh\n" + script)
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return {"PATH": f"{home}:{os.environ['PATH']}"}


GIVES = f"""[ "$1" = get ] && read -r server; echo "{{\\"ServerURL\\":\\"$server\\",\\"Username\\":\\"{USER}\\",\\"Secret\\":\\"{PASSWORD}\\"}}" """


@pytest.mark.parametrize("key", ["credHelpers", "credsStore"])
def test_a_helper_is_asked(registry, look, home, key):
    (home / ".docker").mkdir()
    value = {registry.host: "test"} if key == "credHelpers" else "test"
    (home / ".docker" / "config.json").write_text(json.dumps({key: value}))
    want_basic(registry)
    assert_judged(look(registry, env=helper(home, "test", GIVES)))


@pytest.mark.parametrize(
    "name, script, says",
    [
        ("test", "echo no json", "no JSON"),
        ("test", "head -c 1000000 /dev/zero", "64 KiB"),
        ("../../bin/sh", "", "no name of a credential helper"),
        ("missing", None, "docker-credential-missing cannot be started"),
        ("test", f"echo '{PASSWORD}' >&2; exit 1", "podman login"),
    ],
)
def test_a_helper_that_does_not_help(registry, look, home, name, script, says):
    (home / ".docker").mkdir()
    (home / ".docker" / "config.json").write_text(json.dumps({"credsStore": name}))
    env = helper(home, name, script) if script else {}
    want_basic(registry)
    assert_refused(look(registry, env=env), says)


# Mirrors ------------------------------------------------------------------------------------------


def conf(home, text):
    (home / "registries.conf").write_text(text)
    return {"CONTAINERS_REGISTRIES_CONF": str(home / "registries.conf")}


def mirror_of(registry, mirror, more=""):
    return f"""
[[registry]]
prefix = "{registry.host}"
{more}
[[registry.mirror]]
location = "{mirror.host}/copies"
"""


def test_a_mirror_is_asked_first(registry, look, home):
    with serving(registry.image, name="copies/team/app") as mirror:
        assert_judged(look(registry, env=conf(home, mirror_of(registry, mirror))))
        assert registry.requests == []
        assert len(mirror.requests) == 3


def test_a_mirror_that_fails_is_no_matter(registry, look, home):
    with serving(registry.image, name="copies/team/app") as mirror:
        mirror.rule(lambda request: Answer(404))
        assert_judged(look(registry, env=conf(home, mirror_of(registry, mirror))))
        assert mirror.requests


def test_a_mirror_gets_no_credentials_of_the_registry(registry, look, home):
    log_in(home, registry.host)
    want_basic(registry)
    with serving(name="copies/team/app") as mirror:
        mirror.rule(lambda r: Answer(401, {"WWW-Authenticate": 'Basic realm="x"'}))
        assert_judged(look(registry, env=conf(home, mirror_of(registry, mirror))))
        assert all("authorization" not in one.headers for one in mirror.requests)


def test_a_registry_that_is_blocked(registry, look, home):
    text = f'[[registry]]\nlocation = "{registry.host}"\nblocked = true\n'
    assert_refused(look(registry, env=conf(home, text)), "blocked")
    assert registry.requests == []


def test_a_registry_that_is_somewhere_else(registry, look, home):
    text = f'[[registry]]\nprefix = "example.com/group"\nlocation = "{registry.host}/team"\n'
    source = "docker://example.com/group/app:1"
    result = look(registry, source=source, env=conf(home, text))
    assert_judged(result)
    assert result.subject["name"] == "example.com/group/app:1"


def test_insecure_is_what_podman_makes_of_it(registry, secure, look, home):
    for one in (registry, secure):
        text = f'[[registry]]\nlocation = "{one.host}"\ninsecure = true\n'
        assert_judged(look(one, plain=False, env=conf(home, text)))


def test_a_configuration_that_cannot_be_read(registry, look, home):
    assert_refused(look(registry, env=conf(home, "[[registry\n")), "registries.conf")


# Platforms, names ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name, says",
    [
        ("docker:app", "two slashes"),
        ("docker://", "empty"),
        ("docker://Upper", "lower case"),
        ("docker://a:b:c", "no name of an image"),
        ("docker://a@sha256:1", "digest"),
        ("docker://user:secret@host/a", "no name of an image"),
    ],
)
def test_names_that_are_none(look, name, says):
    assert_refused(look(None, source=name), says)


def test_a_foreign_layer(look):
    layer = Layer(archive(file("a")), "gzip",
                  media_type="application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
                  lies={"urls": ["https://example.com/layer"]})  # fmt: skip
    with serving(Image([layer])) as registry:
        where = registry.layer()
        registry.rule(lambda r: Answer(404) if r.path.endswith(where) else None)
        assert_refused(look(registry), "foreign", where)


def test_a_layer_that_is_missing(registry, look):
    where = registry.layer()
    registry.rule(lambda r: Answer(404) if r.path.endswith(where) else None)
    assert_refused(look(registry), "404", where)

#!/usr/bin/python3
"""Writes the seeds of the fuzz corpora: small inputs that are right, or wrong in one place, and so reach
deep. What the fuzzers found since stands beside them under other names.

    tests/fuzz/make_corpus.py tests/data/fuzz
"""

import base64
import gzip
import hashlib
import json
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

import kube_case_fix as mended
import kube_cases_fix_pod  # noqa: F401
import kube_cases_fix_style  # noqa: F401
import oddbolt as bolt
import oddimage as img
import oddpack as pack
import oddtar as tar

NEXT_LAYER = b"\xff\xffnext layer\xff\xff"
PASSWD = b"root:x:0:0:root:/root:/bin/sh\napp:x:1000:1000::/:\ntoor:x:0:0::/:\n"
GROUP = b"root:x:0:\napp:x:1000:app,root\n"


def tar_seeds():
    plain = tar.archive(tar.directory("usr"), tar.file("usr/su", 0o4755), tar.symlink("bin", "usr"))
    special = tar.archive(
        tar.pax_global({"comment": "x"}),
        tar.pax({"path": "long", "size": "3", "uid": "70000", "mtime": "1.5"}),
        tar.file("short", body=b"abc"),
        tar.gnu_long_name("n" * 120),
        tar.gnu_long_link("t" * 120),
        tar.symlink("l", "t"),
        tar.file("c", xattrs={"security.capability": tar.capability(1 << 10)}),
    )
    numbers = tar.archive(
        tar.file("big", uid=2**31, gid=2**40),
        tar.file("v7", magic=tar.V7),
        tar.file("gnu", magic=tar.GNU),
        tar.device("null", 1, 3),
        tar.hardlink("h", "big", 0o4755),
    )
    star = tar.archive(
        tar.reseal(tar.header("star"), at_345=b"pre", at_508=b"tar\x00"),
        tar.reseal(tar.header("gnu", magic=tar.GNU), at_345=b"prefix"),
    )
    chunks = [(0, b"x" * 512), (4096, b"y" * 10)]
    many = [(n * 1024, b"z") for n in range(30)]
    sparse = tar.archive(
        tar.sparse_gnu("old", chunks, 8192),
        tar.sparse_gnu("extended", many[:4], 65536, extension=[many[4:25], many[25:]]),
    )
    sparse_pax = tar.archive(
        *(tar.sparse_pax("f" + version, chunks, 8192, version) for version in ("0.0", "0.1", "1.0"))
    )
    archives = {
        "plain": plain,
        "special": special,
        "numbers": numbers,
        "star": star,
        "sparse": sparse,
        "sparse-pax": sparse_pax,
        "one-zero-block": tar.archive(tar.file("a"), end=1) + tar.file("b"),
        "cut": plain[:700],
        "pax-size-desync": tar.archive(
            tar.pax({"size": "1024"}), tar.gnu_long_name("n"), tar.file("a", body=b"b" * 1024)
        ),
    }
    for place, (name, data) in enumerate(archives.items()):
        yield name, bytes([place % 3]) + data
    yield "sparse-read", b"\x01" + sparse
    yield "sparse-pax-read", b"\x01" + sparse_pax


def layer_seeds():
    below = tar.archive(
        tar.directory("etc"),
        tar.file("etc/passwd", body=PASSWD),
        tar.file("usr/bin/su", 0o4755),
        tar.symlink("bin", "usr/bin"),
        tar.file("plain"),
    )
    above = tar.archive(
        tar.whiteout("usr/bin/su"),
        tar.opaque("etc"),
        tar.file("etc/group", body=GROUP),
        tar.hardlink("link", "plain", 0o4755),
        tar.file("bin/ping", xattrs={"security.capability": tar.capability(1 << 13)}),
        tar.file("bin/ping", 0o6755),
        tar.device("gone", 0, 0),
    )
    lists = tar.archive(
        tar.file("var/lib/dpkg/info/util-linux.list", body=b"/usr\n/usr/bin/su\n"),
        tar.file("var/lib/dpkg/status.d/base.md5sums", body=b"0" * 32 + b"  usr/bin/su\n"),
        tar.file("lib/apk/db/installed", body=b"P:busybox\nF:bin\nR:busybox\n"),
    )
    odd = tar.archive(
        tar.symlink("a", "b"),
        tar.symlink("b", "a"),
        tar.symlink("d", "/usr/../x"),
        tar.file("d/../e", 0o4755),
        tar.file("f", 0o4755),
        tar.file("f/g", 0o4755),
        tar.file("../up", 0o4755),
        tar.hardlink("up2", "up"),
    )
    yield "two-plain", b"\x00" + below + NEXT_LAYER + above
    yield "two-verified", b"\x02" + below + NEXT_LAYER + above
    yield "two-in-a-directory", b"\x01" + below + NEXT_LAYER + above
    yield "gzip", b"\x00" + gzip.compress(below, mtime=0) + NEXT_LAYER + pack.gzip_members(above)
    yield "zstd", b"\x02" + pack.zstd_frame(below) + NEXT_LAYER + pack.zstd_frames(above)
    yield "lists", b"\x00" + gzip.compress(lists, mtime=0)
    yield "odd", b"\x00" + odd
    yield "gzip-cut", b"\x00" + gzip.compress(below, mtime=0)[:-5]
    yield "gzip-header-fields", b"\x00" + pack.gzip_member(
        odd, name=b"layer.tar", comment=b"c", extra=b"xx", header_crc=True
    )


def documents(*pairs):
    return b"\n--\n".join(name.encode() + b"\n" + data for name, data in pairs)


def json_of(tree):
    return [(name, data) for name, data in tree.items() if data[:1] in b"{["]


def manifest_seeds():
    image = img.Image([tar.archive(tar.file("a")), tar.archive(tar.file("b"))], tags=("app:1",))
    other = img.Image([tar.archive()], architecture="arm64", variant="v8", tags=("app:2",))
    oci = json_of(img.oci_tree(image, other))
    nested = json_of(img.oci_tree(image, other, nest=2, attest=True))
    hybrid = json_of(img.docker_tree(image, other, style="hybrid"))
    yield "oci", b"\x00" + documents(*oci)
    yield "oci-platform", b"\x01" + documents(*nested)
    yield "oci-ref", b"\x02" + documents(*oci)
    yield "docker", b"\x00" + documents(*json_of(img.docker_tree(image, style="skopeo")))
    yield "docker-legacy", b"\x02" + documents(*json_of(img.docker_tree(image, style="legacy")))
    yield "hybrid", b"\x00" + documents(*hybrid)
    layerless = json_of(img.docker_tree(image, style="layerless"))
    yield "layerless", b"\x04" + documents(*layerless)
    both = {"manifests": [], "layers": [], "config": {}}
    descriptor = img.put({}, img.MANIFEST_TYPE, img.dump(both))
    index = img.dump({"manifests": [descriptor]})
    yield "index-and-manifest", b"\x00" + documents(
        ("index.json", index), ("x", img.dump(both))
    )


def config_seeds():
    image = img.Image([tar.archive(), tar.archive(tar.file("b"))], variant="v8")
    good = json.loads(image.config_bytes())
    history = [{"empty_layer": True}, {"created_by": "ADD"}, {"created_by": "RUN"}]
    yield "good", b"\x02" + img.dump(good)
    yield "history", b"\x02" + img.dump({**good, "history": history})
    built = [
        {"created_by": "ADD"},
        {"created_by": "USER 5", "comment": "FROM 0123456789ab", "empty_layer": True},
        {"created_by": '/bin/sh -c #(nop)  CMD ["sh"]', "empty_layer": True},
        {"created_by": "ENTRYPOINT a", "comment": "FROM debian:12"},
    ]
    labels = {"org.opencontainers.image.base.name": "a", "org.opencontainers.image.base.digest": "b"}
    yield "base", b"\x02" + img.dump({**good, "history": built, "config": {"Labels": labels}})
    yield "too-few", b"\x03" + img.dump(good)
    yield "none", b"\x00" + img.dump({"os": "linux", "config": None})
    yield "two-users", b"\x02" + img.dump({**good, "config": {"User": "1", "u\u017fer": "0"}})
    yield "wrong-types", b"\x00" + img.dump({"os": 1, "config": [], "rootfs": {}, "history": {}})


def passwd_seeds():
    specs = ["", "0", "app", "app:app", "toor", ":5", "1000:app", "+0", "4294967296", "app:nobody"]
    for place, spec in enumerate(specs):
        yield f"spec-{place}", b"\x00" + b"\x00".join([spec.encode(), PASSWD, GROUP])
    odd = b"app:x:l000:5::/:\n#c\n  app2:x:-1:9999999999999999999999\n1000:x:0:0\n:\n"
    yield "odd-numbers", b"\x00" + b"\x00".join([b"app2", odd, b"#g\napp:x:\n"])
    yield "number-as-name", b"\x00" + b"\x00".join([b"1000", odd, b""])
    yield "unknown-passwd", b"\x01app:app\x00\x00" + GROUP
    yield "unknown-group", b"\x02app:app\x00" + PASSWD + b"\x00"
    yield "nobody-said", b"\x04\x00" + PASSWD + b"\x00" + GROUP


def capability_seeds():
    for revision in (1, 2, 3):
        yield f"revision-{revision}", tar.capability(1 << 21 | 1 << 10, revision=revision)
    yield "all", tar.capability(2**64 - 1, inheritable=2**64 - 1, revision=3, root_uid=100000)
    yield "too-long", tar.capability(1, tail=b"x")
    yield "empty-set", tar.capability(0, effective=False)


def owners_seeds():
    yield "dpkg", b"\x00util-linux:amd64\x00/.\n/usr\n/usr/bin/su\n/etc/passwd"
    yield "md5sums", b"\x01base\x00" + b"0" * 32 + b"  usr/bin/su\nshort\n" + b"1" * 32 + b"  a\n"
    apk = b"C:x\nP:busybox\nF:bin\nR:busybox\nF:\nR:a\n\nP:shadow\nF:usr/bin\nR:su\n"
    yield "apk", b"\x02installed\x00" + apk
    yield "apk-nameless", b"\x02installed\x00F:a\nR:b\nP:\nR:c"


def rpmdb_seeds():
    folder = Path(__file__).resolve().parents[1] / "data" / "rpm"
    for kind, name in enumerate(["real.sqlite", "real.ndb", "real.bdb"]):
        data = (folder / name).read_bytes()
        yield name.replace(".", "-"), bytes([kind]) + data
    # The header of the first package, out of its frame: "BlbS", number, generation, length.
    frame = data_of_frame((folder / "real.ndb").read_bytes())
    yield "header", b"\x03" + frame


def data_of_frame(ndb):
    start = ndb.index(b"BlbS")
    return ndb[start + 16 : start + 16 + int.from_bytes(ndb[start + 12 : start + 16], "little")]


def policy_seeds():
    whole = """# why
profile: openshift
fail-on: warn
rules:
  image-user: fail
  CIS-DI-0008: warn
  setgid-other: off
exceptions:
  - rule: setuid-root
    path: /usr/bin/su
    image: "example.com/**:*"
    reason: >
      needed by all,
      and "known"
    owner: =team
    mitigation: no-new-privileges
    expires: 2024-02-29
  - {rule: DL3002, digest: "sha256:ab*", namespace: prod, executable: /bin/[!a-f]*, reason: r, owner: o}
"""
    texts = {
        "whole": whole,
        "empty": "",
        "comment": "# nothing\n---\n",
        "anchors": "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n",
        "tags": "rules: !!map {x: !y z}\n%TAG ! tag:\n",
        "deep": "rules: " + "[" * 60,
        "globs": "exceptions:\n- {rule: setuid-root, reason: r, owner: o, path: '/**/[a-z]?**a**/b\\*'}\n",
        "quoted": 'rules: {"setuid\\x2droot": "o\\x66f"}\n',
        "twice": "rules:\n  image-user: off\n  image-user: off\n",
        "tab": "rules:\n\timage-user: off\n",
        "block": "exceptions:\n  - rule: |-\n      setuid-root\n    reason: |+2\n\n      x\n",
        "complex-key": "? [a, b]\n: {c: d}\n",
        "two-documents": "--- {}\n...\n--- {}\n",
        "unknown": "rule:\n  x: off\n",
    }
    for name, text in texts.items():
        yield name, text.encode()
    yield "latin1", "fail-on: w\xe4rn".encode("latin-1")
    yield "bom-crlf", b"\xef\xbb\xbf" + whole.replace("\n", "\r\n").encode()


# Parts between lines of "%%": see fuzz_compose.c and fuzz_quadlet.c.
COMPOSE = """x-base: &base
  user: ${U:-1000}:${G-0}
  cap_add: [NET_ADMIN, &c cap_chown]
include:
  - other.yaml
  - {path: [other.yaml], env_file: .env, project_directory: sub}
services:
  web:
    <<: [*base, {image: i}]
    build: {context: ./app, args: {A: , B: 2}, additional_contexts: [x=../x], target: t}
    ports: ["127.0.0.1:80:80/udp", 443, {target: 8080, published: 80}]
    security_opt: !override [no-new-privileges=true]
    userns_mode: keep-id:uid=5,gid=6
    profiles: [dev]
    privileged: "${P-no}"
  db: {extends: web, cap_add: !reset null}
  far: {extends: {file: other.yaml, service: lib}}
---
services: {web: {user: 'it''''s'}}
%%
services: {lib: {build: "${A:?no}", user: $$x, cap_add: [*n]}}
%%
# c
export A=1 # one
B="a\\n$A"
C='x'
"""


def scan_report_seeds():
    identity = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    file = {"rule": "setuid-root", "level": "fail", "message": "m", "path": "/usr/bin/s\\xff\u00e9",
            "mode": "4755", "uid": 0, "gid": 0, "package": "login", "origin": "base",
            "layer": {"index": 1, "digest": identity, "created_by": "RUN apt\u2028"}}
    subject = {"kind": "image", "name": "a", "source": "a", "digest": identity, "image_id": identity,
               "verdict": "fail", "user": {"declared": "app", "state": "non-root", "why": "w"},
               "findings": [file, {**file, "rule": "file-capabilities", "undecided": True}],
               "left_out": [{"rule": "setuid-root", "findings": 2}], "notes": ["n"]}
    report = {"schema": "nonzero/report/v1", "tool": {"name": "nonzero", "version": "1"},
              "profile": "cbpp-0002", "verdict": "fail", "subjects": [subject]}
    yield "whole", json.dumps(report).encode()
    yield "lines", json.dumps(report, indent=2, ensure_ascii=False).encode()
    yield "schema-last", json.dumps(dict(reversed(report.items()))).encode()
    yield "user-only", json.dumps({**report, "profile": "user-only"}).encode()
    yield "lint", json.dumps({**report, "subjects": [{**subject, "kind": "dockerfile"}]}).encode()
    yield "diff", b'{"schema": "nonzero/diff/v1"}'
    yield "cut", json.dumps(report).encode()[:400]
    yield "twice", json.dumps(report).encode().replace(b'"package"', b'"path"')


def compose_seeds():
    texts = {
        "whole": COMPOSE,
        "plain": "services:\n  a:\n    image: x\n    user: root\n    privileged: true\n",
        "cycle": "include: [other.yaml]\nservices: {a: {extends: b}, b: {extends: a}}\n%%\ninclude: compose.yaml",
        "aliases": "a: &a [x, x]\nb: &b [*a, *a]\nservices: {c: {cap_add: *b}}\n",
        "merge": "services: {a: &a {user: x}, b: {<<: *a, <<: {image: $E}}}\n",
        "variables": "a: ${A:+${B:-$C}}${E?x}$$ ${A:?${B}}\n",
        "extends": "services: {a: {extends: {file: other.yaml, service: b}}}\n%%\nservices: {b: {user: $A}}\n%%\nA=\"1",
    }
    for name, text in texts.items():
        yield name, text.encode()


KUBE = """# Source: c/templates/d.yaml
apiVersion: apps/v1
kind: Deployment
metadata:
  name: d
  annotations: {polaris.fairwinds.com/hostPIDSet-exempt: "true", checkov.io/skip1: CKV_K8S_20=x}
spec:
  template:
    metadata: {labels: {a: b}}
    spec:
      hostPID: true
      hostUsers: false
      securityContext: &s
        runAsNonRoot: true
        runAsUser: 1000
        supplementalGroups: [0]
        sysctls: [{name: kernel.msgmax, value: "1"}]
      initContainers:
      # nonzero ignore=image-user reason="x"
      - {name: i, image: "nginx", restartPolicy: Always, securityContext: {procMount: Unmasked}}
      containers:
      - &c
        name: a
        image: a/1
        ports: [{containerPort: 80, hostPort: 80}]
        securityContext: {<<: *s, privileged: yes, capabilities: {add: [SYS_ADMIN], drop: [ALL]}}
        livenessProbe: {httpGet: {host: h, port: 80}}
      - {<<: *c, name: b, securityContext: {runAsUser: 0x0, allowPrivilegeEscalation: off}}
      volumes: [{name: v, hostPath: {path: /}}, {name: e, emptyDir: {}}]
---
apiVersion: v1
kind: Service
spec: {selector: {a: b}, ports: [{port: 80, targetPort: 80}]}
"""


def kube_seeds():
    pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n"
    texts = {
        "whole": KUBE,
        "restricted": "#profile restricted:v1.31\n" + KUBE,
        "baseline": "#profile baseline:latest\n" + KUBE,
        "scc": "#profile openshift:restricted-v2\n" + KUBE,
        "nonroot": "#profile openshift:nonroot-v2\n" + KUBE,
        "small": pod + "  containers:\n  - name: a\n    image: nginx\n",
        "windows": pod + "  os: {name: windows}\n  securityContext: {windowsOptions: {runAsUserName: "
        "ContainerAdministrator, hostProcess: true}}\n  containers: [{name: a, image: x}]\n",
        "ephemeral": pod + "  ephemeralContainers: [{name: e, image: '1'}]\n  containers: []\n",
        "merge-list": "a: &a {x: y}\nb: &b [*a, {<<: [*a, *a]}]\nkind: Pod\n<<: {spec: {containers: *b}}\n",
        "bomb": "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\nkind: X\nspec: [*c, *c]\n",
        "list": '{"kind": "List", "items": [{"kind": "PodList", "items": [{"spec": {"containers": [{"image": '
        '"\\u0041\\/"}]}}]}, null]}',
        "custom": "apiVersion: x/v1\nkind: Rollout\nspec: {a: [{template: {metadata: {}, spec: {containers: "
        "[{image: i}]}}}], steps: [{image: i, script: s}]}\n",
        "template": "kind: Pod\nmetadata:\n  name: {{ .x }}\n",
        "tags": pod + '  securityContext: {runAsUser: !!int "5", runAsNonRoot: !!bool "yes"}\n'
        "  containers: [{name: a, image: !!str 1}]\n",
        "types": pod + '  securityContext: {runAsUser: "1000"}\n',
        "fix": "#profile cbpp-0002\n" + pod + "  containers:\n  - name: a # c\n    image: app-n\n"
        "    securityContext: {}\n    volumeMounts:\n      - {name: v, mountPath: /v}\n"
        "  volumes:\n  - name: v\n    emptyDir: {}\n",
    }
    for name, text in texts.items():
        yield name, text.encode()


QUADLET = """# c
[Container]
Image=b.build
User=app
Group=%i
UserNS=keep-id:uid=5,gid=6
AddCapability=A \\
# c
  "B" \\x43
NoNewPrivileges=true
PublishPort=[::1]:80:80/udp
PodmanArgs=--user 5:6 -u7 --privileged --cap-add=A,b \\
  --security-opt 'no-new-privileges:false' -p 80-90
[Service]
User=x
%%
[Build]
ImageTag=t
File=./sub/C
SetWorkingDirectory=file
BuildArg=A=1 "B=x y"
PodmanArgs=--build-arg C --target t --build-context n=m
%%
[Container]
AddCapability=
AddCapability=\\u00e9
User=
"""


def quadlet_seeds():
    yield "whole", QUADLET.encode()
    yield "crlf", QUADLET.replace("\n", "\r\n").encode()
    yield "build", b"[Build]\nFile=/x/C\n"
    yield "quote", b"[Container]\nImage=i\nAddCapability='a\\"
    yield "latin1", b"[Container]\nImage=\xe4\nUser=\xff\n"


SUDOERS = b"""Defaults env_reset, !authenticate
Defaults:app !authenticate
User_Alias DEVS = app, %wheel : OPS = #1000, %#10
root ALL=(ALL:ALL) ALL
DEVS ALL=(ALL) NOPASSWD: /bin/a, PASSWD: \\
  /bin/b : here = NOPASSWD:SETENV: ALL # why
ALL ALL=NOPASSWD:ALL
@includedir /etc/sudoers.d
"""

SCRIPT = b"""#!/bin/sh
# gosu comment
if [ "$(id -u)" = 0 ]; then exec gosu app:app "$0" "$@"; fi
set -- su-exec "$USER" "$@"
start() { setpriv --reuid=999 --regid 998 --init-groups -- x; }
su -s /bin/sh app -c 'runuser -u web -- y' || s6-setuidgid 1000 z
cat <<EOF
exec gosu \\
  heredoc
EOF
case $1 in a) su - "a'b" -c "x \\" y" ;; esac
"""


def scripts_seeds():
    yield "sudoers", b"\x01" + SUDOERS
    yield "script", b"\x02" + SCRIPT
    yield "both", b"\x03" + SUDOERS + SCRIPT
    yield "nuls", b"\x03app\0ALL=NOPASSWD:ALL\ngosu\0app\0x\n"
    yield "open-quotes", b"\x03exec gosu 'app\nsu \"app\n$(su `su ${su"
    yield "aliases-of-each-other", b"\x01User_Alias A=B:B=A\nA ALL=NOPASSWD:ALL\n"
    yield "endless-continuation", b"\x03app \\\n" + b"\\\n" * 200 + b"NOPASSWD: ALL"
    yield "carriage-returns", b"\x03app ALL=NOPASSWD: ALL\r\nexec gosu app x\r\n"


SHELL_TEXTS = {
    "quotes": r"""a 'b c' "d $v \"e\" `f`" g\ h $'i\n\x41' "$(j "k")" ""; # 'l""",
    "operators": "a && b || c; d | e |& f & ! g; (h; { i; }) > j 2>&1 <<< k",
    "compound": 'if a; then b; elif c; then d; else e; fi; while f; do g; done; for h in $w 1; do i "$h"; done',
    "case": "case $v in (a|v*) b;; [!x]?) c;& *) d; esac; [[ $v =~ ^(a|b c)$ && -n x ]] && (( x += 1 ))",
    "functions": "f() { local x=$1; shift; a \"$@\" $x; }; f b c; function g { f; }; g; set -- 1 2; f \"$@\"",
    "parameters": "a ${v:-b} ${x:=$w} ${v#*a} ${v%%[a-l]*} ${v//a/b} ${#v} ${!v} ${e:+c} ${u?d} ${v:1:2} ${r[@]}",
    "arrays": 'r=(a "b c" $w); r+=(d); x "${r[@]}" ${r[1]} "${#r[@]}"; r[0]=e',
    "heredocs": "a <<E <<-'F' | b\n$v $(c)\nE\n\td $v\n\tF\nsh <<E\na 'b\nc'\nE\n",
    "nested": "sh -c \"a '$v' \\\"\\$w\\\" $(b 'c')\"; eval 'd; e'; su -c \"sh -c 'f g'\" u; env A=b bash -exo pipefail -c 'h $A $1' x y; trap 'i' EXIT",
    "substitutions": "a $(b `c \\`d\\`` $((1 + $(e)))) <(f) >(g) $((h); i)",
    "braces": "mkdir -p /a/{b,c{1..3},'d e'}/{x,y} {a..c} {,z} $v{a,b}",
    "find": "find / -exec sh -c 'chmod u+s \"$1\"' x {} \\; | xargs -n1 sh -c 'a \"$@\"' b",
    "unterminated": "a \"$(b 'c",
    "control-bytes": "a \1\2 \"\1$x\"; sh -c \"b $(c) \1\"",
}


def shell_seeds():
    for name, text in SHELL_TEXTS.items():
        yield name, b"\x01" + text.encode()


def split_line(position, kind, payload, **more):
    body = base64.b64encode(payload).decode() if payload is not None else None
    line = {"type": kind, **more, "payload": body, "position": position}
    return json.dumps(line, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"


def tar_split_seeds():
    zeros = bytes(512)
    chunks = [(0, b"x" * 512), (4096, b"y" * 10)]
    heads = {
        "file": (tar.file("a", body=zeros)[:512], 512),
        "link": (tar.hardlink("a", "b"), 7),
        "pax": (tar.pax({"path": "long", "size": "512"}) + tar.file("a", body=zeros)[:512], 512),
        "sparse": (tar.sparse_gnu("old", chunks, 8192)[:512], 8192),
        "directory": (tar.directory("d"), 0),
    }
    for place, (name, (head, size)) in enumerate(heads.items()):
        body = {"name": name + '<\n"\U0001f600', "size": size} if size else {"name_raw": "/w=="}
        lines = split_line(0, 2, head) + split_line(1, 1, bytes(8) if size else None, **body)
        ends = split_line(2, 2, zeros + zeros) + split_line(3, 2, b"")
        yield name, bytes([place % 3]) + lines + ends
        yield name + "-read", b"\x01" + lines + ends
    yield "cut", b"\x00" + lines[:-20]


def bolt_seeds():
    digest = "sha256:" + "0a" * 32
    few = bolt.containerd({"default/a:1": (digest, 5), "moby/b@" + digest: (digest, 70000)})
    many = bolt.containerd({f"k8s.io/app:{n}": (digest, n) for n in range(40)})
    yield "few", bolt.database(few)
    yield "many", bolt.database(many)
    yield "not-inline", bolt.database(few, inline=False)
    yield "overflow", bolt.database({"a": {"b": b"x" * 3000}, "c": b""})
    yield "large-pages", bolt.database(few, page_size=4096)
    yield "empty", bolt.database({})
    one = bolt.tree(few)
    yield "wrong-checksum", one.bytes(checksum=1)
    one.root = 900
    yield "no-such-root", one.bytes()
    loop = bolt.Database()
    loop.root = loop.add(bolt.BRANCH, 2, bolt.branch([(b"a", 3), (b"b", 3)]))
    yield "branch-to-itself", loop.bytes()
    inward = bolt.Database()
    inward.root = inward.add(bolt.LEAF, 1, bolt.leaf([(1, b"v1", bolt.struct.pack("=QQ", 3, 0))]))
    yield "bucket-in-itself", inward.bytes()


def number(n):
    out = bytearray()
    while n >= 0x80:
        out.append(n & 0x7F | 0x80)
        n >>= 7
    return bytes(out + bytes([n]))


def numbers(*many):
    return b"".join(map(number, many))


def text_of(text):
    return number(len(text)) + text


NO_CAPABILITY = bytes(40)


def inode(kind=0, mode=0o755, uid=0, gid=0, target=None, origin=None, body_kind=0, body=None):
    out = numbers(kind, mode, uid, gid, 0) + text_of(NO_CAPABILITY)
    for text in (target, origin):
        out += number(0) if text is None else number(1) + text_of(text)
    return out + number(body_kind) + (number(0) if body is None else number(1) + text_of(body))


def node(children=(), inode_number=0, owner=None, notable=0):
    """Children are pairs of a name and a node."""
    out = numbers(0, 0, inode_number, (owner is not None) | notable << 1)
    if owner:
        out += numbers(*owner)
    for name, child in children:
        out += number(1) + text_of(name) + child
    return out + number(0)


def saved_tree(inodes=(), root=None, names=(), ambiguities=()):
    fields = numbers(2, 1, 1, 1, 1, len(ambiguities), 1, 100, 10, 0)
    tables = b"".join(
        number(len(keys)) + b"".join(key.to_bytes(8, "little") for key in keys) + bytes(2 * len(keys))
        for keys in ([key for key in names if key >> 60 == table] for table in range(16)))
    doubts = b"".join(number(0) + text_of(path) + numbers(0, 1) for path in ambiguities)
    return (fields + number(len(inodes)) + b"".join(inodes) + (root or node()) + bytes(8) + number(0) +
            tables + number(len(ambiguities)) + doubts)


def entry(kind, path, shared=0, flags=0, target=None, tail=b""):
    out = bytes([kind, flags | (1 if target is not None else 0)]) + number(shared) + text_of(path)
    return out + numbers(0o4755, 0, 1000) + (b"" if target is None else text_of(target)) + tail


def block(entries, bodies=()):
    return text_of(b"".join(entries)) + number(len(bodies)) + b"".join(map(text_of, bodies))


def facts_seeds():
    yield "empty-tree", b"\x00" + saved_tree()
    inodes = [inode(), inode(0, 0o4755), inode(2, target=b"../b"), inode(body_kind=1, body=b"root:x:0:0"),
              inode(4), inode(0, 0o644, origin=b"x"), inode(body_kind=4)]
    tree = node([(b"a", node([(b"b", node(inode_number=2)), (b"c", node(inode_number=2))],
                             owner=(0o777, 5, 5, 0), notable=1)),
                 (b"etc", node([(b"passwd", node(inode_number=4))])), (b"x", node(inode_number=3)),
                 (b"d", node(inode_number=5)), (b"o", node(inode_number=6)), (b"n", node(inode_number=7))])
    names = [1 << 60 | 5, 2 << 60 | 6, 15 << 60 | 7, 9, 25]
    yield "tree", b"\x00" + saved_tree(inodes, tree, names, [b"a/b", b""])
    yield "tree-with-a-file-for-root", b"\x00" + saved_tree([inode()], node(inode_number=1))
    deep = node()
    for _ in range(300):
        deep = node([(b"d", deep)])
    yield "deep-tree", b"\x00" + saved_tree(root=deep)
    yield "no-entries", b"\x01"
    entries = [entry(1, b"a"), entry(0, b"/b", shared=1), entry(2, b"x", target=b"a/b"),
               entry(3, b"h", target=b"a/b"), entry(0, b"etc/passwd", flags=4 | 1 << 4),
               entry(0, b"bin/su", flags=2, tail=NO_CAPABILITY), entry(0, b".wh.x"), entry(6, b"z"),
               entry(0, b"o", flags=8 | 128), entry(5, b"g")]
    yield "copy", b"\x01" + block(entries, [b"root:x:0:0"]) + block([entry(0, b"a/c")])
    yield "copy-of-links", b"\x01" + block([entry(2, b"l", target=b"l"), entry(3, b"m/n", target=b"m")])


TABLE_MARK = b"\xff\xfftable\xff\xff"


def zstd(data):
    return subprocess.run(["zstd", "-q", "-c"], input=data, capture_output=True, check=True).stdout


def toc_entries(compress):
    """Contents, each compressed by itself, and the entries of a table that describes them."""
    long = bytes(range(256)) * 40
    contents = (b"root:x:0:0\n", GROUP, long[:5000], long[5000:])
    blob, offsets = b"", []
    for content in contents:
        blob += compress(b"header")
        offsets.append(len(blob))
        blob += compress(content)
    digests = ["sha256:" + hashlib.sha256(content).hexdigest() for content in contents]
    sudoers = "sha256:" + hashlib.sha256(long).hexdigest()
    return blob, [
        {"type": "dir", "name": "etc/", "mode": 0o40755},
        {"type": "reg", "name": "etc/passwd", "size": len(contents[0]), "offset": offsets[0],
         "digest": digests[0], "chunkDigest": digests[0], "mode": 0o100644},
        {"type": "reg", "name": "./etc/group", "size": len(GROUP), "offset": offsets[1],
         "chunkDigest": digests[1], "innerOffset": 0},
        {"type": "reg", "name": "etc/sudoers", "size": len(long), "offset": offsets[2], "digest": sudoers,
         "chunkSize": 5000, "chunkDigest": digests[2]},
        {"type": "chunk", "name": "etc/sudoers", "offset": offsets[3], "chunkOffset": 5000,
         "chunkDigest": digests[3]},
        {"type": "reg", "name": "ping", "mode": 0o104755, "uid": 7, "gid": 2**31, "xattrs": {
            "security.capability": "AQAAAgAgAAAAAAAAAAAAAAAAAAA=", "user.overlay.opaque": "eQ=="}},
        {"type": "hardlink", "name": "h", "linkName": "ping"},
        {"type": "symlink", "name": "\u00fc\n\U0001f600", "linkName": "../x"},
        {"type": "char", "name": "null", "devMajor": 1, "devMinor": 3},
        {"type": "block", "name": "b"}, {"type": "fifo", "name": "f"},
        {"type": "reg", "name": "d/.wh.gone"},
    ]


def toc_seeds():
    blob, entries = toc_entries(zstd)
    table = json.dumps({"version": 1, "entries": entries, "tarSplitDigest": "x"}).encode()
    yield "chunked", b"\x00" + blob + TABLE_MARK + table
    yield "bare", b"\x00" + TABLE_MARK + b'{"entries":[],"version":1}'
    yield "folded", b"\x00" + TABLE_MARK + b'{"entries":[{"TYPE":"dir","\\u006eame":"\\ud83d\\ude00"}],"x":[{}]}'
    yield "cut", b"\x00" + blob + TABLE_MARK + table[:300]
    packed = zstd(table)
    frame = b"\x50\x2a\x4d\x18" + len(packed).to_bytes(4, "little") + packed
    position = f"{len(blob) + 8}:{len(packed)}:{len(table)}:1".encode()
    yield "position", b"\x02" + position + TABLE_MARK + blob + frame
    blob, entries = toc_entries(lambda data: gzip.compress(data, mtime=0))
    table = json.dumps({"version": 1, "entries": entries}, indent="\t").encode()
    archive = gzip.compress(tar.archive(tar.file("stargz.index.json", 0, body=table)), mtime=0)
    for name, extra in (("estargz", b"\x1a\x00SG\x16\x00"), ("stargz", b"\x16\x00")):
        footer = b"\x1f\x8b\x08\x04" + bytes(5) + b"\xff" + extra + b"%016xSTARGZ" % len(blob)
        yield name, b"\x01" + blob + archive + footer + b"\x01\0\0\xff\xff" + bytes(8)


def segments_seeds():
    files = [tar.file(f"f{number}", body=b"x" * number) for number in range(8)]
    inner = tar.archive(*[tar.file("hidden", 0o4755)] * 4)
    archives = {
        "plain": tar.archive(*files, tar.hardlink("h", "f1")),
        "nested": tar.archive(files[0], tar.file("data", body=inner), *files),
        "nested-reaches": tar.archive(tar.file("data", body=tar.header("x", size=1024)), *files),
        "pending": tar.archive(*files[:2], tar.pax({"path": "p", "size": "512"}), *files),
        "pending-gnu": tar.archive(*files[:2], tar.gnu_long_name("n" * 120), *files),
        "globals": tar.archive(files[0], *[tar.pax_global({"comment": "x"})] * 70, files[1]),
        "ends-early": tar.archive(*files[:3]) + tar.archive(*files),
        "one-zero-block": tar.archive(*files, end=1) + tar.archive(*files),
        "cut": tar.archive(*files)[:-1800],
    }
    for name, data in archives.items():
        yield name, b"\0" + data
        yield name + "-searched", b"\1" + data


DOCKERFILE = b"""# syntax=docker/dockerfile:1
# escape=`
ARG V=1
FROM --platform=$P a:${V:-2} AS b
ENV A=1 B="x y" C=${A#*/} `
  # in between

  D='$A'
RUN --mount=type=cache,target=/c <<EOF <<-'F' && x
$A
EOF
	y
	F
COPY --from=b --chown="${U:?none}" ["a b", "\\u00e9"] /d/
HEALTHCHECK --interval=1s CMD [ "x" ]
ONBUILD USER ${A//x/${B%%y*}}
LABEL k v
USER "a":b
"""


def dockerfile_seeds():
    yield "whole", b"\x00" + DOCKERFILE
    yield "raw", b"\x0e" + DOCKERFILE
    yield "bom-crlf", b"\x00\xef\xbb\xbf" + DOCKERFILE.replace(b"\n", b"\r\n")
    yield "backslash", b"\x00" + DOCKERFILE.replace(b"# escape=`\n", b"").replace(b"`\n", b"\\ \n")
    yield "trigger", b"\x01COPY --link a `\n b"
    yield "variables", b"\x00FROM $A${A:-$B${C+\\}}}${D/\\*?/$E}${F//a/}${G##*/}${H?'x'}\"$I\"`"
    yield "json", b'\x00FROM a\nCMD ["\\ud83d\\ude00", "\\n"]\nRUN ["a", {"b": [1e5, null]}]'
    yield "unended", b"\x00FROM a\nRUN <<A 3<<'B C'\nA\n"


def kube_fix_seeds():
    for name, case in mended.CASES.items():
        yield name, case.before


SEEDS = {
    "bolt": bolt_seeds,
    "tar": tar_seeds,
    "layer": layer_seeds,
    "manifest": manifest_seeds,
    "config": config_seeds,
    "passwd": passwd_seeds,
    "capability": capability_seeds,
    "compose": compose_seeds,
    "kube_fix": kube_fix_seeds,
    "dockerfile": dockerfile_seeds,
    "facts": facts_seeds,
    "kube": kube_seeds,
    "owners": owners_seeds,
    "policy": policy_seeds,
    "quadlet": quadlet_seeds,
    "rpmdb": rpmdb_seeds,
    "scan_report": scan_report_seeds,
    "scripts": scripts_seeds,
    "toc": toc_seeds,
    "tar_split": tar_split_seeds,
    "segments": segments_seeds,
    "shell": shell_seeds,
}


def main(root):
    for target, seeds in SEEDS.items():
        folder = Path(root) / target
        folder.mkdir(parents=True, exist_ok=True)
        for name, data in seeds():
            (folder / f"seed-{name}").write_bytes(data)


if __name__ == "__main__":
    main(sys.argv[1])

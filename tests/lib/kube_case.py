"""What a case of the tables of Kubernetes manifests is: a file, and what is true of each container.

Most cases are one pod with one container, written as what matters of it:

    one("gate-image-zero", refused("image will run as root"), pod="runAsNonRoot: true",
        image="zero", by="image")

Others are manifests as text. A comment `# <- app` marks the line that decides who the container app
runs as; where several lines are marked, each of them will do.
"""

import re
import textwrap
from dataclasses import dataclass, field, replace

from lint_case import ANY, NOT_PASS


@dataclass(frozen=True)
class Expect:
    """What is true of one container. `state` may be several: all will do. `has` are rules, or (rule,
    level), `lacks` rules that would be wrong, `only` all the rules there may be. `says` are words of the
    finding kubelet-refuses or of the reason."""

    state: object
    uid: object = ANY
    gid: object = ANY
    verdict: object = None
    has: tuple = ()
    lacks: tuple = ()
    only: object = None
    says: tuple = ()
    lines: tuple = ()  # the lines that may have decided; none: any

    @property
    def states(self):
        return (self.state,) if isinstance(self.state, str) else self.state

    @property
    def expected_verdict(self):
        if self.verdict is not None:
            return self.verdict
        if isinstance(self.state, str):
            return {"non-root": "pass", "unknown": "unknown"}.get(self.state, "fail")
        return ANY if "non-root" in self.states else NOT_PASS


@dataclass(frozen=True)
class Case:
    """`containers` are the subjects by name; no other may be there, or with `error` a line, the file
    cannot be judged and the message names that line (0: any)."""

    name: str
    text: bytes
    containers: dict = field(default_factory=dict)
    suffix: str = ".yaml"
    error: object = None
    notes: tuple = ()  # words that a note must have

    @property
    def file(self):
        return self.name + self.suffix


# Expectations --------------------------------------------------------------------------------------


def _tuple(value):
    return (value,) if isinstance(value, str) else tuple(value)


def expect(state, uid=ANY, **knobs):
    for key in ("has", "lacks", "says"):
        if isinstance(knobs.get(key), str):
            knobs[key] = (knobs[key],)
    return Expect(state, uid, **knobs)


def root(uid=0, **knobs):
    return expect("root", uid, **knobs)


def userns(uid=0, **knobs):
    """Root, of a user namespace."""
    return expect("root-in-userns", uid, **knobs)


def non_root(uid=ANY, **knobs):
    return expect("non-root", uid, **knobs)


def unknown(*says, **knobs):
    return expect("unknown", says=says, **knobs)


def refused(*says, **knobs):
    """The kubelet would not start it."""
    knobs["has"] = (("kubelet-refuses", "fail"), *_tuple(knobs.get("has", ())))
    knobs["lacks"] = ("image-user", *_tuple(knobs.get("lacks", ())))
    return expect("wont-start", says=says, **knobs)


def never_passes(*states, **knobs):
    """What the state is, is a matter of taste; that it is no pass, is not."""
    return expect(states or ("root", "unknown", "wont-start"), verdict=NOT_PASS, **knobs)


# Manifests -----------------------------------------------------------------------------------------

MARK = re.compile(r"# <- ([\w, -]+)")


def marked(text):
    """{container: the lines that name it}."""
    lines = {}
    for number, line in enumerate(text.splitlines(), 1):
        found = MARK.search(line)
        for name in re.split(", *", found[1]) if found else ():
            lines.setdefault(name.strip(), []).append(number)
    return lines


def manifest(name, text, containers=None, **knobs):
    """Text as it is, but for its indentation. `containers`: {subject: Expect}; a subject without a
    blank is a container of the pod `web`."""
    if isinstance(text, bytes):
        return Case(name, text, containers or {}, **knobs)
    text = textwrap.dedent(text).lstrip("\n")
    lines = marked(text)
    found = {}
    for subject, one in (containers or {}).items():
        container = subject.rsplit(" ", 1)[-1]
        found[subject if " " in subject else f"Pod/web {subject}"] = replace(
            one, lines=one.lines or tuple(lines.get(container, ()))
        )
    return Case(name, text.encode(), found, **knobs)


HEAD = """\
apiVersion: v1
kind: Pod
metadata:
  name: web
spec:
"""


def spec(name, text, containers, **knobs):
    """A pod by its spec."""
    return manifest(name, HEAD + textwrap.indent(textwrap.dedent(text).lstrip("\n"), "  "), containers, **knobs)


def _fields(text):
    return [one.strip() for one in text.split(";") if one.strip()]


def image_name(image):
    return f"images.example/{image}:1"


def one(name, wanted, pod="", app="", image="unheard-of", spec="", by=(), **knobs):
    """A pod with the container app. `pod` and `app` are the fields of the two security contexts, `spec`
    of the pod itself, "a: 1; b: 2". `by` says what decides: "pod.runAsUser", "app.runAsUser",
    "spec.hostUsers", "image"."""
    lines, places = HEAD.splitlines(), {}

    def put(where, text, indent):
        lines.append(" " * indent + text)
        places[f"{where}.{text.split(':')[0]}" if where else text.split(":")[0].strip("- ")] = len(lines)

    for text in _fields(spec):
        put("spec", text, 2)
    if pod:
        lines.append("  securityContext:")
        for text in _fields(pod):
            put("pod", text, 4)
    lines.append("  containers:")
    put("", "- name: app", 2)
    if image:
        put("", f"image: {image_name(image)}", 4)
    if app:
        lines.append("    securityContext:")
        for text in _fields(app):
            put("app", text, 6)
    wanted = replace(wanted, lines=tuple(places[place] for place in _tuple(by)))
    return Case(name, ("\n".join(lines) + "\n").encode(), {"Pod/web app": wanted}, **knobs)

"""What a case of the tables of `nonzero lint` is."""

import textwrap
from dataclasses import dataclass, field


class Any:
    """Equal to all: what a case says nothing about."""

    __hash__ = object.__hash__

    def __eq__(self, other):
        return True

    def __repr__(self):
        return "ANY"


class Not(Any):
    """Equal to all but one."""

    __hash__ = object.__hash__

    def __init__(self, one):
        self.one = one

    def __eq__(self, other):
        return other != self.one

    def __repr__(self):
        return f"not {self.one}"


ANY = Any()
NOT_PASS = Not("pass")
ABSENT = object()  # the report must not have it


@dataclass(frozen=True)
class Case:
    """A Dockerfile, and what is true of the image that BuildKit makes of it.

    `has` are findings, each (rule, line) or (rule, line, level), `lacks` rules that would be wrong.
    A line of None is any. `state` may be several: all will do. `at` is the line that image-user must
    name, `says` the words that a rule's finding must have. `error` is the line of a file that cannot be
    judged, 0 where it has none; `lenient` is one that no build accepts, though it can be read: to judge
    it is no mistake, to pass it is.
    """

    name: str
    text: bytes
    state: object = "non-root"
    uid: object = ANY
    at: int = 0
    gid: object = ANY
    declared: object = ANY
    verdict: object = None
    has: tuple = ()
    lacks: tuple = ()
    files: dict = field(default_factory=dict)
    args: tuple = ()
    error: object = None
    lenient: bool = False
    says: dict = field(default_factory=dict)
    why: tuple = ()  # words that the reason must name

    @property
    def states(self):
        return (self.state,) if isinstance(self.state, str) else self.state

    @property
    def expected_verdict(self):
        if self.verdict is not None:
            return self.verdict
        if self.states != (self.state,):
            return ANY
        if self.state == "root" or any(one[0] == "setuid-root" for one in self.has):
            return "fail"
        return "pass" if self.state == "non-root" else "unknown"


def as_bytes(text):
    """A Dockerfile as a case writes it: indented like the code around it, or bytes as they are."""
    return text if isinstance(text, bytes) else textwrap.dedent(text).lstrip("\n").encode()


def case(name, text, state="non-root", uid=ANY, **knobs):
    return Case(name, as_bytes(text), state, uid, **knobs)


def root(name, text, at=0, **knobs):
    return Case(name, as_bytes(text), "root", knobs.pop("uid", 0), at, **knobs)


def refused(name, text, line, **knobs):
    """A file of which no build makes an image."""
    return Case(name, as_bytes(text), error=line, **knobs)

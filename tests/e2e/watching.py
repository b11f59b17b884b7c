"""`nonzero watch` beside containers: its events as they come, each of which must fit the schema."""

import contextlib
import functools
import hashlib
import json
import os
import queue
import signal
import subprocess
import threading
import time
from datetime import datetime

import jsonschema
import kit

SCHEMA = kit.PROJECT / "docs" / "watch-v1.schema.json"
VALIDATED = 300  # that takes longer than all that happens
ACTOR = kit.PROJECT / "tests" / "e2e" / "watch" / "actor.c"


@functools.cache
def validator():
    schema = json.loads(SCHEMA.read_bytes())
    return jsonschema.Draft202012Validator(
        schema, resolver=jsonschema.RefResolver(SCHEMA.as_uri(), schema))


@functools.cache
def actor():
    """The bytes of the static program that acts in containers."""
    kit.need("gcc")
    target = kit.CACHE / f"actor-{hashlib.sha256(ACTOR.read_bytes()).hexdigest()[:12]}"
    with kit.made_once(target) as part:
        if part:
            kit.run("gcc", "-static", "-O2", "-Wall", "-Werror", "-pthread", ACTOR, "-o", part)
    return target.read_bytes()


@contextlib.contextmanager
def first_in_line():
    """Our threads come before others', so that it is not this program that is measured."""
    def set_all(policy, priority):
        for thread in os.listdir("/proc/self/task"):
            with contextlib.suppress(PermissionError):
                os.sched_setscheduler(int(thread), policy, os.sched_param(priority))

    set_all(os.SCHED_RR | os.SCHED_RESET_ON_FORK, 1)
    try:
        yield
    finally:
        set_all(os.SCHED_OTHER | os.SCHED_RESET_ON_FORK, 0)


class Watch:
    """A running `nonzero watch --format json`; a container is a prefix of its id."""

    def __init__(self, *options, no_policy=True, ability=0):
        kit.need_root()
        if not os.access(kit.NONZERO.with_name("nonzero-watch"), os.X_OK):
            kit.must_or_skip("nonzero-watch was not built")
        self.process = subprocess.Popen(
            [kit.NONZERO, "watch", *(["--no-policy"] if no_policy else []), "--format", "json", *options],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL,
            env={**os.environ, "NONZERO_WATCH_ABILITY": str(ability)})
        self.events, self.arrivals, self.errors = [], [], b""
        self.lines = queue.Queue()
        self.readers = [threading.Thread(target=self._read, daemon=True),
                        threading.Thread(target=self._read_errors, daemon=True)]
        for reader in self.readers:
            reader.start()
        assert self.next(lambda event: event["event"] == "start", 60), self.errors.decode()

    def _read(self):
        for line in self.process.stdout:
            self.lines.put((time.time(), line))
        self.lines.put(None)

    def _read_errors(self):
        self.errors = self.process.stderr.read()

    def _take(self, timeout):
        """False: nothing came, or nothing will."""
        try:
            item = self.lines.get(timeout=timeout)
        except queue.Empty:
            return False
        if item is None:
            return False
        event = json.loads(item[1])
        if len(self.events) < VALIDATED or event["event"] != "root":
            validator().validate(event)
        self.events.append(event)
        self.arrivals.append(item[0])
        return True

    def next(self, wanted, timeout=20):
        """The first event that WANTED is true of, of those that came or come; None: none does."""
        until, seen = time.monotonic() + timeout, 0
        while True:
            for event in self.events[seen:]:
                if wanted(event):
                    return event
            seen = len(self.events)
            if not self._take(max(until - time.monotonic(), 0)):
                return None

    def root(self, container, timeout=20, **keys):
        """The first root event of CONTAINER with these keys."""
        return self.next(lambda event: event["event"] == "root" and
                         event["container"]["id"].startswith(container) and
                         all(event.get(key) == value for key, value in keys.items()), timeout)

    def stop(self):
        """Ends it; the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        code = self.process.wait(60)
        while self._take(10):
            pass
        for reader in self.readers:
            reader.join(10)
        return code

    def roots(self, container):
        return [event for event in self.events
                if event["event"] == "root" and event["container"]["id"].startswith(container)]

    def verdict(self, container):
        """That of the end; None: nothing was said of it."""
        found = [event for event in self.events
                 if event["event"] == "verdict" and event["container"]["id"].startswith(container)]
        assert len(found) <= 1
        return found[0] if found else None

    def summary(self):
        assert self.events[-1]["event"] == "summary", self.errors.decode()
        return self.events[-1]

    def latencies(self):
        """Seconds from each root event to its line."""
        return [arrival - datetime.fromisoformat(event["time"].replace("Z", "+00:00")).timestamp()
                for event, arrival in zip(self.events, self.arrivals)
                if event["event"] == "root" and event["when"] == "exec"]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()

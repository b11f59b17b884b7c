"""What bench/run.py measures where images already lie: stores of engines, a host of fifty images, and
a registry.  bench/make_stores.py fills them."""

import json
import os
import pathlib
import sys
import urllib.request
from contextlib import ExitStack
from dataclasses import replace

from make_stores import CHUNKED, ESTARGZ, HOST_IMAGES, HUB
from measure import Row, Sample, compare, ratio_cells, table, verdict
from servers import ONE, Docker, Podman, Registry

PEAK_LIMIT_MB = 32
USER_LIMIT_BYTES = 10 * 1024
TABLE_LIMIT = 0.02
DROP_CACHES = "sync; echo 3 >/proc/sys/vm/drop_caches"
LIST, EMPTY_CACHE = "unique.list", "rm -rf facts; mkdir facts"
NOT_KEPT = ("--no-cache",)

KEYS = ("podman", "podman-cold", "podman-cached", "docker", "host", "host-kept", "host-cached", "host-one",
        "user-only", "user-only-hub", "estargz", "chunked")


def shell(*commands):
    return ["sh", "-c", "; ".join(commands)]


class Stores:
    def __init__(self, runner, nonzero, options):
        place = pathlib.Path(runner.directory)
        self.runner, self.nonzero, self.options = runner, nonzero, options
        self.podman, self.host = Podman(place / "podman"), Podman(place / "host")
        self.unique = Podman(place / "unique")
        for store in (self.podman, self.host):  # the directory may have been moved
            store.prepare()
        self.docker, self.registry = Docker(place / "docker"), Registry(place / "registry")
        self.kept = ("--cache-dir", str(place / "facts"))
        self.seen = []  # (what, Sample) for the table of memory
        self.servers = ExitStack()

    def wanted(self, *keys):
        return [key for key in keys if not self.options.only or key in self.options.only]

    def compare(self, row):
        ours, theirs = compare(self.runner, self.nonzero, row, self.options.runs)
        self.seen.append((row.what, ours))
        return ours, theirs

    def serve(self, server):
        self.runner.servers.add(self.servers.enter_context(server.serving()).pid)

    # --- one image in an engine's store ---

    def store_rows(self):
        find = self.podman.mount_and_find(ONE)
        unmount = self.podman.unmount(ONE) + " || true"
        name = "`podman image mount` + `find -perm /6000`"
        one = f"containers-storage:{ONE}"
        environment = {"CONTAINERS_STORAGE_CONF": str(self.podman.configuration)}
        rows = [
            Row("podman", "Podman's store", one, find, name, 0.40, shell(unmount)),
            Row("podman-cold", "Podman's store, nothing in the page cache", one, find, name, 0.40,
                shell(unmount, DROP_CACHES), fresh=shell(DROP_CACHES), most_runs=3),
            Row("podman-cached", "Podman's store, facts cached", one, find, name, 0.05, shell(unmount),
                options=self.kept),
            Row("docker", "Docker's store (overlay2)", self.docker.source(ONE),
                ["sh", "-c", f"{' '.join(self.docker.client)} save {ONE} | tar -t"], "`docker save \\| tar -t`",
                most_runs=1),
        ]
        return [replace(row, environment=environment) for row in rows if self.wanted(row.key)]

    def store_table(self):
        lines = []
        for row in self.store_rows():
            if row.key == "docker":
                self.serve(self.docker)
            elif row.key == "podman-cached":
                self.runner.prepare(shell(EMPTY_CACHE))
            ours, theirs = self.compare(row)
            self.podman.close()
            self.servers.close()
            lines.append([row.what, ours.time_text(), row.rival_name, theirs.time_text(),
                          *ratio_cells(ours, theirs, row.ratio), f"{ours.cpu_text()}, {theirs.cpu_text()}"])
        return lines and table(["the 1.28 GB image in", "`nonzero scan`", "rival", "its time", "ratio", "target",
                                "met", "CPU, both"], lines)

    # --- a host ---

    def write_list(self):
        """Names the base and, alone, each layer that is not of it."""
        names = [self.host.source("localhost/bench:base")]
        names += [self.unique.source(f"localhost/only:{number}") for number in range(1, HOST_IMAGES)]
        pathlib.Path(self.runner.directory, LIST).write_text("\n".join(names) + "\n")

    def host_rows(self):
        unique = [self.nonzero, "scan", "--no-cache", "--from", LIST]
        name = "each unique layer once, in one run (`--from`)"
        what = f"`--all`, {HOST_IMAGES} images"
        environment = {"CONTAINERS_STORAGE_CONF": str(self.host.configuration)}
        everything = ("--all", "containers-storage")
        rows = [
            Row("host", f"{what}, `--no-cache`", "", unique, name, 2.0, options=NOT_KEPT + everything),
            Row("host-kept", f"{what}, the cache empty", "", unique, name, 2.0, options=self.kept + everything,
                fresh=shell(EMPTY_CACHE)),
            Row("host-cached", f"{what}, facts cached", "", unique, name, options=self.kept + everything),
            Row("host-one", f"{what}, `--no-cache`", "", self.host.mount_and_find("localhost/app:1"),
                "`podman image mount` + `find -perm /6000` of one of them",
                before=shell(self.host.unmount("localhost/app:1") + " || true"), options=NOT_KEPT + everything),
        ]
        return [replace(row, environment=environment, rival_codes=(0,) if row.key == "host-one" else (0, 1))
                for row in rows if self.wanted(row.key)]

    def host_table(self):
        rows, lines = self.host_rows(), []
        self.write_list()
        for row in rows:
            ours, theirs = self.compare(row)
            lines.append([row.what, ours.time_text(), row.rival_name, theirs.time_text(),
                          *ratio_cells(ours, theirs, row.ratio), f"{ours.cpu_text()}, {theirs.cpu_text()}"])
        self.host.close()
        return lines and table(["a host", "`nonzero scan`", "beside", "its time", "ratio", "target", "met",
                                "CPU, both"], lines)

    # --- a registry ---

    def remote(self, name):
        return f"docker://{self.registry.host}/{name}"

    def transferred(self, name, *options):
        """The bodies that one scan is sent, the requests, and how it was measured."""
        before, asked = self.registry.sent()
        sample = Sample()
        sample.add(self.runner.measure([self.nonzero, "scan", "--no-cache", "--plain-http", *options,
                                        self.remote(name)]), (0, 1))
        after, now = self.registry.sent()
        return after - before, now - asked, sample

    def layer_bytes(self, name):
        repository, _, tag = name.partition(":")
        request = urllib.request.Request(f"http://{self.registry.host}/v2/{repository}/manifests/{tag}",
                                         headers={"Accept": "application/vnd.oci.image.manifest.v1+json"})
        with urllib.request.urlopen(request) as answer:
            return sum(one["size"] for one in json.load(answer)["layers"])

    def user_table(self):
        lines = []
        for key, what, name, limit in (
                ("user-only", "an image of one layer", ESTARGZ, USER_LIMIT_BYTES),
                ("user-only-hub", "one as public registries hold them: eight platforms with attestations, "
                 "thirty lines of history", HUB, None)):
            if not self.wanted(key):
                continue
            sent, asked, sample = self.transferred(name, "--user-only")
            self.seen.append((f"`--user-only`, {what.partition(':')[0]}", sample))
            good = sample.wrong_exit is None
            lines.append([what, f"{sent:,} bytes" if good else sample.time_text(), str(asked),
                          f"≤ {limit:,} bytes" if limit else "—",
                          (verdict(sent <= limit) if good else "not measured") if limit else "—",
                          sample.time_text()])
        return lines and table(["`--user-only`, from a registry", "bodies received", "requests", "target", "met",
                                "time"], lines)

    def part_table(self):
        lines = []
        for key, what, name in (("estargz", "eStargz", ESTARGZ), ("chunked", "zstd:chunked", CHUNKED)):
            if not self.wanted(key):
                continue
            sent, asked, first = self.transferred(name)
            size = self.layer_bytes(name)
            whole = [self.nonzero, "scan", "--no-cache", "--plain-http", "--verify", self.remote(name)]
            ours, theirs = compare(self.runner, self.nonzero,
                                   Row(key, what, self.remote(name), whole, options=(*NOT_KEPT, "--plain-http"),
                                       most_runs=3, rival_codes=(0, 1)), self.options.runs)
            self.seen.append((f"{what}, from a registry", ours))
            self.seen.append((f"{what}, from a registry, `--verify`", theirs))
            good = first.wrong_exit is None
            lines.append([what, f"{size / 1e6:.1f} MB", f"{sent / 1e6:.2f} MB", str(asked),
                          f"{sent / size:.2%}" if good else first.time_text(), f"≤ {TABLE_LIMIT:.0%}",
                          verdict(sent <= TABLE_LIMIT * size) if good else "not measured",
                          ours.time_text(), theirs.time_text(), ratio_cells(ours, theirs, None)[0]])
        return lines and table(["the 1.28 GB image as", "its layer", "bodies received", "requests", "part of it",
                                "target", "met", "time", "`--verify`: all of it", "ratio"], lines)

    def registry_tables(self):
        if not self.wanted("user-only", "user-only-hub", "estargz", "chunked"):
            return []
        self.serve(self.registry)
        try:
            return [self.user_table(), self.part_table()]
        finally:
            self.servers.close()

    # --- memory ---

    def memory_table(self):
        lines = []
        for what, sample in self.seen:
            helpers = sample.helpers
            each = [sample.peak, *helpers.values()]
            good = sample.wrong_exit is None
            lines.append([what, sample.peak_text(),
                          ", ".join(f"`{name}` {peak:.1f} MB" for name, peak in helpers.items()) or "—",
                          f"{sum(each):.1f} MB", f"each ≤ {PEAK_LIMIT_MB} MB",
                          verdict(max(each) <= PEAK_LIMIT_MB) if good else "not measured"])
        return lines and table(["peak memory", "`nonzero scan`", "processes beside it", "sum", "target",
                                "met"], lines)

    def report(self):
        try:
            tables = [self.store_table(), self.host_table(), *self.registry_tables()]
            return [one for one in [*tables, self.memory_table()] if one]
        finally:
            self.servers.close()
            for store in (self.podman, self.host):
                store.close()


def report(runner, nonzero, options):
    """The tables, as a list of texts."""
    if options.only and not set(options.only) & set(KEYS):
        return []
    missing = [name for name in ("podman", "host", "docker", "registry")
               if not os.path.exists(os.path.join(runner.directory, name, "filled"))]
    if missing:
        sys.exit(f"{runner.directory}: not filled: {', '.join(missing)}; run bench/make-images.sh as root")
    if os.geteuid() != 0:
        return ["The stores of engines were not measured: that needs root."]
    return Stores(runner, nonzero, options).report()

"""Random images of the kinds that builders write, by seed.

Whatever different unpackers read differently stays out: a path comes once in a layer, a whiteout
never stands beside its own file, and a symlinked parent is of the same layer.  Those have named
cases in test_odd_layers.py.
"""

import random
from dataclasses import dataclass

import layouts

MODES = (0o644, 0o755, 0o755, 0o4755, 0o4755, 0o2755, 0o6755, 0o4644, 0o4711, 0o2644, 0o4750)
OWNERS = ((0, 0), (0, 0), (0, 0), (1000, 1000), (0, 42), (1000, 0))
CAPABILITIES = (
    *(None,) * 5,
    bytes.fromhex("0100000200200000000000000000000000000000"),  # cap_net_raw=ep
    bytes.fromhex("0000000280000000000000000000000000000000"),  # cap_setuid=p: a byte that is not ASCII
    bytes.fromhex("010000030004000000000000000000000000000000000000"),  # revision 3, root uid 0
)
NAMES = ("a", "b", "c", "d", "su", "x y", "ping", "naïve", ".hidden", "long-" + "n" * 110)


@dataclass(frozen=True)
class Attributes:
    mode: int
    uid: int
    gid: int
    capability: bytes | None


def below(path, others):
    return any(other.startswith(path + "/") for other in others)


class Generator:
    """`link_headers`: hardlinks within a layer carry attributes of their own, which become those of
    the file.  There are then no links to lower layers: whose inode those change is in dispute."""

    def __init__(self, seed, link_headers=False):
        self.random = random.Random(seed)
        self.link_headers = link_headers
        self.kinds = {"": "dir"}   # the effective tree: path -> dir, file, symlink
        self.attributes = {}       # of its files
        self.lower = {}            # the tree as the layers below left it
        self.named = set()         # what this layer has entries for, by real path
        self.own_files = set()     # regular files of this layer
        self.own_symlinks = {}     # symlinks of this layer to its directories
        self.entries = []

    def image(self):
        return [self.layer(number) for number in range(self.random.randint(2, 5))]

    def layer(self, number):
        self.lower = dict(self.kinds)
        self.named, self.own_files, self.own_symlinks, self.entries = set(), set(), {}, []
        steps = [self.add_file] * 6 + [self.add_directory] * 3 + [self.add_link] * 2 + \
                [self.add_symlink] * 2 + [self.add_through_symlink] * 2
        if number:
            steps += [self.delete] * 3 + [self.make_opaque] * 2 + [self.turn_into_directory] * 2
            steps += [] if self.link_headers else [self.add_lower_link] * 2
        for _ in range(self.random.randint(8, 24)):
            self.random.choice(steps)()
        return self.entries

    # The tree.

    def forget(self, path):
        for other in [p for p in self.kinds if p == path or p.startswith(path + "/")]:
            del self.kinds[other]
            self.attributes.pop(other, None)

    def free_path(self):
        """A path this layer may still write without a word on it twice; "" when the draw was bad."""
        folder = self.random.choice([p for p, kind in sorted(self.kinds.items())
                                     if kind == "dir" and p.count("/") < 3])
        path = f"{folder}/{self.random.choice(NAMES)}".lstrip("/")
        return "" if path in self.named or below(path, self.named) else path

    def put(self, path, kind, entry):
        if kind != "dir" or self.kinds.get(path) != "dir":
            self.forget(path)
        self.kinds[path] = kind
        self.named.add(path)
        self.entries.append(entry)

    def new_attributes(self):
        uid, gid = self.random.choice(OWNERS)
        return Attributes(self.random.choice(MODES), uid, gid, self.random.choice(CAPABILITIES))

    def put_file(self, path, spelling=None):
        facts = self.new_attributes()
        self.put(path, "file", layouts.file(spelling or path, facts.mode, facts.uid, facts.gid,
                                            path.encode()[:20], facts.capability))
        self.attributes[path] = facts
        self.own_files.add(path)

    def put_link(self, path, target):
        """The header repeats its target's attributes, as container engines write it, or does not."""
        facts = self.new_attributes() if self.link_headers else self.attributes[target]
        self.put(path, "file", layouts.hardlink(path, target, facts.mode, facts.uid, facts.gid,
                                                facts.capability))
        self.attributes[path] = facts

    # The steps.

    def add_file(self):
        if path := self.free_path():
            self.put_file(path)

    def add_directory(self):
        if path := self.free_path():
            self.put(path, "dir", layouts.directory(path + "/"))

    def add_symlink(self):
        targets = sorted(p for p in self.named if self.kinds.get(p) == "dir")
        path = self.free_path()
        if path and targets:
            target = self.random.choice(targets)
            if not (target + "/").startswith(path + "/"):
                self.put(path, "symlink", layouts.symlink(path, "/" + target))
                self.own_symlinks[path] = target

    def add_through_symlink(self):
        if self.own_symlinks:
            link, target = self.random.choice(sorted(self.own_symlinks.items()))
            leaf = self.random.choice(NAMES)
            path = f"{target}/{leaf}"
            if path not in self.named and not below(path, self.named):
                self.put_file(path, f"{link}/{leaf}")

    def add_link(self):
        path = self.free_path()
        if path and self.own_files:
            self.put_link(path, self.random.choice(sorted(self.own_files)))

    def add_lower_link(self):
        path = self.free_path()
        targets = [p for p, kind in sorted(self.lower.items())
                   if kind == "file" and self.kinds.get(p) == "file" and p not in self.named and p != path]
        if path and targets:
            target = self.random.choice(targets)
            if not target.startswith(path + "/"):
                self.put_link(path, target)
                self.named.add(target)  # so that nothing else of this layer touches it

    def delete(self):
        victims = sorted(p for p in self.lower
                         if p in self.kinds and p and p not in self.named and not below(p, self.named))
        if victims:
            path = self.random.choice(victims)
            self.forget(path)
            self.named.add(path)
            self.entries.append(layouts.whiteout(path))

    def make_opaque(self):
        folders = sorted(p for p, kind in self.lower.items()
                         if p and kind == "dir" and self.kinds.get(p) == "dir" and p not in self.named)
        if not folders:
            return
        path = self.random.choice(folders)
        # A file of a lower layer that this one links to would go or stay by the order of entries.
        if any(p.startswith(path + "/") and p not in self.own_files for p in self.named):
            return
        for other in [p for p in self.kinds if p.startswith(path + "/")]:
            if other not in self.named and not below(other, self.named):
                self.forget(other)
        self.put(path, "dir", layouts.directory(path + "/"))
        self.entries.append(layouts.opaque(path))

    def turn_into_directory(self):
        files = sorted(p for p, kind in self.lower.items()
                       if kind != "dir" and self.kinds.get(p) == kind and p not in self.named)
        if files:
            path = self.random.choice(files)
            self.put(path, "dir", layouts.directory(path + "/"))
            self.put_file(path + "/inside")

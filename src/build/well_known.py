#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the table of well-known base images into C: well_known.py TABLE HEADER.

A text is the number of its place in one pool: a table of pointers would be written to at each start,
for addresses differ then. 0 is none.

The rows of a repository stay in the order in which they are written, for the first whose tags match
counts; repositories without "*" are sorted, to be searched by halves."""
import pathlib
import re
import sys

FAMILIES = {
    "debian": "NZ_FAMILY_DEBIAN",
    "alpine": "NZ_FAMILY_ALPINE",
    "redhat": "NZ_FAMILY_REDHAT",
    "distroless": "NZ_FAMILY_DISTROLESS",
    "scratch": "NZ_FAMILY_SCRATCH",
    "?": "NZ_FAMILY_UNKNOWN",
}
LISTS = ("env", "port", "volume")
ID = r"(?:0|[1-9][0-9]{0,9})"


def quote(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def accounts(words, sets, where):
    """The lines of passwd and of group that WORDS stand for."""
    passwd, group = [], []
    for word in words:
        if word.startswith("@"):
            if word not in sets:
                sys.exit(f"{where}: {word} is not defined before")
            more_passwd, more_group = sets[word]
            passwd += more_passwd
            group += more_group
        elif match := re.fullmatch(rf"([a-z_][a-z0-9_-]*)=({ID})", word):
            name, number = match.groups()
            passwd.append(f"{name}:x:{number}:{number}:::\n")
            group.append(f"{name}:x:{number}:\n")
        elif match := re.fullmatch(rf"([a-z_][a-z0-9_-]*):({ID}):({ID})", word):
            passwd.append("{}:x:{}:{}:::\n".format(*match.groups()))
        elif match := re.fullmatch(rf"%([a-z_][a-z0-9_-]*):({ID})", word):
            group.append("{}:x:{}:\n".format(*match.groups()))
        else:
            sys.exit(f"{where}: not an account: {word}")
    return passwd, group


def without_doubles(lines):
    """The last line of a name counts."""
    by_name = {}
    for line in lines:
        by_name[line.split(":")[0]] = line
    return "".join(by_name.values())


def read_row(fields, sets, where):
    if len(fields) not in (5, 6):
        sys.exit(f"{where}: {len(fields)} fields, not 5 or 6")
    name, tags, user, family, words = fields[:5]
    if family not in FAMILIES:
        sys.exit(f"{where}: no family is called {family}")
    passwd, group = accounts([] if words == "-" else words.split(","), sets, where)
    lists = {key: [] for key in LISTS}
    for item in fields[5].split(",") if len(fields) == 6 else []:
        key, _, value = item.partition(":")
        if key not in LISTS or not value:
            sys.exit(f"{where}: not env:, port: or volume: {item}")
        lists[key].append(value)
    return name, tags, user, family, without_doubles(passwd), without_doubles(group), lists


def read_table(path):
    sets, rows = {}, []
    for number, line in enumerate(pathlib.Path(path).read_text().splitlines(), 1):
        where = f"{path}:{number}"
        if not line.isascii():
            sys.exit(f"{where}: only ASCII can stand here")
        if not line or line.startswith("#"):
            continue
        fields = line.split("\t")
        if fields[0].startswith("@"):
            sets[fields[0]] = accounts(fields[1].split(","), sets, where)
        else:
            rows.append(read_row(fields, sets, where))
    return rows


class Pool:
    """Texts one after the other, each once and with its end."""

    def __init__(self):
        self.places, self.size = {"": 0}, 1

    def add(self, text):
        if text not in self.places:
            self.places[text] = self.size
            self.size += len(text) + 1
        return str(self.places[text])

    def lines(self):
        return ['    "' + quote(text)[1:-1] + '\\0"\n' for text in self.places]


def write_rows(rows):
    pool, lines = Pool(), []
    for name, tags, user, family, passwd, group, lists in rows:
        cells = [
            pool.add(name),
            pool.add(tags),
            pool.add("" if user in "-?" else user),
            pool.add(passwd),
            pool.add(group),
            *[pool.add("\n".join(lists[key])) for key in LISTS],
            "FALSE" if user == "?" else "TRUE",
            FAMILIES[family],
        ]
        lines.append("    {" + ", ".join(cells) + "},\n")
    return pool, lines


def main(table, header):
    rows = read_table(table)
    exact = sorted((row for row in rows if "*" not in row[0]), key=lambda row: row[0])
    globs = [row for row in rows if "*" in row[0]]
    pool, lines = write_rows(exact + globs)
    pathlib.Path(header).write_text(
        "/* Made by src/build/well_known.py. */\n"
        + "static const char well_known_texts[] =\n"
        + "".join(pool.lines()).rstrip()
        + ";\n"
        + f"#define WELL_KNOWN_EXACT {len(exact)}u\n"
        + "static const WellKnown well_known[] = {\n"
        + "".join(lines)
        + "};\n"
    )


main(*sys.argv[1:])

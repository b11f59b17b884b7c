#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# make-tiny.sh RPM-SOURCE: makes the databases of many tiny packages. See ../README.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
source=$(cd "$1" && pwd)
out=$(dirname "$here")
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cd "$tmp"

# 270 packages are more than one page of ndb slots holds. Three kinds of header take turns: of rpm 3,
# of rpm 4 without a region, of rpm 3 taken over by rpm 4.
python3 - <<'PY'
import struct

STRING, BIN, ARRAY, INT32 = 6, 7, 8, 4

def be(*n): return struct.pack(">%dI" % len(n), *[x & 0xffffffff for x in n])
def strings(*s): return b"".join(x + b"\0" for x in s)

def add(index, store, tag, kind, count, data):
    if kind == INT32:
        store += bytes(-len(store) % 4)
    index += be(tag, kind, len(store), count)
    store += data

def name(i, s, n): add(i, s, 1000, STRING, 1, strings(b"t%d" % n))
def old(i, s, n): add(i, s, 1027, ARRAY, 2, strings(b"/o/%d" % n, b"/o/x%d" % n))
def new(i, s, n):
    add(i, s, 1116, INT32, 2, be(1, 0))
    add(i, s, 1117, ARRAY, 2, strings(b"%d" % n, b"x%d" % n))
    add(i, s, 1118, ARRAY, 2, strings(b"/n/", b"/m/"))

def header(n):
    index, store = bytearray(), bytearray()
    if n % 3 == 0:
        name(index, store, n); old(index, store, n)
    elif n % 3 == 1:
        name(index, store, n); new(index, store, n)
    else:
        name(index, store, n); old(index, store, n)
        region = be(61, BIN, len(store), 16)
        store += be(61, BIN, -(len(index) + 16), 16)
        index[:0] = region
        new(index, store, n)
    return be(len(index) // 16, len(store)) + index + store

def paths(n):
    return (b"/o/%d" % n, b"/o/x%d" % n) if n % 3 == 0 else (b"/m/%d" % n, b"/n/x%d" % n)

gone = set(range(10, 270, 10))
with open("headers", "w") as out:
    for n in range(1, 271):
        print("put", n, header(n).hex(), file=out)
    for n in gone:
        print("del", n, file=out)
with open("tiny.list", "wb") as out:
    out.writelines(sorted(b"t%d\t%s\n" % (n, p) for n in range(1, 271) if n not in gone
                          for p in paths(n)))
PY

gcc -I"$here" -I"$source/lib/backend/ndb" -o ndbput "$here/ndbput.c" \
  "$source/lib/backend/ndb/rpmpkg.c"
./ndbput "$tmp/Packages.db" < headers

# Pages of 1024 bytes: many buckets, headers inside the hash pages, chains, holes, deleted items.
mkdir bdb
perl -MDB_File -MFcntl -we '
  $DB_HASH->{bsize} = 1024;
  tie my %db, "DB_File", "bdb/Packages", O_RDWR | O_CREAT, 0644, $DB_HASH or die;
  $db{pack "V", 0} = pack "V", 270;
  while (<>) {
    if (/^put (\d+) (\S+)/) { $db{pack "V", $1} = pack "H*", $2 }
    elsif (/^del (\d+)/) { delete $db{pack "V", $1} }
  }' headers
# FILENAMES and OLDFILENAMES: rpm 4.18 gives those of a header of rpm 3 under the old tag only.
rpm --define '_db_backend bdb_ro' --dbpath "$tmp/bdb" -qa \
  --qf '[%{=NAME}\t%{FILENAMES}\n]' --qf '[%{=NAME}\t%{OLDFILENAMES}\n]' 2> /dev/null |
  LC_ALL=C sort -u | cmp - tiny.list

cp Packages.db "$out/tiny.ndb"
cp bdb/Packages "$out/tiny.bdb"
cp tiny.list "$out/tiny.list"

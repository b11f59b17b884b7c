#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# make-real.sh RPM-SOURCE: makes the databases that hold packages of rpmbuild. See ../README.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
source=$(cd "$1" && pwd)
out=$(dirname "$here")
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cd "$tmp"
export LC_ALL=C.UTF-8 SOURCE_DATE_EPOCH=1700000000

list() { # FORMAT DBPATH: one line a file, "package TAB path"
  rpm --define "_db_backend $1" --dbpath "$2" -qa --qf '[%{=NAME}\t%{FILENAMES}\n]' 2> /dev/null |
    LC_ALL=C sort
}

rpmbuild --quiet --define "_topdir $tmp/build" --define '_buildhost localhost' \
  --define 'use_source_date_epoch_as_buildtime 1' -bb "$here/packages.spec"

# SQLite: all of it is rpm's, but for the page size, which keeps the file small.
mkdir sqlite
python3 -c 'import sqlite3
sqlite3.connect("sqlite/rpmdb.sqlite").executescript("PRAGMA page_size=512; VACUUM;")'
put() {
  rpm --force-debian --define '_db_backend sqlite' --dbpath "$tmp/sqlite" --justdb --nodeps \
    --noscripts "$@"
}
rpm --define '_db_backend sqlite' --dbpath "$tmp/sqlite" --initdb
put -i build/RPMS/noarch/nz-{setuid,odd,twin,many}-*.rpm
put -e nz-twin
put -i build/RPMS/noarch/nz-{meta,twin,tree}-*.rpm
list sqlite "$tmp/sqlite" > "$out/real.list"
cp sqlite/rpmdb.sqlite "$out/real.sqlite"

# The headers of that database, in the two other containers.
python3 - > headers <<'PY'
import sqlite3
for hnum, blob in sqlite3.connect("sqlite/rpmdb.sqlite").execute("SELECT hnum, blob FROM Packages"):
    print(hnum, blob.hex())
PY

# ndb: through rpm's own code. A package is put and deleted first, so that a slot is free.
gcc -I"$here" -I"$source/lib/backend/ndb" -o ndbput "$here/ndbput.c" \
  "$source/lib/backend/ndb/rpmpkg.c"
{ sed -n '1s/^[0-9]*/put 99/p' headers; sed 's/^/put /' headers; echo del 99; } |
  ./ndbput "$tmp/Packages.db"
cp Packages.db "$out/real.ndb"

# Berkeley DB: through libdb, in the way of rpm 4.11: little-endian numbers, 0 holds the last one.
{
  printf 'VERSION=3\nformat=bytevalue\ntype=hash\ndb_pagesize=4096\nHEADER=END\n'
  python3 - <<'PY'
rows = [line.split() for line in open("headers")]
le = lambda n: n.to_bytes(4, "little").hex()
print("", le(0))
print("", le(max(int(n) for n, _ in rows)))
for n, blob in rows:
    print("", le(int(n)))
    print("", blob)
PY
  echo DATA=END
} > dump
mkdir bdb
db5.3_load -f dump bdb/Packages
list bdb_ro "$tmp/bdb" | cmp - "$out/real.list"
cp bdb/Packages "$out/real.bdb"

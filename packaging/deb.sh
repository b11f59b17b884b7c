#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Builds the Debian packages into DIR (build/deb): packaging/deb.sh [DIR]
# The version is meson.build's. The date is SOURCE_DATE_EPOCH, or that of the last change known.
set -eu

out=${1:-build/deb}
mkdir -p "$out"
out=$(cd "$out" && pwd)
version=$(sed -n "s/^ *version: '\([0-9][^']*\)',$/\1/p" meson.build | head -1)
source=$out/nonzero-$version
: "${SOURCE_DATE_EPOCH:=$(git log -1 --format=%ct 2>/dev/null || stat -c %Y CHANGELOG.md)}"
export SOURCE_DATE_EPOCH

# What CHANGELOG.md says of this version, in Debian's layout: two blanks before each line.
changes() {
  sed -n "/^## $version/,/^## /{/^## /d;/^$/d;s/^- /* /;p}" CHANGELOG.md | fmt -s -w 76 |
    sed 's/^/  /'
}

rm -rf "$source"
find "$out" -maxdepth 1 -type f -name '*nonzero*' -delete
mkdir "$source"
tar -cf - --mtime="@$SOURCE_DATE_EPOCH" --exclude=./.git --exclude=./build --exclude='./build-*' --exclude=__pycache__ . |
  tar -xf - -C "$source"
mv "$source/packaging/debian" "$source/debian"
cat >"$source/debian/changelog" <<END
nonzero ($version) unstable; urgency=medium

$(changes)

 -- $(sed -n 's/^Maintainer: //p' packaging/debian/control)  $(date -u -R -d "@$SOURCE_DATE_EPOCH")
END
(cd "$source" && dpkg-buildpackage --build=binary --no-sign >"$out/build.log" 2>&1) || {
  tail -30 "$out/build.log" >&2
  exit 1
}
rm -rf "$source"
ls "$out"/*.deb

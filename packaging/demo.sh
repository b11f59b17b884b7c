#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Makes a real Debian image, scans it, takes the advice that the report gives, and scans it again.
set -eu

dir=build/demo
mkdir -p "$dir"
work=$(mktemp -d "$dir/work.XXXXXX")
trap 'rm -rf "$work"' EXIT
layout=$work/layout
rootless=""
[ "$(id -u)" -eq 0 ] || rootless=--rootless

step() {
  printf '\n== %s\n' "$*"
}

# As a user would get it from `docker save`.
save() {
  rm -f "$dir/$1.tar"
  skopeo --insecure-policy copy --quiet "oci:$layout:$1" "docker-archive:$dir/$1.tar:demo/debian:$1"
}

if [ ! -f "$dir/debian.tar" ]; then
  step "A small Debian 12, with mmdebstrap (a minute, once)"
  mmdebstrap --quiet --variant=minbase bookworm "$work/debian.tar"
  mv "$work/debian.tar" "$dir/debian.tar"
fi

step "An image of it, with umoci: no USER, as most images are"
umoci init --layout "$layout"
umoci new --image "$layout:root"
umoci raw add-layer --image "$layout:root" --history.created_by "ADD debian.tar /" "$dir/debian.tar"
umoci config --image "$layout:root" --config.cmd /bin/bash
save root

step "build/nonzero scan $dir/root.tar"
status=0
build/nonzero scan "$dir/root.tar" || status=$?
echo "(exit code $status)"
[ "$status" -eq 1 ]

step "The same with the advice taken: setuid bits dropped, a numeric user"
# shellcheck disable=SC2086
umoci unpack $rootless --image "$layout:root" "$work/bundle"
find "$work/bundle/rootfs" -xdev -type f -perm /6000 -exec chmod a-s {} +
umoci repack --image "$layout:non-root" --history.created_by "RUN chmod a-s ..." "$work/bundle"
umoci config --image "$layout:non-root" --config.user 65532:65532
save non-root

step "build/nonzero scan $dir/non-root.tar"
build/nonzero scan "$dir/non-root.tar"
echo "(exit code 0)"

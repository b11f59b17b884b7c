#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Makes a real Debian image, scans it, mends it the way the report says, and scans it again.
set -eu

dir=build/demo
mkdir -p "$dir"
work=$(mktemp -d "$dir/work.XXXXXX")
trap 'rm -rf "$work"' EXIT

step() {
  printf '\n== %s\n' "$*"
}

if [ ! -f "$dir/debian.tar" ]; then
  step "A small Debian 12, with mmdebstrap (a minute, once)"
  mmdebstrap --quiet --variant=minbase bookworm "$work/root.tar"
  mv "$work/root.tar" "$dir/debian.tar"
fi

step "An image of it, with buildah: no USER, as most images are"
storage="--root $PWD/$work/storage --runroot $PWD/$work/run --storage-driver vfs"
# shellcheck disable=SC2086
image() {
  buildah $storage "$@"
}
container=$(image from scratch)
image add --quiet "$container" "$dir/debian.tar" / >/dev/null
image config --cmd /bin/bash --created-by "ADD debian.tar /" "$container"
image commit --quiet "$container" demo/debian >/dev/null
skopeo_from="containers-storage:[vfs@$PWD/$work/storage+$PWD/$work/run]localhost/demo/debian"
rm -f "$dir/root.tar" "$dir/non-root.tar"
skopeo copy --quiet "$skopeo_from" "docker-archive:$dir/root.tar:demo/debian:root"

step "build/nonzero scan $dir/root.tar"
status=0
build/nonzero scan "$dir/root.tar" || status=$?
echo "(exit code $status)"
[ "$status" -eq 1 ]

step "The same with the advice taken: setuid bits dropped, a numeric user"
mount=$(image mount "$container")
find "$mount" -xdev -type f -perm /6000 -exec chmod a-s {} +
image umount "$container" >/dev/null
image config --user 65532:65532 "$container"
image commit --quiet "$container" demo/debian >/dev/null
skopeo copy --quiet "$skopeo_from" "docker-archive:$dir/non-root.tar:demo/debian:non-root"

step "build/nonzero scan $dir/non-root.tar"
build/nonzero scan "$dir/non-root.tar"
echo "(exit code 0)"
image rm --all >/dev/null

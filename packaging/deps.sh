#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Installs the Debian packages that the named groups need and that are not there.
#   packaging/deps.sh build|check|e2e|demo|lint|bench|fuzz ...
# PACKAGE:PROGRAM is installed only where there is no PROGRAM: others bring it, too.
set -eu

build="gcc libc6-dev meson ninja-build pkg-config libglib2.0-dev libisal-dev zlib1g-dev libzstd-dev
  nettle-dev libfyaml-dev libjansson-dev libsmartcols-dev libsqlite3-dev libxxhash-dev
  libcurl4-gnutls-dev libbpf-dev clang bpftool libmicrohttpd-dev"
check="g++ python3 python3-pytest python3-pytest-xdist python3-pytest-timeout python3-jsonschema libxml2-utils
  zstd bzip2 xz-utils tar mount strace libarchive-tools ca-certificates openssl python3-yaml python3-selenium chromium chromium-driver
  poppler-utils bash-completion zsh fish man-db mandoc groff-base shellcheck git patch neovim
  systemd"
e2e="$check mmdebstrap buildah podman runc skopeo umoci docker.io containerd docker-registry
  apache2-utils uidmap libcap2-bin attr rpm fuse-overlayfs iptables xz-utils pre-commit make
  binutils stargz-snapshotter kubernetes-client:kubectl python3-grpcio tmux"
deb="$build build-essential debhelper dpkg-dev fakeroot git lintian"
demo="mmdebstrap umoci skopeo ca-certificates"
lint="clang-format clang-tidy cppcheck git"
bench="$check mmdebstrap skopeo umoci isal libarchive-tools zstd time podman docker.io containerd
  docker-registry stargz-snapshotter"
fuzz="clang libclang-rt-14-dev python3"

missing=""
for group in "$@"; do
  eval "packages=\${$group}"
  for package in $packages; do
    program=${package#*:}
    package=${package%:*}
    if [ "$program" != "$package" ] && command -v "$program" >/dev/null; then continue; fi
    status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
    [ "$status" = installed ] || missing="$missing $package"
  done
done
[ -n "$missing" ] || exit 0

if ! command -v apt-get >/dev/null; then
  echo "These Debian packages, or what corresponds to them here, are needed:$missing" >&2
  exit 1
fi
as_root=""
if [ "$(id -u)" -ne 0 ]; then
  if ! command -v sudo >/dev/null; then
    echo "As root: apt-get install --no-install-recommends$missing" >&2
    exit 1
  fi
  as_root=sudo
fi
echo "Installing:$missing"
# shellcheck disable=SC2086
install() {
  $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing
}
# An old list of packages names files that are gone: a fresh one, once.
install >/dev/null 2>&1 || { $as_root apt-get update -qq && install >/dev/null; }

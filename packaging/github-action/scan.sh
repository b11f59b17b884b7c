#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What action.yml runs. Its inputs are the variables NONZERO_*; an empty one is not given.
set -u

usage() {
  printf 'nonzero action: %s\n' "$1" >&2
  exit 64
}

# The program asked for, the one installed, or one built from the source that this lies in.
find_program() {
  if [ -n "${NONZERO_PROGRAM:-}" ]; then
    printf '%s\n' "$NONZERO_PROGRAM"
  elif ! command -v nonzero; then
    source=$(cd "$(dirname "$0")/../.." && pwd) || return 1
    make -C "$source" >&2 || return 1
    printf '%s\n' "$source/build/nonzero"
  fi
}

image=${NONZERO_IMAGE:-}
docker_image=${NONZERO_DOCKER_IMAGE:-}
sources=${NONZERO_LINT:-}
[ -n "$image$docker_image$sources" ] || usage "name an image or sources: image, docker-image, lint"
[ -z "$image" ] || [ -z "$docker_image" ] || usage "image contradicts docker-image"
program=$(find_program) || exit 2

# nonzero $1 with the options that both commands take, then what follows.
run() {
  verb=$1
  shift
  [ -z "${NONZERO_FAIL_ON:-}" ] || set -- "--fail-on=$NONZERO_FAIL_ON" "$@"
  [ -z "${NONZERO_POLICY:-}" ] || set -- "--policy=$NONZERO_POLICY" "$@"
  [ -z "${NONZERO_PLATFORM:-}" ] || set -- "--platform=$NONZERO_PLATFORM" "$@"
  "$program" "$verb" "$@"
}

# The report is the image's, where there is one.
scan_image() {
  set --
  [ -z "${NONZERO_FORMAT:-}" ] || set -- "$@" "--format=$NONZERO_FORMAT"
  [ -z "${NONZERO_OUTPUT:-}" ] || set -- "$@" "--output=$NONZERO_OUTPUT"
  [ -z "${NONZERO_USER:-}" ] || set -- "$@" "--user=$NONZERO_USER"
  if [ -n "$docker_image" ]; then
    # A `docker save` that fails leaves an archive that nonzero cannot read to its end.
    docker save -- "$docker_image" | run scan "$@" -- -
  else
    run scan "$@" -- "$image"
  fi
}

lint_sources() {
  set -- --format=github
  if [ -z "$image$docker_image" ]; then
    [ -z "${NONZERO_FORMAT:-}" ] || set -- "--format=$NONZERO_FORMAT"
    [ -z "${NONZERO_OUTPUT:-}" ] || set -- "$@" "--output=$NONZERO_OUTPUT"
  fi
  set -- "$@" --
  while IFS= read -r path; do
    [ -z "$path" ] || set -- "$@" "$path"
  done <<EOF
$sources
EOF
  run lint "$@"
}

code=0
if [ -n "$sources" ]; then
  lint_sources
  code=$?
fi
if [ -n "$image$docker_image" ]; then
  scan_image
  scanned=$?
  [ "$scanned" -le "$code" ] || code=$scanned
fi

case $code in
  0) verdict=pass ;;
  1) verdict=fail ;;
  *) verdict=error ;;
esac
printf 'exit-code=%s\nverdict=%s\n' "$code" "$verdict" >>"${GITHUB_OUTPUT:-/dev/null}"
exit "$code"

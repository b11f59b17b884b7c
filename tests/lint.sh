#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Static analysis: tests/lint.sh BUILD_DIR. Prints each complaint; any of them fails.
# ANALYZER_NODES is how many states of a function are looked at: a third of what clang takes by
# itself, which `make soak` does, in a tenth of the time.
set -eu
build=$1
sources=$(git ls-files 'src/*.c' | grep -vE 'codec_gzip_zlib|report/static|\.bpf\.c')
status=0

echo "== functions that hostile bytes must not meet"
banned='\b(strcpy|strcat|sprintf|vsprintf|gets|strtok|atoi|atol|atoll|strtol|strtoul|strtoll|strtoull|sscanf|alloca)[[:space:]]*\('
if git grep -nE "$banned" -- 'src/*.c' 'src/*.h'; then
  echo "use nz_parse_int, g_strdup_printf and bounded copies"
  status=1
fi

echo "== layering"
/usr/bin/python3 tests/layering.py src || status=1

echo "== cppcheck"
# shellcheck disable=SC2086
cppcheck --quiet --std=c11 --error-exitcode=1 --inline-suppr --library=gnu --library=gtk -Isrc \
  --enable=warning,portability --suppressions-list=tests/cppcheck.txt $sources || status=1

echo "== clang-tidy"
# shellcheck disable=SC2086
printf '%s\n' $sources | xargs -P "$(nproc)" -n 8 clang-tidy --quiet -p "$build" --extra-arg=-Xclang \
  --extra-arg=-analyzer-config --extra-arg=-Xclang --extra-arg="max-nodes=${ANALYZER_NODES:-75000}" \
  2>"$build/clang-tidy.log" || status=1
grep -vE "warnings? generated|warnings treated as errors|^Suppressed|^Use -" "$build/clang-tidy.log" || true
exit $status

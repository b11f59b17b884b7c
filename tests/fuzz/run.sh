#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs each fuzzer for so many seconds: tests/fuzz/run.sh BUILD_DIR SECONDS. What it finds of
# interest is kept in BUILD_DIR/corpus; an input that crashes is left in BUILD_DIR and fails the run.
# To keep one for ever, give it a name in tests/data/fuzz/TARGET/crash-...
set -u
build=$1
seconds=$2
status=0
for fuzzer in "$build"/tests/fuzz_*; do
  [ -x "$fuzzer" ] && [ -f "$fuzzer" ] || continue
  target=${fuzzer##*/fuzz_}
  mkdir -p "$build/corpus/$target"
  echo "== $target, $seconds s"
  "$fuzzer" -max_total_time="$seconds" -rss_limit_mb=2048 -timeout=20 -print_final_stats=1 \
    -verbosity=0 -artifact_prefix="$build/$target-" "$build/corpus/$target" \
    "tests/data/fuzz/$target" || status=1
done
exit $status

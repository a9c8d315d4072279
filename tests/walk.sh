#!/bin/sh
# The walk of CONTRIBUTING.md, as somebody does it who has just cloned the repository: a new
# suite, its failing check, the right answer, a measurement, and the page that shows it.
# Compiling aside (the host and the floor are built, or found in the cache, before the clock
# starts) it must not take longer than three minutes.
#
#   tests/walk.sh [BENCH]      BENCH is the program to use; else `bench` of the PATH
set -eu

limit_s=180
here=$(cd "$(dirname "$0")/.." && pwd)
bench=$(command -v "${1:-bench}") || { echo "there is no ${1:-bench}; cargo install --locked --path runner/bench"; exit 2; }
case $bench in /*) ;; *) bench=$PWD/$bench ;; esac
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

step() { printf '%4s s  %s\n' "$(($(date +%s) - began))" "$1"; }
began=$(date +%s)
git clone --quiet --no-hardlinks "$here" "$folder/checkout"
cd "$folder/checkout"
"$bench" build host native >/dev/null
began=$(date +%s)

"$bench" suite new walk --measure latency --language committed --owner Walker \
  --question "How long does one request take?" >/dev/null
step "bench suite new"

if "$bench" suite check walk >"$folder/check" 2>&1; then
  cat "$folder/check"; echo "the check passed, with a wrong answer in the suite"; exit 1
fi
grep -q 'wrong body' "$folder/check" || { cat "$folder/check"; exit 1; }
step "bench suite check: it fails, as it has to"

sed -i 's/FILL IN the right answer/hello/' suites/walk/suite.toml
"$bench" suite check walk >"$folder/check" 2>&1 || { cat "$folder/check"; exit 1; }
grep -q 'For the pull request' "$folder/check"
step "the right answer; bench suite check: it passes, with noise, cost and gates"

"$bench" run --quick --suite walk >"$folder/run" 2>&1 || { cat "$folder/run"; exit 1; }
step "bench run --quick"

"$bench" site build --out "$folder/site" >/dev/null 2>&1
grep -q 'How long does one request take?' -r "$folder/site" --include='*.html'
step "bench site build: a page asks the question"

took=$(($(date +%s) - began))
if [ "$took" -gt "$limit_s" ]; then
  echo "the walk took $took s, at most $limit_s are allowed"
  exit 1
fi
echo "1 passed, 0 failed: $took s of $limit_s"

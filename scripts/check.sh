#!/usr/bin/env bash
# `make test`: everything that must hold, quick checks first, pytest last. Goes on after a failure, so that one
# run tells all; ends with 0 only when everything ran and passed (ALLOW_SKIP=1: what could run passed).
set -uo pipefail
cd "$(dirname "$0")/.."
began=$SECONDS
unset PYTHONDONTWRITEBYTECODE # hundreds of programs start here: each would compile every module for itself
scripts/install.sh dev || exit 1
failed=()
scripts/parts.sh || [[ ${ALLOW_SKIP:-0} == 1 ]] || failed+=("missing programs")
.venv/bin/python build_front.py || failed+=("front end build")

summary=()
check() { # check NAME COMMAND...
  local name=$1 start=$SECONDS output
  shift
  if output=$("$@" 2>&1); then
    summary+=("$(printf 'ok      %3d s  %s' $((SECONDS - start)) "$name")")
  else
    echo "$output"
    summary+=("$(printf 'FAILED  %3d s  %s' $((SECONDS - start)) "$name")")
    failed+=("$name")
  fi
  echo "   ${summary[-1]}"
}

echo "== checks"
check "ruff check" .venv/bin/ruff check .
check "ruff format" .venv/bin/ruff format --check .
check "mypy" .venv/bin/mypy
check "import contracts" .venv/bin/lint-imports
check "front end: types and lint" .venv/bin/python build_front.py npm run check
check "front end: tests" .venv/bin/python build_front.py npm test

echo "== tests (${#summary[@]} checks took $((SECONDS - began)) s)"
run_tests() { # run_tests WHAT ARGUMENTS...: pytest; that nothing was selected (5) is no failure
  local what=$1 code=0
  shift
  .venv/bin/python -m pytest "$@" ${PYTEST_ARGS:-} || code=$?
  [[ $code == 0 || $code == 5 ]] || failed+=("$what")
}
workers=$(.venv/bin/python -c 'import os; print(min(max(os.cpu_count() or 1, 2), 4))')
run_tests "tests" -m "not heavy and not alone" -n "$workers" --dist loadfile
# In their own order: files of many tests first would leave the longest single ones for the end, one after another.
run_tests "heavy tests" -m "heavy and not alone" -n "$workers" --dist loadfile --no-loadscope-reorder
run_tests "tests alone" -m alone
if [[ ${#failed[@]} -gt 0 ]]; then
  printf 'make test: FAILED: %s\n' "$(printf '%s, ' "${failed[@]}" | sed 's/, $//')" >&2
  exit 1
fi

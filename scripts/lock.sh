#!/usr/bin/env bash
# Resolves pyproject.toml into hashed locks that name no address, so any mirror serves them.
set -euo pipefail
cd "$(dirname "$0")/.."
python=.venv/bin/python

compile() { # compile NAME [CONSTRAINT...]: requirements on stdin
  local name=$1 constraint extra=()
  shift
  for constraint in "$@"; do extra+=(--constraint "$constraint"); done
  echo "== requirements/$name.txt"
  $python -m uv pip compile - --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
    --no-header --no-annotate ${extra[@]+"${extra[@]}"} -o "requirements/$name.txt" "${upgrade[@]}" >/dev/null
}

wishes() { # wishes KEY...: a list of requirements in pyproject.toml
  $python - "$@" <<'PYTHON'
import functools, sys, tomllib
project = tomllib.load(open("pyproject.toml", "rb"))
print("\n".join(functools.reduce(lambda table, key: table[key], sys.argv[1:], project)))
PYTHON
}

# Versions stay as they are unless UPGRADE=1: a lock moves when somebody means it to.
upgrade=()
if [[ ${UPGRADE:-0} == 1 ]]; then upgrade=(--upgrade); fi
{ wishes project dependencies && wishes project optional-dependencies tracing; } | compile run
wishes build-system requires | compile build requirements/run.txt
wishes dependency-groups dev | compile dev requirements/run.txt requirements/build.txt

#!/usr/bin/env bash
# Makes .venv what the hashed locks say: `install.sh run` to serve, `install.sh dev` to test as well.
# Costs some milliseconds when there is nothing to do: every start passes here.
set -euo pipefail
cd "$(dirname "$0")/.."
kind=${1:?run or dev}
stamp=.venv/.installed-$kind
inputs=(pyproject.toml requirements/run.txt requirements/build.txt requirements/dev.txt)
wanted=$(sha256sum "${inputs[@]}")

if [[ -x .venv/bin/python && -f $stamp && $(<"$stamp") == "$wanted" ]] && .venv/bin/python -c '' 2>/dev/null; then
  exit 0
fi

die() {
  echo "install: $1" >&2
  exit 1
}

pick_python() {
  local candidate
  for candidate in ${PYTHON:-python3 python3.14 python3.13 python3.12 python3.11}; do
    if "$candidate" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 15))' 2>/dev/null; then
      echo "$candidate"
      return
    fi
  done
  die "Python 3.11 to 3.14 is needed, and there is none (PYTHON=/path/to/python names another one)"
}

if ! .venv/bin/python -c '' 2>/dev/null; then
  python=$(pick_python)
  "$python" -c 'import ensurepip, venv' 2>/dev/null ||
    die "$python has no venv module: on Debian and Ubuntu, apt-get install python3-venv"
  echo "== making .venv with $("$python" --version)"
  rm -rf .venv
  "$python" -m venv .venv
fi

locks=(-r requirements/run.txt -r requirements/build.txt)
if [[ $kind == dev ]]; then locks+=(-r requirements/dev.txt); fi
echo "== installing Python packages (the first time takes a minute or two)"
rm -f .venv/.installed-*
export PIP_DISABLE_PIP_VERSION_CHECK=1
.venv/bin/python -m pip install --progress-bar off --require-hashes "${locks[@]}" |
  sed -un 's/ (from .*//; s/^Collecting /   /p; s/^Installing .*/   unpacking/p'
.venv/bin/python -m pip install -q --no-deps --no-build-isolation -e .
echo "$wanted" >"$stamp"
if [[ $kind == dev ]]; then echo "$wanted" >.venv/.installed-run; fi

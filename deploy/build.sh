#!/usr/bin/env bash
# build.sh SOURCE OUT: builds the wheel, front end included, with the locked build tools; nothing else is needed
# than Python and the package registries.
set -euo pipefail
source=$(cd "$1" && pwd)
mkdir -p "$2"
out=$(cd "$2" && pwd)
tools=$(mktemp -d)
trap 'rm -rf "$tools"' EXIT
"${PYTHON:-python3}" -m venv "$tools"
"$tools/bin/python" -m pip install -q --disable-pip-version-check --require-hashes -r "$source/requirements/build.txt"
cd "$source"
"$tools/bin/python" -m hatchling build -t wheel -d "$out"

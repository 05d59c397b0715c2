#!/usr/bin/env bash
# install.sh packages PREFIX LOCK   makes the environment PREFIX with what LOCK names, by hash
# install.sh wheel PREFIX WHEEL     puts Yingda into it
# Two steps, so that an image's layer with the packages outlives every change of the program.
set -euo pipefail
prefix=$2
pip=("$prefix/bin/python" -m pip install -q --disable-pip-version-check)
case $1 in
  packages)
    "${PYTHON:-python3}" -m venv "$prefix"
    "${pip[@]}" --require-hashes -r "$3"
    ;;
  wheel)
    "${pip[@]}" --no-deps --no-index "$3"
    "$prefix/bin/yingda" --help >/dev/null
    ;;
  *)
    echo "install.sh: packages or wheel, not $1" >&2
    exit 2
    ;;
esac

#!/usr/bin/env bash
# The programs that tests need and Python cannot install. Installs what is absent from Debian's packages where
# that is allowed; ends with 1 and says which tests cannot run where it is not.
set -uo pipefail

have_chromium() { command -v chromium || command -v chromium-browser || command -v google-chrome; }
have_redis() { command -v redis-server; }

packages=()
have_chromium >/dev/null || packages+=(chromium)
have_redis >/dev/null || packages+=(redis-server)
if [[ ${#packages[@]} -eq 0 ]]; then exit 0; fi

sudo=()
if [[ $(id -u) -ne 0 ]]; then sudo=(sudo -n); fi
if command -v apt-get >/dev/null && "${sudo[@]}" true 2>/dev/null; then
  echo "== installing ${packages[*]} from the system's packages"
  # policy-rc.d: the tests start their own Redis; a service of the system is nobody's wish.
  policy=/usr/sbin/policy-rc.d
  if [[ ! -e $policy ]]; then
    printf '#!/bin/sh\nexit 101\n' | "${sudo[@]}" tee "$policy" >/dev/null && "${sudo[@]}" chmod 755 "$policy"
    trap '"${sudo[@]}" rm -f "$policy"' EXIT
  fi
  "${sudo[@]}" apt-get update -qq
  for package in "${packages[@]}"; do
    "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$package" >/dev/null
  done
fi

missing=0
if ! have_chromium >/dev/null; then
  echo "parts: no Chromium: the browser tests (tests/e2e) cannot run; apt-get install chromium" >&2
  missing=1
fi
if ! have_redis >/dev/null; then
  echo "parts: no redis-server: the Redis form (tests/contract/realtime) and servers that share news" \
    "(tests/integration/test_several_servers.py) cannot be tested; apt-get install redis-server" >&2
  missing=1
fi
exit $missing

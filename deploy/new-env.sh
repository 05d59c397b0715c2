#!/usr/bin/env bash
# new-env.sh [FILE]: writes the secrets that compose.yaml needs, newly made, readable by you alone.
set -euo pipefail
file=${1:-.env}
if [[ -e $file ]]; then
  echo "new-env: $file is there already; it holds the passwords of your data, so it stays as it is" >&2
  exit 1
fi
secret() { head -c 33 /dev/urandom | base64 | tr -d '\n' | tr '+/' '-_'; }
umask 077
cat >"$file" <<ENV
# How browsers reach you, and the address the proxy answers on (a host name gets its certificate by itself).
YINGDA_PUBLIC_URL=http://localhost:8080
YINGDA_SITE=:8080
YINGDA_SECRET_KEY=$(secret)
YINGDA_OWNER_PASSWORD=$(secret)
YINGDA_APP_PASSWORD=$(secret)
POSTGRES_PASSWORD=$(secret)
ENV
echo "new-env: wrote $file; set YINGDA_PUBLIC_URL and YINGDA_SITE, then: docker compose up -d"

#!/usr/bin/env bash
# Run once by the PostgreSQL image in a new cluster: the database and its two roles. The owner migrates; the
# application neither owns nor may change the schema.
set -euo pipefail
psql -v ON_ERROR_STOP=1 --no-psqlrc -q --username "$POSTGRES_USER" --dbname postgres \
  -v owner_password="$YINGDA_OWNER_PASSWORD" -v app_password="$YINGDA_APP_PASSWORD" <<'SQL'
CREATE ROLE yingda_owner LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD :'owner_password';
CREATE ROLE yingda_app LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD :'app_password';
CREATE DATABASE yingda OWNER yingda_owner;
REVOKE ALL ON DATABASE yingda FROM PUBLIC;
GRANT CONNECT ON DATABASE yingda TO yingda_app;
SQL

#!/bin/bash
# What the public postgres image does at its start, as far as the sample needs it: makes the database once, from
# POSTGRES_USER, POSTGRES_PASSWORD and POSTGRES_DB, runs what lies in /docker-entrypoint-initdb.d, and becomes the server.
set -euo pipefail

if [ "${1:-}" != postgres ]; then
  exec "$@"
fi

if [ "$(id -u)" = 0 ]; then
  mkdir -p "$PGDATA" /var/run/postgresql
  chown -R postgres:postgres "$PGDATA" /var/run/postgresql
  chmod 700 "$PGDATA"
  exec setpriv --reuid postgres --regid postgres --init-groups "$0" "$@"
fi

if [ ! -s "$PGDATA/PG_VERSION" ]; then
  if [ -z "${POSTGRES_PASSWORD:-}" ]; then
    echo 'POSTGRES_PASSWORD is empty: a database without a password is not made.' >&2
    exit 1
  fi
  user=${POSTGRES_USER:-postgres}
  database=${POSTGRES_DB:-$user}
  initdb --username="$user" --pwfile=<(printf '%s\n' "$POSTGRES_PASSWORD") --auth-local=trust --auth-host=scram-sha-256
  echo 'host all all all scram-sha-256' >>"$PGDATA/pg_hba.conf"
  # Only the local socket answers until everything is in place, so that nobody meets half a database.
  pg_ctl --wait --options="-c listen_addresses=''" start
  if [ "$database" != postgres ]; then
    createdb --username="$user" "$database"
  fi
  for file in /docker-entrypoint-initdb.d/*; do
    case $file in
      *.sh) bash "$file" ;;
      *.sql) psql --username="$user" --dbname="$database" --set=ON_ERROR_STOP=1 --file="$file" ;;
    esac
  done
  pg_ctl --wait --mode=fast stop
fi

exec "$@" -c listen_addresses='*'

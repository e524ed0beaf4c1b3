#!/bin/sh
# The migrations are numbered 0001, 0002, … without a gap, and each says what it does: they are applied in this order.
set -eu
cd "$(dirname "$0")/../web/migrations"
expected=1
for file in *.sql; do
  number=$(printf '%04d' "$expected")
  case $file in
    "$number"_[a-z]*.sql) ;;
    *)
      echo "$file: expected a name like ${number}_what_it_does.sql" >&2
      exit 1
      ;;
  esac
  expected=$((expected + 1))
done
echo "$((expected - 1)) migrations"

"""Brings the database up to date: applies each numbered file of `migrations` once, in order, all or nothing."""

from contextlib import closing
from pathlib import Path

from shop.database import connect

MIGRATIONS = Path("migrations")


def main():
    with closing(connect()) as connection, connection, connection.cursor() as cursor:
        cursor.execute(
            "CREATE TABLE IF NOT EXISTS schema_migrations ("
            "    name text PRIMARY KEY,"
            "    applied timestamptz NOT NULL DEFAULT now()"
            ")"
        )
        cursor.execute("SELECT name FROM schema_migrations")
        applied = {name for (name,) in cursor.fetchall()}
        waiting = [file for file in sorted(MIGRATIONS.glob("*.sql")) if file.stem not in applied]
        for file in waiting:
            print(f"applying {file.stem}")
            cursor.execute(file.read_text())
            cursor.execute("INSERT INTO schema_migrations (name) VALUES (%s)", (file.stem,))
        print(f"{len(waiting)} applied, {len(applied)} already there")


if __name__ == "__main__":
    main()

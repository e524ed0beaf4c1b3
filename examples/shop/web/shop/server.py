"""The shop itself: a page with products, `/health`, `/version`, and `/metrics` where they are enabled."""

import json
import logging
import os
import signal
import sys
from contextlib import closing
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import psycopg2

from shop import VERSION, page
from shop.database import connect

PORT = 8000
log = logging.getLogger("shop")


def query(sql):
    """The rows that a statement gives."""
    with closing(connect()) as connection, connection, connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall()


class Shop(BaseHTTPRequestHandler):
    """Answers one request."""

    def do_GET(self):
        pages = {"/": self.products, "/health": self.health, "/version": self.version}
        if os.environ["METRICS_ENABLED"] == "true":
            pages["/metrics"] = self.metrics
        answer = pages.get(self.path)
        if answer is None:
            self.send(HTTPStatus.NOT_FOUND, "text/plain", "There is nothing here.\n")
        else:
            answer()

    def products(self):
        try:
            products = query("SELECT name, description, price_cents, stock FROM products ORDER BY id")
            migration = query("SELECT max(name) FROM schema_migrations")[0][0]
        except psycopg2.Error as error:
            log.error("the database does not answer: %s", error)
            self.send(HTTPStatus.SERVICE_UNAVAILABLE, "text/plain", "The shop is closed: its database does not answer.\n")
            return
        self.send(HTTPStatus.OK, "text/html", page.render(products, migration))

    def health(self):
        try:
            query("SELECT 1")
        except psycopg2.Error as error:
            log.error("the database does not answer: %s", error)
            self.send_json(HTTPStatus.SERVICE_UNAVAILABLE, {"status": "failing", "database": str(error).strip()})
            return
        self.send_json(HTTPStatus.OK, {"status": "ok", "database": "ok"})

    def version(self):
        self.send_json(HTTPStatus.OK, {"version": VERSION, "environment": os.environ["SHOP_ENVIRONMENT"]})

    def metrics(self):
        try:
            stock = query("SELECT name, stock FROM products ORDER BY id")
        except psycopg2.Error as error:
            self.send(HTTPStatus.SERVICE_UNAVAILABLE, "text/plain", str(error))
            return
        lines = ["# HELP shop_stock Pieces in stock.", "# TYPE shop_stock gauge"]
        lines += [f"shop_stock{{product={json.dumps(name)}}} {pieces}" for name, pieces in stock]
        self.send(HTTPStatus.OK, "text/plain; version=0.0.4", "\n".join(lines) + "\n")

    def send_json(self, status, value):
        self.send(status, "application/json", json.dumps(value) + "\n")

    def send(self, status, kind, text):
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format, *args):
        # Health is asked every two seconds; the log is for the rest.
        log.log(logging.DEBUG if self.path == "/health" else logging.INFO, format, *args)


def main():
    logging.basicConfig(stream=sys.stdout, level=os.environ["LOG_LEVEL"].upper(), format="%(levelname)s %(message)s")
    # A container's first process gets no default handling of signals.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    log.info("shop %s for %s listens on port %d", VERSION, os.environ["SHOP_ENVIRONMENT"], PORT)
    ThreadingHTTPServer(("", PORT), Shop).serve_forever()


if __name__ == "__main__":
    main()
